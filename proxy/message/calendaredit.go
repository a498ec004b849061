package message

import (
	"fmt"
	"slices"
	"strings"

	"postvern.example/policy/detect"
)

// lineClass says what becomes of a line that names somebody hidden.
type lineClass int

const (
	mustStay  lineClass = iota // without it, or with another value, it is not the same event
	mayGo                      // goes whole
	prose                      // loses the name
	attendee                   // goes where it is theirs; else loses the parameter
	organizer                  // must stay, and loses the parameter
)

var proseLines = labels("SUMMARY", "DESCRIPTION", "COMMENT", "LOCATION", "CATEGORIES", "RESOURCES", "NAME", "STYLED-DESCRIPTION",
	"X-ALT-DESC", "X-WR-CALNAME", "X-WR-CALDESC", "X-MS-OLK-ALTDESC")

var spareLines = labels("CONTACT", "RELATED-TO", "URL", "CONFERENCE", "REQUEST-STATUS", "LINK", "REFID", "CONCEPT", "STRUCTURED-DATA", "IMAGE")

func classOf(name string) lineClass {
	switch {
	case name == "ATTENDEE":
		return attendee
	case name == "ORGANIZER":
		return organizer
	case proseLines[name]:
		return prose
	case spareLines[name] || strings.HasPrefix(name, "X-"):
		return mayGo
	}
	return mustStay
}

// listsPeople reports whether a text may have attendees, however it is folded,
// and in JSCalendar (RFC 8984) as well.
func listsPeople(text string) bool {
	packed := strings.ToUpper(strings.Join(strings.Fields(text), ""))
	return strings.Contains(packed, "ATTENDEE") || strings.Contains(packed, "ORGANIZER") || strings.Contains(packed, "PARTICIPANT")
}

// calendarPeople returns whom a calendar names.
func calendarPeople(text string) ([]Attendee, error) {
	lines := calendarLines(text)
	if err := checkCalendar(text, lines); err != nil {
		if !listsPeople(text) {
			return nil, nil
		}
		return nil, err
	}
	var found, contacts []Attendee
	for _, l := range lines {
		p := takeProperty(l.text)
		class := classOf(p.name)
		for _, name := range unshownNames(l.text, p) {
			contacts = append(contacts, Attendee{Name: name, Unshown: true})
		}
		switch class {
		case attendee, organizer:
			name, own := calendarUser(l.text, p)
			if len(own) == 0 {
				found = append(found, Attendee{Name: name, Fixed: class == organizer})
			}
			for _, a := range own {
				found = append(found, Attendee{Name: name, Address: a, Fixed: class == organizer})
			}
			for _, a := range addressesIn(l.text) {
				if !slices.Contains(own, a) {
					found = append(found, Attendee{Address: a})
				}
			}
		case prose:
			plain, _ := unescapeText(l.text[p.value:])
			for _, list := range proseBody(p, plain).lists() {
				for _, e := range list.elements {
					found = append(found, e.attendees()...)
				}
			}
		case mayGo, mustStay:
			if class == mayGo {
				for _, plain := range decodedRuns(l.text) {
					for _, a := range addressesIn(plain) {
						found = append(found, Attendee{Address: a})
					}
				}
			}
			if p.name == "ATTACH" && strings.EqualFold(p.param("ENCODING"), "BASE64") {
				continue // a file in its own right
			}
			if p.name == "CONTACT" {
				plain, _ := unescapeText(l.text[p.value:])
				for _, name := range namePhrases(plain) {
					contacts = append(contacts, Attendee{Name: name})
				}
			}
			for _, a := range addressesIn(l.text) {
				found = append(found, Attendee{Address: a, Fixed: class == mustStay, ID: class == mustStay || p.name == "RELATED-TO"})
			}
		}
	}
	for _, c := range contacts { // an attendee of the name is who is meant
		if !slices.ContainsFunc(found, func(a Attendee) bool { return strings.EqualFold(a.Name, c.Name) }) {
			found = append(found, c)
		}
	}
	return found, nil
}

// unshownNames returns what may be full names where programs write them and
// show them to nobody: in properties of their own, and in the links of
// parameters.
func unshownNames(line string, p property) (found []string) {
	if strings.HasPrefix(p.name, "X-") && (classOf(p.name) == mayGo || p.name == "X-WR-CALNAME") {
		plain, _ := unescapeText(line[p.value:])
		found = namePhrases(plain)
	}
	for _, q := range p.params {
		if q.name == "DIR" || q.name == "ALTREP" {
			for _, s := range spellings(q.value) {
				found = append(found, namePhrases(s)...)
			}
		}
	}
	return found
}

func (e quotedElement) attendees() []Attendee {
	if len(e.addresses) == 0 {
		return []Attendee{{Name: e.name}}
	}
	var found []Attendee
	for _, a := range e.addresses {
		found = append(found, Attendee{Name: e.name, Address: a})
	}
	return found
}

// calendarUser returns whose line it is: the name, and the addresses of the
// value and of EMAIL (RFC 7986 §6.2). Where neither is one, every address of
// the line counts.
func calendarUser(line string, p property) (name string, addresses []string) {
	for _, text := range []string{line[p.value:], p.param("EMAIL")} {
		for _, a := range addressesIn(text) {
			if !slices.Contains(addresses, a) {
				addresses = append(addresses, a)
			}
		}
	}
	if len(addresses) == 0 {
		addresses = addressesIn(line)
	}
	return p.param("CN"), addresses
}

// calendarEditor takes people out of one calendar.
type calendarEditor struct {
	hide    func(name, address string) bool
	gone    *people
	count   int
	changed bool
}

func (e *calendarEditor) hides(address string) bool { return e.hide("", address) }

// names reports whether a text names somebody hidden.
func (e *calendarEditor) names(text string) bool { return e.gone.stand(text, e.hides) }

// edit returns the calendar without whom hide names.
func (e *calendarEditor) edit(text string) (string, error) {
	lines := calendarLines(text)
	if err := checkCalendar(text, lines); err != nil {
		if !listsPeople(text) && !e.names(text) {
			return text, nil
		}
		return "", err
	}
	drop, err := e.leaving(lines)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	encoded := false
	for i, l := range lines {
		raw := text[l.raw.Start:l.raw.End]
		if drop[i] {
			e.changed = true
			continue
		}
		line, err := e.line(l.text)
		if err != nil {
			return "", err
		}
		p := takeProperty(l.text)
		encoded = encoded || strings.EqualFold(p.param("ENCODING"), "QUOTED-PRINTABLE")
		switch line {
		case l.text:
			out.WriteString(raw)
			continue
		case "":
		default:
			out.WriteString(foldCalendar(line, l.eol))
		}
		e.changed = true
	}
	if !e.changed {
		return text, nil
	}
	if encoded {
		return "", fmt.Errorf("%w: vCalendar 1.0", ErrCalendar)
	}
	return out.String(), e.check(out.String())
}

// check reads an edited calendar once more.
func (e *calendarEditor) check(text string) error {
	lines := calendarLines(text)
	if err := checkCalendar(text, lines); err != nil {
		return err
	}
	for _, l := range lines {
		if e.names(l.text) {
			return fmt.Errorf("%w: somebody is still named", ErrCalendar)
		}
	}
	if namesAddress(text, e.hides) {
		return fmt.Errorf("%w: somebody is still named", ErrCalendar)
	}
	return nil
}

// leaving returns which lines go whole because attendees do, and notes whom
// they named. An alarm that mails nobody any more goes too (RFC 5545 §3.6.6).
func (e *calendarEditor) leaving(lines []calendarLine) ([]bool, error) {
	drop := make([]bool, len(lines))
	var stay []string
	alarm, left, mails, reply := -1, 0, false, false
	lost := 0
	for i, l := range lines {
		p := takeProperty(l.text)
		value := strings.ToUpper(strings.TrimSpace(l.text[p.value:]))
		switch p.name {
		case "METHOD":
			reply = reply || value == "REPLY"
		case "BEGIN":
			if value == "VALARM" {
				alarm, left, lost, mails = i, 0, 0, false
			}
		case "ACTION":
			mails = mails || value == "EMAIL"
		case "END":
			if value == "VALARM" && alarm >= 0 && mails && lost > 0 && left == 0 {
				for j := alarm; j <= i; j++ {
					drop[j] = true
				}
			}
		case "SUMMARY", "DESCRIPTION", "COMMENT", "LOCATION", "X-ALT-DESC", "CONTACT":
			e.noteProse(l.text, p)
		case "ORGANIZER":
			stay = append(stay, p.param("CN"))
		case "ATTENDEE":
			name, addresses := calendarUser(l.text, p)
			if !e.hiddenUser(name, addresses) {
				stay = append(stay, name)
				left++
				continue
			}
			drop[i] = true
			e.count++
			lost++
			e.note(name, addresses)
		default:
			for _, name := range unshownNames(l.text, p) {
				if e.hide(name, "") {
					e.gone.addName(name)
				}
			}
		}
	}
	for _, name := range stay {
		e.gone.dropName(name)
	}
	if reply && e.count > 0 {
		return nil, fmt.Errorf("%w: an answer without who answers", ErrCalendar)
	}
	return drop, nil
}

func (e *calendarEditor) hiddenUser(name string, addresses []string) bool {
	if len(addresses) == 0 {
		return e.hide(name, "")
	}
	return slices.ContainsFunc(addresses, func(a string) bool { return e.hide(name, a) })
}

func (e *calendarEditor) note(name string, addresses []string) {
	e.gone.addName(name)
	for _, a := range addresses {
		if c, ok := detect.CanonicalAddress(a); ok {
			e.gone.addresses[c] = true
		}
	}
}

// noteProse notes full names in a description, which may stand there alone
// where the attendees have only addresses.
func (e *calendarEditor) noteProse(line string, p property) {
	plain, _ := unescapeText(line[p.value:])
	for _, name := range namePhrases(proseBody(p, plain).visible.text) {
		if e.hide(name, "") {
			e.gone.addName(name)
		}
	}
}

// line returns a line without whom it names; empty: it goes.
func (e *calendarEditor) line(line string) (string, error) {
	p := takeProperty(line)
	class := classOf(p.name)
	if class == prose {
		return e.prose(line, p)
	}
	if !e.names(line) && !slices.ContainsFunc(p.params, e.directs) {
		return line, nil
	}
	if class == mayGo {
		return "", nil
	}
	if class == attendee || class == organizer {
		if line = e.withoutParams(line, p); !e.names(line) {
			return line, nil
		}
	}
	return "", fmt.Errorf("%w: %s names somebody", ErrCalendar, map[bool]string{true: "the organizer", false: "a line that must stay"}[class == organizer])
}

// withoutParams takes out the parameters that name somebody: DELEGATED-TO,
// SENT-BY, MEMBER, CN and the like.
func (e *calendarEditor) withoutParams(line string, p property) string {
	var cuts []Range
	for _, q := range p.params {
		if e.names(q.value) || e.directs(q) {
			cuts = append(cuts, q.span)
		}
	}
	out, _ := withoutRanges(line, cuts)
	return out
}

// directs reports whether a parameter is a link to somebody hidden in a
// directory (RFC 5545 §3.2.6), who may be named there and nowhere else.
func (e *calendarEditor) directs(q calendarParam) bool {
	if q.name != "DIR" && q.name != "ALTREP" {
		return false
	}
	return slices.ContainsFunc(spellings(q.value), func(s string) bool {
		return slices.ContainsFunc(namePhrases(s), func(name string) bool { return e.hide(name, "") })
	})
}

// prose takes people out of a text, and out of header blocks quoted in it.
func (e *calendarEditor) prose(line string, p property) (string, error) {
	line = e.withoutParams(line, p)
	p = takeProperty(line)
	value := line[p.value:]
	plain, at := unescapeText(value)
	b := proseBody(p, plain)
	quoted := quotedCuts(b.lists(), e.hide)
	cuts := e.gone.cuts(b.visible.text, e.hides, quoted)
	if len(cuts) == 0 {
		return line, nil
	}
	if b.visible.runs != nil {
		text, ok := b.without(cuts, e.hide)
		if !ok {
			return "", fmt.Errorf("%w: the markup of a description", ErrCalendar)
		}
		return line[:p.value] + textEscapes.Replace(text), nil
	}
	for i := range cuts {
		cuts[i].Range = Range{at[cuts[i].Start], at[cuts[i].End]}
	}
	return line[:p.value] + masked(value, cuts), nil
}

// quotedCuts returns what leaves the header blocks quoted in a description, with
// the first half of a name that a comma cut in two.
func quotedCuts(lists []quotedList, hide func(name, address string) bool) (cuts []Range) {
	for _, l := range lists {
		gone := make([]bool, len(l.elements))
		for i, e := range l.elements {
			gone[i] = e.hidden(hide)
			if gone[i] && i > 0 && len(l.elements[i-1].addresses) == 0 && len(e.addresses) > 0 {
				gone[i-1] = true
			}
		}
		cuts = append(cuts, l.cut(gone)...)
	}
	return cuts
}

// proseBody reads a description as plain text or HTML.
func proseBody(p property, plain string) *textBody {
	kind := "text/plain"
	if p.name == "X-ALT-DESC" || strings.EqualFold(p.param("FMTTYPE"), "text/html") {
		kind = "text/html"
	}
	return newTextBody(&Part{MediaType: kind}, plain)
}
