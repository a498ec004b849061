package test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-message/mail"

	"postvern.example/internal/sink"
)

var documentPolicy = strings.Replace(defaultPolicy, "do: encrypt\n    without-key: hold\n    severity: high", "do: encrypt\n    without-key: password\n    severity: high", 1)

const caseWithFile = `From: Anna Holm <tr.anna@forening.example>
To: Mette <mette@post.example>
Subject: Din sag om overtid
Date: Fri, 20 Nov 2026 08:12:44 +0100
Message-ID: <77@forening.example>
In-Reply-To: <76@post.example>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

Kære Mette, dit CPR-nr. er 070761-4285. Æøå og blåbærgrød.
--b
Content-Type: application/octet-stream; name="loenseddel.bin"
Content-Disposition: attachment; filename="loenseddel.bin"
Content-Transfer-Encoding: base64

SGVtbWVsaWcgZmlsIQo=
--b--
`

// noticeText returns the decoded text of the notices that arrived for Anna.
func noticeText(t *testing.T, all []sink.Message) string {
	t.Helper()
	var out strings.Builder
	for _, m := range all {
		if !bytes.Contains(m.Content, []byte("\r\nAuto-Submitted:")) || m.Recipients()[0] != "tr.anna@forening.example" {
			continue
		}
		r, err := mail.CreateReader(bytes.NewReader(m.Content))
		if err != nil {
			t.Fatal(err)
		}
		p, err := r.NextPart()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(p.Body)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n")))
	}
	return out.String()
}

var codeLine = regexp.MustCompile(`(?m)^Kode: (\S+)$`)

// enclosed returns the cover text and the file of a copy.
func enclosed(t *testing.T, raw []byte) (cover, name string, file []byte) {
	t.Helper()
	m := parse(t, raw)
	_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	r := multipart.NewReader(m.Body, params["boundary"])
	for {
		p, err := r.NextRawPart()
		if errors.Is(err, io.EOF) {
			return cover, name, file
		}
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(p)
		if err != nil {
			t.Fatal(err)
		}
		if p.Header.Get("Content-Transfer-Encoding") == "base64" {
			if b, err = base64.StdEncoding.DecodeString(strings.ReplaceAll(string(b), "\r\n", "")); err != nil {
				t.Fatal(err)
			}
		}
		if p.FileName() == "" {
			cover = string(b)
		} else {
			name, file = p.FileName(), b
		}
	}
}

func writeFile(t *testing.T, name string, content []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func pdfText(code, file string) (string, error) {
	out, err := exec.Command("pdftotext", "-upw", code, file, "-").Output()
	return string(out), err
}

// nowhere fails where one of the secrets stands in the data folder, the log or
// the metrics.
func (i *installation) nowhere(secrets ...string) {
	i.t.Helper()
	_, metrics := i.get("/metrics")
	seen := map[string]string{"the log": i.log.String(), "the metrics": metrics}
	err := filepath.WalkDir(i.path("data"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			b, err := os.ReadFile(path)
			seen[path] = string(b)
			return err
		}
		return err
	})
	if err != nil {
		i.t.Fatal(err)
	}
	for where, text := range seen {
		for _, s := range secrets {
			if strings.Contains(text, s) {
				i.t.Errorf("%q stands in %s", s, where)
			}
		}
	}
}

func TestAReaderWithoutAKeyGetsADocumentAndTheSenderItsCode(t *testing.T) {
	need(t, "pdftotext")
	need(t, "qpdf")
	need(t, "pdfdetach")
	g := gateway(t, files{"policy.yaml": documentPolicy})
	if err := g.send("anna", "tr.anna@forening.example", []string{"mette@post.example"}, caseWithFile); err != nil {
		t.Fatal(err)
	}
	all := g.arrived(2)
	raw := onlyMail(t, all, g.log)
	told := noticeText(t, all)
	codes := codeLine.FindAllStringSubmatch(told, -1)
	if len(codes) != 1 {
		t.Fatalf("%d codes in the notice:\n%s", len(codes), told)
	}
	code := codes[0][1]
	m := parse(t, raw)
	if s := decoded(t, m.Header.Get("Subject")); s != "TR – fortroligt" {
		t.Errorf("outer subject %q", s)
	}
	if id := m.Header.Get("Message-Id"); id == "" || strings.Contains(id, "77@") || m.Header.Get("In-Reply-To") != "<76@post.example>" {
		t.Errorf("ids: %v", m.Header)
	}
	cover, name, file := enclosed(t, raw)
	for _, secret := range []string{"overtid", "61-4285", "loenseddel", "blåbær", code, strings.ReplaceAll(code, "-", "")} {
		if strings.Contains(string(raw)+cover, secret) {
			t.Errorf("%q stands in clear:\n%s", secret, cover)
		}
	}
	for _, want := range []string{"Anna Holm", "tr.anna@forening.example", "mail.pdf", "dpo@forening.example", "telefon"} {
		if !strings.Contains(cover, want) {
			t.Errorf("%q is not in the cover:\n%s", want, cover)
		}
	}
	if name != "mail.pdf" {
		t.Errorf("the file is named %q", name)
	}
	pdf := writeFile(t, "mail.pdf", file)
	text, err := pdfText(code, pdf)
	if err != nil || !strings.Contains(text, "Din sag om overtid") || !strings.Contains(text, "070761-4285. Æøå og blåbærgrød") {
		t.Errorf("%v:\n%s", err, text)
	}
	for _, wrong := range []string{"", "0000-0000-0000-0000-0000-0000", code[:len(code)-1]} {
		if text, err := pdfText(wrong, pdf); err == nil {
			t.Errorf("%q opens it:\n%s", wrong, text)
		}
	}
	if out, err := exec.Command("qpdf", "--password="+code, "--check", pdf).CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
	dir := t.TempDir()
	if out, err := exec.Command("pdfdetach", "-upw", code, "-saveall", "-o", dir, pdf).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if b, err := os.ReadFile(filepath.Join(dir, "loenseddel.bin")); err != nil || string(b) != "Hemmelig fil!\n" {
		t.Errorf("%v: %q", err, b)
	}
	var register []map[string]any
	g.json(&register, "deviations", "list")
	if len(register) != 1 || !strings.Contains(register[0]["measures"].(string), "dokument med kode") || register[0]["status"] != "near-miss" && register[0]["near_miss"] == false {
		t.Errorf("the register says %v", register)
	}
	if _, metrics := g.get("/metrics"); !strings.Contains(metrics, `postvern_protection_steps_total{step="document"} 1`) {
		t.Error("the step is not counted")
	}
	g.nowhere(code, strings.ReplaceAll(code, "-", ""), "overtid", "61-4285", "loenseddel", "Hemmelig")
	if strings.Contains(string(must(json.Marshal(register))), code) {
		t.Error("the code stands in the register")
	}
}

func must(b []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return b
}

func TestEachReaderHasACodeOfTheirOwn(t *testing.T) {
	need(t, "pdftotext")
	g := gateway(t, files{"policy.yaml": documentPolicy})
	mail := strings.Replace(withCPR, "To: Mette <mette@post.example>", "To: Mette <mette@post.example>, Peter <peter@post.example>", 1)
	if err := g.send("anna", "tr.anna@forening.example", []string{"mette@post.example", "peter@post.example"}, mail); err != nil {
		t.Fatal(err)
	}
	all := g.arrived(3)
	told := noticeText(t, all)
	codes := codeLine.FindAllStringSubmatch(told, -1)
	if len(codes) != 2 || codes[0][1] == codes[1][1] || strings.Contains(told, "Mette") || strings.Contains(told, "post.example") {
		t.Fatalf("the notice says:\n%s", told)
	}
	for _, m := range mails(all) {
		mine, other := codes[0][1], codes[1][1]
		if m.Recipients()[0] == "peter@post.example" {
			mine, other = other, mine
		}
		_, _, file := enclosed(t, m.Content)
		pdf := writeFile(t, "mail.pdf", file)
		if text, err := pdfText(mine, pdf); err != nil || !strings.Contains(text, "61-4285") {
			t.Errorf("%s: %v", m.Recipients()[0], err)
		}
		if _, err := pdfText(other, pdf); err == nil {
			t.Error("another reader's code opens it")
		}
	}
}

// provider is a local SMS service.
type provider struct {
	*httptest.Server
	mu     sync.Mutex
	seen   []string
	answer func(w http.ResponseWriter, r *http.Request)
}

func newProvider(t *testing.T, answer func(w http.ResponseWriter, r *http.Request)) *provider {
	p := &provider{answer: answer}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		p.mu.Lock()
		p.seen = append(p.seen, r.Header.Get("Authorization")+" "+string(b))
		p.mu.Unlock()
		p.answer(w, r)
	}))
	t.Cleanup(p.CloseClientConnections)
	t.Cleanup(p.Close)
	return p
}

func (p *provider) messages() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.seen...)
}

func (p *provider) wait(t *testing.T, n int) []string {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if seen := p.messages(); len(seen) >= n {
			return seen
		}
	}
	t.Fatalf("%d text messages were asked for", len(p.messages()))
	return nil
}

// withSMS installs a gateway that sends codes to a provider.
func withSMS(t *testing.T, p *provider, policy, more string) *installation {
	g := install(t, files{"policy.yaml": policy, "sms.token": "hemmeligt-token\n"}, sink.Config{})
	g.write("postvern.yaml", g.read("postvern.yaml")+`sms:
  url: "`+p.URL+`/messages"
  headers: {Authorization: "Token {token}"}
  body: '{"to":"{digits}","message":"{text}"}'
  token-file: sms.token
`+more)
	g.start()
	return g
}

var smsCode = regexp.MustCompile(`\d{4}(-\d{4}){5}`)

func TestACodeGoesToTheReadersTelephone(t *testing.T) {
	need(t, "pdftotext")
	for name, c := range map[string]struct{ subject, digits string }{
		"of the roster":      {"Din sag om overtid", "4520000001"},
		"of the subject":     {"Din sag om overtid [sms:+45 22 33 44 55]", "4522334455"},
		"of the sender's":    {"[SMS: 22334455] Din sag om overtid", "4522334455"},
		"of another country": {"Din sag om overtid[sms:0046 70 123 45 67]", "46701234567"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProvider(t, func(http.ResponseWriter, *http.Request) {})
			g := withSMS(t, p, documentPolicy, "")
			mail := strings.Replace(caseWithFile, "Subject: Din sag om overtid", "Subject: "+c.subject+"\nThread-Topic: "+c.subject, 1)
			if err := g.send("anna", "tr.anna@forening.example", []string{"mette@post.example"}, mail); err != nil {
				t.Fatal(err)
			}
			all := g.arrived(2)
			message := p.wait(t, 1)[0]
			code := smsCode.FindString(message)
			if !strings.HasPrefix(message, "Token hemmeligt-token ") || !strings.Contains(message, `"to":"`+c.digits+`"`) || code == "" {
				t.Fatalf("the provider was told %s", message)
			}
			told := noticeText(t, all)
			if strings.Contains(told, "Kode:") || strings.Contains(told, code) || !strings.Contains(told, "sms") {
				t.Errorf("the notice says:\n%s", told)
			}
			raw := onlyMail(t, all, g.log)
			cover, _, file := enclosed(t, raw)
			if !strings.Contains(cover, "sms") || strings.Contains(string(raw)+cover, c.digits[2:]) {
				t.Errorf("the cover says:\n%s", cover)
			}
			text, err := pdfText(code, writeFile(t, "mail.pdf", file))
			if err != nil || !strings.Contains(text, "Din sag om overtid") || strings.Contains(text, "sms") {
				t.Errorf("%v:\n%s", err, text)
			}
			told = ""
			for deadline := time.Now().Add(20 * time.Second); !strings.Contains(told, "postvern_codes_waiting 0") && time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
				_, told = g.get("/metrics")
			}
			if !strings.Contains(told, `postvern_code_messages_total{result="sent"} 1`) || !strings.Contains(told, "postvern_codes_waiting 0") || !g.log.comes(`"msg":"sent code"`) {
				t.Error("the code is not counted as sent")
			}
			g.nowhere(code, c.digits, c.digits[2:], "hemmeligt-token", "overtid")
		})
	}
}

func TestACodeThatNoTelephoneGetsComesToTheSender(t *testing.T) {
	need(t, "pdftotext")
	hang := make(chan struct{})
	t.Cleanup(func() { close(hang) })
	for name, answer := range map[string]func(w http.ResponseWriter, r *http.Request){
		"refused": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnprocessableEntity) },
		"broken":  func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) },
		"garbage": func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>+4520000001") },
		"hanging": func(_ http.ResponseWriter, r *http.Request) {
			select {
			case <-hang:
			case <-r.Context().Done():
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProvider(t, answer)
			g := withSMS(t, p, documentPolicy, "  ok: {field: status, value: OK}\n  timeout: 100ms\n  give-up: 1s\n")
			if err := g.send("anna", "tr.anna@forening.example", []string{"mette@post.example"}, caseWithFile); err != nil {
				t.Fatal(err)
			}
			all := g.arrived(3)
			told := noticeText(t, all)
			codes := codeLine.FindAllStringSubmatch(told, -1)
			if len(codes) != 1 || !strings.Contains(told, "kunne ikke") {
				t.Fatalf("the sender is told:\n%s", told)
			}
			_, _, file := enclosed(t, onlyMail(t, all, g.log))
			if text, err := pdfText(codes[0][1], writeFile(t, "mail.pdf", file)); err != nil || !strings.Contains(text, "61-4285") {
				t.Errorf("the code does not open it: %v", err)
			}
			var register []map[string]any
			g.json(&register, "deviations", "list")
			if len(register) != 2 {
				t.Errorf("the register says %v", register)
			}
			g.nowhere(codes[0][1], "20000001")
		})
	}
}

func TestWhereCodesAreNotShownTheSenderHearsThatItDidNotArrive(t *testing.T) {
	p := newProvider(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadRequest) })
	g := withSMS(t, p, documentPolicy+"codes: [standing, sms]\n", "")
	if err := g.send("anna", "tr.anna@forening.example", []string{"mette@post.example", "ukendt@post.example"}, caseWithFile); err != nil {
		t.Fatal(err)
	}
	all := g.arrived(4) // the document, two notices, and the officer's: nobody has a number for the other reader
	told := noticeText(t, all)
	if strings.Contains(told, "Kode:") || !strings.Contains(told, "kunne ikke") || smsCode.MatchString(told) {
		t.Errorf("the sender is told:\n%s", told)
	}
	var held []map[string]any
	g.json(&held, "held", "list")
	if len(held) != 1 {
		t.Errorf("held: %v", held)
	}
}

func TestAStandingCodeOpensWhatItsReaderGets(t *testing.T) {
	need(t, "pdftotext")
	g := gateway(t, files{"policy.yaml": documentPolicy})
	out, err := g.run("codes", "set", "--by", "dpo", "Mette@post.example")
	code := smsCode.FindString(out)
	if err != nil || code == "" {
		t.Fatalf("%v: %s", err, out)
	}
	if err := g.send("anna", "tr.anna@forening.example", []string{"mette@post.example"}, caseWithFile); err != nil {
		t.Fatal(err)
	}
	all := g.arrived(2)
	if told := noticeText(t, all); strings.Contains(told, "Kode:") || !strings.Contains(told, "fast") {
		t.Errorf("the notice says:\n%s", told)
	}
	_, _, file := enclosed(t, onlyMail(t, all, g.log))
	if text, err := pdfText(code, writeFile(t, "mail.pdf", file)); err != nil || !strings.Contains(text, "61-4285") {
		t.Errorf("the code does not open it: %v", err)
	}
	g.nowhere(code, "61-4285")
	var list []map[string]any
	g.json(&list, "codes", "list")
	if len(list) != 1 || list[0]["reader"] != "mette@post.example" || list[0]["code"] != nil {
		t.Errorf("the list says %v", list)
	}
	if _, err := g.run("codes", "remove", "mette@post.example"); err != nil {
		t.Fatal(err)
	}
	if _, err := g.run("codes", "remove", "mette@post.example"); err == nil {
		t.Error("it is removed twice")
	}
	if err := g.send("anna", "tr.anna@forening.example", []string{"mette@post.example"}, caseWithFile); err != nil {
		t.Fatal(err)
	}
	if told := noticeText(t, g.arrived(4)); !strings.Contains(told, "Kode:") {
		t.Errorf("the notice says:\n%s", told)
	}
}

func TestFilesGoAsAnArchiveWhereThePolicySaysSo(t *testing.T) {
	need(t, "7z")
	g := gateway(t, files{"policy.yaml": strings.Replace(documentPolicy, "without-key: password", "protection: [openpgp, archive, document, hold]", 1)})
	if err := g.send("anna", "tr.anna@forening.example", []string{"mette@post.example"}, caseWithFile); err != nil {
		t.Fatal(err)
	}
	all := g.arrived(2)
	codes := codeLine.FindStringSubmatch(noticeText(t, all))
	_, name, file := enclosed(t, onlyMail(t, all, g.log))
	if name != "mail.zip" || codes == nil {
		t.Fatalf("%s %v", name, codes)
	}
	dir := t.TempDir()
	if out, err := exec.Command("7z", "x", "-p"+codes[1], "-o"+dir, writeFile(t, "outer.zip", file)).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if out, err := exec.Command("7z", "x", "-o"+dir, filepath.Join(dir, "mail.zip")).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if b, err := os.ReadFile(filepath.Join(dir, "loenseddel.bin")); err != nil || string(b) != "Hemmelig fil!\n" {
		t.Errorf("%v: %q", err, b)
	}
}

func TestAHeldCopyIsReleasedAsADocumentOnceThePolicyAllowsIt(t *testing.T) {
	need(t, "pdftotext")
	g := gateway(t, nil)
	if err := g.send("anna", "tr.anna@forening.example", []string{"mette@post.example"}, caseWithFile); err != nil {
		t.Fatal(err)
	}
	g.arrived(2)
	g.write("policy.yaml", documentPolicy)
	var held []map[string]any
	g.json(&held, "held", "list")
	if out, err := g.run("held", "release", held[0]["id"].(string), "--reason", "nu er der en vej"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	all := g.arrived(5)
	codes := codeLine.FindStringSubmatch(noticeText(t, all))
	if codes == nil {
		t.Fatalf("no code:\n%s", noticeText(t, all))
	}
	_, _, file := enclosed(t, onlyMail(t, all, g.log))
	if text, err := pdfText(codes[1], writeFile(t, "mail.pdf", file)); err != nil || !strings.Contains(text, "61-4285") {
		t.Errorf("the code does not open it: %v", err)
	}
}

func TestExplainShowsTheLadderThatWasWalked(t *testing.T) {
	g := install(t, files{"policy.yaml": strings.Replace(documentPolicy, "without-key: password", "protection: [openpgp, smime, tls, document, hold]", 1)}, sink.Config{})
	out, err := g.run("explain", "--language", "en", writeFile(t, "mail.eml", []byte(caseWithFile)))
	if err != nil || !strings.Contains(out, "steps tried: encrypted (OpenPGP) – key: none; encrypted (S/MIME) – certificate: none; verified connection – no route of verified TLS; document with a code – taken") || !strings.Contains(out, "its code comes to the reader: through the sender") {
		t.Errorf("%v\n%s", err, out)
	}
}
