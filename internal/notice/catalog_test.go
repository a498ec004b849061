package notice

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"postvern.example/policy"
	"postvern.example/policy/detect"
	"postvern.example/proxy/extract"
	"postvern.example/proxy/message"
)

func load(t testing.TB) *Catalog {
	t.Helper()
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestFiveLanguagesAreThere(t *testing.T) {
	if got := load(t).Languages(); !slices.Equal(got, []string{"da", "en", "nb", "nn", "sv"}) {
		t.Errorf("languages %v", got)
	}
}

func TestEveryWordThatCodeAsksForIsInEveryLanguage(t *testing.T) {
	var keys []string
	add := func(section string, names ...string) {
		for _, n := range names {
			keys = append(keys, section+"."+n)
		}
	}
	for _, k := range detect.Kinds() {
		add("kind", string(k))
		add("found", string(k))
	}
	for _, k := range stepKinds(t) {
		add("place", k)
	}
	for _, label := range append(message.Formats(), extract.Formats()...) {
		if !slices.Contains(properNames(), label) {
			add("label", label)
		}
	}
	add("rule", policy.BuiltinRules()...)
	for _, cause := range Causes() {
		add("refusal", string(cause))
	}
	for _, end := range Ends() {
		add("outcome", string(end)+"-subject", string(end)+"-what", string(end)+"-why", string(end)+"-do")
	}
	for _, l := range policy.Likenesses() {
		add("question", string(l))
	}
	for _, choice := range append(AboutRecipient.Choices(), AboutKey.Choices()...) {
		add("question", "choice-"+string(choice))
		add("page", "button-"+string(choice))
	}
	for _, told := range []Told{ToldConfirmed, ToldWithdrawn, ToldKept, ToldCoded, ToldAsked, ToldDecided, ToldOver, ToldUnknown, ToldTrouble, ToldChoose} {
		add("page", string(told))
	}
	add("verdict", string(policy.Pass), string(policy.Seal), string(policy.Hold), string(policy.Reject))
	add("severity", string(policy.Low), string(policy.Medium), string(policy.High))
	add("mode", string(policy.Enforce), string(policy.Observe))
	add("action", "note", "encrypt", "ask", "hold", "reject", "password")
	add("confidence", detect.Possible.String(), detect.Likely.String(), detect.Certain.String())
	for _, k := range policy.KeyStates() {
		add("key-state", string(k))
	}
	for _, e := range entryTypes() {
		add("type", string(e))
		add("record", string(e))
	}
	for _, e := range append(detect.EvidenceWords(), extract.Reasons()...) {
		add("evidence", string(e))
	}
	c := load(t)
	for _, lang := range c.Languages() {
		for _, key := range keys {
			if w, ok := c.Word(lang, key); !ok || strings.TrimSpace(w) == "" {
				t.Errorf("%s: %s is missing", lang, key)
			}
		}
	}
}

// properNames are the labels that every language writes the same.
func properNames() []string {
	return []string{"Access", "Excel", "HTML", "JSON", "OneNote", "OpenDocument", "PDF", "PowerPoint", "Project", "Publisher", "RTF", "Visio", "Word", "XML"}
}

// stepKinds reads the kinds of step out of the source that names them.
func stepKinds(t *testing.T) []string {
	t.Helper()
	src, err := os.ReadFile(filepath.Join("..", "..", "policy", "detect", "finding.go"))
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, m := range regexp.MustCompile(`StepKind += "([a-z]+)"`).FindAllStringSubmatch(string(src), -1) {
		kinds = append(kinds, m[1])
	}
	if len(kinds) < 14 || !slices.Contains(kinds, string(detect.InStructure)) {
		t.Fatalf("kinds of step: %q", kinds)
	}
	return kinds
}

func entryTypes() []policy.EntryType {
	return []policy.EntryType{
		policy.EntryVisible, policy.EntryBeside, policy.EntryPersonal,
		policy.EntryOverride, policy.EntryDropped, policy.EntryFailed, policy.EntryUnusual, policy.EntryAnswer,
	}
}

func TestNoLabelThatIsAWordIsShownInEnglish(t *testing.T) {
	c := load(t)
	for _, lang := range []string{"da", "nb", "nn", "sv"} {
		for _, label := range []string{"table", "image", "encrypted", "key", "archive", "other"} {
			place := c.Place(lang, detect.Place{{Kind: detect.InAttachment, Number: 1, Label: label}})
			if strings.Contains(place, "("+label+")") {
				t.Errorf("%s: %s", lang, place)
			}
		}
		place := c.Place(lang, detect.Place{{Kind: detect.InAttachment, Number: 1, Label: "PDF"}, {Kind: detect.InPage, Number: 2}})
		if !strings.Contains(place, " 1 (PDF), ") {
			t.Errorf("%s: %s", lang, place)
		}
	}
}

func TestARuleOfNoFileIsCalledByWords(t *testing.T) {
	c := load(t)
	for _, lang := range c.Languages() {
		for _, rule := range policy.BuiltinRules() {
			_, held := c.Notice(Notice{Letter: letter(lang), Held: 1, Rules: []string{rule}})
			_, waiting := c.Waiting(Waiting{Letter: letter(lang), Held: 1, Rules: []string{rule}})
			refusal := c.Refusal(Refusal{Language: lang, Cause: CausePolicy, Rule: rule})
			for _, text := range []string{held, waiting, refusal} {
				if word := c.Rule(lang, rule); !strings.Contains(text, word) || strings.Contains(text, rule) {
					t.Errorf("%s: %s is not called %q in %s", lang, rule, word, text)
				}
			}
		}
		if got := c.Rule(lang, "sy\u202egdom\n"); got != "sy gdom" {
			t.Errorf("%s: the policy's own name became %q", lang, got)
		}
	}
}

// allTexts returns all texts, by language and key.
func allTexts(t *testing.T) map[string]map[string]text {
	t.Helper()
	all := map[string]map[string]text{}
	for lang, texts := range load(t).texts {
		all[lang] = texts()
	}
	return all
}

// check compares each language with English.
func check(all map[string]map[string]text) error {
	model := all[fallback]
	for _, lang := range slices.Sorted(maps.Keys(all)) {
		if lang == fallback {
			continue
		}
		for _, key := range slices.Sorted(maps.Keys(all[lang])) {
			if _, ok := model[key]; !ok {
				return fmt.Errorf("%s: %s has no counterpart in %s", lang, key, fallback)
			}
		}
		for _, key := range slices.Sorted(maps.Keys(model)) {
			t, ok := all[lang][key]
			switch {
			case !ok:
				return fmt.Errorf("%s: %s is missing", lang, key)
			case (t.one == "") != (model[key].one == ""):
				return fmt.Errorf("%s: %s has a plural in one language only", lang, key)
			case !slices.Equal(holes(t.other), holes(model[key].other)):
				return fmt.Errorf("%s: %s has placeholders %v, not %v", lang, key, holes(t.other), holes(model[key].other))
			}
		}
	}
	return nil
}

func holes(s string) []string {
	return slices.Compact(slices.Sorted(slices.Values(placeholder.FindAllString(s, -1))))
}

func TestEveryLanguageHasTheSameTexts(t *testing.T) {
	all := allTexts(t)
	if err := check(all); err != nil {
		t.Error(err)
	}
	if len(all) != len(policy.Languages()) || len(all[fallback]) < 100 {
		t.Errorf("%d languages, %d texts", len(all), len(all[fallback]))
	}
}

func TestTheSingularHasThePluralsPlaceholdersButForTheNumber(t *testing.T) {
	for lang, texts := range allTexts(t) {
		for key, entry := range texts {
			if entry.one == "" {
				if slices.Contains(holes(entry.other), "{count}") {
					t.Errorf("%s: %s counts without a singular", lang, key)
				}
				continue
			}
			without := func(s string) []string {
				return slices.DeleteFunc(holes(s), func(h string) bool { return h == "{count}" })
			}
			if !slices.Equal(without(entry.one), without(entry.other)) {
				t.Errorf("%s: %s: singular %v, plural %v", lang, key, holes(entry.one), holes(entry.other))
			}
		}
	}
}

func TestTheTwoNorwegiansAreTwoLanguages(t *testing.T) {
	all := allTexts(t)
	same := 0
	for key, entry := range all["nb"] {
		if entry == all["nn"][key] {
			same++
		}
	}
	if total := len(all["nb"]); same*3 > total {
		t.Errorf("%d of %d texts are the same in nb and nn", same, total)
	}
	for _, key := range []string{"notice.did-held", "refusal.sender", "notice.do-held"} {
		if all["nb"][key] == all["nn"][key] {
			t.Errorf("%s is the same in nb and nn", key)
		}
	}
}

func TestEachLanguageUsesItsOwnTerms(t *testing.T) {
	texts := allTexts(t)
	for lang, terms := range map[string][]string{
		"da": {"afvigelse", "databeskyttelsesrådgiver", "CPR-nummer", "tillidsrepræsentant"},
		"nb": {"avvik", "personvernombud", "fødselsnummer", "tillitsvalgt"},
		"nn": {"avvik", "personvernombod", "fødselsnummer", "tillitsvald", "ikkje"},
		"sv": {"avvikelse", "dataskyddsombud", "personnummer", "förtroendevald"},
		"en": {"deviation", "data protection officer", "representative"},
	} {
		var all strings.Builder
		for _, entry := range texts[lang] {
			all.WriteString(entry.one + "\n" + entry.other + "\n")
		}
		for _, term := range terms {
			if !strings.Contains(all.String(), term) {
				t.Errorf("%s lacks %q", lang, term)
			}
		}
	}
}

func TestALanguageIsFoundHoweverItsTagIsWritten(t *testing.T) {
	c := load(t)
	for tag, want := range map[string]string{
		"da": "da", "da-DK": "da", "NO": "nb", "nb_NO": "nb", "nn-NO": "nn", "sv-FI": "sv", "en-GB": "en", "": "en", "tlh": "en", " sv ": "sv",
	} {
		if got := c.Language(tag); got != want {
			t.Errorf("%q: %s, want %s", tag, got, want)
		}
	}
}

func TestACatalogWithAGapIsRefused(t *testing.T) {
	for name, damage := range map[string]func(map[string]text){
		"a key is missing":        func(m map[string]text) { delete(m, "notice.why") },
		"a key is too many":       func(m map[string]text) { m["notice.more"] = text{other: "x"} },
		"a plural is missing":     func(m map[string]text) { m["notice.did-held"] = text{other: "{count} x"} },
		"a placeholder is wrong":  func(m map[string]text) { m["notice.why"] = text{other: "Det {grund}."} },
		"a placeholder is absent": func(m map[string]text) { m["detail.reference"] = text{other: "Reference"} },
	} {
		t.Run(name, func(t *testing.T) {
			all := allTexts(t)
			damage(all["sv"])
			if err := check(all); err == nil || !strings.HasPrefix(err.Error(), "sv: ") {
				t.Errorf("got %v, want an error that names sv", err)
			}
		})
	}
	for _, file := range []string{"a: ", "a: {one: x, other: }", "a: {one: x, other: y, few: z}", "a: [x]", "a: 1", "a: {one: x"} {
		if _, err := parse([]byte(file)); err == nil {
			t.Errorf("%q was read", file)
		}
	}
}

func TestAnUnknownWordComesBackItself(t *testing.T) {
	c := load(t)
	if got := c.Evidence("da", "brand-new"); got != "brand-new" {
		t.Error(got)
	}
	if got := c.Kind("nb", "new-kind"); got != "new-kind" {
		t.Error(got)
	}
	if got := c.Place("sv", detect.Place{{Kind: "cave", Number: 3, Label: "X"}}); got != "cave 3 (X)" {
		t.Error(got)
	}
	if _, ok := c.Word("da", "no.such"); ok {
		t.Error("no.such has a word")
	}
}
