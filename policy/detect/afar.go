package detect

import "strings"

// afarReach is how far around a sentence its text is looked through for who tells
// what to whom.
const afarReach = 600

// narration is what a text shows of who tells what to whom, as its words are read
// in turn.
type narration struct {
	quoted, spoken bool // in quotation marks; in a line that begins with a dash
	nameAlone      bool // the word read last is a given name, and no name stands before it
	near           bool // it is told by or to somebody who knows whom it tells of, or of work
	ours           bool // a word for its writers stands in it, if it is English or Finnish
	named          bool // somebody is named in it, up to the sentence's end
	familiar       bool // it tells of somebody by a given name alone
	answers, says  bool // somebody speaks of themselves after a dash; somebody says something
	dialogue       bool // what stands after a dash is said by somebody: "- No, says Ole"
	signs          int  // of the wide world: its words, those of reports and courts, quotations, ages
	strange        int  // capitalised words within sentences that are no given names
	sentences      int  // that end before another begins
	before         int  // words before the first for somebody in the sentence
	nameWords      int  // how many words up to here make one name
	quotedBefore   bool // the word read last stands in quotation marks
	heard          tongue
	last           token
}

// worldlySigns is how many signs of the wide world, more than one of them, and names
// of places, companies and people make a text one that tells of it. A mail about
// somebody has a few of either.
const worldlySigns = 7

// antecedent is how many words can say at least who the "she" behind them is;
// without them it is somebody whom the reader knows.
const antecedent = 4

// afar reports whether the sentence belongs to what is told of strangers, as
// newspapers, encyclopaedias and stories do: nobody writes of themselves, or to a
// reader, but in what is quoted; nobody goes by a given name alone, as colleagues
// do, where no dialogue stands; nothing is said of work; and it is full of the wide
// world, or it names nobody up to there, has a sign of it and two sentences, and said
// before who "she" is.
func (s *sentence) afar(l *lexicon) bool {
	if s.greets || s.ours || s.told || s.why.has(EvidenceRole) {
		return false
	}
	lo, hi := max(0, s.start-afarReach), min(len(s.text), s.end+afarReach)
	line := strings.LastIndexByte(s.text[:lo], '\n') + 1
	t := narration{last: token{end: lo}, named: s.guessed, quoted: strings.Count(s.text[line:lo], `"`)%2 == 1}
	for i := lo; i < hi && !t.near; {
		w, ok := nextWord(s.text[:hi], i)
		if !ok {
			break
		}
		word := s.text[w.start:w.end]
		t.named = t.named || s.namedBy(w)
		t.read(l, s.text[t.last.end:w.start], word, s.text[w.end:hi], i == lo)
		if len(s.who) > 0 && w.start < s.tokens[s.who[0]].start {
			t.before++
		}
		i, t.last.start, t.last.end = w.end, w.start, w.end
	}
	worldly := t.signs > 1 && t.signs+t.strange >= worldlySigns
	switch {
	case t.near, t.ours && t.heard.is(english|finnish), t.answers && !t.says:
		return false
	case t.dialogue && t.sentences > 1 && t.signs > 0:
		return true
	case s.familiar, (t.familiar || t.nameAlone) && !worldly:
		return false
	}
	if t.named || s.why.has(EvidenceNameNear) {
		return worldly
	}
	return t.signs > 0 && t.sentences > 0 && (t.before >= antecedent || !s.why.has(EvidencePronoun))
}

// read takes the next word, what stands between it and the one before, and after it.
func (t *narration) read(l *lexicon, between, word, after string, first bool) {
	capital := isUpper(word)
	line, stop := strings.Contains(between, "\n"), strings.ContainsAny(between, ".!?")
	partOfName := capital && t.last.capital && isGap(between) && (!stop || t.last.end-t.last.start < 3)
	t.familiar = t.familiar || t.nameAlone && !partOfName
	if capital && (line || stop || first) {
		t.spoken = strings.HasSuffix(between, "- ") || t.spoken && !line
		t.quoted = t.quoted && !line
		if line || stop {
			t.sentences++
		}
	}
	if strings.Count(between, `"`)%2 == 1 {
		t.quoted = !t.quoted
	}
	if t.nameWords > 1 && isAge(between) {
		t.signs++
	}
	t.nameAlone = capital && !partOfName && isGivenInAnyCase(word)
	t.last.capital = capital
	if partOfName {
		t.nameWords++
	} else if t.nameWords = 0; capital {
		t.nameWords = 1
	}
	if capital && !line && !stop && !first && !isGivenInAnyCase(word) {
		t.strange++
	}
	t.heard.add(word)
	var buf [32]byte
	f := fold(buf[:0], word)
	said := l.speechOf(word)
	switch shouted := len(word) > 1 && isCapital(word[1]); { // "ME" is no pronoun
	case shouted || t.quoted:
	case said.is(asCasework):
		t.near = true
	case l.mayBeOurs(word, after, line || stop || first):
		t.ours = true
	case ourselves[string(f)] || addressing[string(f)] && !t.nameAlone || word == "I" || isMine(f):
		t.answers = true
		t.near = t.near || !t.spoken
	}
	if said.is(asSays) {
		t.says = true
		t.dialogue = t.dialogue || t.spoken && strings.IndexAny(between, ",!?") == 0
		if t.quotedBefore && !t.quoted {
			t.signs++
		}
	}
	t.quotedBefore = t.quoted
	switch {
	case said.is(asSport):
		t.signs += 2
	case said.is(asWorld | asNews | asReport | asCase | asHighCourt | asPublic):
		t.signs++
	}
}

// isAge reports whether an age stands between a name and the word behind it:
// "Edgar Wexcombe, 63, was", "Edgar Wexcombe (63)".
func isAge(between string) bool {
	age := strings.TrimLeft(between, ", (")
	return len(age) < len(between) && len(age) > 2 && isDigit(age[0]) && isDigit(age[1]) && strings.IndexByte(",) ", age[2]) >= 0 &&
		!strings.ContainsAny(age[2:], "0123456789")
}

// isGap reports whether what stands between two words leaves them one name, if a
// full stop there ends an initial.
func isGap(between string) bool {
	return len(between) <= 2 && strings.Trim(between, " .-") == ""
}
