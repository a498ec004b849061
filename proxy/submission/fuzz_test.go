package submission

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/textproto"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"github.com/emersion/go-smtp"
)

// clean is what the guard must let through, told in another way.
func clean(b []byte) bool {
	rest := bytes.ReplaceAll(b, []byte("\r\n"), nil)
	return !bytes.ContainsAny(rest, "\r\n\x00")
}

func FuzzGuardReader(f *testing.F) {
	for _, s := range []string{"", "a\r\nb\r\n", "a\nb", "a\rb", "\r", "\r\r\n", "a\x00", "\n", ".\r\n"} {
		f.Add([]byte(s), int64(100))
	}
	f.Fuzz(func(t *testing.T, b []byte, limit int64) {
		limit %= 1000
		for _, r := range []io.Reader{bytes.NewReader(b), iotest.OneByteReader(bytes.NewReader(b)), iotest.DataErrReader(bytes.NewReader(b))} {
			got, err := io.ReadAll(&guardReader{r: r, left: limit})
			good := clean(b) && int64(len(b)) <= limit
			if (err == nil) != good {
				t.Fatalf("%q, limit %d: %v", b, limit, err)
			}
			if err == nil && !bytes.Equal(got, b) || !bytes.HasPrefix(b, got) {
				t.Fatalf("%q became %q", b, got)
			}
		}
	})
}

// FuzzFramer holds the framer against the plain definition: the first CRLF "."
// CRLF ends the message, a dot at a line's start goes, and nothing unclean
// passes.
func FuzzFramer(f *testing.F) {
	for _, s := range []string{".\r\n", "a\r\n.\r\nQUIT\r\n", "..\r\n.\r\n", "a\n.\n", "\r\n.\rX", "\r\r\n.\r\n", ".\r.\r\n"} {
		f.Add([]byte(s), uint8(1))
	}
	f.Fuzz(func(t *testing.T, b []byte, step uint8) {
		var fr framer
		var got []byte
		at, end := 0, false
		var err error
		for at < len(b) && !end && err == nil {
			piece := b[at:min(len(b), at+int(step)+1)]
			dst := make([]byte, len(piece))
			var n, used int
			n, used, end, err = fr.scan(dst, piece)
			got = append(got, dst[:n]...)
			at += used
			if used == 0 && !end && err == nil { // it may leave some of it for the next call
				t.Fatal("it stopped without a reason")
			}
		}
		good := b[:at]
		if err != nil {
			good = b[:at-1]
		}
		if !clean(good) && !bytes.HasSuffix(good, []byte("\r")) {
			t.Fatalf("%q was let through", good)
		}
		i := bytes.Index(append([]byte("\r\n"), b...), []byte("\r\n.\r\n"))
		if end != (err == nil && i >= 0) || end && at != i+3 {
			t.Fatalf("%q: end %v at %d, want %d; %v", b, end, at, i+3, err)
		}
		if end {
			want := bytes.ReplaceAll(append([]byte("\r\n"), b[:i]...), []byte("\r\n."), []byte("\r\n"))[2:]
			if !bytes.Equal(got, want) {
				t.Fatalf("%q became %q, want %q", b, got, want)
			}
		}
	})
}

func FuzzCheckAddress(f *testing.F) {
	for _, s := range []string{"a@b.example", `"a@b"@c.example`, "a%b@c.example", "å@b.example", "a@b＠c.example", "a@[1.2.3.4]", "a.@b.example", "a@b.example>", "a b@c.example"} {
		f.Add(s, true)
		f.Add(s, false)
	}
	f.Fuzz(func(t *testing.T, a string, wide bool) {
		if CheckAddress(a, wide) != nil {
			return
		}
		if strings.Count(a, "@") != 1 || strings.ContainsAny(a, " \t\r\n\x00<>()[]\\\",:;%!") || !utf8.ValidString(a) {
			t.Fatalf("%q is taken", a)
		}
		if !wide && !isASCII(a) {
			t.Fatalf("%q is taken without SMTPUTF8", a)
		}
		if Redact(a) == "*" || strings.Contains(Redact(a), a[:strings.IndexByte(a, '@')+1]) && a[0] != '*' {
			t.Fatalf("%q is logged as %q", a, Redact(a))
		}
	})
}

// FuzzRecipient asks what go-smtp's client makes of an address that we take:
// upstream must be told the same one.
func FuzzRecipient(f *testing.F) {
	f.Add("<bo@mail.example>")
	f.Add(`<"victim@evil> ORCPT=rfc822;a"@y.example>`)
	f.Add("<@a,@b:bo@mail.example>")
	f.Fuzz(func(t *testing.T, path string) {
		line := "RCPT TO:" + path
		start, end := strings.IndexByte(path, '<'), strings.IndexByte(path, '>')
		if start < 0 || end < start {
			return
		}
		address := path[start+1 : end]
		if strings.ContainsAny(path, "\r\n\x00") || !verbatim(line, address) || CheckAddress(address, false) != nil {
			return
		}
		ours, theirs := net.Pipe()
		said := make(chan string, 1)
		go func() {
			c := textproto.NewConn(theirs)
			defer func() { _ = c.Close() }() // the pipe has no errors to tell
			for _, reply := range []string{"220 x", "250 x", "250 x"} {
				if err := c.PrintfLine("%s", reply); err != nil {
					return
				}
				line, err := c.ReadLine()
				if err != nil {
					return
				}
				if strings.HasPrefix(line, "RCPT") {
					said <- line
				}
			}
			_, _ = c.ReadLine()
		}()
		c := smtp.NewClient(ours)
		defer func() { _ = c.Close() }()
		_ = c.Mail("a@b.example", nil)
		go func() { _ = c.Rcpt(address, nil) }()
		if got := <-said; got != "RCPT TO:<"+address+">" {
			t.Fatalf("%q is passed on as %q", path, got)
		}
	})
}

func TestRepliesAreFoldedToOneLineOfASCII(t *testing.T) {
	for in, want := range map[string]string{
		"Blåbærgrød på Øen, ÆØÅ": "Blaabaergroed paa Oeen, AeOeAa",
		"Käännös äö":             "Kaannos ao",
		"a\r\n250 ok\tb\x00c":    "a 250 ok b c",
		"“citat” – é ł 漢":        `"citat" - e l ?`,
		"\xff":                   "?",
		"å":                      "aa",
	} {
		r := &Reply{Code: 550, Enhanced: [3]int{5, 7, 1}, Text: in}
		if got := r.line(false); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
	long := (&Reply{Text: strings.Repeat("å", 2000)}).line(true)
	if len(long) > maxText || !utf8.ValidString(long) {
		t.Errorf("%d octets", len(long))
	}
	for _, r := range []*Reply{{Code: 250}, {Code: 550, Enhanced: [3]int{4, 0, 0}}, {Code: 354}, {}} {
		if got := replyTo(r); got.Code != 451 {
			t.Errorf("%v is answered %v", r, got)
		}
	}
	if got := replyTo(errors.Join(errors.New("x"), errUnclean)); got.Code != 550 {
		t.Errorf("%v", got)
	}
}
