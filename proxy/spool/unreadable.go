package spool

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// A content that could not be read so often, while outcomes can be stored, is
// put off for a while, for whoever can mend that. After so many times, four
// hours, it counts as damaged: nobody waits for ever for what never comes.
const (
	unreadable     = 3
	unreadableWait = 5 * time.Minute
	unreadableMost = 48
)

// unread counts how often contents were put off that could not be read, by body.
type unread struct {
	mu    sync.Mutex
	times map[int64]int
}

func (u *unread) again(body int64) (times int) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.times == nil {
		u.times = make(map[int64]int)
	}
	u.times[body]++
	return u.times[body]
}

func (u *unread) forget(body int64) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.times, body)
}

// putOff puts off the copies of a delivery whose content cannot be read. It
// returns the reason where it may be the store that is away.
func (s *Store) putOff(ctx context.Context, e *entry, why error) error {
	if e.failed++; e.failed < unreadable || ctx.Err() != nil {
		return why
	}
	if s.unread.again(e.body) >= unreadableMost {
		return s.holdDamaged(ctx, e, why)
	}
	return s.putOffAll(ctx, e, why)
}

func (s *Store) putOffAll(ctx context.Context, e *entry, why error) error {
	s.log.Error("put off copies that cannot be read", "reference", e.Reference, "copies", len(e.Copies), "error", why)
	for len(e.Copies) > 0 {
		err := s.Finish(ctx, []Outcome{{Copy: e.Copies[0].ID, Result: Deferred, Retry: s.now().Add(unreadableWait)}})
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		e.Copies = e.Copies[1:]
	}
	return nil
}

// damagedFor is how long damaged copies are kept for somebody to look at.
const damagedFor = 14 * 24 * time.Hour

// Damaged is the rule that the store itself holds copies by.
const Damaged = "damaged"

// holdDamaged holds the copies of a delivery that cannot be read, together with
// what follows from that (Config.Unreadable). They can only be dropped. What
// cannot be told now, as where there is no room, is put off: nothing ends that
// nobody was told of.
func (s *Store) holdDamaged(ctx context.Context, e *entry, why error) error {
	var then []Parcel
	if s.cfg.Unreadable != nil {
		var err error
		if then, err = s.cfg.Unreadable(e.Delivery); err != nil {
			return s.putOffAll(ctx, e, fmt.Errorf("tell of damaged copies: %w", err))
		}
	}
	err := s.acceptDamaged(ctx, e, then)
	switch {
	case err == nil:
		s.log.Error("hold copies that cannot be read", "reference", e.Reference, "copies", len(e.Copies), "error", why)
		s.unread.forget(e.body)
	case errors.Is(err, ErrNotFound): // another node has them
		return nil
	case errors.Is(err, ErrFull):
		return s.putOffAll(ctx, e, err)
	}
	return err
}

func (s *Store) acceptDamaged(ctx context.Context, e *entry, then []Parcel) error {
	defer s.steady()()
	expires := s.clock().Add(damagedFor)
	return s.with(ctx, then, func(t *tx) error { return s.writeDamaged(t, e, expires) })
}

func (s *Store) writeDamaged(t *tx, e *entry, expires time.Time) error {
	forget := func() {
		for _, c := range e.Copies {
			s.waiting.forget([]string{c.ID})
		}
	}
	held := int64(0)
	for _, c := range e.Copies {
		box := e.damaged
		if box == nil {
			c.State, c.Hold = Held, &Hold{Rules: []string{Damaged}, Expires: expires}
			var err error
			if box, err = s.ladeCopy(c, ""); err != nil {
				return err
			}
		}
		n, err := t.exec("hold claimed copy", e.body, c.ID, s.ids.epoch.Load(), millis(expires), box)
		if err != nil {
			return err
		}
		held += n
	}
	if held == 0 {
		t.otherwise(forget)
		return refusal{ErrNotFound}
	}
	t.change.Queued -= held
	t.change.Held += held
	if e.Attempt > 1 {
		t.change.Deferred -= held
	}
	t.after(forget)
	return nil
}
