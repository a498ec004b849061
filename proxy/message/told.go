package message

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// told returns whom programs name in sentences, lists and tables of their own,
// without a label that ends in a colon: "Bo Friis reacted to your message", the
// guests of a meeting, the answers to a vote. What a person writes of somebody
// stays: a sentence counts as a whole, and a list only where something beside it
// shows that a program made it.
func told(text string, linked func(Range) []string) (found []quotedList) {
	var s surroundings
	for at := 0; at < len(text); {
		line := toldLine(text, at)
		at = line.next
		if line.start == line.end {
			if linked == nil { // in HTML they stand between all lines
				s.blank()
			}
			continue
		}
		words := text[line.start:line.end]
		if e, ok := doing(words); ok {
			found = append(found, quotedList{elements: []quotedElement{e.from(line.start)}, writer: true}.with(linked))
			continue
		}
		for _, e := range receipted(words) {
			found = append(found, quotedList{elements: []quotedElement{e.from(line.start)}})
		}
		for _, e := range s.take(words) {
			s.people = append(s.people, e.from(line.start))
		}
		found = append(found, s.proven(linked)...)
	}
	s.close()
	return append(found, s.proven(linked)...)
}

// mayTell reports whether a line may be one of those that told looks for. In
// most text none is.
func mayTell(text string) bool {
	for at := 0; at < len(text); {
		line := toldLine(text, at)
		at = line.next
		words := text[line.start:line.end]
		if len(words) > longestLabel && strings.IndexByte(words, ' ') < 0 && strings.IndexByte(words, '\t') < 0 {
			continue // a single word
		}
		if _, ok := doing(words); ok || headingOf(words) != noHeading || len(receipted(words)) > 0 {
			return true
		}
	}
	return false
}

// textLine is one line of a text without the marks of citation around it.
type textLine struct{ start, end, next int }

func toldLine(text string, at int) textLine {
	l := textLine{start: at, end: len(text), next: len(text)}
	if i := strings.IndexByte(text[at:], '\n'); i >= 0 {
		l.end, l.next = at+i, at+i+1
	}
	for l.start < l.end && strings.IndexByte("> \t|\r*_", text[l.start]) >= 0 {
		l.start++
	}
	for strings.HasPrefix(text[l.start:l.end], "\u00a0") {
		l.start += len("\u00a0")
	}
	for l.end > l.start && strings.IndexByte(" \t\r*_", text[l.end-1]) >= 0 {
		l.end--
	}
	return l
}

// from moves an element to where its line begins.
func (e quotedElement) from(start int) quotedElement {
	e.span.Start += start
	e.span.End += start
	return e
}

// longestTold is how long a line of a program's is at most.
const longestTold = 300

// doing returns who does something in a sentence that begins with their name,
// or is done by whom it ends in.
func doing(line string) (e quotedElement, ok bool) {
	if len(line) > longestTold || len(line) < 8 || strings.IndexByte(line, ' ') < 0 {
		return e, false
	}
	start := 0
	for start < len(line) { // reactions begin with their picture
		r, n := utf8.DecodeRuneInString(line[start:])
		if unicode.IsLetter(r) || r == '<' {
			break
		}
		start += n
	}
	if n := nameLength(line[start:]); n > 0 {
		rest := strings.TrimLeft(line[start+n:], " \u00a0")
		word, _, _ := strings.Cut(rest, " ")
		if deeds[word] && deed.MatchString(rest) {
			return personAt(line, start, start+n), true
		}
	}
	if by := lastBy(line); by > 0 {
		end := len(strings.TrimRight(line, ".!"))
		if n := nameLength(line[by:]); n > 0 && by+n >= end && through.MatchString(line[:by]) {
			return personAt(line, by, by+n), true
		}
	}
	return e, false
}

func personAt(line string, start, end int) quotedElement {
	e := quotedElement{span: Range{start, end}, mailbox: true}
	e.name, e.addresses = personOf(line[start:end])
	return e
}

// lastBy returns where the words behind the last "by" of a line begin.
func lastBy(line string) int {
	word, _ := utf8.DecodeRuneInString(line[strings.LastIndexByte(line, ' ')+1:])
	if !unicode.IsUpper(word) && word != '<' && !strings.Contains(line, "@") {
		return 0
	}
	const most = 6 // words of a name, and this one
	for end, words := len(line), 0; words < most; words++ {
		i := strings.LastIndexByte(line[:end], ' ')
		if i < 0 {
			break
		}
		switch line[i+1 : end] {
		case "af", "av", "by", "of", "för":
			return end + 1
		}
		end = i
	}
	return 0
}

// nameLength returns how long the full name, or the mailbox, is that a text
// begins with; 0: there is none.
func nameLength(text string) int {
	const most = 5
	if space := strings.IndexByte(text, ' '); space > 0 && space+1 < len(text) && strings.IndexByte(text[:space], '@') < 0 {
		if c := text[space+1]; (c < 'A' || c > 'Z') && c < utf8.RuneSelf && c != '<' && c != '(' {
			return 0
		}
	}
	var room [longestLabel * utf8.UTFMax]byte
	end, words := 0, 0
	for end < len(text) && words < most {
		at := end
		if words > 0 {
			if text[at] != ' ' {
				break
			}
			at++
		}
		stop := len(text)
		if i := strings.IndexAny(text[at:], " \t,;:"); i >= 0 {
			stop = at + i
		}
		word := text[at:stop]
		if isBox := strings.Contains(word, "@"); isBox || len(word) > 0 && word[0] == '(' && strings.Contains(word, "@") {
			if _, addresses := personOf(word); len(addresses) == 0 {
				break
			}
			return stop
		}
		first, _ := utf8.DecodeRuneInString(word)
		if !unicode.IsUpper(first) || len(word) <= longestLabel && answers[string(lowered(room[:0], word))] {
			break
		}
		trimmed := strings.TrimRight(word, ".!")
		if len(trimmed) > 3 { // initials keep their point
			stop = at + len(trimmed)
		}
		if strings.ContainsFunc(trimmed, func(r rune) bool { return !inName(r) }) {
			break
		}
		end, words = stop, words+1
	}
	if words < 2 {
		return 0
	}
	return end
}

// receipts are the words of mail programs that say that a mail was shown to its
// reader.
var receipts = regexp.MustCompile(`(?i)(?:receipt|kvittering|kvitto|kuittaus|kvittun).*(?:you sent|sent by you|du sendte|du sende|du skickade|lähetit|þú sendir)`)

// receipted returns the reader whose program confirms that it showed a mail.
func receipted(line string) []quotedElement {
	if len(line) > longestTold || !strings.Contains(line, "@") || !receipts.MatchString(line) {
		return nil
	}
	return addressesOf(line, quotedLine{end: len(line)})
}

// heading says what stands below a line of its own.
type heading int

const (
	noHeading heading = iota
	guestHeading
	tableHeading
	meetingHeading // what a program writes of a meeting besides its guests
)

func headingOf(line string) heading {
	const longest, longestWord = 80, 24
	first, _ := utf8.DecodeRuneInString(line)
	if len(line) > longest || !unicode.IsUpper(first) && !unicode.IsDigit(first) {
		return noHeading
	}
	var room [2 * longest]byte
	word := line
	if i := strings.IndexAny(line[:min(len(line), longestWord+1)], " \t"); i >= 0 {
		word = line[:i]
	}
	if len(word) <= longestWord {
		switch lower := lowered(room[:0], word); {
		case len(word) == len(line):
		case columns[string(lower)]:
			second := strings.Fields(line[len(word):])
			if len(second) > 0 && answered[strings.ToLower(second[0])] {
				return tableHeading
			}
		case recaps[string(lower)] && recap.MatchString(line):
			return meetingHeading
		}
	}
	if len(line) > longestLabel {
		return noHeading
	}
	bare := strings.TrimRight(line, ": ")
	if unicode.IsDigit(first) || strings.HasSuffix(bare, ")") {
		bare = counted.ReplaceAllString(bare, "")
	}
	switch lower := lowered(room[:0], bare); {
	case attendeeLabels[string(lower)] || moreGuests[string(lower)]:
		return guestHeading
	case meetingLabels[string(lower)] || moreMeeting[string(lower)]:
		return meetingHeading
	}
	return noHeading
}

// lowered appends a short text in lower case.
func lowered(to []byte, text string) []byte {
	for _, r := range text {
		to = utf8.AppendRune(to, unicode.ToLower(r))
	}
	return to
}

// surroundings is what the lines before one say of it.
type surroundings struct {
	under   heading
	left    int // lines for which what is said of a meeting counts
	certain bool
	people  []quotedElement // below a heading, as long as nothing shows who made the list
}

func (s *surroundings) blank() {
	if len(s.people) > 0 || s.under == tableHeading {
		s.close()
	}
}

// close ends a list. What the next line says may still show who made it.
func (s *surroundings) close() { s.under = noHeading }

// take returns the people on a line below a heading.
func (s *surroundings) take(line string) (people []quotedElement) {
	const near = 12
	s.left--
	switch h := headingOf(line); h {
	case noHeading:
	case meetingHeading:
		s.left = near
		s.certain = s.certain || len(s.people) > 0
		s.close()
		return nil
	default:
		s.people, s.under, s.certain = nil, h, h == tableHeading || s.left > 0
		return nil
	}
	if s.under == noHeading {
		if len(s.people) > 0 && guestInfo.MatchString(line) {
			s.certain = true
		} else {
			s.people = nil
		}
		return nil
	}
	start := 0
	for _, cut := range append(separators(line, ','), len(line)) {
		from := start + len(line[start:cut]) - len(strings.TrimLeft(line[start:cut], " -•·"))
		n := nameLength(line[from:cut])
		rest := strings.TrimSpace(line[from+n : cut])
		if n == 0 || rest != "" && !s.follows(rest) {
			s.certain = s.certain || len(s.people) > 0 && guestInfo.MatchString(line)
			s.close()
			return nil
		}
		s.certain = s.certain || rest != "" && role.MatchString(rest)
		people = append(people, personAt(line, from, from+n))
		if start = cut + 1; s.under == tableHeading {
			break
		}
	}
	s.left = max(s.left, 1)
	return people
}

// follows reports whether words stand behind a name in a list or a table: no
// sentence goes on with them.
func (s *surroundings) follows(rest string) bool {
	if s.under == guestHeading {
		return role.MatchString(rest)
	}
	first, _ := utf8.DecodeRuneInString(rest)
	word, _, _ := strings.Cut(rest, " ")
	return !unicode.IsLower(first) || answers[word]
}

// proven returns the people of a list that a program made.
func (s *surroundings) proven(linked func(Range) []string) (found []quotedList) {
	if !s.certain {
		return nil
	}
	for _, e := range s.people {
		found = append(found, quotedList{elements: []quotedElement{e}}.with(linked))
	}
	s.people = nil
	return found
}
