package detect

// weigh turns a candidate's strength and what stands around it into a
// confidence, 0 where it is no finding. Evidence against outranks a checksum.
func (c *candidate) weigh(s *surroundings) {
	own := s.near(c.key, reachBefore)
	inSwedish := s.near(keySweden, reachBefore) > 0
	general := own == s.near(keyHetu, reachBefore) // a word for the number of any country
	if c.kind == DanishCPR && own > 0 && own == s.near(keyPersonnummer, reachBefore) && !general {
		foreign := inSwedish || s.speaks(swedish) || !s.speaks(danish|norwegian) && !c.evidence.has(EvidenceChecksum) && s.near(keyDenmark, reachBefore) == 0 && !s.mute()
		if s.swedish && foreign || s.company {
			own = 0 // a Swedish number, or the "P-nr." of a place of work
		}
	}
	if s.unit && (c.kind == DanishCPR || c.kind == IcelandicKennitala) {
		own = 0
		c.evidence |= evidence(EvidenceOrganisation)
	}
	if c.kind == SwedishPersonnummer && s.company && !inSwedish && !s.speaks(swedish) {
		own = 0
	}
	if c.kind == SwedishPersonnummer && own > 0 && s.speaks(danish) && !inSwedish && own == s.near(keyCPR, reachBefore) {
		own = 0 // and in Danish no Swedish number
	}
	if other := s.near(keyAnyPerson&^c.key, reachBefore); own > 0 && other > 0 && other < own {
		own = 0
	}
	against := s.against(c)
	if own > 0 && against > 0 && own > against {
		own = 0
	} else if own > 0 {
		against = 0
	}
	if own > 0 {
		c.evidence |= evidence(EvidenceKeyword)
	}
	c.confidence = c.level(own > 0, c.ofSomebody(s))
	c.lower(s, own > 0, against)
}

// ofSomebody reports whether what stands around the number says that it is a
// person's, and adds what says so to the evidence.
func (c *candidate) ofSomebody(s *surroundings) bool {
	role, matter := s.near(keyPerson, reachBefore) > 0, s.near(keyWork, reachBefore) > 0
	if s.name > 0 {
		c.evidence |= evidence(EvidenceNameNear)
	} else if s.pronoun {
		c.evidence |= evidence(EvidencePronoun)
	}
	if role {
		c.evidence |= evidence(EvidenceRole)
	}
	if matter {
		c.evidence |= evidence(EvidenceMatter)
	}
	switch {
	case s.name > 0, role, matter, s.label&keyAnyPerson&^c.key != 0 && !c.rival && !s.company:
		return true // what is called a person's number of elsewhere is one
	case s.label&keyOne != 0 && (!c.bare || c.evidence.has(EvidenceChecksum) || !c.dated && !c.clock):
		c.evidence |= evidence(EvidenceRole)
		return true
	case c.phone:
		return false // "you reach me at"
	case s.pronoun && !c.clock:
		return true
	case s.address && !c.clock && (!c.dated || !c.bare):
		c.evidence |= evidence(EvidenceAddresses)
		return true
	case c.inLanguage(s), s.about && !c.clock:
		c.evidence |= evidence(EvidenceLanguage)
		return true
	case s.alone && !c.clock && s.mail != nil && s.mail.ask().lone():
		c.evidence |= evidence(EvidenceAlone)
		return true
	case c.strength == weak && !c.clock && !c.dated && (c.kind == DanishCPR || c.kind == IcelandicKennitala) && s.mail != nil && s.mail.ask().several():
		c.evidence |= evidence(EvidenceRepeated)
		return true
	}
	return false
}

// inLanguage reports whether the number stands in a sentence of a language in
// which one expects its kind: lists and logs have none.
func (c *candidate) inLanguage(s *surroundings) bool {
	switch c.kind {
	case IcelandicKennitala:
		return !c.clock && s.leaning() > 0 && (!c.dated || s.count >= 2) // there the form alone says what it is
	case FinnishHetu:
		return s.count >= 2 || s.language.is(finnish)
	case DanishCPR:
		if c.clock || s.count < 2 {
			return false
		}
		if s.near(keyDenmark, reachBefore) > 0 {
			return true
		}
		if s.language.is(english) && s.signs() > 1 && !c.rare && !c.dated {
			return true // in whole sentences one writes of people
		}
		return s.language.may(danish|norwegian) && (!c.rare || s.count > 2) || (c.rare || c.dated) && !c.bare && s.signs() > 1
	case SwedishPersonnummer:
		switch {
		case c.clock:
			return s.count >= 2 && s.language.is(swedish) || s.count >= 4 && s.language.may(swedish)
		case c.dated:
			return s.count >= 2 && s.language.is(swedish) || s.count >= 3 && s.signs() > 1
		}
		return false
	default:
		return false
	}
}

// level is the confidence before anything against it counts.
func (c *candidate) level(keyword, person bool) Confidence {
	switch {
	case c.keyed && !keyword:
		return 0
	case keyword && (c.strength > weak || c.evidence.has(EvidenceChecksum)):
		return Certain
	case keyword, person, c.strength > weak && !c.dated && (!c.rare || c.evidence.has(EvidenceChecksum)):
		return Likely
	}
	return Possible
}

// lower applies the evidence against.
func (c *candidate) lower(s *surroundings, keyword bool, against int) {
	if c.evidence.has(EvidenceOrganisation) {
		c.confidence = min(c.confidence, Possible)
	}
	switch {
	case s.messageID:
		c.confidence = 0
	case s.link:
		c.evidence |= evidence(EvidenceLink)
		if !keyword {
			c.confidence = min(c.confidence, Possible)
		}
		if !keyword && (c.bare || !c.evidence.has(EvidenceChecksum)) {
			c.confidence = 0
		}
	case against > 0:
		c.evidence |= s.reason(against)
		c.confidence = min(c.confidence, Possible)
		if c.strength == weak {
			c.confidence = 0
		}
	case s.amount && !keyword:
		c.evidence |= evidence(EvidenceOtherNumber)
		c.confidence = min(c.confidence, Possible)
	case s.timeLike && c.bare && !keyword && (c.kind != NorwegianFnr || c.strength < firm):
		c.evidence |= evidence(EvidenceTimeStamp)
		c.confidence = min(c.confidence, Possible)
	}
}

// against returns the distance of the nearest word for another kind of number
// that no person parts from this one; 0 for none.
func (s *surroundings) against(c *candidate) int {
	speaking := keyAgainst
	if s.recipient {
		speaking &^= keyNumber | keyPayment // "the invoice to"
	}
	if c.kind == SwedishPersonnummer && c.end-c.start >= 12 {
		speaking &^= keyPhone // no telephone has a number of that length
	}
	if c.kind == NorwegianFnr && c.strength == firm && s.label&keyTime == 0 {
		speaking &^= keyTime // in a log too, both check digits are hardly right by chance
	}
	d := s.near(speaking, reachAgainst)
	if c.kind == FinnishHetu && (!c.plain || s.name > 0) {
		return 0 // nothing else has its form
	}
	checked := c.strength == firm && c.evidence.has(EvidenceChecksum)
	if checked && (!c.bare || c.unlikely()) && !c.dated && s.label&keyAgainst == 0 {
		return 0 // check digits in the form of the kind: only what labels the number itself speaks against it
	}
	if person := s.near(keyPerson|keyMember, reachAgainst); d > 0 && (!c.clock || d != s.near(keyTime, reachAgainst)) && (!c.bare || checked || s.name > 0 && s.name <= nameBeside) && (s.name > 0 && s.name < d || person > 0 && person < d) {
		d = 0
	}
	if d == 0 && s.label&(keyLoose|keyReikning) != 0 && (s.label&keyLoose == 0 || c.clock || s.near(keyWork, reachBefore) == 0) && (c.bare || c.dated || c.strength < firm && s.name == 0) {
		d = s.near(keyLoose|keyReikning, reachAgainst)
	}
	return d
}

// unlikely reports whether digits without any separator hardly pass by chance for
// a number of the kind: two check digits, or a year with its century and one.
func (c *candidate) unlikely() bool {
	switch c.kind {
	case NorwegianFnr:
		return true
	case SwedishPersonnummer:
		return c.end-c.start >= 12
	default:
		return false
	}
}

// nameBeside is how far a name ends at most before the number that it says is its
// own, and no order's or call's: "telephone note: NN (0102031234)".
const nameBeside = 6

// reason says which meaning the word at that distance has.
func (s *surroundings) reason(d int) evidenceSet {
	switch d {
	case s.near(keyPhone, reachAgainst):
		return evidence(EvidencePhone)
	case s.near(keyTime, reachAgainst):
		return evidence(EvidenceTimeStamp)
	case s.near(keyCompany, reachAgainst):
		return evidence(EvidenceOrganisation)
	}
	return evidence(EvidenceOtherNumber)
}

// settle decides between candidates for the same digits: one that is surer
// outdoes the others; where they are alike the language of the words around
// decides, and where that says nothing all stay.
func settle(all []candidate, s *surroundings) []candidate {
	tell(all, s)
	among(all, s)
	lost := make([]bool, len(all))
	for i := range all {
		c := &all[i]
		lost[i] = c.confidence == 0
		for j := range all {
			o := &all[j]
			if i != j && o.start == c.start && o.named() && o.evidence.has(EvidenceOrganisation) && !c.named() {
				lost[i] = true // what is called a company's number is none of a person of elsewhere
			}
			if i == j || o.end <= c.start || o.start >= c.end || o.confidence < c.confidence || c.rival && o.rival {
				continue
			}
			if o.confidence > c.confidence && c.uncertain() && o.uncertain() && !s.language.is(home(o.kind)) {
				c.evidence |= evidence(EvidenceAmbiguous)
				continue // neither has check digits and no language decides
			}
			if c.kind == DanishCPR && o.kind == SwedishPersonnummer && o.evidence.has(EvidenceTemporary) && c.uncertain() && !s.language.is(swedish) {
				c.evidence |= evidence(EvidenceAmbiguous)
				continue // one CPR number in ten passes for a samordningsnummer's by its digits
			}
			if c.confidence >= Likely && !o.named() && s.near(country(c.kind), reachBefore) > 0 {
				continue // neither check digits nor the language outdo a word for its country
			}
			if o.kind == BankAccount && c.confidence >= Likely && c.evidence.has(EvidenceNameNear) && s.label&keyAccount == 0 && c.key&keyAnyPerson != 0 {
				c.evidence |= evidence(EvidenceAmbiguous)
				continue // "no account for 010203-1234 (NN)"
			}
			if o.kind == BankAccount && c.kind == IcelandicKennitala && s.leaning() > 0 {
				continue // accounts in Iceland have twelve digits
			}
			if o.confidence > c.confidence || o.outdoes(c, s) {
				lost[i] = true
			} else if o.confidence > 0 {
				c.evidence |= evidence(EvidenceAmbiguous)
			}
		}
	}
	out := all[:0]
	for i := range all {
		if !lost[i] {
			out = append(out, all[i])
		}
	}
	return out
}

// outdoes reports whether the candidate is what the digits are rather than
// another one of the same confidence.
func (c *candidate) outdoes(other *candidate, s *surroundings) bool {
	if c.named() != other.named() {
		return c.named()
	}
	if other.evidence.has(EvidenceChecksum) && !c.evidence.has(EvidenceChecksum) && s.signs() < 2 {
		return false // one word is too little to say that check digits are right by chance
	}
	if other.kind == FinnishHetu && s.signs() < 2 {
		return false
	}
	return s.language.is(home(c.kind)) && !s.language.is(home(other.kind))
}

// uncertain reports whether it is a person's number without check digits.
func (c *candidate) uncertain() bool {
	return c.key&keyAnyPerson != 0 && c.confidence > 0 && !c.evidence.has(EvidenceChecksum)
}

// country returns the words for the country of a kind that are looked for
// beside its numbers. Of a kennitala tell decides.
func country(k Kind) keyword {
	switch k {
	case DanishCPR:
		return keyDenmark
	case SwedishPersonnummer:
		return keySweden
	case FinnishHetu:
		return keyFinland
	default:
		return 0
	}
}

// home returns the languages in which one expects a kind.
func home(k Kind) language {
	switch k {
	case DanishCPR:
		return danish | norwegian
	case NorwegianFnr:
		return norwegian
	case SwedishPersonnummer:
		return swedish
	case FinnishHetu:
		return finnish
	case IcelandicKennitala:
		return icelandic
	default:
		return 0
	}
}
