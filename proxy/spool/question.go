package spool

import (
	"context"
	"errors"
	"fmt"
	"time"

	"postvern.example/internal/deviation"
)

// Question is something that the sender of held copies is asked.
type Question struct {
	ID      string
	Expires time.Time
	Answer  string // empty: open
	Content []byte // what it is about; stored encrypted
}

// Settlement ends a question, with what becomes of the copies that waited for
// its answer.
type Settlement struct {
	Question string
	Answer   string
	Release  map[string]Released // by the copy's ID
	Drop     []string
	Keep     map[string]Hold // copies that stay held, and why
	Records  []deviation.Record
	Then     []Parcel
}

// ErrAnswered is returned by Settle for a question that was answered before.
var ErrAnswered = errors.New("the question was answered before")

func questionPlace(id string) string { return "questions/secret/" + id }

// Question returns a question by its id, or ErrNotFound.
func (s *Store) Question(ctx context.Context, id string) (Question, error) {
	q := Question{ID: id}
	found := false
	err := s.query(ctx, "question", []any{id}, func(r scanner) error {
		var expires int64
		var box []byte
		found = true
		if err := r.Scan(&expires, &q.Answer, &box); err != nil {
			return err
		}
		q.Expires = fromMillis(expires)
		var err error
		q.Content, err = s.vault.open(questionPlace(id), box)
		return err
	})
	if err == nil && !found {
		err = ErrNotFound
	}
	if err != nil {
		return Question{}, fmt.Errorf("read a question: %w", err)
	}
	return q, nil
}

func (t *tx) writeQuestions(all []Question) error {
	for _, q := range all {
		box := t.s.vault.seal(questionPlace(q.ID), q.Content)
		if _, err := t.exec("insert question", q.ID, millis(q.Expires), box); err != nil {
			return err
		}
	}
	return nil
}

// Settle ends a question in one transaction: it is marked as answered, and every
// copy is released, dropped or kept as with says. It returns ErrAnswered and
// changes nothing where it was answered before, ErrNotFound where the question
// or one of the copies is gone, and what Release returns for a copy that cannot
// be released.
func (s *Store) Settle(ctx context.Context, with Settlement) error {
	defer s.steady()()
	if err := s.settleQuestion(ctx, with); err != nil {
		return fmt.Errorf("settle a question: %w", err)
	}
	return nil
}

func (s *Store) settleQuestion(ctx context.Context, with Settlement) error {
	records, err := s.ladeRecords(with.Records)
	if err != nil {
		return err
	}
	var steps []func(*tx) error
	var releases []*releasing
	undo := func(err error) {
		for _, r := range releases {
			s.unlade(&lading{s: s, bodies: r.bodies}, err)
		}
	}
	for id, released := range with.Release {
		r, err := s.approved(ctx, id, released)
		if err != nil {
			undo(err)
			return err
		}
		releases = append(releases, r)
		steps = append(steps, r.write)
	}
	for _, id := range with.Drop {
		_, body, err := s.heldCopy(ctx, id)
		if err != nil {
			undo(err)
			return err
		}
		steps = append(steps, func(t *tx) error { return t.dropCopy(id, body) })
	}
	for id, hold := range with.Keep {
		step, err := s.keeping(ctx, id, hold)
		if err != nil {
			undo(err)
			return err
		}
		steps = append(steps, step)
	}
	err = s.with(ctx, with.Then, func(t *tx) error {
		n, err := t.exec("answer question", with.Question, with.Answer)
		if err != nil {
			return err
		}
		if n == 0 {
			return refusal{ErrAnswered}
		}
		for _, step := range steps {
			if err := step(t); err != nil {
				return err
			}
		}
		return t.writeRecords(records)
	})
	if err != nil {
		undo(err)
	}
	return err
}

// dropCopy deletes a held copy.
func (t *tx) dropCopy(id string, body int64) error {
	n, err := t.exec("drop copy", body, id)
	if err != nil {
		return err
	}
	if n == 0 {
		return ErrNotFound
	}
	t.change.Held--
	return t.forgetBody(body)
}

// keeping returns what writes anew why a copy is held.
func (s *Store) keeping(ctx context.Context, id string, hold Hold) (func(*tx) error, error) {
	held, body, err := s.heldCopy(ctx, id)
	if err != nil {
		return nil, err
	}
	c := held.Copy
	c.Hold = &hold
	box, err := s.ladeCopy(c, held.Login)
	if err != nil {
		return nil, err
	}
	return func(t *tx) error {
		n, err := t.exec("keep copy", body, id, box)
		if err == nil && n == 0 {
			err = ErrNotFound
		}
		return err
	}, nil
}

// ExpireQuestions forgets questions whose time was up before now. The copies
// that waited for them are dropped as held copies are.
func (s *Store) ExpireQuestions(ctx context.Context, now time.Time) error {
	err := s.run(ctx, &job{urgent: true, do: func(t *tx) error {
		_, err := t.exec("expire questions", now.UnixMilli())
		return err
	}})
	if err != nil {
		return fmt.Errorf("forget questions: %w", err)
	}
	return nil
}

// QuestionsToRemindOf returns the ids of open questions that end after now and
// not after until, of which nobody was reminded; at most a hundred at a time.
func (s *Store) QuestionsToRemindOf(ctx context.Context, now, until time.Time) (ids []string, err error) {
	err = s.query(ctx, "questions to remind of", []any{now.UnixMilli(), until.UnixMilli()}, func(r scanner) error {
		var id string
		err := r.Scan(&id)
		ids = append(ids, id)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list questions: %w", err)
	}
	return ids, nil
}

// Remind notes that the sender was reminded of a question and accepts what
// follows from it, in one transaction. It returns ErrAnswered and changes nothing
// where that was done before, or the question is answered or gone.
func (s *Store) Remind(ctx context.Context, id string, now time.Time, then ...Parcel) error {
	defer s.steady()()
	err := s.with(ctx, then, func(t *tx) error {
		n, err := t.exec("remind", id, now.UnixMilli())
		if err == nil && n == 0 {
			err = refusal{ErrAnswered}
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("remind of a question: %w", err)
	}
	return nil
}

// OpenQuestions returns how many questions wait for an answer.
func (s *Store) OpenQuestions(ctx context.Context) (n int64, err error) {
	err = s.query(ctx, "open questions", nil, func(r scanner) error { return r.Scan(&n) })
	if err != nil {
		return 0, fmt.Errorf("count questions: %w", err)
	}
	return n, nil
}
