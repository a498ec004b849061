package test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"postvern.example/internal/sink"
)

type consentJSON struct {
	ID, State, Who, To, Purpose string
	Evidence                    struct {
		MessageID string `json:"message_id"`
		File      string
		SHA256    string
	}
	WithdrawnBy string `json:"withdrawn_by"`
	Reason      string
}

// consent enters consents and waits a second: by then the gateway knows.
func (i *installation) consent(who, to string, more ...string) []consentJSON {
	i.t.Helper()
	var items []consentJSON
	i.json(&items, append([]string{"consents", "add", "--who", who, "--to", to, "--purpose", "lønforhandling", "--evidence", "<samtykke@region.example>", "--by", "dpo"}, more...)...)
	return items
}

// sentTo sends mails until one of them arrives with its To as wanted, for a
// second of patience is what a change of the ledger has.
func (i *installation) sentTo(subject string, want func(to string) bool, to ...string) {
	i.t.Helper()
	shown := ""
	for n := range 20 {
		shown = field(i.sendTo(fmt.Sprintf("%s %d", subject, n), "mette@post.example", to...), "To")
		if want(shown) {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	i.t.Fatalf("%s: To: %s\n%s", subject, shown, i.log)
}

func visible(to string) bool { return strings.Contains(to, "mette@") && strings.Contains(to, "peter@") }

func isHidden(to string) bool {
	return !strings.Contains(to, "mette@") && !strings.Contains(to, "peter@")
}

func TestWhoConsentedToBeSeenIsNotHiddenUntilTheyWithdraw(t *testing.T) {
	i := gateway(t, nil)
	both := []string{"Mette <mette@post.example>", "peter@post.example"}
	i.sentTo("uden samtykke", isHidden, both...)
	entered := i.consent("METTE+x@post.example,peter@post.example", "Løngruppen", "--until", "2099-12-31")
	if len(entered) != 2 || entered[0].Who != "mette@post.example" || entered[0].State != "in force" || !strings.HasPrefix(entered[0].ID, "CO-") {
		t.Fatalf("%+v", entered)
	}
	i.sentTo("med samtykke", visible, both...)

	relied := 0
	for _, r := range i.register() {
		if r.Type == "consent" {
			relied++
			if !r.NearMiss || r.Status != "closed" || len(r.Comments) != 1 || !strings.Contains(r.Comments[0].Text, entered[0].ID) || !strings.Contains(r.Comments[0].Text, entered[1].ID) || strings.Contains(fmt.Sprint(r), "mette") {
				t.Errorf("%+v", r)
			}
		}
	}
	if relied != 1 {
		t.Errorf("%d entries say that a consent was relied on", relied)
	}
	i.write("mail.eml", mailTo("forklar", both...))
	out, err := i.run("explain", "--language", "en", i.path("mail.eml"))
	if err != nil || !strings.Contains(out, "Consents relied on\n  ") || !strings.Contains(out, entered[0].ID) || !strings.Contains(out, "because of \"consent to be visible\"") {
		t.Errorf("%v\n%s", err, out)
	}

	got := field(i.sendTo("med en udenfor", "mette@post.example", append(both, "chef@region.example")...), "To")
	if !isHidden(got) || !strings.Contains(got, "chef@region.example") {
		t.Errorf("an outsider to whom nobody consented: To: %s", got)
	}
	if got := field(i.sendTo("med en tredje", "mette@post.example", append(both, "ingrid@post.example")...), "To"); strings.Contains(got, "@") {
		t.Errorf("a third member who did not consent: To: %s", got)
	}

	var withdrawn consentJSON
	i.json(&withdrawn, "consents", "withdraw", entered[1].ID, "--reason", "trådt ud", "--by", "dpo")
	if withdrawn.ID != entered[1].ID || withdrawn.State != "withdrawn" || withdrawn.WithdrawnBy != "dpo" || withdrawn.Reason != "trådt ud" {
		t.Errorf("%+v", withdrawn)
	}
	time.Sleep(time.Second) // what is promised
	if got := field(i.sendTo("trukket tilbage", "mette@post.example", both...), "To"); !isHidden(got) {
		t.Errorf("a withdrawn consent is relied on: To: %s", got)
	}
	var shown consentJSON
	i.json(&shown, "consents", "show", strings.ToLower(entered[1].ID))
	if shown.State != "withdrawn" || shown.WithdrawnBy != "dpo" || shown.Evidence.MessageID != "<samtykke@region.example>" {
		t.Errorf("%+v", shown)
	}
	var inForce []consentJSON
	i.json(&inForce, "consents", "list", "--in-force")
	if len(inForce) != 1 || inForce[0].ID != entered[0].ID {
		t.Errorf("%+v", inForce)
	}
	audited := map[string]int{}
	for _, r := range i.register() {
		audited[string(r.Type)]++
	}
	if audited["consent-given"] != 2 || audited["consent-withdrawn"] != 1 {
		t.Errorf("the register says %v", audited)
	}
	files, _ := filepath.Glob(i.path("data/postvern.db*"))
	for _, f := range files {
		if raw, err := os.ReadFile(f); err != nil || strings.Contains(string(raw), "mette@post") {
			t.Errorf("%s shows who consented: %v", f, err)
		}
	}
}

func TestAConsentThatHasNotBegunDoesNotCount(t *testing.T) {
	i := gateway(t, nil)
	i.consent("mette@post.example,peter@post.example", "festudvalget", "--from", "2098-01-01")
	time.Sleep(time.Second)
	i.sentTo("endnu ikke", isHidden, "mette@post.example", "peter@post.example")
}

func TestAListWhoseMembersAllConsentedIsNoFinding(t *testing.T) {
	i := gateway(t, nil)
	minutes := func(subject string) string {
		return strings.Replace(mailTo(subject, "mette@post.example", "peter@post.example"), "Vi ses.", "Medlemmer til stede:\nMette Sørensen\nPeter Ægidius\nIngrid Østergård <ingrid@post.example>", 1)
	}
	send := func(subject string) error {
		return i.send("anna", "tr.anna@forening.example", []string{"mette@post.example", "peter@post.example"}, minutes(subject))
	}
	if err := send("referat"); err == nil || !strings.Contains(err.Error(), "550") {
		t.Fatalf("minutes that name members: %v", err)
	}
	i.consent("mette@post.example", "udvalget", "--name", "Mette Sørensen")
	i.consent("peter@post.example", "udvalget", "--name", "Ægidius, Peter")
	time.Sleep(time.Second)
	if err := send("referat to"); err == nil {
		t.Fatal("one of three did not consent")
	}
	i.consent("ingrid@post.example", "udvalget", "--name", "Ingrid Østergård")
	time.Sleep(time.Second)
	if err := send("referat tre"); err != nil {
		t.Fatal(err)
	}
	if got := i.delivered("referat tre", "peter@post.example"); !strings.Contains(got, "Ingrid") {
		t.Errorf("it arrived otherwise: %s", got)
	}
	found := false
	for _, r := range i.register() {
		found = found || r.Type == "consent"
	}
	if !found {
		t.Error("the register does not say that consents were relied on")
	}
}

func TestWrongConsentsAreRefusedInWords(t *testing.T) {
	i := install(t, nil, sink.Config{})
	for want, args := range map[string][]string{
		"is no mail address":               {"--who", "mette", "--to", "g", "--purpose", "p", "--evidence", "<a@b>"},
		"neither a file":                   {"--who", "m@x.example", "--to", "g", "--purpose", "p", "--evidence", "mundtligt"},
		"end before it begins":             {"--who", "m@x.example", "--to", "g", "--purpose", "p", "--evidence", "<a@b>", "--from", "2030-01-02", "--until", "2030-01-01"},
		"write it as 2026-01-31":           {"--who", "m@x.example", "--to", "g", "--purpose", "p", "--evidence", "<a@b>", "--until", "i morgen"},
		"neither an address nor a pattern": {"--who", "m@x.example", "--to", "@region", "--purpose", "p", "--evidence", "<a@b>"},
		"the one person":                   {"--who", "m@x.example,n@x.example", "--name", "Mette Sørensen", "--to", "g", "--purpose", "p", "--evidence", "<a@b>"},
		"say what they agreed":             {"--who", "m@x.example", "--to", "g", "--purpose", " ", "--evidence", "<a@b>"},
	} {
		if out, err := i.run(append([]string{"consents", "add", "--language", "en"}, args...)...); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "exit status 2") {
			t.Errorf("%s: %v %s", want, err, out)
		}
	}
	if out, err := i.run("consents", "list", "--language", "en"); err != nil || out != "The ledger has no such consent.\n" {
		t.Errorf("%v %s", err, out)
	}
	if _, err := i.run("consents", "withdraw", "CO-000000", "--reason", "x"); err == nil || !strings.Contains(err.Error(), "postvern consents list") {
		t.Errorf("%v", err)
	}
	i.write("aftale.txt", "Vi er enige.\n")
	var entered []consentJSON
	i.json(&entered, "consents", "add", "--who", "m@x.example", "--to", "*@region.example", "--purpose", "p", "--evidence", i.path("aftale.txt"))
	if len(entered) != 1 || entered[0].Evidence.File != "aftale.txt" || len(entered[0].Evidence.SHA256) != 64 {
		t.Errorf("%+v", entered)
	}
}
