package detect

// misspelt returns what a word means that is one slip of the pen away from a
// word for persons' numbers: "personummer", "fødselnummer", "kenitala". Else it
// would pass for one of some other number, and speak against the person's.
func misspelt(w string) keyword {
	if len(w) < shortestSlip || len(w) > longestSlip {
		return 0
	}
	var buf [longestSlip + 4]byte
	folded := string(fold(buf[:], w))
	for _, right := range oftenMisspelt {
		if oneSlip(folded, right.text) {
			return right.key
		}
	}
	return 0
}

// The lengths of words, in bytes, in which a slip is looked for: in a shorter
// one it makes another word.
const (
	shortestSlip = 7
	longestSlip  = 24
)

// spelling is a word for persons' numbers as it is spelt, and what it means.
type spelling struct {
	text string
	key  keyword
}

var oftenMisspelt = func() []spelling {
	var out []spelling
	for w := range wordTable(`personnr persnr persnummer fødselsnr fodselsnr samordningsnr personnummer personnummeret personnumret personnumre personnumrene cprnummer cprnummeret
		fødselsnummer fødselsnummeret fødselsnumre fodselsnummer samordningsnummer samordningsnumret födelsenummer
		henkilötunnus henkilötunnuksen henkilötunnukseni henkilötunnusta kennitala kennitölu kennitalan kennitölur`) {
		out = append(out, spelling{w, keywords.find(w)})
	}
	return out
}()

// oneSlip reports whether a letter too many, too few or wrong, or two that
// changed places, is all that parts two words.
func oneSlip(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	switch len(b) - len(a) {
	case 0:
		if i == len(a) || a[i+1:] == b[i+1:] {
			return true
		}
		return i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
	case 1:
		return a[i:] == b[i+1:]
	}
	return false
}
