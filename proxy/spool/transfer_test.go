package spool

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"postvern.example/internal/deviation"
	"postvern.example/policy"
)

// furnish puts something of every kind into a store and closes it: copies that
// are new, deferred and held, a large body, a register, receipts, a warning, a
// handover.
func furnish(t *testing.T, s *Store) (contents map[string][]byte) {
	if err := s.SetStandingCode(t.Context(), StandingCode{Reader: "mette@post.example", Code: "4821-0937", Set: time.Now(), By: "dpo"}); err != nil {
		t.Fatal(err)
	}
	if err := s.AddConsents(t.Context(), []Consent{{ID: "CO-MOVED1", Who: "bo@mail.example", To: "g", Purpose: "p", Added: time.Now(), From: time.Now()}}, nil); err != nil {
		t.Fatal(err)
	}
	key := ReaderKey{Reader: "mette@post.example", Fingerprint: "AB", Key: []byte("key"), Source: "added", Since: time.Now(), By: "dpo"}
	if err := errors.Join(s.AddKeys(t.Context(), []ReaderKey{key}), s.ApproveKeys(t.Context(), []ReaderKey{key}), s.Refreshed(t.Context(), key.Reader, time.Now().Add(time.Hour), nil),
		s.Share(t.Context(), "certificate", "mail", []byte("its key"), time.Time{})); err != nil {
		t.Fatal(err)
	}
	own := OrganisationKey{Generation: 1, Secret: []byte("organisation's secret"), Since: time.Now()}
	if err := s.AddOrganisationKey(t.Context(), own, testRecord(policy.EntryKeyMade, "PV-OWNKEY")); err != nil {
		t.Fatal(err)
	}
	t.Helper()
	if _, err := s.ChangeDeviations(t.Context(), []string{"PV-OWNKEY"}, remark("talt med kassereren")); err != nil {
		t.Fatal(err)
	}
	contents = map[string][]byte{}
	small, large, both, held := testParcel(3000, 1), testParcel(largeBody+70000, 1), testParcel(500, 2), heldParcel(900, true)
	held.Deviations = []deviation.Record{testRecord(policy.EntryDropped, held.Reference)}
	small.Protections = []Protection{{Reader: "eva@mail.example", Step: "openpgp"}}
	small.LookUps = []LookUp{{Reader: "eva@mail.example", Result: LookUpNone, Again: time.Now().Add(time.Hour)}}
	small.Questions = []Question{{ID: "q1", Expires: time.Now().Add(time.Hour), Content: []byte("about eva@mail.example")}}
	small.Correspondents = []Correspondent{{Owner: "anna", Address: "eva@mail.example", New: true}}
	small.Handings = []Handing{{Handover: Handover{Sender: "anna", Reader: "bo@mail.example", File: time.Now()}}}
	small.Digest = bytes.Repeat([]byte{9}, 32)
	for _, p := range []Parcel{small, large, both, held} {
		mustAccept(t, s, p)
		for _, c := range p.Copies {
			contents[c.ID] = p.Bodies[c.Body].Content
		}
	}
	for _, d := range claimCopies(t, s, 4) {
		if d.Parcel != both.ID {
			continue
		}
		warning := testParcel(200, 1)
		warning.Copies[0].Class = Report
		contents[warning.Copies[0].ID] = warning.Bodies[0].Content
		err := s.Finish(t.Context(), []Outcome{{Copy: d.Copies[0].ID, Result: Deferred, Retry: time.Now().Add(-time.Second), Reply: "451 later", Warning: &warning}})
		if err != nil {
			t.Fatal(err)
		}
	}
	return contents
}

// wantContents claims and reads all that a store has and compares it.
func wantContents(t *testing.T, s *Store, want map[string][]byte, held int) {
	t.Helper()
	got := map[string][]byte{}
	waiting, err := s.Held(t.Context())
	if err != nil || len(waiting) != held {
		t.Fatalf("%d are held, want %d: %v", len(waiting), held, err)
	}
	for _, h := range waiting {
		if h.Damaged {
			t.Errorf("%s is damaged", h.ID)
		}
		if got[h.ID], err = s.HeldContent(t.Context(), h.ID); err != nil {
			t.Error(err)
		}
	}
	for _, d := range claimCopies(t, s, len(want)-held) {
		for _, c := range d.Copies {
			got[c.ID] = d.Content
		}
		finishAll(t, s, Delivered, d)
	}
	for id, content := range want {
		if !bytes.Equal(got[id], content) {
			t.Errorf("%s has %d octets, want %d", id, len(got[id]), len(content))
		}
	}
	if q, err := s.Question(t.Context(), "q1"); err != nil || string(q.Content) != "about eva@mail.example" {
		t.Errorf("the question is %q: %v", q.Content, err)
	}
	if known, err := s.Known(t.Context(), false, "eva@mail.example"); err != nil || !known["eva@mail.example"] {
		t.Errorf("who was written to is forgotten: %v", err)
	}
	records, err := s.Deviations(t.Context(), Filter{})
	if err != nil || len(records) != 2 {
		t.Errorf("the register has %d entries: %v", len(records), err)
	}
	if own, err := s.Deviation(t.Context(), "PV-OWNKEY"); err != nil || len(own) != 1 || len(own[0].Comments) != 2 || own[0].Comments[1].Text != "talt med kassereren" {
		t.Errorf("what somebody wrote into the register is %+v: %v", own, err)
	}
	if l, err := s.Ledger(t.Context(), nil); err != nil || len(l.Of("bo@mail.example")) != 1 {
		t.Errorf("the ledger of consents is not there: %v", err)
	}
	if p, err := s.Protections(t.Context(), "eva@mail.example"); err != nil || len(p) != 1 {
		t.Errorf("how copies were protected is forgotten: %v", err)
	}
	if l, err := s.LookedUp(t.Context(), "eva@mail.example"); err != nil || l.Result != LookUpNone {
		t.Errorf("the answers of key servers are forgotten: %v", err)
	}
	if b, err := s.KeyBook(t.Context(), nil); err != nil || len(b.Added) != 1 || !b.Binds("mette@post.example") {
		t.Errorf("the keys of readers are not there: %v", err)
	}
	if st, err := s.Stats(t.Context()); err != nil || st.Held != int64(held) || st.Queued != 0 || st.Deferred != 0 {
		t.Errorf("the totals are %+v: %v", st, err)
	}
}

func TestAStoreMovesToPostgreSQLWholeAndStaysThere(t *testing.T) {
	srv := postgresServer(t)
	dir, elsewhere := t.TempDir(), t.TempDir()
	at := srv.storeURL(t, elsewhere)
	s := openTest(t, dir)
	want := furnish(t, s)
	if _, err := moved(t, dir, at); !errors.Is(err, ErrInUse) {
		t.Fatalf("a store that is served was moved: %v", err)
	}
	mustClose(t, s)
	done, err := moved(t, dir, at)
	if err != nil {
		t.Fatal(err)
	}
	if done.Rows["copies"] != 6 || done.Rows["bodies"] != 5 || done.Rows["deviations"] != 2 || done.Rows["organisation_keys"] != 1 || done.Rows["warnings"] != 1 || done.Rows["receipts"] != 1 || done.Rows["handovers"] != 1 || done.Rows["questions"] != 1 || done.Rows["correspondents"] != 2 || done.Rows["likenesses"] == 0 || done.Rows["consents"] != 1 || done.Large != 1 {
		t.Errorf("moved %+v", done)
	}
	if _, err := Open(t.Context(), Config{Dir: dir, Key: testKey()}); !errors.Is(err, ErrMoved) {
		t.Errorf("what was moved opens: %v", err)
	}
	if _, err := moved(t, dir, at); !errors.Is(err, ErrMoved) {
		t.Errorf("it was moved twice: %v", err)
	}
	moved := openPostgresTest(t, elsewhere)
	wantContents(t, moved, want, 1)
	mustAccept(t, moved, testParcel(100, 1)) // the numbers of bodies go on
}

func TestAMoveThatFailsLeavesBothAsTheyWere(t *testing.T) {
	srv := postgresServer(t)
	dir, elsewhere := t.TempDir(), t.TempDir()
	s := openTest(t, dir)
	want := furnish(t, s)
	mustClose(t, s)
	for stage := range 3 {
		ctx, cancel := context.WithCancel(t.Context())
		said := 0
		_, err := Migrate(ctx, MoveConfig{Dir: dir, URL: srv.storeURL(t, elsewhere), Keys: [][]byte{testKey()}, Say: func(string) {
			if said++; said > stage {
				cancel()
			}
		}})
		if err == nil || said != stage+1 {
			t.Errorf("what was broken off after %d steps is moved: %v", said, err)
		}
		cancel()
	}
	wantContents(t, openTest(t, dir), want, 1)
	if st, err := openPostgresTest(t, elsewhere).Stats(t.Context()); err != nil || st != (Stats{}) {
		t.Errorf("the other one has %+v: %v", st, err)
	}
}

// TestAMoveGoesIntoTheEmptyStoreOfOneThatWasBrokenOff moves to stores that were
// made under a key that the installation has no more.
func TestAMoveGoesIntoTheEmptyStoreOfOneThatWasBrokenOff(t *testing.T) {
	srv := postgresServer(t)
	old := func(dir string) *Store {
		t.Helper()
		s, err := Open(t.Context(), Config{Dir: dir, URL: srv.storeURL(t, dir), Key: bytes.Repeat([]byte{1}, keySize)})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	dir, empty, full := t.TempDir(), t.TempDir(), t.TempDir()
	s := openTest(t, dir)
	want := furnish(t, s)
	mustClose(t, s)
	mustClose(t, old(empty))
	theirs := old(full)
	mustAccept(t, theirs, testParcel(100, 1))
	mustClose(t, theirs)
	if _, err := moved(t, dir, srv.storeURL(t, full)); !errors.Is(err, ErrNotEmpty) || !strings.Contains(err.Error(), "another installation's key") {
		t.Errorf("into another's store: %v", err)
	}
	again := old(full) // which it still opens
	if st, err := again.Stats(t.Context()); err != nil || st.Queued != 1 {
		t.Errorf("it has %+v: %v", st, err)
	}
	mustClose(t, again)
	if _, err := moved(t, dir, srv.storeURL(t, empty)); err != nil {
		t.Fatal(err)
	}
	wantContents(t, openPostgresTest(t, empty), want, 1)
}

// TestEveryTableIsCarried fails for a table that the two databases do not
// share, unless it is part of the machinery.
func TestEveryTableIsCarried(t *testing.T) {
	of := func(s *Store) []table {
		p, err := s.snapshot(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer p.close()
		tables, err := p.tables(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return tables
	}
	lite, big := of(openTest(t, t.TempDir())), of(openPostgresTest(t, t.TempDir()))
	if len(lite) != len(big) || len(lite) < 6 {
		t.Errorf("%d tables and %d", len(lite), len(big))
	}
	for i := range min(len(lite), len(big)) {
		if lite[i].Name != big[i].Name || !slices.Equal(lite[i].Columns, big[i].Columns) {
			t.Errorf("%+v is not %+v: store migrate, backup and restore need the same tables and columns in both", lite[i], big[i])
		}
	}
	// Every carried table takes part in what the test above moves, or stands here with the reason.
	s := openTest(t, t.TempDir())
	furnish(t, s)
	for _, table := range of(s) {
		var n int
		if err := s.read.QueryRowContext(t.Context(), "SELECT count(*) FROM "+table.Name).Scan(&n); err != nil || n == 0 {
			if !errors.Is(err, sql.ErrNoRows) && err != nil {
				t.Fatal(err)
			}
			t.Errorf("furnish puts nothing into %s: let it, so that moving it is tested", table.Name)
		}
	}
}

func TestABackupOfAWorkingStoreIsRestoredInto(t *testing.T) {
	type kind struct {
		name string
		open opener
		to   func(t *testing.T, dir string) (string, string) // data directory and URL
	}
	kinds := []kind{
		{"SQLite", openTest, func(_ *testing.T, dir string) (string, string) { return dir, "" }},
		{"PostgreSQL", openPostgresTest, func(t *testing.T, dir string) (string, string) { return "", postgresServer(t).storeURL(t, dir) }},
	}
	for _, from := range kinds {
		for _, to := range kinds {
			for _, deliver := range []bool{false, true} {
				t.Run(from.name+" to "+to.name, func(t *testing.T) {
					s := from.open(t, t.TempDir())
					want := furnish(t, s)
					backup := filepath.Join(t.TempDir(), "backup")
					secret := filepath.Join(t.TempDir(), "policy.yaml")
					if err := os.WriteFile(secret, []byte("organisation: Dansk Eksempelforening\n"), 0o600); err != nil {
						t.Fatal(err)
					}
					m, err := s.Backup(t.Context(), backup, "test", map[string]string{"rules/policy.yaml": secret})
					if err != nil {
						t.Fatal(err)
					}
					if m.Copies() != 6 || m.Records() != 2 {
						t.Errorf("the backup has %d copies, %d entries", m.Copies(), m.Records())
					}
					inClear(t, backup, want, "Eksempelforening", annasAddress)
					into := t.TempDir()
					cfg := RestoreConfig{From: backup, Keys: [][]byte{testKey()}, Now: time.Now(), Keep: time.Hour, Deliver: deliver}
					cfg.Dir, cfg.URL = to.to(t, into)
					moved, err := Restore(t.Context(), cfg)
					if err != nil {
						t.Fatal(err)
					}
					held := 5 // all but the warning
					if deliver {
						held = 1
					}
					if moved.Held != int64(held-1) {
						t.Errorf("%d are held, want %d", moved.Held, held-1)
					}
					if _, err := Restore(t.Context(), cfg); !errors.Is(err, ErrNotEmpty) {
						t.Errorf("a store with mail in it was overwritten: %v", err)
					}
					wantContents(t, to.open(t, into), want, held)
					files := filepath.Join(t.TempDir(), "files")
					names, err := RestoreFiles(backup, files, testKey())
					if err != nil || len(names) != 1 {
						t.Fatal(names, err)
					}
					if text, err := os.ReadFile(filepath.Join(files, "rules/policy.yaml")); err != nil || string(text) != "organisation: Dansk Eksempelforening\n" {
						t.Errorf("the file came back as %q: %v", text, err)
					}
				})
			}
		}
	}
}

// inClear fails when something that has to be secret can be read in a backup.
func inClear(t *testing.T, dir string, contents map[string][]byte, words ...string) {
	t.Helper()
	for _, content := range contents {
		words = append(words, string(content[:20]))
	}
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		for _, word := range words {
			if bytes.Contains(text, []byte(word)) {
				t.Errorf("%s has %q in clear", path, word)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestABackupThatWasChangedIsRefused(t *testing.T) {
	s := openTest(t, t.TempDir())
	furnish(t, s)
	backup := filepath.Join(t.TempDir(), "backup")
	if _, err := s.Backup(t.Context(), backup, "test", nil); err != nil {
		t.Fatal(err)
	}
	cfg := RestoreConfig{From: backup, Keys: [][]byte{testKey()}, Now: time.Now()}
	other := cfg
	other.Dir, other.Keys = t.TempDir(), [][]byte{bytes.Repeat([]byte{1}, 32)}
	if _, err := Restore(t.Context(), other); !errors.Is(err, ErrKey) {
		t.Errorf("another key: %v", err)
	}
	n := 0
	err := filepath.WalkDir(backup, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		whole, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, change := range []func([]byte) []byte{
			func(b []byte) []byte { return b[:len(b)*2/3] },
			func(b []byte) []byte { b[len(b)/2] ^= 1; return b },
			func([]byte) []byte { return nil },
		} {
			if err := os.WriteFile(path, change(bytes.Clone(whole)), 0o600); err != nil {
				return err
			}
			cfg.Dir = t.TempDir()
			if _, err := Restore(t.Context(), cfg); err == nil {
				t.Errorf("a change of %s was not seen", path)
			}
			if _, err := os.Stat(filepath.Join(cfg.Dir, databaseFile)); err == nil {
				t.Errorf("a store was made of a damaged backup")
			}
			n++
		}
		return os.WriteFile(path, whole, 0o600)
	})
	if err != nil || n < 15 {
		t.Fatalf("%d changes: %v", n, err)
	}
}

func TestABackupUnderLoadHasOneMomentInIt(t *testing.T) {
	for name, open := range map[string]opener{"SQLite": openTest, "PostgreSQL": openPostgresTest} {
		t.Run(name, func(t *testing.T) {
			s := open(t, t.TempDir())
			stop := make(chan struct{})
			var load sync.WaitGroup
			for range 4 {
				load.Go(func() {
					for {
						select {
						case <-stop:
							return
						default:
						}
						mustAccept(t, s, testParcel(2000, 2), testParcel(largeBody+10, 1))
						for _, d := range claimAll(t, s, time.Millisecond) {
							finishAll(t, s, Delivered, d)
						}
					}
				})
			}
			for i := range 5 {
				dir := filepath.Join(t.TempDir(), "backup")
				m, err := s.Backup(t.Context(), dir, "test", nil)
				if err != nil {
					t.Errorf("backup %d: %v", i, err)
					continue
				}
				cfg := RestoreConfig{From: dir, Keys: [][]byte{testKey()}, Now: time.Now(), Keep: time.Hour, Dir: t.TempDir()}
				if moved, err := Restore(t.Context(), cfg); err != nil || moved.Rows["copies"] != m.Copies() {
					t.Errorf("backup %d has %d copies, restored %d: %v", i, m.Copies(), moved.Rows["copies"], err)
				}
			}
			close(stop)
			load.Wait()
		})
	}
}

// moved moves a store, whose gateway has little time to let go of it.
func moved(t *testing.T, dir, url string) (Moved, error) {
	t.Helper()
	return Migrate(t.Context(), MoveConfig{
		Dir: dir, URL: url, Keys: [][]byte{testKey()}, Freeze: 300 * time.Millisecond, Say: func(text string) { t.Log(text) },
	})
}
