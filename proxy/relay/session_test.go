package relay_test

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

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
			cfg.Upstream.TLS, cfg.Upstream.Username, cfg.Upstream.Password, cfg.Upstream.Name = c.tls, "gateway", "s3cret", c.server
			cfg.Upstream.RootCAs = x509.NewCertPool()
			if c.trust && s.Roots() != nil {
				cfg.Upstream.RootCAs = s.Roots()
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
			cfg.Upstream.Username, cfg.Upstream.Password = "gateway", c.password
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
		"queue":               {Hostname: "x", Upstream: relay.Upstream{Address: "a:25", TLS: relay.None}},
		"host name":           {Queue: q, Upstream: relay.Upstream{Address: "a:25", TLS: relay.None}},
		"host:port":           {Queue: q, Hostname: "x", Upstream: relay.Upstream{Address: "a", TLS: relay.None}},
		"none of starttls":    {Queue: q, Hostname: "x", Upstream: relay.Upstream{Address: "a:25", TLS: "sometimes"}},
		"crosses a network":   {Queue: q, Hostname: "x", Upstream: relay.Upstream{Address: "a:25", TLS: relay.None, Username: "u"}},
		"never crosses a net": {Queue: q, Hostname: "x", Upstream: relay.Upstream{Address: "192.0.2.1:25", TLS: relay.None, Username: "u"}},
	} {
		if _, err := relay.New(cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, want %q", err, want)
		}
	}
}

func TestConnectionsAreReused(t *testing.T) {
	for _, pool := range []int{1, 4} {
		s := startSink(t, sink.Config{})
		q := newQueue()
		for i := range 200 {
			q.add(delivery(fmt.Sprintf("m%d@hjemme.example", i)))
		}
		cfg := config(s, q)
		cfg.Pool = pool
		stop := run(t, cfg)
		for _, o := range q.wait(t, 200) {
			if o.Result != spool.Delivered {
				t.Fatalf("outcome is %+v", o)
			}
		}
		stop()
		if got := s.Stats(); got.Sessions > pool || got.Resets != 0 || got.Messages != 200 {
			t.Errorf("pool of %d: %+v", pool, got)
		}
	}
}

func TestARefusedTransactionIsResetBeforeTheNext(t *testing.T) {
	s := startSink(t, sink.Config{Faults: []sink.Fault{{At: sink.AtRCPT, Recipient: "eva@hjemme.example", Reply: "550 5.1.1 unknown"}}})
	q := newQueue(delivery("eva@hjemme.example"), delivery("bo@hjemme.example"), delivery("ida@hjemme.example"))
	cfg := config(s, q)
	cfg.Pool = 1
	run(t, cfg)
	q.wait(t, 3)
	if got := s.Stats(); got.Sessions != 1 || got.Resets != 1 || got.Messages != 2 {
		t.Errorf("%+v", got)
	}
}

func TestAConnectionThatDiedIdleCostsNoAttempt(t *testing.T) {
	for _, reply := range []string{"", "421 4.4.2 idle too long"} {
		s := startSink(t, sink.Config{Faults: []sink.Fault{{At: sink.AtMAIL, After: 1, Times: 1, Reply: reply, Drop: true}}})
		q := newQueue(delivery("bo@hjemme.example"), delivery("eva@hjemme.example"))
		cfg := config(s, q)
		cfg.Pool = 1
		run(t, cfg)
		for _, o := range q.wait(t, 2) {
			if o.Result != spool.Delivered {
				t.Errorf("outcome is %+v", o)
			}
		}
		if got := s.Stats(); got.Sessions != 2 || got.Messages != 2 {
			t.Errorf("%+v", got)
		}
	}
}

func TestAnUpstreamThatAllowsFewConnectionsIsNotDown(t *testing.T) {
	s := startSink(t, sink.Config{Faults: []sink.Fault{
		{At: sink.AtConnect, After: 2, Reply: "421 4.7.0 too many connections", Drop: true},
		{At: sink.AtMAIL, Delay: 2 * time.Millisecond},
	}})
	q := newQueue()
	q.add(delivery("first@hjemme.example"))
	run(t, config(s, q))
	q.wait(t, 1) // one connection is there before the rush
	for i := range 60 {
		q.add(delivery(fmt.Sprintf("m%d@hjemme.example", i)))
	}
	for _, o := range q.wait(t, 61) {
		if o.Result != spool.Delivered {
			t.Fatalf("outcome is %+v", o)
		}
	}
}

func TestAServerThatIsSlowToGreetHoldsNobodyUp(t *testing.T) {
	s := startSink(t, sink.Config{Faults: []sink.Fault{
		{At: sink.AtConnect, After: 1, Hang: true},
		{At: sink.AtMAIL, Delay: 2 * time.Millisecond},
	}})
	q := newQueue(delivery("first@hjemme.example"))
	cfg := config(s, q)
	cfg.Timeouts.Command = time.Hour
	stop := run(t, cfg)
	q.wait(t, 1)
	for i := range 60 {
		q.add(delivery(fmt.Sprintf("m%d@hjemme.example", i)))
	}
	for _, o := range q.wait(t, 61) {
		if o.Result != spool.Delivered {
			t.Fatalf("outcome is %+v", o)
		}
	}
	stop()
	if n := s.Stats().Sessions; n < 2 {
		t.Errorf("%d connections: nobody met the slow one", n)
	}
}

func TestStoppingDoesNotWaitForAConnection(t *testing.T) {
	s := startSink(t, sink.Config{Faults: []sink.Fault{{At: sink.AtConnect, Hang: true}}})
	q := newQueue(delivery("bo@hjemme.example"))
	cfg := config(s, q)
	cfg.Timeouts.Command, cfg.Drain = time.Hour, time.Hour
	stop := run(t, cfg)
	for s.Stats().Sessions == 0 {
		time.Sleep(time.Millisecond)
	}
	stop()
	if o := q.wait(t, 1)[0]; o.Result != spool.Deferred || time.Until(o.Retry) > 0 {
		t.Errorf("outcome is %+v", o)
	}
}

func TestTooManyRecipientsGoInSeveralTransactions(t *testing.T) {
	for _, reply := range []string{"452 4.5.3 too many", "552 5.5.3 too many", "452 too many"} {
		s := startSink(t, sink.Config{Faults: []sink.Fault{{At: sink.AtRCPT, After: 100, Times: 20, Reply: reply}}})
		var to []string
		for i := range 250 {
			to = append(to, fmt.Sprintf("m%d@hjemme.example", i))
		}
		q := newQueue(delivery(to...))
		run(t, config(s, q))
		for _, o := range q.wait(t, 250) {
			if o.Result != spool.Delivered {
				t.Fatalf("outcome is %+v", o)
			}
		}
		seen := map[string]int{}
		for _, m := range s.Messages() {
			for _, r := range m.Recipients() {
				seen[r]++
			}
		}
		for _, address := range to {
			if seen[address] != 1 {
				t.Errorf("%s got %d", address, seen[address])
			}
		}
	}
}

func TestAnOutageIsAskedAboutSeldomAndEndsByItself(t *testing.T) {
	s := startSink(t, sink.Config{})
	address := s.Addr()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	var q *queue
	dialled := 0
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			dialled++
			_ = conn.Close()
		}
	}()
	q = newQueue()
	for i := range 300 {
		q.add(delivery(fmt.Sprintf("m%d@hjemme.example", i)))
	}
	run(t, config(s, q))
	for _, o := range q.wait(t, 300) {
		if o.Result != spool.Deferred || time.Until(o.Retry) <= 0 || time.Until(o.Retry) > 5*time.Second {
			t.Fatalf("outcome is %+v", o)
		}
	}
	_ = l.Close()
	<-done
	if dialled > 16 {
		t.Errorf("dialled %d times for 300 copies", dialled)
	}
	back := startSink(t, sink.Config{Address: address})
	time.Sleep(1100 * time.Millisecond)
	q.add(delivery("bo@hjemme.example"))
	if o := q.wait(t, 301)[300]; o.Result != spool.Delivered || back.Stats().Messages != 1 {
		t.Errorf("outcome is %+v", o)
	}
}

func TestAnUpstreamThatFlapsLosesNothing(t *testing.T) {
	const n = 400
	lost := []sink.Fault{{At: sink.AtEnd, After: 50, Times: 5, Drop: true}, {At: sink.AtRCPT, After: 70, Times: 5, Reply: "450 4.2.0 later"}}
	first := startSink(t, sink.Config{Faults: append(lost, sink.Fault{At: sink.AtMAIL, Delay: time.Millisecond})})
	q := newQueue()
	q.attempts, q.patient = 100, true
	for i := range n {
		q.add(delivery(fmt.Sprintf("m%d@hjemme.example", i)))
	}
	run(t, config(first, q))
	if _, err := first.Wait(t.Context(), 100); err != nil {
		t.Fatal(err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(100 * time.Millisecond)
	second := startSink(t, sink.Config{Address: first.Addr()})
	delivered, limit := map[string]int{}, time.Now().Add(30*time.Second)
	for len(delivered) < n && time.Now().Before(limit) {
		time.Sleep(20 * time.Millisecond)
		clear(delivered)
		for _, o := range q.wait(t, 0) {
			if o.Result == spool.Delivered {
				delivered[o.Copy]++
			}
		}
	}
	arrived := map[string]int{}
	for _, m := range append(first.Messages(), second.Messages()...) {
		arrived[m.Recipients()[0]]++
	}
	again := 0
	for i := range n {
		address := fmt.Sprintf("m%d@hjemme.example", i)
		again += arrived[address] - 1
		if delivered["0-"+address] != 1 || arrived[address] < 1 {
			t.Errorf("%s: delivered %d, arrived %d", address, delivered["0-"+address], arrived[address])
		}
	}
	if again < 5 || again > 5+8 { // the lost 250s, and what was in transit when the server fell
		t.Errorf("%d arrived again", again)
	}
}

func TestStoppingFinishesWhatIsInProgress(t *testing.T) {
	s := startSink(t, sink.Config{Faults: []sink.Fault{{At: sink.AtEnd, Delay: 200 * time.Millisecond}}})
	q := newQueue()
	for i := range 20 {
		q.add(delivery(fmt.Sprintf("m%d@hjemme.example", i)))
	}
	cfg := config(s, q)
	cfg.Pool = 2
	stop := run(t, cfg)
	q.wait(t, 2)
	stop()
	delivered, back := 0, 0
	for _, o := range q.wait(t, 2) {
		switch o.Result {
		case spool.Delivered:
			delivered++
		case spool.Deferred:
			back++
			if time.Until(o.Retry) > 0 {
				t.Errorf("given back until %s", o.Retry)
			}
		case spool.Failed:
			t.Errorf("outcome is %+v", o)
		}
	}
	if got := s.Stats().Messages; delivered != got || delivered < 2 || delivered > 6 {
		t.Errorf("%d delivered by the queue, %d by the upstream, %d given back", delivered, got, back)
	}
}

func TestStoppingDoesNotWaitForeverForAMuteUpstream(t *testing.T) {
	s := startSink(t, sink.Config{Faults: []sink.Fault{{At: sink.AtEnd, Hang: true}}})
	q := newQueue(delivery("bo@hjemme.example"))
	cfg := config(s, q)
	cfg.Timeouts.End, cfg.Drain = time.Hour, 100*time.Millisecond
	stop := run(t, cfg)
	if _, err := s.Wait(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	stop()
	if o := q.wait(t, 1)[0]; o.Result != spool.Deferred {
		t.Errorf("outcome is %+v", o)
	}
}

func TestOutcomesAreKeptUntilTheyAreStored(t *testing.T) {
	s := startSink(t, sink.Config{})
	q := newQueue(delivery("bo@hjemme.example"))
	q.failing, q.failure = 2, errors.New("disk on fire")
	run(t, config(s, q))
	if o := q.wait(t, 1); len(o) != 1 || o[0].Result != spool.Delivered || s.Stats().Messages != 1 {
		t.Errorf("outcomes are %+v", o)
	}
}

func TestACopyThatTheSpoolForbidsHoldsUpNoOther(t *testing.T) {
	for _, c := range []struct {
		failure error
		to      string
		fault   []sink.Fault
		want    spool.Result // of the copy that met the failure; "" is none
	}{
		{spool.ErrNotFound, "gone@hjemme.example", nil, ""},
		{spool.ErrFull, "refused@hjemme.example", []sink.Fault{{At: sink.AtRCPT, Recipient: "refused@hjemme.example", Reply: "550 5.1.1 no"}}, spool.Deferred},
	} {
		s := startSink(t, sink.Config{Faults: c.fault})
		q := newQueue(delivery(c.to, "a@hjemme.example"), delivery("b@hjemme.example"))
		q.refuse = func(outcomes []spool.Outcome, reports []spool.Parcel) error {
			gone := slices.ContainsFunc(outcomes, func(o spool.Outcome) bool { return strings.Contains(o.Copy, "gone") })
			if gone || len(reports) > 0 {
				return c.failure
			}
			return nil
		}
		stop := run(t, config(s, q))
		n := 3
		if c.want == "" {
			n = 2
		}
		outcomes := q.wait(t, n)
		stop()
		got := map[string]spool.Result{}
		for _, o := range outcomes {
			_, to, _ := strings.Cut(o.Copy, "-")
			got[to] = o.Result
		}
		if got["a@hjemme.example"] != spool.Delivered || got["b@hjemme.example"] != spool.Delivered || got[c.to] != c.want {
			t.Errorf("%v: outcomes are %v", c.failure, got)
		}
	}
}

func TestASlowCopyHoldsUpNoOther(t *testing.T) {
	s := startSink(t, sink.Config{Faults: []sink.Fault{{At: sink.AtRCPT, Recipient: "slow@hjemme.example", Delay: 2 * time.Second}}})
	q := newQueue(delivery("slow@hjemme.example"))
	for i := range 100 {
		q.add(delivery(fmt.Sprintf("m%d@hjemme.example", i)))
	}
	cfg := config(s, q)
	cfg.Timeouts.Command, cfg.Pool = 5*time.Second, 2
	begun := time.Now()
	run(t, cfg)
	q.wait(t, 100)
	if took := time.Since(begun); took > 1800*time.Millisecond {
		t.Errorf("the others waited %s", took)
	}
	q.wait(t, 101)
}

func TestProbe(t *testing.T) {
	s := startSink(t, sink.Config{})
	q := newQueue()
	r, err := relay.New(config(s, q))
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := r.Probe(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if n := s.Stats().Sessions; n != 1 {
		t.Errorf("%d connections", n)
	}
	closed := startSink(t, sink.Config{})
	cfg := config(closed, q)
	_ = closed.Close()
	if r, err = relay.New(cfg); err != nil {
		t.Fatal(err)
	}
	if err := r.Probe(t.Context()); err == nil {
		t.Error("an upstream that is gone was found")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.Run(ctx); err != nil {
		t.Error(err)
	}
}
