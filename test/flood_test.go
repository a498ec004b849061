package test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"postvern.example/internal/sink"
	"postvern.example/test/flood"
)

// usage is what a process takes.
type usage struct{ descriptors, kib int }

// usage asks the process itself: of one that other programs may not read,
// nobody but root counts the descriptors.
func (i *installation) usage() usage {
	i.t.Helper()
	return usage{int(i.gauge("process_open_fds")), int(i.gauge("process_resident_memory_bytes")) >> 10}
}

func TestAFloodKeepsNoGoodClientOut(t *testing.T) {
	const clients, sessions, each = 2000, 300, 40
	if err := flood.Allow(clients); err != nil {
		t.Skip(err)
	}
	i := install(t, nil, sink.Config{})
	i.write("postvern.yaml", fmt.Sprintf(`hostname: mail.forening.example
data: data
listen:
  - {address: "127.0.0.1:0", tls: starttls, proxy-protocol: ["127.0.0.0/8"]}
  - {address: "127.0.0.1:0", tls: implicit, proxy-protocol: ["127.0.0.0/8"]}
upstream: {address: %q, tls: none}
limits: {connections: %d, connections-per-address: %d}
timeouts: {handshake: 4s, login: 12s, command: 4s, read: 4s, write: 4s, message: 20s}
metrics: {address: "127.0.0.1:0"}
log: {format: json, level: info}
`, i.upstream.Addr(), sessions, each))
	i.start()
	good := func(client string) error { return i.sendFrom(t, client) }
	if err := good("198.51.100.1"); err != nil { // what is made at the first use stands
		t.Fatal(err)
	}
	before := i.usage()

	over := flood.Begin(clients, i.submit, i.implicit)
	waitFor(t, "the flood", func() bool { return strings.Contains(i.log.String(), "421") })
	most := usage{}
	for n := range 10 {
		var err error
		for range 20 { // a mail program tries again, too
			if err = good(fmt.Sprintf("198.51.100.%d", n+2)); err == nil {
				break
			}
			time.Sleep(250 * time.Millisecond)
		}
		if err != nil {
			t.Errorf("good client %d: %v", n, err)
		}
		u := i.usage()
		most = usage{max(most.descriptors, u.descriptors), max(most.kib, u.kib)}
	}
	if _, text := i.get("/metrics"); !strings.Contains(text, `postvern_refused_total{reason="limit"}`) || strings.Contains(text, `postvern_refused_total{reason="limit"} 0`) {
		t.Error("nobody was refused for the limit")
	}
	over.End()
	// Each listener has its limit, and as many again, and a hundred, may wait at
	// the door until it is known who they are.
	if limit := before.descriptors + 2*(2*sessions+100); most.descriptors > limit {
		t.Errorf("%d descriptors were open, the limits allow %d", most.descriptors, limit)
	}
	if grown := (most.kib - before.kib) >> 10; grown > 200 {
		t.Errorf("memory grew by %d MiB", grown)
	}
	waitFor(t, "the descriptors", func() bool { return i.usage().descriptors <= before.descriptors+8 })
	if err := good("198.51.100.250"); err != nil {
		t.Errorf("afterwards: %v", err)
	}
	i.arrived(1)
	for _, line := range i.log.lines("failed session") {
		t.Errorf("a session failed: %v", line)
	}
	t.Logf("before %+v, at most %+v, afterwards %+v", before, most, i.usage())
}

// sendFrom sends a mail as anna from an address behind the balancer.
func (i *installation) sendFrom(t *testing.T, client string) error {
	t.Helper()
	raw, err := net.Dial("tcp", i.implicit)
	if err != nil {
		return err
	}
	defer func() { _ = raw.Close() }()
	_ = raw.SetDeadline(time.Now().Add(20 * time.Second))
	_, _ = raw.Write(proxyHeader(t, 2, client))
	conn := tls.Client(raw, &tls.Config{RootCAs: i.roots, ServerName: "mail.forening.example", MinVersion: tls.VersionTLS12})
	in := bufio.NewReader(conn)
	mail := strings.Replace(crlf(ordinaryMail), "<lunch@", fmt.Sprintf("<%d@", time.Now().UnixNano()), 1)
	for _, step := range []struct{ say, want string }{
		{"", "220"},
		{"HELO pc.example\r\n", "250"},
		{plainLogin("anna", password) + "\r\n", "235"},
		{"MAIL FROM:<anna.holm@region.example>\r\n", "250"},
		{"RCPT TO:<bo@mail.example>\r\n", "250"},
		{"DATA\r\n", "354"},
		{mail + ".\r\n", "250"},
	} {
		if step.say != "" {
			if _, err := io.WriteString(conn, step.say); err != nil {
				return err
			}
		}
		line, err := in.ReadString('\n')
		if err != nil || !strings.HasPrefix(line, step.want) {
			return fmt.Errorf("after %.20q: %q, %w", step.say, line, err)
		}
	}
	return nil
}
