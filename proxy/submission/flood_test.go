package submission

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/pires/go-proxyproto"
)

func TestAThousandSlowClientsDoNotKeepOthersWaiting(t *testing.T) {
	if testing.Short() {
		t.Skip("takes its time")
	}
	h := open(t, func(c *Config) {
		trusted(c)
		c.Limits.Connections = 1001
	})
	for i := range 1000 {
		c, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", h.addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() }) // the test is over
		if i%2 == 0 {
			if _, err := io.WriteString(c, "EHL"); err != nil {
				t.Fatal(err)
			}
		}
	}
	c := h.dial(t)
	c.hear("220")
	c.say("EHLO quick.example")
	c.hear("250")
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := h.srv.Shutdown(ctx); err != nil {
		t.Error(err)
	}
}

// from connects as a client behind the balancer.
func (h *house) from(t *testing.T, ip string) *talk {
	t.Helper()
	balancer := net.IPv4(192, 0, 2, 9)
	if strings.Contains(ip, ":") {
		balancer = net.ParseIP("2001:db8::9")
	}
	header, err := proxyproto.HeaderProxyFromAddrs(2, &net.TCPAddr{IP: net.ParseIP(ip), Port: 1}, &net.TCPAddr{IP: balancer, Port: 587}).Format()
	if err != nil {
		t.Fatal(err)
	}
	c := h.dial(t)
	if _, err := c.conn.Write(header); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestOneAddressCannotTakeAllConnections(t *testing.T) {
	h := open(t, func(c *Config) {
		c.Listener.ProxyProtocol = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
		c.Limits.PerAddress = 2
	})
	h.from(t, "198.51.100.1").hear("220")
	h.from(t, "198.51.100.1").hear("220")
	h.from(t, "198.51.100.1").hear("421 4.3.2")
	h.from(t, "198.51.100.2").hear("220")
}

func TestWhoDoesNotLogInMakesRoomForOthers(t *testing.T) {
	h := open(t, func(c *Config) {
		c.Listener.TLS = Implicit
		c.Limits.Connections = 4
		c.Limits.Login = 12 * time.Hour
	})
	enter := func() *talk {
		t.Helper()
		c, err := (&tls.Dialer{Config: h.clientTLS()}).DialContext(context.Background(), "tcp", h.addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() }) // the test is over
		k := &talk{t, c, bufio.NewReader(c)}
		k.hear("220")
		k.say("EHLO pc.example")
		k.hear("250")
		return k
	}
	known := enter()
	known.say("AUTH PLAIN " + base64.StdEncoding.EncodeToString([]byte("\x00anna\x00s3cret")))
	known.hear("235")
	greeted, silent, slow := enter(), h.dial(t), h.dial(t)
	if _, err := io.WriteString(slow.conn, "\x16"); err != nil { // of a handshake
		t.Fatal(err)
	}
	all := func() {
		t.Helper()
		for end := time.Now().Add(30 * time.Second); ; time.Sleep(time.Millisecond) {
			h.srv.mu.Lock()
			n := h.srv.opened()
			h.srv.mu.Unlock()
			if n == 4 {
				return
			}
			if time.Now().After(end) {
				t.Fatalf("%d are in", n)
			}
		}
	}
	all()
	full := h.dial(t) // nobody has had the time yet
	full.hear("421 4.3.2")
	h.srv.mu.Lock()
	for w := range h.srv.wires {
		w.opened = w.opened.Add(-2 * time.Hour)
	}
	h.srv.mu.Unlock()
	for range 3 {
		enter()
	}
	greeted.hear("421 4.3.2")
	silent.gone() // it heard nothing in clear: it is to speak TLS
	slow.gone()
	all()
	full = h.dial(t) // the three have just come
	full.hear("421 4.3.2")
	known.say("NOOP") // who has logged in stays
	known.hear("250")
}

func TestTheLargestCrowdMakesRoomAtOnce(t *testing.T) {
	h := open(t, func(c *Config) {
		c.Listener.ProxyProtocol = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
		c.Limits.Connections, c.Limits.PerAddress = 6, 4
		c.Limits.Login = 12 * time.Hour
	})
	var crowd []*talk
	for n := range 4 { // addresses of one network, which one client has
		crowd = append(crowd, h.from(t, fmt.Sprintf("2001:db8:0:7::%d", n+1)))
		crowd[n].hear("220")
	}
	h.from(t, "2001:db8:0:7::5").hear("421 4.3.2")
	first, second := h.from(t, "198.51.100.1"), h.from(t, "198.51.100.2")
	first.hear("220")
	second.hear("220")
	h.from(t, "198.51.100.3").hear("220")
	crowd[0].hear("421 4.3.2")
	h.from(t, "198.51.100.4").hear("220")
	crowd[1].hear("421 4.3.2")
	h.from(t, "198.51.100.1").hear("421 4.3.2") // it would be as many as they
	for _, c := range []*talk{crowd[2], crowd[3], first, second} {
		c.say("NOOP")
		c.hear("250")
	}
}

func TestWhoFindsTheDoorBlockedIsToldSo(t *testing.T) {
	h := open(t, func(c *Config) {
		c.Listener.ProxyProtocol = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
		c.Limits.Connections = 1
	})
	for range 102 { // their PROXY headers never come
		c, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", h.addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() }) // the test is over
	}
	c := h.dial(t)
	c.hear("421 4.3.2")
	c.gone()
}

// FuzzSession throws anything at a server. Whatever it takes for a message must
// be one by every server's reading, and nothing may break it.
func FuzzSession(f *testing.F) {
	const mail = "EHLO a\r\nMAIL FROM:<anna.holm@region.example>\r\nRCPT TO:<bo@mail.example>\r\n"
	for _, s := range []string{
		mail + "DATA\r\nx\r\n.\r\nQUIT\r\n", mail + "BDAT 3\r\na\r\nBDAT 0 LAST\r\n", mail + "BDAT 3\r\na\r\nRSET\r\n" + mail,
		mail + "DATA\r\nx\n.\nRSET\r\n.\r\n", mail + "DATA\r\n.\rx\r\n.\r\n", mail + mail, "STARTTLS\r\nEHLO a\r\n", "AUTH LOGIN\r\nx\r\n",
		mail + "RCPT TO:<\"a>b\"@x.example> NOTIFY=NEVER ORCPT=rfc822;a\r\nDATA\r\n..\r\n.\r\nNOOP\r\n", "BDAT 99999\r\n", "\r\n\r\n\r\n", "HELO \x00\r\n",
	} {
		f.Add([]byte(s))
	}
	h := open(f, func(c *Config) {
		trusted(c)
		c.Limits.Grace, c.Limits.Read, c.Limits.Command = 20*time.Millisecond, 20*time.Millisecond, 20*time.Millisecond
	})
	f.Fuzz(func(t *testing.T, b []byte) {
		before := len(h.inbox.all())
		c, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", h.addr)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close() }() // read to its end below
		if err := c.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
			t.Fatal(err)
		}
		_, _ = c.Write(b) // the server may hang up first
		_ = c.(*net.TCPConn).CloseWrite()
		out, err := io.ReadAll(c)
		if err != nil && strings.Contains(err.Error(), "timeout") {
			t.Fatalf("%q: no end after %q", b, out)
		}
		for _, m := range h.inbox.all()[before:] {
			if !clean([]byte(m.body)) || CheckAddress(m.env.From, m.env.UTF8) != nil || len(m.env.To) == 0 {
				t.Fatalf("%q: took %+v", b, m)
			}
			for _, r := range m.env.To {
				if CheckAddress(r.Address, m.env.UTF8) != nil {
					t.Fatalf("%q: took %+v", b, m)
				}
			}
		}
		if strings.Contains(h.log.String(), "failed session") {
			t.Fatalf("%q: %s", b, h.log)
		}
	})
}
