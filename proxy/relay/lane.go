package relay

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"postvern.example/proxy/spool"
)

// lane is a route with the workers that serve it, so that a slow upstream
// holds up the copies of its own route alone.
type lane struct {
	verified bool
	targets  []*target
	workers  int
	work     chan spool.Delivery
	octets   atomic.Int64 // of content that waits in work
	took     atomic.Int64 // when a worker last took something, Unix nanoseconds
}

// Bounds of what waits in a lane that has others beside it.
const (
	laneLength = 256
	laneOctets = 8 << 20
	laneWait   = 20 * time.Millisecond
)

// errBusy says that a lane had no room.
var errBusy = errors.New("the upstream takes mail more slowly than it comes")

// lanes makes a lane for each route, and one for what no route matches.
func (r *Relay) makeLanes() {
	byID := make(map[string]*target)
	for _, u := range r.cfg.Upstreams {
		t := newTarget(u, r.cfg)
		r.targets = append(r.targets, t)
		byID[u.ID] = t
	}
	for _, route := range append(append(Routes(nil), r.cfg.Routes...), Route{}) {
		l := &lane{verified: route.Verified}
		for _, id := range route.Upstreams {
			l.targets = append(l.targets, byID[id])
		}
		if len(route.Upstreams) == 0 {
			l.targets = r.targets
		}
		for _, t := range l.targets {
			l.workers = max(l.workers, t.upstream.Connections)
		}
		r.lanes = append(r.lanes, l)
	}
	for _, l := range r.lanes {
		length := laneLength
		if len(r.lanes) == 1 {
			length = 0 // nobody else is held up: what waits stays in the spool
		}
		l.work = make(chan spool.Delivery, length)
	}
}

// workers returns how many deliveries can be in progress.
func (r *Relay) workers() (n int) {
	for _, l := range r.lanes {
		n += l.workers
	}
	return n
}

// serve delivers what comes along a lane until its work is closed.
func (r *Relay) serve(soft, hard context.Context, l *lane, results chan<- []result) {
	for d := range l.work {
		l.octets.Add(-int64(d.Size()))
		l.took.Store(time.Now().UnixNano())
		results <- r.deliver(soft, hard, l, d)
	}
}

// dispatch hands a delivery to the lanes of its copies. Where a lane among
// several has no room, its copies are put off.
func (r *Relay) dispatch(d spool.Delivery, results chan<- []result) {
	if len(r.lanes) == 1 {
		r.lanes[0].octets.Add(int64(d.Size()))
		r.lanes[0].work <- d // a worker takes it even while stopping, and gives it back
		return
	}
	for i, copies := range r.sorted(d.Copies) {
		one := d
		one.Copies = copies
		if l := r.lanes[i]; !l.offer(one) {
			a := &delivery{relay: r, lane: l, spool: one, verdicts: make(map[string]*verdict), started: r.cfg.Now()}
			a.all(verdict{result: spool.Deferred, why: errBusy, most: outageWait})
			results <- a.results()
		}
	}
}

// sorted returns copies by the index of their lane.
func (r *Relay) sorted(copies []spool.Copy) map[int][]spool.Copy {
	out := make(map[int][]spool.Copy, 1)
	for _, c := range copies {
		i := r.cfg.Routes.index(c.Class, c.To)
		out[i] = append(out[i], c)
	}
	return out
}

// offer puts a delivery into the lane where there is room. It waits a moment
// for a lane that moves fast: putting copies off costs more than that.
func (l *lane) offer(d spool.Delivery) bool {
	size := int64(d.Size())
	if waiting := l.octets.Add(size); waiting > laneOctets && waiting > size {
		l.octets.Add(-size)
		return false
	}
	select {
	case l.work <- d:
		return true
	default:
	}
	if time.Now().UnixNano()-l.took.Load() < laneWait.Nanoseconds() {
		timer := time.NewTimer(laneWait)
		defer timer.Stop()
		select {
		case l.work <- d:
			return true
		case <-timer.C:
		}
	}
	l.octets.Add(-size)
	return false
}

// order returns the upstreams of a lane as they are to be asked: those that
// are well first.
func (l *lane) order() []*target {
	if len(l.targets) == 1 {
		return l.targets
	}
	ordered := make([]*target, 0, len(l.targets))
	var sick []*target
	for _, t := range l.targets {
		if t.well() {
			ordered = append(ordered, t)
		} else {
			sick = append(sick, t)
		}
	}
	return append(ordered, sick...)
}

// crew starts the workers of all lanes and returns how to end them.
func (r *Relay) crew(soft, hard context.Context, results chan<- []result) (end func()) {
	var workers sync.WaitGroup
	for _, l := range r.lanes {
		for range l.workers {
			workers.Go(func() { r.serve(soft, hard, l, results) })
		}
	}
	for _, one := range r.rounds {
		for range one.Workers {
			workers.Go(func() { r.carry(soft, hard, one, results) })
		}
	}
	return func() {
		for _, one := range r.rounds {
			close(one.work)
		}
		for _, l := range r.lanes {
			close(l.work)
		}
		workers.Wait()
	}
}
