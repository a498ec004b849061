package message

import (
	"fmt"
	"strings"
	"testing"
)

// The texts below are those of RFC 9788: appendix C.3.1.2, E.1 and E.2.
const (
	rfcPayload = `MIME-Version: 1.0
Content-Transfer-Encoding: 7bit
Subject: smime-signed-enc-hp-baseline
Message-ID: <smime-signed-enc-hp-baseline@example>
From: Alice <alice@smime.example>
To: Bob <bob@smime.example>
Date: Sat, 20 Feb 2021 10:09:02 -0500
User-Agent: Sample MUA Version 1.0
HP-Outer: Subject: [...]
HP-Outer: Message-ID: <smime-signed-enc-hp-baseline@example>
HP-Outer: From: Alice <alice@smime.example>
HP-Outer: To: Bob <bob@smime.example>
HP-Outer: Date: Sat, 20 Feb 2021 10:09:02 -0500
HP-Outer: User-Agent: Sample MUA Version 1.0
Content-Type: text/plain; charset="utf-8"; hp="cipher"

This is the
smime-signed-enc-hp-baseline
message.
`
	rfcPlain = `Date: Fri, 21 Jan 2022 20:40:48 -0500
From: Alice <alice@example.net>
To: Bob <bob@example.net>
Subject: Dinner plans
Message-ID: <text-plain-legacy-display@lhp.example>
MIME-Version: 1.0
Content-Type: text/plain; charset="us-ascii"; hp-legacy-display="1";
 hp="cipher"
HP-Outer: Date: Fri, 21 Jan 2022 20:40:48 -0500
HP-Outer: From: Alice <alice@example.net>
HP-Outer: To: Bob <bob@example.net>
HP-Outer: Subject: [...]
HP-Outer: Message-ID: <text-plain-legacy-display@lhp.example>

Subject: Dinner plans

Let's meet at Rama's Roti Shop at 8pm and go to the park
from there.
`
	rfcRest = "Let's meet at Rama's Roti Shop at 8pm and go to the park\r\nfrom there.\r\n"
)

func hidden(m *Message, p Protected) (names string) {
	for _, f := range p.Fields {
		if p.Hidden(m, f) {
			names += f.Name + " "
		}
	}
	return names
}

func protectedOf(t *testing.T, mail string) (*Message, Protected, bool) {
	t.Helper()
	m, err := Parse([]byte(strings.ReplaceAll(mail, "\n", "\r\n")), DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	p, ok := m.Protected()
	return m, p, ok
}

func TestTheSamplesOfRFC9788AreRead(t *testing.T) {
	m, p, ok := protectedOf(t, rfcPayload)
	if !ok || p.Intent != IntentCipher || len(p.Outer) != 6 || len(p.Fields) != 6 || hidden(m, p) != "Subject " || p.LegacyDisplay(p.Payload) {
		t.Errorf("%v %+v, hidden: %s", ok, p, hidden(m, p))
	}
	if p.Outer[0] != (OuterField{"Subject", "[...]"}) || m.Text(p.Fields[0]) != "smime-signed-enc-hp-baseline" {
		t.Errorf("%+v", p.Outer)
	}
	m, p, ok = protectedOf(t, rfcPlain)
	if !ok || hidden(m, p) != "Subject " || !p.LegacyDisplay(p.Payload) {
		t.Errorf("%v %+v", ok, p)
	}
	if got := CutLegacyDisplay(string(m.Bytes(p.Payload.Body))); got != rfcRest {
		t.Errorf("%q", got)
	}
}

func TestProtectedFieldsAreReadBehindSignaturesAndNowhereElse(t *testing.T) {
	signed := "From: anna@forening.example\nSubject: outside\nMIME-Version: 1.0\nContent-Type: multipart/signed; boundary=s; protocol=\"application/pgp-signature\"\n\n" +
		"--s\nSubject: inside\nFrom: anna@forening.example\nHP-Outer: Subject: x\nContent-Type: text/plain%s\n\nhej\n--s\nContent-Type: application/pgp-signature\n\nx\n--s--\n"
	for parameter, want := range map[string]Intent{
		`; hp="clear"`: IntentClear, `; HP=Clear`: IntentClear, `; protected-headers="v1"`: IntentDraft, `; hp=cipher; protected-headers=v1`: IntentCipher,
		"": "", `; hp="other"`: "", `; protected-headers="v2"`: "", `; hp-legacy-display="1"`: "",
	} {
		m, p, ok := protectedOf(t, fmt.Sprintf(signed, parameter))
		if p.Intent != want || ok != (want != "") {
			t.Errorf("%s: %v %q", parameter, ok, p.Intent)
		}
		if ok && (len(p.Fields) != 2 || m.Text(p.Fields[0]) != "inside" || (len(p.Outer) > 0) != (want == IntentCipher)) {
			t.Errorf("%s: %+v", parameter, p)
		}
	}
	whole := "From: anna@forening.example\nSubject: outside\nContent-Type: multipart/signed; boundary=s\n\n--s\nContent-Type: message/rfc822\n\nSubject: inside\nContent-Type: text/plain\n\nhej\n--s\nContent-Type: application/pgp-signature\n\nx\n--s--\n"
	if m, p, ok := protectedOf(t, whole); !ok || p.Intent != IntentWhole || len(p.Fields) != 1 || m.Text(p.Fields[0]) != "inside" {
		t.Errorf("a whole mail under a signature: %v %+v", ok, p)
	}
	for name, mail := range map[string]string{
		"a part of a mixed mail": "From: a@b.example\nContent-Type: multipart/mixed; boundary=s\n\n--s\nSubject: x\nContent-Type: text/plain; hp=\"cipher\"\n\nhej\n--s--\n",
		"a mail inside":          "From: a@b.example\nContent-Type: message/rfc822\n\nSubject: x\nContent-Type: text/plain; hp=\"cipher\"\n\nhej\n",
		"ordinary mail":          "From: a@b.example\nSubject: x\n\nhej\n",
	} {
		if _, p, ok := protectedOf(t, mail); ok {
			t.Errorf("%s: %+v", name, p)
		}
	}
	if got := CutLegacyDisplay("no empty line"); got != "no empty line" {
		t.Errorf("%q", got)
	}
}
