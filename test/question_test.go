package test

import (
	"encoding/base64"
	"fmt"
	"io"
	"mime/quotedprintable"
	"net/mail"
	"regexp"
	"strings"
	"testing"

	"postvern.example/internal/sink"
)

// askPolicy is the default policy that asks about unusual recipients.
var askPolicy = strings.Replace(defaultPolicy, "quoted: remove}", "quoted: remove, unusual: ask}", 1)

// asking starts a gateway that asks.
func asking(t *testing.T, with files) *installation {
	t.Helper()
	all := files{"policy.yaml": askPolicy}
	for name, text := range with {
		all[name] = text
	}
	return gateway(t, all)
}

func mailToPeople(to ...string) string {
	return "From: Anna Holm <tr.anna@forening.example>\nTo: " + strings.Join(to, ", ") +
		"\nSubject: Mødet på torsdag\nDate: Fri, 20 Nov 2026 08:12:44 +0100\nMessage-ID: <1@forening.example>\nContent-Type: text/plain; charset=utf-8\n\nVi ses klokken ti.\n"
}

// sendMail sends a mail of Anna's to people as its To field names them.
func (i *installation) sendMail(to ...string) {
	i.t.Helper()
	var rcpt []string
	for _, one := range to {
		a, err := mail.ParseAddress(one)
		if err != nil {
			i.t.Fatal(err)
		}
		rcpt = append(rcpt, a.Address)
	}
	if err := i.send("anna", "tr.anna@forening.example", rcpt, mailToPeople(to...)); err != nil {
		i.t.Fatal(err)
	}
}

// asked is a question as its reader sees it.
type asked struct {
	to, answerTo, subject, text string
}

var questionAddress = regexp.MustCompile(`<(svar\+[a-z0-9]+@mail\.forening\.example)>`)

// question waits for a question upstream and returns the last one.
func (i *installation) question() asked {
	i.t.Helper()
	return i.questionWith("")
}

// questionWith waits for a question that has a text in its header, and returns
// the last one.
func (i *installation) questionWith(text string) asked {
	i.t.Helper()
	var found *sink.Message
	waitFor(i.t, "a question", func() bool {
		for _, m := range i.upstream.Messages() {
			if questionAddress.Match(m.Content) && strings.Contains(string(m.Content), text) {
				found = &m
			}
		}
		return found != nil
	})
	t, _ := i.t.(*testing.T)
	h := parse(t, found.Content).Header
	from, err := mail.ParseAddress(h.Get("From"))
	if err != nil || h.Get("Reply-To") == "" || found.From != "" {
		i.t.Fatalf("a question without an address to answer to, or with a reverse-path: %v\n%s", err, found.Content)
	}
	return asked{to: strings.Join(found.Recipients(), " "), answerTo: from.Address, subject: decoded(t, h.Get("Subject")), text: plain(t, found.Content)}
}

// reply sends an answer of Anna's, as her mail program writes it.
func (i *installation) reply(q asked, body string) error {
	i.t.Helper()
	return i.send("anna", "tr.anna@forening.example", []string{q.answerTo}, "From: Anna Holm <tr.anna@forening.example>\nTo: Postvern <"+q.answerTo+
		">\nSubject: SV: "+"question\nDate: Fri, 20 Nov 2026 09:12:44 +0100\nMessage-ID: <2@forening.example>\nMIME-Version: 1.0\n"+body)
}

const plainHead = "Content-Type: text/plain; charset=utf-8\n\n"

// heldTo returns the recipients of all held copies.
func (i *installation) heldTo() []string {
	i.t.Helper()
	var held []map[string]any
	i.json(&held, "held", "list")
	var to []string
	for _, h := range held {
		to = append(to, fmt.Sprint(h["to"]))
	}
	return to
}

func TestAnUnusualRecipientWaitsForTheSendersAnswer(t *testing.T) {
	for name, c := range map[string]struct {
		to    []string // the first is the one who is asked about
		says  string
		waits int
		hides string // what the question must not say
	}{
		"a letter changed in a member's address": {[]string{"ingrod@post.example"}, "et bogstav eller to", 1, "ingrid@"},
		"a letter left out":                      {[]string{"karin.oerg@brev.example"}, "et bogstav eller to", 1, "oberg"},
		"two letters exchanged":                  {[]string{"kairn.oberg@brev.example"}, "et bogstav eller to", 1, "karin"},
		"two slips":                              {[]string{"karen.obeg@brev.example"}, "et bogstav eller to", 1, "karin.oberg"},
		"a member's name at another domain":      {[]string{"karin.oberg@gmail.example"}, "noget andet efter @", 1, "brev.example"},
		"another top level domain":               {[]string{"karin.oberg@brev.invalid"}, "det, der står efter @", 1, "brev.example"},
		"a mistyped domain":                      {[]string{"karin.oberg@berv.example"}, "det, der står efter @", 1, "brev.example"},
		"look-alike letters":                     {[]string{"karin.0berg@brev.example"}, "kun ligner", 1, "oberg"},
		"a colleague's address":                  {[]string{"anna.holn@region.example"}, "(det ligner anna.holm@region.example)", 1, "\x00"},
		"somebody of the same name":              {[]string{"Ingrid Østergård <ioe@firma.example>"}, "hedder det samme", 1, "ingrid@"},
		"one outsider among many members":        {[]string{"chef@region.example", "mette@post.example", "peter@post.example", "ingrid@post.example"}, "den eneste modtager", 4, "mette"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := asking(t, nil)
			g.sendMail(c.to...)
			q := g.question()
			a, _ := mail.ParseAddress(c.to[0])
			if q.to != "tr.anna@forening.example" || !strings.HasPrefix(q.subject, "Er modtageren rigtig?") {
				t.Errorf("asked %s: %s", q.to, q.subject)
			}
			for _, want := range []string{a.Address, c.says, "JA", "NEJ", "PV-"} {
				if !strings.Contains(q.text, want) {
					t.Errorf("the question does not say %q:\n%s", want, q.text)
				}
			}
			if strings.Contains(q.text, c.hides) || strings.Contains(q.text, "torsdag") {
				t.Errorf("the question tells too much:\n%s", q.text)
			}
			if held := g.heldTo(); len(held) != c.waits {
				t.Errorf("held to %v", held)
			}
			if err := g.reply(q, plainHead+"Ja\n"); err != nil {
				t.Fatalf("%v\n%v", err, g.log.lines("put off"))
			}
			waitFor(t, "the mail", func() bool { return recipientsOf(mails(g.upstream.Messages()))[a.Address] })
			if held := g.heldTo(); len(held) != 0 {
				t.Errorf("still held: %v", held)
			}
			got := len(g.arrived(3)) // the question, the mail, what became of it
			for range 2 {            // who was confirmed is known
				g.sendMail(c.to...)
				got++
				if c.waits > 1 {
					got++ // members were hidden: a notice
				}
			}
			g.arrived(got)
			if held := g.heldTo(); len(held) != 0 {
				t.Errorf("asked again about %v", held)
			}
		})
	}
}

func recipientsOf(all []sink.Message) map[string]bool {
	to := map[string]bool{}
	for _, m := range all {
		for _, r := range m.Recipients() {
			to[r] = true
		}
	}
	return to
}

func TestTheCopyForOneWhoResemblesSomebodyWaitsAloneAndOthersGetTheirs(t *testing.T) {
	g := asking(t, nil)
	g.sendMail("ingrod@post.example", "sekretariat@forening.example", "ole.lund@region.example")
	all := g.arrived(2)
	if got := recipientsOf(mails(all)); !got["sekretariat@forening.example"] || !got["ole.lund@region.example"] || got["ingrod@post.example"] {
		t.Errorf("the mail went to %v", got)
	}
	q := g.question()
	if err := g.reply(q, plainHead+"Nej\n\n-- \nAnna\n"); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the outcome", func() bool { return len(g.upstream.Messages()) == 3 })
	if held := g.heldTo(); len(held) != 0 {
		t.Errorf("still held: %v", held)
	}
	if got := recipientsOf(mails(g.upstream.Messages())); got["ingrod@post.example"] {
		t.Error("a withdrawn mail was sent")
	}
	var records []map[string]any
	g.json(&records, "deviations", "list")
	types := map[any]bool{}
	for _, r := range records {
		types[r["type"]] = true
		if r["near_miss"] != true {
			t.Errorf("nothing went out, and yet it is a deviation: %v", r)
		}
		if text := fmt.Sprint(r); strings.Contains(text, "ingrod") {
			t.Errorf("the register names a recipient: %s", text)
		}
	}
	if !types["unusual-recipient"] || !types["answered"] {
		t.Errorf("the register has %v", types)
	}
	g.sendMail("ingrod@post.example") // what was withdrawn is not known
	waitFor(t, "another question", func() bool { return len(g.upstream.Messages()) == 4 })
	if held := g.heldTo(); len(held) != 1 {
		t.Errorf("held to %v", held)
	}
}

// plain returns the text of a mail whose body is plain text, on one line.
func plain(t *testing.T, raw []byte) string {
	t.Helper()
	m := parse(t, raw)
	r := m.Body
	switch strings.ToLower(m.Header.Get("Content-Transfer-Encoding")) {
	case "quoted-printable":
		r = quotedprintable.NewReader(r)
	case "base64":
		r = base64.NewDecoder(base64.StdEncoding, r)
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(strings.Fields(string(b)), " ")
}
