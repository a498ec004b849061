package spool

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// query reads rows with a connection that only reads.
func (s *Store) query(ctx context.Context, q query, args []any, each func(scanner) error) error {
	if s.closed.Load() {
		return ErrClosed
	}
	ctx, answered, end := s.patiently(ctx)
	defer end()
	statement, err := s.ask(ctx, q)
	if err != nil {
		return err
	}
	rows, err := statement.QueryContext(ctx, args...)
	if err != nil {
		return fmt.Errorf("%s: %w", q, err)
	}
	answered()
	return drain(q, rows, each)
}

// row reads one row with such a connection; sql.ErrNoRows where there is none.
func (s *Store) row(ctx context.Context, q query, args []any, into ...any) error {
	ctx, _, end := s.patiently(ctx)
	defer end()
	statement, err := s.ask(ctx, q)
	if err != nil {
		return err
	}
	return statement.QueryRowContext(ctx, args...).Scan(into...)
}

// patiently returns a context for a statement that reads. It ends with ctx, or
// when the server has not answered in time: nobody waits for a machine that is
// gone until the network finds that out. What follows the first row has no such
// bound.
func (s *Store) patiently(ctx context.Context) (_ context.Context, answered, end func()) {
	if s.lang.patience == 0 {
		return ctx, func() {}, func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	timer := time.AfterFunc(s.lang.patience, cancel)
	stop := func() { timer.Stop() }
	return ctx, stop, func() { stop(); cancel() }
}

// asking is a statement that reads.
type asking interface {
	QueryContext(ctx context.Context, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, args ...any) *sql.Row
}

// ask returns a statement that reads, for a connection that only reads. SQLite
// compiles each of them once for a connection: compiling costs more than most of
// them do. To PostgreSQL they go as text, since its driver keeps what it prepared
// and knows when connections are shared.
func (s *Store) ask(ctx context.Context, q query) (asking, error) {
	text, ok := s.lang.queries[q]
	if !ok {
		return nil, fmt.Errorf("no statement is named %q", q)
	}
	if s.lang.patience > 0 {
		return spoken{s.read, text}, nil
	}
	if stmt, ok := s.asked.Load(q); ok {
		return stmt.(*sql.Stmt), nil
	}
	stmt, err := s.read.PrepareContext(ctx, text)
	if err != nil {
		return nil, fmt.Errorf("prepare %q: %w", q, err)
	}
	first, there := s.asked.LoadOrStore(q, stmt)
	if there { // another was faster
		defer stmt.Close() //nolint:errcheck // nothing was asked with it
	}
	return first.(*sql.Stmt), nil
}

// spoken is a statement that goes as text.
type spoken struct {
	db   *sql.DB
	text string
}

// QueryContext is asking's.
func (s spoken) QueryContext(ctx context.Context, args ...any) (*sql.Rows, error) {
	return s.db.QueryContext(ctx, s.text, args...)
}

// QueryRowContext is asking's.
func (s spoken) QueryRowContext(ctx context.Context, args ...any) *sql.Row {
	return s.db.QueryRowContext(ctx, s.text, args...)
}
