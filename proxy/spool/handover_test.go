package spool

import (
	"crypto/sha256"
	"errors"
	"reflect"
	"sync"
	"testing"
	"time"
)

func handing(sender, reader string, file, password time.Time, known *Handover) Parcel {
	p := testParcel(100, 1)
	p.Handings = []Handing{{Handover: Handover{Sender: sender, Reader: reader, File: file, Password: password}, Known: known}}
	return p
}

func handedOver(t *testing.T, open opener) {
	dir := t.TempDir()
	s := open(t, dir)
	at := time.Now().Truncate(time.Millisecond).UTC()
	mustAccept(t, s, handing("anna", "bo@mail.example", at, time.Time{}, nil))
	mustAccept(t, s, handing("anna", "bo@mail.example", at.Add(-time.Minute), at.Add(time.Second), nil)) // an older file changes nothing
	mustAccept(t, s, handing("ann", "abo@mail.example", time.Time{}, at, nil))
	want := []Handover{
		{Sender: "anna", Reader: "bo@mail.example", File: at, Password: at.Add(time.Second)},
		{Sender: "anna", Reader: "carl@mail.example"},
	}
	check := func(s *Store) {
		t.Helper()
		got, err := s.Handovers(t.Context(), "anna", []string{"bo@mail.example", "carl@mail.example"})
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, %v\nwant %+v", got, err, want)
		}
	}
	check(s)
	check(open(t, dir, guest))
	mustClose(t, s)
	s = open(t, dir) // a restart forgets nothing
	check(s)

	held := testParcel(100, 1)
	held.Copies[0].State, held.Copies[0].Hold = Held, &Hold{Releasable: true}
	mustAccept(t, s, held)
	release := Released{Seen: sha256.Sum256(held.Bodies[0].Content)}
	release.Handings = []Handing{{Handover: Handover{Sender: "anna", Reader: "carl@mail.example", Password: at}}}
	if err := s.Release(t.Context(), held.Copies[0].ID, release); err != nil {
		t.Fatal(err)
	}
	want[1].Password = at
	check(s)

	mustClose(t, s)
	s = open(t, dir, func(c *Config) { c.Now = func() time.Time { return at.Add(keepHandovers + time.Minute) } })
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		got, err := s.Handovers(t.Context(), "anna", []string{"bo@mail.example"})
		if err == nil && got[0].File.IsZero() && got[0].Password.IsZero() {
			return
		}
		if err != nil || time.Now().After(deadline) {
			t.Fatalf("after hours it is still known: %+v, %v", got, err)
		}
	}
}

func handedMeanwhile(t *testing.T, open opener) {
	dir := t.TempDir()
	s, at := open(t, dir), time.Now().Truncate(time.Millisecond).UTC()
	nothing := Handover{Sender: "anna", Reader: "bo@mail.example"}

	// A file and its password, both decided before either was stored, by two
	// processes at once: one of them has to be decided again.
	other := open(t, dir, guest)
	parcels := []Parcel{handing("anna", "bo@mail.example", at, time.Time{}, &nothing), handing("anna", "bo@mail.example", time.Time{}, at, &nothing)}
	parcels[0].Digest, parcels[1].Digest = []byte("file"), []byte("password")
	errs := make([]error, 2)
	var wait sync.WaitGroup
	for i, store := range []*Store{s, other} {
		wait.Go(func() { errs[i] = store.Accept(t.Context(), parcels[i]) })
	}
	wait.Wait()
	if (errs[0] == nil) == (errs[1] == nil) || !errors.Is(errors.Join(errs...), ErrMeanwhile) {
		t.Fatalf("answers: %v, %v", errs[0], errs[1])
	}
	late := parcels[0]
	if errs[1] != nil {
		late = parcels[1]
	}
	wantStats(t, s, Stats{Queued: 1, Bytes: 100})

	// Decided again with what stands there now, it is stored.
	known, err := s.Handovers(t.Context(), "anna", []string{"bo@mail.example"})
	if err != nil {
		t.Fatal(err)
	}
	late.Handings[0].Known = &known[0]
	mustAccept(t, s, late)
	wantStats(t, s, Stats{Queued: 2, Bytes: 200})
}
