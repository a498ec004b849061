package spool

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"postvern.example/internal/deviation"
)

// restingRow is one way in which the row of a copy can stand in the store after
// whatever has happened to it.
type restingRow struct {
	made   State // as it was accepted
	state  State // as its row says
	class  Class
	owner  int64
	due    int64
	body   string // what became of it
	sealed bool   // its row decrypts
	tried  int
}

// restingRows are all of them.
func restingRows() (all []restingRow) {
	now := time.Now()
	classes := []Class{Mail, Notice, Report, Code, Wait}
	for _, made := range []State{Queued, Held} {
		for _, state := range []State{Queued, Held} {
			for _, owner := range []int64{0, 1, 1 << 20} {
				for _, due := range []time.Time{{}, now.Add(-time.Hour), now.Add(3 * time.Hour), now.AddDate(40, 0, 0)} {
					for _, body := range []string{"whole", "content", "key", "missing"} {
						for _, sealed := range []bool{true, false} {
							n := len(all)
							all = append(all, restingRow{made, state, classes[n%len(classes)], owner, millis(due), body, sealed, n % 3 * 40})
						}
					}
				}
			}
		}
	}
	return all
}

func (r restingRow) parcel() Parcel {
	p := testParcel(40, 1)
	c := &p.Copies[0]
	c.Class, c.State = r.class, r.made
	if r.made == Held {
		c.Hold = &Hold{Rules: []string{"x"}, Releasable: true, Expires: time.Now().Add(time.Hour), Question: deviation.NewID(time.Now()), Key: true}
	}
	return p
}

// spoil makes the rows of a parcel what it says.
func (r restingRow) spoil(t *testing.T, s *Store, p Parcel) {
	t.Helper()
	id, parcel := p.Copies[0].ID, p.ID
	damage(t, s, "UPDATE copies SET state = $1, owner = $2, due = $3, attempt = $4 WHERE id = $5", string(r.state), r.owner, r.due, r.tried, id)
	if !r.sealed {
		damage(t, s, "UPDATE copies SET secret = (SELECT key FROM bodies WHERE parcel = $1) WHERE id = $2", parcel, id)
	}
	switch r.body {
	case "content":
		damage(t, s, "UPDATE bodies SET content = key WHERE parcel = $1", parcel)
	case "key":
		damage(t, s, "UPDATE bodies SET key = content WHERE parcel = $1", parcel)
	case "missing":
		damage(t, s, "DELETE FROM bodies WHERE parcel = $1", parcel)
	}
}

// deliverable reports whether the copy may be handed out.
func (r restingRow) deliverable() bool {
	return r.made == Queued && r.state == Queued && r.sealed && r.body == "whole"
}

// noneRestsUnseen makes rows of every kind and sees that each copy is handed out
// or is in the list of what is held, from which it can be dropped.
func noneRestsUnseen(t *testing.T, open opener) {
	dir := t.TempDir()
	s := open(t, dir)
	mustClose(t, s) // its epoch is one that is gone
	s = open(t, dir, guest)
	rows := map[string]restingRow{}
	for _, r := range restingRows() {
		p := r.parcel()
		mustAccept(t, s, p)
		r.spoil(t, s, p)
		rows[p.Copies[0].ID] = r
	}
	mustClose(t, s)
	told := map[string]bool{}
	s = open(t, dir, func(c *Config) {
		c.Unreadable = func(d Delivery) ([]Parcel, error) {
			for _, c := range d.Copies {
				told[c.ID] = true
			}
			return nil, nil
		}
	})
	left := maps.Clone(rows)
	for deadline := time.Now().Add(time.Minute); waits(t, s) && time.Now().Before(deadline); {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		some, err := s.Claim(ctx, 100)
		cancel()
		if err != nil && !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		for _, d := range some {
			for _, c := range d.Copies {
				if !left[c.ID].deliverable() {
					t.Errorf("a copy is handed out: %+v", rows[c.ID])
				}
				delete(left, c.ID)
			}
			finishAll(t, s, Delivered, d)
		}
	}
	held, err := s.Held(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range held {
		if r := left[h.ID]; r.deliverable() || r.state == Queued != told[h.ID] {
			t.Errorf("it is held, and told is %v: %+v", told[h.ID], rows[h.ID])
		}
		delete(left, h.ID)
		if err := s.Drop(t.Context(), h.ID, nil); err != nil {
			t.Errorf("drop: %v: %+v", err, rows[h.ID])
		}
	}
	for _, what := range slices.Sorted(maps.Keys(kinds(left))) {
		t.Errorf("nobody sees it: %s", what)
	}
}

// waits reports whether a row is on its way, whoever owns it and whenever it is
// due.
func waits(t *testing.T, s *Store) bool {
	t.Helper()
	var n int
	if err := s.read.QueryRowContext(t.Context(), "SELECT count(*) FROM copies WHERE state = 'queued'").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n > 0
}

func kinds(rows map[string]restingRow) map[string]bool {
	out := map[string]bool{}
	for _, r := range rows {
		out[fmt.Sprintf("%+v", r)] = true
	}
	return out
}
