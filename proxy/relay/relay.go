// Package relay delivers copies to the upstream mail server (RFC 5321, RFC
// 2920, RFC 3207, RFC 4954) and tells their senders when it cannot.
//
// Failure rules:
//   - A copy is finished as delivered only after a 2xx to the final dot. When
//     the connection is lost after it, the copy is sent again: at least once,
//     never less.
//   - What keeps us from a session at all (no connection, no STARTTLS, a
//     certificate that does not fit, a refused login, a 5xx greeting) defers.
//     Nothing is ever sent in clear because TLS failed.
//   - Where a route has several upstreams, a copy that one of them did not take
//     for a while is offered to the next in the same attempt, unless its content
//     was sent and the answer lost: then it waits, so as not to arrive twice.
//   - A copy that demands verified TLS all the way (Copy.RequireTLS) goes only
//     where the upstream offers REQUIRETLS (RFC 8689) or its route is marked as
//     verified. Else it fails, with a report; it is never sent without.
//   - A copy that is not ours any more is not sent: that is asked before a
//     transaction begins, and once more before its content is ended.
//   - A 4xx defers, a 5xx to a recipient or its message fails that copy. A
//     reply that speaks of our login or of lost order defers, whatever its
//     class: the mail is not to blame.
//   - A copy that is deferred when its time (Config.GiveUp) is over fails. What
//     counts is the time in which it was tried: a gateway that was off for
//     longer gives nothing up at its first attempt.
//   - A failed copy that has a sender leaves only together with its report,
//     in one Finish. Notices and reports are never reported on.
//   - Content with a bare CR, a bare LF or a NUL is never sent: it fails.
//   - An error of the queue is logged and tried again; outcomes are kept until
//     they are stored, and no new copies are claimed meanwhile.
package relay

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"postvern.example/internal/metrics"
	"postvern.example/proxy/spool"
)

// Queue is what the relay asks of the spool.
type Queue interface {
	// Claim blocks until at least one copy is due and returns up to max
	// deliveries, or an error when the context ends.
	Claim(ctx context.Context, max int) ([]spool.Delivery, error)
	// Owned reports whether claimed copies are still ours: another node may have
	// taken them over.
	Owned(copies []string) bool
	// Sent notes at once which copies the upstream took, until Finish has stored
	// that.
	Sent(copies []string)
	// Finish stores the outcomes and accepts the parcels, in one transaction.
	Finish(ctx context.Context, outcomes []spool.Outcome, reports ...spool.Parcel) error
}

// Config is what a Relay is made of.
type Config struct {
	Upstreams    []Upstream    // at least one
	Routes       Routes        // which copies go to which of them; none: all, in their order
	Hostname     string        // said in EHLO, and the domain of reports
	GiveUp       time.Duration // how long a copy is tried until it fails; 0 is 48 h
	DelayWarning time.Duration // after which its sender is told once; 0 is 4 h, negative is never
	Drain        time.Duration // how long transactions in progress may take after Run's context ended; 0 is 30 s
	Timeouts     Timeouts
	Queue        Queue
	Metrics      *metrics.Metrics // nil: not counted
	Logger       *slog.Logger     // nil: not logged
	Now          func() time.Time // nil is time.Now
	Reporter     Reporter
	Couriers     map[spool.Class]Round // of classes that do not go by mail; those without one wait
}

// Relay delivers copies. It is safe for use by several goroutines; Run is
// called once.
type Relay struct {
	cfg     Config
	targets []*target
	rounds  map[spool.Class]*round
	lanes   []*lane // one for each route, and the last for what none matches
	probe   sync.Mutex
	probed  time.Time // the last good probe
}

// The life of a connection in the pool.
const (
	idleTime = 20 * time.Second
	maxAge   = 5 * time.Minute
	maxUse   = 1000
)

// New checks the configuration and returns a Relay that does nothing until
// Run. It connects nowhere.
func New(cfg Config) (*Relay, error) {
	if cfg.Queue == nil {
		return nil, errors.New("the relay needs a queue")
	}
	if cfg.Hostname == "" {
		return nil, errors.New("the relay needs a host name")
	}
	if err := cfg.checkWays(); err != nil {
		return nil, err
	}
	set := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	set(&cfg.GiveUp, 48*time.Hour)
	set(&cfg.DelayWarning, 4*time.Hour)
	set(&cfg.Drain, 30*time.Second)
	cfg.Timeouts = cfg.Timeouts.withDefaults()
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Metrics == nil {
		cfg.Metrics = metrics.New(prometheus.NewRegistry())
	}
	cfg.Reporter = cfg.Reporter.withDefaults(cfg.Hostname)
	r := &Relay{cfg: cfg, rounds: newRounds(cfg.Couriers)}
	r.makeLanes()
	return r, nil
}

// Run claims, delivers and finishes copies until ctx ends. Then it gives back
// what it has not begun, waits for transactions in progress (Config.Drain at
// most), stores their outcomes and returns nil. Copies whose outcome could not
// be stored are delivered again by whoever claims them next.
func (r *Relay) Run(ctx context.Context) error {
	hard, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	defer cancel(nil)
	drain := context.AfterFunc(ctx, func() {
		timer := time.NewTimer(r.cfg.Drain)
		defer timer.Stop()
		select {
		case <-timer.C:
			cancel(errStopped)
		case <-hard.Done():
		}
	})
	defer drain()

	results := make(chan []result, max(4*r.workers(), maxBatch))
	var finisher, reaper sync.WaitGroup
	end := r.crew(ctx, hard, results)
	finisher.Go(func() { r.finish(hard, results) })
	reaper.Go(func() { r.reap(ctx) })

	r.claim(ctx, results)
	end()
	close(results)
	finisher.Wait()
	reaper.Wait()
	for _, t := range r.targets {
		t.pool.stop()
	}
	return nil
}

// claim hands out deliveries until ctx ends. It claims few at once, as they
// wait with their content in memory: no more than there are workers, less
// where content is large, or where sending is so slow that a copy would wait
// for those before it.
func (r *Relay) claim(ctx context.Context, results chan<- []result) {
	workers := r.workers()
	batch, pause := workers, minPause
	for ctx.Err() == nil {
		deliveries, err := r.cfg.Queue.Claim(ctx, batch)
		if err != nil {
			if ctx.Err() == nil {
				r.cfg.Logger.Error("claim copies", "error", err)
				pause = sleep(ctx, pause)
			}
			continue
		}
		pause = minPause
		begun, size := time.Now(), 0
		for _, d := range deliveries {
			size += d.Size()
			if couriered(d.Copies[0].Class) {
				r.hand(d, results)
			} else {
				r.dispatch(d, results)
			}
		}
		batch = min(batch*2, workers)
		if size > maxBytes || time.Since(begun) > time.Second {
			batch = max(len(deliveries)/4, 1)
		}
	}
}

// maxBytes is how much content a claim may bring before the next is smaller.
const maxBytes = 8 << 20

// The pauses after an error of the queue.
const (
	minPause = 50 * time.Millisecond
	maxPause = 5 * time.Second
)

// sleep waits and returns the next, longer pause.
func sleep(ctx context.Context, pause time.Duration) time.Duration {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	return min(2*pause, maxPause)
}

// reap closes connections that nobody needs, and looks after upstreams that
// could not be reached.
func (r *Relay) reap(ctx context.Context) {
	ticker := time.NewTicker(idleTime / 4)
	defer ticker.Stop()
	var visits sync.WaitGroup
	defer visits.Wait()
	for {
		select {
		case <-ticker.C:
			for _, t := range r.targets {
				t.pool.reap()
				visits.Go(func() { t.revive(ctx) })
			}
		case <-ctx.Done():
			return
		}
	}
}

// Health is how an upstream stands.
type Health struct {
	Upstream    string // its name
	Up          bool   // it was reachable when it was last asked
	Connections int    // open now
}

// Health returns how each upstream stands, in the order of the configuration.
func (r *Relay) Health() []Health {
	var out []Health
	for _, t := range r.targets {
		up, open := t.pool.state()
		out = append(out, Health{Upstream: t.upstream.ID, Up: up, Connections: open})
	}
	return out
}

// Probe returns nil when an upstream is reachable: a session lives, one was
// opened within the last seconds, or one can be opened, secured and logged in
// now. Else it returns why the last of them is not.
func (r *Relay) Probe(ctx context.Context) (err error) {
	r.probe.Lock()
	defer r.probe.Unlock()
	now := r.cfg.Now()
	if !r.probed.IsZero() && now.Sub(r.probed) < idleTime {
		return nil
	}
	for _, t := range r.targets {
		if t.pool.alive() {
			return nil
		}
		s, failure := t.pool.get(ctx, false)
		if failure == nil {
			t.pool.put(s)
			r.probed = now
			return nil
		}
		err = fmt.Errorf("probe upstream: %w", failure)
	}
	return err
}
