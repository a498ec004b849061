package proxy

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"postvern.example/internal/octets"
	"postvern.example/policy"
	"postvern.example/policy/detect"
	"postvern.example/proxy/extract"
	"postvern.example/proxy/message"
)

var errStillInvited = errors.New("a hidden attendee still stands in the invitation")

// invitations says what the calendars in a message tell, and whether one of
// them tells of members in a way that no edit mends: in a file inside a file,
// in a signed part, as the organizer, or in a calendar that cannot be parsed.
func (in inside) invitations(msg *message.Message, text extract.Result) (all policy.Listing, fault bool) {
	attendees, err := msg.Attendees()
	var people, fixed []person
	known := map[string]bool{} // who was found where, so that facts and edits agree
	only := in.onlyIDs(attendees)
	for _, a := range attendees {
		p := person{name: a.Name, address: a.Address}
		if only[canonical(a.Address)] || a.Unshown && !in.told(p) {
			continue
		}
		people = append(people, p)
		if a.Fixed {
			fixed = append(fixed, p)
		}
		known[placeKey(a.Place)+p.key()] = true
	}
	parsed := map[string]bool{}
	for _, place := range msg.Calendars() {
		parsed[placeKey(place)] = true
	}
	for _, s := range text.Segments {
		if !mayInvite(s.Text) {
			continue
		}
		place := placeKey(s.Place)
		for _, p := range attendeesIn(s.Text, parsed[place]) {
			if !known[place+p.key()] {
				people, fixed = append(people, p), append(fixed, p)
			}
		}
	}
	if err != nil && len(in.readers) > 0 {
		return policy.Listed, true
	}
	return in.listing(people), max(in.members(fixed), in.shownAgain(fixed)) != policy.NotListed
}

// invited returns the people in an invitation that is no iCalendar: JSCalendar
// (RFC 8984), jCal (RFC 7265), xCal (RFC 6321). Nothing of it is edited.
func invited(s detect.Segment) []person {
	n := len(s.Place)
	if n == 0 || s.Place[n-1].Label != "JSON" && s.Place[n-1].Label != "XML" || !otherCalendar.MatchString(s.Text) {
		return nil
	}
	people := peopleIn(s.Text)
	for line := range strings.Lines(s.Text) {
		if line = strings.TrimSpace(line); strings.Contains(line, " ") && !strings.Contains(line, "@") {
			people = append(people, person{name: line})
		}
	}
	return people
}

// otherCalendar finds what no other kind of file has: the names of the fields
// that list people, or an address as the value of an attendee.
var otherCalendar = regexp.MustCompile(`(?im)^(participants|cal-address|calendarAddress|sendTo)$|^mailto:`)

// onlyIDs returns the canonical addresses that stand in ids of calendars and
// are nobody's as far as the message and the roster tell: 1f2e@google.example is
// no person, although everybody who is one is hidden.
func (in inside) onlyIDs(attendees []message.Attendee) map[string]bool {
	ids := map[string]bool{}
	for _, a := range attendees {
		_, shown := in.shown[canonical(a.Address)]
		if a.ID && !shown && !slices.Contains(in.readers, canonical(a.Address)) && !in.member(person{address: a.Address}) {
			ids[canonical(a.Address)] = true
		}
	}
	for _, a := range attendees {
		if !a.ID {
			delete(ids, canonical(a.Address))
		}
	}
	delete(ids, "")
	return ids
}

// key tells people apart: by the address, or by the name of who has none.
func (p person) key() string {
	if p.address != "" {
		return canonical(p.address)
	}
	return "name " + strings.ToLower(p.name)
}

// placeKey tells places apart. Labels do not count: only content says what a
// file truly is.
func placeKey(place detect.Place) string {
	var b strings.Builder
	for _, step := range place {
		fmt.Fprintf(&b, "%s %d %q/", step.Kind, step.Number, step.Name)
	}
	return b.String()
}

// attendeesIn returns the people on lines of text that look like those of an
// invitation, in whatever file they stand (RFC 5545 §3.8.4): attendees, whom
// they delegated to, contacts, and what Microsoft adds. The words of the
// invitation do not count. Of a calendar that was parsed, only attendees do:
// a line of its description may look like anything.
func attendeesIn(text string, parsed bool) []person {
	lines := attendeeLine
	if !parsed && calendar.MatchString(text) {
		lines = peopleLine
	}
	if !attendeeLine.MatchString(text) && lines == attendeeLine {
		return nil
	}
	var people []person
	for line := range strings.Lines(unfolder.Replace(text)) {
		if !lines.MatchString(line) || calendarWords.MatchString(line) {
			continue
		}
		found := detect.Addresses(line)
		for _, a := range found {
			people = append(people, person{address: a})
		}
		if cn := commonName.FindStringSubmatch(line); len(found) == 0 && cn != nil {
			people = append(people, person{name: strings.Trim(cn[1], "\" ")})
		}
	}
	return people
}

// mayInvite reports whether a line begins as those of an invitation do. It
// looks at the first letters only, for nearly all text is none.
func mayInvite(text string) bool {
	for start := 0; start < len(text); {
		if mayBegin[text[start]] && invites(text[start+lineMargin(text[start:]):]) {
			return true
		}
		end := strings.IndexByte(text[start:], '\n')
		if end < 0 {
			return false
		}
		start += end + 1
	}
	return false
}

// mayBegin marks the octets with which a line of an invitation, or its margin,
// may begin.
var mayBegin = func() (t [256]bool) {
	for _, c := range []byte("aobAOB \t\r\v\f>\xEF") {
		t[c] = true
	}
	return t
}()

// invites reports whether a line begins with a word of invitations.
func invites(line string) bool {
	for _, word := range [...]string{"ATTENDEE", "ORGANIZER", "BEGIN:"} {
		if len(line) > len(word) && strings.EqualFold(line[:len(word)], word) {
			return true
		}
	}
	return false
}

// lineMargin returns how long the blanks and marks of quotation are that a line
// begins with.
func lineMargin(line string) int {
	i := 0
	for i < len(line) {
		switch c := line[i]; {
		case c == ' ', c == '\t', c == '\r', c == '\v', c == '\f', c == '>':
			i++
		case strings.HasPrefix(line[i:], "\ufeff"):
			i += len("\ufeff")
		default:
			return i
		}
	}
	return i
}

var (
	unfolder      = strings.NewReplacer("\r\n ", "", "\r\n\t", "", "\n ", "", "\n\t", "")
	calendar      = regexp.MustCompile(`(?im)^[\s>\x{feff}]*BEGIN: *VCALENDAR`)
	attendeeLine  = regexp.MustCompile(`(?im)^[\s>\x{feff}]*(ATTENDEE|ORGANIZER)[;: ]`)
	peopleLine    = regexp.MustCompile(`.`)
	calendarWords = regexp.MustCompile(`(?i)^(SUMMARY|DESCRIPTION|COMMENT|LOCATION|X-ALT-DESC)[;:]`)
	commonName    = regexp.MustCompile(`(?i);CN=("[^"]*"|[^;:]*)`)
)

// scan finds personal data. Attendees are recipients and no member list where
// the invitation is split: nobody gets the list. All else that stands on their
// lines counts.
func (r *Rules) scan(msg *message.Message, segments []detect.Segment, reader detect.Reader, roster detect.Roster) []detect.Finding {
	found := r.Scanner.ScanFor(segments, roster, reader)
	lists := func(f detect.Finding) bool { return f.Kind == detect.MemberList }
	if r.Policy.Recipients.Invitations != policy.Split || !slices.ContainsFunc(found, lists) {
		return found
	}
	attendees, err := msg.Attendees()
	if err != nil || len(attendees) == 0 || slices.ContainsFunc(attendees, func(a message.Attendee) bool { return a.Fixed && r.member(a.Address) }) {
		return found
	}
	again := slices.Clone(segments)
	for i := range again {
		again[i].Text = withoutAttendees(again[i], attendees)
	}
	found = slices.DeleteFunc(found, lists)
	for _, f := range r.Scanner.Scan(again, roster) {
		if lists(f) {
			found = append(found, f)
		}
	}
	return found
}

// withoutAttendees returns the text of a calendar or body without the lines
// that list its attendees.
func withoutAttendees(s detect.Segment, attendees []message.Attendee) string {
	place := placeKey(s.Place)
	calendar := slices.ContainsFunc(attendees, func(a message.Attendee) bool { return placeKey(a.Place) == place })
	if n := len(s.Place); !calendar && (n == 0 || s.Place[n-1].Kind != detect.InBody) {
		return s.Text
	}
	var names []string
	for _, a := range attendees {
		names = append(names, strings.ToLower(a.Address), strings.ToLower(a.Name))
	}
	names = slices.DeleteFunc(names, func(name string) bool { return len(name) < 6 || !strings.ContainsAny(name, "@ ") })
	var b strings.Builder
	for line := range strings.Lines(s.Text) {
		if calendar && attendeeLine.MatchString(line) || !calendar && containsAny(strings.ToLower(line), names) {
			line = "\n"
		}
		b.WriteString(line)
	}
	return b.String()
}

// splits reports whether members get invitations of their own.
func (p *preparation) splits() bool { return p.asks(policy.EditInvitation) }

// asks reports whether the decision asks for an edit.
func (p *preparation) asks(kind policy.EditKind) bool {
	return slices.ContainsFunc(p.decision.Edits, func(e policy.Edit) bool { return e.Kind == kind })
}

// invitee returns the canonical address of a reader who gets an invitation of
// their own, because the others' does not name them; else an empty string.
func (p *preparation) invitee(address string) string {
	own := p.splits() && !p.rules.unit(address) &&
		(p.hidden[canonical(address)] || p.rules.member(address) || p.rules.Policy.Recipients.Hide == policy.HideEveryone)
	if !own {
		return ""
	}
	return canonical(address)
}

// splitInvitations returns an edited message whose calendars name nobody who
// is hidden but the invitee.
func (p *preparation) splitInvitations(raw octets.Rope, invitee string) (octets.Rope, error) {
	in := p.inside()
	attendees, err := p.msg.Attendees()
	if err != nil {
		return raw, err
	}
	ids := in.onlyIDs(attendees)
	hide := func(name, address string) bool {
		who := person{name: name, address: address}
		if address == "" && !in.member(who) && in.address(who) == "" || ids[canonical(address)] && !p.hidden[canonical(address)] {
			return false
		}
		if a := in.address(who); a != "" && a == invitee {
			return false
		}
		return address != "" && p.hidden[canonical(address)] || in.secret(who, p.hidden)
	}
	msg, err := message.ParseRope(raw, p.cfg.Limits)
	if err != nil {
		return raw, fmt.Errorf("read edited message: %w", err)
	}
	edits, _, err := msg.HideAttendees(hide)
	if err != nil {
		return raw, err
	}
	if raw, err = msg.ApplyRope(edits...); err != nil {
		return raw, err
	}
	// A fault of the editing ends in a hold and not in a leak.
	if msg, err = message.ParseRope(raw, p.cfg.Limits); err != nil {
		return raw, fmt.Errorf("read split invitation: %w", err)
	}
	left, err := msg.Attendees()
	if err != nil {
		return raw, err
	}
	for _, a := range left {
		if hide(a.Name, a.Address) {
			return raw, errStillInvited
		}
	}
	return raw, nil
}
