package spool

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"postvern.example/internal/deviation"
)

// HeldCopy is a held copy with what is known of its message.
type HeldCopy struct {
	Copy
	Parcel    string // empty where the body is missing
	Reference string
	Login     string // who handed the message in
	Received  time.Time
	Size      int64 // of the content in octets
	Damaged   bool  // its row does not decrypt: only the fields in clear are set
}

// Released says how a held copy goes out.
type Released struct {
	Seen       [sha256.Size]byte  // SHA-256 of the content that the approver saw (HeldContent)
	Content    []byte             // what goes out instead, such as the sealed form; nil: the content as it is
	EightBit   bool               // Content has octets above 127
	RequireTLS bool               // it goes over verified TLS only
	Records    []deviation.Record // the release in the register
	Then       []Parcel           // what follows from it, such as a notice
	Handings   []Handing          // what the copy hands its reader

	Correspondents []Correspondent // who is written to with it
	Protections    []Protection    // of the copy
	Pins           []ReaderKey     // the key that it was sealed to, for the first time
}

// Errors of Release.
var (
	ErrChanged       = errors.New("the held content is not the one that was approved")
	ErrNotReleasable = errors.New("this copy cannot be made safe to send: it can only be dropped")
)

// Held returns all held copies, oldest first. One that does not decrypt is in
// the list as Damaged.
func (s *Store) Held(ctx context.Context) ([]HeldCopy, error) {
	held, err := s.heldCopies(ctx, "held copies")
	if err != nil {
		return nil, fmt.Errorf("list held copies: %w", err)
	}
	return held, nil
}

// ExpiredHolds returns the held copies whose time was up at now, oldest first.
func (s *Store) ExpiredHolds(ctx context.Context, now time.Time) ([]HeldCopy, error) {
	held, err := s.heldCopies(ctx, "expired copies", now.UnixMilli())
	if err != nil {
		return nil, fmt.Errorf("list expired copies: %w", err)
	}
	return held, nil
}

// HeldCopy returns one held copy by its id, or ErrNotFound.
func (s *Store) HeldCopy(ctx context.Context, id string) (HeldCopy, error) {
	held, _, err := s.heldCopy(ctx, id)
	if err != nil {
		return HeldCopy{}, fmt.Errorf("read a held copy: %w", err)
	}
	return held, nil
}

// HeldContent returns the content of a held copy, or ErrNotFound. The approval
// of a release is bound to the SHA-256 of these octets.
func (s *Store) HeldContent(ctx context.Context, id string) ([]byte, error) {
	held, body, err := s.heldCopy(ctx, id)
	if err == nil && held.Parcel == "" {
		err = ErrDamaged
	}
	if err == nil {
		var content []byte
		if content, err = s.content(ctx, body); err == nil {
			return content, nil
		}
	}
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	return nil, fmt.Errorf("read a held copy: %w", err)
}

// heldRow is a held copy and where its body is.
type heldRow struct {
	HeldCopy
	body int64
}

func (s *Store) heldCopies(ctx context.Context, q query, args ...any) ([]HeldCopy, error) {
	held := []HeldCopy{}
	err := s.query(ctx, q, args, func(r scanner) error {
		h, err := s.scanHeld(r)
		held = append(held, h.HeldCopy)
		return err
	})
	return held, err
}

func (s *Store) heldCopy(ctx context.Context, id string) (HeldCopy, int64, error) {
	var found []heldRow
	err := s.query(ctx, "held copy", []any{id}, func(r scanner) error {
		h, err := s.scanHeld(r)
		found = append(found, h)
		return err
	})
	switch {
	case err != nil:
		return HeldCopy{}, 0, err
	case len(found) == 0:
		return HeldCopy{}, 0, ErrNotFound
	case len(found) > 1:
		return HeldCopy{}, 0, fmt.Errorf("%d held copies have the id %s", len(found), id)
	}
	return found[0].HeldCopy, found[0].body, nil
}

func (s *Store) scanHeld(r scanner) (h heldRow, err error) {
	var id string
	var class Class
	var attempts int
	var box []byte
	var expires, received int64
	err = r.Scan(&h.body, &id, &class, &attempts, &box, &expires, &h.Parcel, &h.Reference, &received, &h.Size)
	if err != nil {
		return h, err
	}
	h.Received = fromMillis(received)
	if h.Copy, h.Login, err = s.openCopy(id, class, Held, box); err != nil || h.Hold == nil {
		h.Damaged = true
		h.Hold = &Hold{Rules: []string{Damaged}, Expires: fromMillis(expires)}
	}
	if h.Parcel == "" {
		h.bodiless()
	}
	return h, nil
}

// Release puts a held copy in line for delivery, with its entries in the
// register and what follows from it, in one transaction. It returns ErrNotFound,
// ErrNotReleasable, or ErrChanged when with.Seen is not the SHA-256 of what the
// store holds.
func (s *Store) Release(ctx context.Context, id string, with Released) error {
	defer s.steady()()
	if err := s.releaseCopy(ctx, id, with); err != nil {
		return fmt.Errorf("release a held copy: %w", err)
	}
	return nil
}

func (s *Store) releaseCopy(ctx context.Context, id string, with Released) error {
	r, err := s.approved(ctx, id, with)
	if err != nil {
		return err
	}
	if err := s.with(ctx, with.Then, r.write); err != nil {
		s.unlade(&lading{s: s, bodies: r.bodies}, err)
		return err
	}
	return nil
}

// approved makes a held copy ready to be released, where what the store holds is
// what was approved.
func (s *Store) approved(ctx context.Context, id string, with Released) (*releasing, error) {
	held, body, err := s.heldCopy(ctx, id)
	switch {
	case err != nil:
		return nil, err
	case held.Damaged || !held.Hold.Releasable:
		return nil, ErrNotReleasable
	}
	content, err := s.content(ctx, body)
	if err != nil {
		return nil, err
	}
	if seen := sha256.Sum256(content); subtle.ConstantTimeCompare(seen[:], with.Seen[:]) != 1 {
		return nil, ErrChanged
	}
	return s.releasing(ctx, held, body, with)
}

// releasing is a held copy on its way back into the queue.
type releasing struct {
	s           *Store
	held        HeldCopy
	old         int64
	bodies      []ladenBody // the new content, or none
	secret      []byte
	records     []ladenRecord
	hands       []Handing
	people      []Correspondent
	pins        []ladenKey
	protections []Protection
}

func (s *Store) releasing(ctx context.Context, held HeldCopy, body int64, with Released) (*releasing, error) {
	r := &releasing{s: s, held: held, old: body, hands: with.Handings, people: with.Correspondents, protections: with.Protections}
	c := held.Copy
	c.State, c.Hold, c.Released = Queued, nil, s.clock()
	if with.Content != nil {
		c.EightBit = with.EightBit
	}
	c.RequireTLS = c.RequireTLS || with.RequireTLS
	var err error
	if r.secret, err = s.ladeCopy(c, held.Login); err != nil {
		return nil, err
	}
	if r.records, err = s.ladeRecords(with.Records); err != nil {
		return nil, err
	}
	if r.pins, err = s.ladeKeys(pinsTable, with.Pins); err != nil {
		return nil, err
	}
	if with.Content != nil {
		if err := s.room(int64(len(with.Content))); err != nil {
			return nil, err
		}
		b, err := s.ladeBody(ctx, Body{Content: with.Content})
		if err != nil {
			return nil, err
		}
		r.bodies = []ladenBody{b}
	}
	return r, nil
}

func (r *releasing) write(t *tx) error {
	to := r.old
	for _, b := range r.bodies {
		l := lading{s: r.s, parcel: Parcel{ID: r.held.Parcel, Reference: r.held.Reference, Received: r.held.Received}}
		if err := l.writeBody(t, b); err != nil {
			return err
		}
		to = b.id
	}
	n, err := t.exec("release copy", r.old, r.held.ID, to, r.s.now().UnixMilli(), r.secret)
	if err != nil {
		return err
	}
	if n == 0 { // somebody else was faster
		return ErrNotFound
	}
	if err := t.handOver(r.hands); err != nil {
		return err
	}
	if err := t.noteProtections(r.protections); err != nil {
		return err
	}
	if err := t.putKeys("pin key", r.pins); err != nil {
		return err
	}
	t.change.Held--
	t.change.Queued++
	t.remember(r.people)
	t.after(func() { r.s.waiting.dueAt(0) })
	if err := t.notify(); err != nil {
		return err
	}
	if err := t.writeRecords(r.records); err != nil {
		return err
	}
	if to == r.old {
		return nil
	}
	return t.forgetBody(r.old)
}

// Drop deletes a held copy and enters the records, in one transaction; with the
// last copy of a body its key is gone, and with it the content. It returns
// ErrNotFound when no such copy is held. What follows from the drop, such as a
// notice, is accepted in the same transaction.
func (s *Store) Drop(ctx context.Context, id string, records []deviation.Record, then ...Parcel) error {
	defer s.steady()()
	_, body, err := s.heldCopy(ctx, id)
	var laden []ladenRecord
	if err == nil {
		laden, err = s.ladeRecords(records)
	}
	if err == nil {
		err = s.with(ctx, then, func(t *tx) error {
			if err := t.dropCopy(id, body); err != nil {
				return err
			}
			return t.writeRecords(laden)
		})
	}
	if err != nil {
		return fmt.Errorf("drop a held copy: %w", err)
	}
	return nil
}

// forgetBody forgets a body that was not claimed. One that is gone already, as
// after damage, is no error.
func (t *tx) forgetBody(id int64) error {
	c := claim{body: id}
	switch err := t.row("body size", []any{id}, &c.size, &c.file); {
	case errors.Is(err, sql.ErrNoRows):
		return nil
	case err != nil:
		return err
	}
	return t.forget(c)
}
