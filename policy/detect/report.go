package detect

import "strings"

// story is what the paragraph around a sentence tells of.
type story uint8

const (
	storyUnread   story = iota
	storyOfNobody       // sport or what is published, naming nobody; a column for readers
	storyRetold         // a case that became public
	storyOther
)

// storyOf reads the paragraph once for all hits in the sentence.
func (s *sentence) storyOf(l *lexicon) story {
	if s.story != storyUnread {
		return s.story
	}
	found, named := s.speechAround(l)
	court := found.is(asCase | asHighCourt)
	switch {
	case s.staged(found, named), found.is(asAnswer) && s.inColumn(l), s.strange() && s.reportedAround(found):
		s.story = storyOfNobody
	case (court || s.why == evidence(EvidencePronoun)) && s.retold(l), s.afar(l):
		s.story = storyRetold
	default:
		s.story = storyOther
	}
	return s.story
}

// reportedAround reports whether words of reports or courts stand in the sentence
// or, where nobody but by their work is spoken of, in the paragraph.
func (s *sentence) reportedAround(found speech) bool {
	if s.guessed && !s.titled {
		found = s.said()
	}
	return found.is(asCase | asHighCourt | asReport | asNews)
}

// staged reports whether somebody on a stage is spoken of: a word of sport, or of
// what is published, stands in the sentence, or anywhere in a paragraph that names
// nobody. What people at work watch and read stands in the sentence after it.
func (s *sentence) staged(found speech, named bool) bool {
	if named {
		found = s.said()
	}
	return found.is(asSport) || !s.ours && found.is(asPublic)
}

// retold reports whether the paragraph tells of a case that became public, and
// of nobody whom its reader knows: a court or the like stands in it beside
// "a nurse" or "the woman", or a high court beside "the nurse"; up to where the sentence ends nobody is named;
// outside quotations nobody says "I" or "our", or speaks to a reader.
func (s *sentence) retold(l *lexicon) bool {
	if s.greets || s.why.has(EvidenceNameNear) || s.why.has(EvidenceRole) {
		return false
	}
	lo, hi := s.paragraph()
	var buf []byte
	court, high, someone, settled, quoted, ours, article := false, false, false, false, false, false, 0
	var heard tongue
	for i := lo; i < hi; {
		w, ok := nextWord(s.text[:hi], i)
		if !ok {
			break
		}
		between := s.text[i:w.start]
		quoted = quoted != (strings.Count(between, `"`)%2 == 1)
		opens := i == lo || strings.ContainsAny(between, ".!?")
		i = w.end
		word := s.text[w.start:w.end]
		buf = fold(buf, word)
		heard.add(word)
		article--
		switch {
		case articles[string(buf)]:
			article = articleReach
		case quoted:
		case len(word) > 1 && isCapital(word[1]): // "ME" is no pronoun
		case l.mayBeOurs(word, s.text[w.end:hi], opens):
			ours = true
		case ourselves[string(buf)] || addressing[string(buf)] || word == "I":
			return false
		case w.end <= s.end && isUpper(word) && isGivenName(word):
			return false
		}
		said := l.speechOf(word)
		court = court || said.is(asCase)
		high = high || said.is(asHighCourt)
		settled = settled || w.start < s.end && said.is(asWorkerDef)
		someone = someone || w.start < s.end && (said.is(asSomeone) || article > 0 && said.is(asWorker))
	}
	if ours && heard.is(english|finnish) {
		return false
	}
	return court && someone || high && settled || someone && s.why == evidence(EvidencePronoun)
}

// inColumn reports whether the paragraph begins with the head of a column in
// which an expert answers a reader.
func (s *sentence) inColumn(l *lexicon) bool {
	lo, hi := s.paragraph()
	head, _, ok := strings.Cut(s.text[lo:min(hi, lo+columnHead)], ":")
	if !ok {
		return false
	}
	for i := 0; ; {
		w, ok := nextWord(head, i)
		if !ok {
			return false
		}
		if l.speechOf(head[w.start:w.end]).is(asColumn) {
			return true
		}
		i = w.end
	}
}

// columnHead bounds the head of a column.
const columnHead = 40

// paragraph returns where the line around the sentence begins and ends, as far
// as a sentence reaches.
func (s *sentence) paragraph() (lo, hi int) {
	lo, hi = max(0, s.start-sentenceReach), min(len(s.text), s.end+sentenceReach)
	if i := strings.LastIndexByte(s.text[lo:s.start], '\n'); i >= 0 {
		lo += i
	}
	if i := strings.IndexByte(s.text[s.end:hi], '\n'); i >= 0 {
		hi = s.end + i
	}
	return lo, hi
}

// articleReach is how many words an article and its noun are apart at most: "a
// former female bus driver".
const articleReach = 5

// articles stand before somebody who was not spoken of yet.
var articles = wordTable(`en et ein ei eit ett a an eräs`)

// ourselves are the words by which a text speaks for those who write it.
var ourselves = wordTable(`
	jeg mig min mit mine vi os vor vores
	meg mi mitt vår vårt våre eg me oss vårt våra
	jag mina mitt
	minä minun minulla minulle minut olen me meidän meillä meille
	my me we our ours us`)

// mayBeOurs reports whether a word is one for those who write in English or
// Finnish alone: one that ends as "jäsenemme", "our member", does, and "hjemme"
// too; or "I" where a sentence opens, a preposition elsewhere, but not before what
// the readers do whom Danish calls so: "I skal vide".
func (l *lexicon) mayBeOurs(word, after string, opens bool) bool {
	if word != "I" {
		return strings.HasSuffix(word, "mme")
	}
	next, ok := nextWord(after, 0)
	verb := after[next.start:next.end]
	return opens && (!ok || verb == "går" || !l.speechOf(verb).is(asVerb))
}

// ours are those of them that say whose somebody is.
var ours = wordTable(`min mit mi vores vor vår vårt mitt my our mine mina våre våra`)

// oneOf reports whether token i is of "one of our members".
func (s *sentence) oneOf(i int) bool {
	if i < 2 {
		return false
	}
	if b := s.tokens[i-1]; b.end-b.start == 2 && ofWords[string(s.folded(i-1))] {
		return oneWords[string(s.folded(i-2))] && i+1 < len(s.tokens) && ours[string(s.folded(i+1))] // "en av medlemmene våre"
	}
	return i >= 3 && s.afterOurs(i) && ofWords[string(s.folded(i-2))] && oneWords[string(s.folded(i-3))]
}

// afterOurs reports whether a word for whose it is stands before token i.
func (s *sentence) afterOurs(i int) bool {
	switch s.text[s.tokens[i-1].start] | 0x20 {
	case 'm', 'v', 'o':
		return ours[string(s.folded(i-1))]
	}
	return false // as most words show at once
}

// newcomers may stand between "our" and somebody by their work: "vores nye vikar".
var newcomers = wordTable(`nye nya ny nyt nytt gamle gamla gammel unge unga new old young former tidligere tidlegare tidigare`)

// isOurs reports whether token i is somebody who works with the writer: "our
// treasurer", "vaktmesteren vår", "rahastonhoitajamme".
func (s *sentence) isOurs(l *lexicon, i int) bool {
	switch {
	case i > 0 && (s.afterOurs(i) || i > 1 && newcomers[string(s.folded(i-1))] && s.afterOurs(i-1)):
		return s.speech(l, i).is(asWorker)
	case i+1 < len(s.tokens) && s.text[s.tokens[i+1].start] == 'v':
		return ours[string(s.folded(i+1))] && s.speech(l, i).is(asWorkerDef)
	case strings.HasSuffix(s.text[s.tokens[i].start:s.tokens[i].end], "mme"):
		return l.speechOf(strings.TrimSuffix(s.text[s.tokens[i].start:s.tokens[i].end], "mme")).is(asSomeone)
	}
	return false
}

var (
	ofWords  = wordTable(`af av of`)
	oneWords = wordTable(`en et ett ein ei eit one`)
)
