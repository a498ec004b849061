package spool

import (
	"context"
	"errors"
	"fmt"
)

// Finish stores what became of claimed copies, and accepts the parcels that
// follow from it (reports, notices, deviations) in the same transaction. A
// delivered or failed copy is gone, a deferred one is due again at its Retry.
// It returns ErrNotFound, and stores nothing, when a copy is not claimed by
// this store (any more) and was not delivered (one that was is gone, whoever has
// claimed it since), and ErrMeanwhile when a parcel has to be decided again.
// After another error the outcomes are not stored and the copies still claimed:
// try again. Where no other node serves, outcomes that nothing follows from wait
// a moment for an Accept, to share its flush.
func (s *Store) Finish(ctx context.Context, outcomes []Outcome, then ...Parcel) error {
	defer s.steady()()
	f, err := s.finishing(outcomes)
	if err != nil {
		return fmt.Errorf("finish copies: %w", err)
	}
	if err := s.ladeWarnings(ctx, f); err != nil {
		return fmt.Errorf("finish copies: %w", err)
	}
	if s.lang.alone && len(then) == 0 && len(f.warnings) == 0 {
		err = s.run(ctx, &job{urgent: true, late: true, do: f.write})
	} else {
		err = s.with(ctx, then, f.write)
	}
	for _, l := range f.warnings {
		if err != nil {
			s.unlade(l, err)
		}
		l.recycle()
	}
	if err != nil {
		return fmt.Errorf("finish copies: %w", err)
	}
	return nil
}

// ladeWarnings makes the warnings of outcomes ready to be written. They are
// small: none of them has a file.
func (s *Store) ladeWarnings(ctx context.Context, f *finishing) error {
	for i, o := range f.outcomes {
		if o.Warning == nil {
			continue
		}
		ladings, err := s.ladeAll(ctx, []Parcel{*o.Warning})
		if err != nil {
			return err
		}
		if f.warnings == nil {
			f.warnings = make(map[int]*lading)
		}
		f.warnings[i] = ladings[0]
	}
	return nil
}

// finishing is a set of outcomes on their way into the store.
type finishing struct {
	s        *Store
	outcomes []Outcome
	claims   []claim
	replies  [][]byte
	ids      []string
	warnings map[int]*lading // by outcome
}

func (s *Store) finishing(outcomes []Outcome) (*finishing, error) {
	f := &finishing{s: s, outcomes: outcomes}
	seen := make(map[string]bool, len(outcomes))
	for _, o := range outcomes {
		if seen[o.Copy] {
			return nil, fmt.Errorf("the copy %s has two outcomes", o.Copy)
		}
		seen[o.Copy] = true
		f.ids = append(f.ids, o.Copy)
		var reply []byte
		switch o.Result {
		case Delivered, Failed:
		case Deferred:
			if o.Reply != "" {
				reply = s.vault.seal(replyPlace(o.Copy), []byte(o.Reply))
			}
		default:
			return nil, fmt.Errorf("the copy %s has the result %q", o.Copy, o.Result)
		}
		f.replies = append(f.replies, reply)
	}
	var ok bool
	if f.claims, ok = s.waiting.claimed(f.ids); !ok {
		return nil, ErrNotFound
	}
	return f, nil
}

func (f *finishing) write(t *tx) error {
	var emptied []claim // each body once, in order
	last := make(map[int64]bool)
	for i, o := range f.outcomes {
		c := f.claims[i]
		err := f.writeOne(t, o, c, f.replies[i])
		if errors.Is(err, ErrNotFound) { // nor is it out any more
			t.otherwise(func() { f.forget([]string{o.Copy}) })
		}
		if err != nil {
			return err
		}
		if err := f.warn(t, c, f.warnings[i]); err != nil {
			return err
		}
		if o.Result != Deferred && !last[c.body] {
			last[c.body] = true
			emptied = append(emptied, c)
		}
	}
	for _, c := range emptied {
		if err := t.forget(c); err != nil {
			return err
		}
	}
	t.after(func() { f.forget(f.ids) })
	return nil
}

func (f *finishing) forget(ids []string) {
	f.s.waiting.forget(ids)
	f.s.sent.finished(ids)
}

func (f *finishing) writeOne(t *tx, o Outcome, c claim, reply []byte) error {
	var n int64
	var err error
	if o.Result == Deferred {
		n, err = t.exec("defer copy", c.body, o.Copy, f.s.ids.epoch.Load(), millis(o.Retry), reply)
	} else {
		n, err = t.exec("delete copy", c.body, o.Copy, f.s.ids.epoch.Load())
	}
	if err == nil && n == 0 && o.Result == Delivered && f.s.leased() {
		return t.endSent(c.body, o.Copy)
	}
	switch {
	case err != nil:
		return err
	case n == 0: // another node has taken it over
		return ErrNotFound
	case o.Result == Deferred:
		if c.attempts == 0 {
			t.change.Deferred++
		}
		t.after(func() { f.s.waiting.dueAt(millis(o.Retry)) })
	default:
		t.change.Queued--
		if c.attempts > 0 {
			t.change.Deferred--
		}
	}
	return nil
}

// warn accepts a warning, the first one for its message.
func (f *finishing) warn(t *tx, c claim, l *lading) error {
	if l == nil {
		return nil
	}
	n, err := t.exec("warn", c.parcel, f.s.now().UnixMilli())
	if err != nil || n == 0 {
		return err
	}
	return l.write(t)
}

// scattered is the size above which a body in a row stands on many pages of its
// own.
const scattered = 12 << 10

// forget deletes a body, its key and its file when no copy needs it any more. One
// that stands on many pages goes at the end of the transaction.
func (t *tx) forget(c claim) error {
	if t.s.lang.sparing != nil && c.file == "" && c.size > scattered {
		t.scattered = append(t.scattered, c)
		return nil
	}
	return t.forgetNow(c)
}

// forgetScattered deletes the bodies that stand on many pages. Their ciphertext
// goes first, without being overwritten: what overwrites a key is enough, and
// that is done with the rest of the row.
func (t *tx) forgetScattered() error {
	if len(t.scattered) == 0 {
		return nil
	}
	err := t.s.lang.sparing(t.ctx, t.w, func() error {
		for _, c := range t.scattered {
			if _, err := t.exec("empty body", c.body); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, c := range t.scattered {
		if err := t.forgetNow(c); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) forgetNow(c claim) error {
	if _, ok := t.s.lang.queries["lock body"]; ok {
		// Two nodes that finish the last two copies at once must not each
		// leave the body to the other.
		if _, err := t.exec("lock body", c.body); err != nil {
			return err
		}
	}
	n, err := t.exec("forget body", c.body)
	if err != nil || n == 0 {
		return err
	}
	t.change.Bytes -= c.size
	if c.file != "" && c.file != chunked {
		t.after(func() {
			if err := t.s.disk.remove(c.file); err != nil {
				t.s.log.Warn("leave a body for the next start to remove", "error", err)
			}
		})
	}
	return nil
}

// with runs do, and accepts parcels, in one transaction.
func (s *Store) with(ctx context.Context, parcels []Parcel, do func(*tx) error) error {
	ladings, err := s.ladeAll(ctx, parcels)
	if err != nil {
		return err
	}
	j := &job{urgent: true, do: func(t *tx) error {
		for _, l := range ladings { // what is refused has to be before anything is written
			if err := t.unchanged(l.parcel.Handings); err != nil {
				return err
			}
		}
		if err := do(t); err != nil {
			return err
		}
		for _, l := range ladings {
			if err := l.write(t); err != nil {
				return err
			}
		}
		return nil
	}}
	for _, l := range ladings {
		j.octets += l.octets
	}
	err = s.run(ctx, j)
	for _, l := range ladings {
		if err != nil {
			s.unlade(l, err)
		}
		l.recycle()
	}
	return err
}

// ladeAll makes parcels ready that follow from something else. They are no
// repeats, whatever their digest.
func (s *Store) ladeAll(ctx context.Context, parcels []Parcel) ([]*lading, error) {
	var ladings []*lading
	for _, p := range parcels {
		err := p.check()
		var l *lading
		if err == nil {
			l, err = s.lade(ctx, p, nil)
		}
		if err != nil {
			for _, l := range ladings {
				l.removeFiles()
			}
			return nil, err
		}
		ladings = append(ladings, l)
	}
	return ladings, nil
}
