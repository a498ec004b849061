package torture

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"postvern.example/internal/sink"
	"postvern.example/test/flood"
)

const floodPassword = "correct horse battery staple"

// floods has 2,000 clients come to the listeners that mail programs use, again
// and again, while a few of these hand in mail.
func floods(t *testing.T, rounds int) tally {
	const clients, senders = 2000, 4
	if err := flood.Allow(clients); err != nil {
		t.Skip(err)
	}
	up := startSink(t, sink.Config{})
	g, implicit := installFlooded(t, up)
	g.start()
	l := newLoad(t, 1000)
	l.open = openFlooded(t, g)
	if err := l.taken(g.address); err != nil { // what is made at the first use stands
		t.Fatal(err)
	}
	var first, last, most usage
	for n := range rounds {
		over := flood.Begin(clients, g.address, implicit)
		l.begin(senders, g.address)
		// Longer where the machine is so busy that nothing would be shown.
		enough, patience := l.count250()+4, time.Now().Add(time.Minute)
		for end := time.Now().Add(8 * time.Second); time.Now().Before(end) || l.count250() < enough && time.Now().Before(patience); time.Sleep(100 * time.Millisecond) {
			u := g.usage()
			most = usage{max(most.kib, u.kib), max(most.descriptors, u.descriptors)}
		}
		l.end()
		over.End()
		if err := l.taken(g.address); err != nil {
			t.Errorf("nothing is taken although the flood is over: %v", err)
		}
		last = g.settled()
		if n == 0 {
			first = last
		}
	}
	if last.grownFrom(first) {
		t.Errorf("after the first flood %+v, after the last one %+v", first, last)
	}
	got := l.settle(rounds, up)
	got.note = fmt.Sprintf("%d MiB after the first, %d after the last, %d at most; %d descriptors, %d, %d", first.kib>>10, last.kib>>10, most.kib>>10, first.descriptors, last.descriptors, most.descriptors)
	return got
}

// installFlooded is install for a gateway with the listeners of mail programs,
// and returns the address of the implicit one as well.
func installFlooded(t *testing.T, up *sink.Sink) (g *gateway, implicit string) {
	t.Helper()
	g, implicit = install(t, t.TempDir(), up, ""), freeAddress(t)
	c := exec.Command(binary, "representatives", "password")
	c.Stdin = strings.NewReader(floodPassword + "\n")
	hash, err := c.Output()
	if err != nil {
		t.Fatal(err)
	}
	g.write("representatives.yaml", fmt.Sprintf("- {name: Anna Holm, login: anna, password: %q, addresses: [anna.holm@region.example], mandate: {from: 2020-01-01, until: 2099-12-31}}\n",
		strings.TrimSpace(string(hash))))
	g.write("postvern.yaml", fmt.Sprintf(`hostname: mail.forening.example
data: data
listen:
  - {address: %q, tls: starttls, proxy-protocol: ["127.0.0.0/8"]}
  - {address: %q, tls: implicit, proxy-protocol: ["127.0.0.0/8"]}
upstream: {address: %q, tls: none}
limits: {connections: 300, connections-per-address: 40}
timeouts: {handshake: 4s, login: 12s, command: 4s, read: 4s, write: 4s, message: 20s}
metrics: {address: %q}
log: {format: json, level: error}
`, g.address, implicit, up.Addr(), g.metrics))
	return g, implicit
}

// openFlooded logs in on the flooded listener, each time from another address.
func openFlooded(t *testing.T, g *gateway) func(string) (*smtp.Client, error) {
	t.Helper()
	pem, err := os.ReadFile(filepath.Join(g.dir, "data/tls/ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	return func(address string) (*smtp.Client, error) {
		conn, err := net.DialTimeout("tcp", address, 2*time.Second)
		if err != nil {
			return nil, err
		}
		_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
		if _, err := conn.Write(flood.Header(net.IPv4(198, 51, 100, byte(1+rand.IntN(250))))); err != nil {
			return nil, err
		}
		c, err := smtp.NewClientStartTLS(conn, &tls.Config{RootCAs: roots, ServerName: "mail.forening.example"})
		if err == nil {
			err = c.Auth(sasl.NewPlainClient("", "anna", floodPassword))
		}
		if err != nil {
			_ = conn.Close()
			return nil, err
		}
		return c, nil
	}
}

// settled waits until the process has as many descriptors as a quiet one, or
// half a minute, and returns what it takes.
func (g *gateway) settled() usage {
	g.t.Helper()
	const quiet = 60
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end) && g.usage().descriptors > quiet; {
		time.Sleep(100 * time.Millisecond)
	}
	time.Sleep(1500 * time.Millisecond) // idle connections close, the log is put in order
	return g.usage()
}
