package spool

import (
	"strings"
	"testing"
)

// What is asked for with every delivery must not cost more the more there is.
func TestAStatementOfTheDayReadsNoWholeTable(t *testing.T) {
	s := openTest(t, t.TempDir())
	for q, index := range map[query]string{
		"due copies": "copies_due", "next due": "copies_due", "held copy": "copies_held", "files": "bodies_file",
		"deviations": "deviations_date", "claim copy": "PRIMARY KEY", "delete copy": "PRIMARY KEY",
		"defer copy": "PRIMARY KEY", "forget body": "PRIMARY KEY", "read body": "PRIMARY KEY", "delete receipt": "PRIMARY KEY",
		"oldest": "PRIMARY KEY", "release copy": "PRIMARY KEY", "body size": "PRIMARY KEY",
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
