package test

import (
	"bytes"
	"database/sql"
	"errors"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"
)

// keyless sends Mette a number, of whom there is no key, and returns what Anna
// is asked.
func (i *installation) keyless() asked {
	i.t.Helper()
	i.forMette()
	return i.question()
}

func TestWhatIsHeldForWantOfAKeyGoesAsItsSenderChoosesInEveryLanguage(t *testing.T) {
	for lang, c := range map[string]struct{ offer, code, retracted string }{
		"da": {"1: send den som et dokument", "Kode: ", "blev ikke sendt"},
		"nb": {"1: send den som et dokument", "Kode: ", "ble ikke sendt"},
		"nn": {"1: send han som eit dokument", "Kode: ", "vart ikkje send"},
		"sv": {"1: skicka det som ett dokument", "Kod: ", "skickades inte"},
		"en": {"1: send it as a document", "Code: ", "was not sent"},
	} {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			g := gateway(t, files{"representatives.yaml": strings.Replace(defaultRepresentatives(t), "language: da", "language: "+lang, 1)})
			q := g.keyless()
			g.arrived(2) // the data protection officer is told as well
			if !strings.Contains(q.text, c.offer) || strings.Contains(q.text, "mette") || !strings.HasSuffix(strings.TrimSuffix(q.subject, ")"), reference(q.subject)) {
				t.Errorf("asked %q:\n%s", q.subject, q.text)
			}
			if err := g.reply(q, plainHead+"1\n\n> 1: x\n> 3: y\n"); err != nil {
				t.Fatal(err)
			}
			all := g.arrived(4)
			m := mails(all)
			if len(m) != 1 || !bytes.Contains(m[0].Content, []byte("mail.pdf")) || bytes.Contains(m[0].Content, []byte("61-4285")) {
				t.Fatal("it did not leave as a document")
			}
			if told := noticeText(t, all[2:]); !strings.Contains(told, "\n"+c.code) {
				t.Errorf("no code:\n%s", told)
			}
			if held := g.heldTo(); len(held) != 0 {
				t.Errorf("held: %v", held)
			}
			g.forMette()
			g.arrived(6)
			if err := g.reply(g.question(), plainHead+"3\n"); err != nil {
				t.Fatal(err)
			}
			if told := noticeText(t, g.arrived(7)[6:]); !strings.Contains(told, c.retracted) || len(g.heldTo()) != 0 {
				t.Errorf("after 3:\n%s", told)
			}
			g.counts(`postvern_spool_bytes 0`)
		})
	}
}

// reference returns the reference in a subject.
func reference(subject string) string {
	at := strings.Index(subject, "PV-")
	return subject[at : at+9]
}

func TestARecipientIsAskedForAKeyAndTheMailGoesOnceItIsThere(t *testing.T) {
	mette := pgpKey(t, "mette@post.example", 0)
	g := gateway(t, nil)
	q := g.keyless()
	g.arrived(2)
	if err := g.reply(q, plainHead+"2\n"); err != nil {
		t.Fatal(err)
	}
	asks, told := "", ""
	for _, m := range g.arrived(4)[2:] {
		switch m.Recipients()[0] {
		case "mette@post.example":
			asks = plain(t, m.Content)
			if h := parse(t, m.Content).Header; h.Get("Reply-To") != "tr.anna@forening.example, dpo@forening.example" {
				t.Errorf("Reply-To: %s", h.Get("Reply-To"))
			}
			for _, word := range []string{"61-4285", "Din sag", "CPR", "PV-"} {
				if bytes.Contains(m.Content, []byte(word)) || strings.Contains(asks, word) {
					t.Errorf("the mail that asks says %q", word)
				}
			}
		case "tr.anna@forening.example":
			told = plain(t, m.Content)
		}
	}
	if !strings.Contains(asks, "tr.anna@forening.example") || !strings.Contains(asks, "OpenPGP") || !strings.Contains(told, "1: send") || strings.Contains(told, "2: ") {
		t.Errorf("asked:\n%s\ntold:\n%s", asks, told)
	}
	if held := g.heldTo(); len(held) != 1 {
		t.Fatalf("held: %v", held)
	}
	g.write("mette.asc", armored(t, mette))
	if out, err := g.run("keys", "add", "--by", "dpo", g.path("mette.asc")); err != nil {
		t.Fatal(out, err)
	}
	all := g.arrived(6)
	if m := mails(all); len(m) != 1 || !sealedTo(t, m[0], mette) || len(g.heldTo()) != 0 {
		t.Fatal("it did not go")
	}
	var entries []struct{ Type string }
	g.json(&entries, "deviations", "list")
	types := map[string]int{}
	for _, e := range entries {
		types[e.Type]++
	}
	if types["key-asked"] != 1 || types["key-added"] != 1 || types["answered"] != 1 {
		t.Errorf("%v", types)
	}
	// What was put before goes nowhere any more.
	if err := g.reply(q, plainHead+"1\n"); err == nil || !strings.Contains(err.Error(), "550") {
		t.Error(err)
	}
}

func TestAMailThatCannotBeReadKeepsNoOtherFromItsKey(t *testing.T) {
	g := gateway(t, nil)
	first := g.keyless()
	q := g.keyless()
	for q.answerTo == first.answerTo {
		q = g.question()
	}
	for _, one := range []asked{first, q} {
		if err := g.reply(one, plainHead+"2\n"); err != nil {
			t.Fatal(err)
		}
	}
	g.restart(func() {
		db, err := sql.Open("sqlite", "file:"+g.path("data/postvern.db"))
		if err != nil {
			t.Fatal(err)
		}
		_, err = db.ExecContext(t.Context(), "UPDATE bodies SET content = x'00' WHERE id = (SELECT min(body) FROM copies WHERE state = 'held')")
		if err := errors.Join(err, db.Close()); err != nil {
			t.Fatal(err)
		}
	})
	g.write("mette.asc", armored(t, pgpKey(t, "mette@post.example", 0)))
	if out, err := g.run("keys", "add", "--by", "dpo", g.path("mette.asc")); err != nil {
		t.Fatal(out, err)
	}
	waitFor(t, "the other mail", func() bool { return len(g.heldTo()) == 1 })
}

func TestWhoAskedForAKeyCanStillChooseACode(t *testing.T) {
	g := gateway(t, nil)
	first := g.keyless()
	g.arrived(2)
	if err := g.reply(first, plainHead+"nøgle\n"); err != nil {
		t.Fatal(err)
	}
	g.arrived(4)
	second := g.question()
	if second.answerTo == first.answerTo {
		t.Fatal("the first question was put again")
	}
	if err := g.reply(second, plainHead+"2\n"); err != nil { // which is no choice any more
		t.Fatal(err)
	}
	g.arrived(5)
	if err := g.reply(second, plainHead+"Kode, tak\n"); err != nil {
		t.Fatal(err)
	}
	if m := mails(g.arrived(7)); len(m) != 1 || !bytes.Contains(m[0].Content, []byte("mail.pdf")) {
		t.Error("it is not a document")
	}
}

func TestAnswersAboutKeysThatAreNotTheSendersOrNotClearChangeNothing(t *testing.T) {
	reps := strings.ReplaceAll(defaultRepresentatives(t), "until: 2020-12-31", "until: 2099-12-31")
	g := gateway(t, files{"representatives.yaml": reps})
	q := g.keyless()
	g.arrived(2)
	for name, try := range map[string]func() error{
		"another representative": func() error { return answerAs(g.client("ole"), "ole@region.example", []string{q.answerTo}, "1\n") },
		"a server": func() error {
			c, err := smtp.Dial(g.trust)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = c.Close() }()
			return answerAs(c, "x@tillid.example", []string{q.answerTo}, "1\n")
		},
	} {
		if err := try(); err == nil || !strings.Contains(err.Error(), "550") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for i, answer := range []string{"ja\n", "1 eller 2?\n", "4\n", "Hvad sker der ved 1\n"} {
		if err := g.reply(q, plainHead+answer); err != nil {
			t.Fatal(err)
		}
		if told := noticeText(t, g.arrived(3 + i)[2+i:]); !strings.Contains(told, "ikke var et af tallene") || !strings.Contains(told, "1: send") {
			t.Errorf("%q: told\n%s", answer, told)
		}
	}
	if len(g.heldTo()) != 1 || len(mails(g.upstream.Messages())) != 0 {
		t.Error("something changed")
	}
}

func TestCodesOfSeveralReadersSayWhoseTheyAre(t *testing.T) {
	g := gateway(t, nil)
	to := []string{"mette@post.example", "peter@post.example"}
	if err := g.send("anna", "tr.anna@forening.example", to, withCPR); err != nil {
		t.Fatal(err)
	}
	q := g.question()
	g.arrived(2)
	if err := g.reply(q, plainHead+"1\n"); err != nil {
		t.Fatal(err)
	}
	all := g.arrived(5)
	told := noticeText(t, all[2:])
	if len(mails(all)) != 2 || !strings.Contains(told, "nr. 1") || !strings.Contains(told, "nr. 2") || strings.Count(told, "\nKode: ") != 2 {
		t.Errorf("%d mails, told\n%s", len(mails(all)), told)
	}
}

func TestAQuestionAboutAKeyIsAnsweredOnItsPage(t *testing.T) {
	g := install(t, nil, sinkConfig())
	g.write("postvern.yaml", g.read("postvern.yaml")+questionsPage)
	g.start()
	found := regexp.MustCompile(`https://svar\.forening\.example(/svar/[a-z0-9-]+)`).FindStringSubmatch(g.keyless().text)
	if found == nil {
		t.Fatal("there is no link")
	}
	link := "http://" + g.questions + found[1]
	_, _, page := web(t, link, "")
	for _, want := range []string{"Send den med en kode", "Spørg om en nøgle", "Slet den"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q:\n%s", want, page)
		}
	}
	if status, _, _ := web(t, link, "yes"); status != http.StatusBadRequest || len(g.heldTo()) != 1 {
		t.Errorf("yes: %d", status)
	}
	if _, _, page := web(t, link, "withdraw"); !strings.Contains(page, "er slettet") || len(g.heldTo()) != 0 {
		t.Errorf("afterwards:\n%s", page)
	}
}

func TestThePolicySaysWhatTheSenderMayChoose(t *testing.T) {
	for ask, want := range map[string][]string{
		"[]":               nil,
		"[key, withdraw]":  {"2: ", "3: "},
		"[code, withdraw]": {"1: ", "3: "},
	} {
		g := gateway(t, files{"policy.yaml": strings.Replace(defaultPolicy, "held: {keep: 14d}", "held: {keep: 14d, ask: "+ask+"}", 1)})
		g.forMette()
		told := noticeText(t, g.arrived(2))
		for _, number := range []string{"1: ", "2: ", "3: "} {
			offered := false
			for _, w := range want {
				offered = offered || w == number
			}
			if strings.Contains(told, "\n"+number) != offered {
				t.Errorf("%s: %s\n%s", ask, number, told)
			}
		}
	}
	g := install(t, nil, sinkConfig())
	g.write("policy.yaml", strings.Replace(defaultPolicy, "held: {keep: 14d}", "held: {keep: 14d, ask: [kode]}", 1))
	if _, err := g.run("keys", "fetch", "--by", "dpo", "mette@post.example"); err == nil || !strings.Contains(err.Error(), "code") {
		t.Error(err)
	}
}
