package policy

import (
	"slices"
	"strings"
	"testing"

	"postvern.example/policy/detect"
)

func TestKeysAreLookedUpWhereTheyChangeWhatBecomesOfAMail(t *testing.T) {
	const head = "version: 1\norganisation: F\ncontact: dpo@forening.example\nkey-sources: [folder, wkd]\npersonal-data:\n"
	number := []detect.Finding{{Kind: "dk-cpr", Confidence: detect.Certain, Place: detect.Place{{Kind: detect.InBody}}}}
	mette, bo, eva := Recipient{Address: "mette@post.example", Member: true, LookUp: true}, Recipient{Address: "bo@post.example", Member: true, Key: KeyUsable}, Recipient{Address: "eva@region.example", LookUp: true}
	for name, c := range map[string]struct {
		rules string
		mode  string
		to    []Recipient
		found []detect.Finding
		want  []int
	}{
		"a reader without a key": {rules: "- {name: n, detect: [dk-cpr], do: encrypt}", to: []Recipient{mette, bo}, found: number, want: []int{0}},
		"two of them":            {rules: "- {name: n, detect: [dk-cpr], do: encrypt, without-key: reject}", to: []Recipient{mette, bo, eva}, found: number, want: []int{0, 2}},
		"nothing was found":      {rules: "- {name: n, detect: [dk-cpr], do: encrypt}", to: []Recipient{mette}},
		"a weaker step":          {rules: "- {name: n, detect: [dk-cpr], do: encrypt, protection: [openpgp, tls]}", to: []Recipient{{Address: "mette@post.example", Member: true, LookUp: true, TLS: true}}, found: number, want: []int{0}},
		"a ladder without it":    {rules: "- {name: n, detect: [dk-cpr], do: encrypt, protection: [smime, hold]}", to: []Recipient{mette}, found: number},
		"held in any case":       {rules: "- {name: n, detect: [dk-cpr], do: encrypt}\n- {name: h, detect: [dk-cpr], do: hold}", to: []Recipient{mette}, found: number},
		"refused in any case":    {rules: "- {name: n, detect: [dk-cpr], do: encrypt}\n- {name: r, detect: [dk-cpr], do: reject, to: [\"*@region.example\"]}", to: []Recipient{mette, eva}, found: number},
		"one whom nobody can look up refuses all": {
			rules: "- {name: n, detect: [dk-cpr], do: encrypt, without-key: reject}", to: []Recipient{mette, {Address: "ib@post.example"}}, found: number,
		},
		"only observed":        {rules: "- {name: n, detect: [dk-cpr], do: encrypt}", mode: "mode: observe\n", to: []Recipient{mette}, found: number},
		"no rule for a reader": {rules: "- {name: n, detect: [dk-cpr], do: encrypt, except: [members]}", to: []Recipient{mette}, found: number},
	} {
		p, err := Load("policy.yaml", []byte(c.mode+head+c.rules+"\n"))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		f := Facts{Recipients: c.to, Findings: c.found, Sender: Sender{Role: true}}
		if got := p.Wanted(f); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, not %v", name, got, c.want)
		}
	}
}

func TestSourcesOfKeysAreReadAloudWhereTheyAreOthersThanUsual(t *testing.T) {
	base := "version: 1\norganisation: F\ncontact: dpo@forening.example\n"
	for written, want := range map[string][2]string{
		"": {"", "the folder of keys"},
		"key-sources: [folder, added, autocrypt]\n": {"", "the folder of keys"},
		"key-sources: [added]\n":                    {"Readers' keys are taken from keys that somebody has added.", "Servers outside"},
		"key-sources: [folder, wkd, vks]\n":         {"Readers' keys are taken from the folder of keys, the web server of the reader's domain and the key server. Servers outside that are asked for a key learn whom", "added"},
	} {
		p, err := Load("policy.yaml", []byte(base+written))
		if err != nil {
			t.Fatal(err)
		}
		said := strings.Join(p.Sentences("en"), " ")
		if !strings.Contains(said, want[0]) || strings.Contains(said, want[1]) {
			t.Errorf("%s: %s", written, said)
		}
		for _, lang := range Languages() {
			if n := len(p.Sentences(lang)); n != len(p.Sentences("en")) {
				t.Errorf("%s has %d sentences", lang, n)
			}
		}
	}
	for written, want := range map[string]string{
		"key-sources: [folder, web]\n": "policy.yaml:4:23",
		"key-sources: []\n":            "nobody has a key",
		"key-sources: [wkd, wkd]\n":    "stands here a second time",
	} {
		if _, err := Load("policy.yaml", []byte(base+written)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", written, err)
		}
	}
}
