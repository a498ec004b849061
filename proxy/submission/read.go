package submission

import (
	"bufio"
	"errors"
	"io"
	"log/slog"
	"os"
	"strings"
	"unicode/utf8"
)

// Read gives go-smtp the next command line, or the next octets of a message.
// At the end of the session it returns io.EOF, and inside a message the reason
// why it is not whole.
func (w *wire) Read(b []byte) (int, error) {
	if w.closed.Load() || w.ended && w.goodbye {
		return 0, io.EOF
	}
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

// tlsHandshake is the first octet of a TLS client (RFC 8446 §5.1). It sends no
// line end, and would wait for us as we for it.
const tlsHandshake = 0x16

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
	if first, err := w.in.Peek(1); err == nil && first[0] == tlsHandshake && !w.tls {
		w.log.Info("refused session", slog.String("reason", "TLS from the start, where STARTTLS or none is spoken"))
		w.bye(reply(421, 7, 0, "TLS does not begin by itself here"))
		return "", errCut
	}
	var long []byte
	for {
		part, err := w.in.ReadSlice('\n')
		if long == nil && !w.auth {
			if _, ok := cutPrefixFold(string(part[:min(len(part), 5)]), "AUTH "); ok && w.tls {
				limit = max(limit, w.srv.limits.LoginLine) // a token comes with the command (RFC 4954 §4)
			}
		}
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
	case w.leaving.Load():
		w.bye(errCrowded)
	case w.isDraining():
		w.bye(w.session.inWords(errGoingDown, false))
	default:
		w.bye(w.session.inWords(errIdle, false))
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
	case web(w.verb):
		w.refused("relay")
		w.cutoff = true
		w.bye(reply(421, 7, 0, "No web server is here"))
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
