package test

import (
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"postvern.example/internal/sink"
)

// mailServer is what many organisations have: Postfix with Dovecot's logins.
type mailServer struct {
	t       testing.TB
	address string
	dir     string
	ca      string // PEM file
	sink    *sink.Sink
	dovecot *exec.Cmd
}

// startMailServer starts one that offers these mechanisms over STARTTLS, with a
// certificate for this name or address, and passes mail on to a sink.
func startMailServer(t testing.TB, mechanisms, certified string) *mailServer {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("only root can start Postfix")
	}
	for _, program := range []string{"/usr/sbin/postfix", "/usr/sbin/dovecot"} {
		if _, err := os.Stat(program); err != nil {
			t.Skipf("%s is not installed: make deps installs it", program)
		}
	}
	dir, err := os.MkdirTemp("", "dc") // short: sockets stand in it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	m := &mailServer{t: t, dir: dir, ca: filepath.Join(dir, "ca.pem")}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	a := newAuthority(t, "Regionens CA")
	cert, key := a.issue(func(c *x509.Certificate) {
		if ip := net.ParseIP(certified); ip != nil {
			c.IPAddresses = []net.IP{ip}
		} else {
			c.DNSNames = []string{certified}
		}
	})
	port := freePort(t)
	m.write("ca.pem", a.pem)
	m.write("tls.pem", key+cert)
	m.password("anna", "rød grød med fløde")
	m.write("dovecot.conf", fmt.Sprintf(`base_dir = %[1]s/run
state_dir = %[1]s/state
log_path = %[1]s/dovecot.log
instance_name = test-%[2]d
protocols =
ssl = no
listen = 127.0.0.1
auth_mechanisms = %[3]s
auth_failure_delay = 0
auth_verbose = yes
passdb {
  driver = passwd-file
  args = scheme=PLAIN username_format=%%u %[1]s/users
}
userdb {
  driver = static
  args = uid=1000 gid=1000 home=/nonexistent
}
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service auth {
  inet_listener {
    port = %[2]d
  }
}
`, dir, port, mechanisms))
	m.dovecot = exec.Command("/usr/sbin/dovecot", "-F", "-c", m.path("dovecot.conf"))
	m.dovecot.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := m.dovecot.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.stopDovecot)
	waitFor(t, "Dovecot", func() bool { return greets(fmt.Sprintf("127.0.0.1:%d", port)) })
	if m.sink, err = sink.Start(sink.Config{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.sink.Close() })
	var folder string
	m.address, folder = postfixIn(t, m.sink.Addr(),
		"smtpd_tls_chain_files = "+m.path("tls.pem"), "smtpd_tls_security_level = may", "smtpd_tls_auth_only = yes",
		"smtpd_sasl_auth_enable = yes", "smtpd_sasl_type = dovecot", fmt.Sprintf("smtpd_sasl_path = inet:127.0.0.1:%d", port),
		"mynetworks =", "notify_classes =", "smtpd_relay_restrictions = permit_sasl_authenticated, reject", "smtpd_error_sleep_time = 0", "smtpd_client_auth_rate_limit = 0")
	t.Cleanup(func() {
		if t.Failed() {
			for _, file := range []string{m.path("dovecot.log"), filepath.Join(folder, "log")} {
				text, _ := os.ReadFile(file)
				t.Logf("%s:\n%s", file, text)
			}
		}
	})
	return m
}

func (m *mailServer) path(name string) string { return filepath.Join(m.dir, name) }

func (m *mailServer) write(name, text string) {
	m.t.Helper()
	if err := os.WriteFile(m.path(name), []byte(text), 0o644); err != nil { //nolint:gosec // its own user reads it
		m.t.Fatal(err)
	}
}

// password makes it the one of a user, who alone is known there.
func (m *mailServer) password(user, password string) {
	m.t.Helper()
	m.write("users", user+":"+password+"\n")
	later := time.Now().Add(time.Duration(len(password)) * time.Second) // seen whatever the clock's grain
	if err := os.Chtimes(m.path("users"), later, later); err != nil {
		m.t.Fatal(err)
	}
}

func (m *mailServer) stopDovecot() {
	if m.dovecot != nil {
		_ = syscall.Kill(-m.dovecot.Process.Pid, syscall.SIGKILL) // its children would go on with whom they serve
		_ = m.dovecot.Wait()
		m.dovecot = nil
	}
}

// greets reports whether a server says something to whoever comes: one that only
// listens may not be up yet.
func greets(address string) bool {
	c, err := net.DialTimeout("tcp", address, time.Second)
	if err != nil {
		return false
	}
	defer func() { _ = c.Close() }()
	_ = c.SetReadDeadline(time.Now().Add(time.Second))
	n, err := c.Read(make([]byte, 1))
	return n == 1 && err == nil
}

// asksThere starts a gateway that asks the mail server about logins, and sends
// through it as anna.
func (m *mailServer) asksThere(login, secret string) *installation {
	m.t.Helper()
	i := &installation{t: m.t, dir: m.t.TempDir(), upstream: m.sink}
	i.configure(files{"representatives.yaml": representativeWithout, "own.password": secret + "\n"}, m.address)
	config := strings.Replace(withLogin(m.address, login), fmt.Sprintf("upstream: {address: %q, tls: none}", m.address),
		fmt.Sprintf("upstream: {address: %q, tls: starttls, ca: %q, username: anna, password-file: own.password}", m.address, m.ca), 1)
	i.write("postvern.yaml", config)
	i.start()
	return i
}

const mailOfAnna = "From: anna.holm@region.example\r\nTo: bo@mail.example\r\nSubject: Hej\r\n\r\nHej.\r\n."

func (i *installation) sendsAsAnna(password string) {
	i.t.Helper()
	expectReplies(i.t, i.says(plainLogin("anna", password), "MAIL FROM:<anna.holm@region.example>", "RCPT TO:<bo@mail.example>", "DATA", mailOfAnna),
		"AUTH PLAIN LOGIN", "235", "250", "250", "354", "250")
}

func TestPostfixAndDovecotKnowThePasswordsAndTakeTheMail(t *testing.T) {
	for _, mechanisms := range []string{"plain login", "login", "cram-md5 scram-sha-256 plain"} {
		t.Run(mechanisms, func(t *testing.T) {
			const first, second = "rød grød med fløde", "en anden adgangskode æøå"
			m := startMailServer(t, mechanisms, "127.0.0.1")
			i := m.asksThere("{method: upstream, remember: 0s}", first)
			expectReplies(t, i.says(plainLogin("anna", "wrong"), plainLogin("bo", first), plainLogin("anna", first+" "), plainLogin("anna", "")),
				"AUTH PLAIN LOGIN", "535 5.7.8", "535 5.7.8", "535 5.7.8", "535")
			i.sendsAsAnna(first)
			i.arrived(1)

			m.password("anna", second)          // at the other server
			time.Sleep(1100 * time.Millisecond) // Dovecot looks at the file once a second
			expectReplies(t, i.says(plainLogin("anna", first)), "AUTH", "535 5.7.8")
			expectReplies(t, i.says(plainLogin("anna", second)), "AUTH", "235")
			// The gateway's own password there has changed too: its mail waits, and is
			// not given up.
			if err := i.stop(); err != nil { // its connection there is logged in still
				t.Fatal(err)
			}
			i.start()
			i.sendsAsAnna(second)
			waitFor(t, "the mail to be put off", func() bool { return i.log.has("deferred copy") })
			if i.log.has("failed copy") {
				t.Errorf("a mail was given up\n%s", i.log)
			}
			if reply := fmt.Sprint(i.log.lines("deferred copy")[0]["reply"]); !strings.Contains(reply, "535") {
				t.Errorf("it is put off for %q", reply)
			}
			m.stopDovecot() // Postfix is there, and cannot tell
			expectReplies(t, i.says(plainLogin("anna", second)), "AUTH", "454 4.7.0")
			if strings.Contains(i.log.String(), "rød grød") || strings.Contains(i.log.String(), "en anden") {
				t.Error("the log holds a password")
			}
		})
	}
}

func TestALoginThatCannotBeTriedIsPutOffAndNobodysFailure(t *testing.T) {
	const right = "rød grød med fløde"
	for name, c := range map[string]struct {
		mechanisms, certified, login, cause string
	}{
		"another server's certificate": {"plain login", "mail.elsewhere.example", "", "certificate"},
		"no mechanism that we speak":   {"cram-md5 scram-sha-256", "127.0.0.1", "", "neither PLAIN nor LOGIN"},
		"an authority that is unknown": {"plain", "127.0.0.1", ", upstream: {address: ADDRESS}", "certificate"},
		"nobody there":                 {"plain", "127.0.0.1", ", upstream: {address: \"127.0.0.1:1\"}", "refused"},
	} {
		t.Run(name, func(t *testing.T) {
			m := startMailServer(t, c.mechanisms, c.certified)
			i := m.asksThere("{method: upstream"+strings.Replace(c.login, "ADDRESS", `"`+m.address+`"`, 1)+"}", right)
			for range 12 {
				expectReplies(t, i.says(plainLogin("anna", right)), "AUTH", "454 4.7.0")
			}
			if cause := fmt.Sprint(i.log.lines("put off login")[0]["cause"]); !strings.Contains(cause, c.cause) {
				t.Errorf("the log says %q", cause)
			}
			waitFor(t, "twelve lines of the log: an outage is not counted as a failure", func() bool { return len(i.log.lines("put off login")) == 12 })
		})
	}
}
