package test

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"

	"postvern.example/internal/sink"
)

const stranger = "ingrod@post.example" // a letter from a member

func TestTheRoundOfAskingGoesInEveryLanguage(t *testing.T) {
	for lang, c := range map[string]struct{ subject, yes, no, below string }{
		"da": {"Er modtageren rigtig?", "Ja", "Nej", "Den 22.11.2026 kl. 02.11 skrev Postvern:\n> Svar med JA eller NEJ\n"},
		"nb": {"Er mottakeren riktig?", "Ja takk", "Nei", "________________________________\nFra: Postvern <x@mail.forening.example>\nSendt: søndag 22. november 2026\n\nSvar med JA eller NEI\n"},
		"nn": {"Er mottakaren rett?", "JA", "nei", "Frå: Postvern\nSendt: sundag 22. november 2026\nEmne: Er mottakaren rett?\n\nSvar med JA eller NEI\n"},
		"sv": {"Är mottagaren rätt?", "Ja!", "Nej tack", "Den 22 nov. 2026 kl. 02:11 skrev Postvern <x@mail.forening.example>:\n> Svara med JA eller NEJ\n"},
		"en": {"Is the recipient right?", "Yes", "No", "On Sun, Nov 22, 2026 at 2:11 AM Postvern <x@mail.forening.example> wrote:\n> Reply with YES or NO\n"},
	} {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			g := asking(t, files{"representatives.yaml": strings.Replace(defaultRepresentatives(t), "language: da", "language: "+lang, 1)})
			g.sendMail(stranger)
			q := g.question()
			if !strings.HasPrefix(q.subject, c.subject) {
				t.Errorf("asked %q", q.subject)
			}
			if err := g.reply(q, plainHead+c.no+"\n\n"+c.below); err != nil {
				t.Fatal(err)
			}
			if held := g.heldTo(); len(held) != 0 {
				t.Errorf("after no: %v", held)
			}
			g.arrived(2) // and what became of it
			g.sendMail(stranger)
			waitFor(t, "a second question", func() bool { return g.question() != q })
			if err := g.reply(g.question(), plainHead+c.yes+"\n\n"+c.below); err != nil {
				t.Fatal(err)
			}
			waitFor(t, "the mail", func() bool { return recipientsOf(mails(g.upstream.Messages()))[stranger] })
			if n := len(mails(g.upstream.Messages())); n != 1 {
				t.Errorf("%d mails left: an answer went upstream", n)
			}
		})
	}
}

func TestAnAnswerThatIsNotClearChangesNothing(t *testing.T) {
	g := asking(t, nil)
	g.sendMail(stranger)
	q := g.question()
	if err := g.reply(q, plainHead+"Hvad mener I? Den er da god nok, men spørg lige Mette\n"); err != nil {
		t.Fatal(err)
	}
	if text := plain(t, g.arrived(2)[1].Content); !strings.Contains(text, "hverken var JA eller NEJ") {
		t.Errorf("the sender is told:\n%s", text)
	}
	if err := g.reply(q, "Auto-Submitted: auto-replied\n"+plainHead+"Ja\n\nJeg er på ferie.\n"); err != nil {
		t.Errorf("an out of office reply is answered %v", err)
	}
	g.sendMail(stranger) // to send it again is no answer
	g.arrived(3)
	if held := g.heldTo(); len(held) != 2 {
		t.Errorf("held: %v", held)
	}
	if err := g.reply(q, plainHead+"Ja\n"); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the first mail", func() bool { return len(g.heldTo()) == 1 })
}

// answerAs sends an answer on a connection that is open already.
func answerAs(c *smtp.Client, from string, to []string, body string) error {
	return c.SendMail(from, to, strings.NewReader(crlf("From: <"+from+">\nTo: <"+to[0]+">\nSubject: SV\n"+plainHead+body)))
}

func TestNobodyButTheOneWhoWasAskedCanAnswer(t *testing.T) {
	reps := func(t *testing.T) string {
		return strings.ReplaceAll(defaultRepresentatives(t), "until: 2020-12-31", "until: 2099-12-31")
	}
	g := asking(t, files{"representatives.yaml": reps(t)})
	g.sendMail(stranger)
	q := g.question()
	at := strings.IndexByte(q.answerTo, '@')
	forged := func(i int) string {
		c := byte('a')
		if q.answerTo[i] == c {
			c = 'b'
		}
		return q.answerTo[:i] + string(c) + q.answerTo[i+1:]
	}
	trusted, err := smtp.Dial(g.trust)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = trusted.Close() }()
	for name, try := range map[string]func() error{
		"another representative": func() error { return answerAs(g.client("ole"), "ole@region.example", []string{q.answerTo}, "Ja\n") },
		"another representative, in the sender's name": func() error {
			return answerAs(g.client("ole"), "tr.anna@forening.example", []string{q.answerTo}, "Ja\n")
		},
		"a trusted server, another representative": func() error {
			return answerAs(trusted, "ole@region.example", []string{q.answerTo}, "Ja\n")
		},
		"a trusted server, a stranger it may send for": func() error {
			return answerAs(trusted, "anyone@tillid.example", []string{q.answerTo}, "Ja\n")
		},
		"a token with another id": func() error {
			return answerAs(g.client("anna"), "tr.anna@forening.example", []string{forged(6)}, "Ja\n")
		},
		"a token with another mac": func() error {
			return answerAs(g.client("anna"), "tr.anna@forening.example", []string{forged(at - 1)}, "Ja\n")
		},
		"a token that was cut": func() error {
			return answerAs(g.client("anna"), "tr.anna@forening.example", []string{q.answerTo[:at-1] + q.answerTo[at:]}, "Ja\n")
		},
		"no token": func() error {
			return answerAs(g.client("anna"), "tr.anna@forening.example", []string{"svar+@mail.forening.example"}, "Ja\n")
		},
		"to other people as well": func() error {
			return answerAs(g.client("anna"), "tr.anna@forening.example", []string{q.answerTo, "ole.lund@region.example"}, "Ja\n")
		},
	} {
		err := try()
		_ = trusted.Reset()
		if e := (*smtp.SMTPError)(nil); err == nil {
			t.Errorf("%s: the answer was taken", name)
		} else if e = smtpCode(t, err); e.Code/100 != 5 {
			t.Errorf("%s: %v", name, e)
		}
		if held := g.heldTo(); len(held) != 1 {
			t.Fatalf("%s: held %v", name, held)
		}
	}
	if n := len(g.upstream.Messages()); n != 1 {
		t.Errorf("%d messages went upstream", n)
	}
	if err := answerAs(g.client("anna"), "anna.holm@region.example", []string{strings.ToUpper(q.answerTo[:at]) + q.answerTo[at:], "tr.anna@forening.example"}, "Ja\n"); err != nil {
		t.Errorf("the sender, from another address of theirs, to themselves too: %v", err)
	}
	if held := g.heldTo(); len(held) != 0 {
		t.Errorf("held %v", held)
	}
	if err := answerAs(g.client("anna"), "tr.anna@forening.example", []string{q.answerTo}, "Ja\n"); err != nil {
		t.Errorf("the same answer again, after a lost reply: %v", err)
	}
	err = answerAs(g.client("anna"), "tr.anna@forening.example", []string{q.answerTo}, "Nej\n")
	if e := smtpCode(t, err); e.Code != 550 || !strings.Contains(e.Message, "allerede afgjort") {
		t.Errorf("another answer afterwards: %v", e)
	}
}

func TestMailOfATrustedServerIsAnsweredByTheSameSender(t *testing.T) {
	g := asking(t, nil)
	c, err := smtp.Dial(g.trust)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if err := c.SendMail("tr.anna@forening.example", []string{stranger}, strings.NewReader(crlf(mailToPeople(stranger)))); err != nil {
		t.Fatal(err)
	}
	q := g.question()
	if err := answerAs(c, "anyone@tillid.example", []string{q.answerTo}, "Ja\n"); err == nil {
		t.Error("another sender's answer was taken")
	}
	_ = c.Reset()
	if err := answerAs(c, "tr.anna@forening.example", []string{q.answerTo}, "Ja\n"); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the mail", func() bool { return recipientsOf(mails(g.upstream.Messages()))[stranger] })
}

func TestASendersYesDoesNotOverrideARule(t *testing.T) {
	g := asking(t, nil)
	with := strings.Replace(mailToPeople(stranger), "Vi ses klokken ti.", "Kære Ingrid, dit CPR-nr. er 070761-4285.", 1)
	if err := g.send("anna", "tr.anna@forening.example", []string{stranger}, with); err != nil {
		t.Fatal(err)
	}
	g.arrived(3) // question, notice, and the DPO's
	if err := g.reply(g.question(), plainHead+"Ja\n"); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "word that it is held all the same", func() bool {
		all := g.upstream.Messages()
		return strings.Contains(plain(t, all[len(all)-1].Content), "alligevel tilbage")
	})
	var held []map[string]any
	g.json(&held, "held", "list")
	if len(held) != 1 || fmt.Sprint(held[0]["rules"]) != "[national identity numbers]" {
		t.Fatalf("held: %v", held)
	}
	if _, err := g.run("held", "release", held[0]["id"].(string), "--reason", "aftalt", "--by", "dpo"); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the mail", func() bool { return recipientsOf(mails(g.upstream.Messages()))[stranger] })
}

func TestADecisionOfTheDPOEndsTheQuestion(t *testing.T) {
	g := asking(t, nil)
	g.sendMail(stranger)
	q := g.question()
	var held []map[string]any
	g.json(&held, "held", "list")
	if _, err := g.run("held", "drop", held[0]["id"].(string), "--reason", "forkert", "--by", "dpo"); err != nil {
		t.Fatal(err)
	}
	e := smtpCode(t, g.reply(q, plainHead+"Ja\n"))
	if e.Code != 550 || !strings.Contains(e.Message, "allerede afgjort") {
		t.Errorf("the answer is answered %v", e)
	}
}

func TestAQuestionThatNobodyAnswersEndsWithTheHoldAndItsSenderIsToldOnce(t *testing.T) {
	g := install(t, files{"policy.yaml": strings.Replace(askPolicy, "held: {keep: 14d}", "held: {keep: 1s}", 1)}, sink.Config{})
	g.start()
	g.sendMail("chef@region.example", "mette@post.example", "peter@post.example", "ingrid@post.example")
	q := g.question()
	if err := g.stop(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the end of the hold", func() bool { // held mail expires at a start
		g.start()
		held := g.heldTo()
		if err := g.stop(); err != nil {
			t.Fatal(err)
		}
		return len(held) == 0
	})
	g.start()
	all := g.arrived(2)
	if text := plain(t, all[1].Content); len(all) != 2 || !strings.Contains(text, "fik intet svar") || !strings.Contains(text, "4 modtagere") {
		t.Errorf("%d mails, the last:\n%s", len(all), text)
	}
	if e := smtpCode(t, g.reply(q, plainHead+"Ja\n")); e.Code != 550 {
		t.Errorf("a late answer is answered %v", e)
	}
}

func TestAHeldCopyThatCannotBeDroppedKeepsNoOther(t *testing.T) {
	g := gateway(t, nil)
	for range 3 {
		if err := g.send("anna", "tr.anna@forening.example", []string{"mette@post.example"}, twoMembers+"\n"+withNumber+"\n"); err != nil {
			t.Fatal(err)
		}
	}
	var held []struct {
		ID string `json:"id"`
	}
	g.json(&held, "held", "list")
	if len(held) != 3 {
		t.Fatalf("%d copies are held", len(held))
	}
	g.restart(func() {
		db, err := sql.Open("sqlite", "file:"+g.path("data/postvern.db"))
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range []string{
			"UPDATE copies SET expires = 1 WHERE state = 'held'",
			"CREATE TRIGGER stuck BEFORE DELETE ON copies WHEN OLD.id = '" + held[0].ID + "' BEGIN SELECT RAISE(ABORT, 'a page that cannot be read'); END",
		} {
			if _, err := db.ExecContext(t.Context(), q); err != nil {
				t.Fatal(err)
			}
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	})
	waitFor(t, "the end of the holds", func() bool { return len(g.heldTo()) == 1 })
}

func TestAnEarlierCorrespondentIsWhatOthersResembleAfterThreeDays(t *testing.T) {
	g := install(t, files{"policy.yaml": askPolicy}, sink.Config{})
	g.start()
	g.sendMail("kirsten.lund@firma.example")
	g.sendMail("kristen.lund@firma.example") // nobody is established on the first day
	g.arrived(2)
	if err := g.stop(); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", "file:"+g.path("data/postvern.db"))
	if err != nil {
		t.Fatal(err)
	}
	// As if mail had gone to both on two days before.
	_, err = db.ExecContext(t.Context(), "UPDATE correspondents SET first = first - 2, days = 3")
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"data/postvern.db", "data/postvern.db-wal"} {
		if raw, err := os.ReadFile(g.path(name)); err == nil && bytes.Contains(raw, []byte("kirsten")) {
			t.Errorf("%s names a correspondent", name)
		}
	}
	g.start()
	for _, to := range []string{"kirsten.lumd@firma.example", "kirsten.lund@hjem.example", "eva.holm@firmaa.example"} {
		g.sendMail(to)
	}
	waitFor(t, "three questions", func() bool { return len(g.heldTo()) == 3 })
	g.sendMail("kirsten.lund@firma.example")
	g.sendMail("bent.holm@firma.example")
	g.arrived(2 + 3 + 2)
	if held := g.heldTo(); len(held) != 3 {
		t.Errorf("held %v", held)
	}
	if text := g.question().text; strings.Contains(text, "kirsten.lund@firma") {
		t.Errorf("a question names whom an address resembles:\n%s", text)
	}
}

func TestAQuestionSurvivesAKill(t *testing.T) {
	g := install(t, files{"policy.yaml": askPolicy}, sink.Config{})
	g.start()
	g.sendMail(stranger)
	q := g.question()
	g.kill()
	g.start()
	c := g.client("anna")
	if err := answerAs(c, "tr.anna@forening.example", []string{q.answerTo}, "Ja\n"); err != nil {
		t.Fatal(err)
	}
	g.kill() // the answer was acknowledged: it stands
	g.start()
	waitFor(t, "the mail", func() bool { return recipientsOf(mails(g.upstream.Messages()))[stranger] })
	if held := g.heldTo(); len(held) != 0 {
		t.Errorf("held %v", held)
	}
	if err := g.reply(q, plainHead+"Ja\n"); err != nil { // as a program does that was cut off
		t.Errorf("the same answer again: %v", err)
	}
}

func TestNoteDeliversAndTellsTheSender(t *testing.T) {
	g := gateway(t, nil)
	g.sendMail(stranger)
	all := g.arrived(2)
	if got := recipientsOf(mails(all)); !got[stranger] {
		t.Errorf("the mail went to %v", got)
	}
	for _, m := range all {
		if text := plain(t, m.Content); strings.Contains(string(m.Content), "Auto-Submitted") && (!strings.Contains(text, "måske ikke den, du tænkte på") || strings.Contains(text, stranger)) {
			t.Errorf("the notice:\n%s", text)
		}
	}
	var records []map[string]any
	g.json(&records, "deviations", "list")
	if len(records) != 1 || records[0]["type"] != "unusual-recipient" || records[0]["near_miss"] != true {
		t.Errorf("the register: %v", records)
	}
	g.sendMail(stranger)
	g.arrived(3)
	g.json(&records, "deviations", "list")
	if len(records) != 1 {
		t.Errorf("noted again: %v", records)
	}
	_, text := g.get("/metrics")
	if !strings.Contains(text, `postvern_unusual_recipients_total{likeness="typo"} 1`) {
		t.Error("it is not counted")
	}
}

// pageOf starts a gateway that asks with a page, and returns the link of a
// question, on the address where the page is served.
func pageOf(t *testing.T, lang string, to ...string) (*installation, string) {
	t.Helper()
	g := install(t, files{"policy.yaml": askPolicy, "representatives.yaml": strings.Replace(defaultRepresentatives(t), "language: da", "language: "+lang, 1)}, sink.Config{})
	return g, g.linked(questionsPage, to...)
}

const questionsPage = "questions: {address: \"127.0.0.1:0\", url: \"https://svar.forening.example\"}\n"

// linked starts the gateway with a page, sends a mail that it asks about and
// returns the link of the question, on the address where the page is served.
func (i *installation) linked(page string, to ...string) string {
	i.t.Helper()
	i.write("postvern.yaml", i.read("postvern.yaml")+page)
	i.start()
	i.sendMail(to...)
	found := regexp.MustCompile(`https://svar\.forening\.example(/svar/[a-z0-9-]+)`).FindStringSubmatch(i.question().text)
	if found == nil {
		i.t.Fatalf("there is no link in\n%s", i.question().text)
	}
	return "http://" + i.questions + found[1]
}

// web asks for a page, with an answer where there is one, and returns status,
// header and text.
func web(t *testing.T, link, answer string) (int, http.Header, string) {
	t.Helper()
	var r *http.Response
	var err error
	if answer == "" {
		r, err = oneRequest.Get(link)
	} else {
		r, err = oneRequest.PostForm(link, url.Values{"answer": {answer}})
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Body.Close() }()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, r.Header, string(b)
}

func TestAQuestionIsAnsweredOnItsPageAndOnlyByAButton(t *testing.T) {
	g, link := pageOf(t, "sv", stranger)
	for range 3 { // as mail scanners do
		status, header, text := web(t, link, "")
		for _, want := range []string{`<html lang="sv">`, stranger, "Ja, skicka det", "Nej, radera det"} {
			if status != http.StatusOK || !strings.Contains(text, want) {
				t.Fatalf("%d, without %q\n%s", status, want, text)
			}
		}
		for name, want := range map[string]string{
			"Content-Security-Policy": "default-src 'none'", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "X-Robots-Tag": "noindex",
		} {
			if !strings.Contains(header.Get(name), want) {
				t.Errorf("%s is %q", name, header.Get(name))
			}
		}
		for _, secret := range []string{"<script", "ingrid@", "torsdag"} {
			if strings.Contains(text, secret) {
				t.Errorf("the page has %q in it:\n%s", secret, text)
			}
		}
	}
	folder := link[:strings.LastIndexByte(link, '/')+1]
	if status, _, text := web(t, folder+"style.css", ""); status != http.StatusOK || !strings.Contains(text, "prefers-color-scheme") {
		t.Errorf("the style sheet: %d", status)
	}
	at, last := strings.LastIndexByte(link, '-'), "a"
	if strings.HasSuffix(link, last) {
		last = "b"
	}
	for name, bad := range map[string]string{
		"another mac": link[:len(link)-1] + last, "no mac": link[:at], "a later end": link[:at-1] + "z" + link[at:], "nothing": folder + "x",
	} {
		if status, _, _ := web(t, bad, "yes"); status != http.StatusNotFound {
			t.Errorf("%s: %d", name, status)
		}
	}
	if status, _, text := web(t, link, "perhaps"); status != http.StatusBadRequest || !strings.Contains(text, "Välj ett") {
		t.Errorf("a choice that is none: %d\n%s", status, text)
	}
	if status, _, _ := web(t, link+"?answer=yes", "perhaps"); status != http.StatusBadRequest {
		t.Errorf("an answer in the address: %d", status)
	}
	if held := g.heldTo(); len(held) != 1 {
		t.Fatalf("held %v", held)
	}
	if status, _, text := web(t, link, "yes"); status != http.StatusOK || !strings.Contains(text, "Ditt mejl är på väg.") || strings.Contains(text, "<button") {
		t.Errorf("%d\n%s", status, text)
	}
	waitFor(t, "the mail", func() bool { return recipientsOf(mails(g.upstream.Messages()))[stranger] })
	if status, _, text := web(t, link, "no"); status != http.StatusOK || !strings.Contains(text, "Ditt mejl är på väg.") {
		t.Errorf("another answer afterwards: %d\n%s", status, text)
	}
}

func TestThePageWithdrawsTheWholeMailAndReadsInEveryLanguage(t *testing.T) {
	for lang, word := range map[string]string{"da": "blev ikke sendt", "nb": "ble ikke sendt", "nn": "vart ikkje send", "en": "was not sent"} {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			g, link := pageOf(t, lang, "chef@region.example", "mette@post.example", "peter@post.example", "ingrid@post.example")
			if _, _, text := web(t, link, ""); strings.Contains(text, "mette") || !strings.Contains(text, "chef@region.example") {
				t.Errorf("the page:\n%s", text)
			}
			if status, _, text := web(t, link, "no"); status != http.StatusOK || !strings.Contains(text, word) {
				t.Errorf("%d\n%s", status, text)
			}
			g.arrived(2) // the question, and one word about all four
			if held := g.heldTo(); len(held) != 0 {
				t.Errorf("held %v", held)
			}
		})
	}
}
