package detect_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"postvern.example/internal/specimen"
	"postvern.example/policy/detect"
)

// letter is a mail as representatives write them, with a person now and then
// and some numbers.
func letter(d specimen.Dice) string {
	return fmt.Sprintf(`Kære alle

Tak for et godt møde i tirsdags. Vi talte om den nye lokalaftale, om arbejdstiden i weekenderne og om hvordan ledelsen
vil følge op på trivselsmålingen. Næste møde er torsdag den 14. klokken 13.30 i lokale 2.114, og dagsordenen kommer
senest mandag. Hvis I har punkter, så send dem til mig inden fredag. Vi skal også vælge en ny suppleant.
Økonomien ser fornuftig ud: vi har brugt 12.450 kr. af de 30.000 kr., som blev bevilget i marts. Ordre %s er betalt.
Ring gerne på 33 12 %s, hvis noget er uklart. Læs mere på https://forening.example/nyheder/%s/.

Med venlig hilsen
Anna Holm, tillidsrepræsentant

Vi har i øvrigt fået mange gode forslag til sommerfesten, og udvalget går i gang med planlægningen i næste uge.
Det er vigtigt, at alle afdelinger er repræsenteret, og at vi husker dem, der arbejder om natten og i ferierne.
`, d.Digits(7), d.Digits(4), d.Digits(6))
}

func corpus() string {
	d, b := specimen.Roll(5), strings.Builder{}
	for b.Len() < 1<<20 {
		b.WriteString(letter(d))
	}
	return b.String()
}

func benchmark(b *testing.B, scan func([]detect.Segment)) {
	segs := prose(corpus())
	b.SetBytes(int64(len(segs[0].Text)))
	b.ReportAllocs()
	for b.Loop() {
		scan(segs)
	}
}

func BenchmarkIdentifiers(b *testing.B) {
	s := scanner(b)
	benchmark(b, func(segs []detect.Segment) { s.Identifiers(segs) })
}

func BenchmarkLexicons(b *testing.B) {
	s := scanner(b)
	benchmark(b, func(segs []detect.Segment) { s.Phrases(segs) })
}

func BenchmarkAll(b *testing.B) {
	s := scanner(b)
	benchmark(b, func(segs []detect.Segment) { s.Scan(segs, nil) })
}

func BenchmarkAllWithAThousandTerms(b *testing.B) {
	var terms []detect.Term
	for i := range 1000 {
		word := strings.Map(func(r rune) rune { return r - '0' + 'a' }, fmt.Sprintf("%05d", i*89))
		terms = append(terms, detect.Term{Kind: detect.Negotiation, Text: word + " aftale"})
	}
	s := scanner(b, terms...)
	benchmark(b, func(segs []detect.Segment) { s.Scan(segs, nil) })
}

// members is a roster that knows nobody, as for most names in a mail.
type members map[string]bool

func (m members) HasAddress(a string) bool { return m[a] }
func (m members) HasName(n string) bool    { return m[n] }

func BenchmarkAllWithRoster(b *testing.B) {
	s := scanner(b)
	benchmark(b, func(segs []detect.Segment) { s.Scan(segs, members{"anna@forening.example": true}) })
}

// quiet are texts that hold nothing to find, as most bytes of a mail do.
func quiet() map[string]string {
	d := specimen.Roll(7)
	var words, noise strings.Builder
	sentences := []string{
		"Tak for et godt møde i tirsdags, hvor vi talte om den nye lokalaftale og om arbejdstiden i weekenderne.",
		"Ledelsen vil følge op på trivselsmålingen, og vi hører nærmere, når resultaterne er gjort op.",
		"Hvis I har punkter til dagsordenen, så send dem til mig inden fredag.",
		"Økonomien ser fornuftig ud, og der er stadig plads til en tur i efteråret.",
		"Vi har fået mange gode forslag til sommerfesten.",
		"Det er vigtigt, at alle afdelinger er repræsenteret, og at vi husker dem, der arbejder om natten og i ferierne.",
		"Udvalget mødes igen den 14. klokken 13.30 i kantinen på Vestergade, og der er kaffe og brød fra klokken ni.",
		"Regionen har lovet at svare, men Danske Regioner venter på Finansministeriet.",
		"Derfor bliver det næppe før til efteråret, at den endelige aftale kan skrives under.",
		"Kan du lige kigge på teksten, inden den bliver trykt? Der mangler et komma i tredje linje.",
	}
	for words.Len() < 1<<20 {
		words.WriteString(specimen.Pick(d, sentences))
		words.WriteString(specimen.Pick(d, []string{" ", " ", "\n", "\n\n"}))
	}
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	for noise.Len() < 1<<20 {
		for range 76 {
			noise.WriteByte(alphabet[d.IntN(len(alphabet))])
		}
		noise.WriteByte('\n')
	}
	return map[string]string{
		"prose": words.String(), "filler": strings.Repeat(strings.Repeat("X", 78)+"\n", 1<<20/79), "base64": noise.String(),
	}
}

// Paragraphs of news and of union mail, each of them aimed at a phrase: nearly
// every sentence has a word by which one is found.
func BenchmarkNews(b *testing.B) {
	files, err := filepath.Glob("testdata/prose/*.txt")
	if err != nil || len(files) == 0 {
		b.Fatal(files, err)
	}
	var text strings.Builder
	for _, name := range files {
		one, err := os.ReadFile(name)
		if err != nil {
			b.Fatal(err)
		}
		text.WriteString(strings.ReplaceAll(string(one), "\n", "\n\n"))
	}
	s, segs := scanner(b), prose(text.String())
	b.SetBytes(int64(text.Len()))
	b.ReportAllocs()
	for b.Loop() {
		s.Scan(segs, nil)
	}
}

func BenchmarkQuietText(b *testing.B) {
	s := scanner(b)
	texts := quiet()
	for _, name := range []string{"prose", "filler", "base64"} {
		b.Run(name, func(b *testing.B) {
			segs := prose(texts[name])
			b.SetBytes(int64(len(texts[name])))
			b.ReportAllocs()
			for b.Loop() {
				s.Scan(segs, members{"anna@forening.example": true})
			}
		})
	}
}
