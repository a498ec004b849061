package relay_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"postvern.example/internal/sink"
	"postvern.example/proxy/relay"
	"postvern.example/proxy/spool"
)

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
	cfg.Upstreams[0].Connections = 2
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
		{errors.New("a page of the store cannot be read"), "gone@hjemme.example", nil, ""},
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
		cfg := config(s, q)
		cfg.Drain = time.Millisecond
		stop := run(t, cfg)
		n := 4
		if c.want == "" {
			n = 3
		}
		outcomes := q.wait(t, n-1)
		q.add(delivery("c@hjemme.example")) // which comes while the others wait
		outcomes = append(outcomes[:0], q.wait(t, n)...)
		stop()
		got := map[string]spool.Result{}
		for _, o := range outcomes {
			_, to, _ := strings.Cut(o.Copy, "-")
			got[to] = o.Result
		}
		if got["a@hjemme.example"] != spool.Delivered || got["b@hjemme.example"] != spool.Delivered || got["c@hjemme.example"] != spool.Delivered || got[c.to] != c.want {
			t.Errorf("%v: outcomes are %v", c.failure, got)
		}
	}
}

func TestASlowCopyHoldsUpNoOther(t *testing.T) {
	s := startSink(t, sink.Config{Faults: []sink.Fault{{At: sink.AtRCPT, Recipient: "slow@hjemme.example", Delay: 4 * time.Second}}})
	slow := delivery("slow@hjemme.example")
	q := newQueue(slow)
	for i := range 100 {
		q.add(delivery(fmt.Sprintf("m%d@hjemme.example", i)))
	}
	cfg := config(s, q)
	cfg.Timeouts.Command, cfg.Upstreams[0].Connections = 30*time.Second, 2
	run(t, cfg)
	for i, o := range q.wait(t, 101)[:100] {
		if o.Copy == slow.Copies[0].ID {
			t.Errorf("%d waited for the slow one", 100-i)
		}
	}
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
