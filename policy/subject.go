package policy

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// TagSubject returns the subject with the tag before it, and whether that is
// another subject than the one given. A subject that carries the tag anywhere
// stays as it is, whatever its case, dashes and spaces, and behind any prefix
// of answers (SV:, VS:, Re[2]: ...) (a tag of one word: at its start); tags that mail programs piled up at its
// start become one. Control characters never reach the new subject.
func TagSubject(subject, tag string) (string, bool) {
	tag = tidy(tag)
	words := tagWords(tag)
	if len(words) == 0 {
		return subject, false
	}
	came := subject
	subject = strings.ToValidUTF8(subject, "\ufffd")
	units := scan(subject)
	at, ok := carries(subject, units, words)
	if !ok {
		return strings.TrimSpace(tag + " " + tidy(subject)), true
	}
	last := at + len(words) - 1
	if !prefixed(subject[:units[at].start]) {
		return came, false
	}
	end := units[last].end
	rest := end
	for {
		next, ok := find(units, words, last+1)
		if !ok || !prefixed(subject[rest:units[next].start]) {
			break
		}
		last = next + len(words) - 1
		rest = units[last].end
	}
	if rest == end {
		return came, false
	}
	return tidy(subject[:end] + " " + subject[rest:]), true
}

// Tagged reports whether a subject carries the tag.
func Tagged(subject, tag string) bool {
	words := tagWords(tidy(tag))
	if len(words) == 0 {
		return false
	}
	subject = strings.ToValidUTF8(subject, "\ufffd")
	_, ok := carries(subject, scan(subject), words)
	return ok
}

// carries finds the unit at which the tag of a subject begins. A tag of a
// single word, which may well be a word of the subject itself, counts at the
// start only.
func carries(subject string, units []unit, words []string) (int, bool) {
	at, ok := find(units, words, 0)
	if ok && len(words) == 1 && !prefixed(subject[:units[at].start]) {
		return 0, false
	}
	return at, ok
}

// tidy makes one line: control characters and runs of white space become
// single spaces.
func tidy(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
	return strings.Join(strings.Fields(s), " ")
}

// unit is a word, a dash or a mark of a subject, with the bytes that it spans.
// White space is none: it only parts words.
type unit struct {
	text       string
	start, end int
}

// scan parts text into words, dashes and marks. Case, compatible and composed
// forms, and characters without width do not tell words apart.
func scan(s string) []unit {
	var out []unit
	word := false
	for i := 0; i < len(s); {
		r, width := utf8.DecodeRuneInString(s[i:])
		start, n := i, len(out)
		i += width
		switch {
		case unicode.IsSpace(r) || unicode.IsControl(r):
			word = false
		case unicode.Is(unicode.Cf, r):
		case unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r):
			if word {
				out[n-1].end = i
			} else {
				out = append(out, unit{start: start, end: i})
			}
			word = true
		case unicode.Is(unicode.Pd, r) || r == '\u2212':
			if n > 0 && out[n-1].text == "-" {
				out[n-1].end = i // a dash written as two
			} else {
				out = append(out, unit{"-", start, i})
			}
			word = false
		default:
			out = append(out, unit{string(r), start, i})
			word = false
		}
	}
	for i, u := range out {
		if u.text == "" {
			u.text = strings.Map(visible, s[u.start:u.end])
		}
		out[i].text = strings.ToLower(norm.NFKC.String(u.text))
	}
	return out
}

// visible drops characters without width.
func visible(r rune) rune {
	if unicode.Is(unicode.Cf, r) {
		return -1
	}
	return r
}

// tagWords returns what a tag is recognised by; nothing where it has no word.
func tagWords(tag string) []string {
	var out []string
	word := false
	for _, u := range scan(tag) {
		out = append(out, u.text)
		word = word || strings.ContainsFunc(u.text, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) })
	}
	if !word {
		return nil
	}
	return out
}

// find returns the first unit, at or behind from, at which the words begin.
func find(units []unit, words []string, from int) (int, bool) {
next:
	for i := from; i+len(words) <= len(units); i++ {
		for j, w := range words {
			if units[i+j].text != w {
				continue next
			}
		}
		return i, true
	}
	return 0, false
}

// prefixes are what mail programs put before the subject of an answer, in
// lower case. The list is never changed.
var prefixes = []string{
	"re", "fw", "fwd", "sv", "vs", "vl", "aw", "wg", "svar", "vidaresänt", "videresendt", "videresend",
	"vidarebefordrat", "videresent", "besvaret", "antw", "tr", "ref", "rv", "ynt", "odp", "pd",
}

// prefixed reports whether text is nothing but prefixes of answers: "SV: ",
// "Re[2]: RE (3) : ", with brackets that lists put around names counted too.
func prefixed(text string) bool {
	rest := strings.ToLower(tidy(strings.Map(visible, text)))
	for rest != "" {
		head, tail, ok := strings.Cut(rest, ":")
		if !ok {
			return false
		}
		name := strings.TrimRight(strings.TrimSpace(head), "0123456789[]()^ ")
		known := false
		for _, p := range prefixes {
			known = known || name == p
		}
		if !known {
			return false
		}
		rest = strings.TrimSpace(tail)
	}
	return true
}
