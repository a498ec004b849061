package relay_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"postvern.example/internal/sink"
	"postvern.example/proxy/relay"
)

// BenchmarkDeliver sends from a queue in memory to a server that discards.
func BenchmarkDeliver(b *testing.B) {
	for _, size := range []int{5 << 10, 50 << 10} {
		for _, pipelining := range []bool{true, false} {
			b.Run(fmt.Sprintf("%dKB/pipelining=%t", size>>10, pipelining), func(b *testing.B) {
				cfg := sink.Config{Discard: true, Extensions: []string{}}
				if pipelining {
					cfg.Extensions = []string{"PIPELINING"}
				}
				s, err := sink.Start(cfg)
				if err != nil {
					b.Fatal(err)
				}
				defer func() { _ = s.Close() }()
				q := newQueue()
				content := []byte("Subject: x\r\n\r\n" + strings.Repeat(strings.Repeat("x", 70)+"\r\n", size/72))
				for i := range b.N {
					d := delivery(fmt.Sprintf("m%d@hjemme.example", i))
					d.Content = content
					q.add(d)
				}
				r, err := relay.New(relay.Config{
					Upstreams: []relay.Upstream{{Address: s.Addr(), TLS: relay.None}}, Hostname: "x.example", Queue: q,
				})
				if err != nil {
					b.Fatal(err)
				}
				ctx, cancel := context.WithCancel(b.Context())
				done := make(chan error, 1)
				b.ResetTimer()
				go func() { done <- r.Run(ctx) }()
				if _, err := s.Wait(b.Context(), b.N); err != nil {
					b.Fatal(err)
				}
				b.StopTimer()
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msg/s")
				cancel()
				if err := <-done; err != nil {
					b.Fatal(err)
				}
			})
		}
	}
}
