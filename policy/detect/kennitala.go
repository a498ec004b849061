package detect

// appendKennitala finds Icelandic kennitölur: DDMMYY, two serial digits, a
// check digit (weights 3 2 7 6 5 4 3 2, modulus 11) and the century, 8, 9 or
// 0. Since 18 February 2026 Þjóðskrá promises no check digit; system numbers
// begin with 8 or 9 and have no date; a company's day is 40 higher.
func appendKennitala(r *run, i int, out []candidate) []candidate {
	v, ok := r.take(i, 10, 6)
	if !ok || v.repeats(0) {
		return out
	}
	century := v.digits[9]
	if century != 0 && century < 8 {
		return out
	}
	year := 1000 + 100*int(century) + v.value(4, 6)
	if century == 0 {
		year = 2000 + v.value(4, 6)
	}
	day, month := v.value(0, 2), v.value(2, 4)
	c := from(&v, IcelandicKennitala, keyKennitala)
	switch {
	case isDate(year, month, day):
		c.evidence |= evidence(EvidenceDate)
	case isDate(year, month, day-40):
		c.evidence |= evidence(EvidenceDate, EvidenceOrganisation)
	case v.digits[0] >= 8:
		c.evidence |= evidence(EvidenceTemporary)
		c.keyed = true
	default:
		return out
	}
	if v.sum(3, 2, 7, 6, 5, 4, 3, 2, 1)%11 == 0 {
		c.evidence |= evidence(EvidenceChecksum)
	} else {
		c.evidence |= evidence(EvidenceNoChecksum)
		c.strength = weak
	}
	c.discount(&v)
	return append(out, c)
}
