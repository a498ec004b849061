package relay_test

import (
	"crypto/x509"
	"strings"
	"testing"

	"postvern.example/internal/sink"
	"postvern.example/proxy/relay"
	"postvern.example/proxy/spool"
)

func TestTLSIsVerifiedOrNothingIsSent(t *testing.T) {
	const wrong = "upstream.example"
	for _, c := range []struct {
		name   string
		sink   sink.Config
		tls    string
		trust  bool
		server string // the name that the certificate has to carry
		want   spool.Result
		reply  string
	}{
		{"starttls", sink.Config{Security: sink.StartTLS}, relay.StartTLS, true, "", spool.Delivered, "250"},
		{"implicit", sink.Config{Security: sink.Implicit}, relay.Implicit, true, "", spool.Delivered, "250"},
		{"another name in the certificate", sink.Config{Security: sink.StartTLS}, relay.StartTLS, true, wrong, spool.Deferred, "certificate"},
		{"another name in the certificate, implicit", sink.Config{Security: sink.Implicit}, relay.Implicit, true, wrong, spool.Deferred, "certificate"},
		{"the name that was asked for", sink.Config{Security: sink.StartTLS, Names: []string{wrong}}, relay.StartTLS, true, wrong, spool.Delivered, "250"},
		{"a stranger's certificate", sink.Config{Security: sink.StartTLS}, relay.StartTLS, false, "", spool.Deferred, "certificate"},
		{"not offered", sink.Config{}, relay.StartTLS, true, "", spool.Deferred, "STARTTLS"},
		{"refused", sink.Config{Security: sink.StartTLS, Faults: []sink.Fault{{At: sink.AtSTARTTLS, Reply: "454 4.7.0 not now"}}}, relay.StartTLS, true, "", spool.Deferred, "454 4.7.0"},
		{"text slipped in", sink.Config{Security: sink.StartTLS, Faults: []sink.Fault{{At: sink.AtSTARTTLS, Reply: "220 go\r\n250 AUTH PLAIN"}}}, relay.StartTLS, true, "", spool.Deferred, "clear text follows"},
		{"a handshake that never comes", sink.Config{Security: sink.StartTLS, Faults: []sink.Fault{{At: sink.AtSTARTTLS, Reply: "220 go", Hang: true}}}, relay.StartTLS, true, "", spool.Deferred, "shake hands"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.sink.Username, c.sink.Password = "gateway", "s3cret"
			s := startSink(t, c.sink)
			q := newQueue(delivery("bo@hjemme.example"))
			cfg := config(s, q)
			if len(c.sink.Faults) > 0 {
				cfg = impatient(cfg)
			}
			cfg.Upstreams[0].TLS, cfg.Upstreams[0].Username, cfg.Upstreams[0].Password, cfg.Upstreams[0].Name = c.tls, "gateway", "s3cret", c.server
			cfg.Upstreams[0].RootCAs = x509.NewCertPool()
			if c.trust && s.Roots() != nil {
				cfg.Upstreams[0].RootCAs = s.Roots()
			}
			stop := run(t, cfg)
			o := q.wait(t, 1)[0]
			stop()
			if o.Result != c.want || !strings.Contains(o.Reply, c.reply) {
				t.Errorf("outcome is %+v, want %s with %q", o, c.want, c.reply)
			}
			for _, command := range s.Commands() {
				if c.want == spool.Deferred && !strings.HasPrefix(command, "EHLO mail.forening.example") && command != "STARTTLS" {
					t.Errorf("upstream heard %q", command)
				}
			}
			for _, m := range s.Messages() {
				if !m.TLS && c.sink.Security == sink.StartTLS || m.Login != "gateway" || m.Hello != "mail.forening.example" {
					t.Errorf("message came as %+v", m)
				}
			}
		})
	}
}

func TestLogin(t *testing.T) {
	for _, c := range []struct {
		name       string
		mechanisms []string
		password   string
		faults     []sink.Fault
		want       spool.Result
	}{
		{"PLAIN", []string{"PLAIN"}, "s3cret", nil, spool.Delivered},
		{"LOGIN", []string{"LOGIN"}, "s3cret", nil, spool.Delivered},
		{"neither", []string{"CRAM-MD5"}, "s3cret", nil, spool.Deferred},
		{"a wrong password", nil, "secret", nil, spool.Deferred},
		{"a wrong password by LOGIN", []string{"LOGIN"}, "secret", nil, spool.Deferred},
		{"out of order", nil, "s3cret", []sink.Fault{{At: sink.AtAUTH, Reply: "454 4.7.0 later"}}, spool.Deferred},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := startSink(t, sink.Config{Username: "gateway", Password: "s3cret", Mechanisms: c.mechanisms, Faults: c.faults})
			q := newQueue(delivery("bo@hjemme.example"))
			cfg := config(s, q)
			cfg.Upstreams[0].Username, cfg.Upstreams[0].Password = "gateway", c.password
			run(t, cfg)
			if o := q.wait(t, 1)[0]; o.Result != c.want || strings.Contains(o.Reply, "secret") {
				t.Errorf("outcome is %+v, want %s", o, c.want)
			}
			if n := len(q.told()); n != 0 {
				t.Errorf("%d reports about a login", n)
			}
		})
	}
}

func TestNewRefusesWhatCannotWork(t *testing.T) {
	q := newQueue()
	for want, cfg := range map[string]relay.Config{
		"queue":               {Hostname: "x", Upstreams: []relay.Upstream{{Address: "a:25", TLS: relay.None}}},
		"host name":           {Queue: q, Upstreams: []relay.Upstream{{Address: "a:25", TLS: relay.None}}},
		"host:port":           {Queue: q, Hostname: "x", Upstreams: []relay.Upstream{{Address: "a", TLS: relay.None}}},
		"none of starttls":    {Queue: q, Hostname: "x", Upstreams: []relay.Upstream{{Address: "a:25", TLS: "sometimes"}}},
		"crosses a network":   {Queue: q, Hostname: "x", Upstreams: []relay.Upstream{{Address: "a:25", TLS: relay.None, Username: "u"}}},
		"never crosses a net": {Queue: q, Hostname: "x", Upstreams: []relay.Upstream{{Address: "192.0.2.1:25", TLS: relay.None, Username: "u"}}},
	} {
		if _, err := relay.New(cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, want %q", err, want)
		}
	}
}
