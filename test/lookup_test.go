package test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
)

// metteFile is where the Web Key Directory has the key of mette@post.example.
const (
	metteFile    = "/hu/izqi3ixxxhkjmceib73yydnsnyappeuy"
	advancedPath = "/.well-known/openpgpkey/post.example" + metteFile
	directPath   = "/.well-known/openpgpkey" + metteFile
)

// keyServers answers for openpgpkey.post.example, post.example and keys.example.
type keyServers struct {
	answer atomic.Pointer[http.HandlerFunc]
	asked  atomic.Pointer[string]

	pem, address string
}

func (k *keyServers) does(f http.HandlerFunc) { k.answer.Store(&f) }

// wkd serves a key by the advanced method.
func wkd(raw []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Host != "openpgpkey.post.example" || r.URL.Path != advancedPath || r.URL.Query().Get("l") != "mette" {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write(raw)
	}
}

func binaryKey(t *testing.T, e *openpgp.Entity) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := e.Serialize(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// withKeyServers installs a gateway that may ask servers of its own.
func withKeyServers(t *testing.T) (*installation, *keyServers) {
	t.Helper()
	k := newKeyServers(t)
	g := install(t, nil, sinkConfig())
	k.mayBeAskedBy(g)
	g.start()
	return g, k
}

func newKeyServers(t *testing.T) *keyServers {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(7), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, DNSNames: []string{"openpgpkey.post.example", "post.example", "keys.example"},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	k := &keyServers{}
	k.does(http.NotFound)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		all := r.Host
		if before := k.asked.Load(); before != nil {
			all = *before + " " + r.Host
		}
		k.asked.Store(&all)
		(*k.answer.Load())(w, r)
	}))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	server.StartTLS()
	t.Cleanup(server.Close)
	k.pem, k.address = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), server.Listener.Addr().String()
	return k
}

// mayBeAskedBy configures a gateway that is not running.
func (k *keyServers) mayBeAskedBy(g *installation) {
	g.t.Helper()
	g.write("servers.pem", k.pem)
	g.write("postvern.yaml", g.read("postvern.yaml")+fmt.Sprintf(`key-lookup: {timeout: 2s, wait: 5s, ca: servers.pem, connect: %q, keyserver: "https://keys.example"}
`, k.address))
	g.write("policy.yaml", defaultPolicy+"key-sources: [folder, added, wkd, vks]\n")
}

// waitsLong configures a gateway that is not running to wait for an answer
// until the test ends, however slow the machine.
func waitsLong(g *installation) {
	g.t.Helper()
	g.write("postvern.yaml", strings.Replace(g.read("postvern.yaml"), "timeout: 2s, wait: 5s", "timeout: 1m, wait: 5m", 1))
}

func TestAKeyIsFetchedFromTheReadersDomainAndStays(t *testing.T) {
	first, second := pgpKey(t, "mette@post.example", 0), pgpKey(t, "mette@post.example", 0)
	g, servers := withKeyServers(t)
	servers.does(wkd(binaryKey(t, first)))
	if out, err := g.run("keys", "fetch", "--language", "en", "--by", "dpo", "mette@post.example"); err != nil || !strings.Contains(out, "From wkd:") || !strings.Contains(out, "can be used") {
		t.Fatal(out, err)
	}
	g.counts(`postvern_keys{source="wkd",state="usable"} 1`)
	if m := g.toMette(); m == nil || !sealedTo(t, *m, first) {
		t.Fatal("a fetched key is not used")
	}
	servers.does(wkd(binaryKey(t, second)))
	if out, err := g.run("keys", "fetch", "--language", "en", "--by", "dpo", "mette@post.example"); err != nil || !strings.Contains(out, "waits") {
		t.Fatal(out, err)
	}
	g.counts(`postvern_keys{source="wkd",state="unapproved"} 1`)
	if m := g.toMette(); m == nil || !sealedTo(t, *m, first) {
		t.Fatal("a key that was swapped on the server was used, or the old one was not")
	}
}

func TestTheDirectMethodAndTheKeyServerAreAskedAfterwards(t *testing.T) {
	mette := pgpKey(t, "mette@post.example", 0)
	for _, c := range []struct {
		name, host, path, source, asked string
		answer                          string
	}{
		{"direct", "post.example", directPath, "wkd", "openpgpkey.post.example post.example", string(binaryKey(t, mette))},
		{"key server", "keys.example", "/vks/v1/by-email/mette@post.example", "vks", "openpgpkey.post.example post.example keys.example", armored(t, mette)},
	} {
		g, servers := withKeyServers(t)
		servers.does(func(w http.ResponseWriter, r *http.Request) {
			if r.Host != c.host || r.URL.Path != c.path {
				http.NotFound(w, r)
				return
			}
			_, _ = w.Write([]byte(c.answer))
		})
		if out, err := g.run("keys", "fetch", "--language", "en", "--by", "dpo", "mette@post.example"); err != nil || !strings.Contains(out, "From "+c.source+":") {
			t.Errorf("%s: %v\n%s", c.name, err, out)
		}
		if got := *servers.asked.Load(); got != c.asked {
			t.Errorf("%s: asked %s", c.name, got)
		}
	}
}

func TestWhatServersAnswerAmissIsNoKey(t *testing.T) {
	mette, eva := pgpKey(t, "mette@post.example", 0), pgpKey(t, "eva@post.example", 0)
	var secret bytes.Buffer
	w, err := armor.Encode(&secret, openpgp.PrivateKeyType, nil)
	if err == nil {
		err = mette.SerializePrivateWithoutSigning(w, nil)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	says := func(text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(text)) }
	}
	released := make(chan struct{})
	defer close(released)
	g, servers := withKeyServers(t)
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		want   string
	}{
		"it hangs": {func(_ http.ResponseWriter, r *http.Request) {
			select {
			case <-r.Context().Done():
			case <-released:
			}
		}, "no answer in time"},
		"it redirects": {func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/key" {
				_, _ = w.Write(binaryKey(t, mette))
				return
			}
			http.Redirect(w, r, "/key", http.StatusFound)
		}, "it leads elsewhere (302)"},
		"ten megabytes":      {says(strings.Repeat("x", 10<<20)), "larger than 262144 octets"},
		"somebody else's":    {wkd(binaryKey(t, eva)), "no key in it names the address"},
		"a page":             {says("<html><body>Welcome</body></html>"), "it is no OpenPGP public key file"},
		"nothing":            {says(""), "it is no OpenPGP public key file"},
		"garbage":            {says("\x99\x01\x0d\x04garbage\xff\x00"), "it is no OpenPGP public key file"},
		"a fault":            {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }, "it is 500"},
		"a secret key":       {says(secret.String()), "it holds a secret key"},
		"an expired key":     {wkd(binaryKey(t, pgpKey(t, "mette@post.example", 30*time.Minute))), "is never used (expired)"},
		"it breaks off":      {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "the server was not reached"},
		"a key of its own":   {wkd(append(binaryKey(t, eva), 0xff)), "it is no OpenPGP public key file"},
		"nobody has the key": {http.NotFound, "no server that was asked has a key for mette@post.example"},
	} {
		servers.does(c.answer)
		if out, err := g.run("keys", "fetch", "--language", "en", "--by", "dpo", "mette@post.example"); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
	servers.does(wkd(binaryKey(t, mette)))
	if _, err := g.run("keys", "fetch", "--language", "en", "--by", "dpo", "mette@andet.example"); err == nil || !strings.Contains(err.Error(), "the certificate of the server is not trusted") {
		t.Errorf("a server that is not the domain's was believed: %v", err)
	}
	if all := g.keys("list"); len(all) != 0 {
		t.Errorf("%+v", all)
	}
	servers.does(http.NotFound)
	if m := g.toMette(); m != nil {
		t.Error("a mail left")
	}
}

func TestNobodyOutsideIsAskedUnlessThePolicySaysSo(t *testing.T) {
	g := gateway(t, nil)
	if _, err := g.run("keys", "fetch", "--language", "en", "--by", "dpo", "mette@post.example"); err == nil || !strings.Contains(err.Error(), "key-sources names neither wkd nor vks") {
		t.Error(err)
	}
}

func TestWrongKeysOfTheConfigurationOfLookUpsAreSaid(t *testing.T) {
	g := install(t, nil, sinkConfig())
	whole := g.read("postvern.yaml")
	for text, want := range map[string]string{
		"key-sources: [folder, wkd]":                       "key-sources: write it in policy.yaml instead",
		"key-lookup: {wait: 1h}":                           "key-lookup.wait: must be longer than nothing and no longer than 10 minutes",
		"key-lookup: {remember: 1s}":                       "key-lookup.remember: must be at least a minute",
		"key-lookup: {refresh: 1m}":                        "key-lookup.refresh: must be at least an hour, such as 7d, or 0s for never",
		"key-lookup: {timeout: 2h}":                        "key-lookup.timeout: must be longer than nothing and no longer than a minute",
		"key-lookup: {connect: nowhere}":                   `key-lookup.connect: "nowhere" is no address with a port`,
		"key-lookup: {keyserver: \"http://keys.example\"}": `key-lookup.keyserver: the key server "http://keys.example" has no address that begins with https://`,
	} {
		g.write("postvern.yaml", whole+text+"\n")
		if _, err := g.run("keys", "list"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
	g.write("postvern.yaml", whole+"key-lookup: {ca: nowhere.pem}\n")
	g.write("policy.yaml", defaultPolicy+"key-sources: [wkd]\n")
	if _, err := g.run("keys", "fetch", "--language", "en", "--by", "dpo", "mette@post.example"); err == nil || !strings.Contains(err.Error(), "nowhere.pem") {
		t.Error(err)
	}
}
