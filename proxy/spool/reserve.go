package spool

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// A server with a full disk can change no row: not even those that have to
// change before a copy can be delivered and its room given back. The store keeps
// a table of nothing on it, drops that when the server is full (to empty it
// would need room), and takes no more mail until it has it again.
const (
	reserveRows = 32
	reserveRow  = 256 << 10
)

// How often the reserve is looked after, and how long the server has for what
// the reserve was given up for before it is asked for.
const (
	reservePause = time.Second
	reserveGrace = 5 * time.Second
)

// keepReserve looks after the reserve until ctx ends.
func (s *Store) keepReserve(ctx context.Context) {
	tick := time.NewTicker(reservePause)
	defer tick.Stop()
	said := ""
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if given := s.spent.Load(); given != nil && time.Since(*given) < reserveGrace {
			continue
		}
		if s.crammed.Swap(false) {
			s.relieve(ctx)
		}
		whole, err := s.reserve(ctx)
		if s.spent.Load() == nil || ctx.Err() != nil {
			said = "" // the store is away: whoever needs it says so
		} else if err != nil && said != s.masked(err) {
			said = s.masked(err)
			s.log.Warn("no mail is taken: the reserve cannot be made anew", "error", said)
		}
		switch {
		case err != nil:
		case !whole:
			now := time.Now()
			s.spent.Store(&now)
		case s.spent.Swap(nil) != nil:
			s.log.Info("the server has room again: mail is taken")
		}
	}
}

// relieve gives the reserve up so that a vacuum has room to work in: what was
// delivered leaves a full table no place that it knows of.
func (s *Store) relieve(ctx context.Context) {
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return // the store is away: whoever needs it says so
	}
	defer conn.Close() //nolint:errcheck // it goes back to the pool
	giveUpReserve(ctx, s, conn)
}

// reserve fills the reserve up, where there is room for all of it. Else there
// is none: what is left on the disk is for what has to be finished. After it was
// given up the tables are vacuumed first, so that what was delivered counts.
func (s *Store) reserve(ctx context.Context) (whole bool, err error) {
	looking, cancel := context.WithTimeout(ctx, serverPatience)
	left, err := s.reserveLeft(looking, s.read)
	cancel()
	if err != nil || left == reserveRows {
		return err == nil, err
	}
	if s.spent.Load() != nil {
		// One that fails, or takes too long, must not keep the others from it.
		for _, table := range []string{"copies", "bodies", "chunks", "receipts"} {
			if verr := s.vacuum(ctx, table); verr != nil && !s.lang.full(verr) {
				err = errors.Join(err, fmt.Errorf("vacuum %s: %w", table, verr))
			}
		}
	}
	whole, merr := s.makeReserve(ctx)
	if whole {
		return true, nil
	}
	return false, errors.Join(err, merr)
}

func (s *Store) vacuum(ctx context.Context, table string) error {
	ctx, cancel := context.WithTimeout(ctx, serverPatience)
	defer cancel()
	_, err := s.db.ExecContext(ctx, "VACUUM "+table)
	return err
}

// makeReserve makes what is missing of the reserve, and gives it up again where
// there is no room for all of it.
func (s *Store) makeReserve(ctx context.Context) (whole bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, serverPatience)
	defer cancel()
	_, err = s.db.ExecContext(ctx, s.lang.queries["make reserve"])
	data := make([]byte, reserveRow)
	rand.Read(data) // what is all alike would be compressed to nothing
	for n := 0; err == nil && n < reserveRows; n++ {
		_, err = s.db.ExecContext(ctx, s.lang.queries["keep reserve"], n, data)
	}
	if err != nil && s.lang.full(err) {
		_, err = s.db.ExecContext(ctx, s.lang.queries["give up reserve"])
		return false, err
	}
	return err == nil, err
}

// querier is what a row can be asked of.
type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// reserveLeft returns how much of the reserve is there.
func (s *Store) reserveLeft(ctx context.Context, from querier) (left int, err error) {
	err = from.QueryRowContext(ctx, s.lang.queries["reserve there"]).Scan(&left)
	if err == nil && left > 0 {
		err = from.QueryRowContext(ctx, s.lang.queries["reserve left"]).Scan(&left)
	}
	if err != nil {
		return 0, fmt.Errorf("look for the reserve: %w", err)
	}
	return left, nil
}

// giveUpReserve makes room on a full server for what has to be finished, and
// reports whether there was any left.
func giveUpReserve(ctx context.Context, s *Store, conn *sql.Conn) bool {
	now := time.Now()
	s.spent.Store(&now)
	left, err := s.reserveLeft(ctx, conn)
	if err == nil && left > 0 {
		_, err = conn.ExecContext(ctx, s.lang.queries["give up reserve"])
	}
	if err != nil {
		s.log.Warn("give up the reserve", "error", s.masked(err))
		return false
	}
	if left > 0 {
		s.log.Error("the server's disk is full", "reason", "no mail is taken until it has room again; what was taken is delivered")
	}
	return left > 0
}

// errSpent says that the reserve is given up.
var errSpent = errors.New("the server's disk is full")
