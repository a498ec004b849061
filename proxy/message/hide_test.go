package message

import (
	"bytes"
	"net/mail"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"postvern.example/internal/octets"
	"postvern.example/policy/detect"
)

// isMember hides what stands at the members' domain, however it is written.
func isMember(address string) bool {
	canonical, ok := detect.CanonicalAddress(address)
	return ok && (strings.HasSuffix(canonical, "@member.example") || strings.HasSuffix(canonical, "@xn--medlemmer-e3a.example"))
}

func TestHideTakesMembersOutAndLeavesTheRestAsWritten(t *testing.T) {
	tests := []struct{ name, before, after string }{
		{"nobody hidden", "To: a@x.example,\n b@x.example\n", "To: a@x.example,\n b@x.example\n"},
		{"first", "To: a@member.example, Bo <b@x.example>\n", "To: Bo <b@x.example>\n"},
		{"first, folded", "To: a@member.example,\n\tBo <b@x.example>\n", "To: Bo <b@x.example>\n"},
		{"middle", "To: A <a@x.example>,\n B <b@member.example>,\n C <c@x.example>\n", "To: A <a@x.example>,\n C <c@x.example>\n"},
		{"last", "To: A <a@x.example>,\n B <b@member.example>\n", "To: A <a@x.example>\n"},
		{"last two", "To: a@x.example, b@member.example , c@member.example\n", "To: a@x.example\n"},
		{"first two", "To: a@member.example, b@member.example , c@x.example\n", "To: c@x.example\n"},
		{"all but the middle", "To: a@member.example, (k) b@x.example (l), c@member.example\n", "To: (k) b@x.example (l)\n"},
		{"every second", "Cc: a@member.example, b@x.example, c@member.example, d@x.example,e@member.example\n", "Cc: b@x.example, d@x.example\n"},
		{"empty elements", "To: ,a@member.example,, b@x.example,,c@member.example,\n", "To: ,b@x.example\n"},
		{"all of To", "To: A <a@member.example>,\n b@member.example\nCc: c@x.example\n", "To: undisclosed-recipients:;\nCc: c@x.example\n"},
		{"all of Cc", "To: c@x.example\nCc: A <a@member.example>,\n b@member.example\n", "To: c@x.example\n"},
		{"all of both", "To: a@member.example\nCc: b@member.example\n", "To: undisclosed-recipients:;\n"},
		{"one of two To fields", "To: a@member.example\nTo: b@x.example\n", "To: b@x.example\n"},
		{"both of two To fields", "To: a@member.example\nCc: k@x.example\nTo: b@member.example\n", "To: undisclosed-recipients:;\nCc: k@x.example\n"},
		{"an empty To beside an emptied one", "To: a@member.example\nTo: \n", "To: undisclosed-recipients:;\nTo: \n"},
		{"part of a group", "To: TR: a@member.example, b@x.example, c@member.example;, d@x.example\n", "To: TR: b@x.example;, d@x.example\n"},
		{"all of a group", "To: TR: a@member.example, c@member.example;, d@x.example\n", "To: d@x.example\n"},
		{"all of the only group", "To: TR: a@member.example;\n", "To: undisclosed-recipients:;\n"},
		{"an empty group stays", "To: TR:;, a@member.example\n", "To: TR:;\n"},
		{"comments around a hidden one", "To: (x) a@member.example (y), (z) b@x.example\n", "To: (z) b@x.example\n"},
		{"a comment between", "To: a@x.example, (only a comment), b@member.example\n", "To: a@x.example, (only a comment)\n"},
		{"a comment that names one", "To: a@x.example, (b@member.example), c@x.example\n", "To: a@x.example, c@x.example\n"},
		{"a name that is a member's address", "To: \"b@member.example\" <all@list.example>, c@x.example\n", "To: c@x.example\n"},
		{"a name with another at-sign", "To: \"b＠member.example\" <all@list.example>, c@x.example\n", "To: c@x.example\n"},
		{"an encoded name that is one", "To: =?utf-8?B?YkBtZW1iZXIuZXhhbXBsZQ==?= <all@list.example>, c@x.example\n", "To: c@x.example\n"},
		{"a comment after a name that is one", "To: Bo <bo@x.example> (=?utf-8?Q?for_b=40member.example?=), c@x.example\n", "To: c@x.example\n"},
		{"quoted local part", "To: \"a\".b@member.example, c@x.example\n", "To: c@x.example\n"},
		{"blanks and comments in the address", "To: Anna < a (her) @ member (of us) . example > , c@x.example\n", "To: c@x.example\n"},
		{"source route", "To: <@relay.example:a@member.example>, c@x.example\n", "To: c@x.example\n"},
		{"upper case field and address", "TO: A@MEMBER.EXAMPLE, c@x.example\n", "TO: c@x.example\n"},
		{"space before the colon", "To : a@member.example, c@x.example\n", "To : c@x.example\n"},
		{"encoded words of others", "Cc: =?iso-8859-1?Q?S=F8ren?= =?iso-8859-1?Q?_Bo?=\n\t<s@x.example>, a@member.example\n", "Cc: =?iso-8859-1?Q?S=F8ren?= =?iso-8859-1?Q?_Bo?=\n\t<s@x.example>\n"},
		{"raw octets of others", "Cc: a@member.example, S\xf8ren <s@x.example>\n", "Cc: S\xf8ren <s@x.example>\n"},
		{"IDN in either form", "Cc: a@medlemmerå.example, b@x.example, c@XN--medlemmer-e3a.example\n", "Cc: b@x.example\n"},
		{"plus-tag", "Cc: A+TR@Member.example, b+tr@x.example\n", "Cc: b+tr@x.example\n"},
		{"full-width letters and no-width ones", "Cc: ａ@member.example, a\u200b@member.example, b@x.example\n", "Cc: b@x.example\n"},
		{"Microsoft's undisclosed To", "To: <Undisclosed-Recipient:;>\nCc: a@member.example\n", "To: <Undisclosed-Recipient:;>\n"},
		{"semicolons, as people type them", "To: a@x.example; b@member.example;Bo <c@x.example>; d@member.example\n", "To: a@x.example;Bo <c@x.example>\n"},
		{"semicolons, the first of them", "To: a@member.example; b@x.example;\n", "To: b@x.example;\n"},
		{"semicolons, all of them", "To: a@member.example; b@member.example;\n", "To: undisclosed-recipients:;\n"},
		{"nobody in brackets", "To: <>\nCc: a@member.example, b@x.example\n", "To: <>\nCc: b@x.example\n"},
		{"nobody at all", "To: ,\nCc: a@member.example\n", "To: ,\n"},
		{"an open empty group", "To: undisclosed-recipients:\nCc: a@member.example\n", "To: undisclosed-recipients:\n"},
		{"an undisclosed To stays", "To: undisclosed-recipients: ;\nCc: a@member.example\n", "To: undisclosed-recipients: ;\n"},
	}
	for _, test := range tests {
		frame := func(s string) string {
			return crlf("Received: x\nFrom: tr@union.example\n" + s + "Subject: =?utf-8?Q?m=C3=B8de?=\n\nHej a@member.example\n")
		}
		m := read(t, frame(test.before))
		edits, _, err := m.Hide(isMember)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if got := apply(t, m, edits); got != frame(test.after) {
			t.Errorf("%s:\ngot  %q\nwant %q", test.name, got, frame(test.after))
		}
	}
}

func TestHideCountsMailboxesAndNotFields(t *testing.T) {
	m := read(t, crlf("From: a@x.example\nTo: a@member.example, G: b@member.example, c@x.example;\nCc: d@member.example, e@x.example\n\n"))
	if _, n, err := m.Hide(isMember); n != 3 || err != nil {
		t.Errorf("got %d, %v, want 3", n, err)
	}
	if edits, n, err := m.Hide(isMember, "Cc", "cc", "Reply-To"); n != 1 || len(edits) != 1 || err != nil {
		t.Errorf("of Cc: got %d hidden by %d edits, %v, want 1 by 1", n, len(edits), err)
	}
}

func TestAGroupNamedAfterAHiddenAddressIsAnError(t *testing.T) {
	m := read(t, crlf("From: a@x.example\nTo: \"b@member.example\": c@x.example;\n\n"))
	if edits, _, err := m.Hide(isMember); err == nil {
		t.Errorf("got %v without an error", edits)
	}
}

func TestAFieldThatAnEditTouchesIsBroughtToLinesThatSMTPCarries(t *testing.T) {
	var long []string
	for range 100 {
		long = append(long, "Person <person@department.x.example>")
	}
	m := read(t, "From: a@x.example\r\nTo: a@member.example,"+strings.Join(long, ",")+"\r\n\r\n")
	edits, n, err := m.Hide(isMember)
	if err != nil || n != 1 {
		t.Fatal(n, err)
	}
	out := read(t, apply(t, m, edits))
	if l := longestLine(out.text.Held); l > 998 {
		t.Errorf("a line has %d octets", l)
	}
	if boxes, err := out.Mailboxes(out.Root.Get("To")[0]); err != nil || len(boxes) != 100 {
		t.Errorf("%d mailboxes, %v", len(boxes), err)
	}
	if untouched, _, err := m.Hide(func(string) bool { return false }); err != nil || len(untouched) > 0 {
		t.Errorf("a field that loses nobody was edited: %v, %v", untouched, err)
	}
}

// headerOf reads a header with the standard library, as a second opinion.
func secondOpinion(raw []byte) []string {
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return nil
	}
	var found []string
	parser := mail.AddressParser{}
	for _, name := range []string{"To", "Cc"} {
		for _, value := range m.Header[name] {
			list, err := parser.ParseList(value)
			if err != nil {
				continue
			}
			for _, a := range list {
				found = append(found, a.Address)
			}
		}
	}
	return found
}

func TestAfterHideNoReaderFindsAMember(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		raw := "From: tr@union.example\r\n"
		for _, name := range rapid.SliceOfN(rapid.SampledFrom([]string{"To", "Cc", "TO ", "cc"}), 1, 4).Draw(t, "fields") {
			raw += name + ":" + addressList(t) + "\r\n"
		}
		raw += "\r\nHej\r\n"
		m, err := Read(strings.NewReader(raw), DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		edits, n, err := m.Hide(isMember)
		if err != nil {
			t.Fatalf("%q: %v", raw, err)
		}
		out, err := m.Apply(edits...)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 && string(out) != raw {
			t.Fatalf("nobody hidden and yet %q became %q", raw, out)
		}
		checkHidden(t, m, out)
	})
}

// fataler is what testing.T and rapid.T share.
type fataler interface {
	Fatalf(format string, args ...any)
}

// checkHidden compares a message and what Hide made of it, with our parser and
// two others.
func checkHidden(t fataler, before *Message, after []byte) {
	m, err := Read(bytes.NewReader(after), DefaultLimits())
	if err != nil {
		t.Fatalf("%q: %v", after, err)
	}
	var want, got []string
	collect := func(m *Message, keep func(string) bool) (all []string) {
		for _, name := range []string{"To", "Cc"} {
			for _, f := range m.Root.Get(name) {
				boxes, err := m.Mailboxes(f)
				if err != nil {
					t.Fatalf("%q: %v", m.Bytes(f.Range), err)
				}
				for _, b := range boxes {
					if keep(string(m.Bytes(b.Range))) {
						all = append(all, string(m.Bytes(b.Range)))
					}
				}
			}
		}
		return all
	}
	mentions := func(raw string) bool {
		h := hider{hide: isMemberAt}
		return h.mentions(raw)
	}
	want = collect(before, func(raw string) bool {
		probe := Message{text: octets.Hold([]byte(raw))}
		boxes, _ := probe.Mailboxes(Field{Value: Range{0, len(raw)}})
		return !mentions(raw) && len(boxes) == 1 && !isMember(boxes[0].Address) && !mentions(boxes[0].Name)
	})
	got = collect(m, func(string) bool { return true })
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Fatalf("%q\nbecame %q\nleft %q\nwant %q", before.text.Held, after, got, want)
	}
	for _, a := range append(secondOpinion(after), goMessageAddresses(after)...) {
		if isMember(a) {
			t.Fatalf("%q still shows %q", after, a)
		}
	}
}

// addressList draws a list in all the ways that one can be written.
func addressList(t *rapid.T) string {
	var b strings.Builder
	blank := func() string {
		return rapid.SampledFrom([]string{"", "", " ", "\t", "\r\n ", " \r\n\t", " (c) "}).Draw(t, "blank")
	}
	mailbox := func() string {
		local := rapid.SampledFrom([]string{"anna", "Bo.Holm", `"c d"`, `"anna"`, "e+tag", "ø", `"a"."b"`}).Draw(t, "local")
		domain := rapid.SampledFrom([]string{"member.example", "MEMBER.example", "member . example", "x.example", "bø.example", "member.example.org", "(c)member.example"}).Draw(t, "domain")
		switch rapid.IntRange(0, 5).Draw(t, "form") {
		case 0:
			return local + "@" + domain
		case 1:
			return `"Holm, \"Anna\" (TR)" <` + local + "@" + domain + ">"
		case 2:
			return "=?utf-8?Q?=C3=85sa?= =?iso-8859-1?B?5g==?=" + blank() + "<" + local + "@" + domain + ">"
		case 3:
			return "Anna Holm" + blank() + "<" + blank() + "@relay.example:" + local + blank() + "@" + domain + blank() + ">"
		case 4:
			return "(første) " + local + "@" + domain + " (a \\) b)"
		}
		return "'x@member.example' <" + local + "@x.example>"
	}
	for i := range rapid.IntRange(0, 5).Draw(t, "elements") {
		if i > 0 {
			b.WriteString(",")
		}
		b.WriteString(blank())
		switch rapid.IntRange(0, 9).Draw(t, "kind") {
		case 0:
		case 1:
			b.WriteString("Gruppe A:" + blank())
			for j := range rapid.IntRange(0, 3).Draw(t, "members") {
				if j > 0 {
					b.WriteString("," + blank())
				}
				b.WriteString(quoteOdd(mailbox()))
			}
			b.WriteString(";")
		default:
			b.WriteString(quoteOdd(mailbox()))
		}
		b.WriteString(blank())
	}
	return b.String()
}

// quoteOdd gives the name that is an address its quotes.
func quoteOdd(s string) string {
	if rest, ok := strings.CutPrefix(s, "'x@member.example'"); ok {
		return `"x@member.example"` + rest
	}
	return s
}
