package message

import (
	"errors"
	"mime"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestSetSubjectChangesTheSubjectAndNothingElse(t *testing.T) {
	tests := []struct{ name, text, before, after string }{
		{"ASCII", "TR - Moede", "Subject: Moede\n", "Subject: TR - Moede\n"},
		{"the field's own name stays", "x", "SUBJECT:y\n", "SUBJECT: x\n"},
		{"folded field", "x", "Subject: a\n b\n\tc\n", "Subject: x\n"},
		{"Q is shorter", "TR - fortroligt om ferien og Møde", "Subject: x\n", "Subject: =?UTF-8?Q?TR_-_fortroligt_om_ferien_og_M=C3=B8de?=\n"},
		{"B is shorter", "åæøåæøåæø", "Subject: x\n", "Subject: =?UTF-8?B?w6XDpsO4w6XDpsO4w6XDpsO4?=\n"},
		{"empty", "", "Subject: x\n", "Subject:\n"},
		{"what looks encoded is encoded", "=?utf-8?Q?x?=", "Subject: x\n", "Subject: =?UTF-8?B?PT91dGYtOD9RP3g/PQ==?=\n"},
		{
			"long ASCII is folded at 78", strings.Repeat("moede ", 20), "Subject: x\n",
			"Subject: moede moede moede moede moede moede moede moede moede moede moede\n" +
				" moede moede moede moede moede moede moede moede moede\n",
		},
		{"blanks in a row stay together", "a  b   c", "Subject: x\n", "Subject: a  b   c\n"},
		{"invalid UTF-8", "a\xffb", "Subject: x\n", "Subject: =?UTF-8?B?Ye+/vWI=?=\n"},
	}
	for _, test := range tests {
		frame := func(s string) string {
			return crlf("From: a@x.example\nX-Odd:  \xe6 \n" + s + "To: b@x.example\n\nSubject: in the body\n")
		}
		m := read(t, frame(test.before))
		edits, err := m.SetSubject(test.text)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if got := apply(t, m, edits); got != frame(test.after) {
			t.Errorf("%s:\ngot  %q\nwant %q", test.name, got, frame(test.after))
		}
	}
}

func TestSetSubjectAddsTheFieldWhereItIsMissing(t *testing.T) {
	m := read(t, crlf("Received: x\nFrom: a@x.example\nTo: b@x.example\n\nHej\n"))
	edits, err := m.SetSubject("TR – ny")
	want := crlf("Received: x\nSubject: =?UTF-8?B?VFIg4oCTIG55?=\nFrom: a@x.example\nTo: b@x.example\n\nHej\n")
	if got := apply(t, m, edits); err != nil || got != want {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestSetSubjectRefusesWhatWouldAddFields(t *testing.T) {
	m := read(t, crlf("From: a@x.example\nSubject: x\n\n"))
	for _, text := range []string{"a\r\nBcc: b@x.example", "a\nb", "a\rb", "a\x00b"} {
		if _, err := m.SetSubject(text); !errors.Is(err, ErrField) {
			t.Errorf("%q: got %v, want ErrField", text, err)
		}
	}
	two := read(t, crlf("From: a@x.example\nSubject: x\nSubject: y\n\n"))
	if _, err := two.SetSubject("z"); err == nil {
		t.Error("two Subject fields were taken for one")
	}
}

// checkSubject sets a subject and reads it back, with our reader and with the
// standard library's.
func checkSubject(t fataler, text string) {
	m, err := Read(strings.NewReader("From: a@x.example\r\nSubject: x\r\n\r\n"), DefaultLimits())
	if err != nil {
		t.Fatalf("%v", err)
	}
	edits, err := m.SetSubject(text)
	if err != nil {
		if strings.ContainsAny(text, "\r\n\x00") {
			return
		}
		t.Fatalf("%q: %v", text, err)
	}
	out, err := m.Apply(edits...)
	if err != nil {
		t.Fatalf("%v", err)
	}
	after, err := Read(strings.NewReader(string(out)), DefaultLimits())
	if err != nil || len(after.Defects) > 0 || len(after.Root.Fields) != 2 {
		t.Fatalf("%q: %v, %v", out, err, after.Defects)
	}
	f := after.Root.Fields[1]
	value := string(after.Bytes(f.Value))
	want := strings.TrimSpace(strings.ToValidUTF8(text, "\uFFFD"))
	if got, err := new(mime.WordDecoder).DecodeHeader(strings.TrimSpace(strings.ReplaceAll(value, "\r\n", ""))); err != nil || got != want {
		t.Fatalf("%q: the standard library reads %q (%v) in %q", text, got, err, value)
	}
	if got := after.Text(f); got != strings.TrimSpace(cleaner.Replace(want)) {
		t.Fatalf("%q reads as %q", text, got)
	}
	checkLines(t, string(after.Bytes(f.Range)))
}

// checkLines holds a field to RFC 5322 §2.1.1 and RFC 2047 §2.
func checkLines(t fataler, field string) {
	for line := range strings.SplitSeq(strings.TrimSuffix(field, "\r\n"), "\r\n") {
		if strings.TrimSpace(line) == "" || !isASCIIString(line) || len(line) > 998 {
			t.Fatalf("bad line %q", line)
		}
		if strings.Contains(line, "=?") && len(line) > 76 {
			t.Fatalf("a line with encoded words has %d characters: %q", len(line), line)
		}
		for word := range strings.FieldsSeq(line) {
			if !strings.HasPrefix(word, "=?") {
				continue
			}
			text, err := new(mime.WordDecoder).Decode(word)
			if err != nil || len(word) > 75 || !utf8.ValidString(text) {
				t.Fatalf("bad word %q: %v", word, err)
			}
		}
	}
}

func isASCIIString(s string) bool { return isASCII([]byte(s)) }

func TestAnySubjectSurvivesBeingWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		checkSubject(t, rapid.StringOfN(rapid.RuneFrom([]rune("abc æøå–😀=?_ \t\x01\u0301z")), 0, 300, -1).Draw(t, "text"))
	})
}

func TestEncodeWordsLeavesASCIIAlone(t *testing.T) {
	for text, want := range map[string]string{
		"TR fortroligt": "TR fortroligt",
		"":              "",
		"Åsa":           "=?UTF-8?Q?=C3=85sa?=",
		" a":            "=?UTF-8?Q?_a?=",
		"a\x7f":         "=?UTF-8?Q?a=7F?=",
	} {
		if got := EncodeWords(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
	for word := range strings.FieldsSeq(EncodeWords(strings.Repeat("fælles 😀 ", 40))) {
		if len(word) > 75 {
			t.Errorf("%q has %d characters", word, len(word))
		}
	}
}

func TestTextDecodesWhatProgramsWrite(t *testing.T) {
	tests := map[string]string{
		"plain":                     "plain",
		" two\r\n lines\r\n\tthree": "two lines three",
		"=?utf-8?Q?f=C3=A6lles?=":   "fælles",
		"=?UTF-8?q?f=c3=a6lles?= =?utf-8?B?w7g=?=": "fællesø",
		"=?utf-8?Q?f=C3?=\r\n =?utf-8?Q?=A6lles?=": "fælles", // a character cut in two
		"=?utf-8?B?ZsM=?= =?utf-8?B?pg==?=":        "fæ",
		"=?utf-8?Q?a?= b =?utf-8?Q?c?=":            "a b c",
		"Re: =?iso-8859-1?Q?m=F8de?= i dag":        "Re: møde i dag",
		"=?iso-8859-15?Q?=A4?=":                    "€",
		"=?windows-1252?Q?=93x=94?=":               "“x”",
		"=?iso-8859-1?Q?=93x=94?=":                 "“x”",
		"=?koi8-r?B?8NLJ18XU?=":                    "Привет",
		"=?iso-2022-jp?B?GyRCJUYlOSVIGyhC?=":       "テスト",
		"=?gb2312?B?xOO6ww==?=":                    "你好",
		"=?utf-8*da-DK?Q?=C3=B8?=":                 "ø",
		"=?us-ascii?Q?=C3=B8?=":                    "ø",
		"=?x-unknown?Q?=C3=B8?=":                   "ø",
		"=?utf-8?Q?=FF?=":                          "ÿ",
		"=?utf-8?B?!!?=":                           "=?utf-8?B?!!?=",
		"=?utf-8?B?w7g?=":                          "ø",
		"=?utf-8?Q?with blank?=":                   "with blank",
		"=?utf-8?X?a?=":                            "=?utf-8?X?a?=",
		"=?utf-8?Q?open":                           "=?utf-8?Q?open",
		"a=?utf-8?Q?=C3=B8?=b":                     "aøb",
		"\"=?utf-8?Q?=C3=B8?=\"":                   "\"ø\"",
		"=?utf-8?Q?a=0D=0ABcc:_x?=":                "a Bcc: x",
		"rå æøå":                                   "rå æøå",
		"r\xe5 \xe6\xf8\xe5":                       "rå æøå",
		"=?":                                       "=?",
		"=?=?=?utf-8?Q?x?=?=":                      "=?=?x?=",
		"=?utf-8?Q??=":                             "",
		"=?utf-16be?B?AGEA+A==?=":                  "aø",
	}
	for value, want := range tests {
		m, f := withField(t, "Subject:"+value)
		if got := m.Text(f); got != want {
			t.Errorf("%q: got %q, want %q", value, got, want)
		}
	}
}

func TestAddTopPutsAFieldAboveAllOthers(t *testing.T) {
	m := read(t, crlf("Received: x\nFrom: a@x.example\n\n"))
	date, err := m.AddTop("Date", "Mon, 2 Jan 2006 15:04:05 +0100")
	if err != nil {
		t.Fatal(err)
	}
	note, err := m.AddTop("X-Note", "fælles "+strings.Repeat("x", 990))
	if err != nil {
		t.Fatal(err)
	}
	out := read(t, apply(t, m, []Edit{date, note}))
	if f := out.Root.Fields; len(f) != 4 || f[0].Name != "Date" || f[1].Name != "X-Note" || f[2].Name != "Received" {
		t.Errorf("got %+v", f)
	}
	checkLines(t, string(out.Bytes(out.Root.Fields[1].Range)))
	for _, bad := range [][2]string{{"X", "a\r\nBcc: b@x.example"}, {"X", "a\n"}, {"X", "\x00"}, {"", "x"}, {"A B", "x"}, {"A:", "x"}, {"Å", "x"}, {"A\r\n", "x"}} {
		if e, err := m.AddTop(bad[0], bad[1]); !errors.Is(err, ErrField) {
			t.Errorf("%q: got %q, %v, want ErrField", bad, e.With, err)
		}
	}
}

func TestDropTakesEveryFieldOfANameWhole(t *testing.T) {
	m := read(t, crlf("Bcc: a@x.example,\n b@x.example\nFrom: a@x.example\nbcc :\n c@x.example\nBcc-Not: x\n\nBcc: body\n"))
	if got := apply(t, m, m.Drop("BCC", "Absent")); got != crlf("From: a@x.example\nBcc-Not: x\n\nBcc: body\n") {
		t.Errorf("got %q", got)
	}
}

func TestApplyRefusesEditsThatMeet(t *testing.T) {
	m := read(t, crlf("From: a@x.example\n\n0123456789\n"))
	for name, test := range map[string]struct {
		edits []Edit
		err   error
	}{
		"overlap":          {[]Edit{{Range: Range{5, 9}}, {Range: Range{8, 10}}}, ErrOverlap},
		"the same twice":   {[]Edit{{Range: Range{5, 9}}, {Range: Range{5, 9}}}, ErrOverlap},
		"insert within":    {[]Edit{{Range: Range{5, 9}}, {Range: Range{6, 6}, With: []byte("x")}}, ErrOverlap},
		"past the end":     {[]Edit{{Range: Range{5, 999}}}, ErrRange},
		"before the start": {[]Edit{{Range: Range{-1, 2}}}, ErrRange},
		"backwards":        {[]Edit{{Range: Range{4, 2}}}, ErrRange},
	} {
		if out, err := m.Apply(test.edits...); !errors.Is(err, test.err) {
			t.Errorf("%s: got %q, %v", name, out, err)
		}
	}
	out, err := m.Apply(Edit{Range{9, 9}, []byte("1")}, Edit{Range{5, 9}, []byte("-")}, Edit{Range{5, 5}, []byte("a")}, Edit{Range{9, 9}, []byte("2")})
	if want := "From:a-12" + string(m.text.Held[9:]); err != nil || string(out) != want {
		t.Errorf("touching edits: got %q, %v, want %q", out, err, want)
	}
}

func TestApplyChangesOnlyTheRangesThatItIsGiven(t *testing.T) {
	raw := crlf("From: a@x.example\nTo: b@x.example\n\n" + strings.Repeat("0123456789\n", 20))
	m := read(t, raw)
	rapid.Check(t, func(t *rapid.T) {
		var edits []Edit
		want, at := "", 0
		for at < len(raw) {
			keep := rapid.IntRange(1, 40).Draw(t, "keep")
			start := min(len(raw), at+keep)
			end := min(len(raw), start+rapid.IntRange(0, 20).Draw(t, "cut"))
			with := rapid.SampledFrom([]string{"", "x", "yy\r\n"}).Draw(t, "with")
			want += raw[at:start] + with
			edits = append([]Edit{{Range{start, end}, []byte(with)}}, edits...)
			at = end
			if start == len(raw) {
				break
			}
		}
		out, err := m.Apply(edits...)
		if err != nil || string(out) != want+raw[at:] {
			t.Fatalf("%v: got %q, %v, want %q", edits, out, err, want+raw[at:])
		}
	})
	if out := apply(t, m, nil); out != raw {
		t.Error("no edit changed the message")
	}
}
