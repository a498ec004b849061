package spool

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// laidLog waits until the log of a store at rest is as want says, and returns it.
func laidLog(t *testing.T, dir string, want func(log []byte) bool) []byte {
	t.Helper()
	for end := time.Now().Add(20 * lull); ; time.Sleep(lull / 20) {
		log, err := os.ReadFile(filepath.Join(dir, databaseFile+"-wal"))
		if err != nil {
			t.Fatal(err)
		}
		if want(log) {
			return log
		}
		if time.Now().After(end) {
			t.Fatalf("waited in vain: the log has %d octets", len(log))
		}
	}
}

// ready says that a log lies ready: its head is written and one page, the rest is
// zeros.
func ready(log []byte) bool {
	return len(log) >= leastLaid*frameSize && bytes.HasPrefix(log, []byte{0x37, 0x7f, 0x06}) && allZero(log[32+frameSize:])
}

func allZero(b []byte) bool { return len(bytes.TrimLeft(b, "\x00")) == 0 }

func TestTheLogLiesReadyForTheNextMail(t *testing.T) {
	dir := t.TempDir()
	s := openTest(t, dir)
	before := laidLog(t, dir, ready) // from the start, without any mail
	mustAccept(t, s, testParcel(3000, 1))
	log, err := os.ReadFile(filepath.Join(dir, databaseFile+"-wal"))
	if err != nil || len(log) != len(before) || allZero(log[32+frameSize:]) {
		t.Errorf("the log has %d octets, and had %d: %v", len(log), len(before), err)
	}
	laidLog(t, dir, ready)
}

func TestTheLogIsLaidAsLongAsTheLastWorkWasAndNoLongerThanAllowed(t *testing.T) {
	dir := t.TempDir()
	s := openTest(t, dir)
	most := int(s.ahead.most * frameSize)
	laidLog(t, dir, ready)
	many := func() int {
		t.Helper()
		for range 40 {
			mustAccept(t, s, testParcel(8<<10, 1))
		}
		info, err := os.Stat(filepath.Join(dir, databaseFile+"-wal"))
		if err != nil {
			t.Fatal(err)
		}
		return int(info.Size())
	}
	grown := many()
	if grown <= leastLaid*frameSize {
		t.Fatalf("the log did not grow: %d octets", grown)
	}
	laid := laidLog(t, dir, ready)
	if len(laid) > most || len(laid) < min(grown, most)-leastLaid*frameSize {
		t.Errorf("%d octets lie ready after %d, of at most %d", len(laid), grown, most)
	}
	mustAccept(t, s, testParcel(100, 1)) // little work: the next time less lies ready
	laidLog(t, dir, func(log []byte) bool { return ready(log) && len(log) < len(laid) })
}

func TestNothingIsLaidOnADiskThatIsShortOfRoom(t *testing.T) {
	dir := t.TempDir()
	s := openTest(t, dir)
	laidLog(t, dir, ready)
	mustAccept(t, s, testParcel(3000, 1))
	s.gauge.short.Store(true)
	laidLog(t, dir, func(log []byte) bool { return len(log) == 0 })
	finishAll(t, s, Delivered, claimOne(t, s))
	wantStats(t, s, Stats{})
}

func TestZerosAreWrittenIntoAnEmptyFileAloneAndWhileNobodyWaits(t *testing.T) {
	nobody := func() bool { return false }
	path := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(path, []byte("frames"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := zeros(path, 1<<20, nobody); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "frames" {
		t.Errorf("it became %d octets: %v", len(text), err)
	}
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	if err := zeros(path, 600_000, nobody); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(path); err != nil || len(b) != 600_000 || !allZero(b) {
		t.Errorf("%d octets: %v", len(b), err)
	}
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	blocks := 0
	somebody := func() bool { blocks++; return blocks > 1 }
	if err := zeros(path, 600_000, somebody); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(path); err != nil || len(b) != 256<<10 {
		t.Errorf("%d octets although somebody waited: %v", len(b), err)
	}
}

// TestAKillWhileTheLogIsLaidLosesNothing opens what a kill would leave: the
// database, and a log that was laid in part, or whole, or written into since.
func TestAKillWhileTheLogIsLaidLosesNothing(t *testing.T) {
	dir := t.TempDir()
	s := openTest(t, dir)
	want := 0
	survives := func(what string, log []byte) {
		t.Helper()
		left := filepath.Join(t.TempDir(), "left")
		if err := os.CopyFS(left, os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
		if log != nil {
			if err := os.WriteFile(filepath.Join(left, databaseFile+"-wal"), log, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if seen := deliverRest(t, openTest, left); len(seen) != want {
			t.Errorf("%s: %d of %d came", what, len(seen), want)
		}
	}
	for _, octets := range []int{0, 31, 33, 100_000} {
		mustAccept(t, s, testParcel(3000, 1))
		want++
		log := laidLog(t, dir, ready)
		survives("as it is", nil)
		survives("zeros alone", make([]byte, octets))
		survives("the head alone", log[:32])
		survives("the head and a part of a page", log[:32+frameSize/2])
	}
	mustAccept(t, s, testParcel(3000, 1))
	want++
	survives("a mail in it", nil)
}
