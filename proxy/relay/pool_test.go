package relay_test

import (
	"fmt"
	"net"
	"testing"
	"time"

	"postvern.example/internal/sink"
	"postvern.example/proxy/spool"
)

func TestConnectionsAreReused(t *testing.T) {
	for _, pool := range []int{1, 4} {
		s := startSink(t, sink.Config{})
		q := newQueue()
		for i := range 200 {
			q.add(delivery(fmt.Sprintf("m%d@hjemme.example", i)))
		}
		cfg := config(s, q)
		cfg.Upstreams[0].Connections = pool
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
	cfg.Upstreams[0].Connections = 1
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
		cfg.Upstreams[0].Connections = 1
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
