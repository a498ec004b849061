package test

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"net"
	"os/exec"
	"strings"
	"testing"
	"time"

	"postvern.example/internal/sink"
)

// guarded starts a gateway whose trust listeners ask for certificates of an
// authority.
func guarded(t *testing.T, a *authority, names string) *installation {
	t.Helper()
	i := install(t, nil, sink.Config{})
	i.write("clients.pem", a.pem)
	i.write("postvern.yaml", fmt.Sprintf(`hostname: mail.forening.example
data: data
listen:
  - {address: "127.0.0.1:0", tls: starttls, trust: ["127.0.0.0/8"], senders: ["*@tillid.example"], client-ca: clients.pem%s}
  - {address: "127.0.0.1:0", tls: implicit, trust: ["127.0.0.0/8"], senders: ["*@tillid.example"], client-ca: clients.pem%s}
upstream: {address: %q, tls: none}
metrics: {address: "127.0.0.1:0"}
log: {format: json, level: debug}
`, names, names, i.upstream.Addr()))
	i.start()
	return i
}

// shows writes a certificate where swaks and openssl find it.
func (i *installation) shows(name string, a *authority, change func(*x509.Certificate)) (cert, key string) {
	i.t.Helper()
	c, k := a.issue(change)
	i.write(name+".pem", c)
	i.write(name+".key", k)
	return i.path(name + ".pem"), i.path(name + ".key")
}

// swaks sends a mail with a certificate, and returns what was said.
func (i *installation) swaks(cert, key string, more ...string) (string, error) {
	i.t.Helper()
	host, port, err := net.SplitHostPort(i.submit)
	if err != nil {
		i.t.Fatal(err)
	}
	args := append([]string{
		"--server", host, "--port", port, "--tls", "--from", "kontor@tillid.example", "--to", "bo@mail.example", "--header", "From: kontor@tillid.example", "--timeout", "20s",
	}, more...)
	if cert != "" {
		args = append(args, "--tls-cert", cert, "--tls-key", key)
	}
	out, err := exec.Command("swaks", args...).CombinedOutput()
	return string(out), err
}

func server(names ...string) func(*x509.Certificate) {
	return func(c *x509.Certificate) {
		c.DNSNames, c.ExtKeyUsage = names, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	}
}

func TestATrustListenerTakesMailFromWhoShowsACertificate(t *testing.T) {
	need(t, "swaks")
	a, other := newAuthority(t, "Kontorets CA"), newAuthority(t, "Kontorets CA") // of the same name
	i := guarded(t, a, `, client-names: ["exchange.tillid.example", "*.mail.tillid.example"]`)
	for name, c := range map[string]struct {
		by     *authority
		change func(*x509.Certificate)
		reason string // empty: it is taken
	}{
		"a mail server's": {a, server("exchange.tillid.example"), ""},
		"one for clients": {a, func(c *x509.Certificate) {
			c.DNSNames, c.ExtKeyUsage = []string{"EXCHANGE.tillid.example"}, []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
		}, ""},
		"one that says nothing of its use": {a, func(c *x509.Certificate) { c.DNSNames = []string{"exchange.tillid.example"} }, ""},
		"one below a pattern":              {a, server("one.mail.tillid.example"), ""},
		"one for all below":                {a, server("*.mail.tillid.example"), ""},
		"one with a common name alone":     {a, func(c *x509.Certificate) { c.Subject = pkix.Name{CommonName: "exchange.tillid.example"} }, ""},
		"another name":                     {a, server("www.tillid.example"), "a certificate with none of client-names"},
		"two labels below the pattern":     {a, server("a.b.mail.tillid.example"), "a certificate with none of client-names"},
		"the common name beside other ones": {a, func(c *x509.Certificate) {
			c.Subject, c.DNSNames = pkix.Name{CommonName: "exchange.tillid.example"}, []string{"www.tillid.example"}
		}, "a certificate with none of client-names"},
		"no name":             {a, func(*x509.Certificate) {}, "a certificate with none of client-names"},
		"another authority's": {other, server("exchange.tillid.example"), "a certificate that client-ca does not vouch for"},
		"one for signing code": {a, func(c *x509.Certificate) {
			c.DNSNames, c.ExtKeyUsage = []string{"exchange.tillid.example"}, []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}
		}, "a certificate that client-ca does not vouch for"},
		"one whose time is up": {a, func(c *x509.Certificate) {
			c.DNSNames, c.NotAfter = []string{"exchange.tillid.example"}, time.Now().Add(-time.Minute)
		}, "a certificate that is not valid now"},
		"none": {nil, nil, "no certificate"},
	} {
		cert, key := "", ""
		if c.by != nil {
			cert, key = i.shows("client", c.by, c.change)
		}
		before, arrived := len(i.log.lines("refused handshake")), len(i.upstream.Messages())
		out, err := i.swaks(cert, key)
		if c.reason == "" {
			if err != nil {
				t.Errorf("%s: %v\n%s", name, err, out)
				continue
			}
			i.arrived(arrived + 1)
			continue
		}
		if err == nil {
			t.Errorf("%s: it was taken\n%s", name, out)
		}
		waitFor(t, "the refusal of "+name, func() bool { return len(i.log.lines("refused handshake")) > before })
		if got := i.log.lines("refused handshake")[before]["reason"]; got != c.reason {
			t.Errorf("%s: the log says %v, want %s", name, got, c.reason)
		}
		if len(i.upstream.Messages()) != arrived {
			t.Errorf("%s: mail went out", name)
		}
	}
	if _, text := i.get("/metrics"); !strings.Contains(text, `postvern_refused_total{reason="certificate"} 8`) {
		t.Error("the refusals are not counted")
	}
	cert, key := i.shows("client", a, server("exchange.tillid.example"))
	if out, err := i.swaks(cert, key, "--from", "chef@region.example", "--header", "From: chef@region.example"); err == nil || !strings.Contains(out, "550 5.7.1") {
		t.Errorf("a sender who is nobody: %v\n%s", err, out)
	}
	if line, _ := greeting(t, i.submit, []byte("EHLO pc.example\r\nMAIL FROM:<kontor@tillid.example>\r\n")); !strings.HasPrefix(line, "220 ") {
		t.Errorf("greeting: %q", line)
	}
	expectClear(t, i.submit)
}

// expectClear sees to it that nothing is taken before TLS.
func expectClear(t *testing.T, address string) {
	t.Helper()
	out, err := exec.Command("swaks", "--server", strings.Split(address, ":")[0], "--port", strings.Split(address, ":")[1], "--from", "kontor@tillid.example", "--to", "bo@mail.example").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "530 5.7.0") {
		t.Errorf("in clear: %v\n%s", err, out)
	}
}

func TestOpenSSLShowsACertificateAndIsToldWhoseAreWanted(t *testing.T) {
	need(t, "openssl")
	a := newAuthority(t, "Kontorets CA")
	i := guarded(t, a, "")
	cert, key := i.shows("client", a, server("exchange.tillid.example"))
	for _, version := range []string{"-tls1_2", "-tls1_3"} {
		for _, with := range []bool{true, false} {
			args := []string{"s_client", "-connect", i.implicit, version, "-CAfile", i.path("data/tls/ca.pem"), "-verify_return_error", "-crlf", "-ign_eof"}
			if with {
				args = append(args, "-cert", cert, "-key", key)
			}
			c := exec.Command("openssl", args...)
			c.Stdin = strings.NewReader("EHLO pc.example\nquit\n")
			out, _ := c.CombinedOutput() // it says what it saw
			if said := strings.Contains(string(out), "250 "); said != with {
				t.Errorf("%s, with a certificate %t:\n%s", version, with, out)
			}
			if !strings.Contains(string(out), "Kontorets CA") {
				t.Errorf("%s: the authority is not named\n%s", version, out)
			}
		}
	}
}

func TestAuthoritiesOfClientsChangeWithoutAStop(t *testing.T) {
	before, after := newAuthority(t, "Den gamle CA"), newAuthority(t, "Den nye CA")
	i := guarded(t, before, "")
	pair := func(a *authority) tls.Certificate {
		t.Helper()
		c, k := a.issue(server("exchange.tillid.example"))
		p, err := tls.X509KeyPair([]byte(c), []byte(k))
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	own := map[*authority]tls.Certificate{before: pair(before), after: pair(after)}
	cache := tls.NewLRUClientSessionCache(4)
	enters := func(a *authority) bool {
		conn, err := tls.Dial("tcp", i.implicit, &tls.Config{RootCAs: i.roots, ServerName: "mail.forening.example", Certificates: []tls.Certificate{own[a]}, ClientSessionCache: cache, MinVersion: tls.VersionTLS12})
		if err != nil {
			return false
		}
		defer func() { _ = conn.Close() }()
		_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
		n, _ := conn.Read(make([]byte, 4))
		if conn.ConnectionState().DidResume {
			t.Error("a session was resumed: its certificate was not looked at")
		}
		return n == 4
	}
	if !enters(before) || enters(after) {
		t.Fatal("the authority at the start does not count")
	}
	i.write("clients.pem", after.pem)
	waitFor(t, "the new authority", func() bool { return enters(after) })
	if enters(before) {
		t.Error("the old authority still counts")
	}
	i.write("clients.pem", "no certificate at all")
	waitFor(t, "the refusal of the file", func() bool { enters(after); return i.log.has("kept") })
	if !enters(after) || enters(before) {
		t.Error("after a file that cannot be read the authority in force does not count")
	}
}
