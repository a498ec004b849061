package spool

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// While a store in SQLite is moved, triggers note the keys of all rows that
// change, so that what was copied is brought up to date again and again while
// mail flows, and at the end in a moment.

// changesTable holds these keys.
const changesTable = "changes"

// The entry of meta that says how far a move is, and its values.
const (
	movingMeta = "moving"
	copying    = "copying" // the gateway works
	freezing   = "freezing"
)

// watch has all changes of the tables noted from here on.
func (s *Store) watch(ctx context.Context, tables []table) error {
	return s.run(ctx, &job{do: func(t *tx) error {
		if err := t.unwatch(); err != nil {
			return err
		}
		statements := []string{"CREATE TABLE " + changesTable + " (n INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, key TEXT NOT NULL) STRICT"}
		for _, of := range tables {
			for event, rows := range map[string][]string{"INSERT": {"NEW"}, "UPDATE": {"OLD", "NEW"}, "DELETE": {"OLD"}} {
				var notes string
				for _, row := range rows {
					notes += "INSERT INTO " + changesTable + " (name, key) VALUES ('" + of.Name + "', " + of.jsonKey(row) + "); "
				}
				statements = append(statements, "CREATE TRIGGER "+watcher(of.Name, event)+" AFTER "+event+" ON "+of.Name+" BEGIN "+notes+"END")
			}
		}
		for _, q := range statements {
			if _, err := t.w.conn.ExecContext(t.ctx, q); err != nil {
				return fmt.Errorf("watch the store: %w", err)
			}
		}
		_, err := t.exec("replace meta", movingMeta, []byte(copying))
		return err
	}})
}

func watcher(table, event string) string { return "moving_" + table + "_" + strings.ToLower(event) }

// jsonKey is the key of a row as a JSON array, octets as an object.
func (t table) jsonKey(row string) string {
	var parts []string
	for _, c := range t.Key {
		c = row + "." + c
		parts = append(parts, "json(CASE typeof("+c+") WHEN 'blob' THEN json_object('x', hex("+c+")) ELSE json_quote("+c+") END)")
	}
	return "json_array(" + strings.Join(parts, ", ") + ")"
}

// unwatch ends what watch has begun.
func (t *tx) unwatch() error {
	var drop []string
	rows, err := t.w.conn.QueryContext(t.ctx, `SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'moving\_%' ESCAPE '\'`)
	if err != nil {
		return fmt.Errorf("look for triggers: %w", err)
	}
	err = drain("look for triggers", rows, func(r scanner) error {
		var name string
		err := r.Scan(&name)
		drop = append(drop, "DROP TRIGGER "+name)
		return err
	})
	for _, q := range append(drop, "DROP TABLE IF EXISTS "+changesTable) {
		if err == nil {
			_, err = t.w.conn.ExecContext(t.ctx, q)
		}
	}
	if err == nil {
		_, err = t.exec("forget meta", movingMeta)
	}
	if err != nil {
		return fmt.Errorf("end watching: %w", err)
	}
	return nil
}

// Moving reports whether the store is being moved, and whether it is to be let
// go of now for the end of that.
func (s *Store) Moving(ctx context.Context) (moving, now bool, err error) {
	if s.cfg.URL != "" {
		return false, false, nil
	}
	err = s.query(ctx, "read meta", []any{movingMeta}, func(r scanner) error {
		var value []byte
		err := r.Scan(&value)
		moving, now = true, string(value) == freezing
		return err
	})
	return moving, now, err
}

// ForgetMove ends the noting of changes for a move whose command is gone.
func (s *Store) ForgetMove(ctx context.Context) error {
	lock, err := lockMove(s.cfg.Dir)
	if errors.Is(err, ErrInUse) {
		return nil
	}
	if err != nil {
		return err
	}
	defer lock.Close() //nolint:errcheck // only locked
	return s.run(ctx, &job{urgent: true, do: (*tx).unwatch})
}

// changed is the key of a row that may have changed.
type changed struct {
	table string
	key   values
}

// changesAfter reads what was noted after a number, at most so many at a time,
// each once and in the order of the tables, and returns the last number.
func changesAfter(ctx context.Context, from rower, last int64, most int, tables []table) (all []changed, now int64, err error) {
	rows, err := from.QueryContext(ctx, "SELECT n, name, key FROM "+changesTable+" WHERE n > $1 ORDER BY n LIMIT $2", last, most)
	if err != nil {
		return nil, last, fmt.Errorf("read changes: %w", err)
	}
	now = last
	seen := map[string]bool{}
	by := map[string][]changed{}
	err = drain("read changes", rows, func(r scanner) error {
		var name, key string
		if err := r.Scan(&now, &name, &key); err != nil || seen[name+key] {
			return err
		}
		seen[name+key] = true
		k, err := parseKey(key)
		by[name] = append(by[name], changed{table: name, key: k})
		return err
	})
	for _, t := range tables {
		all = append(all, by[t.Name]...)
	}
	return all, now, err
}

func parseKey(text string) (values, error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var parts []any
	if err := d.Decode(&parts); err != nil {
		return nil, fmt.Errorf("read a key: %w", err)
	}
	key := make(values, len(parts))
	for i, p := range parts {
		var err error
		switch p := p.(type) {
		case json.Number:
			key[i], err = p.Int64()
		case string:
			key[i] = p
		case map[string]any:
			octets, _ := p["x"].(string)
			key[i], err = hex.DecodeString(octets)
		default:
			err = errors.New("of a kind that no key has")
		}
		if err != nil {
			return nil, fmt.Errorf("read a key: %w", err)
		}
	}
	return key, nil
}

// sub takes a row out of a sum.
func (s *sum) sub(t table, r values) {
	var one sum
	one.add(t, r)
	s.Rows--
	for i := range s.Sum {
		s.Sum[i] -= one.Sum[i]
	}
}

// move is a move that is under way.
type move struct {
	from, to *Store
	target   *refill
	done     carried
	last     int64 // the number of the last change that was followed

	damaged map[string]string // what of the target does not open, by table and key: how it is called
}

// cannotRead notes a row that does not open.
func (m *move) cannotRead(t table, r values) { m.damaged[t.mark(t.keyOf(r))] = t.called(r) }

// mark tells a row by its key.
func (t table) mark(key values) string { return fmt.Sprintf("%s %#v", t.Name, key) }

// follow brings rows that have changed up to date in the target.
func (m *move) follow(ctx context.Context, source interface {
	rower
	contents
}, all []changed,
) error {
	for _, c := range all {
		i := slices.IndexFunc(m.done.List, func(t table) bool { return t.Name == c.table })
		if i < 0 {
			return fmt.Errorf("the table %s has come since", c.table)
		}
		if err := m.followRow(ctx, source, m.done.List[i], c.key); err != nil {
			return fmt.Errorf("follow %s: %w", c.table, err)
		}
	}
	return nil
}

func (m *move) followRow(ctx context.Context, source interface {
	rower
	contents
}, t table, key values,
) error {
	total := m.done.Tables[t.Name]
	delete(m.damaged, t.mark(key))
	where := " WHERE (" + strings.Join(t.Key, ", ") + ") = (" + places(1, len(t.Key)) + ")"
	rows, err := m.target.tx.QueryContext(ctx, "DELETE FROM "+t.Name+where+" RETURNING "+strings.Join(t.Columns, ", "), key...)
	if err == nil {
		err = t.drain(rows, func(r values) error { total.sub(t, r); return nil })
	}
	if err != nil {
		return err
	}
	var now []values
	if rows, err = source.QueryContext(ctx, "SELECT "+strings.Join(t.Columns, ", ")+" FROM "+t.Name+where, key...); err == nil {
		err = t.drain(rows, func(r values) error { now = append(now, r); return nil })
	}
	if err != nil {
		return err
	}
	for _, r := range now {
		if err := m.put(ctx, source, t, r, &total); err != nil {
			return err
		}
	}
	m.done.Tables[t.Name] = total
	return nil
}

// put writes a row into the target and sees whether it opens there.
func (m *move) put(ctx context.Context, source contents, t table, r values, total *sum) error {
	if ok, err := asQueued(t, r); err != nil || !ok {
		return err
	}
	if t.Name == "bodies" && r[t.at("file")] != "" {
		err := carryLarge(ctx, source, m.target, t, r)
		if errors.Is(err, fs.ErrNotExist) {
			return nil // its last copy has gone since, which is the next change
		}
		if err != nil {
			return err
		}
	}
	total.add(t, r)
	if err := m.target.insert(ctx, t, r); err != nil {
		return err
	}
	err := m.to.vault.opens(ctx, &snapshot{s: m.to, tx: m.target.tx}, t, r)
	if errors.Is(err, ErrDamaged) && t.Name != "meta" {
		m.cannotRead(t, r)
		return nil
	}
	return err
}

// same compares how many rows both stores have with how many were carried.
func (m *move) same(ctx context.Context, source querier) error {
	for _, t := range m.done.List {
		q := "SELECT count(*) FROM " + t.Name
		if t.Name == "meta" {
			q += " WHERE name NOT IN ('" + movedMark + "', '" + movingMeta + "', '" + arrivedMeta + "')"
		}
		var here, there int64
		if err := errors.Join(source.QueryRowContext(ctx, q).Scan(&here), m.target.tx.QueryRowContext(ctx, q).Scan(&there)); err != nil {
			return fmt.Errorf("count %s: %w", t.Name, err)
		}
		if want := m.done.Tables[t.Name].Rows; here != want || there != want {
			return fmt.Errorf("verify %s: %d rows here, %d there, and %d that were carried", t.Name, here, there, want)
		}
	}
	return nil
}

// destination is where a store was moved to, as it stands in its mark.
type destination struct {
	ID  string `json:"id"`
	URL string `json:"url"`
}

const (
	movedPlace  = "meta/value/" + movedMark
	arrivedMeta = "arrived" // in PostgreSQL: the id of the move that has filled it
)

// MovedError says that a store was moved, or was about to be.
type MovedError struct {
	ID  string
	URL string // where its contents are, if the move came to its end (Arrived)
}

// Error is ErrMoved's.
func (e *MovedError) Error() string { return ErrMoved.Error() }

// Unwrap returns ErrMoved.
func (e *MovedError) Unwrap() error { return ErrMoved }

// movedTo reads the mark of a store that was moved.
func (s *Store) movedTo(mark []byte) error {
	var to destination
	if bytes.Equal(mark, []byte("postgresql")) || s.vault.openJSON(movedPlace, mark, &to) != nil {
		return ErrMoved // a release before did not say where
	}
	return &MovedError{ID: to.ID, URL: to.URL}
}
