package spool

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// nothingIsOut makes sure that no copy is out, and no content lent.
func nothingIsOut(t *testing.T, s *Store) {
	t.Helper()
	s.waiting.mu.Lock()
	defer s.waiting.mu.Unlock()
	if len(s.waiting.claims) != 0 || s.waiting.lent != 0 {
		t.Errorf("%d copies are out, and %d octets lent", len(s.waiting.claims), s.waiting.lent)
	}
}

func TestAClaimOfWhichNobodyKnowsWhetherItStandsIsMadeAgain(t *testing.T) {
	for name, commit := range map[string]string{
		"it was not carried out": "SELECT no_such_function()",
		"it was carried out":     "COMMIT; SELECT no_such_function()",
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := openTest(t, dir)
			mustAccept(t, s, testParcel(100, 3), testParcel(100, 1))
			mustClose(t, s)
			s = openTest(t, dir) // what is due stands in the table alone
			mend := breakCommit(t, s, commit)
			if _, err := s.Claim(t.Context(), 10); !errors.Is(err, errUnknown) {
				t.Fatalf("the answer is %v", err)
			}
			mend()
			finishAll(t, s, Delivered, claimCopies(t, s, 4)...)
			wantStats(t, s, Stats{})
			nothingIsOut(t, s)
		})
	}
}

func TestAnOutcomeThatStandsUnnoticedLeavesNothingOut(t *testing.T) {
	for _, result := range []Result{Delivered, Deferred, Failed} {
		t.Run(string(result), func(t *testing.T) {
			s := openTest(t, t.TempDir())
			mustAccept(t, s, testParcel(100, 1))
			d := claimOne(t, s)
			mend := breakCommit(t, s, "COMMIT; SELECT no_such_function()")
			o := Outcome{Copy: d.Copies[0].ID, Result: result, Retry: time.Now().Add(time.Hour)}
			if err := s.Finish(t.Context(), []Outcome{o}); !errors.Is(err, errUnknown) {
				t.Fatalf("the answer is %v", err)
			}
			mend()
			if err := s.Finish(t.Context(), []Outcome{o}); !errors.Is(err, ErrNotFound) {
				t.Errorf("the second answer is %v", err)
			}
			nothingIsOut(t, s)
		})
	}
}

func TestWhatIsClaimedBesideADamagedCopyIsHandedOut(t *testing.T) {
	dir := t.TempDir()
	s := openTest(t, dir)
	parcels := []Parcel{testParcel(100, 1), testParcel(100, 1), testParcel(100, 1)}
	mustAccept(t, s, parcels...)
	mustClose(t, s)
	s = openTest(t, dir)
	damage(t, s, "UPDATE bodies SET content = x'00' WHERE parcel = '"+parcels[2].ID+"'")
	first := claimOne(t, s)
	mend := breakCommit(t, s, "SELECT no_such_function()")
	got, err := s.Claim(t.Context(), 2) // the third cannot be held
	if len(got) != 1 || err != nil {
		t.Fatalf("%d deliveries, %v", len(got), err)
	}
	mend()
	finishAll(t, s, Delivered, first, got[0])
	claimCopies(t, s, 0)
	wantStats(t, s, Stats{Held: 1, Bytes: 100})
	nothingIsOut(t, s)
}

func TestAFileThatCannotBeReadHoldsUpNoOtherCopy(t *testing.T) {
	dir := t.TempDir()
	s := openTest(t, dir)
	mustAccept(t, s, testParcel(largeBody+1, 2), testParcel(100, 1))
	mustClose(t, s)
	at := time.Now()
	s = openTest(t, dir, func(c *Config) { c.Now = func() time.Time { return at } })
	bodies := filepath.Join(dir, "bodies")
	file := filepath.Join(bodies, listFiles(t, bodies)[0])
	if err := errors.Join(os.Rename(file, file+"~"), os.Mkdir(file, 0o700)); err != nil { // which reads as an error, not as damage
		t.Fatal(err)
	}
	// claim waits as the relay does.
	claim := func() Delivery {
		t.Helper()
		for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			got, _ := s.Claim(ctx, 1)
			cancel()
			if len(got) > 0 {
				return got[0]
			}
		}
		t.Fatal("nothing is handed out")
		return Delivery{}
	}
	d := claim()
	if len(d.Content) != 100 {
		t.Errorf("%d octets are handed out", len(d.Content))
	}
	finishAll(t, s, Delivered, d)
	wantStats(t, s, Stats{Queued: 2, Deferred: 2, Bytes: largeBody + 1})
	if err := errors.Join(os.Remove(file), os.Rename(file+"~", file)); err != nil {
		t.Fatal(err)
	}
	at = at.Add(unreadableWait)
	if d = claim(); len(d.Content) != largeBody+1 || len(d.Copies) != 2 {
		t.Errorf("%d octets are handed out for %d", len(d.Content), len(d.Copies))
	}
	finishAll(t, s, Delivered, d)
	wantStats(t, s, Stats{})
}

func TestACopyOnItsWayIsNotHandedOutASecondTimeByTheSameNode(t *testing.T) {
	dir := t.TempDir()
	first, second := openPostgresTest(t, dir, shortLease), openPostgresTest(t, dir, shortLease)
	mustAccept(t, first, testParcel(100, 1))
	d := claimOne(t, first)
	id := d.Copies[0].ID
	letGo := hung(t, first)
	for free := 0; free == 0; time.Sleep(10 * time.Millisecond) { // the second takes over, and claims nothing
		if err := second.read.QueryRowContext(t.Context(), "SELECT count(*) FROM copies WHERE owner = 0").Scan(&free); err != nil {
			t.Fatal(err)
		}
	}
	if first.Owned([]string{id}) {
		t.Error("it is still its own")
	}
	letGo()
	if got := claimAll(t, first, 3*time.Second); len(got) != 0 {
		t.Errorf("%d copies that are on their way are handed out", len(got))
	}
	if !first.Owned([]string{id}) {
		t.Error("claimed anew, it is not its own")
	}
	finishAll(t, first, Delivered, d)
	nothingIsOut(t, first)
	wantStats(t, second, Stats{})
}

func TestWhatWasTakenOverIsNotOutAnyMore(t *testing.T) {
	dir := t.TempDir()
	first, second := openPostgresTest(t, dir, shortLease), openPostgresTest(t, dir, shortLease)
	mustAccept(t, first, testParcel(100, 1), testParcel(100, 1))
	a, b := claimOne(t, first), claimOne(t, first)
	letGo := hung(t, first)
	finishAll(t, second, Delivered, claimOne(t, second), claimOne(t, second))
	letGo()
	for _, o := range []Outcome{{Copy: a.Copies[0].ID, Result: Failed}, {Copy: b.Copies[0].ID, Result: Delivered}} {
		if err := first.Finish(t.Context(), []Outcome{o}); !errors.Is(err, ErrNotFound) {
			t.Errorf("the answer is %v", err)
		}
	}
	nothingIsOut(t, first)
}

func TestAServerThatOnlyReadsIsLeft(t *testing.T) {
	srv := postgresServer(t)
	dir := t.TempDir()
	s := openPostgresTest(t, dir)
	at, err := url.Parse(srv.storeURL(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	mustAccept(t, s, testParcel(10, 1))
	// The server that the connection leads to has become one that only reads.
	err = s.run(t.Context(), &job{do: func(x *tx) error {
		_, err := x.w.conn.ExecContext(x.ctx, "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY")
		return err
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Accept(t.Context(), testParcel(10, 1)); err == nil {
		t.Fatal("it took a mail")
	}
	mustAccept(t, s, testParcel(10, 1))
	// Now each new connection leads to one.
	readOnly := func(value string) {
		t.Helper()
		err := srv.Run("ALTER DATABASE "+at.Path[1:]+" SET default_transaction_read_only = "+value,
			"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '"+at.Path[1:]+"'")
		if err != nil {
			t.Fatal(err)
		}
	}
	readOnly("on")
	if err := s.Accept(t.Context(), testParcel(10, 1)); err == nil {
		t.Fatal("it took a mail")
	}
	if other, err := Open(t.Context(), Config{URL: at.String(), Key: testKey()}); err == nil {
		t.Error("a server that only reads is opened")
		mustClose(t, other)
	} else {
		t.Log(err)
	}
	readOnly("off")
	mustAccept(t, s, testParcel(10, 1))
	finishAll(t, s, Delivered, claimCopies(t, s, 3)...)
}

// frozen forwards connections to a server until it is frozen: then those that
// are open hang, as when the machine behind them is gone, and new ones work.
// What the server says passes through change first.
func frozen(t *testing.T, to string, change func([]byte)) (at string, freeze func()) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it listens at once
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var conns []net.Conn
	var wg sync.WaitGroup
	stuck := new(atomic.Bool)
	forward := func(to, from net.Conn, stuck *atomic.Bool, change func([]byte)) {
		defer to.Close() //nolint:errcheck // nobody asks
		b := make([]byte, 64<<10)
		for {
			n, err := from.Read(b)
			change(b[:n])
			if !stuck.Load() { // else it gets nowhere
				_, _ = to.Write(b[:n])
			}
			if err != nil {
				return
			}
		}
	}
	wg.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			up, err := net.Dial("tcp", to) //nolint:noctx // on this machine
			if err != nil {
				_ = c.Close()
				continue
			}
			mu.Lock()
			now := stuck
			conns = append(conns, c, up)
			mu.Unlock()
			wg.Go(func() { forward(up, c, now, func([]byte) {}) })
			wg.Go(func() { forward(c, up, now, change) })
		}
	})
	t.Cleanup(func() {
		_ = ln.Close()
		mu.Lock()
		for _, c := range conns {
			_ = c.Close()
		}
		mu.Unlock()
		wg.Wait()
	})
	return ln.Addr().String(), func() {
		mu.Lock()
		defer mu.Unlock()
		stuck.Store(true)
		stuck = new(atomic.Bool)
	}
}

func TestAServerThatIsGoneWithoutAWordKeepsNobodyWaiting(t *testing.T) {
	srv := postgresServer(t)
	at, err := url.Parse(srv.storeURL(t, t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	var freeze func()
	at.Host, freeze = frozen(t, at.Host, func([]byte) {})
	s := openTest(t, "", func(c *Config) { c.URL = at.String() })
	err = s.run(t.Context(), &job{do: func(*tx) error { s.lang.patience = 500 * time.Millisecond; return nil }})
	if err != nil {
		t.Fatal(err)
	}
	mustAccept(t, s, testParcel(largeBody+1, 1))
	if _, err := s.Held(t.Context()); err != nil {
		t.Fatal(err)
	}
	freeze()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for name, ask := range map[string]func() error{
		"held":          func() error { _, err := s.Held(ctx); return err },
		"standing code": func() error { _, err := s.StandingCode(ctx, "bo@mail.example"); return err },
		"next due":      func() error { return s.lookAhead(ctx) },
		"stats":         func() error { _, err := s.Stats(ctx); return err },
	} {
		if err := ask(); ctx.Err() != nil {
			t.Errorf("%s hung: %v", name, err)
		}
	}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if err := s.Accept(t.Context(), testParcel(10, 1)); err == nil {
			break
		} else if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
	finishAll(t, s, Delivered, claimCopies(t, s, 2)...)
}

func TestAPoolerOfTransactionsIsNamed(t *testing.T) {
	s := openPostgresTest(t, t.TempDir())
	mustAccept(t, s, testParcel(10, 1))
	err := s.run(t.Context(), &job{do: func(x *tx) error {
		_, err := x.w.conn.ExecContext(x.ctx, "DEALLOCATE ALL") // the next transaction is on another connection
		return err
	}})
	if !errors.Is(err, ErrPooled) {
		t.Errorf("the answer is %v", err)
	}
	if err := s.Accept(t.Context(), testParcel(10, 1)); err != nil {
		t.Errorf("on a new connection the answer is %v", err)
	}
}

func TestThroughAPoolerNoServerThatDoesNotFlushIsTaken(t *testing.T) {
	srv := postgresServer(t)
	at, err := url.Parse(srv.storeURL(t, t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	if err := srv.Run("ALTER DATABASE " + at.Path[1:] + " SET synchronous_commit = off"); err != nil {
		t.Fatal(err)
	}
	mustClose(t, openTest(t, "", func(c *Config) { c.URL = at.String() }))
	at.Host, _ = frozen(t, at.Host, func(said []byte) { // a pooler gives out numbers of its own
		if i := bytes.Index(said, []byte{'K', 0, 0, 0, 12}); i >= 0 && i+9 <= len(said) {
			said[i+8] ^= 1
		}
	})
	open := func() error {
		s, err := Open(t.Context(), Config{URL: at.String(), Key: testKey()})
		mustClose(t, s)
		return err
	}
	if err := open(); !errors.Is(err, ErrPooled) {
		t.Errorf("the answer is %v", err)
	}
	if err := srv.Run("ALTER DATABASE " + at.Path[1:] + " RESET synchronous_commit"); err != nil {
		t.Fatal(err)
	}
	if err := open(); err != nil {
		t.Errorf("where it flushes the answer is %v", err)
	}
}
