package spool

import (
	"bytes"
	"errors"
	"testing"
	"time"
)

func lookedUp(t *testing.T, open opener) {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	s := open(t, t.TempDir(), func(c *Config) { c.Now = func() time.Time { return now } })
	is := func(want LookUpResult) {
		t.Helper()
		if l, err := s.LookedUp(t.Context(), "eva@mail.example"); err != nil || l.Result != want || want != "" && !l.Again.Equal(now.Add(time.Hour)) {
			t.Errorf("%+v %v", l, err)
		}
	}
	note := func(r LookUpResult) {
		p := testParcel(100, 1)
		p.LookUps = []LookUp{{Reader: "eva@mail.example", Result: r, Again: now.Add(time.Hour)}}
		mustAccept(t, s, p)
	}
	is("")
	note(LookUpNone)
	is(LookUpNone)
	note(LookUpFound)
	is(LookUpFound)
	if l, err := s.LookedUp(t.Context(), "bo@mail.example"); err != nil || l.Result != "" {
		t.Errorf("%+v %v", l, err)
	}
	for _, wait := range []time.Duration{time.Hour, time.Hour + time.Second} {
		if err := s.ForgetLookUps(t.Context(), now.Add(wait)); err != nil {
			t.Fatal(err)
		}
		is(map[bool]LookUpResult{true: LookUpFound}[wait == time.Hour])
	}
}

// waitsParcel is a message that waits for keys.
func waitsParcel(size int) Parcel {
	p := testParcel(size, 1)
	p.Copies[0].Class, p.Copies[0].To = Wait, ""
	return p
}

func waitsForKeys(t *testing.T, open opener) {
	dir := t.TempDir()
	s := open(t, dir)
	for _, size := range []int{3000, largeBody + 70000} {
		p := waitsParcel(size)
		mustAccept(t, s, p)
		if st, err := s.Stats(t.Context()); err != nil || st.LookUps != 1 || st.Queued != 1 {
			t.Fatalf("%+v %v", st, err)
		}
		d := claimCopies(t, s, 1)[0]
		if d.Copies[0].Class != Wait || !bytes.Equal(append(d.Head, d.Content...), p.Bodies[0].Content) {
			t.Fatal("it is not what was stored")
		}
		mustClose(t, s) // as if the process had died meanwhile
		s = open(t, dir)
		d = claimCopies(t, s, 1)[0]
		if !bytes.Equal(append(d.Head, d.Content...), p.Bodies[0].Content) {
			t.Fatal("it is not what was stored, once more")
		}
		// Two parcels, of which one is refused: nothing of it stands.
		eva := Handover{Sender: "anna", Reader: "eva@mail.example", File: time.Now()}
		good, refused := testParcel(size, 2), testParcel(100, 1)
		refused.Handings = []Handing{{Handover: Handover{Sender: "anna", Reader: eva.Reader}, Known: &eva}}
		done := []Outcome{{Copy: d.Copies[0].ID, Result: Delivered}}
		if err := s.Finish(t.Context(), done, good, refused); !errors.Is(err, ErrMeanwhile) {
			t.Fatal(err)
		}
		if st, err := s.Stats(t.Context()); err != nil || st.LookUps != 1 || st.Queued != 1 {
			t.Fatalf("after a refusal: %+v %v", st, err)
		}
		if err := s.Finish(t.Context(), done, good); err != nil {
			t.Fatal(err)
		}
		var sent []Outcome
		for len(sent) < 2 {
			for _, c := range claimCopies(t, s, 1)[0].Copies {
				sent = append(sent, Outcome{Copy: c.ID, Result: Delivered})
			}
		}
		if err := s.Finish(t.Context(), sent); err != nil {
			t.Fatal(err)
		}
		if st, err := s.Stats(t.Context()); err != nil || st.LookUps != 0 || st.Queued != 0 || st.Bytes != 0 {
			t.Fatalf("at the end: %+v %v", st, err)
		}
	}
}

func TestAMessageThatWaitedForKeysInABackupIsMarked(t *testing.T) {
	from := openTest(t, t.TempDir())
	mustAccept(t, from, waitsParcel(3000))
	backup := t.TempDir() + "/backup"
	if _, err := from.Backup(t.Context(), backup, "test", nil); err != nil {
		t.Fatal(err)
	}
	for deliver, doubtful := range map[bool]bool{false: true, true: false} {
		dir := t.TempDir()
		if _, err := Restore(t.Context(), RestoreConfig{From: backup, Dir: dir, Keys: [][]byte{testKey()}, Now: time.Now(), Keep: time.Hour, Deliver: deliver}); err != nil {
			t.Fatal(err)
		}
		s := openTest(t, dir)
		if d := claimCopies(t, s, 1)[0]; d.Copies[0].Doubtful != doubtful {
			t.Errorf("deliver %t: doubtful is %t", deliver, d.Copies[0].Doubtful)
		}
		mustClose(t, s)
	}
}
