package spool

import (
	"context"
	"errors"
	"sync"
	"time"
)

// lease is how long a node of several may be silent before another takes over
// its claims.
const lease = 15 * time.Second

// leased reports whether several nodes may serve this store, so that each needs
// a lease for its claims.
func (s *Store) leased() bool {
	_, ok := s.lang.queries["renew"]
	return ok && s.cfg.TakeBack
}

// mayClaim reports whether this node's lease still runs. One that has lost the
// store stops handing out copies before another node takes them over.
func (s *Store) mayClaim() bool {
	return !s.leased() || s.lasts.now()
}

// Owned reports whether claimed copies are still this process's to send. One
// that was stopped for longer than its lease must not end what it began: another
// node may have sent them since. This is asked of the clock alone; a machine
// whose clock stood still with it does not know.
func (s *Store) Owned(copies []string) bool {
	return s.mayClaim() && s.waiting.owned(copies)
}

// until is a moment that neither a clock that is set back nor one that stops
// while the machine sleeps puts off.
type until struct {
	mu   sync.Mutex
	end  time.Time // by the monotonic clock
	wall time.Time // by that of the day
}

func (u *until) set(end time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.end, u.wall = end, end.Round(0)
}

// now reports whether the moment has not come.
func (u *until) now() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	now := time.Now()
	return now.Before(u.end) && now.Round(0).Before(u.wall)
}

// inner runs a job of the writer's own.
func (w *writer) inner(ctx context.Context, do func(*tx) error) error {
	j := &job{answer: make(chan error, 1), urgent: true, do: do}
	w.commit(ctx, []*job{j})
	return <-j.answer
}

// renew keeps this node's lease and takes over nodes whose lease has run out.
func (w *writer) renew(ctx context.Context) {
	if w.s.leased() && w.s.ids.epoch.Load() != 0 && time.Since(w.renewed) >= w.s.cfg.Lease/3 {
		w.again(ctx)
	}
}

// joinNodes takes this node's first lease.
func (s *Store) joinNodes(ctx context.Context) error {
	if !s.leased() {
		return nil
	}
	start := time.Now()
	epoch := s.ids.epoch.Load()
	err := s.run(ctx, &job{urgent: true, do: func(t *tx) error {
		if _, err := t.exec("add to totals", epoch); err != nil {
			return err
		}
		t.after(func() { s.node = epoch })
		if _, err := t.exec("join", epoch, s.cfg.Lease.Milliseconds()); err != nil {
			return err
		}
		// Claims of nodes that nobody knows, as after half a restore, never run out.
		if _, err := t.exec("take back strangers"); err != nil {
			return err
		}
		return s.takeOver(t)
	}})
	if err == nil {
		s.lasts.set(start.Add(s.cfg.Lease))
	}
	return err
}

func (s *Store) renewLease(t *tx) error {
	epoch := s.ids.epoch.Load()
	n, err := t.exec("renew", epoch, s.cfg.Lease.Milliseconds())
	if err != nil {
		return err
	}
	if n == 0 {
		// Too late: another node has our copies, and nothing of what is in line
		// is handed out.
		if err := s.rejoin(t, epoch); err != nil {
			return err
		}
	}
	return s.takeOver(t)
}

func (s *Store) rejoin(t *tx, epoch int64) error {
	if _, err := t.exec("join", epoch, s.cfg.Lease.Milliseconds()); err != nil {
		return err
	}
	if _, err := t.exec("add to totals", epoch); err != nil {
		return err
	}
	if err := t.reportKeys(); err != nil {
		return err
	}
	if _, err := t.exec("take back owner", epoch); err != nil {
		return err
	}
	t.after(func() { s.log.Warn("the lease had run out: claims are given up") })
	t.after(s.waiting.giveUp)
	t.otherwise(s.waiting.giveUp) // the claims are others' already, and the new lease may stand all the same
	return nil
}

// errTakenOver says that another node has taken this one over since: what it
// was about to write belongs to a node that is no more.
var errTakenOver = errors.New("another node has taken this one over")

// again renews the lease, or takes a new one for a node that was taken over,
// so that what it was about to write can be.
func (w *writer) again(ctx context.Context) bool {
	start := time.Now()
	if err := w.inner(ctx, w.s.renewLease); err != nil {
		w.s.log.Warn("renew the lease", "error", w.s.masked(err))
		return false
	}
	w.renewed = start
	w.s.lasts.set(start.Add(w.s.cfg.Lease))
	return true
}

// takeOver frees the claims of nodes that are gone.
func (s *Store) takeOver(t *tx) error {
	var gone []int64
	err := t.rows("expired nodes", []any{s.ids.epoch.Load()}, func(r scanner) error {
		var epoch int64
		err := r.Scan(&epoch)
		gone = append(gone, epoch)
		return err
	})
	if err != nil {
		return err
	}
	for _, epoch := range gone {
		if err := t.farewell(epoch); err != nil {
			return err
		}
		t.after(func() {
			s.log.Warn("took over the claims of another node", "node", epoch)
			s.waiting.dueAt(0)
		})
	}
	return nil
}

// farewell frees the claims of a node and forgets it.
func (t *tx) farewell(epoch int64) error {
	for _, q := range []query{"take back owner", "fold totals", "forget node's keys", "leave"} {
		if _, err := t.exec(q, epoch); err != nil {
			return err
		}
	}
	return nil
}

// leave gives this node's claims to the others.
func (w *writer) leave(ctx context.Context) {
	epoch := w.s.ids.epoch.Load()
	if !w.s.leased() || epoch == 0 {
		return
	}
	err := w.inner(ctx, func(t *tx) error {
		t.left = true
		if err := t.farewell(epoch); err != nil {
			return err
		}
		return t.notify()
	})
	if err != nil {
		w.s.log.Warn("leave the store", "error", w.s.masked(err))
	}
}

// notify tells other nodes that copies are due, where they can be told.
func (t *tx) notify() error {
	if _, ok := t.s.lang.queries["notify"]; !ok || t.told {
		return nil
	}
	t.told = true
	_, err := t.exec("notify")
	return err
}
