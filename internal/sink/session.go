package sink

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
)

// maxLine bounds a command line; a longer one ends the session.
const maxLine = 64 << 10

// errEnd ends a session whose connection is to be closed.
var errEnd = errors.New("end of session")

// session is one connection's dialogue.
type session struct {
	sink   *Sink
	number int
	conn   net.Conn
	r      *bufio.Reader
	w      *bufio.Writer
	secure bool
	hello  string
	login  string

	kept    int // the place of its last message that was kept, from 1
	mailing bool
	message Message
	chunks  chunks
}

func newSession(s *Sink, conn net.Conn, number int) *session {
	return &session{sink: s, number: number, conn: conn, r: bufio.NewReaderSize(conn, 16<<10), w: bufio.NewWriter(conn)}
}

func (c *session) run() {
	if c.sink.cfg.Security == Implicit && c.handshake() != nil {
		return
	}
	if c.answer(AtConnect, "220 sink.example ESMTP") != nil {
		return
	}
	for {
		line, err := c.line()
		if err != nil {
			return
		}
		c.sink.heard(c, line)
		if c.command(line) != nil {
			return
		}
	}
}

// line reads one command line. A reply that waits is sent first, unless more
// commands have already arrived (RFC 2920 §3.2).
func (c *session) line() (string, error) {
	if c.r.Buffered() == 0 {
		if err := c.w.Flush(); err != nil {
			return "", err
		}
	}
	var line []byte
	for {
		part, err := c.r.ReadSlice('\n')
		line = append(line, part...)
		if err == nil {
			return strings.TrimSuffix(strings.TrimSuffix(string(line), "\n"), "\r"), nil
		}
		if !errors.Is(err, bufio.ErrBufferFull) || len(line) > maxLine {
			return "", errors.Join(err, c.w.Flush())
		}
	}
}

func (c *session) command(line string) error {
	verb, argument, _ := strings.Cut(line, " ")
	switch strings.ToUpper(verb) {
	case "EHLO":
		c.hello = argument
		return c.answer(AtEHLO, c.greeting())
	case "HELO":
		c.hello = argument
		return c.answer(AtEHLO, "250 sink.example")
	case "STARTTLS":
		return c.startTLS()
	case "AUTH":
		return c.auth(argument)
	case "MAIL":
		return c.mail(argument)
	case "RCPT":
		return c.rcpt(argument)
	case "DATA":
		return c.data()
	case "BDAT":
		return c.bdat(argument)
	case "RSET":
		c.sink.count(func(s *Stats) { s.Resets++ })
		c.reset()
		return c.reply("250 2.0.0 Reset")
	case "NOOP":
		return c.reply("250 2.0.0 Still here")
	case "QUIT":
		return errors.Join(c.reply("221 2.0.0 Bye"), c.w.Flush(), errEnd)
	}
	return c.reply("500 5.5.2 Unknown command")
}

func (c *session) greeting() string {
	lines := []string{"sink.example greets " + c.hello}
	for _, extension := range c.sink.cfg.Extensions {
		if extension == "SIZE" && c.sink.cfg.Size > 0 {
			extension = fmt.Sprintf("SIZE %d", c.sink.cfg.Size)
		}
		lines = append(lines, extension)
	}
	if c.sink.cfg.Security == StartTLS && !c.secure {
		lines = append(lines, "STARTTLS")
	}
	if c.sink.cfg.Username != "" {
		lines = append(lines, "AUTH "+strings.Join(c.sink.cfg.Mechanisms, " "))
	}
	var b strings.Builder
	for i, line := range lines {
		if i > 0 {
			b.WriteString("\r\n")
		}
		if i < len(lines)-1 {
			b.WriteString("250-" + line)
		} else {
			b.WriteString("250 " + line)
		}
	}
	return b.String()
}

func (c *session) startTLS() error {
	if c.sink.cfg.Security != StartTLS || c.secure {
		return c.reply("502 5.5.1 Not offered")
	}
	if f, ok := c.sink.next(AtSTARTTLS, ""); ok {
		if err := c.suffer(f); err != nil || f.replaces() {
			return err
		}
	}
	if err := errors.Join(c.reply("220 2.0.0 Go ahead"), c.w.Flush()); err != nil {
		return err
	}
	return c.handshake()
}

func (c *session) handshake() error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	secured := tls.Server(c.conn, c.sink.tls)
	if err := secured.HandshakeContext(ctx); err != nil {
		return fmt.Errorf("shake hands: %w", err)
	}
	// What was pipelined behind STARTTLS is thrown away (RFC 3207 §6).
	c.conn, c.secure, c.hello = secured, true, ""
	c.r, c.w = bufio.NewReaderSize(secured, 16<<10), bufio.NewWriter(secured)
	c.sink.count(func(s *Stats) { s.Secured++ })
	return nil
}

func (c *session) auth(argument string) error {
	mechanism, initial, _ := strings.Cut(argument, " ")
	var user, password string
	var err error
	switch strings.ToUpper(mechanism) {
	case "PLAIN":
		if initial == "" {
			initial, err = c.challenge("")
		}
		decoded, _ := base64.StdEncoding.DecodeString(initial)
		if parts := strings.Split(string(decoded), "\x00"); len(parts) == 3 {
			user, password = parts[1], parts[2]
		}
	case "LOGIN":
		if initial == "" {
			initial, err = c.challenge("VXNlcm5hbWU6")
		}
		decoded, _ := base64.StdEncoding.DecodeString(initial)
		user = string(decoded)
		if err == nil {
			initial, err = c.challenge("UGFzc3dvcmQ6")
			decoded, _ = base64.StdEncoding.DecodeString(initial)
			password = string(decoded)
		}
	default:
		return c.reply("504 5.5.4 No such mechanism")
	}
	if err != nil {
		return err
	}
	if user == "" || user != c.sink.cfg.Username || password != c.sink.cfg.Password {
		return c.answer(AtAUTH, "535 5.7.8 Authentication credentials invalid")
	}
	if f, ok := c.sink.next(AtAUTH, ""); ok && f.replaces() {
		return c.suffer(f)
	}
	c.login = user
	return c.reply("235 2.7.0 Welcome")
}

func (c *session) challenge(prompt string) (string, error) {
	if err := c.reply("334 " + prompt); err != nil {
		return "", err
	}
	return c.line()
}

// answer sends a reply unless a fault stands in for it.
func (c *session) answer(at Stage, reply string) error {
	if f, ok := c.sink.next(at, ""); ok {
		if err := c.suffer(f); err != nil || f.replaces() {
			return err
		}
	}
	return c.reply(reply)
}

// suffer carries a fault out. An error ends the session.
func (c *session) suffer(f Fault) error {
	if f.Delay > 0 {
		timer := time.NewTimer(f.Delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-c.sink.done:
			return errEnd
		}
	}
	if f.Reply != "" {
		if err := c.reply(f.Reply); err != nil {
			return err
		}
	}
	if f.Hang {
		_ = c.w.Flush()
		<-c.gone()
		return errEnd
	}
	if f.Drop {
		return errors.Join(c.w.Flush(), errEnd)
	}
	return nil
}

// gone is closed when the client has left or the sink is closed.
func (c *session) gone() <-chan struct{} {
	gone := make(chan struct{})
	c.sink.wg.Add(1)
	go func() {
		defer c.sink.wg.Done()
		defer close(gone)
		for {
			if _, err := c.r.Discard(1); err != nil {
				return
			}
		}
	}()
	return gone
}

func (c *session) reply(text string) error {
	_, err := c.w.WriteString(text + "\r\n")
	return err
}
