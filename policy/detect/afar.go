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
	familiar       bool // it tells of somebody by a given name alone
	answers, says  bool // somebody speaks of themselves after a dash; somebody says something
	dialogue       bool // what stands after a dash is said by somebody: "- No, says Ole"
	worldly        bool // a word of the wide world stands in it
	reported       bool // a word of reports or courts does
	sentences      int  // that end before another begins
	last           token
}

// afar reports whether the sentence belongs to what is told of strangers, as
// newspapers, encyclopaedias and stories do: nobody writes of themselves, or to a
// reader, but in what is quoted; nobody goes by a given name alone, as colleagues
// do, where no dialogue stands; nothing is said of work. Who is named in full needs a word of reports beside
// that, as a letter of a case may name its person so.
func (s *sentence) afar(l *lexicon) bool {
	if s.greets || s.ours || s.told || s.why.has(EvidenceRole) {
		return false
	}
	lo, hi := max(0, s.start-afarReach), min(len(s.text), s.end+afarReach)
	line := strings.LastIndexByte(s.text[:lo], '\n') + 1
	t := narration{last: token{end: lo}, quoted: strings.Count(s.text[line:lo], `"`)%2 == 1}
	for i := lo; i < hi && !t.near; {
		w, ok := nextWord(s.text[:hi], i)
		if !ok {
			break
		}
		t.read(l, s.text[t.last.end:w.start], s.text[w.start:w.end], i == lo)
		i, t.last.start, t.last.end = w.end, w.start, w.end
	}
	switch {
	case t.near, t.answers && !t.says:
		return false
	case t.dialogue:
		return true
	case s.familiar, t.familiar, t.nameAlone:
		return false
	}
	return t.worldly || t.sentences > 0 && t.reported || t.sentences > 1 && !s.why.has(EvidenceNameNear)
}

// read takes the next word, and what stands between it and the one before.
func (t *narration) read(l *lexicon, between, word string, first bool) {
	capital := isUpper(word)
	partOfName := capital && t.last.capital && isGap(between)
	t.familiar = t.familiar || t.nameAlone && !partOfName
	line, stop := strings.Contains(between, "\n"), strings.ContainsAny(between, ".!?")
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
	t.nameAlone = capital && !partOfName && isGivenInAnyCase(word)
	t.last.capital = capital
	var buf [32]byte
	f := fold(buf[:0], word)
	said := l.speechOf(word)
	switch shouted := len(word) > 1 && isCapital(word[1]); { // "ME" is no pronoun
	case shouted || t.quoted:
	case said.is(asCasework):
		t.near = true
	case ourselves[string(f)] || addressing[string(f)] || strings.HasSuffix(word, "mme") || word == "I":
		t.answers = true
		t.near = t.near || !t.spoken
	}
	if said.is(asSays) {
		t.says = true
		t.dialogue = t.dialogue || t.spoken && strings.IndexAny(between, ",!?") == 0
	}
	t.worldly = t.worldly || said.is(asWorld)
	t.reported = t.reported || said.is(asNews|asReport|asCase|asHighCourt)
}

// isGap reports whether what stands between two words leaves them one name.
func isGap(between string) bool {
	return len(between) <= 2 && strings.Trim(between, " .-") == ""
}
