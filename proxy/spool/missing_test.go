package spool

import (
	"crypto/sha256"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"postvern.example/internal/deviation"
	"postvern.example/policy"
)

// missingBody deletes the body of copies on their way and of a held one, as a
// broken disk or half a restore would.
func missingBody(t *testing.T, open opener) {
	dir := t.TempDir()
	s := open(t, dir)
	p, held, good := testParcel(700, 2), heldParcel(700, true), testParcel(800, 1)
	held.Copies[0].Hold.Key = true
	mustAccept(t, s, p, held, good)
	mustClose(t, s)
	s = open(t, dir, guest)
	damage(t, s, "DELETE FROM bodies WHERE size = 700")
	mustClose(t, s)
	report := testParcel(60, 1)
	report.Deviations = []deviation.Record{testRecord(policy.EntryFailed, p.Reference)}
	var told []Delivery
	var asked atomic.Int64
	s = open(t, dir, func(c *Config) {
		c.Now = func() time.Time { asked.Add(1); return time.Now() }
		c.Unreadable = func(d Delivery) ([]Parcel, error) { told = append(told, d); return []Parcel{report}, nil }
	})
	got := claimCopies(t, s, 2)
	waitHeld(t, s, 3)
	before := asked.Load()
	if more := claimAll(t, s, 1200*time.Millisecond); len(more) != 0 || asked.Load()-before > 1000 {
		t.Errorf("%d more are delivered, and the time was asked for %d times", len(more), asked.Load()-before)
	}
	slices.SortFunc(got, func(a, b Delivery) int { return len(b.Content) - len(a.Content) })
	if got[0].Parcel != good.ID || got[1].Parcel != report.ID {
		t.Errorf("delivered: %+v", got)
	}
	if len(told) != 1 || len(told[0].Copies) != 2 || told[0].Copies[0].Sender != annasAddress || told[0].Copies[0].To == "" {
		t.Fatalf("told of %+v", told)
	}
	if d := told[0]; !strings.HasPrefix(d.Reference, "PV-") || len(d.Reference) != 9 || time.Since(d.Received).Abs() > time.Hour {
		t.Errorf("told of it as %s of %s", d.Reference, d.Received)
	}
	finishAll(t, s, Delivered, got...)
	list, err := s.Held(t.Context())
	if err != nil || len(list) != 3 {
		t.Fatalf("%d held, %v", len(list), err)
	}
	for _, h := range list {
		if of := p.Copies; h.ID == of[0].ID || h.ID == of[1].ID {
			if h.Reference != told[0].Reference || !slices.Equal(h.Hold.Rules, []string{Damaged}) {
				t.Errorf("it is held as %+v, %+v", h, h.Hold)
			}
		} else if h.Hold.Subject != "Fraværssamtale" || !slices.Contains(h.Hold.Rules, Damaged) {
			t.Errorf("what was held before is held as %+v, %+v", h, h.Hold)
		}
		if h.To == "" || h.Hold.Releasable || h.Hold.Key || h.Hold.Expires.IsZero() {
			t.Errorf("it is held as %+v, %+v", h, h.Hold)
		}
		if _, err := s.HeldContent(t.Context(), h.ID); !errors.Is(err, ErrDamaged) {
			t.Errorf("its content is answered %v", err)
		}
		if err := s.Release(t.Context(), h.ID, Released{Seen: sha256.Sum256(nil)}); !errors.Is(err, ErrNotReleasable) {
			t.Errorf("its release is answered %v", err)
		}
	}
	if due, err := s.ExpiredHolds(t.Context(), time.Now().Add(2*damagedFor)); err != nil || len(due) != 3 {
		t.Errorf("%d expire, %v", len(due), err)
	}
	for _, h := range list {
		if err := s.Drop(t.Context(), h.ID, nil); err != nil {
			t.Error(err)
		}
	}
	if st := stats(t, s); st.Queued != 0 || st.Held != 0 || st.Deferred != 0 {
		t.Errorf("the store holds %+v", st)
	}
}

// TestAStoreStartsWhereABodyThatWasSentIsMissing stops a process between the
// upstream's answer and the outcome, and loses the body.
func TestAStoreStartsWhereABodyThatWasSentIsMissing(t *testing.T) {
	dir := t.TempDir()
	s := openTest(t, dir)
	p := testParcel(700, 1)
	mustAccept(t, s, p)
	d := claimOne(t, s)
	s.Sent([]string{d.Copies[0].ID})
	mustClose(t, s)
	if notes, err := filepath.Glob(filepath.Join(dir, sentPattern)); err != nil || len(notes) != 1 {
		t.Fatalf("notes: %q, %v", notes, err)
	}
	s = openTest(t, dir, guest)
	damage(t, s, "DELETE FROM bodies")
	mustClose(t, s)
	s, err := Open(t.Context(), Config{Dir: dir, Key: testKey(), TakeBack: true, MinFree: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer mustClose(t, s)
	if got := claimAll(t, s, 200*time.Millisecond); len(got) != 0 {
		t.Errorf("it is sent a second time: %+v", got)
	}
	if st := stats(t, s); st.Queued != 0 || st.Held != 0 {
		t.Errorf("the store holds %+v", st)
	}
	if notes, err := filepath.Glob(filepath.Join(dir, sentPattern)); err != nil || len(notes) != 0 {
		t.Errorf("notes: %q, %v", notes, err)
	}
}
