// Package message reads a mail byte-exact, edits its header fields and builds
// new mails (RFC 5322, RFC 2045-2049, RFC 2231).
//
// Reading keeps the bytes as they came and notes where each field and part
// stands; editing copies those ranges and never decodes and encodes what the
// edit does not name. What is odd about the structure is a Defect: such a
// message was not fully understood, is unscannable, and is never edited or
// sent on as if it had been. Only what cannot be held in memory at all (too
// large, bare CR or LF, NUL) is an error of Read.
package message

import (
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"postvern.example/internal/octets"
	"postvern.example/policy/detect"
)

// Message is a mail as it came. It is not changed after Read; edits make a
// new one. It is safe for use by several goroutines.
type Message struct {
	Root    *Part
	Defects []Defect
	text    octets.Rope // CRLF line ends throughout
	aside   Aside       // what of it is not held; nil: all is, or it is another message's
	failed  atomic.Pointer[error]
	lists   lists
}

// Octets returns the whole message. It shares memory with it.
func (m *Message) Octets() octets.Rope { return m.text }

// Bytes returns the octets of a range. They may share memory with the message
// and must not be changed. Where they are aside they are read; Err tells when
// that could not be done.
func (m *Message) Bytes(r Range) []byte {
	if r.Start < 0 || r.End > len(m.text.Held) || r.Start > r.End {
		return nil
	}
	if m.text.Whole() {
		return m.text.Held[r.Start:r.End:r.End]
	}
	all, err := m.text.Cut(r.Start, r.End).Octets()
	return m.read(all, err)
}

// front returns the first n octets of a range, or all that it has, as Bytes
// does.
func (m *Message) front(r Range, n int) []byte {
	if m.text.Whole() {
		return m.text.Held[r.Start:min(r.End, r.Start+n)]
	}
	out := make([]byte, n)
	n, err := io.ReadFull(m.text.Cut(r.Start, r.End).Reader(), out)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return m.read(out[:n], err)
}

// Size returns how many octets a range has.
func (m *Message) Size(r Range) int {
	if m.text.Whole() {
		return r.End - r.Start
	}
	return m.text.Cut(r.Start, r.End).Size()
}

// Aside returns how many octets of a range are not held.
func (m *Message) Aside(r Range) int64 { return m.text.Cut(r.Start, r.End).Aside() }

// Open returns what reads the octets of a range.
func (m *Message) Open(r Range) io.Reader {
	return &noting{m.text.Cut(r.Start, r.End).Reader(), m}
}

// Err returns why some of the message could not be read since it came. It was
// not understood then, whatever was found in it.
func (m *Message) Err() error {
	if err := m.failed.Load(); err != nil {
		return fmt.Errorf("read message: %w", *err)
	}
	return nil
}

// Close gives up what is not held of the message, and of all that was made of
// it.
func (m *Message) Close() error {
	if m.aside == nil {
		return nil
	}
	return m.aside.Close()
}

// read notes an error of reading what is aside.
func (m *Message) read(b []byte, err error) []byte {
	if err != nil {
		m.failed.Store(&err)
		return nil
	}
	return b
}

// noting notes errors of reading what is aside.
type noting struct {
	r io.Reader
	m *Message
}

// Read reads on.
func (n *noting) Read(p []byte) (int, error) {
	read, err := n.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		n.m.failed.Store(&err)
	}
	return read, err
}

// Range is a run of octets of a message, by what is held of it: Start inclusive,
// End exclusive.
type Range struct{ Start, End int }

// Part is one MIME entity: the message itself, a part of a multipart, or the
// message inside a message/rfc822.
type Part struct {
	Place       detect.Place
	Fields      []Field
	Head        Range             // the header, with the empty line that ends it
	Body        Range             // what follows, still in its transfer encoding
	MediaType   string            // lower case; the default of RFC 2045 §5.2 where none was given
	Params      map[string]string // of Content-Type, keys in lower case, RFC 2231 and RFC 2047 undone
	Disposition string            // lower case: "", "inline", "attachment", ...
	FileName    string            // from Content-Disposition or Content-Type, decoded
	Encoding    string            // lower case: "7bit" where none was given
	Children    []*Part           // of a multipart in order; of a message/rfc822 exactly one
	Preamble    Range             // of a multipart: before the first boundary
	Epilogue    Range             // of a multipart: after the last
}

// Field is one header field, folded lines and all.
type Field struct {
	Name  string // as written
	Range Range  // name, colon, value and the final CRLF
	Value Range  // what follows the colon, without the final CRLF
}

// Defect is something about a message that keeps it from being understood.
type Defect struct {
	Place  detect.Place
	Reason string // English, from a fixed set, no text of the message
	Header bool   // the fault is in the message's own header: recipients cannot be hidden with certainty
}
