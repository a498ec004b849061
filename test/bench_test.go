package test

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"postvern.example/internal/sink"
)

// BenchmarkEndToEnd measures messages accepted durably and delivered upstream,
// the whole policy on, each mail to a member and on a connection of its own,
// as smtp-source sends them.
func BenchmarkEndToEnd(b *testing.B) {
	for _, size := range []int{5 << 10, 50 << 10} {
		for _, sessions := range []int{1, 10, 50} {
			b.Run(fmt.Sprintf("size=%dKB/sessions=%d", size>>10, sessions), func(b *testing.B) {
				benchEndToEnd(b, size, sessions)
			})
		}
	}
}

func benchEndToEnd(b *testing.B, size, sessions int) {
	g := install(b, nil, sink.Config{Discard: true})
	g.write("postvern.yaml", strings.Replace(g.read("postvern.yaml"), "level: debug", "level: warn", 1))
	address := freeAddress(b)
	g.write("postvern.yaml", strings.Replace(g.read("postvern.yaml"), "127.0.0.1:0\", tls: none", address+"\", tls: none", 1))
	g.startQuietly(address)
	line := "Vi mødes på torsdag klokken ti i kantinen, og alle er velkomne.\r\n"
	mail := crlf("From: Anna Holm <tr.anna@forening.example>\nTo: mette@post.example\nSubject: Hej\nDate: Fri, 20 Nov 2026 08:12:44 +0100\nMessage-ID: <1@forening.example>\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n") + strings.Repeat(line, size/len(line))
	b.SetBytes(int64(len(mail)))
	b.ResetTimer()
	var left atomic.Int64
	left.Store(int64(b.N))
	var senders sync.WaitGroup
	for range min(sessions, b.N) {
		senders.Go(func() {
			for n := left.Add(-1); n >= 0; n = left.Add(-1) {
				// The same octets twice would be taken for a repeat.
				if err := benchSend(address, strings.Replace(mail, "<1@", fmt.Sprintf("<%09d@", n), 1)); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	senders.Wait()
	deadline := time.Now().Add(time.Minute)
	for g.upstream.Stats().Messages < b.N && time.Now().Before(deadline) {
		time.Sleep(time.Millisecond)
	}
	if n := g.upstream.Stats().Messages; n < b.N {
		b.Fatalf("%d of %d arrived", n, b.N)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msg/s")
}

func benchSend(address, mail string) error {
	var d net.Dialer
	conn, err := d.DialContext(context.Background(), "tcp", address)
	if err != nil {
		return err
	}
	c := smtp.NewClient(conn)
	defer func() { _ = c.Close() }()
	if err := c.SendMail("tr.anna@forening.example", []string{"mette@post.example"}, strings.NewReader(mail)); err != nil {
		return err
	}
	return c.Quit()
}
