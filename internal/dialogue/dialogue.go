// Package dialogue plays SMTP dialogues that stand in files: what a client
// sends, what the server answers, and what came of it. test/smtp/README.md
// tells the form. It is for tests alone.
package dialogue

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Server is what a dialogue is played against.
type Server struct {
	Address  string
	Implicit bool        // TLS comes first
	TLS      *tls.Config // the client's
	Mails    func() int  // accepted so far
	Log      func() string
	// Property returns something of the last mail, such as "from", or
	// ErrHidden.
	Property func(name string) (string, error)
}

// ErrHidden means that a server does not show a property of its mails.
var ErrHidden = errors.New("not to be seen from outside")

// patience bounds each wait for the server.
const patience = 30 * time.Second

// Play plays a dialogue. start is called once with the words of its listener
// line. The error names the line that went otherwise.
func Play(src string, start func(words []string) (Server, error)) error {
	p := &player{}
	defer p.hangUp()
	for i, line := range strings.Split(src, "\n") {
		verb, arg, _ := strings.Cut(line, ":")
		arg = strings.TrimPrefix(arg, " ")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		var err error
		switch {
		case verb == "listener":
			p.server, err = start(strings.Fields(arg))
		case p.server.Address == "":
			p.server, err = start([]string{"starttls"})
		}
		if err == nil && verb != "listener" {
			err = p.step(verb, arg)
		}
		if err != nil {
			return fmt.Errorf("line %d: %s\n\t%w", i+1, line, err)
		}
	}
	return nil
}

type player struct {
	server Server
	conn   net.Conn
	in     *bufio.Reader
}

func (p *player) hangUp() {
	if p.conn != nil {
		_ = p.conn.Close() // the dialogue is over
		p.conn = nil
	}
}

func (p *player) step(verb, arg string) error {
	if p.conn == nil {
		if err := p.connect(); err != nil {
			return err
		}
	}
	switch verb {
	case "C":
		return p.write(arg + "\r\n")
	case "R": // raw, with Go escapes
		raw, err := strconv.Unquote(`"` + strings.ReplaceAll(arg, `"`, `\"`) + `"`)
		if err != nil {
			return err
		}
		return p.write(raw)
	case "X": // text, times
		text, times, _ := strings.Cut(arg, " * ")
		n, err := strconv.Atoi(times)
		if err != nil {
			return err
		}
		return p.write(strings.Repeat(strings.NewReplacer(`\r`, "\r", `\n`, "\n").Replace(text), n))
	case "S":
		return p.read(arg)
	case "TLS":
		return p.handshake()
	case "closed":
		rest, err := io.ReadAll(p.in)
		if len(rest) > 0 || errors.Is(err, os.ErrDeadlineExceeded) {
			return fmt.Errorf("not closed: %q, %w", rest, err)
		}
		return nil
	case "again":
		p.hangUp()
		return p.connect()
	}
	return p.outcome(verb, arg)
}

// outcome compares what came of the dialogue so far.
func (p *player) outcome(verb, arg string) error {
	switch verb {
	case "mails":
		return eventually(func() error { return expect(strconv.Itoa(p.server.Mails()), arg) })
	case "mail":
		name, want, _ := strings.Cut(arg, " ")
		err := eventually(func() error {
			got, err := p.server.Property(name)
			if err != nil {
				return err
			}
			return expect(got, want)
		})
		if errors.Is(err, ErrHidden) {
			return nil
		}
		return err
	case "log lacks":
		if log := p.server.Log(); strings.Contains(log, arg) {
			return errors.New("log holds it:\n" + log)
		}
		return nil
	case "log has":
		return eventually(func() error {
			if log := p.server.Log(); !strings.Contains(log, arg) {
				return errors.New("log lacks it:\n" + log)
			}
			return nil
		})
	}
	return errors.New("no such step")
}

// eventually asks again for a moment: some things happen just after the client
// hears of them.
func eventually(ask func() error) error {
	err := ask()
	for n := 0; err != nil && !errors.Is(err, ErrHidden) && n < 100; n++ {
		time.Sleep(10 * time.Millisecond)
		err = ask()
	}
	return err
}

func (p *player) connect() error {
	c, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", p.server.Address)
	if err != nil {
		return err
	}
	p.conn, p.in = c, bufio.NewReader(c)
	if p.server.Implicit {
		return p.handshake()
	}
	return c.SetDeadline(time.Now().Add(patience))
}

func (p *player) handshake() error {
	c := tls.Client(p.conn, p.server.TLS)
	if err := c.HandshakeContext(context.Background()); err != nil {
		return err
	}
	p.conn, p.in = c, bufio.NewReader(c)
	return c.SetDeadline(time.Now().Add(patience))
}

func (p *player) write(s string) error {
	_, err := io.WriteString(p.conn, s)
	return err
}

// read takes one line: exact, or up to a final "...", or a regular expression
// between slashes.
func (p *player) read(want string) error {
	line, err := p.in.ReadString('\n')
	if err != nil {
		return fmt.Errorf("got %q, %w", line, err)
	}
	got, ok := strings.CutSuffix(line, "\r\n")
	if !ok {
		return fmt.Errorf("line does not end in CRLF: %q", line)
	}
	return expect(got, want)
}

func expect(got, want string) error {
	if prefix, ok := strings.CutSuffix(want, "..."); ok && strings.HasPrefix(got, prefix) {
		return nil
	}
	if re, ok := strings.CutPrefix(want, "/"); ok && regexp.MustCompile("^"+strings.TrimSuffix(re, "/")+"$").MatchString(got) {
		return nil
	}
	if got != want {
		return fmt.Errorf("got %q", got)
	}
	return nil
}
