package test

import (
	"fmt"
	"strings"
	"testing"
)

// gentlePolicy is milder with a person's own data and with the union's office.
var gentlePolicy = strings.Replace(defaultPolicy, `    severity: high
  - name: member lists`, `    severity: high
    except: [self, union]
  - name: numbers of the reader
    detect: [dk-cpr]
    to: [self, union]
    do: note
    severity: low
  - name: member lists`, 1)

func TestAPersonsOwnNumberGoesToThatPersonAlone(t *testing.T) {
	i := gateway(t, files{"policy.yaml": gentlePolicy})
	const number = "Mette Sørensen, CPR 070761-4285"
	for n, c := range []struct {
		what string
		to   []string
		head string // To and Cc
		text string
		held int
	}{
		{"the person alone", []string{"mette@post.example"}, "To: Mette Sørensen <mette@post.example>", number, 0},
		{"the union's office", []string{"kontor@forening.example"}, "To: kontor@forening.example", number, 0},
		{"the person and somebody who is hidden", []string{"mette@post.example", "peter@post.example"}, "To: Mette Sørensen <mette@post.example>", number, 2},
		{"the person with another in sight", []string{"mette@post.example"}, "To: Mette Sørensen <mette@post.example>\nCc: kontor@forening.example", number, 1},
		{"another person", []string{"peter@post.example"}, "To: Peter Ægidius <peter@post.example>", number, 1},
		{"the right name over another's address", []string{"peter@post.example"}, "To: Mette Sørensen <peter@post.example>", number, 1},
		{"no name in sight", []string{"mette@post.example"}, "To: mette@post.example", number, 1},
		{"a second number", []string{"mette@post.example"}, "To: Mette Sørensen <mette@post.example>", number + "\nPeter Ægidius, CPR 010190-1234", 1},
		{"the person and the office", []string{"mette@post.example", "kontor@forening.example"}, "To: Mette Sørensen <mette@post.example>, kontor@forening.example", number, 1},
	} {
		before := len(i.heldRules())
		mail := fmt.Sprintf("From: Anna Holm <anna.holm@region.example>\n%s\nSubject: Papirer\nMessage-ID: <self-%d@region.example>\nContent-Type: text/plain; charset=utf-8\n\n%s\n", c.head, n, c.text)
		if err := i.send("anna", "anna.holm@region.example", c.to, mail); err != nil {
			t.Fatalf("%s: %v", c.what, err)
		}
		if held := i.heldRules(); len(held) != before+c.held {
			t.Errorf("%s: %d held, want %d: %v", c.what, len(held)-before, c.held, held[before:])
		}
	}
}
