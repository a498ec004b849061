package test

import (
	"crypto/tls"
	"database/sql"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"postvern.example/internal/sink"
)

// hasten makes every question end so soon from now, in a gateway that is stopped.
func (i *installation) hasten(left time.Duration) {
	i.t.Helper()
	db, err := sql.Open("sqlite", "file:"+i.path("data/postvern.db"))
	if err != nil {
		i.t.Fatal(err)
	}
	_, err = db.ExecContext(i.t.Context(), "UPDATE questions SET expires = ?", time.Now().Add(left).UnixMilli())
	if err := errors.Join(err, db.Close()); err != nil {
		i.t.Fatal(err)
	}
}

// restart stops the gateway, and starts it again after something was done.
func (i *installation) restart(do func()) {
	i.t.Helper()
	if err := i.stop(); err != nil {
		i.t.Fatal(err)
	}
	do()
	i.start()
}

func TestASenderIsRemindedOnceADayBeforeAQuestionEnds(t *testing.T) {
	for lang, c := range map[string]struct{ subject, text, yes string }{
		"da": {"Svar mangler:", "Vi mangler dit svar om " + stranger, "Ja"},
		"nb": {"Svar mangler:", "Vi mangler svaret ditt om " + stranger, "Ja"},
		"nn": {"Svar manglar:", "Vi manglar svaret ditt om " + stranger, "Ja"},
		"sv": {"Svar saknas:", "Vi saknar ditt svar om " + stranger, "Ja"},
		"en": {"No answer yet:", "We have no answer from you about " + stranger, "Yes"},
	} {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			g, _ := pageOf(t, lang, stranger)
			first := g.question()
			g.restart(func() { g.hasten(25 * time.Hour) })
			g.restart(func() { g.hasten(23 * time.Hour) })
			waitFor(t, "a reminder", func() bool { return g.question() != first })
			q := g.question()
			if q.answerTo != first.answerTo || q.to != "tr.anna@forening.example" || !strings.HasPrefix(q.subject, c.subject) ||
				!strings.Contains(q.text, c.text) || !strings.Contains(q.text, "https://svar.forening.example/svar/") {
				t.Errorf("%+v", q)
			}
			g.kill() // once: also after a kill
			g.start()
			g.restart(func() {})
			if n := len(g.upstream.Messages()); n != 2 {
				t.Errorf("%d mails went to the sender", n)
			}
			if err := g.reply(q, plainHead+c.yes+"\n"); err != nil {
				t.Fatal(err)
			}
			waitFor(t, "the mail", func() bool { return recipientsOf(mails(g.upstream.Messages()))[stranger] })
		})
	}
}

func TestNobodyIsRemindedOfWhatIsDecidedOrHeldForADayOnly(t *testing.T) {
	g := asking(t, nil)
	g.sendMail(stranger)
	if err := g.reply(g.question(), plainHead+"Nej\n"); err != nil {
		t.Fatal(err)
	}
	g.arrived(2)
	g.restart(func() {
		g.hasten(time.Hour)
		g.write("policy.yaml", strings.Replace(askPolicy, "held: {keep: 14d}", "held: {keep: 36h}", 1))
	})
	g.sendMail(stranger)
	g.arrived(3)
	g.restart(func() { g.hasten(time.Hour) })
	g.restart(func() {})
	if n := len(g.upstream.Messages()); n != 3 {
		t.Errorf("%d mails went out\n%s", n, g.upstream.Messages()[n-1].Content)
	}
}

func TestALinkWhoseTimeIsUpSaysSoAndAnswersNothing(t *testing.T) {
	g := install(t, files{"policy.yaml": strings.Replace(askPolicy, "held: {keep: 14d}", "held: {keep: 2s}", 1)}, sink.Config{})
	link := g.linked(questionsPage, stranger)
	waitFor(t, "the end of the link", func() bool {
		status, _, _ := web(t, link, "")
		return status == http.StatusGone
	})
	for _, answer := range []string{"", "yes", "no"} {
		if status, _, text := web(t, link, answer); status != http.StatusGone || !strings.Contains(text, "Linkets tid er gået. Svar i stedet på mailen") || strings.Contains(text, "<button") {
			t.Errorf("%q: %d\n%s", answer, status, text)
		}
	}
	if got := recipientsOf(mails(g.upstream.Messages())); got[stranger] {
		t.Error("the mail was sent")
	}
}

func TestThePageIsServedOverTLS(t *testing.T) {
	g := install(t, files{"policy.yaml": askPolicy}, sink.Config{})
	link := g.linked(strings.Replace(questionsPage, "questions: {", "questions: {tls: implicit, ", 1), stranger)
	secure := strings.Replace(link, "http://", "https://", 1)
	ask := func(most uint16) (string, error) {
		c := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: g.roots, ServerName: "mail.forening.example", MinVersion: tls.VersionTLS10, MaxVersion: most}}}
		defer c.CloseIdleConnections()
		r, err := c.Get(secure)
		if err != nil {
			return "", err
		}
		return r.Status, r.Body.Close()
	}
	if status, err := ask(0); err != nil || status != "200 OK" {
		t.Errorf("%s %v", status, err)
	}
	if status, err := ask(tls.VersionTLS11); err == nil {
		t.Errorf("TLS 1.1: %s", status)
	}
	if status, _, text := web(t, link, ""); status != http.StatusBadRequest || strings.Contains(text, stranger) {
		t.Errorf("in clear: %d\n%s", status, text)
	}
}
