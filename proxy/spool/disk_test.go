package spool

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"postvern.example/internal/deviation"
	"postvern.example/policy"
)

// raw returns all that stands in the files below dir.
func raw(t *testing.T, dir string) []byte {
	t.Helper()
	var all []byte
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			var text []byte
			text, err = os.ReadFile(path)
			all = append(all, text...)
		}
		if errors.Is(err, fs.ErrNotExist) && path != dir { // a server removes files of its own at any time
			return nil
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestNothingPersonalStandsInTheFiles(t *testing.T) {
	dir := t.TempDir()
	s := openTest(t, dir)
	words := []string{
		"anna.holm", "region.example", "member0", "mail.example", "Fraværssamtale", "Kære medlem", "efter aftale",
		"mailbox of bo", "bo@original", "medlemmer", "anna", "QQ314159",
	}
	small, large, held := testParcel(3000, 1), testParcel(largeBody+1, 1), heldParcel(500, true)
	small.Copies[0].Original, small.Copies[0].EnvelopeID = "rfc822;bo@original", "QQ314159"
	held.Deviations = []deviation.Record{testRecord(policy.EntryVisible, held.Reference)}
	mustAccept(t, s, small, large, held)
	d := claimOne(t, s)
	err := s.Finish(t.Context(), []Outcome{{Copy: d.Copies[0].ID, Result: Deferred, Retry: time.Now().Add(time.Hour), Reply: "450 mailbox of bo is full"}})
	if err != nil {
		t.Fatal(err)
	}
	look := func(when string) {
		text := raw(t, dir)
		if len(text) < 10000 {
			t.Fatalf("%s: only %d octets were looked at", when, len(text))
		}
		for _, w := range words {
			if bytes.Contains(text, []byte(w)) {
				t.Errorf("%s: %q stands in the files", when, w)
			}
		}
	}
	look("while it is stored")
	finishAll(t, s, Delivered, claimOne(t, s))
	if err := s.Drop(t.Context(), held.Copies[0].ID, nil); err != nil {
		t.Fatal(err)
	}
	look("after deletion")
	mustClose(t, s)
	look("after the end")
}

func TestADroppedKeyIsGoneFromTheFiles(t *testing.T) {
	dir := t.TempDir()
	s := openTest(t, dir)
	held := heldParcel(500, true)
	mustAccept(t, s, held)
	var key []byte
	if err := s.read.QueryRowContext(t.Context(), "SELECT key FROM bodies").Scan(&key); err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(raw(t, dir), key) {
		t.Fatal("the key is not found while it is stored")
	}
	if err := s.Drop(t.Context(), held.Copies[0].ID, nil); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); bytes.Contains(raw(t, dir), key); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the key of a dropped body still stands in the files")
		}
	}
}

func TestFilesBelongToTheirOwnerAlone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	s := openTest(t, dir)
	mustAccept(t, s, testParcel(largeBody+1, 1))
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has the mode %v", filepath.Base(path), info.Mode())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestADamagedFileIsHeld(t *testing.T) {
	for name, harm := range map[string]func(path string) error{
		"one bit": func(path string) error {
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			text[len(text)/2] ^= 1
			return os.WriteFile(path, text, 0o600)
		},
		"cut off":       func(path string) error { return os.Truncate(path, 64<<10) },
		"cut at a seam": func(path string) error { return os.Truncate(path, 2*(64<<10+32)) },
		"empty":         func(path string) error { return os.Truncate(path, 0) },
		"gone":          os.Remove,
		"added to": func(path string) error {
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			return os.WriteFile(path, append(text, text...), 0o600)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			s := openTest(t, dir)
			mustAccept(t, s, testParcel(largeBody+1, 1))
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			bodies := filepath.Join(dir, "bodies")
			if err := harm(filepath.Join(bodies, listFiles(t, bodies)[0])); err != nil {
				t.Fatal(err)
			}
			s = openTest(t, dir)
			waitHeld(t, s, 1)
			held, err := s.Held(t.Context())
			if err != nil || len(held) != 1 || held[0].Hold.Releasable {
				t.Errorf("held: %+v, %v", held, err)
			}
		})
	}
}

func TestForgottenFilesAreSwept(t *testing.T) {
	dir := t.TempDir()
	s := openTest(t, dir)
	mustAccept(t, s, testParcel(largeBody+1, 1))
	mustClose(t, s)
	bodies := filepath.Join(dir, "bodies")
	named := listFiles(t, bodies)[0]
	for _, name := range []string{"body-ffff", "something else", "guest-1", "guest-2"} {
		if err := os.WriteFile(filepath.Join(bodies, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	old := time.Now().Add(-2 * guestAge)
	if err := os.Chtimes(filepath.Join(bodies, "guest-1"), old, old); err != nil {
		t.Fatal(err)
	}
	mustClose(t, openTest(t, dir, guest))
	if got := listFiles(t, bodies); len(got) != 5 {
		t.Errorf("a command has swept: %v", got)
	}
	openTest(t, dir)
	if got := listFiles(t, bodies); len(got) != 2 || got[0] != named || got[1] != "guest-2" {
		t.Errorf("what is left: %v", got)
	}
}

func TestWatermarksAnswerFull(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"of the disk":  func(c *Config) { c.MinFree = 1 << 60 },
		"of the store": func(c *Config) { c.MaxBytes = 999 },
	} {
		s := openTest(t, t.TempDir(), change)
		if err := s.Accept(t.Context(), testParcel(1000, 1)); !errors.Is(err, ErrFull) {
			t.Errorf("the watermark %s is answered %v", name, err)
		}
		wantStats(t, s, Stats{})
	}
	s := openTest(t, t.TempDir(), func(c *Config) { c.MaxBytes = 1500 })
	mustAccept(t, s, testParcel(1000, 1))
	if err := s.Accept(t.Context(), testParcel(1000, 1)); !errors.Is(err, ErrFull) {
		t.Errorf("the second is answered %v", err)
	}
	finishAll(t, s, Delivered, claimOne(t, s))
	mustAccept(t, s, testParcel(1000, 1))
}

func TestOneProcessServesFromAFolder(t *testing.T) {
	for name, open := range map[string]opener{"SQLite": openTest, "PostgreSQL": openPostgresTest} {
		t.Run(name, func(t *testing.T) { oneProcess(t, open) })
	}
}

func oneProcess(t *testing.T, open opener) {
	dir := t.TempDir()
	here := func(c *Config) { c.Dir = dir }
	s := open(t, dir, here)
	if other, err := Open(t.Context(), s.cfg); !errors.Is(err, ErrInUse) {
		t.Errorf("a second one is answered %v", err)
		mustClose(t, other)
	}
	mustClose(t, s)
	open(t, dir, here)
}

func TestANewerStoreIsRefused(t *testing.T) {
	dir := t.TempDir()
	s := openTest(t, dir)
	damage(t, s, "PRAGMA user_version = 99")
	cfg := s.cfg
	mustClose(t, s)
	if other, err := Open(t.Context(), cfg); !errors.Is(err, ErrTooNew) {
		t.Errorf("the answer is %v", err)
		mustClose(t, other)
	}
}

func TestANewerServersStoreIsRefused(t *testing.T) {
	dir := t.TempDir()
	s := openPostgresTest(t, dir)
	if _, err := s.db.ExecContext(t.Context(), "INSERT INTO schema_version (version) VALUES (99)"); err != nil {
		t.Fatal(err)
	}
	cfg := s.cfg
	mustClose(t, s)
	other, err := Open(t.Context(), cfg)
	if !errors.Is(err, ErrTooNew) {
		t.Errorf("the answer is %v", err)
		mustClose(t, other)
	}
}

// TestAServerWithoutRoomIsFull has the server answer as it does when its disk
// is full: to what is new with 452, and outcomes are kept until there is room.
func TestAServerWithoutRoomIsFull(t *testing.T) {
	s := openPostgresTest(t, t.TempDir())
	sql := func(text string) {
		t.Helper()
		if _, err := s.read.ExecContext(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
	mustAccept(t, s, testParcel(300, 1))
	d := claimOne(t, s)
	sql(`CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$`)
	sql("CREATE TRIGGER no_room BEFORE INSERT OR DELETE ON copies EXECUTE FUNCTION no_room()")
	for range 3 {
		if err := s.Accept(t.Context(), testParcel(300, 1)); !errors.Is(err, ErrFull) {
			t.Fatalf("the answer is %v", err)
		}
	}
	outcome := []Outcome{{Copy: d.Copies[0].ID, Result: Delivered}}
	if err := s.Finish(t.Context(), outcome); !errors.Is(err, ErrFull) {
		t.Errorf("the answer is %v", err)
	}
	sql("DROP TRIGGER no_room ON copies")
	if err := s.Finish(t.Context(), outcome); err != nil {
		t.Error(err)
	}
	for end := time.Now().Add(30 * time.Second); s.spent.Load() != nil && time.Now().Before(end); {
		time.Sleep(20 * time.Millisecond) // until it has its reserve again
	}
	mustAccept(t, s, testParcel(400, 1))
	wantStats(t, s, Stats{Queued: 1, Bytes: 400})
}

func TestManyMayOpenANewStoreAtOnce(t *testing.T) {
	dir := t.TempDir()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			s, err := Open(t.Context(), Config{Dir: dir, Key: testKey(), MinFree: -1})
			if err != nil {
				t.Error(err)
				return
			}
			if err := s.Accept(t.Context(), testParcel(10, 1)); err != nil {
				t.Error(err)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	wantStats(t, openTest(t, dir), Stats{Queued: 8, Bytes: 80})
}

func TestTwoProcessesWorkAtOnce(t *testing.T) {
	dir := t.TempDir()
	s := openTest(t, dir)
	other := make(chan error, 1)
	go func() { other <- childCommand(t, "guest", dir).Run() }()
	var wg sync.WaitGroup
	beside := openTest(t, dir, guest)
	for range 4 {
		wg.Go(func() {
			for range 20 {
				mustAccept(t, s, testParcel(1000, 1))
				mustAccept(t, beside, testParcel(1000, 1))
			}
		})
	}
	wg.Wait()
	if err := <-other; err != nil {
		t.Error(err)
	}
	seen := make(map[string]bool)
	for len(seen) < 160 {
		seen[claimOne(t, s).Copies[0].ID] = true
	}
	wantStats(t, s, Stats{Queued: 160, Bytes: 160000})
}

func TestTheKeyIsMadeOnce(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	keys := make([][]byte, 8)
	var wg sync.WaitGroup
	for i := range keys {
		wg.Go(func() {
			var err error
			if keys[i], err = loadKey(dir); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, k := range keys {
		if len(k) != keySize || !bytes.Equal(k, keys[0]) {
			t.Fatalf("the keys differ: %d octets", len(k))
		}
	}
	if got := listFiles(t, dir); len(got) != 1 || got[0] != KeyFile {
		t.Errorf("files: %v", got)
	}
	info, err := os.Stat(filepath.Join(dir, KeyFile))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("its mode is %v, %v", info.Mode(), err)
	}
}

func TestAWrongKeyFileIsRefused(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, KeyFile)
	for name, text := range map[string]string{
		"empty": "", "short": base64.StdEncoding.EncodeToString(make([]byte, 16)), "not base64": "\x00\x01",
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := loadKey(dir); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	if err := os.WriteFile(path, []byte(base64.StdEncoding.EncodeToString(testKey())), 0o600); err != nil {
		t.Fatal(err)
	}
	if key, err := loadKey(dir); err != nil || !bytes.Equal(key, testKey()) {
		t.Errorf("a right one: %v", err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := loadKey(dir); err == nil {
		t.Error("a key that everybody may read is taken")
	}
}

func TestAStoreWithoutItsKeyGetsNoNewOne(t *testing.T) {
	dir := t.TempDir()
	openTest(t, dir)
	if _, err := loadKey(dir); !errors.Is(err, ErrKeyMissing) {
		t.Errorf("the answer is %v", err)
	}
}

func TestAReaderDoesNotKeepTheWriterWaiting(t *testing.T) {
	s := openTest(t, t.TempDir())
	mustAccept(t, s, testParcel(1000, 1))
	reader, err := s.read.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var n int
	if err := reader.QueryRowContext(t.Context(), "SELECT count(*) FROM copies").Scan(&n); err != nil {
		t.Fatal(err)
	}
	mustAccept(t, s, testParcel(1000, 1))
	for start := time.Now(); time.Since(start) < 5*lull/2; time.Sleep(lull / 10) {
		begun := time.Now()
		if _, err := s.Prune(t.Context(), time.Time{}); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begun); took > lull {
			t.Errorf("the writer waited %v", took)
		}
		time.Sleep(3 * lull / 2) // long enough for the writer to rest
	}
	if err := reader.Rollback(); err != nil {
		t.Fatal(err)
	}
}

func loadKey(dir string) ([]byte, error) {
	keys, err := LoadKeys(context.Background(), dir, "")
	if err != nil {
		return nil, err
	}
	return keys[0], nil
}
