package detect

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// sure returns how sure the surest number of a person in the text is.
func sure(t testing.TB, s *Scanner, text string) Confidence {
	t.Helper()
	best := Confidence(0)
	for _, f := range s.Scan([]Segment{{Text: text}}, nil) {
		if slices.Contains([]Kind{DanishCPR, NorwegianFnr, SwedishPersonnummer, FinnishHetu, IcelandicKennitala}, f.Kind) {
			best = max(best, f.Confidence)
		}
	}
	return best
}

func newTestScanner(t testing.TB) *Scanner {
	t.Helper()
	s, err := NewScanner(Config{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestOnlyWhatLabelsANumberSpeaksAgainstCheckDigits(t *testing.T) {
	s := newTestScanner(t)
	for text, want := range map[string]Confidence{
		"Så fik jeg 070761-4285 at vide.":                  Likely,
		"Det er i orden, 070761-4285 kommer.":              Likely,
		"In order to pay 070761-4285 we need an account.":  Likely,
		"Telefon fra 070761-4285 om ferien":                Likely,
		"Referatet nævner 070761-4285.":                    Likely,
		"Fakturaen er betalt. Mette 070761-4285 er syg.":   Likely,
		"Vi har truffet afgørelse i din sag, 070761-4285.": Likely,
		"Lønkontoret efterlyser 0707614285 fra sidste uge": Likely,
		"Sygesamtale 070761-4285":                          Likely,
		"Ordre 070761-4285":                                Possible,
		"Ordrenummer: 070761-4285":                         Possible,
		"Ordre nr. er 070761-4285":                         Possible,
		"Reservedelsnummer 070761-4285":                    Possible,
		"Indkøbsordre 070761-4285":                         Possible,
		"Ordre: 070761-4285, ankomst 14/11":                Possible,
	} {
		if got := sure(t, s, text); got != want {
			t.Errorf("%q is %v, want %v", text, got, want)
		}
	}
}

func TestANumberWithoutCheckDigitsNeedsSomethingBesideIt(t *testing.T) {
	s := newTestScanner(t)
	for text, want := range map[string]Confidence{
		"1305851235":                             Likely, // alone
		"> *1305851235*":                         Likely,
		"SV: Ang. 1305851235":                    Likely,
		"<td>1305851235</td>":                    Likely,
		"1305851235.docx":                        Likely,
		"Emil Krag\nMontør\n1305851235":          Likely, // below a name
		"Navn: Emil Krag\nNummer: 1305851235":    Likely,
		"lønseddel_1305851235_maj.pdf":           Likely, // a matter of a person
		"Jeg har lige talt med 1305851235 igen":  Likely, // a sentence
		"xyzzy 1305851235 plugh":                 Possible,
		"8812345678\n1305851235\n9912345678":     Possible, // one of other numbers
		"<a href=1305851235":                     Possible,
		"130525-7235":                            Likely, // alone, of a child
		"xyzzy 130525-7235":                      Possible,
		"Barnet 130525-7235":                     Likely,
		"xyzzy 130525 0735":                      Possible, // a time
		"CVR-nr. 12345678\nP-nr.: 1305851235":    Possible, // a place of work
		"Personnummer: 1305851235":               Likely,
		"Build 230524.9818":                      0,
		"Telefonen er væk. Ring 1305851235":      0,
		"Meddelelse 1305851235":                  0,
		"Afregning for Emil Krag, 1305851235":    Likely,
		"Emil bor på Ordrevej, cpr. 130585-1235": Certain,
	} {
		if got := sure(t, s, text); got != want {
			t.Errorf("%q is %v, want %v", text, got, want)
		}
	}
}

func TestTheCellBesideANumberSaysWhatItIs(t *testing.T) {
	s := newTestScanner(t)
	for text, want := range map[string]Confidence{
		"Felt\tVærdi\nNavn\tEmil Krag\nCPR-nr.\t130585-1235\nBy\tVejle": Certain,
		"Navn\tEmil Krag\nBy\t130585-1235":                              Likely,
	} {
		best := Confidence(0)
		for _, f := range s.Scan([]Segment{{Text: text, Shape: Table}}, nil) {
			best = max(best, f.Confidence)
		}
		if best != want {
			t.Errorf("%q is %v, want %v", text, best, want)
		}
	}
}

var (
	lineOfNumber = regexp.MustCompile(`(?m)^[^\n]*$`)
	anyTag       = regexp.MustCompile(`<[^>]*>`)
	ending       = regexp.MustCompile(`^\.[A-Za-z]{2,4}$`)
	opening      = regexp.MustCompile(`^[> \t]*(?:\d{1,2}[.)])?`)
)

// slowAlone is standsAlone by regular expressions, for lines that end within reach.
func slowAlone(text string, start, end int) bool {
	for _, line := range lineOfNumber.FindAllStringIndex(text, -1) {
		if start < line[0] || start > line[1] {
			continue
		}
		before, after := text[line[0]:start], text[end:line[1]]
		if len(before) > maxMarks || len(after) > maxMarks {
			return false
		}
		words := strings.FieldsFunc(anyTag.ReplaceAllString(opening.ReplaceAllString(before, ""), "|"), func(r rune) bool { return !isAlphanumeric(r) })
		for _, w := range words {
			if !openers[string(fold(nil, w))] {
				return false
			}
		}
		return len(after) <= 5 && ending.MatchString(after) || strings.IndexFunc(anyTag.ReplaceAllString(after, ""), isAlphanumeric) < 0
	}
	return false
}

// FuzzLabel holds that a word for another number right before one never makes
// it surer, that nothing around a number upsets the scan, and that a number
// that regular expressions see alone in its line is.
func FuzzLabel(f *testing.F) {
	for _, seed := range []string{"070761-4285", "1305851235", "SV: Ang. 1305851235", "<b>130525-7235</b>", "Emil Krag\nMontør\n1305851235", "1) 811218-9876", "CVR-nr. 1\nP-nr.: 1305851235", "131052-308T.pdf", "<070761-4285", "Navn: Æ\n> 151086 95088"} {
		f.Add(seed)
	}
	s := newTestScanner(f)
	f.Fuzz(func(t *testing.T, text string) {
		text = normalise(strings.ToValidUTF8(text, "?"))
		sure(t, s, text)
		for i := nextDigit(text, 0); i < len(text); i = nextDigit(text, i) {
			n, end := digitsAlong(text, i, len(text))
			if n < 10 {
				i = end
				continue
			}
			number := text[i:end]
			if bare, labelled := sure(t, s, number), sure(t, s, "Ordrenummer: "+number); labelled > bare {
				t.Fatalf("%q is %v, and %v as the number of an order", number, bare, labelled)
			}
			if fast, slow := standsAlone(text, i, end), slowAlone(text, i, end); slow && !fast && utf8.ValidString(text) {
				t.Fatalf("%q at %d stands alone, and was not seen to", text, i)
			}
			look(text, i, end, i, end)
			i = end
		}
	})
}
