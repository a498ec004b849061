package message

import (
	"regexp"
	"strings"
	"unicode"
)

// wroteVerbs stand in the line that says whose words are quoted below it.
var wroteVerbs = regexp.MustCompile(`(?i)(?:^|[\s,>])(skrev|skreiv|skriver|skriv|citat(?: fra| från)?|citerar|sitat(?: fra)?|quoting|zitat von|lainaus|wrote|writes|said|kirjoitti|kirjoittaa|skrifaði|ritaði|schrieb|schreibt|a écrit|écrit|napisał\(a\)|napisał|napisała|pisze|schreef|schrijft|escribió|escribe|escreveu|escreve|ha scritto|scrive|a scris|napsal\(a\)|napsala?|napísal\(a\)|napísala?|(?:ezt )?írta|kirjutas|rašė|rakstīja|написал\(а\)|написала?|пишет|пише)(?:[\s:]|$)`)

// dated is such a line of Gmail's without a verb: "2026-05-03 10:00 GMT+02:00
// Bo Friis <bo@x>:".
var dated = regexp.MustCompile(`^\d{4}-\d\d-\d\d,? \d\d?[:.]\d\d .*<[^<>\s]+@[^<>\s]+>$`)

// stamped is a line without a verb that names who wrote and then when: "* Bo
// Friis <bo@x> [2026-05-03 10:00]:", ">>> Bo Friis <bo@x> 03-05-2026 10:00 >>>".
var stamped = regexp.MustCompile(`^[*>\s]*([^<>]{0,80}<[^<>\s]+@[^<>\s]+>)[\s,]*[(\[]?\d[\d\s.:/-]*[)\]]?[\s>]*$`)

// In any language, a line with a time of day and an address in angle brackets
// that ends in a colon says whose words follow: "В пн, 2 апр. 2026 г. в 14:20,
// Bo Friis <bo@x>:", "Am 2. April um 14:20 Uhr hat Bo Friis <bo@x> geschrieben:".
var (
	clock     = regexp.MustCompile(`\p{Nd}{1,2}[:.]\p{Nd}{2}`)
	bracketed = regexp.MustCompile(`<\s?[^<>\s]+@[^<>\s]+>`)
)

// named returns where the address ends in such a line; -1 is another line.
func named(s string) int {
	who := bracketed.FindStringIndex(s)
	if who == nil || !clock.MatchString(s[:who[0]]) && !clock.MatchString(s[who[1]:]) {
		return -1
	}
	return who[1]
}

// attributions returns the writers in lines such as "Den 3. maj 2026 skrev Bo
// Friis <bo@x>:", "On May 3, 2026, Bo Friis wrote:" and "Bo Friis kirjoitti
// 3.5.2026:". Programs break such a line in up to three. A line without a date
// and an address is a sentence of the writer's own.
func attributions(text string, plain bool) []quotedList {
	var found []quotedList
	var last []quotedLine // at most three lines, the newest at the end
	for at := 0; at < len(text); {
		line, next := takeLine(text, at)
		at = next
		if line.content == line.end || len(last) > 0 && last[0].depth != line.depth {
			last = last[:0]
		}
		if line.content == line.end {
			continue
		}
		last = append(last, line)
		if len(last) > 3 {
			last = last[1:]
		}
		if end := strings.TrimRight(text[line.content:line.end], " \t\r\u00a0*_"); !strings.HasSuffix(end, ":") && !strings.HasSuffix(end, wideColon) && !strings.HasSuffix(end, ">>>") {
			continue
		}
		if e, ok := writerIn(text, plain, last); ok || cites(text, next, line.depth) && nameBeforeVerb(text, line, &e) {
			found = append(found, quotedList{elements: []quotedElement{e}, writer: true})
		}
		last = last[:0]
	}
	return found
}

// cites reports whether the next line with words in it is cited more deeply.
func cites(text string, at, depth int) bool {
	for at < len(text) {
		line, next := takeLine(text, at)
		if line.depth > depth {
			return true
		}
		if line.content < line.end || line.label != noLabel {
			return false
		}
		at = next
	}
	return false
}

// nameBeforeVerb finds the writer in a line that is a full name and a verb, and
// nothing else ("Bo Friis wrote:"): only what is cited below makes that more
// than a sentence.
func nameBeforeVerb(text string, line quotedLine, e *quotedElement) bool {
	words := strings.TrimRight(text[line.content:line.end], " \t\u00a0*_:"+wideColon)
	verb := wroteVerbs.FindStringSubmatchIndex(words)
	if verb == nil || verb[3] != len(words) {
		return false
	}
	name := strings.TrimRight(words[:verb[2]], " \t,")
	if found := unseenNames(" " + name); len(found) == 0 || found[len(found)-1] != name {
		return false
	}
	*e = quotedElement{span: Range{line.content, line.content + len(name)}, name: name}
	return true
}

// writerIn finds whom the last of some lines name: the fewest that say it, and
// one more where the name has begun in that.
func writerIn(text string, plain bool, lines []quotedLine) (e quotedElement, ok bool) {
	for first := len(lines) - 1; first >= 0; first-- {
		l := logical{text: text, plain: plain}
		for _, part := range lines[first:] {
			l.add(part)
		}
		more, found := l.writer()
		if ok && !found {
			break
		}
		e, ok = more, found
		if ok && first > 0 && strings.HasSuffix(strings.TrimRight(text[:lines[first-1].end], " \t\r"), " via") {
			continue
		}
		if ok && (first == 0 || e.span.Start > lines[first].content || !beginsName(text[lines[first-1].content:lines[first-1].end])) {
			break
		}
	}
	return e, ok
}

// beginsName reports whether the name of a writer may begin at the end of a line:
// it ends in an open bracket, or in a few words behind a time of day.
func beginsName(line string) bool {
	line = strings.TrimRight(line, " \t\r\u00a0")
	if strings.HasSuffix(line, "<") || strings.HasSuffix(line, "(") || strings.HasSuffix(line, "[") {
		return true
	}
	const most = 5 // words of a name, AM and PM among them
	times := clock.FindAllStringIndex(line, -1)
	if len(times) == 0 {
		return false
	}
	words := strings.Fields(line[times[len(times)-1][1]:])
	return len(words) > 0 && len(words) <= most
}

// writer finds whom an attribution line names: after the verb, or, where
// nothing or a date stands there, before it.
func (l *logical) writer() (quotedElement, bool) {
	const longest = 500
	s := strings.TrimRight(l.joined.String(), " \t\r\u00a0*_:"+wideColon)
	if len(s) > longest || !strings.ContainsAny(s, "0123456789@") {
		return quotedElement{}, false
	}
	if who := stamped.FindStringSubmatchIndex(s); who != nil {
		return l.writerAt(s, who[2], who[3])
	}
	verb := wroteVerbs.FindStringSubmatchIndex(s)
	if verb == nil && dated.MatchString(s) {
		verb = []int{len(s), len(s), len(s), len(s)}
	}
	if verb == nil {
		end := named(s)
		if end < 0 {
			return quotedElement{}, false
		}
		from, to := beforeVerb(s[:end])
		return l.writerAt(s, from, to)
	}
	from, to := verb[3], len(s)
	rest := strings.Trim(s[from:], " \t\u00a0,*_")
	if rest == "" || !strings.Contains(rest, "@") && strings.ContainsAny(rest, "0123456789") {
		from, to = beforeVerb(s[:verb[2]])
	}
	return l.writerAt(s, from, to)
}

// writerAt takes the writer out of a range of the line.
func (l *logical) writerAt(s string, from, to int) (quotedElement, bool) {
	for from < to && strings.ContainsRune(" \t,*_", rune(s[from])) {
		from++
	}
	for from < to && strings.ContainsRune(" \t,*_", rune(s[to-1])) {
		to--
	}
	if from >= to || l.at[from] < 0 || l.at[to-1] < 0 {
		return quotedElement{}, false
	}
	e := quotedElement{span: Range{l.at[from], l.at[to-1] + 1}}
	e.name, e.addresses = personOf(s[from:to])
	return e, e.name != "" || len(e.addresses) > 0
}

// throughList is what stands between a writer and the list that sent their words
// on ("'Bo Friis' via Board").
var throughList = regexp.MustCompile(`(?i)['"\p{L}] (?:via|gennem|gjennom|genom) \S`)

// beforeVerb returns where the writer stands in what comes before the verb:
// the words behind the date and time.
func beforeVerb(s string) (from, to int) {
	s = strings.TrimRight(s, " \t\u00a0,*_")
	from, to = len(s), len(s)
	if open := strings.LastIndexAny(s, "<["); open >= 0 && strings.Contains(s[open:], "@") {
		from = len(strings.TrimRight(s[:open], " \t\u00a0"))
		if from == 0 {
			return 0, to
		}
	}
	if via := throughList.FindStringIndex(s[:from]); via != nil {
		from = via[0] // the name of a list may hold numbers
	}
	for from > 0 {
		start := strings.LastIndexAny(s[:from], " \t") + 1
		word := s[start:from]
		if ofDate(word) {
			break
		}
		from = len(strings.TrimRight(s[:start], " \t"))
	}
	return from, to
}

// ofDate reports whether a word belongs to a date or time.
func ofDate(word string) bool {
	switch strings.ToLower(strings.Trim(word, ".,:")) {
	case "am", "pm", "kl", "klo", "at", "on", "den", "d", "keltezéssel":
		return true
	}
	return !strings.Contains(word, "@") && strings.ContainsFunc(word, unicode.IsDigit)
}
