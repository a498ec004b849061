package policy_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"postvern.example/policy"
	"postvern.example/policy/strict"
)

var update = flag.Bool("update", false, "write the expected files anew")

// golden compares got with a file, or writes it.
func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", file, got, want)
	}
}

func example(t testing.TB) (*policy.Policy, []byte) {
	t.Helper()
	src, err := os.ReadFile("../configs/policy.yaml")
	if err != nil {
		t.Fatal(err)
	}
	p, err := policy.Load("policy.yaml", src)
	if err != nil {
		t.Fatal(err)
	}
	return p, src
}

const head = "version: 1\norganisation: Forening\ncontact: dpo@forening.example\n"

func load(t testing.TB, src string) *policy.Policy {
	t.Helper()
	p, err := policy.Load("policy.yaml", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestABadPolicyIsRefusedWithPlaceReasonAndRemedy(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			p, err := policy.Load("policy.yaml", src)
			var all strict.Errors
			if p != nil || !errors.As(err, &all) {
				t.Fatalf("accepted, or no list of faults: %v", err)
			}
			golden(t, strings.TrimSuffix(file, ".yaml")+".txt", err.Error()+"\n")
		})
	}
}

func TestTheExampleLoadsAndIsWhatHoldsForKeysLeftOut(t *testing.T) {
	p, _ := example(t)
	q := load(t, "version: 1\norganisation: Dansk Psykolog Forening\ncontact: dpo@forening.example\npeople:\n  union: [\"*@forening.example\"]\n  employer: [\"*@region.example\"]\n")
	if len(p.Hash) != 64 || p.Hash == q.Hash {
		t.Errorf("hashes %s and %s", p.Hash, q.Hash)
	}
	q.Hash = p.Hash
	if !reflect.DeepEqual(p, q) {
		t.Errorf("the example is\n%+v\nthe defaults are\n%+v", p, q)
	}
}

func TestKeysReplaceTheirDefaultsOneByOne(t *testing.T) {
	p := load(t, head+"recipients: {from: 3}\npersonal-data: []\nheld: {keep: 2w}\n")
	if p.Recipients.From != 3 || p.Recipients.Beside != policy.BesideNote || len(p.Rules) != 0 || p.Held.Keep.String() != "14d" {
		t.Errorf("%+v", p)
	}
}

func TestRulesHaveTheirOwnDefaults(t *testing.T) {
	p := load(t, head+"personal-data:\n  - {name: 010, detect: [dk-cpr], do: encrypt}\n")
	if r := p.Rules[0]; r.Name != "010" || r.Confidence.String() != "likely" || r.WithoutKey != policy.DoHold || r.Severity != policy.Medium {
		t.Errorf("%+v", r)
	}
}

func TestPatternsMatchAddressesHoweverTheyAreWritten(t *testing.T) {
	for _, c := range []struct {
		pattern string
		yes, no []string
	}{
		{"*@forening.example", []string{"A@Forening.Example", "\"a\"@forening.example", "Anna <a+b@forening.example>"}, []string{"a@x.forening.example", "a@forening.example.evil.example", "forening.example", "", "a@xforening.example"}},
		{"*@*.forening.example", []string{"a@x.forening.example", "a@y.x.forening.example"}, []string{"a@forening.example", "a@xforening.example"}},
		{"Anna.Holm@forening.example", []string{"anna.holm@FORENING.example"}, []string{"bo@forening.example"}},
		{"*@blåbær.example", []string{"a@xn--blbr-roah.example", "a@BLÅBÆR.example"}, []string{"a@blabaer.example"}},
	} {
		p, ok := policy.ParsePattern(c.pattern)
		if !ok || p.String() != c.pattern {
			t.Fatalf("%s is refused", c.pattern)
		}
		for _, a := range c.yes {
			if !p.Matches(a) {
				t.Errorf("%s does not match %s", c.pattern, a)
			}
		}
		for _, a := range c.no {
			if p.Matches(a) {
				t.Errorf("%s matches %s", c.pattern, a)
			}
		}
	}
	if (policy.Pattern{}).Matches("a@b.example") {
		t.Error("the empty pattern matches")
	}
}

func FuzzLoad(f *testing.F) {
	_, src := example(f)
	f.Add(src)
	files, _ := filepath.Glob("testdata/bad/*.yaml")
	for _, file := range files {
		if src, err := os.ReadFile(file); err == nil {
			f.Add(src)
		}
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		p, err := policy.Load("f", src)
		if (p == nil) == (err == nil) {
			t.Fatal("both or neither of policy and error")
		}
		if err != nil {
			return
		}
		q, err := policy.Load("f", src)
		if err != nil || !reflect.DeepEqual(p, q) {
			t.Fatalf("two readings differ: %v", err)
		}
		for _, l := range policy.Languages() {
			for _, s := range p.Sentences(l) {
				if strings.TrimSpace(s) == "" || strings.ContainsAny(s, "\n\x00") || strings.Contains(s, "%!") {
					t.Fatalf("a sentence is %q", s)
				}
			}
		}
		p.Warnings("da")
		p.Decide(policy.Facts{Sender: policy.Sender{Role: true}, Subject: "x", Recipients: []policy.Recipient{{Address: "a@b.example", Member: true}}})
	})
}
