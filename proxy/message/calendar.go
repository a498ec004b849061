package message

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"path"
	"strings"
	"unicode/utf8"

	"postvern.example/policy/detect"
)

// ErrCalendar says that a calendar cannot be read, or not be edited, with
// certainty: nothing may be sent as it is.
var ErrCalendar = errors.New("a calendar cannot be edited with certainty")

// Attendee is somebody whom a calendar in the message names (RFC 5545
// §3.8.4.1): in an ATTENDEE or ORGANIZER and their parameters, in another
// property that is no prose, or in a header block quoted in prose.
type Attendee struct {
	Name    string       // empty: only an address stands there
	Address string       // empty: only a name stands there
	Place   detect.Place // the part
	Fixed   bool         // HideAttendees cannot take it out: in a signed or nested part, or where it must stand
	Unshown bool         // it stands where no program shows it, and may only look like a name
	ID      bool         // it stands in an id or a link, such as UID, which may only look like an address
}

// calendarPart is a part that mail programs read as a calendar.
type calendarPart struct {
	part  *Part
	fixed bool // signed, or in a nested message
}

// Attendees returns the people in every calendar of the message (text/calendar
// in a body, attached files), at any depth. ErrCalendar says that a calendar
// has attendees and cannot be parsed; other errors are those of Content.
func (m *Message) Attendees() ([]Attendee, error) {
	var found []Attendee
	err := m.calendars(func(c calendarPart) error {
		content, err := m.Content(c.part)
		if err != nil {
			return fmt.Errorf("read %s: %w", c.part.Place, err)
		}
		people, err := calendarPeople(calendarText(c.part, content))
		if err != nil {
			return fmt.Errorf("read %s: %w", c.part.Place, err)
		}
		for _, a := range people {
			a.Place, a.Fixed = c.part.Place, a.Fixed || c.fixed
			found = append(found, a)
		}
		return nil
	})
	return found, err
}

// Calendars returns where the calendars of the message stand.
func (m *Message) Calendars() []detect.Place {
	var places []detect.Place
	_ = m.calendars(func(c calendarPart) error { // which never fails
		places = append(places, c.part.Place)
		return nil
	})
	return places
}

// HideAttendees returns the edits that take people out of every calendar where
// hide says so of name and address (one of them may be empty), and how many
// attendees. Lines of hidden attendees go; what else names somebody hidden
// loses the name, the parameter or the line. Whoever went is taken out of the
// text and HTML bodies as well, where programs repeat the list. All other lines
// keep their octets, UID, SEQUENCE and METHOD among them. ErrSigned says that
// a signed part would have to change, ErrCalendar and ErrRewrite that somebody
// would still be named; other errors are those of Content.
func (m *Message) HideAttendees(hide func(name, address string) bool) ([]Edit, int, error) {
	var edits []Edit
	gone := newPeople()
	total := 0
	read := map[*Part]bool{}
	err := m.calendars(func(c calendarPart) error {
		read[c.part] = true
		with, n, err := m.hideInCalendar(c, hide, gone)
		if err != nil {
			return fmt.Errorf("hide attendees in %s: %w", c.part.Place, err)
		}
		if with != nil {
			edits = append(edits, Edit{Range: c.part.Body, With: with})
		}
		total += n
		return nil
	})
	if err != nil {
		return nil, 0, err
	}
	more, err := m.hideInBodies(gone, read)
	if err != nil {
		return nil, 0, err
	}
	return append(edits, more...), total, nil
}

// hideInCalendar returns the new body of a calendar part, or nil where nobody
// in it is hidden.
func (m *Message) hideInCalendar(c calendarPart, hide func(name, address string) bool, gone *people) ([]byte, int, error) {
	content, err := m.Content(c.part)
	if err != nil {
		return nil, 0, err
	}
	e := calendarEditor{hide: hide, gone: newPeople()}
	text, err := e.edit(calendarText(c.part, content))
	if err != nil {
		return nil, 0, err
	}
	gone.join(e.gone)
	if !e.changed {
		return nil, 0, nil
	}
	charset, err := lookCharset(c.part.Params["charset"])
	switch {
	case c.fixed:
		return nil, 0, ErrSigned
	case c.part.Params["charset"] != "" && (err != nil || charset != nil), !utf8.Valid(content), bytes.IndexByte(content, 0) >= 0:
		return nil, 0, fmt.Errorf("%w: its charset", ErrCalendar)
	}
	b := textBody{part: c.part, raw: m.Bytes(c.part.Body), content: content}
	with, err := b.transfer([]byte(text))
	return with, e.count, err
}

// calendars calls f for every part that is a calendar by its type, its name or
// its first line.
func (m *Message) calendars(f func(calendarPart) error) error {
	var walk func(p *Part, fixed bool) error
	walk = func(p *Part, fixed bool) error {
		fixed = fixed || p.MediaType == "multipart/signed" || isMessage(p.MediaType)
		for _, child := range p.Children {
			if err := walk(child, fixed); err != nil {
				return err
			}
		}
		if len(p.Children) == 0 && m.isCalendar(p) {
			return f(calendarPart{p, fixed})
		}
		return nil
	}
	return walk(m.Root, false)
}

func (m *Message) isCalendar(p *Part) bool {
	switch p.MediaType {
	case "text/calendar", "application/ics", "text/x-vcalendar", "application/x-vcalendar", "application/calendar",
		"text/ics", "application/calendar+xml", "application/calendar+json":
		return true
	}
	switch strings.ToLower(path.Ext(p.FileName)) {
	case ".ics", ".ical", ".ifb", ".vcs", ".icalendar":
		return true
	}
	head := bytes.TrimPrefix(m.opening(p), []byte("\ufeff"))
	head = bytes.TrimLeft(head, " \t\r\n")
	const first = "begin:vcalendar"
	return len(head) >= len(first) && strings.EqualFold(string(head[:len(first)]), first)
}

// opening returns the first octets of a part's content. It is cheap: most
// parts are no calendars.
func (m *Message) opening(p *Part) []byte {
	const enough = 1024
	body := m.front(p.Body, enough)
	switch p.Encoding {
	case "base64":
		packed := bytes.Join(bytes.Fields(body), nil)
		packed = packed[:len(packed)/4*4]
		n, _ := base64.StdEncoding.Decode(packed, packed) // what comes before an error is enough
		return packed[:n]
	case "quoted-printable":
		if i := bytes.LastIndexByte(body, '='); i >= 0 && len(body) == enough {
			body = body[:i]
		}
		content, err := decodeQP(body)
		if err != nil {
			return body
		}
		return content
	}
	return body
}

// calendarText undoes the charset to read a calendar in; only UTF-8 is edited.
func calendarText(p *Part, content []byte) string {
	if bytes.IndexByte(content, 0) >= 0 { // UTF-16: the addresses come out right
		content = bytes.ReplaceAll(content, []byte{0}, nil)
	}
	if charset, err := lookCharset(p.Params["charset"]); p.Params["charset"] != "" && err == nil && charset != nil {
		if text, err := charset.NewDecoder().Bytes(content); err == nil {
			return string(text)
		}
	}
	return guess(content)
}
