package test

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"
)

const calendarText = `BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Example//Calendar//EN
METHOD:REQUEST
BEGIN:VEVENT
UID:1@forening.example
SEQUENCE:2
DTSTAMP:20261120T080000Z
DTSTART:20261203T100000Z
ORGANIZER;CN=Anna Holm:mailto:tr.anna@forening.example
ATTENDEE;CN=Mette Sørensen;RSVP=TRUE:mailto:mette@pos
 t.example
ATTENDEE;CN=Peter Ægidius;RSVP=TRUE:mailto:peter@post.example
ATTENDEE;CN=Ole Lund;RSVP=TRUE:mailto:ole.lund@region.example
SUMMARY:Møde
DESCRIPTION:Peter Ægidius (peter@post.example) har nøglen.
END:VEVENT
END:VCALENDAR
`

const invitationHead = `From: tr.anna@forening.example
To: sekretariat@forening.example
Subject: Møde
Date: Fri, 20 Nov 2026 08:12:44 +0100
Message-ID: <7@forening.example>
MIME-Version: 1.0
`

const invitation = invitationHead + "Content-Type: text/calendar; charset=utf-8; method=REQUEST\nContent-Transfer-Encoding: 8bit\n\n" + calendarText

var invited = []string{"sekretariat@forening.example", "mette@post.example", "peter@post.example", "ole.lund@region.example"}

// byReader returns the mails that arrived, without folds, by reader, once each
// of those invited has one.
func (i *installation) byReader() map[string]string {
	i.t.Helper()
	got := map[string]string{}
	for deadline := time.Now().Add(20 * time.Second); len(got) < len(invited) && time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		for _, m := range mails(i.upstream.Messages()) {
			for _, r := range m.Recipients() {
				got[r] = strings.ReplaceAll(string(m.Content), "\r\n ", "")
			}
		}
	}
	if len(got) != len(invited) {
		i.t.Fatalf("it went to %d readers\n%s", len(got), i.log)
	}
	return got
}

var memberTraces = map[string][]string{"mette@post.example": {"Mette", "mette@"}, "peter@post.example": {"Peter", "peter@"}}

// checkSplit wants every reader to have an invitation that names them, the
// organizer and the outsider, and no other member.
func checkSplit(t *testing.T, got map[string]string) {
	t.Helper()
	for reader, raw := range got {
		for member, traces := range memberTraces {
			for _, trace := range traces {
				if reader != member && strings.Contains(raw, trace) {
					t.Errorf("%s reads %q:\n%s", reader, trace, raw)
				}
			}
			if own := strings.Contains(raw, ":mailto:"+member+"\r\n"); own != (reader == member) {
				t.Errorf("%s is an attendee in the copy for %s: %v", member, reader, own)
			}
		}
		for _, kept := range []string{"UID:1@forening.example\r\nSEQUENCE:2\r\n", "METHOD:REQUEST", "DTSTAMP:20261120T080000Z", "ATTENDEE;CN=Ole Lund;RSVP=TRUE:mailto:ole.lund@region.example\r\n", "ORGANIZER;CN=Anna Holm:mailto:tr.anna@forening.example\r\n"} {
			if !strings.Contains(raw, kept) {
				t.Errorf("the copy for %s has lost %q:\n%s", reader, kept, raw)
			}
		}
	}
}

func TestEachMemberGetsAnInvitationOfTheirOwn(t *testing.T) {
	for name, to := range map[string]string{
		"as members on a hidden list": "sekretariat@forening.example",
		"as members who leave To":     "mette@post.example, Peter <peter@post.example>",
	} {
		t.Run(name, func(t *testing.T) {
			g := gateway(t, nil)
			mail := strings.Replace(invitation, "To: sekretariat@forening.example", "To: "+to, 1)
			if err := g.send("anna", "tr.anna@forening.example", invited, mail); err != nil {
				t.Fatal(err)
			}
			checkSplit(t, g.byReader())
			if entries := g.mustRun("deviations", "list", "--json"); !strings.Contains(entries, "visible-recipients") {
				t.Errorf("the register does not say it: %s", entries)
			}
		})
	}
}

// mustRun runs a command that must succeed.
func (i *installation) mustRun(args ...string) string {
	i.t.Helper()
	out, err := i.run(args...)
	if err != nil {
		i.t.Fatal(err)
	}
	return out
}

func TestAnInvitationIsSplitAlsoWhereEachGetsACopyOfTheirOwn(t *testing.T) {
	g := gateway(t, files{"policy.yaml": strings.Replace(defaultPolicy, "as: bcc", "as: individual", 1)})
	mail := strings.Replace(invitation, "To: sekretariat@forening.example", "To: mette@post.example, peter@post.example", 1)
	if err := g.send("anna", "tr.anna@forening.example", invited, mail); err != nil {
		t.Fatal(err)
	}
	got := g.byReader()
	if !strings.Contains(got["mette@post.example"], "\r\nTo: mette@post.example\r\n") {
		t.Errorf("To names others:\n%s", got["mette@post.example"])
	}
	checkSplit(t, got)
}

func TestTheBodyAndTheAttachedCopyOfAnInvitationAreSplitAsWell(t *testing.T) {
	g := gateway(t, nil)
	mail := invitationHead + `Content-Type: multipart/mixed; boundary=m

--m
Content-Type: multipart/alternative; boundary=a

--a
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: 8bit

<p>Deltagere:</p><ul><li><a href="mailto:mette@post.example">Mette Sørensen</a></li><li><a href="mailto:peter@post.example">peter@post.example</a></li></ul>
--a
Content-Type: text/calendar; charset=utf-8; method=REQUEST
Content-Transfer-Encoding: 8bit

` + calendarText + `--a--
--m
Content-Type: application/ics; name=invite.ics
Content-Disposition: attachment; filename=invite.ics
Content-Transfer-Encoding: 8bit

` + calendarText + "--m--\n"
	if err := g.send("anna", "tr.anna@forening.example", invited, mail); err != nil {
		t.Fatal(err)
	}
	checkSplit(t, g.byReader())
}

func TestAnInvitationToOneMemberKeepsEveryByte(t *testing.T) {
	g := gateway(t, nil)
	mail := strings.Replace(invitation, "To: sekretariat@forening.example\nSubject: ", "To: mette@post.example\nSubject: TR – fortroligt ", 1)
	mail = strings.Replace(mail, "ATTENDEE;CN=Peter Ægidius;RSVP=TRUE:mailto:peter@post.example\n", "", 1)
	if err := g.send("anna", "tr.anna@forening.example", []string{"mette@post.example", "sekretariat@forening.example"}, mail); err != nil {
		t.Fatal(err)
	}
	g.arrived(1)
	for _, m := range mails(g.upstream.Messages()) {
		if !bytes.HasSuffix(m.Content, []byte(crlf(mail))) {
			t.Errorf("the mail changed:\n%s", m.Content)
		}
	}
}

// zipped returns an invitation in a ZIP file, in base64.
func zipped(t *testing.T, calendar string) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create("invite.ics")
	if err == nil {
		_, err = w.Write([]byte(crlf(calendar)))
	}
	if err := errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(b.Bytes())
}

func TestAnInvitationIsHeldForMembersAndNotForTheUnion(t *testing.T) {
	// So few, and without family names, are no member list, which another rule refuses.
	plain := strings.NewReplacer(" Sørensen", "", " Ægidius", "", ";CN=Anna Holm", "", "ATTENDEE;CN=Ole Lund;RSVP=TRUE:mailto:ole.lund@region.example\n", "",
		"DESCRIPTION:Peter Ægidius (peter@post.example) har nøglen.\n", "")
	calendarText, invitation := plain.Replace(calendarText), plain.Replace(invitation)
	policyHold := strings.Replace(defaultPolicy, "invitations: split", "invitations: hold", 1)
	for name, c := range map[string]struct{ policy, mail string }{
		"where the policy says so": {policyHold, invitation},
		"in a nested message": {defaultPolicy, invitationHead + "Content-Type: multipart/mixed; boundary=m\n\n--m\nContent-Type: message/rfc822\n\nFrom: tr.anna@forening.example\nSubject: x\nMIME-Version: 1.0\nContent-Type: text/calendar; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n" +
			calendarText + "--m--\n"},
		"in a ZIP file":          {defaultPolicy, invitationHead + "Content-Type: application/zip; name=x.zip\nContent-Transfer-Encoding: base64\n\n" + zipped(t, calendarText) + "\n"},
		"organized by a member":  {defaultPolicy, strings.Replace(invitation, "ORGANIZER:mailto:tr.anna@forening.example", "ORGANIZER:mailto:peter@post.example", 1)},
		"that is not whole":      {defaultPolicy, strings.Replace(invitation, "END:VEVENT\n", "", 1)},
		"in a signed part":       {defaultPolicy, invitationHead + "Content-Type: multipart/signed; boundary=m; micalg=sha-256; protocol=\"application/pkcs7-signature\"\n\n--m\nContent-Type: text/calendar; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n" + calendarText + "\n--m\nContent-Type: application/pkcs7-signature\nContent-Transfer-Encoding: base64\n\nMIAGCSqGSIb3DQEHAqCAMIACAQEAAA==\n--m--\n"},
		"pasted into other text": {defaultPolicy, invitationHead + "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\nSe her:\n\n" + calendarText},
	} {
		t.Run(name, func(t *testing.T) {
			g := gateway(t, files{"policy.yaml": c.policy})
			if err := g.send("anna", "tr.anna@forening.example", invited[:3], c.mail); err != nil {
				t.Fatal(err)
			}
			g.arrived(2)
			for _, m := range mails(g.upstream.Messages()) {
				if r := strings.Join(m.Recipients(), " "); r != "sekretariat@forening.example" {
					t.Errorf("it went to %s", r)
				}
			}
			var held []map[string]any
			g.json(&held, "held", "list")
			if len(held) < 2 {
				t.Errorf("%d copies are held\n%s", len(held), g.log)
			}
		})
	}
}
