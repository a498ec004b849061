package detect

// appendFnr finds Norwegian fødselsnummer and their kin (Skatteetaten,
// "Fødselsnummer"; forskrift om folkeregistrering § 2-2-1). A D-number's day
// is 40 higher; a month is 40 higher in H-numbers and NAV's test numbers, 80
// in Tenor's, 65 is reserved. From 2032 the first check digit may leave a
// remainder of 0 to 3. FH-numbers begin with 8 or 9 and hold no date. No
// century is read: the series for D-numbers were extended.
func appendFnr(r *run, i int, out []candidate) []candidate {
	v, ok := r.take(i, 11, 6)
	if !ok || v.repeats(0) {
		return out
	}
	k1 := v.sum(3, 7, 6, 1, 8, 9, 4, 5, 2, 1) % 11
	if k1 > 3 || v.sum(5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)%11 != 0 {
		return out
	}
	c := from(&v, NorwegianFnr, keyFnr)
	c.evidence |= evidence(EvidenceChecksum)
	day, month := v.value(0, 2), v.value(2, 4)
	if day > 40 && day < 80 {
		day -= 40
		c.evidence |= evidence(EvidenceTemporary)
	}
	switch {
	case month > 80:
		month -= 80
		c.evidence |= evidence(EvidenceSynthetic)
	case month > 65:
		month -= 65
		c.evidence |= evidence(EvidenceSynthetic)
	case month > 40:
		month -= 40
		c.evidence |= evidence(EvidenceSynthetic)
	}
	switch {
	case isDate(0, month, day):
		c.evidence |= evidence(EvidenceDate)
		if k1 != 0 && c.evidence.has(EvidenceSynthetic) {
			c.strength = weak
		}
	case v.digits[0] >= 8 && k1 == 0 && !c.evidence.has(EvidenceTemporary):
		c.evidence &^= evidence(EvidenceSynthetic)
		c.evidence |= evidence(EvidenceTemporary)
	default:
		return out
	}
	if accountForm(r, &v, i) {
		c.strength = weak
	}
	c.discount(&v)
	return append(out, c)
}

// accountForm reports whether the digits are cut 4.2.5, as accounts are.
func accountForm(r *run, v *number, i int) bool {
	return v.last == i+2 && r.groups[i].end-r.groups[i].start == 4
}
