package message

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Edit replaces a range of Message.Raw. An empty range inserts, an empty With
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
// the result shares memory with the message. The errors are ErrOverlap and
// ErrRange.
func (m *Message) Apply(edits ...Edit) ([]byte, error) {
	if len(edits) == 0 {
		return m.Bytes(Range{0, len(m.Raw)}), nil
	}
	return edited(m.Raw, edits)
}

// ApplyApart does what Apply does and returns the message in two parts. Where
// only the message's own header was edited, they are the header, with the empty
// line that ends it, and the body, which shares memory with the message and so
// with every other copy of it. Otherwise head is nil and body is all.
func (m *Message) ApplyApart(edits ...Edit) (head, body []byte, err error) {
	end := m.Root.Head.End
	beyond := func(e Edit) bool { return e.Range.End >= end }
	if !bytes.HasSuffix(m.Raw[:end], []byte("\r\n\r\n")) || len(edits) == 0 || slices.ContainsFunc(edits, beyond) {
		body, err = m.Apply(edits...)
		return nil, body, err
	}
	head, err = edited(m.Raw[:end], edits)
	return head, m.Bytes(Range{end, len(m.Raw)}), err
}

func edited(raw []byte, edits []Edit) ([]byte, error) {
	sorted := slices.Clone(edits)
	slices.SortStableFunc(sorted, func(a, b Edit) int {
		if a.Range.Start != b.Range.Start {
			return a.Range.Start - b.Range.Start
		}
		return a.Range.End - b.Range.End
	})
	size, last := len(raw), 0
	for _, e := range sorted {
		if e.Range.Start < 0 || e.Range.End > len(raw) || e.Range.Start > e.Range.End {
			return nil, ErrRange
		}
		if e.Range.Start < last {
			return nil, ErrOverlap
		}
		last = e.Range.End
		size += len(e.With) - (e.Range.End - e.Range.Start)
	}
	out := make([]byte, 0, size)
	last = 0
	for _, e := range sorted {
		out = append(out, raw[last:e.Range.Start]...)
		out = append(out, e.With...)
		last = e.Range.End
	}
	return append(out, raw[last:]...), nil
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
