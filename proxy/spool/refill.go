package spool

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// ErrNotEmpty is returned when a store that is to be filled holds something.
var ErrNotEmpty = errors.New("the store is not empty: what is in it is not overwritten")

// refill fills an empty store in one transaction.
type refill struct {
	s      *Store
	tx     *sql.Tx
	stmts  map[string]*sql.Stmt
	chunks map[int64][][]byte // of bodies whose row comes next
	files  []string
}

// fillLock is the advisory lock of PostgreSQL that is held until it is certain
// whether the store was filled.
const fillLock = migrationLock + 1

// refill begins to fill the store, which serves nobody meanwhile.
func (s *Store) refill(ctx context.Context) (*refill, error) {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return nil, fmt.Errorf("fill the store: %w", err)
	}
	return &refill{s: s, tx: tx, stmts: map[string]*sql.Stmt{}, chunks: map[int64][][]byte{}}, nil
}

// begin makes sure that the store is empty and has the tables.
func (f *refill) begin(ctx context.Context, tables []table) error {
	postgres := f.s.cfg.URL != ""
	if postgres {
		if _, err := f.tx.ExecContext(ctx, "SELECT pg_advisory_xact_lock($1)", int64(fillLock)); err != nil {
			return fmt.Errorf("fill the store: %w", err)
		}
		if _, err := f.tx.ExecContext(ctx, "LOCK TABLE bodies, copies, nodes IN EXCLUSIVE MODE"); err != nil {
			return fmt.Errorf("fill the store: %w", err)
		}
	}
	ours, err := tablesOf(ctx, f.tx, postgres)
	if err != nil {
		return err
	}
	for _, t := range tables {
		if !hasAll(ours, t) {
			return fmt.Errorf("the table %s is not one of this release's: use the release that wrote it, then upgrade: %w", t.Name, ErrTooNew)
		}
	}
	names := []string{}
	for _, t := range ours {
		names = append(names, t.Name)
	}
	if postgres {
		names = append(names, "nodes", "chunks")
	}
	for _, name := range names {
		q := "SELECT count(*) FROM " + name
		if name == "meta" {
			q += " WHERE name NOT IN ('" + keyMeta + "', '" + keyIDMeta + "', '" + secretsMeta + "')"
		}
		var n int64
		if err := f.tx.QueryRowContext(ctx, q).Scan(&n); err != nil {
			return fmt.Errorf("look into %s: %w", name, err)
		}
		if n > 0 {
			return fmt.Errorf("%w (%s has %d rows)", ErrNotEmpty, name, n)
		}
	}
	if _, err := f.tx.ExecContext(ctx, "DELETE FROM meta"); err != nil {
		return fmt.Errorf("fill the store: %w", err)
	}
	return nil
}

// hasAll reports whether a table with all its columns is in the list. It may
// have got more of them since: these have defaults.
func hasAll(list []table, t table) bool {
	return slices.ContainsFunc(list, func(own table) bool {
		return own.Name == t.Name && !slices.ContainsFunc(t.Columns, func(c string) bool { return own.at(c) < 0 })
	})
}

func (f *refill) insert(ctx context.Context, t table, r values) error {
	stmt := f.stmts[t.Name]
	if stmt == nil {
		var places []string
		for i := range t.Columns {
			places = append(places, fmt.Sprintf("$%d", i+1))
		}
		var err error
		stmt, err = f.tx.PrepareContext(ctx, "INSERT INTO "+t.Name+" ("+strings.Join(t.Columns, ", ")+") VALUES ("+strings.Join(places, ", ")+")") //nolint:sqlclosecheck // it ends with its transaction
		if err != nil {
			return err
		}
		f.stmts[t.Name] = stmt
	}
	if _, err := stmt.ExecContext(ctx, r...); err != nil {
		return err
	}
	if t.Name != "bodies" {
		return nil
	}
	id, _ := r[t.at("id")].(int64)
	for n, data := range f.chunks[id] {
		if _, err := f.tx.ExecContext(ctx, f.s.lang.queries["insert chunk"], id, n, data); err != nil {
			return err
		}
	}
	delete(f.chunks, id)
	return nil
}

// takeLarge stores a large body as this store keeps them.
func (f *refill) takeLarge(_ context.Context, id int64, from io.Reader) (string, error) {
	if f.s.cfg.URL == "" {
		name := disk{serving: true}.name(id)
		path := filepath.Join(f.s.disk.dir, name)
		err := writeSynced(path, func(to *os.File) error { _, err := io.Copy(to, from); return err })
		if err == nil {
			f.files = append(f.files, path)
			err = handOver(path, f.s.disk.dir)
		}
		return name, err
	}
	box, err := io.ReadAll(from)
	if err != nil {
		return "", err
	}
	f.chunks[id] = slices.Collect(slices.Chunk(box, chunkSize))
	return chunked, nil
}

// finish sets what follows from the rows, and commits.
func (f *refill) finish(ctx context.Context) error {
	epoch := "INSERT INTO epochs (epoch) SELECT max(1, coalesce(max(id), 0) >> 38) FROM bodies"
	if f.s.cfg.URL != "" {
		epoch = "SELECT setval('epochs', greatest(1, coalesce(max(id), 0) >> 38)) FROM bodies"
	}
	for _, q := range []string{
		`DELETE FROM bodies WHERE NOT EXISTS (SELECT 1 FROM copies WHERE state = 'queued' AND body = bodies.id)
		AND NOT EXISTS (SELECT 1 FROM copies WHERE state = 'held' AND body = bodies.id)`, // what was left out were its copies
		epoch,
		"DELETE FROM totals",
		`INSERT INTO totals (node, queued, held, deferred, bytes) SELECT 0,
(SELECT count(*) FROM copies WHERE state = 'queued'), (SELECT count(*) FROM copies WHERE state = 'held'),
(SELECT count(*) FROM copies WHERE state = 'queued' AND attempt > 0), (SELECT coalesce(sum(size), 0) FROM bodies)`,
	} {
		if _, err := f.tx.ExecContext(ctx, q); err != nil {
			return fmt.Errorf("fill the store: %w", err)
		}
	}
	if f.s.cfg.URL == "" {
		if err := syncDir(f.s.disk.dir); err != nil {
			return err
		}
	}
	if err := f.tx.Commit(); err != nil {
		return fmt.Errorf("fill the store: %w", err)
	}
	f.files = nil
	return nil
}

// undo leaves the store as it was.
func (f *refill) undo() {
	_ = f.tx.Rollback() // after finish there is nothing to undo
	for _, path := range f.files {
		_ = os.Remove(path) // the next start sweeps what stays
	}
}
