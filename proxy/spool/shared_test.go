package spool

import (
	"testing"
	"time"
)

func nodesShare(t *testing.T, open opener) {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	dir := t.TempDir()
	s := open(t, dir, func(c *Config) { c.Now = func() time.Time { return now } })
	share := func(kind, name, content string, ends time.Time) {
		t.Helper()
		if err := s.Share(t.Context(), kind, name, []byte(content), ends); err != nil {
			t.Fatal(err)
		}
	}
	is := func(kind string, want map[string]string) {
		t.Helper()
		got, err := s.Shared(t.Context(), kind)
		if err != nil || len(got) != len(want) {
			t.Fatalf("%s: %q, %v, want %q", kind, got, err, want)
		}
		for name, content := range want {
			if string(got[name]) != content {
				t.Errorf("%s/%s is %q, want %q", kind, name, got[name], content)
			}
		}
	}
	is("answer", nil)
	share("certificate", "mail", "first", time.Time{})
	share("certificate", "mail", "second", time.Time{})
	share("answer", "token", "proof", now.Add(time.Hour))
	is("certificate", map[string]string{"mail": "second"})
	is("answer", map[string]string{"token": "proof"})

	turn := func(owner string, want bool) {
		t.Helper()
		if got, err := s.TakeTurn(t.Context(), "order", owner, now.Add(time.Minute)); err != nil || got != want {
			t.Errorf("%s takes the turn: %t, %v", owner, got, err)
		}
	}
	turn("one", true)
	turn("two", false)
	now = now.Add(30 * time.Second)
	turn("one", true) // for longer
	now = now.Add(59 * time.Second)
	turn("two", false)
	now = now.Add(time.Second)
	turn("two", true)
	turn("one", false)

	now = now.Add(time.Hour)
	is("answer", nil)
	is("certificate", map[string]string{"mail": "second"})
	share("answer", "other", "x", now.Add(time.Hour))
	now = now.AddDate(0, 0, -1) // the first was forgotten, not only past its time
	is("answer", map[string]string{"other": "x"})
}
