package spool

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// tx is a transaction of the writer.
type tx struct {
	ctx    context.Context //nolint:containedctx // lives as long as the transaction
	s      *Store
	w      *writer
	change Stats
	people []remembered

	scattered []claim // bodies to forget at the end

	onDone []func()
	onUndo []func()
	told   bool // other nodes are told with this transaction
	left   bool // this node leaves with it
}

// begin opens the transaction. A connection that was used before may have been
// lost in the meantime: a new one is tried.
func (t *tx) begin() error {
	used := t.w.conn != nil
	for {
		err := t.w.connect(t.ctx)
		if err == nil {
			_, err = t.exec("begin")
		}
		if err == nil {
			return nil
		}
		t.w.drop()
		if !used || t.s.lang.patience == 0 {
			return err
		}
		used = false
	}
}

// all does what belongs into the transaction besides the jobs, and the jobs.
func (t *tx) all(batch []*job) (answers []error, again bool, err error) {
	if err := t.s.settle(t); err != nil {
		return nil, false, err
	}
	if err := t.s.writeAnswers(t); err != nil {
		return nil, false, err
	}
	if !t.s.cfg.TakeBack {
		if err := errors.Join(t.sameKey(), t.stillHere()); err != nil {
			return nil, false, err
		}
	}
	answers = make([]error, len(batch))
	for i, j := range batch {
		if answers[i], err = t.run(j); err != nil {
			return nil, true, err
		}
	}
	if err := t.forgetScattered(); err != nil {
		return nil, true, err
	}
	if err := t.writePeople(); err != nil {
		return nil, true, err
	}
	return answers, false, t.writeTotals()
}

// run does one job. What a refused job asked for is forgotten.
func (t *tx) run(j *job) (answer, err error) {
	done, undo, change, people := len(t.onDone), len(t.onUndo), t.change, len(t.people)
	err = j.do(t)
	var no refusal
	if !errors.As(err, &no) {
		return nil, err
	}
	for _, f := range t.onUndo[undo:] {
		f()
	}
	t.onDone, t.onUndo, t.change, t.people = t.onDone[:done], t.onUndo[:undo], change, t.people[:people]
	return no.error, nil
}

func (t *tx) done() {
	t.s.held.Add(t.change.Bytes)
	for _, f := range t.onDone {
		f()
	}
}

func (t *tx) undone() {
	for _, f := range t.onUndo {
		f()
	}
}

// after runs f once the transaction stands.
func (t *tx) after(f func()) { t.onDone = append(t.onDone, f) }

// otherwise runs f when the transaction came to nothing, or nobody knows.
func (t *tx) otherwise(f func()) { t.onUndo = append(t.onUndo, f) }

// exec runs a statement and returns the number of rows that it changed.
func (t *tx) exec(q query, args ...any) (int64, error) {
	stmt, err := t.w.stmt(t.ctx, q) //nolint:sqlclosecheck // the writer closes it
	if err != nil {
		return 0, err
	}
	res, err := stmt.ExecContext(t.ctx, args...)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", q, err)
	}
	n, err := res.RowsAffected()
	if err != nil {
		return 0, fmt.Errorf("%s: %w", q, err)
	}
	return n, nil
}

// row reads one row; the error of a row that is not there is sql.ErrNoRows.
func (t *tx) row(q query, args []any, into ...any) error {
	stmt, err := t.w.stmt(t.ctx, q) //nolint:sqlclosecheck // the writer closes it
	if err != nil {
		return err
	}
	if err := stmt.QueryRowContext(t.ctx, args...).Scan(into...); err != nil {
		return fmt.Errorf("%s: %w", q, err)
	}
	return nil
}

// rows reads all rows of a statement.
func (t *tx) rows(q query, args []any, each func(scanner) error) error {
	stmt, err := t.w.stmt(t.ctx, q) //nolint:sqlclosecheck // the writer closes it
	if err != nil {
		return err
	}
	rows, err := stmt.QueryContext(t.ctx, args...)
	if err != nil {
		return fmt.Errorf("%s: %w", q, err)
	}
	return drain(q, rows, each)
}

// scanner is a row that is being read.
type scanner interface{ Scan(into ...any) error }

func drain(q query, rows *sql.Rows, each func(scanner) error) error {
	defer rows.Close() //nolint:errcheck // rows.Err has told
	for rows.Next() {
		if err := each(rows); err != nil {
			return fmt.Errorf("%s: %w", q, err)
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("%s: %w", q, err)
	}
	return nil
}

// writeTotals adds what the transaction changed to the store's totals.
func (t *tx) writeTotals() error {
	c := t.change
	node := t.s.leased() && t.s.node != 0 // its row goes when another node takes it over
	if c == (Stats{}) && !node {
		return nil
	}
	n, err := t.exec("add totals", t.s.node, c.Queued, c.Held, c.Deferred, c.Bytes)
	if err == nil && n == 0 && node && !t.left {
		return errTakenOver
	}
	return err
}
