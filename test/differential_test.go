package test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"

	"postvern.example/internal/sink"
)

const cpr = "070761-4285"

// hiddenText is a text part that holds an identity number which nobody who does
// not decode it sees.
var hiddenText = "Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\n" +
	base64.StdEncoding.EncodeToString([]byte("Dit CPR-nummer er "+cpr+".\r\n")) + "\n"

// differentials are mails that one program reads so and another otherwise. An
// identity number, or two members in sight, is in each by one of the readings.
// None may leave as it came: each is held or refused.
var differentials = []struct{ name, mail string }{
	{"two From fields", "From: tr.anna@forening.example\nFrom: chef@region.example\nTo: mette@post.example, peter@post.example\nSubject: x\n\nhej\n"},
	{"two Subject fields", "From: tr.anna@forening.example\nTo: mette@post.example, peter@post.example\nSubject: x\nSubject: CPR " + cpr + "\n\nhej\n"},
	{"no From at all", "To: mette@post.example, peter@post.example\nSubject: x\n\nhej\n"},
	{"a header after a blank line", "\nFrom: tr.anna@forening.example\nTo: mette@post.example, peter@post.example\nSubject: x\n\nhej\n"},
	{"a header after a line of blanks", "From: tr.anna@forening.example\n   \nTo: mette@post.example, peter@post.example\nSubject: x\n\nCPR " + cpr + "\n"},
	{"a line without a colon in the header", "From: tr.anna@forening.example\nTo: kontor@forening.example\nnonsense\nCc: mette@post.example, peter@post.example\nSubject: x\n\nCPR " + cpr + "\n"},
	{"a blank before a colon", "From: tr.anna@forening.example\nTo: mette@post.example\nSubject: x\nMIME-Version: 1.0\nContent-Type : multipart/mixed; boundary=b\n\n--b\n" + hiddenText + "--b--\n"},
	{"a boundary that is not named", inParts("multipart/mixed", "b")},
	{"a boundary that never comes", inParts("multipart/mixed; boundary=c", "b")},
	{"an empty boundary", inParts(`multipart/mixed; boundary=""`, "")},
	{"two boundaries", inParts("multipart/mixed; boundary=a; boundary=b", "b")},
	{"two boundaries, the other way round", inParts("multipart/mixed; boundary=b; boundary=a", "b")},
	{"a boundary in pieces", inParts("multipart/mixed; boundary*0=b; boundary*1=b", "bb")},
	{"a boundary in pieces and whole", inParts("multipart/mixed; boundary=a; boundary*0=b; boundary*1=b", "bb")},
	{"an escaped boundary", inParts("multipart/mixed; boundary*=us-ascii''%62", "b")},
	{"a boundary with a comment", inParts("multipart/mixed (x); boundary=b (c)", "b")},
	{"a boundary with blanks behind", inParts(`multipart/mixed; boundary="b "`, "b")},
	{"a boundary in a folded field", inParts("multipart/mixed;\n\tboundary=b", "b")},
	{"a type without a slash", inParts("multipart; boundary=b", "b")},
	{"no semicolon", inParts("multipart/mixed boundary=b", "b")},
	{"an unknown multipart", inParts("multipart/x-unknown; boundary=b", "b")},
	{"no MIME-Version", strings.Replace(inParts("multipart/mixed; boundary=b", "b"), "MIME-Version: 1.0\n", "", 1)},
	{"two Content-Type fields", inParts("text/plain\nContent-Type: multipart/mixed; boundary=b", "b")},
	{"two Content-Type fields, the other way round", inParts("multipart/mixed; boundary=b\nContent-Type: text/plain", "b")},
	{"a multipart in base64", inParts("multipart/mixed; boundary=b\nContent-Transfer-Encoding: base64", "b")},
	{"a multipart in quoted-printable", inParts("multipart/mixed; boundary=b\nContent-Transfer-Encoding: quoted-printable", "b")},
	{"no last boundary", strings.Replace(inParts("multipart/mixed; boundary=b", "b"), "--b--\n", "", 1)},
	{"something after the last boundary", inParts("multipart/mixed; boundary=b", "b") + "--b\n" + hiddenText + "--b--\n"},
	{"something before the first", "From: tr.anna@forening.example\nTo: mette@post.example\nSubject: x\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\nCPR " + cpr + "\n--b\n\nhej\n--b--\n"},
	{"two encodings", inOne("text/plain", "7bit\nContent-Transfer-Encoding: base64", hiddenOnly())},
	{"two encodings, the other way round", inOne("text/plain", "base64\nContent-Transfer-Encoding: 7bit", hiddenOnly())},
	{"an encoding with a comment", inOne("text/plain", "base64 (x)", hiddenOnly())},
	{"an encoding in quotes", inOne("text/plain", `"base64"`, hiddenOnly())},
	{"an encoding that nobody knows", inOne("text/plain", "x-base64", hiddenOnly())},
	{"base64 with other octets in it", inOne("text/plain", "base64", strings.Join(strings.Split(hiddenOnly(), ""), " ! "))},
	{"base64 that goes on behind its padding", inOne("text/plain", "base64", "aGVqCg==\n"+hiddenOnly())},
	{"uuencode", inOne("text/plain", "x-uuencode", "begin 644 a.txt\n"+`6,#<P-S8Q+30R.#4@1&ET($-04BYN`+"\n`\nend\n")},
	{"UTF-7", inOne("text/plain; charset=utf-7", "7bit", "CPR +ADAANwAwADcANgAxAC0ANAAyADgANQ-\n")},
	{"UTF-16", inOne("text/plain; charset=utf-16le", "base64", base64.StdEncoding.EncodeToString(wide("CPR "+cpr))+"\n")},
	{"two charsets", inOne("text/plain; charset=us-ascii; charset=utf-16le", "base64", base64.StdEncoding.EncodeToString(wide("CPR "+cpr))+"\n")},
	{"a piece of a message", inOne(`message/partial; number=1; total=2; id="x"`, "7bit", "\nCPR "+cpr+"\n")},
	{"a body elsewhere", inOne(`message/external-body; access-type=URL; URL="https://x.example/"`, "7bit", "Content-Type: text/plain\n\n")},
	{"parts in parts in parts", nested(100)},
	{"ten thousand parts", "From: tr.anna@forening.example\nTo: mette@post.example\nSubject: x\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n" + strings.Repeat("--b\n\nx\n", 10_000) + "--b\n" + hiddenText + "--b--\n"},
	{"a megabyte of header", "From: tr.anna@forening.example\nTo: mette@post.example\nSubject: x\n" + strings.Repeat("X-A: "+strings.Repeat("a", 900)+"\n", 1100) + "\nCPR " + cpr + "\n"},
	{"two From fields in other letters", "FROM: tr.anna@forening.example\nfrom: chef@region.example\nTo: mette@post.example, peter@post.example\nSubject: x\n\nhej\n"},
	{"a second Subject with a blank before its colon", "From: tr.anna@forening.example\nTo: mette@post.example, peter@post.example\nSubject: x\nSubject : CPR " + cpr + "\n\nhej\n"},
	{"EBCDIC", inOne("text/plain; charset=ibm037", "base64", base64.StdEncoding.EncodeToString([]byte{0xc3, 0xd7, 0xd9, 0x40, 0xf0, 0xf7, 0xf0, 0xf7, 0xf6, 0xf1, 0x60, 0xf4, 0xf2, 0xf8, 0xf5})+"\n")},
	{"ISO-2022-JP, with digits of double width", inOne("text/plain; charset=iso-2022-jp", "base64", base64.StdEncoding.EncodeToString([]byte("CPR \x1b$B#0#7#0#7#6#1\x1b(B-\x1b$B#4#2#8#5\x1b(B"))+"\n")},
	{"ISO-2022-JP, with an escape between digits", inOne("text/plain; charset=iso-2022-jp", "base64", base64.StdEncoding.EncodeToString([]byte("CPR 0707\x1b(J61-\x1b(B4285"))+"\n")},
	{"HZ", inOne("text/plain; charset=hz-gb-2312", "7bit", "CPR 07~\n07~\n61-4285\n")},
	{"a content that is compressed", inOne("text/plain\nContent-Encoding: gzip", "base64", base64.StdEncoding.EncodeToString(gzipped("CPR "+cpr))+"\n")},
	{"quoted-printable with soft breaks in every digit", inOne("text/plain", "quoted-printable", "CPR =3=\n0=3=\n7=\n07=\n61-42=\n85\n")},
	{"a format that flows", inOne("text/plain; format=flowed; delsp=yes", "7bit", "CPR 0707 \n61- \n4285\n")},
	{"BinHex", inOne("application/mac-binhex40", "7bit", "(This file must be converted with BinHex 4.0)\n:$f*TEQKPH#edC@0PFL%!N!!!!!!:\n")},
}

func inParts(contentType, boundary string) string {
	return "From: tr.anna@forening.example\nTo: mette@post.example\nSubject: x\nMIME-Version: 1.0\nContent-Type: " + contentType +
		"\n\n--" + boundary + "\n" + hiddenText + "--" + boundary + "--\n"
}

func inOne(contentType, encoding, body string) string {
	return "From: tr.anna@forening.example\nTo: mette@post.example\nSubject: x\nMIME-Version: 1.0\nContent-Type: " + contentType +
		"\nContent-Transfer-Encoding: " + encoding + "\n\n" + body
}

func hiddenOnly() string {
	return base64.StdEncoding.EncodeToString([]byte("Dit CPR-nummer er "+cpr+".\r\n")) + "\n"
}

func gzipped(s string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(s)) // a buffer takes all
	_ = w.Close()
	return b.Bytes()
}

func wide(s string) []byte {
	var b []byte
	for _, c := range []byte(s) {
		b = append(b, c, 0)
	}
	return b
}

func nested(depth int) string {
	text := hiddenText
	for n := range depth {
		text = fmt.Sprintf("Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n%s--b%d--\n", n, n, text, n)
	}
	return "From: tr.anna@forening.example\nTo: mette@post.example\nSubject: x\nMIME-Version: 1.0\n" + text
}

func TestAMailThatCanBeReadInTwoWaysIsHeldOrRefused(t *testing.T) {
	g := gateway(t, nil)
	for n, d := range differentials {
		t.Run(d.name, func(t *testing.T) {
			marked := len(g.log.lines("accepted"))
			id := fmt.Sprintf("Message-ID: <differential-%d@forening.example>\nDate: Mon, 23 Nov 2026 10:00:00 +0100\n", n)
			mail := id + d.mail
			if strings.HasPrefix(d.mail, "\n") {
				mail = d.mail
			}
			err := g.send("anna", "tr.anna@forening.example", []string{"mette@post.example", "peter@post.example"}, mail)
			var reply *smtp.SMTPError
			switch {
			case errors.As(err, &reply) && reply.Code >= 500:
			case err != nil:
				t.Errorf("got %v, want that it is held or refused for good", err)
			default:
				if got := verdictOf(t, g, marked); got != string(isHeld) {
					t.Errorf("the verdict is %s, want hold", got)
				}
			}
		})
	}
	if n := len(mails(g.upstream.Messages())); n != 0 {
		t.Errorf("%d of them arrived", n)
	}
	plain := strings.Replace(inParts("multipart/mixed; boundary=b", "b"), hiddenText, "Content-Type: text/plain\n\nhej\n", 1)
	marked := len(g.log.lines("accepted"))
	if err := g.send("anna", "tr.anna@forening.example", []string{"mette@post.example"}, "Message-ID: <1@forening.example>\n"+plain); err != nil {
		t.Fatal(err)
	}
	if got := verdictOf(t, g, marked); got != string(passes) {
		t.Errorf("a mail that all read alike: the verdict is %s", got)
	}
}

// injections are mails in which something carries a line end and what would be a
// field of its own behind it.
var injections = []struct{ name, mail string }{
	{"subject, Q", underSubject("Subject: =?utf-8?Q?hej=0D=0AInjected:_yes=0D=0A=0D=0Abody?=")},
	{"subject, B", underSubject("Subject: =?utf-8?B?" + base64.StdEncoding.EncodeToString([]byte("hej\r\nInjected: yes\r\n")) + "?=")},
	{"subject, bare LF", underSubject("Subject: =?utf-8?Q?hej=0AInjected:_yes?=")},
	{"subject, bare CR", underSubject("Subject: =?utf-8?Q?hej=0DInjected:_yes?=")},
	{"subject, NUL", underSubject("Subject: =?utf-8?Q?hej=00Injected:_yes?=")},
	{"subject, a line separator", underSubject("Subject: hej\u2028Injected: yes\u0085Injected: yes")},
	{"a reader's name", "From: tr.anna@forening.example\nTo: =?utf-8?Q?Kontor=0D=0AInjected:_yes?= <kontor@forening.example>, mette@post.example, peter@post.example\nSubject: x\n\nhej\n"},
	{"the writer's name", "From: =?utf-8?Q?Anna=0D=0AInjected:_yes?= <tr.anna@forening.example>\nTo: mette@post.example, peter@post.example\nSubject: x\n\nhej\n"},
	{"a file name", "From: tr.anna@forening.example\nTo: mette@post.example, peter@post.example\nSubject: x\n" + attached("Content-Type: text/plain\nContent-Disposition: attachment; filename*=utf-8''a%0D%0AInjected%3A%20yes.txt\n", "hej")},
	{"a file name with a number in it", "From: tr.anna@forening.example\nTo: mette@post.example\nSubject: x\n" + attached("Content-Type: text/plain\nContent-Disposition: attachment; filename*=utf-8''"+cpr+"%0D%0AInjected%3A%20yes.txt\n", "CPR "+cpr)},
	{"a file name in an encoded word", "From: tr.anna@forening.example\nTo: mette@post.example\nSubject: x\n" + attached("Content-Type: text/plain; name=\"=?utf-8?Q?a=0D=0AInjected:_yes?=\"\n", "CPR "+cpr)},
	{"a Message-ID", "From: tr.anna@forening.example\nTo: mette@post.example, peter@post.example\nMessage-ID: <a=0D=0AInjected:yes@forening.example>\nSubject: x\n\nCPR " + cpr + "\n"},
	{"a Reply-To", "From: tr.anna@forening.example\nTo: mette@post.example, peter@post.example\nReply-To: =?utf-8?Q?x=0D=0AInjected:_yes?= <tr.anna@forening.example>\nSubject: x\n\nhej\n"},
	{"an invitation", "From: tr.anna@forening.example\nTo: mette@post.example, peter@post.example\nSubject: x\n" + invites("SUMMARY:hej\\nInjected: yes\nATTENDEE;CN=\"Ingrid^nInjected: yes\":mailto:ingrid@post.example")},
}

func underSubject(subject string) string {
	return "From: tr.anna@forening.example\nTo: mette@post.example, peter@post.example\n" + subject + "\n\nhej\n"
}

func TestNothingThatAMailCarriesBecomesAHeaderField(t *testing.T) {
	g := gateway(t, nil)
	for n, d := range injections {
		marked := len(g.log.lines("accepted"))
		mail := fmt.Sprintf("Date: Mon, 23 Nov 2026 10:00:%02d +0100\n", n) + d.mail
		err := g.send("anna", "tr.anna@forening.example", []string{"mette@post.example", "peter@post.example"}, mail)
		var reply *smtp.SMTPError
		switch {
		case errors.As(err, &reply) && reply.Code >= 500:
		case err != nil:
			t.Errorf("%s: %v", d.name, err)
		default:
			verdictOf(t, g, marked)
		}
	}
	var held []struct {
		ID string `json:"id"`
	}
	g.json(&held, "held", "list")
	if len(held) == 0 {
		t.Fatal("nothing is held: no reason was tried")
	}
	for n, h := range held { // reasons are people's words as well
		verb := []string{"drop", "release"}[n%2]
		_, _ = g.run("held", verb, h.ID, "--reason", "fejl\r\nInjected: yes\n\nbody\x0bx") // it may be refused
	}
	settled(t, g)
	seen := 0
	for _, m := range g.upstream.Messages() {
		seen++
		clean(t, m)
	}
	if seen < len(injections) {
		t.Errorf("only %d messages arrived", seen)
	}
}

// clean looks at a message as it came upstream.
func clean(t *testing.T, m sink.Message) {
	t.Helper()
	if rest := bytes.ReplaceAll(m.Raw, []byte("\r\n"), nil); bytes.ContainsAny(rest, "\r\n\x00") {
		t.Errorf("a bare CR, LF or NUL goes upstream:\n%q", m.Raw)
	}
	header, _, _ := bytes.Cut(m.Content, []byte("\r\n\r\n"))
	for line := range strings.SplitSeq(string(header), "\r\n") {
		if strings.HasPrefix(line, "Injected") {
			t.Errorf("a field that nobody wrote:\n%s", header)
		}
	}
	for _, r := range slices.Concat(m.Recipients(), []string{m.From}) {
		if strings.ContainsAny(r, "\r\n\x00 <>") {
			t.Errorf("an envelope address: %q", r)
		}
	}
}

// settled waits until nothing waits for delivery.
func settled(t *testing.T, g *installation) {
	t.Helper()
	ok := false
	for range 1000 {
		if _, text := g.get("/metrics"); strings.Contains(text, "\npostvern_spool_copies{state=\"queued\"} 0\n") {
			ok = true
			break
		}
	}
	if !ok {
		t.Errorf("copies still wait\n%s", g.log)
	}
}

func TestAnEndOfDataThatOnlySomeServersSeeSmugglesNothingUpstream(t *testing.T) {
	g := gateway(t, nil)
	const smuggled = "MAIL FROM:<anna.holm@region.example>\r\nRCPT TO:<offer@mail.example>\r\nDATA\r\nSubject: smuggled\r\n\r\nx\r\n"
	for _, end := range []string{
		"\n.\n", "\n.\r\n", "\r\n.\n", "\r.\r", "\r.\r\n", "\r\n.\r", "\r.\n", "\n.\r", "\r\r\n.\r\r\n", "\r\n\x00.\r\n", "\r\n.\x00\r\n", "\r\n.\r\r\n",
	} {
		replies := g.says(plainLogin("anna", password), "MAIL FROM:<anna.holm@region.example>", "RCPT TO:<bo@mail.example>", "DATA",
			"From: anna.holm@region.example\r\nTo: bo@mail.example\r\nSubject: x\r\n\r\nhej"+end+smuggled+"\r\n.")
		if last := replies[len(replies)-1]; !strings.HasPrefix(last, "550 5.6.0 ") {
			t.Errorf("%q: %q", end, last)
		}
	}
	settled(t, g)
	if n := len(g.upstream.Messages()); n != 0 {
		t.Errorf("%d messages arrived", n)
	}
}
