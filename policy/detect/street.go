package detect

// streetEndings end the words for streets.
var streetEndings = []string{
	"vej", "vejen", "gade", "gaden", "allé", "alle", "stræde", "vænget", "parken", "torv", "plads", // da
	"veien", "vegen", "vei", "veg", "gata", "gate", "gaten", "stien", // nb, nn
	"gatan", "vägen", "gränd", "stigen", // sv
	"katu", "tie", "kuja", "polku", // fi
	"gata", "vegur", "stígur", // is
	"street", "road", "lane", "avenue", // en
}

// hasStreet reports whether a private address stands in the line: a word for
// a street and a house number.
func hasStreet(line string) bool {
	for d := nextDigit(line, 0); d < len(line); d = nextDigit(line, d+1) {
		i := d - 1 // the blank before the number
		if i < 4 || line[i] != ' ' || !isLetter(line[i-1]) {
			continue
		}
		var buf [40]byte
		b := wordStart(line, i, len(buf)+1)
		if i-b < 4 || i-b > len(buf) {
			continue
		}
		word := string(fold(buf[:], line[b:i]))
		for _, e := range streetEndings {
			if n := len(word) - len(e); n >= 0 && word[n:] == e {
				return true
			}
		}
	}
	return false
}
