package test

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"strings"
	"testing"
	"time"
)

const papersCalendar = `BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Example//Calendar//EN
METHOD:REQUEST
BEGIN:VEVENT
UID:2@forening.example
DTSTAMP:20261120T080000Z
DTSTART:20261203T100000Z
CLASS:PUBLIC
ORGANIZER;CN=Anna Holm:mailto:tr.anna@forening.example
ATTENDEE;CN=Mette Sørensen:mailto:mette@post.example
ATTENDEE;CN=Peter Ægidius:mailto:peter@post.example
ATTACH;FMTTYPE=text/csv;ENCODING=BASE64;VALUE=BINARY;X-FILENAME=plan.csv:VWdlO0
 RhZw0KNDk7VG9yc2RhZw0K
ATTACH;FILENAME=link:https://filer.forening.example/dagsorden
SUMMARY:Møde
END:VEVENT
END:VCALENDAR
`

// meeting is an invitation as Exchange hands it on, with a paper.
const meeting = `From: Anna Holm <tr.anna@forening.example>
To: mette@post.example, Peter <peter@post.example>
Subject: TR – fortroligt Møde
Date: Fri, 20 Nov 2026 08:12:44 +0100
Message-ID: <papers@forening.example>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="ydre"

--ydre
Content-Type: multipart/alternative; boundary="indre"

--indre
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

Vel mødt.
--indre
Content-Type: text/calendar; charset=utf-8; method=REQUEST
Content-Transfer-Encoding: 8bit

` + papersCalendar + `
--indre--

--ydre
Content-Type: text/plain; charset=utf-8; name="dagsorden.txt"
Content-Disposition: attachment; filename="dagsorden.txt"
Content-Transfer-Encoding: 8bit

1. Løn
2. Ferie
--ydre--
`

func papersPolicy(more string) files {
	return files{"policy.yaml": strings.Replace(defaultPolicy, "quoted: remove", "quoted: remove, "+more, 1)}
}

// fileNames returns the names of the files that are attached to a mail, with
// their contents.
func fileNames(t *testing.T, raw []byte) map[string]string {
	t.Helper()
	found := map[string]string{}
	var walk func(header interface{ Get(string) string }, body io.Reader)
	walk = func(header interface{ Get(string) string }, body io.Reader) {
		media, params, err := mime.ParseMediaType(header.Get("Content-Type"))
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(media, "multipart/") {
			for r := multipart.NewReader(body, params["boundary"]); ; {
				part, err := r.NextRawPart()
				if err == io.EOF {
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				walk(part.Header, part)
			}
		}
		content, err := io.ReadAll(body)
		if err != nil {
			t.Fatal(err)
		}
		if _, p, err := mime.ParseMediaType(header.Get("Content-Disposition")); err == nil && p["filename"] != "" {
			found[p["filename"]] = string(content)
		}
	}
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	walk(m.Header, m.Body)
	return found
}

// twoMails waits for the invitation and the papers of every member.
func twoMails(t *testing.T, g *installation) (invitations, papers map[string]string) {
	t.Helper()
	invitations, papers = map[string]string{}, map[string]string{}
	for deadline := time.Now().Add(20 * time.Second); len(invitations)+len(papers) < 4 && time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		for _, m := range mails(g.upstream.Messages()) {
			into := papers
			if bytes.Contains(m.Content, []byte("BEGIN:VCALENDAR")) {
				into = invitations
			}
			for _, r := range m.Recipients() {
				into[r] = string(m.Content)
			}
		}
	}
	if len(invitations) != 2 || len(papers) != 2 {
		t.Fatalf("%d invitations and %d mails of papers arrived\n%s", len(invitations), len(papers), g.log)
	}
	return invitations, papers
}

func TestThePapersOfAMeetingGoInAMailOfTheirOwn(t *testing.T) {
	g := gateway(t, papersPolicy("papers: detach"))
	if err := g.send("anna", "tr.anna@forening.example", []string{"mette@post.example", "peter@post.example"}, meeting); err != nil {
		t.Fatal(err)
	}
	invitations, papers := twoMails(t, g)
	for reader, raw := range invitations {
		if strings.Contains(raw, "dagsorden.txt") || strings.Contains(raw, "plan.csv") || strings.Contains(raw, "Ferie") {
			t.Errorf("the invitation for %s has its papers still:\n%s", reader, raw)
		}
		for _, kept := range []string{"Vel mødt.", "UID:2@forening.example", "ATTACH;FILENAME=link:https://filer.forening.example/dagsorden\r\n", "CLASS:PUBLIC", ":mailto:" + reader} {
			if !strings.Contains(raw, kept) {
				t.Errorf("the invitation for %s has lost %q:\n%s", reader, kept, raw)
			}
		}
	}
	for reader, raw := range papers {
		all := fileNames(t, []byte(raw))
		if len(all) != 2 || all["dagsorden.txt"] != "1. Løn\r\n2. Ferie" || strings.TrimSpace(all["plan.csv"]) != "VWdlO0RhZw0KNDk7VG9yc2RhZw0K" {
			t.Errorf("the papers for %s are %q\n%s", reader, all, raw)
		}
		header := parse(t, []byte(raw)).Header
		if header.Get("In-Reply-To") != "<papers@forening.example>" || header.Get("References") != "<papers@forening.example>" || header.Get("Message-ID") == "<papers@forening.example>" {
			t.Errorf("they do not belong to the invitation:\n%s", raw)
		}
		if got := decoded(t, header.Get("Subject")); got != "TR – fortroligt Møde" {
			t.Errorf("the subject is %q", got)
		}
		for _, member := range []string{"mette@post.example", "peter@post.example", "Peter"} {
			if strings.Contains(raw, member) {
				t.Errorf("the papers for %s name %s:\n%s", reader, member, raw)
			}
		}
	}
}

func TestPapersAreSealedAndHeldAsTheirInvitationIs(t *testing.T) {
	reader, public := newGnuPG(t, "mette@post.example")
	with := papersPolicy("papers: detach")
	with["keys/mette.asc"] = public
	g := gateway(t, with)
	secret := strings.Replace(meeting, "2. Ferie", "2. CPR-nummer 070761-4285", 1)
	if err := g.send("anna", "tr.anna@forening.example", []string{"mette@post.example", "peter@post.example"}, secret); err != nil {
		t.Fatal(err)
	}
	var opened []string
	for deadline := time.Now().Add(20 * time.Second); len(opened) < 2 && time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		opened = nil
		for _, m := range mails(g.upstream.Messages()) {
			if bytes.Contains(m.Content, []byte("070761")) {
				t.Fatalf("the number is in clear:\n%s", m.Content)
			}
			opened = append(opened, reader.run(m.Content, "--decrypt"))
		}
	}
	if len(opened) != 2 || strings.Contains(opened[0], "070761-4285") == strings.Contains(opened[1], "070761-4285") {
		t.Errorf("the sealed copies are %q", opened)
	}
	var held []struct {
		ID string `json:"id"`
	}
	g.json(&held, "held", "list")
	if len(held) != 2 {
		t.Errorf("%d copies are held for the reader without a key, want the invitation and its papers", len(held))
	}
}

func TestInvitationsWithPapersAreHeldWhereThePolicyHoldsThem(t *testing.T) {
	signed := strings.Replace(meeting, `multipart/mixed; boundary="ydre"`, `multipart/signed; protocol="application/pkcs7-signature"; micalg=sha-256; boundary="ydre"`, 1)
	signed = strings.Replace(signed, "--ydre--\n", "--ydre\nContent-Type: application/pkcs7-signature; name=smime.p7s\nContent-Transfer-Encoding: base64\n\nMAA=\n--ydre--\n", 1)
	signed = strings.Replace(strings.Replace(signed, ", Peter <peter@post.example>", "", 1), "ATTENDEE;CN=Peter Ægidius:mailto:peter@post.example\n", "", 1)
	for _, c := range []struct{ name, policy, mail string }{
		{"it has papers", "papers: hold", meeting},
		{"it is signed, and cannot lose them", "papers: detach", signed},
		{"it is signed, and cannot be marked", "meetings: private", signed},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := gateway(t, papersPolicy(c.policy))
			if err := g.send("anna", "tr.anna@forening.example", []string{"mette@post.example"}, c.mail); err != nil {
				t.Fatal(err)
			}
			if got := verdictOf(t, g, 0); got != string(isHeld) {
				t.Errorf("the verdict is %s\n%s", got, g.log)
			}
		})
	}
}

func TestInvitationsAreMarkedPrivateWhereThePolicyAsks(t *testing.T) {
	g := gateway(t, papersPolicy("meetings: private"))
	for _, c := range []struct{ name, was, want string }{
		{"a public one", "CLASS:PUBLIC", "BEGIN:VEVENT\r\nCLASS:PRIVATE\r\nUID:"},
		{"one without a mark", "LOCATION:Kantinen", "BEGIN:VEVENT\r\nCLASS:PRIVATE\r\nUID:"},
		{"a confidential one", "CLASS:CONFIDENTIAL", "CLASS:CONFIDENTIAL\r\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			already := len(mails(g.upstream.Messages()))
			one := strings.Replace(strings.Replace(meeting, ", Peter <peter@post.example>", "", 1), "CLASS:PUBLIC", c.was, 1)
			if err := g.send("anna", "tr.anna@forening.example", []string{"mette@post.example"}, one); err != nil {
				t.Fatal(err)
			}
			var all [][]byte
			for deadline := time.Now().Add(20 * time.Second); len(all) <= already && time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
				all = nil
				for _, m := range mails(g.upstream.Messages()) {
					all = append(all, m.Content)
				}
			}
			raw := string(all[len(all)-1])
			if !strings.Contains(raw, c.want) || strings.Contains(raw, "CLASS:PUBLIC") || !strings.Contains(raw, "dagsorden.txt") {
				t.Errorf("it is not marked:\n%s", raw)
			}
		})
	}
}
