package test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

// fate is what becomes of a probe.
type fate string

const (
	passes  fate = "pass"
	isHeld  fate = "hold"
	refused fate = "refused" // 5xx: said at once, and for good
)

// probe is a mail that tries to leak.
type probe struct {
	name   string
	from   string // the From field; empty: the representative's role address
	fields string // more header fields
	body   string // with the MIME fields before it, where it has some
	to     []string
	want   fate
	secret []string // what must not stand in any copy; nil: the hidden members
}

const twoMembers = "To: Mette Sørensen <mette@post.example>, Peter Ægidius <peter@post.example>, kontor@forening.example\n"

var hiddenMembers = []string{"mette", "peter", "ingrid", "Mette", "Peter", "Ingrid", "bWV0dGVAcG9zdC5leGFtcGxl"}

// attached is a body with one more part.
func attached(header, content string) string {
	return "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nHej\n--b\n" +
		header + "\n" + content + "\n--b--\n"
}

const aboutIngrid = "From: chef@region.example\nTo: Ingrid <ingrid@post.example>\nSubject: x\n\nhej\n"

func invites(line string) string {
	return "MIME-Version: 1.0\nContent-Type: text/calendar; method=REQUEST\n\nBEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\n" +
		"ORGANIZER:mailto:tr.anna@forening.example\n" + line + "\nEND:VEVENT\nEND:VCALENDAR\n"
}

var probes = []probe{
	{name: "a Received for two", fields: twoMembers + "Received: from a by b for <mette@post.example>,<peter@post.example>; Mon, 23 Nov 2026 10:00:00 +0100\n", want: passes},
	{name: "a Received that names its envelope", fields: twoMembers + "Received: from a by b (envelope-to mette@post.example) for <peter@post.example>; Mon, 23 Nov 2026 10:00:00 +0100\n", want: passes},
	{name: "a variable envelope return path", fields: twoMembers + "Return-Path: <bounce-mette=post.example@x.example>\n", want: passes},
	{name: "percent signs", fields: twoMembers + "List-Unsubscribe: <mailto:leave?mette%40post.example>\n", want: passes},
	{name: "base64 in an unknown field", fields: twoMembers + "X-Report: bWV0dGVAcG9zdC5leGFtcGxl\n", want: passes},
	{name: "blanks and comments in an unknown field", fields: twoMembers + "X-Rcpt: mette (a) @ post . example\n", want: passes},
	{name: "a folded address in an unknown field", fields: twoMembers + "X-Rcpt: mette@\n post.example\n", want: passes},
	{name: "encoded words in an unknown field", fields: twoMembers + "X-Rcpt: =?utf-8?Q?met?= =?utf-8?Q?te=40post.exa?= =?utf-8?Q?mple?=\n", want: passes},
	{name: "a name in an unknown field", fields: twoMembers + "X-Display-To: =?utf-8?Q?Mette_S=C3=B8rensen?=\n", want: passes, secret: []string{"X-Display-To"}},
	{name: "an address in Keywords", fields: twoMembers + "Keywords: mette@post.example\n", want: passes},
	{name: "an envelope that only its own field tells of", fields: "To: undisclosed-recipients:;\nX-Envelope-To: mette@post.example, peter@post.example\n", want: passes},
	{name: "an envelope in a field of somebody's own", fields: "To: kontor@forening.example\nX-Job-Recipients: mette@post.example;peter@post.example\n", want: passes},
	{name: "one in To, one in the trace", fields: "To: mette@post.example\nReceived: from a by b for <peter@post.example>; Mon, 23 Nov 2026 10:00:00 +0100\n", want: passes},
	{name: "a member who sent it again", fields: twoMembers + "Resent-From: mette@post.example\n", want: passes},
	{name: "a gossip of keys", fields: twoMembers + "Autocrypt-Gossip: addr=mette@post.example; keydata=AAAA\n", want: passes},
	{name: "a list that puts its writers' names before it", fields: twoMembers + "Cc: \"Mette Sørensen via TR\" <liste@forening.example>\n", want: passes},
	{name: "an address in the subject", fields: twoMembers + "Subject: Fw: fra mette@post.example\n", want: passes},
	{name: "an address in the name of the only part", fields: twoMembers, body: "MIME-Version: 1.0\nContent-Type: text/plain; name=\"mette@post.example\"\n\nHej\n", want: isHeld},
	{name: "an address in the writer's name", from: "Anna for mette@post.example <tr.anna@forening.example>", fields: twoMembers, want: isHeld},
	{name: "the same, in quotes", from: `"Anna for mette@post.example" <tr.anna@forening.example>`, fields: twoMembers, want: isHeld},
	{
		name: "a blind copy field whose members are not in this envelope", from: "anna.holm@region.example",
		fields: "To: x@ude.example\nBcc: mette@post.example\n", to: []string{"x@ude.example"}, want: passes,
	},
	{
		name: "the same, of one that was sent again", from: "anna.holm@region.example",
		fields: "To: x@ude.example\nResent-Bcc: Peter <peter@post.example>\n", to: []string{"x@ude.example"}, want: passes,
	},
	{
		name: "a forward of a block of members to an outsider", from: "anna.holm@region.example", fields: "To: x@ude.example\n", to: []string{"x@ude.example"},
		body: "\nSe nedenfor.\n\n-----Oprindelig meddelelse-----\nFra: Kontoret <kontor@forening.example>\nTil: Mette Sørensen <mette@post.example>; Peter Ægidius <peter@post.example>\nEmne: x\n", want: passes,
	},
	{
		name: "the same, of which the list alone is left", from: "anna.holm@region.example", fields: "To: x@ude.example\n", to: []string{"x@ude.example"},
		body: "\n> Til: Mette Sørensen <mette@post.example>, Peter Ægidius <peter@post.example>\n> Hej\n", want: passes,
	},
	{
		name: "the same, as a mail in the mail", from: "anna.holm@region.example", fields: "To: x@ude.example\n", to: []string{"x@ude.example"},
		body: "MIME-Version: 1.0\nContent-Type: message/rfc822\n\nFrom: kontor@forening.example\nTo: mette@post.example, peter@post.example\n\nHej\n", want: passes,
	},
	{name: "semicolons between addresses", fields: "To: mette@post.example; Peter <peter@post.example>; kontor@forening.example\n", want: passes},
	{name: "nobody in brackets", fields: "To: <>\nCc: mette@post.example, peter@post.example\n", want: passes},
	{name: "a name in a charset that nobody reads", fields: "To: =?utf-7?Q?Mette?= <kontor@forening.example>\n", want: isHeld},
	{name: "a blind copy field that cannot be read", fields: "To: kontor@forening.example\nBcc: mette@post.example; \"peter@post.example\n", want: passes},
	{name: "a From that nobody can read", from: "\"Anna <tr.anna@forening.example>", fields: "To: mette@post.example\n", want: isHeld},
	{name: "a From of somebody else that nobody can read", from: "chef@ude.example, \"Anna", fields: "To: mette@post.example\n", want: refused},
	{name: "a From with a name that is no name", from: "Holm, Anna <tr.anna@forening.example>", fields: "To: mette@post.example\n", want: isHeld},
	{name: "a part that is a mail", fields: twoMembers, body: attached("Content-Type: message/rfc822\n", aboutIngrid), want: passes},
	{name: "a trace in a nested mail", fields: twoMembers, body: attached("Content-Type: message/rfc822\n", "Received: by a for <ingrid@post.example>; x\nFrom: chef@region.example\nTo: alle@region.example\nSubject: x\n\nhej\n"), want: isHeld},
	{name: "a file that is a mail", fields: twoMembers, body: attached("Content-Type: application/octet-stream; name=a.eml\nContent-Disposition: attachment; filename=a.eml\n", aboutIngrid), want: isHeld},
	{
		name: "a file that is a mail which a member wrote", fields: "To: kontor@forening.example\n", to: []string{"mette@post.example", "peter@post.example"},
		body: attached("Content-Type: application/octet-stream; name=a.eml\n", "From: Ingrid <ingrid@post.example>\nTo: kontor@forening.example\nSubject: x\n\nhej\n"), want: isHeld,
	},
	{
		name: "a file that is a mail which quotes a member", fields: "To: kontor@forening.example\n", to: []string{"mette@post.example", "peter@post.example"},
		body: attached("Content-Type: application/octet-stream; name=a.eml\n", "From: chef@region.example\nTo: kontor@forening.example\nSubject: x\n\nDen 3. maj 2026 kl. 10.12 skrev Ingrid Østergård <ingrid@post.example>:\n> hej\n"), want: isHeld,
	},
	{name: "a file in a mail that is a file, named after a member", fields: twoMembers, body: attached("Content-Type: application/octet-stream; name=a.eml\n", "From: chef@region.example\nTo: kontor@forening.example\nSubject: x\nContent-Type: text/plain; name=\"mette@post.example.txt\"\n\nhej\n"), want: isHeld},
	{name: "a file that is a nested mail, named after a member", fields: twoMembers, body: attached("Content-Type: message/rfc822\n", "From: chef@region.example\nTo: kontor@forening.example\nSubject: x\nContent-Type: application/octet-stream; name=\"mette@post.example.txt\"\n\nhej\n"), want: passes},
	{name: "a header that is a part", fields: twoMembers, body: attached("Content-Type: text/rfc822-headers\n", aboutIngrid), want: isHeld},
	{name: "a report of a delivery", fields: twoMembers, body: attached("Content-Type: message/delivery-status\n", "Reporting-MTA: dns; x\n\nFinal-Recipient: rfc822; ingrid@post.example\nAction: failed\n"), want: isHeld},
	{name: "an invitation", fields: twoMembers, body: invites("ATTENDEE;CN=Ingrid:mailto:ingrid@post.example"), want: passes},
	{name: "an invitation in small letters, folded", fields: twoMembers, body: invites("attendee;cn=Ingrid:MAILTO:ingrid@po\n st.example"), want: passes},
	{name: "an invitation that only names", fields: twoMembers, body: invites("ATTENDEE;CN=\"Ingrid Østergård\":invalid:nomail"), want: passes},
	{name: "an invitation's contact", fields: twoMembers, body: invites("CONTACT:ingrid@post.example"), want: passes},
	{name: "an invitation that is a file", fields: twoMembers, body: attached("Content-Type: application/octet-stream; name=a.ics\n", invites("ATTENDEE:mailto:ingrid@post.example")), want: isHeld},
	{
		name: "an invitation to its one reader", fields: "To: mette@post.example\n", to: []string{"mette@post.example"},
		body: invites("ATTENDEE;CN=Mette:mailto:mette@post.example"), want: passes, secret: []string{"peter"},
	},
}

// mail writes a probe out.
func (p probe) mail(n int) (from string, to []string, mail string) {
	from, to = p.from, p.to
	if from == "" {
		from = "Anna Holm <tr.anna@forening.example>"
	}
	if to == nil {
		to = []string{"mette@post.example", "peter@post.example", "kontor@forening.example"}
	}
	fields := p.fields
	if !strings.Contains(fields, "Subject:") {
		fields += "Subject: Torsdag\n"
	}
	body := p.body
	if body == "" {
		body = "\nHej alle.\n"
	}
	sender := "tr.anna@forening.example"
	if strings.Contains(from, "region.example") {
		sender = "anna.holm@region.example"
	}
	return sender, to, fmt.Sprintf("From: %s\n%sDate: Mon, 23 Nov 2026 10:00:00 +0100\nMessage-ID: <probe-%d@forening.example>\n%s", from, fields, n, body)
}

func TestNoCopyTellsOfWhoIsHidden(t *testing.T) {
	g := gateway(t, nil)
	for n, p := range probes {
		t.Run(p.name, func(t *testing.T) { p.try(t, g, n) })
	}
}

// try sends a probe and checks what becomes of it.
func (p probe) try(t *testing.T, g *installation, n int) {
	t.Helper()
	from, to, mail := p.mail(n)
	marked := len(g.log.lines("accepted"))
	err := g.send("anna", from, to, mail)
	if p.want == refused {
		var reply *smtp.SMTPError
		if !errors.As(err, &reply) || reply.Code < 500 {
			t.Fatalf("got %v, want a refusal for good", err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if got := verdictOf(t, g, marked); got != string(p.want) {
		t.Fatalf("the verdict is %s, want %s", got, p.want)
	}
	if p.want == isHeld {
		return
	}
	secret := p.secret
	if secret == nil {
		secret = hiddenMembers
	}
	for _, content := range copiesOf(t, g, fmt.Sprintf("<probe-%d@forening.example>", n), len(to)) {
		for _, s := range secret {
			if bytes.Contains(content, []byte(s)) {
				t.Errorf("%q stands in a copy:\n%s", s, content)
			}
		}
	}
}

// verdictOf waits for the next accepted mail and returns its verdict.
func verdictOf(t *testing.T, g *installation, marked int) string {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		if lines := g.log.lines("accepted"); len(lines) > marked {
			verdict, _ := lines[marked]["verdict"].(string)
			return verdict
		}
	}
	t.Fatalf("nothing was accepted\n%s", g.log)
	return ""
}

// copiesOf waits until a mail has reached n recipients and returns its copies.
func copiesOf(t *testing.T, g *installation, id string, n int) [][]byte {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		var copies [][]byte
		reached := 0
		for _, m := range mails(g.upstream.Messages()) {
			if !bytes.Contains(m.Content, []byte("\r\nMessage-ID: "+id)) {
				continue
			}
			reached += len(m.To)
			copies = append(copies, m.Content)
		}
		if reached == n {
			return copies
		}
	}
	t.Fatalf("the mail did not reach its %d recipients\n%s", n, g.log)
	return nil
}

func TestAMailThatWasRefusedIsRefusedAgain(t *testing.T) {
	g := gateway(t, files{"policy.yaml": strings.Replace(defaultPolicy, "without-key: hold", "without-key: reject", 1)})
	for range 3 {
		err := g.send("anna", "tr.anna@forening.example", []string{"mette@post.example"},
			"From: tr.anna@forening.example\nTo: mette@post.example\nSubject: x\nDate: Mon, 23 Nov 2026 10:00:00 +0100\nMessage-ID: <again@forening.example>\n\nDit CPR-nummer er 070761-4285.\n")
		var reply *smtp.SMTPError
		if !errors.As(err, &reply) || reply.Code != 550 {
			t.Fatalf("got %v, want 550", err)
		}
	}
}

func TestAReleaseHidesWhoHasBecomeAMember(t *testing.T) {
	g := gateway(t, nil)
	if err := g.send("anna", "tr.anna@forening.example", []string{"mette@post.example"}, `From: tr.anna@forening.example
To: mette@post.example, ny@brev.example, kontor@forening.example
Subject: x
Date: Mon, 23 Nov 2026 10:00:00 +0100
Message-ID: <release@forening.example>

Dit CPR-nummer er 070761-4285.
`); err != nil {
		t.Fatal(err)
	}
	g.write("members.csv", defaultMembers+"Ny Kollega;ny@brev.example;20000009\n")
	var held []struct {
		ID string `json:"id"`
	}
	g.json(&held, "held", "list")
	if len(held) != 1 {
		t.Fatalf("%d copies are held", len(held))
	}
	if out, err := g.run("held", "release", held[0].ID, "--reason", "agreed by phone"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, content := range copiesOf(t, g, "<release@forening.example>", 1) {
		if bytes.Contains(content, []byte("ny@brev.example")) {
			t.Errorf("the new member is in sight:\n%s", content)
		}
		if !bytes.Contains(content, []byte("kontor@forening.example")) {
			t.Errorf("the office has left:\n%s", content)
		}
	}
}
