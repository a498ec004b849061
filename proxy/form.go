package proxy

import (
	"bytes"
	"io"
	"slices"

	"postvern.example/internal/octets"
	"postvern.example/proxy/spool"
)

// form is the edited message as one reader, or everybody, gets it. Where only
// its header was edited it stands in two parts, so that the body, which may be
// large, is never copied.
type form struct {
	head   []byte // the header with its empty line; nil: it stands in rest
	rest   octets.Rope
	body   int   // index into the parcel's bodies; -1 until a copy needs it
	papers *form // the mail of what was detached from an invitation; nil: nothing was
}

// raw returns the whole message.
func (f *form) raw() octets.Rope {
	if f.head == nil {
		return f.rest
	}
	raw := octets.Hold(slices.Grow(slices.Clip(f.head), len(f.rest.Held)))
	raw.Append(f.rest)
	return raw
}

// size returns the octets of the message.
func (f *form) size() int { return len(f.head) + f.rest.Size() }

// start returns what the header stands in.
func (f *form) start() []byte {
	if f.head == nil {
		return f.rest.Held
	}
	return f.head
}

// change replaces the message by what edit makes of it.
func (f *form) change(edit func(raw octets.Rope) (octets.Rope, error)) error {
	raw, err := edit(f.raw())
	if err != nil {
		return err
	}
	f.head, f.rest = nil, raw
	return nil
}

// body returns octets, behind a header that may stand apart, as the spool takes
// them.
func bodyOf(head []byte, rest octets.Rope) spool.Body {
	if rest.Whole() {
		return spool.Body{Head: head, Content: rest.Held}
	}
	if head == nil {
		end := bytes.Index(rest.Held, []byte("\r\n\r\n")) + 4 // what is aside is in an attachment
		head, rest = rest.Held[:end], rest.Cut(end, len(rest.Held))
	}
	return spool.Body{Head: head, About: int64(rest.Size()), Write: func(w io.Writer) error {
		_, err := rest.WriteTo(w)
		return err
	}}
}
