// Package test holds the whole-program tests: they build the binary, start it
// as a user would, speak SMTP, HTTP and the command line to it, and look at
// what arrives upstream.
package test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"postvern.example/internal/sink"
)

var binary string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "postvern-test-")
	if err != nil {
		panic(err)
	}
	binary = filepath.Join(dir, "postvern")
	build := exec.Command("go", "build", "-o", binary, "../cmd/postvern")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build postvern: %v\n%s", err, out)
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

const password = "correct horse battery staple"

// installation is a configuration folder and the gateway that runs on it.
type installation struct {
	t         testing.TB
	dir       string
	upstream  *sink.Sink
	command   *exec.Cmd
	log       *logBuffer
	exited    chan error
	submit    string // STARTTLS
	implicit  string
	trust     string
	metrics   string
	questions string
	roots     *x509.CertPool
}

// files are the contents of an installation's files, by name. Those that are
// not given are the defaults below.
type files map[string]string

const defaultPolicy = `version: 1
organisation: Dansk Eksempelforening
language: da
mode: enforce
contact: dpo@forening.example
people:
  union: ["*@forening.example"]
  employer: ["*@region.example"]
recipients: {hide: members, from: 2, beside: note, as: bcc, invitations: split, quoted: remove}
personal-data:
  - name: national identity numbers
    detect: [dk-cpr, no-fodselsnummer, se-personnummer, fi-hetu, is-kennitala]
    do: encrypt
    without-key: hold
    severity: high
  - name: member lists
    detect: [member-list]
    do: encrypt
    without-key: reject
  - name: special categories
    detect: [health, union-membership, sexuality, ethnicity, politics, religion, criminal-offences]
    do: encrypt
    without-key: hold
  - name: what cannot be read
    detect: [unscannable]
    do: hold
subject: {tag: "TR – fortroligt", on: representative-mail}
deviations: {follow-up: 72h, keep: 5y}
held: {keep: 14d}
`

const defaultMembers = `Navn;E-mail;Telefon
Mette Sørensen;mette@post.example;20000001
Peter Ægidius;peter@post.example;20000002
Ingrid Østergård;ingrid@post.example;20000003
Lars Bæk;lars@bæk.example;20000004
Karin Öberg;karin.oberg@brev.example;20000005
`

var hashOnce = sync.OnceValues(func() (string, error) {
	c := exec.Command(binary, "representatives", "password")
	c.Stdin = strings.NewReader(password + "\n")
	out, err := c.Output()
	return strings.TrimSpace(string(out)), err
})

func defaultRepresentatives(t testing.TB) string {
	t.Helper()
	hash, err := hashOnce()
	if err != nil {
		t.Fatalf("hash password: %v", err)
	}
	return fmt.Sprintf(`- name: Anna Holm
  login: anna
  password: %q
  addresses: [anna.holm@region.example]
  role-addresses: [tr.anna@forening.example]
  language: da
  mandate: {from: 2020-01-01, until: 2099-12-31}
- name: Gamle Ole
  login: ole
  password: %q
  addresses: [ole@region.example]
  role-addresses: [tr.ole@forening.example]
  language: nb
  mandate: {from: 2020-01-01, until: 2020-12-31}
`, hash, hash)
}

// install writes an installation's files and starts its upstream.
func install(t testing.TB, with files, upstream sink.Config) *installation {
	t.Helper()
	i := &installation{t: t, dir: t.TempDir()}
	var err error
	if i.upstream, err = sink.Start(upstream); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = i.upstream.Close() })
	i.configure(with, i.upstream.Addr())
	return i
}

// configure writes an installation's files.
func (i *installation) configure(with files, upstream string) {
	i.t.Helper()
	all := files{
		"policy.yaml":          defaultPolicy,
		"members.csv":          defaultMembers,
		"representatives.yaml": defaultRepresentatives(i.t),
		"postvern.yaml": fmt.Sprintf(`hostname: mail.forening.example
data: data
listen:
  - {address: "127.0.0.1:0", tls: starttls}
  - {address: "127.0.0.1:0", tls: implicit}
  - {address: "127.0.0.1:0", tls: none, trust: ["127.0.0.0/8"], senders: ["*@tillid.example"]}
upstream: {address: %q, tls: none}
policy: policy.yaml
representatives: representatives.yaml
members: members.csv
keys: keys/
metrics: {address: "127.0.0.1:0"}
log: {format: json, level: debug}
`, upstream),
	}
	for name, text := range with {
		all[name] = text
	}
	if err := os.MkdirAll(filepath.Join(i.dir, "keys"), 0o700); err != nil {
		i.t.Fatal(err)
	}
	for name, text := range all {
		i.write(name, text)
	}
}

func (i *installation) write(name, text string) {
	i.t.Helper()
	if err := os.WriteFile(filepath.Join(i.dir, name), []byte(text), 0o600); err != nil {
		i.t.Fatal(err)
	}
}

func (i *installation) path(name string) string { return filepath.Join(i.dir, name) }

// gateway installs and starts a gateway with the default files but for those
// given.
func gateway(t testing.TB, with files) *installation {
	t.Helper()
	i := install(t, with, sink.Config{})
	i.start()
	return i
}

// start starts the gateway and waits until it listens.
func (i *installation) start() {
	i.t.Helper()
	i.launch(exec.Command(binary, "serve", "--config", i.path("postvern.yaml")))
}

// launch starts a command that becomes the gateway, and waits until it listens.
func (i *installation) launch(c *exec.Cmd) {
	i.t.Helper()
	i.log = newLogBuffer()
	i.command = c
	i.command.Stderr = i.log
	i.command.Stdout = i.log
	if err := i.command.Start(); err != nil {
		i.t.Fatal(err)
	}
	i.exited = make(chan error, 1)
	go func(c *exec.Cmd, exited chan error) { exited <- c.Wait() }(i.command, i.exited)
	i.t.Cleanup(i.kill)
	deadline := time.After(30 * time.Second)
	for !i.log.has("started") {
		select {
		case err := <-i.exited:
			i.exited <- err
			i.t.Fatalf("the gateway ended: %v\n%s", err, i.log)
		case <-deadline:
			i.t.Fatalf("the gateway did not start\n%s", i.log)
		case <-time.After(5 * time.Millisecond):
		}
	}
	for _, line := range i.log.lines("listening") {
		address, _ := line["address"].(string)
		switch {
		case line["serves"] == "metrics":
			i.metrics = "http://" + address
		case line["serves"] == "questions":
			i.questions = address
		case line["tls"] == "starttls":
			i.submit = address
		case line["tls"] == "implicit":
			i.implicit = address
		default:
			i.trust = address
		}
	}
	i.roots = x509.NewCertPool()
	if pem, err := os.ReadFile(i.path("data/tls/ca.pem")); err == nil {
		i.roots.AppendCertsFromPEM(pem)
	}
}

// startQuietly starts a gateway whose log says only what is wrong, and waits
// until it listens on an address.
func (i *installation) startQuietly(address string) {
	i.t.Helper()
	i.log = newLogBuffer()
	i.command = exec.Command(binary, "serve", "--config", i.path("postvern.yaml"))
	i.command.Stderr = i.log
	if err := i.command.Start(); err != nil {
		i.t.Fatal(err)
	}
	i.exited = make(chan error, 1)
	go func(c *exec.Cmd, exited chan error) { exited <- c.Wait() }(i.command, i.exited)
	i.t.Cleanup(i.kill)
	if !listens(address) {
		i.t.Fatalf("the gateway did not start\n%s", i.log)
	}
}

// listens waits until somebody listens on an address; false is nobody in time.
func listens(address string) bool {
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if c, err := net.Dial("tcp", address); err == nil {
			_ = c.Close()
			return true
		}
	}
	return false
}

func (i *installation) read(name string) string {
	i.t.Helper()
	b, err := os.ReadFile(i.path(name))
	if err != nil {
		i.t.Fatal(err)
	}
	return string(b)
}

func (i *installation) kill() {
	if i.command != nil && i.command.Process != nil {
		_ = i.command.Process.Kill()
		<-i.exited //nolint:errcheck // it was killed
		i.command = nil
	}
}

// stop sends SIGTERM and waits for the end.
func (i *installation) stop() error {
	_ = i.command.Process.Signal(syscall.SIGTERM)
	err := <-i.exited
	i.command = nil
	return err
}

// client logs in on the STARTTLS listener.
func (i *installation) client(login string) *smtp.Client {
	i.t.Helper()
	conn, err := net.Dial("tcp", i.submit)
	if err != nil {
		i.t.Fatal(err)
	}
	c, err := smtp.NewClientStartTLS(conn, &tls.Config{RootCAs: i.roots, ServerName: "mail.forening.example"})
	if err != nil {
		i.t.Fatal(err)
	}
	i.t.Cleanup(func() { _ = c.Close() })
	if err := c.Auth(sasl.NewPlainClient("", login, password)); err != nil {
		i.t.Fatal(err)
	}
	return c
}

// send sends one mail as a login and returns the reply as an error.
func (i *installation) send(login, from string, to []string, mail string) error {
	i.t.Helper()
	c := i.client(login)
	err := c.SendMail(from, to, strings.NewReader(crlf(mail)))
	_ = c.Quit()
	return err
}

// arrived waits until n messages stand upstream and returns them all.
func (i *installation) arrived(n int) []sink.Message {
	i.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if _, err := i.upstream.Wait(ctx, n); err != nil {
		i.t.Fatalf("wait for %d messages: %v\n%s", n, err, i.log)
	}
	return i.upstream.Messages()
}

// mails returns what arrived without the gateway's own notices.
func mails(all []sink.Message) []sink.Message {
	var out []sink.Message
	for _, m := range all {
		if !bytes.Contains(m.Content, []byte("\r\nAuto-Submitted:")) {
			out = append(out, m)
		}
	}
	return out
}

// run runs a command of the installation and returns what it printed.
func (i *installation) run(args ...string) (string, error) {
	args = append(args, "--config", i.path("postvern.yaml"))
	c := exec.Command(binary, args...)
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	err := c.Run()
	if err != nil {
		err = fmt.Errorf("%w: %s", err, errs.String())
	}
	return out.String(), err
}

// json runs a command with --json and decodes what it printed.
func (i *installation) json(into any, args ...string) {
	i.t.Helper()
	out, err := i.run(append(args, "--json")...)
	if err != nil {
		i.t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(out), into); err != nil {
		i.t.Fatalf("%v\n%s", err, out)
	}
}

func (i *installation) get(path string) (int, string) {
	i.t.Helper()
	r, err := oneRequest.Get(i.metrics + path)
	if err != nil {
		i.t.Fatal(err)
	}
	defer func() { _ = r.Body.Close() }()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		i.t.Fatal(err)
	}
	return r.StatusCode, string(b)
}

// oneRequest keeps no connection: the gateway may be closing an idle one as a
// request sets out on it.
var oneRequest = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

// logBuffer keeps the log of a gateway.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func newLogBuffer() *logBuffer { return &logBuffer{} }

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func (l *logBuffer) lines(msg string) []map[string]any {
	var out []map[string]any
	scan := bufio.NewScanner(strings.NewReader(l.String()))
	scan.Buffer(nil, 1<<20)
	for scan.Scan() {
		var line map[string]any
		if json.Unmarshal(scan.Bytes(), &line) == nil && line["msg"] == msg {
			out = append(out, line)
		}
	}
	return out
}

func (l *logBuffer) has(msg string) bool { return len(l.lines(msg)) > 0 }

// comes reports whether a text comes into the log: what the gateway has written
// before it answered may still be on its way here.
func (l *logBuffer) comes(text string) bool {
	for deadline := time.Now().Add(20 * time.Second); !strings.Contains(l.String(), text); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			return false
		}
	}
	return true
}

// crlf gives a mail that was written in Go source the line ends of SMTP.
func crlf(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\n", "\r\n")
}
