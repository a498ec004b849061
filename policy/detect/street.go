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
	for i := 0; ; {
		w, ok := nextWord(line, i)
		if !ok {
			return false
		}
		i = w.end
		if i+1 >= len(line) || line[i] != ' ' || !isDigit(line[i+1]) || w.end-w.start < 4 {
			continue
		}
		var buf [40]byte
		if w.end-w.start > len(buf) {
			continue
		}
		word := string(fold(buf[:], line[w.start:w.end]))
		for _, e := range streetEndings {
			if n := len(word) - len(e); n >= 0 && word[n:] == e {
				return true
			}
		}
	}
}
