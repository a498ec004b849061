package submission

import (
	"errors"
	"io"
	"strconv"
	"strings"
)

// CHUNKING (RFC 3030) is done here and not by go-smtp, which reads a chunked
// message beside the commands and can mistake one message's result for the
// next one's. To go-smtp it is DATA; messageReader reads on from chunk to
// chunk and answers what comes between them.

// errReset is why a message in chunks has no end: the client said so.
var errReset = errors.New("submission: the client gave the message up")

// startChunks takes the first BDAT of a message, and says whether a message
// may follow. If not, the chunk was skipped and answered.
func (w *wire) startChunks(args string) bool {
	if !w.nextChunk(args) {
		return false
	}
	if w.session.ready() {
		w.chunked = true
		return true
	}
	if err := w.skipChunk(); err != nil {
		w.lost(err)
		w.ended = true
		return false
	}
	w.answer(errNoMail)
	return false
}

// nextChunk reads the arguments of BDAT. A size that cannot be read, or is far
// beyond the limit, ends the session: where the next command begins is
// unknown, or too far away.
func (w *wire) nextChunk(args string) bool {
	size, last, _ := strings.Cut(strings.TrimSpace(args), " ")
	n, err := strconv.ParseUint(size, 10, 32)
	last = strings.TrimSpace(last)
	switch {
	case err != nil || last != "" && !strings.EqualFold(last, "LAST"):
		w.bye(reply(421, 5, 4, "BDAT needs a size, and LAST or nothing"))
		return false
	case int64(n) > w.ceiling():
		w.refused("size")
		w.cutoff = true
		w.out = append(w.out, w.session.inWords(errSize, false).Error()+"\r\n"...)
		w.bye(reply(421, 3, 4, "The chunk is too large to be skipped"))
		return false
	}
	w.chunk, w.last = int64(n), last != ""
	return true
}

func (w *wire) skipChunk() error {
	for w.chunk > 0 {
		if err := w.await(w.srv.limits.Read); err != nil {
			return err
		}
		n, err := io.CopyN(io.Discard, w.in, min(w.chunk, 32<<10))
		w.chunk -= n
		if err != nil {
			return err
		}
	}
	return nil
}

// readChunk returns the next octets of a message in chunks, or 0 at its end or
// after a fault.
func (w *wire) readChunk(b []byte) int {
	for w.chunk == 0 {
		if w.last {
			w.whole = true
			return 0
		}
		if !w.between() {
			return 0
		}
	}
	w.widen()
	if err := w.await(w.srv.limits.Read); err != nil {
		w.broken(err)
		return 0
	}
	n, err := w.in.Read(b[:min(int64(len(b)), w.chunk)])
	w.chunk -= int64(n)
	w.taken += int64(n)
	switch {
	case err != nil:
		w.broken(err)
	case w.taken > w.ceiling():
		w.ended, w.cutoff = true, true
		w.fault = errTooLarge
	}
	return n
}

// between answers the chunk before and takes the command after it. It returns
// false where no chunk follows, and leaves the reason in fault.
func (w *wire) between() bool {
	w.out = append(w.out, "250 2.0.0 Go on\r\n"...)
	for {
		line, err := w.readLine()
		if err != nil {
			w.ended, w.fault = true, errCut
			return false
		}
		text, ok := strings.CutSuffix(line, "\r\n")
		verb, args, _ := strings.Cut(strings.TrimRight(text, " \t"), " ")
		switch verb = strings.ToUpper(verb); {
		case ok && verb == "BDAT":
			if w.nextChunk(args) {
				return true
			}
			w.fault = errCut
			return false
		case ok && verb == "RSET" && args == "":
			w.fault = errReset
			return false
		case ok && verb == "QUIT" && args == "":
			w.bye(reply(221, 0, 0, "Bye"))
			w.fault = errCut
			return false
		}
		w.errors++
		if w.errors >= w.srv.limits.Errors {
			w.bye(reply(421, 7, 0, "Too many errors"))
			w.fault = errCut
			return false
		}
		w.out = append(w.out, errNested.Error()+"\r\n"...)
	}
}
