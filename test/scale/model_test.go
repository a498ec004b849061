package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"
)

// TestNothingIsLostWhateverFails runs a smaller organisation through every
// trouble at once and one by one.
func TestNothingIsLostWhateverFails(t *testing.T) {
	for name, bad := range map[string]trouble{
		"nothing":   {},
		"nodes die": {dying: 5},
		"slow":      {slow: 40},
		"away":      {upstreamed: 10 * time.Minute},
		"database":  {away: time.Minute},
		"all":       {dying: 5, slow: 10, away: time.Minute, upstreamed: 3 * time.Minute},
	} {
		s := scenario{name: name, mails: 200_000, nodes: 5, cores: 2, database: 2, connections: 4, trouble: bad}
		r := simulate(s, 1)
		if r.lost != 0 || r.mails < 10_000 {
			t.Errorf("%s: %d of %d are lost", name, r.lost, r.mails)
		}
		if again := simulate(s, 1); again != r {
			t.Errorf("%s: the same seed gives %+v and %+v", name, r, again)
		}
		if waits := r.waiting > 500; waits != (bad.slow > 0 || bad.upstreamed > 0) {
			t.Errorf("%s: %d wait in the spool", name, r.waiting)
		}
		if tries := r.retried > 100; tries != (bad.away > 0) {
			t.Errorf("%s: mail programs tried %d times again", name, r.retried)
		}
	}
}

// TestTheDocumentHasWhatIsSimulated compares the smaller scenarios of
// docs/scale.md with the simulation, and the others by name; make scale writes them all.
func TestTheDocumentHasWhatIsSimulated(t *testing.T) {
	text, err := os.ReadFile("../../docs/scale.md")
	if err != nil {
		t.Fatal(err)
	}
	var want bytes.Buffer
	if err := write(&want, scenarios[:3]); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(want.String()) {
		if !strings.Contains(string(text), line) {
			t.Errorf("docs/scale.md lacks the line\n%sput there what make scale prints", line)
		}
	}
	for _, s := range scenarios {
		if !strings.Contains(string(text), "\n| "+s.name+" | ") {
			t.Errorf("docs/scale.md lacks %q", s.name)
		}
	}
}
