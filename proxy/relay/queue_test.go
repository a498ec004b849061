package relay_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"postvern.example/internal/sink"
	"postvern.example/proxy/relay"
	"postvern.example/proxy/spool"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// queue is a spool in memory. Deferred copies are due again at once, up to
// a number of attempts.
type queue struct {
	attempts int   // after so many a deferred copy is left alone
	failing  int   // so many calls of Finish fail first
	size     int   // deliveries per claim at most; 0 is what is asked for
	failure  error // of Finish
	patient  bool  // deferred copies wait until their time
	refuse   func([]spool.Outcome, []spool.Parcel) error
	owned    func() bool // nil: always

	mu       sync.Mutex
	changed  chan struct{}
	due      []spool.Delivery
	known    map[string]spool.Delivery // by copy
	warned   map[string]bool           // by parcel
	outcomes []spool.Outcome
	reports  []spool.Parcel
}

func newQueue(deliveries ...spool.Delivery) *queue {
	q := &queue{attempts: 1, changed: make(chan struct{}), known: map[string]spool.Delivery{}, warned: map[string]bool{}}
	q.add(deliveries...)
	return q
}

func (q *queue) add(deliveries ...spool.Delivery) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, d := range deliveries {
		for _, c := range d.Copies {
			one := d
			one.Copies = []spool.Copy{c}
			q.known[c.ID] = one
		}
	}
	q.due = append(q.due, deliveries...)
	q.wake()
}

func (q *queue) Owned([]string) bool { return q.owned == nil || q.owned() }

func (q *queue) wake() {
	close(q.changed)
	q.changed = make(chan struct{})
}

func (q *queue) Claim(ctx context.Context, most int) ([]spool.Delivery, error) {
	for {
		q.mu.Lock()
		n := min(most, len(q.due))
		if q.size > 0 {
			n = min(n, q.size)
		}
		claimed := slices.Clone(q.due[:n])
		q.due = q.due[n:]
		changed := q.changed
		q.mu.Unlock()
		if n > 0 {
			return claimed, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (q *queue) Sent([]string) {}

func (q *queue) Finish(_ context.Context, outcomes []spool.Outcome, reports ...spool.Parcel) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.failing > 0 {
		q.failing--
		return q.failure
	}
	if q.refuse != nil {
		if err := q.refuse(outcomes, reports); err != nil {
			return err
		}
	}
	q.outcomes = append(q.outcomes, outcomes...)
	q.reports = append(q.reports, reports...)
	for _, o := range outcomes {
		d := q.known[o.Copy]
		d.Attempt++
		if o.Warning != nil && !q.warned[d.Parcel] {
			q.warned[d.Parcel] = true
			q.reports = append(q.reports, *o.Warning)
		}
		d.Warned = q.warned[d.Parcel]
		q.known[o.Copy] = d
		if o.Result == spool.Deferred && d.Attempt <= q.attempts {
			if !q.patient {
				q.due = append(q.due, d)
				continue
			}
			time.AfterFunc(time.Until(o.Retry), func() {
				q.mu.Lock()
				defer q.mu.Unlock()
				q.due = append(q.due, d)
				q.wake()
			})
		}
	}
	q.wake()
	return nil
}

// wait blocks until n outcomes are stored and returns them.
func (q *queue) wait(t *testing.T, n int) []spool.Outcome {
	t.Helper()
	limit := time.After(20 * time.Second)
	for {
		q.mu.Lock()
		outcomes, changed := slices.Clone(q.outcomes), q.changed
		q.mu.Unlock()
		if len(outcomes) >= n {
			return outcomes
		}
		select {
		case <-changed:
		case <-limit:
			t.Fatalf("%d outcomes, want %d", len(outcomes), n)
		}
	}
}

func (q *queue) told() []spool.Parcel {
	q.mu.Lock()
	defer q.mu.Unlock()
	return slices.Clone(q.reports)
}

const letter = "From: Anna Holm <anna.holm@region.example>\r\nTo: undisclosed-recipients:;\r\n" +
	"Subject: Hemmelig sag\r\nMessage-ID: <1@region.example>\r\n\r\n.Fortroligt\r\n..\r\nHilsen\r\n"

// delivery returns one of letter from Anna to the recipients.
func delivery(to ...string) spool.Delivery {
	d := spool.Delivery{Parcel: "P", Reference: "PV-7K3F9Q", Received: time.Now(), Attempt: 1, Content: []byte(letter)}
	for i, address := range to {
		d.Copies = append(d.Copies, spool.Copy{
			ID: fmt.Sprintf("%d-%s", i, address), Class: spool.Mail, State: spool.Queued,
			From: "anna.holm@region.example", To: address, Language: "da", Sender: "anna.holm@region.example",
		})
	}
	return d
}

func startSink(t *testing.T, cfg sink.Config) *sink.Sink {
	t.Helper()
	s, err := sink.Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// run starts a relay and stops it when the test ends.
func run(t *testing.T, cfg relay.Config) (stop func()) {
	t.Helper()
	r, err := relay.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("Run: %v", err)
			}
		case <-time.After(time.Minute):
			t.Error("Run does not return")
		}
	})
	t.Cleanup(stop)
	return stop
}

func config(s *sink.Sink, q *queue) relay.Config {
	return relay.Config{
		Upstreams: []relay.Upstream{{Address: s.Addr(), TLS: relay.None}},
		Hostname:  "mail.forening.example", Queue: q, Drain: 2 * time.Second,
		Timeouts: relay.Timeouts{Connect: 10 * time.Second, Command: 10 * time.Second, Block: 10 * time.Second, End: 10 * time.Second},
	}
}

// impatient shortens every wait, for upstreams that say nothing.
func impatient(cfg relay.Config) relay.Config {
	const short = 500 * time.Millisecond
	cfg.Timeouts = relay.Timeouts{Connect: short, Command: short, Block: short, End: short}
	return cfg
}
