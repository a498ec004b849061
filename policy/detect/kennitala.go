package detect

// appendKennitala finds Icelandic kennitölur: DDMMYY, two serial digits, a
// check digit (weights 3 2 7 6 5 4 3 2, modulus 11) and the century, 8, 9 or
// 0. Since 18 February 2026 Þjóðskrá promises no check digit; system numbers
// begin with 8 or 9 and have no date; a company's day is 40 higher.
func appendKennitala(r *run, i int, out []candidate) []candidate {
	v, ok := r.take(i, 10, 6)
	if !ok || v.repeats(0) || v.sep == sepPlus {
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
	c.dated = v.ofOurYears(4)
	c.rare = year < grown || year > young
	serial := v.value(6, 8)
	switch {
	case v.sum(3, 2, 7, 6, 5, 4, 3, 2, 1)%11 == 0:
		c.evidence |= evidence(EvidenceChecksum)
		if serial < leastSerial && v.ofOurYears(4) && v.isClock(6) {
			c.strength, c.clock = weak, true
		}
	case v.form == formSplit && v.sep == sepHyphen && year >= oldest && year <= lastBirth:
		c.strength = fair
		c.evidence |= evidence(EvidenceNoChecksum)
	default:
		c.strength = weak
		c.clock = serial < leastSerial && v.value(8, 10) < 60 // a day and a time: "260525 0740"
		c.keyed = c.keyed || year > lastBirth
		c.evidence |= evidence(EvidenceNoChecksum)
	}
	if c.bent = bentOf(c.evidence.has(EvidenceChecksum), year); serial < leastSerial {
		c.bent--
	}
	c.discount(&v)
	return append(out, c)
}

// leastSerial is the first serial number that Þjóðskrá gives to the births of a day.
const leastSerial = 20
