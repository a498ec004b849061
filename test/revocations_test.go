package test

import (
	"crypto/tls"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// opensslCA is an authority that OpenSSL keeps, with its lists of revoked
// certificates.
type opensslCA struct {
	t   *testing.T
	dir string
}

func newOpenSSLCA(t *testing.T) opensslCA {
	t.Helper()
	need(t, "openssl")
	ca := opensslCA{t, t.TempDir()}
	for name, text := range map[string]string{
		"index.txt": "", "crlnumber": "01\n", "serial": "1001\n",
		"ca.cnf": strings.ReplaceAll(`[ca]
default_ca = here
[here]
database = DIR/index.txt
new_certs_dir = DIR
serial = DIR/serial
crlnumber = DIR/crlnumber
certificate = DIR/ca.pem
private_key = DIR/ca.key
default_md = sha256
default_days = 30
policy = any
[any]
commonName = supplied
[req]
distinguished_name = name
[name]
`, "DIR", ca.dir),
	} {
		if err := os.WriteFile(filepath.Join(ca.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ca.run("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=Kontorets CA", "-days", "30", "-config", "ca.cnf",
		"-addext", "basicConstraints=critical,CA:true", "-addext", "keyUsage=critical,keyCertSign,cRLSign", "-addext", "subjectKeyIdentifier=hash")
	return ca
}

func (ca opensslCA) run(args ...string) {
	ca.t.Helper()
	c := exec.Command("openssl", args...)
	c.Dir = ca.dir
	if out, err := c.CombinedOutput(); err != nil {
		ca.t.Fatalf("openssl %v: %v\n%s", args, err, out)
	}
}

// issue returns a certificate and its key for a name.
func (ca opensslCA) issue(name string) tls.Certificate {
	ca.t.Helper()
	ca.run("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", name+".key", "-out", name+".csr", "-subj", "/CN="+name, "-config", "ca.cnf")
	ca.run("ca", "-batch", "-config", "ca.cnf", "-notext", "-in", name+".csr", "-out", name+".pem")
	pair, err := tls.LoadX509KeyPair(filepath.Join(ca.dir, name+".pem"), filepath.Join(ca.dir, name+".key"))
	if err != nil {
		ca.t.Fatal(err)
	}
	return pair
}

func (ca opensslCA) revoke(name string) {
	ca.t.Helper()
	ca.run("ca", "-config", "ca.cnf", "-revoke", name+".pem")
}

// list makes a list of those that are revoked that is good for so long.
func (ca opensslCA) list(until time.Duration) string {
	ca.t.Helper()
	stamp := func(at time.Time) string { return at.UTC().Format("20060102150405Z") }
	ca.run("ca", "-config", "ca.cnf", "-gencrl", "-out", "list.pem",
		"-crl_lastupdate", stamp(time.Now().Add(-48*time.Hour)), "-crl_nextupdate", stamp(time.Now().Add(until)))
	text, err := os.ReadFile(filepath.Join(ca.dir, "list.pem"))
	if err != nil {
		ca.t.Fatal(err)
	}
	return string(text)
}

// enters reports whether who shows a certificate is greeted; the refusal that
// the log has for it is why.
func (i *installation) enters(cert tls.Certificate) (in bool, why string) {
	i.t.Helper()
	before := len(i.log.lines("refused handshake"))
	conn, err := tls.Dial("tcp", i.implicit, &tls.Config{RootCAs: i.roots, ServerName: "mail.forening.example", Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12})
	if err == nil {
		defer func() { _ = conn.Close() }()
		_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
		if n, _ := conn.Read(make([]byte, 4)); n == 4 {
			return true, ""
		}
	}
	waitFor(i.t, "the refusal", func() bool { return len(i.log.lines("refused handshake")) > before })
	why, _ = i.log.lines("refused handshake")[before]["reason"].(string)
	return false, why
}

func TestARevokedClientIsTurnedAwayWithoutAStop(t *testing.T) {
	ca := newOpenSSLCA(t)
	stays, goes := ca.issue("exchange.tillid.example"), ca.issue("gammel.tillid.example")
	pem, err := os.ReadFile(filepath.Join(ca.dir, "ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	i := install(t, files{"clients.pem": string(pem)}, sinkConfig())
	if err := os.Mkdir(i.path("crl"), 0o700); err != nil {
		t.Fatal(err)
	}
	i.write("crl/kontoret.crl", ca.list(24*time.Hour))
	i.write("crl/README", "Hentes hver nat.")
	i.write("postvern.yaml", fmt.Sprintf(`hostname: mail.forening.example
data: data
listen:
  - {address: "127.0.0.1:0", tls: implicit, trust: ["127.0.0.0/8"], senders: ["*@tillid.example"], client-ca: clients.pem, client-revocations: crl/}
upstream: {address: %q, tls: none}
metrics: {address: "127.0.0.1:0"}
log: {format: json, level: debug}
`, i.upstream.Addr()))
	i.start()
	both := func(when string, wantStays, wantGoes string) {
		t.Helper()
		for name, c := range map[string]struct {
			cert tls.Certificate
			want string
		}{"who stays": {stays, wantStays}, "who goes": {goes, wantGoes}} {
			if in, why := i.enters(c.cert); in != (c.want == "") || why != c.want {
				t.Errorf("%s, %s: greeted %t, %q, want %q", when, name, in, why, c.want)
			}
		}
	}
	const revoked = "a certificate that is on a list of revoked ones"
	const unknown = "a certificate of whose issuer client-revocations has no list that is up to date"
	both("nobody is revoked", "", "")
	ends := i.gauge("postvern_client_revocations_until_timestamp_seconds")
	if left := time.Until(time.Unix(int64(ends), 0)); left < 23*time.Hour || left > 24*time.Hour {
		t.Errorf("the list ends in %v", left)
	}
	changes := func(to string, from tls.Certificate, in bool) {
		t.Helper()
		i.write("crl/kontoret.crl", to)
		waitFor(t, "the new list", func() bool { is, _ := i.enters(from); return is == in })
	}
	ca.revoke("gammel.tillid.example")
	changes(ca.list(24*time.Hour), goes, false)
	both("one is revoked", "", revoked)

	changes(ca.list(-time.Hour), stays, false)
	both("the list is out of date", unknown, revoked)
	if now := float64(time.Now().Unix()); i.gauge("postvern_client_revocations_until_timestamp_seconds") >= now {
		t.Error("the metric does not say that the list is out of date")
	}
	changes(ca.list(24*time.Hour), stays, true)
	both("it was renewed", "", revoked)

	i.write("crl/kontoret.crl", "<html>Login</html>")
	waitFor(t, "the refusal of the file", func() bool { i.enters(stays); return i.log.has("kept") })
	both("what came is no list", "", revoked)
	line := fmt.Sprint(i.log.lines("kept")[0])
	if !strings.Contains(line, "client-revocations: load revocations from kontoret.crl: it is no list of revoked certificates") {
		t.Errorf("the log says %s", line)
	}
	if err := os.Remove(i.path("crl/kontoret.crl")); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the end of the list", func() bool { in, _ := i.enters(stays); return !in })
	both("no list is left", unknown, unknown)
	if at := i.gauge("postvern_client_revocations_until_timestamp_seconds"); at != 0 {
		t.Errorf("without a list the metric is %v", at)
	}
	i.submitsAfterARestart(ca, stays, unknown)
}

// submitsAfterARestart starts with no list, and then with one: the start itself
// does not fail, since mail programs have listeners of their own.
func (i *installation) submitsAfterARestart(ca opensslCA, cert tls.Certificate, unknown string) {
	i.t.Helper()
	if err := i.stop(); err != nil {
		i.t.Error(err)
	}
	i.start()
	if in, why := i.enters(cert); in || why != unknown {
		i.t.Errorf("after a start without a list: %t, %q", in, why)
	}
	if !strings.Contains(fmt.Sprint(i.log.lines("expiring")), "client-revocations has no list of one of the authorities") {
		i.t.Errorf("the start does not say so\n%s", i.log)
	}
	i.write("crl/kontoret.crl", ca.list(time.Hour))
	waitFor(i.t, "the list", func() bool { in, _ := i.enters(cert); return in })
}

func TestAStartWithoutTheListsThatAreAskedForIsRefused(t *testing.T) {
	a := newAuthority(t, "Kontorets CA")
	for more, want := range map[string]string{
		"client-ca: clients.pem, client-revocations: crl/":        "listen[0].client-revocations: load revocations: ",
		"client-ca: clients.pem, client-revocations: clients.pem": "listen[0].client-revocations: load revocations from clients.pem: it is no list of revoked certificates (CRL)",
		"client-revocations: crl/":                                "postvern.yaml:3:10: listen[0].client-ca: is missing: it names the authorities whose certificates client-revocations may revoke",
	} {
		i := install(t, files{"clients.pem": a.pem}, sinkConfig())
		i.write("postvern.yaml", fmt.Sprintf(`hostname: mail.forening.example
data: data
listen: [{address: "127.0.0.1:0", tls: implicit, trust: ["127.0.0.0/8"], %s}]
upstream: {address: %q, tls: none}
`, more, i.upstream.Addr()))
		out, err := i.run("serve")
		if err == nil || !strings.Contains(out+err.Error(), want) {
			t.Errorf("%s: %v\n%s", more, err, out)
		}
	}
}
