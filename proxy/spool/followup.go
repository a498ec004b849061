package spool

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"postvern.example/internal/deviation"
)

// Changed is a record as it stands after ChangeDeviations.
type Changed struct {
	deviation.Record
	Changed bool // false: there was nothing to change
}

// ChangeDeviations changes the records with these ids and references, in one
// transaction: what others write meanwhile is not lost. It may call change
// several times for one record, and what tells entries apart (id, reference,
// date, near miss) stays as it is. It returns all that were named, changed or not,
// each once; or ErrNotFound, with the name, where there is none of a name, and
// then nothing is changed.
func (s *Store) ChangeDeviations(ctx context.Context, names []string, change func(deviation.Record) (deviation.Record, bool)) ([]Changed, error) {
	defer s.steady()()
	var all []Changed
	err := s.run(ctx, &job{urgent: true, do: func(t *tx) (err error) {
		if all, err = t.recordsToChange(names); err != nil {
			return err
		}
		var laden []ladenRecord
		for i := range all {
			all[i].Record, all[i].Changed = change(all[i].Record)
			if !all[i].Changed {
				continue
			}
			l, err := s.ladeRecord(all[i].Record)
			if err != nil {
				return refusal{err}
			}
			laden = append(laden, l)
		}
		for _, r := range laden {
			_, err := t.exec("change deviation", r.ID, string(r.Severity), string(r.Status), millis(r.FollowUp), r.secret)
			if err != nil {
				return err
			}
		}
		return nil
	}})
	if err != nil {
		return nil, fmt.Errorf("change deviations: %w", err)
	}
	return all, nil
}

// recordsToChange reads records, and keeps others from changing them until the
// transaction ends.
func (t *tx) recordsToChange(names []string) ([]Changed, error) {
	var all []Changed
	var unreadable error
	for _, name := range names {
		none := true
		err := t.rows("deviation to change", []any{strings.ToUpper(name)}, func(row scanner) error {
			r, err := t.s.scanRecord(row)
			none = false
			if errors.Is(err, ErrDamaged) {
				unreadable = err
				return nil
			}
			if !slices.ContainsFunc(all, func(c Changed) bool { return c.ID == r.ID }) {
				all = append(all, Changed{Record: r})
			}
			return err
		})
		switch {
		case err != nil:
			return nil, err
		case unreadable != nil:
			return nil, refusal{unreadable}
		case none:
			return nil, refusal{UnknownError{Name: name}}
		}
	}
	return all, nil
}

// UnknownError is ErrNotFound with the name that was asked for.
type UnknownError struct{ Name string }

// Error says that nothing has the name.
func (e UnknownError) Error() string { return fmt.Sprintf("%v: %s", ErrNotFound, e.Name) }

// Unwrap returns ErrNotFound.
func (e UnknownError) Unwrap() error { return ErrNotFound }

// MostCounted is how many open records of a kind are counted: a register that
// nobody works in must not slow down who only asks how many there are.
const MostCounted = 10_000

// FollowUps says how many records wait for somebody to look at them.
type FollowUps struct {
	Open, Due         int64 // deviations; those due are open, and their follow-up is past
	NearOpen, NearDue int64 // near misses
}

// FollowUps counts the records that are open, up to MostCounted.
func (s *Store) FollowUps(ctx context.Context, now time.Time) (FollowUps, error) {
	var f FollowUps
	for _, c := range []struct {
		into        *int64
		near        bool
		since, till int64
	}{
		{&f.Open, false, 0, math.MaxInt64},
		{&f.Due, false, 1, now.UnixMilli()},
		{&f.NearOpen, true, 0, math.MaxInt64},
		{&f.NearDue, true, 1, now.UnixMilli()},
	} {
		if err := s.row(ctx, "open deviations", []any{number(c.near), c.since, c.till, MostCounted}, c.into); err != nil {
			return FollowUps{}, fmt.Errorf("count open deviations: %w", err)
		}
	}
	return f, nil
}
