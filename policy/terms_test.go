package policy_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"postvern.example/policy"
	"postvern.example/policy/detect"
	"postvern.example/policy/strict"
)

// found returns the confidence of each kind that a policy's words find.
func found(t *testing.T, p *policy.Policy, text string) map[detect.Kind]detect.Confidence {
	t.Helper()
	s, err := detect.NewScanner(p.Detection())
	if err != nil {
		t.Fatal(err)
	}
	out := map[detect.Kind]detect.Confidence{}
	for _, f := range s.Scan([]detect.Segment{{Place: detect.Place{{Kind: detect.InBody, Label: "text"}}, Text: text}}, nil) {
		out[f.Kind] = max(out[f.Kind], f.Confidence)
	}
	return out
}

const ownTerms = head + `terms:
  - kind: health
    language: da
    add: [rygskade, "hvilehjem*", "nedsat tjenestetid", KOL]
    mute: ["hun er sygemeldt fra kurset"]
  - kind: negotiation
    add: ["Projekt Nordlys", "§ 17-aftale"]
    confidence: certain
  - mute: [gravid]
`

func TestTermsAreLookedForAndMuted(t *testing.T) {
	p := load(t, ownTerms)
	for _, c := range []struct {
		text string
		kind detect.Kind
		want detect.Confidence
	}{
		{"En RYGSKADE.", detect.Health, detect.Likely},
		{"rygskader", detect.Health, 0},
		{"Hvilehjemmet i skoven", detect.Health, detect.Likely},
		{"Hun har talt med lægen om det her nu, og hun får så Nedsat\ntjenestetid fra maj", detect.Health, detect.Likely},
		{"tjenestetid nedsat", detect.Health, 0},
		{"Det er kol, og hun har fået det at vide af lægen.", detect.Health, detect.Likely},
		{"Vi eldar inte med kol och det är bra att vi slutade med det.", detect.Health, 0},
		{"projekt nordlys", detect.Negotiation, detect.Certain},
		{"Det er en § 17-aftale.", detect.Negotiation, detect.Certain},
		{"Hun er sygemeldt fra kurset.", detect.Health, 0},
		{"Hun er sygemeldt.", detect.Health, detect.Likely},
		{"Hun er gravid.", detect.Health, 0},
	} {
		if got := found(t, p, c.text)[c.kind]; got != c.want {
			t.Errorf("%q: %v, want %v", c.text, got, c.want)
		}
	}
}

func TestTheLexiconFolderAddsToThePolicy(t *testing.T) {
	files := []policy.File{
		{Name: "lexicon/a.yaml", Content: []byte("- {kind: salary, add: [løntrin 38]}\n")},
		{Name: "lexicon/b.yml", Content: []byte("terms:\n  - {kind: religion, add: [lægprædikant]}\n")},
		{Name: "lexicon/c.json.yaml", Content: []byte(`[{"kind": "politics", "add": ["byrådskandidat"]}]`)},
		{Name: "lexicon/d.txt", Content: []byte("\uFEFF# own\r\n[class UNIT]\r\nda: afdelingen teamet\r\n[dismissal]\r\nda: ! UNIT ..2 @nedlægges ; ! @lukkeliste\r\n[mute health]\r\nda: @influenza\r\n")},
	}
	p, err := policy.Load("policy.yaml", []byte(head), files...)
	if err != nil {
		t.Fatal(err)
	}
	for text, kind := range map[string]detect.Kind{
		"Løntrin 38 fra maj": detect.Salary, "en lægprædikant": detect.Religion, "byrådskandidat": detect.Politics,
		"Afdelingen bliver nedlægges snart": detect.Dismissal, "lukkeliste": detect.Dismissal,
	} {
		if got := found(t, p, text)[kind]; got != detect.Likely {
			t.Errorf("%q: %v", text, got)
		}
	}
	if got := found(t, p, "Hun har influenza.")[detect.Health]; got != 0 {
		t.Errorf("muted: %v", got)
	}
	bare := load(t, head)
	if bare.Hash == p.Hash {
		t.Error("the words do not count in the hash")
	}
	said := strings.Join(p.Sentences("en"), "\n")
	for _, want := range []string{"salaries (1)", "religion and belief (1)", "in d.txt are looked for"} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is not said in\n%s", want, said)
		}
	}
}

func TestAFaultOfTheLexiconFolderNamesFileLineAndColumn(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"x.yaml", "- {kind: salarie, add: [løntrin]}\n", "lexicon/x.yaml:1:10: [0].kind: `salarie` is no kind of personal data; did you mean `salary`?"},
		{"x.yaml", "terms:\n  - kind: salary\n    ad: [løntrin]\n", "lexicon/x.yaml:3:5: terms[0].ad: unknown key; did you mean `add`?"},
		{"x.yaml", "- {kind: health, add: [rygskade]}\n", "lexicon/x.yaml:1:24: [0].add[0]: `rygskade` stands here a second time, first in policy.yaml on line 5; keep one of them"},
		{"x.yaml", "løntrin\n", "lexicon/x.yaml:1:1: keys and values are expected, `løntrin` is given; known keys here: terms"},
		{"x.yaml", "", "lexicon/x.yaml: the file is empty"},
		{"x.txt", "[helth]\nda: @rygskade\n", "lexicon/x.txt:1:2: `helth` is no kind that words are a sign of; did you mean `health`?"},
		{"x.txt", "[dk-cpr]\nda: @rygskade\n", "lexicon/x.txt:1:2: `dk-cpr` is no kind that words are a sign of; known: health, union-membership, sexuality, ethnicity, politics, religion, criminal-offences, salary, dismissal, negotiation"},
		{"x.txt", "[health]\n\nda: HAVE @rygskade ;  @ab*\n", "lexicon/x.txt:3:23: `ab*` has fewer than four letters before the *"},
		{"x.txt", "[class RYG]\nda: *ryg\n", "lexicon/x.txt:2:5: `*ryg` has fewer than four letters after the *"},
		{"x.txt", "[class RYG]\nda: *rygge*\n", "lexicon/x.txt:2:5: `*rygge*` has a * at both ends"},
		{"x.txt", "[salary]\nda: HAVE @tjener #x\n", "lexicon/x.txt:2:5: `#x` is no number: write #, or #5 for one of five digits or more"},
		{"x.txt", "[health]\nda: @rygskade ; HAWE ..2 @rygskade\n", "lexicon/x.txt:2:17: `HAWE` is no class; did you mean `HAVE`?"},
		{"x.txt", "[health]\nda: rygskade\n", "lexicon/x.txt:2:5: no word is marked with @"},
		{"x.txt", "[health]\nda: @rygskade ..x op\n", "lexicon/x.txt:2:5: `..x` is no gap: write ..3"},
		{"x.txt", "[health]\n@rygskade\n", "lexicon/x.txt:2:1: no languages and colon stand before the words: write `da nb: ...`"},
		{"x.txt", "da: @rygskade\n", "lexicon/x.txt:1:1: no section stands above it: write [health], say, on a line of its own"},
		{"x.txt", "[health\nda: @rygskade\n", "lexicon/x.txt:1:1: the section has no ] at its end"},
		{"x.txt", "[class unit]\nda: x\n", "lexicon/x.txt:1:1: a class has one name in capitals: write [class NAME]"},
		{"x.txt", "[health]\nda: @r\xe6v\n", "lexicon/x.txt: the file is not UTF-8; save it as UTF-8"},
	} {
		p, err := policy.Load("policy.yaml", []byte(head+"terms: [{kind: health, add: [\nrygskade]}]\n"), policy.File{Name: "lexicon/" + c.name, Content: []byte(c.text)})
		var all strict.Errors
		if p != nil || !errors.As(err, &all) || err.Error() != c.want {
			t.Errorf("%q: got\n%v\nwant\n%s", c.text, err, c.want)
		}
	}
}

func TestAThousandTermsAreOneAutomaton(t *testing.T) {
	var b strings.Builder
	b.WriteString(head + "terms:\n  - kind: salary\n    add:\n")
	for i := range 1000 {
		fmt.Fprintf(&b, "      - \"nøgleord%d tillæg\"\n", i)
	}
	p := load(t, b.String())
	if len(p.Terms) != 1000 {
		t.Fatalf("%d terms", len(p.Terms))
	}
	if got := found(t, p, "Hun får Nøgleord999 tillæg.")[detect.Salary]; got != detect.Likely {
		t.Errorf("the last of them: %v", got)
	}
}
