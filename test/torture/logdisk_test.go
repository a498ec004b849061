package torture

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"postvern.example/internal/postgres"
	"postvern.example/internal/sink"
)

// fullLog fills the disk that PostgreSQL writes its log to. Nothing can be
// committed then: the server panics, is started again each half second, and
// panics anew, until there is room.
func fullLog(t *testing.T, rounds int) tally {
	disk := smallDisk(t, "size=200m,mode=777")
	if err := os.Chmod(filepath.Dir(disk), 0o755); err != nil { // a test's folders are its own user's alone
		t.Fatal(err)
	}
	server := makeServer(t, "--wal-segsize=1", "--waldir="+filepath.Join(disk, "log"))
	// No checkpoint makes room before the disk is full, and the whole disk is
	// more than the log needs.
	server.Options = []string{"-c", "max_wal_size=1GB", "-c", "min_wal_size=2MB", "-c", "wal_recycle=off"}
	keepUp(t, server)
	up := startSink(t, sink.Config{})
	g := install(t, t.TempDir(), up, "store: "+server.URL("postgres")+"\n")
	g.start()
	l := newLoad(t, 20_000)
	for range rounds {
		for end := time.Now().Add(time.Minute); l.missing(arrived(up)) > 0 && time.Now().Before(end); {
			time.Sleep(50 * time.Millisecond)
		}
		must(t, server.Run("CHECKPOINT"))
		ballast := fillDisk(t, disk, 4<<20)
		before := l.putOff()
		l.begin(4, g.address)
		for end := time.Now().Add(time.Minute); time.Now().Before(end) && l.putOff() < before+20; {
			time.Sleep(20 * time.Millisecond)
		}
		time.Sleep(3 * time.Second) // it is started again in vain
		if l.putOff() < before+20 {
			t.Errorf("the disk did not get full: %v", l.refused)
		}
		if err := os.Remove(ballast); err != nil {
			t.Fatal(err)
		}
		must(t, server.Answers())
		time.Sleep(time.Second)
		l.end()
		if err := l.taken(g.address); err != nil {
			t.Errorf("nothing is taken although there is room: %v\n%s", err, g.log.String())
		}
	}
	got := l.settle(rounds, up)
	got.note = fmt.Sprintf("%d put off with 451, %d with 452; recovers by itself", l.count("451"), l.count("452"))
	return got
}

// putOff returns how many mails were put off.
func (l *load) putOff() int { return l.count("451") + l.count("452") }

// taken hands in mails until one is taken, for a minute.
func (l *load) taken(address string) (err error) {
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if err = l.send(address); err == nil {
			return nil
		}
	}
	return err
}

// fillDisk leaves so many octets of a disk free, and returns the file that
// takes the others.
func fillDisk(t *testing.T, disk string, free int64) (ballast string) {
	t.Helper()
	var at syscall.Statfs_t
	if err := syscall.Statfs(disk, &at); err != nil {
		t.Fatal(err)
	}
	ballast = filepath.Join(disk, "ballast")
	if err := os.WriteFile(ballast, make([]byte, max(0, int64(at.Bavail)*at.Bsize-free)), 0o600); err != nil && !errors.Is(err, syscall.ENOSPC) { // somebody was faster
		t.Fatal(err)
	}
	return ballast
}

// keepUp runs a server as an init system does: it starts it again when it ends.
func keepUp(t *testing.T, s *postgres.Server) {
	t.Helper()
	over := make(chan struct{})
	var keeper sync.WaitGroup
	must(t, s.Launch())
	keeper.Go(func() {
		for {
			select {
			case <-over:
				s.Stop(syscall.SIGQUIT)
				return
			case <-s.Exited():
				time.Sleep(500 * time.Millisecond)
				if err := s.Launch(); err != nil {
					t.Error(err)
					return
				}
			}
		}
	})
	t.Cleanup(func() {
		close(over)
		keeper.Wait()
	})
	must(t, s.Answers())
}
