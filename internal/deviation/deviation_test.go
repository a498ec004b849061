package deviation

import (
	"encoding/json"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"postvern.example/policy"
	"postvern.example/policy/detect"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func entryTypes() []policy.EntryType {
	return []policy.EntryType{
		policy.EntryVisible, policy.EntryBeside, policy.EntryPersonal,
		policy.EntryOverride, policy.EntryDropped, policy.EntryFailed,
	}
}

func stepKinds() []detect.StepKind {
	return []detect.StepKind{
		detect.InHeader, detect.InBody, detect.InAttachment, detect.InMessage, detect.InEntry, detect.InName,
		detect.InPage, detect.InSheet, detect.InColumn, detect.InRow, detect.InSlide, detect.InComment,
		detect.InProperties, detect.InStructure,
	}
}

func TestEveryLanguageHasEveryWord(t *testing.T) {
	for _, lang := range Languages() {
		w := dictionary()[lang]
		for _, k := range detect.Kinds() {
			if w.Kinds[k] == "" {
				t.Errorf("%s: no word for kind %s", lang, k)
			}
		}
		for _, k := range stepKinds() {
			if w.Steps[k] == "" {
				t.Errorf("%s: no word for step %s", lang, k)
			}
		}
		for _, typ := range entryTypes() {
			o := w.Descriptions[typ]
			for _, text := range []string{o.Near.One, o.Near.Many, o.Real.One, o.Real.Many} {
				if !strings.HasSuffix(text, ".") {
					t.Errorf("%s: %s has no sentence: %q", lang, typ, text)
				}
			}
		}
		for _, m := range []string{"hidden", "pass", "seal", "hold", "reject", "override", "dropped", "undeliverable", "observe"} {
			if !strings.HasSuffix(w.Measures[m], ".") {
				t.Errorf("%s: no sentence for the measure %s", lang, m)
			}
		}
		if w.OtherKind == "" || !strings.Contains(w.Found, "{what}") || w.Labels["text"] == "" || w.Labels["other"] == "" {
			t.Errorf("%s: other_kind, found or labels are missing", lang)
		}
	}
}

func TestNoTextIsLeftWithAPlaceholderOrWithoutWords(t *testing.T) {
	for _, lang := range append(Languages(), "fr", "") {
		for _, typ := range entryTypes() {
			for _, action := range []policy.Action{policy.Pass, policy.Seal, policy.Hold, policy.Reject} {
				for _, near := range []bool{true, false} {
					for _, count := range []int{0, 1, 12} {
						d, m := Describe(policy.Entry{Type: typ, Action: action, NearMiss: near, Count: count}, lang)
						if d == "" || m == "" || strings.ContainsAny(d+m, "{}") {
							t.Errorf("%s %s %s near=%v n=%d: %q %q", lang, typ, action, near, count, d, m)
						}
					}
				}
			}
		}
	}
}

func findings() []detect.Finding {
	page := detect.Place{}.In(detect.Step{Kind: detect.InAttachment, Number: 2, Label: "PDF", Name: "sygemelding Bo Lund.pdf"}).In(detect.Step{Kind: detect.InPage, Number: 2})
	body := detect.Place{}.In(detect.Step{Kind: detect.InBody, Label: "text"})
	return []detect.Finding{
		{Kind: detect.DanishCPR, Place: page, Count: 1},
		{Kind: detect.DanishCPR, Place: body, Count: 3},
		{Kind: detect.DanishCPR, Place: body, Count: 1},
		{Kind: detect.Health, Place: body, Count: 1},
	}
}

func TestADescriptionNamesKindsAndPlacesInItsLanguage(t *testing.T) {
	entry := policy.Entry{Type: policy.EntryPersonal, Action: policy.Seal, NearMiss: true, Findings: findings(), Count: 1}
	for lang, want := range map[string][2]string{
		"da": {
			"Der blev fundet beskyttede personoplysninger i en mail, før den blev sendt. Fundet: danske CPR-numre [vedhæftet fil 2 (PDF), side 2; brødtekst (tekst)], helbredsoplysninger [brødtekst (tekst)].",
			"Hver kopi blev krypteret til sin modtager, før den blev sendt.",
		},
		"sv": {
			"Skyddade personuppgifter hittades i ett mejl innan det skickades. Hittat: danska CPR-nummer [bilaga 2 (PDF), sida 2; brödtext (text)], uppgifter om hälsa [brödtext (text)].",
			"Varje kopia krypterades till sin mottagare innan den skickades.",
		},
		"nn": {
			"Det vart funne verna personopplysningar i ein e-post før han vart send. Funne: danske CPR-nummer [vedlegg 2 (PDF), side 2; brødtekst (tekst)], helseopplysningar [brødtekst (tekst)].",
			"Kvar kopi vart kryptert til mottakaren sin før han vart send.",
		},
	} {
		d, m := Describe(entry, lang)
		if d != want[0] || m != want[1] {
			t.Errorf("%s:\n%s\n%s", lang, d, m)
		}
		if strings.Contains(d+m, "Lund") {
			t.Errorf("%s: a file name got into the register", lang)
		}
	}
}

func TestARecordHoldsWhatTheEntrySaysAndNoNames(t *testing.T) {
	entry := policy.Entry{Type: policy.EntryPersonal, Severity: policy.High, Action: policy.Hold, NearMiss: true, Rule: "cpr", Findings: findings(), Count: 4}
	r := FromEntry(entry, Meta{Now: noon, Reference: "PV-7K3F9Q", Reporter: "anna", Language: "nb", FollowUp: 72 * time.Hour})
	if len(r.ID) != 26 || r.Reference != "PV-7K3F9Q" || !r.Date.Equal(noon) || r.Status != Open || !r.NearMiss || r.Severity != policy.High {
		t.Errorf("%+v", r)
	}
	if !r.FollowUp.Equal(noon.Add(72 * time.Hour)) {
		t.Errorf("follow-up %v", r.FollowUp)
	}
	if want := []string{"dk-cpr", "health"}; !reflect.DeepEqual(r.Kinds, want) {
		t.Errorf("kinds %v", r.Kinds)
	}
	if want := []string{"attachment 2 (PDF), page 2", "body (text)"}; !reflect.DeepEqual(r.Places, want) {
		t.Errorf("places %v", r.Places)
	}
}

func TestWhatWasOnlyObservedIsNoNearMiss(t *testing.T) {
	entry := policy.Entry{Type: policy.EntryVisible, Action: policy.Pass, NearMiss: true, Count: 11}
	r := FromEntry(entry, Meta{Now: noon, Language: "da", Observe: true})
	if r.NearMiss || r.Description != "En mail viste 11 medlemmers adresser til hinanden." || r.Measures != "Gatewayen observerer kun: mailen blev sendt uændret." {
		t.Errorf("%+v", r)
	}
}

func TestAReasonBecomesAComment(t *testing.T) {
	r := FromEntry(policy.Entry{Type: policy.EntryOverride}, Meta{Now: noon, Reporter: "dpo", Comment: "approved by phone"})
	if want := []Comment{{Date: noon, Author: "dpo", Text: "approved by phone"}}; !reflect.DeepEqual(r.Comments, want) {
		t.Errorf("comments %v", r.Comments)
	}
}

func TestJSONHasEveryKeyAndNoNullLists(t *testing.T) {
	text, err := json.Marshal(Record{Date: noon.In(time.FixedZone("", 3600))})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"id":"","reference":"","date":"2026-03-02T12:00:00Z","description":"","reporter":"","type":"","severity":"","near_miss":false,` +
		`"status":"","measures":"","follow_up":null,"rule":"","action":"","kinds":[],"places":[],"count":0,"comments":[]}`
	if string(text) != want {
		t.Errorf("got  %s\nwant %s", text, want)
	}
}

func TestJSONReadsBackWhatItWrote(t *testing.T) {
	r := FromEntry(policy.Entry{Type: policy.EntryPersonal, Severity: policy.Low, Action: policy.Pass, Rule: "r", Findings: findings(), Count: 2},
		Meta{Now: noon, Reference: "PV-000000", Reporter: "anna", Language: "en", FollowUp: time.Hour, Comment: "so"})
	text, err := json.Marshal([]Record{r})
	if err != nil {
		t.Fatal(err)
	}
	var back []Record
	if err := json.Unmarshal(text, &back); err != nil || !reflect.DeepEqual(back, []Record{r}) {
		t.Errorf("%v\ngot  %+v\nwant %+v", err, back, r)
	}
}

func TestReferencesAreReadableAndDiffer(t *testing.T) {
	form := regexp.MustCompile(`^PV-[0-9A-HJKMNP-TV-Z]{6}$`)
	seen := make(map[string]bool)
	for range 1000 {
		r := NewReference()
		if !form.MatchString(r) {
			t.Fatal(r)
		}
		seen[r] = true
	}
	if len(seen) < 999 {
		t.Errorf("%d different references of 1000", len(seen))
	}
}

func TestIDsSortByTime(t *testing.T) {
	a, b := NewID(noon), NewID(noon.Add(time.Millisecond))
	if a >= b || NewID(noon) == a {
		t.Errorf("%s %s", a, b)
	}
	if id := NewID(time.Time{}); len(id) != 26 {
		t.Errorf("a time before 1970 gives %q", id)
	}
}
