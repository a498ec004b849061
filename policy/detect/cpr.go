package detect

// appendCPR finds Danish CPR numbers: DDMMYYSSSS, where the seventh digit and
// the year give the century. Modulus 11 is evidence only: since 2007 numbers
// without it are issued, mostly for births on 1 January (CPR-kontoret,
// "Personnummeret i CPR-systemet").
func appendCPR(r *run, i int, out []candidate) []candidate {
	v, ok := r.take(i, 10, 6)
	if !ok || v.repeats(0) || v.sep == sepPlus {
		return out
	}
	day, month, year := v.value(0, 2), v.value(2, 4), cprYear(v.value(4, 6), v.digits[6])
	if !isDate(year, month, day) || v.value(6, 10) == 0 {
		return out
	}
	c := from(&v, DanishCPR, keyCPR)
	c.evidence |= evidence(EvidenceDate)
	checked := v.sum(4, 3, 2, 7, 6, 5, 4, 3, 2, 1)%11 == 0
	if checked {
		c.evidence |= evidence(EvidenceChecksum)
	} else {
		c.evidence |= evidence(EvidenceNoChecksum)
	}
	first := day == 1 && month == 1
	c.dated = !first && v.ofOurYears(4)
	c.rare = !first && (year < grown || year > young)
	switch {
	case c.dated && (v.isClock(6) || v.sep == sepDot):
		c.strength = weak // a day of our years and a time, or a version: "260525 0742", "260525.4711"
		c.clock = v.sep != sepDot && v.sep != sepHyphen
	case checked:
	case v.form == formBare && !first:
		c.strength = weak
		c.keyed = year > lastBirth
		c.clock = v.isClock(6) && v.ofOurYears(0) && isDate(0, v.value(2, 4), v.value(4, 6)) // "2506051219", the year first
	case v.sep == sepDot, v.form == formParts && v.sep == sepSpace:
		c.strength = weak // a version, or a day and an amount
	default:
		c.strength = fair
	}
	c.bent = bentOf(checked, year)
	if first {
		c.bent++ // for births on that day the numbers with a check digit run out
	}
	c.discount(&v)
	return append(out, c)
}

// lastBirth is a year up to which bare digits without modulus 11 may be a
// date of birth by themselves; later ones are hardly more than any ten digits.
const lastBirth = 2030

// cprYear returns the year of birth that the year's two digits and the
// seventh digit give.
func cprYear(yy int, seventh byte) int {
	switch {
	case seventh <= 3:
		return 1900 + yy
	case seventh == 4 || seventh == 9:
		if yy <= 36 {
			return 2000 + yy
		}
		return 1900 + yy
	case yy <= 57:
		return 2000 + yy
	}
	return 1800 + yy
}
