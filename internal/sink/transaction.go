package sink

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

func (c *session) mail(argument string) error {
	path, params, ok := parsePath(argument, "FROM:")
	switch {
	case !ok:
		return c.reply("501 5.5.4 Syntax: MAIL FROM:<address>")
	case c.sink.cfg.Username != "" && c.login == "":
		return c.reply("530 5.7.0 Authentication required")
	case c.sink.cfg.Security == StartTLS && !c.secure:
		return c.reply("530 5.7.0 Must issue a STARTTLS command first")
	case c.mailing:
		return c.reply("503 5.5.1 Nested MAIL command")
	case c.tooLarge(params):
		return c.reply("552 5.3.4 Message size exceeds the limit")
	}
	if f, ok := c.sink.next(AtMAIL, ""); ok {
		if err := c.suffer(f); err != nil || f.replaces() {
			return err
		}
	}
	c.mailing = true
	c.message = Message{
		Session: c.number, Hello: c.hello, Login: c.login, TLS: c.secure,
		From: path, Params: params,
	}
	return c.reply("250 2.1.0 Sender ok")
}

func (c *session) tooLarge(params []string) bool {
	for _, p := range params {
		if key, value, _ := strings.Cut(p, "="); strings.EqualFold(key, "SIZE") {
			size, err := strconv.ParseInt(value, 10, 64)
			return c.sink.cfg.Size > 0 && (err != nil || size > c.sink.cfg.Size)
		}
	}
	return false
}

func (c *session) rcpt(argument string) error {
	path, params, ok := parsePath(argument, "TO:")
	if !ok {
		return c.reply("501 5.5.4 Syntax: RCPT TO:<address>")
	}
	if !c.mailing {
		return c.reply("503 5.5.1 Need MAIL command")
	}
	if f, ok := c.sink.next(AtRCPT, path); ok {
		if err := c.suffer(f); err != nil || f.replaces() {
			return err
		}
	}
	c.message.To = append(c.message.To, Recipient{Address: path, Params: params})
	return c.reply("250 2.1.5 Recipient ok")
}

func (c *session) data() error {
	if !c.mailing || c.chunks.begun {
		return c.reply("503 5.5.1 Need MAIL command")
	}
	if len(c.message.To) == 0 {
		return c.reply("554 5.5.1 No valid recipients")
	}
	if f, ok := c.sink.next(AtDATA, ""); ok {
		if err := c.suffer(f); err != nil || f.replaces() {
			return err
		}
	}
	if err := errors.Join(c.reply("354 Go ahead"), c.w.Flush()); err != nil {
		return err
	}
	if f, ok := c.sink.next(InData, ""); ok {
		if _, err := c.r.Peek(1); err != nil {
			return err
		}
		if err := c.suffer(f); err != nil {
			return err
		}
	}
	raw, size, err := readData(c.r, c.sink.cfg.Discard)
	if err != nil {
		return err
	}
	return c.finish(raw, unstuff(raw), size)
}

// bdat takes one chunk (RFC 3030 §2).
func (c *session) bdat(argument string) error {
	count, last, _ := strings.Cut(argument, " ")
	n, err := strconv.ParseInt(count, 10, 64)
	if err != nil || n < 0 || last != "" && !strings.EqualFold(last, "LAST") {
		return errors.Join(c.reply("501 5.5.4 Syntax: BDAT size [LAST]"), c.w.Flush(), errEnd)
	}
	if f, ok := c.sink.next(InData, ""); ok {
		if _, err := c.r.Peek(1); err != nil {
			return err
		}
		if err := c.suffer(f); err != nil {
			return err
		}
	}
	var into io.Writer = &c.chunks.content
	if c.sink.cfg.Discard {
		into = io.Discard
	}
	if _, err := io.CopyN(into, c.r, n); err != nil {
		return err
	}
	if !slices.Contains(c.sink.cfg.Extensions, "CHUNKING") || !c.mailing || len(c.message.To) == 0 {
		c.chunks = chunks{}
		return c.reply("503 5.5.1 Need CHUNKING, MAIL and RCPT")
	}
	if f, ok := c.sink.next(AtDATA, ""); ok {
		if err := c.suffer(f); err != nil || f.replaces() {
			c.chunks = chunks{}
			return err
		}
	}
	c.chunks.begun, c.chunks.size = true, c.chunks.size+n
	if last == "" {
		return c.reply("250 2.0.0 Chunk ok")
	}
	content := c.chunks.content.Bytes()
	return c.finish(content, content, c.chunks.size)
}

type chunks struct {
	begun   bool
	size    int64
	content bytes.Buffer
}

// finish answers the end of the content and keeps the message.
func (c *session) finish(raw, content []byte, size int64) error {
	m := c.message
	m.Raw, m.Content, m.At = raw, content, time.Now()
	c.reset()
	if c.sink.cfg.Size > 0 && size > c.sink.cfg.Size {
		return c.reply("552 5.3.4 Message size exceeds the limit")
	}
	f, ok := c.sink.next(AtEnd, "")
	m.Acknowledged = !ok || !f.replaces() || strings.HasPrefix(f.Reply, "2")
	if !ok {
		c.sink.keep(c, m, size)
		return c.reply("250 2.0.0 Ok: taken")
	}
	if !f.refuses() {
		c.sink.keep(c, m, size)
	}
	if err := c.suffer(f); err != nil || f.replaces() {
		return err
	}
	return c.reply("250 2.0.0 Ok: taken")
}

func (c *session) reset() {
	c.mailing, c.message, c.chunks = false, Message{}, chunks{}
}

// parsePath splits "FROM:<a@b> SIZE=1" into the path and its parameters. A
// ">" inside a quoted local part does not end the path (RFC 5321 §4.1.2).
func parsePath(argument, keyword string) (path string, params []string, ok bool) {
	if len(argument) < len(keyword) || !strings.EqualFold(argument[:len(keyword)], keyword) {
		return "", nil, false
	}
	rest := strings.TrimLeft(argument[len(keyword):], " ")
	if !strings.HasPrefix(rest, "<") {
		return "", nil, false
	}
	quoted := false
	for i := 1; i < len(rest); i++ {
		switch {
		case quoted && rest[i] == '\\':
			i++
		case rest[i] == '"':
			quoted = !quoted
		case rest[i] == '>' && !quoted:
			return rest[1:i], strings.Fields(rest[i+1:]), true
		}
	}
	return "", nil, false
}

// readData reads up to CRLF "." CRLF and returns what stood before the final
// ".CRLF", and its size without stuffed dots. Nothing else ends the data.
func readData(r *bufio.Reader, discard bool) (raw []byte, size int64, err error) {
	start, cr := true, false // at the start of a line; the last octet was a CR
	for {
		part, err := r.ReadSlice('\n')
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return nil, 0, err
		}
		if start && bytes.Equal(part, []byte(".\r\n")) {
			return raw, size, nil
		}
		size += int64(len(part))
		if start && part[0] == '.' {
			size--
		}
		if !discard {
			raw = append(raw, part...)
		}
		n := len(part)
		start = err == nil && (n >= 2 && part[n-2] == '\r' || n == 1 && cr)
		cr = part[n-1] == '\r'
	}
}

// unstuff undoes the dots that were put before lines beginning with one.
func unstuff(raw []byte) []byte {
	if raw == nil {
		return nil
	}
	content := make([]byte, 0, len(raw))
	start := true
	for i, b := range raw {
		if !start || b != '.' {
			content = append(content, b)
		}
		start = b == '\n' && i > 0 && raw[i-1] == '\r'
	}
	return content
}
