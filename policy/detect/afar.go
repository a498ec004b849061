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
	cited          bool // or what stands in quotation marks
	dialogue       bool // what stands after a dash is said by somebody: "- No, says Ole"
	worldly        int  // the words of the wide world in it
	reported       bool // a word of reports or courts does, or the age of somebody named in full
	sentences      int  // that end before another begins
	names          int  // the capital words up to here that make one name
	quotedBefore   bool // the word read last stands in quotation marks
	ours           bool // a word for its writers stands in it, if it is English or Finnish
	heard          tongue
	last           token
}

// worldlyText is how many words of the wide world make a given name alone in
// another sentence the surname that it often is: "Murray and Scott".
const worldlyText = 2

// afar reports whether the sentence belongs to what is told of strangers, as
// newspapers, encyclopaedias and stories do: nobody writes of themselves, or to a
// reader, but in what is quoted; nobody goes by a given name alone, as colleagues
// do, where no dialogue stands; nothing is said of work. Who is named in full needs
// a word of the world or of reports, an age or a quotation beside that, as a letter
// of a case may name its person so.
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
		t.read(l, s.text[t.last.end:w.start], s.text[w.start:w.end], s.text[w.end:hi], i == lo)
		i, t.last.start, t.last.end = w.end, w.start, w.end
	}
	switch {
	case t.near, t.ours && t.heard.is(english|finnish), t.answers && !t.says:
		return false
	case t.dialogue:
		return true
	case s.familiar, (t.familiar || t.nameAlone) && t.worldly < worldlyText:
		return false
	}
	return t.worldly > 0 || t.cited && t.sentences > 0 || t.sentences > 0 && t.reported || t.sentences > 1 && !s.why.has(EvidenceNameNear)
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
	t.reported = t.reported || t.names > 1 && isAge(between)
	t.nameAlone = capital && !partOfName && isGivenInAnyCase(word)
	t.last.capital = capital
	if partOfName {
		t.names++
	} else if t.names = 0; capital {
		t.names = 1
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
	case ourselves[string(f)] || addressing[string(f)] && !t.nameAlone || word == "I":
		t.answers = true
		t.near = t.near || !t.spoken
	}
	if said.is(asSays) {
		t.says = true
		t.dialogue = t.dialogue || t.spoken && strings.IndexAny(between, ",!?") == 0
		t.cited = t.cited || t.quotedBefore && !t.quoted
	}
	t.quotedBefore = t.quoted
	if said.is(asWorld) {
		t.worldly++
	}
	t.reported = t.reported || said.is(asNews|asReport|asCase|asHighCourt)
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
