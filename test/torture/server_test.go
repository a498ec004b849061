package torture

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// server is a PostgreSQL of the test's own.
type server struct {
	t       *testing.T
	bin     string
	dir     string
	as      *syscall.Credential
	address string
	options []string
	command *exec.Cmd
	exited  chan struct{} // closed when the process has ended
}

// startServer starts one with options of its command line.
func startServer(t *testing.T, options ...string) *server {
	t.Helper()
	s := makeServer(t)
	s.options = options
	s.start()
	t.Cleanup(func() { s.stop(syscall.SIGQUIT) })
	return s
}

// makeServer makes the data of one with options of initdb.
func makeServer(t *testing.T, options ...string) *server {
	t.Helper()
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if len(found) == 0 {
		t.Skip("PostgreSQL is not installed: make deps installs it")
	}
	slices.Sort(found)
	s := &server{t: t, bin: filepath.Dir(found[len(found)-1]), address: freeAddress(t)}
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
	line := []string{"-D", s.dir + "/data", "-U", "postvern", "-A", "trust", "-E", "UTF8", "--locale=C"}
	if out, err := s.run("initdb", append(line, options...)...).CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	return s
}

func (s *server) run(name string, args ...string) *exec.Cmd {
	c := exec.Command(filepath.Join(s.bin, name), args...)
	c.Dir, c.SysProcAttr = s.dir, &syscall.SysProcAttr{Credential: s.as}
	return c
}

// launch starts the process.
func (s *server) launch() {
	s.t.Helper()
	_, port, _ := net.SplitHostPort(s.address)
	line := []string{"-D", s.dir + "/data", "-p", port, "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=" + s.dir}
	s.command = s.run("postgres", append(line, s.options...)...)
	if err := s.command.Start(); err != nil {
		s.t.Error(err)
		return
	}
	s.exited = make(chan struct{})
	go func(c *exec.Cmd, exited chan struct{}) {
		_ = c.Wait()
		close(exited)
	}(s.command, s.exited)
}

// start starts the process and waits until it answers.
func (s *server) start() {
	s.t.Helper()
	s.launch()
	s.answers()
}

// answers waits until the server answers.
func (s *server) answers() {
	s.t.Helper()
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
	<-s.exited
}

func (s *server) url() string {
	return "postgres://postvern@" + s.address + "/postgres?sslmode=disable"
}
