package deviation

import (
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"postvern.example/policy"
)

func open() Record {
	return Record{
		ID: "01", Status: Open, Severity: policy.Medium, Measures: "Mailen er tilbageholdt.", FollowUp: noon,
		Comments: []Comment{{Date: noon, Author: "anna", Text: "først"}},
	}
}

func change(t *testing.T, text string) Change {
	return Change{Texts: texts(t), Language: "da", Date: noon.In(time.FixedZone("", 3600)), Author: "dpo", Text: text, FollowUp: noon.Add(time.Hour)}
}

func TestWhatAPersonDoesToARecordStandsAmongItsComments(t *testing.T) {
	for name, c := range map[string]struct {
		status   Status
		severity policy.Severity
		from     func(*Record)
		want     func(*Record)
		comment  string
	}{
		"a comment": {comment: "så"},
		"a severity": {
			severity: policy.High, want: func(r *Record) { r.Severity = policy.High },
			comment: "Alvorlighedsgraden ændret fra middel til høj. så",
		},
		"the severity that it has": {severity: policy.Medium, comment: "så"},
		"closing": {
			status: Closed, want: func(r *Record) { r.Status, r.Measures = Closed, "Mailen er tilbageholdt.\nså" },
			comment: "Afsluttet.",
		},
		"closing what had no measures": {
			status: Closed, from: func(r *Record) { r.Measures = "" }, want: func(r *Record) { r.Status, r.Measures = Closed, "så" },
			comment: "Afsluttet.",
		},
		"closing with a severity": {
			status: Closed, severity: policy.Low, want: func(r *Record) { r.Status, r.Severity, r.Measures = Closed, policy.Low, "Mailen er tilbageholdt.\nså" },
			comment: "Alvorlighedsgraden ændret fra middel til lav. Afsluttet.",
		},
		"opening": {
			status: Open, from: func(r *Record) { r.Status = Closed }, want: func(r *Record) { r.Status = Open },
			comment: "Åbnet igen. så",
		},
		"opening what nobody had to look at": {
			status: Open, from: func(r *Record) { r.Status, r.FollowUp = Closed, time.Time{} },
			want: func(r *Record) { r.Status, r.FollowUp = Open, noon.Add(time.Hour) }, comment: "Åbnet igen. så",
		},
	} {
		from := open()
		if c.from != nil {
			c.from(&from)
		}
		want := from
		if c.want != nil {
			c.want(&want)
		}
		want.Comments = []Comment{from.Comments[0], {Date: noon, Author: "dpo", Text: c.comment}}
		with := change(t, "så")
		with.Status, with.Severity = c.status, c.severity
		got, changed := with.Apply(from)
		if !changed || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v\ngot  %+v\nwant %+v", name, changed, got, want)
		}
		if len(from.Comments) != 1 {
			t.Errorf("%s: what was changed is no copy", name)
		}
	}
}

func TestARecordThatHasTheStatusAlreadyIsLeftAsItIs(t *testing.T) {
	for _, status := range []Status{Open, Closed} {
		from := open()
		from.Status = status
		with := change(t, "så")
		with.Status, with.Severity = status, policy.High
		if got, changed := with.Apply(from); changed || !reflect.DeepEqual(got, from) {
			t.Errorf("%s: %v %+v", status, changed, got)
		}
	}
}

func FuzzClean(f *testing.F) {
	for _, s := range []string{"a\r\nb\rc", "\x1b[31m rød \x07", "a\u202eb\u2028c\u200b", "\t \n x \n\n y\t\n", "caf\xe9", "\u0085"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := Clean(s)
		if Clean(got) != got {
			t.Errorf("%q is cleaned to %q, and that to %q", s, got, Clean(got))
		}
		if strings.ContainsFunc(got, func(r rune) bool { return r != '\n' && unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }) {
			t.Errorf("%q is cleaned to %q", s, got)
		}
		if utf8.ValidString(s) && !utf8.ValidString(got) || utf8.RuneCountInString(got) > utf8.RuneCountInString(s) {
			t.Errorf("%q is cleaned to %q", s, got)
		}
	})
}
