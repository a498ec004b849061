package message

import "fmt"

// HideNested does what Hide does, in the header of every message inside this
// one (message/rfc822, digests), at any depth. hide is also asked about display
// names, with the address beside them. ErrSigned says that it would
// change a signed part, ErrAddress is as in Hide.
func (m *Message) HideNested(hide func(name, address string) bool, fields ...string) ([]Edit, int, error) {
	var edits []Edit
	total := 0
	err := m.nested(func(p *Part, signed bool) error {
		more, n, err := m.hidePart(p, hide, fields)
		if err == nil && signed && len(more) > 0 {
			err = ErrSigned
		}
		if err != nil {
			return fmt.Errorf("hide recipients in %s: %w", p.Place, err)
		}
		edits, total = append(edits, more...), total+n
		return nil
	})
	if err != nil {
		return nil, 0, err
	}
	return edits, total, nil
}

// DropNested does what Drop does, in the header of every message inside this
// one. ErrSigned says that it would change a signed part.
func (m *Message) DropNested(names ...string) ([]Edit, error) {
	var edits []Edit
	err := m.nested(func(p *Part, signed bool) error {
		more := dropFrom(p, names)
		if signed && len(more) > 0 {
			return fmt.Errorf("drop fields in %s: %w", p.Place, ErrSigned)
		}
		edits = append(edits, more...)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return edits, nil
}

// nested calls f for the entity inside every message part.
func (m *Message) nested(f func(p *Part, signed bool) error) error {
	var walk func(p *Part, signed bool) error
	walk = func(p *Part, signed bool) error {
		signed = signed || p.MediaType == "multipart/signed"
		for _, child := range p.Children {
			if isMessage(p.MediaType) {
				if err := f(child, signed); err != nil {
					return err
				}
			}
			if err := walk(child, signed); err != nil {
				return err
			}
		}
		return nil
	}
	return walk(m.Root, false)
}
