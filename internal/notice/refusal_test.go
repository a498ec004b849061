package notice

import (
	"strings"
	"testing"
	"unicode/utf8"

	"postvern.example/policy"
	"postvern.example/policy/detect"
)

func TestAReplyFitsOneLineOfSMTP(t *testing.T) {
	c := load(t)
	var many []detect.Finding
	for i, k := range detect.Kinds() {
		many = append(many, detect.Finding{Kind: k, Count: 2, Place: detect.Place{{Kind: detect.InAttachment, Number: i + 1, Label: "PDF"}, {Kind: detect.InProperties}}})
	}
	for _, lang := range c.Languages() {
		all := refusals(lang)
		for _, findings := range [][]detect.Finding{nil, sample, many} {
			for _, key := range []policy.KeyState{"", policy.KeyNone} {
				all = append(all, Refusal{
					Language: lang, Cause: CausePolicy, Rule: strings.Repeat("ærøå\r\n", 200), Findings: findings, Key: key,
					Contact: strings.Repeat("å", 400), Reference: "PV-7K3F9Q",
				})
			}
		}
		for _, r := range all {
			line := c.Refusal(r)
			folded := Fold(line)
			if len(line) > 400 || len(folded) > 400 {
				t.Errorf("%s %s: %d octets, %d folded", lang, r.Cause, len(line), len(folded))
			}
			if strings.ContainsAny(line, "\r\n\t\x00") || !utf8.ValidString(line) {
				t.Errorf("%s %s: %q is not one clean line", lang, r.Cause, line)
			}
			if r.Reference != "" && !strings.Contains(line, r.Reference) {
				t.Errorf("%s %s: the reference is lost: %s", lang, r.Cause, line)
			}
		}
	}
}

func TestAnUnknownCauseIsOurOwnError(t *testing.T) {
	c := load(t)
	if got, want := c.Refusal(Refusal{Language: "da", Cause: "no-such"}), c.Refusal(Refusal{Language: "da", Cause: CauseTemporary}); got != want {
		t.Error(got)
	}
}

func TestWhatAnAdministratorWroteCannotBreakTheReply(t *testing.T) {
	c := load(t)
	got := c.Refusal(Refusal{Language: "en", Cause: CausePolicy, Rule: "a\r\n250 ok {contact}\x00\u202e", Contact: "x\r\nDATA"})
	if strings.ContainsAny(got, "\r\n\x00\u202e") || !strings.Contains(got, `"a 250 ok {contact}"`) {
		t.Errorf("%q", got)
	}
}

func TestFoldMakesNordicLettersReadable(t *testing.T) {
	for in, want := range map[string]string{
		"Blåbærgrød på Ærø, Ålesund": "Blaabaergroed paa Aeroe, Aalesund",
		"Förtroendevald är på väg":   "Fortroendevald ar paa vag",
		"a\u030a e\u0301":            "aa e",
		"Þór Guðmundsson – «já»":     `Thor Gudmundsson - "ja"`,
		"Åland café naïve Łódź":      "Aaland cafe naive Lodz",
		"1\u00a0000 €…":              "1 000 EUR...",
		"日本\r\n\x00x":                "??   x",
		"æ\xff":                      "ae?",
		"soft\u00adhyphen\u200b":     "softhyphen",
	} {
		if got := Fold(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func FuzzFold(f *testing.F) {
	for _, s := range []string{"æøå", "ﬁ½…", "\xff\xfe", "a\u030a", "ﷺ"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := Fold(s)
		for i := range len(got) {
			if got[i] < ' ' || got[i] > '~' {
				t.Fatalf("%q: %q", s, got)
			}
		}
		if len(got) > len(s) {
			t.Fatalf("%q grew to %q", s, got)
		}
	})
}
