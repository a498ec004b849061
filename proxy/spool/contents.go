package spool

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// table is one of the store's tables, as the database itself describes it.
type table struct {
	Name    string   `json:"name"`
	Columns []string `json:"columns"`
	Key     []string `json:"-"` // the columns of its primary key, in their order
}

// machinery are the tables that are not carried from store to store: those
// that say who serves it, hold nothing, what follows from the others, and the chunks of
// large bodies, which are carried as bodies are.
var machinery = []string{"epochs", "nodes", "chunks", "schema_version", "totals", "reserve", "node_keys", changesTable}

// values is a row of a table: int64, string, []byte or nil for each column.
type values []any

// contents is a store, or the backup of one, that is read as it stood at one
// moment, or a store whose changes are followed afterwards.
type contents interface {
	tables(ctx context.Context) ([]table, error)
	rows(ctx context.Context, t table, each func(values) error) error
	// large opens the ciphertext of a large body; fs.ErrNotExist says that the
	// last copy of it has gone since.
	large(ctx context.Context, id int64, file string) (io.ReadCloser, error)
}

// receiver is a store, or a backup, that is being filled.
type receiver interface {
	begin(ctx context.Context, tables []table) error
	insert(ctx context.Context, t table, r values) error
	takeLarge(ctx context.Context, id int64, from io.Reader) (file string, err error)
}

// snapshot reads a store in one transaction.
type snapshot struct {
	s  *Store
	tx *sql.Tx
}

// snapshot begins a reading of the store that sees one moment. It may go on
// while the gateway works.
func (s *Store) snapshot(ctx context.Context) (*snapshot, error) {
	db, options := s.read, &sql.TxOptions{}
	if s.cfg.URL != "" {
		options = &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
	}
	tx, err := db.BeginTx(ctx, options)
	if err != nil {
		return nil, fmt.Errorf("read the store: %w", err)
	}
	return &snapshot{s: s, tx: tx}, nil
}

func (p *snapshot) close() { _ = p.tx.Rollback() } // it only read

func (p *snapshot) tables(ctx context.Context) ([]table, error) {
	return tablesOf(ctx, p.tx, p.s.cfg.URL != "")
}

// rower is what rows can be asked of.
type rower interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// tablesOf lists the tables that are carried, bodies before what points to
// them.
func tablesOf(ctx context.Context, from rower, postgres bool) ([]table, error) {
	list := `SELECT m.name, c.name, c.pk FROM sqlite_master m JOIN pragma_table_info(m.name) c
WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite\_%' ESCAPE '\' ORDER BY m.name, c.name`
	if postgres {
		list = `SELECT c.table_name, c.column_name, coalesce((
  SELECT k.ordinal_position FROM information_schema.table_constraints p
  JOIN information_schema.key_column_usage k USING (constraint_schema, constraint_name)
  WHERE p.constraint_type = 'PRIMARY KEY' AND p.table_schema = c.table_schema AND p.table_name = c.table_name AND k.column_name = c.column_name), 0)
FROM information_schema.columns c
JOIN information_schema.tables t USING (table_schema, table_name)
WHERE c.table_schema = current_schema() AND t.table_type = 'BASE TABLE'
ORDER BY c.table_name COLLATE "C", c.column_name COLLATE "C"`
	}
	rows, err := from.QueryContext(ctx, list)
	if err != nil {
		return nil, fmt.Errorf("list the tables: %w", err)
	}
	var all []table
	err = drain("list the tables", rows, func(r scanner) error {
		var name, column string
		var key int
		if err := r.Scan(&name, &column, &key); err != nil || slices.Contains(machinery, name) {
			return err
		}
		if len(all) == 0 || all[len(all)-1].Name != name {
			all = append(all, table{Name: name})
		}
		last := &all[len(all)-1]
		last.Columns = append(last.Columns, column)
		if key > 0 {
			last.Key = append(last.Key, make([]string, max(key-len(last.Key), 0))...)
			last.Key[key-1] = column
		}
		return nil
	})
	slices.SortStableFunc(all, func(a, b table) int { return rank(a) - rank(b) })
	return all, err
}

func rank(t table) int {
	if t.Name == "bodies" {
		return 0
	}
	return 1
}

func (p *snapshot) rows(ctx context.Context, t table, each func(values) error) error {
	return rowsOf(ctx, p.tx, t, p.s.cfg.URL != "", each)
}

// fetch is how many rows of a store that is at work are in memory at once.
const fetch = 50

// rowsOf reads a table. The connection is free for other statements while
// each runs.
func rowsOf(ctx context.Context, tx *sql.Tx, t table, postgres bool, each func(values) error) error {
	q := "SELECT " + strings.Join(t.Columns, ", ") + " FROM " + t.Name
	if !postgres {
		rows, err := tx.QueryContext(ctx, q)
		if err != nil {
			return fmt.Errorf("read %s: %w", t.Name, err)
		}
		return t.drain(rows, each)
	}
	if _, err := tx.ExecContext(ctx, "DECLARE reading_"+t.Name+" NO SCROLL CURSOR FOR "+q); err != nil {
		return fmt.Errorf("read %s: %w", t.Name, err)
	}
	for more := true; more; {
		rows, err := tx.QueryContext(ctx, fmt.Sprintf("FETCH %d FROM reading_%s", fetch, t.Name))
		if err != nil {
			return fmt.Errorf("read %s: %w", t.Name, err)
		}
		var some []values
		if err := t.drain(rows, func(r values) error { some = append(some, r); return nil }); err != nil {
			return err
		}
		for _, r := range some {
			if err := each(r); err != nil {
				return err
			}
		}
		more = len(some) > 0
	}
	_, err := tx.ExecContext(ctx, "CLOSE reading_"+t.Name)
	return err
}

func (t table) drain(rows *sql.Rows, each func(values) error) error {
	return drain(query("read "+t.Name), rows, func(r scanner) error {
		v := make(values, len(t.Columns))
		into := make([]any, len(v))
		for i := range v {
			into[i] = &v[i]
		}
		if err := r.Scan(into...); err != nil {
			return err
		}
		for i := range v {
			var err error
			if v[i], err = plainValue(v[i]); err != nil {
				return err
			}
		}
		return each(v)
	})
}

// plainValue brings what the databases return for the same value to one form.
func plainValue(v any) (any, error) {
	switch v := v.(type) {
	case nil, int64, string:
		return v, nil
	case []byte:
		return slices.Clone(v), nil
	case bool:
		return int64(number(v)), nil
	case int32:
		return int64(v), nil
	}
	return nil, fmt.Errorf("a value of type %T cannot be carried", v)
}

func (p *snapshot) large(ctx context.Context, id int64, file string) (io.ReadCloser, error) {
	if file != chunked {
		return os.Open(filepath.Join(p.s.disk.dir, filepath.Base(file)))
	}
	var box bytes.Buffer
	rows, err := p.tx.QueryContext(ctx, p.s.lang.queries["read chunks"], id)
	if err != nil {
		return nil, fmt.Errorf("read chunks: %w", err)
	}
	err = drain("read chunks", rows, func(r scanner) error {
		var data []byte
		err := r.Scan(&data)
		box.Write(data)
		return err
	})
	return io.NopCloser(&box), err
}

// at returns the place of a column.
func (t table) at(column string) int { return slices.Index(t.Columns, column) }

// sum is a checksum of rows that does not depend on their order.
type sum struct {
	Rows int64     `json:"rows"`
	Sum  [4]uint64 `json:"sum"`
}

// add takes a row into account. Where a large body stands is no part of it.
func (s *sum) add(t table, r values) {
	h := sha256.New()
	for i, v := range r {
		switch v := v.(type) {
		case nil:
			fmt.Fprintf(h, "%s nil\n", t.Columns[i])
		case int64:
			fmt.Fprintf(h, "%s %d\n", t.Columns[i], v)
		case string:
			if t.Name == "bodies" && t.Columns[i] == "file" {
				v = largeMark(v)
			}
			fmt.Fprintf(h, "%s %q\n", t.Columns[i], v)
		case []byte:
			fmt.Fprintf(h, "%s %d %s\n", t.Columns[i], len(v), v)
		}
	}
	digest := h.Sum(nil)
	s.Rows++
	for i := range s.Sum {
		s.Sum[i] += binary.BigEndian.Uint64(digest[8*i:])
	}
}

// largeMark is what a row says of where its body stands, in a backup.
func largeMark(file string) string {
	if file == "" {
		return ""
	}
	return "large"
}

// carried is what a transfer brought over.
type carried struct {
	Tables map[string]sum `json:"tables"`
	Large  int            `json:"large"`  // large bodies
	Gone   int            `json:"gone"`   // copies that were delivered or dropped meanwhile
	Copies int64          `json:"copies"` // copies on their way and held
	List   []table        `json:"list"`   // the tables, bodies first
}

// carry brings all rows of from to into, each changed by change, which may
// leave one out.
func carry(ctx context.Context, from contents, into receiver, change func(table, values) (bool, error)) (carried, error) {
	done := carried{Tables: map[string]sum{}}
	tables, err := from.tables(ctx)
	if err == nil {
		err = into.begin(ctx, tables)
	}
	if err != nil {
		return done, err
	}
	done.List = tables
	gone := map[int64]bool{} // bodies
	for _, t := range tables {
		var total sum
		err := from.rows(ctx, t, func(r values) error {
			if t.Name == "copies" && gone[r[t.at("body")].(int64)] {
				done.Gone++
				return nil
			}
			if change != nil {
				if ok, err := change(t, r); err != nil || !ok {
					return err
				}
			}
			if t.Name == "bodies" && r[t.at("file")] != "" {
				err := carryLarge(ctx, from, into, t, r)
				if errors.Is(err, fs.ErrNotExist) {
					gone[r[t.at("id")].(int64)] = true
					return nil
				}
				if err != nil {
					return err
				}
				done.Large++
			}
			total.add(t, r)
			return into.insert(ctx, t, r)
		})
		if err != nil {
			return done, fmt.Errorf("carry %s: %w", t.Name, err)
		}
		done.Tables[t.Name] = total
	}
	done.Copies = done.Tables["copies"].Rows
	return done, nil
}

func carryLarge(ctx context.Context, from contents, into receiver, t table, r values) error {
	id, file := r[t.at("id")].(int64), r[t.at("file")].(string)
	body, err := from.large(ctx, id, file)
	if err != nil {
		return err
	}
	r[t.at("file")], err = into.takeLarge(ctx, id, body)
	return errors.Join(err, body.Close())
}

// verify reads contents once more: every row is there as it was carried, and
// every body, copy and record opens with the key. What does not is an error,
// unless somebody takes it (damaged).
func (v *vault) verify(ctx context.Context, c contents, want carried, damaged func(table, values)) error {
	for _, t := range want.List {
		var got sum
		err := c.rows(ctx, t, func(r values) error {
			got.add(t, r)
			err := v.opens(ctx, c, t, r)
			if errors.Is(err, ErrDamaged) && damaged != nil && t.Name != "meta" {
				damaged(t, r)
				return nil
			}
			return err
		})
		if err != nil {
			return fmt.Errorf("verify %s: %w", t.Name, err)
		}
		if got != want.Tables[t.Name] {
			return fmt.Errorf("verify %s: %d rows that are not the %d that were written", t.Name, got.Rows, want.Tables[t.Name].Rows)
		}
	}
	return nil
}
