package spool

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"
)

// Bounds of one transaction: so many jobs, or so many octets of content.
const (
	maxBatch       = 256
	maxBatchOctets = 16 << 20
)

// job is one caller's share of a transaction.
type job struct {
	// do writes. It may be run again in another transaction. An error that is
	// a refusal has to come before the first change; any other undoes the
	// whole transaction.
	do     func(*tx) error
	octets int64
	urgent bool // it makes room: worth a second try when the disk is full
	late   bool // it may wait for another's transaction
	taken  atomic.Bool
	answer chan error
}

// refusal is an answer that leaves the transaction as it is.
type refusal struct{ error }

func (r refusal) Unwrap() error { return r.error }

// errUnknown marks the answer of a transaction that may or may not stand.
var errUnknown = errors.New("the store did not say whether it wrote")

// run hands a job to the writer and waits for its answer. A ctx that ends takes
// back a job that was not begun; after that the answer comes soon.
func (s *Store) run(ctx context.Context, j *job) error {
	j.answer = make(chan error, 1)
	if err := s.hand(ctx, j); err != nil {
		return err
	}
	select {
	case err := <-j.answer:
		return err
	case <-ctx.Done():
		if j.taken.CompareAndSwap(false, true) {
			return ctx.Err()
		}
		return <-j.answer
	}
}

func (s *Store) hand(ctx context.Context, j *job) error {
	s.enter.RLock()
	defer s.enter.RUnlock()
	if s.closed.Load() {
		return ErrClosed
	}
	select {
	case s.jobs <- j:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// lull is how often the writer looks for marks that nobody waits for.
const lull = time.Second

// Bounds of what waits for another's transaction: so long after the one before,
// for where there was none lately there will be none, or so many jobs.
const (
	lateness = 20 * time.Millisecond
	maxLate  = 64
)

// write is the writer: the one goroutine that changes the database. It gathers
// what stands in line into one transaction, so that one flush serves all.
func (s *Store) write(ctx context.Context) {
	defer close(s.done)
	w := &writer{s: s, over: time.NewTimer(lateness), wrote: true}
	defer w.drop()
	defer w.over.Stop()
	tick := time.NewTicker(lull)
	defer tick.Stop()
	// A first rest as soon as there is one: what it prepares is ready for the first mail.
	early := time.NewTicker(lull / 10)
	defer early.Stop()
	for {
		select {
		case j := <-s.jobs:
			w.commit(ctx, w.gather(j))
		case <-w.over.C:
			w.commit(ctx, w.takeLate())
		case <-early.C:
			w.idle(ctx)
		case <-tick.C:
			early.Stop()
			w.tidy(ctx)
			w.idle(ctx)
			w.renew(ctx)
		case <-s.stop:
			w.finish(ctx)
			return
		}
	}
}

// idle lets the database put itself in order after a second without work, or
// when the disk runs out of room.
func (w *writer) idle(ctx context.Context) {
	busy := w.busy
	w.busy = false
	if short := w.s.gauge.short.Swap(false); w.wrote && (!busy || short) {
		w.rest(ctx, short)
	}
}

// rest puts the database in order, on a disk that may be short of room, and
// reports whether anything came of it.
func (w *writer) rest(ctx context.Context, short bool) bool {
	if w.s.lang.rest == nil {
		return false
	}
	if err := w.connect(ctx); err != nil {
		return false // whoever needs the store says so
	}
	done, err := w.s.lang.rest(ctx, w, short)
	if err != nil {
		w.s.log.Warn("put the store in order", "error", err)
		return false
	}
	w.wrote = !done
	return true
}

// spare makes room for a job that makes room.
func (w *writer) spare(ctx context.Context, batch []*job) bool {
	if w.conn == nil || w.s.lang.spare == nil || len(batch) > 1 || !batch[0].urgent {
		return false
	}
	return w.s.lang.spare(ctx, w.s, w.conn)
}

// finish writes what still stands in line. Nothing is handed over any more.
func (w *writer) finish(ctx context.Context) {
	for {
		select {
		case j := <-w.s.jobs:
			w.commit(ctx, w.gather(j))
		default:
			w.commit(ctx, w.takeLate())
			w.tidy(ctx)
			w.leave(ctx)
			return
		}
	}
}

// gather returns the jobs of the next transaction: first and what stands in
// line behind it. It returns none where all of them wait for another's.
func (w *writer) gather(first *job) []*job {
	var batch []*job
	var octets int64
	for j := first; j != nil; {
		switch {
		case j.late:
			w.late = append(w.late, j)
		case j.taken.CompareAndSwap(false, true):
			batch = append(batch, j)
			octets += j.octets
		}
		if len(batch) == maxBatch || octets > maxBatchOctets || len(w.late) >= maxLate {
			break
		}
		select {
		case j = <-w.s.jobs:
		default:
			j = nil
		}
	}
	if len(batch) > 0 {
		w.last = time.Now()
	} else if wait := lateness - time.Since(w.last); wait > 0 && len(w.late) < maxLate {
		w.over.Reset(wait)
		return nil
	}
	return append(w.takeLate(), batch...)
}

// takeLate returns the jobs that have waited for another's transaction. They
// come first in it: what they delete makes room for what the others write.
func (w *writer) takeLate() []*job {
	w.over.Stop()
	batch := slices.DeleteFunc(w.late, func(j *job) bool { return !j.taken.CompareAndSwap(false, true) })
	w.late = nil
	return batch
}

// writer holds the writing connection and its statements.
type writer struct {
	s       *Store
	late    []*job      // wait for another's transaction
	over    *time.Timer // ends their wait
	last    time.Time   // when there was something else to write
	conn    *sql.Conn
	stmts   map[query]*sql.Stmt
	tidied  time.Time // when old receipts were last deleted
	renewed time.Time
	wrote   bool // since the last rest, or before the first
	busy    bool // since the last tick
}

// connect makes sure that there is a connection.
func (w *writer) connect(ctx context.Context) error {
	if w.conn != nil {
		return nil
	}
	conn, err := w.s.db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("connect to the store: %w", err)
	}
	w.conn, w.stmts = conn, make(map[query]*sql.Stmt)
	if w.s.lang.greet == nil {
		return nil
	}
	if err := w.s.lang.greet(ctx, conn); err != nil {
		w.drop()
		return err
	}
	return nil
}

// drop closes statements and connection, for good: what goes back to the pool as
// it is would be the next one again.
func (w *writer) drop() {
	for _, stmt := range w.stmts {
		stmt.Close() //nolint:errcheck // what was written stands; there is nothing left to lose
	}
	if w.conn != nil {
		w.conn.Raw(func(any) error { return driver.ErrBadConn }) //nolint:errcheck // as above
	}
	w.conn, w.stmts = nil, nil
}

func (w *writer) stmt(ctx context.Context, q query) (*sql.Stmt, error) {
	if stmt, ok := w.stmts[q]; ok {
		return stmt, nil
	}
	text, ok := w.s.lang.queries[q]
	if !ok {
		return nil, fmt.Errorf("no statement is named %q", q)
	}
	stmt, err := w.conn.PrepareContext(ctx, text)
	if err != nil {
		return nil, fmt.Errorf("prepare %q: %w", q, err)
	}
	w.stmts[q] = stmt
	return stmt, nil
}

// commit writes a batch. When one job cannot be written, the others are tried
// without it; when there is no room, those that make room are.
func (w *writer) commit(ctx context.Context, batch []*job) {
	if len(batch) == 0 {
		return
	}
	w.wrote, w.busy = true, true
	answers, again, err := w.attempt(ctx, batch)
	if errors.Is(err, errTakenOver) && w.again(ctx) {
		answers, again, err = w.attempt(ctx, batch)
	}
	full := errors.Is(err, ErrFull)
	if full && (w.rest(ctx, true) || w.spare(ctx, batch)) {
		answers, again, err = w.attempt(ctx, batch)
		full = errors.Is(err, ErrFull)
	}
	if w.s.gauge.short.Swap(false) {
		w.rest(ctx, true)
	}
	for i, j := range batch {
		switch {
		case err == nil:
			j.answer <- answers[i]
		case len(batch) > 1 && (full && j.urgent || !full && again):
			w.commit(ctx, []*job{j})
		default:
			j.answer <- err
		}
	}
}

// attempt runs the jobs of a batch in one transaction. The answers are theirs
// when err is nil; otherwise err is the answer of all, and again says that one
// of them was the cause, so that the others may be tried without it.
func (w *writer) attempt(ctx context.Context, batch []*job) (answers []error, again bool, err error) {
	if w.s.lang.patience > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, w.s.lang.patience)
		defer cancel()
	}
	t := &tx{ctx: ctx, s: w.s, w: w}
	defer func() {
		if err != nil {
			err = w.s.fault(err)
			t.undone()
		}
	}()
	if err := t.begin(); err != nil {
		return nil, false, err
	}
	answers, again, err = t.all(batch)
	if err == nil {
		if _, cerr := t.exec("commit"); cerr != nil {
			err = fmt.Errorf("%w: %w", errUnknown, cerr)
		}
	}
	if err != nil {
		w.rollBack(ctx)
		if w.s.lang.stale != nil && (w.s.lang.stale(err) || w.s.lang.pooled(err)) {
			w.drop()
		}
		return nil, again, err
	}
	t.done()
	return answers, false, nil
}

// rollBack ends a transaction that came to nothing. After a failed commit
// SQLite may have ended it already.
func (w *writer) rollBack(ctx context.Context) {
	if w.conn == nil { // dropped, and the transaction with it
		return
	}
	if _, err := w.conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK"); err != nil {
		w.drop() // a connection in an unknown state is not used again
	}
}

// fault gives an error of the database its name.
func (s *Store) fault(err error) error {
	if !errors.Is(err, ErrFull) && (noSpace(err) || s.lang.full(err)) {
		s.crammed.Store(true)
		return fmt.Errorf("%w: %w", ErrFull, err)
	}
	if s.lang.pooled != nil && s.lang.pooled(err) {
		return fmt.Errorf("%w: %w", ErrPooled, err)
	}
	return err
}
