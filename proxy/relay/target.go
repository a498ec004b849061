package relay

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// target is an upstream server with the connections to it and what is known
// of its health.
type target struct {
	upstream Upstream
	pool     *pool
	limit    recipientLimit
	now      func() time.Time
	noChunks atomic.Int64        // Unix seconds: until then it gets no BDAT
	took     prometheus.Observer // times of transactions

	mu      sync.Mutex
	strikes int       // transactions lost or put off, one after the other
	rest    time.Time // until then other servers are asked first
}

// After so many strikes in a row a server rests for so long, where there is
// another one to go to.
const (
	maxStrikes = 3
	restTime   = 30 * time.Second
)

// chunkRest is for how long a server that takes chunks badly is sent DATA.
const chunkRest = time.Hour

func newTarget(u Upstream, cfg Config) *target {
	d := newDialer(u, cfg.Hostname, cfg.Timeouts)
	t := &target{upstream: u, now: cfg.Now, pool: newPool(u.Connections, idleTime, maxAge, maxUse, cfg.Now, d.open)}
	cfg.Metrics.BeginUpstream(u.ID)
	t.took = cfg.Metrics.Exchanges.WithLabelValues(u.ID)
	return t
}

// strike notes how a transaction went: well, or so that another server might
// have done better.
func (t *target) strike(well bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if well {
		t.strikes, t.rest = 0, time.Time{}
		return
	}
	if t.strikes++; t.strikes >= maxStrikes {
		t.rest = t.now().Add(restTime)
	}
}

// well reports whether there is no reason to ask another server first.
func (t *target) well() bool {
	t.mu.Lock()
	resting := t.now().Before(t.rest)
	t.mu.Unlock()
	return !resting && t.pool.well()
}

// chunks reports whether it may be sent BDAT, should it offer that.
func (t *target) chunks() bool { return t.now().Unix() >= t.noChunks.Load() }

// plain makes it a server that gets DATA for a while.
func (t *target) plain() { t.noChunks.Store(t.now().Add(chunkRest).Unix()) }

// revive tries a server that could not be reached, so that it counts as well
// again before a copy has to wait for that.
func (t *target) revive(ctx context.Context) {
	if t.pool.well() {
		return
	}
	if s, err := t.pool.get(ctx, false); err == nil {
		t.pool.put(s)
	}
}
