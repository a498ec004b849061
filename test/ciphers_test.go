package test

import (
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"
)

// pgpMIME wraps a ciphertext as a mail program does (RFC 3156 §4).
func pgpMIME(armored string) string {
	return "MIME-Version: 1.0\nContent-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=b\n\n" +
		"--b\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n\n--b\nContent-Type: application/octet-stream; name=\"encrypted.asc\"\n\n" + armored + "\n--b--\n"
}

// certificate makes a certificate for an address and returns its file.
func certificate(t *testing.T, dir, address string) string {
	t.Helper()
	cert := filepath.Join(dir, address+".pem")
	out, err := exec.Command("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN="+address, "-keyout", filepath.Join(dir, address+".key"), "-out", cert, "-days", "2").CombinedOutput()
	if err != nil {
		t.Fatalf("openssl: %v\n%s", err, out)
	}
	return cert
}

// enveloped returns S/MIME to everybody with a certificate.
func enveloped(t *testing.T, args ...string) string {
	t.Helper()
	c := exec.Command("openssl", append([]string{"cms", "-encrypt", "-aes256", "-outform", "SMIME"}, args...)...)
	c.Stdin = strings.NewReader("Content-Type: text/plain\r\n\r\nVi ses.\r\n")
	out, err := c.Output()
	if err != nil {
		t.Fatalf("openssl cms: %v", err)
	}
	return strings.ReplaceAll(string(out), "\r\n", "\n")
}

func TestACiphertextThatNamesMembersToEachOtherDoesNotLeave(t *testing.T) {
	need(t, "openssl")
	keys, mette := newGnuPG(t, "mette@post.example")
	for _, more := range []string{"peter@post.example", "tr.anna@forening.example"} {
		keys.run(nil, "--quick-generate-key", more, "default", "default", "never")
	}
	peter := keys.run(nil, "--armor", "--export", "peter@post.example")
	anna := keys.run(nil, "--export", "tr.anna@forening.example")
	to := func(args ...string) string {
		return keys.run([]byte("Content-Type: text/plain\n\nVi ses.\n"), append([]string{"--armor", "--trust-model", "always", "--encrypt"}, args...)...)
	}
	both := to("-r", "mette@post.example", "-r", "peter@post.example", "-r", "tr.anna@forening.example")
	dir := t.TempDir()
	certs := []string{certificate(t, dir, "mette@post.example"), certificate(t, dir, "peter@post.example"), certificate(t, dir, "tr.anna@forening.example")}
	members := []string{"mette@post.example", "peter@post.example"}
	const inTo = "To: mette@post.example, peter@post.example\n"
	for _, c := range []struct {
		name, fields, body string
		to                 []string
		known              bool // the gateway has the members' keys
		recipients         string
		want               fate
	}{
		{name: "PGP/MIME to both", fields: inTo, body: pgpMIME(both), to: members, want: refused},
		{name: "the same, of which the gateway knows the keys", fields: inTo, body: pgpMIME(both), to: members, known: true, want: refused},
		{name: "the same, where the policy holds", fields: inTo, body: pgpMIME(both), to: members, recipients: "encrypted: hold", want: isHeld},
		{name: "a copy for each", fields: inTo, body: pgpMIME(both), to: members, recipients: "as: individual", want: refused},
		{name: "an armored body", fields: inTo, body: "\n" + both, to: members, want: refused},
		{name: "an armored block among words", fields: inTo, body: "\nHej begge\n\n" + both + "\nAnna\n", to: members, want: refused},
		{name: "a quoted block", fields: inTo, body: "\nHej\n\n> " + strings.ReplaceAll(strings.TrimSpace(both), "\n", "\n> ") + "\n", to: members, want: refused},
		{name: "an attached file", fields: inTo, body: attached("Content-Type: application/octet-stream; name=notat.pdf.pgp\nContent-Transfer-Encoding: base64\n", base64Of([]byte(keys.run([]byte("x"), "--trust-model", "always", "--encrypt", "-r", "mette@post.example", "-r", "peter@post.example")))), to: members, want: refused},
		{name: "members on a hidden list", fields: "To: sekretariat@forening.example\n", body: pgpMIME(both), to: append([]string{"sekretariat@forening.example"}, members...), want: refused},
		{name: "one mail of several, whose other reader's key is known", fields: "To: mette@post.example\n", body: pgpMIME(both), to: members[:1], known: true, want: refused},
		{name: "readers who are not named", fields: inTo, body: pgpMIME(to("-R", "mette@post.example", "-R", "peter@post.example")), to: members, known: true, want: passes},
		{name: "one reader and the sender", fields: "To: mette@post.example\n", body: pgpMIME(to("-r", "mette@post.example", "-r", "tr.anna@forening.example")), to: members[:1], want: passes},
		{
			name: "one reader, beside the sender's own key from Autocrypt", fields: "To: mette@post.example, kontor@forening.example\nAutocrypt: addr=tr.anna@forening.example; keydata=" + base64Of([]byte(anna)) + "\n",
			body: pgpMIME(to("-r", "mette@post.example", "-r", "tr.anna@forening.example")), to: []string{"mette@post.example", "kontor@forening.example"}, known: true, want: passes,
		},
		{
			name: "a message that is only signed, and quotes a list", fields: "To: sekretariat@forening.example\n", to: []string{"ingrid@post.example"}, want: isHeld,
			body: "\n" + keys.run([]byte("Fra: chef@region.example\nSendt: i dag\nTil: Mette <mette@post.example>; Peter <peter@post.example>\nEmne: x\n"), "--armor", "--sign", "-u", "tr.anna@forening.example"),
		},
		{
			name: "another member's key as a file", fields: inTo, to: members, want: isHeld,
			body: attached("Content-Type: application/pgp-keys; name=key.asc\nContent-Disposition: attachment; filename=key.asc\n", mette),
		},
		{name: "S/MIME to both", fields: inTo, body: enveloped(t, certs...), to: members, want: refused},
		{name: "S/MIME to both by key identifier", fields: inTo, body: enveloped(t, append([]string{"-keyid"}, certs...)...), to: members, want: refused},
		{name: "S/MIME to one and the sender", fields: "To: mette@post.example\n", body: enveloped(t, certs[0], certs[2]), to: members[:1], want: passes},
	} {
		t.Run(c.name, func(t *testing.T) {
			with := files{}
			if c.known {
				with["keys/mette.asc"], with["keys/peter.asc"] = mette, peter
			}
			if c.recipients != "" {
				key, _, _ := strings.Cut(c.recipients, ":")
				old := "beside: note"
				if key == "as" {
					old = "as: bcc"
				}
				with["policy.yaml"] = strings.Replace(defaultPolicy, old, c.recipients, 1)
			}
			g := gateway(t, with)
			err := g.send("anna", "tr.anna@forening.example", c.to, "From: tr.anna@forening.example\n"+c.fields+
				"Subject: ...\nDate: Fri, 20 Nov 2026 08:12:44 +0100\nMessage-ID: <cipher@forening.example>\n"+c.body)
			var reply *smtp.SMTPError
			switch {
			case c.want == refused:
				if !errors.As(err, &reply) || reply.Code != 550 || !strings.Contains(reply.Message, "noeglerne viser") {
					t.Fatalf("got %v, want a refusal that says why", err)
				}
				return
			case err != nil:
				t.Fatal(err)
			}
			if got := verdictOf(t, g, 0); got != string(c.want) {
				t.Fatalf("the verdict is %s, want %s\n%s", got, c.want, g.log)
			}
		})
	}
}
