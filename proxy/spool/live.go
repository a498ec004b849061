package spool

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
)

// live reads a store in SQLite as it is now, a few rows at a time. A reading that
// sees one moment would keep SQLite from emptying its log until it ends.
type live struct {
	*snapshot
	conn interface {
		rower
		querier
	}
}

// QueryContext reads rows.
func (l live) QueryContext(ctx context.Context, q string, args ...any) (*sql.Rows, error) {
	return l.conn.QueryContext(ctx, q, args...)
}

func (l live) tables(ctx context.Context) ([]table, error) { return tablesOf(ctx, l.conn, false) }

// rows reads a table in the order of its key, up to what was its last row at the
// beginning. Nothing is being read while each runs.
func (l live) rows(ctx context.Context, t table, each func(values) error) error {
	key, n := "("+strings.Join(t.Key, ", ")+")", len(t.Key)
	ends, err := l.some(ctx, t, " ORDER BY "+strings.Join(t.Key, " DESC, ")+" DESC LIMIT 1")
	if err != nil || len(ends) == 0 {
		return err
	}
	end := t.keyOf(ends[0])
	where, from := key+" <= ("+places(1, n)+")", values(nil)
	for {
		page, err := l.some(ctx, t, fmt.Sprintf(" WHERE %s ORDER BY %s LIMIT %d", where, strings.Join(t.Key, ", "), fetch), append(end, from...)...)
		if err != nil || len(page) == 0 {
			return err
		}
		if from == nil {
			where += " AND " + key + " > (" + places(n+1, n) + ")"
		}
		from = t.keyOf(page[len(page)-1])
		for _, r := range page {
			if err := each(r); err != nil {
				return err
			}
		}
	}
}

// some returns rows of a table.
func (l live) some(ctx context.Context, t table, which string, args ...any) (all []values, err error) {
	rows, err := l.conn.QueryContext(ctx, "SELECT "+strings.Join(t.Columns, ", ")+" FROM "+t.Name+which, args...)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", t.Name, err)
	}
	err = t.drain(rows, func(r values) error { all = append(all, r); return nil })
	return all, err
}

// keyOf returns the key of a row, with room for another.
func (t table) keyOf(r values) values {
	key := make(values, 0, 2*len(t.Key))
	for _, c := range t.Key {
		key = append(key, r[t.at(c)])
	}
	return key
}

// large opens the ciphertext of a large body. Of one that the disk does not give
// it reads what there is, which does not decrypt.
func (l live) large(ctx context.Context, id int64, file string) (io.ReadCloser, error) {
	body, err := l.snapshot.large(ctx, id, file)
	var path *fs.PathError
	switch {
	case err == nil:
		return rest{body}, nil
	case !errors.As(err, &path):
		return nil, err
	}
	var n int64
	if err := l.conn.QueryRowContext(ctx, l.s.lang.queries["body exists"], id).Scan(&n); err != nil {
		return nil, fmt.Errorf("look for a body: %w", err)
	}
	if n == 0 { // its last copy has gone meanwhile, and its file with it
		return nil, fs.ErrNotExist
	}
	return io.NopCloser(bytes.NewReader(nil)), nil
}

// rest is a file as far as the disk gives it.
type rest struct{ io.ReadCloser }

// Read ends where the disk fails.
func (r rest) Read(p []byte) (int, error) {
	n, err := r.ReadCloser.Read(p)
	var path *fs.PathError
	if errors.As(err, &path) {
		err = io.EOF
	}
	return n, err
}
