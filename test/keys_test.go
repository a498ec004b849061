package test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/packet"

	"postvern.example/internal/sink"
)

// pgpKey makes a reader's key that lasts for a time; 0 is for ever.
func pgpKey(t *testing.T, address string, lasts time.Duration) *openpgp.Entity {
	t.Helper()
	made := time.Now().Add(-time.Hour)
	e, err := openpgp.NewEntity("", "", address, &packet.Config{
		Algorithm: packet.PubKeyAlgoEdDSA, KeyLifetimeSecs: uint32(lasts / time.Second), Time: func() time.Time { return made },
	})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func armored(t *testing.T, e *openpgp.Entity) string {
	t.Helper()
	var out bytes.Buffer
	w, err := armor.Encode(&out, openpgp.PublicKeyType, nil)
	if err == nil {
		err = e.Serialize(w)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func fingerprint(e *openpgp.Entity) string { return fmt.Sprintf("%X", e.PrimaryKey.Fingerprint) }

// sealed reports whether a message is encrypted to a key, and to it alone.
func sealedTo(t *testing.T, m sink.Message, e *openpgp.Entity) bool {
	t.Helper()
	at := bytes.Index(m.Content, []byte("-----BEGIN PGP MESSAGE"))
	if at < 0 {
		t.Fatalf("it is not sealed:\n%s", m.Content)
	}
	block, err := armor.Decode(bytes.NewReader(m.Content[at:]))
	if err != nil {
		t.Fatal(err)
	}
	md, err := openpgp.ReadMessage(block.Body, openpgp.EntityList{e}, nil, nil)
	return err == nil && len(md.EncryptedToKeyIds) == 1
}

// counts waits until the metrics have a line.
func (i *installation) counts(line string) {
	i.t.Helper()
	var body string
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if _, body = i.get("/metrics"); strings.Contains(body, line+"\n") {
			return
		}
	}
	var keys []string
	for _, l := range strings.Split(body, "\n") {
		if strings.HasPrefix(l, "postvern_keys") {
			keys = append(keys, l)
		}
	}
	i.t.Fatalf("the metrics never had %q:\n%s", line, strings.Join(keys, "\n"))
}

// toMette sends Mette a number and returns her copy, or nil where it is held.
func (i *installation) toMette() *sink.Message {
	i.t.Helper()
	have := len(i.upstream.Messages())
	if err := i.send("anna", "tr.anna@forening.example", []string{"mette@post.example"}, withCPR); err != nil {
		i.t.Fatal(err)
	}
	for n := have + 1; ; n++ {
		all := i.arrived(n)[have:]
		for _, m := range mails(all) {
			return &m
		}
		var held []struct{ ID string }
		i.json(&held, "held", "list")
		if len(held) > 0 {
			for _, h := range held {
				if out, err := i.run("held", "drop", "--by", "dpo", "--reason", "test", h.ID); err != nil {
					i.t.Fatal(out, err)
				}
			}
			return nil
		}
	}
}

type keyJSON struct {
	Fingerprint, Source, State, Reason string
	Bound, Waits                       []string
}

func (i *installation) keys(command ...string) (keys []keyJSON) {
	i.t.Helper()
	i.json(&keys, append([]string{"keys"}, command...)...)
	return keys
}

func TestTheFirstKeyThatWasUsedStaysUntilAnotherIsApproved(t *testing.T) {
	first, second := pgpKey(t, "mette@post.example", 0), pgpKey(t, "mette@post.example", 0)
	g := install(t, nil, sinkConfig())
	g.write("keys/mette.asc", armored(t, first))
	g.start()
	if m := g.toMette(); m == nil || !sealedTo(t, *m, first) {
		t.Fatal("the first mail is not sealed to her key")
	}
	g.counts(`postvern_keys{source="folder",state="usable"} 1`)

	// Somebody swaps the key in the folder.
	g.write("keys/mette.asc", armored(t, second))
	g.counts(`postvern_keys{source="folder",state="unapproved"} 1`)
	if m := g.toMette(); m == nil || !sealedTo(t, *m, first) {
		t.Fatal("a swapped key was used, or the old one was not")
	}
	all := g.keys("list")
	if len(all) != 2 {
		t.Fatalf("%+v", all)
	}
	for _, k := range all {
		switch k.Fingerprint {
		case fingerprint(first):
			if k.State != "usable" || len(k.Bound) != 1 {
				t.Errorf("%+v", k)
			}
		case fingerprint(second):
			if k.State != "unapproved" || k.Reason == "" || len(k.Waits) != 1 {
				t.Errorf("%+v", k)
			}
		}
	}
	out, err := g.run("keys", "show", "--language", "en", "mette@post.example")
	if err != nil || !strings.Contains(out, "compare the fingerprint") || !strings.Contains(out, "can be sealed.") {
		t.Errorf("%v\n%s", err, out)
	}

	// It is hers, and approved; the gateway runs on.
	if out, err := g.run("keys", "approve", "--by", "dpo", fingerprint(second)); err != nil {
		t.Fatal(out, err)
	}
	g.counts(`postvern_keys{source="folder",state="unapproved"} 0`)
	if m := g.toMette(); m == nil || !sealedTo(t, *m, second) {
		t.Fatal("an approved key is not used")
	}

	// It is revoked: nothing is sealed to it, nor to the one before, which nobody approved again.
	if err := second.RevokeKey(packet.KeyCompromised, "", nil); err != nil {
		t.Fatal(err)
	}
	g.write("revoked.asc", armored(t, second))
	if out, err := g.run("keys", "add", "--language", "en", "--by", "dpo", g.path("revoked.asc")); err != nil || !strings.Contains(out, "is not used: the key has been revoked") {
		t.Fatal(out, err)
	}
	g.counts(`postvern_keys{source="folder",state="revoked"} 1`)
	if m := g.toMette(); m != nil {
		t.Fatal("a mail left for a revoked key")
	}
	g.write("keys/old.asc", armored(t, first))
	g.counts(`postvern_keys{source="folder",state="unapproved"} 1`)
	if m := g.toMette(); m != nil {
		t.Fatal("a mail left under a key that nobody approved")
	}
	g.write("mail.eml", withCPR)
	out, err = g.run("explain", "--language", "en", g.path("mail.eml"))
	if err != nil || !strings.Contains(out, "3 copies went as: encrypted (OpenPGP), the last on ") || !strings.Contains(out, "(member; key: changed, not approved)") {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err := g.run("keys", "approve", fingerprint(second)); err == nil {
		t.Errorf("a revoked key was approved: %s", out)
	}
}

func TestKeysAreAddedAndRemovedWhileTheGatewayRuns(t *testing.T) {
	g := gateway(t, nil)
	if m := g.toMette(); m != nil {
		t.Fatal("a mail left without a key")
	}
	mette := pgpKey(t, "mette@post.example", 10*24*time.Hour)
	g.write("mette.asc", armored(t, mette))
	if out, err := g.run("keys", "add", "--language", "en", "--by", "dpo", g.path("mette.asc")); err != nil || !strings.Contains(out, "can be used") {
		t.Fatal(out, err)
	}
	g.counts(`postvern_keys{source="added",state="usable"} 1`)
	g.counts(`postvern_keys_expiring{source="added"} 1`)
	if m := g.toMette(); m == nil || !sealedTo(t, *m, mette) {
		t.Fatal("an added key is not used")
	}
	if soon := g.keys("list"); len(soon) != 1 || soon[0].Source != "added" || len(soon[0].Bound) != 1 {
		t.Errorf("%+v", soon)
	}
	if out, err := g.run("keys", "expiring", "--within", "30d"); err == nil || !strings.Contains(out, fingerprint(mette)) {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err := g.run("keys", "expiring", "--within", "5d"); err != nil {
		t.Errorf("%v\n%s", err, out)
	}

	// Another key is added by hand: it waits as any other.
	other := pgpKey(t, "mette@post.example", 0)
	g.write("other.asc", armored(t, other))
	if out, err := g.run("keys", "add", "--language", "en", "--by", "dpo", g.path("other.asc")); err != nil || !strings.Contains(out, "waits") {
		t.Fatal(out, err)
	}
	g.counts(`postvern_keys{source="added",state="unapproved"} 1`)
	if m := g.toMette(); m == nil || !sealedTo(t, *m, mette) {
		t.Fatal("a key that waits was used")
	}
	for _, which := range []string{fingerprint(mette)[24:], "mette@post.example"} {
		if out, err := g.run("keys", "remove", "--language", "en", which); err != nil || !strings.Contains(out, "removed") {
			t.Fatal(out, err)
		}
	}
	g.counts(`postvern_keys{source="added",state="usable"} 0`)
	if m := g.toMette(); m != nil {
		t.Fatal("a mail left under a removed key")
	}
}

func TestKeysThatAreNeverUsedAreNotAdded(t *testing.T) {
	g := gateway(t, nil)
	g.write("eva.asc", armored(t, pgpKey(t, "eva@post.example", 0)))
	weak, err := os.ReadFile("../proxy/seal/testdata/keys/rsa1024.asc")
	if err != nil {
		t.Fatal(err)
	}
	g.write("weak.asc", string(weak))
	many := pgpKey(t, "u@post.example", 0)
	for i := range 100 {
		if err := many.AddUserId("", "", fmt.Sprintf("u%d@post.example", i), nil); err != nil {
			t.Fatal(err)
		}
	}
	g.write("many.asc", armored(t, many))
	g.write("page.asc", "<html><body>Not found</body></html>")
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"--for", "mette@post.example", "eva.asc"}, "nothing in it names mette@post.example"},
		{[]string{"--for", "nobody", "eva.asc"}, "is no mail address"},
		{[]string{"weak.asc"}, "RSA with less than 2048 bits"},
		{[]string{"many.asc"}, "names more than 100 addresses: say with --for"},
		{[]string{"page.asc"}, "it is no OpenPGP public key file"},
		{[]string{"absent.asc"}, "no such file"},
	} {
		last := len(c.args) - 1
		c.args[last] = filepath.Join(g.dir, c.args[last])
		if out, err := g.run(append([]string{"keys", "add", "--language", "en", "--by", "dpo"}, c.args...)...); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v\n%s", c.args, err, out)
		}
	}
	if all := g.keys("list"); len(all) != 0 {
		t.Errorf("%+v", all)
	}
}

const fromAnna = `From: Anna Holm <tr.anna@forening.example>
To: Ole <tr.ole@forening.example>
Subject: Hej
Date: Fri, 20 Nov 2026 08:12:44 +0100
Message-ID: <%d@forening.example>
%sContent-Type: text/plain; charset=utf-8

Hej Ole, vi ses til frokost.
`

func autocrypt(t *testing.T, address string, e *openpgp.Entity) string {
	t.Helper()
	var raw bytes.Buffer
	if err := e.Serialize(&raw); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("Autocrypt: addr=%s; keydata=\n %s\n", address, strings.ReplaceAll(base64.StdEncoding.EncodeToString(raw.Bytes()), "\n", ""))
}

func TestARepresentativesMailProgramBringsTheirKeyAndNobodyElses(t *testing.T) {
	anna, mette := pgpKey(t, "tr.anna@forening.example", 0), pgpKey(t, "mette@post.example", 0)
	g := install(t, files{"representatives.yaml": strings.Replace(defaultRepresentatives(t), "until: 2020-12-31", "until: 2099-12-31", 1)}, sinkConfig())
	g.start()
	n := 0
	sends := func(fields string) {
		t.Helper()
		n++
		if err := g.send("anna", "tr.anna@forening.example", []string{"tr.ole@forening.example"}, fmt.Sprintf(fromAnna, n, fields)); err != nil {
			t.Fatal(err)
		}
	}
	sends("")
	sends(autocrypt(t, "mette@post.example", mette))                                                       // somebody else's
	sends(autocrypt(t, "tr.anna@forening.example", mette))                                                 // it does not name her
	sends(autocrypt(t, "tr.anna@forening.example", anna) + autocrypt(t, "tr.anna@forening.example", anna)) // of two none counts
	sends("Autocrypt: addr=tr.anna@forening.example; keydata=bm8ga2V5\n")                                  // no key
	sends(autocrypt(t, "tr.anna@forening.example", pgpKey(t, "tr.anna@forening.example", 30*time.Minute))) // it has expired
	if all := g.keys("list"); len(all) != 0 {
		t.Fatalf("%+v", all)
	}
	sends(autocrypt(t, "tr.anna@forening.example", anna))
	g.counts(`postvern_keys{source="autocrypt",state="usable"} 1`)
	sends(autocrypt(t, "tr.anna@forening.example", anna))
	if all := g.keys("list"); len(all) != 1 || all[0].Source != "autocrypt" || all[0].Fingerprint != fingerprint(anna) {
		t.Fatalf("%+v", all)
	}
	mail := strings.NewReplacer("tr.anna@", "tr.ole@", "Anna Holm", "Ole", "mette@post.example", "tr.anna@forening.example", "Mette", "Anna").Replace(withCPR)
	if err := g.send("ole", "tr.ole@forening.example", []string{"tr.anna@forening.example"}, mail); err != nil {
		t.Fatal(err)
	}
	for have := 0; ; {
		have++
		m := g.arrived(have)[have-1]
		if bytes.Contains(m.Content, []byte("BEGIN PGP MESSAGE")) {
			if !sealedTo(t, m, anna) {
				t.Error("it is not sealed to her key")
			}
			break
		}
	}
	another := func() { sends(autocrypt(t, "tr.anna@forening.example", pgpKey(t, "tr.anna@forening.example", 0))) }
	for waiting := range 3 {
		another()
		g.counts(fmt.Sprintf(`postvern_keys{source="autocrypt",state="unapproved"} %d`, waiting+1))
	}
	for range 3 { // who changes them all the time fills no store
		another()
	}
	if all := g.keys("list"); len(all) != 4 {
		t.Errorf("%d keys were learnt", len(all))
	}
}

func TestASourceThatIsSwitchedOffIsNotUsed(t *testing.T) {
	mette := pgpKey(t, "mette@post.example", 0)
	g := install(t, nil, sinkConfig())
	g.write("policy.yaml", g.read("policy.yaml")+"key-sources: [added]\n")
	g.write("keys/mette.asc", armored(t, mette))
	g.start()
	if m := g.toMette(); m != nil {
		t.Fatal("a key of a source that does not count was used")
	}
	if out, err := g.run("keys", "add", "--language", "en", "--by", "dpo", g.path("keys/mette.asc")); err != nil {
		t.Fatal(out, err)
	}
	g.counts(`postvern_keys{source="added",state="usable"} 1`)
	if m := g.toMette(); m == nil || !sealedTo(t, *m, mette) {
		t.Fatal("an added key is not used")
	}
}
