package relay_test

import (
	"crypto/x509"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"postvern.example/internal/sink"
	"postvern.example/policy"
	"postvern.example/proxy/relay"
	"postvern.example/proxy/spool"
)

// several returns a configuration with an upstream for each sink, named by
// its place: a, b, c.
func several(q *queue, sinks ...*sink.Sink) relay.Config {
	cfg := config(sinks[0], q)
	cfg.Upstreams = nil
	for i, s := range sinks {
		cfg.Upstreams = append(cfg.Upstreams, relay.Upstream{ID: string(rune('a' + i)), Address: s.Addr(), TLS: relay.None, Connections: 2})
	}
	return cfg
}

func patterns(t *testing.T, texts ...string) (out []policy.Pattern) {
	t.Helper()
	for _, text := range texts {
		p, ok := policy.ParsePattern(text)
		if !ok {
			t.Fatalf("%q is no pattern", text)
		}
		out = append(out, p)
	}
	return out
}

func TestCopiesOfOneMailGoByTheRoutesOfTheirRecipients(t *testing.T) {
	a, b, c := startSink(t, sink.Config{}), startSink(t, sink.Config{}), startSink(t, sink.Config{})
	d := delivery("bo@region.example", "eva@hjemme.example", "ida@under.region.example", "rapport@hjemme.example")
	d.Copies[3].Class, d.Copies[3].Sender = spool.Report, ""
	q := newQueue(d)
	cfg := several(q, a, b, c)
	cfg.Routes = relay.Routes{
		{Classes: []spool.Class{spool.Notice, spool.Report}, Upstreams: []string{"c"}},
		{Recipients: patterns(t, "*@region.example", "*@*.region.example"), Upstreams: []string{"b"}},
	}
	stop := run(t, cfg)
	q.wait(t, 4)
	stop()
	for name, want := range map[*sink.Sink]string{a: "eva@hjemme.example", b: "bo@region.example ida@under.region.example", c: "rapport@hjemme.example"} {
		var got []string
		for _, m := range name.Messages() {
			got = append(got, m.Recipients()...)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestAnUpstreamThatCannotTakeItIsStoodInFor(t *testing.T) {
	const bo, eva = "bo@hjemme.example", "eva@hjemme.example"
	for _, c := range []struct {
		name          string
		first, second []sink.Fault
		gone          bool // nothing listens at the first
		want          map[string]spool.Result
		atSecond      string
	}{
		{name: "nothing listens", gone: true, want: map[string]spool.Result{bo: spool.Delivered, eva: spool.Delivered}, atSecond: bo + " " + eva},
		{name: "it greets with 554", first: []sink.Fault{{At: sink.AtConnect, Reply: "554 5.3.2 away", Drop: true}}, want: map[string]spool.Result{bo: spool.Delivered, eva: spool.Delivered}, atSecond: bo + " " + eva},
		{name: "it puts the sender off", first: []sink.Fault{{At: sink.AtMAIL, Reply: "451 4.3.0 disk"}}, want: map[string]spool.Result{bo: spool.Delivered, eva: spool.Delivered}, atSecond: bo + " " + eva},
		{name: "it puts one recipient off", first: []sink.Fault{{At: sink.AtRCPT, Recipient: bo, Reply: "450 4.2.1 later"}}, want: map[string]spool.Result{bo: spool.Delivered, eva: spool.Delivered}, atSecond: bo},
		{name: "it drops after MAIL", first: []sink.Fault{{At: sink.AtRCPT, Drop: true}}, want: map[string]spool.Result{bo: spool.Delivered, eva: spool.Delivered}, atSecond: bo + " " + eva},
		{name: "it refuses one for good", first: []sink.Fault{{At: sink.AtRCPT, Recipient: bo, Reply: "550 5.1.1 unknown"}}, want: map[string]spool.Result{bo: spool.Failed, eva: spool.Delivered}},
		{name: "it loses its 250", first: []sink.Fault{{At: sink.AtEnd, Drop: true}}, want: map[string]spool.Result{bo: spool.Deferred, eva: spool.Deferred}},
		{name: "both put off", first: []sink.Fault{{At: sink.AtMAIL, Reply: "451 one"}}, second: []sink.Fault{{At: sink.AtMAIL, Reply: "451 two"}}, want: map[string]spool.Result{bo: spool.Deferred, eva: spool.Deferred}},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, b := startSink(t, sink.Config{Faults: c.first}), startSink(t, sink.Config{Faults: c.second})
			if c.gone {
				_ = a.Close()
			}
			q := newQueue(delivery(bo, eva))
			stop := run(t, several(q, a, b))
			got := map[string]spool.Result{}
			for _, o := range q.wait(t, 2) {
				got[o.Copy[2:]] = o.Result
			}
			stop()
			if fmt.Sprint(got) != fmt.Sprint(c.want) {
				t.Errorf("outcomes are %v, want %v", got, c.want)
			}
			var at []string
			for _, m := range b.Messages() {
				at = append(at, m.Recipients()...)
			}
			if strings.Join(at, " ") != c.atSecond {
				t.Errorf("the second has %q, want %q", at, c.atSecond)
			}
		})
	}
}

func TestASmallerSecondUpstreamDoesNotEndWhatTheFirstWillTake(t *testing.T) {
	a, b := startSink(t, sink.Config{}), startSink(t, sink.Config{Size: 20})
	_ = a.Close()
	q := newQueue(delivery("bo@hjemme.example"))
	run(t, several(q, a, b))
	if o := q.wait(t, 1)[0]; o.Result != spool.Deferred || len(q.told()) != 0 {
		t.Errorf("outcome is %+v", o)
	}
}

func TestAnUpstreamThatComesBackIsUsedAgain(t *testing.T) {
	var later atomic.Int64
	a, b := startSink(t, sink.Config{Faults: []sink.Fault{{At: sink.AtMAIL, Times: 3, Reply: "451 4.3.0 disk"}}}), startSink(t, sink.Config{})
	q := newQueue()
	cfg := several(q, a, b)
	cfg.Now = func() time.Time { return time.Now().Add(time.Duration(later.Load())) }
	cfg.Upstreams[0].Connections, cfg.Upstreams[1].Connections = 1, 1
	send := func(i int) {
		q.add(delivery(fmt.Sprintf("m%d@hjemme.example", i)))
		q.wait(t, i)
	}
	run(t, cfg)
	for i := range 6 {
		send(i + 1)
	}
	if n := a.Stats().Messages; n != 0 {
		t.Errorf("an upstream that had put off three in a row was given %d while it rested", n)
	}
	later.Store(int64(time.Minute))
	send(7)
	if a.Stats().Messages != 1 || b.Stats().Messages != 6 {
		t.Errorf("the first has %d, the second %d", a.Stats().Messages, b.Stats().Messages)
	}
}

func TestASlowRouteHoldsUpNoOther(t *testing.T) {
	slow := startSink(t, sink.Config{Faults: []sink.Fault{{At: sink.AtMAIL, Hang: true}}})
	quick := startSink(t, sink.Config{})
	q := newQueue()
	for i := range 600 {
		d := delivery(fmt.Sprintf("m%d@slow.example", i))
		d.Received = d.Received.Add(-100 * time.Hour) // the gateway was away: nobody has tried them yet
		q.add(d)
	}
	for i := range 50 {
		q.add(delivery(fmt.Sprintf("m%d@quick.example", i)))
	}
	cfg := several(q, quick, slow)
	cfg.Timeouts.Command, cfg.Drain = time.Hour, time.Millisecond
	cfg.Routes = relay.Routes{{Recipients: patterns(t, "*@slow.example"), Upstreams: []string{"b"}}}
	run(t, cfg)
	if _, err := quick.Wait(t.Context(), 50); err != nil {
		t.Fatal(err)
	}
	for _, o := range q.wait(t, 300) {
		if strings.Contains(o.Copy, "@slow.") && (o.Result != spool.Deferred || !strings.Contains(o.Reply, "more slowly")) {
			t.Fatalf("outcome is %+v", o)
		}
	}
}

func TestACopyThatDemandsVerifiedTLSGoesNowhereElse(t *testing.T) {
	offered := append(sink.Extensions(), "REQUIRETLS")
	for _, c := range []struct {
		name       string
		security   sink.Security
		extensions []string
		verified   bool // the route
		want       spool.Result
		asked      bool // REQUIRETLS
	}{
		{"clear", sink.Clear, offered, false, spool.Failed, false},
		{"clear on this machine, the route is verified", sink.Clear, nil, true, spool.Delivered, false},
		{"clear on this machine, REQUIRETLS offered in clear", sink.Clear, offered, true, spool.Delivered, false},
		{"TLS alone", sink.StartTLS, nil, false, spool.Failed, false},
		{"TLS, the route is verified", sink.StartTLS, nil, true, spool.Delivered, false},
		{"REQUIRETLS", sink.StartTLS, offered, false, spool.Delivered, true},
		{"REQUIRETLS by implicit TLS", sink.Implicit, offered, true, spool.Delivered, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := startSink(t, sink.Config{Security: c.security, Extensions: c.extensions})
			d := delivery("bo@hjemme.example", "eva@hjemme.example")
			d.Copies[0].RequireTLS = true
			q := newQueue(d)
			cfg := config(s, q)
			if c.security != sink.Clear {
				cfg.Upstreams[0].TLS, cfg.Upstreams[0].RootCAs = string(c.security), s.Roots()
			}
			cfg.Routes = relay.Routes{{Verified: c.verified}}
			stop := run(t, cfg)
			outcomes := map[string]spool.Result{}
			for _, o := range q.wait(t, 2) {
				outcomes[o.Copy[2:]] = o.Result
			}
			stop()
			if outcomes["bo@hjemme.example"] != c.want || outcomes["eva@hjemme.example"] != spool.Delivered {
				t.Errorf("outcomes are %v", outcomes)
			}
			asked := false
			for _, command := range s.Commands() {
				asked = asked || strings.HasPrefix(command, "MAIL") && strings.HasSuffix(command, " REQUIRETLS")
			}
			if asked != c.asked {
				t.Errorf("REQUIRETLS asked: %t in %q", asked, s.Commands())
			}
			for _, m := range s.Messages() {
				if c.want == spool.Failed && strings.Contains(strings.Join(m.Recipients(), " "), "bo@") {
					t.Errorf("it was sent: %+v", m)
				}
			}
			if told := q.told(); c.want == spool.Failed {
				if len(told) != 1 || !strings.Contains(read(t, told[0]).status, "Status: 5.7.30") {
					t.Errorf("%d reports", len(told))
				}
			}
		})
	}
}

func TestAServerThatOffersChunksAndTakesNoneGetsDATA(t *testing.T) {
	for _, reply := range []string{"502 5.5.1 What is BDAT?", "500 unknown command", "501 5.5.4 no"} {
		s := startSink(t, sink.Config{Faults: []sink.Fault{{At: sink.AtDATA, Times: 1, Reply: reply}}})
		q := newQueue(delivery("bo@hjemme.example"), delivery("eva@hjemme.example"))
		cfg := config(s, q)
		cfg.Upstreams[0].Connections = 1
		run(t, cfg)
		for _, o := range q.wait(t, 2) {
			if o.Result != spool.Delivered {
				t.Errorf("outcome is %+v", o)
			}
		}
		if got := strings.Join(s.Commands(), "\n"); strings.Count(got, "BDAT") != 1 || strings.Count(got, "DATA") != 2 {
			t.Errorf("commands are %s", got)
		}
	}
}

func TestNewRefusesRoutesThatLeadNowhere(t *testing.T) {
	q := newQueue()
	up := func(id, address, security string) relay.Upstream {
		return relay.Upstream{ID: id, Address: address, TLS: security}
	}
	for want, cfg := range map[string]relay.Config{
		"needs an upstream":    {},
		"have the name \"a\"":  {Upstreams: []relay.Upstream{up("a", "x:25", relay.StartTLS), up("a", "y:25", relay.StartTLS)}},
		"has the name \"b\"":   {Upstreams: []relay.Upstream{up("a", "x:25", relay.StartTLS)}, Routes: relay.Routes{{Upstreams: []string{"b"}}}},
		"goes to \"a\", which": {Upstreams: []relay.Upstream{up("a", "192.0.2.1:25", relay.None)}, Routes: relay.Routes{{Upstreams: []string{"a"}, Verified: true}}},
		"goes to \"c\", which": {Upstreams: []relay.Upstream{up("c", "192.0.2.1:25", relay.None)}, Routes: relay.Routes{{Verified: true}}},
	} {
		cfg.Queue, cfg.Hostname = q, "x"
		if _, err := relay.New(cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, want %q", err, want)
		}
	}
}

func TestHealthSaysWhichUpstreamIsAway(t *testing.T) {
	a, b := startSink(t, sink.Config{}), startSink(t, sink.Config{})
	_ = a.Close()
	q := newQueue(delivery("bo@hjemme.example"))
	cfg := several(q, a, b)
	cfg.Upstreams[1].RootCAs = x509.NewCertPool()
	r, err := relay.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Probe(t.Context()); err != nil {
		t.Fatalf("one of them is there: %v", err)
	}
	if h := r.Health(); h[0].Up || !h[1].Up || h[1].Connections != 1 || h[1].Upstream != "b" {
		t.Errorf("health is %+v", h)
	}
}
