package test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

type certificateJSON struct {
	Fingerprint, State, Reason, File string
	Addresses, Bound, Waits          []string
}

func (i *installation) certificates() (all []certificateJSON) {
	i.t.Helper()
	i.json(&all, "certificates", "list")
	return all
}

// must runs a command of the installation.
func (i *installation) must(args ...string) string {
	i.t.Helper()
	out, err := i.run(args...)
	if err != nil {
		i.t.Fatalf("%v: %v\n%s", args, err, out)
	}
	return out
}

// smimeToMette waits until a mail to Mette goes as S/MIME, and reports whether a
// reader opens it.
func (i *installation) smimeToMette(r smimeReader) bool {
	i.t.Helper()
	var found *[]byte
	waitFor(i.t, "a mail as S/MIME", func() bool {
		if m := i.toMette(); m != nil {
			found = &m.Content
		}
		return found != nil
	})
	if !bytes.Contains(*found, []byte("application/pkcs7-mime")) {
		i.t.Fatalf("it is no S/MIME:\n%s", *found)
	}
	return r.opens(*found)
}

func (r smimeReader) opens(raw []byte) bool {
	c := exec.Command("openssl", "cms", "-decrypt", "-in", writeFile(r.t, "copy.eml", raw), "-inkey", r.key, "-recip", r.cert)
	out, err := c.Output()
	return err == nil && bytes.Contains(out, []byte("0707"))
}

func TestACertificateThatIsAddedIsUsedAndAnotherWaitsForAnApproval(t *testing.T) {
	first, second := newSMIMEReader(t, "mette@post.example"), newSMIMEReader(t, "mette@post.example")
	renewed := newSMIMEReader(t, "mette@post.example", "-key", first.key, "-days", "60")
	g := gateway(t, nil)
	if out := g.must("certificates", "add", "--language", "en", "--by", "dpo", first.cert); !strings.Contains(out, "can be used") {
		t.Error(out)
	}
	if !g.smimeToMette(first) {
		t.Fatal("it is sealed to another")
	}
	if all := g.certificates(); len(all) != 1 || len(all[0].Bound) != 1 || all[0].File != "" {
		t.Errorf("%+v", all)
	}
	// Somebody slips another one in.
	if out := g.must("certificates", "add", "--language", "en", "--by", "dpo", second.cert); !strings.Contains(out, "waits") {
		t.Error(out)
	}
	time.Sleep(1500 * time.Millisecond) // nodes follow within a second
	if !g.smimeToMette(first) {
		t.Error("a certificate that nobody approved was used")
	}
	g.counts(`postvern_reader_certificates{state="unapproved"} 1`)
	// The same key with a later end is no other.
	if out := g.must("certificates", "add", "--language", "en", "--by", "dpo", renewed.cert); !strings.Contains(out, "can be used") {
		t.Error(out)
	}
	fingerprint := ""
	for _, c := range g.certificates() {
		if c.State == "unapproved" {
			fingerprint = c.Fingerprint
		}
	}
	if out := g.must("certificates", "show", "--language", "en", "mette@post.example"); !strings.Contains(out, "had another certificate before") {
		t.Error(out)
	}
	g.must("certificates", "approve", "--by", "dpo", fingerprint)
	waitFor(t, "the approved one", func() bool { return g.smimeToMette(second) })
	for _, noun := range []string{"certificates", "keys"} {
		if out, err := g.run(noun, "expiring", "--within", "40d"); err == nil || !strings.Contains(out, "mette@post.example") {
			t.Errorf("%s: %v\n%s", noun, err, out)
		}
		if out, err := g.run(noun, "expiring", "--within", "10d"); err != nil || !strings.Contains(out, " 10d") {
			t.Errorf("%s: %v\n%s", noun, err, out)
		}
	}
	g.counts(`postvern_reader_certificates_expiring 1`)
	g.must("certificates", "remove", "--by", "dpo", "mette@post.example")
	if all := g.certificates(); len(all) != 0 {
		t.Errorf("%+v", all)
	}
	waitFor(t, "nothing to seal to", func() bool { return g.toMette() == nil })
	var entries []struct{ Type string }
	g.json(&entries, "deviations", "list")
	types := map[string]int{}
	for _, e := range entries {
		types[e.Type]++
	}
	if types["key-added"] != 3 || types["key-approved"] != 1 || types["key-removed"] != 3 {
		t.Errorf("%v", types)
	}
}

func TestACertificateThatIsSwappedInTheFolderIsNotUsed(t *testing.T) {
	first, second := newSMIMEReader(t, "mette@post.example"), newSMIMEReader(t, "mette@post.example")
	g := withCertificates(t, files{"mette.pem": first.certificate()}, "")
	g.start()
	if !g.smimeToMette(first) {
		t.Fatal("the first")
	}
	g.write("certificates/mette.pem", second.certificate())
	g.saysCount("loaded", 2)
	if !g.smimeToMette(first) {
		t.Error("a swapped certificate was used, or the old one was not")
	}
}

func TestCertificatesThatCannotBeAddedAreSaid(t *testing.T) {
	g := gateway(t, nil)
	mette := newSMIMEReader(t, "mette@post.example")
	nobody := newSMIMEReader(t, "mette@post.example", "-newkey", "rsa:1024", "-days", "30")
	for name, c := range map[string]struct {
		text, want string
		more       []string
	}{
		"no certificate":  {"hello", "it is no certificate file", nil},
		"a private key":   {string(mustRead(t, mette.key)), "it holds a secret key", nil},
		"a weak one":      {nobody.certificate(), "is never used (too weak)", nil},
		"an expired one":  {expiredCertificate(t), "is never used (expired)", nil},
		"somebody else's": {mette.certificate(), "nothing in it names eva@post.example", []string{"--for", "eva@post.example"}},
	} {
		g.write("c.pem", c.text)
		_, err := g.run(append([]string{"certificates", "add", "--language", "en", "--by", "dpo", g.path("c.pem")}, c.more...)...)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, command := range [][]string{{"certificates", "approve", "0123456789ABCDEF"}, {"certificates", "remove", "eva@post.example"}, {"certificates", "show", "eva@post.example"}} {
		if _, err := g.run(append(command, "--language", "en")...); err == nil || !strings.Contains(strings.Replace(err.Error(), "key or ", "", 1), "there is no certificate") {
			t.Errorf("%v: %v", command, err)
		}
	}
	if all := g.certificates(); len(all) != 0 {
		t.Errorf("%+v", all)
	}
}

func mustRead(t *testing.T, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Clean(file))
	if err != nil {
		t.Fatal(err)
	}
	return b
}
