package spool

import (
	"context"
	"fmt"
	"time"
)

func sharedPlace(kind, name string) string { return "shared/secret/" + kind + "/" + name }

// Shared returns what the nodes share of a kind, by name, as long as it lasts.
func (s *Store) Shared(ctx context.Context, kind string) (map[string][]byte, error) {
	all := map[string][]byte{}
	err := s.query(ctx, "shared", []any{kind, millis(s.now())}, func(r scanner) error {
		var name string
		var box []byte
		err := r.Scan(&name, &box)
		if err == nil {
			all[name], err = s.vault.open(sharedPlace(kind, name), box)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read what nodes share: %w", err)
	}
	return all, nil
}

// Share lets all nodes have something under a kind and a name, in the place of
// what was there. It lasts until ends, or for ever where that is zero. Whose
// time was up is forgotten.
func (s *Store) Share(ctx context.Context, kind, name string, content []byte, ends time.Time) error {
	err := s.run(ctx, &job{urgent: true, do: func(t *tx) error {
		if _, err := t.exec("forget shared", millis(s.now())); err != nil {
			return err
		}
		_, err := t.exec("share", kind, name, millis(ends), s.vault.seal(sharedPlace(kind, name), content))
		return err
	}})
	if err != nil {
		return fmt.Errorf("share with other nodes: %w", err)
	}
	return nil
}

// TakeTurn reports whether the owner alone may do what is named, until ends. It
// is theirs again, or for longer, when they ask once more.
func (s *Store) TakeTurn(ctx context.Context, name, owner string, ends time.Time) (bool, error) {
	var n int64
	err := s.run(ctx, &job{urgent: true, do: func(t *tx) (err error) {
		n, err = t.exec("take turn", name, owner, millis(ends), s.vault.seal(sharedPlace("turn", name), nil), millis(s.now()))
		return err
	}})
	if err != nil {
		return false, fmt.Errorf("take a turn: %w", err)
	}
	return n > 0, nil
}
