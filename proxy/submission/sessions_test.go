package submission

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pires/go-proxyproto"
)

// talk is a client for the tests that are no dialogue.
type talk struct {
	t    testing.TB
	conn net.Conn
	in   *bufio.Reader
}

func (h *house) dial(t testing.TB) *talk {
	t.Helper()
	c, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", h.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() }) // may be closed already
	if err := c.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	return &talk{t, c, bufio.NewReader(c)}
}

func (c *talk) say(lines ...string) {
	c.t.Helper()
	if _, err := io.WriteString(c.conn, strings.Join(lines, "\r\n")+"\r\n"); err != nil {
		c.t.Fatal(err)
	}
}

// hear reads one reply and checks how its last line begins.
func (c *talk) hear(want string) string {
	c.t.Helper()
	for {
		line, err := c.in.ReadString('\n')
		if err != nil {
			c.t.Fatalf("want %q: got %q, %v", want, line, err)
		}
		if len(line) > 3 && line[3] == '-' {
			continue
		}
		if !strings.HasPrefix(line, want) {
			c.t.Fatalf("want %q: got %q", want, line)
		}
		return line
	}
}

func (c *talk) gone() {
	c.t.Helper()
	if rest, err := io.ReadAll(c.in); len(rest) > 0 || errors.Is(err, os.ErrDeadlineExceeded) {
		c.t.Fatalf("not closed: %q, %v", rest, err)
	}
}

func (c *talk) begin() {
	c.t.Helper()
	c.hear("220")
	c.say("EHLO client.example")
	c.hear("250")
	c.say("MAIL FROM:<anna.holm@region.example>", "RCPT TO:<bo@mail.example>")
	c.hear("250")
	c.hear("250")
}

func TestShutdownEndsIdleSessionsAndLetsAMessageFinish(t *testing.T) {
	h := open(t, trusted)
	idle, fresh, busy := h.dial(t), h.dial(t), h.dial(t)
	idle.hear("220")
	idle.say("EHLO a")
	idle.hear("250")
	fresh.hear("220")
	busy.begin()
	busy.say("DATA")
	busy.hear("354")
	done := make(chan error, 1)
	go func() { done <- h.srv.Shutdown(context.Background()) }()
	idle.hear("421 4.3.2")
	idle.gone()
	fresh.hear("421 4.3.2")
	fresh.gone()
	busy.say("Subject: x", "", "hej", ".")
	busy.hear("250")
	busy.hear("421 4.3.2")
	busy.gone()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if n := len(h.inbox.all()); n != 1 {
		t.Errorf("%d mails", n)
	}
	if _, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", h.addr); err == nil {
		t.Error("it still accepts")
	}
}

func TestShutdownEndsWithItsContextAndTakesNothingHalf(t *testing.T) {
	h := open(t, trusted)
	h.inbox.reading = make(chan struct{})
	busy := h.dial(t)
	busy.begin()
	busy.say("DATA", "Subject: never ends")
	busy.hear("354")
	<-h.inbox.reading
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if err := h.srv.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if n := len(h.inbox.all()); n != 0 {
		t.Errorf("%d mails", n)
	}
}

func TestShutdownEndsASubmitThatWaits(t *testing.T) {
	h := open(t, trusted)
	h.inbox.wait, h.inbox.reading = make(chan struct{}), make(chan struct{})
	busy := h.dial(t)
	busy.begin()
	busy.say("DATA", "x", ".")
	<-h.inbox.reading
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if err := h.srv.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestTooManyConnectionsHear421AndPlacesComeFree(t *testing.T) {
	h := open(t, func(c *Config) {
		trusted(c)
		c.Limits.Connections = 2
	})
	a, b, c := h.dial(t), h.dial(t), (*talk)(nil)
	a.hear("220")
	b.hear("220")
	c = h.dial(t)
	c.hear("421 4.3.2")
	c.gone()
	a.say("QUIT")
	a.hear("221")
	a.gone()
	deadline := time.Now().Add(2 * time.Second)
	for {
		d := h.dial(t)
		line, err := d.in.ReadString('\n')
		if err == nil && strings.HasPrefix(line, "220") {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("no place: %q, %v", line, err)
		}
	}
}

func TestAStrangerIsTurnedAwayFromATrustListener(t *testing.T) {
	h := open(t, func(c *Config) {
		trusted(c)
		c.Listener.Trust = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
	})
	c := h.dial(t)
	c.hear("421 4.7.1")
	c.gone()
}

func TestABalancerNamesTheClientAndNobodyElseDoes(t *testing.T) {
	balancer := func(c *Config) {
		trusted(c)
		c.Listener.Trust = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
		c.Listener.ProxyProtocol = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
	}
	header := func(version byte, ip string) string {
		h := proxyproto.HeaderProxyFromAddrs(version,
			&net.TCPAddr{IP: net.ParseIP(ip), Port: 1234}, &net.TCPAddr{IP: net.ParseIP("192.0.2.9"), Port: 25})
		b, err := h.Format()
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	send := func(h *house, s string) *talk {
		c := h.dial(t)
		if _, err := io.WriteString(c.conn, s); err != nil {
			t.Fatal(err)
		}
		return c
	}
	h := open(t, balancer)
	c := send(h, header(2, "192.0.2.7"))
	c.begin()
	c.say("DATA", "x", ".")
	c.hear("354")
	c.hear("250")
	if all := h.inbox.all(); len(all) != 1 || all[0].env.Client != "192.0.2.7" {
		t.Errorf("%+v", all)
	}
	send(h, header(2, "198.51.100.7")).hear("421 4.7.1")
	send(h, header(1, "192.0.2.7")).hear("421")
	send(h, "EHLO no.header.example\r\n").hear("421")

	direct := open(t, trusted)
	d := send(direct, header(2, "192.0.2.7")+"\r\n")
	d.hear("220")
	d.hear("500")
}

func TestSlowClientsDoNotHoldASessionForever(t *testing.T) {
	h := open(t, func(c *Config) {
		trusted(c)
		c.Limits.Command = 200 * time.Millisecond
		c.Limits.Transaction = 400 * time.Millisecond
	})
	drip := func(c *talk, s string) {
		go func() {
			for {
				if _, err := io.WriteString(c.conn, s); err != nil {
					return
				}
				time.Sleep(20 * time.Millisecond)
			}
		}()
	}
	a, b := h.dial(t), h.dial(t)
	a.hear("220")
	b.begin()
	b.say("DATA")
	b.hear("354")
	start := time.Now()
	drip(a, "E")
	drip(b, "x\r\n")
	a.hear("421 4.4.2")
	b.hear("421 4.4.2")
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("took %v", took)
	}
	if n := len(h.inbox.all()); n != 0 {
		t.Errorf("%d mails", n)
	}
}

func TestWhoNeverLogsInIsSentAway(t *testing.T) {
	h := open(t, func(c *Config) { c.Limits.Login = 150 * time.Millisecond })
	c := h.dial(t)
	c.hear("220")
	for range 50 {
		if _, err := io.WriteString(c.conn, "NOOP\r\n"); err != nil {
			return
		}
		line, err := c.in.ReadString('\n')
		if err != nil || strings.HasPrefix(line, "421") {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Error("still there")
}

func TestAHandshakeThatNeverComesEnds(t *testing.T) {
	h := open(t, func(c *Config) { implicit(c); c.Limits.Handshake = 100 * time.Millisecond })
	h.dial(t).gone()
	s := open(t, func(c *Config) { c.Limits.Handshake = 100 * time.Millisecond })
	c := s.dial(t)
	c.hear("220")
	c.say("EHLO a", "STARTTLS")
	c.hear("250")
	c.hear("220")
	c.gone()
	d := s.dial(t)
	d.hear("220")
	d.say("EHLO a")
	d.hear("250")
	d.say("STARTTLS")
	d.hear("220")
	d.say("MAIL FROM:<anna.holm@region.example>") // in clear: no handshake, no session
	if rest, _ := io.ReadAll(d.in); strings.Contains(string(rest), "250") || strings.Contains(string(rest), "530") {
		t.Errorf("the session went on in clear: %q", rest)
	}
}

func TestTheWrongPortIsToldAtOnce(t *testing.T) {
	h := open(t, nil)
	start := time.Now()
	if c, err := (&tls.Dialer{Config: h.clientTLS()}).DialContext(context.Background(), "tcp", h.addr); err == nil {
		_ = c.Close()
		t.Error("TLS on a STARTTLS port")
	}
	c := h.dial(t)
	c.hear("220")
	if _, err := c.conn.Write([]byte{0x16, 3, 1, 2, 0, 1, 0}); err != nil {
		t.Fatal(err)
	}
	c.hear("421 4.7.0")
	c.gone()
	i := open(t, implicit)
	d := i.dial(t)
	d.say("EHLO in.clear.example")
	d.hear("421 4.7.0")
	d.gone()
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("took %v", took)
	}
}

func TestAnsweredIsCalledOnlyWhenTheClientWasTold(t *testing.T) {
	h := open(t, trusted)
	h.inbox.wait, h.inbox.reading = make(chan struct{}), make(chan struct{})
	c := h.dial(t)
	c.begin()
	c.say("DATA", "x", ".")
	<-h.inbox.reading
	if err := c.conn.(*net.TCPConn).SetLinger(0); err != nil {
		t.Fatal(err)
	}
	if err := c.conn.Close(); err != nil { // a reset: the 250 cannot be written
		t.Fatal(err)
	}
	time.Sleep(50 * time.Millisecond)
	close(h.inbox.wait)
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := h.srv.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	if len(h.inbox.all()) != 1 || h.inbox.heard() != 0 {
		t.Errorf("%d mails, %d answered", len(h.inbox.all()), h.inbox.heard())
	}
}

func TestOldTLSIsRefused(t *testing.T) {
	h := open(t, implicit)
	for _, c := range []*tls.Config{
		{MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10},
		{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, tls.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA}},
	} {
		c.RootCAs, c.ServerName = h.roots, "mail.forening.example"
		conn, err := (&tls.Dialer{Config: c}).DialContext(context.Background(), "tcp", h.addr)
		if err == nil {
			_ = conn.Close()
			t.Errorf("taken: %+v", conn.(*tls.Conn).ConnectionState().Version)
		}
	}
}

func TestACertificateIsMadeOnceAndReadAgainWhenItChanges(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "tls")
	certFile, keyFile, err := SelfSigned(dir, "mail.forening.example")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{CAFile, CAKeyFile, LeafFile, KeyFile} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
	var reported []error
	c, err := LoadCertificate(certFile, keyFile, func(err error) { reported = append(reported, err) })
	if err != nil {
		t.Fatal(err)
	}
	first := c.Leaf().SerialNumber
	if _, _, err := SelfSigned(dir, "mail.forening.example"); err != nil {
		t.Fatal(err)
	}
	serial := func() string {
		c.pair.mu.Lock()
		c.pair.looked = time.Time{}
		c.pair.mu.Unlock()
		got, err := c.Get(nil)
		if err != nil {
			t.Fatal(err)
		}
		return got.Leaf.SerialNumber.String()
	}
	if serial() != first.String() {
		t.Error("made again")
	}
	if err := os.WriteFile(certFile, []byte("half a file"), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if serial() != first.String() || len(reported) != 1 {
			t.Errorf("a broken file: %v", reported)
		}
	}
	if _, _, err := SelfSigned(dir, "other.example"); err != nil {
		t.Fatal(err)
	}
	if serial() == first.String() {
		t.Error("not read again")
	}
}

func TestARenewedCertificateKeepsItsAuthority(t *testing.T) {
	for _, hostname := range []string{"mail.forening.example", "192.0.2.1"} {
		dir := t.TempDir()
		var cas [2]*x509.CertPool
		var leafs [2]*x509.Certificate
		for i := range 2 {
			certFile, keyFile, err := SelfSigned(dir, hostname)
			if err != nil {
				t.Fatal(err)
			}
			c, err := LoadCertificate(certFile, keyFile, nil)
			if err != nil {
				t.Fatal(err)
			}
			ca, err := os.ReadFile(filepath.Join(dir, CAFile))
			if err != nil {
				t.Fatal(err)
			}
			leafs[i], cas[i] = c.Leaf(), x509.NewCertPool()
			if !cas[i].AppendCertsFromPEM(ca) {
				t.Fatal("no CA")
			}
			if err := os.Remove(certFile); err != nil {
				t.Fatal(err)
			}
		}
		if leafs[0].Equal(leafs[1]) {
			t.Error("not renewed")
		}
		for i := range 2 {
			for j := range 2 {
				if _, err := leafs[i].Verify(x509.VerifyOptions{Roots: cas[j], DNSName: hostname}); err != nil {
					t.Errorf("%s: %v", hostname, err)
				}
			}
		}
	}
}

func TestTheThrottleCountsForgetsAndStaysSmall(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	th := NewThrottle(func() time.Time { return now })
	a, b := netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("2001:db8::ffff")
	for i := range 10 {
		if th.Limited("anna", a) {
			t.Fatalf("limited after %d", i)
		}
		th.Failed("anna", a)
	}
	if !th.Limited("ANNA ", netip.MustParseAddr("192.0.2.1")) || !th.Limited("bo", b) || th.Limited("bo", netip.MustParseAddr("192.0.2.1")) {
		t.Error("the user, or the address's network, is not limited, or others are")
	}
	now = now.Add(throttleTime)
	if th.Limited("anna", a) {
		t.Error("limited for ever")
	}
	for range 9 {
		th.Failed("bo", a)
	}
	th.Succeeded("bo")
	th.Failed("bo", netip.MustParseAddr("192.0.2.2"))
	if th.Limited("bo", netip.MustParseAddr("192.0.2.3")) {
		t.Error("a success does not clear the user")
	}
	for i := range throttleEntries {
		th.Failed(fmt.Sprint("user", i), netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}))
	}
	if n := th.order.Len(); n != throttleEntries || len(th.entries) != n {
		t.Errorf("%d and %d entries", n, len(th.entries))
	}
}

func TestAConfigurationThatWouldLetAnybodyInIsRefused(t *testing.T) {
	good := func() Config {
		return Config{Hostname: "mail.forening.example", Listener: Listener{TLS: Implicit}, TLS: &tls.Config{}, Login: logins{}, Sender: sender, Submit: &inbox{}}
	}
	if _, err := New(good()); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Config){
		"no hostname":        func(c *Config) { c.Hostname = "" },
		"a line in it":       func(c *Config) { c.Hostname = "a\r\n250" },
		"no submit":          func(c *Config) { c.Submit = nil },
		"no sender check":    func(c *Config) { c.Sender = nil },
		"no login":           func(c *Config) { c.Login = nil },
		"no certificate":     func(c *Config) { c.TLS = nil },
		"clear, not trusted": func(c *Config) { c.Listener.TLS = None },
		"another mode":       func(c *Config) { c.Listener.TLS = "tls" },
		"senders, no trust":  func(c *Config) { c.Listener.Senders = []string{"*@x.example"} },
		"any sender": func(c *Config) {
			c.Listener.Trust, c.Listener.Senders = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, []string{"*"}
		},
	} {
		c := good()
		change(&c)
		if _, err := New(c); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}
