// Package flood has very many clients come to a gateway at once, that all mean
// harm: half open, an octet at a time, garbage, storms of commands, handshakes
// that are never finished. Whoever is turned away comes again.
package flood

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/pires/go-proxyproto"
)

// nuisance is what one client does, until the gateway has had enough of it, or
// the flood is over.
type nuisance func(conn net.Conn, stop <-chan struct{})

// nuisances are what the clients do, in turn. Those of `clear` begin after EHLO
// on the STARTTLS listener, the others where the handshake of the implicit one
// is due.
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

// Flood is one that has begun.
type Flood struct {
	stop    chan struct{}
	clients sync.WaitGroup
}

// Allow sees to it that this process may open what so many clients need.
func Allow(clients int) error {
	n := uint64(3 * clients)
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return err
	}
	if limit.Cur >= n {
		return nil
	}
	limit.Cur = min(limit.Max, n)
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return err
	}
	if limit.Cur < n {
		return fmt.Errorf("only %d descriptors may be open here", limit.Cur)
	}
	return nil
}

// Begin lets so many clients loose on a listener with STARTTLS and one with
// implicit TLS, both behind this machine as the balancer, which names 50
// addresses for them (203.0.113.0/24).
func Begin(clients int, starttls, implicit string) *Flood {
	f := &Flood{stop: make(chan struct{})}
	for n := range clients {
		kind, address := nuisances[n%len(nuisances)], implicit
		hello := Header(net.IPv4(203, 0, 113, byte(n%50+1)))
		if kind.clear {
			address, hello = starttls, append(hello, "EHLO pc.example\r\n"...)
		}
		f.clients.Go(func() {
			for { // whoever is turned away comes again
				f.once(address, hello, kind.nuisance)
				select {
				case <-f.stop:
					return
				case <-time.After(2 * time.Second):
				}
			}
		})
	}
	return f
}

// End ends the flood and waits until all of its clients are gone.
func (f *Flood) End() {
	close(f.stop)
	f.clients.Wait()
}

func (f *Flood) once(address string, hello []byte, does nuisance) {
	conn, err := new(net.Dialer).DialContext(context.Background(), "tcp", address)
	if err != nil {
		return
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
	if _, err := conn.Write(hello); err != nil {
		return
	}
	closed := make(chan struct{})
	defer close(closed)
	go func() {
		select {
		case <-f.stop:
			_ = conn.SetDeadline(time.Unix(1, 0))
		case <-closed:
		}
	}()
	does(conn, f.stop)
}

// Header returns what a balancer says of a client: a PROXY header, version 2.
func Header(client net.IP) []byte {
	h := proxyproto.HeaderProxyFromAddrs(2, &net.TCPAddr{IP: client, Port: 4711}, &net.TCPAddr{IP: net.IPv4(192, 0, 2, 200), Port: 587})
	b, err := h.Format()
	if err != nil {
		panic(err) // two addresses of one kind have a header
	}
	return b
}

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
