package detect

// fellows is what a message's numbers of persons, and its words for them, say
// about one of them that fits several kinds.
type fellows struct {
	read  bool
	fits  uint32  // a bit for each set of kinds that one of the numbers fits
	words keyword // the kinds that a word names
}

// anyKind are the keywords of the kinds by which sets are numbered.
const anyKind = keyCPR | keyFnr | keyPersonnummer | keyHetu | keyKennitala

// fellows returns what the message's numbers say of each other.
func (m *setting) fellows() *fellows {
	c := &m.beside
	if c.read {
		return c
	}
	c.read = true
	spoken := m.ask().language
	left := settingMessage
	for i := range m.segs {
		if m.segs[i].Shape == Label {
			continue
		}
		text := normalise(clip(m.segs[i].Text, min(left, settingSegment)))
		c.numbers(text)
		c.names(text, spoken)
		if left -= len(text); left <= 0 {
			break
		}
	}
	return c
}

// numbers notes which kinds each number fits.
func (c *fellows) numbers(text string) {
	r := run{text: text}
	var found []candidate
	for i := nextDigit(text, 0); i < len(text); i = nextDigit(text, i) {
		i = r.read(i)
		for g := range r.groups {
			found = found[:0]
			if r.digits >= 10 {
				found = persons(&r, g, found)
			}
			if size := r.size(g); size == 6 || size == 8 {
				found = appendHetu(&r, g, found)
			}
			if set := kindsOf(found); set != 0 {
				c.fits |= 1 << set
			}
		}
	}
}

// kindsOf returns the kinds of candidates for one number, 0 where it is more
// likely of none: bare digits that are a time or a telephone number as well, or
// that no check digits speak for.
func kindsOf(found []candidate) (set keyword) {
	sure := false
	for i := range found {
		f := &found[i]
		set |= f.key & anyKind
		sure = sure || !f.clock && !f.phone && (!f.bare || f.evidence.has(EvidenceChecksum))
	}
	if !sure {
		return 0
	}
	return set
}

// names notes which kinds the words of the text name. "Personnummer" is what
// three countries call theirs: there the language decides.
func (c *fellows) names(text string, spoken tongue) {
	var land nation
	for i := 0; i < len(text); {
		w, ok := nextWord(text, i)
		if !ok {
			return
		}
		i = w.end
		k := land.numbers(text, meaning(text, 0, w.start, w.end), w.start, w.end) & anyKind
		switch {
		case k == 0 || k == anyKind:
			continue
		case k&(keyCPR|keyPersonnummer) != keyCPR|keyPersonnummer:
		case spoken.is(swedish):
			k = keyPersonnummer
		case spoken.is(danish):
			k = keyCPR
		case spoken.is(norwegian):
			k = keyFnr
		}
		c.words |= k
	}
}

// called is telling where only the first of two kinds is named in the message,
// minus that where only the second is, and else 0.
func (c *fellows) called(one, other keyword) int {
	switch named, too := c.words&one != 0, c.words&other != 0; {
	case named && !too:
		return telling
	case too && !named:
		return -telling
	}
	return 0
}

// prefers reports whether a number that fits two kinds is of the first: other
// numbers of the message fit but that, or its words name but that.
func (c *fellows) prefers(one, other keyword) bool {
	first, second := false, false
	for set := keyword(1); set <= anyKind; set++ {
		if c.fits&(1<<set) != 0 {
			first = first || set&one != 0 && set&other == 0
			second = second || set&other != 0 && set&one == 0
		}
	}
	if first != second {
		return first
	}
	return c.called(one, other) > 0
}

// among decides between candidates for the same digits that the words beside
// them leave open, but for CPR number and kennitala, by what else stands in the
// message. What loses is possible at most.
func among(all []candidate, s *surroundings) {
	if s.mail == nil {
		return
	}
	for i := range all {
		lost := &all[i]
		for j := range all {
			won := &all[j]
			if lost.start != won.start || lost.end != won.end || won.confidence < Likely || lost.confidence < Likely ||
				lost.key&anyKind == 0 || won.key&anyKind == 0 || lost.kind == won.kind || lost.rival && won.rival ||
				lost.named() && !won.named() || !s.mail.fellows().prefers(won.key&anyKind, lost.key&anyKind) {
				continue
			}
			lost.confidence = Possible
			lost.evidence |= evidence(EvidenceAmbiguous)
			break
		}
	}
}
