package message

import (
	"bytes"
	"strings"
	"testing"
)

func TestAnEditedHeaderStandsApartFromItsBody(t *testing.T) {
	const mail = "From: a@b.example\r\nSubject: Hej\r\n\r\nKrop\r\n.\r\n"
	field := func(m *Message, name string) Range { return m.Root.Get(name)[0].Range }
	for _, c := range []struct {
		name  string
		mail  string
		edits func(m *Message) []Edit
		apart bool
	}{
		{"nothing", mail, func(*Message) []Edit { return nil }, false},
		{"a field before all", mail, func(*Message) []Edit { return []Edit{{With: []byte("X: y\r\n")}} }, true},
		{"a field taken out", mail, func(m *Message) []Edit { return []Edit{{Range: field(m, "Subject")}} }, true},
		{"all fields taken out", mail, func(m *Message) []Edit {
			return []Edit{{Range: field(m, "Subject")}, {Range: field(m, "From"), With: []byte("A: b\r\n")}}
		}, true},
		{"the empty line too", mail, func(m *Message) []Edit { return []Edit{{Range: m.Root.Head}} }, false},
		{"the body", mail, func(m *Message) []Edit { return []Edit{{With: []byte("X: y\r\n")}, {Range: m.Root.Body}} }, false},
		{"the end of the header", mail, func(m *Message) []Edit {
			return []Edit{{Range: Range{m.Root.Head.End, m.Root.Head.End}, With: []byte("x\r\n")}}
		}, false},
		{"no body", "From: a@b.example\r\n", func(*Message) []Edit { return []Edit{{With: []byte("X: y\r\n")}} }, false},
		{"an empty body", "From: a@b.example\r\n\r\n", func(*Message) []Edit { return []Edit{{With: []byte("X: y\r\n")}} }, true},
		{"no header", "\r\nKrop\r\n", func(*Message) []Edit { return []Edit{{With: []byte("X: y\r\n")}} }, false},
	} {
		m, err := Read(strings.NewReader(c.mail), DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		want, err := m.Apply(c.edits(m)...)
		if err != nil {
			t.Fatal(err)
		}
		head, body, err := m.ApplyApart(c.edits(m)...)
		if err != nil {
			t.Fatal(err)
		}
		if got := append(bytes.Clone(head), body.Held...); !bytes.Equal(got, want) {
			t.Errorf("%s: %q, want %q", c.name, got, want)
		}
		if (head != nil) != c.apart {
			t.Errorf("%s: the header is %q", c.name, head)
		}
		if head != nil && !bytes.HasSuffix(head, []byte("\r\n\r\n")) {
			t.Errorf("%s: the header ends in %q", c.name, head)
		}
	}
}

func TestEditsOfTheHeaderAreRefusedAsThoseOfTheMessageAre(t *testing.T) {
	m, err := Read(strings.NewReader("From: a@b.example\r\nSubject: Hej\r\n\r\nKrop\r\n"), DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	subject := m.Root.Get("Subject")[0].Range
	for _, edits := range [][]Edit{
		{{Range: subject}, {Range: Range{subject.Start + 1, subject.End}}},
		{{Range: Range{-1, 2}}},
		{{Range: Range{5, 4}}},
	} {
		if _, _, err := m.ApplyApart(edits...); err == nil {
			t.Errorf("%v were made", edits)
		}
	}
}
