package spool

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"postvern.example/internal/deviation"
)

// Accept stores a parcel whole and returns nil when it is durable. It returns
// ErrFull when there is no room (answer 452), ErrRepeat when the parcel was
// stored before and its 250 was never written (answer 250), ErrMeanwhile when
// it has to be decided again, and other errors for which the answer is 451. The
// contents are neither copied nor changed; the caller must leave them as they
// are.
func (s *Store) Accept(ctx context.Context, p Parcel) error {
	defer s.steady()()
	if err := p.check(); err != nil {
		return fmt.Errorf("accept: %w", err)
	}
	if err := s.room(p.octets()); err != nil {
		return fmt.Errorf("accept: %w", err)
	}
	mark, err := s.begin(ctx, p)
	if err != nil {
		return fmt.Errorf("accept: %w", err)
	}
	l, err := s.lade(ctx, p, mark)
	if err == nil {
		if err = s.enterOnce(ctx, l); err != nil {
			s.unlade(l, err)
		}
		l.recycle()
	}
	if err != nil {
		s.repeats.failed(mark, err)
		return fmt.Errorf("accept: %w", err)
	}
	return nil
}

// check refuses what cannot be stored as it stands: that is a mistake of the
// caller, and a copy that points nowhere must not be dropped in silence.
func (p Parcel) check() error {
	if p.ID == "" {
		return errors.New("the parcel has no id")
	}
	seen := make(map[string]bool, len(p.Copies))
	for _, c := range p.Copies {
		switch {
		case c.ID == "" || seen[c.ID]:
			return errors.New("a copy has no id of its own")
		case c.Body < 0 || c.Body >= len(p.Bodies):
			return errors.New("a copy has no body")
		case c.State != Queued && c.State != Held:
			return fmt.Errorf("a copy has the state %q", c.State)
		case (c.State == Held) != (c.Hold != nil):
			return errors.New("a copy is held without a reason, or queued with one")
		case c.Class != Mail && c.Class != Notice && c.Class != Report && c.Class != Code && c.Class != Wait:
			return fmt.Errorf("a copy has the class %q", c.Class)
		}
		seen[c.ID] = true
	}
	for _, r := range p.Deviations {
		if r.ID == "" {
			return errors.New("a record has no id")
		}
	}
	return nil
}

func (p Parcel) octets() (n int64) {
	for _, b := range p.Bodies {
		n += b.size()
	}
	return n
}

// lading is a parcel made ready to be written: encrypted, its files flushed.
type lading struct {
	s       *Store
	parcel  Parcel
	mark    *mark // of its digest; nil without one
	bodies  []ladenBody
	copies  []ladenCopy
	records []ladenRecord
	keys    []ladenKey
	pins    []ladenKey
	octets  int64
	fresh   []*entry // what Claim gets without reading it again
	weight  int64    // of fresh
}

type ladenBody struct {
	id      int64
	size    int64
	file    string
	key     []byte
	content []byte
	chunks  [][]byte
}

type ladenCopy struct {
	Copy
	body   int64
	file   string
	secret []byte
}

type ladenRecord struct {
	deviation.Record
	secret []byte
}

// lade encrypts a parcel and writes the files of its large bodies. What of a
// parcel nobody needs is not stored: a body without a copy is left out.
func (s *Store) lade(ctx context.Context, p Parcel, m *mark) (*lading, error) {
	if p.Received.IsZero() {
		p.Received = s.clock()
	}
	l := &lading{s: s, parcel: p, mark: m}
	needed := make([]bool, len(p.Bodies))
	for _, c := range p.Copies {
		needed[c.Body] = true
	}
	l.bodies = make([]ladenBody, len(p.Bodies))
	for i, b := range p.Bodies {
		if !needed[i] {
			continue
		}
		var err error
		if l.bodies[i], err = s.ladeBody(ctx, b); err != nil {
			l.removeFiles()
			return nil, err
		}
		l.octets += l.bodies[i].size
	}
	if err := l.ladeCopies(); err != nil {
		l.removeFiles()
		return nil, err
	}
	for _, r := range p.Deviations {
		laden, err := s.ladeRecord(r)
		if err != nil {
			l.removeFiles()
			return nil, err
		}
		l.records = append(l.records, laden)
	}
	var err error
	if l.keys, err = s.ladeKeys(keysTable, p.Keys); err == nil {
		l.pins, err = s.ladeKeys(pinsTable, p.Pins)
	}
	if err != nil {
		l.removeFiles()
		return nil, err
	}
	if s.cfg.TakeBack {
		l.fresh = deliveries(p, l.copies, l.bodies)
	}
	for _, e := range l.fresh {
		l.weight += e.weight()
	}
	return l, nil
}

func (s *Store) ladeBody(ctx context.Context, body Body) (b ladenBody, err error) {
	if b.id, err = s.nextID(ctx); err != nil {
		return b, err
	}
	key, box := s.vault.newBodyKey(b.id)
	b.key, b.size = box, body.size()
	switch {
	case b.size <= largeBody && body.Write == nil:
		b.content, err = sealBody(key, b.id, s.box(int(b.size)), body)
	case s.cfg.URL != "":
		b.file = chunked
		b.chunks, b.size, err = split(key, body)
	default:
		b.file = s.disk.name(b.id)
		b.size, err = s.disk.write(b.file, key, body)
	}
	if err != nil {
		return ladenBody{}, s.fault(err)
	}
	return b, nil
}

func (l *lading) ladeCopies() error {
	l.copies = make([]ladenCopy, len(l.parcel.Copies))
	for i, c := range l.parcel.Copies {
		b := l.bodies[c.Body]
		secret, err := l.s.ladeCopy(c, l.parcel.Login)
		if err != nil {
			return err
		}
		l.copies[i] = ladenCopy{Copy: c, body: b.id, file: b.file, secret: secret}
	}
	return nil
}

// queues reports whether a copy of the lading is to be delivered.
func (l *lading) queues() bool {
	return slices.ContainsFunc(l.copies, func(c ladenCopy) bool { return c.State == Queued })
}

// write puts the rows of a lading into the transaction.
func (l *lading) write(t *tx) error {
	if err := t.unchanged(l.parcel.Handings); err != nil {
		return err
	}
	if l.mark != nil {
		if err := l.mark.write(t, l.parcel.ID); err != nil {
			return err
		}
	}
	owner := int64(0)
	if len(l.fresh) > 0 && l.s.waiting.reserve(l.weight) {
		owner = l.s.ids.epoch.Load()
		t.otherwise(func() { l.s.waiting.unreserve(l.weight) })
		t.after(func() { l.s.waiting.add(l.fresh) })
	} else if len(l.fresh) > 0 {
		t.after(func() { l.s.waiting.dueAt(0) })
	}
	if owner == 0 && l.queues() {
		if err := t.notify(); err != nil {
			return err
		}
	}
	for _, b := range l.bodies {
		if b.id == 0 {
			continue
		}
		if err := l.writeBody(t, b); err != nil {
			return err
		}
	}
	if err := l.writeCopies(t, owner); err != nil {
		return err
	}
	if err := t.handOver(l.parcel.Handings); err != nil {
		return err
	}
	if err := t.writeQuestions(l.parcel.Questions); err != nil {
		return err
	}
	if err := t.noteProtections(l.parcel.Protections); err != nil {
		return err
	}
	if err := t.noteLookUps(l.parcel.LookUps); err != nil {
		return err
	}
	if err := t.putKeys("put reader key", l.keys); err != nil {
		return err
	}
	if err := t.putKeys("pin key", l.pins); err != nil {
		return err
	}
	t.remember(l.parcel.Correspondents)
	return t.writeRecords(l.records)
}
