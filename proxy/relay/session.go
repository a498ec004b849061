package relay

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/emersion/go-smtp"
)

// pipeline is how many RCPT commands are written before their replies are
// read: few enough that neither side's buffers fill up (RFC 2920 §3.1).
const pipeline = 50

// slowest is the rate, in octets a second, under which an upstream that takes
// content is given up on.
const slowest = 8 << 10

// session is one connection to the upstream server. smtp.Client made it;
// the transactions are our own, because that client waits for each reply
// before the next command, has no deadline while it writes content, and loses
// a refusal that comes before the end of it.
type session struct {
	conn     net.Conn
	client   *smtp.Client
	r        *bufio.Reader
	w        *bufio.Writer
	timeouts Timeouts

	pipelining, eightBit, utf8, dsn, chunking bool

	requireTLS bool // it offers REQUIRETLS, and said so under TLS (RFC 8689 §2)
	private    bool // it crosses no network in clear: verified TLS, or this machine

	sizeOffered bool
	size        int // the largest message it takes; 0 is not said

	opened time.Time
	idle   time.Time // since when; set by the pool
	used   int       // transactions so far
	open   bool      // the server has a transaction open: RSET comes first
	broken bool      // not to be used again
}

func newSession(conn net.Conn, client *smtp.Client, t Timeouts) *session {
	s := &session{conn: conn, client: client, timeouts: t, r: bufio.NewReaderSize(conn, maxReplyLine)}
	s.w = bufio.NewWriterSize(writeDeadline{conn, t.Block}, 64<<10)
	s.pipelining, _ = client.Extension("PIPELINING")
	s.eightBit, _ = client.Extension("8BITMIME")
	s.utf8, _ = client.Extension("SMTPUTF8")
	s.dsn, _ = client.Extension("DSN")
	s.chunking, _ = client.Extension("CHUNKING")
	if _, ok := conn.(*tls.Conn); ok {
		s.requireTLS, _ = client.Extension("REQUIRETLS")
	}
	s.sizeOffered, _ = client.Extension("SIZE")
	s.size, _ = client.MaxMessageSize()
	return s
}

// transaction is one message for some recipients of one reverse-path.
type transaction struct {
	mail    string   // the MAIL command
	rcpts   []string // the RCPT commands
	head    []byte   // whole lines before content; may be nil
	content content
	size    int         // of both
	chunk   bool        // by BDAT, where the server offers CHUNKING (RFC 3030)
	owned   func() bool // whether it may be ended: asked as late as it can be
}

// errTaken says that another node sends the copies.
var errTaken = errors.New("another node has taken over the copies")

// answers is how the upstream took a transaction.
type answers struct {
	rcpts []reply // one for each RCPT: the reply that decided its fate
	end   reply   // to the content, where it was sent
	sent  bool    // the content was, at least in part, written
	chunk bool    // by BDAT
}

// send runs one transaction. Content goes by BDAT where that is offered: it
// saves a round trip, and nothing in it can be taken for its end. Each recipient's answer is the reply that settled
// it: its own RCPT's where that was refused, else MAIL's, DATA's or the last
// one. An error means that the fate of those that have no refusal (code 0) is
// not known and the connection is lost.
func (s *session) send(t transaction) (answers, error) {
	a := answers{rcpts: make([]reply, len(t.rcpts))}
	s.used++
	a.chunk = t.chunk && s.chunking
	proceed, err := s.envelope(t, &a)
	if err == nil && proceed {
		err = s.content(t, &a)
	}
	if err != nil {
		s.broken = true
	}
	return a, err
}

// envelope sends MAIL, the RCPTs and DATA, as many at once as the upstream
// allows, and reports whether it waits for the content.
func (s *session) envelope(t transaction, a *answers) (bool, error) {
	var lines []string
	if s.open {
		lines = append(lines, "RSET")
	}
	first := len(lines) // the index of MAIL
	lines = append(append(lines, t.mail), t.rcpts...)
	data := len(lines) // the index of DATA, where there is one
	if !a.chunk {
		lines = append(lines, "DATA")
	}
	group := 1
	if s.pipelining {
		group = pipeline
	}
	var mail reply
	accepted := 0
	for start := 0; start < len(lines); start += group {
		end := min(start+group, len(lines))
		if start > first && (mail.code/100 != 2 || start == data && accepted == 0) {
			break // nothing that follows has a point
		}
		if err := s.write([]byte(strings.Join(lines[start:end], "\r\n") + "\r\n")); err != nil {
			return false, err
		}
		for i := start; i < end; i++ {
			r, err := s.read(s.timeouts.Command)
			if err != nil {
				return false, err
			}
			switch {
			case i < first:
				if r.code/100 != 2 {
					return false, fmt.Errorf("reset: %w", r)
				}
			case i != data && r.code/100 == 3: // it answers something else
				return false, errGarbled
			case i == first:
				mail, s.open = r, r.code/100 == 2
			case i == data:
				return s.begin(r, accepted, a)
			default:
				if mail.code/100 != 2 {
					r = mail
				} else if r.code/100 == 2 {
					accepted++
					r = reply{}
				}
				a.rcpts[i-first-1] = r
			}
		}
	}
	if mail.code/100 != 2 {
		settle(a, mail)
	}
	return a.chunk && accepted > 0, nil
}

// begin takes the reply to DATA.
func (s *session) begin(r reply, accepted int, a *answers) (bool, error) {
	switch {
	case r.code == 354 && accepted > 0:
		return true, nil
	case r.code == 354:
		// It wants content for nobody: end it at once (RFC 2920 §3.1).
		if err := s.write([]byte(".\r\n")); err != nil {
			return false, err
		}
		_, err := s.read(s.timeouts.End)
		return false, err
	case r.code/100 == 4 || r.code/100 == 5:
		settle(a, r)
		return false, nil
	}
	return false, errGarbled
}

// content writes the message and takes the last reply. When writing fails,
// the upstream may have said why before it hung up: that is read once more.
func (s *session) content(t transaction, a *answers) error {
	a.sent = true
	budget := s.timeouts.Block + time.Duration(t.size/slowest)*time.Second
	limit := time.Now().Add(budget)
	write := s.stuff
	if a.chunk {
		write = s.chunk
	}
	err := write(t, limit)
	if errors.Is(err, errTaken) {
		a.sent = false // what was not ended is not delivered (RFC 5321 §4.1.1.4)
		return err
	}
	wait := s.timeouts.End
	if err != nil {
		wait = min(wait, 2*time.Second)
		s.broken = true
	}
	r, readErr := s.read(wait)
	switch {
	case err != nil && (readErr != nil || r.code/100 < 4):
		return err
	case readErr != nil:
		return readErr
	case r.code/100 == 3:
		return errGarbled
	}
	a.end = r
	s.open = a.chunk && r.code/100 != 2 // after a refused chunk only RSET is sure (RFC 3030 §2)
	settle(a, r)
	return nil
}

// chunk writes the content as one last chunk (RFC 3030 §2).
func (s *session) chunk(t transaction, limit time.Time) error {
	end := ""
	if t.content.open {
		end = "\r\n" // as it would be by DATA
	}
	if _, err := fmt.Fprintf(s.w, "BDAT %d LAST\r\n", t.size+len(end)); err != nil {
		return err
	}
	var held []byte // what makes it whole is kept back
	write := func(p []byte) error {
		if len(p) == 0 {
			return nil
		}
		if err := s.pieces(limit, held); err != nil {
			return err
		}
		n := max(len(p)-2, 0)
		held = bytes.Clone(p[n:])
		return s.pieces(limit, p[:n])
	}
	if err := write(t.head); err != nil {
		return err
	}
	if err := t.content.each(write); err != nil {
		return err
	}
	return s.end(t, limit, string(held)+end)
}

// end writes the last octets of the content, unless the copies are not ours
// any more: without them the upstream has no message.
func (s *session) end(t transaction, limit time.Time, last string) error {
	if !t.owned() {
		return errTaken
	}
	if err := s.writeBy(limit, []byte(last)); err != nil {
		return err
	}
	return s.w.Flush()
}

// pieces writes content, and looks at the clock now and then.
func (s *session) pieces(limit time.Time, content []byte) error {
	for len(content) > 0 {
		n := min(len(content), 64<<10)
		if err := s.writeBy(limit, content[:n]); err != nil {
			return err
		}
		content = content[n:]
	}
	return nil
}

// writeBy writes content, unless its time is over.
func (s *session) writeBy(limit time.Time, b []byte) error {
	if time.Now().After(limit) {
		return errors.New("upstream takes content too slowly")
	}
	_, err := s.w.Write(b)
	return err
}

// stuff writes the content with dots doubled at line starts, and the end of
// data (RFC 5321 §4.5.2). The content's line ends were checked before.
func (s *session) stuff(t transaction, limit time.Time) error {
	if err := s.stuffLines(t.head, true, limit); err != nil {
		return err
	}
	start := true
	if err := t.content.each(func(p []byte) error {
		err := s.stuffLines(p, start, limit)
		start = bytes.HasSuffix(p, []byte("\n"))
		return err
	}); err != nil {
		return err
	}
	end := ".\r\n"
	if t.content.open {
		end = "\r\n.\r\n"
	}
	return s.end(t, limit, end)
}

// stuffLines writes content; start says that it begins with a line.
func (s *session) stuffLines(content []byte, start bool, limit time.Time) error {
	if start && bytes.HasPrefix(content, []byte(".")) {
		if err := s.writeBy(limit, []byte(".")); err != nil {
			return err
		}
	}
	for rest := content; len(rest) > 0; {
		part := rest[:toDot(rest)]
		rest = rest[len(part):]
		if err := s.pieces(limit, part); err != nil {
			return err
		}
		if bytes.HasSuffix(part, []byte("\n.")) {
			if err := s.writeBy(limit, []byte(".")); err != nil {
				return err
			}
		}
	}
	return nil
}

// toDot returns how long content is up to the first dot at a line's start, or
// all of it. Dots are rare: looking behind each line end is faster than a
// search for the three octets.
func toDot(content []byte) int {
	at := 0
	for {
		i := bytes.IndexByte(content[at:], '\n')
		if i < 0 || at+i+1 == len(content) {
			return len(content)
		}
		if at += i + 1; content[at] == '.' {
			return at + 1
		}
	}
}

func (s *session) write(b []byte) error {
	if _, err := s.w.Write(b); err != nil {
		return err
	}
	return s.w.Flush()
}

func (s *session) read(within time.Duration) (reply, error) {
	if err := s.conn.SetReadDeadline(time.Now().Add(within)); err != nil {
		return reply{}, err
	}
	r, err := readReply(s.r)
	if err == nil && r.code == 421 { // it closes the connection (RFC 5321 §3.8)
		s.broken = true
	}
	return r, err
}

// close says goodbye without waiting for an answer.
func (s *session) close() {
	if !s.broken {
		_ = s.conn.SetWriteDeadline(time.Now().Add(200 * time.Millisecond))
		_, _ = s.conn.Write([]byte("QUIT\r\n"))
	}
	_ = s.conn.Close()
}

// settle gives a reply to every recipient that has none.
func settle(a *answers, r reply) {
	for i := range a.rcpts {
		if a.rcpts[i].code == 0 {
			a.rcpts[i] = r
		}
	}
}

// writeDeadline bounds each write.
type writeDeadline struct {
	conn  net.Conn
	limit time.Duration
}

func (w writeDeadline) Write(p []byte) (int, error) {
	if err := w.conn.SetWriteDeadline(time.Now().Add(w.limit)); err != nil {
		return 0, err
	}
	return w.conn.Write(p)
}
