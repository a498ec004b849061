package message

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestReadRefusesLineEndsThatSMTPDoesNotHave(t *testing.T) {
	head := "From: a@x.example\r\n\r\n"
	for name, test := range map[string]struct {
		raw string
		err error
	}{
		"bare LF":                  {head + "a\nb\r\n", ErrBareLine},
		"bare LF at the start":     {"\n" + head, ErrBareLine},
		"bare CR":                  {head + "a\rb\r\n", ErrBareLine},
		"CR CR LF":                 {head + "a\r\r\n", ErrBareLine},
		"LF CR":                    {head + "a\n\r", ErrBareLine},
		"CR at the end":            {head + "a\r", ErrBareLine},
		"LF at the end":            {head + "a\n", ErrBareLine},
		"bare LF in a header":      {"From: a\nTo: b\r\n\r\n", ErrBareLine},
		"smuggled end of data":     {head + "a\n.\r\nMAIL FROM:<x@x.example>\r\n", ErrBareLine},
		"smuggled by CR":           {head + "a\r.\r\n", ErrBareLine},
		"NUL":                      {head + "a\x00\r\n", ErrNUL},
		"NUL in a header":          {"Fr\x00m: a\r\n\r\n", ErrNUL},
		"one octet over the limit": {head + strings.Repeat("x", 1001-len(head)), ErrTooLarge},
		"right to the limit":       {head + strings.Repeat("x", 1000-len(head)), nil},
		"no line end at the end":   {head + "a", nil},
		"only CR LF":               {"\r\n\r\n\r\n", nil},
		"nothing":                  {"", nil},
	} {
		limits := DefaultLimits()
		limits.Size = 1000
		for reader, r := range map[string]io.Reader{
			"whole":    strings.NewReader(test.raw),
			"by octet": iotest.OneByteReader(strings.NewReader(test.raw)),
			"by half":  iotest.HalfReader(strings.NewReader(test.raw)),
			"with EOF": iotest.DataErrReader(strings.NewReader(test.raw)),
		} {
			m, err := Read(r, limits)
			if !errors.Is(err, test.err) {
				t.Errorf("%s, %s: got %v, want %v", name, reader, err, test.err)
			}
			if err == nil && string(m.text.Held) != test.raw {
				t.Errorf("%s, %s: the octets changed", name, reader)
			}
		}
	}
}

func TestReadReturnsTheErrorOfItsReader(t *testing.T) {
	if _, err := Read(io.MultiReader(strings.NewReader("From: a\r\n"), iotest.ErrReader(io.ErrUnexpectedEOF)), DefaultLimits()); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v", err)
	}
}

func TestAnEndlessReaderIsCutAtTheLimit(t *testing.T) {
	limits := DefaultLimits()
	limits.Size = 1 << 20
	if _, err := Read(endless{}, limits); !errors.Is(err, ErrTooLarge) {
		t.Errorf("got %v", err)
	}
}

type endless struct{}

func (endless) Read(b []byte) (int, error) { return copy(b, bytes.Repeat([]byte("x"), len(b))), nil }

// reasons returns the reasons of a message's defects, those of the header
// marked with a star.
func reasons(m *Message) string {
	var list []string
	for _, d := range m.Defects {
		mark := ""
		if d.Header {
			mark = "*"
		}
		list = append(list, mark+d.Reason)
	}
	return strings.Join(list, "; ")
}

func TestWhatCannotBeUnderstoodIsADefect(t *testing.T) {
	const from = "From: a@x.example\n"
	multi := func(head, body string) string {
		return from + "Content-Type: multipart/mixed; " + head + "\n\n" + body
	}
	const sound = "--b\n\nx\n--b--\n"
	tests := []struct{ name, raw, want string }{
		{"nothing", "", "*" + reasonNoHeader},
		{"only a body", "\nHej\n", "*" + reasonNoHeader},
		{"no From", "To: a@x.example\n\n", "*" + reasonNoFrom},
		{"two From", from + from + "\n", "*" + reasonTwoFrom},
		{"two From, one obsolete", from + "FROM : b@x.example\n\n", "*" + reasonTwoFrom},
		{"two Subject", from + "Subject: a\nsubject: b\n\n", "*" + reasonTwoSubjects},
		{"two To", from + "To: a@x.example\nTo: b@x.example\n\n", ""},
		{"no empty line", from + "Subject: x\n", ""},
		{"line without a colon", from + "Hello\nTo: b@x.example\n\n", "*" + reasonNoColon},
		{"mbox line", "From a@x.example Sat Nov 21 23:27:03 2026\n" + from + "\n", "*" + reasonNoColon},
		{"field name with a blank", from + "My Field: x\n\n", "*" + reasonNoColon},
		{"field name with 8 bits", from + "T\xf8: x\n\n", "*" + reasonNoColon},
		{"line that begins with a colon", from + ": x\n\n", "*" + reasonNoColon},
		{"folded first line", " x\n" + from + "\n", "*" + reasonFoldFirst},
		{"blank line folded at the end of a field", from + "Subject: x\n \nTo: b@x.example\n\n", "*" + reasonBlankFold},
		{"blank line folded within a field", from + "To: a\n  \n <a@x.example>\n\n", ""},
		{"the same before a MIME field", from + "To: a\n  \n <a@x.example>\nContent-Type: text/plain\n\n", "*" + reasonBlankFold},
		{"space before the colon", from + "To : b@x.example\nSubject\t: x\n\n", ""},
		{"space before a MIME colon", from + "Content-Type : text/plain\n\n", "*" + reasonSpaceColon},
		{"two types", from + "Content-Type: text/plain\nContent-Type: text/html\n\n", reasonTwoTypes},
		{"two encodings", from + "Content-Transfer-Encoding: 7bit\nContent-Transfer-Encoding: base64\n\n", reasonTwoEncodings},
		{"two dispositions", from + "Content-Disposition: inline\nContent-Disposition: attachment\n\n", reasonTwoDispos},
		{"two equal versions", from + "MIME-Version: 1.0\nMIME-Version: 1.0 (x)\n\n", ""},
		{"other version", from + "MIME-Version: 2.0\n\n", reasonVersion},
		{"commented version", from + "MIME-Version: 1.0 (Apple Message framework v1.0)\n\n", ""},
		{"empty type", from + "Content-Type:\n\n", reasonBadType},
		{"type without a slash", from + "Content-Type: text\n\n", reasonBadType},
		{"type with a blank", from + "Content-Type: text/pl ain\n\n", reasonBadType},
		{"type with 8 bits", from + "Content-Type: text/pl\xe5in\n\n", reasonBadType},
		{"unknown encoding", from + "Content-Transfer-Encoding: x-uuencode\n\n", reasonEncoding},
		{"empty encoding", from + "Content-Transfer-Encoding:\n\n", reasonEncoding},
		{"commented encoding", from + "Content-Transfer-Encoding: (x) Base64 (y)\n\n", ""},
		{"unclosed comment", from + "Content-Transfer-Encoding: 7bit (y\n\n", reasonParamSyntax},
		{"open quote", from + "Content-Type: text/plain; name=\"x\n\n", reasonParamSyntax},
		{"text after a quote", from + "Content-Type: text/plain; name=\"x\"y\n\n", reasonParamSyntax},
		{"parameter without a value", from + "Content-Type: text/plain; name\n\n", reasonParamSyntax},
		{"charset twice", from + "Content-Type: text/plain; charset=utf-8; charset=utf-16\n\n", reasonParamTwice},
		{"charset twice, the same", from + "Content-Type: text/plain; charset=utf-8; CHARSET=\"utf-8\"\n\n", ""},
		{"charset in pieces", from + "Content-Type: text/plain; charset*0=utf-; charset*1=8\n\n", reasonParamForm},
		{"file name in pieces", from + "Content-Disposition: attachment; filename*0=\"a\"; filename*1=\"b.pdf\"\n\n", ""},
		{"file name lacks a piece", from + "Content-Disposition: attachment; filename*0=\"a\"; filename*2=\"b.pdf\"\n\n", reasonParamParts},
		{"file name badly encoded", from + "Content-Disposition: attachment; filename*=utf-8''%zz\n\n", reasonParamCharset},
		{"file name in an unknown charset", from + "Content-Disposition: attachment; filename*=x-none''a\n\n", reasonParamCharset},
		{"file name with blanks", from + "Content-Disposition: attachment; filename=a b c.pdf\n\n", ""},
		{"file name in raw octets", from + "Content-Disposition: attachment; filename=\"\xe6\xf8.pdf\"\n\n", ""},
		{"no disposition", from + "Content-Disposition: ; filename=x\n\n", reasonBadDisposition},
		{"semicolon at the end", from + "Content-Type: text/plain; charset=utf-8;\n\n", ""},
		{"sound multipart", multi("boundary=b", sound), ""},
		{"bare boundary with equals signs", multi("boundary=--=_b?:x", "----=_b?:x\n\nx\n----=_b?:x--\n"), ""},
		{"no boundary", multi("x=y", sound), reasonNoBoundary},
		{"empty boundary", multi(`boundary=""`, sound), reasonNoBoundary},
		{"two boundaries", multi("boundary=b; boundary=c", sound), reasonParamTwice},
		{"extended boundary", multi("boundary*=utf-8''b", sound), reasonParamForm},
		{"boundary with a blank, bare", multi("boundary=b c", "--b c\n\nx\n--b c--\n"), reasonParamLoose},
		{"boundary with a blank at its end", multi(`boundary="b "`, "--b \n\nx\n--b --\n"), reasonBadBoundary},
		{"boundary too long", multi("boundary="+strings.Repeat("b", 71), "--"+strings.Repeat("b", 71)+"\n\nx\n--"+strings.Repeat("b", 71)+"--\n"), reasonBadBoundary},
		{"raw boundary", multi("boundary=\xe6", "--\xe6\n\nx\n--\xe6--\n"), reasonParamRaw + "; " + reasonBadBoundary},
		{"no closing", multi("boundary=b", "--b\n\nx\n"), reasonNoClosing},
		{"no parts", multi("boundary=b", "x\n"), reasonUnused + "; " + reasonNoClosing},
		{"only a closing", multi("boundary=b", "--b--\n"), reasonUnused},
		{"boundary after the closing", multi("boundary=b", sound+"--b\n\ny\n--b--\n"), reasonAfterClosing},
		{"boundary that goes on", multi("boundary=b", "--b\n\nx\n--bb\n--b--\n"), reasonPrefix},
		{"boundary with blanks behind", multi("boundary=b", "--b \t\n\nx\n--b-- \n"), ""},
		{"closing with text behind", multi("boundary=b", "--b\n\nx\n--b-- x\n"), reasonPrefix + "; " + reasonNoClosing},
		{"inner boundary begins like the outer", multi("boundary=b", "--b\nContent-Type: multipart/mixed; boundary=bc\n\n--bc\n\nx\n--bc--\n--b--\n"), reasonPrefix},
		{"outer boundary begins like the inner", multi("boundary=bc", "--bc\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--b--\n--bc--\n"), reasonPrefix},
		{"the same boundary inside", multi("boundary=b", "--b\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--b--\n--b--\n"), reasonSameBoundary + "; " + reasonAfterClosing + "; " + reasonNoClosing},
		{"inner without closing", multi("boundary=b", "--b\nContent-Type: multipart/mixed; boundary=c\n\n--c\n\nx\n--b--\n"), reasonNoClosing},
		{"part header without end", multi("boundary=b", "--b\nContent-Type: text/plain\n--b--\n"), reasonHeaderNoEnd},
		{"part header with a broken line", multi("boundary=b", "--b\nHello\n\nx\n--b--\n"), reasonNoColon},
		{"encoded multipart", from + "Content-Type: multipart/mixed; boundary=b\nContent-Transfer-Encoding: base64\n\n" + sound, reasonEncoded},
		{"encoded message", multi("boundary=b", "--b\nContent-Type: message/rfc822\nContent-Transfer-Encoding: quoted-printable\n\nFrom: b\n\n\n--b--\n"), reasonEncoded},
		{"partial", from + "Content-Type: message/partial; id=x; number=1\n\n", reasonPartial},
		{"external", from + "Content-Type: message/external-body; access-type=url\n\n", reasonExternal},
	}
	for _, test := range tests {
		m := read(t, crlf(test.raw))
		if got := reasons(m); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

func TestLimitsOfDepthPartsAndHeaderAreDefects(t *testing.T) {
	limits := Limits{Size: 1 << 20, Depth: 2, Parts: 4, HeaderBytes: 200}
	nest := func(depth int) string {
		raw := "From: a@x.example\r\n"
		for range depth {
			raw += "Content-Type: message/rfc822\r\n\r\n"
		}
		return raw + "\r\nx\r\n"
	}
	parts := func(n int) string {
		return "From: a@x.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" + strings.Repeat("--b\r\n\r\nx\r\n", n) + "--b--\r\n"
	}
	for name, test := range map[string]struct{ raw, want string }{
		"depth 2":      {nest(2), ""},
		"depth 3":      {nest(3), reasonDepth},
		"three parts":  {parts(3), ""},
		"four parts":   {parts(4), reasonParts},
		"header":       {"From: a@x.example\r\nX: " + strings.Repeat("x", 176) + "\r\n\r\n", ""},
		"large header": {"From: a@x.example\r\nX: " + strings.Repeat("x", 177) + "\r\n\r\n", "*" + reasonHeaderSize},
	} {
		m, err := Read(strings.NewReader(test.raw), limits)
		if err != nil {
			t.Fatal(err)
		}
		if got := reasons(m); got != test.want {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}

func TestPartsHaveTheirPlacesAndRanges(t *testing.T) {
	m := read(t, crlf(`From: a@x.example
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="=_a"

before
--=_a
Content-Type: multipart/alternative; boundary="=_b"

--=_b
Content-Type: text/plain; charset=utf-8

text
--=_b
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: quoted-printable

<p>h=C3=A6</p>
--=_b--
--=_a
Content-Type: application/pdf; name="=?utf-8?Q?m=C3=B8de.pdf?="
Content-Transfer-Encoding: base64
Content-Disposition: attachment; filename*0*=utf-8''m%C3%B8; filename*1="de.pdf"

JVBERg==

--=_a
Content-Type: message/rfc822

Subject: inner
Content-Type: multipart/mixed; boundary=c

--c

inner text
--c
Content-Type: text/calendar

BEGIN:VCALENDAR
--c--
--=_a
Content-Type: multipart/digest; boundary=d

--d

Subject: one

first
--d--
--=_a
Content-Type: text/plain; name=notes.txt

notes
--=_a--
after
`))
	if len(m.Defects) > 0 {
		t.Fatalf("defects: %s", reasons(m))
	}
	var got []string
	var walk func(p *Part)
	walk = func(p *Part) {
		if len(p.Children) == 0 {
			content, err := m.Content(p)
			if err != nil {
				t.Errorf("%s: %v", p.Place, err)
			}
			got = append(got, p.Place.Full()+" = "+string(content))
		}
		for _, child := range p.Children {
			walk(child)
		}
	}
	walk(m.Root)
	want := []string{
		`body (text) = text`,
		`body (HTML) = <p>hæ</p>`,
		`attachment 1 (PDF) "møde.pdf" = %PDF`,
		`message, body (text) = inner text`,
		`message, attachment 1 (calendar) = BEGIN:VCALENDAR`,
		`message, body (text) = first`,
		`attachment 2 (text) "notes.txt" = notes`,
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if pre, epi := string(m.Bytes(m.Root.Preamble)), string(m.Bytes(m.Root.Epilogue)); pre != "before" || epi != "after\r\n" {
		t.Errorf("preamble %q, epilogue %q", pre, epi)
	}
}

func TestContentRefusesADamagedEncoding(t *testing.T) {
	for body, want := range map[string]string{
		"quoted-printable|a=C3=A6b":         "aæb",
		"quoted-printable|a=c3=a6b":         "aæb",
		"quoted-printable|a=\nb = \nc  \nd": "ab c\r\nd",
		"quoted-printable|a=":               "a",
		"quoted-printable|a=zz":             "!",
		"quoted-printable|a=4":              "!",
		"quoted-printable|1+1=2 is":         "!",
		"quoted-printable|\xe6":             "\xe6",
		"base64|w6Y=":                       "æ",
		"base64|w6\n Y=\n\n":                "æ",
		"base64|":                           "",
		"base64|w6Y":                        "!",
		"base64|w6Y=\n-- \nlist footer":     "!",
		"base64|w6Y=w6Y=":                   "!",
		"base64|w6Y==":                      "!",
		"base64|w6Y*":                       "!",
		"8bit|\xe6":                         "\xe6",
		"binary|a=C3":                       "a=C3",
		"x-uuencode|a":                      "!",
	} {
		encoding, text, _ := strings.Cut(body, "|")
		m := read(t, crlf("From: a@x.example\nContent-Transfer-Encoding: "+encoding+"\n\n"+text))
		got, err := m.Content(m.Root)
		if want == "!" {
			if err == nil || !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrEncoding) {
				t.Errorf("%q: got %q, %v, want an error", body, got, err)
			}
			continue
		}
		if err != nil || string(got) != want {
			t.Errorf("%q: got %q, %v, want %q", body, got, err, want)
		}
	}
}

func TestAFieldInACharsetThatCannotBeReadIsADefect(t *testing.T) {
	const word = "=?utf-7?Q?CPR_+ADA-70761-4285?="
	for name, raw := range map[string]string{
		"a subject":          "From: a@x.example\nSubject: x " + word + "\n\n",
		"a display name":     "From: a@x.example\nTo: " + word + " <b@x.example>\n\n",
		"a quoted one":       "From: a@x.example\nTo: \"" + word + "\" <b@x.example>\n\n",
		"a comment":          "From: a@x.example (" + word + ")\n\n",
		"any field":          "From: a@x.example\nX-Odd: " + word + "\n\n",
		"a file name":        "From: a@x.example\nContent-Type: application/pdf; name=\"" + word + "\"\n\n",
		"a part":             "From: a@x.example\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Description: " + word + "\n\nx\n--b--\n",
		"a nested message":   "From: a@x.example\nContent-Type: message/rfc822\n\nSubject: " + word + "\n\nx\n",
		"no known charset":   "From: a@x.example\nSubject: =?x-own-cp?B?MDcwNzYxNDI4NQ==?=\n\n",
		"blanks in the word": "From: a@x.example\nSubject: =?utf-7?Q?CPR +ADA-70761?=\n\n",
		"a folded word":      "From: a@x.example\nSubject: =?utf-7?Q?CPR\n +ADA-70761?=\n\n",
		"with a language":    "From: a@x.example\nSubject: =?utf-7*da?q?+ADA-70761?=\n\n",
		"damaged base64":     "From: a@x.example\nSubject: =?utf-8?B?MDcw.NzYxNDI4NQ=?=\n\n",
		"octets of no use":   "From: a@x.example\nSubject: =?hz-gb-2312?Q?x?= =?x-none?Q?y?=\n\n",
	} {
		m := read(t, crlf(raw))
		if len(m.Defects) != 1 || m.Defects[0].Reason != reasonWords || m.Defects[0].Header {
			t.Errorf("%s: %+v", name, m.Defects)
		}
	}
}

func TestWhatIsNoEncodedWordIsNoDefect(t *testing.T) {
	for _, value := range []string{
		"=?utf-8?Q?m=C3=B8de?= =?iso-8859-15?B?5g==?= =?windows-1257?q?=E6?= =?koi8-r?B?8A==?= =?gb18030?B?xOM=?= =?iso-2022-jp?B?GyRCJCIbKEI=?=",
		"=?us-ascii?Q?plain?= =?UTF-8?B?w6Y?= =?utf-8?B??= =?utf-8?Q?raw \xf8 and =zz?=",
		"why =? because ?= no", "=?what?really?yes?=", "=?x?q", "a=?b?c", "http://x.example/?a=?b?q?c", "=?who knows?q?x?=", "=?maybe?q?or maybe not?=", "=??q?x?=", "=?utf-8?x?y?=",
	} {
		m := read(t, "From: a@x.example\r\nSubject: "+value+"\r\n\r\n")
		if len(m.Defects) > 0 {
			t.Errorf("%q: %q", value, reasons(m))
		}
	}
}
