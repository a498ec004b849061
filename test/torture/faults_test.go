package torture

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"postvern.example/internal/app"
	"postvern.example/internal/sink"
)

// torture is one way to make a gateway suffer.
type torture struct {
	fault string // as in docs/reliability.md
	how   string
	short int // rounds in make test
	full  int // rounds in make torture
	run   func(t *testing.T, rounds int) tally
}

var tortures = []torture{
	{"`kill -9` under load, SQLite", "eight senders; killed after 5 to 120 ms, started again", 12, 1000, killSQLite},
	{"`kill -9` under load, PostgreSQL", "the same on one node", 8, 1000, killPostgres},
	{"two nodes on PostgreSQL, one killed each second", "four senders to each; the killed one is started again", 4, 120, killNodes},
	{"a node on PostgreSQL stopped in its tracks", "`SIGSTOP` while its transactions upstream are open, `SIGCONT` two leases later, when the other node has sent what was its", 1, 5, pauseNode},
	{"PostgreSQL restarted under load", "stopped with `immediate` (no checkpoint), away for half a second", 2, 30, restartServer},
	{"key changed under load, SQLite", "`keys rotate-node` again and again; it is killed after 0 to 1.5 s, and the gateway one time in three", 3, 60, rotateSQLite},
	{"key changed under load, PostgreSQL", "the same on one node", 3, 60, rotatePostgres},
	{"store moved under load", "`store migrate` from SQLite to PostgreSQL; it is killed after 0 to 2 s, later with each third attempt, and the gateway one time in two, until it is through", 1, 12, moveStore},
	{"disk full", "tmpfs of 20 MB filled while the upstream is away, then it is back", 1, 5, fullDisk},
	{"PostgreSQL's disk full", "its tables on a tmpfs of 48 MB, filled while the upstream is away, then it is back", 1, 5, fullServer},
	{"PostgreSQL's log on a full disk", "its `pg_wal` on a tmpfs that is filled up: the server panics and is started again each half second, for three seconds in vain", 1, 20, fullLog},
	{"no inodes left", "tmpfs with `nr_inodes=200`, mails of 300 KB that each need a file", 1, 5, fullInodes},
	{"fsync fails", "`strace -e inject=fsync,fdatasync:error=EIO` on every twentieth call for a while", 1, 5, failingFlush},
	{"upstream puts off", "4xx at MAIL, RCPT, DATA or the end, one time in three", 1, 20, upstream(putsOff)},
	{"upstream drops", "closes at the greeting, MAIL, RCPT or DATA", 1, 20, upstream(drops)},
	{"upstream closes amid the content", "after the first octets of it", 1, 20, upstream(closesAmid)},
	{"upstream hangs", "says nothing more at MAIL and at the end, for 2 s", 1, 10, upstream(hangs)},
	{"upstream talks nonsense", "octets that are no reply at MAIL, RCPT and the greeting", 1, 20, upstream(garbles)},
	{"upstream changes its mind", "takes each of three recipients or puts them off, anew in each transaction", 1, 20, upstream(wavers)},
	{"upstream loses its last 250", "one time in ten the mail is kept and the connection closed", 1, 20, upstream(losesAnswers)},
	{"clock jumps", "by up to half a day forward or back, every 20 ms", 1, 10, clockJumps},
	{"floods", "2,000 clients that all mean harm (below) come for 8 s in each round, while four good ones hand in mail at the same listeners; memory and descriptors after the last against those after the first", 1, 20, floods},
	{"a day of mail", "20,000 mails (1,000 in `make test`) in minutes; memory and descriptors at the end against those after half of it", 1000, 20000, day},
}

// killSQLite kills the only process.
func killSQLite(t *testing.T, rounds int) tally { return killOne(t, rounds, "") }

func killPostgres(t *testing.T, rounds int) tally {
	return killOne(t, rounds, "store: "+startServer(t).URL("postgres")+"\n")
}

func killOne(t *testing.T, rounds int, more string) tally {
	up := startSink(t, sink.Config{})
	g := install(t, t.TempDir(), up, more)
	l := newLoad(t, 1000)
	for range rounds {
		g.start()
		l.begin(8, g.address)
		time.Sleep(time.Duration(5+rand.IntN(115)) * time.Millisecond)
		g.kill()
		l.end()
	}
	g.start()
	return l.settle(rounds, up)
}

func killNodes(t *testing.T, rounds int) tally {
	up := startSink(t, sink.Config{})
	a, b := twoNodes(t, up)
	l := newLoad(t, 1000)
	l.begin(4, a.address, b.address)
	for i := range rounds {
		time.Sleep(time.Duration(500+rand.IntN(500)) * time.Millisecond)
		g := []*gateway{a, b}[i%2]
		g.kill()
		g.start()
	}
	l.end()
	return l.settle(rounds, up)
}

// twoNodes starts two gateways with one key on one PostgreSQL.
func twoNodes(t *testing.T, up *sink.Sink) (a, b *gateway) {
	t.Helper()
	server := startServer(t)
	a = install(t, t.TempDir(), up, "store: "+server.URL("postgres")+"\n")
	b = install(t, t.TempDir(), up, "store: "+server.URL("postgres")+"\n")
	a.start()
	key, err := os.ReadFile(filepath.Join(a.dir, "data/installation.key"))
	if err == nil {
		err = os.MkdirAll(filepath.Join(b.dir, "data"), 0o700)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(b.dir, "data/installation.key"), key, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	b.start()
	return a, b
}

// pauseNode stops a node while all of its connections wait for the upstream,
// and lets it go on when the other one has sent all.
func pauseNode(t *testing.T, rounds int) tally {
	up := startSink(t, sink.Config{})
	a, b := twoNodes(t, up)
	l := newLoad(t, 1000)
	// The upstream is slow for so long that the node stops before any of its
	// transactions goes on, however busy the machine is, and whoever sends what.
	const connections, leases, slow = 8, 2 * 15 * time.Second, 25 * time.Second
	for range rounds {
		before := up.Stats().Faults
		slowed := time.Now()
		up.Script(sink.Fault{At: sink.AtRCPT, Delay: slow})
		l.begin(4, a.address)
		for up.Stats().Faults < before+connections {
			time.Sleep(time.Millisecond)
		}
		l.end()
		if err := a.command.Process.Signal(syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		stopped := time.Now()
		up.Script()
		if stopped.Sub(slowed) >= slow {
			t.Fatalf("the node was stopped only after %s: its transactions had gone on", stopped.Sub(slowed))
		}
		l.begin(2, b.address)
		time.Sleep(time.Second)
		l.end()
		for l.missing(arrived(up)) > 0 && time.Since(stopped) < time.Minute {
			time.Sleep(100 * time.Millisecond)
		}
		time.Sleep(time.Until(stopped.Add(leases)))
		if err := a.command.Process.Signal(syscall.SIGCONT); err != nil {
			t.Fatal(err)
		}
		for l.send(a.address) != nil { // it is back
			time.Sleep(20 * time.Millisecond)
		}
		// What it has delivered is in the store before it is stopped again: a node
		// that goes with an outcome that it has not stored leaves the others to send
		// the copy once more.
		time.Sleep(time.Second)
	}
	got := l.settle(rounds, up)
	if got.twice > 0 {
		t.Errorf("%d copies were sent by both nodes", got.twice)
	}
	return got
}

func rotateSQLite(t *testing.T, rounds int) tally { return rotateOne(t, rounds, "") }

func rotatePostgres(t *testing.T, rounds int) tally {
	return rotateOne(t, rounds, "store: "+startServer(t).URL("postgres")+"\n")
}

// rotateOne changes the installation's key of a gateway under load.
func rotateOne(t *testing.T, rounds int, more string) tally {
	up := startSink(t, sink.Config{})
	g := install(t, t.TempDir(), up, more)
	g.start()
	l := newLoad(t, 1000)
	l.begin(4, g.address)
	changed := 0
	rotate := func(within time.Duration) {
		ctx, cancel := context.WithTimeout(context.Background(), within)
		defer cancel()
		out, err := exec.CommandContext(ctx, binary, "keys", "rotate-node", "--config", filepath.Join(g.dir, "postvern.yaml")).CombinedOutput()
		if err == nil {
			changed++
		} else if ctx.Err() == nil {
			t.Errorf("the key is not changed: %s", out)
		}
	}
	for range rounds {
		var command sync.WaitGroup
		command.Go(func() { rotate(time.Duration(rand.IntN(1500)) * time.Millisecond) })
		if rand.IntN(3) == 0 {
			time.Sleep(time.Duration(rand.IntN(1000)) * time.Millisecond)
			g.kill()
			g.start()
		}
		command.Wait()
	}
	rotate(time.Minute)
	l.end()
	g.kill()
	g.start() // what is left is read with the last key alone
	if keys, err := os.ReadFile(filepath.Join(g.dir, "data/installation.key")); err != nil || strings.Count(string(keys), "\n") != 1 {
		t.Errorf("the file holds %d keys, %v", strings.Count(string(keys), "\n"), err)
	}
	got := l.settle(rounds, up)
	got.note = fmt.Sprintf("%d changes were finished", changed)
	return got
}

// moveStore moves the stores of gateways under load, one after the other.
func moveStore(t *testing.T, rounds int) tally {
	server, up := startServer(t), startSink(t, sink.Config{})
	l := newLoad(t, 1000)
	for n := range rounds {
		must(t, server.Run(fmt.Sprintf("CREATE DATABASE move%d", n)))
		url := server.URL(fmt.Sprintf("move%d", n))
		g := install(t, t.TempDir(), up, "")
		g.start()
		l.begin(4, g.address)
		time.Sleep(100 * time.Millisecond)
		for attempt, through := 0, false; !through; attempt++ {
			// On a busy machine no move is through in two seconds.
			ctx, cancel := context.WithTimeout(context.Background(), time.Duration(rand.IntN(2000))*time.Duration(1+attempt/3)*time.Millisecond)
			ended := make(chan bool, 1)
			go func() {
				out, err := exec.CommandContext(ctx, binary, "store", "migrate", "--config", filepath.Join(g.dir, "postvern.yaml"), "--to", url).CombinedOutput()
				there := err == nil || strings.Contains(string(out), "was moved to PostgreSQL") // the one before was through
				if !there && ctx.Err() == nil {
					t.Errorf("the store is not moved: %s", out)
				}
				ended <- there
			}()
			if rand.IntN(2) == 0 {
				time.Sleep(time.Duration(rand.IntN(1500)) * time.Millisecond)
				g.kill()
				g.start()
			}
			through = <-ended
			cancel()
		}
		time.Sleep(100 * time.Millisecond)
		l.end()
		g.kill()
		g.start()
		for end := time.Now().Add(time.Minute); l.missing(arrived(up)) > 0 && time.Now().Before(end); {
			time.Sleep(50 * time.Millisecond)
		}
		g.kill()
		l.forgetPending() // these would be handed in to another gateway
	}
	return l.settle(rounds, up)
}

func restartServer(t *testing.T, rounds int) tally {
	server, up := startServer(t), startSink(t, sink.Config{})
	g := install(t, t.TempDir(), up, "store: "+server.URL("postgres")+"\n")
	g.start()
	l := newLoad(t, 1000)
	l.begin(4, g.address)
	for range rounds {
		time.Sleep(time.Duration(300+rand.IntN(700)) * time.Millisecond)
		server.Stop(syscall.SIGQUIT)
		time.Sleep(500 * time.Millisecond)
		must(t, server.Start())
	}
	time.Sleep(time.Second)
	l.end()
	tally := l.settle(rounds, up)
	tally.note = fmt.Sprintf("%d put off with 451", l.refused["451"])
	return tally
}

// away is an upstream that puts everything off.
var away = sink.Fault{At: sink.AtMAIL, Reply: "451 4.3.0 later"}

func fullDisk(t *testing.T, rounds int) tally { return full(t, rounds, "size=20m", 50_000) }

func fullInodes(t *testing.T, rounds int) tally {
	return full(t, rounds, "size=400m,nr_inodes=200", 300_000)
}

// full fills a disk until nothing more is taken, lets the upstream come back,
// and sees that mail is taken again.
func full(t *testing.T, rounds int, options string, size int) tally {
	up := startSink(t, sink.Config{})
	g := install(t, smallDisk(t, options), up, "")
	g.start()
	return fillUp(t, rounds, g, up, newLoad(t, size))
}

// fillUp is full for a gateway that runs.
func fillUp(t *testing.T, rounds int, g *gateway, up *sink.Sink, l *load) tally {
	t.Helper()
	for range rounds {
		up.Script(away)
		before := l.refused["452"]
		l.begin(8, g.address)
		for end := time.Now().Add(time.Minute); time.Now().Before(end) && l.count("452") < before+20; {
			time.Sleep(20 * time.Millisecond)
		}
		l.end()
		if l.refused["452"] < before+20 {
			t.Errorf("the disk did not get full: %v", l.refused)
		}
		up.Script()
		if err := l.taken(g.address); err != nil {
			t.Errorf("nothing is taken although the upstream is back: %v\n%s", err, g.log.String())
		}
	}
	tally := l.settle(rounds, up)
	tally.note = fmt.Sprintf("%d put off with 452; recovers by itself", l.refused["452"])
	return tally
}

// fullServer is full with the tables of PostgreSQL on a small disk; the server
// reuses what its own vacuum has freed.
func fullServer(t *testing.T, rounds int) tally {
	disk := smallDisk(t, "size=48m,mode=777")
	server := startServer(t, "-c", "autovacuum_naptime=1s")
	tables := filepath.Join(disk, "tables")
	must(t, os.Chmod(filepath.Dir(disk), 0o755)) // a test's folders are its own user's alone
	must(t, server.Own(tables))
	must(t, server.Run("CREATE DATABASE small", "CREATE TABLESPACE small LOCATION '"+tables+"'", "ALTER DATABASE small SET TABLESPACE small"))
	up := startSink(t, sink.Config{})
	g := install(t, t.TempDir(), up, "store: "+server.URL("small")+"\n")
	g.start()
	return fillUp(t, rounds, g, up, newLoad(t, 50_000))
}

func (l *load) count(code string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.refused[code]
}

func failingFlush(t *testing.T, rounds int) tally {
	if exec.Command("strace", "-V").Run() != nil {
		t.Skip("strace is not installed: make deps installs it")
	}
	if exec.Command("strace", "-f", "-e", "trace=none", "true").Run() != nil {
		t.Skip("strace may not trace here")
	}
	up := startSink(t, sink.Config{})
	g := install(t, t.TempDir(), up, "")
	l := newLoad(t, 1000)
	g.start()
	g.kill()
	for range rounds {
		g.wrapper = []string{"strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync,fdatasync", "-e", "inject=fsync,fdatasync:error=EIO:when=20+20"}
		if !g.starts() { // it says why and does not serve: nothing to lose
			continue
		}
		l.begin(4, g.address)
		time.Sleep(time.Second)
		l.end()
		g.kill()
	}
	g.wrapper = nil
	g.start()
	tally := l.settle(rounds, up)
	tally.note = fmt.Sprintf("%d put off with 451", l.refused["451"])
	return tally
}

// upstream sends through an upstream that is bad in some way for a second in
// each round, and good at the end.
func upstream(faults func() []sink.Fault) func(*testing.T, int) tally {
	return func(t *testing.T, rounds int) tally {
		up := startSink(t, sink.Config{})
		g := install(t, t.TempDir(), up, "")
		g.start()
		l := newLoad(t, 20_000, "ole.lund@region.example", "hans@kommune.example", "eva@kommune.example")
		for range rounds {
			l.begin(4, g.address)
			for range 20 {
				up.Script(faults()...)
				time.Sleep(50 * time.Millisecond)
			}
			l.end()
			up.Script()
		}
		return l.settle(rounds, up)
	}
}

func one(faults ...sink.Fault) []sink.Fault { return faults[rand.IntN(len(faults)):][:1] }

func putsOff() []sink.Fault {
	return one(
		sink.Fault{At: sink.AtMAIL, After: 2, Times: 1, Reply: "451 4.3.0 later"},
		sink.Fault{At: sink.AtRCPT, After: 2, Times: 2, Reply: "450 4.2.1 greylisted"},
		sink.Fault{At: sink.AtDATA, After: 2, Times: 1, Reply: "452 4.3.1 no room"},
		sink.Fault{At: sink.AtEnd, After: 2, Times: 1, Reply: "451 4.3.0 scanner is away"})
}

func drops() []sink.Fault {
	return one(
		sink.Fault{At: sink.AtConnect, Times: 1, Drop: true},
		sink.Fault{At: sink.AtMAIL, Times: 2, Drop: true},
		sink.Fault{At: sink.AtRCPT, Times: 2, Reply: "421 4.3.2 bye", Drop: true},
		sink.Fault{At: sink.AtDATA, Times: 2, Drop: true})
}

func closesAmid() []sink.Fault {
	return []sink.Fault{{At: sink.InData, After: rand.IntN(3), Times: 2, Drop: true}}
}

func hangs() []sink.Fault {
	return one(
		sink.Fault{At: sink.AtMAIL, Times: 1, Delay: 2 * time.Second, Drop: true},
		sink.Fault{At: sink.AtEnd, Times: 1, Delay: 2 * time.Second, Drop: true})
}

func garbles() []sink.Fault {
	return one(
		sink.Fault{At: sink.AtConnect, Times: 1, Reply: sink.Noise},
		sink.Fault{At: sink.AtMAIL, Times: 2, Reply: sink.Noise},
		sink.Fault{At: sink.AtRCPT, Times: 2, Reply: sink.Noise})
}

func wavers() []sink.Fault {
	return []sink.Fault{{At: sink.AtRCPT, After: rand.IntN(5), Times: 1, Reply: "450 4.2.0 not now"}, {At: sink.AtRCPT, After: rand.IntN(5), Times: 1, Reply: "451 4.7.1 nor now"}}
}

func losesAnswers() []sink.Fault {
	return []sink.Fault{{At: sink.AtEnd, After: rand.IntN(10), Times: 1, Drop: true}}
}

// clockJumps runs the gateway in this process, with a clock that jumps.
func clockJumps(t *testing.T, rounds int) tally {
	up := startSink(t, sink.Config{Faults: []sink.Fault{{At: sink.AtRCPT, Times: 50, Reply: "450 4.2.0 later"}}})
	g := install(t, t.TempDir(), up, "")
	config, err := app.LoadConfig(filepath.Join(g.dir, "postvern.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var jump atomic.Int64
	clock := func() time.Time { return time.Now().Add(time.Duration(jump.Load())) }
	serve := func(while func()) {
		a, err := app.Start(context.Background(), app.Options{Config: config, Logger: slog.New(slog.DiscardHandler), Now: clock, Drain: time.Second})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- a.Run(ctx) }()
		while()
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	l := newLoad(t, 1000)
	for range rounds {
		serve(func() {
			l.begin(4, g.address)
			for range 50 {
				jump.Store(int64(time.Duration(rand.IntN(24*60)-12*60) * time.Minute))
				time.Sleep(20 * time.Millisecond)
			}
			l.end()
		})
	}
	var got tally
	jump.Store(int64(14 * time.Hour)) // later than anything was put off to
	serve(func() { got = l.settle(rounds, up) })
	return got
}

// day sends as much as a large organisation does in a day.
func day(t *testing.T, mails int) tally {
	up := startSink(t, sink.Config{})
	g := install(t, t.TempDir(), up, "")
	g.start()
	l := newLoad(t, 4000)
	until := func(n int) {
		l.begin(16, g.address)
		for acknowledged := 0; acknowledged < n; time.Sleep(5 * time.Millisecond) {
			l.mu.Lock()
			acknowledged = len(l.acknowledged)
			l.mu.Unlock()
		}
		l.end()
		time.Sleep(1500 * time.Millisecond) // idle connections close, the log is put in order
	}
	until(mails / 2)
	half := g.usage()
	until(mails)
	end := g.usage()
	if end.grownFrom(half) {
		t.Errorf("after half of it %+v, at the end %+v", half, end)
	}
	tally := l.settle(1, up)
	tally.note = fmt.Sprintf("%d MiB after half of it, %d at the end; %d descriptors, %d", half.kib>>10, end.kib>>10, half.descriptors, end.descriptors)
	return tally
}

// row is the line of a torture in the table.
func (x torture) row(got tally) string {
	twice := fmt.Sprint(got.twice)
	if got.note != "" {
		twice += " | " + got.note
	} else {
		twice += " | "
	}
	return strings.TrimRight(fmt.Sprintf("| %s | %s | %d | %d | %d | %s", x.fault, x.how, got.rounds, got.acknowledged, got.lost, twice), " ") + " |"
}
