package spool

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// Stats says what the store holds.
type Stats struct {
	Queued   int64 // copies on their way, those being delivered included
	Held     int64
	Deferred int64         // of those queued, the ones that were tried before
	Bytes    int64         // of message content
	Codes    int64         // text messages with codes that are on their way
	LookUps  int64         // messages that wait for readers' keys
	Oldest   time.Duration // age of the oldest queued copy; 0 where there is none
}

// Stats counts copies and octets. Its cost does not grow with their number.
func (s *Store) Stats(ctx context.Context) (Stats, error) {
	var st Stats
	err := s.query(ctx, "totals", nil, func(r scanner) error {
		return r.Scan(&st.Queued, &st.Held, &st.Deferred, &st.Bytes)
	})
	var received int64
	if err == nil {
		err = s.row(ctx, "waiting codes", nil, &st.Codes)
	}
	if err == nil {
		err = s.row(ctx, "waiting lookups", nil, &st.LookUps)
	}
	if err == nil {
		s.held.Store(st.Bytes)
		err = s.row(ctx, "oldest", nil, &received)
		if errors.Is(err, sql.ErrNoRows) {
			return st, nil
		}
	}
	if err != nil {
		return Stats{}, fmt.Errorf("count copies: %w", err)
	}
	st.Oldest = max(s.clock().Sub(fromMillis(received)), 0)
	return st, nil
}

// room returns ErrFull when n octets more would pass a watermark: what is
// accepted has to leave space in which the rest can be finished.
func (s *Store) room(n int64) error {
	if s.cfg.MaxBytes > 0 && s.held.Load()+n > s.cfg.MaxBytes {
		return fmt.Errorf("%w: it holds %d octets", ErrFull, s.held.Load())
	}
	if s.spent.Load() != nil {
		return fmt.Errorf("%w: %w", ErrFull, errSpent)
	}
	if s.cfg.MinFree < 0 || s.cfg.URL != "" {
		return nil
	}
	free, least, err := s.gauge.left(s.cfg)
	if err != nil {
		return err
	}
	if free-n < least {
		s.gauge.short.Store(true)
		return fmt.Errorf("%w: the disk has %d octets left", ErrFull, free)
	}
	s.gauge.spend(n)
	return nil
}

// gauge remembers for a moment how much of the disk is free.
type gauge struct {
	mu    sync.Mutex
	asked time.Time
	free  int64
	total int64
	short atomic.Bool // somebody was refused for want of room
}

// gaugeEvery is how old an answer of the disk may be.
const gaugeEvery = 100 * time.Millisecond

// left returns the octets that are free and those that have to stay so.
func (g *gauge) left(cfg Config) (free, least int64, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if now := time.Now(); now.Sub(g.asked) > gaugeEvery {
		if g.free, g.total, err = diskFree(cfg.Dir); err != nil {
			return 0, 0, err
		}
		g.asked = now
	}
	return g.free, cfg.reserve(g.total), nil
}

// reserve is what has to stay free of a disk of that size.
func (cfg Config) reserve(total int64) int64 {
	if cfg.MinFree == 0 {
		return min(total/10, 256<<20)
	}
	return cfg.MinFree
}

func (g *gauge) spend(n int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.free -= n
}
