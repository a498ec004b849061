package message

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// calendarLine is one content line (RFC 5545 §3.1) and where it stands.
type calendarLine struct {
	raw  Range  // in the text, with its folds and line end
	text string // unfolded, without its line end
	eol  string
}

// property is a content line taken apart.
type property struct {
	name   string // upper case
	params []calendarParam
	value  int // offset in the line
	ok     bool
}

type calendarParam struct {
	span  Range  // in the line, with the semicolon before it
	name  string // upper case
	value string // as written
}

// calendarLines unfolds a calendar. Lines may end in LF alone, and blank lines
// may stand inside a folded one, as lenient readers take them.
func calendarLines(text string) []calendarLine {
	var lines []calendarLine
	var joined []byte
	start, end, eol := -1, 0, ""
	flush := func() {
		if start >= 0 {
			lines = append(lines, calendarLine{raw: Range{start, end}, text: string(joined), eol: eol})
		}
	}
	blanks := 0 // where blank lines began that may yet be inside a fold
	for at := 0; at < len(text); {
		next := len(text)
		if i := strings.IndexByte(text[at:], '\n'); i >= 0 {
			next = at + i + 1
		}
		line := strings.TrimSuffix(strings.TrimSuffix(text[at:next], "\n"), "\r")
		ending := text[at+len(line) : next]
		switch {
		case line == "" && start >= 0:
			if blanks == 0 {
				blanks = at
			}
		case line != "" && (line[0] == ' ' || line[0] == '\t') && start >= 0:
			joined = append(joined, line[1:]...)
			end, blanks = next, 0
			if ending != "" {
				eol = ending
			}
		default:
			flush()
			if blanks > 0 {
				lines = append(lines, calendarLine{raw: Range{blanks, at}})
			}
			start, end, blanks, eol, joined = at, next, 0, ending, append(joined[:0], line...)
		}
		at = next
	}
	flush()
	if blanks > 0 {
		lines = append(lines, calendarLine{raw: Range{blanks, len(text)}})
	}
	return lines
}

// takeProperty takes a line apart. It is not ok where no colon stands outside
// quotes.
func takeProperty(line string) property {
	var p property
	quoted := false
	begin := -1 // of a parameter
	end := func(i int) {
		if begin < 0 {
			p.name = strings.ToUpper(strings.TrimSpace(strings.TrimPrefix(line[:i], "\ufeff")))
			return
		}
		name, value, _ := strings.Cut(line[begin+1:i], "=")
		p.params = append(p.params, calendarParam{Range{begin, i}, strings.ToUpper(strings.TrimSpace(name)), value})
	}
	for i := range len(line) {
		switch c := line[i]; {
		case c == '"' && begin >= 0:
			quoted = !quoted
		case quoted:
		case c == ';':
			end(i)
			begin = i
		case c == ':':
			end(i)
			p.value, p.ok = i+1, true
			return p
		}
	}
	return p
}

// param returns the value of a parameter without quotes and escapes (RFC 6868).
func (p property) param(name string) string {
	for _, q := range p.params {
		if q.name == name {
			return strings.TrimSpace(carets.Replace(strings.ReplaceAll(q.value, `"`, "")))
		}
	}
	return ""
}

var carets = strings.NewReplacer("^n", " ", "^'", `"`, "^^", "^")

// foldCalendar writes a content line in lines of at most 75 octets (RFC 5545
// §3.1) and cuts no character.
func foldCalendar(line, eol string) string {
	const most = 75
	newline := eol
	if newline == "" {
		newline = "\r\n"
	}
	var b strings.Builder
	room := most
	for len(line) > room {
		n := room
		for n > 0 && !utf8.RuneStart(line[n]) {
			n--
		}
		if n == 0 {
			n = room
		}
		b.WriteString(line[:n])
		b.WriteString(newline + " ")
		line, room = line[n:], most-1
	}
	b.WriteString(line)
	b.WriteString(eol)
	return b.String()
}

// checkCalendar says what keeps a calendar from being read the same way by
// everybody.
func checkCalendar(text string, lines []calendarLine) error {
	var open []string
	whole := false
	for i := range len(text) {
		if text[i] == '\r' && (i+1 == len(text) || text[i+1] != '\n') {
			return fmt.Errorf("%w: a line end is none", ErrCalendar)
		}
	}
	for _, l := range lines {
		if l.text == "" {
			continue
		}
		p := takeProperty(l.text)
		value := strings.ToUpper(strings.TrimSpace(l.text[p.value:]))
		switch {
		case !p.ok:
			return fmt.Errorf("%w: a line has no value", ErrCalendar)
		case p.name == "BEGIN":
			if len(open) == 0 && value != "VCALENDAR" {
				return fmt.Errorf("%w: it does not begin as one", ErrCalendar)
			}
			open = append(open, value)
			whole = true
		case len(open) == 0:
			return fmt.Errorf("%w: a line stands outside it", ErrCalendar)
		case p.name == "END":
			if open[len(open)-1] != value {
				return fmt.Errorf("%w: its components cross", ErrCalendar)
			}
			open = open[:len(open)-1]
		}
	}
	if len(open) > 0 || !whole {
		return fmt.Errorf("%w: a component does not end", ErrCalendar)
	}
	return nil
}

// unescapeText undoes the escapes of a TEXT value (RFC 5545 §3.3.11) and
// returns for each octet, and the end, where it stood.
func unescapeText(value string) (string, []int) {
	var b strings.Builder
	at := make([]int, 0, len(value)+1)
	for i := 0; i < len(value); i++ {
		at = append(at, i)
		if value[i] != '\\' || i+1 == len(value) {
			b.WriteByte(value[i])
			continue
		}
		i++
		switch value[i] {
		case 'n', 'N':
			b.WriteByte('\n')
		case '\\', ',', ';', ':', '"':
			b.WriteByte(value[i])
		default:
			b.WriteByte('\\')
			at = append(at, i)
			b.WriteByte(value[i])
		}
	}
	return b.String(), append(at, len(value))
}

var textEscapes = strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\r\n", `\n`, "\n", `\n`)
