package proxy_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"postvern.example/internal/metrics"
	"postvern.example/internal/notice"
	"postvern.example/internal/roster"
	"postvern.example/policy"
	"postvern.example/policy/detect"
	"postvern.example/proxy"
	"postvern.example/proxy/extract"
	"postvern.example/proxy/message"
	"postvern.example/proxy/seal"
	"postvern.example/proxy/spool"
)

// void is a store that keeps nothing.
type void struct{}

func (void) Accept(context.Context, spool.Parcel) error { return nil }
func (void) Handovers(context.Context, string, []string) ([]spool.Handover, error) {
	return nil, nil
}
func (void) Answered(context.Context, string) error { return nil }

// BenchmarkSubmit measures the path of a message but for SMTP and the store.
func BenchmarkSubmit(b *testing.B) {
	for _, size := range []int{5 << 10, 50 << 10, 1 << 20} {
		b.Run(fmt.Sprintf("size=%dKB", size>>10), func(b *testing.B) {
			g := newGateway(b)
			line := "Vi mødes på torsdag klokken ti i kantinen, og alle er velkomne.\r\n"
			mail := "From: Anna Holm <anna.holm@region.example>\r\nTo: mette.soerensen@post.example\r\nSubject: Hej\r\nDate: Fri, 20 Nov 2026 08:12:44 +0100\r\nMessage-ID: <1@forening.example>\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + strings.Repeat(line, size/len(line))
			env := message.Envelope{
				From: "anna.holm@region.example", To: []message.Recipient{{Address: "mette.soerensen@post.example"}}, Login: "anna",
				Received: time.Now(),
			}
			b.SetBytes(int64(len(mail)))
			b.ReportAllocs()
			for b.Loop() {
				if err := g.Submit(context.Background(), env, strings.NewReader(mail)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func newGateway(tb testing.TB) *proxy.Gateway {
	tb.Helper()
	must := func(err error) {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
	}
	src, err := os.ReadFile(filepath.Join("..", "configs", "policy.yaml"))
	must(err)
	var rules proxy.Rules
	rules.Policy, err = policy.Load("policy.yaml", src)
	must(err)
	rules.Scanner, err = detect.NewScanner(detect.Config{})
	must(err)
	members := filepath.Join("..", "configs", "members.csv")
	rules.Members, err = roster.Load([]string{members}, make([]byte, 32), func(file string) (roster.Export, error) { return roster.FileExport(file), nil })
	must(err)
	rules.Representatives, err = roster.LoadRepresentatives(filepath.Join("..", "configs", "representatives.yaml"))
	must(err)
	rules.Keys = &seal.Keyring{}
	texts, err := notice.Load()
	must(err)
	return proxy.New(proxy.Config{
		Hostname: "mail.forening.example", Limits: message.DefaultLimits(), Rules: &rules,
		Extract: extract.New(extract.Config{}), Notices: texts, Spool: void{},
		Metrics: metrics.New(prometheus.NewRegistry()), Logger: slog.New(slog.DiscardHandler), Now: time.Now,
	})
}
