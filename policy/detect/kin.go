package detect

// Danish CPR numbers and Icelandic kennitölur are both a date of birth and four
// digits, and neither need have check digits. One number is only ever one of
// them.

// How much must speak for one of the two kinds.
const (
	checkDigit = 3 // what a check digit of its own says
	telling    = 4 // for the other to be possible at most
	decisive   = 7 // for the other to be none at all
)

// tell decides between a CPR number and a kennitala of the same digits: a word
// for one of them first; then check digits, the year of birth, the language
// beside the number and, where that is silent, of the whole message, and which
// of the two the message's other numbers are. What loses is possible at most;
// where nothing decides, both stay as they are.
func tell(all []candidate, s *surroundings) {
	var cpr, kt *candidate
	for i := range all {
		switch c := &all[i]; {
		case c.confidence == 0:
		case c.kind == DanishCPR:
			cpr = c
		case c.kind == IcelandicKennitala && cpr != nil && cpr.start == c.start && cpr.end == c.end:
			kt = c
		}
	}
	if kt == nil {
		return
	}
	cpr.rival, kt.rival = true, true
	won, lost, lead := kt, cpr, kt.bent-cpr.bent+s.leaning()
	if d := s.near(keyPersonnummer|keyFnr, reachBefore); d > 0 && d != s.near(keyKennitala, reachBefore) {
		lead -= decisive // no word for a kennitala
	}
	if lead > 0 && s.name > 0 && !s.patronym && s.leaning() == 0 && s.language.of(icelandic) == 0 {
		lead-- // somebody whose name is not Icelandic
	}
	if s.near(keyIceland, shortLabel) > 0 {
		lead += decisive // "islandsk id-nummer"
	}
	if named := kt.named(); named != cpr.named() {
		if lead = 10 * decisive; !named {
			lead = -lead
		}
	} else if lead > -decisive && lead < decisive && s.mail != nil {
		lead += s.mail.ask().kin() + s.mail.fellows().called(keyKennitala, keyCPR)
	}
	if lead < 0 {
		won, lost, lead = cpr, kt, -lead
	}
	lost.evidence |= evidence(EvidenceAmbiguous)
	enough := telling
	if won == kt && won.evidence.has(EvidenceChecksum) {
		enough = checkDigit // hardly a CPR number has it by chance; a kennitala may well pass modulus 11
	}
	if lead < enough {
		won.evidence |= evidence(EvidenceAmbiguous)
		top := min(max(won.confidence, lost.confidence), Likely) // one of the two it is not
		won.confidence, lost.confidence = top, top
		return
	}
	if won.confidence < lost.confidence && lost.confidence < Certain {
		won.confidence = lost.confidence // a person's number it is in either case
	}
	lost.confidence = min(lost.confidence, Possible)
	if lead >= decisive && !lost.evidence.has(EvidenceChecksum) || lead >= 10*decisive {
		lost.confidence = 0
	}
}

// nation is a word for a country whose numbers the words behind it are about:
// "islandsk personnummer", "Swedish personal identity number".
type nation struct {
	key keyword
	end int
}

// numbers returns what a word text[b:e] of the meaning k means behind the last
// word for a country, which it is itself where it is one.
func (n *nation) numbers(text string, k keyword, b, e int) keyword {
	switch {
	case k&(keyIceland|keyDenmark|keySweden|keyFinland) != 0:
		*n = nation{k, e}
	case k == 0 && isForeign(text[b:e]):
		*n = nation{keyNumber, e}
	case n.key == 0 || b-n.end > len(" ID "):
	case k&keyAnyPerson == 0 && ofPersons[text[b:e]]:
		n.end = e
	case n.key == keyNumber && foreignNumbers[string(fold(nil, text[b:e]))]:
		n.end = e
		return keyNumber
	case k&keyAnyPerson == 0:
	case n.key == keyNumber:
		return keyNumber // a person's, but of no kind that is looked for
	case n.key&keyIceland != 0:
		return keyKennitala
	case n.key&keySweden != 0 && k != keyCPR:
		return keyPersonnummer
	case n.key&keyFinland != 0 && k != keyCPR:
		return keyHetu
	case n.key&keyDenmark != 0:
		return keyCPR
	}
	return k
}

func isForeign(w string) bool {
	if len(w) < 5 || len(w) > 12 {
		return false
	}
	var buf [16]byte
	return foreign[string(fold(buf[:], w))]
}

// foreign are the words for countries whose numbers are of no kind of ours.
var foreign = wordTable(`
	polish german dutch belgian french spanish italian estonian latvian lithuanian romanian bulgarian hungarian czech slovak
	polsk polske polskt tysk tyske tyskt hollandsk nederlandsk belgisk fransk estisk estnisk estniskt lettisk lettiskt litauisk litauiskt rumænsk rumensk bulgarsk tjekkisk tsjekkisk tjeckisk tjeckiskt
	puolalainen virolainen saksalainen`)

// foreignNumbers are words for a number that mean a person's behind such a country.
var foreignNumbers = wordTable(`birth id code kod kode`)

// ofPersons stand between a country and the word for its number.
var ofPersons = wordTable(`personal national`)

// named reports whether a word for the kind stands near, or heads the column.
func (c *candidate) named() bool {
	return c.evidence&evidence(EvidenceKeyword, EvidenceHeading) != 0
}

// bentOf says how much the digits of a number of a year speak for its kind.
func bentOf(checked bool, year int) int {
	bent := 0
	if checked {
		bent = checkDigit
	}
	switch {
	case year < oldest || year > lastBirth:
		bent -= 4
	case year < aged:
		bent--
	}
	return bent
}

// The years of birth of people who may be spoken of, and of those who hardly are.
const (
	oldest = 1908
	aged   = 1925
	grown  = 1930 // the first and
	young  = 2010 // the last year of those whom mails of a workplace are about
)
