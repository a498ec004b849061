package detect

// hetuCheck holds the check characters of a henkilötunnus, by the number
// modulo 31 (Digi- ja väestötietovirasto).
const hetuCheck = "0123456789ABCDEFHJKLMNPRSTUVWXY"

// appendHetu finds Finnish henkilötunnukset: DDMMYY, the sign of the century,
// three digits, a check character. Since 2023 further signs stand for each
// century. Individual numbers from 900 on are temporary or for tests.
func appendHetu(r *run, i int, out []candidate) []candidate {
	g := r.groups[i]
	if g.end-g.start != 6 || g.end+5 > len(r.text) {
		return out
	}
	t := r.text[g.end : g.end+5]
	century := hetuCentury(t[0])
	if century == 0 || !isDigit(t[1]) || !isDigit(t[2]) || !isDigit(t[3]) {
		return out
	}
	v := number{start: g.start, end: g.end + 5, form: formSplit, sep: sepHyphen}
	for k := g.start; k < g.end; k++ {
		v.digits[v.n] = r.text[k] - '0'
		v.n++
	}
	for _, c := range []byte(t[1:4]) {
		v.digits[v.n] = c - '0'
		v.n++
	}
	if !isDate(century+v.value(4, 6), v.value(2, 4), v.value(0, 2)) || v.value(6, 9) < 2 {
		return out
	}
	check := t[4]
	if check >= 'a' && check <= 'z' {
		check -= 0x20
	}
	if hetuCheck[v.value(0, 9)%31] != check || !r.alone(i, &v) {
		return out
	}
	c := from(&v, FinnishHetu, keyHetu)
	c.evidence |= evidence(EvidenceDate, EvidenceChecksum)
	if v.value(6, 9) >= 900 {
		c.evidence |= evidence(EvidenceTemporary)
	}
	return append(out, c)
}

// alone reports whether a number with letters, which begins with group i, has
// proper boundaries.
func (r *run) alone(i int, v *number) bool {
	if i > 0 && r.groups[i].before != sepSpace && r.groups[i].before != sepDash || i == 0 && !r.opens(v.start, v) {
		return false
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
