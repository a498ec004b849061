package deviation

import (
	"encoding/json"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"postvern.example/internal/notice"
	"postvern.example/policy"
	"postvern.example/policy/detect"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

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

func texts(t *testing.T) *notice.Catalog {
	t.Helper()
	c, err := notice.Load()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestARecordHoldsWhatTheEntrySaysAndNoNames(t *testing.T) {
	entry := policy.Entry{Type: policy.EntryPersonal, Severity: policy.High, Action: policy.Hold, NearMiss: true, Rule: "cpr", Findings: findings(), Count: 4}
	r := FromEntry(entry, Meta{Texts: texts(t), Now: noon, Reference: "PV-7K3F9Q", Reporter: "anna", Language: "nb", FollowUp: 72 * time.Hour})
	description, measures := texts(t).Record("nb", entry, false)
	if r.Description != description || r.Measures != measures || !strings.HasPrefix(description, "Det ble funnet") {
		t.Errorf("%q %q", r.Description, r.Measures)
	}
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
	r := FromEntry(entry, Meta{Texts: texts(t), Now: noon, Language: "da", Observe: true})
	if r.NearMiss || r.Description != "En mail viste 11 medlemmer hinandens adresser." || r.Measures != "Reglerne er kun på prøve: mailen blev sendt uændret." {
		t.Errorf("%+v", r)
	}
}

func TestAReasonBecomesAComment(t *testing.T) {
	r := FromEntry(policy.Entry{Type: policy.EntryOverride}, Meta{Texts: texts(t), Now: noon, Reporter: "dpo", Comment: "approved by phone"})
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
	r := FromEntry(policy.Entry{Type: policy.EntryPersonal, Severity: policy.Low, Action: policy.Pass, NearMiss: true, Rule: "r", Findings: findings(), Count: 2},
		Meta{Texts: texts(t), Now: noon, Reference: "PV-000000", Reporter: "anna", Language: "en", FollowUp: time.Hour, Comment: "so"})
	for i, v := 0, reflect.ValueOf(r); i < v.NumField(); i++ {
		if v.Field(i).IsZero() {
			t.Errorf("%s is empty: nothing tells whether JSON keeps it", v.Type().Field(i).Name)
		}
	}
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
