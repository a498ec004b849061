package detect

import (
	"math/bits"
	"strings"
	"unicode"
	"unicode/utf8"
)

// token is a word or a number of a sentence.
type token struct {
	start, end int
	number     bool
	digits     int
	capital    bool
	speech     speech // once persons were read
	after      byte   // the strongest mark between the token before and this one: 0, ',' or ';'
}

// sentence is the tokens around a hit, with what they say of persons.
type sentence struct {
	text       string
	start, end int
	tokens     []token
	buf        []byte
	read       bool // persons and counters were read
	why        evidenceSet
	addressed  bool   // it speaks to its reader: "you"
	head       string // the line above that names whom it is told of, if one does
	oneCase    bool   // it was typed without capitals, or in nothing else
	greets     bool   // the text greets one person by name: "you" is that person
	generalAt  int    // the first token that speaks of rules, or -1
	roleAt     int    // where the role stands
	who        []int  // where persons stand
	member     bool   // the role is a member's
	ours       bool   // it is ours: "our member", "one of our members"
	guessed    bool   // a word stands where a name would
	titled     bool   // somebody stands in it by their work: "the new cleaner"
	familiar   bool   // a given name stands in it by itself
	told       bool   // it names nobody, and the sentence before speaks of one person by a given name
	past       bool   // it tells of long ago
	news       []int  // where words of reports stand
	wanted     bool   // somebody is sought for a post
	question   bool
	story      story // what its paragraph tells of
	firstMark  int   // the first token that makes a condition, or -1
	id         identity
}

// phraseScan goes over a text for the phrases of a lexicon.
type phraseScan struct {
	*lexicon
	sentence
	shape   Shape
	owner   *owner
	digit   int // the first digit at or after the last place that was asked about
	before  int // the last one before it, or far away
	notices []notice
	mutes   []span
	hits    []phraseHit

	tableFrom, tableTo int // the last table whose rows were read below a heading
	form               formHead

	voice, heard       tongue // of the last sentence that was asked about, and with what stands around it
	voiceFrom, voiceTo int
	heardFrom, heardTo int
}

// scanPhrases finds the phrases of the lexicon in the text.
// It returns where words for members and staff stand.
func (l *lexicon) scanPhrases(text string, shape Shape, own *owner, out *collector) []notice {
	p := phraseScan{lexicon: l, shape: shape, owner: own, sentence: sentence{text: text, end: -1, greets: greets(text)}, digit: nextDigit(text, 0), before: -2*sentenceReach - 1}
	filter := &l.index.filter
	m, before := wordMask(text, 0), uint64(0) // of 64 bytes, and the last bit of those before
	for at := 0; at < len(text); at += 64 {
		next := wordMask(text, at+64)
		starts := m &^ (m<<1 | before)
		for ; starts != 0; starts &= starts - 1 {
			b := bits.TrailingZeros64(starts)
			i := at + b
			run := m>>b | next<<1<<(63-b)
			if i+4 > len(text) || filter.holds(stemKeyAt(text, i, run)) {
				p.word(i, wordEnd(text, i))
			}
			if run&longRun == longRun {
				p.long(i, run)
			}
		}
		m, before = next, m>>63
	}
	report(p.hits, p.mutes, out)
	return p.notices
}

// longRun are the first bytes of a word that can be found by its ending.
const longRun = 1<<compoundLength - 1

// long tries the phrases that are found by the ending of the word that begins at
// text[b]; run has a bit for each of its first 64 bytes.
func (s *phraseScan) long(b int, run uint64) {
	e := b + bits.TrailingZeros64(^run)
	if e-b == 64 {
		e = wordEnd(s.text, b)
	}
	for _, t := range s.endings.bucket(s.text[e-4 : e]) {
		if from := e - len(t.text); from >= b && t.matches(s.text[from:e]) {
			s.phrases(t.value, b)
		}
	}
}

// wordEnd returns where the word ends that begins at text[i].
func wordEnd(text string, i int) int {
	for i < len(text) && class[text[i]] != classOther {
		i++
	}
	return i
}

// word tries the phrases that are found by the word text[b:e].
func (s *phraseScan) word(b, e int) {
	w := s.text[b:e]
	bucket := s.index.bucket(w)
	for k := range bucket {
		if !bucket[k].matches(w) {
			continue
		}
		s.phrases(bucket[k].value, b)
	}
}

// phrases tries the phrases that are found by the word at text[b].
func (s *phraseScan) phrases(found []*phrase, b int) {
	for _, p := range found {
		if p.notice != 0 {
			s.notices = append(s.notices, notice{b, p.notice})
			continue
		}
		if p.counts && !s.numberNear(b) || p.bearing == asHeading && !mayHead(s.text, b) || p.bearing == asHeads && s.headedBy(b) == "" {
			continue
		}
		s.around(b, s.shape)
		first, last, ok := s.match(p, b)
		if !ok || !s.may(p) {
			continue
		}
		if p.mute {
			s.mutes = append(s.mutes, span{start: s.tokens[first].start, end: s.tokens[last].end, text: string(p.kind)})
			continue
		}
		if p.bearing == asHeading || p.bearing == asHeads {
			s.headed(p, first, last)
			continue
		}
		if level, why := s.judge(p, s.lexicon, first, last, s.shape); level > 0 {
			if s.owner != nil && s.ownSentence(s.owner) {
				why |= evidence(EvidenceOwnData)
			}
			s.hits = append(s.hits, phraseHit{kind: p.kind, start: s.tokens[first].start, end: s.tokens[last].end, level: level, why: why, id: s.identity(first)})
		}
	}
}

// numberNear reports whether a digit stands where a sentence around text[at] may
// reach. Places are asked about in order.
func (s *phraseScan) numberNear(at int) bool {
	for s.digit < at {
		s.before, s.digit = s.digit, nextDigit(s.text, s.digit+1)
	}
	return s.digit <= at+2*sentenceReach || s.before >= at-2*sentenceReach
}

// notice is a word at text[at] that says whom a list is of.
type notice struct {
	at  int
	key keyword
}

// phraseHit is a phrase that was found, with what it is worth there.
type phraseHit struct {
	kind       Kind
	start, end int
	level      Confidence
	why        evidenceSet
	id         identity
	row        bool // it counts beside others in its place: a row below a heading
}

// report hands over the hits that no muted phrase overlaps. One place says a
// thing once, however many phrases find it.
func report(hits []phraseHit, mutes []span, out *collector) {
	done := map[Kind]int{}
next:
	for _, h := range hits {
		for len(mutes) > 0 && mutes[0].end+4*sentenceReach < h.start {
			mutes = mutes[1:]
		}
		for _, m := range mutes {
			if m.start > h.end+4*sentenceReach {
				break
			}
			if m.start < h.end && h.start < m.end && (m.text == "" || m.text == string(h.kind)) {
				continue next
			}
		}
		if end, seen := done[h.kind]; seen && h.start < end && !h.row {
			out.better(h.kind, h.level, h.why)
		} else {
			out.add(h.kind, h.level, h.why, h.id)
		}
		done[h.kind] = max(done[h.kind], h.end)
	}
}

// sentenceReach bounds a sentence on either side of a hit.
const sentenceReach = 300

// around makes s the sentence of the word at text[at].
func (s *sentence) around(at int, shape Shape) {
	if at >= s.start && at < s.end {
		return
	}
	floor, limit := max(0, at-sentenceReach), min(len(s.text), at+sentenceReach)
	lo := stopBefore(s.text, at, floor)
	for lo > floor && !endsSentence(s.text, lo-1, shape) {
		lo = stopBefore(s.text, lo-1, floor)
	}
	hi := nextStop(s.text, at, limit)
	for hi < limit && !endsSentence(s.text, hi, shape) {
		hi = nextStop(s.text, hi+1, limit)
	}
	for lo > 0 && lo < at && isAlnum(s.text[lo-1]) && isAlnum(s.text[lo]) {
		lo++
	}
	for hi < len(s.text) && isAlnum(s.text[hi]) && isAlnum(s.text[hi-1]) {
		hi++
	}
	s.start, s.end, s.read, s.id = lo, hi, false, 0
	s.question = hi < len(s.text) && s.text[hi] == '?'
	s.tokenise()
}

// endsSentence reports whether the byte at i ends a sentence: a full stop and
// the like, with what closes behind it, before a blank and no lower-case letter, an empty line, a short
// line's end, a row's end.
func endsSentence(text string, i int, shape Shape) bool {
	switch text[i] {
	case '.', '!', '?':
		j := i + 1
		for j < len(text) && strings.IndexByte(".!?)*_\"", text[j]) >= 0 {
			j++
		}
		if j < len(text) && text[j] > ' ' {
			return false
		}
		aside := j > i+1 && text[j-1] == ')'
		for j < len(text) && (text[j] <= ' ' || text[j] == '"') {
			j++
		}
		if j < len(text) && (text[j] >= 'a' && text[j] <= 'z' || isDigit(text[j])) && (aside || text[i] == '.') {
			return false
		}
		return text[i] != '.' || !abbreviates(text, i)
	case '\n':
		if shape == Table || i+1 >= len(text) {
			return true
		}
		if headsNames(text, i) {
			return false
		}
		if c := text[i+1]; c == '\n' || c == '\r' || c == '-' || c == '*' || c == '|' || c == '#' {
			return true
		}
		return (i < 50 || strings.IndexByte(text[i-50:i], '\n') >= 0) && !goesOn(text, i)
	}
	return false
}

// goesOn reports whether the line that ends at i was broken within a sentence,
// as in a narrow column: no mark ends it and a lower-case letter or a bracket
// follows, or its last word is one that no sentence ends with.
func goesOn(text string, i int) bool {
	e, n := i, i+1
	for e > 0 && (text[e-1] == ' ' || text[e-1] == '\r') {
		e--
	}
	for n < len(text) && (text[n] == ' ' || text[n] == '>') {
		n++
	}
	if e == 0 || n == len(text) || strings.IndexByte("\n>.!?:;", text[e-1]) >= 0 {
		return false
	}
	if r, _ := utf8.DecodeRuneInString(text[n:]); r == '(' || unicode.IsLower(r) {
		return true
	}
	b := e
	for b > 0 && isLetter(text[b-1]) {
		b--
	}
	var buf [8]byte
	return e-b <= len(buf) && leading[string(fold(buf[:], text[b:e]))]
}

// headsNames reports whether the line that ends at i, or the one above an empty one,
// ends in a colon and a line follows that is somebody's: "Sick:", "- Anna Holm".
func headsNames(text string, i int) bool {
	e := i
	for e > 0 && i-e < 4 && (text[e-1] == '\n' || text[e-1] == '\r' || text[e-1] == ' ' || text[e-1] == '>' || text[e-1] == '*') {
		e--
	}
	if e == 0 || text[e-1] != ':' {
		return false
	}
	n := i
	for n < len(text) && n-i < 12 && strings.IndexByte("\r\n >-*", text[n]) >= 0 {
		n++
	}
	if n == len(text) || !isLetter(text[n]) {
		return false
	}
	line := strings.TrimSpace(lineFrom(text, n))
	return isNameAlone(line) || isListed(line)
}

// leading are the words that others have to follow.
var leading = wordTable(`
	a an the en et ett ein eit er är is are was var blev ble blei blir bliver har have has had havde hadde hade
	og och and eller or som der who af av of i in med with fra frå från from til till to hos ved vid at att om
	for för på mot mod stemmer röstar votes min mit mitt my hans hendes hennes her his hänen ja tai että joka`)

// abbreviates reports whether the full stop ends an abbreviation or an initial.
func abbreviates(text string, i int) bool {
	b := i
	for b > 0 && isLetter(text[b-1]) {
		b--
	}
	var buf [8]byte
	if i-b > len(buf) || b == i {
		return false
	}
	switch string(fold(buf[:], text[b:i])) {
	case "nr", "medlemsnr", "ca", "bl", "pga", "kl", "tlf", "evt", "inkl", "dr", "mr", "mrs", "hr", "fr", "jf", "jfr", "osv", "no", "st", "vs", "feks", "eks":
		return true
	}
	return i-b == 1
}

// tokenise finds the tokens of the sentence, 64 bytes at a time.
func (s *sentence) tokenise() {
	s.tokens = s.tokens[:0]
	digits := nextDigit(s.text[:s.end], s.start) < s.end
	last, open := s.start, -1 // where the last token ended, and where one began in the block before
	for at := s.start; at < s.end; at += 64 {
		m := wordMask(s.text, at)
		if left := s.end - at; left < 64 {
			m &= 1<<left - 1
		}
		if open >= 0 {
			n := bits.TrailingZeros64(^m)
			if n == 64 {
				continue
			}
			s.token(last, open, at+n, digits)
			last, open, m = at+n, -1, m&(^uint64(0)<<n)
		}
		for m != 0 {
			b := bits.TrailingZeros64(m)
			e := b + bits.TrailingZeros64(^(m >> b))
			if e == 64 {
				open = at + b
				break
			}
			s.token(last, at+b, at+e, digits)
			last = at + e
			m &= ^uint64(0) << e
		}
	}
	if open >= 0 {
		s.token(last, open, s.end, digits)
	}
}

// token adds the token text[b:e]; the one before ended at last. digits says that
// there are any in the sentence.
func (s *sentence) token(last, b, e int, digits bool) {
	t := token{start: b, end: e, capital: isUpper(s.text[b:e])}
	for _, c := range []byte(s.text[last:b]) {
		if c == ';' || c == '\t' {
			t.after = ';'
		} else if c == ',' && t.after == 0 {
			t.after = ','
		}
	}
	if digits {
		for _, c := range []byte(s.text[b:e]) {
			t.digits += int(class[c] & classDigit)
		}
		t.number = t.digits > 0
	}
	if n := len(s.tokens); t.number && n > 0 && s.tokens[n-1].number && b-last == 1 {
		s.tokens[n-1].end, s.tokens[n-1].digits = e, s.tokens[n-1].digits+t.digits
		return
	}
	s.tokens = append(s.tokens, t)
}

// identity returns that of what the sentence says at token i.
func (s *sentence) identity(i int) identity {
	if s.id == 0 {
		s.id = identify(s.text[s.start:s.end])
	}
	return s.id.with(byte(i)).with(byte(i >> 8))
}

func (s *sentence) folded(i int) []byte {
	s.buf = fold(s.buf, s.text[s.tokens[i].start:s.tokens[i].end])
	return s.buf
}

func (s *sentence) fits(e *element, in language, i int) bool {
	if e.digits > 0 {
		return s.tokens[i].number && s.amount(i, e.digits)
	}
	return e.words.hasIn(s.folded(i), in) || e.owner && s.tokens[i].capital && s.owns(i)
}

// match tries the phrase with its anchor at the word that begins at text[at]
// and returns its first and last token.
func (s *sentence) match(p *phrase, at int) (first, last int, ok bool) {
	i := 0
	for i < len(s.tokens) && s.tokens[i].start < at {
		i++
	}
	if i == len(s.tokens) || s.tokens[i].start != at {
		return 0, 0, false
	}
	if first, ok = s.backward(p, p.anchor, i); !ok {
		return 0, 0, false
	}
	last, ok = s.forward(p, p.anchor, i)
	return first, last, ok
}

// backward matches the elements before e, which stands at token i.
func (s *sentence) backward(p *phrase, e, i int) (int, bool) {
	if e == 0 {
		return i, true
	}
	for g := 0; g <= p.elements[e].gap; g++ {
		j := i - 1 - g
		if j < 0 || s.tokens[j+1].after == ';' {
			return 0, false
		}
		if s.fits(&p.elements[e-1], p.languages(), j) {
			if first, ok := s.backward(p, e-1, j); ok {
				return first, true
			}
		}
	}
	return 0, false
}

// forward matches the elements after e, which stands at token i.
func (s *sentence) forward(p *phrase, e, i int) (int, bool) {
	if e+1 == len(p.elements) {
		return i, true
	}
	for g := 0; g <= p.elements[e+1].gap; g++ {
		j := i + 1 + g
		if j >= len(s.tokens) || s.tokens[j].after == ';' {
			return 0, false
		}
		if s.fits(&p.elements[e+1], p.languages(), j) {
			if last, ok := s.forward(p, e+1, j); ok {
				return last, true
			}
		}
	}
	return 0, false
}
