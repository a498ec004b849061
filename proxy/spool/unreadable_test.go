package spool

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"postvern.example/internal/deviation"
	"postvern.example/policy"
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

func TestABackupTakesAllButWhatCannotBeRead(t *testing.T) {
	dir := t.TempDir()
	s := openTest(t, dir)
	row, content, large, good := testParcel(300, 1), testParcel(400, 2), testParcel(largeBody+1, 1), testParcel(500, 1)
	good.Deviations = []deviation.Record{testRecord(policy.EntryFailed, good.Reference), testRecord(policy.EntryFailed, "PV-DAMAGE")}
	mustAccept(t, s, row, content, large, good)
	damage(t, s, "UPDATE copies SET secret = zeroblob(length(secret)) WHERE id = $1", row.Copies[0].ID)
	damage(t, s, "UPDATE bodies SET content = zeroblob(length(content)) WHERE size = 400")
	damage(t, s, "UPDATE deviations SET secret = zeroblob(length(secret)) WHERE reference = $1", "PV-DAMAGE")
	if err := os.Remove(filepath.Join(dir, "bodies", listFiles(t, filepath.Join(dir, "bodies"))[0])); err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(t.TempDir(), "backup")
	m, err := s.Backup(t.Context(), to, "test", nil)
	if !errors.Is(err, ErrIncomplete) || m.Copies() != 1 || m.Records() != 1 {
		t.Fatalf("%d copies and %d records, %v", m.Copies(), m.Records(), err)
	}
	for _, want := range []string{
		"copies queued", "bodies " + content.Reference, content.Copies[0].ID, content.Copies[1].ID, "bodies " + large.Reference,
		large.Copies[0].ID, row.Copies[0].ID, "deviations PV-DAMAGE",
	} {
		if !strings.Contains(strings.Join(m.Lacking, "\n"), want) {
			t.Errorf("no %q among %q", want, m.Lacking)
		}
	}
	if len(m.Lacking) != 7 {
		t.Errorf("%d are named: %q", len(m.Lacking), m.Lacking)
	}
	elsewhere := t.TempDir()
	moved, err := Restore(t.Context(), RestoreConfig{From: to, Dir: elsewhere, Keys: [][]byte{testKey()}, Now: time.Now(), Deliver: true})
	if err != nil || len(moved.Lacking) != 7 {
		t.Fatalf("%+v %v", moved, err)
	}
	s = openTest(t, elsewhere)
	if got := claimCopies(t, s, 1); len(got) != 1 || !bytes.Equal(got[0].Content, good.Bodies[0].Content) {
		t.Errorf("%d deliveries", len(got))
	}
}

// TestWhatARestoreLeavesOutTakesItsBodyAlong restores a backup that lacks the
// only copy of a body.
func TestWhatARestoreLeavesOutTakesItsBodyAlong(t *testing.T) {
	for _, size := range []int{300, largeBody + 1} {
		s := openTest(t, t.TempDir())
		lost, good := testParcel(size, 1), testParcel(500, 1)
		mustAccept(t, s, lost, good)
		damage(t, s, "UPDATE copies SET secret = zeroblob(length(secret)) WHERE id = $1", lost.Copies[0].ID)
		to, dir := filepath.Join(t.TempDir(), "backup"), t.TempDir()
		if _, err := s.Backup(t.Context(), to, "test", nil); !errors.Is(err, ErrIncomplete) {
			t.Fatal(err)
		}
		cfg := RestoreConfig{From: to, Dir: dir, Keys: [][]byte{testKey()}, Now: time.Now(), Deliver: true}
		if _, err := Restore(t.Context(), cfg); err != nil {
			t.Fatal(err)
		}
		s = openTest(t, dir)
		wantStats(t, s, Stats{Queued: 1, Bytes: 500})
		if files, err := os.ReadDir(filepath.Join(dir, "bodies")); err != nil || len(files) != 0 {
			t.Errorf("files that no copy needs: %v, %v", files, err)
		}
	}
}

func TestAMoveTakesWhatCannotBeReadAsItIs(t *testing.T) {
	srv := postgresServer(t)
	dir, elsewhere := t.TempDir(), t.TempDir()
	s := openTest(t, dir)
	row, content, missing, good := testParcel(300, 1), testParcel(400, 2), testParcel(450, 1), testParcel(500, 1)
	lost, cut := testParcel(largeBody+1, 1), testParcel(largeBody+2, 1)
	good.Deviations = []deviation.Record{testRecord(policy.EntryFailed, good.Reference), testRecord(policy.EntryFailed, "PV-DAMAGE")}
	mustAccept(t, s, lost)
	first := filepath.Join(dir, "bodies", listFiles(t, filepath.Join(dir, "bodies"))[0])
	mustAccept(t, s, row, content, missing, good, cut)
	damage(t, s, "UPDATE copies SET secret = zeroblob(length(secret)) WHERE id = $1", row.Copies[0].ID)
	damage(t, s, "UPDATE bodies SET content = zeroblob(length(content)) WHERE size = 400")
	damage(t, s, "DELETE FROM bodies WHERE size = 450")
	damage(t, s, "UPDATE deviations SET secret = zeroblob(length(secret)) WHERE reference = $1", "PV-DAMAGE")
	mustClose(t, s)
	for _, name := range listFiles(t, filepath.Join(dir, "bodies")) {
		file := filepath.Join(dir, "bodies", name)
		if file != first {
			if err := os.Truncate(file, 1000); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	}
	done, err := moved(t, dir, srv.storeURL(t, elsewhere))
	if !errors.Is(err, ErrUnreadable) {
		t.Fatal(err)
	}
	for _, want := range []string{row.Copies[0].ID, "bodies " + content.Reference, "bodies " + lost.Reference, "bodies " + cut.Reference, "deviations PV-DAMAGE"} {
		if !strings.Contains(strings.Join(done.Lacking, "\n"), want) {
			t.Errorf("no %q among %q", want, done.Lacking)
		}
	}
	if len(done.Lacking) != 5 || done.Rows["copies"] != 7 || done.Rows["bodies"] != 5 || done.Rows["deviations"] != 2 {
		t.Errorf("moved: %+v", done)
	}
	if _, err := os.Stat(filepath.Join(dir, databaseFile)); err != nil {
		t.Error(err)
	}
	told := 0
	s = openPostgresTest(t, elsewhere, func(c *Config) {
		c.Unreadable = func(d Delivery) ([]Parcel, error) { told += len(d.Copies); return nil, nil }
	})
	if got := claimOne(t, s); got.Parcel != good.ID || !bytes.Equal(got.Content, good.Bodies[0].Content) {
		t.Errorf("delivered: %+v", got)
	}
	waitHeld(t, s, 6)
	held, err := s.Held(t.Context())
	if err != nil || len(held) != 6 || told != 6 {
		t.Errorf("%d are held, %d are told of, %v", len(held), told, err)
	}
}

// TestAMoveNamesOnlyWhatCannotBeReadAtItsEnd drops a damaged copy, and damages
// another, while the store is copied.
func TestAMoveNamesOnlyWhatCannotBeReadAtItsEnd(t *testing.T) {
	srv := postgresServer(t)
	dir, elsewhere := t.TempDir(), t.TempDir()
	s := openTest(t, dir, guest)
	gone, later := heldParcel(300, true), heldParcel(400, true)
	mustAccept(t, s, gone, later)
	damage(t, s, "UPDATE bodies SET content = zeroblob(length(content)) WHERE size = 300")
	said := 0
	done, err := Migrate(t.Context(), MoveConfig{Dir: dir, URL: srv.storeURL(t, elsewhere), Keys: [][]byte{testKey()}, Say: func(string) {
		if said++; said == 2 {
			if err := s.Drop(t.Context(), gone.Copies[0].ID, nil); err != nil {
				t.Error(err)
			}
			damage(t, s, "UPDATE bodies SET content = zeroblob(length(content)) WHERE size = 400")
		}
	}})
	if !errors.Is(err, ErrUnreadable) || len(done.Lacking) != 1 || done.Lacking[0] != "bodies "+later.Reference {
		t.Errorf("%v: %q", err, done.Lacking)
	}
}
