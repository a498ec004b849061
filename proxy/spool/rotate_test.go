package spool

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// keyChange is a store whose installation key is being changed.
type keyChange struct {
	t        *testing.T
	open     opener
	dir      string
	old, new []byte
	file     atomic.Pointer[[][]byte] // what the file of the gateway holds
}

func newKeyChange(t *testing.T, open opener) *keyChange {
	k := &keyChange{t: t, open: open, dir: t.TempDir(), old: testKey(), new: bytes.Repeat([]byte{7}, keySize)}
	k.file.Store(&[][]byte{k.old})
	return k
}

// serve opens the store as the gateway does, which reads its file again.
func (k *keyChange) serve() *Store {
	return k.open(k.t, k.dir, k.with(*k.file.Load()), func(c *Config) { c.Reread = func() [][]byte { return *k.file.Load() } })
}

// command opens the store as a command does.
func (k *keyChange) command(keys ...[]byte) *Store { return k.open(k.t, k.dir, guest, k.with(keys)) }

func (k *keyChange) with(keys [][]byte) func(*Config) {
	return func(c *Config) { c.Key, c.Others = keys[0], keys[1:] }
}

// verify reads all of the store with the new key alone.
func (k *keyChange) verify() {
	k.t.Helper()
	s := k.command(k.new)
	if err := allOpens(k.t.Context(), s); err != nil {
		k.t.Errorf("with the new key: %v", err)
	}
	if code, err := s.StandingCode(k.t.Context(), "mette@post.example"); err != nil || code != "4821-0937" {
		k.t.Errorf("the standing code is %q, %v", code, err)
	}
	if b, err := s.KeyBook(k.t.Context(), nil); err != nil || len(b.Added) != 1 || !b.Binds("mette@post.example") {
		k.t.Errorf("the keys of readers: %v", err)
	}
	ledger, err := s.Ledger(k.t.Context(), nil)
	if err != nil || len(ledger.Of("bo@mail.example")) != 1 {
		k.t.Errorf("the consents: %v", err)
	}
	mustClose(k.t, s)
}

func allOpens(ctx context.Context, s *Store) error {
	p, err := s.snapshot(ctx)
	if err != nil {
		return err
	}
	defer p.close()
	tables, err := p.tables(ctx)
	for _, t := range tables {
		if err == nil {
			err = p.rows(ctx, t, func(r values) error { return s.vault.opens(ctx, p, t, r) })
		}
	}
	return err
}

func keyChanges(t *testing.T, open opener) {
	k := newKeyChange(t, open)
	s := k.serve()
	want := furnish(t, s)
	c := k.command(k.old, k.new)
	var lacks *LacksKeyError
	if err := c.BeginRotation(t.Context(), KeyID(k.new)); !errors.As(err, &lacks) || len(lacks.Nodes) != 1 || !strings.Contains(err.Error(), KeyID(k.new)) {
		t.Fatalf("it begins although the gateway lacks the key: %v", err)
	}
	if r, err := c.Rotation(t.Context()); err != nil || r != (Rotation{Key: KeyID(k.old)}) {
		t.Fatalf("after that: %+v, %v", r, err)
	}
	k.file.Store(&[][]byte{k.old, k.new})
	begun := false
	for end := time.Now().Add(20 * time.Second); !begun && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		err := c.BeginRotation(t.Context(), KeyID(k.new))
		if begun = err == nil; err != nil && !errors.As(err, &lacks) {
			t.Fatal(err)
		}
	}
	// While mail comes and goes.
	ctx, cancel := context.WithCancel(t.Context())
	var at sync.WaitGroup
	accepted := 0
	at.Go(func() {
		for ctx.Err() == nil {
			if err := s.Accept(t.Context(), testParcel(900, 1)); err != nil {
				t.Error(err)
				return
			}
			accepted++
			time.Sleep(5 * time.Millisecond)
		}
	})
	written := 0
	at.Go(func() { // somebody works in the register meanwhile
		for ctx.Err() == nil {
			if _, err := s.ChangeDeviations(t.Context(), []string{"PV-OWNKEY"}, remark(fmt.Sprint(written))); err != nil {
				t.Error(err)
				return
			}
			written++
			time.Sleep(3 * time.Millisecond)
		}
	})
	for behind := 1; behind > 0; time.Sleep(20 * time.Millisecond) {
		nodes, err := c.Behind(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		behind = len(nodes)
	}
	if r, err := c.Rotation(t.Context()); err != nil || r != (Rotation{Key: KeyID(k.new), From: KeyID(k.old)}) {
		t.Errorf("amid it: %+v, %v", r, err)
	}
	resealed := map[string]int{}
	if err := c.Rotate(t.Context(), func(p Progress) { resealed[p.Table] += p.Resealed }); err != nil {
		t.Fatal(err)
	}
	cancel()
	at.Wait()
	if own, err := c.Deviation(t.Context(), "PV-OWNKEY"); err != nil || len(own[0].Comments) != 2+written {
		t.Errorf("%d remarks were written after 2: %+v, %v", written, own, err)
	}
	for table, n := range resealed {
		if n == 0 && sealedColumns(table) != nil {
			t.Errorf("nothing of %s was sealed anew", table)
		}
	}
	if r, err := c.Rotation(t.Context()); err != nil || r != (Rotation{Key: KeyID(k.new)}) {
		t.Errorf("at the end: %+v, %v", r, err)
	}
	k.file.Store(&[][]byte{k.new})
	for end := time.Now().Add(20 * time.Second); len(s.vault.ids()) > 1 && time.Now().Before(end); {
		time.Sleep(20 * time.Millisecond)
	}
	mustAccept(t, s, testParcel(100, 1))
	mustClose(t, c)
	k.verify()
	mustClose(t, s)
	cfg := s.cfg
	cfg.Key, cfg.Others, cfg.Reread = k.old, nil, nil
	if _, err := Open(t.Context(), cfg); !errors.Is(err, ErrKey) || !strings.Contains(err.Error(), KeyID(k.new)) || !strings.Contains(err.Error(), KeyID(k.old)) {
		t.Errorf("the old key still opens it: %v", err)
	}
	s = k.serve()
	delivered := 0
	for _, d := range claimAll(t, s, time.Second) {
		if content, ok := want[d.Parcel]; ok && !bytes.Equal(append(bytes.Clone(d.Head), d.Content...), content) {
			t.Errorf("%s has another content", d.Parcel)
		}
		delivered++
	}
	if delivered < accepted {
		t.Errorf("%d of %d are handed out", delivered, accepted)
	}
}

// TestAKeyChangeThatWasBrokenOffGoesOn ends the command at every table in turn.
func TestAKeyChangeThatWasBrokenOffGoesOn(t *testing.T) {
	for name, open := range map[string]opener{"SQLite": openTest, "PostgreSQL": openPostgresTest} {
		t.Run(name, func(t *testing.T) {
			k := newKeyChange(t, open)
			s := k.serve()
			furnish(t, s)
			mustClose(t, s)
			c := k.command(k.old, k.new)
			if err := c.BeginRotation(t.Context(), KeyID(k.new)); err != nil {
				t.Fatal(err)
			}
			mustClose(t, c)
			for n := 1; ; n++ {
				c := k.command(k.old, k.new)
				ctx, cancel := context.WithCancel(t.Context())
				passed := 0
				err := c.Rotate(ctx, func(Progress) {
					if passed++; passed == n {
						cancel()
					}
				})
				cancel()
				if err := allOpens(t.Context(), c); err != nil {
					t.Fatal(err)
				}
				// A backup that is made meanwhile says which keys it needs.
				backup := filepath.Join(t.TempDir(), "backup")
				m, berr := c.Backup(t.Context(), backup, "test", nil)
				if berr != nil {
					t.Fatal(berr)
				}
				if err != nil {
					if len(m.Keys) != 2 {
						t.Errorf("the backup needs %v", m.Keys)
					}
					one := RestoreConfig{From: backup, Keys: [][]byte{k.new}, Now: time.Now(), Dir: t.TempDir()}
					if _, err := Restore(t.Context(), one); !errors.Is(err, ErrKey) || !strings.Contains(err.Error(), KeyID(k.new)+" and "+KeyID(k.old)) {
						t.Errorf("restored with one key: %v", err)
					}
					one.Keys = [][]byte{k.old, k.new}
					if _, err := Restore(t.Context(), one); err != nil {
						t.Errorf("restored with both: %v", err)
					}
				}
				mustClose(t, c)
				if err == nil {
					break
				}
			}
			k.verify()
		})
	}
}

func TestACommandWritesNothingUnderAKeyThatWasChanged(t *testing.T) {
	k := newKeyChange(t, openTest)
	mustClose(t, k.serve())
	late, c := k.command(k.old), k.command(k.old, k.new)
	if err := c.BeginRotation(t.Context(), KeyID(k.new)); err != nil {
		t.Fatal(err)
	}
	err := late.SetStandingCode(t.Context(), StandingCode{Reader: "mette@post.example", Code: "x", Set: time.Now()})
	if !errors.Is(err, ErrKeyChanged) {
		t.Errorf("it wrote: %v", err)
	}
}

func TestANodeThatComesBackAfterAKeyChangeFollowsBeforeItWrites(t *testing.T) {
	k := newKeyChange(t, openPostgresTest)
	s := k.open(t, k.dir, shortLease, k.with([][]byte{k.old, k.new}))
	letGo := hung(t, s)
	other := k.open(t, k.dir, shortLease, k.with([][]byte{k.old, k.new}))
	c := k.command(k.old, k.new)
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if nodes, err := c.Nodes(t.Context()); err == nil && len(nodes) == 1 {
			break // it was taken over
		}
	}
	if err := c.BeginRotation(t.Context(), KeyID(k.new)); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Accept(t.Context(), testParcel(100, 1)) }()
	letGo()
	<-done //nolint:errcheck // in time it is written, or put off
	for behind := 1; behind > 0; time.Sleep(20 * time.Millisecond) {
		nodes, err := c.Behind(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		behind = len(nodes)
	}
	if err := c.Rotate(t.Context(), func(Progress) {}); err != nil {
		t.Fatal(err)
	}
	mustClose(t, c)
	mustAccept(t, other, testParcel(10, 1))
	last := k.command(k.new)
	if err := allOpens(t.Context(), last); err != nil {
		t.Error(err)
	}
}

// TestEveryColumnOfOctetsIsKnown holds what a change of the key seals anew to
// what the tables have.
func TestEveryColumnOfOctetsIsKnown(t *testing.T) {
	hashes := map[string]bool{ // and what stands under the key of a body
		"bodies.content": true, "receipts.digest": true, "handovers.pair": true, "consents.who": true, "codes.reader": true,
		keysTable + ".reader": true, keysTable + ".print": true, pinsTable + ".reader": true, pinsTable + ".print": true, "protections.reader": true, "lookups.reader": true, "refreshes.reader": true,
	}
	s := openTest(t, t.TempDir())
	rows, err := s.read.QueryContext(t.Context(), `SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c
WHERE m.type = 'table' AND c.type = 'BLOB'`)
	if err != nil {
		t.Fatal(err)
	}
	err = drain("octets", rows, func(r scanner) error {
		var table, column string
		if err := r.Scan(&table, &column); err != nil {
			return err
		}
		known := hashes[table+"."+column]
		for _, c := range sealedColumns(table) {
			known = known || c == column
		}
		if !known {
			t.Errorf("%s.%s is neither sealed nor a hash", table, column)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestTheFileOfKeysIsReplacedWhole(t *testing.T) {
	dir := t.TempDir()
	first, err := LoadKeys(t.Context(), dir, "")
	if err != nil || len(first) != 1 {
		t.Fatal(first, err)
	}
	path := filepath.Join(dir, KeyFile)
	linked := filepath.Join(t.TempDir(), "the same octets on the disk")
	if err := os.Link(path, linked); err != nil {
		t.Skip(err)
	}
	before, _ := os.ReadFile(path)
	next := NewKey()
	if err := ReplaceKeys(dir, [][]byte{first[0], next}); err != nil {
		t.Fatal(err)
	}
	both, err := LoadKeys(t.Context(), dir, "")
	if err != nil || len(both) != 2 || !bytes.Equal(both[0], first[0]) || !bytes.Equal(both[1], next) {
		t.Errorf("%d keys, %v", len(both), err)
	}
	if after, err := os.ReadFile(linked); err != nil || len(after) != len(before) || !bytes.Equal(after, make([]byte, len(before))) {
		t.Errorf("the file before holds %q, %v", after, err)
	}
	if left := listFiles(t, dir); len(left) != 1 {
		t.Errorf("%q are left", left)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}
