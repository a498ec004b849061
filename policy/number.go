package policy

import (
	"regexp"
	"strings"
)

// marker is a telephone number that a sender writes into the subject, for the
// code of a document: [sms:+45 20 00 00 01].
var marker = regexp.MustCompile(`(?i)\[\s*sms\s*:([^\[\]]*)\]`)

// SubjectNumbers returns the telephone numbers that stand in a subject as
// [sms:...], as they are written.
func SubjectNumbers(subject string) []string {
	var out []string
	for _, m := range marker.FindAllStringSubmatch(subject, -1) {
		out = append(out, strings.TrimSpace(m[1]))
	}
	return out
}

// WithoutNumbers returns a subject without the numbers that SubjectNumbers
// finds, and whether there were any.
func WithoutNumbers(subject string) (string, bool) {
	if !marker.MatchString(subject) {
		return subject, false
	}
	return tidy(marker.ReplaceAllString(subject, " ")), true
}
