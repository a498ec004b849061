package detect

// ibanLength holds each country's length of an IBAN (ISO 13616, the SWIFT registry).
var ibanLength = map[string]int{
	"AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BI": 27, "BR": 29, "BY": 28,
	"CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DJ": 27, "DK": 18, "DO": 28, "EE": 20, "EG": 29, "ES": 24, "FI": 18,
	"FK": 18, "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28, "HN": 28, "HR": 21, "HU": 28,
	"IE": 22, "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20, "LB": 28, "LC": 32, "LI": 21, "LT": 20,
	"LU": 20, "LV": 21, "LY": 25, "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MN": 20, "MR": 27, "MT": 31, "MU": 30, "NI": 28,
	"NL": 18, "NO": 15, "OM": 23, "PK": 24, "PL": 28, "PS": 29, "PT": 25, "QA": 29, "RO": 24, "RS": 22, "RU": 33, "SA": 24,
	"SC": 31, "SD": 18, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "SO": 23, "ST": 25, "SV": 28, "TL": 23, "TN": 24, "TR": 26,
	"UA": 29, "VA": 22, "VG": 24, "XK": 20, "YE": 30,
}

// findIBAN looks for an IBAN whose first digit is text[at]: two letters for
// the country stand before it. Blanks and hyphens may part its groups.
func findIBAN(text string, at int) (candidate, bool) {
	start := at - 2
	if start > 0 && text[start+1] == ' ' {
		start-- // "DK 50 0040 ..."
	}
	if start < 0 || start > 0 && (isLetter(text[start-1]) || isDigit(text[start-1])) {
		return candidate{}, false
	}
	a, b := upper(text[start]), upper(text[start+1])
	if a < 'A' || a > 'Z' || b < 'A' || b > 'Z' {
		return candidate{}, false
	}
	want := ibanLength[string([]byte{a, b})]
	if want == 0 {
		return candidate{}, false
	}
	var chars [34]byte
	n, i := 0, at
	for ; i < len(text) && n < want-2; i++ {
		c := upper(text[i])
		switch {
		case isDigit(c), c >= 'A' && c <= 'Z' && n >= 2:
			chars[n] = c
			n++
		case (c == ' ' || c == '-' || c == '.') && n > 0 && isAlnum(text[i-1]):
		case n > 0 && n%4 == 2 && (c == '\r' || c == '\n' || c == ' ' || c == '>'): // a line's end, perhaps of a quotation
		default:
			return candidate{}, false
		}
	}
	if n < want-2 || !ibanChecks(chars[:n], a, b) || i < len(text) && isAlnum(text[i]) {
		return candidate{}, false
	}
	return candidate{kind: IBAN, key: keyIBAN | keyAccount, start: start, end: i, strength: firm, evidence: evidence(EvidenceChecksum, EvidenceForm)}, true
}

// ibanChecks computes modulus 97 (ISO 7064) over the account, the country and
// the check digits, which are the first two of chars.
func ibanChecks(chars []byte, a, b byte) bool {
	rest := 0
	add := func(c byte) {
		if isDigit(c) {
			rest = (rest*10 + int(c-'0')) % 97
		} else {
			rest = (rest*100 + int(c-'A') + 10) % 97
		}
	}
	for _, c := range chars[2:] {
		add(c)
	}
	for _, c := range []byte{a, b, chars[0], chars[1]} {
		add(c)
	}
	return rest == 1
}

func upper(c byte) byte {
	if c >= 'a' && c <= 'z' {
		c -= 0x20
	}
	return c
}

func isAlnum(c byte) bool { return class[c] != classOther }
