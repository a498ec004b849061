package submission

import (
	"bytes"
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// program returns the path of a real mail program, or skips the test.
func program(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is not installed", name)
	}
	return path
}

func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
	return string(out)
}

// roots writes the house's CA where a program can read it.
func (h *house) caFile(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "ca.pem")
	conn := h.srv.cfg.TLS
	cert, err := conn.GetCertificate(nil)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	for _, der := range cert.Certificate {
		b.WriteString("-----BEGIN CERTIFICATE-----\n")
		b.WriteString(base64Lines(der))
		b.WriteString("-----END CERTIFICATE-----\n")
	}
	if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestPythonsSmtplibSends(t *testing.T) {
	python := program(t, "python3")
	for _, mode := range []string{"starttls", "implicit"} {
		h := open(t, func(c *Config) { c.Listener.TLS = Mode(mode) })
		host, port, err := net.SplitHostPort(h.addr)
		if err != nil {
			t.Fatal(err)
		}
		run(t, python, "testdata/send.py", mode, host, port, h.caFile(t))
		all := h.inbox.all()
		if len(all) != 2 || all[0].env.Login != "anna" || all[0].env.Protocol != "ESMTPSA" || !strings.Contains(all[0].body, "\r\n.en prik\r\n") {
			t.Errorf("%s: %+v", mode, all)
		}
		if len(all) == 2 && (!all[1].env.UTF8 || all[1].env.To[0].Address != "bjørn@blåbær.example") {
			t.Errorf("%s: %+v", mode, all[1])
		}
	}
}

func TestSwaksSends(t *testing.T) {
	swaks := program(t, "swaks")
	h := open(t, nil)
	for i, auth := range []string{"PLAIN", "LOGIN"} {
		out := run(t, swaks, "--server", h.addr, "--tls", "--auth", auth, "--auth-user", "anna", "--auth-password", "s3cret",
			"--from", "anna.holm@region.example", "--to", "bo@mail.example", "--pipeline", "--header", "Subject: blåbær")
		all := h.inbox.all()
		if len(all) != i+1 || !strings.Contains(all[i].body, "Subject: blåbær\r\n") {
			t.Errorf("%s: %+v\n%s", auth, all, out)
		}
	}
}

func TestCurlSends(t *testing.T) {
	curl := program(t, "curl")
	h := open(t, nil)
	mail := filepath.Join(t.TempDir(), "mail.eml")
	if err := os.WriteFile(mail, []byte("Subject: x\r\n\r\n.prik\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	host, port, err := net.SplitHostPort(h.addr)
	if err != nil {
		t.Fatal(err)
	}
	run(t, curl, "-sS", "--ssl-reqd", "--cacert", h.caFile(t), "--connect-to", "mail.forening.example:"+port+":"+host+":"+port,
		"--url", "smtp://mail.forening.example:"+port, "--user", "anna:s3cret", "--noproxy", "*",
		"--mail-from", "anna.holm@region.example", "--mail-rcpt", "bo@mail.example", "-T", mail)
	if all := h.inbox.all(); len(all) != 1 || !strings.HasSuffix(all[0].body, ".prik\r\n") {
		t.Errorf("%+v", all)
	}
}
