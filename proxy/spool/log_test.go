package spool

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
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
func (l logAhead) ready(log []byte) bool {
	return int64(len(log)) >= l.length() && bytes.HasPrefix(log, []byte{0x37, 0x7f, 0x06}) && allZero(log[logHead+frameSize:])
}

// shortLog gives a store the shortest log that there is.
func shortLog(cfg *Config) { cfg.MinFree = 1 }

func TestTheLogLiesReadyAndKeepsItsLength(t *testing.T) {
	dir := t.TempDir()
	s := openTest(t, dir)
	before := laidLog(t, dir, s.ahead.ready) // from the start, without any mail
	for _, mails := range []int{1, 40} {
		for range mails {
			mustAccept(t, s, testParcel(8<<10, 1))
		}
		log, err := os.ReadFile(filepath.Join(dir, databaseFile+"-wal"))
		if err != nil || len(log) != len(before) || allZero(log[logHead+frameSize:]) {
			t.Errorf("the log has %d octets, and had %d: %v", len(log), len(before), err)
		}
		if after := laidLog(t, dir, s.ahead.ready); len(after) != len(before) {
			t.Errorf("the log has %d octets, and had %d", len(after), len(before))
		}
	}
}

func TestALogThatAReaderMadeLongIsCut(t *testing.T) {
	dir := t.TempDir()
	s := openTest(t, dir, shortLog)
	reader, err := s.read.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var n int
	if err := reader.QueryRowContext(t.Context(), "SELECT count(*) FROM copies").Scan(&n); err != nil {
		t.Fatal(err)
	}
	for range 100 {
		mustAccept(t, s, testParcel(8<<10, 1))
	}
	if err := reader.Rollback(); err != nil {
		t.Fatal(err)
	}
	laidLog(t, dir, func(log []byte) bool { return len(log) == 0 })
	mustAccept(t, s, testParcel(100, 1))
	laidLog(t, dir, s.ahead.ready)
}

func TestNothingIsLaidOnADiskThatIsShortOfRoom(t *testing.T) {
	dir := t.TempDir()
	s := openTest(t, dir)
	laidLog(t, dir, s.ahead.ready)
	mustAccept(t, s, testParcel(3000, 1))
	s.gauge.short.Store(true)
	laidLog(t, dir, func(log []byte) bool { return len(log) == 0 })
	finishAll(t, s, Delivered, claimOne(t, s))
	wantStats(t, s, Stats{})
}

// frames makes a log of pages that carry these salts, behind a head with the first.
func frames(salts ...string) []byte {
	log := append(make([]byte, 16, logHead), salts[0]...)
	log = append(log, make([]byte, 8)...)
	for _, salt := range salts {
		page := bytes.Repeat([]byte{'x'}, frameSize)
		copy(page[8:16], salt)
		log = append(log, page...)
	}
	return log
}

func TestOnlyPagesOfALogThatIsOverBecomeZeros(t *testing.T) {
	const over, counts = "overover", "thislog."
	pages := func(salt string, n int) []string { return slices.Repeat([]string{salt}, n) }
	for name, c := range map[string]struct {
		salts  []string
		length int64
		stop   int // before so many blocks
		done   bool
		zeros  int // octets at the end
		size   int
	}{
		"one page alone":             {pages(counts, 1), 300_000, 99, true, 300_000 - logHead - frameSize, 300_000},
		"a log that is over":         {append(pages(counts, 1), pages(over, 100)...), 0, 99, true, 100 * frameSize, logHead + 101*frameSize},
		"and grows":                  {append(pages(counts, 1), pages(over, 100)...), 900_000, 99, true, 900_000 - logHead - frameSize, 900_000},
		"the next page counts":       {append(pages(counts, 2), pages(over, 100)...), 900_000, 99, false, 0, logHead + 102*frameSize},
		"a page in the middle":       {slices.Concat(pages(counts, 1), pages(over, 50), pages(counts, 1), pages(over, 9)), 900_000, 99, false, 0, logHead + 61*frameSize},
		"somebody waits":             {append(pages(counts, 1), pages(over, 100)...), 900_000, 0, false, 0, logHead + 101*frameSize},
		"somebody waits after two":   {append(pages(counts, 1), pages(over, 100)...), 900_000, 2, false, 2 * laidBlock, logHead + 101*frameSize},
		"somebody waits as it grows": {pages(counts, 1), 9_000_000, 3, false, 3 * grownBlock, logHead + frameSize + 3*grownBlock},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "log")
			before := frames(c.salts...)
			if err := os.WriteFile(path, before, 0o600); err != nil {
				t.Fatal(err)
			}
			f, err := os.OpenFile(path, os.O_RDWR, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := f.Close(); err != nil {
					t.Error(err)
				}
			}()
			blocks := 0
			done, err := blank(f, c.length, func() bool { blocks++; return blocks > c.stop })
			after, rerr := os.ReadFile(path)
			if err != nil || rerr != nil || done != c.done || len(after) != c.size {
				t.Fatalf("done %t, %d octets: %v %v", done, len(after), err, rerr)
			}
			kept := after[:len(after)-c.zeros]
			if !bytes.HasPrefix(before, kept) || !allZero(after[len(kept):]) || c.zeros > 0 && len(kept) > 0 && kept[len(kept)-1] == 0 {
				t.Errorf("other octets became zeros than the last %d", c.zeros)
			}
			if done {
				return
			}
			// What was begun can be gone on with.
			if done, err := blank(f, c.length, func() bool { return false }); err != nil || done == bytes.Contains(before[logHead+frameSize:], []byte(counts)) {
				t.Errorf("then done %t: %v", done, err)
			}
		})
	}
}

// TestAKillWhileTheLogIsLaidLosesNothing opens what a kill would leave: the
// database, and a log that was laid in part, or whole, or written into since.
func TestAKillWhileTheLogIsLaidLosesNothing(t *testing.T) {
	dir := t.TempDir()
	s := openTest(t, dir, shortLog)
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
		full, err := os.ReadFile(filepath.Join(dir, databaseFile+"-wal"))
		if err != nil {
			t.Fatal(err)
		}
		log := laidLog(t, dir, s.ahead.ready)
		if octets == 0 && allZero(full[logHead+frameSize:]) {
			t.Error("the log was zeros before it was laid")
		}
		// Pages of the log that is over stand behind the head until they are zeros.
		for left := len(bytes.TrimRight(full, "\x00")); left > logHead+frameSize; left -= 2 * frameSize {
			survives("zeros from there on", slices.Concat(log[:logHead+frameSize], full[logHead+frameSize:left], make([]byte, len(full)-left)))
		}
		survives("as it is", nil)
		survives("zeros alone", make([]byte, octets))
		survives("the head alone", log[:32])
		survives("the head and a part of a page", log[:32+frameSize/2])
	}
	mustAccept(t, s, testParcel(3000, 1))
	want++
	survives("a mail in it", nil)
}
