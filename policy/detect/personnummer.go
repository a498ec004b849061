package detect

// appendPersonnummer finds Swedish personnummer and samordningsnummer, ten or
// twelve digits with Luhn over the last ten (Skatteverket, SKV 704). In a
// samordningsnummer the day is 60 higher, and neither month nor day need be in
// the calendar. A month from 20 on makes it an organisationsnummer.
func appendPersonnummer(r *run, i int, out []candidate) []candidate {
	g := r.groups[i]
	if n := g.end - g.start; n == 12 || n == 8 || n == 4 {
		if v, ok := r.take(i, 12, 8); ok {
			return appendSwedish(&v, 2, out)
		}
	}
	if v, ok := r.take(i, 10, 6); ok {
		return appendSwedish(&v, 0, out)
	}
	return out
}

// appendSwedish judges the digits; skip is 2 where they begin with a century.
func appendSwedish(v *number, skip int, out []candidate) []candidate {
	if v.repeats(skip) || v.value(skip+6, skip+9) == 0 || !v.luhn(skip, skip+10) {
		return out
	}
	year := 0
	if skip > 0 {
		if year = v.value(0, 4); year < 1850 || year > 2099 {
			return out
		}
	}
	c := from(v, SwedishPersonnummer, keyPersonnummer)
	month, day := v.value(skip+2, skip+4), v.value(skip+4, skip+6)
	switch {
	case isDate(year, month, day):
		c.evidence |= evidence(EvidenceDate, EvidenceChecksum)
	case day >= 60 && day <= 91 && month < 20:
		c.evidence |= evidence(EvidenceChecksum, EvidenceTemporary)
	default:
		return out
	}
	if c.bare && v.isClock(skip+6) && v.ofOurYears(skip) && year < 2040 && year != 1910 && (year < 1913 || year >= 2000) {
		c.strength, c.clock = weak, true
	}
	c.dated = skip == 0 && v.sep != sepPlus && v.ofOurYears(0) && isDate(year, month, day)
	if skip == 0 && (v.sep == sepSlash || v.datedOtherwise() && (v.isClock(6) || v.sep == sepDot)) {
		c.strength, c.clock = weak, true // "110922 0848" in a language that writes the day first
	}
	if c.bare && skip == 0 && v.digits[0] == 0 && (v.digits[1] == 7 || v.digits[1] == 1 && v.digits[2] == 0) {
		// 070 to 079 are mobile telephones, 010 those of companies.
		c.strength, c.phone = weak, true
	}
	if v.sep == sepPlus {
		c.strength = firm
	}
	c.discount(v)
	return append(out, c)
}

// datedOtherwise reports whether the first six digits are a day of our years
// as well, whichever of its parts is written first.
func (v *number) datedOtherwise() bool {
	return v.ofOurYears(0) && isDate(0, v.value(2, 4), v.value(4, 6)) || v.ofOurYears(4) && isDate(0, v.value(2, 4), v.value(0, 2))
}

// interimLetters stand in the first serial place of numbers that are given
// for the time being; in the Luhn sum they count as 1.
const interimLetters = "TRSUWXJKLMN"

// appendInterim finds interim numbers: YYMMDD-XNNN with a letter X, also with the
// year in full or the date in parts.
func appendInterim(r *run, i int, out []candidate) []candidate {
	k := r.dateGroups(i)
	if k == 0 || i > 0 && r.groups[i].before != sepSpace {
		return out
	}
	last := r.groups[i+k-1]
	at, form := interimLetter(r.text, last.end)
	if at < 0 {
		return out
	}
	v := number{start: r.groups[i].start, end: at + 4, form: form, sep: sepHyphen}
	for _, g := range r.groups[i : i+k] {
		for at := g.start; at < g.end; at++ {
			v.digits[v.n] = r.text[at] - '0'
			v.n++
		}
	}
	n := v.n
	v.digits[v.n] = 1
	v.n++
	for k := at + 1; k < at+4; k++ {
		if !isDigit(r.text[k]) {
			return out
		}
		v.digits[v.n] = r.text[k] - '0'
		v.n++
	}
	if i == 0 && !r.opens(v.start, &v) || v.end < len(r.text) && isDigit(r.text[v.end]) || !r.closes(v.end, &v) {
		return out
	}
	if !isDate(0, v.value(n-4, n-2), v.value(n-2, n)) {
		return out
	}
	c := from(&v, SwedishPersonnummer, keyPersonnummer)
	c.evidence |= evidence(EvidenceDate, EvidenceTemporary)
	if v.luhn(n-6, n+4) {
		c.evidence |= evidence(EvidenceChecksum)
	} else {
		c.strength = weak
		c.keyed = form != formSplit || i > 0
		c.evidence |= evidence(EvidenceNoChecksum)
	}
	if form == formBare && n == 6 {
		c.strength = weak // an article's number may look so
	}
	return append(out, c)
}

// interimLetter returns where the letter of an interim number stands whose date
// ends at text[at], behind a hyphen, a blank or nothing, and how the number so is
// written; -1 where none stands there.
func interimLetter(text string, at int) (int, form) {
	how := formParts
	for n := 0; n < 3 && at < len(text) && (text[at] == ' ' || text[at] == '-' || text[at] == '+'); n++ {
		if text[at] != ' ' {
			how = formSplit
		}
		at++
	}
	if at+4 > len(text) || !isIn(interimLetters, text[at]) {
		return -1, 0
	}
	if isDigit(text[at-1]) {
		how = formBare
	}
	return at, how
}

func isIn(set string, c byte) bool {
	for i := 0; i < len(set); i++ {
		if set[i] == c {
			return true
		}
	}
	return false
}
