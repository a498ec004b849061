package extract

import (
	"bufio"
	"bytes"
	"io"

	"postvern.example/proxy/message"
)

// largePart is the size of an encoded part above which it is read as it is
// decoded, where that can be done: a second copy of it in memory is spared.
const largePart = 1 << 20

// decoded is content of a known size that is not held decoded.
type decoded struct {
	message.Decoded
	size int
}

// large reads a large part without holding all of it decoded: pictures here,
// and what goes to a worker. It reports whether it did.
func (r *reading) large(m *message.Message, p *message.Part, depth int) bool {
	f, ok := r.x.streamed(m, p)
	if !ok || r.inside && r.x.isHostile(f) || depth > r.x.cfg.Depth {
		return false
	}
	content, _ := m.Decode(p)
	size, err := content.Size()
	if err != nil {
		return false // it is damaged
	}
	one := pieceOf(p, depth)
	one.large, one.place = &decoded{content, size}, labelled(r.attachmentPlace(p), f.label)
	if r.x.isHostile(f) {
		r.byWorker(one)
	} else {
		r.safely(f, one)
	}
	return true
}

// streamed returns the format of a part that can be read so.
func (e *Extractor) streamed(m *message.Message, p *message.Part) (f format, ok bool) {
	content, ok := m.Decode(p)
	if !ok || m.Size(p.Body) < largePart || isBody(p) {
		return f, false
	}
	head := make([]byte, headSize)
	if _, err := io.ReadFull(content.Open(), head); err != nil {
		return f, false
	}
	f, known := e.formats[magicOf(head)]
	if e.isHostile(f) {
		return f, known && e.pool != nil
	}
	return f, known && f.streams
}

// Holds returns how many octets of a message that were put aside Text holds
// decoded all the same, since there is no other way to read them.
func (e *Extractor) Holds(m *message.Message) (n int64) {
	var walk func(p *message.Part)
	walk = func(p *message.Part) {
		for _, child := range p.Children {
			walk(child)
		}
		if aside := m.Aside(p.Body); aside > 0 && len(p.Children) == 0 {
			if _, ok := e.streamed(m, p); !ok {
				n += aside
			}
		}
	}
	walk(m.Root)
	return n
}

// headSize is how much of a file its first bytes are looked for in.
const headSize = 4 << 10

// magicOf is sniffMagic for where only the beginning of a file is at hand:
// isUnknown is also a type that takes the whole file to tell.
func magicOf(head []byte) kind {
	whole := func(k kind) bool { return k == isPacked || k == isOffice }
	for _, m := range magics {
		if len(head) >= m.at+len(m.bytes) && string(head[m.at:m.at+len(m.bytes)]) == m.bytes {
			if whole(m.kind) {
				return isUnknown
			}
			return m.kind
		}
	}
	return sniffMagic(head)
}

// size returns the octets of a piece.
func (p piece) size() int {
	if p.large != nil {
		return p.large.size
	}
	return len(p.data)
}

// open returns what reads a piece from its beginning.
func (p piece) open() io.Reader {
	if p.large != nil {
		return p.large.Open()
	}
	return bytes.NewReader(p.data)
}

// walk goes through a file from its beginning to its end.
type walk struct {
	r    *bufio.Reader
	left int
	last [2]byte // the octets before
}

func (p piece) walk() *walk { return &walk{r: bufio.NewReader(p.open()), left: p.size()} }

// peek returns the next octets, which have to be there, and few.
func (w *walk) peek(n int) []byte {
	b, _ := w.r.Peek(n) // what is decoded was looked at, and the message notes where it cannot be read again
	return b
}

// take returns the next octets, which have to be there.
func (w *walk) take(n int) []byte {
	b := make([]byte, n)
	_, _ = io.ReadFull(w.r, b)
	w.passed(b)
	return b
}

// skip passes the next octets over, which have to be there.
func (w *walk) skip(n int) {
	for n > 0 {
		b := w.peek(min(n, w.r.Size()))
		if len(b) == 0 {
			return
		}
		w.passed(b)
		_, _ = w.r.Discard(len(b))
		n -= len(b)
	}
}

// rest returns all that is left.
func (w *walk) rest() []byte { return w.take(w.left) }

// passed notes octets that were gone through.
func (w *walk) passed(b []byte) {
	w.left -= len(b)
	switch n := len(b); n {
	case 0:
	case 1:
		w.last = [2]byte{w.last[1], b[0]}
	default:
		w.last = [2]byte(b[n-2:])
	}
}
