package message

import (
	"bytes"
	"strconv"
	"strings"
)

// The reasons of defects in parameters.
const (
	reasonParamTwice   = "a parameter is given twice with different values"
	reasonParamSyntax  = "a parameter cannot be read"
	reasonParamLoose   = "a parameter that decides the structure is not quoted"
	reasonParamParts   = "a parameter in pieces lacks a piece"
	reasonParamCharset = "a parameter is in an unknown charset or badly encoded"
	reasonParamForm    = "a boundary or charset is written in extended form"
	reasonParamRaw     = "a boundary or charset is not ASCII"
)

// mimeValue is the value of Content-Type or Content-Disposition (RFC 2045
// §5.1, RFC 2183, RFC 2231).
type mimeValue struct {
	main   string // lower case
	params map[string]string
	faults []string
}

func (v *mimeValue) fault(reason string) {
	for _, f := range v.faults {
		if f == reason {
			return
		}
	}
	v.faults = append(v.faults, reason)
}

// piece is one section of a parameter as RFC 2231 §3 may cut it.
type piece struct {
	value    string
	extended bool
}

// parseMIMEValue reads what can be read; faults say what could not.
func parseMIMEValue(value []byte) *mimeValue {
	v := &mimeValue{params: map[string]string{}}
	s := scanner{b: unfold(value)}
	v.main = strings.ToLower(s.until(";"))
	if s.fault {
		v.fault(reasonParamSyntax)
	}
	plain := map[string]string{}
	pieces := map[string]map[int]piece{}
	for !s.done() {
		s.i++ // the semicolon
		s.cfws()
		if s.done() || s.b[s.i] == ';' {
			continue
		}
		v.param(&s, plain, pieces)
	}
	if s.fault {
		v.fault(reasonParamSyntax)
	}
	for name, value := range plain {
		v.params[name] = v.plainValue(name, value)
	}
	for name, sections := range pieces {
		v.params[name] = v.join(name, sections)
	}
	return v
}

// structural reports whether a parameter decides how the body is read.
func structural(name string) bool { return name == "boundary" || name == "charset" }

// param reads one attribute and its value and leaves s at a semicolon or the end.
func (v *mimeValue) param(s *scanner, plain map[string]string, pieces map[string]map[int]piece) {
	start := s.i
	for !s.done() && !bytes.ContainsRune([]byte("=; \t("), rune(s.b[s.i])) {
		s.i++
	}
	name := strings.ToLower(string(s.b[start:s.i]))
	s.cfws()
	if s.done() || s.b[s.i] != '=' || name == "" {
		v.fault(reasonParamSyntax)
		s.until(";")
		return
	}
	s.i++
	s.cfws()
	value, loose := s.value()
	if loose && structural(strings.TrimRight(name, "*0123456789")) {
		v.fault(reasonParamLoose)
	}
	base, section, extended, ok := sectionOf(name)
	if !ok {
		if old, twice := plain[name]; twice && old != value {
			v.fault(reasonParamTwice)
			return
		}
		plain[name] = value
		return
	}
	if structural(base) {
		v.fault(reasonParamForm)
	}
	if pieces[base] == nil {
		pieces[base] = map[int]piece{}
	}
	fresh := piece{value, extended}
	if old, twice := pieces[base][section]; twice && old != fresh {
		v.fault(reasonParamTwice)
		return
	}
	pieces[base][section] = fresh
}

// sectionOf takes apart "name*", "name*0" and "name*0*".
func sectionOf(name string) (base string, section int, extended, ok bool) {
	base, rest, ok := strings.Cut(name, "*")
	if !ok || base == "" {
		return name, 0, false, false
	}
	if rest == "" {
		return base, 0, true, true
	}
	rest, extended = strings.CutSuffix(rest, "*")
	n, err := strconv.Atoi(rest)
	if err != nil || n < 0 || n > 9999 || strconv.Itoa(n) != rest {
		return name, 0, false, false
	}
	return base, n, extended, true
}

func (v *mimeValue) plainValue(name, value string) string {
	if structural(name) {
		for i := range len(value) {
			if value[i] >= 0x80 {
				v.fault(reasonParamRaw)
			}
		}
		return value
	}
	return decodeText([]byte(value))
}

// join puts the sections together (RFC 2231 §3, §4.1).
func (v *mimeValue) join(name string, sections map[int]piece) string {
	charset := ""
	var b []byte
	coded := false
	for i := range len(sections) {
		p, ok := sections[i]
		if !ok {
			v.fault(reasonParamParts)
			break
		}
		value := p.value
		if i == 0 && p.extended {
			var rest string
			var quoted bool
			if charset, rest, quoted = strings.Cut(value, "'"); quoted {
				_, rest, quoted = strings.Cut(rest, "'")
			}
			if !quoted {
				v.fault(reasonParamCharset)
				charset, rest = "", value
			}
			value = rest
		}
		if p.extended {
			coded = true
			b = v.percent(b, value)
		} else {
			b = append(b, value...)
		}
	}
	if !coded {
		return v.plainValue(name, string(b))
	}
	text, known := fromCharset(charset, b)
	if !known {
		v.fault(reasonParamCharset)
	}
	return text
}

func (v *mimeValue) percent(b []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			b = append(b, s[i])
			continue
		}
		if i+2 >= len(s) || unhex(s[i+1]) < 0 || unhex(s[i+2]) < 0 {
			v.fault(reasonParamCharset)
			b = append(b, s[i])
			continue
		}
		b = append(b, byte(unhex(s[i+1])<<4|unhex(s[i+2])))
		i += 2
	}
	return b
}

// scanner goes over an unfolded structured value.
type scanner struct {
	b     []byte
	i     int
	fault bool
}

func (s *scanner) done() bool { return s.i >= len(s.b) }

// cfws skips blanks and comments (RFC 5322 §3.2.2).
func (s *scanner) cfws() {
	for !s.done() {
		switch s.b[s.i] {
		case ' ', '\t':
			s.i++
		case '(':
			s.comment()
		default:
			return
		}
	}
}

func (s *scanner) comment() {
	depth := 0
	for ; !s.done(); s.i++ {
		switch s.b[s.i] {
		case '\\':
			s.i++
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				s.i++
				return
			}
		}
	}
	s.i = len(s.b)
	s.fault = true
}

// until returns what stands before the next of the given octets, without
// comments and outer blanks, and stops there.
func (s *scanner) until(stops string) string {
	var b []byte
	for !s.done() && !strings.ContainsRune(stops, rune(s.b[s.i])) {
		if s.b[s.i] == '(' {
			s.comment()
			continue
		}
		b = append(b, s.b[s.i])
		s.i++
	}
	return strings.Trim(string(b), " \t")
}

// value reads a token or quoted string up to the next semicolon. loose says
// that it was neither: a bare value with blanks in it, as some programs write
// file names.
func (s *scanner) value() (value string, loose bool) {
	if s.done() || s.b[s.i] != '"' {
		value = s.until(";")
		return value, value == "" || strings.ContainsAny(value, " \t\"")
	}
	var b []byte
	closed := false
	for s.i++; !s.done() && !closed; s.i++ {
		switch c := s.b[s.i]; {
		case c == '"':
			closed = true
		case c == '\\' && s.i+1 < len(s.b):
			s.i++
			b = append(b, s.b[s.i])
		default:
			b = append(b, c)
		}
	}
	if !closed || s.until(";") != "" {
		s.fault = true
	}
	return string(b), false
}

// unfold removes line ends; the blanks that follow them stay (RFC 5322 §2.2.3).
func unfold(value []byte) []byte {
	if bytes.IndexByte(value, '\n') < 0 {
		return value
	}
	return bytes.ReplaceAll(value, []byte("\r\n"), nil)
}

func unhex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
