package spool

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"postvern.example/internal/ports"
)

// server is a PostgreSQL that the tests start for themselves, from Debian's
// package, with data of its own on a port of its own.
type server struct {
	bin, dir string
	port     int
	as       *syscall.Credential
	cmd      *exec.Cmd
}

// peers holds the server of this test run, once it was asked for.
var peers struct {
	once   sync.Once
	server *server
	skip   string
	mu     sync.Mutex
	stores map[string]string // directory of a test -> database
}

// stopPeers ends the servers that tests have started.
func stopPeers() {
	if peers.server != nil {
		peers.server.stop(os.Interrupt)
		os.RemoveAll(peers.server.dir) //nolint:errcheck // it stands in a temporary directory
	}
}

func postgresServer(tb testing.TB) *server {
	tb.Helper()
	peers.once.Do(func() {
		peers.stores = make(map[string]string)
		srv, err := newServer()
		if err != nil {
			peers.skip = err.Error()
			return
		}
		peers.server = srv
	})
	if peers.server == nil {
		tb.Skip("no PostgreSQL to test with (apt-get install postgresql): " + peers.skip)
	}
	return peers.server
}

func newServer() (*server, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if err != nil || len(found) == 0 {
		return nil, errors.New("the program postgres is not in /usr/lib/postgresql")
	}
	srv := &server{bin: filepath.Dir(found[len(found)-1])}
	if srv.dir, err = os.MkdirTemp("", "postvern-postgres-"); err != nil {
		return nil, err
	}
	if os.Geteuid() == 0 { // the server refuses to run as root
		u, err := user.Lookup("nobody")
		if err != nil {
			return nil, err
		}
		uid, _ := strconv.Atoi(u.Uid)
		gid, _ := strconv.Atoi(u.Gid)
		srv.as = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		if err := os.Chown(srv.dir, uid, gid); err != nil {
			return nil, err
		}
	}
	init := srv.command("initdb", "-D", filepath.Join(srv.dir, "data"), "-U", "postvern", "-A", "trust", "-E", "UTF8", "--locale=C")
	if out, err := init.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, out)
	}
	at, err := ports.Free()
	if err != nil {
		return nil, err
	}
	srv.port = int(at.Port())
	return srv, srv.start()
}

func (srv *server) command(name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(context.Background(), filepath.Join(srv.bin, name), args...)
	cmd.Dir = srv.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: srv.as}
	return cmd
}

func (srv *server) start() error {
	srv.cmd = srv.command("postgres", "-D", filepath.Join(srv.dir, "data"), "-p", strconv.Itoa(srv.port),
		"-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="+srv.dir, "-c", "shared_buffers=64MB", "-c", "deadlock_timeout=100ms", "-c", "recovery_init_sync_method=syncfs")
	if err := srv.cmd.Start(); err != nil {
		return err
	}
	for range 1200 {
		if srv.run("SELECT 1") == nil {
			return nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	return errors.New("the server does not answer")
}

// run carries out a statement on the server.
func (srv *server) run(statement string) error {
	db, err := sql.Open("pgx", srv.url("postgres"))
	if err != nil {
		return err
	}
	_, err = db.ExecContext(context.Background(), statement)
	return errors.Join(err, db.Close())
}

func (srv *server) stop(how os.Signal) {
	srv.cmd.Process.Signal(how) //nolint:errcheck // it may have ended already
	srv.cmd.Wait()              //nolint:errcheck // it was told to end
}

func (srv *server) url(database string) string {
	u := url.URL{Scheme: "postgres", User: url.User("postvern"), Host: "127.0.0.1:" + strconv.Itoa(srv.port), Path: database, RawQuery: "sslmode=disable"}
	return u.String()
}

// storeURL is the database that belongs to a test's directory.
func (srv *server) storeURL(tb testing.TB, dir string) string {
	tb.Helper()
	peers.mu.Lock()
	defer peers.mu.Unlock()
	name, ok := peers.stores[dir]
	if !ok {
		name = fmt.Sprintf("store%d", len(peers.stores))
		peers.stores[dir] = name
		if err := srv.run("CREATE DATABASE " + name); err != nil {
			tb.Fatal(err)
		}
	}
	return srv.url(name)
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
			if err := srv.run(one); err != nil {
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
		if err := srv.run("ALTER DATABASE " + at.Path[1:] + " SET synchronous_commit = " + c.was); err != nil {
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
	claimOne(t, s)
	s.lasts.set(time.Now())
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if got, err := s.Claim(ctx, 1); err == nil && !s.lasts.now() {
		t.Errorf("it hands out %d", len(got))
	}
	damage(t, s, "DELETE FROM nodes") // another node has taken over
	deadline := time.Now().Add(time.Minute)
	var got []Delivery
	for len(got) < 2 && time.Now().Before(deadline) {
		got = append(got, claimAll(t, s, 500*time.Millisecond)...)
	}
	ids := make([]string, 0, len(got))
	for _, d := range got {
		ids = append(ids, d.Parcel)
	}
	slices.Sort(ids)
	if len(slices.Compact(ids)) != 2 {
		t.Errorf("with a new lease it hands out %v", ids)
	}
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
		srv.stop(syscall.SIGQUIT) // without a farewell
		if err := srv.start(); err != nil {
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
	if err := srv.run("CHECKPOINT"); err != nil {
		t.Fatal(err)
	}
	text := raw(t, filepath.Join(srv.dir, "data"))
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
