package spool

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"time"
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

	Lacking []string // what the backup was made without (Restore), or what cannot be read and was moved as it is (Migrate)
}

func (c carried) moved() Moved {
	m := Moved{Rows: map[string]int64{}, Large: c.Large}
	for name, total := range c.Tables {
		m.Rows[name] = total.Rows
	}
	return m
}

// MoveConfig says what is moved, and where to.
type MoveConfig struct {
	Dir    string // the data directory of the store in SQLite
	URL    string // of an empty store in PostgreSQL
	Keys   [][]byte
	Freeze time.Duration // how long the gateway may take to let go of the store at the end
	Say    func(string)  // hears how far it is
}

// Migrate moves the contents of a store in SQLite to an empty one in PostgreSQL,
// in one transaction there, while a gateway works on it: it copies all, verifies
// every row and every body, follows what has changed meanwhile, and at the end
// asks the gateway to let go of the store, follows the last changes, compares the
// counts, marks the store here as moved and commits there. It returns ErrInUse
// when the gateway does not let go of it, ErrNotEmpty when there is something at the URL.
// After any error before the mark, the store here is as it was.
//
// What cannot be read is moved as it stands, so that who serves the store there
// does with it as here: its copies are held as damaged, and their senders are
// told. Then the move is whole, and the error is ErrUnreadable.
func Migrate(ctx context.Context, cfg MoveConfig) (Moved, error) {
	moved, err := migrate(ctx, cfg)
	if err == nil && len(moved.Lacking) > 0 {
		return moved, fmt.Errorf("move the store: %w", ErrUnreadable)
	}
	if err != nil {
		return Moved{}, fmt.Errorf("move the store: %w", err)
	}
	return moved, nil
}

// ErrUnreadable says that a store was moved together with rows that cannot be
// read; Moved.Lacking names them.
var ErrUnreadable = errors.New("some of what was moved cannot be read any more")

func migrate(ctx context.Context, cfg MoveConfig) (Moved, error) {
	lock, err := lockPatiently(ctx, movingLock(cfg.Dir), 10*time.Second)
	if errors.Is(err, ErrInUse) {
		err = errors.New("it is being moved already, by another command")
	}
	if err != nil {
		return Moved{}, err
	}
	defer lock.Close() //nolint:errcheck // only locked
	if err := settleMove(ctx, cfg.Dir, cfg.Keys); err != nil {
		return Moved{}, err
	}
	from, err := Open(ctx, Config{Dir: cfg.Dir, Key: cfg.Keys[0], Others: cfg.Keys[1:]})
	if err != nil {
		return Moved{}, err
	}
	defer from.Close() //nolint:errcheck // the error of the move is the one to tell
	there := Config{Dir: cfg.Dir, URL: cfg.URL, Key: from.vault.ring.Load().seals.key, Others: cfg.Keys}
	to, err := Open(ctx, there)
	if errors.Is(err, ErrKey) {
		if err = forgetKey(ctx, there); err == nil {
			to, err = Open(ctx, there)
		}
	}
	if errors.Is(err, ErrKey) || errors.Is(err, ErrNotEmpty) {
		err = fmt.Errorf("%w: another installation's key belongs to it", ErrNotEmpty)
	}
	if err != nil {
		return Moved{}, err
	}
	defer to.Close() //nolint:errcheck // as above
	m := &move{from: from, to: to, damaged: map[string]string{}}
	if err := m.run(ctx, cfg); err != nil {
		clean := context.WithoutCancel(ctx)
		return Moved{}, errors.Join(err, from.run(clean, &job{urgent: true, do: (*tx).unwatch}))
	}
	moved := m.done.moved()
	moved.Lacking = slices.Sorted(maps.Values(m.damaged))
	return moved, nil
}

// forgetKey makes an empty store one of nobody's: a move that was broken off has
// left it, and the installation's key was changed since. It returns ErrNotEmpty
// for a store with something in it, and for one that somebody serves.
func forgetKey(ctx context.Context, cfg Config) error {
	s, err := newStore(cfg)
	if err != nil {
		return err
	}
	defer s.release() //nolint:errcheck // what was written is committed
	if err := s.lang.open(ctx, s); err != nil {
		return err
	}
	f, err := s.refill(ctx)
	if err != nil {
		return err
	}
	defer f.undo()
	if err := f.begin(ctx, nil); err != nil {
		return err
	}
	return f.tx.Commit()
}

// run copies, verifies and follows, and ends the move.
func (m *move) run(ctx context.Context, cfg MoveConfig) error {
	tables, err := tablesOf(ctx, m.from.read, false)
	if err == nil {
		err = m.from.watch(ctx, tables)
	}
	if err == nil {
		m.target, err = m.to.refill(ctx)
	}
	if err != nil {
		return err
	}
	defer m.target.undo()
	if err := m.copyAll(ctx); err != nil {
		return err
	}
	cfg.Say(fmt.Sprintf("Copied %d rows; reading them back.", m.rows()))
	if err := m.to.vault.verify(ctx, &snapshot{s: m.to, tx: m.target.tx}, m.done, m.cannotRead); err != nil {
		return err
	}
	cfg.Say("Verified; following what has changed meanwhile.")
	for few := false; !few; {
		n, err := m.catchUp(ctx)
		if err != nil {
			return err
		}
		few = n < followLast
	}
	cfg.Say("Asking the gateway to let go of the store.")
	return m.end(ctx, cfg)
}

func (m *move) rows() (n int64) {
	for _, t := range m.done.Tables {
		n += t.Rows
	}
	return n
}

// copyAll copies all rows, each as it is when its turn comes: what changes from
// then on is followed.
func (m *move) copyAll(ctx context.Context) error {
	var err error
	m.done, err = carry(ctx, live{&snapshot{s: m.from}, m.from.read}, m.target, asQueued)
	return err
}

// How many changes are followed at a time, and how few are left for the end.
const (
	followMost = 2000
	followLast = 200
)

// catchUp follows changes while the gateway works, and returns how many.
func (m *move) catchUp(ctx context.Context) (int, error) {
	source, err := m.from.snapshot(ctx)
	if err != nil {
		return 0, err
	}
	defer source.close()
	all, last, err := changesAfter(ctx, source.tx, m.last, followMost, m.done.List)
	if err == nil {
		err = m.follow(ctx, live{source, source.tx}, all)
	}
	if err == nil {
		m.last = last
	}
	return len(all), err
}

// end takes the store from the gateway and moves what is left. Nobody can change
// it from the last look until it is marked; and the mark comes before the commit
// there: should the machine stop between the two, no store sends until somebody
// has seen which of them holds the mail.
func (m *move) end(ctx context.Context, cfg MoveConfig) error {
	err := m.from.run(ctx, &job{do: func(t *tx) error {
		_, err := t.exec("replace meta", movingMeta, []byte(freezing))
		return err
	}})
	if err != nil {
		return err
	}
	lock, err := letGo(ctx, cfg)
	if err != nil {
		return err
	}
	defer lock.Close() //nolint:errcheck // only locked
	for n := 1; n > 0; {
		if n, err = m.catchUp(ctx); err != nil {
			return err
		}
	}
	to := destination{ID: rand.Text(), URL: cfg.URL}
	if _, err := m.target.tx.ExecContext(ctx, m.to.lang.queries["write meta"], arrivedMeta, []byte(to.ID)); err != nil {
		return fmt.Errorf("mark the new store: %w", err)
	}
	if err := m.from.run(ctx, &job{do: func(t *tx) error { return m.settle(t, to) }}); err != nil {
		return err
	}
	if err := m.target.finish(ctx); err != nil {
		return errors.Join(err, settleMove(context.WithoutCancel(ctx), cfg.Dir, cfg.Keys))
	}
	return nil
}

// settle follows the last changes, compares and marks, in one transaction of the
// store that is left.
func (m *move) settle(t *tx, to destination) error {
	source := live{&snapshot{s: m.from}, t.w.conn}
	all, _, err := changesAfter(t.ctx, t.w.conn, m.last, math.MaxInt32, m.done.List)
	if err == nil {
		err = m.follow(t.ctx, source, all)
	}
	if err == nil {
		err = m.same(t.ctx, t.w.conn)
	}
	var box []byte
	if err == nil {
		box, err = m.from.vault.sealJSON(movedPlace, to)
	}
	if err == nil {
		_, err = t.exec("replace meta", movedMark, box)
	}
	return err
}

// letGo waits until no gateway serves the store in SQLite, and keeps others from
// it.
func letGo(ctx context.Context, cfg MoveConfig) (*os.File, error) {
	for end := time.Now().Add(cfg.Freeze); ; {
		lock, err := lockFile(filepath.Join(cfg.Dir, "serving.lock"))
		if !errors.Is(err, ErrInUse) {
			return lock, err
		}
		if time.Now().After(end) {
			return nil, fmt.Errorf("the gateway has not let go of the store within %s: is it of an older release, or does its upstream hang?: %w", cfg.Freeze, err)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// lockMove takes the lock that whoever moves the store holds.
func lockMove(dir string) (*os.File, error) { return lockFile(movingLock(dir)) }

func movingLock(dir string) string { return filepath.Join(dir, "moving.lock") }

// asQueued gives up the claims of whoever served the store, and leaves the
// mark of an earlier move behind.
func asQueued(t table, r values) (bool, error) {
	switch t.Name {
	case "copies":
		r[t.at("owner")] = int64(0)
	case "meta":
		return r[t.at("name")] != movedMark && r[t.at("name")] != movingMeta && r[t.at("name")] != arrivedMeta, nil
	}
	return true, nil
}

// checkMoved refuses a store whose contents are elsewhere.
func (s *Store) checkMoved(ctx context.Context) error {
	if s.cfg.evenMoved {
		return nil
	}
	mark, err := s.readMeta(ctx, movedMark)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil
	case err != nil:
		return fmt.Errorf("look for a mark: %w", s.fault(err))
	}
	return s.movedTo(mark)
}
