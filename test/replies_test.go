package test

import (
	"strings"
	"testing"

	"postvern.example/internal/sink"
)

// What a mail program shows in a small window before there is a mail to decide
// on is said in the representative's language; before the login, in the
// organisation's.
func TestRepliesBeforeAMailAreInTheReadersLanguage(t *testing.T) {
	i := install(t, nil, sink.Config{})
	i.write("representatives.yaml", strings.Replace(defaultRepresentatives(t), "language: da", "language: sv", 1))
	i.write("postvern.yaml", strings.Replace(i.read("postvern.yaml"), "log:", "limits: {message-size: 1MiB, recipients: 2}\nlog:", 1))
	i.start()

	const mail, rcpt = "MAIL FROM:<anna.holm@region.example>", "RCPT TO:<bo@mail.example>"
	login := plainLogin("anna", password)
	long := "Subject: x\r\n\r\n" + strings.Repeat(strings.Repeat("x", 98)+"\r\n", 11_000) + "."
	for what, c := range map[string]struct {
		says []string
		want string
	}{
		"no login":                  {[]string{mail}, "530 5.7.0 Log ind, foer du sender mail."},
		"wrong password":            {[]string{plainLogin("anna", "wrong")}, "535 5.7.8 Brugernavnet eller adgangskoden er forkert."},
		"announced as too large":    {[]string{login, mail + " SIZE=1048577"}, "552 5.3.4 Mejlet har inte skickats. Det ar storre an 1MiB."},
		"announced beyond counting": {[]string{login, mail + " SIZE=99999999999999999999"}, "552 5.3.4 Mejlet har inte skickats. Det ar storre an 1MiB."},
		"too large":                 {[]string{login, mail, rcpt, "DATA", long}, "552 5.3.4 Mejlet har inte skickats. Det ar storre an 1MiB."},
		"bare line feed":            {[]string{login, mail, rcpt, "DATA", "Subject: x\r\n\r\na\nb\r\n."}, "550 5.6.0 Mejlet har inte skickats. Det innehaaller radbrytningar"},
		"too many recipients":       {[]string{login, mail, rcpt, "RCPT TO:<bp@mail.example>", "RCPT TO:<bq@mail.example>"}, "452 4.5.3 Ett mejl kan ha hogst 2 mottagare."},
		"an address with a route":   {[]string{login, mail, "RCPT TO:<@relay.example:bo@mail.example>"}, "553 5.1.3 Adressen kan inte anvandas"},
	} {
		t.Run(what, func(t *testing.T) {
			replies := i.says(c.says...)
			if got := replies[len(replies)-1]; !strings.HasPrefix(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	if i.log.has("put off") {
		t.Error("what a client did wrong is logged as a fault of the gateway")
	}
}

// An alert looks at what the gateway itself could not do: a client that goes
// away in the middle of a mail is none of that.
func TestAClientThatGoesAwayIsNoFaultOfTheGateway(t *testing.T) {
	i := install(t, nil, sink.Config{})
	i.start()
	c := i.client("anna")
	if err := c.Mail("anna.holm@region.example", nil); err != nil {
		t.Fatal(err)
	}
	if err := c.Rcpt("bo@mail.example", nil); err != nil {
		t.Fatal(err)
	}
	w, err := c.Data()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte("Subject: x\r\n\r\nHalf of ")); err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
	waitFor(t, "the end of the session", func() bool { return len(i.log.lines("closed session")) > 0 && i.log.has("refused") })
	if _, text := i.get("/metrics"); strings.Contains(text, `postvern_messages_total{verdict="error"} 1`) {
		t.Error("it is counted as an error")
	}
	if n := i.upstream.Stats().Messages; n != 0 {
		t.Errorf("%d mails went on", n)
	}
}
