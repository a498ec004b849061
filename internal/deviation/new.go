package deviation

import (
	"crypto/rand"
	"time"

	"github.com/oklog/ulid/v2"

	"postvern.example/internal/notice"
	"postvern.example/policy"
)

// crockford is the alphabet of references: without I, L, O and U, which are
// misread or make words.
const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// NewReference draws a reference that a person can read out: PV- and six
// characters of Crockford's base 32.
func NewReference() string {
	drawn := make([]byte, 6)
	rand.Read(drawn)
	return ReferenceOf(drawn)
}

// ReferenceOf returns the reference that the first six of these octets make: for
// what has lost its own.
func ReferenceOf(seed []byte) string {
	text := make([]byte, 6)
	for i := range text {
		text[i] = crockford[seed[i]%32]
	}
	return "PV-" + string(text)
}

// NewID returns a ULID for something that happened now.
func NewID(now time.Time) string {
	var id ulid.ULID
	rand.Read(id[6:])
	ms := min(uint64(max(now.UnixMilli(), 0)), ulid.MaxTime())
	if err := id.SetTime(ms); err != nil {
		panic(err) // the time was bounded
	}
	return id.String()
}

// Meta is what an entry of the policy does not know by itself.
type Meta struct {
	Texts     *notice.Catalog // the words that the record is written in
	Now       time.Time
	Reference string
	Reporter  string        // login or address of the sender, or who released or dropped
	Language  string        // the organisation's
	FollowUp  time.Duration // deviations.follow-up; 0: nobody has to look again
	Observe   bool          // nothing of it was done: the policy's mode is observe
	Comment   string        // the reason that a person gave; "" none
}

// FromEntry makes the record of an entry. It is open until somebody closes it.
func FromEntry(entry policy.Entry, meta Meta) Record {
	now := meta.Now.UTC()
	r := Record{
		ID: NewID(now), Reference: meta.Reference, Date: now, Reporter: meta.Reporter,
		Type: entry.Type, Severity: entry.Severity, NearMiss: entry.NearMiss, Status: Open,
		Rule: entry.Rule, Action: entry.Action, Count: entry.Count,
	}
	if meta.Observe {
		r.NearMiss = false // it went out
	}
	r.Description, r.Measures = meta.Texts.Record(meta.Language, entry, meta.Observe)
	if meta.FollowUp > 0 {
		r.FollowUp = now.Add(meta.FollowUp)
	}
	for _, f := range entry.Findings {
		r.Kinds = once(r.Kinds, string(f.Kind))
		r.Places = once(r.Places, f.Place.String())
	}
	if meta.Comment != "" {
		r.Comments = []Comment{{Date: now, Author: meta.Reporter, Text: meta.Comment}}
	}
	return r
}

// once adds s unless it is there or empty.
func once(list []string, s string) []string {
	for _, t := range list {
		if t == s {
			return list
		}
	}
	if s == "" {
		return list
	}
	return append(list, s)
}
