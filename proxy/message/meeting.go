package message

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Meeting is what an invitation in a message has that a policy may want to
// change.
type Meeting struct {
	Papers  int  // files that come with it: parts beside the calendar, and files inside it
	Open    int  // events that are not marked private
	Fixed   bool // it is signed or in a winmail.dat: nothing of it can be changed
	Damaged bool // a calendar cannot be read with certainty
}

// Meeting returns what stands in the invitations of the message itself: those
// of nested messages are somebody else's. Answers to an invitation are none
// (RFC 5546 §1.4).
func (m *Message) Meeting() Meeting {
	var found Meeting
	files := map[string]bool{}
	events := m.events(func(_ calendarPart, text string, lines []calendarLine) {
		for _, l := range inlineFiles(text, lines) {
			found.Damaged = found.Damaged || l.file.Content == nil
			files[l.file.FileName+"\n"+string(l.file.Content)] = true
		}
		found.Open += openEvents(lines)
	})
	found.Fixed, found.Damaged = events.fixed, found.Damaged || events.damaged
	if events.count > 0 {
		papers, fixed := m.paperParts()
		found.Papers, found.Fixed = len(files)+len(papers), found.Fixed || fixed
	}
	if m.exchangeMeeting(m.Root) {
		found.Fixed = true
	}
	return found
}

// eventsFound says what events met.
type eventsFound struct {
	count          int
	fixed, damaged bool
}

// events calls f for every calendar of the message that invites somebody and
// may be edited.
func (m *Message) events(f func(c calendarPart, text string, lines []calendarLine)) eventsFound {
	var found eventsFound
	nested := map[*Part]bool{}
	_ = m.nested(func(p *Part, _ bool) error { // which never fails
		markAll(p, nested)
		return nil
	})
	err := m.calendars(func(c calendarPart) error {
		if nested[c.part] {
			return nil
		}
		content, err := m.Content(c.part)
		if err != nil {
			return err
		}
		text := calendarText(c.part, content)
		lines := calendarLines(text)
		if !invitesTo(lines) {
			return nil
		}
		found.count++
		charset, err := lookCharset(c.part.Params["charset"])
		other := c.part.Params["charset"] != "" && (err != nil || charset != nil) || !utf8.Valid(content) || bytes.IndexByte(content, 0) >= 0
		switch {
		case c.fixed:
			found.fixed = true
		case other || checkCalendar(text, lines) != nil || strings.Contains(strings.ToUpper(text), "QUOTED-PRINTABLE"):
			found.damaged = true
		default:
			f(c, text, lines)
		}
		return nil
	})
	found.damaged = found.damaged || err != nil
	return found
}

func markAll(p *Part, set map[*Part]bool) {
	set[p] = true
	for _, child := range p.Children {
		markAll(child, set)
	}
}

// invitesTo reports whether a calendar asks somebody to a meeting, or calls one
// off: by its method, or, where it has none, by its people.
func invitesTo(lines []calendarLine) bool {
	method, event, people := "", false, false
	for _, l := range lines {
		p := takeProperty(l.text)
		value := strings.ToUpper(strings.TrimSpace(l.text[p.value:]))
		switch p.name {
		case "METHOD":
			method = value
		case "BEGIN":
			event = event || isEvent(value)
		case "ATTENDEE", "ORGANIZER":
			people = true
		}
	}
	switch method {
	case "REQUEST", "PUBLISH", "ADD", "CANCEL":
		return event
	case "":
		return event && people
	}
	return false
}

func isEvent(component string) bool {
	return component == "VEVENT" || component == "VTODO" || component == "VJOURNAL"
}

// openEvents counts the events that are not marked private or confidential
// (RFC 5545 §3.8.1.3).
func openEvents(lines []calendarLine) int {
	open := 0
	eachEvent(lines, func(_ int, classes []int) {
		if !closed(lines, classes) {
			open++
		}
	})
	return open
}

// closed reports whether every mark of an event keeps it private.
func closed(lines []calendarLine, classes []int) bool {
	return len(classes) > 0 && !slices.ContainsFunc(classes, func(i int) bool {
		p := takeProperty(lines[i].text)
		value := strings.ToUpper(strings.TrimSpace(lines[i].text[p.value:]))
		return value != "PRIVATE" && value != "CONFIDENTIAL"
	})
}

// eachEvent calls f with the line where an event begins and those that mark it.
func eachEvent(lines []calendarLine, f func(begin int, classes []int)) {
	var open []string
	var classes []int
	begin := 0
	for i, l := range lines {
		p := takeProperty(l.text)
		value := strings.ToUpper(strings.TrimSpace(l.text[p.value:]))
		switch {
		case p.name == "BEGIN":
			open = append(open, value)
			if len(open) == 2 {
				begin, classes = i, nil
			}
		case p.name == "END" && len(open) > 0:
			if len(open) == 2 && isEvent(open[1]) {
				f(begin, classes)
			}
			open = open[:len(open)-1]
		case p.name == "CLASS" && len(open) == 2:
			classes = append(classes, i)
		}
	}
}

// MarkPrivate returns the edits that mark every event of the message's
// invitations private. All else keeps its octets. ErrSigned and ErrCalendar say
// that one cannot be marked.
func (m *Message) MarkPrivate() ([]Edit, error) {
	return m.editEvents(func(text string, lines []calendarLine) string {
		change := map[int]string{}
		eachEvent(lines, func(begin int, classes []int) {
			if closed(lines, classes) {
				return
			}
			for _, i := range classes {
				change[i] = ""
			}
			change[begin] = text[lines[begin].raw.Start:lines[begin].raw.End] + "CLASS:PRIVATE" + lines[begin].eol
		})
		return withLines(text, lines, change)
	})
}

// editEvents returns the edits for every calendar that f changes.
func (m *Message) editEvents(f func(text string, lines []calendarLine) string) ([]Edit, error) {
	var edits []Edit
	var failed error
	found := m.events(func(c calendarPart, text string, lines []calendarLine) {
		with := f(text, lines)
		if with == text || failed != nil {
			return
		}
		b := textBody{part: c.part, raw: m.Bytes(c.part.Body)}
		body, err := b.transfer([]byte(with))
		if err != nil || checkCalendar(with, calendarLines(with)) != nil {
			failed = fmt.Errorf("edit %s: %w", c.part.Place, ErrCalendar)
			return
		}
		edits = append(edits, Edit{Range: c.part.Body, With: body})
	})
	switch {
	case failed != nil:
		return nil, failed
	case found.fixed || m.exchangeMeeting(m.Root):
		return nil, fmt.Errorf("edit invitation: %w", ErrSigned)
	case found.damaged:
		return nil, fmt.Errorf("edit invitation: %w", ErrCalendar)
	}
	return edits, nil
}

// withLines returns the text with some of its lines replaced.
func withLines(text string, lines []calendarLine, change map[int]string) string {
	if len(change) == 0 {
		return text
	}
	var b strings.Builder
	last := 0
	for i, l := range lines {
		if with, ok := change[i]; ok {
			b.WriteString(text[last:l.raw.Start])
			b.WriteString(with)
			last = l.raw.End
		}
	}
	b.WriteString(text[last:])
	return b.String()
}

// exchangeMeeting reports whether a winmail.dat holds a meeting: its message
// class says so (MS-OXOCAL §2.2.11.1).
func (m *Message) exchangeMeeting(p *Part) bool {
	if isMessage(p.MediaType) {
		return false
	}
	if len(p.Children) == 0 && isTNEF(p) {
		content, err := m.Content(p)
		return err != nil || bytes.Contains(content, []byte("IPM.Schedule.Meeting")) || bytes.Contains(content, []byte("IPM.Microsoft Schedule.Mtg"))
	}
	return slices.ContainsFunc(p.Children, m.exchangeMeeting)
}

func isTNEF(p *Part) bool {
	return p.MediaType == "application/ms-tnef" || p.MediaType == "application/vnd.ms-tnef" || strings.EqualFold(p.FileName, "winmail.dat")
}
