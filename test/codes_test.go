package test

import (
	"fmt"
	"net/http"
	"os/exec"
	"strings"
	"testing"
)

func TestEveryNodeKnowsWhatWasAgreedWithAReader(t *testing.T) {
	need(t, "pdftotext")
	a, b := twoNodes(t)
	for _, g := range []*installation{a, b} {
		g.write("policy.yaml", documentPolicy)
		g.reload()
	}
	code := smsCode.FindString(a.mustRun("codes", "set", "--by", "dpo", "mette@post.example"))
	if err := b.send("anna", "tr.anna@forening.example", []string{"mette@post.example"}, caseWithFile); err != nil {
		t.Fatal(err)
	}
	all := b.arrived(2)
	if told := noticeText(t, all); strings.Contains(told, "Kode:") || !strings.Contains(told, "fast") {
		t.Errorf("the notice says:\n%s", told)
	}
	_, _, file := enclosed(t, onlyMail(t, all, b.log))
	if text, err := pdfText(code, writeFile(t, "mail.pdf", file)); err != nil || !strings.Contains(text, "61-4285") {
		t.Errorf("the code does not open it: %v", err)
	}
	for _, g := range []*installation{a, b} {
		g.nowhere(code)
		out, err := exec.Command(binary, "explain", "--language", "en", "--config", g.path("postvern.yaml"), writeFile(t, "mail.eml", []byte(crlf(caseWithFile)))).CombinedOutput()
		if err != nil || !strings.Contains(string(out), "standing") || strings.Contains(string(out), code) {
			t.Errorf("explain says %v\n%s", err, out)
		}
	}
}

func TestACodeOfATextMessageIsSentOnceByEitherNode(t *testing.T) {
	p := newProvider(t, func(http.ResponseWriter, *http.Request) {})
	a, b := twoNodes(t)
	for _, g := range []*installation{a, b} {
		g.kill()
		g.write("policy.yaml", documentPolicy+"codes: [sms]\n")
		g.write("postvern.yaml", g.read("postvern.yaml")+"sms:\n  url: \""+p.URL+"\"\n  body: '{\"to\":\"{digits}\",\"message\":\"{text}\"}'\n")
		g.start()
	}
	for n := range 6 {
		g := []*installation{a, b}[n%2]
		mail := strings.Replace(caseWithFile, "<77@", fmt.Sprintf("<%d-sms@", n), 1)
		if err := g.send("anna", "tr.anna@forening.example", []string{"mette@post.example"}, mail); err != nil {
			t.Fatal(err)
		}
	}
	p.wait(t, 6)
	waitFor(t, "no code waits", func() bool {
		_, metrics := a.get("/metrics")
		return strings.Contains(metrics, "postvern_codes_waiting 0\n")
	})
	codes := map[string]int{}
	for _, m := range p.messages() {
		codes[smsCode.FindString(m)]++
	}
	if len(codes) != 6 || len(p.messages()) != 6 {
		t.Errorf("%d text messages with %d codes", len(p.messages()), len(codes))
	}
}
