package test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"postvern.example/internal/sink"
)

// hpSamples are the messages of RFC 9788 appendix C by the names that they have
// there: without header protection, signed only, and signed and encrypted.
var hpSamples = []string{
	"no-crypto", "smime-one-part", "smime-multipart", "smime-signed-enc",
	"no-crypto-complex", "smime-one-part-complex", "smime-multipart-complex", "smime-signed-enc-complex",

	"smime-one-part-hp", "smime-multipart-hp", "smime-one-part-complex-rfc8551hp", "smime-multipart-complex-rfc8551hp",
	"smime-one-part-complex-hp", "smime-multipart-complex-hp",

	"smime-signed-enc-hp-baseline", "smime-signed-enc-hp-baseline-legacy", "smime-signed-enc-hp-shy", "smime-signed-enc-hp-shy-legacy",
	"smime-signed-enc-hp-baseline-reply", "smime-signed-enc-hp-baseline-legacy-reply", "smime-signed-enc-hp-shy-reply", "smime-signed-enc-hp-shy-legacy-reply",
	"smime-signed-enc-complex-rfc8551hp-baseline",
	"smime-signed-enc-complex-hp-baseline", "smime-signed-enc-complex-hp-baseline-legacy", "smime-signed-enc-complex-hp-shy", "smime-signed-enc-complex-hp-shy-legacy",
	"smime-signed-enc-complex-hp-baseline-reply", "smime-signed-enc-complex-hp-baseline-legacy-reply",
	"smime-signed-enc-complex-hp-shy-reply", "smime-signed-enc-complex-hp-shy-legacy-reply",
}

// hpMaker makes such messages with keys of its own.
type hpMaker struct {
	t          *testing.T
	alice, bob smimeReader
}

func newHPMaker(t *testing.T) hpMaker {
	return hpMaker{t, newSMIMEReader(t, "alice@smime.example"), newSMIMEReader(t, "bob@smime.example")}
}

// der runs openssl cms on a part of a mail.
func (h hpMaker) der(part string, args ...string) []byte {
	h.t.Helper()
	return []byte(h.alice.openssl(append(append([]string{"cms"}, args...), "-binary", "-outform", "DER", "-in", writeFile(h.t, "part", []byte(crlf(part))))...))
}

// hpMail is one of the samples with a header of the test's own.
type hpMail struct {
	subject, to string
	more        string // fields
}

// sample makes a sample: its outer header, what is in its payload, and all of it.
func (h hpMaker) sample(name string, m hpMail) string {
	has := func(word string) bool { return strings.Contains(name+"-", "-"+word+"-") }
	if m.subject == "" {
		m.subject = name
	}
	if m.to == "" {
		m.to = "Bob <bob@smime.example>"
	}
	if has("reply") {
		m.more += "In-Reply-To: <" + strings.TrimSuffix(name, "-reply") + "@example>\nReferences: <" + strings.TrimSuffix(name, "-reply") + "@example>\n"
	}
	fields := func(subject, from, to, date string) string {
		return fmt.Sprintf("Subject: %s\nMessage-ID: <%s@example>\nFrom: %s\nTo: %s\nDate: %s\nUser-Agent: Sample MUA Version 1.0\n%s", subject, name, from, to, date, m.more)
	}
	real := fields(m.subject, "Alice <alice@smime.example>", m.to, "Sat, 20 Feb 2021 10:09:02 -0500")
	outer := real
	switch bare := regexp.MustCompile(`[A-Z][a-z]+ <([^>]*)>`).ReplaceAllString(m.to, "$1"); {
	case has("baseline"):
		outer = fields("[...]", "Alice <alice@smime.example>", m.to, "Sat, 20 Feb 2021 10:09:02 -0500")
	case has("shy"):
		outer = fields("[...]", "alice@smime.example", bare, "Sat, 20 Feb 2021 15:09:02 +0000")
	}
	parameter, protected := "", ""
	if has("hp") {
		protected = real
		if parameter = `; hp="clear"`; has("enc") {
			parameter = `; hp="cipher"`
			protected += regexp.MustCompile(`(?m)^`).ReplaceAllString(strings.TrimSuffix(outer, "\n"), "HP-Outer: ") + "\n"
		}
	}
	shown, shownHTML, legacy := "", "", ""
	if has("legacy") {
		legacy, shown = `; hp-legacy-display="1"`, "Subject: "+m.subject+"\n"
		if has("shy") {
			shown += "From: Alice <alice@smime.example>\nTo: " + m.to + "\nDate: Sat, 20 Feb 2021 10:09:02 -0500\n"
		}
		shownHTML = "<div class=\"header-protection-legacy-display\"><pre>\n" + strings.NewReplacer("<", "&lt;", ">", "&gt;").Replace(shown) + "</pre></div>\n"
		shown += "\n"
	}
	payload := "MIME-Version: 1.0\nContent-Transfer-Encoding: 7bit\n" + protected + "Content-Type: text/plain; charset=\"utf-8\"" + legacy + parameter + "\n\n" +
		shown + "This is the\n" + name + "\nmessage.\n\n-- \nAlice\nalice@smime.example\n"
	if has("complex") {
		payload = "MIME-Version: 1.0\n" + protected + "Content-Type: multipart/mixed; boundary=\"550\"" + parameter + "\n\n--550\nMIME-Version: 1.0\nContent-Type: multipart/alternative; boundary=\"fcd\"\n\n" +
			"--fcd\nContent-Type: text/plain; charset=\"us-ascii\"" + legacy + "\nMIME-Version: 1.0\nContent-Transfer-Encoding: 7bit\n\n" + shown + "This is the\n" + name + "\nmessage.\n" +
			"--fcd\nContent-Type: text/html; charset=\"us-ascii\"" + legacy + "\nMIME-Version: 1.0\nContent-Transfer-Encoding: 7bit\n\n<html><head><title></title></head><body>\n" + shownHTML + "<p>This is the\n<b>" + name + "</b>\nmessage.</p></body></html>\n--fcd--\n\n" +
			"--550\nContent-Type: image/png\nContent-Transfer-Encoding: base64\nContent-Disposition: inline\n\n" + hpPicture + "\n--550--\n"
	}
	if has("rfc8551hp") {
		payload = "MIME-Version: 1.0\nContent-Type: message/rfc822\n\n" + real + payload
	}
	return crlf(outer + h.layers(name, payload))
}

const hpPicture = `iVBORw0KGgoAAAANSUhEUgAAABQAAAAUCAYAAACNiR0NAAAAcElEQVR42uVTOxbA
MAgS739nO3TpRw20dqpbfARQEjOywiwYnCtkDKnbcLk66sqlT+zt9cidkE+6KwkZ
sgrzfcqVMpL2jo0447gYDpeArk+OnJHkIhAfTPRicihAf5YJrw7vjv0ZWRWM/uli
vdPf1QZ2kDD9xppd8wAAAABJRU5ErkJggg==
`

// layers puts a payload into what its name says.
func (h hpMaker) layers(name, payload string) string {
	signer := []string{"-sign", "-signer", h.alice.cert, "-inkey", h.alice.key}
	opaque := func(kind string, der []byte) string {
		return "MIME-Version: 1.0\nContent-Transfer-Encoding: base64\nContent-Type: application/pkcs7-mime; name=\"smime.p7m\";\n smime-type=\"" + kind + "\"\n\n" + lines64(der)
	}
	switch {
	case strings.HasPrefix(name, "no-crypto"):
		return payload
	case strings.HasPrefix(name, "smime-multipart"):
		return "MIME-Version: 1.0\nContent-Type: multipart/signed;\n protocol=\"application/pkcs7-signature\"; boundary=\"54f\";\n micalg=\"sha-256\"\n\n--54f\n" + payload +
			"\n--54f\nContent-Transfer-Encoding: base64\nContent-Type: application/pkcs7-signature; name=\"smime.p7s\"\n\n" + lines64(h.der(payload, signer...)) + "\n--54f--\n"
	}
	signed := opaque("signed-data", h.der(payload, append(signer, "-nodetach")...))
	if strings.HasPrefix(name, "smime-one-part") {
		return signed
	}
	return opaque("enveloped-data", h.der(signed, "-encrypt", "-aes-256-cbc", "-recip", h.bob.cert))
}

func lines64(b []byte) string {
	return regexp.MustCompile(`.{1,64}`).ReplaceAllString(base64.StdEncoding.EncodeToString(b), "$0\n")
}

// withAlice installs a gateway whose representative and members are those of
// the RFC.
func withAlice(t *testing.T, policy string) *installation {
	hash, err := hashOnce()
	if err != nil {
		t.Fatal(err)
	}
	g := install(t, files{
		"policy.yaml": policy,
		"members.csv": "Navn;E-mail\nBob Babbage;bob@smime.example\nCarol Kopf;carol@smime.example\n",
		"representatives.yaml": fmt.Sprintf("- name: Alice Lovelace\n  login: alice\n  password: %q\n  addresses: [alice@smime.example]\n  role-addresses: [tr.alice@forening.example]\n"+
			"  language: en\n  mandate: {from: 2020-01-01, until: 2099-12-31}\n", hash),
	}, sink.Config{})
	return g
}

// cutMail returns a mail's header, without its trace and with the subject apart, and its
// body.
func cutMail(raw string) (header, subject, body string) {
	head, body, _ := strings.Cut(raw, "\r\n\r\n")
	for _, f := range regexp.MustCompile(`(?s)[^\r\n]+(\r\n[ \t][^\r\n]*)*`).FindAllString(head, -1) {
		switch name, value, _ := strings.Cut(f, ":"); name {
		case "Received":
		case "Subject":
			subject = strings.TrimSpace(value)
		default:
			header += f + "\r\n"
		}
	}
	return header, subject, body
}

func rfcFile(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "rfc9788", name+".eml"))
	if err != nil {
		t.Fatal(err)
	}
	return crlf(string(b))
}

func TestTheSamplesOfRFC9788PassWithTheTagAndEveryOctetBelowTheirHeader(t *testing.T) {
	make := newHPMaker(t)
	g := withAlice(t, defaultPolicy)
	g.start()
	have := 0
	pass := func(name, mail string) {
		t.Helper()
		if err := g.send("alice", "alice@smime.example", []string{"bob@smime.example"}, mail); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		have++
		header, subject, body := cutMail(string(g.arrived(have)[have-1].Content))
		wantHeader, wantSubject, wantBody := cutMail(mail)
		if header != wantHeader || body != wantBody || !strings.HasSuffix(decoded(t, subject), "TR – fortroligt "+wantSubject) {
			t.Errorf("%s: %s\n%s\ninstead of\n%s", name, subject, header, wantHeader)
		}
	}
	for _, name := range hpSamples {
		mail := make.sample(name, hpMail{})
		if outside, _, _ := strings.Cut(mail, "\r\n\r\n"); strings.Contains(name, "-enc-") && strings.Contains(name, "hp-") && strings.Contains(outside, "Subject: "+name) {
			t.Fatalf("%s hides nothing", name)
		}
		pass(name, mail)
	}
	for _, name := range hpSamples[8:14] {
		pass("the RFC's own "+name, rfcFile(t, name))
	}
	var entries, held []map[string]any
	g.json(&entries, "deviations", "list")
	g.json(&held, "held", "list")
	if len(entries)+len(held) != 0 || len(g.upstream.Messages()) != have {
		t.Errorf("%v %v", entries, held)
	}
}

func TestWhatStandsInTheProtectedHeaderOfSignedMailCountsWhateverStandsOutside(t *testing.T) {
	make := newHPMaker(t)
	g := withAlice(t, defaultPolicy)
	g.start()
	n := 0
	for _, name := range hpSamples {
		if strings.Contains(name, "-enc") || !strings.Contains(name, "hp") {
			continue
		}
		mail := make.sample(name, hpMail{subject: "CPR-nr. 070761-4285"})
		mail = strings.Replace(mail, "Subject: CPR-nr. 070761-4285", "Subject: [...]", 1) // outside
		if err := g.send("alice", "alice@smime.example", []string{"bob@smime.example"}, mail); err != nil {
			t.Fatal(err)
		}
		n++
		if held := g.heldRules(); len(held) != n || !strings.Contains(held[n-1], "national identity numbers") {
			t.Errorf("%s: %v", name, held)
		}
	}
	if sent := mails(g.upstream.Messages()); n != 6 || len(sent) > 0 {
		t.Errorf("%d samples, %d were sent", n, len(sent))
	}
}

func TestMembersInAProtectedHeaderThatASignatureCoversAreNotSentOut(t *testing.T) {
	make := newHPMaker(t)
	to := "Bob <bob@smime.example>, Carol <carol@smime.example>"
	for _, name := range hpSamples {
		if strings.Contains(name, "-enc") || !strings.Contains(name, "smime") {
			continue
		}
		t.Run(name, func(t *testing.T) {
			g := withAlice(t, defaultPolicy)
			g.start()
			mail := make.sample(name, hpMail{to: to})
			if err := g.send("alice", "alice@smime.example", []string{"bob@smime.example", "carol@smime.example"}, mail); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(name, "hp") { // nothing of the header is signed
				for _, m := range mails(g.arrived(2)) {
					if bytes.Contains(m.Content, []byte("carol@")) {
						t.Errorf("members see each other:\n%s", m.Content)
					}
				}
				return
			}
			if held := g.heldRules(); len(held) != 2 {
				t.Errorf("held: %v", held)
			}
			if sent := mails(g.upstream.Messages()); len(sent) > 0 {
				t.Errorf("it was sent:\n%s", sent[0].Content)
			}
		})
	}
}

func TestASealedCopyOfASampleHidesItsHeaderAsRFC9788SaysAndKeepsItsSignature(t *testing.T) {
	make := newHPMaker(t)
	g := withAlice(t, defaultPolicy)
	if err := os.Mkdir(g.path("certificates"), 0o700); err != nil {
		t.Fatal(err)
	}
	g.write("certificates/bob.pem", make.bob.certificate())
	g.start()
	have := 0
	for _, name := range hpSamples {
		if strings.Contains(name, "-enc") {
			continue // it leaves as it came
		}
		mail := make.sample(name, hpMail{subject: "Bobs CPR-nr. 070761-4285", more: "In-Reply-To: <before@example>\n"})
		if err := g.send("alice", "alice@smime.example", []string{"bob@smime.example"}, mail); err != nil {
			t.Fatal(err)
		}
		have += 2
		raw := mails(g.arrived(have))[have/2-1].Content
		outside := parse(t, raw).Header
		for _, tells := range []string{"070761", name, "Bob ", "Alice", "before@", "-0500", "Sample MUA"} {
			if head, _, _ := bytes.Cut(raw, []byte("\r\n\r\n")); bytes.Contains(head, []byte(tells)) {
				t.Errorf("%s: %q stands outside", name, tells)
			}
		}
		inside := crlf(make.bob.open(raw))
		header := parse(t, []byte(inside)).Header
		if subject := decoded(t, header.Get("Subject")); !strings.HasSuffix(subject, "Bobs CPR-nr. 070761-4285") || header.Get("In-Reply-To") != "<before@example>" ||
			!strings.Contains(header.Get("Content-Type"), `hp="cipher"`) {
			t.Errorf("%s: inside stands %v", name, header)
		}
		repeated := map[string]string{}
		for _, f := range header["Hp-Outer"] {
			field, value, _ := strings.Cut(f, ":")
			repeated[field] = strings.TrimSpace(value)
		}
		for _, field := range []string{"From", "To", "Subject", "Date", "Message-Id"} {
			if value := outside.Get(field); value == "" || repeated[strings.Replace(field, "Id", "ID", 1)] != value {
				t.Errorf("%s: outside stands %s: %s, and inside that it was %v", name, field, value, repeated)
			}
		}
		if len(repeated) != 5 {
			t.Errorf("%s: %v", name, repeated)
		}
		if strings.HasPrefix(name, "smime") {
			make.alice.openssl("cms", "-verify", "-noverify", "-in", writeFile(t, "inside.eml", []byte(inside)), "-out", filepath.Join(t.TempDir(), "out"))
		}
	}
}

func TestATelephoneNumberInASubjectThatASignatureCoversIsNotSentOut(t *testing.T) {
	make := newHPMaker(t)
	provider := newProvider(t, func(http.ResponseWriter, *http.Request) {})
	g := withAlice(t, documentPolicy)
	g.write("postvern.yaml", g.read("postvern.yaml")+"sms:\n  url: \""+provider.URL+"\"\n  body: '{digits} {text}'\n")
	g.start()
	n := 0
	for _, name := range hpSamples {
		if strings.Contains(name, "-enc") || !strings.Contains(name, "hp") {
			continue
		}
		n++
		mail := make.sample(name, hpMail{subject: "CPR-nr. 070761-4285 [sms:+45 22 33 44 55]"})
		if err := g.send("alice", "alice@smime.example", []string{"bob@smime.example"}, mail); err != nil {
			t.Fatal(err)
		}
		if held := g.heldRules(); len(held) != n {
			t.Errorf("%s: held: %v", name, held)
		}
	}
	if sent := mails(g.upstream.Messages()); len(sent) > 0 || len(provider.messages()) > 0 {
		t.Errorf("%d were sent", len(sent))
	}
}
