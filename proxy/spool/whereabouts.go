package spool

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5/stdlib"
)

// Arrived reports whether a move has come to its end: the store at its URL holds
// the mail then. Where it has not, it never will.
func Arrived(ctx context.Context, to *MovedError) (bool, error) {
	cfg, err := postgresConfig(to.URL)
	if err != nil {
		return false, errors.New("the URL that the store was moved to is not one of PostgreSQL")
	}
	db := stdlib.OpenDB(*cfg)
	defer db.Close() //nolint:errcheck // it only read
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return false, fmt.Errorf("ask the new store whether the mail is there: %w", err)
	}
	defer tx.Rollback() //nolint:errcheck // it only read
	// Whoever fills it holds this until that is committed, or never will be.
	if _, err := tx.ExecContext(ctx, "SELECT pg_advisory_xact_lock($1)", int64(fillLock)); err != nil {
		return false, fmt.Errorf("ask the new store whether the mail is there: %w", err)
	}
	id, err := metaBeforeOpening(ctx, tx, arrivedMeta)
	if err != nil {
		return false, fmt.Errorf("ask the new store whether the mail is there: %w", err)
	}
	return string(id) == to.ID, nil
}

// rowReader is a database or a transaction on it.
type rowReader interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// metaBeforeOpening reads what a store in PostgreSQL says of itself, whose tables
// need not have been made yet: nothing then.
func metaBeforeOpening(ctx context.Context, db rowReader, name string) (value []byte, err error) {
	var tables int
	err = db.QueryRowContext(ctx, "SELECT count(*) FROM pg_catalog.pg_tables WHERE schemaname = current_schema() AND tablename = 'meta'").Scan(&tables)
	if err == nil && tables > 0 {
		err = db.QueryRowContext(ctx, "SELECT value FROM meta WHERE name = $1", name).Scan(&value)
	}
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return value, err
}

// keyless returns ErrKeyMissing where the store at the URL is sealed with a key
// already.
func keyless(ctx context.Context, url string) error {
	if _, err := dialectOf(url); err != nil {
		return err
	}
	db, err := sql.Open("pgx", url)
	if err != nil {
		return errors.New("the URL of the store is not one of PostgreSQL")
	}
	defer db.Close() //nolint:errcheck // it only read
	box, err := metaBeforeOpening(ctx, db, keyMeta)
	if err == nil && box == nil {
		return nil
	}
	if err != nil {
		return fmt.Errorf("ask the store whether it has a key: %w", err)
	}
	if id, err := metaBeforeOpening(ctx, db, keyIDMeta); err == nil && id != nil {
		return fmt.Errorf("%w (it needs the key %s)", ErrKeyMissing, id)
	}
	return ErrKeyMissing
}

// settleMove makes a store whole again whose move was broken off before its end.
// It returns a *MovedError where it was not. Nobody else may be moving it.
func settleMove(ctx context.Context, dir string, keys [][]byte) error {
	s, err := Open(ctx, Config{Dir: dir, Key: keys[0], Others: keys[1:], evenMoved: true})
	if err != nil {
		return err
	}
	defer s.Close() //nolint:errcheck // what was written is committed
	var to *MovedError
	mark, err := s.readMeta(ctx, movedMark)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return s.run(ctx, &job{urgent: true, do: (*tx).unwatch})
	case err != nil:
		return fmt.Errorf("look for a mark: %w", s.fault(err))
	case !errors.As(s.movedTo(mark), &to):
		return ErrMoved
	}
	switch arrived, err := Arrived(ctx, to); {
	case err != nil:
		return err
	case arrived:
		return to
	}
	return s.run(ctx, &job{urgent: true, do: func(t *tx) error {
		if _, err := t.exec("forget meta", movedMark); err != nil {
			return err
		}
		return t.unwatch()
	}})
}

// Whereabouts returns the URL that the store of dir was moved to, or nothing where
// it is in dir. It waits for a move that has come to its end, and makes a store
// whole whose move was broken off. A gateway asks before it opens the store.
func Whereabouts(ctx context.Context, dir string, keys [][]byte) (string, error) {
	if _, err := os.Stat(filepath.Join(dir, databaseFile)); errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	for {
		lock, err := lockMove(dir)
		if err == nil {
			err = errors.Join(settleMove(ctx, dir, keys), lock.Close())
			var to *MovedError
			if errors.As(err, &to) {
				return to.URL, nil
			}
			return "", err
		}
		if !errors.Is(err, ErrInUse) {
			return "", err
		}
		ending, err := moveEnds(ctx, dir, keys)
		if err != nil || !ending {
			return "", err
		}
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// moveEnds reports whether the move of a store has come so far that nobody may
// serve it.
func moveEnds(ctx context.Context, dir string, keys [][]byte) (bool, error) {
	s, err := Open(ctx, Config{Dir: dir, Key: keys[0], Others: keys[1:]})
	if errors.Is(err, ErrMoved) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	_, now, err := s.Moving(ctx)
	return now, errors.Join(err, s.Close())
}

// Moves reports whether somebody moves the store of dir.
func Moves(dir string) bool {
	lock, err := lockMove(dir)
	if err == nil {
		err = lock.Close()
	}
	return errors.Is(err, ErrInUse)
}
