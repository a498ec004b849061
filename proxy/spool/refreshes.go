package spool

import (
	"context"
	"fmt"
	"time"

	"postvern.example/internal/deviation"
)

// Refreshes returns when servers are asked again about the keys of readers, by
// canonical address, that they gave. Whom nothing is planned for is not in it.
func (s *Store) Refreshes(ctx context.Context, readers []string) (map[string]time.Time, error) {
	names := make(map[string]string, len(readers))
	for _, r := range readers {
		names[string(s.vault.reader(r))] = r
	}
	due := map[string]time.Time{}
	err := s.query(ctx, "refreshes", nil, func(r scanner) error {
		var reader []byte
		var at int64
		err := r.Scan(&reader, &at)
		if name, ok := names[string(reader)]; ok {
			due[name] = fromMillis(at)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read when keys are refreshed: %w", err)
	}
	return due, nil
}

// ClaimRefresh plans the next refresh of a reader's keys in the place of one that
// was planned for was; zero is none. It reports false where another node was
// faster: that one asks.
func (s *Store) ClaimRefresh(ctx context.Context, reader string, was, next time.Time) (bool, error) {
	defer s.steady()()
	var n int64
	err := s.run(ctx, &job{urgent: true, do: func(t *tx) (err error) {
		n, err = t.exec("claim refresh", s.vault.reader(reader), millis(was), millis(next))
		return err
	}})
	if err != nil {
		return false, fmt.Errorf("claim a refresh: %w", err)
	}
	return n > 0, nil
}

// Refreshed stores what a refresh of a reader's keys brought, when the next one
// is, and what the register says of it, as one.
func (s *Store) Refreshed(ctx context.Context, reader string, next time.Time, keys []ReaderKey, records ...deviation.Record) error {
	defer s.steady()()
	laden, err := s.ladeKeys(keysTable, keys)
	if err != nil {
		return fmt.Errorf("store a refresh: %w", err)
	}
	said, err := s.ladeRecords(records)
	if err != nil {
		return fmt.Errorf("store a refresh: %w", err)
	}
	err = s.run(ctx, &job{urgent: true, do: func(t *tx) error {
		if _, err := t.exec("note refresh", s.vault.reader(reader), millis(next)); err != nil {
			return err
		}
		if err := t.putKeys("put reader key", laden); err != nil {
			return err
		}
		return t.writeRecords(said)
	}})
	if err != nil {
		return fmt.Errorf("store a refresh: %w", err)
	}
	return nil
}

// ForgetRefreshes forgets refreshes that were due before and that nobody made:
// those of readers whose keys were removed.
func (s *Store) ForgetRefreshes(ctx context.Context, before time.Time) error {
	err := s.run(ctx, &job{urgent: true, do: func(t *tx) error {
		_, err := t.exec("forget old refreshes", millis(before))
		return err
	}})
	if err != nil {
		return fmt.Errorf("forget refreshes: %w", err)
	}
	return nil
}
