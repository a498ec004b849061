package message

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"postvern.example/internal/octets"
)

// Large is the size from which on a message is read without holding its long
// runs of base64, where there is somewhere to put them.
const Large = 4 << 20

// Aside is where octets of a message are put that are not held in memory. What
// was written may be read until it is closed.
type Aside interface {
	octets.Source
	io.Writer
	io.Closer
	Size() int64 // octets that were written
}

// lightened is asked of readers that want to know how much of what they gave is
// not held any more.
type lightened interface{ PutAside(n int64) }

// lookSize is how much is looked at at once: no shorter run is put aside.
const lookSize = 256 << 10

// thinner reads a large message and puts long runs of base64 aside as they come.
// A run is whole lines of which none can be anything to the parser, whatever
// stands around them: none is empty, a delimiter or a field. The lines at its
// beginning and end are held, so that no part and no field begins or ends where
// it was: the parser finds in what is held what it would find in all.
type thinner struct {
	open  func() (Aside, error)
	aside Aside       // nil: nothing was put aside
	rope  octets.Rope // what stands where in buf
	buf   []byte
	seen  int // octets of buf that were gone through
	gap   int // where in buf the last run stood; -1: there was none
}

// thin reads on where fill has stopped, to the end of r or past the limit.
func (b *Reader) thin(buf []byte, r io.Reader, declared int64) (octets.Rope, Aside, error) {
	t := thinner{open: b.Aside, buf: buf, gap: -1}
	err := t.read(r, b.Limits.Size, declared)
	if err == nil {
		t.rope.Held = t.buf
		if cap(t.buf) > 2*len(t.buf) {
			t.rope.Held = bytes.Clone(t.buf)
		}
		return t.rope, t.aside, nil
	}
	if t.aside != nil {
		err = errors.Join(err, t.aside.Close())
	}
	return octets.Rope{}, nil, err
}

func (t *thinner) read(r io.Reader, limit, declared int64) error {
	lighter, _ := r.(lightened)
	for {
		n, err := t.look()
		if err != nil {
			return fmt.Errorf("put octets aside: %w", err)
		}
		if lighter != nil && n > 0 {
			lighter.PutAside(n)
		}
		if len(t.buf) == cap(t.buf) {
			if t.aside != nil {
				declared = 0 // it is not for memory
			}
			t.buf = grow(t.buf, int(declared))
		}
		read, err := r.Read(t.buf[len(t.buf):min(cap(t.buf), len(t.buf)+readSize)])
		t.buf = t.buf[:len(t.buf)+read]
		switch {
		case t.size() > limit:
			return ErrTooLarge
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
	}
}

func (t *thinner) size() int64 {
	if t.aside == nil {
		return int64(len(t.buf))
	}
	return int64(len(t.buf)) + t.aside.Size()
}

// look goes through what has come and puts aside what can be. It returns how
// many octets that were.
func (t *thinner) look() (moved int64, err error) {
	for {
		if len(t.buf)-t.seen < lookSize {
			return moved, nil
		}
		block := t.buf[t.seen : t.seen+lookSize]
		end := bytes.LastIndexByte(block, '\n') + 1
		switch {
		case end == 0: // one line: what comes next is inside it
			t.seen += lookSize
			continue
		case t.seen > 0 && t.buf[t.seen-1] != '\n':
			t.seen += bytes.IndexByte(block, '\n') + 1
			continue
		}
		lines := block[:end]
		first, last := 0, bytes.LastIndexByte(lines[:end-1], '\n')+1
		if t.gap != t.seen {
			first = bytes.IndexByte(lines, '\n') + 1
		}
		if first >= last || !isRun(lines) {
			t.seen += end
			continue
		}
		if err := t.putAside(t.seen+first, t.seen+last); err != nil {
			return moved, err
		}
		moved += int64(last - first)
	}
}

// putAside takes the octets from start to end out of the buffer.
func (t *thinner) putAside(start, end int) error {
	if t.aside == nil {
		aside, err := t.open()
		if err != nil {
			return err
		}
		t.aside = aside
	}
	off := t.aside.Size()
	if _, err := t.aside.Write(t.buf[start:end]); err != nil {
		return err
	}
	t.rope.Held, t.seen, t.gap = t.buf[:start], start, start
	t.rope.PutAside(t.aside, off, int64(end-start))
	t.rope.Held = nil
	t.buf = slices.Delete(t.buf, start, end)
	return nil
}

// isRun reports whether whole lines are a run of base64, or near enough: no
// line is empty, none can be a delimiter or has a blank in it, all are ASCII and
// end in CRLF. The first and the last are looked at more closely.
func isRun(lines []byte) bool {
	if bytes.IndexByte(lines, '-') >= 0 || bytes.IndexByte(lines, ' ') >= 0 || bytes.HasPrefix(lines, []byte("\r\n")) ||
		bytes.Contains(lines, []byte("\n\r\n")) || !octets.ASCII(lines) {
		return false
	}
	if n, clean := octets.Lines(lines, false); !clean || n != len(lines) {
		return false
	}
	first, _, _ := bytes.Cut(lines, []byte("\r\n"))
	last := lines[:len(lines)-2]
	return isBase64(first) && isBase64(last[bytes.LastIndexByte(last, '\n')+1:])
}

func isBase64(line []byte) bool {
	return !slices.ContainsFunc(line, func(c byte) bool {
		return (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '+' && c != '/' && c != '='
	})
}

// settled returns a message whose octets are aside only where they are inside
// the base64 of an attachment. Everywhere else somebody may look at them, or
// reckon with their places.
func settled(rope octets.Rope, limits Limits) (*Message, error) {
	for {
		m, err := parse(rope, limits)
		if err != nil || rope.Whole() {
			return m, err
		}
		fine := m.attached()
		misplaced := false
		rope.Gaps(func(at int) { misplaced = misplaced || !fine[at] })
		if !misplaced {
			return m, nil
		}
		if rope, err = rope.Fill(func(at int) bool { return !fine[at] }); err != nil {
			return nil, err
		}
	}
}

// attached returns the places of what is aside inside attachments under base64.
func (m *Message) attached() map[int]bool {
	found := map[int]bool{}
	var walk func(p *Part)
	walk = func(p *Part) {
		for _, child := range p.Children {
			walk(child)
		}
		if len(p.Children) > 0 || p.Encoding != "base64" || strings.HasPrefix(p.MediaType, "text/") ||
			strings.HasPrefix(p.MediaType, "multipart/") || isMessage(p.MediaType) {
			return
		}
		m.text.Gaps(func(at int) {
			if p.Body.Start < at && at < p.Body.End {
				found[at] = true
			}
		})
	}
	walk(m.Root)
	return found
}
