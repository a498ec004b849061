package extract

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"postvern.example/policy/detect"
	"postvern.example/proxy/message"
)

// read parses a mail that is written with bare line ends.
func read(t testing.TB, mail string) *message.Message {
	t.Helper()
	m, err := message.Read(strings.NewReader(crlf(mail)), message.DefaultLimits())
	if err != nil {
		t.Fatalf("read the mail: %v", err)
	}
	return m
}

func crlf(text string) string {
	return strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\n", "\r\n")
}

// extracted returns what the extractor finds in a mail.
func extracted(t testing.TB, mail string) Result {
	t.Helper()
	return New(Config{}).Text(context.Background(), read(t, mail))
}

// attached returns a mail with one attachment.
func attached(mediaType, name string, data []byte) string {
	var b strings.Builder
	encoded := base64.StdEncoding.EncodeToString(data)
	for len(encoded) > 76 {
		b.WriteString(encoded[:76] + "\n")
		encoded = encoded[76:]
	}
	b.WriteString(encoded)
	return fmt.Sprintf(`From: anna@union.example
To: bo@member.example
Subject: Bilag
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="b"

--b
Content-Type: text/plain

Se bilag
--b
Content-Type: %s
Content-Disposition: attachment; filename="%s"
Content-Transfer-Encoding: base64

%s
--b--
`, mediaType, name, b.String())
}

func body(mediaType, text string) string {
	return "From: anna@union.example\nTo: bo@member.example\nSubject: Hej\nMIME-Version: 1.0\nContent-Type: " + mediaType +
		"\nContent-Transfer-Encoding: 8bit\n\n" + text + "\n"
}

// holds reports whether a segment has the text.
func (res Result) holds(text string) bool {
	for _, s := range res.Segments {
		if strings.Contains(s.Text, text) {
			return true
		}
	}
	return false
}

// dump lists segments and findings for a failed test.
func (res Result) dump() string {
	var b strings.Builder
	for _, s := range res.Segments {
		fmt.Fprintf(&b, "%s %d: %.300q\n", s.Place.Full(), s.Shape, s.Text)
	}
	for _, f := range res.Findings {
		fmt.Fprintf(&b, "! %s %s %v x%d\n", f.Kind, f.Place, f.Evidence, f.Count)
	}
	return b.String()
}

// segment returns the first segment with the text.
func (res Result) segment(text string) (detect.Segment, bool) {
	for _, s := range res.Segments {
		if strings.Contains(s.Text, text) {
			return s, true
		}
	}
	return detect.Segment{}, false
}

func (res Result) finding(kind detect.Kind) (detect.Finding, bool) {
	for _, f := range res.Findings {
		if f.Kind == kind {
			return f, true
		}
	}
	return detect.Finding{}, false
}

func TestEveryPieceOfAMailIsReadWithItsPlace(t *testing.T) {
	res := extracted(t, `From: "Bo Ek 0102031111" <anna@union.example> (0102032222)
To: =?utf-8?q?Cpr_0102033333?= <bo@member.example>
Subject: =?iso-8859-1?q?s=F8gning?= 0102034444
X-Note: 0102035555
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="b"; note="0102036666"

preamble 0102037777
--b
Content-Type: text/plain; charset=utf-8

blåbær 0102038888
--b
Content-Type: text/plain; name="cpr 0102039999.txt"
Content-Disposition: attachment; filename*=utf-8''cpr%200102030000.txt

navn
--b
Content-Type: message/rfc822

From: c@member.example
Subject: Videresendt 0102031212

indre 0102031313
--b--
epilogue 0102031414
`)
	for _, c := range []struct{ text, place string }{
		{"0102031111", "header (From)"},
		{"0102032222", "header (From)"},
		{"0102033333", "header (To)"},
		{"søgning 0102034444", "header (Subject)"},
		{"0102035555", "header (other)"},
		{"0102036666", "name"},
		{"0102037777", "structure"},
		{"blåbær 0102038888", "body (text)"},
		{"0102039999", "attachment 1 (text), name"},
		{"0102030000", "attachment 1 (text), name"},
		{"0102031212", "message, header (Subject)"},
		{"indre 0102031313", "message, body (text)"},
		{"0102031414", "structure"},
	} {
		s, ok := res.segment(c.text)
		switch {
		case !ok:
			t.Errorf("%q was not read", c.text)
		case s.Place.String() != c.place && !strings.HasPrefix(s.Place.String(), "attachment 1"):
			t.Errorf("%q stands in %q, want %q", c.text, s.Place, c.place)
		}
	}
	if t.Failed() {
		t.Log(res.dump())
	}
}

func TestBodiesAreReadInEveryCharset(t *testing.T) {
	const want = "Blåbærgrød 010203-1234"
	for _, c := range []struct{ name, charset, bytes string }{
		{"UTF-8", "utf-8", want},
		{"UTF-8 that says it is Latin-1", "iso-8859-1", want},
		{"UTF-8 that says nothing", "", want},
		{"UTF-8 of an unknown name", "x-nobody-knows", want},
		{"Latin-1", "iso-8859-1", "Bl\xe5b\xe6rgr\xf8d 010203-1234"},
		{"Latin-1 that says it is UTF-8", "utf-8", "Bl\xe5b\xe6rgr\xf8d 010203-1234"},
		{"Latin-1 that says nothing", "", "Bl\xe5b\xe6rgr\xf8d 010203-1234"},
		{"Latin-1 that says it is ASCII", "us-ascii", "Bl\xe5b\xe6rgr\xf8d 010203-1234"},
		{"code page 850", "ibm850", "Bl\x86b\x91rgr\x9bd 010203-1234"},
		{"code page 865", "cp865", "Bl\x86b\x91rgr\x9bd 010203-1234"},
		{"Macintosh", "macintosh", "Bl\x8cb\xbergr\xbfd 010203-1234"},
		{"UTF-16 with a BOM", "utf-16", "\xff\xfe" + utf16le(want)},
		{"UTF-16 without one", "utf-16le", utf16le(want)},
		{"UTF-16 that says it is UTF-8", "utf-8", utf16le(want)},
		{"a broken character in UTF-8", "utf-8", "\xff " + want},
	} {
		texts, ok := decode([]byte(c.bytes), c.charset)
		if !ok {
			t.Errorf("%s: is unscannable", c.name)
		}
		if !strings.Contains(strings.Join(texts, "\n"), want) {
			t.Errorf("%s: read as %q", c.name, texts)
		}
	}
}

func utf16le(text string) string {
	var b strings.Builder
	for _, r := range text {
		b.WriteByte(byte(r))
		b.WriteByte(byte(r >> 8))
	}
	return b.String()
}

func TestTextThatMayBeAnotherIsUnscannable(t *testing.T) {
	for _, charset := range []string{"utf-7", "UTF7", "unicode-1-1-utf-7", "x-unicode-2-0-utf-7"} {
		res := extracted(t, body("text/plain; charset="+charset, "+MAExADAAMg-"))
		if f, ok := res.finding(detect.Unscannable); !ok || f.Evidence[0] != whyCharset {
			t.Errorf("%s: no finding\n%s", charset, res.dump())
		}
	}
	if res := extracted(t, body("text/plain; charset=x-nobody", "bl\xe5")); len(res.Findings) != 1 {
		t.Errorf("an unknown charset that was needed: %s", res.dump())
	}
	if res := extracted(t, body("text/html", "<meta charset=utf-7>+MAExADAAMg-")); len(res.Findings) != 1 {
		t.Errorf("UTF-7 in a page: %s", res.dump())
	}
}

func TestTextInTwoWaysOfReadingIsReadInBoth(t *testing.T) {
	res := extracted(t, body("text/plain; charset=iso-2022-jp", "010203-1234 \x1b$B010203-1234"))
	if !res.holds("010203-1234 \x1b"[:11]) || len(res.Segments) < 4 {
		t.Error(res.dump())
	}
	ebcdic, ok := decode([]byte("\xf0\xf1\xf0\xf2\xf0\xf3\xf1\xf2\xf3\xf4"), "ibm037")
	if !ok || ebcdic[0] != "0102031234" {
		t.Errorf("EBCDIC was read as %q", ebcdic)
	}
}

func TestFlowedLinesAreJoined(t *testing.T) {
	for _, c := range []struct{ params, text, want string }{
		{"; format=flowed", "cpr 010203 \n1234 slut", "cpr 010203 1234 slut"},
		{"; format=flowed; delsp=yes", "cpr 010203- \n1234 slut", "cpr 010203-1234 slut"},
		{"; format=flowed", "> citat med \n> flere linjer\nsvar", "> citat med flere linjer\nsvar"},
		{"; format=flowed", " From her\nslut", "From her\nslut"},
		{"; format=flowed", "hej\n\n-- \nAnna", "hej\n\n-- \nAnna"},
		{"", "cpr 010203 \n1234", "cpr 010203 \n1234"},
	} {
		res := extracted(t, body("text/plain"+c.params, c.text))
		if !res.holds(c.want) {
			t.Errorf("%q: not read as %q\n%s", c.text, c.want, res.dump())
		}
	}
}

func TestTextIsCleanedOfWhatNobodySees(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"soft hyphens", "0102\u00ad03\u00ad1234", "0102031234"},
		{"zero-width spaces", "0\u200b1\u200c0\u200d2\ufeff031234", "0102031234"},
		{"full-width digits", "０１０２０３－１２３４", "010203-1234"},
		{"Arabic digits", "٠١٠٢٠٣١٢٣٤", "0102031234"},
		{"mathematical digits", "𝟎𝟏𝟎𝟐𝟎𝟑𝟏𝟐𝟑𝟒", "0102031234"},
		{"a non-breaking hyphen", "010203\u20111234", "010203-1234"},
		{"an en dash", "010203–1234", "010203-1234"},
		{"a non-breaking space", "010203\u00a01234", "010203 1234"},
		{"direction marks", "\u202e010203\u202c1234", "0102031234"},
		{"tag characters", "\U000E0030\U000E0031", "01"},
		{"decomposed letters", "bla\u030abær", "blåbær"},
		{"ligatures", "ﬁnger", "finger"},
		{"control characters", "0102\x000\x0331234", "010203 1234"[:4] + "031234"},
		{"line ends", "a\r\nb\rc\u2028d", "a\nb\nc\nd"},
		{"Nordic letters", "æøåäöÆØÅ þð", "æøåäöÆØÅ þð"},
	} {
		if got := clean(c.text); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestTimeThatIsUpIsAFinding(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	res := New(Config{}).Text(ctx, read(t, body("text/plain", "010203-1234")))
	f, ok := res.finding(detect.Unscannable)
	if !ok || f.Evidence[0] != whyTime {
		t.Error(res.dump())
	}
	res = New(Config{Time: time.Nanosecond}).Text(context.Background(), read(t, body("text/plain", "010203-1234")))
	if _, ok := res.finding(detect.Unscannable); !ok {
		t.Error(res.dump())
	}
}

func TestTextOverTheLimitIsAFinding(t *testing.T) {
	res := New(Config{TextBytes: 1000}).Text(context.Background(), read(t, body("text/plain", strings.Repeat("ord ", 500))))
	f, ok := res.finding(detect.Unscannable)
	if !ok || f.Evidence[0] != whyText {
		t.Error(res.dump())
	}
}

func TestDefectsOfTheMessageAreFindings(t *testing.T) {
	res := extracted(t, "From: a@union.example\nMIME-Version: 1.0\nContent-Type: multipart/mixed\n\ncpr 010203-1234\n")
	f, ok := res.finding(detect.Unscannable)
	if !ok || f.Evidence[0] != whyStructure || len(f.Evidence) != 2 {
		t.Error(res.dump())
	}
	if !res.holds("010203-1234") {
		t.Error("the text was not read all the same")
	}
}
