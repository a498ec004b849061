package detect

import "strings"

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
	for i := 0; ; i++ {
		k := strings.IndexByte(line[i:], ' ')
		if i += k; k < 0 || i+1 >= len(line) {
			return false
		}
		if !isDigit(line[i+1]) || i < 4 || !isLetter(line[i-1]) {
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
}
