package submission

import (
	"bytes"
	"context"
	"errors"
	"io"

	"postvern.example/internal/octets"
	"postvern.example/proxy/message"
)

// What is wrong with a stream of message octets.
var (
	errUnclean  = errors.New("submission: bare CR, bare LF or NUL in the message")
	errTooLarge = errors.New("submission: message over the size limit")
	errCut      = errors.New("submission: the connection ended inside the message")
	errSlow     = errors.New("submission: the message did not come in time")
)

// Undelivered reports whether an error of Submit is that of the message's own
// reader: it did not arrive whole, or may not be taken as it is. Whoever sent it
// hears why, and nothing is wrong here.
func Undelivered(err error) bool {
	for _, known := range []error{errUnclean, errTooLarge, errCut, errSlow, errBusy, errReset} {
		if errors.Is(err, known) {
			return true
		}
	}
	return false
}

// state is how far a framer has come in a line.
type state byte

const (
	lineStart state = iota
	inLine
	afterCR    // CR in a line: only LF may follow
	afterDot   // a dot at a line's start
	afterDotCR // a dot and CR at a line's start: LF ends the message
)

// framer finds the end of a message in DATA: CRLF "." CRLF and nothing else
// (RFC 5321 §4.1.1.4). Whatever some server takes for an end, but not all,
// holds a bare CR, a bare LF or a NUL, and is an error.
type framer struct{ state state }

// scan copies the message in src, which is no longer than dst, without the
// dots that the client put before its own (RFC 5321 §4.5.2). It returns how
// many octets it wrote and how many it used, and whether that was the end. err
// is errUnclean at the first octet that must not be; that one is used too.
func (f *framer) scan(dst, src []byte) (written, used int, end bool, err error) {
	if n := f.lines(src); n > 0 {
		f.state = lineStart
		return copy(dst, src[:n]), n, false, nil
	}
	for used < len(src) {
		c := src[used]
		if f.state == inLine || f.state == lineStart && c != '.' {
			if run := plainRun(src[used:]); run > 0 {
				written += copy(dst[written:], src[used:used+run])
				used += run
				f.state = inLine
				continue
			}
		}
		was := f.state
		next, ok := was.after(c)
		f.state = next
		used++
		switch {
		case !ok:
			return written, used, false, errUnclean
		case was == afterDotCR:
			return written, used, true, nil
		case was == lineStart && c == '.', was == afterDot && c == '\r':
			continue
		}
		dst[written] = c
		written++
	}
	return written, used, false, nil
}

// lines returns how long the lines at the beginning of src are that hold nothing
// to be looked at one by one: no dot at a line's start, no bare CR or LF, no
// NUL. It is 0 where a line is under way that may be any of it. Nearly all mail
// is such lines, and this is ten times as fast as the states.
func (f *framer) lines(src []byte) int {
	if f.state != lineStart && f.state != inLine || f.state == lineStart && len(src) > 0 && src[0] == '.' {
		return 0
	}
	n, _ := octets.Lines(src, true)
	return n
}

// plainRun returns how many octets of b come before a CR, LF or NUL.
func plainRun(b []byte) int {
	for _, c := range []byte{'\r', '\n', 0} {
		if i := bytes.IndexByte(b, c); i >= 0 {
			b = b[:i]
		}
	}
	return len(b)
}

// after returns the state after c, and false where c must not stand. The state
// is right in that case too, so that the end can still be looked for.
func (s state) after(c byte) (state, bool) {
	switch c {
	case '\n':
		switch s {
		case afterCR, afterDotCR:
			return lineStart, true
		case lineStart, inLine, afterDot:
		}
		return inLine, false // a bare LF begins no line
	case '\r':
		switch s {
		case afterDot:
			return afterDotCR, true
		case lineStart, inLine:
			return afterCR, true
		case afterCR, afterDotCR:
		}
		return afterCR, false
	case 0:
		return inLine, false
	}
	switch s {
	case afterCR, afterDotCR:
		return inLine, false
	case lineStart:
		if c == '.' {
			return afterDot, true
		}
	case inLine, afterDot:
	}
	return inLine, true
}

// drain reads b for the end of a message that was already refused.
func (f *framer) drain(b []byte) (n int, end bool) {
	for i, c := range b {
		next, ok := f.state.after(c)
		end = ok && f.state == afterDotCR
		f.state = next
		if end {
			return i + 1, true
		}
	}
	return len(b), false
}

// guardReader is what Submit reads: it counts, cuts and refuses bare CR, bare
// LF and NUL. Its errors stay.
type guardReader struct {
	ctx   context.Context //nolint:containedctx // of the message that it reads
	r     io.Reader
	room  *share
	taken int64
	left  int64
	// declared is the size that the client has said. It gets room for all of it
	// once it has shown that it means it.
	declared int64
	aside    int64 // octets that are not in memory any more
	framed   bool  // it comes through a framer, which refuses the same
	state    state // afterDot and afterDotCR never occur: dots mean nothing here
	err      error
}

func (g *guardReader) Read(b []byte) (int, error) {
	if g.err != nil {
		return 0, g.err
	}
	n, err := g.r.Read(b)
	for i := 0; i < n && !g.framed; i++ {
		if g.state == inLine {
			if i += plainRun(b[i:n]); i == n {
				break
			}
		}
		c := b[i]
		if after := g.state == afterCR; c == 0 || after != (c == '\n') {
			return g.fail(i, errUnclean)
		}
		g.state = inLine
		if c == '\r' {
			g.state = afterCR
		}
	}
	g.taken += int64(n)
	if g.left -= int64(n); g.left < 0 {
		return g.fail(0, errTooLarge)
	}
	if busy := g.room.grow(g.ctx, g.need()); busy != nil {
		return g.fail(0, busy)
	}
	switch {
	case errors.Is(err, io.EOF) && g.state == afterCR:
		return g.fail(n, errUnclean)
	case err != nil:
		return g.fail(n, err)
	}
	return n, nil
}

// need is for how many octets memory is asked for: those that came, of which
// one that was put aside takes a part of what others take, and once there are
// many those that the client has declared. A large message is expected to be put
// aside until that much of it was not.
func (g *guardReader) need() int64 {
	need, declared := g.taken-g.aside+g.aside/budgetFactor, g.declared
	if g.declared > message.Large && (g.taken <= 2*message.Large || g.aside > 0) {
		declared /= budgetFactor
	}
	if g.taken > message.Earnest {
		need = max(need, declared)
	}
	return need
}

// PutAside notes that n octets of what was read are not in memory any more.
func (g *guardReader) PutAside(n int64) { g.aside += n }

// TakeBack asks for memory for n octets that were put aside. The error is that
// there is none for so long.
func (g *guardReader) TakeBack(n int64) error {
	g.aside -= n
	return g.room.grow(g.ctx, g.need())
}

func (g *guardReader) fail(n int, err error) (int, error) {
	g.err = err
	return n, err
}
