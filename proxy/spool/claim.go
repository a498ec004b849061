package spool

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// group is what the copies of one delivery have in common.
type group struct {
	body       int64
	attempt    int
	from       string
	utf8       bool
	eightBit   bool
	ret        string
	envelopeID string
}

// prefetch is how many copies are claimed from the table in one transaction.
const prefetch = 256

// poll is how often the table is looked at for what other processes released.
const poll = time.Second

// Claim returns up to max deliveries whose copies are due, and waits until
// there is one or ctx ends. Copies that share body, reverse-path, DSN options
// and attempt come in one delivery. They stay claimed until Finish has stored
// their outcome. A copy that does not decrypt is held instead.
func (s *Store) Claim(ctx context.Context, max int) ([]Delivery, error) {
	switch {
	case max < 1:
		return nil, errors.New("claim copies: none were asked for")
	case !s.cfg.TakeBack:
		return nil, errors.New("claim copies: this process does not serve the store")
	}
	timer := time.NewTimer(poll)
	defer timer.Stop()
	for {
		if s.closed.Load() {
			return nil, ErrClosed
		}
		if s.mayClaim() && s.waiting.lookNow(s.now().UnixMilli(), time.Now()) {
			if err := s.claimDue(ctx); err != nil {
				s.waiting.dueAt(0)
				return nil, fmt.Errorf("claim copies: %w", err)
			}
		}
		if s.mayClaim() {
			taken, err := s.load(ctx, s.waiting.take(max))
			if len(taken) > 0 || err != nil {
				return taken, err
			}
		}
		timer.Reset(s.patience())
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-s.stop:
			return nil, ErrClosed
		case <-s.waiting.changed:
		case <-timer.C:
			if err := s.lookAhead(ctx); err != nil {
				return nil, fmt.Errorf("claim copies: %w", err)
			}
		}
	}
}

// patience is how long to wait before the table is asked.
func (s *Store) patience() time.Duration {
	if !s.mayClaim() {
		return poll
	}
	s.waiting.mu.Lock()
	due, line := s.waiting.due, len(s.waiting.line)
	s.waiting.mu.Unlock()
	if due == never || line > 0 { // what is in line waits for outcomes, not for the table
		return poll
	}
	wait := time.Duration(due-s.now().UnixMilli()) * time.Millisecond
	return min(max(wait, time.Millisecond), poll)
}

// lookAhead asks the table when its next copy is due.
func (s *Store) lookAhead(ctx context.Context) error {
	var due sql.NullInt64
	if err := s.row(ctx, "next due", nil, &due); err != nil {
		return fmt.Errorf("next due: %w", err)
	}
	if due.Valid {
		s.waiting.dueAt(due.Int64)
	}
	return nil
}

// row is a copy as it was claimed from the table.
type row struct {
	claim
	id        string
	class     Class
	secret    []byte
	parcel    string
	reference string
	received  int64
	warned    bool
}

// claimDue claims what is due in the table and puts it in line.
func (s *Store) claimDue(ctx context.Context) error {
	if _, err := s.nextID(ctx); err != nil { // an owner needs an epoch
		return err
	}
	var found []row
	var next sql.NullInt64
	err := s.run(ctx, &job{urgent: true, do: func(t *tx) error {
		if err := errors.Join(s.takeBack(t), s.waiting.settle(t)); err != nil {
			return err
		}
		found = found[:0]
		err := t.rows("due copies", []any{s.now().UnixMilli(), prefetch}, func(r scanner) error {
			var f row
			err := r.Scan(&f.body, &f.id, &f.class, &f.attempts, &f.secret, &f.parcel, &f.reference, &f.received, &f.size, &f.file, &f.warned)
			if f.parcel == "" {
				f.reference, f.received = standIn(f.body, f.id)
			}
			found = append(found, f)
			return err
		})
		if err != nil {
			return err
		}
		for _, f := range found {
			if _, err := t.exec("claim copy", f.body, f.id, s.ids.epoch.Load()); err != nil {
				return err
			}
		}
		if err := t.row("next due", nil, &next); err != nil {
			return err
		}
		t.after(func() { s.line(found) })
		return nil
	}})
	if errors.Is(err, errUnknown) {
		s.waiting.astray(found)
	}
	if err != nil {
		return err
	}
	if next.Valid {
		s.waiting.dueAt(next.Int64)
	}
	return nil
}

// takeBack gives up, once, the claims of the process that served before: where
// there is only one, they are nobody's. That goes over all copies that wait, and
// so it is not done before the first client is greeted.
func (s *Store) takeBack(t *tx) error {
	if !s.lang.alone || s.tookBack {
		return nil
	}
	if _, err := t.exec("take back", s.ids.epoch.Load()); err != nil {
		return err
	}
	t.after(func() { s.tookBack = true })
	return nil
}

// line puts claimed rows in line, as deliveries. A row that does not decrypt, or
// that nobody let go, stands alone, to be held when its turn comes.
func (s *Store) line(found []row) {
	var sorted sorter
	for _, f := range found {
		if s.waiting.regain(f) {
			continue
		}
		c, _, err := s.openCopy(f.id, f.class, Queued, f.secret)
		e := sorted.add(c, f, err != nil || c.Hold != nil)
		if err != nil {
			e.damaged = f.secret
		}
	}
	s.waiting.claimAhead(sorted.order)
}

// sorter gathers copies into deliveries.
type sorter struct {
	group   group            // of the copy before
	entry   *entry           // that it was added to; nearly always there is no other
	entries map[group]*entry // the others
	order   []*entry
}

// add returns the delivery that a copy was added to.
func (o *sorter) add(c Copy, f row, alone bool) *entry {
	g := group{body: f.body, attempt: f.attempts, from: c.From, utf8: c.UTF8, eightBit: c.EightBit, ret: c.Return, envelopeID: c.EnvelopeID}
	e := o.find(g)
	known := e != nil
	if !known || alone {
		e = &entry{body: f.body, file: f.file, size: f.size, Delivery: Delivery{
			Parcel: f.parcel, Reference: f.reference, Received: fromMillis(f.received), Attempt: f.attempts + 1, Warned: f.warned,
		}}
		o.order = append(o.order, e)
	}
	if !known && !alone {
		o.keep(g, e)
	}
	e.Copies = append(e.Copies, c)
	return e
}

func (o *sorter) find(g group) *entry {
	if o.entry != nil && o.group == g {
		return o.entry
	}
	return o.entries[g]
}

// keep makes a delivery the one that copies of its group are added to.
func (o *sorter) keep(g group, e *entry) {
	if o.entry != nil {
		if o.entries == nil {
			o.entries = make(map[group]*entry)
		}
		o.entries[o.group] = o.entry
	}
	o.group, o.entry = g, e
}

// deliveries groups the queued copies of a parcel that was just accepted.
func deliveries(p Parcel, copies []ladenCopy, bodies []ladenBody) []*entry {
	var sorted sorter
	for _, c := range copies {
		if c.State != Queued {
			continue
		}
		e := sorted.add(c.Copy, row{
			claim: claim{body: c.body, file: c.file, size: bodies[c.Copy.Body].size},
			id:    c.ID, parcel: p.ID, reference: p.Reference, received: millis(p.Received),
		}, false)
		if body := p.Bodies[c.Body]; body.Write == nil {
			e.Head, e.Content, e.loaded = body.Head, body.Content, true
		}
	}
	return sorted.order
}

// load reads the contents that were not handed over. A delivery whose body is
// damaged is held and left out, and so is one that cannot be read, which is put
// off for some hours before: a bad sector must not keep all others from leaving.
// What is ready is returned without an error, for nobody would send it.
func (s *Store) load(ctx context.Context, entries []*entry) ([]Delivery, error) {
	var ready []Delivery
	for i, e := range entries {
		if !e.loaded {
			err := s.fetch(ctx, e)
			switch {
			case errors.Is(err, ErrDamaged), errors.Is(err, sql.ErrNoRows):
				err = s.holdDamaged(ctx, e, err)
			case err != nil:
				err = s.putOff(ctx, e, err)
			default:
				s.unread.forget(e.body)
				ready = append(ready, e.Delivery)
			}
			if err != nil {
				s.putBack(entries[i:])
				if len(ready) > 0 {
					return ready, nil
				}
				return nil, fmt.Errorf("claim copies: %w", err)
			}
			continue
		}
		ready = append(ready, e.Delivery)
	}
	return ready, nil
}

// fetch reads the content of an entry, or makes it one that is read as it is
// sent.
func (s *Store) fetch(ctx context.Context, e *entry) (err error) {
	switch {
	case e.damaged != nil, e.Copies[0].Hold != nil: // its row was changed behind the store's back
		return ErrDamaged
	case e.size > streamed:
		return s.enlarge(ctx, e)
	}
	e.Content, err = s.content(ctx, e.body)
	return err
}

// putBack returns entries to the head of the line.
func (s *Store) putBack(entries []*entry) {
	s.waiting.mu.Lock()
	defer s.waiting.mu.Unlock()
	for _, e := range entries {
		for _, c := range e.Copies {
			s.waiting.repay(c.ID)
		}
		s.waiting.weight += e.weight()
		if e.ahead {
			s.waiting.ahead++
		}
	}
	s.waiting.line = append(append([]*entry(nil), entries...), s.waiting.line...)
}
