package test

import (
	"slices"
	"strings"
	"testing"

	"postvern.example/internal/sink"
)

// strangers are people who are asked to join: none is a member.
var strangers = []string{"ada.dam@brev.example", "bo.friis@brev.example", "ida.vang@brev.example"}

// recruiting is a mail to them that names them in every place: header, quoted
// block, nested mail, invitation.
func recruiting(subject string) string {
	return "X-Mark: " + mark(subject) + `
From: Anna Holm <tr.anna@forening.example>
To: Ada Dam <ada.dam@brev.example>, Bo Friis <bo.friis@brev.example>, Ida Vang <ida.vang@brev.example>
Subject: Velkommen
Date: Mon, 2 Mar 2026 12:00:00 +0100
Message-ID: <velkommen@region.example>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="b"

--b
Content-Type: text/plain; charset=utf-8

Hej,

-----Oprindelig meddelelse-----
Fra: Anna Holm <tr.anna@forening.example>
Sendt: 1. marts 2026 10:00
Til: Ada Dam <ada.dam@brev.example>; Bo Friis <bo.friis@brev.example>; Ida Vang <ida.vang@brev.example>
Emne: Invitation

Vil I med?

--b
Content-Type: message/rfc822

From: Anna Holm <tr.anna@forening.example>
To: Ada Dam <ada.dam@brev.example>, Bo Friis <bo.friis@brev.example>
Cc: Ida Vang <ida.vang@brev.example>
Subject: Invitation
Date: Sun, 1 Mar 2026 10:00:00 +0100
Message-ID: <invitation@region.example>

Vil I med?

--b
Content-Type: text/calendar; charset=utf-8; method=REQUEST

BEGIN:VCALENDAR
PRODID:-//x//y//DA
VERSION:2.0
METHOD:REQUEST
BEGIN:VEVENT
UID:moede-1@region.example
RELATED-TO:3kq0p2v@google.example
DTSTAMP:20260302T110000Z
DTSTART:20260310T110000Z
SUMMARY:Velkomstmøde
ORGANIZER;CN=Anna Holm:mailto:tr.anna@forening.example
ATTENDEE;CN=Ada Dam:mailto:ada.dam@brev.example
ATTENDEE;CN=Bo Friis:mailto:bo.friis@brev.example
ATTENDEE;CN=Ida Vang:mailto:ida.vang@brev.example
END:VEVENT
END:VCALENDAR

--b--
`
}

func TestWithEverybodyHiddenNobodyLearnsWhoIsNoMember(t *testing.T) {
	for _, as := range []string{"bcc", "individual"} {
		t.Run(as, func(t *testing.T) {
			i := gateway(t, files{"policy.yaml": strings.Replace(strings.Replace(defaultPolicy, "hide: members", "hide: everyone", 1), "as: bcc", "as: "+as, 1)})
			if err := i.send("anna", "tr.anna@forening.example", strangers, recruiting(as)); err != nil {
				t.Fatal(err)
			}
			i.arrived(len(strangers))
			for _, reader := range strangers {
				got := i.delivered(as, reader)
				for _, other := range strangers {
					name := map[string]string{strangers[0]: "Ada Dam", strangers[1]: "Bo Friis", strangers[2]: "Ida Vang"}[other]
					if other != reader && (strings.Contains(got, other) || strings.Contains(got, name)) {
						t.Errorf("%s learns of %s:\n%s", reader, other, got)
					}
				}
				if !strings.Contains(got, "ATTENDEE") || !strings.Contains(got, "mailto:"+reader) {
					t.Errorf("%s is not invited any more:\n%s", reader, got)
				}
				if !strings.Contains(got, "\r\nUID:moede-1@region.example\r\nRELATED-TO:3kq0p2v@google.example\r\n") {
					t.Errorf("an answer to it finds no event:\n%s", got)
				}
				if as == "individual" && !strings.Contains(field(got, "To"), reader) {
					t.Errorf("To: %s", field(got, "To"))
				}
			}
		})
	}
}

func TestWithEverybodyHiddenNoFieldNamesThemInTheGenitive(t *testing.T) {
	i := gateway(t, files{"policy.yaml": strings.Replace(defaultPolicy, "hide: members", "hide: everyone", 1)})
	leaves := map[string]bool{
		"Bo Søndergaards sag": true, "Bo Soendergaards sag": true, "Bo Sondergaardin asia": true, "Bo Soendergaardes sag": true,
		"Soendergaard, Bon asia": true, "Bo Soendergaardsen": false, "Bo Soendergaardvej 4": false,
	}
	readers := []string{"bo@brev.example", "ada.dam@brev.example"}
	for text, leaving := range leaves {
		mail := "X-Mark: " + mark(text) + "\nFrom: Anna Holm <tr.anna@forening.example>\nTo: Bo Søndergaard <bo@brev.example>, Ada Dam <ada.dam@brev.example>\nSubject: x\nKeywords: " + text + "\n\nHej\n"
		if err := i.send("anna", "tr.anna@forening.example", readers, mail); err != nil {
			t.Fatal(err)
		}
		if left := field(i.delivered(text, readers[1]), "Keywords") == ""; left != leaving {
			t.Errorf("%s: the field was taken out: %t", text, left)
		}
	}
}

func TestWithEverybodyHiddenAnOrdinaryMailToOnePersonStaysAsItIs(t *testing.T) {
	i := gateway(t, files{"policy.yaml": strings.Replace(strings.Replace(defaultPolicy, "hide: members", "hide: everyone", 1), "on: representative-mail}", "on: never}", 1)})
	mail := strings.Replace(recruiting("en"), "To: Ada Dam <ada.dam@brev.example>, Bo Friis <bo.friis@brev.example>, Ida Vang <ida.vang@brev.example>\nSubject", "To: Ada Dam <ada.dam@brev.example>\nSubject", 1)
	if err := i.send("anna", "tr.anna@forening.example", strangers[:1], mail); err != nil {
		t.Fatal(err)
	}
	got := i.delivered("en", strangers[0])
	if _, rest, _ := strings.Cut(got, "X-Mark:"); rest != strings.TrimPrefix(crlf(mail), "X-Mark:") {
		t.Errorf("it was changed:\n%s", got)
	}
	if all := i.upstream.Messages(); slices.ContainsFunc(all, func(m sink.Message) bool { return strings.Contains(string(m.Content), "Auto-Submitted") }) {
		t.Error("there was something to tell")
	}
}

func TestWithEverybodyHiddenAnInvitationWhoseIdNamesSomebodyWaits(t *testing.T) {
	i := gateway(t, files{"policy.yaml": strings.Replace(defaultPolicy, "hide: members", "hide: everyone", 1)})
	mail := strings.Replace(recruiting("id"), "UID:moede-1@region.example", "UID:"+strangers[1], 1)
	if err := i.send("anna", "tr.anna@forening.example", strangers, mail); err != nil {
		t.Fatal(err)
	}
	if held := i.heldTo(); len(held) != len(strangers) {
		t.Errorf("held to %v", held)
	}
}

// TestReadersWhoStandWhereAnIdOrAFormShouldStandAreNotSentOut sends mails whose
// list of recipients has lost its line: To names one of them.
func TestReadersWhoStandWhereAnIdOrAFormShouldStandAreNotSentOut(t *testing.T) {
	to := []string{"mette@post.example", "peter@post.example", "ingrid@post.example"}
	const head = "From: Anna Holm <tr.anna@forening.example>\nTo: mette@post.example\nSubject: Til jer\nDate: Mon, 2 Mar 2026 12:00:00 +0100\n"
	for name, rest := range map[string]string{
		"behind the Message-ID":      "Message-ID: <a@region.example>Cc: peter@post.example, ingrid@post.example\n\nHej\n",
		"in the References":          "Message-ID: <a@region.example>\nReferences: <b@region.example> peter@post.example\n <ingrid@post.example>\n\nHej\n",
		"behind a file's name":       "Message-ID: <a@region.example>\nMIME-Version: 1.0\nContent-Type: text/html\nContent-Disposition: inline; filename=a.htmlCc: peter@post.example, ingrid@post.example\n\n<p>Hej</p>\n",
		"behind the type":            "Message-ID: <a@region.example>\nMIME-Version: 1.0\nContent-Type: text/plain; x=\"peter@post.example ingrid@post.example\"\n\nHej\n",
		"behind a part's name":       "Message-ID: <a@region.example>\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nHej\n--b\nContent-Type: text/plain\nContent-Disposition: attachment; filename=\"a.txt Cc: peter@post.example, ingrid@post.example\"\n\nHej\n--b--\n",
		"behind a part's Content-ID": "Message-ID: <a@region.example>\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nHej\n--b\nContent-Type: text/plain\nContent-ID: <c@region.example> Cc: peter@post.example, ingrid@post.example\n\nHej\n--b--\n",
	} {
		for _, policy := range []string{"members", "everyone"} {
			for _, as := range []string{"bcc", "individual"} {
				t.Run(name+", "+policy+", "+as, func(t *testing.T) {
					readers := to
					if policy == "everyone" {
						readers, rest = strangers, strings.NewReplacer(to[0], strangers[0], to[1], strangers[1], to[2], strangers[2]).Replace(rest)
					}
					g := gateway(t, files{"policy.yaml": strings.NewReplacer("hide: members, from: 2", "hide: "+policy+", from: 2", "as: bcc", "as: "+as).Replace(defaultPolicy)})
					err := g.send("anna", "tr.anna@forening.example", readers, strings.Replace(head, to[0], readers[0], 1)+rest)
					if err != nil && !strings.Contains(err.Error(), "medlemslister") {
						t.Fatal(err)
					}
					g.counts(`postvern_spool_copies{state="queued"} 0`)
					for _, m := range mails(g.upstream.Messages()) {
						for i, address := range readers {
							if i > 0 && strings.Contains(string(m.Content), address) && (as == "bcc" || m.Recipients()[0] != address) {
								t.Errorf("%s reads of %s:\n%s", m.Recipients(), address, m.Content)
							}
						}
					}
					if sent, held := len(mails(g.upstream.Messages())), len(g.heldTo()); err == nil && sent+held == 0 {
						t.Error("it went nowhere")
					}
				})
			}
		}
	}
}

// TestWithEverybodyHiddenAFileThatOneOfThemWroteWaits sends what no edit reaches
// and names one reader as a writer: to the others that is as good as a list.
func TestWithEverybodyHiddenAFileThatOneOfThemWroteWaits(t *testing.T) {
	i := gateway(t, files{"policy.yaml": strings.Replace(defaultPolicy, "hide: members", "hide: everyone", 1)})
	wrote := "From: Bo Friis <bo.friis@brev.example>\nTo: tr.anna@forening.example\nSubject: x\n\nHej\n"
	n := 0
	for name, body := range map[string]string{
		"a mail that is a file": file("application/octet-stream", "a.eml", wrote),
		"a mail in the mail":    attached("Content-Type: message/rfc822\n", wrote),
		"a saved page":          file("text/html", "a.html", "<p>Fra: Bo Friis &lt;bo.friis@brev.example&gt;<br>Sendt: 1. marts<br>Emne: x</p>"),
		"a receipt":             attached("Content-Type: message/disposition-notification\n", "Final-Recipient: rfc822;bo.friis@brev.example\nDisposition: manual-action/MDN-sent-manually; displayed\n"),
	} {
		mail := "From: Anna Holm <tr.anna@forening.example>\nTo: Ada Dam <ada.dam@brev.example>, Bo Friis <bo.friis@brev.example>\nSubject: " + name + "\nDate: Mon, 2 Mar 2026 12:00:00 +0100\nMessage-ID: <wrote@region.example>\n" + body
		if err := i.send("anna", "tr.anna@forening.example", strangers[:2], mail); err != nil {
			t.Fatal(err)
		}
		if n++; !slices.Contains(i.heldTo(), strangers[0]) || len(i.heldTo()) < n {
			t.Errorf("%s: held to %v", name, i.heldTo())
		}
	}
}

// TestWithEverybodyHiddenCalendarsThatAreFilesTellOfNobody attaches invitations
// of forms and in places that no edit reaches, and one that is edited.
func TestWithEverybodyHiddenCalendarsThatAreFilesTellOfNobody(t *testing.T) {
	i := gateway(t, files{"policy.yaml": strings.Replace(defaultPolicy, "hide: members", "hide: everyone", 1)})
	event := "BEGIN:VCALENDAR\nVERSION:2.0\nMETHOD:PUBLISH\nBEGIN:VEVENT\nUID:1\nDTSTAMP:20260302T110000Z\nORGANIZER:mailto:tr.anna@forening.example\n%s\nEND:VEVENT\nEND:VCALENDAR\n"
	attendee := strings.Replace(event, "%s", "ATTENDEE;CN=Bo Friis:mailto:bo.friis@brev.example", 1)
	for name, c := range map[string]struct {
		body string
		held bool
	}{
		"JSCalendar":             {file("application/octet-stream", "a.ics", `{"@type":"Event","uid":"1","participants":{"p":{"@type":"Participant","name":"Bo Friis"}}}`), true},
		"an invitation in a zip": {attached("Content-Type: application/zip; name=a.zip\nContent-Transfer-Encoding: base64\n", zipped(t, attendee)), true},
		"a contact by name":      {file("text/calendar", "a.ics", strings.Replace(event, "%s", "CONTACT:Bo Friis", 1)), false},
	} {
		before := len(i.heldTo())
		mail := "X-Mark: " + mark(name) + "\nFrom: Anna Holm <tr.anna@forening.example>\nTo: Ada Dam <ada.dam@brev.example>, Bo Friis <bo.friis@brev.example>\nSubject: x\nDate: Mon, 2 Mar 2026 12:00:00 +0100\nMessage-ID: <files@region.example>\n" + c.body
		if err := i.send("anna", "tr.anna@forening.example", strangers[:2], mail); err != nil {
			t.Fatal(err)
		}
		if held := i.heldTo()[before:]; c.held != (len(held) > 0) {
			t.Errorf("%s: held to %v", name, held)
		}
		if c.held {
			continue
		}
		if got := i.delivered(name, strangers[0]); strings.Contains(got, "Friis") {
			t.Errorf("%s tells of another reader:\n%s", name, got)
		}
	}
}

// TestWithEverybodyHiddenWhatProgramsWroteInATextTellsOfNobody sends texts in
// which programs have named one reader, and one whose words are the writer's own.
func TestWithEverybodyHiddenWhatProgramsWroteInATextTellsOfNobody(t *testing.T) {
	i := gateway(t, files{"policy.yaml": strings.Replace(defaultPolicy, "hide: members", "hide: everyone", 1)})
	for name, c := range map[string]struct {
		body  string
		named bool
	}{
		"a comment":            {page("<!-- Bo Friis --><p>Hej</p>"), false},
		"an attribute":         {page("<p aria-label='Fra Bo Friis'>Hej</p>"), false},
		"properties":           {page("<!--[if gte mso 9]><xml><o:Author>Bo Friis</o:Author></xml><![endif]--><p>Hej</p>"), false},
		"an invitation":        {worded("Hvornår: 20. november\nHvor: Teams\nMødedeltagere: Bo Friis; Kontoret"), false},
		"who is invited":       {worded("Inviterede: Bo Friis <bo.friis@brev.example>, Ada Dam <ada.dam@brev.example>"), false},
		"a citation":           {saying("Bo Friis wrote:"), false},
		"the writer's words":   {worded("Vi var tre: Bo Friis skrev referat."), true},
		"minutes of a meeting": {worded("Tid: 20. november\nSted: Kontoret\nDeltagere: Bo Friis, Ada Dam"), true},
	} {
		mail := "X-Mark: " + mark(name) + "\nFrom: Anna Holm <tr.anna@forening.example>\nTo: Ada Dam <ada.dam@brev.example>, Bo Friis <bo.friis@brev.example>\nSubject: x\nDate: Mon, 2 Mar 2026 12:00:00 +0100\nMessage-ID: <texts@region.example>\nMIME-Version: 1.0\nContent-Transfer-Encoding: 8bit\n" + c.body
		if err := i.send("anna", "tr.anna@forening.example", strangers[:2], mail); err != nil {
			t.Fatal(err)
		}
		if got := i.delivered(name, strangers[0]); strings.Contains(got, "Friis") != c.named {
			t.Errorf("%s: is named %v, want %v:\n%s", name, !c.named, c.named, got)
		}
	}
}
