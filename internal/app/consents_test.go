package app

import (
	"context"
	"fmt"
	"log/slog"
	"net/smtp"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"postvern.example/internal/deviation"
	"postvern.example/internal/sink"
	"postvern.example/policy"
	"postvern.example/proxy/spool"
)

// runGateway runs a gateway in this process, with a trust listener.
func runGateway(t *testing.T) (*App, *sink.Sink) {
	t.Helper()
	upstream, err := sink.Start(sink.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = upstream.Close() })
	dir := t.TempDir()
	for name, text := range map[string]string{
		"policy.yaml": `version: 1
organisation: Eksempelforeningen
language: da
mode: enforce
contact: dpo@forening.example
people: {union: ["*@forening.example"]}
recipients: {hide: members, from: 2, as: bcc}
`,
		"members.csv":          "Navn;E-mail\nMette Sørensen;mette@post.example\nPeter Ægidius;peter@post.example\n",
		"representatives.yaml": "- {name: Anna Holm, login: anna, addresses: [anna@region.example], role-addresses: [tr.anna@forening.example], language: da, mandate: {from: 2020-01-01, until: 2099-12-31}}\n",
		"postvern.yaml": fmt.Sprintf(`hostname: mail.forening.example
data: data
listen: [{address: "127.0.0.1:0", tls: none, trust: ["127.0.0.0/8"]}]
upstream: {address: %q, tls: none}
`, upstream.Addr()),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	config, err := LoadConfig(filepath.Join(dir, "postvern.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	a, err := Start(ctx, Options{Config: config, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return a, upstream
}

// shown sends a mail to both members and reports whether To named them on
// arrival.
func shown(t *testing.T, a *App, upstream *sink.Sink, mark string) bool {
	t.Helper()
	both := []string{"mette@post.example", "peter@post.example"}
	mail := "From: tr.anna@forening.example\r\nTo: " + strings.Join(both, ", ") + "\r\nSubject: x\r\nX-Mark: " + mark + "\r\n\r\nHej\r\n"
	if err := smtp.SendMail(a.Addresses()[0], nil, "tr.anna@forening.example", both, []byte(mail)); err != nil {
		t.Error(err)
		return false
	}
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		for _, m := range upstream.Messages() {
			if text := string(m.Content); strings.Contains(text, "X-Mark: "+mark+"\r\n") {
				return strings.Contains(text, "mette@")
			}
		}
	}
	t.Errorf("%s never arrived", mark)
	return false
}

func TestConsentsAreFollowedWhileMailIsDecidedAndRulesAreLoadedAnew(t *testing.T) {
	a, upstream := runGateway(t)
	ctx := t.Context()
	change := func(n int) []string {
		var ids []string
		var all []spool.Consent
		for _, who := range []string{"mette@post.example", "peter@post.example"} {
			c := spool.Consent{ID: spool.NewConsentID(), Who: who, To: "udvalget", Purpose: "p", From: time.Now().Add(-time.Hour), Added: time.Now(), AddedBy: "dpo", Evidence: spool.Evidence{MessageID: fmt.Sprintf("<%d@x>", n)}}
			all, ids = append(all, c), append(ids, c.ID)
		}
		if err := a.Store().AddConsents(ctx, all, nil); err != nil {
			t.Error(err)
		}
		return ids
	}
	withdraw := func(ids []string) {
		for _, id := range ids {
			record := deviation.FromEntry(policy.Entry{Type: policy.EntryConsentWithdrawn, Severity: policy.Low, NearMiss: true, Rule: policy.RuleConsents, Action: policy.Pass, Count: 1},
				deviation.Meta{Texts: a.texts, Now: time.Now(), Reference: deviation.NewReference(), Reporter: "dpo", Language: "da"})
			if err := a.Store().WithdrawConsent(ctx, id, time.Now(), "dpo", "r", record); err != nil {
				t.Error(err)
			}
		}
	}
	var work sync.WaitGroup
	work.Go(func() {
		for n := range 5 {
			ids := change(n)
			time.Sleep(ledgerPause)
			withdraw(ids)
		}
	})
	work.Go(func() {
		for range 10 {
			if err := a.Reload(); err != nil {
				t.Error(err)
			}
		}
	})
	for sender := range 3 {
		work.Go(func() {
			for n := range 10 {
				shown(t, a, upstream, fmt.Sprintf("meanwhile-%d-%d.", sender, n))
			}
		})
	}
	work.Wait()
	ids := change(100)
	becomes := func(what string, want bool) {
		t.Helper()
		deadline := time.Now().Add(20 * time.Second)
		for n := 0; shown(t, a, upstream, fmt.Sprintf("%s-%d.", what, n)) != want; n++ {
			if time.Now().After(deadline) {
				t.Fatalf("%s: members are shown: %v", what, !want)
			}
			time.Sleep(ledgerPause)
		}
	}
	becomes("agreed", true)
	withdraw(ids)
	becomes("withdrawn", false)
}
