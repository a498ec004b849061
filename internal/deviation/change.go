package deviation

import (
	"slices"
	"strings"
	"time"
	"unicode"

	"postvern.example/internal/notice"
	"postvern.example/policy"
)

// MaxText is how many characters a person may write at once.
const MaxText = 10_000

// Change is what a person does to a record. What they write may name people:
// it stands nowhere but in the record.
type Change struct {
	Texts    *notice.Catalog // the words that the change is noted in
	Language string          // the organisation's

	Date     time.Time
	Author   string
	Text     string          // a comment; the measures taken where it closes, the reason where it opens
	Status   Status          // "": as it is
	Severity policy.Severity // "": as it is
	FollowUp time.Time       // of a record that is opened again and had none
}

// Apply returns the record with the change, and whether there is any: a record
// that has the status already is left as it is, so that of two who close it at
// once one is told.
func (c Change) Apply(r Record) (Record, bool) {
	if c.Status != "" && c.Status == r.Status {
		return r, false
	}
	var said []string
	say := func(key string, fills map[string]string) {
		said = append(said, c.Texts.Say(c.Language, "remark."+key, fills))
	}
	word := func(s policy.Severity) string {
		w, _ := c.Texts.Word(c.Language, "severity."+string(s))
		return w
	}
	if c.Severity != "" && c.Severity != r.Severity {
		say("severity", map[string]string{"from": word(r.Severity), "to": word(c.Severity)})
		r.Severity = c.Severity
	}
	switch c.Status {
	case Closed:
		say("closed", nil)
		r.Measures = strings.TrimLeft(r.Measures+"\n"+c.Text, "\n") // what was done at once stays
	case Open:
		say("opened", nil)
		if r.FollowUp.IsZero() {
			r.FollowUp = c.FollowUp.UTC()
		}
	}
	if c.Status != "" {
		r.Status = c.Status
	}
	if c.Status != Closed {
		said = append(said, c.Text)
	}
	r.Comments = append(slices.Clone(r.Comments), Comment{Date: c.Date.UTC(), Author: c.Author, Text: strings.Join(said, " ")})
	return r, true
}

// Clean makes what a person wrote fit to be kept and shown: lines stay, control
// characters and invisible ones go, since they could hide or forge what a
// terminal shows.
func Clean(text string) string {
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u2028", "\n", "\u2029", "\n", "\t", " ").Replace(text)
	text = strings.Map(func(r rune) rune {
		if r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) {
			return -1
		}
		return r
	}, text)
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRightFunc(l, unicode.IsSpace)
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}
