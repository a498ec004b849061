package test

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/mail"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"postvern.example/internal/sink"
)

const threeMembers = `From: Anna Holm <tr.anna@forening.example>
To: =?utf-8?q?Mette_S=C3=B8rensen?= <METTE@post.example>, "Sekretariat, Foreningen" <sekretariat@forening.example>,
 peter+tr@post.example (Peter),
Cc: Holdet: ingrid@post.example, Ole <ole.lund@region.example>;
Bcc: skjult@region.example
Subject: =?iso-8859-1?Q?M=F8de_p=E5_torsdag?=
Date: Fri, 20 Nov 2026 08:12:44 +0100
Message-ID: <1@forening.example>
X-Custom:  kept   as   it   is
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

Vi ses på torsdag.
.
..
`

// body returns what follows the header.
func body(raw []byte) []byte {
	_, b, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
	return b
}

func parse(t *testing.T, raw []byte) *mail.Message {
	t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatalf("%v\n%s", err, raw)
	}
	return m
}

func smtpCode(t *testing.T, err error) *smtp.SMTPError {
	t.Helper()
	var e *smtp.SMTPError
	if !errors.As(err, &e) {
		t.Fatalf("the reply is %v, not an SMTP error", err)
	}
	return e
}

func TestMembersLeaveToAndCcAndEverybodyStillGetsTheMail(t *testing.T) {
	g := gateway(t, nil)
	to := []string{"mette@post.example", "sekretariat@forening.example", "peter+tr@post.example", "ingrid@post.example", "ole.lund@region.example", "skjult@region.example"}
	if err := g.send("anna", "tr.anna@forening.example", to, threeMembers); err != nil {
		t.Fatal(err)
	}
	got := map[string]bool{}
	for _, m := range mails(g.arrived(2)) {
		for _, r := range m.Recipients() {
			got[r] = true
		}
		lower := strings.ToLower(string(m.Content))
		for _, secret := range []string{"mette", "s=c3=b8rensen", "peter", "ingrid", "skjult", "\nbcc:"} {
			if strings.Contains(lower, secret) {
				t.Errorf("%q still stands in the mail:\n%s", secret, m.Content)
			}
		}
		for _, kept := range []string{
			`"Sekretariat, Foreningen" <sekretariat@forening.example>`, "Ole <ole.lund@region.example>",
			"X-Custom:  kept   as   it   is\r\n", "Message-ID: <1@forening.example>\r\n",
		} {
			if !strings.Contains(string(m.Content), kept) {
				t.Errorf("%q did not stay:\n%s", kept, m.Content)
			}
		}
		if !bytes.Equal(body(m.Content), body([]byte(crlf(threeMembers)))) {
			t.Errorf("the body changed: %q", body(m.Content))
		}
		if h := parse(t, m.Content).Header.Get("Subject"); decoded(t, h) != "TR – fortroligt Møde på torsdag" {
			t.Errorf("subject is %q", decoded(t, h))
		}
		if r := parse(t, m.Content).Header["Received"]; len(r) != 1 || strings.Contains(r[0], "for ") || strings.Contains(r[0], "127.0.0.1") {
			t.Errorf("Received is %q", r)
		}
	}
	for _, r := range to {
		if !got[r] {
			t.Errorf("%s did not get the mail", r)
		}
	}
}

func TestMailThatIsNotRepresentativeMailLeavesByteForByte(t *testing.T) {
	g := gateway(t, nil)
	private := "from:Anna <anna.holm@region.example>\nTO: ole.lund@region.example\nsubject:  Frokost?\n\tI morgen\nDate: Fri, 20 Nov 2026 08:12:44 +0100\nMessage-Id: <2@region.example>\n\n010203-4567  er  ikke et problem her\n\n.\n"
	if err := g.send("anna", "anna.holm@region.example", []string{"ole.lund@region.example"}, private); err != nil {
		t.Fatal(err)
	}
	raw := g.arrived(1)[0].Content
	after := raw[bytes.Index(raw, []byte("from:")):]
	if string(after) != crlf(private) {
		t.Errorf("the mail changed:\n%q\n%q", after, crlf(private))
	}
	if !bytes.HasPrefix(raw, []byte("Received: ")) {
		t.Errorf("no Received field:\n%s", raw)
	}
}

func TestAMissingDateAndMessageIDAreAdded(t *testing.T) {
	g := gateway(t, nil)
	if err := g.send("anna", "anna.holm@region.example", []string{"ole.lund@region.example"},
		"From: anna.holm@region.example\nTo: ole.lund@region.example\nSubject: Hej\n\nHej\n"); err != nil {
		t.Fatal(err)
	}
	h := parse(t, g.arrived(1)[0].Content).Header
	if _, err := h.Date(); err != nil {
		t.Errorf("Date: %v", err)
	}
	if id := h.Get("Message-Id"); !strings.HasSuffix(id, "@mail.forening.example>") {
		t.Errorf("Message-ID is %q", id)
	}
}

const withCPR = `From: Anna Holm <tr.anna@forening.example>
To: Mette <mette@post.example>
Subject: Din sag
Date: Fri, 20 Nov 2026 08:12:44 +0100
Message-ID: <3@forening.example>
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

K=C3=A6re Mette, dit CPR-nr. er 0707=
61-4285.
`

func TestPersonalDataForAReaderWithoutKeyIsHeldThenReleased(t *testing.T) {
	g := gateway(t, nil)
	if err := g.send("anna", "tr.anna@forening.example", []string{"mette@post.example"}, withCPR); err != nil {
		t.Fatal(err)
	}
	notices := g.arrived(2) // to the sender and to the DPO
	for _, n := range notices {
		if bytes.Contains(n.Content, []byte("61-4285")) || bytes.Contains(n.Content, []byte("mette")) || bytes.Contains(n.Content, []byte("Din sag")) {
			t.Errorf("a notice tells too much:\n%s", n.Content)
		}
		if n.From != "" {
			t.Errorf("a notice has the reverse-path %q", n.From)
		}
	}
	var held []map[string]any
	g.json(&held, "held", "list")
	if len(held) != 1 || held[0]["to"] != "mette@post.example" || held[0]["releasable"] != true {
		t.Fatalf("held: %v", held)
	}
	id := held[0]["id"].(string)
	if _, err := g.run("held", "release", id); err == nil {
		t.Error("a release without a reason went through")
	}
	shown, err := g.run("held", "show", id, "--content")
	if err != nil || !strings.Contains(shown, "Din sag") || !strings.Contains(shown, "postvern held release "+id+" --config "+g.path("postvern.yaml")) {
		t.Errorf("held show: %v\n%s", err, shown)
	}
	if _, err := g.run("held", "release", id, "--reason", "aftalt med Mette", "--by", "dpo"); err != nil {
		t.Fatal(err)
	}
	all := mails(g.arrived(4)) // the mail, and the outcome to the sender
	if len(all) != 1 || !bytes.Contains(all[0].Content, []byte("61-4285")) {
		t.Fatalf("released mail did not arrive whole: %v", all)
	}
	var records []map[string]any
	g.json(&records, "deviations", "list")
	text, _ := json.Marshal(records)
	if !strings.Contains(string(text), "override") || !strings.Contains(string(text), "aftalt med Mette") {
		t.Errorf("the register has no override: %s", text)
	}
	for _, r := range records {
		for _, key := range []string{"date", "description", "reporter", "type", "severity", "status", "measures", "comments"} {
			if _, ok := r[key]; !ok {
				t.Errorf("a record has no %s: %v", key, r)
			}
		}
	}
	if strings.Contains(string(text), "61-4285") || strings.Contains(string(text), "mette@") {
		t.Errorf("the register tells too much: %s", text)
	}
	for _, c := range []struct {
		args []string
		want []string
	}{
		{[]string{"list"}, []string{"DATO", "ALVORLIGHEDSGRAD", "frigivet af en person", "personoplysninger"}},
		{[]string{"list", "--language", "en"}, []string{"SEVERITY", "released by a person", "personal data"}},
		{[]string{"show", records[0]["reference"].(string)}, []string{"Beskrivelse:", "personoplysninger\n", "CPR-nummer\n", "mailens tekst\n", "ja\n"}},
	} {
		out := g.mustRun(append([]string{"deviations"}, c.args...)...)
		for _, want := range c.want {
			if !strings.Contains(out, want) {
				t.Errorf("deviations %v does not say %q:\n%s", c.args, want, out)
			}
		}
	}
}

func TestADroppedMailIsGoneAndItsSenderIsTold(t *testing.T) {
	g := gateway(t, nil)
	if err := g.send("anna", "tr.anna@forening.example", []string{"mette@post.example"}, withCPR); err != nil {
		t.Fatal(err)
	}
	g.arrived(2)
	var held []map[string]any
	g.json(&held, "held", "list")
	if _, err := g.run("held", "drop", held[0]["reference"].(string), "--reason", "forkert modtager"); err != nil {
		t.Fatal(err)
	}
	if n := len(mails(g.arrived(3))); n != 0 {
		t.Errorf("%d mails arrived", n)
	}
	g.json(&held, "held", "list")
	if len(held) != 0 {
		t.Errorf("still held: %v", held)
	}
}

func TestAMemberListWithoutKeyIsRefusedInTheSendersLanguage(t *testing.T) {
	g := gateway(t, nil)
	err := g.send("anna", "anna.holm@region.example", []string{"hr@region.example"}, `From: anna.holm@region.example
To: hr@region.example
Subject: Liste
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain; charset=utf-8

Se den vedlagte liste.
--b
Content-Type: text/csv; name="medlemmer.csv"
Content-Disposition: attachment; filename="medlemmer.csv"
Content-Transfer-Encoding: base64

TmF2bjtFLW1haWwKTWV0dGUgU8O4cmVuc2VuO21ldHRlQHBvc3QuZXhhbXBsZQpQZXRlciDDhmdp
ZGl1cztwZXRlckBwb3N0LmV4YW1wbGUKSW5ncmlkIMOYc3RlcmfDpXJkO2luZ3JpZEBwb3N0LmV4
YW1wbGUK
--b--
`)
	e := smtpCode(t, err)
	if e.Code != 550 || e.EnhancedCode != (smtp.EnhancedCode{5, 7, 1}) || !strings.Contains(e.Message, "PV-") {
		t.Errorf("reply %d %v %s", e.Code, e.EnhancedCode, e.Message)
	}
	if strings.Contains(e.Message, "medlemmer.csv") || strings.Contains(e.Message, "@post.example") {
		t.Errorf("the reply tells too much: %s", e.Message)
	}
	time.Sleep(300 * time.Millisecond)
	if n := len(g.upstream.Messages()); n != 0 {
		t.Errorf("%d messages left", n)
	}
	var records []map[string]any
	g.json(&records, "deviations", "list")
	if len(records) == 0 || records[0]["near_miss"] != true {
		t.Errorf("register: %v", records)
	}
}

func TestSendersAreWhoTheySayTheyAre(t *testing.T) {
	g := gateway(t, nil)
	ordinary := "From: %\nTo: ole.lund@region.example\nSubject: Hej\n\nHej\n"
	for _, c := range []struct{ name, login, envelope, from string }{
		{"a reverse-path that is somebody else's", "anna", "chef@region.example", "anna.holm@region.example"},
		{"a From that is somebody else's", "anna", "anna.holm@region.example", "chef@region.example"},
		{"a second From mailbox", "anna", "anna.holm@region.example", "anna.holm@region.example, chef@region.example"},
		{"a mandate that is over", "ole", "tr.ole@forening.example", "tr.ole@forening.example"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := g.send(c.login, c.envelope, []string{"ole.lund@region.example"}, strings.Replace(ordinary, "%", c.from, 1))
			if e := smtpCode(t, err); e.Code != 550 {
				t.Errorf("reply %d %s", e.Code, e.Message)
			}
		})
	}
	if n := len(g.upstream.Messages()); n != 0 {
		t.Errorf("%d messages left", n)
	}
}

func TestBrokenMailIsHeldAndNeverPassed(t *testing.T) {
	g := gateway(t, nil)
	for name, text := range map[string]string{
		"two From fields":       "From: tr.anna@forening.example\nFrom: anna.holm@region.example\nTo: mette@post.example, peter@post.example\nSubject: x\n\nx\n",
		"two Subject fields":    "From: tr.anna@forening.example\nSubject: a\nSubject: b\nTo: mette@post.example\n\nx\n",
		"an unreadable To":      "From: tr.anna@forening.example\nTo: mette@post.example, <<peter@post.example\nSubject: x\n\nx\n",
		"a line without colon":  "From: tr.anna@forening.example\nTo: mette@post.example\nher er noget galt\nCc: peter@post.example\nSubject: x\n\nx\n",
		"no boundary parameter": "From: tr.anna@forening.example\nTo: mette@post.example\nSubject: x\nContent-Type: multipart/mixed\n\n--b\n\n070761-4285\n",
		"damaged base64":        "From: tr.anna@forening.example\nTo: mette@post.example\nSubject: x\nContent-Type: text/plain\nContent-Transfer-Encoding: base64\n\n####\n",
		"a partial message":     "From: tr.anna@forening.example\nTo: mette@post.example\nSubject: x\nContent-Type: message/partial; id=\"a\"; number=1; total=2\n\nx\n",
	} {
		t.Run(name, func(t *testing.T) {
			if err := g.send("anna", "tr.anna@forening.example", []string{"mette@post.example", "peter@post.example"}, text); err != nil {
				if e := smtpCode(t, err); e.Code != 550 && e.Code != 554 {
					t.Errorf("reply %d %s", e.Code, e.Message)
				}
			}
		})
	}
	time.Sleep(500 * time.Millisecond)
	for _, m := range mails(g.upstream.Messages()) {
		t.Errorf("passed:\n%s", m.Content)
	}
	var held []map[string]any
	g.json(&held, "held", "list")
	if len(held) != 14 {
		t.Errorf("%d copies are held, not 14", len(held))
	}
}

func TestAHoldWhoseHeaderIsBrokenCanOnlyBeDropped(t *testing.T) {
	g := gateway(t, nil)
	if err := g.send("anna", "tr.anna@forening.example", []string{"mette@post.example"},
		"From: tr.anna@forening.example\nTo: <<mette@post.example, peter@post.example\nSubject: x\n\nx\n"); err != nil {
		t.Fatal(err)
	}
	var held []map[string]any
	g.json(&held, "held", "list")
	if len(held) != 1 || held[0]["releasable"] != false {
		t.Fatalf("held: %v", held)
	}
	if _, err := g.run("held", "release", held[0]["id"].(string), "--reason", "det haster"); err == nil {
		t.Error("it was released")
	}
}

func TestObserveChangesNothingAndRecordsEverything(t *testing.T) {
	g := gateway(t, files{"policy.yaml": strings.Replace(defaultPolicy, "mode: enforce", "mode: observe", 1)})
	if err := g.send("anna", "tr.anna@forening.example", []string{"mette@post.example", "peter@post.example"}, threeMembers); err != nil {
		t.Fatal(err)
	}
	raw := g.arrived(1)[0].Content
	if !bytes.HasSuffix(raw, []byte(crlf(threeMembers))) {
		t.Errorf("the mail changed:\n%s", raw)
	}
	var records []map[string]any
	g.json(&records, "deviations", "list")
	if len(records) == 0 {
		t.Error("nothing was recorded")
	}
}

func TestAWrongReloadLeavesTheOldRulesInForce(t *testing.T) {
	g := gateway(t, nil)
	g.write("policy.yaml", strings.Replace(defaultPolicy, "hide: members", "hide: memberz", 1))
	waitFor(t, "the failed reload", func() bool { return g.log.has("kept") })
	if !g.log.comes("policy.yaml:") {
		t.Errorf("the log does not name the place:\n%s", g.log)
	}
	_, metrics := g.get("/metrics")
	if !strings.Contains(metrics, `postvern_reloads_total{result="error"} 1`) {
		t.Error("the failed reload is not counted")
	}
	if err := g.send("anna", "tr.anna@forening.example", []string{"mette@post.example", "peter@post.example"}, threeMembers); err != nil {
		t.Fatal(err)
	}
	if m := mails(g.arrived(2))[0]; bytes.Contains(m.Content, []byte("METTE")) {
		t.Error("the old rules are not in force")
	}
	g.write("policy.yaml", strings.Replace(defaultPolicy, `tag: "TR – fortroligt"`, `tag: "HEMMELIGT"`, 1))
	waitFor(t, "the good reload", func() bool { return len(g.log.lines("loaded")) == 2 })
	before := len(g.upstream.Messages())
	if err := g.send("anna", "tr.anna@forening.example", []string{"sekretariat@forening.example"}, strings.Replace(withCPR, "0707=\n61-4285", "hemmeligt", 1)); err != nil {
		t.Fatal(err)
	}
	if m := g.arrived(before + 1)[before]; !bytes.Contains(m.Content, []byte("HEMMELIGT")) {
		t.Errorf("the new rules are not in force:\n%s", m.Content)
	}
}

func TestSIGHUPReloads(t *testing.T) {
	g := gateway(t, nil)
	if err := g.command.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the reload", func() bool {
		_, metrics := g.get("/metrics")
		return strings.Contains(metrics, `postvern_reloads_total{result="ok"} 1`)
	})
}

func TestAnEmptiedRosterIsNotTaken(t *testing.T) {
	g := gateway(t, nil)
	g.write("members.csv", "Navn;E-mail\nMette Sørensen;mette@post.example\n")
	waitFor(t, "the refusal of the small roster", func() bool { return g.log.has("kept") })
	if err := g.send("anna", "tr.anna@forening.example", []string{"mette@post.example", "peter@post.example"}, threeMembers); err != nil {
		t.Fatal(err)
	}
	if m := onlyMail(t, g.arrived(2), g.log); bytes.Contains(m, []byte("peter")) {
		t.Error("the roster in force is the small one")
	}
}

func TestMetricsNameNobody(t *testing.T) {
	g := gateway(t, nil)
	if err := g.send("anna", "tr.anna@forening.example", []string{"mette@post.example"}, withCPR); err != nil {
		t.Fatal(err)
	}
	g.arrived(2)
	for _, path := range []string{"/healthz", "/readyz"} {
		if code, _ := g.get(path); code != 200 {
			t.Errorf("%s is %d", path, code)
		}
	}
	_, metrics := g.get("/metrics")
	for _, secret := range []string{"@", "mette", "tr.anna", "61-4285", "070761"} {
		for _, line := range strings.Split(metrics, "\n") {
			series, _, _ := strings.Cut(line, " ")
			if !strings.HasPrefix(line, "#") && strings.Contains(series, secret) {
				t.Errorf("a metric tells %q: %s", secret, line)
			}
		}
	}
	for _, name := range []string{
		`postvern_messages_total{verdict="hold"} 1`, `postvern_findings_total{kind="dk-cpr"}`, `postvern_spool_copies{state="held"} 1`,
		`postvern_logins_total{result="ok"}`, "postvern_policy_info{hash=", "postvern_step_seconds_bucket", "postvern_upstream_attempts_total",
	} {
		if !strings.Contains(metrics, name) {
			t.Errorf("no %s among the metrics", name)
		}
	}
	log := g.log.String()
	for _, secret := range []string{"mette", "61-4285", "Din sag"} {
		if strings.Contains(log, secret) {
			t.Errorf("the log tells %q:\n%s", secret, log)
		}
	}
}

func TestNothingIsReadableOnTheDisk(t *testing.T) {
	g := gateway(t, nil)
	if err := g.send("anna", "tr.anna@forening.example", []string{"mette@post.example"}, withCPR); err != nil {
		t.Fatal(err)
	}
	g.arrived(2)
	g.kill()
	entries, err := os.ReadDir(g.path("data"))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		b, err := os.ReadFile(g.path("data/" + e.Name()))
		if err != nil {
			continue
		}
		for _, secret := range []string{"mette@post", "Din sag", "61-4285", "tr.anna"} {
			if bytes.Contains(b, []byte(secret)) {
				t.Errorf("%s holds %q in clear", e.Name(), secret)
			}
		}
	}
}

func waitFor(t testing.TB, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if done() {
			return
		}
	}
	t.Fatalf("waited in vain for %s", what)
}

func TestSIGTERMDrainsAndARestartGoesOn(t *testing.T) {
	g := install(t, nil, sink.Config{Faults: []sink.Fault{{At: sink.AtMAIL, Reply: "451 4.3.0 later", Times: 1}}})
	g.start()
	if err := g.send("anna", "anna.holm@region.example", []string{"ole.lund@region.example"},
		"From: anna.holm@region.example\nTo: ole.lund@region.example\nSubject: Hej\n\nHej\n"); err != nil {
		t.Fatal(err)
	}
	if err := g.stop(); err != nil {
		t.Fatalf("the gateway did not end well: %v\n%s", err, g.log)
	}
	g.start()
	if n := len(g.arrived(1)); n != 1 {
		t.Errorf("%d arrived", n)
	}
}

func TestACopyThatIsRefusedUpstreamIsReportedWithoutItsContent(t *testing.T) {
	g := install(t, nil, sink.Config{Faults: []sink.Fault{{At: sink.AtRCPT, Recipient: "mette@post.example", Reply: "550 5.1.1 no such user mette@post.example"}}})
	g.start()
	if err := g.send("anna", "tr.anna@forening.example", []string{"mette@post.example", "peter@post.example", "sekretariat@forening.example"}, threeMembers); err != nil {
		t.Fatal(err)
	}
	var report []byte
	for _, m := range g.arrived(3) {
		if bytes.Contains(m.Content, []byte("multipart/report")) {
			report = m.Content
			if m.From != "" || m.Recipients()[0] != "tr.anna@forening.example" {
				t.Errorf("the report goes from %q to %q", m.From, m.Recipients())
			}
		}
	}
	if report == nil {
		t.Fatalf("no report arrived\n%s", g.log)
	}
	for _, secret := range []string{"torsdag", "Møde", "peter@", "ingrid@"} {
		if bytes.Contains(report, []byte(secret)) {
			t.Errorf("the report tells %q:\n%s", secret, report)
		}
	}
}

func TestARefusalNamesTheRuleThatRefuses(t *testing.T) {
	g := gateway(t, files{"policy.yaml": strings.Replace(defaultPolicy, `    detect: [member-list]
    do: encrypt
    without-key: reject`, `    detect: [health]
    do: reject`, 1)})
	err := g.send("anna", "tr.anna@forening.example", []string{"mette@post.example"},
		strings.Replace(withCPR, "K=C3=A6re Mette,", "Du er sygemeldt med depression, Mette, og", 1))
	if e := smtpCode(t, err); e.Code != 550 || !strings.Contains(e.Message, "member lists") || strings.Contains(e.Message, "CPR") {
		t.Errorf("reply %d %s", e.Code, e.Message)
	}
}

func TestWithoutAFolderOfKeysNobodyHasAKey(t *testing.T) {
	g := install(t, nil, sink.Config{})
	if err := os.Remove(g.path("keys")); err != nil {
		t.Fatal(err)
	}
	g.start()
	if !g.log.comes(`"msg":"missing"`) {
		t.Error("the log does not say so")
	}
	if err := g.send("anna", "tr.anna@forening.example", []string{"mette@post.example"}, withCPR); err != nil {
		t.Fatal(err)
	}
	var held []map[string]any
	g.json(&held, "held", "list")
	if len(held) != 1 {
		t.Errorf("held: %v", held)
	}
}
