package spool

import (
	"testing"
	"time"

	"postvern.example/policy"
)

func refreshesAreClaimed(t *testing.T, open opener) {
	dir := t.TempDir()
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	s := open(t, dir)
	const eva, bo = "eva@mail.example", "bo@mail.example"
	planned := func(want map[string]time.Time) {
		t.Helper()
		got, err := s.Refreshes(t.Context(), []string{eva, bo})
		if err != nil || len(got) != len(want) {
			t.Fatalf("%v %v", got, err)
		}
		for reader, at := range want {
			if !got[reader].Equal(at) {
				t.Errorf("%s: %v, not %v", reader, got[reader], at)
			}
		}
	}
	claim := func(was, next time.Time, want bool) {
		t.Helper()
		if ok, err := s.ClaimRefresh(t.Context(), eva, was, next); err != nil || ok != want {
			t.Errorf("%v %v", ok, err)
		}
	}
	planned(nil)
	claim(time.Time{}, now, true)
	claim(time.Time{}, now.Add(time.Hour), false) // another node was faster
	claim(now, now.Add(time.Hour), true)
	claim(now, now.Add(2*time.Hour), false)
	planned(map[string]time.Time{eva: now.Add(time.Hour)})
	key := ReaderKey{Reader: bo, Fingerprint: "AB", Key: []byte("key"), Source: "wkd", Since: now}
	if err := s.Refreshed(t.Context(), bo, now.Add(-time.Hour), []ReaderKey{key}, testRecord(policy.EntryKeyChanged, "PV-1")); err != nil {
		t.Fatal(err)
	}
	planned(map[string]time.Time{eva: now.Add(time.Hour), bo: now.Add(-time.Hour)})
	book, err := s.KeyBook(t.Context(), nil)
	if err != nil || len(book.Added) != 1 || book.Added[0].Reader != bo {
		t.Errorf("%+v %v", book, err)
	}
	if all, err := s.Deviations(t.Context(), Filter{}); err != nil || len(all) != 1 {
		t.Errorf("%v %v", all, err)
	}
	if err := s.ForgetRefreshes(t.Context(), now); err != nil {
		t.Fatal(err)
	}
	planned(map[string]time.Time{eva: now.Add(time.Hour)})
}
