package spool

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
)

// ErrMoved is returned by Open for a store in SQLite whose contents were moved
// to PostgreSQL.
var ErrMoved = errors.New("this store was moved to PostgreSQL: set store: in postvern.yaml to its address, and remove postvern.db and bodies/ once the gateway has run there")

// movedMark is the entry of meta that says so.
const movedMark = "moved"

// Moved says what a move or a restore brought over.
type Moved struct {
	Rows  map[string]int64 // by table
	Large int              // large bodies
	Held  int64            // copies on their way that now wait for a decision (Restore)
}

func (c carried) moved() Moved {
	m := Moved{Rows: map[string]int64{}, Large: c.Large}
	for name, total := range c.Tables {
		m.Rows[name] = total.Rows
	}
	return m
}

// Migrate moves the contents of the SQLite store in dir to the empty
// PostgreSQL store at url, in one transaction there, and verifies every row
// and every body before it commits. After that dir does not open any more. It
// returns ErrInUse while a gateway runs on dir, and ErrNotEmpty when there is
// something at url; after any error dir is as it was.
func Migrate(ctx context.Context, dir, url string, keys [][]byte) (Moved, error) {
	lock, err := lockFile(filepath.Join(dir, "serving.lock"))
	if err != nil {
		return Moved{}, fmt.Errorf("move the store: %w", err)
	}
	defer lock.Close() //nolint:errcheck // only locked
	from, err := Open(ctx, Config{Dir: dir, Key: keys[0], Others: keys[1:], evenMoved: true})
	if err != nil {
		return Moved{}, fmt.Errorf("move the store: %w", err)
	}
	defer from.Close() //nolint:errcheck // the error of the move is the one to tell
	to, err := Open(ctx, Config{Dir: dir, URL: url, Key: keys[0], Others: keys[1:]})
	if errors.Is(err, ErrKey) {
		err = fmt.Errorf("%w: another installation's key belongs to it", ErrNotEmpty)
	}
	if err != nil {
		return Moved{}, fmt.Errorf("move the store: %w", err)
	}
	defer to.Close() //nolint:errcheck // as above
	done, err := move(ctx, from, to)
	if err != nil {
		return Moved{}, fmt.Errorf("move the store: %w", err)
	}
	return done.moved(), nil
}

func move(ctx context.Context, from, to *Store) (carried, error) {
	source, err := from.snapshot(ctx)
	if err != nil {
		return carried{}, err
	}
	defer source.close()
	target, err := to.refill(ctx)
	if err != nil {
		return carried{}, err
	}
	defer target.undo()
	done, err := carry(ctx, source, target, asQueued)
	if err == nil && done.Gone > 0 {
		err = fmt.Errorf("%d copies have lost their bodies: start the gateway once, so that it holds them as damaged", done.Gone)
	}
	if err == nil {
		err = to.vault.verify(ctx, &snapshot{s: to, tx: target.tx}, done)
	}
	if err != nil {
		return carried{}, err
	}
	source.close()
	// The mark comes first: should the machine stop between the two, no store
	// sends, instead of both.
	if err := from.mark(ctx, true); err != nil {
		return carried{}, err
	}
	if err := target.finish(ctx); err != nil {
		return carried{}, errors.Join(err, from.mark(ctx, false))
	}
	return done, nil
}

// asQueued gives up the claims of whoever served the store, and leaves the
// mark of an earlier move behind.
func asQueued(t table, r values) (bool, error) {
	switch t.Name {
	case "copies":
		r[t.at("owner")] = int64(0)
	case "meta":
		return r[t.at("name")] != movedMark, nil
	}
	return true, nil
}

// mark says whether the contents were moved.
func (s *Store) mark(ctx context.Context, moved bool) error {
	q, args := "DELETE FROM meta WHERE name = $1", []any{movedMark}
	if moved {
		q, args = "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING", append(args, []byte("postgresql"))
	}
	if _, err := s.db.ExecContext(ctx, q, args...); err != nil {
		return fmt.Errorf("mark the store: %w", err)
	}
	return nil
}

// checkMoved refuses a store whose contents are elsewhere.
func (s *Store) checkMoved(ctx context.Context) error {
	if s.cfg.evenMoved {
		return nil
	}
	switch _, err := s.readMeta(ctx, movedMark); {
	case errors.Is(err, sql.ErrNoRows):
		return nil
	case err != nil:
		return fmt.Errorf("look for a mark: %w", s.fault(err))
	}
	return ErrMoved
}
