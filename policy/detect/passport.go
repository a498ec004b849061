package detect

import "strings"

// passportReach is how far before the number the word passport may stand.
const passportReach = 48

// findPassport looks for a passport's number around the digit text[at]: seven
// to nine capitals and digits, most of them digits, near a keyword or under one.
func findPassport(text string, at int, heading keyword) (candidate, bool) {
	start, end, digits := at, at, 0
	for start > 0 && at-start < 10 && isCapital(text[start-1]) {
		start--
	}
	for end < len(text) && end-start < 10 && (isDigit(text[end]) || isCapital(text[end])) {
		digits += int(class[text[end]] & classDigit)
		end++
	}
	n := end - start
	if n < 7 || n > 9 || digits < 5 || heading&keyPassport == 0 && !speaksOfPassports(text[max(0, start-passportReach):start]) {
		return candidate{}, false
	}
	if start > 0 && (isAlnum(text[start-1]) || text[start-1] == '+') || end < len(text) && (isAlnum(text[end]) || text[end] == '@') {
		return candidate{}, false
	}
	return candidate{kind: Passport, key: keyPassport, start: start, end: end, strength: fair, keyed: true, evidence: evidence(EvidenceForm)}, true
}

func isCapital(c byte) bool { return c >= 'A' && c <= 'Z' }

// speaksOfPassports is a quick test before the words are read.
func speaksOfPassports(s string) bool {
	for i := 0; i+2 < len(s); i++ {
		if s[i]|0x20 == 'p' && s[i+1]|0x20 == 'a' && s[i+2]|0x20 == 's' || s[i]|0x20 == 'v' && s[i+1]|0x20 == 'e' && s[i+2]|0x20 == 'g' {
			return true
		}
	}
	return false
}

// scanMachineReadable finds the machine-readable zone of passports: two lines
// of 44 characters with check digits (ICAO Doc 9303, part 4).
func scanMachineReadable(text string, out *collector) {
	for from := 0; ; {
		i := strings.Index(text[from:], "P<")
		if i < 0 {
			return
		}
		at := from + i
		from = at + 2
		second := strings.TrimLeft(text[min(len(text), at+44):], " \r\n")
		if len(text)-at < 88 || !isZone(text[at:at+44]) || len(second) < 44 || !isZone(second[:44]) {
			continue
		}
		if zoneCheck(second[:9]) == second[9] && zoneCheck(second[13:19]) == second[19] {
			out.add(Passport, Certain, evidence(EvidenceMachineReadable, EvidenceChecksum), identify(second[:44]))
		}
	}
}

func isZone(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; !isCapital(c) && !isDigit(c) && c != '<' {
			return false
		}
	}
	return true
}

// zoneCheck computes a check digit with the weights 7 3 1 (ICAO Doc 9303, part 3 §4.9).
func zoneCheck(s string) byte {
	n := 0
	for i := 0; i < len(s); i++ {
		v := 0
		switch c := s[i]; {
		case isDigit(c):
			v = int(c - '0')
		case isCapital(c):
			v = int(c-'A') + 10
		}
		n += v * [...]int{7, 3, 1}[i%3]
	}
	return '0' + byte(n%10)
}
