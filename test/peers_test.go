package test

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"postvern.example/internal/sink"
)

func TestSwaksSubmitsWithEachListenerAndLogin(t *testing.T) {
	need(t, "swaks")
	g := gateway(t, nil)
	for name, args := range map[string][]string{
		"STARTTLS and LOGIN":     {"--server", g.submit, "-tls", "--auth", "LOGIN", "--auth-user", "anna", "--auth-password", password},
		"STARTTLS and PLAIN":     {"--server", g.submit, "-tls", "--auth", "PLAIN", "--auth-user", "anna", "--auth-password", password},
		"implicit TLS":           {"--server", g.implicit, "--tls-on-connect", "--auth", "LOGIN", "--auth-user", "anna", "--auth-password", password},
		"the trust listener":     {"--server", g.trust},
		"pipelining and raw æøå": {"--server", g.trust, "--pipeline", "--header", "Subject: Hej æøå"},
	} {
		t.Run(name, func(t *testing.T) {
			before := len(g.upstream.Messages())
			out, err := exec.Command("swaks", append(args, "--from", "anna.holm@region.example", "--to", "ole.lund@region.example", "--body", "Hej æøå")...).CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			if m := g.arrived(before + 1)[before]; !bytes.Contains(m.Content, []byte("Hej æøå")) {
				t.Errorf("arrived:\n%s", m.Content)
			}
		})
	}
	t.Run("a login before TLS", func(t *testing.T) {
		out, err := exec.Command("swaks", "--server", g.submit, "--auth", "PLAIN", "--auth-user", "anna", "--auth-password", password,
			"--from", "anna.holm@region.example", "--to", "ole.lund@region.example").CombinedOutput()
		if err == nil || bytes.Contains(out, []byte("235 ")) {
			t.Errorf("it logged in:\n%s", out)
		}
	})
	t.Run("a stranger on the trust listener", func(t *testing.T) {
		if out, err := exec.Command("swaks", "--server", g.trust, "--from", "x@elsewhere.example", "--to", "ole.lund@region.example").CombinedOutput(); err == nil {
			t.Errorf("it was taken:\n%s", out)
		}
	})
}

func TestPythonSubmitsSeveralMailsOverOneConnection(t *testing.T) {
	need(t, "python3")
	g := gateway(t, nil)
	host, port, _ := net.SplitHostPort(g.submit)
	script := fmt.Sprintf(`
import smtplib, ssl
from email.message import EmailMessage
context = ssl.create_default_context(cafile=%q)
context.check_hostname = False
s = smtplib.SMTP(%q, %s)
s.starttls(context=context)
s.login("anna", %q)
for i in range(3):
    m = EmailMessage()
    m["From"] = "Anna Holm <tr.anna@forening.example>"
    m["To"] = "Mette <mette@post.example>, Lars <lars@xn--bk-1ia.example>, sekretariat@forening.example"
    m["Subject"] = f"Møde {i}"
    m.set_content("Vi ses på torsdag.")
    m.add_alternative("<p>Vi ses på <b>torsdag</b>.</p>", subtype="html")
    s.send_message(m)
s.quit()
`, g.path("data/tls/ca.pem"), host, port, password)
	c := exec.Command("python3", "-c", script)
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	all := mails(g.arrived(6))
	if len(all) != 3 {
		t.Fatalf("%d mails arrived", len(all))
	}
	for _, m := range all {
		if bytes.Contains(m.Content, []byte("mette@")) || bytes.Contains(m.Content, []byte("xn--bk-1ia")) {
			t.Errorf("a member is named:\n%s", m.Content)
		}
	}
}

// TestPostfixRelaysOnBothSides puts a real Postfix before the gateway, as a
// relayhost's client, and another behind it, as the upstream.
func TestPostfixRelaysOnBothSides(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("Postfix's master needs root")
	}
	if _, err := os.Stat("/usr/sbin/postfix"); err != nil {
		t.Skip("postfix is not installed: make deps installs it")
	}
	final, err := sink.Start(sink.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = final.Close() })
	behind := postfix(t, final.Addr())
	g := install(t, nil, sinkConfig())
	g.configure(nil, behind)
	g.start()
	before := postfix(t, g.trust)
	if err := submitMail(before, "tr.anna@forening.example", []string{"mette@post.example", "peter@post.example", "sekretariat@forening.example"}, threeMembers); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the mail behind Postfix", func() bool {
		got := map[string]bool{}
		for _, m := range final.Messages() {
			for _, r := range m.Recipients() {
				got[r] = true
			}
		}
		return got["mette@post.example"] && got["peter@post.example"] && got["sekretariat@forening.example"]
	})
	for _, m := range mails(final.Messages()) {
		if bytes.Contains(bytes.ToLower(m.Content), []byte("mette@")) {
			for _, line := range strings.Split(string(m.Content), "\r\n") {
				// A Postfix that delivers to one recipient names them in its own trace.
				if strings.Contains(line, "mette@") && !strings.Contains(line, "for <") {
					t.Errorf("a member is named: %s", line)
				}
			}
		}
	}
}

// postfix runs a Postfix of the test's own that relays everything to a server,
// and returns where it listens.
func postfix(t testing.TB, relay string) string {
	t.Helper()
	address, _ := postfixIn(t, relay)
	return address
}

// killPostfix ends a Postfix and all its processes. "postfix stop" asks them,
// and waits for ever where one still has the socket of the log that nobody
// reads any more.
func killPostfix(dir string) {
	text, err := os.ReadFile(filepath.Join(dir, "queue/pid/master.pid"))
	if err != nil {
		return // it did not start
	}
	if pid, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil && pid > 1 {
		_ = syscall.Kill(-pid, syscall.SIGKILL) // master leads a group of its own
	}
}

// postfixIn does what postfix does, with more settings, and returns its folder
// too.
func postfixIn(t testing.TB, relay string, more ...string) (address, dir string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "pf")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	address = freeAddress(t)
	_, port, _ := net.SplitHostPort(address)
	host, relayPort, _ := net.SplitHostPort(relay)
	for _, d := range []string{"etc", "queue", "data"} {
		if err := os.Mkdir(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	main := fmt.Sprintf(`compatibility_level = 3.6
queue_directory = %[1]s/queue
data_directory = %[1]s/data
mail_owner = postfix
setgid_group = postdrop
myhostname = relay.example
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
relayhost = [%[2]s]:%[3]s
smtp_host_lookup = native
smtp_tls_security_level = none
smtpd_relay_restrictions = permit_mynetworks, reject
alias_maps =
alias_database =
maillog_file = %[1]s/log
maillog_file_prefixes = %[1]s
`, dir, host, relayPort) + strings.Join(more, "\n") + "\n"
	master := fmt.Sprintf(`127.0.0.1:%s inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
flush unix n - n 1000? 0 flush
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
showq unix n - n - - showq
proxymap unix - - n - - proxymap
tlsmgr unix - - n 1000? 1 tlsmgr
postlog unix-dgram n - n - 1 postlogd
`, port)
	if err := os.WriteFile(filepath.Join(dir, "etc/main.cf"), []byte(main), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "etc/master.cf"), []byte(master), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("chown", "postfix", filepath.Join(dir, "data")).CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	if out, err := exec.Command("/usr/sbin/postfix", "-c", filepath.Join(dir, "etc"), "start").CombinedOutput(); err != nil {
		log, _ := os.ReadFile(filepath.Join(dir, "log"))
		t.Fatalf("start postfix: %v\n%s\n%s", err, out, log)
	}
	t.Cleanup(func() {
		killPostfix(dir)
		_ = os.RemoveAll(dir)
	})
	waitFor(t, "Postfix", func() bool {
		c, err := net.DialTimeout("tcp", address, time.Second)
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
	return address, dir
}
