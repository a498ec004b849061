package spool

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// child is the other process of the tests below: the test program itself,
// started with the role in its environment.
func child(role string) int {
	dir := os.Getenv("POSTVERN_SPOOL_DIR")
	s, err := Open(context.Background(), Config{Dir: dir, Key: testKey(), TakeBack: role != "guest", MinFree: -1, Buffer: 1 << 20, Lease: time.Second, URL: os.Getenv("POSTVERN_SPOOL_URL")})
	if err != nil {
		fmt.Println("open", err)
		return 1
	}
	switch role {
	case "load":
		childLoad(s)
	case "accept":
		childAccept(s)
	}
	fmt.Println("close", s.Close() == nil)
	return 0
}

// childLoad accepts, claims and finishes until it is killed. It says A when a
// parcel was acknowledged, D before a copy is delivered and F when that is
// stored.
func childLoad(s *Store) {
	ctx := context.Background()
	for i := range 8 {
		go func() {
			for n := i; ; n++ {
				size := 4000
				if n%16 == 0 {
					size = largeBody + 1
				}
				p := testParcel(size, 1)
				p.Digest = []byte(p.ID)
				if err := s.Accept(ctx, p); err != nil {
					fmt.Println("error", err)
					return
				}
				fmt.Println("A", p.Copies[0].ID)
				_ = s.Answered(ctx, p.ID)
			}
		}()
	}
	for {
		got, err := s.Claim(ctx, 2)
		if err != nil {
			fmt.Println("error", err)
			return
		}
		for _, d := range got {
			if !bytes.Contains(d.Content, []byte(d.Parcel)) {
				fmt.Println("error another's body")
			}
			o := Outcome{Copy: d.Copies[0].ID, Result: Delivered}
			if d.Attempt == 1 && rand.N(3) == 0 {
				o.Result, o.Retry = Deferred, time.Now().Add(20*time.Millisecond)
			} else {
				fmt.Println("D", o.Copy)
			}
			if err := s.Finish(ctx, []Outcome{o}); err != nil {
				fmt.Println("error", err)
				return
			}
			if o.Result == Delivered {
				fmt.Println("F", o.Copy)
			}
		}
	}
}

// childAccept accepts parcels and says what it heard, until it has heard an
// error and what came after it. (Faults are counted for each thread, so that
// the first may be long in coming.)
func childAccept(s *Store) {
	for n, last := 0, 3000; n < last; n++ {
		p := testParcel(3000, 1)
		if err := s.Accept(context.Background(), p); err != nil {
			fmt.Println("E", p.Copies[0].ID)
			last = min(last, n+20)
		} else {
			fmt.Println("A", p.Copies[0].ID)
		}
	}
}

func childCommand(t *testing.T, role, dir string, before ...string) *exec.Cmd {
	t.Helper()
	args := append(before, os.Args[0])
	cmd := exec.CommandContext(t.Context(), args[0], args[1:]...)
	cmd.Env = append(os.Environ(), "POSTVERN_SPOOL_CHILD="+role, "POSTVERN_SPOOL_DIR="+dir)
	return cmd
}

func TestNothingAcknowledgedIsLostWhenTheProcessIsKilled(t *testing.T) {
	rounds := 40 // make torture kills a thousand times
	if testing.Short() {
		rounds = 5
	}
	killRounds(t, openTest, rounds, "")
}

func TestNothingAcknowledgedIsLostWhenANodeIsKilled(t *testing.T) {
	srv := postgresServer(t)
	rounds := 10
	if testing.Short() {
		rounds = 2
	}
	dir := t.TempDir()
	open := func(tb testing.TB, _ string, change ...func(*Config)) *Store {
		return openPostgresTest(tb, dir, change...) // who takes over is not in a hurry: only the lease of the killed one is short
	}
	mustClose(t, open(t, dir))
	killRounds(t, open, rounds, srv.storeURL(t, dir))
}

// killRounds kills a process again and again while it works on a store, and
// compares what it said with what is there.
func killRounds(t *testing.T, open opener, rounds int, at string) {
	dir := t.TempDir()
	var acknowledged, twice int
	for round := range rounds {
		acked, delivered, finished := killedRound(t, dir, at)
		acknowledged += len(acked)
		seen := deliverRest(t, open, dir)
		for id := range acked {
			switch {
			case finished[id] && seen[id] != 0:
				t.Errorf("round %d: %s came again after its outcome was stored", round, id)
			case !delivered[id] && seen[id] != 1:
				t.Errorf("round %d: %s came %d times", round, id, seen[id])
			case delivered[id] && !finished[id]:
				twice += seen[id]
			}
		}
	}
	// One kill may come before the first commit; most come after many.
	if acknowledged < rounds {
		t.Errorf("%d rounds acknowledged %d: the kills came too early to show anything", rounds, acknowledged)
	}
	t.Logf("%d rounds, %d acknowledged, 0 lost, %d delivered again because their outcome was not stored yet", rounds, acknowledged, twice)
}

// killedRound lets a process work for a moment and kills it. A line that the
// kill cut in two was not said.
func killedRound(t *testing.T, dir, at string) (acked, delivered, finished map[string]bool) {
	t.Helper()
	cmd := childCommand(t, "load", dir)
	cmd.Env = append(cmd.Env, "POSTVERN_SPOOL_URL="+at)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said := map[string]map[string]bool{"A": {}, "D": {}, "F": {}}
	lines := bufio.NewReader(out)
	for armed := false; ; {
		line, err := lines.ReadString('\n')
		if err != nil {
			break
		}
		if !armed {
			armed = true
			time.AfterFunc(rand.N(150*time.Millisecond), func() { _ = cmd.Process.Kill() })
		}
		what, id, _ := strings.Cut(strings.TrimSpace(line), " ")
		if said[what] == nil {
			t.Errorf("the process said %s", line)
			continue
		}
		said[what][id] = true
	}
	cmd.Wait() //nolint:errcheck // it was killed
	return said["A"], said["D"], said["F"]
}

// deliverRest opens the store again, delivers all that is in it and counts the
// copies.
func deliverRest(t *testing.T, open opener, dir string) map[string]int {
	t.Helper()
	s := open(t, dir)
	seen := make(map[string]int)
	want := stats(t, s).Queued
	for n := int64(0); n < want; {
		d := claimOne(t, s)
		if !bytes.Contains(d.Content, []byte(d.Parcel)) {
			t.Error("a delivery has another's body")
		}
		for _, c := range d.Copies {
			seen[c.ID]++
			n++
		}
		finishAll(t, s, Delivered, d)
	}
	wantStats(t, s, Stats{})
	mustClose(t, s)
	if files, err := os.ReadDir(filepath.Join(dir, "bodies")); err == nil && len(files) != 0 {
		t.Errorf("files stayed: %v", files)
	}
	return seen
}

func listFiles(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestNothingIsAcknowledgedAfterAFailedFlush(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("strace is not installed: the test of doubtful commits stands in")
	}
	for _, when := range []string{"20+", "30", "25..45+5"} {
		t.Run(when, func(t *testing.T) {
			dir := t.TempDir()
			mustClose(t, openTest(t, dir))
			cmd := childCommand(t, "accept", dir, strace, "-f", "-o", os.DevNull, "-e", "trace=fsync,fdatasync", "-e", "inject=fsync,fdatasync:error=EIO:when="+when)
			out, err := cmd.Output()
			if err != nil && len(out) == 0 {
				t.Skipf("strace cannot trace here: %v", err)
			}
			said := map[string]map[string]bool{"A": {}, "E": {}, "close": {}}
			for line := range strings.Lines(string(out)) {
				what, id, _ := strings.Cut(strings.TrimSpace(line), " ")
				if said[what] == nil {
					t.Fatalf("the process said %s", line)
				}
				said[what][id] = true
			}
			if len(said["A"]) == 0 || len(said["E"]) == 0 {
				t.Fatalf("%d acknowledged, %d refused: no flush failed in between", len(said["A"]), len(said["E"]))
			}
			seen := deliverRest(t, openTest, dir)
			for id := range said["A"] {
				if seen[id] != 1 {
					t.Errorf("%s was acknowledged and came %d times", id, seen[id])
				}
			}
			for id, n := range seen {
				if n != 1 || !said["A"][id] && !said["E"][id] {
					t.Errorf("%s came %d times", id, n)
				}
			}
		})
	}
}

// breakCommit makes the next commits fail: the text is run in their place.
func breakCommit(t *testing.T, s *Store, text string) (mend func()) {
	t.Helper()
	swap := func(to string) {
		_ = s.run(context.Background(), &job{do: func(x *tx) error {
			if stmt := x.w.stmts["commit"]; stmt != nil {
				_ = stmt.Close()
			}
			delete(x.w.stmts, "commit")
			x.w.s.lang.queries = maps.Clone(x.w.s.lang.queries)
			x.w.s.lang.queries["commit"] = to
			return nil
		}})
	}
	was := s.lang.queries["commit"]
	swap(text)
	return func() { swap(was) }
}

func TestADoubtfulCommitIsSettledByTheNext(t *testing.T) {
	for name, c := range map[string]struct {
		commit string
		stands bool
	}{
		"it was not carried out": {"SELECT no_such_function()", false},
		"it was carried out":     {"COMMIT; SELECT no_such_function()", true},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := openTest(t, dir)
			mend := breakCommit(t, s, c.commit)
			p := testParcel(largeBody+1, 1)
			p.Digest = []byte("digest")
			if err := s.Accept(t.Context(), p); !errors.Is(err, errUnknown) {
				t.Fatalf("the answer is %v", err)
			}
			mend()
			err := s.Accept(t.Context(), again(p))
			if c.stands != errors.Is(err, ErrRepeat) || !c.stands && err != nil {
				t.Errorf("the retry is answered %v", err)
			}
			got := claimCopies(t, s, 1)
			if len(got) != 1 || (got[0].Parcel == p.ID) != c.stands {
				t.Errorf("%d deliveries", len(got))
			}
			if files := listFiles(t, filepath.Join(dir, "bodies")); len(files) != 1 {
				t.Errorf("files: %v", files)
			}
			finishAll(t, s, Delivered, got...)
			wantStats(t, s, Stats{})
		})
	}
}

// smallDisk mounts a small file system and returns its directory.
func smallDisk(t *testing.T, options string) string {
	t.Helper()
	dir := t.TempDir()
	if os.Geteuid() != 0 {
		t.Skip("only root may mount a small disk")
	}
	if out, err := exec.CommandContext(t.Context(), "mount", "-t", "tmpfs", "-o", options, "postvern-test", dir).CombinedOutput(); err != nil {
		t.Skipf("a small disk cannot be mounted here: %s", out)
	}
	t.Cleanup(func() {
		if out, err := exec.CommandContext(context.Background(), "umount", dir).CombinedOutput(); err != nil {
			t.Errorf("unmount: %s", out)
		}
	})
	return dir
}

// fill accepts by several submitters until each has been told that it is full.
func fill(t *testing.T, s *Store, size int) (acked map[string]bool) {
	t.Helper()
	acked = make(map[string]bool)
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 100000 {
				p := testParcel(size, 1)
				if err := s.Accept(context.Background(), p); err != nil {
					if !errors.Is(err, ErrFull) {
						t.Errorf("a full disk is answered %v", err)
					}
					return
				}
				mu.Lock()
				acked[p.Copies[0].ID] = true
				mu.Unlock()
			}
			t.Error("the disk never became full")
		})
	}
	wg.Wait()
	return acked
}

func TestAFullDiskLosesNothingAndRecovers(t *testing.T) {
	for _, size := range []int{3000, largeBody + 1} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			dir := smallDisk(t, "size=20m")
			ballast := filepath.Join(dir, "ballast")
			if err := os.WriteFile(ballast, make([]byte, 4<<20), 0o600); err != nil {
				t.Fatal(err)
			}
			data := filepath.Join(dir, "data")
			s := openTest(t, data) // without a watermark: to the brim
			acked := fill(t, s, size)
			if err := os.Remove(ballast); err != nil {
				t.Fatal(err)
			}
			p := testParcel(size, 1)
			if err := s.Accept(t.Context(), p); err != nil {
				t.Fatalf("with room again: %v", err)
			}
			acked[p.Copies[0].ID] = true
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			seen := deliverRest(t, openTest, data)
			for id := range acked {
				if seen[id] != 1 {
					t.Errorf("%s was acknowledged and came %d times", id, seen[id])
				}
			}
			t.Logf("%d acknowledged, %d came", len(acked), len(seen))
		})
	}
}

func TestAFullDiskStillStoresOutcomes(t *testing.T) {
	data := filepath.Join(smallDisk(t, "size=20m"), "data")
	s := openTest(t, data, func(c *Config) { c.MinFree = 0 })
	acked := fill(t, s, 5000)
	for range acked {
		finishAll(t, s, Delivered, claimOne(t, s))
	}
	wantStats(t, s, Stats{})
	taken, deadline := 0, time.Now().Add(time.Minute)
	for taken < len(acked)*3/4 && time.Now().Before(deadline) {
		taken += len(fill(t, s, 5000))
		time.Sleep(gaugeEvery)
	}
	if taken < len(acked)*3/4 {
		t.Errorf("first it took %d, emptied it takes %d", len(acked), taken)
	}
}

func TestADiskWithoutInodesIsFull(t *testing.T) {
	data := filepath.Join(smallDisk(t, "size=50m,nr_inodes=40"), "data")
	s := openTest(t, data)
	acked := fill(t, s, largeBody+1)
	for range acked {
		finishAll(t, s, Delivered, claimOne(t, s))
	}
	mustAccept(t, s, testParcel(largeBody+1, 1))
}
