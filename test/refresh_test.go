package test

import (
	"bytes"
	"database/sql"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

// refreshSoon makes every refresh due, in a gateway that is stopped.
func (i *installation) refreshSoon() {
	i.t.Helper()
	db, err := sql.Open("sqlite", "file:"+i.path("data/postvern.db"))
	if err != nil {
		i.t.Fatal(err)
	}
	result, err := db.ExecContext(i.t.Context(), "UPDATE refreshes SET due = ?", time.Now().Add(-time.Hour).UnixMilli())
	if err == nil {
		if n, _ := result.RowsAffected(); n == 0 {
			err = errors.New("no refresh is planned")
		}
	}
	if err := errors.Join(err, db.Close()); err != nil {
		i.t.Fatal(err)
	}
}

// fetchedKey installs a gateway that has sealed one mail to a key of Mette's that her
// domain gave.
func fetchedKey(t *testing.T, e *openpgp.Entity) (*installation, *keyServers) {
	t.Helper()
	g, servers := withKeyServers(t)
	servers.does(wkd(binaryKey(t, e)))
	g.forMette()
	if m := mails(g.arrived(2)); len(m) != 1 || !sealedTo(t, m[0], e) {
		t.Fatal("it is not sealed to the key that was looked up")
	}
	return g, servers
}

func (i *installation) entriesOf(typ string) (n int) {
	i.t.Helper()
	var entries []struct{ Type string }
	i.json(&entries, "deviations", "list")
	for _, e := range entries {
		if e.Type == typ {
			n++
		}
	}
	return n
}

func TestAKeyThatIsRevokedOnItsServerIsUsedNoMoreWithoutAnybodysDoing(t *testing.T) {
	e := pgpKey(t, "mette@post.example", 0)
	g, servers := fetchedKey(t, e)
	if out := g.mustRun("keys", "refresh", "--language", "en"); !strings.Contains(out, "mette@post.example, wkd: nothing has changed") {
		t.Error(out)
	}
	if err := e.RevokeKey(packet.KeyCompromised, "", nil); err != nil {
		t.Fatal(err)
	}
	servers.does(wkd(binaryKey(t, e)))
	asked := servers.times()
	g.restart(func() {}) // it is not due yet
	g.counts(`postvern_key_refreshes_total{result="same"} 0`)
	if servers.times() != asked {
		t.Error("the server was asked before the time")
	}
	g.restart(g.refreshSoon)
	g.counts(`postvern_key_refreshes_total{result="revoked"} 1`)
	g.counts(`postvern_keys{source="wkd",state="revoked"} 1`)
	servers.does(http.NotFound)
	if m := g.toMette(); m != nil {
		t.Fatal("a mail left for a revoked key")
	}
	if n := g.entriesOf("key-revoked"); n != 1 {
		t.Errorf("%d entries", n)
	}
	came := g.log.comes(`"msg":"refreshed key"`)
	if s := g.log.String(); !came || strings.Contains(s, "mette@") || strings.Contains(s, metteFile) {
		t.Error("the log says nothing, or names the reader")
	}
	// Who gives out an older form takes nothing back.
	old := pgpKey(t, "mette@post.example", 0)
	old.PrimaryKey, old.PrivateKey, old.Identities, old.Subkeys, old.Revocations = e.PrimaryKey, e.PrivateKey, e.Identities, e.Subkeys, nil
	servers.does(wkd(binaryKey(t, old)))
	g.mustRun("keys", "refresh", "--language", "en", "mette@post.example")
	if m := g.toMette(); m != nil {
		t.Fatal("a revocation was taken back")
	}
}

func TestWhatAServerSaysOfItsKeyLaterCountsAsTheBondOfItsReaderAllows(t *testing.T) {
	for name, c := range map[string]struct {
		answer  func(*testing.T, *openpgp.Entity) http.HandlerFunc
		said    string
		changed int // entries
		fails   bool
	}{
		"another key": {func(t *testing.T, _ *openpgp.Entity) http.HandlerFunc {
			return wkd(binaryKey(t, pgpKey(t, "mette@post.example", 0)))
		}, "there is another key", 1, false},
		"both": {func(t *testing.T, e *openpgp.Entity) http.HandlerFunc {
			return wkd(append(binaryKey(t, e), binaryKey(t, pgpKey(t, "mette@post.example", 0))...))
		}, "there is another key", 1, false},
		"it is gone": {func(*testing.T, *openpgp.Entity) http.HandlerFunc { return http.NotFound }, "there is none any more", 0, false},
		"somebody else's": {func(t *testing.T, _ *openpgp.Entity) http.HandlerFunc {
			return wkd(binaryKey(t, pgpKey(t, "eva@post.example", 0)))
		}, "no key in it names the address", 0, true},
		"it hangs": {func(*testing.T, *openpgp.Entity) http.HandlerFunc {
			return func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
		}, "no answer in time", 0, true},
		"ten megabytes": {func(*testing.T, *openpgp.Entity) http.HandlerFunc {
			return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(bytes.Repeat([]byte("x"), 10<<20)) }
		}, "larger than 262144 octets", 0, true},
		"it redirects": {func(t *testing.T, e *openpgp.Entity) http.HandlerFunc { return redirecting(binaryKey(t, e)) }, "it leads elsewhere (302)", 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			e := pgpKey(t, "mette@post.example", 0)
			g, servers := fetchedKey(t, e)
			servers.does(c.answer(t, e))
			for range 2 { // what is known by then is said once
				out, err := g.run("keys", "refresh", "--language", "en")
				if (err != nil) != c.fails {
					t.Errorf("%v\n%s", err, out)
				}
				if !strings.Contains(out, c.said) && !strings.Contains(out, "nothing has changed") {
					t.Errorf("it says:\n%s", out)
				}
			}
			time.Sleep(1500 * time.Millisecond) // nodes follow within a second
			if m := g.toMette(); m == nil || !sealedTo(t, *m, e) {
				t.Error("it is not sealed to the key that its reader is bound to")
			}
			if n := g.entriesOf("key-changed"); n != c.changed {
				t.Errorf("%d entries", n)
			}
		})
	}
}

func TestAKeyServerSaysThatAKeyIsRevokedWhoseOwnerTookTheAddressesBack(t *testing.T) {
	e := pgpKey(t, "mette@post.example", 0)
	g, servers := withKeyServers(t)
	servers.does(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/vks/v1/by-email/mette@post.example" {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write([]byte(armored(t, e)))
	})
	g.forMette()
	if m := mails(g.arrived(2)); len(m) != 1 || !sealedTo(t, m[0], e) {
		t.Fatal("it is not sealed to the key of the key server")
	}
	whole := binaryKey(t, e)
	if err := e.RevokeKey(packet.KeyCompromised, "", nil); err != nil {
		t.Fatal(err)
	}
	var bare bytes.Buffer
	if err := errors.Join(e.PrimaryKey.Serialize(&bare), e.Revocations[0].Serialize(&bare)); err != nil {
		t.Fatal(err)
	}
	byFingerprint := func(key []byte) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/vks/v1/by-fingerprint/"+fingerprint(e) {
				http.NotFound(w, r)
				return
			}
			_, _ = w.Write(key)
		}
	}
	servers.does(byFingerprint(whole))
	asked := servers.times()
	if out := g.mustRun("keys", "refresh", "--language", "en"); !strings.Contains(out, "there is none any more") {
		t.Error(out)
	}
	if servers.times() != asked+2 { // the domain did not give it, and is not asked
		t.Errorf("asked %s", *servers.asked.Load())
	}
	servers.does(byFingerprint(bare.Bytes()))
	if out := g.mustRun("keys", "refresh", "--language", "en"); !strings.Contains(out, "it is revoked") {
		t.Error(out)
	}
	g.counts(`postvern_keys{source="vks",state="revoked"} 1`)
	servers.does(http.NotFound)
	if m := g.toMette(); m != nil {
		t.Fatal("a mail left for a revoked key")
	}
}

func TestNobodyIsAskedAgainWhomThePolicyNamesNoMore(t *testing.T) {
	e := pgpKey(t, "mette@post.example", 0)
	g, servers := fetchedKey(t, e)
	g.mustRun("keys", "refresh", "--language", "en")
	asked := servers.times()
	for name, change := range map[string][2]string{"another server": {"wkd, vks", "vks"}, "observe": {"mode: enforce", "mode: observe"}} {
		policy := g.read("policy.yaml")
		g.restart(func() {
			g.refreshSoon()
			g.write("policy.yaml", strings.Replace(policy, change[0], change[1], 1))
		})
		if out, err := g.run("keys", "refresh", "--language", "en"); err != nil || !strings.Contains(out, "No server gave a key.") {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
		g.write("policy.yaml", policy)
	}
	g.restart(func() {
		g.write("postvern.yaml", strings.Replace(g.read("postvern.yaml"), "wait: 5s", "wait: 5s, refresh: 0s", 1))
	})
	if _, err := g.run("keys", "refresh", "--language", "en", "eva@post.example"); err == nil || !strings.Contains(err.Error(), "keys fetch asks for one") {
		t.Error(err)
	}
	if servers.times() != asked {
		t.Error("somebody was asked")
	}
}
