package seal

import (
	"bytes"
	"fmt"
	"io"
)

// Copy is what becomes of a message for one reader: its beginning, and what
// writes the rest, however large it is, with little of it in memory.
type Copy struct {
	Head  []byte                  // the header and what else is known before; whole lines
	Write func(w io.Writer) error // the rest, in ASCII, with CRLF line ends; once
	Size  int                     // octets that Write writes, about
}

// Bytes returns the whole copy.
func (c Copy) Bytes() ([]byte, error) {
	var out bytes.Buffer
	out.Grow(len(c.Head) + c.Size)
	out.Write(c.Head)
	if err := c.Write(&out); err != nil {
		return nil, fmt.Errorf("write copy: %w", err)
	}
	return out.Bytes(), nil
}

// whole returns the octets of a copy that was prepared.
func whole(c Copy, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	return c.Bytes()
}

// joined returns fields as they stand in a header.
func joined(fields []field) []byte {
	var out []byte
	for _, f := range fields {
		out = append(out, f.raw...)
	}
	return out
}
