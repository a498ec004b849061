package spool

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// rotatingMeta is the entry of meta that says from which key the store is being
// brought to its own.
const rotatingMeta = "rotating"

// Rotation says how far a change of the installation's key is.
type Rotation struct {
	Key  string // the id of the key that seals now
	From string // that of the key which some of the store may still be sealed with; empty: no change is in progress
}

// keys returns the ids of the keys that may be needed.
func (r Rotation) keys() []string {
	if r.From == "" {
		return []string{r.Key}
	}
	return []string{r.Key, r.From}
}

// NodeKeys says which keys a process that serves the store has.
type NodeKeys struct {
	Node  int64
	Name  string // of its machine
	Holds []string
	Seals string
}

// LacksKeyError says which of the processes that serve a store do not have a
// key yet.
type LacksKeyError struct {
	Key   string
	Nodes []NodeKeys
	All   int
}

// Error names the machines.
func (e *LacksKeyError) Error() string {
	var names []string
	for _, n := range e.Nodes {
		names = append(names, n.String())
	}
	return fmt.Sprintf("%d of %d gateways that serve this store do not have the key %s yet: %s", len(e.Nodes), e.All, e.Key, strings.Join(names, ", "))
}

// String says which process it is.
func (n NodeKeys) String() string {
	if n.Name == "" {
		return fmt.Sprintf("node %d, which is starting or of an older release", n.Node)
	}
	return fmt.Sprintf("node %d on %s", n.Node, n.Name)
}

// Rotation returns how far a change of the installation's key is.
func (s *Store) Rotation(ctx context.Context) (Rotation, error) {
	r := Rotation{Key: s.vault.sealing()}
	err := s.query(ctx, "read meta", []any{rotatingMeta}, func(row scanner) error {
		var from []byte
		err := row.Scan(&from)
		r.From = string(from)
		return err
	})
	if err != nil {
		return r, fmt.Errorf("look for a change of keys: %w", err)
	}
	return r, nil
}

// BeginRotation makes another of the store's keys the one that it is sealed
// with. What is sealed with the one before stays as it is until Rotate has come
// to it. It returns a *LacksKeyError, and changes nothing, while a process that
// serves the store does not have the key. It is for a command: a Store that does
// not serve.
func (s *Store) BeginRotation(ctx context.Context, to string) error {
	i := slices.IndexFunc(s.vault.ring.Load().all, func(k *sealer) bool { return k.id == to })
	if i < 0 {
		return fmt.Errorf("change the key: %w", keyError(s.vault, to))
	}
	next, from := s.vault.ring.Load().all[i], s.vault.sealing()
	box := sealed(next.fields, keyCheck, []byte(keyPlain))
	err := s.run(ctx, &job{do: func(t *tx) error {
		if err := t.allHave(to); err != nil {
			return err
		}
		for name, value := range map[string][]byte{keyMeta: box, keyIDMeta: []byte(to), rotatingMeta: []byte(from)} {
			if _, err := t.exec("replace meta", name, value); err != nil {
				return err
			}
		}
		return nil
	}})
	if err == nil {
		err = s.changeKey(box)
	}
	if err != nil {
		return fmt.Errorf("change the key: %w", err)
	}
	return nil
}

// allHave refuses unless each process that serves has a key. None starts until
// the transaction ends.
func (t *tx) allHave(key string) error {
	if _, ok := t.s.lang.queries["keep nodes out"]; ok {
		if _, err := t.exec("keep nodes out"); err != nil {
			return err
		}
	}
	nodes, err := t.s.nodes(func(q query, each func(scanner) error) error { return t.rows(q, nil, each) })
	if err != nil {
		return err
	}
	lacking := slices.DeleteFunc(slices.Clone(nodes), func(n NodeKeys) bool { return slices.Contains(n.Holds, key) })
	if len(lacking) > 0 {
		return refusal{&LacksKeyError{Key: key, Nodes: lacking, All: len(nodes)}}
	}
	return nil
}

// nodes lists the processes that serve. A node that is silent counts until
// another takes it over: it may come back.
func (s *Store) nodes(rows func(query, func(scanner) error) error) ([]NodeKeys, error) {
	if s.cfg.URL == "" {
		lock, err := lockFile(filepath.Join(s.cfg.Dir, "serving.lock"))
		if err == nil { // nobody serves
			return nil, lock.Close()
		}
		if !errors.Is(err, ErrInUse) {
			return nil, err
		}
	}
	nodes := []NodeKeys{}
	err := rows("nodes' keys", func(r scanner) error {
		var n NodeKeys
		var holds string
		err := r.Scan(&n.Node, &n.Name, &holds, &n.Seals)
		n.Holds = strings.Fields(holds)
		nodes = append(nodes, n)
		return err
	})
	if err == nil && s.cfg.URL == "" && len(nodes) == 0 {
		nodes = append(nodes, NodeKeys{}) // it has only just started
	}
	return nodes, err
}

// Nodes returns the processes that serve the store.
func (s *Store) Nodes(ctx context.Context) ([]NodeKeys, error) {
	nodes, err := s.nodes(func(q query, each func(scanner) error) error { return s.query(ctx, q, nil, each) })
	if err != nil {
		return nil, fmt.Errorf("list nodes: %w", err)
	}
	return nodes, nil
}

// Behind returns the processes that serve and do not seal with the store's key
// yet.
func (s *Store) Behind(ctx context.Context) ([]NodeKeys, error) {
	nodes, err := s.Nodes(ctx)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(nodes, func(n NodeKeys) bool { return n.Seals == s.vault.sealing() }), nil
}

// Progress is what a pass over a table has come to.
type Progress struct {
	Table    string
	Rows     int // looked at
	Resealed int
	Damaged  int // fields that no key opens
}

// Rotate brings all that the store has sealed under the key that seals now, row
// by row while the gateways work, and looks through all of it until a whole pass
// has found nothing left. Then it notes that the change is over: no other key is
// needed any more. Everybody who serves has to seal with the key by now
// (Behind). Where it breaks off, another call goes on.
func (s *Store) Rotate(ctx context.Context, say func(Progress)) error {
	tables, err := tablesOf(ctx, s.read, s.cfg.URL != "")
	for again := true; again && err == nil; {
		again = false
		for _, t := range tables {
			var p Progress
			if p, err = s.rotateTable(ctx, t); err != nil {
				break
			}
			again = again || p.Resealed > 0
			say(p)
		}
	}
	if err == nil {
		err = s.run(ctx, &job{urgent: true, do: func(t *tx) error {
			_, err := t.exec("forget meta", rotatingMeta)
			return err
		}})
	}
	if err != nil {
		return fmt.Errorf("change the key: %w", err)
	}
	return nil
}

func (s *Store) rotateTable(ctx context.Context, t table) (Progress, error) {
	p := Progress{Table: t.Name}
	if sealedColumns(t.Name) == nil {
		return p, nil
	}
	columns := slices.Clone(t.Key)
	for _, c := range t.Columns { // all that says where a field stands; not what is large
		if !slices.Contains(t.Key, c) && c != "content" {
			columns = append(columns, c)
		}
	}
	of := table{Name: t.Name, Columns: columns, Key: t.Key}
	for after := values(nil); ; {
		rows, err := page(ctx, s.read, t, columns, after)
		if err != nil || len(rows) == 0 {
			return p, err
		}
		begun := time.Now()
		if err := s.rotateRows(ctx, of, rows, &p); err != nil {
			return p, err
		}
		after = rows[len(rows)-1][:len(t.Key)]
		select { // the gateways come first
		case <-ctx.Done():
			return p, ctx.Err()
		case <-time.After(min(time.Since(begun), time.Second)):
		}
	}
}

// rotateRows seals the fields of some rows anew. One that was changed in the
// meantime is left: it was sealed with the new key.
func (s *Store) rotateRows(ctx context.Context, of table, rows []values, p *Progress) error {
	type change struct {
		column   string
		key      values
		from, to []byte
	}
	var changes []change
	for _, r := range rows {
		p.Rows++
		for _, b := range of.boxes(r) {
			to, err := s.vault.reseal(b)
			switch {
			case errors.Is(err, ErrDamaged):
				p.Damaged++
			case err != nil:
				return err
			case to != nil:
				changes = append(changes, change{b.column, r[:len(of.Key)], b.sealed, to})
			}
		}
	}
	if len(changes) == 0 {
		return nil
	}
	p.Resealed += len(changes)
	return s.run(ctx, &job{urgent: true, do: func(t *tx) error {
		for _, c := range changes {
			q := "UPDATE " + of.Name + " SET " + c.column + " = $1 WHERE " + c.column + " = $2 AND (" + strings.Join(of.Key, ", ") + ") = (" + places(3, len(of.Key)) + ")"
			if _, err := t.w.conn.ExecContext(t.ctx, q, append([]any{c.to, c.from}, c.key...)...); err != nil {
				return fmt.Errorf("reseal %s: %w", of.Name, err)
			}
		}
		return nil
	}})
}
