package test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const signedPolicy = defaultPolicy + "signature: sealed\n"

type organisationJSON struct {
	Generation                                       int64
	Fingerprint, State, Expires, By, Revocation, UID string
}

func (i *installation) organisation() (keys []organisationJSON) {
	i.t.Helper()
	i.json(&keys, "keys", "organisation", "show")
	return keys
}

// verified decrypts a copy and returns its content with what GnuPG says of its
// signature.
func (g gnupg) verified(copied []byte) (clear, said string) {
	g.t.Helper()
	file := filepath.Join(g.t.TempDir(), "copy.asc")
	if err := os.WriteFile(file, copied[bytes.Index(copied, []byte("-----BEGIN PGP")):], 0o600); err != nil {
		g.t.Fatal(err)
	}
	c := exec.Command("gpg", "--homedir", g.home, "--batch", "--status-fd", "2", "--passphrase", "", "--pinentry-mode", "loopback", "--decrypt", file)
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	if err := c.Run(); err != nil {
		g.t.Logf("gpg: %v", err)
	}
	return out.String(), errs.String()
}

func TestTheOrganisationSignsWhatItSealsAndNobodyElseSeesThat(t *testing.T) {
	reader, public := newGnuPG(t, "mette@post.example")
	g := install(t, files{"policy.yaml": signedPolicy + "signature-key: send\n"}, sinkConfig())
	g.write("keys/mette.asc", public)
	g.start()
	made := g.log.lines("signing key")
	keys := g.organisation()
	if len(made) != 1 || len(keys) != 1 || keys[0].State != "signs" || made[0]["fingerprint"] != keys[0].Fingerprint {
		t.Fatalf("%v %v", made, keys)
	}
	revocation, err := os.ReadFile(keys[0].Revocation)
	if err != nil || keys[0].Revocation != made[0]["revocation"] || string(revocation) != g.mustRun("keys", "organisation", "export", "--revocation", keys[0].Fingerprint) {
		t.Errorf("the revocation certificate is not where it is said to be: %v", err)
	}
	if info, err := os.Stat(keys[0].Revocation); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	m := g.toMette()
	head, _, _ := bytes.Cut(m.Content, []byte("\r\n\r\n"))
	for _, tells := range []string{"dpo@forening", "Eksempelforening", keys[0].Fingerprint, "Autocrypt", "pgp-signature"} {
		if bytes.Contains(head, []byte(tells)) {
			t.Errorf("%q stands outside:\n%s", tells, head)
		}
	}
	reader.run([]byte(g.mustRun("keys", "organisation", "export")), "--import")
	clear, said := reader.verified(m.Content)
	if !strings.Contains(said, "VALIDSIG "+keys[0].Fingerprint) || !strings.Contains(said, "GOODSIG") || !strings.Contains(said, "Dansk Eksempelforening <dpo@forening.example>") {
		t.Errorf("GnuPG says\n%s", said)
	}
	if !strings.Contains(clear, "Autocrypt: addr=dpo@forening.example; keydata=") || !strings.Contains(clear, "application/pgp-keys") || !strings.Contains(clear, "0707=\r\n61-4285") {
		t.Errorf("inside stands\n%s", clear)
	}
	found := false
	for _, r := range g.register() {
		for _, c := range r.Comments {
			found = found || r.Type == "signing-key-made" && r.NearMiss && c.Text == keys[0].Fingerprint
		}
	}
	if !found {
		t.Errorf("the register does not tell of the key: %+v", g.register())
	}
	if _, body := g.get("/metrics"); !strings.Contains(body, "postvern_organisation_key_expires_timestamp_seconds ") || strings.Contains(body, "expires_timestamp_seconds 0\n") {
		t.Error("no metric tells when the key expires")
	}
	if bytes.Contains([]byte(g.log.String()), []byte("PRIVATE KEY")) {
		t.Error("the log holds a secret key")
	}
}

func TestANextKeySignsAndARevokedOneDoesNot(t *testing.T) {
	reader, public := newGnuPG(t, "mette@post.example")
	g := install(t, nil, sinkConfig())
	g.write("keys/mette.asc", public)
	g.start()
	if out := g.mustRun("keys", "organisation", "show", "--language", "en"); !strings.Contains(out, "The organisation has no key") {
		t.Errorf("show says %s", out)
	}
	for _, command := range [][]string{{"rotate"}, {"export"}, {"revoke", "--reason", "retired", "0123456789ABCDEF"}} {
		if out, err := g.run(append([]string{"keys", "organisation"}, command...)...); err == nil {
			t.Errorf("%v without a key says %s", command, out)
		}
	}
	if _, said := reader.verified(g.toMette().Content); strings.Contains(said, "SIG") {
		t.Errorf("a signature that nobody asked for:\n%s", said)
	}

	// The policy asks for it while the gateway runs.
	g.write("policy.yaml", signedPolicy)
	g.reload()
	first := g.organisation()
	if len(first) != 1 {
		t.Fatalf("%v", first)
	}
	if _, err := g.run("keys", "organisation", "create"); err == nil || !strings.Contains(err.Error(), "rotate") {
		t.Errorf("a second first key: %v", err)
	}
	if _, err := g.run("keys", "organisation", "rotate", "--valid", "1h"); err == nil || !strings.Contains(err.Error(), "--valid") {
		t.Errorf("%v", err)
	}
	out := g.mustRun("keys", "organisation", "rotate", "--by", "dpo", "--valid", "1y")
	both := g.organisation()
	if len(both) != 2 || both[0].State != "signs" || both[1].State != "valid" || both[1].Fingerprint != first[0].Fingerprint || both[0].By != "dpo" || !strings.Contains(out, both[0].Revocation) {
		t.Fatalf("%v\n%s", both, out)
	}
	reader.run([]byte(g.mustRun("keys", "organisation", "export")), "--import")
	signer := func() string {
		t.Helper()
		_, said := reader.verified(g.toMette().Content)
		_, rest, _ := strings.Cut(said, "VALIDSIG ")
		print, _, _ := strings.Cut(rest, " ")
		return print
	}
	waitFor(t, "the next key signs", func() bool { return signer() == both[0].Fingerprint })

	out = g.mustRun("keys", "organisation", "revoke", "--language", "en", "--reason", "compromised", "--by", "dpo", both[0].Fingerprint)
	if !strings.Contains(out, "is revoked") {
		t.Error(out)
	}
	waitFor(t, "the one before signs again", func() bool { return signer() == both[1].Fingerprint })
	if _, err := g.run("keys", "organisation", "revoke", "--reason", "compromised", both[0].Fingerprint); err == nil {
		t.Error("it is revoked twice")
	}
	reader.run([]byte(g.mustRun("keys", "organisation", "export")), "--import")
	if list := reader.run(nil, "--list-keys", "--with-colons", both[0].Fingerprint); !strings.Contains(list, "pub:r:") {
		t.Errorf("the exported key is not revoked:\n%s", list)
	}

	// The last one that can sign: the next is made at once.
	g.mustRun("keys", "organisation", "revoke", "--reason", "retired", "--by", "dpo", both[1].Fingerprint)
	three := g.organisation()
	if len(three) != 3 || three[0].State != "signs" || three[1].State != "revoked" || three[2].State != "revoked" {
		t.Fatalf("%v", three)
	}
	types := map[string]int{}
	for _, r := range g.register() {
		types[string(r.Type)]++
	}
	if types["signing-key-made"] != 3 || types["signing-key-revoked"] != 2 {
		t.Errorf("the register has %v", types)
	}
}

func TestTheOrganisationsKeyIsPublishedAsAWebKeyDirectory(t *testing.T) {
	g := gateway(t, files{"policy.yaml": signedPolicy})
	at := t.TempDir()
	g.mustRun("keys", "organisation", "export", "--wkd", at)
	// gpg --with-wkd-hash says this of dpo@forening.example.
	reader, _ := newGnuPG(t, "mette@post.example")
	reader.run([]byte(g.mustRun("keys", "organisation", "export")), "--import")
	list := reader.run(nil, "--list-keys", "--with-wkd-hash", "dpo@forening.example")
	for _, method := range []string{"", "forening.example"} {
		dir := filepath.Join(at, ".well-known/openpgpkey", method)
		hashed, _ := filepath.Glob(filepath.Join(dir, "hu", "*"))
		if len(hashed) != 1 || !strings.Contains(list, filepath.Base(hashed[0])+"@forening.example") {
			t.Errorf("%v, and GnuPG expects\n%s", hashed, list)
			continue
		}
		key, err := os.ReadFile(hashed[0])
		if err != nil || bytes.HasPrefix(key, []byte("-----")) {
			t.Errorf("it is not binary: %v", err)
		}
		if shown := reader.run(key, "--show-keys", "--with-colons"); !strings.Contains(shown, g.organisation()[0].Fingerprint) {
			t.Errorf("another key is there:\n%s", shown)
		}
		if _, err := os.Stat(filepath.Join(dir, "policy")); err != nil {
			t.Error(err)
		}
	}
}

func TestBothNodesSignByTheOneKeyThatEitherMade(t *testing.T) {
	a, b := twoNodes(t)
	for _, g := range []*installation{a, b} {
		g.write("policy.yaml", signedPolicy)
	}
	a.reload()
	b.reload()
	here, there := a.organisation(), b.organisation()
	if len(here) != 1 || len(there) != 1 || here[0].Fingerprint != there[0].Fingerprint {
		t.Fatalf("%v %v", here, there)
	}
	if here[0].Revocation == "" && there[0].Revocation == "" {
		t.Error("no node has the revocation certificate")
	}
}

func TestABackupCarriesTheOrganisationsKeyEncrypted(t *testing.T) {
	g := gateway(t, files{"policy.yaml": signedPolicy})
	want := g.organisation()
	backup := filepath.Join(t.TempDir(), "backup")
	g.mustRun("backup", "--to", backup)
	if err := g.stop(); err != nil {
		t.Fatal(err)
	}
	key := filepath.Join(t.TempDir(), "installation.key")
	if err := os.Rename(g.path("data/installation.key"), key); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(g.path("data")); err != nil {
		t.Fatal(err)
	}
	g.mustRun("restore", "--from", backup, "--key", key)
	got := g.organisation()
	if len(got) != 1 || got[0].Fingerprint != want[0].Fingerprint || got[0].State != "signs" || got[0].Revocation != "" {
		t.Errorf("%v, and before %v", got, want)
	}
	if out := g.mustRun("keys", "organisation", "show", "--language", "en"); !strings.Contains(out, "in the store: postvern keys organisation export --revocation") {
		t.Error(out)
	}
}
