package spool

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"postvern.example/internal/postgres"
)

// server is the PostgreSQL of the tests.
type server struct {
	*postgres.Server

	mu     sync.Mutex
	stores map[string]string // directory of a test -> database
}

// theServer starts it when it is first asked for.
var theServer = sync.OnceValues(func() (*server, error) {
	srv, err := postgres.Make()
	if err != nil {
		return nil, err
	}
	srv.Options = []string{"-c", "shared_buffers=64MB", "-c", "deadlock_timeout=100ms", "-c", "max_wal_size=128MB"}
	started = srv
	return &server{Server: srv, stores: make(map[string]string)}, srv.Start()
})

// started is what stopPeers removes.
var started *postgres.Server

// stopPeers ends the servers that tests have started.
func stopPeers() {
	if started != nil {
		started.Remove() //nolint:errcheck // it stands in a temporary directory
	}
}

func postgresServer(tb testing.TB) *server {
	tb.Helper()
	srv, err := theServer()
	if errors.Is(err, postgres.ErrMissing) {
		tb.Skip(err)
	}
	if err != nil {
		tb.Fatal(err)
	}
	return srv
}

// storeURL is the database that belongs to a test's directory.
func (srv *server) storeURL(tb testing.TB, dir string) string {
	tb.Helper()
	srv.mu.Lock()
	defer srv.mu.Unlock()
	name, ok := srv.stores[dir]
	if !ok {
		name = fmt.Sprintf("store%d", len(srv.stores))
		srv.stores[dir] = name
		if err := srv.Run("CREATE DATABASE " + name); err != nil {
			tb.Fatal(err)
		}
		tb.Cleanup(func() {
			if err := srv.Run("DROP DATABASE " + name + " WITH (FORCE)"); err != nil {
				tb.Error(err)
			}
		})
	}
	return srv.URL(name)
}

// openPostgresTest opens the store in the database that belongs to dir.
func openPostgresTest(tb testing.TB, dir string, change ...func(*Config)) *Store {
	tb.Helper()
	at := postgresServer(tb).storeURL(tb, dir)
	return openTest(tb, "", append([]func(*Config){func(c *Config) { c.URL = at }}, change...)...)
}

func TestPostgreSQLConforms(t *testing.T) {
	postgresServer(t)
	Conformance(t, openPostgresTest)
}

func TestAServerThatDoesNotFlushIsRefused(t *testing.T) {
	srv := postgresServer(t)
	at := srv.storeURL(t, t.TempDir())
	set := func(statement string) {
		for _, one := range []string{statement, "SELECT pg_reload_conf()"} {
			if err := srv.Run(one); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(200 * time.Millisecond)
	}
	set("ALTER SYSTEM SET fsync = off")
	defer set("ALTER SYSTEM RESET fsync")
	s, err := Open(t.Context(), Config{URL: at, Key: testKey()})
	if !errors.Is(err, ErrNotDurable) {
		t.Errorf("the answer is %v", err)
		mustClose(t, s)
	}
}

func TestACommitIsFlushedWhateverTheServersDefault(t *testing.T) {
	srv := postgresServer(t)
	for _, c := range []struct{ was, is string }{{"off", "on"}, {"remote_apply", "remote_apply"}, {"on", "on"}} {
		dir := t.TempDir()
		at, err := url.Parse(srv.storeURL(t, dir))
		if err != nil {
			t.Fatal(err)
		}
		if err := srv.Run("ALTER DATABASE " + at.Path[1:] + " SET synchronous_commit = " + c.was); err != nil {
			t.Fatal(err)
		}
		s := openPostgresTest(t, dir)
		var is string
		err = s.run(t.Context(), &job{do: func(x *tx) error {
			return x.w.conn.QueryRowContext(x.ctx, "SHOW synchronous_commit").Scan(&is)
		}})
		if err != nil || is != c.is {
			t.Errorf("where the default is %s it is %s, %v", c.was, is, err)
		}
	}
}

// shortLease makes leases short enough for a test.
func shortLease(c *Config) { c.Lease = time.Second }

func TestSeveralNodesDeliverEachCopyOnce(t *testing.T) {
	dir := t.TempDir()
	nodes := []*Store{openPostgresTest(t, dir, smallBuffer), openPostgresTest(t, dir, smallBuffer), openPostgresTest(t, dir, smallBuffer)}
	ctx, cancel := context.WithCancel(t.Context())
	var mu sync.Mutex
	seen := make(map[string]int)
	var relays, wg sync.WaitGroup
	for _, s := range nodes {
		relays.Go(func() {
			relayAll(ctx, t, s, func(d Delivery) { //nolint:contextcheck // an outcome is stored although the relay ends
				mu.Lock()
				for _, c := range d.Copies {
					seen[c.ID]++
				}
				mu.Unlock()
				// One by one: the last copies of a body are finished by
				// whoever has them.
				for _, c := range d.Copies {
					finishAll(t, s, Delivered, Delivery{Copies: []Copy{c}})
				}
			})
		})
		for range 3 {
			wg.Go(func() {
				for range 30 {
					mustAccept(t, s, testParcel(2000, 3))
				}
			})
		}
	}
	wg.Wait()
	for deadline := time.Now().Add(30 * time.Second); stats(t, nodes[0]).Queued > 0 && time.Now().Before(deadline); {
		time.Sleep(20 * time.Millisecond)
	}
	cancel()
	relays.Wait()
	if len(seen) != 810 {
		t.Errorf("%d of 810 copies came", len(seen))
	}
	for id, n := range seen {
		if n != 1 {
			t.Errorf("%s was delivered %d times", id, n)
		}
	}
	wantStats(t, nodes[0], Stats{})
}

func smallBuffer(c *Config) { c.Buffer = 20000 }

func TestANodeThatDiesIsTakenOver(t *testing.T) {
	dir := t.TempDir()
	first, second := openPostgresTest(t, dir, shortLease), openPostgresTest(t, dir, shortLease)
	p := testParcel(largeBody+1, 2)
	mustAccept(t, first, p)
	if got := claimAll(t, second, 300*time.Millisecond); len(got) != 0 {
		t.Fatal("a node got the copies of another that lives")
	}
	d := claimOne(t, first)
	hang := make(chan struct{})
	var hung sync.WaitGroup
	hung.Go(func() { _ = first.run(t.Context(), &job{do: func(*tx) error { <-hang; return nil }}) })
	got := claimOne(t, second)
	close(hang)
	hung.Wait()
	if got.Parcel != p.ID || len(got.Copies) != 2 || !bytes.Equal(got.Content, p.Bodies[0].Content) {
		t.Errorf("the second one got %+v", got.Reference)
	}
	if first.Owned([]string{d.Copies[0].ID}) {
		t.Error("the silent one would send what another has")
	}
	if err := first.Finish(t.Context(), []Outcome{{Copy: d.Copies[0].ID, Result: Failed}}, testParcel(10, 1)); !errors.Is(err, ErrNotFound) {
		t.Errorf("the outcome of the silent one is answered %v", err)
	}
	finishAll(t, second, Delivered, got)
	wantStats(t, second, Stats{})
}

// hung keeps a node's writer busy until it is let go.
func hung(t *testing.T, s *Store) (letGo func()) {
	t.Helper()
	hang, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		_ = s.run(t.Context(), &job{do: func(*tx) error { <-hang; return nil }})
	}()
	return func() { close(hang); <-ended }
}

func TestWhatANodeDeliveredBeforeItWasTakenOverIsNotSentAgain(t *testing.T) {
	dir := t.TempDir()
	first, second := openPostgresTest(t, dir, shortLease), openPostgresTest(t, dir, shortLease)
	mustAccept(t, first, testParcel(100, 2))
	d := claimOne(t, first)
	letGo := hung(t, first)
	taken := claimOne(t, second)
	finishAll(t, second, Deferred, taken)
	letGo()
	finishAll(t, first, Delivered, d)
	if got := claimAll(t, second, 2*time.Second); len(got) != 0 {
		t.Errorf("%d copies that were delivered are handed out again", len(got))
	}
	if err := second.Finish(t.Context(), []Outcome{{Copy: d.Copies[0].ID, Result: Delivered}}); !errors.Is(err, ErrNotFound) {
		t.Errorf("a second outcome is answered %v", err)
	}
	wantStats(t, second, Stats{})
}

func TestANodeThatWasTakenOverWritesNothingAsTheOneItWas(t *testing.T) {
	dir := t.TempDir()
	first, second := openPostgresTest(t, dir, shortLease), openPostgresTest(t, dir, shortLease)
	mustAccept(t, first, testParcel(100, 1))
	letGo := hung(t, first)
	claimOne(t, second)
	written := make(chan error, 1)
	go func() { written <- first.Accept(t.Context(), testParcel(200, 1)) }()
	letGo()
	if err := <-written; err != nil {
		t.Fatal(err)
	}
	// What it wrote counts, and is somebody's: it has a lease anew.
	wantStats(t, second, Stats{Queued: 2, Bytes: 300})
	if got := claimOne(t, first); len(got.Content) != 200 {
		t.Errorf("%d octets are handed out", len(got.Content))
	}
}

func TestALeaseThatRanOutUnnoticedIsTakenUpAgain(t *testing.T) {
	dir := t.TempDir()
	s := openPostgresTest(t, dir, shortLease)
	mustAccept(t, s, testParcel(10, 1), testParcel(10, 1))
	d := claimOne(t, s)
	letGo := hung(t, s)
	for s.Owned([]string{d.Copies[0].ID}) {
		time.Sleep(10 * time.Millisecond)
	}
	letGo()
	for deadline := time.Now().Add(time.Minute); !s.Owned([]string{d.Copies[0].ID}) && time.Now().Before(deadline); {
		time.Sleep(10 * time.Millisecond)
	}
	finishAll(t, s, Delivered, d)
	finishAll(t, s, Delivered, claimOne(t, s))
	wantStats(t, s, Stats{})
}

func TestALeaseEndsWhicheverClockSaysSo(t *testing.T) {
	var u until
	u.set(time.Now().Add(time.Minute))
	if !u.now() {
		t.Error("it has ended")
	}
	u.wall = u.wall.Add(-2 * time.Minute) // the machine slept: only the clock of the day went on
	if u.now() {
		t.Error("it runs while the day is over")
	}
	u.wall = u.wall.Add(time.Hour) // the clock was set back
	u.end = u.end.Add(-2 * time.Minute)
	if u.now() {
		t.Error("it runs because the clock was set back")
	}
}

func TestANodeWhoseLeaseRanOutHandsNothingOut(t *testing.T) {
	dir := t.TempDir()
	s := openPostgresTest(t, dir, shortLease)
	mustAccept(t, s, testParcel(10, 1), testParcel(10, 1))
	d := claimOne(t, s)
	s.lasts.set(time.Now())
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if got, err := s.Claim(ctx, 1); err == nil && !s.lasts.now() {
		t.Errorf("it hands out %d", len(got))
	}
	damage(t, s, "DELETE FROM nodes") // another node has taken over
	ids := []string{claimOne(t, s).Parcel}
	finishAll(t, s, Deferred, d)
	ids = append(ids, claimOne(t, s).Parcel)
	slices.Sort(ids)
	if len(slices.Compact(ids)) != 2 {
		t.Errorf("with a new lease it hands out %v", ids)
	}
}

func TestASecondSendingThroughAnotherNodeIsStoredAndARetryIsNot(t *testing.T) {
	dir := t.TempDir()
	here, there := openPostgresTest(t, dir), openPostgresTest(t, dir)
	heard, lost := testParcel(100, 1), testParcel(100, 1)
	heard.Digest, lost.Digest = []byte("its 250 was heard"), []byte("its 250 was lost")
	mustAccept(t, here, heard)
	mustAccept(t, here, lost)
	if err := here.Answered(t.Context(), heard.ID); err != nil { // which the table knows a moment later
		t.Fatal(err)
	}
	if err := there.Accept(t.Context(), again(heard)); err != nil {
		t.Errorf("what was sent a second time is answered %v", err)
	}
	if err := there.Accept(t.Context(), again(lost)); !errors.Is(err, ErrRepeat) {
		t.Errorf("a retry is answered %v", err)
	}
	wantStats(t, there, Stats{Queued: 3, Bytes: 300})
}

func TestAnotherNodesCopiesWakeTheRelay(t *testing.T) {
	dir := t.TempDir()
	s, beside := openPostgresTest(t, dir), openPostgresTest(t, dir, guest)
	if got := claimAll(t, s, 300*time.Millisecond); len(got) != 0 {
		t.Fatal(got)
	}
	woke := make(chan time.Time, 1)
	go func() {
		claimOne(t, s)
		woke <- time.Now()
	}()
	time.Sleep(50 * time.Millisecond)
	start := time.Now()
	mustAccept(t, beside, testParcel(10, 1))
	if late := (<-woke).Sub(start); late > 800*time.Millisecond {
		t.Errorf("it woke after %v", late)
	}
}

func TestAServerThatRestartsLosesNothing(t *testing.T) {
	srv := postgresServer(t)
	s := openPostgresTest(t, t.TempDir(), shortLease)
	var mu sync.Mutex
	acked := make(map[string]bool)
	var refused int
	var enough atomic.Bool
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for !enough.Load() {
				p := testParcel(2000, 1)
				p.Digest = []byte(p.ID)
				err := s.Accept(t.Context(), p)
				for errors.Is(err, ErrRepeat) || err != nil {
					if errors.Is(err, ErrRepeat) { // the retry is told that it was stored
						break
					}
					mu.Lock()
					refused++
					mu.Unlock()
					time.Sleep(20 * time.Millisecond)
					q := p
					q.ID = p.ID + "r"
					err = s.Accept(t.Context(), q)
				}
				mu.Lock()
				acked[p.Copies[0].ID] = true
				mu.Unlock()
			}
		})
	}
	for range 2 {
		time.Sleep(200 * time.Millisecond)
		srv.Stop(syscall.SIGQUIT) // without a farewell
		if err := srv.Start(); err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(200 * time.Millisecond)
	enough.Store(true)
	wg.Wait()
	seen := make(map[string]bool)
	deadline := time.Now().Add(30 * time.Second)
	for len(seen) < len(acked) && time.Now().Before(deadline) {
		for _, d := range claimAll(t, s, 1500*time.Millisecond) {
			seen[d.Copies[0].ID] = true
		}
	}
	if refused == 0 {
		t.Error("nobody noticed the restarts")
	}
	for id := range acked {
		if !seen[id] {
			t.Errorf("%s was acknowledged and did not come", id)
		}
	}
	t.Logf("%d acknowledged, %d answers were errors, %d came", len(acked), refused, len(seen))
}

func TestNothingPersonalStandsInTheServer(t *testing.T) {
	srv := postgresServer(t)
	s := openPostgresTest(t, t.TempDir())
	held := heldParcel(500, true)
	mustAccept(t, s, testParcel(3000, 1), testParcel(largeBody+1, 1), held)
	if err := srv.Run("CHECKPOINT"); err != nil {
		t.Fatal(err)
	}
	text := raw(t, srv.Data())
	for _, w := range []string{"anna.holm", "region.example", "member0", "Fraværssamtale", "Kære medlem"} {
		if bytes.Contains(text, []byte(w)) {
			t.Errorf("%q stands in the server's files", w)
		}
	}
}

func TestAStoreURLThatIsNoneIsRefusedWithoutItsPassword(t *testing.T) {
	for _, at := range []string{"mysql://anna:secret@db.example/x", "postgres://anna:secret@db.example:port/x"} {
		_, err := Open(t.Context(), Config{URL: at, Key: testKey()})
		if err == nil || bytes.Contains([]byte(err.Error()), []byte("secret")) {
			t.Errorf("the answer is %v", err)
		}
	}
}

func TestATableThatCannotBeVacuumedDoesNotKeepTheServerClosed(t *testing.T) {
	s := openPostgresTest(t, t.TempDir())
	damage(t, s, "ALTER TABLE chunks RENAME TO chunks_away")
	damage(t, s, "DROP TABLE IF EXISTS reserve")
	before := time.Now().Add(-reserveGrace)
	s.spent.Store(&before)
	for end := time.Now().Add(time.Minute); s.spent.Load() != nil; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("no mail is taken although there is room")
		}
	}
	if left, err := s.reserveLeft(t.Context(), s.read); err != nil || left != reserveRows {
		t.Errorf("the reserve has %d rows, %v", left, err)
	}
	damage(t, s, "ALTER TABLE chunks_away RENAME TO chunks")
}
