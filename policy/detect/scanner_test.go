package detect_test

import (
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"postvern.example/policy/detect"
)

func scanner(t testing.TB, terms ...detect.Term) *detect.Scanner {
	t.Helper()
	s, err := detect.NewScanner(detect.Config{Terms: terms})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func prose(text string) []detect.Segment {
	return []detect.Segment{{Place: detect.Place{{Kind: detect.InBody, Label: "text"}}, Text: text}}
}

// best returns the confidence of each kind that is found in the text.
func best(s *detect.Scanner, segs []detect.Segment, roster detect.Roster) map[detect.Kind]detect.Confidence {
	m := map[detect.Kind]detect.Confidence{}
	for _, f := range s.Scan(segs, roster) {
		m[f.Kind] = max(m[f.Kind], f.Confidence)
	}
	return m
}

func TestIdentityNumbersAreWeighedByWhatStandsAroundThem(t *testing.T) {
	s := scanner(t)
	for _, c := range []struct {
		text string
		kind detect.Kind
		want detect.Confidence
	}{
		{"Mette 010203-1234 er her", detect.DanishCPR, detect.Likely},
		{"CPR: 0101011234", detect.DanishCPR, detect.Certain},
		{"Hendes CPR-nr. er 070761-4285.", detect.DanishCPR, detect.Certain},
		{"Hendes CPR-nr. er 070761-4285", detect.DanishCPR, detect.Certain},
		{"cpr070761-4285", detect.DanishCPR, detect.Certain},
		{"CPR-nummer070761-4285", detect.DanishCPR, detect.Certain},
		{"CPR nr070761-4285", detect.DanishCPR, detect.Certain},
		{"Ordre-nr070761-4285", detect.DanishCPR, 0},
		{"cpr: 070761-4285ring mig", detect.DanishCPR, detect.Certain},
		{"cpr: 070761-4285A", detect.DanishCPR, 0},
		{"070761-4285ring", detect.DanishCPR, 0},
		{"fnr: 15108695088og", detect.NorwegianFnr, detect.Certain},
		{"Ordre 070761-4285", detect.DanishCPR, detect.Possible},
		{"０７０７６１‐４２８５", detect.DanishCPR, detect.Likely},
		{"07\u200b0761\u00ad-42\u206085", detect.DanishCPR, detect.Likely},
		{"https://example.example/x?y=0707614285", detect.DanishCPR, 0},
		{"https://example.example/person/070761-4285/sag", detect.DanishCPR, detect.Possible},
		{"https://example.example/x?cpr=070761-4285", detect.DanishCPR, detect.Certain},
		{"loenseddel-070761-4285.pdf", detect.DanishCPR, detect.Likely},
		{"AB-070761-4285.pdf", detect.DanishCPR, 0},
		{"Den 11.03.26 4724 kr", detect.DanishCPR, detect.Possible},
		{"Sagen om 010203-1234 er lukket", detect.DanishCPR, detect.Likely},
		{"<20240707.0707614285@host.example>", detect.DanishCPR, 0},
		{"1.070761-4285", detect.DanishCPR, 0},
		{"fødselsnummer 15108695088", detect.NorwegianFnr, detect.Certain},
		{"Anna 811218-9876 bor här", detect.SwedishPersonnummer, detect.Likely},
		{"hetu 131052-308T", detect.FinnishHetu, detect.Certain},
		{"Matti 131052-308t on", detect.FinnishHetu, detect.Likely},
		{"kennitala 120174-3399", detect.IcelandicKennitala, detect.Certain},
		{"Scan 1012964709.pdf", detect.DanishCPR, detect.Likely},
		{"1012964709-scan.pdf", detect.DanishCPR, detect.Likely},
		{"Scan 2505261145.pdf", detect.DanishCPR, detect.Possible},
		{"FYI 1012964709", detect.DanishCPR, detect.Likely},
		{"f. 1012964709", detect.DanishCPR, detect.Likely},
		{"f.eks. 1012964709", detect.DanishCPR, detect.Possible},
		{"Hvem er 1012964709?", detect.DanishCPR, detect.Likely},
		{"Hvem er 101296 4709?", detect.DanishCPR, detect.Likely},
		{"medlem 021116/7087", detect.DanishCPR, detect.Likely},
		{"medlemsnummer 021116/7087", detect.DanishCPR, detect.Possible},
		{"Logg inn med 26078997477 og BankID.", detect.NorwegianFnr, detect.Likely},
		{"Logg 26078997477", detect.NorwegianFnr, detect.Possible},
		{"bo.ek@x.example: 1012964709", detect.DanishCPR, detect.Likely},
		{"051140.4233 & 130254.0866", detect.DanishCPR, detect.Likely},
		{"Jens Peter Holm, 250163-2159", detect.DanishCPR, detect.Likely},
		{"Gunnar Helgason, 250163-2159", detect.DanishCPR, detect.Possible},
		{"CPR / personnummer\n221005-7028", detect.DanishCPR, detect.Certain},
		{"Hendes finske personnummer er 120857-9429", detect.FinnishHetu, detect.Certain},
		{"Hendes finske personnummer er 120857-9429", detect.DanishCPR, 0},
		{"Sænsk kennitala hennar er 930971-9590", detect.SwedishPersonnummer, detect.Certain},
		{"CPR-nr./CVR-nr.: 070761-4285", detect.DanishCPR, detect.Certain},
		{"CVR/CPR-nr. 0707614285", detect.DanishCPR, detect.Certain},
		{"Person-/organisationsnummer: 811218-9876", detect.SwedishPersonnummer, detect.Certain},
		{"Org.nr/personnr: 811218-9876", detect.SwedishPersonnummer, detect.Certain},
		{"Fnr/orgnr: 15108695088", detect.NorwegianFnr, detect.Certain},
		{"orgnr: 811218-9876", detect.SwedishPersonnummer, detect.Possible},
		{"070761-4285/211062-5629/250190-1234", detect.DanishCPR, detect.Likely},
		{"2026/0707614285", detect.DanishCPR, 0},
		{"070761-4285/12", detect.DanishCPR, 0},
		{"dokument_1012964709.pdf", detect.DanishCPR, detect.Likely},
		{"010103 6592 010119 6252 250190 1234", detect.DanishCPR, detect.Likely},
		{"077075 744 58 227115 205 90", detect.NorwegianFnr, detect.Likely},
		{"250190 1234 12.500,00", detect.DanishCPR, detect.Likely},
		{"Nemkonto tilhørende 1012964709", detect.DanishCPR, detect.Likely},
		{"Brugernavn: 1012964709", detect.DanishCPR, detect.Likely},
		{"tlf 20304050 070803 4231", detect.DanishCPR, detect.Likely},
		{"The Estonian ID code is 05030291567", detect.NorwegianFnr, detect.Possible},
		{"250190 1234 1250", detect.DanishCPR, detect.Possible},
		{"1904135375;2026-03-01;2026-03-31;Mette Holm", detect.DanishCPR, detect.Likely},
		{"Kennitala félagsins: 610211-0910", detect.SwedishPersonnummer, 0},
		{"610211-0910", detect.SwedishPersonnummer, detect.Likely},
		{"1012964709 - kopi.pdf", detect.DanishCPR, detect.Likely},
		{"1012964709 (1).pdf", detect.DanishCPR, detect.Likely},
		{"Telefonnotat: Aisha Hassan (0309563713) har det bedre", detect.DanishCPR, detect.Likely},
		{"Telefonnotat: 0309563713", detect.DanishCPR, 0},
		{"- name: Signe Lund\n  nr: \"14 12 50 2594\"", detect.DanishCPR, detect.Likely},
		{"pnr: 20070112S832", detect.SwedishPersonnummer, detect.Certain},
		{"Moa Sandin 920206\u00a0R470", detect.SwedishPersonnummer, detect.Likely},
		{"Moa Sandin 1992-02-06-R470", detect.SwedishPersonnummer, detect.Likely},
		{"personnummer 1992 02 06 R470", detect.SwedishPersonnummer, detect.Certain},
		{"Moa Sandin 1992 02 06 R471", detect.SwedishPersonnummer, 0},
		{"artikel 920206R470", detect.SwedishPersonnummer, 0},
		{"Moa Sandin 920206R471", detect.SwedishPersonnummer, 0},
	} {
		if got := best(s, prose(c.text), nil)[c.kind]; got != c.want {
			t.Errorf("%q: %s is %v, want %v", c.text, c.kind, got, c.want)
		}
	}
}

func TestAScannerServesSeveralGoroutines(t *testing.T) {
	s := scanner(t)
	segs := prose("Hun er sygemeldt, CPR 070761-4285; anna@x.example, bo@x.example, carl@x.example")
	want := s.Scan(segs, known)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 50 {
				if got := s.Scan(segs, known); !reflect.DeepEqual(got, want) {
					t.Errorf("got %v, want %v", got, want)
				}
			}
		})
	}
	all.Wait()
}

func TestALetterToOnePersonSpeaksOfThatPerson(t *testing.T) {
	expect(t, []expectation{
		{"Kære Anna\n\nDu er sygemeldt med stress.", detect.Health, detect.Likely},
		{"Hej alle\n\nDu er sygemeldt med stress.", detect.Health, detect.Possible},
		{"Kære Anna\n\nHvis du er sygemeldt, så ring.", detect.Health, 0},
	})
}

func TestNumbersFromPicturesAreNeverCertain(t *testing.T) {
	place := detect.Place{{Kind: detect.InPage, Number: 1}}
	typed := detect.Segment{Place: place, Text: "CPR-nummer: 070761-4285"}
	seen := typed
	seen.Recognised = true
	table := detect.Segment{Place: place, Shape: detect.Table, Text: "Navn\tCPR\nAnna Holm\t070761-4285\nBo Ek\t010203-1234", Recognised: true}
	for name, c := range map[string]struct {
		segments []detect.Segment
		want     detect.Confidence
	}{
		"typed": {[]detect.Segment{typed}, detect.Certain}, "in a picture": {[]detect.Segment{seen}, detect.Likely},
		"in a picture of a table": {[]detect.Segment{table}, detect.Likely},
		"both on one page":        {[]detect.Segment{seen, typed}, detect.Certain},
	} {
		for _, f := range scanner(t).Scan(c.segments, nil) {
			if f.Kind == detect.DanishCPR && (f.Confidence != c.want || c.want == detect.Likely && !slices.Contains(f.Evidence, detect.EvidenceRecognised)) {
				t.Errorf("%s: %v", name, f)
			}
		}
	}
}

func TestEveryEvidenceHasOneWord(t *testing.T) {
	seen := map[detect.Evidence]bool{}
	for _, e := range detect.EvidenceWords() {
		if e == "" || seen[e] {
			t.Errorf("%q stands twice or is empty", e)
		}
		seen[e] = true
	}
	if len(seen) > 64 {
		t.Errorf("%d words do not fit a set", len(seen))
	}
}

func TestHostileTextTakesNoLongerThanItsSize(t *testing.T) {
	s := scanner(t)
	for name, unit := range map[string]string{
		"digits": "0", "groups": "1 ", "at signs": "@", "addresses": "a@b.cc ", "full stops": ".", "blanks": ". ", "capitals": "Aa Bb ",
		"tabs": "\t", "lines": "\n", "numbers": "070761-4285 ", "phrases": "hun er sygemeldt ", "quotes": "\"@", "accounts": "konto 1234 567890 ",
		"one word": "sygemeldt", "combining": "a\u0301\u0302", "hyphens": "1-", "passports": "pas A1234567 ", "zones": "P<", "letters": "DK50", "sentences": "Hun er sygemeldt. ",
	} {
		start := time.Now()
		for _, shape := range []detect.Shape{detect.Prose, detect.Table, detect.Label} {
			s.Scan([]detect.Segment{{Shape: shape, Text: strings.Repeat(unit, 1<<18/len(unit))}}, known)
		}
		// What takes the square of its size takes many minutes, not seconds.
		if took := time.Since(start); took > time.Minute {
			t.Errorf("%s: %v for three times 256 KB", name, took)
		} else {
			t.Logf("%s: %v", name, took)
		}
	}
}

func TestCanonicalAddressKnowsOneAddressInManyForms(t *testing.T) {
	for _, a := range []string{
		"anna.holm@forening.example", "Anna.Holm@Forening.Example", "<anna.holm@forening.example>", "Anna Holm <anna.holm@forening.example>",
		`"anna.holm"@forening.example`, "anna.holm+tr@forening.example", "anna.holm(TR)@forening.example", "(x) anna.holm@forening.example (y)",
		"@relay.example,@b.example:anna.holm@forening.example", "anna.holm@forening.example.", "ａｎｎａ.holm＠forening.example", "mailto:anna.holm@forening.example",
		"anna . holm @ forening.example", `"Holm, Anna" <anna.holm@forening.example> (work)`, "anna\u00ad.holm@forening.example", `"anna\.holm"@forening.example`,
	} {
		if got, ok := detect.CanonicalAddress(a); !ok || got != "anna.holm@forening.example" {
			t.Errorf("%q: got %q, %v", a, got, ok)
		}
	}
	for a, want := range map[string]string{
		"bo@blåbær.example": "bo@xn--blbr-roah.example", "BO@XN--BLBR-ROAH.example": "bo@xn--blbr-roah.example", `"a b"@x.example`: `"a b"@x.example`, "søren@x.example": "søren@x.example",
	} {
		if got, ok := detect.CanonicalAddress(a); !ok || got != want {
			t.Errorf("%q: got %q, %v", a, got, ok)
		}
	}
	for _, a := range []string{"", "anna", "@x.example", "a@", "a@b@", "a b@x.example", "x: a@x.example, b@x.example;", "a@x.example, b@x.example", "a@x..example", `"a@x.example`, "<a@x.example"} {
		if got, ok := detect.CanonicalAddress(a); ok && a != "<a@x.example" {
			t.Errorf("%q: is an address, %q", a, got)
		}
	}
}

func TestAddressesStandInRunningText(t *testing.T) {
	got := detect.Addresses("Skriv til anna@x.example, 'bo@y.example' eller <mailto:c.d+e@z.example>; ikke a@b eller @home. mail=kim@x.example.")
	want := []string{"anna@x.example", "bo@y.example", "c.d+e@z.example", "kim@x.example"}
	if len(got) != len(want) {
		t.Fatalf("got %q, want %q", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("got %q, want %q", got[i], want[i])
		}
	}
}
