package test

import (
	"bufio"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"postvern.example/internal/sink"
)

// What may be agreed on: TLS 1.3, and of TLS 1.2 forward secrecy with
// authenticated encryption (RFC 9325 §4.2), by the certificate's kind of key.
var (
	suites13 = []uint16{0x1301, 0x1302, 0x1303}
	suitesOf = map[string][]uint16{"ECDSA": {0xc02b, 0xc02c, 0xcca9}, "RSA": {0xc02f, 0xc030, 0xcca8}}
)

// secureListeners starts a gateway with a certificate of each kind of key, and
// returns what opens a connection to each of its TLS listeners where the
// handshake is due.
func secureListeners(t *testing.T, kind string) (*installation, map[string]func() net.Conn) {
	t.Helper()
	i := install(t, nil, sink.Config{})
	a := newAuthority(t, "Kontorets CA")
	i.write("clients.pem", a.pem)
	own := ""
	if kind == "RSA" {
		i.writeRSA(a)
		own = "tls: {certificate: own.pem, key: own.key}\n"
	}
	i.write("postvern.yaml", fmt.Sprintf(`hostname: mail.forening.example
data: data
listen:
  - {address: "127.0.0.1:0", tls: starttls}
  - {address: "127.0.0.1:0", tls: implicit}
  - {address: "127.0.0.1:0", tls: starttls, trust: ["127.0.0.0/8"], client-ca: clients.pem}
%supstream: {address: %q, tls: none}
metrics: {address: "127.0.0.1:0"}
log: {format: json, level: debug}
`, own, i.upstream.Addr()))
	i.start()
	starttls := func(address string) func() net.Conn {
		return func() net.Conn {
			conn, err := net.Dial("tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
			in := bufio.NewReader(conn)
			for _, command := range []string{"", "HELO pc.example\r\n", "STARTTLS\r\n"} {
				if _, err := fmt.Fprint(conn, command); err != nil {
					t.Fatal(err)
				}
				if line, err := in.ReadString('\n'); err != nil || line[0] != '2' {
					t.Fatalf("%q: %q, %v", command, line, err)
				}
			}
			return conn
		}
	}
	var addresses []string // in the order of the configuration
	for _, line := range i.log.lines("listening") {
		if line["serves"] == nil {
			addresses = append(addresses, fmt.Sprint(line["address"]))
		}
	}
	i.submit = addresses[0]
	return i, map[string]func() net.Conn{
		"starttls": starttls(addresses[0]), "implicit": func() net.Conn {
			conn, err := net.Dial("tcp", addresses[1])
			if err != nil {
				t.Fatal(err)
			}
			return conn
		}, "trust": starttls(addresses[2]),
	}
}

// writeRSA writes an RSA certificate with an intermediate authority.
func (i *installation) writeRSA(a *authority) {
	i.t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		i.t.Fatal(err)
	}
	between := newAuthority(i.t, "Kontorets mellem-CA")
	der, err := x509.CreateCertificate(rand.Reader, between.cert, a.cert, between.key.Public(), a.key)
	if err != nil {
		i.t.Fatal(err)
	}
	leaf := &x509.Certificate{SerialNumber: a.cert.SerialNumber, DNSNames: []string{"mail.forening.example"}, NotBefore: a.cert.NotBefore, NotAfter: a.cert.NotAfter, KeyUsage: x509.KeyUsageDigitalSignature}
	leafDER, err := x509.CreateCertificate(rand.Reader, leaf, between.cert, key.Public(), between.key)
	if err != nil {
		i.t.Fatal(err)
	}
	block := func(kind string, b []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: b}))
	}
	i.write("own.pem", block("CERTIFICATE", leafDER)+block("CERTIFICATE", der))
	i.write("own.key", block("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key)))
}

func TestOnlyModernVersionsAndSuitesAreAgreedOn(t *testing.T) {
	for _, kind := range []string{"ECDSA", "RSA"} {
		i, listeners := secureListeners(t, kind)
		var all, old []uint16
		for n := 1; n <= 0xffff; n++ {
			suite := uint16(n)
			if suite == 0x5600 || suite == 0x00ff { // signals, no suites
				continue
			}
			all = append(all, suite)
			if !slices.Contains(suitesOf[kind], suite) {
				old = append(old, suite)
			}
		}
		const name = "mail.forening.example"
		for listener, open := range listeners {
			say := func(h hello) choice {
				if h.name == "" {
					h.name = name
				}
				if h.compression == nil {
					h.compression = []byte{0}
				}
				h.record = 0x0301
				return answer(t, open(), h.octets())
			}
			refused := func(what string, h hello, alerts ...byte) {
				t.Helper()
				if c := say(h); c.suite != 0 || !slices.Contains(alerts, c.alert) {
					t.Errorf("%s, %s, %s: %s", kind, listener, what, c)
				}
			}
			for _, version := range []uint16{0x0002, 0x0300, 0x0301, 0x0302} {
				refused(fmt.Sprintf("version %04x", version), hello{version: version, suites: all[:4000]}, 70)
				refused(fmt.Sprintf("version %04x", version), hello{version: version, suites: slices.Concat(suitesOf[kind], suites13)}, 70)
			}
			for chunk := range slices.Chunk(old, 8000) {
				refused(fmt.Sprintf("suites from %04x", chunk[0]), hello{version: 0x0303, suites: chunk}, 40, 71)
			}
			for chunk := range slices.Chunk(slices.DeleteFunc(slices.Clone(all), func(s uint16) bool { return slices.Contains(suites13, s) }), 8000) {
				refused(fmt.Sprintf("TLS 1.3 with suites from %04x", chunk[0]), hello{version: 0x0303, suites: chunk, tls13: true}, 40)
			}
			for _, suite := range suitesOf[kind] {
				if c := say(hello{version: 0x0303, suites: []uint16{suite}}); c != (choice{version: 0x0303, suite: suite}) {
					t.Errorf("%s, %s, suite %04x: %s", kind, listener, suite, c)
				}
			}
			for _, suite := range suites13 {
				if c := say(hello{version: 0x0303, suites: []uint16{suite}, tls13: true}); c != (choice{version: 0x0304, suite: suite}) {
					t.Errorf("%s, %s, suite %04x of TLS 1.3: %s", kind, listener, suite, c)
				}
			}
			good := suitesOf[kind][:1]
			if c := say(hello{version: 0x0303, suites: good, compression: []byte{1, 0}}); c.suite == 0 || c.compression != 0 {
				t.Errorf("%s, %s, compression offered: %s", kind, listener, c)
			}
			refused("nothing but compression", hello{version: 0x0303, suites: good, compression: []byte{1}}, 40, 47)
			refused("a fall-back below what the client speaks (RFC 7507)", hello{version: 0x0303, suites: append(slices.Clone(good), 0x5600)}, 86)
			for _, web := range [][]string{{"h2"}, {"http/1.1"}, {"h2", "http/1.1"}, {"http/1.0"}, {"spdy/3"}} {
				refused("a web browser", hello{version: 0x0303, suites: good, protocols: web}, 120)
			}
			for _, mail := range [][]string{{"smtp"}, {"imap"}, {"h2", "smtp"}} {
				if c := say(hello{version: 0x0303, suites: good, protocols: mail}); c.suite == 0 {
					t.Errorf("%s, %s, ALPN %q: %s", kind, listener, mail, c)
				}
			}
			for _, other := range []string{"localhost", "MAIL.forening.example", "smtp.elsewhere.example", strings.Repeat("a.", 120) + "example"} {
				if c := say(hello{version: 0x0303, suites: good, name: other}); c.suite == 0 {
					t.Errorf("%s, %s, SNI %q: %s", kind, listener, other, c)
				}
			}
			// SSL 2's own hello, a heartbeat before a handshake (Heartbleed), early
			// data, a handshake that claims 16 MB, nothing at all of TLS.
			for what, octets := range map[string][]byte{
				"SSL 2":            []byte("\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10\x01\x00\x80\x02\x00\x80\x03\x00\x80\x04\x00\x80\x05\x00\x80\x06\x00\x400123456789abcdef"),
				"a heartbeat":      []byte("\x18\x03\x02\x00\x03\x01\x40\x00"),
				"early data":       []byte("\x17\x03\x03\x00\x10QUIT\r\nQUIT\r\nQUIT"),
				"16 MB":            []byte("\x16\x03\x01\x00\x04\x01\xff\xff\xff\x16\x03\x01\x00\x04\x01\xff\xff\xff"),
				"ChangeCipherSpec": []byte("\x14\x03\x03\x00\x01\x01\x14\x03\x03\x00\x01\x01"),
				"commands":         []byte("EHLO pc.example\r\nMAIL FROM:<anna.holm@region.example>\r\n"),
			} {
				if c := answer(t, open(), octets); c.suite != 0 || c.alert == 0 {
					t.Errorf("%s, %s, %s: %s", kind, listener, what, c)
				}
			}
		}
		if i.log.has("failed session") {
			t.Errorf("a session failed\n%s", i.log)
		}
	}
}

func TestTheWholeChainIsSentAndSessionsOutlastAChangeOfCertificate(t *testing.T) {
	need(t, "openssl")
	i, _ := secureListeners(t, "RSA")
	host := strings.TrimPrefix(i.implicit, "127.0.0.1")
	for _, version := range []string{"-tls1_2", "-tls1_3"} { // without the intermediate there is no way to the root
		out := tool(t, "", "", "openssl", "s_client", "-connect", "127.0.0.1"+host, version, "-CAfile", i.path("clients.pem"), "-verify_return_error", "-verify_hostname", "mail.forening.example")
		if !strings.Contains(out, "Verify return code: 0 (ok)") {
			t.Errorf("%s: %s", version, out)
		}
	}
	root := i.read("clients.pem")
	next := newAuthority(t, "En anden CA")
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(root + next.pem))
	caches := map[uint16]tls.ClientSessionCache{}
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		caches[version] = tls.NewLRUClientSessionCache(4)
	}
	greets := func(version uint16, cache tls.ClientSessionCache) tls.ConnectionState {
		t.Helper()
		conn, err := tls.Dial("tcp", i.implicit, &tls.Config{RootCAs: roots, ServerName: "mail.forening.example", ClientSessionCache: cache, MinVersion: version, MaxVersion: version})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
		if line, err := bufio.NewReader(conn).ReadString('\n'); err != nil || !strings.HasPrefix(line, "220 ") {
			t.Fatalf("%q, %v", line, err)
		}
		return conn.ConnectionState()
	}
	for version, cache := range caches {
		greets(version, cache)
		if s := greets(version, cache); !s.DidResume {
			t.Errorf("%04x: no session was resumed", version)
		}
	}
	cert, key := next.issue(server("mail.forening.example"))
	i.write("own.key", key)
	i.write("own.pem", cert)
	waitFor(t, "the new certificate", func() bool {
		return greets(tls.VersionTLS13, nil).PeerCertificates[0].Issuer.CommonName == "En anden CA"
	})
	for version, cache := range caches {
		greets(version, cache) // resumed or not: it goes on
		if s := greets(version, nil); s.PeerCertificates[0].Issuer.CommonName != "En anden CA" {
			t.Errorf("%04x: who comes anew sees %s", version, s.PeerCertificates[0].Issuer)
		}
	}
}

func TestAHandshakeIsNotRenegotiated(t *testing.T) {
	need(t, "openssl")
	i, _ := secureListeners(t, "ECDSA")
	c := exec.Command("openssl", "s_client", "-connect", i.implicit, "-tls1_2", "-crlf")
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	said := newLogBuffer()
	c.Stdout, c.Stderr = said, said
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the greeting", func() bool { return strings.Contains(said.String(), "220 ") })
	_, _ = fmt.Fprintln(in, "R")
	waitFor(t, "the end", func() bool { return strings.Contains(said.String(), "alert unexpected message") })
	_, _ = fmt.Fprintln(in, "noop")
	_ = in.Close()
	_ = c.Wait()
	if n := strings.Count(said.String(), "depth="); n == 0 || strings.Contains(said.String(), "250 ") {
		t.Errorf("after an attempt to renegotiate:\n%s", said)
	}
}

func TestSSLScanFindsNothingOld(t *testing.T) {
	if _, err := exec.LookPath("sslscan"); err != nil {
		t.Skip("sslscan is not installed")
	}
	i, _ := secureListeners(t, "ECDSA")
	for name, args := range map[string][]string{"implicit": {i.implicit}, "starttls": {"--starttls-smtp", i.submit}} {
		out := tool(t, "", "", "sslscan", append([]string{"--no-colour", "--no-failed"}, args...)...)
		for _, line := range strings.Split(out, "\n") {
			f := strings.Fields(line)
			if len(f) > 4 && (f[0] == "Preferred" || f[0] == "Accepted") {
				aead := strings.Contains(f[4], "GCM") || strings.Contains(f[4], "POLY1305")
				if f[1] != "TLSv1.3" && (f[1] != "TLSv1.2" || !strings.HasPrefix(f[4], "ECDHE-")) || !aead {
					t.Errorf("%s: %s", name, line)
				}
			}
		}
		if n := strings.Count(out, "Accepted ") + strings.Count(out, "Preferred "); n != 6 {
			t.Errorf("%s: %d suites\n%s", name, n, out)
		}
		for _, want := range []string{"SSLv3     disabled", "TLSv1.0   disabled", "TLSv1.1   disabled", "TLSv1.3 not vulnerable to heartbleed"} {
			if !strings.Contains(out, want) {
				t.Errorf("%s: sslscan does not say %q\n%s", name, want, out)
			}
		}
	}
}

func TestTestsslFindsNothingWrong(t *testing.T) {
	if _, err := exec.LookPath("testssl"); err != nil {
		t.Skip("testssl.sh is not installed")
	}
	t.Parallel() // it waits most of the time
	i, _ := secureListeners(t, "ECDSA")
	report := i.path("testssl.json")
	out, err := exec.Command("testssl", "--quiet", "--color", "0", "--warnings", "off", "--jsonfile", report, "-p", "-U", "-t", "smtp", i.submit).CombinedOutput()
	text, readErr := os.ReadFile(report)
	if readErr != nil {
		t.Fatalf("testssl: %v\n%s", err, out)
	}
	var findings []struct{ ID, Severity, Finding string }
	if err := json.Unmarshal(text, &findings); err != nil {
		t.Fatal(err)
	}
	good := 0
	for _, f := range findings {
		switch f.Severity {
		case "OK":
			good++
		case "LOW", "MEDIUM", "HIGH", "CRITICAL":
			t.Errorf("%s %s: %s", f.Severity, f.ID, f.Finding)
		}
	}
	if good < 15 {
		t.Errorf("testssl looked at %d things\n%s", good, out)
	}
}
