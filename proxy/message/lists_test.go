package message

import (
	"strings"
	"sync"
	"testing"
)

// What a field holds does not depend on who asked for it before.
func TestAListIsReadAlikeHoweverOftenItIsAskedFor(t *testing.T) {
	raw := "From: Anna <anna@forening.example>\r\nTo: Mette <mette@post.example>, peter@post.example\r\nCc: broken <\r\n\r\nHej\r\n"
	m, err := (&Reader{Limits: DefaultLimits()}).Read(strings.NewReader(raw), 0)
	if err != nil {
		t.Fatal(err)
	}
	fields := m.Root.Fields
	var askers sync.WaitGroup
	for range 4 {
		askers.Go(func() {
			for range 3 {
				for i, want := range []int{1, 2} {
					boxes, err := m.Mailboxes(fields[i])
					if err != nil || len(boxes) != want {
						t.Errorf("%s: %d mailboxes, %v", fields[i].Name, len(boxes), err)
					}
				}
				if _, err := m.Mailboxes(fields[2]); err == nil {
					t.Error("Cc: a list that is broken was read without an error")
				}
			}
		})
	}
	askers.Wait()
}
