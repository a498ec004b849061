package submission

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// errBusy says that there was no room for a message among those in flight.
var errBusy = errors.New("submission: too much mail at once")

const (
	// budgetFactor is how many octets of memory an octet of a message takes
	// while it is read, decoded, scanned, edited and sealed, about.
	budgetFactor = 4
	// budgetFree is how large a message is that asks for nothing: the number of
	// sessions bounds these, and a few large mails do not keep them waiting.
	budgetFree = 16 << 10
)

// Budget bounds the memory of all messages that are being taken, so that it is
// bounded whatever comes. A message asks for more as it grows. One that finds
// no room waits, and its client with it. The oldest of them gets what it asks
// for, room or not: so the largest is taken by the smallest budget, and many
// that have each a part of what they need do not wait for each other. It may be
// used by several goroutines and listeners.
type Budget struct {
	size     int64
	patience time.Duration

	mu    sync.Mutex
	used  int64
	line  []*share      // those that hold something, the oldest first
	freed chan struct{} // closed and replaced when something was given back
}

// NewBudget returns a budget of so many octets of memory. A message waits for
// its share of it no longer than patience at a time; then it is put off.
func NewBudget(octets int64, patience time.Duration) *Budget {
	return &Budget{size: octets, patience: patience, freed: make(chan struct{})}
}

// Used returns the octets of memory that messages hold now.
func (b *Budget) Used() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.used
}

// Reserve sets memory aside for a message of n octets that came before, until
// release is called. It waits as a message in a session does.
func (b *Budget) Reserve(ctx context.Context, n int64) (release func(), err error) {
	s := b.share()
	if err := s.grow(ctx, n); err != nil {
		return nil, err
	}
	return s.end, nil
}

// share is what one message holds of a budget. A nil share asks for nothing.
type share struct {
	budget  *Budget
	message int64 // octets that it may have
	held    int64
}

// share returns a share that holds nothing; b may be nil.
func (b *Budget) share() *share {
	if b == nil {
		return nil
	}
	return &share{budget: b}
}

// grow makes the share large enough for a message of n octets. It returns
// errBusy when that takes longer than the budget's patience, or the error of
// ctx.
func (s *share) grow(ctx context.Context, n int64) error {
	if s == nil || n <= budgetFree || n <= s.message {
		return nil
	}
	// By halves: so it asks seldom, and for little more than it needs.
	want := max(n, s.message+s.message/2)
	var timer *time.Timer
	for {
		freed, ok := s.take(want)
		if ok {
			return nil
		}
		if timer == nil {
			timer = time.NewTimer(s.budget.patience)
			defer timer.Stop()
		}
		select {
		case <-freed:
		case <-timer.C:
			return errBusy
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (s *share) take(message int64) (freed <-chan struct{}, ok bool) {
	b := s.budget
	b.mu.Lock()
	defer b.mu.Unlock()
	more := message*budgetFactor - s.held
	oldest := len(b.line) == 0 || b.line[0] == s
	if !oldest && b.used+more > b.size {
		return b.freed, false
	}
	if s.held == 0 {
		b.line = append(b.line, s)
	}
	s.message, s.held = message, s.held+more
	b.used += more
	return nil, true
}

// end gives the share back.
func (s *share) end() {
	if s == nil || s.held == 0 {
		return
	}
	b := s.budget
	b.mu.Lock()
	defer b.mu.Unlock()
	b.used -= s.held
	b.line = slices.DeleteFunc(b.line, func(other *share) bool { return other == s })
	s.held, s.message = 0, 0
	close(b.freed)
	b.freed = make(chan struct{})
}
