package spool

import (
	"bytes"
	"os"
	"path/filepath"
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
