package sink_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"postvern.example/internal/sink"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// peer is a client that says exactly what a test tells it to.
type peer struct {
	t    *testing.T
	conn net.Conn
	r    *bufio.Reader
}

func start(t *testing.T, cfg sink.Config) *sink.Sink {
	t.Helper()
	s, err := sink.Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return s
}

func dial(t *testing.T, s *sink.Sink) *peer {
	t.Helper()
	conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(t.Context(), "tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	return &peer{t, conn, bufio.NewReader(conn)}
}

// talk plays a dialogue: "> line" is sent with CRLF, "> raw" with a Go-quoted
// string is sent as it is, "< prefix" has to be the start of the next reply,
// "- " means that the server hangs up.
func (p *peer) talk(lines ...string) {
	p.t.Helper()
	for _, line := range lines {
		switch text := line[2:]; line[:2] {
		case "> ":
			if _, err := p.conn.Write([]byte(text + "\r\n")); err != nil {
				p.t.Fatalf("%s: %v", line, err)
			}
		case "= ":
			if _, err := p.conn.Write([]byte(text)); err != nil {
				p.t.Fatalf("%s: %v", line, err)
			}
		case "< ":
			if got := p.reply(); !strings.HasPrefix(got, text) {
				p.t.Fatalf("reply is %q, want %q", got, text)
			}
		case "- ":
			if got, err := p.r.ReadString('\n'); err == nil {
				p.t.Fatalf("got %q, want a closed connection", got)
			}
		}
	}
}

func (p *peer) reply() string {
	p.t.Helper()
	var last string
	for {
		line, err := p.r.ReadString('\n')
		if err != nil {
			p.t.Fatalf("read a reply: %v", err)
		}
		last = strings.TrimRight(line, "\r\n")
		if len(last) < 4 || last[3] != '-' {
			return last
		}
	}
}

func (p *peer) open() {
	p.t.Helper()
	p.talk("< 220", "> EHLO client.example", "< 250")
}

func (p *peer) envelope() {
	p.t.Helper()
	p.talk("> MAIL FROM:<anna@forening.example>", "< 250", "> RCPT TO:<bo@region.example>", "< 250")
}

func TestTheBytesOfAMessageAreKeptAsTheyCame(t *testing.T) {
	for name, body := range map[string]string{
		"plain":                       "Subject: hej\r\n\r\nhej\r\n",
		"empty":                       "",
		"dots are undone":             "a\r\n..\r\n..b\r\nc.\r\n",
		"a first dot":                 "..\r\n",
		"bare CR, bare LF and NUL":    "a\rb\nc\x00d\r\n",
		"LF dot LF ends nothing":      "a\n.\nb\r\n",
		"CRLF dot LF ends nothing":    "a\r\n.\nb\r\n",
		"LF dot CRLF ends nothing":    "a\n.\r\nb\r\n",
		"CR dot CR ends nothing":      "a\r.\rb\r\n",
		"CR CR LF dot CRLF is an end": "a\r\r\n",
		"a line beyond the buffer":    strings.Repeat("x", 40000) + "\r\n.." + strings.Repeat("y", 20000) + "\r\n",
		"a CR at the buffer's end":    strings.Repeat("x", 16383) + "\r\n..z\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, sink.Config{})
			p := dial(t, s)
			p.open()
			p.envelope()
			p.talk("> DATA", "< 354", "= "+body+".\r\n", "< 250", "> QUIT", "< 221", "- ")
			m, err := s.Wait(t.Context(), 1)
			if err != nil {
				t.Fatal(err)
			}
			if string(m[0].Raw) != body {
				t.Errorf("raw is %q, want %q", m[0].Raw, body)
			}
			want := strings.ReplaceAll("\r\n"+body, "\r\n.", "\r\n")[2:]
			if string(m[0].Content) != want {
				t.Errorf("content is %q, want %q", m[0].Content, want)
			}
			if got := s.Stats().Bytes; got != int64(len(want)) {
				t.Errorf("counted %d octets, want %d", got, len(want))
			}
			if !m[0].Acknowledged || m[0].From != "anna@forening.example" || m[0].Recipients()[0] != "bo@region.example" {
				t.Errorf("envelope is %+v", m[0])
			}
		})
	}
}

func TestCommandsMayBePipelinedAndChunked(t *testing.T) {
	s := start(t, sink.Config{})
	p := dial(t, s)
	p.open()
	p.talk(`= MAIL FROM:<> BODY=8BITMIME SMTPUTF8`+"\r\n"+`RCPT TO:<"a>b"@x.example> NOTIFY=NEVER`+"\r\nDATA\r\n",
		"< 250", "< 250", "< 354", "= 1\r\n.\r\n", "< 250")
	p.talk("> MAIL FROM:<a@x.example>", "< 250", "> RCPT TO:<b@x.example>", "< 250",
		"= BDAT 4\r\n.\r\nx", "< 250", "= BDAT 3 LAST\r\ny\r\n", "< 250")
	m, err := s.Wait(t.Context(), 2)
	if err != nil {
		t.Fatal(err)
	}
	if r := m[0].To[0]; r.Address != `"a>b"@x.example` || r.Params[0] != "NOTIFY=NEVER" || len(m[0].Params) != 2 {
		t.Errorf("first message is %+v", m[0])
	}
	if string(m[1].Content) != ".\r\nxy\r\n" {
		t.Errorf("chunked content is %q", m[1].Content)
	}
}

func TestExtensionsAreOfferedBySwitch(t *testing.T) {
	for _, c := range []struct {
		cfg  sink.Config
		want string
	}{
		{sink.Config{Extensions: []string{}}, "sink.example greets x"},
		{sink.Config{Extensions: []string{"DSN", "SIZE"}, Size: 99}, "sink.example greets x,DSN,SIZE 99"},
		{sink.Config{Extensions: []string{}, Security: sink.StartTLS, Username: "u", Mechanisms: []string{"LOGIN"}}, "sink.example greets x,STARTTLS,AUTH LOGIN"},
	} {
		p := dial(t, start(t, c.cfg))
		p.talk("< 220", "> EHLO x")
		var got []string
		for {
			line, err := p.r.ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, strings.TrimRight(line[4:], "\r\n"))
			if line[3] == ' ' {
				break
			}
		}
		if strings.Join(got, ",") != c.want {
			t.Errorf("offered %q, want %q", got, c.want)
		}
	}
}

func TestTLSAndLogin(t *testing.T) {
	plain := base64.StdEncoding.EncodeToString([]byte("\x00anna\x00secret"))
	for _, security := range []sink.Security{sink.StartTLS, sink.Implicit} {
		s := start(t, sink.Config{Security: security, Username: "anna", Password: "secret"})
		p := dial(t, s)
		if security == sink.StartTLS {
			p.talk("< 220", "> EHLO x", "< 250", "> MAIL FROM:<>", "< 530", "> STARTTLS", "< 220")
		}
		secured := tls.Client(p.conn, &tls.Config{RootCAs: s.Roots(), ServerName: "localhost", MinVersion: tls.VersionTLS12})
		p.conn, p.r = secured, bufio.NewReader(secured)
		if security == sink.Implicit {
			p.talk("< 220")
		}
		p.talk("> EHLO x", "< 250", "> MAIL FROM:<>", "< 530", "> AUTH PLAIN AGFubmEAeA==", "< 535",
			"> AUTH PLAIN "+plain, "< 235", "> AUTH PLAIN", "< 334", "> "+plain, "< 235",
			"> AUTH LOGIN", "< 334 VXNlcm5hbWU6", "> YW5uYQ==", "< 334 UGFzc3dvcmQ6", "> c2VjcmV0", "< 235")
		p.envelope()
		p.talk("> DATA", "< 354", "= x\r\n.\r\n", "< 250")
		m, err := s.Wait(t.Context(), 1)
		if err != nil || !m[0].TLS || m[0].Login != "anna" {
			t.Errorf("%s: %+v, %v", security, m, err)
		}
	}
}

func TestFaultsHappenWhereTheScriptSaysSo(t *testing.T) {
	body := []string{"> DATA", "< 354", "= x\r\n.\r\n"}
	for _, c := range []struct {
		name   string
		fault  sink.Fault
		before []string // from the greeting on
		kept   int
		acked  bool
	}{
		{"421 at once", sink.Fault{At: sink.AtConnect, Reply: "421 busy", Drop: true}, []string{"< 421", "- "}, 0, false},
		{"EHLO", sink.Fault{At: sink.AtEHLO, Reply: "502 no"}, []string{"< 220", "> EHLO x", "< 502"}, 0, false},
		{"MAIL", sink.Fault{At: sink.AtMAIL, Reply: "451 later"}, []string{"< 220", "> MAIL FROM:<>", "< 451", "> RCPT TO:<a@b>", "< 503"}, 0, false},
		{
			"RCPT of one",
			sink.Fault{At: sink.AtRCPT, Recipient: "bo@region.example", Reply: "550 unknown"},
			[]string{"< 220", "> MAIL FROM:<>", "< 250", "> RCPT TO:<a@b>", "< 250", "> RCPT TO:<bo@region.example>", "< 550", "> DATA", "< 354", "= x\r\n.\r\n", "< 250"},
			1, true,
		},
		{"DATA", sink.Fault{At: sink.AtDATA, Reply: "451 later"}, []string{"< 220", "> MAIL FROM:<>", "< 250", "> RCPT TO:<a@b>", "< 250", "> DATA", "< 451"}, 0, false},
		{"552 in the data", sink.Fault{At: sink.InData, Reply: "552 too much", Drop: true}, append(mailTo(), "> DATA", "< 354", "= x\r\n", "< 552", "- "), 0, false},
		{"end refused", sink.Fault{At: sink.AtEnd, Reply: "554 no"}, append(mailTo(), append(body, "< 554")...), 0, false},
		{"lost 250", sink.Fault{At: sink.AtEnd, Drop: true}, append(mailTo(), append(body, "- ")...), 1, false},
		{"noise", sink.Fault{At: sink.AtEnd, Reply: sink.Noise}, append(mailTo(), append(body, "< \x00\xffgar")...), 1, false},
		{"slow", sink.Fault{At: sink.AtEnd, Delay: 30 * time.Millisecond}, append(mailTo(), append(body, "< 250")...), 1, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.fault.Times = 1
			s := start(t, sink.Config{Faults: []sink.Fault{c.fault}})
			dial(t, s).talk(c.before...)
			m := s.Messages()
			if len(m) != c.kept || c.kept > 0 && m[0].Acknowledged != c.acked {
				t.Errorf("kept %+v, want %d, acknowledged %t", m, c.kept, c.acked)
			}
			if got := s.Stats().Faults; got != 1 {
				t.Errorf("%d faults happened, want 1", got)
			}
			p := dial(t, s) // and once only
			p.open()
			p.talk(append(mailTo()[1:], append(body, "< 250")...)...)
		})
	}
}

func TestAHangingSinkStillCloses(t *testing.T) {
	s := start(t, sink.Config{Faults: []sink.Fault{{At: sink.AtEHLO, Hang: true}}})
	dial(t, s).talk("< 220", "> EHLO x")
	done := make(chan error, 1)
	go func() { done <- s.Close() }()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("Close hangs")
	}
}

func TestAfterLetsEventsPass(t *testing.T) {
	s := start(t, sink.Config{})
	s.Script(sink.Fault{At: sink.AtRCPT, After: 2, Times: 2, Reply: "452 4.5.3 too many"})
	p := dial(t, s)
	p.open()
	p.talk("> MAIL FROM:<>", "< 250", "> RCPT TO:<a@b>", "< 250", "> RCPT TO:<b@b>", "< 250",
		"> RCPT TO:<c@b>", "< 452", "> RCPT TO:<d@b>", "< 452", "> RCPT TO:<e@b>", "< 250")
}

func TestDiscardOnlyCounts(t *testing.T) {
	s := start(t, sink.Config{Discard: true})
	p := dial(t, s)
	p.open()
	for range 3 {
		p.envelope()
		p.talk("> DATA", "< 354", "= ..x\r\n.\r\n", "< 250")
	}
	m, err := s.Wait(t.Context(), 3)
	if err != nil || len(m) != 0 || s.Stats().Bytes != 12 {
		t.Errorf("kept %d, %+v, %v", len(m), s.Stats(), err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := s.Wait(ctx, 4); err == nil {
		t.Error("Wait returned without a fourth message")
	}
}

func TestTheSizeLimitHolds(t *testing.T) {
	s := start(t, sink.Config{Size: 10})
	p := dial(t, s)
	p.open()
	p.talk("> MAIL FROM:<> SIZE=11", "< 552")
	p.envelope()
	p.talk("> DATA", "< 354", fmt.Sprintf("= %s\r\n.\r\n", strings.Repeat("x", 20)), "< 552")
	if n := len(s.Messages()); n != 0 {
		t.Errorf("kept %d messages", n)
	}
}

func mailTo() []string {
	return []string{"< 220", "> MAIL FROM:<anna@forening.example>", "< 250", "> RCPT TO:<bo@region.example>", "< 250"}
}
