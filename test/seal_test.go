package test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/emersion/go-msgauth/dkim"
)

// gnupg is a reader with a key, on a keyring of their own.
type gnupg struct {
	t    *testing.T
	home string
}

func newGnuPG(t *testing.T, address string) (g gnupg, public string) {
	t.Helper()
	need(t, "gpg")
	// The agent's socket needs a short path.
	home, err := os.MkdirTemp("", "gpg")
	if err != nil {
		t.Fatal(err)
	}
	g = gnupg{t: t, home: home}
	t.Cleanup(func() {
		_ = exec.Command("gpgconf", "--homedir", home, "--kill", "all").Run()
		_ = os.RemoveAll(home)
	})
	g.run(nil, "--quick-generate-key", "Reader <"+address+">", "default", "default", "never")
	return g, g.run(nil, "--armor", "--export", address)
}

func (g gnupg) run(in []byte, args ...string) string {
	g.t.Helper()
	c := exec.Command("gpg", append([]string{"--homedir", g.home, "--batch", "--quiet", "--passphrase", "", "--pinentry-mode", "loopback"}, args...)...)
	c.Stdin = bytes.NewReader(in)
	var errs bytes.Buffer
	c.Stderr = &errs
	out, err := c.Output()
	if err != nil {
		g.t.Fatalf("gpg %v: %v\n%s", args, err, errs.String())
	}
	return string(out)
}

// need skips a test where a program is not installed; make test installs all.
func need(t *testing.T, program string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		t.Skipf("%s is not installed: make deps installs it", program)
	}
}

func TestGnuPGOpensASealedCopyAndNothingShowsOutside(t *testing.T) {
	reader, public := newGnuPG(t, "mette@post.example")
	other, otherPublic := newGnuPG(t, "peter@post.example")
	g := install(t, nil, sinkConfig())
	g.write("keys/mette.asc", public)
	g.write("keys/peter.asc", otherPublic)
	g.start()
	mail := strings.Replace(withCPR, "To: Mette <mette@post.example>", "To: Mette <mette@post.example>, Peter <peter@post.example>", 1)
	if err := g.send("anna", "tr.anna@forening.example", []string{"mette@post.example", "peter@post.example"}, mail); err != nil {
		t.Fatal(err)
	}
	sealed := mails(g.arrived(3))
	if len(sealed) != 2 {
		t.Fatalf("%d copies arrived", len(sealed))
	}
	for _, m := range sealed {
		who, box := reader, "mette@post.example"
		if m.Recipients()[0] == "peter@post.example" {
			who, box = other, "peter@post.example"
		}
		for _, secret := range []string{"61-4285", "Din sag", "Mette <", "Peter <"} {
			if bytes.Contains(m.Content, []byte(secret)) {
				t.Errorf("%q stands outside:\n%s", secret, m.Content)
			}
		}
		if strings.Contains(strings.ReplaceAll(string(m.Content), box, ""), "@post.example") {
			t.Errorf("another reader is named outside:\n%s", m.Content)
		}
		if s := decoded(t, parse(t, m.Content).Header.Get("Subject")); s != "TR – fortroligt" {
			t.Errorf("outer subject %q", s)
		}
		armor := m.Content[bytes.Index(m.Content, []byte("-----BEGIN PGP")):]
		file := filepath.Join(t.TempDir(), "copy.asc")
		if err := os.WriteFile(file, armor, 0o600); err != nil {
			t.Fatal(err)
		}
		if packets := who.run(nil, "--list-packets", file); strings.Count(packets, ":pubkey enc packet:") != 1 {
			t.Errorf("packets:\n%s", packets)
		}
		clear := who.run(nil, "--decrypt", file)
		if !strings.Contains(clear, crlf("K=C3=A6re Mette, dit CPR-nr. er 0707=\n61-4285.\n")) {
			t.Errorf("the body is not as written:\n%s", clear)
		}
		if !strings.Contains(clear, "Din_sag?=") {
			t.Errorf("the subject is not inside:\n%s", clear)
		}
		if box == "mette@post.example" && strings.Contains(clear, "peter@post.example") {
			t.Errorf("Mette reads of Peter:\n%s", clear)
		}
	}
}

func TestADKIMSignedBodyStillVerifiesAfterTheEdits(t *testing.T) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	var signed bytes.Buffer
	if err := dkim.Sign(&signed, strings.NewReader(crlf(threeMembers)), &dkim.SignOptions{
		Domain: "forening.example", Selector: "s", Signer: private, HeaderKeys: []string{"From", "Date", "Message-ID"},
		HeaderCanonicalization: dkim.CanonicalizationRelaxed,
	}); err != nil {
		t.Fatal(err)
	}
	g := gateway(t, nil)
	if err := g.send("anna", "tr.anna@forening.example", []string{"mette@post.example"}, signed.String()); err != nil {
		t.Fatal(err)
	}
	raw := mails(g.arrived(2))[0].Content
	if bytes.Contains(raw, []byte("METTE")) {
		t.Fatal("the mail was not edited")
	}
	results, err := dkim.VerifyWithOptions(bytes.NewReader(raw), &dkim.VerifyOptions{LookupTXT: func(string) ([]string, error) {
		return []string{"v=DKIM1; k=ed25519; p=" + base64Of(public)}, nil
	}})
	if err != nil || len(results) != 1 || results[0].Err != nil {
		t.Errorf("verify: %v %+v", err, results)
	}
}

func TestAnSMIMESignedPartStillVerifiesAfterTheEdits(t *testing.T) {
	need(t, "openssl")
	dir := t.TempDir()
	in := filepath.Join(dir, "body.txt")
	if err := os.WriteFile(in, []byte("Content-Type: text/plain; charset=utf-8\r\n\r\nVi ses på torsdag.\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) []byte {
		t.Helper()
		out, err := exec.Command("openssl", args...).CombinedOutput()
		if err != nil {
			t.Fatalf("openssl %v: %v\n%s", args, err, out)
		}
		return out
	}
	key, cert := filepath.Join(dir, "k.pem"), filepath.Join(dir, "c.pem")
	run("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=Anna/emailAddress=tr.anna@forening.example", "-keyout", key, "-out", cert, "-days", "2")
	entity := run("smime", "-sign", "-in", in, "-signer", cert, "-inkey", key, "-crlfeol")
	mail := "From: tr.anna@forening.example\r\nTo: mette@post.example, peter@post.example, sekretariat@forening.example\r\nSubject: Underskrevet\r\nDate: Fri, 20 Nov 2026 08:12:44 +0100\r\nMessage-ID: <9@forening.example>\r\n" + string(entity)
	g := gateway(t, nil)
	if err := g.send("anna", "tr.anna@forening.example", []string{"mette@post.example", "sekretariat@forening.example"}, mail); err != nil {
		t.Fatal(err)
	}
	all := mails(g.arrived(2))
	if len(all) != 1 {
		t.Fatalf("%d mails arrived: is it held?\n%s", len(all), g.log)
	}
	raw := all[0].Content
	if bytes.Contains(raw, []byte("peter@post.example")) || !strings.Contains(decoded(t, parse(t, raw).Header.Get("Subject")), "TR – fortroligt") {
		t.Errorf("not edited:\n%s", raw)
	}
	out := filepath.Join(dir, "out.eml")
	if err := os.WriteFile(out, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	run("smime", "-verify", "-in", out, "-noverify", "-CAfile", cert)
}

func TestMailThatItsWriterSealedPassesUnscannedAndStillHidesMembers(t *testing.T) {
	reader, _ := newGnuPG(t, "mette@post.example")
	armored := reader.run([]byte("Content-Type: text/plain\n\n070761-4285\n"), "--armor", "--trust-model", "always", "-r", "mette@post.example", "--encrypt")
	mail := `From: tr.anna@forening.example
To: mette@post.example, peter@post.example
Subject: ...
Date: Fri, 20 Nov 2026 08:12:44 +0100
Message-ID: <8@forening.example>
MIME-Version: 1.0
Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary=b

--b
Content-Type: application/pgp-encrypted

Version: 1

--b
Content-Type: application/octet-stream; name="encrypted.asc"

` + armored + `
--b--
`
	g := gateway(t, nil)
	if err := g.send("anna", "tr.anna@forening.example", []string{"mette@post.example"}, mail); err != nil {
		t.Fatal(err)
	}
	all := mails(g.arrived(2))
	if len(all) != 1 || bytes.Contains(all[0].Content, []byte("peter@")) || !bytes.Contains(all[0].Content, []byte(crlf(armored))) {
		t.Errorf("%d arrived\n%s", len(all), g.log)
	}
}

func TestAReleaseSealsOnceTheReaderHasAKey(t *testing.T) {
	reader, public := newGnuPG(t, "mette@post.example")
	g := gateway(t, nil)
	if err := g.send("anna", "tr.anna@forening.example", []string{"mette@post.example"}, withCPR); err != nil {
		t.Fatal(err)
	}
	g.arrived(2)
	g.write("keys/mette.asc", public)
	var held []map[string]any
	g.json(&held, "held", "list")
	out, err := g.run("held", "release", held[0]["id"].(string), "--reason", "nu har hun en nøgle")
	if err != nil || !strings.Contains(out, "krypteret til sin modtager") {
		t.Fatalf("%v\n%s", err, out)
	}
	raw := onlyMail(t, g.arrived(4), g.log)
	if bytes.Contains(raw, []byte("61-4285")) || bytes.Contains(raw, []byte("Din sag")) {
		t.Errorf("it went in clear:\n%s", raw)
	}
	file := filepath.Join(t.TempDir(), "copy.asc")
	if err := os.WriteFile(file, raw[bytes.Index(raw, []byte("-----BEGIN PGP")):], 0o600); err != nil {
		t.Fatal(err)
	}
	if clear := reader.run(nil, "--decrypt", file); !strings.Contains(clear, "61-4285") {
		t.Errorf("inside stands:\n%s", clear)
	}
}
