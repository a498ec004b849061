package detect

import (
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// What the reading of headings looks at, at most.
const (
	headingLength = 32   // bytes of a heading; a longer one is rather a sentence
	headingRows   = 1000 // below a heading
	formReach     = 1500 // bytes of a form above its field
	formBelow     = 600  // and below it
)

// mayHead reports whether the word at text[at] may belong to a heading: near it a
// line or a cell begins, and a cell or what stands before a colon ends.
func mayHead(text string, at int) bool {
	c, marked := headingCell{text: text}, false
	for i := at - 1; i >= 0 && text[i] != '\n' && !marked; i-- {
		if at-i > headingLength || isIn(".!?", text[i]) {
			return false
		}
		marked = c.parts(i) != 0
	}
	for i := at; i < len(text) && i-at <= headingLength; i++ {
		switch b := text[i]; {
		case b == '\n':
			return marked
		case b == ':', b <= '|' && c.parts(i) != 0:
			return true
		case b == '!' || b == '?':
			return false
		}
	}
	return marked && at+headingLength >= len(text)
}

// headed notes what stands under or behind the words first to last, where these
// head a column ("Navn;Løn") or a field ("Løn: 34.500") and somebody is named in the
// row, or in the form.
func (s *phraseScan) headed(p *phrase, first, last int) {
	hit := phraseHit{kind: p.kind, start: s.tokens[first].start, end: s.tokens[last].end, level: Likely, row: true}
	for _, row := range s.toldOf(p, hit.start, hit.end) {
		hit.id, hit.why = identify(row), evidence(EvidenceHeading, EvidenceNameNear)
		if s.owner != nil && s.owner.in(row) == owners {
			hit.why |= evidence(EvidenceOwnData)
		}
		s.hits = append(s.hits, hit)
	}
}

// toldOf returns the lines of whom the words text[at:end] head something, each with
// the name.
func (s *phraseScan) toldOf(p *phrase, at, end int) []string {
	if p.bearing == asHeads {
		names := s.headedBy(at)
		if p.kind == UnionMembership && (rowOfNames(names) >= listMinimum || s.namesBelow(at) >= listMinimum) {
			return nil // the list of members says it, which they may have agreed to
		}
		if p.kind != Salary || digitsIn(names) > 1 && !strings.Contains(names, " min") {
			return []string{names}
		}
		return nil
	}
	c, ok := cellOf(s.text, at, end)
	if !ok || c.mark != ' ' && isMatter(c.text[c.from:c.word]) {
		return nil
	}
	if rows := s.rowsBelow(&c, p.kind); rows != nil {
		if p.kind != UnionMembership || len(rows) < listMinimum || slices.ContainsFunc(rows, isStrangeRow) {
			return rows
		}
		return nil // the list of members says it, which they may have agreed to
	}
	if row := s.field(&c, p.kind); row != "" {
		return []string{row}
	}
	return nil
}

// isMatter reports whether what stands before the words of a heading makes them a
// matter that somebody sees to or speaks of: "Ansvarlig for advarsler:".
func isMatter(before string) bool {
	for w, ok := nextWord(before, 0); ok; w, ok = nextWord(before, w.end) {
		if word := fold(nil, before[w.start:w.end]); matters[string(word)] || programmes[string(word)] {
			return true
		}
	}
	return false
}

// matters are the words for those who see to something, and for talks of it.
var matters = wordTable(`
	ansvarlig ansvarlige ansvarleg ansvarig kontakt kontaktperson udvalg utvalg utskott emne ämne punkt møde møte möte politik policy politikk regler spørgsmål spørsmål frågor om about
	vastuuhenkilö yhteyshenkilö valiokunta aihe responsible contact committee subject item meeting questions`)

// headedBy returns the first line of people that the line with the word at text[at]
// heads: behind its colon, or below it; "" where none stands there.
func (s *phraseScan) headedBy(at int) string {
	floor := max(0, at-notedLine)
	lo := floor + strings.LastIndexByte(s.text[floor:at], '\n') + 1
	line := lineFrom(s.text, lo)
	if w, ok := nextWord(line, 0); lo == floor && floor > 0 || isSigned(s.text[:lo]) || ok && greeted[string(fold(nil, line[w.start:w.end]))] || isMatter(s.text[lo:at]) {
		return ""
	}
	if head, rest, ok := strings.Cut(line, ":"); ok && len(head) <= notedLine && len(head) > at-lo && strings.TrimSpace(rest) != "" {
		if rest = strings.Trim(rest, " *\r"); beginsWithNames(rest) {
			return rest
		}
		return ""
	}
	if len(line) > notedLine || isIn(".!?,", line[len(line)-1]) || strings.ContainsAny(line, ";|\t") || strings.Contains(strings.TrimSpace(line), "  ") {
		return "" // a sentence, or the heads of columns
	}
	for next := lo + len(line) + 1; next < len(s.text); {
		below := lineFrom(s.text, next)
		if names := strings.Trim(below, " >*\r"); names != "" {
			if first, _, _ := strings.Cut(names, "  "); isNameAlone(first) || isListed(strings.TrimLeft(names, "-• ")) {
				return names
			}
			return ""
		}
		next += len(below) + 1
	}
	return ""
}

// isStrangeRow reports whether a row names nobody whom the reader of lists knows for
// somebody.
func isStrangeRow(row string) bool { return nameIn(row) == "" }

// namesBelow counts the lines of people below the line with the word at text[at], as
// far as they make a list.
func (s *phraseScan) namesBelow(at int) (n int) {
	for next := at + len(lineFrom(s.text, at)) + 1; next < len(s.text) && n < listMinimum; {
		line := lineFrom(s.text, next)
		if names := strings.Trim(line, " >*\r"); names != "" {
			if !isNameAlone(names) && !isListed(strings.TrimLeft(names, "-• ")) {
				return n
			}
			n++
		}
		next += len(line) + 1
	}
	return n
}

// greeted are the words before those to whom a letter is written.
var greeted = func() map[string]bool {
	m := wordTable(`til till to tiedoksi arvoisat arvoisa`)
	maps.Copy(m, greetings)
	return m
}()

// beginsWithNames reports whether names, one or more, open the text: "Anna Holm",
// "Anna og Bo".
func beginsWithNames(text string) bool {
	w, ok := nextWord(text, 0)
	if !ok || w.start > 0 || !isUpper(text) {
		return false
	}
	if isNameAlone(text) || isListed(text) || rowOfNames(text) > 0 {
		return true
	}
	next, ok := nextWord(text, w.end)
	return ok && isGivenName(text[:w.end]) && either[string(fold(nil, text[next.start:next.end]))]
}

// headingCell is a piece of a line that may be a heading.
type headingCell struct {
	text     string
	word     int  // where the heading's own words begin
	lo, hi   int  // the line
	from, to int  // the cell
	mark     byte // what parts it from the others: 0 for none, ' ' for two blanks or more
	colon    bool // it ends in one
}

// cellOf returns the cell of the words text[at:end], if they are most of it.
func cellOf(text string, at, end int) (headingCell, bool) {
	c := headingCell{text: text, word: at, from: at, to: end}
	for c.mark == 0 && c.from > 0 && text[c.from-1] != '\n' {
		if c.to-c.from > headingLength {
			return c, false
		}
		if c.mark = c.parts(c.from - 1); c.mark == 0 {
			c.from--
		}
	}
	mark := byte(0)
	for ; c.to < len(text) && text[c.to] != '\n' && mark == 0; c.to++ {
		if c.to-c.from > headingLength || isIn(".!?", text[c.to]) && c.to+1 < len(text) && text[c.to+1] > ' ' {
			return c, false
		}
		if c.colon = text[c.to] == ':'; c.colon {
			break
		}
		if mark = c.parts(c.to); mark != 0 {
			break
		}
	}
	if mark != 0 {
		c.mark = mark
	}
	if c.mark == 0 && !c.colon {
		return c, false
	}
	floor := max(0, c.from-sheetLine)
	c.lo = floor + strings.LastIndexByte(text[floor:c.from], '\n') + 1
	c.hi = c.to + len(lineFrom(text, c.to))
	return c, c.lo > floor || floor == 0
}

// parts returns the mark at text[i] that parts cells, 0 where none does.
func (c *headingCell) parts(i int) byte {
	switch b := c.text[i]; b {
	case ';', '|', '\t':
		return b
	case ',':
		if i+1 < len(c.text) && c.text[i+1] > ' ' && i > 0 && c.text[i-1] > ' ' && !isDigit(c.text[i+1]) {
			return b
		}
	case ' ':
		if i > 0 && c.text[i-1] == ' ' || i+1 < len(c.text) && c.text[i+1] == ' ' {
			return b
		}
	}
	return 0
}

// cells returns the cells of a line.
func (c *headingCell) cells(line string) []string {
	mark := string(rune(c.mark))
	if c.mark == ' ' {
		mark = "  "
	}
	cells := strings.Split(strings.TrimRight(line, " \r"), mark)
	if c.mark == ' ' {
		kept := cells[:0]
		for i, cell := range cells {
			if cell != "" || i == 0 {
				kept = append(kept, cell)
			}
		}
		cells = kept
	}
	for i := range cells {
		cells[i] = strings.Trim(cells[i], " \"'*\u00a0")
	}
	return cells
}

// rowsBelow returns the rows below the cell that say what it heads of somebody they
// name. What stands in the rows of a table heads none.
func (s *phraseScan) rowsBelow(c *headingCell, kind Kind) (found []string) {
	if c.mark == 0 || c.colon || c.lo > s.tableFrom && c.lo < s.tableTo {
		return nil
	}
	head := c.cells(c.text[c.lo:c.hi])
	at := len(c.cells(c.text[c.lo:c.from]+"\x00")) - 1
	if len(head) < 2 || at >= len(head) || at == 0 && len(head) == 2 || !isHeading(strings.Join(head, "\t")) {
		return nil
	}
	names := make([]bool, len(head))
	for i, cell := range head {
		names[i] = i != at && headingOf(cell)&(keyName|keyStaff|keyAnyPerson) != 0
	}
	lo := c.hi + 1
	for n := 0; lo < len(c.text) && n < headingRows; n++ {
		line := lineFrom(c.text, lo)
		cells := c.cells(line)
		if len(cells) <= at && (n > 0 && strings.TrimSpace(line) == "" || strings.Trim(line, "-|+= \r") != "") {
			break
		}
		if len(cells) > at && n > 0 && headsNamesAgain(cells, names) {
			break // the next table
		}
		if lo += len(line) + 1; len(cells) <= at {
			continue // a ruler
		}
		told := tells(kind, cells[at]) && (c.mark != ' ' || len(cells) == len(head)) || c.mark == ' ' && tells(kind, c.under(line, cells))
		if told && namesSomebody(cells, names, at) {
			found = append(found, line)
		}
	}
	s.tableFrom, s.tableTo = c.lo, lo
	return found
}

// headsNamesAgain reports whether a heading stands in a row where names do.
func headsNamesAgain(cells []string, names []bool) bool {
	for i, cell := range cells[:min(len(cells), len(names))] {
		if names[i] && headingOf(cell)&(keyName|keyAnyPerson) != 0 {
			return true
		}
	}
	return false
}

// under returns the cell of a line set in columns that stands below the heading: the
// first that shares a place of the line with it, else "".
func (c *headingCell) under(line string, cells []string) string {
	from, to := utf8.RuneCountInString(c.text[c.lo:c.word]), utf8.RuneCountInString(c.text[c.lo:c.to])
	at := 0
	for _, cell := range cells {
		i := strings.Index(line[at:], cell)
		if i < 0 {
			return ""
		}
		lo := utf8.RuneCountInString(line[:at+i])
		at += i + len(cell)
		if cell != "" && lo < to && lo+utf8.RuneCountInString(cell) > from {
			return cell
		}
	}
	return ""
}

// namesSomebody reports whether one of the cells, but the one at the place, is
// somebody's name, or stands where the headings say that names or numbers of
// persons do.
func namesSomebody(cells []string, names []bool, but int) bool {
	for i, cell := range cells {
		if i == but {
			continue
		}
		if isNameAlone(cell) || i < len(names) && names[i] && len(cell) > 1 && !isNothing(cell) {
			return true
		}
	}
	return false
}

// field returns the line of the field that the cell heads, if that says something
// of somebody whom it or its form names, with the name; else "".
func (s *phraseScan) field(c *headingCell, kind Kind) string {
	line := c.text[c.lo:c.hi]
	value := ""
	switch {
	case c.colon:
		value = strings.Trim(c.text[min(c.to+1, c.hi):c.hi], " *\r\t|")
		if value == "" && c.hi < len(c.text) {
			value = strings.TrimSpace(lineFrom(c.text, c.hi+1))
			if strings.Contains(value, ":") {
				return ""
			}
		}
	default:
		for _, cell := range c.cells(c.text[min(c.to+1, c.hi):c.hi]) {
			if value = cell; value != "" {
				break
			}
		}
	}
	if !tells(kind, value) {
		return ""
	}
	if before := strings.Trim(c.text[c.lo:c.from], " ,;|>\t-*"); isNameAlone(unlabelled(before)) || nameIn(line) != "" {
		return line
	}
	if isNameAlone(value) {
		return line
	}
	if name := s.formOf(c); name != "" {
		return line + " " + name
	}
	return ""
}

// nameIn returns the name in a line of a form: alone there, in a cell, or behind a
// word for a name or for staff.
func nameIn(line string) string {
	for cell := range strings.FieldsFuncSeq(strings.ReplaceAll(line, "  ", "\t"), func(r rune) bool { return r == '\t' || r == '|' || r == ';' }) {
		cell = strings.Trim(cell, " >*\"\r")
		if isNameAlone(strings.TrimLeft(cell, "0123456789-+ ")) {
			return cell // perhaps with a number of theirs before it
		}
		if name := labelledName(cell); name != "" {
			return name
		}
	}
	return ""
}

// labelledName returns what stands behind a word for a name, for staff, members and
// the like, or for a case and a colon, if it may be a name; else "".
func labelledName(cell string) string {
	label, rest, ok := strings.Cut(cell, ":")
	if rest = strings.Trim(rest, " *"); !ok || len(label) > headingLength || len(rest) < 2 || len(rest) > 60 || !isUpper(rest) {
		return ""
	}
	if key := headingOf(label); key&keyName != 0 || (key&(keyStaff|keyPerson|keyMember) != 0 || concerns(label)) && leadingName(rest) != "" {
		return rest
	}
	return ""
}

// formOf returns whose form the cell belongs to: the nearest name above it that
// stands alone in a line or a cell or behind a label and signs nothing, or one
// behind a label below it; "" for nobody's. Lines that were looked through for the
// field before are not looked through again.
func (s *phraseScan) formOf(c *headingCell) string {
	floor := max(0, c.lo-formReach)
	seen := s.form.seen
	for hi := c.lo; hi > max(floor, seen); {
		from := max(floor, seen)
		lo := from + strings.LastIndexByte(c.text[from:hi-1], '\n') + 1
		if name := nameIn(c.text[lo : hi-1]); name != "" && !isSigned(c.text[:lo]) {
			s.form.name, s.form.at = name, lo
			break
		}
		hi = lo
	}
	s.form.seen = c.lo
	if s.form.name != "" && s.form.at >= floor {
		return s.form.name
	}
	for lo := c.hi + 1; lo < min(len(c.text), c.hi+formBelow); {
		line := lineFrom(c.text, lo)
		if name := labelledName(strings.Trim(line, " >*\r")); name != "" {
			return name
		}
		lo += len(line) + 1
	}
	return ""
}

// formHead is the last name above a field, and where it stands.
type formHead struct {
	name string
	at   int
	seen int // up to where lines were looked through
}

// isSigned reports whether the text ends in the greeting that stands over a
// signature.
func isSigned(text string) bool {
	text = strings.TrimRight(text, "> \r\n")
	line := strings.Trim(text[strings.LastIndexByte(text, '\n')+1:], " >,")
	if len(line) > 48 {
		return false
	}
	for i := 0; ; {
		w, ok := nextWord(line, i)
		if !ok {
			return line == "--"
		}
		if keywords.find(line[w.start:w.end])&keyClosing != 0 {
			return true
		}
		i = w.end
	}
}

// tells reports whether a value says something of the kind: an amount of pay, and
// anything but nothing of the rest. Not to be a member says something, too.
func tells(kind Kind, value string) bool {
	if strings.IndexByte(value, '%') >= 0 {
		return false // of all, or of pay
	}
	if kind != Salary {
		return value != "" && value != "-" && (kind == UnionMembership || !isNothing(value)) && strings.ContainsFunc(value, isWordRune)
	}
	letters := 0
	for i := 0; i < len(value); i++ {
		if class[value[i]] == classLetter {
			letters++
		}
	}
	return digitsIn(value) > 1 && letters <= 16
}

// digitsIn counts the digits of a text.
func digitsIn(text string) (n int) {
	for i := 0; i < len(text); i++ {
		n += int(class[text[i]] & classDigit)
	}
	return n
}

func isWordRune(r rune) bool { return r >= 0x80 || isAlnum(byte(r)) }

// isNothing reports whether a value says that there is nothing to say.
func isNothing(value string) bool {
	return nothings[string(fold(nil, strings.Trim(value, " .-")))]
}

// nothings are the words for no and none in a form.
var nothings = map[string]bool{
	"": true, "0": true, "nej": true, "nei": true, "ei": true, "no": true, "none": true, "ingen": true, "inga": true, "inget": true, "intet": true, "ikke": true, "n/a": true, "na": true,
	"ukendt": true, "ukjent": true, "okänd": true, "okänt": true, "unknown": true, "ikke oplyst": true, "ikke oppgitt": true, "ej angivet": true, "?": true,
}
