package detect

// People also write a number so that it hardly differs from two numbers side
// by side, or from a date and a time: with wide blanks or two hyphens, cut by
// the end of a quoted line, with the year in full. What is read here counts,
// but for few, only beside a keyword.

// maxGap bounds what may stand between the date and the rest of a number.
const maxGap = 24

// looseGap reads what parts a date from a serial number in a careless hand:
// brackets, blanks, hyphens or low lines, and after a hyphen the end of a line
// with the marks of a quotation. It returns where the serial begins, or -1.
func looseGap(text string, at int) int {
	dashes, lines := 0, 0
	for i := at; i < len(text) && i-at < maxGap; i++ {
		switch c := text[i]; {
		case isDigit(c):
			if i == at {
				return -1
			}
			return i
		case c == ' ', c == '\t', c == '\r', c == ')' && i == at, c == '>' && lines > 0:
		case c == '(' && i > at && i+1 < len(text) && isDigit(text[i+1]):
		case (c == '-' || c == '_') && dashes < 3 && lines == 0:
			dashes++
		case c == '\n' && dashes > 0 && lines == 0:
			lines++
		default:
			return -1
		}
	}
	return -1
}

// dateGroups returns how many groups from i on are a date by itself: six or
// eight digits, or two, two and two or four, or four, two and two; 0 for none.
func (r *run) dateGroups(i int) int {
	switch r.size(i) {
	case 6, 8:
		return 1
	case 2:
		if n := r.size(i + 2); r.size(i+1) == 2 && (n == 2 || n == 4) {
			return 3
		}
	case 4:
		if r.size(i+1) == 2 && r.size(i+2) == 2 {
			return 3
		}
	}
	return 0
}

// stretch gathers numbers whose date ends the run and whose serial stands
// behind a loose gap. It returns where the serial ends, or 0 for none.
func (n *numberScan) stretch() int {
	r := &n.run
	last := len(r.groups) - 1
	from := last
	if s := r.size(last); s != 6 && s != 8 {
		if from = last - 2; from < 0 {
			return 0
		}
	}
	if r.dateGroups(from) != last+1-from {
		return 0
	}
	start, broken := looseGap(r.text, r.groups[last].end), false
	if start < 0 {
		start, broken = brokenLine(r.text, r.groups[last].end), true
	}
	if start < 0 && from == 0 {
		start, broken = twinField(r.text, r.groups[0].start, r.groups[last].end), false
	}
	if start < 0 {
		return 0
	}
	size := digitsAt(r.text, start)
	if size != 4 && size != 5 {
		return 0
	}
	n.loose.text = r.text
	n.loose.forget()
	n.loose.groups = append(append(n.loose.groups[:0], r.groups[from:]...), group{start, start + size, sepHyphen})
	n.found = persons(&n.loose, 0, n.found[:0])
	n.found = n.fullYear(&n.loose, 0, n.found)
	tied := broken && from == 0 && r.isBroken(start+size)
	for i := range n.found {
		c := &n.found[i]
		c.keyed, c.bare = !tied || c.keyed, c.bare || broken
		if c.kind != NorwegianFnr && (c.kind != SwedishPersonnummer || r.size(last) < 8 || c.evidence.has(EvidenceNoChecksum)) {
			c.strength = weak
		}
	}
	return start + size
}

// brokenLine returns where the serial stands that a program put on a line of its
// own, at the blank behind the date, or -1.
func brokenLine(text string, at int) int {
	for i, lines := at, 0; i < len(text) && i-at < maxGap; i++ {
		switch c := text[i]; {
		case isDigit(c) && lines == 1:
			return i
		case c == ' ', c == '\r', c == '>' && lines == 1:
		case c == '\n' && lines == 0:
			lines++
		default:
			return -1
		}
	}
	return -1
}

// twinField returns where the serial stands in a field of its own right behind
// the date text[first:at], whose field is called by the same word for a number of
// persons: `"cpr1":"010203","cpr2":"1234"`; -1 where there is none.
func twinField(text string, first, at int) int {
	b := first
	for b > 0 && first-b <= fieldMarks && isIn("\"':= ", text[b-1]) {
		b--
	}
	for n := b; b > 0 && n-b <= 2*fieldMarks && (isAlnum(text[b-1]) || isIn("_-", text[b-1])); {
		b--
	}
	e := b
	for e < first && isLetter(text[e]) {
		e++
	}
	if keywords.find(text[b:e])&keyAnyPerson == 0 {
		return -1
	}
	i := at
	for i < len(text) && i-at <= fieldMarks && isIn("\"',;&\t ", text[i]) {
		i++
	}
	if i == at || len(text)-i < e-b || text[i:i+e-b] != text[b:e] {
		return -1
	}
	i += e - b
	for n := i; i < len(text) && i-n <= fieldMarks && (isAlnum(text[i]) || isIn("_-", text[i])); {
		i++
	}
	for n := i; i < len(text) && i-n <= fieldMarks && isIn("\"':= ", text[i]); {
		i++
	}
	if i == len(text) || !isDigit(text[i]) || isAlnum(text[i-1]) {
		return -1
	}
	return i
}

// fieldMarks bounds the marks and the rest of a name between two fields.
const fieldMarks = 8

// isBroken reports whether the date that the run is and the serial that ends at
// end may be one number without a word that says so: words stand beside it, and it
// is no date above a postal code.
func (r *run) isBroken(end int) bool {
	if end+1 < len(r.text) && r.text[end] == ' ' && isUpper(r.text[end+1:]) {
		return false
	}
	at := r.groups[0].start
	return hasLetters(r.text[lineStart(r.text, at, reachBefore):at]) || hasLetters(r.text[end:lineEnd(r.text, end, reachBefore)])
}

// fullYear finds numbers whose date is DDMMYYYY, from group i on: the century
// is taken out of the run, and must be the one that the number tells.
func (n *numberScan) fullYear(r *run, i int, out []candidate) []candidate {
	short := &n.short
	short.forget()
	short.text, short.groups = r.text, append(short.groups[:0], r.groups[:i]...)
	g := r.groups[i]
	serial := i + 1
	year := 0
	switch size := r.size(i); {
	case size == 2 && r.size(i+1) == 2 && r.size(i+2) == 4 && i+3 < len(r.groups):
		serial = i + 3
		y := r.groups[i+2]
		year = decimal(r.text[y.start:y.end])
		short.groups = append(short.groups, g, r.groups[i+1], group{y.start + 2, y.end, y.before})
	case size == 8 && i+1 < len(r.groups), size == 12, size == 13:
		year = decimal(r.text[g.start+4 : g.start+8])
		short.groups = append(short.groups, group{g.start, g.start + 4, g.before}, group{g.start + 6, g.start + 8, sepHyphen})
		if size > 8 {
			short.groups = append(short.groups, group{g.start + 8, g.end, sepHyphen})
		}
	default:
		return out
	}
	if year < 1850 || year > 2099 {
		return out
	}
	short.groups = append(short.groups, r.groups[serial:]...)
	k := len(out)
	out = appendCPR(short, i, out)
	out = appendKennitala(short, i, out)
	out = appendFnr(short, i, out)
	kept := out[:k]
	for _, c := range out[k:] {
		if c.tells(short.text, year) {
			c.bare = r.size(i) > 8
			c.keyed = c.keyed || c.bare || !c.stands(r, serial)
			kept = append(kept, c)
		}
	}
	return kept
}

// tells reports whether the number can be of somebody born in the year.
func (c *candidate) tells(text string, year int) bool {
	switch c.kind {
	case DanishCPR:
		return cprYear(year%100, text[c.end-4]-'0') == year
	case IcelandicKennitala:
		return text[c.end-1] == '0'+byte(year/100%10)
	default:
		return true
	}
}

// stands reports whether a number with the year in full shows by itself that
// it is no date with a time, a price or a postal code behind it.
func (c *candidate) stands(r *run, serial int) bool {
	if !c.evidence.has(EvidenceChecksum) {
		return false
	}
	if c.kind == NorwegianFnr {
		return true
	}
	hour, minute := decimal(r.text[c.end-4:c.end-2]), decimal(r.text[c.end-2:c.end])
	return r.groups[serial].before == sepHyphen && (hour > 23 || minute > 59)
}

func decimal(digits string) int {
	n := 0
	for i := 0; i < len(digits); i++ {
		n = n*10 + int(digits[i]-'0')
	}
	return n
}

// maxLookalike is the most characters that a number with letters for digits has.
const maxLookalike = 14

// lookalike gathers numbers in which a letter O stands for 0, or l or I for 1,
// around text[first:end]. It returns where the last ends, or 0 for none.
func (n *numberScan) lookalike(text string, first, end int) int {
	lo, hi := first, end
	for lo > 0 && end-lo <= maxLookalike && likeDigit(text[lo-1]) != 0 {
		lo--
	}
	for hi < len(text) && hi-lo <= maxLookalike && likeDigit(text[hi]) != 0 {
		hi++
	}
	if hi-lo < 10 || hi-lo > maxLookalike || lo > 0 && isAlnum(text[lo-1]) || hi < len(text) && isAlnum(text[hi]) {
		return 0
	}
	var plain [maxLookalike]byte
	digits := 0
	for i := lo; i < hi; i++ {
		digits += int(class[text[i]] & classDigit)
		plain[i-lo] = likeDigit(text[i])
	}
	if digits < 6 || !isDigit(plain[0]) || isHetu(text[lo:hi]) {
		return 0
	}
	n.loose.text = string(plain[:hi-lo])
	if n.loose.read(0) != hi-lo {
		return 0
	}
	n.found = persons(&n.loose, 0, n.found[:0])
	for i := range n.found {
		c := &n.found[i]
		c.keyed, c.start, c.end = true, lo+c.start, lo+c.end
	}
	return hi
}

// likeDigit returns the digit that a character is or looks like, a hyphen
// as it is, and 0 for all else.
func likeDigit(c byte) byte {
	switch c {
	case 'O', 'o':
		return '0'
	case 'l', 'I':
		return '1'
	case '-':
		return c
	}
	if isDigit(c) {
		return c
	}
	return 0
}
