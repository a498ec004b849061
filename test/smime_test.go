package test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"postvern.example/internal/sink"
)

// smimeReader is a reader with a certificate.
type smimeReader struct {
	t         *testing.T
	dir       string
	cert, key string // files
}

// newSMIMEReader makes one by OpenSSL; more are arguments of `openssl req`.
func newSMIMEReader(t *testing.T, address string, more ...string) smimeReader {
	t.Helper()
	need(t, "openssl")
	dir := t.TempDir()
	r := smimeReader{t: t, dir: dir, cert: filepath.Join(dir, "c.pem"), key: filepath.Join(dir, "k.pem")}
	if len(more) == 0 {
		more = []string{"-newkey", "rsa:2048", "-days", "30"}
	}
	r.openssl(append([]string{"req", "-x509", "-nodes", "-subj", "/CN=Reader", "-addext", "subjectAltName=email:" + address, "-keyout", r.key, "-out", r.cert}, more...)...)
	return r
}

func (r smimeReader) openssl(args ...string) string {
	r.t.Helper()
	var errs bytes.Buffer
	c := exec.Command("openssl", args...)
	c.Stderr = &errs
	out, err := c.Output()
	if err != nil {
		r.t.Fatalf("openssl %v: %v\n%s", args, err, errs.String())
	}
	return string(out)
}

func (r smimeReader) certificate() string {
	b, err := os.ReadFile(r.cert)
	if err != nil {
		r.t.Fatal(err)
	}
	return string(b)
}

func (r smimeReader) open(raw []byte) string {
	r.t.Helper()
	return r.openssl("cms", "-decrypt", "-in", writeFile(r.t, "copy.eml", raw), "-inkey", r.key)
}

// expiredCertificate is one that was Mette's until yesterday.
func expiredCertificate(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	x := &x509.Certificate{
		SerialNumber: big.NewInt(7), EmailAddresses: []string{"mette@post.example"},
		NotBefore: time.Now().AddDate(-1, 0, 0), NotAfter: time.Now().AddDate(0, 0, -1),
	}
	der, err := x509.CreateCertificate(rand.Reader, x, x, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// withCertificates installs a gateway with certificates, by file name.
func withCertificates(t *testing.T, certificates files, more string) *installation {
	t.Helper()
	g := install(t, nil, sink.Config{})
	if err := os.Mkdir(g.path("certificates"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range certificates {
		g.write("certificates/"+name, text)
	}
	g.write("postvern.yaml", g.read("postvern.yaml")+more)
	return g
}

func TestAReaderWithACertificateGetsSMIME(t *testing.T) {
	mette := newSMIMEReader(t, "mette@post.example")
	peter := newSMIMEReader(t, "Peter@Post.example", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-days", "30")
	for cipher, kind := range map[string]string{"aes-256-cbc": "smime-type=enveloped-data", "aes-256-gcm": "smime-type=authEnveloped-data"} {
		t.Run(cipher, func(t *testing.T) {
			g := withCertificates(t, files{"mette.pem": mette.certificate(), "peter.pem": peter.certificate()}, "smime: {cipher: "+cipher+"}\n")
			g.start()
			mail := strings.Replace(caseWithFile, "To: Mette <mette@post.example>", "To: Mette <mette@post.example>, Peter <peter@post.example>\nUser-Agent: Mozilla Thunderbird", 1)
			if err := g.send("anna", "tr.anna@forening.example", []string{"mette@post.example", "peter@post.example"}, mail); err != nil {
				t.Fatal(err)
			}
			copies := mails(g.arrived(3))
			if len(copies) != 2 {
				t.Fatalf("%d copies arrived\n%s", len(copies), g.log)
			}
			ids := map[string]bool{}
			for _, m := range copies {
				who, box, other := mette, "mette@post.example", "peter@post.example"
				if m.Recipients()[0] == other {
					who, box, other = peter, other, box
				}
				header := parse(t, m.Content).Header
				ids[header.Get("Message-Id")] = true
				if s := decoded(t, header.Get("Subject")); s != "TR – fortroligt" {
					t.Errorf("outer subject %q", s)
				}
				if !strings.Contains(header.Get("Content-Type"), "application/pkcs7-mime") || !strings.Contains(header.Get("Content-Type"), kind) ||
					!strings.Contains(header.Get("Content-Type"), `name="smime.p7m"`) || !strings.Contains(header.Get("Content-Disposition"), `filename="smime.p7m"`) {
					t.Errorf("header %v", header)
				}
				for _, secret := range []string{"61-4285", "overtid", "Mette", "loenseddel", "Thunderbird", "<77@", other, box + ",", "\r\nX-"} {
					if strings.Contains(string(m.Content), secret) {
						t.Errorf("%q stands outside:\n%.900s", secret, m.Content)
					}
				}
				clear := who.open(m.Content)
				for _, want := range []string{"_Din_sag_om_overtid?=", "Kære Mette, dit CPR-nr. er 070761-4285. Æøå og blåbærgrød.", "loenseddel.bin", "SGVtbWVsaWcgZmlsIQo="} {
					if !strings.Contains(clear, want) {
						t.Errorf("%q is not inside:\n%s", want, clear)
					}
				}
				if strings.Contains(clear, other) {
					t.Errorf("another reader is named:\n%s", clear)
				}
			}
			if len(ids) != 2 {
				t.Error("two copies have one Message-ID")
			}
			var register []map[string]any
			g.json(&register, "deviations", "list")
			if len(register) != 2 || !strings.Contains(register[0]["measures"].(string)+register[1]["measures"].(string), "Hver kopi blev krypteret til sin modtager") {
				t.Errorf("the register says %v", register)
			}
			if _, metrics := g.get("/metrics"); !strings.Contains(metrics, `postvern_protection_steps_total{step="smime"} 2`) {
				t.Error("the step is not counted")
			}
			g.nowhere("overtid", "61-4285", "loenseddel")
		})
	}
}

func TestAnOpenPGPKeyGoesBeforeACertificate(t *testing.T) {
	_, public := newGnuPG(t, "mette@post.example")
	g := withCertificates(t, files{"m.pem": newSMIMEReader(t, "mette@post.example").certificate()}, "")
	g.write("keys/mette.asc", public)
	g.start()
	if err := g.send("anna", "tr.anna@forening.example", []string{"mette@post.example"}, withCPR); err != nil {
		t.Fatal(err)
	}
	if raw := onlyMail(t, g.arrived(2), g.log); !bytes.Contains(raw, []byte("-----BEGIN PGP MESSAGE-----")) {
		t.Errorf("arrived:\n%.600s", raw)
	}
}

func TestACertificateThatCannotBeUsedIsNeverUsedAndSaysWhy(t *testing.T) {
	dir := t.TempDir()
	authority := newSMIMEReader(t, "ca@forening.example", "-newkey", "rsa:2048", "-days", "30", "-addext", "keyUsage=critical,keyCertSign")
	if err := os.WriteFile(filepath.Join(dir, "ca.pem"), []byte(authority.certificate()), 0o600); err != nil {
		t.Fatal(err)
	}
	ours := newSMIMEReader(t, "mette@post.example")
	for name, c := range map[string]struct {
		certificate string
		more        string
		state, why  string
	}{
		"expired": {expiredCertificate(t), "", "expired", "expired"},
		"weak":    {newSMIMEReader(t, "mette@post.example", "-newkey", "rsa:1024", "-days", "30").certificate(), "", "weak", "too weak"},
		"signs only": {
			newSMIMEReader(t, "mette@post.example", "-newkey", "rsa:2048", "-days", "30", "-addext", "keyUsage=critical,digitalSignature").certificate(), "",
			"no-encryption", "not for encryption",
		},
		"for a server":         {newSMIMEReader(t, "mette@post.example", "-newkey", "rsa:2048", "-days", "30", "-addext", "extendedKeyUsage=serverAuth").certificate(), "", "no-encryption", "not for encryption"},
		"another's":            {newSMIMEReader(t, "mette@post.example.example").certificate(), "", "", "none"},
		"of no authority":      {ours.certificate(), "smime: {authorities: " + filepath.Join(dir, "ca.pem") + "}\n", "untrusted", "of no accepted authority"},
		"signed with outdated": {newSMIMEReader(t, "mette@post.example", "-newkey", "rsa:2048", "-days", "30", "-sha1").certificate(), "", "weak", "too weak"},
	} {
		t.Run(name, func(t *testing.T) {
			g := withCertificates(t, files{"mette.pem": c.certificate}, c.more)
			out, err := g.run("explain", "--language", "en", writeFile(t, "mail.eml", []byte(withCPR)))
			if err != nil || !strings.Contains(out, "steps tried: encrypted (OpenPGP) – key: none; encrypted (S/MIME) – certificate: "+c.why+"; held – taken") {
				t.Errorf("%v\n%s", err, out)
			}
			if c.state != "" {
				var listed []map[string]any
				g.json(&listed, "certificates", "list")
				if len(listed) != 1 || listed[0]["state"] != c.state || listed[0]["reason"] == "" {
					t.Errorf("listed as %v", listed)
				}
			}
			g.start()
			if err := g.send("anna", "tr.anna@forening.example", []string{"mette@post.example"}, withCPR); err != nil {
				t.Fatal(err)
			}
			for _, m := range g.arrived(1) {
				if m.Recipients()[0] == "mette@post.example" {
					t.Errorf("something went to the reader:\n%s", m.Content)
				}
			}
			var held []map[string]any
			if g.json(&held, "held", "list"); len(held) != 1 {
				t.Errorf("held: %v", held)
			}
		})
	}
}

func TestACertificateThatIsPutIntoTheFolderIsUsedFromThenOn(t *testing.T) {
	mette := newSMIMEReader(t, "mette@post.example")
	g := withCertificates(t, nil, "")
	g.start()
	g.write("certificates/mette.pem", mette.certificate())
	g.reload()
	if err := g.send("anna", "tr.anna@forening.example", []string{"mette@post.example"}, withCPR); err != nil {
		t.Fatal(err)
	}
	if clear := mette.open(onlyMail(t, g.arrived(2), g.log)); !strings.Contains(clear, "61-4285") {
		t.Errorf("inside:\n%s", clear)
	}
}

func TestASecretKeyAmongTheCertificatesIsRefusedBeforeAnythingStarts(t *testing.T) {
	mette := newSMIMEReader(t, "mette@post.example")
	secret, err := os.ReadFile(mette.key)
	if err != nil {
		t.Fatal(err)
	}
	g := withCertificates(t, files{"mette.pem": mette.certificate() + string(secret)}, "")
	out, err := g.run("certificates", "list")
	if err == nil || !strings.Contains(err.Error(), "mette.pem") || !strings.Contains(err.Error(), "secret key") || strings.Contains(out+err.Error(), base64.StdEncoding.EncodeToString(secret)[:20]) {
		t.Errorf("%v\n%s", err, out)
	}
}
