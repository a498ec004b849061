package policy_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"postvern.example/policy"
	"postvern.example/policy/detect"
)

func TestThePolicyCanBeReadAloudInEachLanguage(t *testing.T) {
	p, _ := example(t)
	for _, l := range policy.Languages() {
		golden(t, "testdata/sentences/"+l+".txt", strings.Join(p.Sentences(l), "\n")+"\n")
	}
}

func TestEveryChoiceOfEveryKeyHasItsSentence(t *testing.T) {
	kinds := make([]string, 0, len(detect.Kinds()))
	for _, k := range detect.Kinds() {
		kinds = append(kinds, string(k))
	}
	all := "[" + strings.Join(kinds, ", ") + "]"
	seen := map[string]map[string]bool{}
	for _, body := range []string{
		"mode: observe\nscope: all\nrecipients: {hide: everyone, from: 1, beside: leave, as: individual, invitations: leave, quoted: leave}\nsubject: {on: always}\nheld: {keep: 1d}\ndeviations: {follow-up: 1h, keep: 1y}\n",
		"recipients: {hide: members, from: 1, beside: hide, invitations: hold, quoted: hold}\nsubject: {on: never}\npersonal-data: []\nheld: {keep: 36h}\ndeviations: {follow-up: 90m, keep: 10s}\n",
		"recipients: {hide: everyone}\nsubject: {on: personal-data}\nheld: {keep: 500ms}\npersonal-data:\n  - {name: a, detect: " + all + ", do: note, confidence: possible, severity: low}\n  - {name: b, detect: [iban], do: reject, confidence: certain, severity: high}\n  - {name: c, detect: [iban], do: hold}\n",
		"terms:\n  - {kind: health, add: [rygskade, ryggskade], mute: [stresstest]}\n  - {kind: salary, add: [løntrin]}\n",
		"personal-data:\n  - {name: a, detect: [protected, unscannable], strength: weak, to: [self, union, members, representatives, employer, others, \"x@y.example\"], do: note}\n  - {name: b, detect: [protected], strength: strong, except: union, do: note}\n",
		"terms:\n  - {mute: [stresstest, stress]}\n",
	} {
		p := load(t, head+body)
		for _, l := range policy.Languages() {
			if seen[l] == nil {
				seen[l] = map[string]bool{}
			}
			for _, s := range p.Sentences(l) {
				if s == "" || strings.Contains(s, "%!") || strings.Contains(s, "  ") || !strings.HasSuffix(s, ".") {
					t.Errorf("%s: %q", l, s)
				}
				seen[l][s] = true
			}
		}
	}
	for l, all := range seen {
		if len(all) != len(seen["en"]) {
			t.Errorf("%s has %d different sentences, en has %d", l, len(all), len(seen["en"]))
		}
	}
	if !seen["en"]["Held mail waits for 36 hours; then it is dropped, which is recorded."] || !seen["da"]["Nogen skal se på hver afvigelse inden for 1 time."] {
		t.Error("a span of time is said wrongly")
	}
}

func TestWarningsNameWhatWasProbablyNotMeant(t *testing.T) {
	p, _ := example(t)
	if w := p.Warnings("en"); len(w) > 0 {
		t.Errorf("the example has warnings: %q", w)
	}
	for body, want := range map[string]string{
		"people: {}\n":                          "people.union is empty: the union's own office counts as anybody else",
		"recipients: {from: 1, beside: hide}\n": "recipients.beside changes nothing: from: 1 hides the first member already",
		"recipients: {from: 12}\n":              "recipients.from is 12: up to 11 members see each other's addresses",
		"people: {union: [\"*@a.example\"], employer: [\"boss@a.example\"]}\n":                                               "people: *@a.example is the union's and boss@a.example the employer's: who fits both counts as the union",
		"people: {union: [\"*@*.a.example\"], employer: [\"*@b.a.example\"]}\n":                                              "people: *@*.a.example is the union's and *@b.a.example the employer's: who fits both counts as the union",
		"codes: [standing, sms]\nprotection: [document, hold]\npersonal-data:\n  - {name: a, detect: [iban], do: encrypt}\n": "codes has no notice: where a text message cannot be sent, the document is with its reader, nobody can open it, and its sender has to send the mail again",
		"personal-data: []\n":           "personal-data is empty: nothing is searched for, and only what cannot be read is held",
		"deviations: {follow-up: 4d}\n": "deviations.follow-up is 96h: the authority has to hear of a breach within 72 hours (GDPR art. 33)",
		"mode: observe\n":               "mode is observe: nothing is mended, held or refused",
		"personal-data:\n  - {name: a, detect: [iban, health], do: hold}\n  - {name: b, detect: [iban], do: encrypt}\n": "personal-data: the rule \"b\" never changes a verdict: \"a\" asks for as much of everything that it detects",
		"personal-data:\n  - {name: a, detect: [iban], do: note}\n  - {name: b, detect: [iban], do: note}\n":            "personal-data: the rule \"b\" never changes a verdict: \"a\" asks for as much of everything that it detects",
		"personal-data:\n  - {name: a, detect: [iban], do: hold, without-key: reject}\n":                                "personal-data: without-key of the rule \"a\" has no effect: it does not encrypt",
		"personal-data:\n  - {name: a, detect: [health], do: hold, except: [self, union]}\n":                            "personal-data: health goes to the person whose data it is and the union's office without any rule, and is not recorded",
		"personal-data:\n  - {name: a, detect: [iban], do: hold, to: employer}\n":                                       "personal-data: iban goes to the person whose data it is, members, representatives, the union's office and others without any rule, and is not recorded",
		"personal-data:\n  - {name: a, detect: [member-list], do: note, to: self}\n":                                    "personal-data: the rule \"a\" is for nobody: none of what it detects is known to be one person's",
		"personal-data:\n  - {name: a, detect: [protected], do: note}\n":                                                "personal-data: files that only a password opens are delivered, and no rule names file-password: the password may go along",
		"personal-data:\n  - {name: a, detect: [unscannable], do: note}\n":                                              "personal-data: the rule \"a\" delivers what cannot be read",
	} {
		if w := load(t, head+body).Warnings("en"); !slices.Contains(w, want) {
			t.Errorf("%s warns %q, not of %q", body, w, want)
		}
	}
	q := load(t, head+"personal-data:\n  - {name: a, detect: [iban], do: hold}\n  - {name: b, detect: [iban], do: encrypt, without-key: reject}\n  - {name: c, detect: [iban], do: note, confidence: possible}\n")
	for _, w := range q.Warnings("en") {
		if strings.Contains(w, "never changes") {
			t.Errorf("a rule that matters is called useless: %s", w)
		}
	}
}

func TestAStepWhoseCodeHasNoWayIsNamed(t *testing.T) {
	rule := "personal-data:\n  - {name: a, detect: [iban], do: encrypt, protection: [openpgp, document, hold]}\n"
	for _, c := range []struct {
		codes   string
		texting policy.Texting
		want    string
	}{
		{"[standing, sms, notice]", policy.TextingOff, ""},
		{"[sms]", policy.TextingOn, ""},
		{"[sms]", policy.TextingOff, "no way to any reader: codes has sms and no notice, and postvern.yaml has no sms"},
		{"[sms]", policy.TextingUnknown, "no way to any reader: codes has sms and no notice: that is so unless"},
		{"[standing, sms]", policy.TextingOff, "no way but to a reader with whom one was agreed"},
		{"[standing]", policy.TextingOn, "no way but to a reader with whom one was agreed (postvern codes set): codes has neither notice nor sms"},
	} {
		got := load(t, head+"codes: "+c.codes+"\n"+rule).Codeless("en", c.texting)
		if len(got) > 1 || (len(got) == 0) != (c.want == "") || len(got) == 1 && (!strings.Contains(got[0], c.want) || !strings.Contains(got[0], `the rule "a" has the step document`)) {
			t.Errorf("%s, %d: %q", c.codes, c.texting, got)
		}
	}
	if got := load(t, head+"codes: [sms]\npersonal-data:\n  - {name: a, detect: [iban], do: encrypt, protection: [openpgp, hold]}\n").Codeless("en", policy.TextingOff); len(got) > 0 {
		t.Errorf("no step needs a code: %q", got)
	}
}

func TestEveryWarningIsInEveryLanguage(t *testing.T) {
	verb := regexp.MustCompile(`%\[[0-9]\][ds]`)
	for key, texts := range policy.WarningWords {
		want := slices.Compact(slices.Sorted(slices.Values(verb.FindAllString(texts[4], -1))))
		for i, text := range texts {
			if got := slices.Compact(slices.Sorted(slices.Values(verb.FindAllString(text, -1)))); text == "" || !slices.Equal(got, want) {
				t.Errorf("%s in %s: %q", key, policy.Languages()[i], text)
			}
			if i < 4 && text == texts[4] {
				t.Errorf("%s is English in %s", key, policy.Languages()[i])
			}
		}
	}
	p := load(t, head+"mode: observe\n")
	for lang, want := range map[string]string{"da": "mode er observe: intet rettes, holdes tilbage eller afvises", "nn": "mode er observe: ingenting blir retta, halde tilbake eller avvist"} {
		if got := p.Warnings(lang); !slices.Contains(got, want) {
			t.Errorf("%s: %q", lang, got)
		}
	}
}
