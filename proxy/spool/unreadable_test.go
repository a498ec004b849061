package spool

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestWhatTheDiskNeverGivesIsHeldInTheEnd puts a folder in the place of a body:
// reading it fails, and does not say that it is damaged.
func TestWhatTheDiskNeverGivesIsHeldInTheEnd(t *testing.T) {
	dir := t.TempDir()
	s := openTest(t, dir)
	p, good := testParcel(largeBody+1, 1), testParcel(100, 1)
	mustAccept(t, s, p, good)
	mustClose(t, s)
	file := filepath.Join(dir, "bodies", listFiles(t, filepath.Join(dir, "bodies"))[0])
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(file, 0o700); err != nil {
		t.Fatal(err)
	}
	told := 0
	s = openTest(t, dir, func(c *Config) {
		c.Unreadable = func(d Delivery) ([]Parcel, error) { told += len(d.Copies); return nil, nil }
	})
	var got []Delivery
	until := func(done func(Stats) bool) { // as the relay does: an error of the queue is tried again
		t.Helper()
		for deadline := time.Now().Add(20 * time.Second); !done(stats(t, s)) && time.Now().Before(deadline); {
			ctx, cancel := context.WithTimeout(t.Context(), 2*poll)
			some, _ := s.Claim(ctx, 100)
			cancel()
			got = append(got, some...)
		}
	}
	until(func(st Stats) bool { return st.Deferred == 1 && len(got) > 0 })
	if len(got) != 1 || got[0].Parcel != good.ID {
		t.Fatalf("%d deliveries", len(got))
	}
	if st := stats(t, s); st.Held != 0 || st.Deferred != 1 || told != 0 {
		t.Errorf("at first it is put off: %+v, told %d", st, told)
	}
	for body := range s.unread.times {
		s.unread.times[body] = unreadableMost - 1
	}
	damage(t, s, "UPDATE copies SET due = 0 WHERE owner = 0")
	until(func(st Stats) bool { return st.Held == 1 })
	if st := stats(t, s); st.Held != 1 || st.Deferred != 0 || told != 1 {
		t.Errorf("in the end it is held: %+v, told %d", st, told)
	}
	if len(s.unread.times) != 0 {
		t.Error("it is still counted")
	}
}
