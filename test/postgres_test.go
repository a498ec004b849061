package test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestTwoNodesShareAPostgreSQLAndOneTakesOverFromTheOther starts two gateways
// on one database, kills one while both are sent to, and compares what was
// acknowledged with what arrived.
func TestTwoNodesShareAPostgreSQLAndOneTakesOverFromTheOther(t *testing.T) {
	a, b := twoNodes(t)
	acknowledged := 0
	for i := range 60 {
		if i == 30 {
			a.kill()
		}
		g := a
		if i%2 == 1 || i >= 30 {
			g = b
		}
		if err := submit(g.trust, fmt.Sprintf("node-%03d", i)); err != nil {
			t.Fatalf("message %d: %v\n%s", i, err, g.log)
		}
		acknowledged++
	}
	waitFor(t, "the copies of the node that died", func() bool {
		seen := map[string]bool{}
		for _, m := range a.upstream.Messages() {
			_, rest, _ := strings.Cut(string(m.Content), "X-Number: ")
			id, _, _ := strings.Cut(rest, "\r\n")
			seen[id] = true
		}
		return len(seen) == acknowledged
	})
}

// twoNodes starts two gateways with one key on one PostgreSQL.
func twoNodes(t *testing.T) (a, b *installation) {
	t.Helper()
	url := postgres(t)
	a = install(t, nil, sinkConfig())
	b = &installation{t: t, dir: t.TempDir(), upstream: a.upstream}
	b.configure(nil, a.upstream.Addr())
	for _, g := range []*installation{a, b} {
		g.write("postvern.yaml", strings.Replace(g.read("postvern.yaml"), "data: data\n", "data: data\nstore: "+url+"\n", 1))
	}
	a.start()
	if err := os.MkdirAll(b.path("data"), 0o700); err != nil {
		t.Fatal(err)
	}
	b.write("data/installation.key", a.read("data/installation.key"))
	b.start()
	return a, b
}

func TestAConsentThatIsWithdrawnOnOneNodeIsNotReliedOnByTheOther(t *testing.T) {
	a, b := twoNodes(t)
	both := []string{"mette@post.example", "peter@post.example"}
	entered := a.consent("mette@post.example,peter@post.example", "udvalget")
	b.sentTo("aftalt", visible, both...)
	a.mustRun("consents", "withdraw", entered[0].ID, "--reason", "trådt ud", "--by", "dpo")
	time.Sleep(time.Second) // what is promised
	for name, g := range map[string]*installation{"here": a, "there": b} {
		if to := field(g.sendTo("trukket tilbage "+name, both[0], both...), "To"); !isHidden(to) {
			t.Errorf("%s a withdrawn consent is relied on: To: %s", name, to)
		}
	}
}

// postgres runs a PostgreSQL of the test's own and returns its address.
func postgres(t *testing.T) string {
	t.Helper()
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if len(found) == 0 {
		t.Skip("PostgreSQL is not installed: make deps installs it")
	}
	slices.Sort(found)
	bin := filepath.Dir(found[len(found)-1])
	dir, err := os.MkdirTemp("", "pg")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	var as *syscall.Credential
	if os.Getuid() == 0 { // it refuses to run as root
		nobody, err := user.Lookup("nobody")
		if err != nil {
			t.Fatal(err)
		}
		uid, _ := strconv.ParseUint(nobody.Uid, 10, 32)
		gid, _ := strconv.ParseUint(nobody.Gid, 10, 32)
		as = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		if err := os.Chown(dir, int(uid), int(gid)); err != nil {
			t.Fatal(err)
		}
	}
	command := func(name string, args ...string) *exec.Cmd {
		c := exec.Command(filepath.Join(bin, name), args...)
		c.Dir = dir
		c.SysProcAttr = &syscall.SysProcAttr{Credential: as}
		return c
	}
	data := filepath.Join(dir, "data")
	if out, err := command("initdb", "-D", data, "-U", "postvern", "-A", "trust", "-E", "UTF8", "--locale=C").CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	address := freeAddress(t)
	_, port, _ := net.SplitHostPort(address)
	server := command("postgres", "-D", data, "-p", port, "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="+dir)
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Signal(syscall.SIGQUIT)
		_ = server.Wait()
	})
	url := "postgres://postvern@" + address + "/postgres?sslmode=disable"
	waitFor(t, "PostgreSQL", func() bool {
		time.Sleep(50 * time.Millisecond)
		return exec.Command(filepath.Join(bin, "psql"), url, "-c", "SELECT 1").Run() == nil
	})
	return url
}
