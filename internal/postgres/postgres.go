// Package postgres runs a PostgreSQL of the tests' own: from Debian's
// package, with data of its own in a temporary folder, on a port of its own.
// What a test run that was killed has left behind is removed by the next one.
package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // for [Server.Run]

	"postvern.example/internal/ports"
)

// ErrMissing says that there is no PostgreSQL on this machine.
var ErrMissing = errors.New("PostgreSQL is not installed: make deps installs it")

const (
	prefix  = "postvern-postgres-" // and the process that made the folder
	patient = time.Minute          // a start may recover a log first
)

// Server is one server. Its methods are for one goroutine.
type Server struct {
	// Options are words of the server's command line, for its next start.
	Options []string

	dir, bin string
	address  netip.AddrPort
	as       *syscall.Credential // nil: as the tests themselves
	process  *os.Process
	exited   chan struct{}
}

// Make makes the data of a server, with options of initdb. It gives
// [ErrMissing] where the programs are not there.
func Make(options ...string) (*Server, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil || len(found) == 0 {
		return nil, ErrMissing
	}
	sweep()
	slices.Sort(found)
	s := &Server{bin: filepath.Dir(found[len(found)-1])}
	if s.dir, err = os.MkdirTemp("", prefix+strconv.Itoa(os.Getpid())+"-"); err != nil {
		return nil, err
	}
	if err := s.make(options); err != nil {
		return nil, errors.Join(err, s.Remove())
	}
	return s, nil
}

func (s *Server) make(options []string) (err error) {
	if s.address, err = ports.Free(); err != nil {
		return err
	}
	if os.Getuid() == 0 { // PostgreSQL refuses to run as root
		nobody, err := user.Lookup("nobody")
		if err != nil {
			return err
		}
		uid, err := strconv.ParseUint(nobody.Uid, 10, 32)
		if err != nil {
			return err
		}
		gid, err := strconv.ParseUint(nobody.Gid, 10, 32)
		if err != nil {
			return err
		}
		s.as = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		if err := os.Chown(s.dir, int(uid), int(gid)); err != nil {
			return err
		}
	}
	line := []string{"-D", s.Data(), "-U", "postvern", "-A", "trust", "-E", "UTF8", "--locale=C"}
	if out, err := s.command("initdb", append(line, options...)...).CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, out)
	}
	return nil
}

// sweep removes the folders of test runs that are no more.
func sweep() {
	found, _ := filepath.Glob(filepath.Join(os.TempDir(), prefix+"*"))
	for _, dir := range found {
		pid, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(dir), prefix), "-")
		if n, err := strconv.Atoi(pid); err != nil || syscall.Kill(n, 0) == nil {
			continue
		}
		if text, err := os.ReadFile(filepath.Join(dir, "data", "postmaster.pid")); err == nil {
			line, _, _ := strings.Cut(string(text), "\n")
			if n, err := strconv.Atoi(line); err == nil && serves(n, dir) {
				_ = syscall.Kill(n, syscall.SIGQUIT)
			}
		}
		_ = os.RemoveAll(dir) // another run may be at it too
	}
}

// serves reports whether a process is the server of a folder.
func serves(pid int, dir string) bool {
	line, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/cmdline")
	return err == nil && strings.Contains(string(line), dir)
}

// Start starts the server and waits until it answers.
func (s *Server) Start() error {
	if err := s.Launch(); err != nil {
		return err
	}
	return s.Answers()
}

// Launch starts the server and does not wait.
func (s *Server) Launch() error {
	line := []string{
		"-D", s.Data(), "-p", strconv.Itoa(int(s.address.Port())), "-c", "listen_addresses=" + s.address.Addr().String(),
		"-c", "unix_socket_directories=" + s.dir, "-c", "recovery_init_sync_method=syncfs",
	}
	c := s.command("postgres", append(line, s.Options...)...)
	if err := c.Start(); err != nil {
		return err
	}
	exited := make(chan struct{})
	s.process, s.exited = c.Process, exited
	go func() {
		_ = c.Wait() // how it ended is the test's doing
		close(exited)
	}()
	return nil
}

// Answers waits until the server carries out statements, a minute at most.
func (s *Server) Answers() (err error) {
	for end := time.Now().Add(patient); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if err = s.Run("SELECT 1"); err == nil {
			return nil
		}
	}
	return fmt.Errorf("PostgreSQL does not answer: %w", err)
}

// Stop sends the server a signal, SIGQUIT for an end without farewell, and
// waits until it has ended.
func (s *Server) Stop(how syscall.Signal) {
	if s.process != nil {
		_ = s.process.Signal(how) // it may have ended already
		<-s.exited
	}
}

// Remove ends the server, if it runs, and removes its data.
func (s *Server) Remove() error {
	s.Stop(syscall.SIGQUIT)
	return os.RemoveAll(s.dir)
}

// Run carries out statements as the server's superuser.
func (s *Server) Run(statements ...string) error {
	db, err := sql.Open("pgx", s.URL("postgres"))
	if err != nil {
		return err
	}
	for _, one := range statements {
		if _, err = db.ExecContext(context.Background(), one); err != nil {
			err = fmt.Errorf("%s: %w", one, err)
			break
		}
	}
	return errors.Join(err, db.Close())
}

// Own makes a folder that belongs to the server's user.
func (s *Server) Own(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil || s.as == nil {
		return err
	}
	return os.Chown(dir, int(s.as.Uid), int(s.as.Gid))
}

// URL is the address of a database of the server.
func (s *Server) URL(database string) string {
	u := url.URL{Scheme: "postgres", User: url.User("postvern"), Host: s.address.String(), Path: "/" + database, RawQuery: "sslmode=disable"}
	return u.String()
}

// Data is the server's data folder.
func (s *Server) Data() string { return filepath.Join(s.dir, "data") }

// PID is the process of the server that was started last.
func (s *Server) PID() int { return s.process.Pid }

// Exited is closed when the server that was started last has ended.
func (s *Server) Exited() <-chan struct{} { return s.exited }

func (s *Server) command(name string, args ...string) *exec.Cmd {
	c := exec.CommandContext(context.Background(), filepath.Join(s.bin, name), args...)
	c.Dir, c.SysProcAttr = s.dir, &syscall.SysProcAttr{Credential: s.as}
	return c
}
