package detect

// strength is what a value shows by itself, before the words around it count.
type strength byte

const (
	weak strength = iota + 1 // needs a keyword or a person near
	fair                     // the form of its kind, without check digits
	firm                     // check digits, or a form that hardly anything else has
)

// candidate is a value that fits a kind.
type candidate struct {
	kind       Kind
	key        keyword // the keywords that speak for it
	start, end int
	strength   strength
	bare       bool // written without any separator
	keyed      bool // counts only beside a keyword
	clock      bool // reads as well as a day of our years and a time
	phone      bool // reads as well as a telephone number
	plain      bool // a henkilötunnus that is digits and a hyphen alone, as other numbers are
	dated      bool // its date is a day of our years as well
	rare       bool // of somebody so old or so young that hardly anybody writes of them
	rival      bool // its digits are a number of another kind as well, and which was decided
	bent       int  // how much the digits speak for this kind rather than for one of the same form
	evidence   evidenceSet
	confidence Confidence
	id         identity
}

// identities offers the window of the run that begins with group i to every
// kind of number and appends what fits.
func identities(r *run, i int, out []candidate) []candidate {
	if r.digits >= 10 {
		out = persons(r, i, out)
	}
	switch r.size(i) {
	case 6, 8:
		out = appendInterim(r, i, out)
		out = appendHetu(r, i, out)
	case 2:
		out = appendHetu(r, i, out)
	case 4:
		out = appendInterim(r, i, out)
	}
	if r.digits >= 7 || r.digits == shortAccount && r.underBranch() || r.digits >= shortestGiro && (r.size(i+1) == 1 || r.plusgiro(i) > 0) {
		out = appendAccount(r, i, out)
	}
	return out
}

// persons offers the window that begins with group i to the kinds of number
// that are digits alone.
func persons(r *run, i int, out []candidate) []candidate {
	out = appendCPR(r, i, out)
	out = appendKennitala(r, i, out)
	out = appendPersonnummer(r, i, out)
	return appendFnr(r, i, out)
}

func from(v *number, kind Kind, key keyword) candidate {
	c := candidate{kind: kind, key: key, start: v.start, end: v.end, bare: v.form == formBare, strength: firm}
	if v.form != formBare {
		c.evidence |= evidence(EvidenceForm)
	}
	return c
}

// discount lowers a candidate for the way in which its number stands.
func (c *candidate) discount(v *number) {
	checked := c.evidence.has(EvidenceChecksum)
	crowded := v.crowded && (c.kind != NorwegianFnr || v.form != formSplit) || v.apart && !checked
	if v.form == formPairs || crowded && v.form != formBare && v.sep == sepSpace {
		c.strength = weak
	}
	if v.joined && v.form != formSplit {
		c.strength = weak
		c.evidence |= evidence(EvidenceJoined)
	}
}
