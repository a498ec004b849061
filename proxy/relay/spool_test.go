package relay_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"

	"postvern.example/internal/sink"
	"postvern.example/proxy/relay"
	"postvern.example/proxy/spool"
)

func openSpool(tb testing.TB) *spool.Store {
	tb.Helper()
	store, err := spool.Open(context.Background(), spool.Config{Dir: tb.TempDir(), Key: bytes.Repeat([]byte{7}, 32), TakeBack: true})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := store.Close(); err != nil {
			tb.Error(err)
		}
	})
	return store
}

func parcel(content string, to ...string) spool.Parcel {
	p := spool.Parcel{
		ID: ulid.Make().String(), Reference: "PV-7K3F9Q", Login: "anna", Received: time.Now(),
		Bodies: []spool.Body{{Content: []byte(content)}},
	}
	digest := sha256.Sum256([]byte(p.ID))
	p.Digest = digest[:]
	for _, address := range to {
		p.Copies = append(p.Copies, spool.Copy{
			ID: ulid.Make().String(), Class: spool.Mail, State: spool.Queued, From: "anna.holm@region.example",
			To: address, Language: "nb", Sender: "anna.holm@region.example",
		})
	}
	return p
}

// runStore runs a relay on a store, and stops it before the store closes.
func runStore(tb testing.TB, s *sink.Sink, store *spool.Store) {
	tb.Helper()
	r, err := relay.New(relay.Config{
		Upstreams: []relay.Upstream{{Address: s.Addr(), TLS: relay.None}}, Hostname: "mail.forening.example", Queue: store,
	})
	if err != nil {
		tb.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	tb.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			tb.Error(err)
		}
	})
}

func TestAReportGoesThroughTheSpoolToItsSender(t *testing.T) {
	s := startSink(t, sink.Config{Faults: []sink.Fault{
		{At: sink.AtRCPT, Recipient: "bo@hjemme.example", Reply: "550 5.1.1 unknown"},
		{At: sink.AtRCPT, Recipient: "eva@hjemme.example", Times: 1, Reply: "450 4.2.0 later"},
	}})
	store := openSpool(t)
	runStore(t, s, store)
	if err := store.Accept(t.Context(), parcel(letter, "ida@hjemme.example", "bo@hjemme.example", "eva@hjemme.example")); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	messages, err := s.Wait(ctx, 3)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, m := range messages {
		got[strings.Join(m.Recipients(), " ")] = m.From + " " + string(m.Content)
	}
	if !strings.HasSuffix(got["ida@hjemme.example"], letter) || !strings.HasSuffix(got["eva@hjemme.example"], letter) {
		t.Errorf("the mail arrived as %v", got)
	}
	if report := got["anna.holm@region.example"]; !strings.HasPrefix(report, " ") || !strings.Contains(report, "Final-Recipient: rfc822; bo@hjemme.example") {
		t.Errorf("the report arrived as %q", report)
	}
}

// BenchmarkSpoolAndDeliver accepts durably at fifty at once and delivers.
func BenchmarkSpoolAndDeliver(b *testing.B) {
	for _, size := range []int{5 << 10, 50 << 10} {
		b.Run(fmt.Sprintf("%dKB", size>>10), func(b *testing.B) {
			s, err := sink.Start(sink.Config{Discard: true})
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() { _ = s.Close() })
			store := openSpool(b)
			runStore(b, s, store)
			content := "Subject: x\r\n\r\n" + strings.Repeat(strings.Repeat("x", 70)+"\r\n", size/72)
			b.ResetTimer()
			var wg sync.WaitGroup
			for w := range 50 {
				wg.Go(func() {
					for i := w; i < b.N; i += 50 {
						if err := store.Accept(b.Context(), parcel(content, "bo@hjemme.example")); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wg.Wait()
			if _, err := s.Wait(b.Context(), b.N); err != nil {
				b.Fatal(err)
			}
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msg/s")
		})
	}
}
