package message

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"

	"postvern.example/internal/octets"
)

// Limits bounds what Read holds and how far it goes into a message.
type Limits struct {
	Size        int64 // octets of the whole message; more is ErrTooLarge
	Depth       int   // levels of nesting below the message itself; more is a Defect
	Parts       int   // entities in all; more is a Defect
	HeaderBytes int   // octets of one header; more is a Defect
}

// DefaultLimits returns 50 MiB, 20 levels, 1,000 parts and 256 KB of header.
func DefaultLimits() Limits {
	return Limits{Size: 50 << 20, Depth: 20, Parts: 1000, HeaderBytes: 256 << 10}
}

// The errors of Read besides those of its reader.
var (
	ErrTooLarge = errors.New("the message is too large")
	ErrBareLine = errors.New("a line does not end in CR LF")
	ErrNUL      = errors.New("the message has a NUL octet")
)

// readSize is how much is asked of a reader at once.
const readSize = 32 << 10

// Read reads a message to the end of r and takes it apart. The errors are
// ErrTooLarge, ErrBareLine and ErrNUL (compare with errors.Is) and those of r:
// after them nothing of the message may be used. Everything else that is odd
// about a message is in its Defects.
func Read(r io.Reader, limits Limits) (*Message, error) {
	raw, err := fill(make([]byte, 0, sizeHint(r, limits.Size)), r, limits.Size, 0)
	if err != nil {
		return nil, fmt.Errorf("read message: %w", err)
	}
	return Parse(raw, limits)
}

// Parse takes a message apart as Read does. The message shares the memory of
// raw, which must not be changed any more.
func Parse(raw []byte, limits Limits) (*Message, error) {
	return ParseRope(octets.Hold(raw), limits)
}

// ParseRope does what Parse does with octets of which some may be aside, as the
// edits of a message that was read leave them.
func ParseRope(rope octets.Rope, limits Limits) (*Message, error) {
	m, err := settled(rope, limits)
	if err != nil {
		return nil, fmt.Errorf("read message: %w", err)
	}
	return m, nil
}

func parse(rope octets.Rope, limits Limits) (*Message, error) {
	if int64(rope.Size()) > limits.Size {
		return nil, ErrTooLarge
	}
	if err := checkEnds(rope.Held); err != nil {
		return nil, err
	}
	p := parser{raw: rope.Held, limits: limits}
	root := p.message()
	return &Message{text: rope, Root: root, Defects: p.defects}, nil
}

// Reader reads messages and keeps the buffers that they come in for the next
// ones. It is safe for use by several goroutines.
type Reader struct {
	Limits Limits
	// Aside makes room for what is not held of a large message; nil: all is.
	Aside   func() (Aside, error)
	buffers sync.Pool // of *[]byte
}

// Earnest is how much of a message has to have come before memory is taken for
// all that its client has declared. Up to this size buffers are used again.
const Earnest = 2 << 20

// Read does what the function Read does. declared is how large the message is
// said to be; 0 is not said. The errors are also those of Aside. A message has to
// be closed.
func (b *Reader) Read(r io.Reader, declared int64) (*Message, error) {
	rope, aside, err := b.readAll(r, min(declared, b.Limits.Size))
	if err != nil {
		return nil, fmt.Errorf("read message: %w", err)
	}
	m, err := ParseRope(rope, b.Limits)
	switch {
	case aside == nil:
		return m, err
	case err != nil:
		return nil, errors.Join(err, aside.Close())
	}
	m.aside = aside
	return m, nil
}

// readAll reads into a buffer that other messages were read into before and
// copies the whole out of it: growing a new one each time would take, zero and
// throw away three times the memory. A buffer that is too large to be kept
// becomes the message itself.
func (b *Reader) readAll(r io.Reader, declared int64) (octets.Rope, Aside, error) {
	space, ok := b.buffers.Get().(*[]byte)
	if !ok {
		space = new([]byte)
		*space = make([]byte, 0, sizeHint(r, b.Limits.Size))
	}
	most, whole := b.Limits.Size, declared
	if b.Aside != nil {
		most = min(most, Large)
		declared = min(declared, Large)
	}
	buf, err := fill((*space)[:0], r, most, declared)
	if errors.Is(err, ErrTooLarge) && most < b.Limits.Size {
		return b.thin(buf, r, whole)
	}
	if cap(buf) > Earnest {
		return octets.Hold(buf), nil, err
	}
	*space = buf
	defer b.buffers.Put(space)
	if err != nil {
		return octets.Rope{}, nil, err
	}
	return octets.Hold(bytes.Clone(buf)), nil, nil
}

// fill reads r to its end, or past the limit.
func fill(buf []byte, r io.Reader, limit, declared int64) ([]byte, error) {
	for {
		if len(buf) == cap(buf) {
			buf = grow(buf, int(declared))
		}
		n, err := r.Read(buf[len(buf):min(cap(buf), len(buf)+readSize)])
		buf = buf[:len(buf)+n]
		switch {
		case int64(len(buf)) > limit:
			return buf, ErrTooLarge
		case errors.Is(err, io.EOF):
			return buf, nil
		case err != nil:
			return buf, err
		}
	}
}

// grow gives a large buffer little room at a time: a message is held once, and
// a buffer of twice its size would count against its limit of memory.
// One of declared size gets it at once, and a little more to find its end in.
func grow(buf []byte, declared int) []byte {
	size := 2 * cap(buf)
	switch {
	case cap(buf) >= Earnest && cap(buf) < declared:
		size = declared + 1<<10
	case cap(buf) >= 1<<20:
		size = cap(buf) + cap(buf)/4
	}
	wider := make([]byte, len(buf), size)
	copy(wider, buf)
	return wider
}

// sizeHint asks a reader that knows its length, as bytes.Reader does.
func sizeHint(r io.Reader, limit int64) int64 {
	const least = 16 << 10
	if l, ok := r.(interface{ Len() int }); ok {
		return max(least, min(int64(l.Len()), limit)+1)
	}
	return least
}

// checkEnds returns ErrNUL or ErrBareLine where they are due.
func checkEnds(raw []byte) error {
	if _, clean := octets.Lines(raw, false); clean {
		return nil
	}
	if bytes.IndexByte(raw, 0) >= 0 {
		return ErrNUL
	}
	return ErrBareLine
}
