package submission

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"io"
	"log/slog"
	"net"
	"runtime"
	"strings"
	"testing"

	"postvern.example/proxy/message"
)

func base64Lines(b []byte) string {
	s := base64.StdEncoding.EncodeToString(b)
	var out strings.Builder
	for len(s) > 64 {
		out.WriteString(s[:64] + "\n")
		s = s[64:]
	}
	return out.String() + s + "\n"
}

type void struct{}

func (void) Submit(_ context.Context, _ message.Envelope, r io.Reader) error {
	_, err := io.Copy(io.Discard, r)
	return err
}

func quiet(c *Config) {
	c.Submit, c.Answered, c.Logger = void{}, nil, slog.New(slog.DiscardHandler)
	c.Limits = Limits{Connections: 20_000}
}

// BenchmarkSessions opens a connection for each mail, as smtp-source does.
func BenchmarkSessions(b *testing.B) {
	for _, size := range []int{5 << 10, 50 << 10, 1 << 20} {
		body := strings.Repeat(strings.Repeat("x", 76)+"\r\n", size/78) + ".\r\n"
		b.Run(sizeName(size), func(b *testing.B) {
			h := open(b, func(c *Config) { trusted(c); quiet(c) })
			b.SetBytes(int64(size))
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := send(h.addr, body); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}

func sizeName(n int) string {
	switch n {
	case 5 << 10:
		return "5KB"
	case 50 << 10:
		return "50KB"
	}
	return "1MB"
}

func send(addr, body string) error {
	c, err := net.Dial("tcp", addr) //nolint:noctx // a benchmark
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }() // the mail is answered by then
	in := bufio.NewReader(c)
	for _, s := range []string{"", "HELO a\r\n", "MAIL FROM:<anna.holm@region.example>\r\n", "RCPT TO:<bo@mail.example>\r\n", "DATA\r\n", body, "QUIT\r\n"} {
		if _, err := io.WriteString(c, s); err != nil {
			return err
		}
		if _, err := in.ReadString('\n'); err != nil {
			return err
		}
	}
	return nil
}

// BenchmarkIdleSessionMemory reports the heap and stack of a session that has
// logged in over TLS and waits, less what the clients of the same process take.
func BenchmarkIdleSessionMemory(b *testing.B) {
	const n = 500
	for b.Loop() {
		h := open(b, func(c *Config) { implicit(c); quiet(c) })
		before := inUse()
		var mine []net.Conn
		for range n {
			c, err := (&tls.Dialer{Config: h.clientTLS()}).DialContext(context.Background(), "tcp", h.addr)
			if err != nil {
				b.Fatal(err)
			}
			buf := make([]byte, 512)
			for _, s := range []string{"", "HELO a\r\n", "AUTH PLAIN AGFubmEAczNjcmV0\r\n"} {
				if _, err := io.WriteString(c, s); err != nil {
					b.Fatal(err)
				}
				if _, err := c.Read(buf); err != nil {
					b.Fatal(err)
				}
			}
			mine = append(mine, c)
		}
		both := inUse()
		b.ReportMetric(float64(both-before)/n/1024, "KiB/session+client")
		for _, c := range mine {
			_ = c.Close() // the benchmark is over
		}
	}
}

func inUse() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}
