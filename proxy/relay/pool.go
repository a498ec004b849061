package relay

import (
	"context"
	"errors"
	"sync"
	"time"
)

// errDown says that the upstream was unreachable a moment ago and that it is
// not yet time to try again.
var errDown = errors.New("upstream is unreachable")

// errStopped says that the relay is shutting down.
var errStopped = errors.New("relay is stopping")

// pool lends sessions. It keeps the ones that are not in use, the last used on
// top, so that few connections are kept busy and the others grow old and go.
//
// When the upstream refuses one more connection while others live, the pool is
// as large as what lives for a while, and callers wait for a session that
// comes back. When none lives, the circuit opens: nobody dials until its time
// is up, then one caller tries, and the wait doubles when that fails.
type pool struct {
	dial   func(context.Context) (*session, error)
	size   int
	idle   time.Duration // a session unused for so long is closed
	maxAge time.Duration // a session older than this is closed when it comes back
	maxUse int           // and one that carried so many transactions
	now    func() time.Time

	mu      sync.Mutex
	free    []*session
	held    int           // places taken: sessions lent and dials in progress
	live    int           // sessions that exist, lent or free
	room    int           // how many places there are; size, unless the upstream said no
	roomEnd time.Time     // when room is size again
	change  chan struct{} // closed and replaced whenever a place becomes free
	closed  bool
	circuit circuit
}

// circuit remembers that the upstream could not be reached.
type circuit struct {
	failures int
	until    time.Time
	trial    bool // somebody is trying; the others wait
}

// The waits of the circuit: the first after a failure, and the longest.
const (
	circuitFirst = time.Second
	circuitMost  = 30 * time.Second
)

func newPool(size int, idle, maxAge time.Duration, maxUse int, now func() time.Time, dial func(context.Context) (*session, error)) *pool {
	return &pool{
		dial: dial, size: size, room: size, idle: idle, maxAge: maxAge, maxUse: maxUse, now: now,
		change: make(chan struct{}),
	}
}

// get lends a session, a new one if fresh is true. It waits while all places
// are taken. It returns errDown while the circuit is open.
func (p *pool) get(ctx context.Context, fresh bool) (*session, error) {
	for {
		s, wait, err := p.take(fresh)
		if s != nil || err != nil {
			return s, err
		}
		if wait == nil {
			s, err := p.dial(ctx)
			if p.dialled(err) {
				continue
			}
			if err == nil {
				s.opened = p.now()
			}
			return s, err
		}
		select {
		case <-wait:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// take returns a free session, or nothing to wait for: then a place is taken
// and the caller has to dial.
func (p *pool) take(fresh bool) (*session, <-chan struct{}, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	if p.closed {
		return nil, nil, errStopped
	}
	if !p.roomEnd.IsZero() && now.After(p.roomEnd) {
		p.room, p.roomEnd = p.size, time.Time{}
	}
	if p.held >= p.room {
		return nil, p.change, nil
	}
	for n := len(p.free) - 1; n >= 0; n-- {
		s := p.free[n]
		p.free = p.free[:n]
		if fresh || p.spent(s, now) {
			p.live--
			s.close()
			continue
		}
		p.held++
		return s, nil, nil
	}
	if p.circuit.failures > 0 {
		if p.circuit.trial || now.Before(p.circuit.until) {
			return nil, nil, errDown
		}
		p.circuit.trial = true
	}
	p.held++
	return nil, nil, nil
}

// dialled takes note of how a dial ended, and reports whether the caller had
// better wait for a session of others.
func (p *pool) dialled(err error) (again bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	if err == nil {
		p.live++
		p.circuit = circuit{}
		return false
	}
	p.held--
	p.broadcast()
	if p.live > 0 {
		p.room, p.roomEnd = p.live, now.Add(circuitMost)
		return true
	}
	if p.circuit.failures == 0 || p.circuit.trial { // several may fail at once: that is one failure
		p.circuit = circuit{failures: p.circuit.failures + 1}
		p.circuit.until = now.Add(min(circuitFirst<<min(p.circuit.failures-1, 10), circuitMost))
	}
	return false
}

// put takes a session back.
func (p *pool) put(s *session) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.held--
	p.broadcast()
	now := p.now()
	s.idle = now
	if p.closed || s.broken || p.spent(s, now) {
		p.live--
		s.close()
		return
	}
	p.free = append(p.free, s)
}

func (p *pool) spent(s *session, now time.Time) bool {
	return now.Sub(s.idle) >= p.idle || now.Sub(s.opened) >= p.maxAge || s.used >= p.maxUse
}

// reap closes the sessions that nobody needed for a while.
func (p *pool) reap() {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	kept := p.free[:0]
	for _, s := range p.free {
		if p.spent(s, now) {
			p.live--
			s.close()
		} else {
			kept = append(kept, s)
		}
	}
	p.free = kept
}

// retryAt returns when it makes sense to try the upstream again.
func (p *pool) retryAt() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.circuit.until
}

// alive reports whether a session exists.
func (p *pool) alive() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.live > 0
}

// stop closes the free sessions now and the lent ones when they come back.
func (p *pool) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for _, s := range p.free {
		p.live--
		s.close()
	}
	p.free = nil
	p.broadcast()
}

func (p *pool) broadcast() {
	close(p.change)
	p.change = make(chan struct{})
}
