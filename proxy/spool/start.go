package spool

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// ids makes the numbers of bodies: the epoch of this opening, and a count. They
// grow, so that new rows are written at the end of their table.
type ids struct {
	mu    sync.Mutex
	epoch atomic.Int64
	count int64
}

// epochShift leaves room for 2^38 bodies in an epoch and 2^25 epochs.
const epochShift = 38

// nextID returns the number of a new body.
func (s *Store) nextID(ctx context.Context) (int64, error) {
	s.ids.mu.Lock()
	defer s.ids.mu.Unlock()
	if s.ids.epoch.Load() == 0 {
		epoch, err := s.newEpoch(ctx)
		if err != nil {
			return 0, err
		}
		s.ids.epoch.Store(epoch)
	}
	s.ids.count++
	return s.ids.epoch.Load()<<epochShift | s.ids.count, nil
}

// newEpoch draws an epoch. A process that only reads never needs one.
func (s *Store) newEpoch(ctx context.Context) (epoch int64, err error) {
	err = s.run(ctx, &job{urgent: true, do: func(t *tx) error {
		if err := t.row("new epoch", nil, &epoch); err != nil {
			return err
		}
		if _, ok := s.lang.queries["forget epochs"]; !ok {
			return nil
		}
		_, err := t.exec("forget epochs", epoch)
		return err
	}})
	if err != nil {
		return 0, fmt.Errorf("number the opening: %w", err)
	}
	return epoch, nil
}

// The entries of meta that say with which key of the installation the store is
// sealed: a text that has to open, and the id of the key.
const (
	keyMeta   = "key"
	keyIDMeta = "key-id"
	keyPlain  = "postvern"
	keyCheck  = "meta/value/" + keyMeta
)

// checkKey makes sure that one of the keys is that of the store: a text that was
// sealed when the store was made, or when its key was changed, has to open. The
// key that opens it seals from here on.
func (s *Store) checkKey(ctx context.Context) error {
	box, err := s.readMeta(ctx, keyMeta)
	if errors.Is(err, sql.ErrNoRows) {
		_, werr := s.db.ExecContext(ctx, s.lang.queries["write meta"], keyMeta, s.vault.seal(keyCheck, []byte(keyPlain)))
		box, err = s.readMeta(ctx, keyMeta) // another process may have been faster
		if err != nil {
			err = errors.Join(err, werr)
		}
	}
	if err != nil {
		return fmt.Errorf("check the key: %w", s.fault(err))
	}
	if !s.vault.sealWith(keyCheck, box) {
		id, err := s.readMeta(ctx, keyIDMeta)
		if err != nil {
			return ErrKey // it was never said
		}
		return keyError(s.vault, string(id))
	}
	s.keyBox.Store(&box)
	if _, err := s.readMeta(ctx, keyIDMeta); errors.Is(err, sql.ErrNoRows) {
		if _, err := s.db.ExecContext(ctx, s.lang.queries["replace meta"], keyIDMeta, []byte(s.vault.sealing())); err != nil {
			return fmt.Errorf("name the key: %w", s.fault(err))
		}
	}
	return s.readSecrets(ctx)
}

// keyError says which keys are needed, and which are here.
func keyError(v *vault, needs ...string) error {
	if len(needs) == 0 {
		return fmt.Errorf("%w (here is %s)", ErrKey, strings.Join(v.ids(), " and "))
	}
	return fmt.Errorf("%w (it needs the key %s; here is %s)", ErrKey, strings.Join(needs, " and "), strings.Join(v.ids(), " and "))
}

func (s *Store) readMeta(ctx context.Context, name string) (value []byte, err error) {
	err = s.db.QueryRowContext(ctx, s.lang.queries["read meta"], name).Scan(&value)
	return value, err
}

// sweepSQLite removes the files that no row names: their transaction never stood,
// or the process ended between a commit and the removal.
func sweepSQLite(ctx context.Context, s *Store) error {
	known := make(map[string]bool)
	err := s.query(ctx, "files", nil, func(row scanner) error {
		var name string
		if err := row.Scan(&name); err != nil {
			return err
		}
		known[name] = true
		return nil
	})
	if err != nil {
		return err
	}
	names, err := s.disk.orphans(known, s.clock())
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := s.disk.remove(name); err != nil {
			return err
		}
	}
	if len(names) > 0 {
		s.log.Info("removed bodies that no copy needs", "count", len(names))
	}
	return nil
}

// clock returns the time as the store writes it: UTC, whole milliseconds.
func (s *Store) clock() time.Time { return fromMillis(s.now().UnixMilli()) }

// millis is a time as it stands in a row; the zero time is 0.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func fromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
