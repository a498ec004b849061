package spool

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// What is asked for with every delivery must not cost more the more there is.
func TestAStatementOfTheDayReadsNoWholeTable(t *testing.T) {
	s := openTest(t, t.TempDir())
	for q, index := range map[query]string{
		"due copies": "copies_due", "next due": "copies_due", "held copy": "copies_held", "files": "bodies_file",
		"deviations": "deviations_date", "open deviations": "deviations_open", "claim copy": "PRIMARY KEY", "delete copy": "PRIMARY KEY",
		"defer copy": "PRIMARY KEY", "forget body": "PRIMARY KEY", "read body": "PRIMARY KEY", "delete receipt": "PRIMARY KEY",
		"empty body": "PRIMARY KEY", "oldest": "PRIMARY KEY", "release copy": "PRIMARY KEY", "body size": "PRIMARY KEY",
	} {
		text := s.lang.queries[q]
		var args []any
		for strings.Contains(text, "$"+string(rune('1'+len(args)))) {
			args = append(args, 1)
		}
		rows, err := s.read.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+text, args...)
		if err != nil {
			t.Fatal(q, err)
		}
		var plan strings.Builder
		err = drain(q, rows, func(r scanner) error {
			var id, parent, unused int
			var detail string
			err := r.Scan(&id, &parent, &unused, &detail)
			plan.WriteString(detail + "\n")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(plan.String(), index) || strings.Contains(plan.String(), "TEMP B-TREE") {
			t.Errorf("%s is carried out as\n%s", q, plan.String())
		}
	}
}

// Overwriting all pages of a body would write as many to the log as its next one
// takes. Its key is enough.
func TestOfABodyOnManyPagesOnlyTheKeyIsOverwritten(t *testing.T) {
	dir := t.TempDir()
	s := openTest(t, dir)
	mustAccept(t, s, testParcel(100<<10, 2))
	var id int64
	var key, content []byte
	if err := s.read.QueryRowContext(t.Context(), "SELECT id, key, content FROM bodies").Scan(&id, &key, &content); err != nil {
		t.Fatal(err)
	}
	d := claimOne(t, s)
	for i, c := range d.Copies {
		if err := s.Finish(t.Context(), []Outcome{{Copy: c.ID, Result: Delivered}}); err != nil {
			t.Fatal(err)
		}
		var left int
		if err := s.read.QueryRowContext(t.Context(), "SELECT count(*) FROM bodies WHERE length(content) > 100000").Scan(&left); err != nil {
			t.Fatal(err)
		}
		if want := len(d.Copies) - 1 - i; left != want {
			t.Errorf("%d bodies stand whole when %d copies need theirs", left, want)
		}
	}
	overwrites := 0
	if err := s.run(t.Context(), &job{do: func(t *tx) error {
		return t.w.conn.QueryRowContext(t.ctx, "PRAGMA secure_delete").Scan(&overwrites)
	}}); err != nil || overwrites != 1 {
		t.Errorf("after it, secure_delete is %d: %v", overwrites, err)
	}
	mustClose(t, s) // moves the log into the database
	file, err := os.ReadFile(filepath.Join(dir, databaseFile))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(file, key) || bytes.Contains(file, content[:256]) {
		t.Error("its row, with its key, still stands in the file")
	}
	if !bytes.Contains(file, content[50<<10:50<<10+2000]) {
		t.Error("its ciphertext was overwritten as well")
	}
}

// On PostgreSQL no row can stand without the other.
func TestACopyWhoseBodyIsGoneIsHeldAndToldOf(t *testing.T) {
	dir := t.TempDir()
	s := openTest(t, dir)
	p, good := testParcel(700, 1), testParcel(800, 1)
	mustAccept(t, s, p, good)
	damage(t, s, "DELETE FROM bodies WHERE size = 700")
	mustClose(t, s)
	var told []Delivery
	s = openTest(t, dir, func(c *Config) {
		c.Unreadable = func(d Delivery) ([]Parcel, error) { told = append(told, d); return nil, nil }
	})
	if got := claimCopies(t, s, 1); got[0].Parcel != good.ID {
		t.Fatalf("%+v is handed out", got[0])
	}
	waitHeld(t, s, 1)
	if len(told) != 1 || len(told[0].Copies) != 1 || told[0].Copies[0].From == "" || told[0].Copies[0].To != p.Copies[0].To {
		t.Errorf("somebody is told of %+v", told)
	}
	held, err := s.Held(t.Context())
	if err != nil || len(held) != 1 || held[0].ID != p.Copies[0].ID || !slices.Equal(held[0].Hold.Rules, []string{Damaged}) {
		t.Fatalf("held: %+v, %v", held, err)
	}
	if err := s.Drop(t.Context(), held[0].ID, nil); err != nil {
		t.Error(err)
	}
	if held, err = s.Held(t.Context()); err != nil || len(held) != 0 {
		t.Errorf("then %d are held, %v", len(held), err)
	}
}
