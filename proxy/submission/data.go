package submission

import (
	"errors"
	"io"
	"os"
)

// ceiling is how much is read of a message, or skipped, before the session is
// ended: enough for a client to hear the 552 after a message somewhat too large.
func (w *wire) ceiling() int64 { return 2*w.srv.limits.MessageSize + 1<<20 }

// messageReader is the message in DATA or BDAT, as the session reads it: straight from
// the wire, for go-smtp's own reader loses octets and is slow.
type messageReader struct{ w *wire }

// Read returns the next octets of the message, io.EOF after its end, or why
// there will be no end.
func (r messageReader) Read(b []byte) (int, error) {
	w := r.w
	for {
		switch {
		case w.fault != nil:
			return 0, w.fault
		case w.whole:
			return 0, io.EOF
		}
		read := w.readMessage
		if w.chunked {
			read = w.readChunk
		}
		if n := read(b); n > 0 || len(b) == 0 {
			return n, nil
		}
	}
}

func (w *wire) readMessage(b []byte) int {
	w.widen()
	p, err := w.peek(len(b))
	if err != nil {
		w.broken(err)
		return 0
	}
	n, used, end, err := w.frame.scan(b, p)
	w.skip(used)
	w.taken += int64(used)
	switch {
	case err != nil:
		w.fault = err
		w.seekEnd()
	case end:
		w.whole = true
	case w.taken > w.ceiling():
		w.ended, w.cutoff = true, true
		w.fault = errTooLarge
	}
	return n
}

// broken notes why a message has no end.
func (w *wire) broken(err error) {
	w.ended = true
	w.fault = errCut
	if errors.Is(err, os.ErrDeadlineExceeded) {
		w.fault = errSlow
	}
}

// readData is what go-smtp reads after Data has returned: the end of the
// message, once what Data left of it is read; or, after a fault, the fault, so
// that it replies.
func (w *wire) readData(b []byte) (int, error) {
	if _, err := io.Copy(io.Discard, messageReader{w}); err != nil {
		return 0, err
	}
	w.mode, w.rest = commands, []byte(".\r\n")
	n := copy(b, w.rest)
	w.rest = w.rest[n:]
	return n, nil
}

// peek returns what is there without taking it, from 1 to most octets.
func (w *wire) peek(most int) ([]byte, error) {
	if w.in.Buffered() == 0 {
		if err := w.await(w.srv.limits.Read); err != nil {
			return nil, err
		}
		if _, err := w.in.Peek(1); err != nil {
			return nil, err
		}
	}
	return w.in.Peek(min(w.in.Buffered(), most))
}

func (w *wire) skip(n int) { _, _ = w.in.Discard(n) } // what was peeked is there

// seekEnd looks for the end of a refused message, for a short while. Where it
// is not found the session ends after the reply.
func (w *wire) seekEnd() {
	grace := w.now().Add(w.srv.limits.Grace)
	w.ended, w.cutoff = true, true
	if err := w.raw.SetReadDeadline(grace); err != nil {
		return
	}
	for n := int64(0); n < w.ceiling() && w.now().Before(grace); {
		if _, err := w.in.Peek(1); err != nil {
			return
		}
		p, err := w.in.Peek(w.in.Buffered())
		if err != nil {
			return
		}
		used, end := w.frame.drain(p)
		w.skip(used)
		n += int64(used)
		if end {
			w.ended, w.cutoff = false, false
			return
		}
	}
}
