package spool

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
)

// ErrIncomplete says that a backup was made without rows that cannot be read;
// Manifest.Lacking names them.
var ErrIncomplete = errors.New("the backup lacks what cannot be read any more")

// sound leaves out of a backup what cannot be read, and names it: one bad sector
// must not keep all else from being backed up.
type sound struct {
	s       *Store
	from    contents
	lost    map[int64]bool // bodies
	lacking []string
}

// take reports whether a row is to be carried. What does not open in meta are
// the store's own keys: without them a backup is worth nothing, which is found
// when it is read back.
func (b *sound) take(ctx context.Context, t table, r values) (bool, error) {
	ok, err := asQueued(t, r)
	if err != nil || !ok || t.Name == "meta" {
		return ok, err
	}
	if t.Name == "copies" && b.lost[r[t.at("body")].(int64)] {
		b.lacking = append(b.lacking, t.called(r))
		return false, nil
	}
	err = b.s.vault.opens(ctx, b.from, t, r)
	var path *fs.PathError
	switch {
	case err == nil:
		return true, nil
	case errors.Is(err, fs.ErrNotExist):
		if there, err := b.stands(ctx, t, r); err != nil || !there {
			return true, err // it was delivered meanwhile, as carry finds out
		}
	case !errors.Is(err, ErrDamaged) && !errors.As(err, &path):
		return false, err
	}
	if t.Name == "bodies" {
		b.lost[r[t.at("id")].(int64)] = true
	}
	b.lacking = append(b.lacking, t.called(r))
	return false, nil
}

// stands reports whether a body whose file is gone is in the store still.
func (b *sound) stands(ctx context.Context, t table, r values) (bool, error) {
	if t.Name != "bodies" {
		return true, nil
	}
	var n int64
	if err := b.s.row(ctx, "body exists", []any{r[t.at("id")]}, &n); err != nil {
		return false, fmt.Errorf("look for a body: %w", err)
	}
	return n > 0, nil
}

// called names a row for people: its table, its reference where it has one, else
// its key.
func (t table) called(r values) string {
	if i := t.at("reference"); i >= 0 {
		return fmt.Sprintf("%s %v", t.Name, r[i])
	}
	name := t.Name
	for _, column := range t.Key {
		switch v := r[t.at(column)].(type) {
		case int64:
			name += " " + strconv.FormatInt(v, 10)
		case string:
			name += " " + v
		case []byte:
			name += " " + hex.EncodeToString(v)
		}
	}
	return name
}
