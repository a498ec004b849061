package notice

import (
	"strings"
	"testing"

	"postvern.example/policy"
	"postvern.example/policy/detect"
)

// entries are one of each type, caught and gone out, for one and for many.
func entries() []policy.Entry {
	var all []policy.Entry
	for _, typ := range entryTypes() {
		for _, near := range []bool{true, false} {
			for _, count := range []int{1, 12} {
				all = append(all, policy.Entry{Type: typ, Action: policy.Pass, NearMiss: near, Count: count})
			}
		}
	}
	for _, action := range []policy.Action{policy.Pass, policy.Seal, policy.Hold, policy.Reject} {
		all = append(all, policy.Entry{Type: policy.EntryPersonal, Action: action, NearMiss: true, Findings: sample, Count: 1})
	}
	for _, near := range []bool{true, false} {
		all = append(all, policy.Entry{Type: policy.EntryPersonal, Action: policy.Hold, NearMiss: near, Findings: sample[3:], Count: 1})
	}
	return all
}

func TestARecordIsWholeSentencesInEveryLanguage(t *testing.T) {
	c := load(t)
	for _, lang := range append(c.Languages(), "fr", "") {
		for _, e := range entries() {
			for _, action := range []policy.Action{policy.Pass, policy.Seal, policy.Hold, policy.Reject} {
				for _, count := range []int{0, 1, 12} {
					for _, observed := range []bool{false, true} {
						e.Action, e.Count = action, count
						description, measures := c.Record(lang, e, observed)
						both := description + measures
						if !strings.HasSuffix(description, ".") || !strings.HasSuffix(measures, ".") || strings.ContainsAny(both, "{}") ||
							strings.Contains(both, "record.") {
							t.Errorf("%s %s %s n=%d: %q %q", lang, e.Type, action, count, description, measures)
						}
					}
				}
			}
		}
	}
}

func TestARecordNamesEachKindOnceWithItsPlacesAndNoNames(t *testing.T) {
	c := load(t)
	entry := policy.Entry{Type: policy.EntryPersonal, Action: policy.Seal, NearMiss: true, Findings: sample, Count: 1}
	for lang, want := range map[string]string{
		"da": "Der blev fundet beskyttede personoplysninger i en mail, før den blev sendt. Fundet: CPR-numre [vedhæftning 2 (PDF), side 2], helbredsoplysninger [mailens tekst], ",
		"sv": "Skyddade personuppgifter hittades i ett mejl innan det skickades. Hittat: danska CPR-nummer [bilaga 2 (PDF), sida 2], uppgifter om hälsa [mejlets text], ",
		"nn": "Det vart funne verna personopplysningar i ein e-post før han vart send. Funne: danske CPR-nummer [vedlegg 2 (PDF), side 2], helseopplysningar [teksten i e-posten], ",
	} {
		description, _ := c.Record(lang, entry, false)
		if !strings.HasPrefix(description, want) {
			t.Errorf("%s:\n%s\n%s", lang, description, want)
		}
		if strings.Contains(description, "Jensen") {
			t.Errorf("%s: a file name got into the register", lang)
		}
	}
}

func TestWhatCouldNotBeReadIsNotCalledPersonalData(t *testing.T) {
	c := load(t)
	for lang, word := range map[string]string{"da": "personoplysning", "nb": "personopplysning", "nn": "personopplysning", "sv": "personuppgift", "en": "ersonal data"} {
		for _, near := range []bool{true, false} {
			e := policy.Entry{Type: policy.EntryPersonal, Action: policy.Hold, NearMiss: near, Findings: sample[3:], Count: 1}
			if description, _ := c.Record(lang, e, false); strings.Contains(description, word) {
				t.Errorf("%s: %s", lang, description)
			}
			e.Findings = sample
			if description, _ := c.Record(lang, e, false); !strings.Contains(description, word) {
				t.Errorf("%s: %s", lang, description)
			}
		}
	}
}

func TestWhatWasOnlyObservedWentOut(t *testing.T) {
	description, measures := load(t).Record("da", policy.Entry{Type: policy.EntryVisible, Action: policy.Hold, NearMiss: true, Count: 11}, true)
	if description != "En mail viste 11 medlemmer hinandens adresser." || measures != "Reglerne er kun på prøve: mailen blev sendt uændret." {
		t.Errorf("%q %q", description, measures)
	}
}

func TestAPlaceOfTheRegisterIsSaidInWords(t *testing.T) {
	texts := load(t)
	for text, want := range map[string]string{
		"body (text)":                "mailens tekst",
		"header (Subject)":           "emnet",
		"attachment 2 (PDF), page 3": texts.Place("da", detect.Place{{Kind: detect.InAttachment, Number: 2, Label: "PDF"}, {Kind: detect.InPage, Number: 3}}),
		"somewhere else entirely":    "somewhere else entirely",
	} {
		if got := texts.PlaceText("da", text); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}
