package torture

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"postvern.example/internal/ports"
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
	metrics string // address
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
	g := &gateway{t: t, dir: dir, address: freeAddress(t), metrics: freeAddress(t)}
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
metrics: {address: %q}
log: {format: json, level: warn}
%s`, g.address, upstream.Addr(), g.metrics, more),
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

// usage is what a process takes.
type usage struct{ kib, descriptors int }

// grownFrom reports whether it is more than garbage and idle connections
// explain.
func (u usage) grownFrom(before usage) bool {
	return u.kib > before.kib*3/2+20<<10 || u.descriptors > before.descriptors+20
}

// usage returns the resident memory and the open descriptors of the process, as
// it says itself: of one that other programs may not read, nobody but root
// counts the descriptors.
func (g *gateway) usage() usage {
	g.t.Helper()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 30 * time.Second}
	r, err := client.Get("http://" + g.metrics + "/metrics")
	if err != nil {
		g.t.Fatal(err)
	}
	text, err := io.ReadAll(r.Body)
	if err := errors.Join(err, r.Body.Close()); err != nil {
		g.t.Fatal(err)
	}
	gauge := func(name string) int {
		_, after, _ := strings.Cut(string(text), "\n"+name+" ")
		n, err := strconv.ParseFloat(strings.Fields(after + " none")[0], 64)
		if err != nil {
			g.t.Fatalf("%s: %v", name, err)
		}
		return int(n)
	}
	return usage{gauge("process_resident_memory_bytes") >> 10, gauge("process_open_fds")}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	at, err := ports.Free()
	if err != nil {
		t.Fatal(err)
	}
	return at.String()
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
