package proxy

import (
	"slices"

	"postvern.example/proxy/spool"
)

// form is the edited message as one reader, or everybody, gets it. Where only
// its header was edited it stands in two parts, so that the body, which may be
// large, is never copied.
type form struct {
	head   []byte // the header with its empty line; nil: it stands in rest
	rest   []byte
	body   int   // index into the parcel's bodies; -1 until a copy needs it
	papers *form // the mail of what was detached from an invitation; nil: nothing was
}

// raw returns the whole message.
func (f *form) raw() []byte {
	if f.head == nil {
		return f.rest
	}
	return slices.Concat(f.head, f.rest)
}

// size returns the octets of the message.
func (f *form) size() int { return len(f.head) + len(f.rest) }

// start returns what the header stands in.
func (f *form) start() []byte {
	if f.head == nil {
		return f.rest
	}
	return f.head
}

// change replaces the message by what edit makes of it.
func (f *form) change(edit func(raw []byte) ([]byte, error)) error {
	raw, err := edit(f.raw())
	if err != nil {
		return err
	}
	f.head, f.rest = nil, raw
	return nil
}

// stored returns the message as the spool takes it.
func (f *form) stored() spool.Body { return spool.Body{Head: f.head, Content: f.rest} }
