package test

import (
	"bytes"
	"encoding/pem"
	"fmt"
	"slices"
	"strings"
	"testing"

	"postvern.example/internal/sink"
)

const overTLS = `From: Anna Holm <tr.anna@forening.example>
To: Eva Lund <eva@region.example>
Subject: Sag
Date: Fri, 20 Nov 2026 08:12:44 +0100
Message-ID: <4@forening.example>
Content-Type: text/plain; charset=utf-8

Mettes CPR-nr. er 070761-4285.
`

// tlsPolicy lets the step tls come before hold.
var tlsPolicy = strings.Replace(defaultPolicy, "    without-key: hold\n    severity: high", "    protection: [openpgp, tls, hold]\n    severity: high", 1)

// withRegion installs a gateway with a second upstream, which the region's mail
// goes to over TLS; route is how that is configured.
func withRegion(t *testing.T, region sink.Config, route string) (*installation, *sink.Sink) {
	t.Helper()
	s, err := sink.Start(region)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	g := install(t, files{"policy.yaml": tlsPolicy}, sinkConfig())
	ca := ""
	if region.Security != sink.Clear {
		ca = ", ca: region.pem"
		g.write("region.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})))
	}
	g.upstreams(fmt.Sprintf(`upstream: {address: %q, tls: none}
upstreams:
  - {name: region, address: %q, tls: starttls%s}
routes:
  - {recipients: ["*@region.example"], classes: [mail], upstreams: [region]%s}
  - {upstreams: [upstream]}
`, g.upstream.Addr(), s.Addr(), ca, route))
	return g, s
}

func TestAProtectedCopyGoesOverVerifiedTLSWhereThatIsPromised(t *testing.T) {
	for name, c := range map[string]struct {
		extensions []string
		demanded   bool
	}{
		"the server offers REQUIRETLS": {append(sink.Extensions(), "REQUIRETLS"), true},
		"its route is known to":        {nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			g, region := withRegion(t, sink.Config{Security: sink.StartTLS, Extensions: c.extensions}, ", tls: verified")
			g.start()
			if err := g.send("anna", "tr.anna@forening.example", []string{"eva@region.example"}, overTLS); err != nil {
				t.Fatal(err)
			}
			waitFor(t, "the mail", func() bool { return len(region.Messages()) == 1 })
			m := region.Messages()[0]
			if !m.TLS || slices.Contains(m.Params, "REQUIRETLS") != c.demanded || !bytes.Contains(m.Content, []byte("Mettes CPR-nr. er 070761-4285.")) {
				t.Errorf("TLS %t, %v\n%s", m.TLS, m.Params, m.Content)
			}
			if told := noticeText(t, g.arrived(1)); !strings.Contains(told, "kontrollerede forbindelser") && !strings.Contains(told, "ikke krypteret") {
				t.Errorf("told\n%s", told)
			}
			g.counts(`postvern_protection_steps_total{step="tls"} 1`)
			var entries []struct{ Measures string }
			if g.json(&entries, "deviations", "list"); len(entries) != 1 || !strings.Contains(entries[0].Measures, "forbindelse") {
				t.Errorf("%+v", entries)
			}
		})
	}
}

func TestWithoutThePromiseNothingGoesByThatStep(t *testing.T) {
	g, region := withRegion(t, sink.Config{Security: sink.StartTLS, Extensions: append(sink.Extensions(), "REQUIRETLS")}, "")
	g.start()
	if err := g.send("anna", "tr.anna@forening.example", []string{"eva@region.example"}, overTLS); err != nil {
		t.Fatal(err)
	}
	if g.arrived(2); len(g.heldTo()) != 1 || len(region.Messages()) != 0 {
		t.Error("it is not held")
	}
}

func TestAServerThatIsNotTheOneThatWasPromisedGetsNothing(t *testing.T) {
	for name, region := range map[string]sink.Config{
		"another name in its certificate": {Security: sink.StartTLS, Names: []string{"elsewhere.example"}},
		"no TLS":                          {},
	} {
		t.Run(name, func(t *testing.T) {
			g, s := withRegion(t, region, ", tls: verified")
			g.start()
			if err := g.send("anna", "tr.anna@forening.example", []string{"eva@region.example"}, overTLS); err != nil {
				t.Fatal(err)
			}
			g.saysCount("deferred copy", 1)
			if len(s.Messages()) != 0 || len(mails(g.upstream.Messages())) != 0 {
				t.Error("it left all the same")
			}
		})
	}
}

func TestACopyThatWasPromisedTLSFailsWhereThePromiseIsGone(t *testing.T) {
	g, region := withRegion(t, sink.Config{Security: sink.StartTLS}, ", tls: verified")
	region.Script(sink.Fault{At: sink.AtMAIL, Times: 1, Reply: "451 4.3.0 later"})
	g.start()
	if err := g.send("anna", "tr.anna@forening.example", []string{"eva@region.example"}, overTLS); err != nil {
		t.Fatal(err)
	}
	g.saysCount("deferred copy", 1)
	if err := g.stop(); err != nil {
		t.Fatal(err)
	}
	g.write("postvern.yaml", strings.Replace(g.read("postvern.yaml"), ", tls: verified}", "}", 1))
	g.start()
	g.saysCount("failed copy", 1)
	waitFor(t, "the report", func() bool {
		return slices.ContainsFunc(g.upstream.Messages(), func(m sink.Message) bool { return bytes.Contains(m.Content, []byte("5.7.30")) })
	})
	if len(region.Messages()) != 0 {
		t.Error("it left all the same")
	}
	for _, m := range g.upstream.Messages() {
		if bytes.Contains(m.Content, []byte("070761")) {
			t.Errorf("the report or notice tells too much:\n%s", m.Content)
		}
	}
}
