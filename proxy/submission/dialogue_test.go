package submission

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"postvern.example/proxy/message"
)

// TestDialoguesGoAsWritten plays testdata/*.smtp; its readme tells the form.
func TestDialoguesGoAsWritten(t *testing.T) {
	files, err := filepath.Glob("testdata/*.smtp")
	if err != nil || len(files) == 0 {
		t.Fatalf("no dialogues: %v", err)
	}
	for _, f := range files {
		t.Run(strings.TrimSuffix(filepath.Base(f), ".smtp"), func(t *testing.T) {
			t.Parallel()
			src, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			(&dialogue{t: t, file: f}).play(string(src))
		})
	}
}

type dialogue struct {
	t     *testing.T
	file  string
	setup []func(*Config)
	house *house
	conn  net.Conn
	in    *bufio.Reader
}

func (d *dialogue) play(src string) {
	for i, line := range strings.Split(src, "\n") {
		verb, arg, _ := strings.Cut(line, ":")
		arg = strings.TrimPrefix(arg, " ")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if err := d.step(verb, arg); err != nil {
			d.t.Fatalf("%s:%d: %s\n\t%v", d.file, i+1, line, err)
		}
	}
	if d.conn != nil {
		_ = d.conn.Close() // the test is over
	}
}

func (d *dialogue) step(verb, arg string) error {
	if verb == "listener" {
		return d.listener(arg)
	}
	if d.conn == nil {
		if err := d.connect(); err != nil {
			return err
		}
	}
	switch verb {
	case "C":
		return d.write(arg + "\r\n")
	case "R": // raw, with Go escapes
		raw, err := strconv.Unquote(`"` + strings.ReplaceAll(arg, `"`, `\"`) + `"`)
		if err != nil {
			return err
		}
		return d.write(raw)
	case "X": // text, times
		text, times, _ := strings.Cut(arg, " * ")
		n, err := strconv.Atoi(times)
		if err != nil {
			return err
		}
		return d.write(strings.Repeat(strings.NewReplacer(`\r`, "\r", `\n`, "\n").Replace(text), n))
	case "S":
		return d.read(arg)
	case "TLS":
		return d.handshake()
	case "closed":
		rest, err := io.ReadAll(d.in)
		if len(rest) > 0 || errors.Is(err, os.ErrDeadlineExceeded) {
			return fmt.Errorf("not closed: %q, %w", rest, err)
		}
		return nil
	case "again":
		_ = d.conn.Close() // a new one follows
		return d.connect()
	case "mails":
		return expect(strconv.Itoa(len(d.house.inbox.all())), arg)
	case "mail":
		return d.mail(arg)
	case "log lacks":
		if strings.Contains(d.house.log.String(), arg) {
			return errors.New("log holds it:\n" + d.house.log.String())
		}
		return nil
	case "log has":
		if !strings.Contains(d.house.log.String(), arg) {
			return errors.New("log lacks it:\n" + d.house.log.String())
		}
		return nil
	}
	return errors.New("no such step")
}

func (d *dialogue) listener(arg string) error {
	for f := range strings.FieldsSeq(arg) {
		switch f {
		case "starttls":
		case "implicit":
			d.setup = append(d.setup, implicit)
		case "trust":
			d.setup = append(d.setup, trusted)
		case "trust-null":
			d.setup = append(d.setup, func(c *Config) { c.Listener.Senders = append(c.Listener.Senders, "<>") })
		case "quick":
			d.setup = append(d.setup, func(c *Config) {
				c.Limits.Command, c.Limits.Read = 150*time.Millisecond, 150*time.Millisecond
			})
		case "patient":
			d.setup = append(d.setup, func(c *Config) { c.Limits.Errors = 100 })
		case "refuses":
			d.setup = append(d.setup, func(c *Config) { c.Submit.(*inbox).answer = answers })
		default:
			return fmt.Errorf("no such listener: %s", f)
		}
	}
	return nil
}

// answers refuses messages by their first line.
func answers(_ message.Envelope, body []byte) error {
	switch line, _, _ := strings.Cut(string(body), "\r\n"); line {
	case "Subject: reject":
		return &Reply{Code: 550, Enhanced: [3]int{5, 7, 1}, Text: "Mailen indeholder et CPR-nummer på side 2.\nDen blev ikke sendt – skriv til øæå@forening.example."}
	case "Subject: wrapped":
		return fmt.Errorf("decide: %w", &Reply{Code: 452, Enhanced: [3]int{4, 3, 1}, Text: "Pladsen er brugt op"})
	case "Subject: broken":
		return errors.New("open /secret/path: permission denied")
	case "Subject: nonsense":
		return &Reply{Code: 250, Enhanced: [3]int{2, 0, 0}, Text: "not a refusal"}
	case "Subject: panic":
		panic("content of the message")
	}
	return nil
}

func (d *dialogue) connect() error {
	if d.house == nil {
		d.house = open(d.t, func(c *Config) {
			for _, f := range d.setup {
				f(c)
			}
		})
	}
	c, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", d.house.addr)
	if err != nil {
		return err
	}
	d.conn, d.in = c, bufio.NewReader(c)
	if d.house.srv.cfg.Listener.TLS == Implicit {
		return d.handshake()
	}
	return c.SetDeadline(time.Now().Add(5 * time.Second))
}

func (d *dialogue) handshake() error {
	c := tls.Client(d.conn, d.house.clientTLS())
	if err := c.HandshakeContext(context.Background()); err != nil {
		return err
	}
	d.conn, d.in = c, bufio.NewReader(c)
	return c.SetDeadline(time.Now().Add(5 * time.Second))
}

func (d *dialogue) write(s string) error {
	_, err := io.WriteString(d.conn, s)
	return err
}

// read takes one line: exact, or up to a final "...", or a regular expression
// between slashes.
func (d *dialogue) read(want string) error {
	line, err := d.in.ReadString('\n')
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

// mail compares something of the last mail: "from anna@x.example".
func (d *dialogue) mail(arg string) error {
	if n, ok := strings.CutPrefix(arg, "answered "); ok { // just after the client hears it
		for range 100 {
			if strconv.Itoa(d.house.inbox.heard()) == n {
				return nil
			}
			time.Sleep(10 * time.Millisecond)
		}
		return fmt.Errorf("got %d", d.house.inbox.heard())
	}
	all := d.house.inbox.all()
	if len(all) == 0 {
		return errors.New("no mail")
	}
	m := all[len(all)-1]
	what, want, _ := strings.Cut(arg, " ")
	var to, orig, notify []string
	for _, r := range m.env.To {
		to, orig, notify = append(to, r.Address), append(orig, r.Original), append(notify, strings.Join(r.Notify, ","))
	}
	values := map[string]string{
		"from": m.env.From, "to": strings.Join(to, " "), "login": m.env.Login, "protocol": m.env.Protocol,
		"client": m.env.Client, "hello": m.env.Hello, "body": m.env.Body, "return": m.env.Return, "id": m.env.ID,
		"original": strings.Join(orig, " "), "notify": strings.Join(notify, " "),
		"utf8": strconv.FormatBool(m.env.UTF8), "trusted": strconv.FormatBool(m.env.Trusted), "text": strconv.Quote(m.body),
	}
	got, ok := values[what]
	if !ok {
		return errors.New("no such property of a mail")
	}
	return expect(got, want)
}
