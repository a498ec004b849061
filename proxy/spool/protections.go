package spool

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"
)

// Protection is how a copy to a reader is protected.
type Protection struct {
	Reader string // canonical address
	Step   string
}

// Protected is how copies to a reader were protected before.
type Protected struct {
	Step   string
	Last   time.Time // the day of the last one
	Copies int64
}

// Protections returns how copies to a reader, by canonical address, were
// protected within the last two years, the latest first.
func (s *Store) Protections(ctx context.Context, reader string) ([]Protected, error) {
	all := []Protected{}
	err := s.query(ctx, "protections", []any{s.vault.reader(reader)}, func(r scanner) error {
		var p Protected
		var day int64
		err := r.Scan(&p.Step, &day, &p.Copies)
		p.Last = time.Unix(day*24*60*60, 0).UTC()
		all = append(all, p)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read how copies were protected: %w", err)
	}
	return all, nil
}

// noteProtections notes how copies are protected, in one order, so that two
// nodes that note some of the same do not wait for each other.
func (t *tx) noteProtections(all []Protection) error {
	all = slices.SortedFunc(slices.Values(all), func(a, b Protection) int {
		return cmp.Or(cmp.Compare(a.Reader, b.Reader), cmp.Compare(a.Step, b.Step))
	})
	for _, p := range all {
		if _, err := t.exec("note protection", t.s.vault.reader(p.Reader), p.Step, dayOf(t.s.clock())); err != nil {
			return err
		}
	}
	return nil
}
