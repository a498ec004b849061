package octets

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
)

// ErrShort is returned where what was put aside is not there any more.
var ErrShort = errors.New("octets that were put aside are missing")

// Source is where octets are kept that were put aside.
type Source interface {
	// Open returns what reads n octets from off on.
	Open(off, n int64) io.Reader
}

// Rope is the octets of a message, of which long runs may have been put aside.
// What is aside is ASCII, as base64 is, and whole lines: it begins behind a line
// end that is held, and ends with one. Positions are those in Held. A Rope is a
// value: nothing that it holds is changed.
type Rope struct {
	Held []byte // all but what was put aside
	gaps []gap
}

// gap is a run that was put aside before the octet at of Held.
type gap struct {
	at   int
	from Source
	off  int64
	size int64
}

// Hold returns a rope that holds all of b.
func Hold(b []byte) Rope { return Rope{Held: b} }

// Whole reports whether all of the rope is held.
func (r Rope) Whole() bool { return len(r.gaps) == 0 }

// Size returns the octets of the rope, held or not.
func (r Rope) Size() int { return len(r.Held) + int(r.Aside()) }

// Aside returns the octets that were put aside.
func (r Rope) Aside() (n int64) {
	for _, g := range r.gaps {
		n += g.size
	}
	return n
}

// ASCII reports whether every octet is below 0x80.
func (r Rope) ASCII() bool { return ASCII(r.Held) }

// PutAside notes that n octets of a source, from off on, follow what the rope has
// so far.
func (r *Rope) PutAside(from Source, off, n int64) {
	if last := len(r.gaps) - 1; last >= 0 {
		if g := &r.gaps[last]; g.at == len(r.Held) && g.from == from && g.off+g.size == off {
			g.size += n
			return
		}
	}
	r.gaps = append(r.gaps, gap{at: len(r.Held), from: from, off: off, size: n})
}

// Append puts more behind what the rope has so far.
func (r *Rope) Append(more Rope) {
	for _, g := range more.gaps {
		g.at += len(r.Held)
		r.gaps = append(r.gaps, g)
	}
	r.Held = append(r.Held, more.Held...)
}

// Cut returns the octets from start to end. What is aside belongs to the octet
// behind it, so that the pieces of a rope are all of it, each once.
func (r Rope) Cut(start, end int) Rope {
	out := Rope{Held: r.Held[start:end:end]}
	for _, g := range r.gaps {
		if g.at >= start && (g.at < end || g.at == end && end == len(r.Held)) {
			g.at -= start
			out.gaps = append(out.gaps, g)
		}
	}
	return out
}

// Gaps calls f for the place of each run that was put aside, in order.
func (r Rope) Gaps(f func(at int)) {
	for _, g := range r.gaps {
		f(g.at)
	}
}

// Fill returns the rope with the runs held for which whether says so of their
// place. The error is that of reading them.
func (r Rope) Fill(whether func(at int) bool) (Rope, error) {
	size := len(r.Held)
	for _, g := range r.gaps {
		if whether(g.at) {
			size += int(g.size)
		}
	}
	out := Rope{Held: make([]byte, 0, size)}
	last := 0
	for _, g := range r.gaps {
		out.Held = append(out.Held, r.Held[last:g.at]...)
		last = g.at
		if !whether(g.at) {
			out.gaps = append(out.gaps, gap{at: len(out.Held), from: g.from, off: g.off, size: g.size})
			continue
		}
		end := len(out.Held) + int(g.size)
		if _, err := io.ReadFull(g.open(), out.Held[len(out.Held):end]); err != nil {
			return Rope{}, fmt.Errorf("read what was put aside: %w", short(err))
		}
		out.Held = out.Held[:end]
	}
	out.Held = append(out.Held, r.Held[last:]...)
	return out, nil
}

// Octets returns all of the rope, which shares memory with it where all is held.
func (r Rope) Octets() ([]byte, error) {
	if r.Whole() {
		return r.Held, nil
	}
	out, err := r.Fill(func(int) bool { return true })
	return out.Held, err
}

// Reader returns what reads the rope from its beginning.
func (r Rope) Reader() io.Reader {
	if r.Whole() {
		return bytes.NewReader(r.Held)
	}
	return io.MultiReader(r.pieces()...)
}

// pieceSize is how much of a rope is written at once: some writers make a copy of
// what they are given.
const pieceSize = 64 << 10

// WriteTo writes the rope to w, a little at a time.
func (r Rope) WriteTo(w io.Writer) (written int64, err error) {
	last, buf := 0, []byte(nil)
	held := func(b []byte) error {
		for piece := range slices.Chunk(b, pieceSize) {
			n, err := w.Write(piece)
			written += int64(n)
			if err != nil {
				return err
			}
		}
		return nil
	}
	for _, g := range r.gaps {
		if err := held(r.Held[last:g.at]); err != nil {
			return written, err
		}
		if last = g.at; buf == nil {
			buf = make([]byte, pieceSize)
		}
		n, err := io.CopyBuffer(struct{ io.Writer }{w}, g.open(), buf)
		written += n
		if err != nil {
			return written, err
		}
	}
	return written, held(r.Held[last:])
}

// pieces returns readers of what is held and of what is not, in turn.
func (r Rope) pieces() []io.Reader {
	var out []io.Reader
	last := 0
	for _, g := range r.gaps {
		out = append(out, bytes.NewReader(r.Held[last:g.at]), g.open())
		last = g.at
	}
	return append(out, bytes.NewReader(r.Held[last:]))
}

func (g gap) open() io.Reader { return &exactly{g.from.Open(g.off, g.size), g.size} }

// exactly reads so many octets: fewer of them are an error.
type exactly struct {
	r    io.Reader
	left int64
}

// Read reads on.
func (e *exactly) Read(p []byte) (int, error) {
	if e.left == 0 {
		return 0, io.EOF
	}
	n, err := e.r.Read(p[:min(int64(len(p)), e.left)])
	e.left -= int64(n)
	if errors.Is(err, io.EOF) {
		err = nil
		if e.left > 0 {
			err = ErrShort
		}
	}
	return n, err
}

func short(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return ErrShort
	}
	return err
}
