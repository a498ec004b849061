package detect

// language is a set of languages.
type language uint8

const (
	danish language = 1 << iota
	norwegian
	swedish
	finnish
	icelandic
	english
)

// functionWords tell the languages apart; a word may belong to several.
var functionWords = map[string]language{
	"og": danish | norwegian | icelandic, "er": danish | norwegian | icelandic, "ikke": danish | norwegian,
	"jeg": danish | norwegian, "til": danish | norwegian | swedish, "på": danish | norwegian | swedish,
	"med": danish | norwegian | swedish, "af": danish, "har": danish | norwegian | swedish,
	"hun": danish | norwegian, "det": danish | norwegian | swedish, "fra": danish | norwegian,
	"hendes": danish, "blev": danish | swedish, "ble": norwegian, "hennes": norwegian | swedish, "fået": danish, "fått": norwegian | swedish,
	"den": danish | norwegian | swedish, "vores": danish, "vår": norwegian | swedish, "av": norwegian | swedish,
	"ikkje": norwegian, "ein": norwegian, "eg": norwegian, "frå": norwegian, "vart": norwegian,
	"som": danish | norwegian | swedish, "en": danish | norwegian | swedish, "for": danish | norwegian | english,
	"och": swedish, "är": swedish, "inte": swedish, "att": swedish, "jag": swedish, "hon": swedish, "för": swedish, "från": swedish, "till": swedish, "ett": swedish, "finns": swedish,
	"ja": finnish, "on": finnish | english, "ei": finnish | norwegian, "hän": finnish, "ole": finnish, "oli": finnish, "että": finnish, "minun": finnish, "hänen": finnish, "olen": finnish, "jäsen": finnish,
	"að": icelandic, "ekki": icelandic, "með": icelandic, "hún": icelandic, "hann": icelandic, "ég": icelandic, "í": icelandic, "á": icelandic, "sem": icelandic, "um": icelandic, "við": icelandic, "fyrir": icelandic, "frá": icelandic, "hans": danish | norwegian | swedish | icelandic, "hennar": icelandic | norwegian,
	"the": english, "and": english, "is": english, "of": english, "her": english | danish | norwegian, "his": english, "has": english, "was": english, "with": english, "to": english | danish | norwegian,
}

// tongue counts the signs of each language.
type tongue [6]int

func (t *tongue) add(word string) {
	var buf [16]byte
	if len(word) > len(buf) {
		return
	}
	l := functionWords[string(fold(buf[:], word))]
	for i := range t {
		if l&(1<<i) != 0 {
			t[i] += 2
		}
	}
	for i := 0; i+1 < len(word); i++ {
		if word[i] != 0xC3 {
			continue
		}
		switch word[i+1] | 0x20 {
		case 0xA6:
			t[0], t[1], t[4] = t[0]+1, t[1]+1, t[4]+1
		case 0xB8:
			t[0], t[1] = t[0]+1, t[1]+1
		case 0xA4:
			t[2], t[3] = t[2]+1, t[3]+1
		case 0xB6:
			t[2], t[3], t[4] = t[2]+1, t[3]+1, t[4]+1
		case 0xB0, 0xBE, 0xBD:
			t[4] += 2
		}
	}
}

// is reports whether the words speak for one of the languages and for no
// other as much.
func (t *tongue) is(l language) bool {
	in, out := t.score(l)
	return in > out
}

// may reports whether the words speak for one of the languages and for no
// other more.
func (t *tongue) may(l language) bool {
	in, out := t.score(l)
	return in > 0 && in >= out
}

// score returns the most that speaks for one of the languages and for one of
// the others.
func (t *tongue) score(l language) (in, out int) {
	for i, n := range t {
		if l&(1<<i) != 0 {
			in = max(in, n)
		} else {
			out = max(out, n)
		}
	}
	return in, out
}
