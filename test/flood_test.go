package test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"postvern.example/internal/sink"
)

// nuisance is one client of a flood. It goes on until the gateway has had
// enough of it, or the test of it.
type nuisance func(conn net.Conn, stop <-chan struct{})

// dribble writes octets one by one.
func dribble(text string, every time.Duration) nuisance {
	return func(conn net.Conn, stop <-chan struct{}) {
		for n := 0; ; n++ {
			if _, err := conn.Write([]byte{text[n%len(text)]}); err != nil {
				return
			}
			select {
			case <-stop:
				return
			case <-time.After(every):
			}
		}
	}
}

// pour writes text again and again, and reads nothing.
func pour(text string, times int) nuisance {
	return func(conn net.Conn, stop <-chan struct{}) {
		for range times {
			if _, err := io.WriteString(conn, text); err != nil {
				break
			}
		}
		<-stop
	}
}

// ask writes text and reads what comes, to the end.
func ask(text string, times int) nuisance {
	return func(conn net.Conn, _ <-chan struct{}) {
		go func() {
			for range times {
				if _, err := io.WriteString(conn, text); err != nil {
					return
				}
			}
		}()
		_, _ = io.Copy(io.Discard, conn)
	}
}

// nuisances are what the clients of a flood do, in turn. Those of `clear` begin
// after EHLO on the STARTTLS listener, the others where the handshake of the
// implicit one is due.
var nuisances = []struct {
	name  string
	clear bool
	nuisance
}{
	{"half open", true, func(_ net.Conn, stop <-chan struct{}) { <-stop }},
	{"one octet at a time", true, dribble("NOOP and no end of it ", 200*time.Millisecond)},
	{"a storm of RSET", true, ask("RSET\r\n", 10000)},
	{"ten thousand NOOPs", true, ask("NOOP\r\n", 10000)},
	{"replies that nobody reads", true, pour(strings.Repeat("NOOP\r\n", 1000), 10)},
	{"pipelined garbage", true, ask("\x00\xff\x16\x03 \xfe:<>\r\nMAIL FROM:<<\r\nBDAT x\r\n\r\n", 1000)},
	{"a huge AUTH", true, ask("AUTH PLAIN "+strings.Repeat("A", 1<<20)+"\r\n", 8)},
	{"a line without end", true, ask(strings.Repeat("x", 1<<16), 200)},
	{"a handshake never begun", false, func(_ net.Conn, stop <-chan struct{}) { <-stop }},
	{"a handshake never finished", false, pour("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 1)},
	{"a handshake one octet at a time", false, dribble("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"+strings.Repeat("\x00", 1000), 200*time.Millisecond)},
	{"commands instead of a handshake", false, ask("EHLO pc.example\r\n", 100)},
}

// usage is what a process takes.
type usage struct{ descriptors, kib int }

func usageOf(t *testing.T, pid int) usage {
	t.Helper()
	open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		t.Skipf("no /proc: %v", err)
	}
	status := readText(t, fmt.Sprintf("/proc/%d/status", pid))
	m := regexp.MustCompile(`VmRSS:\s+(\d+) kB`).FindStringSubmatch(status)
	kib, _ := strconv.Atoi(m[1])
	return usage{len(open), kib}
}

func TestAFloodKeepsNoGoodClientOut(t *testing.T) {
	const clients, sessions, each = 2000, 300, 40
	raiseDescriptors(t, 3*clients)
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
	pid := i.command.Process.Pid
	good := func(client string) error { return i.sendFrom(t, client) }
	if err := good("198.51.100.1"); err != nil { // what is made at the first use stands
		t.Fatal(err)
	}
	before := usageOf(t, pid)

	stop := make(chan struct{})
	var flood sync.WaitGroup
	for n := range clients {
		kind := nuisances[n%len(nuisances)]
		address := i.implicit
		if kind.clear {
			address = i.submit
		}
		header := proxyHeader(t, 2, fmt.Sprintf("203.0.113.%d", n%50+1))
		flood.Go(func() {
			for { // whoever is turned away comes again
				conn, err := net.Dial("tcp", address)
				if err == nil {
					_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
					if _, err = conn.Write(header); err == nil && kind.clear {
						_, err = io.WriteString(conn, "EHLO pc.example\r\n")
					}
					if err == nil {
						closed := make(chan struct{})
						go func() {
							select {
							case <-stop:
								_ = conn.SetDeadline(time.Unix(1, 0))
							case <-closed:
							}
						}()
						kind.nuisance(conn, stop)
						close(closed)
					}
					_ = conn.Close()
				}
				select {
				case <-stop:
					return
				case <-time.After(500 * time.Millisecond):
				}
			}
		})
	}
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
		u := usageOf(t, pid)
		most = usage{max(most.descriptors, u.descriptors), max(most.kib, u.kib)}
	}
	if _, text := i.get("/metrics"); !strings.Contains(text, `postvern_refused_total{reason="limit"}`) || strings.Contains(text, `postvern_refused_total{reason="limit"} 0`) {
		t.Error("nobody was refused for the limit")
	}
	close(stop)
	flood.Wait()
	// Each listener has its limit, and as many again, and a hundred, may wait at
	// the door until it is known who they are.
	if limit := before.descriptors + 2*(2*sessions+100); most.descriptors > limit {
		t.Errorf("%d descriptors were open, the limits allow %d", most.descriptors, limit)
	}
	if grown := (most.kib - before.kib) >> 10; grown > 200 {
		t.Errorf("memory grew by %d MiB", grown)
	}
	waitFor(t, "the descriptors", func() bool { return usageOf(t, pid).descriptors <= before.descriptors+8 })
	if err := good("198.51.100.250"); err != nil {
		t.Errorf("afterwards: %v", err)
	}
	i.arrived(1)
	for _, line := range i.log.lines("failed session") {
		t.Errorf("a session failed: %v", line)
	}
	t.Logf("before %+v, at most %+v, afterwards %+v", before, most, usageOf(t, pid))
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

// raiseDescriptors sees to it that the test may open so many.
func raiseDescriptors(t *testing.T, n uint64) {
	t.Helper()
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	if limit.Cur >= n {
		return
	}
	limit.Cur = min(limit.Max, n)
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil || limit.Cur < n {
		t.Skipf("only %d descriptors may be open here: %v", limit.Cur, err)
	}
}
