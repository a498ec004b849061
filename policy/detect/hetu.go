package detect

import "strings"

// hetuCheck holds the check characters of a henkilötunnus, by the number
// modulo 31 (Digi- ja väestötietovirasto).
const hetuCheck = "0123456789ABCDEFHJKLMNPRSTUVWXY"

// appendHetu finds Finnish henkilötunnukset: DDMMYY, the sign of the century,
// three digits, a check character. Since 2023 further signs stand for each
// century. Individual numbers from 900 on are temporary or for tests.
func appendHetu(r *run, i int, out []candidate) []candidate {
	k := r.dateGroups(i)
	if k == 0 || r.size(i) == 4 {
		return out
	}
	var v number
	for _, g := range r.groups[i : i+k] {
		for at := g.start; at < g.end; at++ {
			v.digits[v.n] = r.text[at] - '0'
			v.n++
		}
	}
	sign, at, tight := hetuSign(r.text, r.groups[i+k-1].end)
	century := hetuCentury(sign)
	if century == 0 || digitsAt(r.text[at:min(len(r.text), at+3)], 0) != 3 || at+4 > len(r.text) {
		return out
	}
	if v.n == 8 {
		if v.value(4, 6)*100 != century {
			return out
		}
		v.digits[4], v.digits[5], v.n = v.digits[6], v.digits[7], 6
	}
	for _, c := range []byte(r.text[at : at+3]) {
		v.digits[v.n] = c - '0'
		v.n++
	}
	v.start, v.end, v.form, v.sep = r.groups[i].start, at+4, formSplit, sepHyphen
	if !isDate(century+v.value(4, 6), v.value(2, 4), v.value(0, 2)) || v.value(6, 9) < 2 {
		return out
	}
	if hetuCheck[v.value(0, 9)%31] != upper(r.text[at+3]) || !r.alone(i, &v) {
		return out
	}
	c := from(&v, FinnishHetu, keyHetu)
	c.keyed = !tight && !isHyphen(r.text[r.groups[i+k-1].end:at])
	c.evidence |= evidence(EvidenceDate, EvidenceChecksum)
	c.plain = sign == '-' && isDigit(r.text[at+3])
	c.dated = c.plain && v.ofOurYears(4)
	if v.value(6, 9) >= 900 {
		c.evidence |= evidence(EvidenceTemporary)
	}
	return append(out, c)
}

// isHetu reports whether s is a henkilötunnus as it is usually written, so that the
// letter at its end is one.
func isHetu(s string) bool {
	return len(s) == 11 && digitsAt(s, 0) == 6 && hetuCentury(s[6]) != 0 && digitsAt(s[7:10], 0) == 3 &&
		hetuCheck[decimal(s[:6]+s[7:10])%31] == upper(s[10])
}

// hetuSign reads the sign of the century at text[at], a hyphen also with
// blanks or a line's end around it, and returns where the individual number
// begins and whether the sign stands tight.
func hetuSign(text string, at int) (sign byte, next int, tight bool) {
	if at+1 < len(text) && isDigit(text[at+1]) {
		return text[at], at + 1, true
	}
	if next = looseGap(text, at); next < 0 {
		return 0, 0, false
	}
	return '-', next, false
}

// alone reports whether a number with letters, which begins with group i, has
// proper boundaries.
func (r *run) alone(i int, v *number) bool {
	if i > 0 && r.groups[i].before != sepSpace && r.groups[i].before != sepDash && r.groups[i].before != sepSlash || i == 0 && !r.opens(v.start, v) {
		return false
	}
	if v.end < len(r.text) && r.text[v.end] == '/' {
		return true // one of several
	}
	return (v.end >= len(r.text) || !isDigit(r.text[v.end])) && r.closes(v.end, v)
}

func hetuCentury(sign byte) int {
	if sign >= 'a' && sign <= 'z' {
		sign -= 0x20
	}
	switch sign {
	case '+':
		return 1800
	case '-', 'Y', 'X', 'W', 'V', 'U':
		return 1900
	case 'A', 'B', 'C', 'D', 'E', 'F':
		return 2000
	}
	return 0
}

// isHyphen reports whether a gap is one hyphen, with a blank or a line's end, at
// most, on either side.
func isHyphen(gap string) bool {
	before, after, ok := strings.Cut(gap, "-")
	return ok && strings.Trim(before, " ") == "" && len(before) <= 1 && strings.Trim(after, " \r\n") == "" && len(after) <= 3
}
