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

// BenchmarkFlat measures the same path for a small mail with small and large
// rosters and lists of terms: the cost of a mail must not grow with them.
func BenchmarkFlat(b *testing.B) {
	for _, c := range []struct{ members, terms int }{{10, 1}, {1_000_000, 1}, {10, 1000}} {
		b.Run(fmt.Sprintf("members=%d/terms=%d", c.members, c.terms), func(b *testing.B) {
			var roll strings.Builder
			roll.WriteString("Navn;E-mail\n")
			for n := range c.members {
				fmt.Fprintf(&roll, "Medlem Nummer%d;medlem%d@post.example\n", n, n)
			}
			file := filepath.Join(b.TempDir(), "members.csv")
			if err := os.WriteFile(file, []byte(roll.String()), 0o600); err != nil {
				b.Fatal(err)
			}
			var terms []detect.Term
			for n := range c.terms {
				terms = append(terms, detect.Term{Kind: detect.Health, Text: fmt.Sprintf("sygdom nummer%d", n)})
			}
			g := newGatewayOf(b, file, terms)
			line := "Vi mødes på torsdag klokken ti i kantinen, og alle er velkomne.\r\n"
			mail := "From: Anna Holm <anna.holm@region.example>\r\nTo: medlem7@post.example\r\nSubject: Hej\r\nDate: Fri, 20 Nov 2026 08:12:44 +0100\r\nMessage-ID: <1@forening.example>\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + strings.Repeat(line, 5<<10/len(line))
			env := message.Envelope{From: "anna.holm@region.example", To: []message.Recipient{{Address: "medlem7@post.example"}}, Login: "anna", Received: time.Now()}
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
	return newGatewayOf(tb, filepath.Join("..", "configs", "members.csv"), nil)
}

func newGatewayOf(tb testing.TB, members string, terms []detect.Term) *proxy.Gateway {
	tb.Helper()
	return newGatewayIn(tb, members, terms, void{})
}

func newGatewayIn(tb testing.TB, members string, terms []detect.Term, store proxy.Store) *proxy.Gateway {
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
	rules.Scanner, err = detect.NewScanner(detect.Config{Terms: terms})
	must(err)
	rules.Members, err = roster.Load([]string{members}, [][]byte{make([]byte, 32)}, func(file string) (roster.Export, error) { return roster.FileExport(file), nil })
	must(err)
	rules.Representatives, err = roster.LoadRepresentatives(filepath.Join("..", "configs", "representatives.yaml"))
	must(err)
	rules.Keys = &seal.Keyring{}
	texts, err := notice.Load()
	must(err)
	return proxy.New(proxy.Config{
		Hostname: "mail.forening.example", Limits: message.DefaultLimits(), Rules: &rules,
		Extract: extract.New(extract.Config{}), Notices: texts, Spool: store,
		Metrics: metrics.New(prometheus.NewRegistry()), Logger: slog.New(slog.DiscardHandler), Now: time.Now,
	})
}
