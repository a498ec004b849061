package message

import (
	"bytes"
	"errors"
	"fmt"
	"io"
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

// readSize is small because a reader of SMTP data may block until the buffer
// is full, and the guard should see a bare line end when it comes.
const readSize = 4096

// Read reads a message to the end of r and takes it apart. The errors are
// ErrTooLarge, ErrBareLine and ErrNUL (compare with errors.Is) and those of r:
// after them nothing of the message may be used. Everything else that is odd
// about a message is in its Defects.
func Read(r io.Reader, limits Limits) (*Message, error) {
	raw, err := readAll(r, limits.Size)
	if err != nil {
		return nil, fmt.Errorf("read message: %w", err)
	}
	p := parser{raw: raw, limits: limits}
	root := p.message()
	return &Message{Raw: raw, Root: root, Defects: p.defects}, nil
}

// Bytes returns the octets of a range. They share memory with the message and
// must not be changed.
func (m *Message) Bytes(r Range) []byte {
	if r.Start < 0 || r.End > len(m.Raw) || r.Start > r.End {
		return nil
	}
	return m.Raw[r.Start:r.End:r.End]
}

func readAll(r io.Reader, limit int64) ([]byte, error) {
	buf := make([]byte, 0, sizeHint(r, limit))
	checked := 0 // everything before is known to be whole lines
	for {
		if len(buf) == cap(buf) {
			buf = grow(buf)
		}
		n, err := r.Read(buf[len(buf):min(cap(buf), len(buf)+readSize)])
		fresh := len(buf)
		buf = buf[:len(buf)+n]
		if int64(len(buf)) > limit {
			return nil, ErrTooLarge
		}
		if bytes.IndexByte(buf[fresh:], 0) >= 0 {
			return nil, ErrNUL
		}
		var guardErr error
		if checked, guardErr = guard(buf, checked, errors.Is(err, io.EOF)); guardErr != nil {
			return nil, guardErr
		}
		if errors.Is(err, io.EOF) {
			return buf, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// grow gives a large buffer little room at a time: a message is held once, and
// a buffer of twice its size would count against its limit of memory.
func grow(buf []byte) []byte {
	size := 2 * cap(buf)
	if cap(buf) >= 1<<20 {
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

// guard checks the line ends from checked on (RFC 5321 §2.3.8) and returns how
// far they are known to be right.
func guard(buf []byte, checked int, last bool) (int, error) {
	for {
		line := buf[checked:]
		lf := bytes.IndexByte(line, '\n')
		if lf < 0 {
			cr := bytes.IndexByte(line, '\r')
			if cr >= 0 && (last || cr < len(line)-1) {
				return checked, ErrBareLine
			}
			if cr < 0 && len(line) > 0 && !last {
				// A line without an end is not looked at again and again.
				return checked + len(line), nil
			}
			return checked, nil
		}
		if lf == 0 || bytes.IndexByte(line[:lf], '\r') != lf-1 {
			return checked, ErrBareLine
		}
		checked += lf + 1
	}
}
