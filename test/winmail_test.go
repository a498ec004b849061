package test

import (
	"encoding/base64"
	le "encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"
)

// winmail returns a winmail.dat of attributes (MS-OXTNEF §2.1.3.1), each of
// which begins with its level.
func winmail(attributes ...string) string {
	const level, body = "\x01", "\x0c\x80\x02\x00"
	out := "\x78\x9f\x3e\x22\x01\x00"
	for _, a := range append([]string{level + body + "Hej"}, attributes...) {
		head, data := a[:5], a[5:]
		var sum uint16
		for _, c := range []byte(data) {
			sum += uint16(c)
		}
		out += head + string(le.LittleEndian.AppendUint32(nil, uint32(len(data)))) + data + string(le.LittleEndian.AppendUint16(nil, sum))
	}
	return out
}

// winmailList is a list of one text property.
func winmailList(id uint16, value string) string {
	b := le.LittleEndian.AppendUint32(nil, 1)
	b = le.LittleEndian.AppendUint16(b, 0x001E)
	b = le.LittleEndian.AppendUint16(b, id)
	b = le.LittleEndian.AppendUint32(b, 1)
	b = le.LittleEndian.AppendUint32(b, uint32(len(value)+1))
	return string(b) + value + strings.Repeat("\x00", 4-len(value)%4)
}

// TestWhomAWinmailNamesHoldsIt sends messages as Outlook wraps them, to two
// members who are not to know of each other, nor of Ingrid.
func TestWhomAWinmailNamesHoldsIt(t *testing.T) {
	const (
		subject, from     = "\x01\x04\x80\x01\x00", "\x01\x00\x80\x00\x00"
		recipients, props = "\x01\x04\x90\x06\x00\x01\x00\x00\x00", "\x01\x03\x90\x06\x00"
		file, title, data = "\x02\x02\x90\x06\x00xxxxxxxxxxxxxx", "\x02\x10\x80\x01\x00", "\x02\x0f\x80\x06\x00hej"
	)
	g := gateway(t, nil)
	for name, c := range map[string]struct {
		attributes []string
		want       fate
	}{
		"nobody":                     {[]string{subject + "Torsdag\x00", from + "\x04\x00\x08\x00\x00\x00\x00\x00tr.anna@forening.example\x00", file, title + "Referat.txt\x00", data}, passes},
		"a recipient":                {[]string{recipients + winmailList(0x39FE, "ingrid@post.example")}, isHeld},
		"a recipient by name":        {[]string{recipients + winmailList(0x3001, "Ingrid \xd8sterg\xe5rd")}, isHeld},
		"those whom it was shown to": {[]string{props + winmailList(0x0E04, "Chefen; Ingrid \xd8sterg\xe5rd")}, isHeld},
		"who wrote it":               {[]string{props + winmailList(0x5D01, "ingrid@post.example")}, isHeld},
		"who wrote it, by name":      {[]string{props + winmailList(0x0042, "Ingrid \xd8sterg\xe5rd")}, isHeld},
		"who wrote it, of old":       {[]string{from + "\x04\x00\x08\x00\x00\x00\x00\x00ingrid@post.example\x00"}, isHeld},
		"its subject":                {[]string{subject + "Fw: fra mette@post.example\x00"}, isHeld},
		"a file in it":               {[]string{file, title + "mette@post.example.txt\x00", data}, isHeld},
		"a file in it, by name":      {[]string{file, title + "Mette S\xf8rensen.txt\x00", data}, isHeld},
	} {
		t.Run(name, func(t *testing.T) {
			marked := len(g.log.lines("accepted"))
			mail := "From: Anna Holm <tr.anna@forening.example>\n" + twoMembers + "Subject: Torsdag\nDate: Mon, 23 Nov 2026 10:00:00 +0100\n" +
				fmt.Sprintf("Message-ID: <winmail-%d@forening.example>\n", marked) +
				attached("Content-Type: application/ms-tnef; name=winmail.dat\nContent-Transfer-Encoding: base64\n", base64.StdEncoding.EncodeToString([]byte(winmail(c.attributes...))))
			if err := g.send("anna", "tr.anna@forening.example", []string{"mette@post.example", "peter@post.example"}, mail); err != nil {
				t.Fatal(err)
			}
			if got := verdictOf(t, g, marked); got != string(c.want) {
				t.Errorf("the verdict is %s, want %s", got, c.want)
			}
		})
	}
}

// TestAWinmailOfItsOwnSenderPasses has a member send to members, as a mail server
// passes on what Outlook writes.
func TestAWinmailOfItsOwnSenderPasses(t *testing.T) {
	g := gateway(t, files{"members.csv": defaultMembers + "Bo Ansat;bo@tillid.example;20000009\n"})
	c, err := smtp.Dial(g.trust)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	const props = "\x01\x03\x90\x06\x00"
	mail := "From: Bo Ansat <bo@tillid.example>\n" + twoMembers + "Subject: Torsdag\nDate: Mon, 23 Nov 2026 10:00:00 +0100\nMessage-ID: <own@tillid.example>\n" +
		attached("Content-Type: application/ms-tnef; name=winmail.dat\nContent-Transfer-Encoding: base64\n",
			base64.StdEncoding.EncodeToString([]byte(winmail(props+winmailList(0x0C1A, "Bo Ansat"), props+winmailList(0x5D01, "bo@tillid.example")))))
	if err := c.SendMail("bo@tillid.example", []string{"mette@post.example", "peter@post.example"}, strings.NewReader(crlf(mail))); err != nil {
		t.Fatal(err)
	}
	if got := verdictOf(t, g, 0); got != string(passes) {
		t.Errorf("the verdict is %s", got)
	}
}
