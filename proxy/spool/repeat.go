package spool

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// remember is how long a parcel whose 250 was not written is known by its
// digest.
const remember = time.Hour

// overlap is how long a second sending of a parcel waits for the first one's
// 250: two that overlap are both meant, a retry comes after an answer was lost.
const overlap = 2 * time.Second

// maxOpen bounds the parcels that are kept in memory until their 250 is
// written. The mark of one that was forgotten is found by its parcel's id.
const maxOpen = 10000

// mark is a parcel that was stored, or is about to be, and whose 250 is open.
type mark struct {
	s        *Store
	key      string // keyed digest
	parcel   string
	begun    time.Time
	answered chan struct{} // closed when the 250 was written, or storing it failed
	ended    bool
}

// repeats knows the parcels of this process whose 250 is open, and those whose
// 250 was written but whose receipt still stands in the store.
type repeats struct {
	mu       sync.Mutex
	digests  map[string]*mark
	parcels  map[string]*mark
	order    []*mark
	answered []receipt
}

// receipt is a row to be deleted with the next transaction.
type receipt struct {
	digest []byte // nil: only the parcel's id is known
	parcel string
}

func (r *repeats) init() {
	r.digests = make(map[string]*mark)
	r.parcels = make(map[string]*mark)
}

// begin notes that a parcel is about to be stored. When one with the same
// digest is open, it waits a moment for its answer.
func (s *Store) begin(ctx context.Context, p Parcel) (*mark, error) {
	if len(p.Digest) == 0 {
		return nil, nil
	}
	key, err := s.vault.repeat(p.Digest, p.Original)
	if err != nil {
		return nil, err
	}
	m := &mark{s: s, key: string(key), parcel: p.ID, begun: time.Now(), answered: make(chan struct{})}
	for {
		first := s.repeats.note(m)
		if first == nil {
			return m, nil
		}
		timer := time.NewTimer(time.Until(first.begun.Add(overlap)))
		select {
		case <-first.answered:
		case <-timer.C:
			s.repeats.lapse(first)
		case <-ctx.Done():
			timer.Stop()
			return nil, ctx.Err()
		}
		timer.Stop()
	}
}

// note enters a mark unless another one with its digest is open.
func (r *repeats) note(m *mark) (first *mark) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if first := r.digests[m.key]; first != nil {
		return first
	}
	r.digests[m.key], r.parcels[m.parcel] = m, m
	r.order = append(r.order, m)
	for len(r.order) > maxOpen {
		r.remove(r.order[0])
		r.order = r.order[1:]
	}
	return nil
}

func (r *repeats) remove(m *mark) {
	if r.digests[m.key] == m {
		delete(r.digests, m.key)
	}
	if r.parcels[m.parcel] == m {
		delete(r.parcels, m.parcel)
	}
}

// lapse makes room for a second sending: the first one's 250 may still come.
func (r *repeats) lapse(m *mark) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.digests[m.key] == m {
		delete(r.digests, m.key)
	}
}

// failed forgets a parcel that was not stored. A repeat is still known by its
// parcel's id: its own 250 settles the first one's.
func (r *repeats) failed(m *mark, err error) {
	if m == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.remove(m)
	m.end()
	if errors.Is(err, ErrRepeat) {
		r.parcels[m.parcel] = m
	}
}

// end lets those go on who wait for a mark.
func (m *mark) end() {
	if !m.ended {
		m.ended = true
		close(m.answered)
	}
}

// Answered notes that the 250 of a parcel was written: the same message sent
// again is meant. The note is stored with the next transaction.
func (s *Store) Answered(_ context.Context, parcelID string) error {
	r := &s.repeats
	r.mu.Lock()
	defer r.mu.Unlock()
	if m := r.parcels[parcelID]; m != nil {
		r.answered = append(r.answered, receipt{digest: []byte(m.key), parcel: parcelID})
		r.remove(m)
		m.end()
		return nil
	}
	if len(r.answered) >= maxOpen {
		return fmt.Errorf("note an answer: %d are not stored yet", len(r.answered))
	}
	r.answered = append(r.answered, receipt{parcel: parcelID})
	return nil
}

// settling is how often another node's receipt is looked at anew.
const settling = 100 * time.Millisecond

// enterOnce stores a lading. Where its receipt stands already and may be
// another node's, that node gets a moment to write that its 250 was heard, as
// it does within lull: the second sending was meant then, and must not be
// taken for a retry.
func (s *Store) enterOnce(ctx context.Context, l *lading) error {
	for end := time.Now().Add(overlap); ; {
		err := s.run(ctx, &job{octets: l.octets, do: l.write})
		if !errors.Is(err, ErrRepeat) || s.lang.alone || time.Now().After(end) {
			return err
		}
		select {
		case <-time.After(settling):
		case <-ctx.Done():
			return fmt.Errorf("wait for another node's answer: %w", ctx.Err())
		}
	}
}

// write enters the receipt of a parcel, or refuses it as a repeat.
func (m *mark) write(t *tx, parcel string) error {
	now := t.s.now().UnixMilli()
	n, err := t.exec("insert receipt", []byte(m.key), parcel, now, now-remember.Milliseconds())
	if err != nil {
		return err
	}
	if n == 0 {
		return refusal{ErrRepeat}
	}
	return nil
}

// writeAnswers deletes the receipts of parcels whose 250 was written.
func (s *Store) writeAnswers(t *tx) error {
	r := &s.repeats
	r.mu.Lock()
	answered := r.answered
	r.answered = nil
	r.mu.Unlock()
	if len(answered) == 0 {
		return nil
	}
	t.otherwise(func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.answered = append(answered, r.answered...)
	})
	for _, a := range answered {
		q, key := query("delete receipt"), any(a.digest)
		if a.digest == nil {
			q, key = "delete receipt of parcel", a.parcel
		}
		if _, err := t.exec(q, key); err != nil {
			return err
		}
	}
	return nil
}

// warnedFor is how long the store knows that a sender was told of a delay:
// longer than any message is tried.
const warnedFor = 90 * 24 * time.Hour

// tidying is how often that is done.
const tidying = time.Minute

// farthest is how far ahead a copy may be due: farther than anybody puts one
// off, and than clocks of nodes differ.
const farthest = 2 * time.Hour

// bringForward makes copies due now whose time lies farther ahead than it can:
// the clock was wrong when they were put off.
func (t *tx) bringForward() error {
	now := t.s.now()
	n, err := t.exec("bring forward", now.UnixMilli(), now.Add(farthest).UnixMilli())
	if n > 0 {
		t.after(func() {
			t.s.log.Warn("the clock has jumped: copies are due at once", "copies", n)
			t.s.waiting.dueAt(0)
		})
	}
	return err
}

// tidy writes the answers that no transaction has taken along, and forgets
// receipts that are too old to matter.
func (w *writer) tidy(ctx context.Context) {
	r := &w.s.repeats
	r.mu.Lock()
	waiting := len(r.answered) > 0
	r.mu.Unlock()
	old := w.s.cfg.TakeBack && time.Since(w.tidied) > tidying
	if !waiting && !old {
		return
	}
	j := &job{answer: make(chan error, 1), do: func(t *tx) error {
		if !old {
			return nil
		}
		if err := t.bringForward(); err != nil {
			return err
		}
		if _, err := t.exec("expire receipts", w.s.now().Add(-remember).UnixMilli()); err != nil {
			return err
		}
		if _, err := t.exec("forget handovers", w.s.now().Add(-keepHandovers).UnixMilli()); err != nil {
			return err
		}
		_, err := t.exec("forget warnings", w.s.now().Add(-warnedFor).UnixMilli())
		return err
	}}
	w.commit(ctx, []*job{j})
	if err := <-j.answer; err != nil {
		w.s.log.Warn("store marks", "error", err)
	}
	if old {
		w.tidied = time.Now()
	}
}
