package detect

import "strings"

// cluster is a group of lines close to each other that each show a person.
type cluster struct {
	named     map[string]bool // names with a mail or private address, telephone or number beside them
	bare      map[string]bool // addresses without a name
	addressed int             // of the named, those with a mail address
	quoted    int             // of all, those that a quoted header lists
	members   map[string]bool // of a signature: addresses of members
	last      int             // the line of the latest
}

func (c *cluster) people() int { return max(len(c.named), len(c.bare)) }

func (c *cluster) evidence() evidenceSet {
	e := evidence(EvidenceShape)
	if c.addressed >= listMinimum {
		e |= evidence(EvidenceAddresses)
	}
	return e
}

// clusterGap is how many lines may stand between people of one list.
const clusterGap = 4

// listReader reads one text for people in rows or lines.
type listReader struct {
	text    string
	table   bool
	label   bool
	heard   keyword // meanings of the words near: file and sheet names, headings, titles
	notices []notice
	member  func(s string, address bool) bool

	marks marks // of text

	consents Consents // nil: nobody is asked
	willing  int      // names in the line of members who agreed

	now     cluster
	line    int
	header  bool   // the line before was of a quoted header that goes on
	above   string // the line before, for addresses that stand below a name
	names   int    // people in lines in a row that show nobody but these
	since   int    // the first of these lines, of those that are not empty
	filled  int    // lines that are not empty, up to here
	heardAt int    // the one of them in which membership was last named

	signed   cluster // the people of the signature that the present line may belong to
	signedAt int     // where it begins; 0: in none
	next     int     // where the line after the present one begins
}

func (l *listReader) read(b *body) {
	l.heardAt = -100
	l.marks = marksOf(l.text)
	from := 0
	for from < len(l.text) {
		end := from + strings.IndexByte(l.text[from:], '\n')
		if end < from {
			end = len(l.text)
		}
		l.line++
		var words keyword
		for len(l.notices) > 0 && l.notices[0].at < end {
			words |= l.notices[0].key
			l.notices = l.notices[1:]
		}
		start := from
		for start < end && (l.text[start] == '>' || l.text[start] == ' ') {
			start++
		}
		l.next = end + 1
		at, digit := l.marks.in(start, end)
		l.one(strings.TrimSpace(l.text[start:end]), words, at, digit, b)
		from = end + 1
	}
	l.unsign(b)
	l.close(b)
}

// one reads a line or row, which may hold an at sign and digits.
func (l *listReader) one(line string, words keyword, at, digit bool, b *body) {
	if line == "" {
		return
	}
	l.filled++
	l.willing = 0
	gaps := gapped(line)
	at = at && strings.LastIndexByte(line, '@') > 0
	want := 7
	if l.table || words&keyMember != 0 {
		want = 4
	}
	header := l.isHeader(line)
	if l.signedAt > 0 && (header || l.line-l.signedAt > signatureReach) {
		l.unsign(b)
	}
	if l.member != nil && !header && gaps {
		l.askNames(line, b)
	}
	switch {
	case at:
		l.addresses(line, header, b)
	case digit && (!header && hasNumber(line, want) || len(line) < 200 && gaps && hasStreet(line)):
		if len(line) >= 200 {
			break
		}
		name := leadingName(line)
		if name == "" && isNameAlone(unlabelled(l.above)) {
			name = unlabelled(l.above)
		}
		if name != "" {
			l.weigh("", name, b)
			l.person(name, false, b)
		}
	case !l.table && !l.label && closes(line, words):
		l.sign(b)
	default:
		l.title(line, words, b)
	}
	if words&keyMember != 0 {
		l.heardAt = l.filled
		if l.now.people() > 0 || len(line) < 120 {
			l.heard |= keyMember
		}
	}
	if words&keyStaff != 0 && len(line) < 120 {
		l.heard |= keyStaff
	}
	l.header, l.above = header, line
}

// title reads a line that shows no person's details: it may be a name that
// stands alone, or one that speaks of members and lists them.
func (l *listReader) title(line string, words keyword, b *body) {
	introduced := l.names > 0 && l.since-l.heardAt <= 2 || l.names == 0 && l.filled-l.heardAt <= 2
	if n := l.namesIn(line, introduced, b); n > 0 && (l.table || words&keyMember == 0) {
		if l.names == 0 {
			l.since = l.filled
		}
		if l.names += n; l.table {
			b.tabled = max(b.tabled, l.names)
		}
		if introduced || l.heard&keyMember != 0 && l.table {
			b.loose = max(b.loose, l.names)
		}
		return
	}
	if words&keyMember != 0 && l.names >= listMinimum {
		b.loose = max(b.loose, l.names) // "these are our members", below them
	}
	l.names = 0
	b.titled = b.titled || words&keyMember != 0 && !l.table && len(line) <= notedLine && !isIn(".!?,", line[len(line)-1])
	if (words&keyMember != 0 || l.filled-l.heardAt <= 2 && saysPresent(line)) && len(line) < 400 {
		if n := rowOfNames(line); n >= listMinimum {
			b.loose = max(b.loose, n)
			b.stranger = b.stranger || l.willing < n
		}
	}
}

// namesIn counts the people that the line shows, if it shows nothing else: one, or
// one in each of its columns. Below words for members a given name is enough, and
// something may follow a name: "Anna Holm - 2014", "anna holm".
func (l *listReader) namesIn(line string, listed bool, b *body) int {
	if l.table && namesOne(line) {
		l.weigh("", line, b)
		return 1
	}
	if len(line) > columnsLimit {
		return 0
	}
	if line = unlabelled(line); isNameAlone(line) || listed && l.signedAt == 0 && isListed(line) {
		l.weigh("", line, b)
		return 1
	}
	if w, ok := nextWord(line, 0); l.table || !ok || !isGivenName(line[w.start:w.end]) {
		return 0
	}
	n := 0
	for cell := range strings.FieldsFuncSeq(strings.ReplaceAll(line, "  ", "\t"), func(r rune) bool { return r == '\t' }) {
		if cell = strings.TrimSpace(cell); cell == "" {
			continue
		}
		if !isNameAlone(cell) {
			return 0
		}
		l.weigh("", cell, b)
		n++
	}
	return n
}

// columnsLimit is how long a line may be that shows names in columns.
const columnsLimit = 96

// unlabelled returns the line without a word for a name before it: "Navn: Anna Holm".
func unlabelled(line string) string {
	label, rest, ok := strings.Cut(line[:min(len(line), columnsLimit)], ":")
	if ok && len(label) <= 24 && len(line) <= columnsLimit && keywords.find(strings.TrimSpace(label))&keyName != 0 {
		return strings.TrimSpace(rest)
	}
	return line
}

// namesOne reports whether a cell of the row is a full name.
func namesOne(row string) bool {
	for cell := range strings.SplitSeq(row, "\t") {
		if isNameAlone(cell) {
			return true
		}
	}
	return false
}

// saysPresent reports whether a line of minutes begins the list of those who came.
func saysPresent(line string) bool {
	head, _, ok := strings.Cut(line, ":")
	return ok && len(head) < 30 && present[string(fold(nil, head))]
}

// present are the words for those who came to a meeting, and who did not.
var present = map[string]bool{
	"til stede": true, "tilstede": true, "til stades": true, "deltagere": true, "deltakere": true, "deltakarar": true, "deltagare": true, "fremmødte": true, "frammøtte": true,
	"fremmøtte": true, "mødt": true, "møtt": true, "afbud": true, "fravær": true, "fraværende": true, "forfall": true, "närvarande": true, "frånvarande": true,
	"läsnä": true, "paikalla": true, "osallistujat": true, "present": true, "attendees": true, "attending": true, "participants": true, "apologies": true,
}

// addresses reads a line with mail addresses: each with the name beside it.
func (l *listReader) addresses(line string, header bool, b *body) {
	from := 0
	found := findAddresses(line)
	for i, a := range found {
		canonical, ok := CanonicalAddress(a.text)
		if !ok {
			continue
		}
		if b.shown[canonical] && isTarget(line[:a.start]) {
			from = a.end
			continue // the link of an address that stands in the text
		}
		note(&b.shown, canonical)
		if l.member != nil && l.member(canonical, true) {
			l.knows(canonical, header, b)
		}
		name := leadingName(line[from:a.start])
		if name == "" && len(found) == 1 {
			if name = leadingName(line[a.end:]); name == "" && isNameAlone(unlabelled(l.above)) {
				name = unlabelled(l.above)
			}
		} else if name == "" && i+1 == len(found) && l.table {
			name = leadingName(line[a.end:])
		}
		from = a.end
		l.weigh(canonical, name, b)
		switch {
		case header && len(found) < quotedMinimum:
		case name != "":
			l.person(name, true, b)
		default:
			note(&l.cluster(b).bare, canonical)
		}
		if header && len(found) >= quotedMinimum {
			l.now.quoted++
		}
	}
}

// isTarget reports whether an address that this stands before is the target of
// a link.
func isTarget(before string) bool {
	return len(before) >= 7 && strings.EqualFold(before[len(before)-7:], "mailto:")
}

// knows notes a member's address. In a quoted header, and in a signature, it
// may be one of the parties of a thread, who know each other.
func (l *listReader) knows(canonical string, header bool, b *body) {
	switch {
	case header:
		note(&b.quoted, canonical)
	case l.signedAt > 0:
		note(&b.quoted, canonical)
		note(&l.signed.members, canonical)
	default:
		note(&b.members, canonical)
	}
}

// cluster returns the people among whom somebody on the present line is.
func (l *listReader) cluster(b *body) *cluster {
	if l.signedAt > 0 {
		return &l.signed
	}
	l.begin(b)
	return &l.now
}

// person notes somebody who is named with something beside the name.
func (l *listReader) person(name string, address bool, b *body) {
	c := l.cluster(b)
	key := string(fold(nil, name))
	if !c.named[key] && address {
		c.addressed++
	}
	note(&c.named, key)
}

// begin goes on with the cluster, or begins one where the last is too far up.
func (l *listReader) begin(b *body) {
	if l.now.last > 0 && l.line-l.now.last > clusterGap {
		l.close(b)
	}
	l.now.last = l.line
}

// close hands the cluster over.
func (l *listReader) close(b *body) {
	if l.now.people() > 0 && len(l.now.named)*2+len(l.now.bare) > len(b.best.named)*2+len(b.best.bare) {
		b.best = l.now
	}
	b.union = b.union || l.heard&keyMember != 0
	b.staff = b.staff || l.heard&keyStaff != 0
	l.now = cluster{}
}

// headerWords begin the lines of a quoted header.
var headerWords = map[string]bool{
	"fra": true, "til": true, "cc": true, "kopi": true, "bcc": true, "from": true, "to": true, "sendt": true, "dato": true, "date": true,
	"sent": true, "emne": true, "subject": true, "från": true, "till": true, "kopia": true, "skickat": true, "ämne": true, "frå": true,
	"lähettäjä": true, "vastaanottaja": true, "lähetetty": true, "aihe": true, "kopio": true, "vastaanottajat": true, "päiväys": true, "päivämäärä": true, "datum": true, "von": true, "an": true, "reply": true, "svar": true,
}

// isHeader reports whether the line belongs to a quoted header block or is the
// line with which a reply introduces what it quotes.
func (l *listReader) isHeader(line string) bool {
	if l.table || l.label {
		return false
	}
	if i := strings.IndexByte(line[:min(16, len(line))], ':'); i > 0 {
		var buf [24]byte
		word := strings.Trim(line[:i], "* _-")
		if w, _, ok := strings.Cut(word, "-"); ok {
			word = w
		}
		if len(word) <= len(buf) && headerWords[string(fold(buf[:], word))] {
			return true
		}
	}
	if strings.HasSuffix(line, ":") {
		for _, verb := range []string{"skrev", "wrote", "kirjoitti", "skreiv", "schrieb", "skrifaði"} {
			if strings.Contains(line, verb) {
				return true
			}
		}
	}
	if strings.HasSuffix(line, ">") && l.attributed() {
		return true
	}
	if l.header && l.above != "" {
		c := l.above[len(l.above)-1]
		return (c == ',' || c == ';') && strings.IndexByte(line, '@') > 0
	}
	return false
}

// attributed reports whether the next line ends an attribution that the present
// one begins: "On Monday Kirsten Falk <kirsten@y.example>", "wrote:".
func (l *listReader) attributed() bool {
	next := strings.TrimLeft(l.text[min(l.next, len(l.text)):], "> ")
	for _, verb := range []string{"skrev", "wrote", "kirjoitti", "skreiv", "schrieb", "skrifaði"} {
		if rest, ok := strings.CutPrefix(next, verb); ok {
			return strings.HasPrefix(strings.TrimLeft(rest, " "), ":")
		}
	}
	return false
}

// hasNumber reports whether a number of at least want digits stands in the
// line, taking single blanks and hyphens between them as one number's, but not
// full stops, which dates have. Such a number covers one of any want bytes in
// a row, so only these are looked at.
func hasNumber(line string, want int) bool {
	for k := want - 1; k < len(line); k += want {
		if joinsNumber(line, k) && digitsAround(line, k, want) >= want {
			return true
		}
	}
	return false
}

// joinsNumber reports whether the byte at k belongs to a number.
func joinsNumber(line string, k int) bool {
	c := line[k]
	return isDigit(c) || (c == ' ' || c == '-') && k > 0 && k+1 < len(line) && isDigit(line[k-1]) && isDigit(line[k+1])
}

// digitsAround counts the digits of the number that the byte at k belongs to,
// up to enough on either side.
func digitsAround(line string, k, enough int) int {
	n := 0
	for i := k; i < len(line) && n < enough && joinsNumber(line, i); i++ {
		n += int(class[line[i]] & classDigit)
	}
	for i := k - 1; i >= 0 && n < enough && joinsNumber(line, i); i-- {
		n += int(class[line[i]] & classDigit)
	}
	return n
}
