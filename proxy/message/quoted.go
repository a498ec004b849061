package message

import (
	"strings"
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
}

// The labels of header blocks in da, nb, nn, sv, fi and en, as Outlook,
// Thunderbird, Apple Mail and Gmail write them.
var (
	recipientLabels = labels("to", "cc", "bcc", "til", "kopi", "kopi til", "blindkopi", "blindkopi til", "skjult kopi", "usynlig kopi",
		"till", "kopia", "kopia till", "hemlig kopia", "dold kopia", "vastaanottaja", "vastaanottajat", "kopio", "piilokopio", "sokea kopio",
		"resent-to", "resent-cc", "reply-to", "svar til", "svara till", "svarsadresse", "vastausosoite", "vastaus")
	senderLabels = labels("from", "fra", "frå", "från", "lähettäjä", "sender", "afsender", "avsender", "avsändare")
	otherLabels  = labels("sent", "sendt", "skickat", "skickades", "lähetetty", "date", "dato", "datum", "päiväys", "päivämäärä", "pvm",
		"subject", "emne", "ämne", "aihe", "importance", "prioritet", "viktighet", "betydning", "tärkeys", "priority",
		"attachments", "vedhæftede filer", "vedhæftet fil", "vedhæftninger", "vedlegg", "bifogade filer", "bilagor", "liitteet",
		"organization", "organisation", "message-id", "x-mailer")
)

func labels(words ...string) map[string]bool {
	set := make(map[string]bool, len(words))
	for _, w := range words {
		set[w] = true
	}
	return set
}

// labelKind says what a line of text begins with.
type labelKind int

const (
	noLabel labelKind = iota
	otherLabel
	senderLabel
	recipientLabel
)

// quotedLine is one line of text taken apart.
type quotedLine struct {
	label   labelKind
	depth   int  // how many ">" stand before it
	content int  // offset in the text where the content, or the value behind the label, begins
	end     int  // offset of the line end
	flowed  bool // it ends in a space: the next line belongs to it (RFC 3676)
}

// findQuoted returns the people in all header blocks and attribution lines of a
// text. A line counts only where another label (From, Sent, Subject ...) stands beside
// it: "Til: alle" alone is a sentence. plain says that blanks at the ends of
// lines mean something.
func findQuoted(text string, plain bool) []quotedList {
	var block []quotedLine
	var found []quotedList
	blanks := 0
	flush := func() {
		found = append(found, blockRecipients(text, block, plain)...)
		block = block[:0]
	}
	for at := 0; at < len(text); {
		line, next := takeLine(text, at)
		at = next
		switch {
		case line.content == line.end && line.label == noLabel:
			blanks++
		case line.label != noLabel:
			blanks = 0
			block = append(block, line)
		case len(block) > 0 && blanks == 0:
			block = append(block, line)
		default:
			blanks = 0
			flush()
		}
	}
	flush()
	return append(found, attributions(text, plain)...)
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
	for at < stop {
		r, n := utf8.DecodeRuneInString(text[at:stop])
		if r == '>' {
			line.depth++
		} else if r != ' ' && r != '\t' && r != '|' && r != '\u00a0' {
			break
		}
		at += n
	}
	line.content = at
	if label, value := labelOf(text[at:stop]); label != noLabel {
		line.label, line.content = label, at+value
	}
	return line, next
}

// labelOf reads "Til:", "*Kopi til:*" and the like, and returns where the value
// begins.
func labelOf(s string) (labelKind, int) {
	const longest = 40
	colon := strings.IndexByte(s[:min(len(s), longest)], ':')
	if colon <= 0 {
		return noLabel, 0
	}
	word := strings.ToLower(strings.Trim(s[:colon], " \t*_\u00a0"))
	kind := otherLabel
	if recipientLabels[word] {
		kind = recipientLabel
	} else if senderLabels[word] {
		kind = senderLabel
	} else if !otherLabels[word] {
		return noLabel, 0
	}
	value := s[colon+1:]
	return kind, len(s) - len(strings.TrimLeft(value, " \t*_\u00a0"))
}

// blockRecipients returns the recipient lists of one block of lines.
func blockRecipients(text string, block []quotedLine, plain bool) []quotedList {
	labelled, others := 0, false
	for _, line := range block {
		if line.label != noLabel {
			labelled++
		}
		others = others || line.label == otherLabel || line.label == senderLabel
	}
	if !others {
		return nil
	}
	var found []quotedList
	for i, line := range block {
		if line.label != recipientLabel && (line.label != senderLabel || labelled < 2) {
			continue
		}
		l := logical{text: text, plain: plain}
		l.add(line)
		for _, more := range block[i+1:] {
			if more.label != noLabel || more.depth != line.depth || !l.open(more) {
				break
			}
			l.add(more)
		}
		if elements := l.elements(); len(elements) > 0 {
			found = append(found, quotedList{elements: elements, writer: line.label == senderLabel})
		}
	}
	return found
}

// logical is a recipient list put together from its lines.
type logical struct {
	text   string
	joined strings.Builder
	at     []int // for each octet of joined, its offset in the text
	flowed bool
	plain  bool
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
	if l.flowed && l.plain || indented || so == "" || strings.HasSuffix(so, ",") || strings.HasSuffix(so, ";") ||
		strings.HasPrefix(line, "<") || strings.LastIndexByte(so, '<') > strings.LastIndexByte(so, '>') ||
		strings.LastIndexByte(so, '[') > strings.LastIndexByte(so, ']') {
		return true
	}
	last := so[strings.LastIndexAny(so, ",;")+1:]
	return !strings.Contains(last, "@") && strings.Contains(line, "@")
}

// elements cuts the list at semicolons, or where there are none at commas.
func (l *logical) elements() []quotedElement {
	s := l.joined.String()
	cuts := separators(s, ';')
	if len(cuts) == 0 {
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
		if e.name != "" || len(e.addresses) > 0 {
			found = append(found, e)
		}
	}
	return found
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
		s = s[:i]
	}
	if strings.Contains(s, "@") {
		return "", addresses
	}
	return strings.Trim(s, " \t\"'*_\u00a0"), addresses
}
