package detect

// speech is the classes of words by which phrases are judged that a word belongs
// to, in whatever language.
type speech uint64

const (
	asAbout speech = 1 << iota
	asAnswer
	asBe
	asBeFi
	asCase
	asCasework
	asColumn
	asCondition
	asEmployer
	asExplains
	asFaith
	asGeneral
	asHave
	asHighCourt
	asInstitution
	asMandate
	asMy
	asNews
	asNoName
	asNow
	asParty
	asPeople
	asPublic
	asQuantity
	asReport
	asRole
	asSays
	asSomeone
	asSport
	asTitle
	asTitleEn
	asTopic
	asUnion
	asVacancy
	asVerb
	asWhose
	asWitness
	asWork
	asWorker
	asWorkerDef
	asWorld
)

// asOrganisation is what is part of the name of a party, a union, a faith or an
// institution.
const asOrganisation = asInstitution | asParty | asUnion | asWitness

// speechClasses are these classes by their names in the files.
var speechClasses = map[string]speech{
	"ABOUT":       asAbout,
	"ANSWER":      asAnswer,
	"BE":          asBe,
	"BEFI":        asBeFi,
	"CASE":        asCase,
	"CASEWORK":    asCasework,
	"COLUMN":      asColumn,
	"CONDITION":   asCondition,
	"EMPLOYER":    asEmployer,
	"EXPLAINS":    asExplains,
	"FAITH":       asFaith,
	"GENERAL":     asGeneral,
	"HAVE":        asHave,
	"HIGHCOURT":   asHighCourt,
	"INSTITUTION": asInstitution,
	"MANDATE":     asMandate,
	"MY":          asMy,
	"NEWS":        asNews,
	"NONAME":      asNoName,
	"NOW":         asNow,
	"PARTY":       asParty,
	"PEOPLE":      asPeople,
	"PUBLIC":      asPublic,
	"QUANTITY":    asQuantity,
	"REPORT":      asReport,
	"ROLE":        asRole,
	"SAYS":        asSays,
	"SOMEONE":     asSomeone,
	"SPORT":       asSport,
	"TITLE":       asTitle,
	"TITLEEN":     asTitleEn,
	"TOPIC":       asTopic,
	"UNION":       asUnion,
	"VACANCY":     asVacancy,
	"VERB":        asVerb,
	"WHOSE":       asWhose,
	"WITNESS":     asWitness,
	"WORK":        asWork,
	"WORKER":      asWorker,
	"WORKERDEF":   asWorkerDef,
	"WORLD":       asWorld,
}

// is reports whether the word belongs to one of the classes.
func (s speech) is(of speech) bool { return s&of != 0 }

// compileSpeech enters the words of these classes, so that one look tells all of
// them of a word.
func (l *lexicon) compileSpeech() {
	l.speech, l.speechEndings = newStemIndex[speech](), newStemIndex[speech]()
	for name, as := range speechClasses {
		c := l.classes[name]
		for w := range c.wholes {
			*l.speech.at(w, false) |= as
		}
		for _, w := range c.stems {
			*l.speech.at(w.text, true) |= as
		}
		for _, w := range c.endings {
			*l.speechEndings.atEnding(w.text) |= as
		}
	}
}

// speechOf returns the classes of a word in any case.
func (l *lexicon) speechOf(word string) (found speech) {
	bucket := l.speech.bucket(word)
	for i := range bucket {
		if bucket[i].matches(word) {
			found |= bucket[i].value
		}
	}
	if len(word) < 4 {
		return found
	}
	bucket = l.speechEndings.bucket(word[len(word)-4:])
	for i := range bucket {
		if from := len(word) - len(bucket[i].text); from >= 0 && bucket[i].matches(word[from:]) {
			found |= bucket[i].value
		}
	}
	return found
}

// speech returns the classes of token i.
func (s *sentence) speech(l *lexicon, i int) speech {
	t := &s.tokens[i]
	if s.read {
		return t.speech
	}
	return l.speechOf(s.text[t.start:t.end])
}

// speechAround returns the classes of all words of the paragraph around the
// sentence, and whether somebody is named in it up to the sentence's end.
func (s *sentence) speechAround(l *lexicon) (found speech, named bool) {
	lo, hi := s.paragraph()
	for i := lo; i < hi; {
		w, ok := nextWord(s.text[:hi], i)
		if !ok {
			break
		}
		found |= l.speechOf(s.text[w.start:w.end])
		named = named || s.namedBy(w)
		i = w.end
	}
	return found, named
}

// said returns the classes of all words of the sentence, once persons were read.
func (s *sentence) said() (found speech) {
	for i := range s.tokens {
		found |= s.tokens[i].speech
	}
	return found
}

// namedBy reports whether the word names somebody whom the sentence may be about:
// newspapers speak of "he" first and name him then, mails don't.
func (s *sentence) namedBy(w word) bool {
	text := s.text[w.start:w.end]
	return w.start < s.end && isUpper(text) && isGivenInAnyCase(text)
}
