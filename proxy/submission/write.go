package submission

import (
	"bytes"
	"errors"
	"log/slog"
	"net"
	"strconv"
	"strings"
)

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
		return w.session.inWords(errSize, false).Error() // more digits than go-smtp reads
	case line[3] == '-':
		return line
	case strings.HasPrefix(line, "552 5.3.4 Max"):
		return w.session.inWords(errSize, false).Error()
	case strings.HasPrefix(line, "452 4.5.3 Max"):
		return w.session.inWords(errManyTo, false).Error()
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
