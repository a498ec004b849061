package test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"postvern.example/internal/sink"
)

// manager is what systemd is to a unit: it hears what is notified.
type manager struct {
	address string
	mu      sync.Mutex
	heard   []string
}

func newManager(t *testing.T) *manager {
	t.Helper()
	m := &manager{address: filepath.Join(t.TempDir(), "notify")}
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: m.address, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		b := make([]byte, 4096)
		for {
			n, err := conn.Read(b)
			if err != nil {
				return
			}
			m.mu.Lock()
			m.heard = append(m.heard, strings.Split(string(b[:n]), "\n")...)
			m.mu.Unlock()
		}
	}()
	t.Cleanup(func() {
		_ = conn.Close()
		<-done
	})
	return m
}

// hears waits until something was notified so many times.
func (m *manager) hears(t *testing.T, what string, times int) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		m.mu.Lock()
		heard := slices.Clone(m.heard)
		m.mu.Unlock()
		n := 0
		for _, h := range heard {
			if strings.HasPrefix(h, what) {
				n++
			}
		}
		if n >= times {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s was not notified %d times: %q", what, times, heard)
		}
	}
}

// activated returns a command that starts the gateway as systemd does, with
// sockets under these names.
func activated(t *testing.T, i *installation, names string, sockets ...net.Listener) *exec.Cmd {
	t.Helper()
	c := exec.Command("/bin/sh", "-c", `LISTEN_PID=$$ exec "$0" "$@"`, binary, "serve", "--config", i.path("postvern.yaml"))
	c.Env = append(os.Environ(), fmt.Sprintf("LISTEN_FDS=%d", len(sockets)), "LISTEN_FDNAMES="+names)
	for _, s := range sockets {
		f, err := s.(interface{ File() (*os.File, error) }).File()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = f.Close() })
		c.ExtraFiles = append(c.ExtraFiles, f)
	}
	return c
}

func bound(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func byNames(i *installation) {
	i.t.Helper()
	text := i.read("postvern.yaml")
	text = strings.Replace(text, `{address: "127.0.0.1:0", tls: starttls}`, `{address: "systemd:submission", tls: starttls}`, 1)
	text = strings.Replace(text, `{address: "127.0.0.1:0", tls: implicit}`, `{address: "systemd:submissions", tls: implicit}`, 1)
	i.write("postvern.yaml", text)
}

func TestTheGatewayTakesSocketsFromSystemdByTheirNames(t *testing.T) {
	i := install(t, nil, sink.Config{})
	byNames(i)
	submission, submissions := bound(t), bound(t)
	m := newManager(t)
	c := activated(t, i, "submissions:submission", submissions, submission)
	c.Env = append(c.Env, "NOTIFY_SOCKET="+m.address, "WATCHDOG_USEC=100000")
	i.launch(c)
	if i.submit != submission.Addr().String() || i.implicit != submissions.Addr().String() {
		t.Fatalf("STARTTLS is at %s and TLS at %s", i.submit, i.implicit)
	}
	if err := i.send("anna", "anna.holm@region.example", []string{"bo@mail.example"}, "From: anna.holm@region.example\nTo: bo@mail.example\nSubject: x\n\nhej\n"); err != nil {
		t.Fatal(err)
	}
	expectReplies(t, i.says(plainLogin("anna", password)), "AUTH", "235")
	m.hears(t, "READY=1", 1)
	m.hears(t, "WATCHDOG=1", 3)
	_ = i.command.Process.Signal(syscall.SIGHUP)
	m.hears(t, "RELOADING=1", 1)
	m.hears(t, "MONOTONIC_USEC=", 1)
	m.hears(t, "READY=1", 2)
	if err := i.stop(); err != nil {
		t.Fatal(err)
	}
	m.hears(t, "STOPPING=1", 1)
}

func TestASocketThatSystemdDoesNotPassIsNamed(t *testing.T) {
	for names, want := range map[string]string{"": `listen[0]: systemd passed no socket with the name "submission"`, "submission": `listen[1]: systemd passed no socket with the name "submissions"`} {
		i := install(t, nil, sink.Config{})
		byNames(i)
		var sockets []net.Listener
		if names != "" {
			sockets = append(sockets, bound(t))
		}
		out, err := activated(t, i, names, sockets...).CombinedOutput()
		if err == nil || !strings.Contains(string(out), strings.ReplaceAll(want, `"`, `\"`)) && !strings.Contains(string(out), want) {
			t.Errorf("%q: %v\n%s", names, err, out)
		}
	}
}

func TestSystemdAcceptsTheSocketUnits(t *testing.T) {
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("systemd is not installed")
	}
	dir := t.TempDir()
	for _, name := range []string{"postvern.service", "postvern-submission.socket", "postvern-submissions.socket"} {
		text := strings.ReplaceAll(readText(t, "../deploy/systemd/"+name), "/usr/bin/postvern ", binary+" ")
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"postvern-submission.socket", "postvern-submissions.socket"} {
		if out := tool(t, dir, "", "systemd-analyze", "verify", "--man=no", filepath.Join(dir, name)); strings.TrimSpace(out) != "" {
			t.Errorf("systemd-analyze verify %s: %s", name, out)
		}
	}
}
