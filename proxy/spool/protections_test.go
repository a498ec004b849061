package spool

import (
	"crypto/sha256"
	"reflect"
	"testing"
	"time"
)

func protections(t *testing.T, open opener) {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	s := open(t, t.TempDir(), func(c *Config) { c.Now = func() time.Time { return now } })
	eva, bo := Protection{Reader: "eva@mail.example", Step: "openpgp"}, Protection{Reader: "bo@mail.example", Step: "document"}
	notes := func(all ...Protection) {
		t.Helper()
		p := testParcel(100, 1)
		p.Protections = all
		mustAccept(t, s, p)
	}
	is := func(reader string, want ...Protected) {
		t.Helper()
		if got, err := s.Protections(t.Context(), reader); err != nil || len(got) != len(want) || len(want) > 0 && !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v %v", reader, got, err)
		}
	}
	notes()
	is(eva.Reader)
	notes(eva, bo)
	first := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	is(eva.Reader, Protected{Step: "openpgp", Last: first, Copies: 1})
	now = now.AddDate(0, 0, 3)
	held := heldParcel(100, true)
	mustAccept(t, s, held)
	other := Protection{Reader: eva.Reader, Step: "document"}
	if err := s.Release(t.Context(), held.Copies[0].ID, Released{Seen: sha256.Sum256(held.Bodies[0].Content), Protections: []Protection{other}}); err != nil {
		t.Fatal(err)
	}
	notes(other)
	is(eva.Reader, Protected{Step: "document", Last: first.AddDate(0, 0, 3), Copies: 2}, Protected{Step: "openpgp", Last: first, Copies: 1})
	is(bo.Reader, Protected{Step: "document", Last: first, Copies: 1})
	now = first.AddDate(2, 0, 2) // two years after the first, and not after the last
	if _, err := s.ForgetCorrespondents(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	is(bo.Reader)
	is(eva.Reader, Protected{Step: "document", Last: first.AddDate(0, 0, 3), Copies: 2})
}
