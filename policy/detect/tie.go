package detect

import (
	"slices"
	"strings"
)

// titleLength bounds a text that is a title, such as a subject, rather than prose.
const titleLength = 90

// isTitle reports whether a text is short and no sentence.
func isTitle(text string) bool {
	text = strings.TrimSpace(text)
	return len(text) <= titleLength && !strings.ContainsAny(text, "!?\n") && !strings.HasSuffix(text, ".")
}

// judge says what a phrase that stands at tokens first to last is worth in
// its sentence: who it is said of, and what speaks against.
func (s *sentence) judge(p *phrase, l *lexicon, first, last int, shape Shape) (Confidence, evidenceSet) {
	if p.level > 0 {
		return p.level, evidence(EvidenceOwnTerm)
	}
	if !s.read {
		s.persons(l)
	}
	why := s.why | evidence(EvidencePhrase)
	if p.bearing == byItself {
		if why.has(EvidenceNameNear) {
			return Certain, why
		}
		return Likely, why
	}
	if p.bearing == besideName {
		if shape == Prose && !isTitle(s.text) || !why.has(EvidenceNameNear) {
			return 0, 0
		}
		return Likely, why
	}
	if p.kind == Religion && s.christened(last) || surnames[p.kind] && (s.surnamed(first) || s.surnamed(last)) {
		return 0, 0
	}
	if p.bearing == closeBy && (!s.closeTo(l, p.kind, first, last) || s.isNews(l)) {
		return 0, 0
	}
	level, why := s.weighTie(l, p.kind, first, last, why)
	if p.kind == Politics && level > Possible && s.holdsOffice(l) {
		level = Possible // it is public: GDPR article 9(2)(e)
	}
	return level, why
}

// holdsOffice reports whether a word for a political office stands in the
// sentence beside somebody's full name.
func (s *sentence) holdsOffice(l *lexicon) bool {
	if s.familiar || s.ours || !s.why.has(EvidenceNameNear) {
		return false
	}
	for i := range s.tokens {
		if s.speech(l, i).is(asMandate) {
			return true
		}
	}
	return false
}

// How many words may stand between a person and what is said of them: more of an
// illness where that person, and what they are or have, opens the sentence.
const (
	closeBefore  = 8
	subjectReach = 14
	closeAfter   = 6
)

// reachOf returns how far behind token i something of the kind may be said of
// that person.
func (s *sentence) reachOf(l *lexicon, kind Kind, i int) int {
	if kind != Health || i > 1 || i+1 == len(s.tokens) || !s.isFamiliar(i) && !subjects[string(s.folded(i))] {
		return closeBefore
	}
	if s.speech(l, i+1).is(asBe | asHave | asBeFi) {
		return subjectReach
	}
	return closeBefore
}

// closeTo reports whether a person stands near the tokens first to last, and
// the sentence is not about a topic: a book, a course, research. Who is in a
// party stands before its name.
func (s *sentence) closeTo(l *lexicon, kind Kind, first, last int) bool {
	for i := max(0, first-2); i < first && !s.befalls(l, last); i++ {
		if s.speech(l, i).is(asAbout) {
			return false
		}
	}
	topics := (!s.familiar || kind != Politics && kind != Religion) && !s.stated(l, first, last) // a colleague leads a branch or a choir
	for i := range s.tokens {
		if s.tokens[i].number {
			continue
		}
		if topics && s.speech(l, i).is(asTopic) || addressing[string(s.folded(i))] && s.why&evidence(EvidenceNameNear, EvidencePronoun) == 0 {
			return false
		}
	}
	if s.told && first < closeBefore {
		return true
	}
	for _, i := range s.who {
		if s.isGreeted(i) || s.tokens[i].capital && s.isSpeaker(l, i) {
			continue // it is written to that person, or said by them, and not about them
		}
		if i < first && first-i <= s.reachOf(l, kind, i) || i > first && i < last || i > last && i-last <= closeAfter && kind != Politics {
			return true
		}
	}
	return false
}

// stated reports whether a verb of being or having ties somebody to the tokens
// first to last, whatever else the sentence says of their work: "Karen Lund of the
// ward has gout", but not "has a clinic for gout".
func (s *sentence) stated(l *lexicon, first, last int) bool {
	for i := last; i >= 0 && first-i <= statedReach; i-- {
		switch said := s.speech(l, i); {
		case said.is(asTopic):
			return false
		case i > 0 && (said.is(asBe|asHave) || said.is(asBeFi) && i < first && !articles[string(s.folded(i+1))] && string(s.folded(i+1)) != "the"):
			return true // "on" is no verb in English
		}
	}
	return false
}

// statedReach is how many words a verb of being or having and what somebody has
// are apart at most.
const statedReach = 4

// befalls reports whether a preposition and a name follow token i, which says what
// became of that person: "the dismissal of Tom". It is no topic then.
func (s *sentence) befalls(l *lexicon, i int) bool {
	if i+2 >= len(s.tokens) || !befalling[string(s.folded(i+1))] || !s.tokens[i+2].capital {
		return false
	}
	t := &s.tokens[i+2]
	return s.names(l, i+2, s.text[t.start:t.end]) && (i+3 == len(s.tokens) || !s.joined(i+2))
}

var befalling = wordTable(`av af til till of mot mod åt`)

func (s *sentence) weighTie(l *lexicon, kind Kind, first, last int, why evidenceSet) (Confidence, evidenceSet) {
	tied := s.why != 0 || s.strange() || s.addressed && s.greets
	if s.why == evidence(EvidenceRole) && s.member && s.roleAt > first {
		tied = false // what is said of "the member" stands after it
	}
	if s.why == 0 && (s.guessed || s.told) {
		why |= evidence(EvidenceNameNear)
	} else if s.why == 0 && s.titled {
		why |= evidence(EvidenceRole)
	}
	addressed := s.addressed && addressable[kind]
	if kind == UnionMembership && s.member && !s.ours && s.why == evidence(EvidenceRole) {
		tied = false // "the member" alone says nothing of whose membership
	}
	if s.reported(l, first, last) || s.written(l, last) || !tied && !addressed {
		return 0, 0
	}
	general := s.generalAt >= 0 && (s.generalAt <= last || !s.why.has(EvidenceNameNear) && !s.ours && kind != Salary) || s.wanted && !s.why.has(EvidenceNameNear) || s.obliges(first)
	supposed := s.firstMark >= 0 && s.firstMark <= first
	if kind == UnionMembership && s.question && s.why.has(EvidenceNameNear) {
		supposed = supposed && (s.firstMark > 0 || s.speech(l, 0).is(asCondition)) // "has NN paid her dues?" tells of NN whom it asks
	} else {
		supposed = supposed && (!s.asks(l) || s.firstMark > 0) || s.question && !s.asks(l)
	}
	if general || supposed || s.quantified(l, first) || s.wonders(first) {
		if s.why.has(EvidenceNameNear) && !general {
			return Possible, why | evidence(EvidenceGeneral)
		}
		return 0, 0
	}
	if !tied {
		return Possible, why
	}
	if s.past || s.storyOf(l) == storyOfNobody {
		return 0, 0
	}
	if s.storyOf(l) == storyRetold {
		return Possible, why | evidence(EvidenceGeneral)
	}
	if s.why == 0 && !s.strange() {
		why |= evidence(EvidencePronoun)
	}
	return Likely, why
}

// asks reports whether a question is about one person whom it names, or that a
// sentence before it named: "is Yusuf still on it?". It tells what it asks of them.
func (s *sentence) asks(l *lexicon) bool {
	if !s.question || s.speech(l, 0).is(asCondition) {
		return false
	}
	return s.why.has(EvidenceNameNear) || s.guessed || tellers[string(s.folded(0))] || slices.ContainsFunc(s.who, func(i int) bool { return thirdPersons[string(s.folded(i))] })
}

// tellers are the words for oneself that begin what is told before it is asked: "I
// was fined, must I say so?".
var tellers = wordTable(`jeg eg jag min mit mi mitt minä minun minulla minua vaimoni mieheni poikani tyttäreni veljeni isäni äitini my`)

// thirdPersons are the pronouns for one person who neither writes nor reads.
var thirdPersons = wordTable(`
	hun han hende hendes ham hans henne hennes ho hennar honom hon
	hän hänen hänellä hänelle häntä hänet
	he him his she her`)

// quantified reports whether people in general stand shortly before token i: or
// an employer, where nobody is named to whom that one did something.
func (s *sentence) quantified(l *lexicon, i int) bool {
	for j := i; j >= 0 && i-j <= 6; j-- {
		said := s.speech(l, j)
		if said.is(asQuantity) && !s.oneOf(j) && !s.knows(j) && !s.hears(j) && !s.isSpouse(l, j) || !s.why.has(EvidenceNameNear) && said.is(asEmployer) {
			return true
		}
	}
	return false
}

// hears reports whether token i is told what the sentence says of another: "the
// manager told everyone that Lea is ill", "hej alle, Lea er syg".
func (s *sentence) hears(i int) bool {
	return i > 0 && hearing[string(s.folded(i-1))] || s.isGreeted(i)
}

var hearing = wordTable(`foran framfor inför told fortalte fortalt berättade berättat infor tell`)

// isSpouse reports whether token i is somebody's husband, by the word that is
// "one" as well: "Gretas man", "hennes man".
func (s *sentence) isSpouse(l *lexicon, i int) bool {
	return i > 0 && string(s.folded(i)) == "man" && (s.speech(l, i-1).is(asMy) || s.tokens[i-1].capital && s.owns(i-1))
}

// knows reports whether token i knows what the sentence says, and so is not who it
// is said of: "everybody knows that Pia is a nurse".
func (s *sentence) knows(i int) bool {
	for j := i + 1; j < len(s.tokens) && j-i <= 2; j++ {
		if knowing[string(s.folded(j))] {
			return true
		}
	}
	return false
}

var knowing = wordTable(`ved vet veit vidste visste knows know knew tietää tietävät tiesivät`)

// reported reports whether words of reports stand outside the tokens first to last,
// which may be "reported to the police": one where nobody is named, or right before
// who is, as their office does, or as who says it; otherwise two, as people at work
// fled a war and are married to musicians. It is no report that speaks of "our
// member", or of somebody by a given name who explains nothing to its reader.
func (s *sentence) reported(l *lexicon, first, last int) bool {
	n, need := 0, 1
	if s.why.has(EvidenceNameNear) && !s.familiar {
		need = 2
	}
	for _, i := range s.news {
		if i >= first && i <= last {
			continue
		}
		if n++; slices.Contains(s.who, i+1) || s.quotes(l, i) {
			need = 1
		}
	}
	return n >= need && !s.ours && (!s.familiar || s.explains(l))
}

// quotes reports whether the sentence is said by token i, a paper or its like:
// ", writes the Journal".
func (s *sentence) quotes(l *lexicon, i int) bool {
	for j := i - 1; j > 0 && i-j <= 2; j-- {
		if s.tokens[j].after == ',' && s.speech(l, j).is(asSays|asExplains|asReport|asVerb) {
			return true
		}
	}
	return false
}

// explains reports whether somebody explains something to a reader in the sentence.
func (s *sentence) explains(l *lexicon) bool {
	for i := range s.tokens {
		if s.speech(l, i).is(asExplains) {
			return true
		}
	}
	return false
}

// written reports whether token i is what a book, an article or a talk is about.
func (s *sentence) written(l *lexicon, i int) bool {
	return i >= 2 && aboutWords[string(s.folded(i-1))] && s.speech(l, i-2).is(asWork)
}

var aboutWords = wordTable(`om about on kring`)

// wonders reports whether what token i says is asked or supposed of the person
// right before it: "whether she is pregnant".
func (s *sentence) wonders(i int) bool {
	for j := i - 1; j > 0 && i-j <= 3; j-- {
		if subjects[string(s.folded(j))] && whether[string(s.folded(j-1))] {
			return true
		}
	}
	return false
}

// subjects are the words for one person that only do, and nothing is done to.
var subjects = wordTable(`jeg hun eg ho jag hon han she he hän minä`)

// whether are the words that leave open what follows them.
var whether = wordTable(`om hvorvidt huruvida whether if`)

// obliges reports whether the sentence says what somebody at work has to do, and
// names nobody: "the manager shall contact the employee who is ill".
func (s *sentence) obliges(first int) bool {
	if s.why&^evidence(EvidenceRole) != 0 || s.member {
		return false
	}
	if w := string(s.folded(0)); w == "ved" || w == "vid" {
		return true // "Ved langvarigt fravær indkaldes medarbejderen"
	}
	for i := 0; i < first; i++ {
		if obligations[string(s.folded(i))] {
			return true
		}
	}
	return false
}

var obligations = wordTable(`skal skall ska bør böra bör må måste pitää tulee must shall should`)

// persons reads who the sentence speaks of and what speaks against.
func (s *sentence) persons(l *lexicon) {
	s.read, s.why, s.addressed, s.generalAt, s.firstMark, s.story = true, 0, false, -1, -1, storyUnread
	s.guessed, s.titled, s.past, s.familiar, s.told = false, false, false, false, false
	s.member, s.ours, s.wanted, s.who, s.news, s.head = false, false, false, s.who[:0], s.news[:0], ""
	for i := range s.tokens {
		t := &s.tokens[i]
		if t.speech = 0; !s.inAddress(i) {
			t.speech = l.speechOf(s.text[t.start:t.end])
		}
	}
	s.capitalise(l)
	for i := range s.tokens {
		t := &s.tokens[i]
		if t.number {
			s.past = s.past || s.isPast(t)
			continue
		}
		w := s.text[t.start:t.end]
		f := s.folded(i)
		switch {
		case pronouns[string(f)], s.isI(i), (i == 0 || !t.capital) && isMine(f):
			s.why |= evidence(EvidencePronoun)
			s.who = append(s.who, i)
		case addressing[string(f)]:
			s.addressed = i == 0 || !supposes[string(s.folded(i-1))]
			if i == 1 && whenever[string(s.folded(0))] && s.firstMark < 0 {
				s.firstMark = 0
			}
		case t.speech.is(asRole) && s.isOne(l, i):
			s.ours = s.ours || i > 0 && ours[string(s.folded(i-1))] || i+1 < len(s.tokens) && ours[string(s.folded(i+1))]
			f = s.folded(i)
			s.why |= evidence(EvidenceRole)
			s.roleAt = i
			s.who = append(s.who, i)
			s.member = s.member || len(f) > 5 && string(f[:5]) == "medle" || len(f) > 5 && string(f[:5]) == "membe"
		case s.isOurs(l, i):
			s.why |= evidence(EvidenceRole)
			s.who, s.ours, s.roleAt = append(s.who, i), true, i
		case s.oneOf(i) && t.speech.is(asQuantity):
			s.why |= evidence(EvidenceRole)
			s.who, s.ours, s.roleAt = append(s.who, i), true, i
		case s.isTitled(l, i) && !s.isSpeaker(l, i):
			s.titled = true
			s.who = append(s.who, i)
		}
		if i == 0 && t.speech.is(asBe|asHave) {
			s.firstMark = 0 // "Er du sygemeldt, skal du ..." asks or supposes
		}
		if s.generalAt < 0 && t.speech.is(asGeneral) {
			s.generalAt = i
		}
		if t.speech.is(asNews) {
			s.news = append(s.news, i)
		}
		if t.speech.is(asVacancy) && !slices.Contains(s.who, i) {
			s.wanted = true
		}
		if s.firstMark < 0 && t.speech.is(asCondition) {
			s.firstMark = i
		}
		switch {
		case i == 0 && !t.capital && s.isHasty(l):
			s.why |= evidence(EvidenceNameNear)
			s.who, s.familiar = append(s.who, i), true
		case !t.capital:
		case s.names(l, i, w), s.isInitial(i):
			s.why |= evidence(EvidenceNameNear)
			s.who = append(s.who, i)
			s.familiar = s.familiar || s.isFamiliar(i)
		case s.isGuess(l, i) && !s.isSpeaker(l, i):
			s.guessed = true
			s.who = append(s.who, i)
		}
	}
	for i := max(0, s.start-1); i < s.end; i++ {
		if s.text[i] == paragraphSign && !s.agreed(i) {
			s.rulesAt(i)
		}
	}
	s.told = s.why == 0 && !s.guessed && !s.titled && s.toldBefore()
	if s.told && !s.addressed && s.firstMark == 0 && !s.tokens[0].speech.is(asCondition) {
		s.firstMark = -1 // "Har diabetes", as notes leave out who
	}
}

// inAddress reports whether token i is a part of a mail address or a host's name:
// "mette@lager.example".
func (s *sentence) inAddress(i int) bool {
	t := &s.tokens[i]
	return t.start > 1 && (s.text[t.start-1] == '@' || s.text[t.start-1] == '.' && isAlnum(s.text[t.start-2])) || t.end < len(s.text) && s.text[t.end] == '@'
}

// isPast reports whether the number is a year that nobody at work remembers.
func (s *sentence) isPast(t *token) bool {
	if t.digits != 4 || t.end-t.start != 4 {
		return false
	}
	year := s.text[t.start:t.end]
	return year >= "1500" && year < "1940" && t.start > 0 && s.text[t.start-1] == ' '
}

// agreed reports whether an article, or a word for whose it is, stands before the
// paragraph sign at text[at]: what somebody has is an agreement by that section,
// "en § 56-aftale".
func (s *sentence) agreed(at int) bool {
	for i := len(s.tokens) - 1; i >= 0; i-- {
		if s.tokens[i].end <= at {
			return articles[string(s.folded(i))] || owning[string(s.folded(i))]
		}
	}
	return false
}

// owning are the words for whose a thing is.
var owning = wordTable(`min mit mi mitt sin sit si sitt hans hendes hennes hennar my his her`)

// rulesAt notes that rules are spoken of at text[at].
func (s *sentence) rulesAt(at int) {
	i := 0
	for i < len(s.tokens)-1 && s.tokens[i].end < at {
		i++
	}
	if s.generalAt < 0 || i < s.generalAt {
		s.generalAt = i
	}
}

// isI reports whether the token is the English pronoun of the first person: a
// capital I before one of the words that follow it, or a small one in a sentence
// that has no capitals.
func (s *sentence) isI(i int) bool {
	w := s.text[s.tokens[i].start:s.tokens[i].end]
	if w != "I" && (w != "i" || !s.oneCase) || i+1 == len(s.tokens) {
		return false
	}
	next := string(s.folded(i + 1))
	if w == "i" && next == "have" && (i+2 == len(s.tokens) || functionWords[string(s.folded(i+2))] != english) {
		return false // in a garden
	}
	return afterI[next]
}

var afterI = wordTable(`told spoke talked called rang mentioned met know am m have ve was had got get need can cannot could feel take took work live suffer earn make vote voted joined left will ll would resigned want wanted asked signed started paid owe pay don didn wasn haven hadn re lost broke fell hurt worked been never always just also still only won sit drink pray wear`)

// isMine reports whether a Finnish word says that it is the writer's: "taustani".
func isMine(word []byte) bool {
	n := len(word)
	if n < 8 || word[n-1] != 'i' || word[n-2] != 'n' {
		return false
	}
	for _, ending := range []string{"stani", "teeni", "ssani", "llani", "lleni", "ltani", "seni", "uteni", "töni", "kseni"} {
		if strings.HasSuffix(string(word), ending) {
			return true
		}
	}
	return false
}

// isOne reports whether the word for a role means one certain person: it is
// definite, or a word says whose it is.
func (s *sentence) isOne(l *lexicon, i int) bool {
	w := s.folded(i)
	for _, ending := range []string{"et", "en", "ets", "ens", "ni", "emme", "mme", "elle", "ellä", "eltä"} {
		if n := len(w) - len(ending); n > 4 && string(w[n:]) == ending {
			return true
		}
	}
	if i == 0 && string(w) == "jäsen" {
		return len(s.tokens) > 1 && !relatives[string(s.folded(1))] // "Jäsen kärsii", but no "Jäsen, joka"
	}
	for j := i - 1; j >= 0 && i-j <= 2; j-- {
		if s.speech(l, j).is(asWhose) {
			return true
		}
	}
	return i+1 < len(s.tokens) && behind[string(s.folded(i+1))]
}

// behind are the words for whose somebody is that Norwegian puts after them: "dotter mi".
var behind = wordTable(`min mi mitt hans hennes hennar vår vårt`)

// relatives are the Finnish words for "who", in the cases that make a rule.
var relatives = wordTable(`joka jonka jolla jolle jota johon jos voi saa maksaa`)

// greetings begin a letter to somebody.
var greetings = map[string]bool{
	"kære": true, "hej": true, "hei": true, "kjære": true, "hallo": true, "goddag": true, "hejsan": true, "bästa": true,
	"moi": true, "hyvä": true, "dear": true, "hi": true, "hello": true, "sæl": true, "sæll": true, "kæra": true, "kæri": true,
}

// isGreeted reports whether token i is whom the sentence greets: "Hej Ole", and
// nobody behind "Hej, Ole is ill".
func (s *sentence) isGreeted(i int) bool {
	return i > 0 && s.tokens[i].after == 0 && greetings[string(s.folded(i-1))]
}

// greets reports whether a text begins with a greeting to one person by name.
func greets(text string) bool {
	w, ok := nextWord(text, 0)
	if !ok || w.end-w.start > 8 {
		return false
	}
	name, ok := nextWord(text, w.end)
	return ok && name.start-w.end <= 2 && isUpper(text[name.start:]) &&
		greetings[string(fold(nil, text[w.start:w.end]))] && isGivenName(text[name.start:name.end])
}

// addressable are the kinds that a sentence can say of its reader. Of
// membership, pay and notice, guidance speaks to all its readers so.
var addressable = map[Kind]bool{Health: true, Sexuality: true, Ethnicity: true, Politics: true, Religion: true, CriminalOffences: true}

// supposes are the words before "you" that make it no certain person.
var supposes = map[string]bool{"når": true, "hvis": true, "om": true, "dersom": true, "da": true, "at": true, "som": true, "if": true, "when": true, "that": true, "nær": true, "att": true, "där": true, "ifall": true, "fordi": true, "kan": true, "skal": true, "må": true, "har": true, "er": true, "är": true, "kun": true, "jos": true}

// whenever are the words that make a rule of a sentence that they open: "when you are ill".
var whenever = wordTable(`når nær när when`)

// addressing are the words that speak to the reader.
var addressing = map[string]bool{
	"du": true, "dig": true, "din": true, "dit": true, "dine": true, "deg": true, "ditt": true, "dina": true,
	"you": true, "your": true, "sinä": true, "sinun": true, "olet": true, "sinulla": true,
}
