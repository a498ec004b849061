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
	if s.near(keyIceland, shortLabel) > 0 {
		lead += decisive // "islandsk id-nummer"
	}
	if named := kt.named(); named != cpr.named() {
		if lead = 10 * decisive; !named {
			lead = -lead
		}
	} else if lead > -decisive && lead < decisive && s.mail != nil {
		lead += s.mail.ask().kin()
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
		if top := max(won.confidence, lost.confidence); top < Certain {
			won.confidence, lost.confidence = top, top
		}
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
// "islandsk personnummer".
type nation struct {
	key keyword
	end int
}

// numbers returns what a word text[b:e] of the meaning k means behind the last
// word for a country, which it is itself where it is one.
func (n *nation) numbers(k keyword, b, e int) keyword {
	switch {
	case k&(keyIceland|keyDenmark) != 0:
		*n = nation{k, e}
	case n.key == 0 || k&keyAnyPerson == 0 || b-n.end > len(" ID "):
	case n.key&keyIceland != 0:
		return keyKennitala
	case k&keyCPR != 0:
		return keyCPR
	}
	return k
}

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
