package message

import (
	"slices"
	"strings"

	"postvern.example/policy/detect"
)

// with returns the list with the addresses that stand behind its text.
func (l quotedList) with(linked func(Range) []string) quotedList {
	if linked == nil {
		return l
	}
	const longest = 5 // words of a name; a sentence with a link in it is none
	for i := range l.elements {
		e := &l.elements[i]
		behind := linked(e.span)
		e.mailbox = e.mailbox || len(behind) > 0 && e.name != "" && len(strings.Fields(e.name)) <= longest
		e.addresses = append(behind, e.addresses...)
	}
	return l
}

// mailboxes returns how many mailboxes the list has, and whether it is nothing
// but mailboxes. What a comma cut off the front of a name ("Friis, Bo <bo@x>")
// belongs to it.
func (l quotedList) mailboxes() (n int, only bool) {
	for i, e := range l.elements {
		switch {
		case e.mailbox:
			n++
		case len(e.addresses) == 0 && i+1 < len(l.elements) && l.elements[i+1].mailbox && l.elements[i+1].name != "":
		default:
			return n, false
		}
	}
	return n, n > 0
}

// isMailboxForm reports whether s is "bo@x", "Bo Friis <bo@x>", "Bo Friis
// [mailto:bo@x]" or "bo@x (Bo Friis)", and so no sentence that names an address.
func isMailboxForm(s string) bool {
	s = strings.TrimSpace(s)
	if before, comment, ok := strings.Cut(s, " ("); ok && strings.HasSuffix(comment, ")") && strings.Contains(before, "@") {
		s = before
	}
	if open := strings.IndexAny(s, "<["); open > 0 && strings.ContainsAny(s[len(s)-1:], ">]") {
		s = strings.TrimLeft(s[open:], "<[")
		s = strings.TrimPrefix(s, "mailto:")
	}
	s = strings.Trim(s, "<>[]*_'\"")
	if i := strings.IndexAny(s, "<["); i >= 0 {
		s = s[:i]
	}
	_, ok := detect.CanonicalAddress(s)
	return ok && !strings.ContainsAny(s, " \t\u00a0")
}

// behindBrackets returns the words behind an address in brackets, as in
// "board@x [mailto:board@x] On Behalf Of Bo Friis".
func behindBrackets(s string) string {
	end := strings.LastIndexAny(s, ">]")
	if end < 0 || !strings.Contains(s[end+1:], " ") {
		return ""
	}
	return s[end+1:]
}

func isEdge(s string) int {
	if s[0] == ' ' || s[0] == '\t' {
		return 1
	}
	if strings.HasPrefix(s, "\u00a0") {
		return len("\u00a0")
	}
	return 0
}

// separators returns where sep stands outside quotes and brackets.
func separators(s string, sep byte) []int {
	var cuts []int
	quoted, depth := false, 0
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '<' || c == '(' || c == '[':
			depth++
		case c == '>' || c == ')' || c == ']':
			depth = max(0, depth-1)
		case c == sep && depth == 0:
			cuts = append(cuts, i)
		}
	}
	if quoted || depth > 0 { // what is never closed protects nothing
		cuts = cuts[:0]
		for i := range len(s) {
			if s[i] == sep {
				cuts = append(cuts, i)
			}
		}
	}
	return cuts
}

// personOf takes name and addresses out of "Bo Friis <bo@x>", "bo@x<mailto:bo@x>",
// "Bo Friis [mailto:bo@x]" and "Bo Friis".
func personOf(s string) (name string, addresses []string) {
	for token := range addressTokens(s) {
		addresses = append(addresses, token)
	}
	if i := strings.IndexAny(s, "<["); i >= 0 {
		s = s[:i] + behindBrackets(s)
	}
	if name, unit, ok := strings.Cut(s, "/"); ok && (strings.Contains(unit, "@") || strings.Contains(name, " ")) && !strings.Contains(name, "@") {
		s, addresses = name, addresses[:0] // "Bo Friis/UNIT@ORG" and "Bo Friis/UNIT/ORG", as Notes writes
	}
	if strings.Contains(s, "@") {
		s = strings.Join(slices.DeleteFunc(strings.Fields(s), func(word string) bool { return strings.Contains(word, "@") }), " ")
		if !strings.Contains(s, " ") { // a first name beside an address says nothing more
			return "", addresses
		}
	}
	if before, comment, ok := strings.Cut(s, " ("); ok && strings.TrimSpace(before) != "" && !strings.HasPrefix(comment, "via ") {
		s = before // a department, as directories add it
	}
	return strings.Trim(s, " \t\"'*_\u00a0\u200b\u200e\u200f"), addresses
}
