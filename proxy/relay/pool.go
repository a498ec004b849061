package relay

import (
	"context"
	"errors"
	"fmt"
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
// Whoever needs a session when none is free starts a connection and takes what
// comes first, that one or one that comes back: a server that is slow to greet
// one more client holds nobody up. When the upstream refuses one more
// connection while others live, the pool is as large as what lives for a
// while. When none lives, the circuit opens: nobody dials until its time is
// up, then one caller tries, and the wait doubles when that fails.
type pool struct {
	dial   func(context.Context) (*session, error)
	size   int
	idle   time.Duration // a session unused for so long is closed
	maxAge time.Duration // a session older than this is closed when it comes back
	maxUse int           // and one that carried so many transactions
	now    func() time.Time

	mu      sync.Mutex
	free    []*session
	lent    int
	calls   map[*call]struct{} // connections being made
	room    int                // how many sessions and calls there may be; size, unless the upstream said no
	roomEnd time.Time          // when room is size again
	change  chan struct{}      // closed and replaced when a session or a place becomes free
	closed  bool
	circuit circuit
	wg      sync.WaitGroup
}

// call is a connection being made.
type call struct {
	cancel context.CancelFunc
	done   chan struct{}
	err    error // after done
	again  bool  // after done, with err: others live, wait for one of theirs
}

// circuit remembers that the upstream could not be reached.
type circuit struct {
	failures int
	until    time.Time
	trial    bool // somebody is trying; the others wait
	err      error
}

// The waits of the circuit: the first after a failure, and the longest.
const (
	circuitFirst = time.Second
	circuitMost  = 30 * time.Second
)

func newPool(size int, idle, maxAge time.Duration, maxUse int, now func() time.Time, dial func(context.Context) (*session, error)) *pool {
	return &pool{
		dial: dial, size: size, room: size, idle: idle, maxAge: maxAge, maxUse: maxUse, now: now,
		change: make(chan struct{}), calls: make(map[*call]struct{}),
	}
}

// get lends a session; with fresh none of those that are free now. It waits
// while all places are taken. While the circuit is open it returns errDown.
func (p *pool) get(ctx context.Context, fresh bool) (*session, error) {
	var mine *call
	for {
		s, c, wait, err := p.take(ctx, fresh, mine)
		if s != nil || err != nil {
			return s, err
		}
		fresh, mine = false, c
		var done <-chan struct{}
		if mine != nil {
			done = mine.done
		}
		select {
		case <-done:
			if mine.err != nil && !mine.again {
				return nil, mine.err
			}
			mine = nil
		case <-wait:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// take returns a free session, or the caller's connection in the making (a
// new one if it has none and there is room) and when to look again.
func (p *pool) take(ctx context.Context, fresh bool, mine *call) (*session, *call, <-chan struct{}, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	if p.closed {
		return nil, nil, nil, errStopped
	}
	for n := len(p.free) - 1; n >= 0; n-- {
		s := p.free[n]
		p.free = p.free[:n]
		if fresh || p.spent(s, now) {
			s.close()
			continue
		}
		p.lent++
		return s, nil, nil, nil
	}
	if !p.roomEnd.IsZero() && now.After(p.roomEnd) {
		p.room, p.roomEnd = p.size, time.Time{}
	}
	if mine != nil || p.lent+len(p.calls) >= p.room {
		return nil, mine, p.change, nil
	}
	if p.circuit.failures > 0 {
		if p.circuit.trial || now.Before(p.circuit.until) {
			return nil, nil, nil, fmt.Errorf("%w: %w", errDown, p.circuit.err)
		}
		p.circuit.trial = true
	}
	return nil, p.call(ctx), p.change, nil
}

// call begins to make a connection, which outlives the caller's patience.
func (p *pool) call(ctx context.Context) *call {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	c := &call{cancel: cancel, done: make(chan struct{})}
	p.calls[c] = struct{}{}
	p.wg.Go(func() {
		defer cancel()
		s, err := p.dial(ctx)
		p.called(c, s, err)
		close(c.done)
	})
	return c
}

// called takes note of how a call ended.
func (p *pool) called(c *call, s *session, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.calls, c)
	p.broadcast()
	now := p.now()
	if err == nil {
		s.opened, s.idle = now, now
		p.circuit = circuit{}
		if p.closed {
			s.close()
		} else {
			p.free = append(p.free, s)
		}
		return
	}
	c.err = err
	if live := p.lent + len(p.free); live > 0 {
		p.room, p.roomEnd, c.again = live, now.Add(circuitMost), true
		return
	}
	if p.circuit.failures == 0 || p.circuit.trial { // several may fail at once: that is one failure
		p.circuit = circuit{failures: p.circuit.failures + 1, err: err}
		p.circuit.until = now.Add(min(circuitFirst<<min(p.circuit.failures-1, 10), circuitMost))
	}
}

// put takes a session back.
func (p *pool) put(s *session) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lent--
	p.broadcast()
	now := p.now()
	s.idle = now
	if p.closed || s.broken || p.spent(s, now) {
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

// well reports whether the upstream could be reached when it was last tried.
func (p *pool) well() bool {
	up, _ := p.state()
	return up
}

// state reports whether the upstream could be reached when it was last tried,
// and how many sessions there are.
func (p *pool) state() (up bool, open int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.circuit.failures == 0, p.lent + len(p.free)
}

// alive reports whether a session exists.
func (p *pool) alive() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lent+len(p.free) > 0
}

// stop closes the free sessions now and the lent ones when they come back,
// and waits for connections in the making to be given up.
func (p *pool) stop() {
	p.mu.Lock()
	p.closed = true
	for _, s := range p.free {
		s.close()
	}
	p.free = nil
	for c := range p.calls {
		c.cancel()
	}
	p.broadcast()
	p.mu.Unlock()
	p.wg.Wait()
}

func (p *pool) broadcast() {
	close(p.change)
	p.change = make(chan struct{})
}
