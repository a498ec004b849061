package test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/pires/go-proxyproto"

	"postvern.example/internal/sink"
)

// behind starts a gateway whose listeners stand behind a balancer with these
// networks.
func behind(t *testing.T, networks, more string) *installation {
	t.Helper()
	i := install(t, nil, sink.Config{})
	i.write("postvern.yaml", fmt.Sprintf(`hostname: mail.forening.example
data: data
listen:
  - {address: "127.0.0.1:0", tls: starttls, proxy-protocol: %s}
  - {address: "127.0.0.1:0", tls: none, trust: ["192.0.2.0/24"], proxy-protocol: %s}
upstream: {address: %q, tls: none}
metrics: {address: "127.0.0.1:0"}
log: {format: json, level: debug}
%s`, networks, networks, i.upstream.Addr(), more))
	i.start()
	return i
}

// greeting connects, sends what comes before the greeting and returns the first
// line; "" where the connection ends without one.
func greeting(t testing.TB, address string, before []byte) (string, net.Conn) {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(60 * time.Second))
	_, _ = conn.Write(before) // the gateway may have closed
	line, _ := bufio.NewReader(conn).ReadString('\n')
	return strings.TrimRight(line, "\r\n"), conn
}

func proxyHeader(t *testing.T, version byte, client string) []byte {
	t.Helper()
	h := proxyproto.HeaderProxyFromAddrs(version, &net.TCPAddr{IP: net.ParseIP(client), Port: 4711}, &net.TCPAddr{IP: net.ParseIP("192.0.2.200"), Port: 587})
	b, err := h.Format()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestABalancersHeaderNamesTheClient(t *testing.T) {
	i := behind(t, `["127.0.0.0/8"]`, "")
	if line, _ := greeting(t, i.trust, proxyHeader(t, 2, "192.0.2.7")); !strings.HasPrefix(line, "220 ") {
		t.Errorf("a client of a trusted network: %q", line)
	}
	if !i.log.comes(`"client":"192.0.2.7"`) {
		t.Errorf("the log names another client\n%s", i.log)
	}
	if line, _ := greeting(t, i.trust, proxyHeader(t, 2, "198.51.100.7")); !strings.HasPrefix(line, "421 4.7.1") {
		t.Errorf("a client of another network, by a balancer: %q", line)
	}
	if line, _ := greeting(t, i.submit, proxyHeader(t, 2, "2001:db8::1")); !strings.HasPrefix(line, "220 ") {
		t.Errorf("a client with IPv6: %q", line)
	}
}

func TestABalancerWithoutAHeaderIsTurnedAway(t *testing.T) {
	i := behind(t, `["127.0.0.0/8"]`, "")
	local := &proxyproto.Header{Version: 2, Command: proxyproto.LOCAL, TransportProtocol: proxyproto.UNSPEC}
	health, err := local.Format()
	if err != nil {
		t.Fatal(err)
	}
	for name, before := range map[string][]byte{
		"version 1":        proxyHeader(t, 1, "192.0.2.7"),
		"EHLO at once":     []byte("EHLO pc.example\r\n"),
		"half a header":    proxyHeader(t, 2, "192.0.2.7")[:12],
		"no known family":  append([]byte("\r\n\r\n\x00\r\nQUIT\n\x21\xff"), 0, 0),
		"too long by far":  append([]byte("\r\n\r\n\x00\r\nQUIT\n\x21\x11"), 0xff, 0xff),
		"a health check's": health,
	} {
		conn, err := net.Dial("tcp", i.trust)
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetDeadline(time.Now().Add(60 * time.Second))
		_, _ = conn.Write(before)
		_ = conn.(*net.TCPConn).CloseWrite()
		line, _ := bufio.NewReader(conn).ReadString('\n')
		_ = conn.Close()
		if strings.HasPrefix(line, "2") {
			t.Errorf("%s: %q", name, line)
		}
	}
}

func TestAHeaderFromAnywhereElseIsNotBelieved(t *testing.T) {
	i := behind(t, `["192.0.2.200/32"]`, "")
	for version := range byte(2) {
		line, _ := greeting(t, i.trust, proxyHeader(t, version+1, "192.0.2.7"))
		if !strings.HasPrefix(line, "421 4.7.1") {
			t.Errorf("version %d: %q", version+1, line)
		}
	}
	if strings.Contains(i.log.String(), "192.0.2.7") {
		t.Errorf("the log believes it\n%s", i.log)
	}
	conn, err := net.Dial("tcp", i.submit)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(60 * time.Second))
	_, _ = conn.Write(proxyHeader(t, 1, "192.0.2.7"))
	in := bufio.NewReader(conn)
	for _, want := range []string{"220 ", "500 5.5.1 "} { // it is a command that nobody knows
		if line, err := in.ReadString('\n'); err != nil || !strings.HasPrefix(line, want) {
			t.Errorf("got %q, %v, want %q", line, err, want)
		}
	}
}

func TestConnectionsAreCountedByTheClientBehindTheBalancer(t *testing.T) {
	i := behind(t, `["127.0.0.0/8"]`, "limits: {connections: 12}\n") // a quarter of it for each address
	for n := range 5 {
		line, _ := greeting(t, i.submit, proxyHeader(t, 2, "198.51.100.7"))
		if want := map[bool]string{true: "220 ", false: "421 4.3.2"}[n < 3]; !strings.HasPrefix(line, want) {
			t.Errorf("connection %d of one client: %q", n+1, line)
		}
	}
	for n := range 9 {
		if line, _ := greeting(t, i.submit, proxyHeader(t, 2, fmt.Sprintf("198.51.100.%d", n+10))); !strings.HasPrefix(line, "220 ") {
			t.Errorf("another client: %q", line)
		}
	}
}

func TestFailedLoginsLockTheClientOutNotItsBalancer(t *testing.T) {
	i := behind(t, `["127.0.0.0/8"]`, "")
	try := func(client, user, secret string) string {
		t.Helper()
		conn := i.secured(proxyHeader(t, 2, client))
		defer func() { _ = conn.Close() }()
		in := bufio.NewReader(conn)
		_, _ = fmt.Fprintf(conn, "HELO pc.example\r\n")
		_, _ = in.ReadString('\n')
		_, _ = fmt.Fprintf(conn, "%s\r\n", plainLogin(user, secret))
		line, err := in.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		return line
	}
	for n := range 10 {
		if line := try("198.51.100.7", fmt.Sprintf("guess%d", n), "x"); !strings.HasPrefix(line, "535") {
			t.Fatalf("guess %d: %q", n, line)
		}
	}
	if line := try("198.51.100.7", "anna", password); !strings.HasPrefix(line, "454") {
		t.Errorf("who guessed: %q", line)
	}
	if line := try("198.51.100.8", "anna", password); !strings.HasPrefix(line, "235") {
		t.Errorf("another client of the same balancer: %q", line)
	}
}

// secured connects to the STARTTLS listener, sends what comes before the
// greeting and starts TLS.
func (i *installation) secured(before []byte) net.Conn {
	i.t.Helper()
	_, conn := greeting(i.t, i.submit, before)
	in := bufio.NewReader(conn)
	for _, command := range []string{"HELO pc.example", "STARTTLS"} {
		if _, err := fmt.Fprintf(conn, "%s\r\n", command); err != nil {
			i.t.Fatal(err)
		}
		if line, err := in.ReadString('\n'); err != nil || line[0] != '2' {
			i.t.Fatalf("%s: %q, %v", command, line, err)
		}
	}
	c := tls.Client(conn, &tls.Config{RootCAs: i.roots, ServerName: "mail.forening.example", MinVersion: tls.VersionTLS12})
	if err := c.Handshake(); err != nil {
		i.t.Fatal(err)
	}
	return c
}
