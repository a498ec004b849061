package message

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"postvern.example/internal/octets"
)

// Edit replaces a range of a message. An empty range inserts, an empty With
// deletes.
type Edit struct {
	Range Range
	With  []byte
}

// The errors of editing.
var (
	ErrOverlap = errors.New("two edits overlap")
	ErrRange   = errors.New("an edit lies outside the message")
	ErrField   = errors.New("a header field has an illegal name or value")
)

// Apply returns the message with the edits made and every other octet as it
// came. Insertions at the same place stand in the order given. Without edits
// the result shares memory with the message. The errors are ErrOverlap,
// ErrRange, and those of reading what is not held.
func (m *Message) Apply(edits ...Edit) ([]byte, error) {
	rope, err := m.ApplyRope(edits...)
	if err != nil {
		return nil, err
	}
	return rope.Octets()
}

// ApplyRope does what Apply does, and leaves aside what is.
func (m *Message) ApplyRope(edits ...Edit) (octets.Rope, error) {
	if len(edits) == 0 {
		return m.text, nil
	}
	return edited(m.text, edits)
}

// ApplyApart does what ApplyRope does and returns the message in two parts. Where
// only the message's own header was edited, they are the header, with the empty
// line that ends it, and the body, which shares memory with the message and so
// with every other copy of it. Otherwise head is nil and body is all.
func (m *Message) ApplyApart(edits ...Edit) (head []byte, body octets.Rope, err error) {
	end := m.Root.Head.End
	beyond := func(e Edit) bool { return e.Range.End >= end }
	header := m.text.Cut(0, end)
	if !bytes.HasSuffix(header.Held, []byte("\r\n\r\n")) || !header.Whole() || len(edits) == 0 || slices.ContainsFunc(edits, beyond) {
		body, err = m.ApplyRope(edits...)
		return nil, body, err
	}
	header, err = edited(header, edits)
	return header.Held, m.text.Cut(end, len(m.text.Held)), err
}

func edited(rope octets.Rope, edits []Edit) (octets.Rope, error) {
	sorted := slices.Clone(edits)
	slices.SortStableFunc(sorted, func(a, b Edit) int {
		if a.Range.Start != b.Range.Start {
			return a.Range.Start - b.Range.Start
		}
		return a.Range.End - b.Range.End
	})
	size, last := len(rope.Held), 0
	for _, e := range sorted {
		if e.Range.Start < 0 || e.Range.End > len(rope.Held) || e.Range.Start > e.Range.End {
			return octets.Rope{}, ErrRange
		}
		if e.Range.Start < last {
			return octets.Rope{}, ErrOverlap
		}
		last = e.Range.End
		size += len(e.With) - (e.Range.End - e.Range.Start)
	}
	out := octets.Hold(make([]byte, 0, size))
	last = 0
	for _, e := range sorted {
		out.Append(rope.Cut(last, e.Range.Start))
		out.Append(octets.Hold(e.With))
		last = e.Range.End
	}
	out.Append(rope.Cut(last, len(rope.Held)))
	return out, nil
}

// Drop returns edits that take every field of these names out of the message's
// own header, whole.
func (m *Message) Drop(names ...string) []Edit { return dropFrom(m.Root, names) }

func dropFrom(p *Part, names []string) []Edit {
	var edits []Edit
	for _, f := range p.Fields {
		for _, name := range names {
			if strings.EqualFold(f.Name, name) {
				edits = append(edits, Edit{Range: f.Range})
				break
			}
		}
	}
	return edits
}

// AddTop returns an edit that puts a new field above all others. The value is
// one logical line: it is folded where it has blanks and encoded where it is
// not ASCII. ErrField says that the name is none, or that the value has a CR,
// LF or NUL or cannot be brought to lines of 998 octets.
func (m *Message) AddTop(name, value string) (Edit, error) {
	field, err := formatField(name, value)
	if err != nil {
		return Edit{}, err
	}
	return Edit{With: []byte(field)}, nil
}

// formatField returns a whole header field with its CRLF.
func formatField(name, value string) (string, error) {
	if !isFieldName([]byte(name)) || len(name) > 76 {
		return "", fmt.Errorf("%w: the name", ErrField)
	}
	if strings.ContainsAny(value, "\r\n\x00") {
		return "", fmt.Errorf("%w: a control character in %s", ErrField, name)
	}
	return name + ":" + foldText(len(name)+1, value) + "\r\n", nil
}
