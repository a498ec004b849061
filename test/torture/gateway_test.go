package torture

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"postvern.example/internal/sink"
)

var binary string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "postvern-torture-")
	if err != nil {
		panic(err)
	}
	binary = filepath.Join(dir, "postvern")
	build := exec.Command("go", "build", "-o", binary, "../../cmd/postvern")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build postvern: %v\n%s", err, out)
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// gateway is an installation and the process that serves it.
type gateway struct {
	t       *testing.T
	dir     string
	address string // of its trust listener
	command *exec.Cmd
	exited  chan error
	wrapper []string // a command line that the gateway is run by
	log     logText
}

type logText struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logText) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logText) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

const policyText = `version: 1
organisation: Dansk Eksempelforening
language: da
mode: enforce
contact: dpo@forening.example
people: {union: ["*@forening.example"], employer: ["*@region.example"]}
`

// install writes an installation in dir; more is further configuration.
func install(t *testing.T, dir string, upstream *sink.Sink, more string) *gateway {
	t.Helper()
	g := &gateway{t: t, dir: dir, address: freeAddress(t)}
	if err := os.MkdirAll(filepath.Join(dir, "keys"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"policy.yaml":          policyText,
		"members.csv":          "Navn;E-mail\nMette Sørensen;mette@post.example\n",
		"representatives.yaml": "- {name: Anna Holm, login: anna, addresses: [anna.holm@region.example], mandate: {from: 2020-01-01, until: 2099-12-31}}\n",
		"postvern.yaml": fmt.Sprintf(`hostname: mail.forening.example
data: data
listen: [{address: %q, tls: none, trust: ["127.0.0.0/8"]}]
upstream: {address: %q, tls: none}
log: {format: json, level: warn}
%s`, g.address, upstream.Addr(), more),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return g
}

// start starts the gateway and waits until it listens.
func (g *gateway) start() {
	g.t.Helper()
	if !g.starts() {
		g.t.Fatalf("the gateway did not start\n%s", g.log.String())
	}
}

// starts reports whether the gateway could be started.
func (g *gateway) starts() bool {
	g.t.Helper()
	line := append(slices.Clone(g.wrapper), binary, "serve", "--config", filepath.Join(g.dir, "postvern.yaml"))
	g.command = exec.Command(line[0], line[1:]...)
	g.command.Stderr = &g.log
	g.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := g.command.Start(); err != nil {
		g.t.Fatal(err)
	}
	g.exited = make(chan error, 1)
	go func(c *exec.Cmd, exited chan error) { exited <- c.Wait() }(g.command, g.exited)
	g.t.Cleanup(g.kill)
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if len(g.exited) > 0 {
			break
		}
		if c, err := net.Dial("tcp", g.address); err == nil {
			_ = c.Close()
			return true
		}
	}
	g.kill()
	return false
}

// kill ends the process, and what it is run by, with SIGKILL.
func (g *gateway) kill() {
	if g.command == nil {
		return
	}
	_ = syscall.Kill(-g.command.Process.Pid, syscall.SIGKILL)
	<-g.exited //nolint:errcheck // it was killed
	g.command = nil
}

// figures returns the resident memory in KiB and the open descriptors.
func (g *gateway) figures() (rss, descriptors int) {
	g.t.Helper()
	proc := fmt.Sprintf("/proc/%d", g.command.Process.Pid)
	text, err := os.ReadFile(proc + "/status")
	if err != nil {
		g.t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "VmRSS:")
	rss, _ = strconv.Atoi(strings.Fields(rest)[0])
	open, err := os.ReadDir(proc + "/fd")
	if err != nil {
		g.t.Fatal(err)
	}
	return rss, len(open)
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

func startSink(t *testing.T, cfg sink.Config) *sink.Sink {
	t.Helper()
	s, err := sink.Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// smallDisk mounts a small file system in memory.
func smallDisk(t *testing.T, options string) string {
	t.Helper()
	dir := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", options, "postvern-torture", dir).CombinedOutput(); err != nil {
		t.Skipf("no file system of its own can be mounted: %s", out)
	}
	t.Cleanup(func() { _ = exec.Command("umount", "-l", dir).Run() })
	return dir
}

// server is a PostgreSQL of the test's own.
type server struct {
	t       *testing.T
	bin     string
	dir     string
	as      *syscall.Credential
	address string
	options []string
	command *exec.Cmd
}

func startServer(t *testing.T, options ...string) *server {
	t.Helper()
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if len(found) == 0 {
		t.Skip("PostgreSQL is not installed: make deps installs it")
	}
	slices.Sort(found)
	s := &server{t: t, bin: filepath.Dir(found[len(found)-1]), address: freeAddress(t), options: options}
	var err error
	if s.dir, err = os.MkdirTemp("", "postvern-torture-pg-"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(s.dir) })
	if os.Getuid() == 0 { // it refuses to run as root
		nobody, err := user.Lookup("nobody")
		if err != nil {
			t.Fatal(err)
		}
		uid, _ := strconv.Atoi(nobody.Uid)
		gid, _ := strconv.Atoi(nobody.Gid)
		s.as = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		if err := os.Chown(s.dir, uid, gid); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := s.run("initdb", "-D", s.dir+"/data", "-U", "postvern", "-A", "trust", "-E", "UTF8", "--locale=C").CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	s.start()
	t.Cleanup(func() { s.stop(syscall.SIGQUIT) })
	return s
}

func (s *server) run(name string, args ...string) *exec.Cmd {
	c := exec.Command(filepath.Join(s.bin, name), args...)
	c.Dir, c.SysProcAttr = s.dir, &syscall.SysProcAttr{Credential: s.as}
	return c
}

func (s *server) start() {
	s.t.Helper()
	_, port, _ := net.SplitHostPort(s.address)
	line := []string{"-D", s.dir + "/data", "-p", port, "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=" + s.dir}
	s.command = s.run("postgres", append(line, s.options...)...)
	if err := s.command.Start(); err != nil {
		s.t.Fatal(err)
	}
	for end := time.Now().Add(60 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if s.run("psql", s.url(), "-c", "SELECT 1").Run() == nil {
			return
		}
	}
	s.t.Fatal("PostgreSQL did not start")
}

// own makes a directory that belongs to the server.
func (s *server) own(dir string) string {
	s.t.Helper()
	err := os.MkdirAll(dir, 0o700)
	if err == nil && s.as != nil {
		err = errors.Join(os.Chown(dir, int(s.as.Uid), int(s.as.Gid)), os.Chmod(filepath.Dir(filepath.Dir(dir)), 0o755)) // a test's folders are its own user's alone
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return dir
}

// sql runs a statement as the server's superuser.
func (s *server) sql(statement string) {
	s.t.Helper()
	if out, err := s.run("psql", s.url(), "-qc", statement).CombinedOutput(); err != nil {
		s.t.Fatalf("%s: %s", statement, out)
	}
}

func (s *server) stop(how syscall.Signal) {
	_ = s.command.Process.Signal(how)
	_ = s.command.Wait()
}

func (s *server) url() string {
	return "postgres://postvern@" + s.address + "/postgres?sslmode=disable"
}
