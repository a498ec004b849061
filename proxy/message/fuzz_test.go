package message

import (
	"bytes"
	"strings"
	"testing"
)

// FuzzRead holds Read to its promises: no panic, the octets unchanged, ranges
// inside the message, and line ends of SMTP only.
func FuzzRead(f *testing.F) {
	for _, m := range samples(f) {
		f.Add(m.text.Held)
	}
	f.Add([]byte("From: a@x.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n"))
	f.Add([]byte("Content-Type: message/rfc822\r\n\r\nContent-Type: multipart/mixed; boundary*0=a; boundary*1=b\r\n\r\n--ab--"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		limits := Limits{Size: 1 << 20, Depth: 5, Parts: 50, HeaderBytes: 4096}
		m, err := Read(bytes.NewReader(raw), limits)
		lines := bytes.ReplaceAll(raw, []byte("\r\n"), nil)
		if sound := !bytes.ContainsAny(lines, "\r\n\x00"); (err == nil) != (sound && len(raw) <= 1<<20) {
			t.Fatalf("%q: %v", raw, err)
		}
		if err != nil {
			return
		}
		if out, err := m.Apply(); err != nil || !bytes.Equal(out, raw) {
			t.Fatalf("no edit changed %q", raw)
		}
		m.Sealed()
		checkPart(t, m, m.Root, Range{0, len(raw)})
	})
}

// checkPart checks that what is inside stands inside, and in order.
func checkPart(t *testing.T, m *Message, p *Part, within Range) {
	inside := func(r Range) bool { return within.Start <= r.Start && r.Start <= r.End && r.End <= within.End }
	if !inside(p.Head) || !inside(p.Body) || p.Head.End != p.Body.Start {
		t.Fatalf("%q: part %+v in %v", m.text.Held, p, within)
	}
	at := p.Head.Start
	for _, f := range p.Fields {
		if f.Range.Start < at || f.Value.Start < f.Range.Start || f.Value.End < f.Value.Start || f.Range.End < f.Value.End || f.Range.End > p.Head.End {
			t.Fatalf("%q: field %+v in %v", m.text.Held, f, p.Head)
		}
		at = f.Range.End
		m.Text(f)
		if _, err := m.Mailboxes(f); err == nil && strings.Contains(f.Name, ":") {
			t.Fatalf("%q: field name %q", m.text.Held, f.Name)
		}
	}
	if strings.HasPrefix(p.MediaType, "multipart/") && (len(p.Children) > 0) && (!inside(p.Preamble) || !inside(p.Epilogue)) {
		t.Fatalf("%q: preamble %v, epilogue %v in %v", m.text.Held, p.Preamble, p.Epilogue, within)
	}
	content, err := m.Content(p)
	if err == nil && len(content) > len(m.Bytes(p.Body)) {
		t.Fatalf("%q: decoding made %d octets of %d", m.text.Held, len(content), p.Body.End-p.Body.Start)
	}
	last := p.Body.Start
	for _, child := range p.Children {
		if child.Head.Start < last {
			t.Fatalf("%q: parts out of order", m.text.Held)
		}
		checkPart(t, m, child, p.Body)
		last = child.Body.End
	}
}

// oneField makes any text one that can stand in a field.
func oneField(s string) string {
	return strings.NewReplacer("\x00", "", "\r\n ", "\r\n ", "\r\n\t", "\r\n\t", "\r", "", "\n", "").Replace(s)
}

// FuzzMailboxes compares our reading of an address list with the standard
// library's: where we read with certainty, it must not see somebody whom we do
// not see.
func FuzzMailboxes(f *testing.F) {
	for _, s := range []string{
		`John Doe <jdoe@machine.example>`, `"Joe Q. Public" <j@x.example>, Who? <one@y.test>`, `A:c@a.test,"d"@b.test;`,
		"a(x)@b . c\r\n ,<@r:d@e>", `=?utf-8?Q?,v@m.example,?= <a@b.example>`, `"v@m.example" <a@b>`, `a@[1.2.3.4], ,ø@æ.example`,
		`a@x.example; "b;c" <b@x.example>;`, `<>, a@x.example`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, value string) {
		value = oneField(value)
		raw := "From: a@x.example\r\nTo: " + value + "\r\n\r\n"
		m, err := Read(strings.NewReader(raw), DefaultLimits())
		if err != nil || len(m.Root.Fields) != 2 {
			return
		}
		boxes, err := m.Mailboxes(m.Root.Fields[1])
		if err != nil {
			return
		}
		ours := map[string]bool{}
		for _, b := range boxes {
			if !strings.Contains(b.Address, "@") || b.Range.Start < m.Root.Fields[1].Value.Start || b.Range.End > m.Root.Fields[1].Value.End {
				t.Fatalf("%q: %+v", value, b)
			}
			ours[plainAddress(b.Address)] = true
		}
		for _, theirs := range append(secondOpinion(m.text.Held), goMessageAddresses(m.text.Held)...) {
			if !ours[plainAddress(theirs)] {
				t.Fatalf("%q: another reader sees %q, we see %v", value, theirs, boxes)
			}
		}
	})
}

// plainAddress takes quotes and blanks out, in which readers differ without
// harm.
func plainAddress(s string) string {
	return strings.NewReplacer(`"`, "", `\`, "", " ", "", "\t", "", "\r", "", "\n", "").Replace(s)
}

// FuzzHide holds Hide to its promise: no reader finds a member, nobody else is
// touched.
func FuzzHide(f *testing.F) {
	f.Add("a@member.example, b@x.example", "G: c@member.example, d@x.example;")
	f.Add("\"a\" . b@member. example (c@member.example)", "=?utf-8?Q?e=40member.example?= <f@x.example>")
	f.Add("a@member.example; b@x.example;c@member.example", "<>, d@member.example")
	f.Add(",,a@x.example,(c),", "\r\n <@r.example:a@member.example>\r\n ,b@x.example")
	f.Fuzz(func(t *testing.T, to, cc string) {
		to = oneField(to)
		cc = oneField(cc)
		raw := "From: a@x.example\r\nTo: " + to + "\r\nCc: " + cc + "\r\n\r\nHej\r\n"
		m, err := Read(strings.NewReader(raw), DefaultLimits())
		if err != nil || len(m.Root.Fields) != 3 {
			return
		}
		edits, n, err := m.Hide(isMember)
		if err != nil {
			return
		}
		out, err := m.Apply(edits...)
		if err != nil {
			t.Fatalf("%q: %v", raw, err)
		}
		if n == 0 && len(edits) == 0 && string(out) != raw {
			t.Fatalf("%q became %q", raw, out)
		}
		checkHidden(t, m, out)
	})
}

// FuzzSetSubject writes any subject and reads it back with two readers.
func FuzzSetSubject(f *testing.F) {
	f.Add("TR – fortroligt: møde")
	f.Add(strings.Repeat("a  b ", 300) + "=?utf-8?Q?x?=")
	f.Add(strings.Repeat("😀", 40))
	f.Add("\t\x01\xff ")
	f.Fuzz(func(t *testing.T, text string) { checkSubject(t, text) })
}

// FuzzHideQuoted holds HideQuoted to its promise: what it gives back names
// nobody who is hidden, is read as before, and hides nothing where there is
// nobody.
func FuzzHideQuoted(f *testing.F) {
	f.Add("Fra: x\nTil: Bo <bo@member.example>, Chef <c@x.example>\nEmne: y\n", false)
	f.Add("<b>Fra:</b> x<br><b>Til:</b> Bo &lt;<a href=\"mailto:bo@member.example\">bo@member.example</a>&gt;; C<br>", true)
	f.Add("> From: x\n> To: \"A, B\" <a@member.example>,\n>\tc@x.example <\n> bo@member.example>\n", false)
	f.Add("Til: bo@member.example, c@x.example \n\n> Den 3. maj skrev Bo\n> <bo@member.example>:\n", false)
	f.Add("<style>/*bo@member.example*/</style><!--bo@member.example--><p a=bo&#64;member.example b='u?x=bo%40member.example' / =c>", true)
	f.Add("<p>An:&nbsp;<a href=\"mailto:bo@member.example\">Bo</a>, C &lt;c@x.example&gt;</p>On 3 May C <br>&lt;bo@member.example&gt; wrote:", true)
	f.Fuzz(func(t *testing.T, text string, html bool) {
		media := "text/plain"
		if html {
			media = "text/html"
		}
		raw := "From: a@x.example\r\nContent-Type: " + media + "; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n" + string(encodeBase64([]byte(text)))
		m, err := Read(strings.NewReader(raw), DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		edits, _, err := m.HideQuotedPeople(hideMember, hideMember, hideMember)
		if err != nil {
			return
		}
		out, err := m.Apply(edits...)
		if err != nil {
			t.Fatal(err)
		}
		if len(edits) == 0 && string(out) != raw {
			t.Fatalf("%q changed without an edit", text)
		}
		after, err := Read(bytes.NewReader(out), DefaultLimits())
		if err != nil || len(after.Defects) > 0 {
			t.Fatalf("%q: %v", text, err)
		}
		left, err := after.Quoted()
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range append(left.Recipients, left.Writers...) {
			if hideMember(r.Name, r.Address) {
				t.Fatalf("%q: still names %+v", text, r)
			}
		}
		for _, u := range left.Unseen {
			if hideMember(u.Name, u.Address) {
				t.Fatalf("%q: still names %+v where nobody sees it", text, u)
			}
		}
	})
}
