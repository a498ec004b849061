package message

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// QuotedRecipient is one person that stands in the header block of a quoted or
// forwarded message inside a body, or in the line that says whose words are
// quoted.
type QuotedRecipient struct {
	Name    string // as written, without quotes; empty: only an address stands there
	Address string // empty: only a name stands there, as Outlook often writes
}

// quotedList is one recipient line of a header block, with the lines that it
// goes on in.
type quotedList struct {
	elements []quotedElement
	writer   bool // it names who wrote, not who read
}

type quotedElement struct {
	span      Range // in the text, without separators and outer blanks
	name      string
	addresses []string
	mailbox   bool // it is written as one, and not as part of a sentence
}

// labelKind says what a line of text begins with.
type labelKind int

const (
	noLabel labelKind = iota
	otherLabel
	senderLabel
	recipientLabel
	attendeeLabel // of meetings; also of their minutes, which are no header
	meetingLabel  // when and where: one alone is a question
)

// quotedLine is one line of text taken apart.
type quotedLine struct {
	label   labelKind
	depth   int  // how many ">" stand before it
	content int  // offset in the text where the content, or the value behind the label, begins
	end     int  // offset of the line end
	flowed  bool // it ends in a space: the next line belongs to it (RFC 3676)
}

// longestLabel is where the colon behind a label stands at the latest.
const longestLabel = 40

// mayQuote reports whether a colon stands where that of a label or of an
// attribution line can stand: near the beginning of a line or at its end. In
// most text none does, and there is nothing to find.
func mayQuote(text string) bool {
	if strings.Contains(text, wideColon) || strings.Contains(text, ">>>") {
		return true
	}
	for at := 0; ; {
		colon := strings.IndexByte(text[at:], ':')
		if colon < 0 {
			return false
		}
		start, end := at+strings.LastIndexByte(text[at:at+colon], '\n')+1, len(text)
		colon += at
		if i := strings.IndexByte(text[colon:], '\n'); i >= 0 {
			end = colon + i + 1
		}
		before := strings.TrimLeft(text[start:colon], "> \t|\u00a0")
		if len(before) < longestLabel || strings.HasSuffix(strings.TrimRight(text[start:end], " \t\r\n\u00a0*_"), ":") {
			return true
		}
		at = end
	}
}

// findQuoted returns the people in all header blocks and attribution lines of a
// text. A line counts where another label (From, Sent, Subject ...) stands
// beside it, or where it lists mailboxes and nothing else: "Til: alle" alone is
// a sentence. linked returns the addresses behind a range of the text; nil says
// that the text is plain, where blanks at the ends of lines mean something.
func findQuoted(text string, linked func(Range) []string) []quotedList {
	var block []quotedLine
	var found []quotedList
	blanks := 0
	var before quotedLine // the last one without a label
	headed := false       // by a line such as Gmail prints above its recipients
	bounce := mayBounce(text)
	flush := func() {
		found = append(found, blockRecipients(text, block, headed, linked)...)
		block, headed = block[:0], false
	}
	for at := 0; at < len(text); {
		line, next := takeLine(text, at)
		at = next
		switch {
		case line.content == line.end && line.label == noLabel:
			blanks++
		case line.label != noLabel:
			blanks = 0
			bounce = bounce || line.label == senderLabel && mailSystems.MatchString(text[line.content:line.end])
			if len(block) == 0 && line.label == recipientLabel {
				var head quotedList
				if head, headed = printedHead(text, before); headed {
					found = append(found, head.with(linked))
				}
			}
			block = append(block, line)
		case len(block) > 0 && blanks == 0:
			block = append(block, line)
		default:
			blanks = 0
			flush()
			before = line
		}
	}
	flush()
	for _, l := range attributions(text, linked == nil) {
		found = append(found, l.with(linked))
	}
	if bounce {
		found = append(found, bounced(text)...)
	}
	return found
}

// takeLine reads the line at offset at and returns where the next one begins.
func takeLine(text string, at int) (quotedLine, int) {
	end, next := len(text), len(text)
	if i := strings.IndexByte(text[at:], '\n'); i >= 0 {
		end, next = at+i, at+i+1
	}
	stop := end
	if stop > at && text[stop-1] == '\r' {
		stop--
	}
	line := quotedLine{end: stop, flowed: stop > at && text[stop-1] == ' '}
	at += initials(text[at:stop])
	for at < stop {
		r, n := utf8.DecodeRuneInString(text[at:stop])
		if r == '>' {
			line.depth++
		} else if !unicode.IsSpace(r) && r != '|' && !isInvisible(r) {
			break
		}
		at += n
	}
	if mark := listMark(text[at:stop]); mark > 0 {
		if label, _ := labelOf(text[at+mark : stop]); label != noLabel {
			at += mark
		}
	}
	line.content = at
	if label, value := labelOf(text[at:stop]); label != noLabel {
		line.label, line.content = label, at+value
	}
	return line, next
}

// isInvisible reports whether a letter has no width: marks of direction, joiners
// and the like, which programs put around labels and names.
func isInvisible(r rune) bool { return unicode.Is(unicode.Cf, r) }

// initials returns the length of the writer's initials before the first mark of
// a citation ("AH> "), or 0.
func initials(s string) int {
	const most = 4
	for i := 0; i <= most && i < len(s); i++ {
		switch c := s[i]; {
		case c == '>' && i > 0:
			return i
		case c < 'A' || c > 'Z':
			return 0
		}
	}
	return 0
}

// listMark returns the length of a mark that makes a line an item of a list.
func listMark(s string) int {
	for _, mark := range []string{"- ", "* ", "+ ", "• ", "– ", "· "} {
		if strings.HasPrefix(s, mark) {
			return len(mark)
		}
	}
	return 0
}

// wideColon is how East Asian keyboards write a colon.
const wideColon = "："

// labelOf reads "Til:", "*Kopi til:*" and the like, and returns where the value
// begins.
func labelOf(s string) (labelKind, int) {
	colon, size := strings.IndexByte(s[:min(len(s), longestLabel)], ':'), 1
	if wide := strings.Index(s[:min(len(s), longestLabel)], wideColon); wide > 0 && (colon < 0 || wide < colon) {
		colon, size = wide, len(wideColon)
	}
	if colon <= 0 {
		return noLabel, 0
	}
	label := strings.Map(func(r rune) rune {
		if isInvisible(r) {
			return -1
		}
		return r
	}, s[:colon])
	kind := kindOfLabel(strings.ToLower(strings.Trim(label, " \t*_\u00a0\u202f")))
	if kind == noLabel {
		return noLabel, 0
	}
	value := s[colon+size:]
	return kind, len(s) - len(strings.TrimLeftFunc(value, func(r rune) bool {
		return r == '*' || r == '_' || unicode.IsSpace(r) || isInvisible(r)
	}))
}

// blockRecipients returns the lists of one block of lines; headed says that
// a line above it makes it a header.
func blockRecipients(text string, block []quotedLine, headed bool, linked func(Range) []string) []quotedList {
	var has [meetingLabel + 1]int
	for _, line := range block {
		has[line.label]++
	}
	labelled := len(block) - has[noLabel]
	invitation := has[meetingLabel] > 1
	header := headed || invitation || has[otherLabel]+has[senderLabel] > 0
	var found, lone []quotedList
	mailboxes := 0
	for i, line := range block {
		switch line.label {
		case recipientLabel:
		case senderLabel:
			if labelled-has[meetingLabel] < 2 && !invitation {
				continue
			}
		case attendeeLabel:
		default:
			continue
		}
		certain := header && (line.label != attendeeLabel || has[senderLabel] > 0 || invitation)
		l := logical{text: text, plain: linked == nil, strict: !certain}
		l.add(line)
		for _, more := range block[i+1:] {
			if more.label != noLabel || l.joined.Len() == 0 && field.MatchString(text[more.content:more.end]) || !l.open(more) || more.depth != line.depth && !l.brokenOut(line, more) {
				break
			}
			l.add(more)
		}
		list := quotedList{elements: l.elements(), writer: line.label == senderLabel}.with(linked)
		if n, only := list.mailboxes(); certain && len(list.elements) > 0 {
			found = append(found, list)
		} else if !certain && only {
			lone = append(lone, list)
			mailboxes += n
		}
	}
	if mailboxes > 1 {
		found = append(found, lone...)
	}
	return found
}

// field begins a line of a header that no label is known of.
var field = regexp.MustCompile(`^[A-Z][A-Za-z-]*: `)

// logical is a recipient list put together from its lines.
type logical struct {
	text   string
	joined strings.Builder
	at     []int // for each octet of joined, its offset in the text
	flowed bool
	plain  bool
	strict bool // how a line is set does not say that the list goes on
}

func (l *logical) add(line quotedLine) {
	if l.joined.Len() > 0 {
		l.joined.WriteByte(' ')
		l.at = append(l.at, -1)
	}
	for i := line.content; i < line.end; i++ {
		l.joined.WriteByte(l.text[i])
		l.at = append(l.at, i)
	}
	l.flowed = line.flowed
}

// open reports whether the list goes on in the next line: it ends in a
// separator or inside brackets, the line is folded, or the last element still
// waits for its address.
func (l *logical) open(next quotedLine) bool {
	const enough = 1000 // to see how the last element stands; keeps long lists linear
	so := l.joined.String()
	so = strings.TrimRight(so[max(0, len(so)-enough):], " \t\u00a0")
	line := l.text[next.content:next.end]
	indented := l.plain && next.content > 0 && (l.text[next.content-1] == '\t' || strings.HasSuffix(l.text[:next.content], "  "))
	if !l.strict && (l.flowed && l.plain || indented) || so == "" || strings.HasSuffix(so, ",") || strings.HasSuffix(so, ";") ||
		strings.HasPrefix(line, "<") || strings.LastIndexByte(so, '<') > strings.LastIndexByte(so, '>') ||
		strings.LastIndexByte(so, '[') > strings.LastIndexByte(so, ']') {
		return true
	}
	last := so[strings.LastIndexAny(so, ",;")+1:]
	return !strings.Contains(last, "@") && strings.Contains(line, "@")
}

// brokenOut reports whether a line is the rest of a cited one that a program
// broke without the mark of the citation.
func (l *logical) brokenOut(first, next quotedLine) bool {
	return next.depth < first.depth && strings.Contains(l.text[next.content:next.end], "@")
}

// elements cuts the list at semicolons, or where there are none at commas.
func (l *logical) elements() []quotedElement {
	s := l.joined.String()
	cuts := separators(s, ';')
	commas := len(cuts) == 0 // they part the names of one person as well
	if commas {
		cuts = separators(s, ',')
	}
	var found []quotedElement
	start := 0
	for _, cut := range append(cuts, len(s)) {
		from, to := start, cut
		start = cut + 1
		for from < to && isEdge(s[from:]) > 0 {
			from += isEdge(s[from:])
		}
		for to > from && (s[to-1] == ' ' || s[to-1] == '\t' || s[to-1] == '*' || s[to-1] == '_') {
			to--
		}
		for to > from+1 && strings.HasSuffix(s[from:to], "\u00a0") {
			to -= len("\u00a0")
		}
		if from >= to || l.at[from] < 0 || l.at[to-1] < 0 {
			continue
		}
		e := quotedElement{span: Range{l.at[from], l.at[to-1] + 1}}
		e.name, e.addresses = personOf(s[from:to])
		e.mailbox = len(e.addresses) > 0 && isMailboxForm(s[from:to])
		if n := len(found); commas && n > 0 && len(found[n-1].addresses) == 0 && len(e.addresses) > 0 && e.name != "" {
			e.name = found[n-1].name + ", " + e.name
		}
		if e.name != "" || len(e.addresses) > 0 {
			found = append(found, e)
		}
	}
	return found
}
