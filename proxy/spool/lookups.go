package spool

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"
)

// LookUp is what servers outside answered when they were asked for a reader's
// key.
type LookUp struct {
	Reader string // canonical address; stored as a keyed hash
	Result LookUpResult
	Again  time.Time // nobody is asked again before
}

// LookUpResult is what came of a look-up.
type LookUpResult string

// The results of look-ups.
const (
	LookUpFound  LookUpResult = "found"  // a key; whether it is used, the keys tell
	LookUpNone   LookUpResult = "none"   // all that were asked say that they have none
	LookUpFailed LookUpResult = "failed" // no answer, or one that is none
)

// LookedUp returns what a reader's last look-up came to, by canonical address;
// its Result is empty where none is remembered.
func (s *Store) LookedUp(ctx context.Context, reader string) (LookUp, error) {
	l := LookUp{Reader: reader}
	err := s.query(ctx, "lookup", []any{s.vault.reader(reader)}, func(r scanner) error {
		var again int64
		err := r.Scan(&l.Result, &again)
		l.Again = fromMillis(again)
		return err
	})
	if err != nil {
		return LookUp{}, fmt.Errorf("read a look-up: %w", err)
	}
	return l, nil
}

// noteLookUps notes what look-ups came to, in one order, so that two nodes that
// note some of the same do not wait for each other.
func (t *tx) noteLookUps(all []LookUp) error {
	all = slices.SortedFunc(slices.Values(all), func(a, b LookUp) int { return cmp.Compare(a.Reader, b.Reader) })
	for _, l := range all {
		if _, err := t.exec("note lookup", t.s.vault.reader(l.Reader), string(l.Result), millis(l.Again)); err != nil {
			return err
		}
	}
	return nil
}

// ForgetLookUps forgets look-ups that may be made again.
func (s *Store) ForgetLookUps(ctx context.Context, now time.Time) error {
	err := s.run(ctx, &job{urgent: true, do: func(t *tx) error {
		_, err := t.exec("forget old lookups", now.UnixMilli())
		return err
	}})
	if err != nil {
		return fmt.Errorf("forget look-ups: %w", err)
	}
	return nil
}
