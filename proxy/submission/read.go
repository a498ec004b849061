package submission

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Read gives go-smtp the next command line, or the next octets of a message.
// At the end of the session it returns io.EOF, and inside a message the reason
// why it is not whole.
func (w *wire) Read(b []byte) (int, error) {
	for len(w.rest) == 0 {
		switch {
		case w.ended && w.mode == commands:
			return 0, io.EOF
		case w.mode == data:
			return w.readData(b)
		}
		line, err := w.readLine()
		if err != nil {
			w.ended = true
			return 0, io.EOF
		}
		if text, ok := w.take(line); ok {
			w.rest = []byte(text + "\r\n")
		}
	}
	n := copy(b, w.rest)
	w.rest = w.rest[n:]
	return n, nil
}

// readLine reads one line and returns it without its end. An error ends the
// session; what was to be said about it is said.
func (w *wire) readLine() (string, error) {
	if err := w.await(w.srv.limits.Command); err != nil {
		return "", err
	}
	w.narrow()
	limit := w.srv.limits.Line
	if w.auth {
		limit = w.srv.limits.LoginLine
	}
	var long []byte
	for {
		part, err := w.in.ReadSlice('\n')
		if len(long)+len(part) > limit {
			w.refused("line")
			w.cutoff = true
			w.out = append(w.out, reply(500, 5, 2, "The line is too long").Error()+"\r\n"...)
			w.bye(reply(421, 5, 2, "This session ends here"))
			return "", errCut
		}
		if err == nil && long == nil {
			return string(part), nil
		}
		long = append(long, part...)
		switch {
		case err == nil:
			return string(long), nil
		case errors.Is(err, bufio.ErrBufferFull):
		default:
			w.lost(err)
			return "", err
		}
	}
}

// lost says why nothing more is read.
func (w *wire) lost(err error) {
	switch {
	case !errors.Is(err, os.ErrDeadlineExceeded):
		w.goodbye = true // the client is gone
	case w.isDraining():
		w.bye(reply(421, 3, 2, "The server is going down; please try again in a while"))
	default:
		w.bye(reply(421, 4, 2, "Nothing came in time"))
	}
}

// take looks at a command line and returns it as go-smtp shall have it, or
// false where it was answered here.
func (w *wire) take(line string) (string, bool) {
	login := w.auth
	w.auth = false
	text, ok := strings.CutSuffix(line, "\r\n")
	if !ok || strings.ContainsAny(text, "\r\x00") || !utf8.ValidString(text) {
		w.refused("line")
		if login { // go-smtp waits for the line, and only the end of the session ends that wait
			w.bye(reply(421, 5, 2, "Lines end in CRLF and hold no CR or NUL"))
			return "", false
		}
		w.answer(reply(500, 5, 2, "Lines end in CRLF and hold no CR or NUL"))
		return "", false
	}
	text = strings.TrimRight(text, " \t")
	if login {
		return text, true
	}
	verb, args, _ := strings.Cut(text, " ")
	w.verb, w.line, w.message = strings.ToUpper(verb), text, false
	if idle(w.verb) {
		if w.idle++; w.idle > w.srv.limits.Idle {
			w.refused("limit")
			w.bye(reply(421, 7, 0, "Too many commands without a message"))
			return "", false
		}
	}
	if w.verb == "BDAT" {
		return "DATA", w.startChunks(args)
	}
	return text, w.admits(args)
}

// admits says whether go-smtp shall see the command; if not, it was answered.
func (w *wire) admits(args string) bool {
	switch {
	case w.verb == "STARTTLS":
		w.startTLS(args)
		return false
	case !known(w.verb):
		w.answer(reply(500, 5, 1, "Command not known"))
		return false
	case w.verb == "EHLO" || w.verb == "HELO":
		w.greeted, w.esmtp, w.hello = true, w.verb == "EHLO", args
	}
	return true
}

// answer replies in go-smtp's place.
func (w *wire) answer(r *Reply) {
	_, _ = w.Write([]byte(r.Error() + "\r\n")) // the next read meets the same error
}

// startTLS handles STARTTLS (RFC 3207). What was said before counts for
// nothing after it; what was sent in one breath with it ends the session.
func (w *wire) startTLS(args string) {
	switch {
	case args != "":
		w.answer(reply(501, 5, 4, "STARTTLS takes no argument"))
		return
	case w.tls || w.srv.cfg.Listener.TLS != StartTLS || w.busy():
		w.answer(reply(503, 5, 1, "STARTTLS is not possible now"))
		return
	case w.in.Buffered() > 0:
		w.refused("smuggling")
		w.bye(reply(421, 5, 1, "Commands after STARTTLS in clear"))
		return
	}
	w.out = append(w.out, "220 2.0.0 Go ahead with TLS\r\n"...)
	if w.flush() != nil || w.secure() != nil {
		w.ended = true
		return
	}
	w.listen()
	w.greeted = false
	if err := w.raw.SetDeadline(w.now().Add(w.srv.limits.Command)); err != nil {
		w.ended = true
	}
}

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
	if err := w.await(w.srv.limits.Read); err != nil {
		return nil, err
	}
	if _, err := w.in.Peek(1); err != nil {
		return nil, err
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

// Write takes go-smtp's replies, line by line, and sends them in our words.
// They wait for the next read, so that pipelined commands are answered in one
// packet.
func (w *wire) Write(b []byte) (int, error) {
	if !w.started {
		if err := w.start(); err != nil {
			w.ended, w.mode = true, commands
			return 0, err
		}
	}
	if w.closed.Load() {
		return 0, net.ErrClosed
	}
	w.partial = append(w.partial, b...)
	for {
		i := bytes.IndexByte(w.partial, '\n')
		if i < 0 {
			return len(b), nil
		}
		line := strings.TrimRight(string(w.partial[:i]), "\r\n")
		w.partial = append(w.partial[:0], w.partial[i+1:]...)
		if err := w.send(line); err != nil {
			return 0, err
		}
	}
}

// send puts one line of a reply among those that wait.
func (w *wire) send(line string) error {
	if w.goodbye || len(line) < 4 {
		return nil
	}
	if w.chunked && w.mode == commands && strings.HasPrefix(line, "354 ") {
		return w.replied(354) // go-smtp was told DATA, the client said BDAT
	}
	line = w.inOurWords(line)
	if line == "" {
		return nil
	}
	w.out = append(append(w.out, line...), "\r\n"...)
	if line[3] == '-' {
		return nil
	}
	code, err := strconv.Atoi(line[:3])
	if err != nil {
		return err
	}
	return w.replied(code)
}

// inOurWords mends what go-smtp says: STARTTLS is not offered where it is not
// to be had, SIZE is the limit itself.
func (w *wire) inOurWords(line string) string {
	switch {
	case w.message && errors.Is(w.fault, errReset):
		return "250 2.0.0 OK"
	case line == "250-STARTTLS" && (w.tls || w.srv.cfg.Listener.TLS != StartTLS):
		return ""
	case strings.HasPrefix(line, "250-SIZE ") || strings.HasPrefix(line, "250 SIZE "):
		return line[:len("250 SIZE ")] + strconv.FormatInt(w.srv.limits.MessageSize, 10)
	case strings.HasPrefix(line, "501 5.5.4 Unable to parse SIZE") && len(strings.Trim(parameter(w.line, "SIZE"), "0123456789")) == 0:
		return replyTo(errTooLarge).Error() // more digits than go-smtp reads
	case line[3] == '-':
		return line
	}
	return reword(line)
}

// replied draws what follows from a whole reply.
func (w *wire) replied(code int) error {
	switch {
	case code == 221 || code == 421:
		w.goodbye, w.ended = true, true
		return w.flush()
	case code == 354:
		w.mode, w.frame, w.taken, w.whole, w.fault, w.message = data, framer{}, 0, false, nil, true
		return nil
	case code == 334:
		w.auth = true
		return nil
	case w.message:
		return w.answered(code)
	case code >= 500:
		w.errors++
	}
	if w.errors >= w.srv.limits.Errors {
		w.refused("limit")
		w.bye(reply(421, 7, 0, "Too many errors"))
	}
	return nil
}

// answered sends the reply to a message at once and notes whether the client
// was sent all of it.
func (w *wire) answered(code int) error {
	w.mode, w.fault, w.message, w.chunked = commands, nil, false, false
	err := w.flush()
	if taken := w.session.takeAccepted(); taken != nil && code == 250 {
		w.errors, w.idle = 0, 0
		if err == nil && w.srv.cfg.Answered != nil {
			w.srv.cfg.Answered(w.srv.context(), *taken)
		}
		w.log.Info("answered message", slog.Bool("whole", err == nil))
	}
	if w.ended {
		w.bye(reply(421, 3, 0, "This session ends here"))
	}
	return err
}

func (w *wire) refused(reason string) { w.srv.refused(reason) }
