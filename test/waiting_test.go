package test

import (
	"bytes"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/packet"

	"postvern.example/internal/sink"
)

// forMette sends Mette a number, whatever becomes of it.
func (i *installation) forMette() {
	i.t.Helper()
	if err := i.send("anna", "tr.anna@forening.example", []string{"mette@post.example"}, withCPR); err != nil {
		i.t.Fatal(err)
	}
}

// saysCount waits until the log has an event so often.
func (i *installation) saysCount(event string, n int) {
	i.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if len(i.log.lines(event)) >= n {
			return
		}
	}
	i.t.Fatalf("%q does not stand in the log %d times\n%s", event, n, i.log)
}

// notices returns the gateway's own mails to Anna.
func notices(all []sink.Message) (out []sink.Message) {
	for _, m := range all {
		if bytes.Contains(m.Content, []byte("\r\nAuto-Submitted:")) && m.Recipients()[0] == "tr.anna@forening.example" {
			out = append(out, m)
		}
	}
	return out
}

func (k *keyServers) times() int {
	if all := k.asked.Load(); all != nil {
		return len(strings.Fields(*all))
	}
	return 0
}

func TestAMailWaitsForItsReadersKeyAndLeavesSealedWithIt(t *testing.T) {
	mette := pgpKey(t, "mette@post.example", 0)
	g, servers := withKeyServers(t)
	servers.does(wkd(binaryKey(t, mette)))
	g.forMette()
	all := g.arrived(2)
	if m := mails(all); len(m) != 1 || !sealedTo(t, m[0], mette) {
		t.Fatal("it is not sealed to the key that was looked up")
	}
	if n := notices(all); len(n) != 1 || !strings.Contains(noticeText(t, all), "krypteret") {
		t.Errorf("%d notices", len(n))
	}
	g.counts(`postvern_lookups_total{result="found"} 1`)
	g.counts(`postvern_lookups_waiting 0`)
	if keys := g.keys("list"); len(keys) != 1 || keys[0].Source != "wkd" || len(keys[0].Bound) != 1 {
		t.Errorf("%+v", keys)
	}
	asked := servers.times()
	g.forMette()
	if m := mails(g.arrived(4)); len(m) != 2 || !sealedTo(t, m[1], mette) {
		t.Fatal("the second mail")
	}
	if servers.times() != asked {
		t.Error("the server was asked again")
	}
	out, err := g.run("keys", "show", "--language", "en", "mette@post.example")
	if err != nil || !strings.Contains(out, "2 copies went as: encrypted (OpenPGP), the last on ") || !strings.Contains(out, "asked for a key (found)") {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestWhateverServersAnswerAMailIsSealedOrHeldAndItsSenderToldOnce(t *testing.T) {
	mette, eva := pgpKey(t, "mette@post.example", 0), pgpKey(t, "eva@post.example", 0)
	says := func(text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(text)) }
	}
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		result string
	}{
		"it hangs":          {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "failed"},
		"it drips":          {drip, "failed"},
		"it redirects":      {redirecting(binaryKey(t, mette)), "failed"},
		"ten megabytes":     {says(strings.Repeat("x", 10<<20)), "failed"},
		"somebody else's":   {wkd(binaryKey(t, eva)), "failed"},
		"a page":            {says("<html><body>Welcome</body></html>"), "failed"},
		"garbage":           {says("\x99\x01\x0d\x04garbage\xff\x00"), "failed"},
		"it breaks off":     {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "failed"},
		"an expired key":    {wkd(binaryKey(t, pgpKey(t, "mette@post.example", 30*time.Minute))), "found"},
		"nobody has a key":  {http.NotFound, "none"},
		"a revoked key":     {wkd(binaryKey(t, revokedKey(t, "mette@post.example"))), "found"},
		"a key and garbage": {wkd(append(binaryKey(t, mette), 0xff)), "failed"},
	} {
		t.Run(name, func(t *testing.T) {
			g, servers := withKeyServers(t)
			servers.does(c.answer)
			g.forMette()
			all := g.arrived(2) // the notices to the sender and the contact
			if len(mails(all)) != 0 {
				t.Fatalf("a mail left:\n%s", all[0].Content)
			}
			if n := notices(all); len(n) != 1 {
				t.Errorf("%d notices", len(n))
			}
			var held []struct{ ID string }
			if g.json(&held, "held", "list"); len(held) != 1 {
				t.Fatalf("%+v", held)
			}
			if len(g.register()) == 0 {
				t.Error("the register has nothing of it")
			}
			g.counts(`postvern_lookups_total{result="` + c.result + `"} 1`)
			asked := servers.times()
			servers.does(wkd(binaryKey(t, mette)))
			g.forMette()
			if all := g.arrived(4); len(mails(all)) != 0 || servers.times() != asked {
				t.Error("the server was asked again at once")
			}
			// What was asked for is not in the log.
			if s := g.log.String(); strings.Contains(s, "mette@") || strings.Contains(s, metteFile) {
				t.Error("the log names the reader")
			}
		})
	}
}

// revokedKey makes a reader's key and revokes it.
func revokedKey(t *testing.T, address string) *openpgp.Entity {
	t.Helper()
	e := pgpKey(t, address, 0)
	if err := e.RevokeKey(packet.KeyCompromised, "", nil); err != nil {
		t.Fatal(err)
	}
	return e
}

// drip sends an octet now and then, for as long as it is listened to.
func drip(w http.ResponseWriter, r *http.Request) {
	for r.Context().Err() == nil {
		_, _ = w.Write([]byte("x"))
		_ = http.NewResponseController(w).Flush()
		select {
		case <-r.Context().Done():
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func redirecting(key []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/key" {
			_, _ = w.Write(key)
			return
		}
		http.Redirect(w, r, "/key", http.StatusFound)
	}
}

func TestWithoutTheKeyAMailTakesTheNextStep(t *testing.T) {
	g, _ := withKeyServers(t)
	g.write("policy.yaml", strings.ReplaceAll(g.read("policy.yaml"), "without-key: hold", "without-key: password"))
	g.saysCount("loaded", 2)
	g.forMette()
	all := g.arrived(2)
	if m := mails(all); len(m) != 1 || !bytes.Contains(m[0].Content, []byte("mail.pdf")) {
		t.Fatal("it is not a document")
	}
	if n := notices(all); len(n) != 1 || !strings.Contains(noticeText(t, all), "\nKode: ") {
		t.Error("the sender was not shown the code")
	}
}

func TestAMailThatIsRefusedAfterItsLookUpIsSaidToBeSentToNobody(t *testing.T) {
	peter := pgpKey(t, "peter@post.example", 0)
	g, servers := withKeyServers(t)
	g.write("keys/peter.asc", armored(t, peter))
	g.write("policy.yaml", strings.ReplaceAll(g.read("policy.yaml"), "without-key: hold", "without-key: reject"))
	g.saysCount("loaded", 2)
	to := []string{"mette@post.example", "peter@post.example"}
	if err := g.send("anna", "tr.anna@forening.example", to, withCPR); err != nil {
		t.Fatal(err)
	}
	g.arrived(1)
	g.counts(`postvern_spool_copies{state="queued"} 0`)
	all := g.arrived(1)
	if len(mails(all)) != 0 || len(all) != 1 || all[0].Recipients()[0] != "tr.anna@forening.example" {
		t.Fatalf("%d mails left", len(all))
	}
	if text := noticeText(t, all); !strings.Contains(text, "er ikke sendt til nogen") || !strings.Contains(text, "PV-") || strings.Contains(text, "070761") {
		t.Error(text)
	}
	var entries []struct{ Type string }
	if g.json(&entries, "deviations", "list"); len(entries) == 0 {
		t.Error("the register has nothing of it")
	}
	// It is known by now: the next is refused at once.
	asked := servers.times()
	if err := g.send("anna", "tr.anna@forening.example", to, withCPR); err == nil || !strings.Contains(err.Error(), "550") || servers.times() != asked {
		t.Error(err)
	}
}

func TestAMailThatWaitsOutlivesTheGatewayAndIsNotReadableMeanwhile(t *testing.T) {
	mette := pgpKey(t, "mette@post.example", 0)
	servers := newKeyServers(t)
	g := install(t, nil, sinkConfig())
	servers.mayBeAskedBy(g)
	waitsLong(g) // until it is killed
	g.start()
	servers.does(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	g.forMette()
	// Larger than what the spool hands over in memory after a restart.
	if err := g.send("anna", "tr.anna@forening.example", []string{"mette@post.example"}, withCPR+strings.Repeat(strings.Repeat("Referat ", 9)+"\n", 80000)); err != nil {
		t.Fatal(err)
	}
	g.counts(`postvern_lookups_waiting 2`)
	g.kill()
	err := filepath.WalkDir(g.path("data"), func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		for _, word := range []string{"070761", "mette@", "tr.anna"} { // none of four octets: chance writes those into millions of others
			if bytes.Contains(bytes.ToLower(b), []byte(word)) {
				t.Errorf("%s has %q in clear", d.Name(), word)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	servers.does(wkd(binaryKey(t, mette)))
	g.start()
	all := g.arrived(4)
	if m := mails(all); len(m) != 2 || !sealedTo(t, m[0], mette) || !sealedTo(t, m[1], mette) || len(notices(all)) != 2 {
		t.Fatal("it was lost, or came otherwise")
	}
	g.counts(`postvern_spool_bytes 0`)
}

func TestAKeyThatIsAnotherThanBeforeWaitsForAnApproval(t *testing.T) {
	old, swapped := pgpKey(t, "mette@post.example", time.Hour+4*time.Second), pgpKey(t, "mette@post.example", 0)
	g, servers := withKeyServers(t)
	g.write("old.asc", armored(t, old))
	for _, command := range [][]string{{"add"}, {"approve"}} {
		what := map[string]string{"add": g.path("old.asc"), "approve": fingerprint(old)}[command[0]]
		if out, err := g.run("keys", command[0], "--by", "dpo", what); err != nil {
			t.Fatal(out, err)
		}
	}
	time.Sleep(time.Until(old.PrimaryKey.CreationTime.Add(time.Hour + 5*time.Second))) // until it has expired
	servers.does(wkd(binaryKey(t, swapped)))
	g.forMette()
	if all := g.arrived(2); len(mails(all)) != 0 {
		t.Fatal("a mail left")
	}
	g.counts(`postvern_keys{source="wkd",state="unapproved"} 1`)
	var entries []struct{ Type string }
	g.json(&entries, "deviations", "list")
	found := false
	for _, e := range entries {
		found = found || e.Type == "key-changed"
	}
	if !found {
		t.Errorf("%+v", entries)
	}
}

func TestExplainSaysThatAKeyWouldBeLookedUpAndAsksNobody(t *testing.T) {
	g, servers := withKeyServers(t)
	g.write("mail.eml", withCPR)
	var x struct {
		Recipients []struct {
			LookUp bool `json:"look_up"`
		}
	}
	g.json(&x, "explain", g.path("mail.eml"))
	out, err := g.run("explain", "--language", "en", g.path("mail.eml"))
	if err != nil || len(x.Recipients) != 1 || !x.Recipients[0].LookUp || !strings.Contains(out, "would be looked up first") || servers.times() != 0 {
		t.Errorf("%+v %v\n%s", x, err, out)
	}
	g.forMette()
	g.arrived(2)
	if g.json(&x, "explain", g.path("mail.eml")); x.Recipients[0].LookUp {
		t.Error("it is known by now that there is none")
	}
}

func TestNobodyIsAskedWhereTheAnswerChangesNothing(t *testing.T) {
	for name, change := range map[string][2]string{
		"observe":                {"mode: enforce", "mode: observe"},
		"held whatever the key":  {"do: encrypt", "do: hold"},
		"refused whatever it is": {"do: encrypt", "do: reject"},
		"only local sources":     {"wkd, vks", "autocrypt"},
	} {
		g, servers := withKeyServers(t)
		g.write("policy.yaml", strings.ReplaceAll(strings.ReplaceAll(g.read("policy.yaml"), change[0], change[1]), "without-key: "+map[bool]string{true: "hold", false: "none"}[change[0] == "do: encrypt"]+"\n", "confidence: likely\n"))
		g.saysCount("loaded", 2)
		_ = g.send("anna", "tr.anna@forening.example", []string{"mette@post.example"}, withCPR)
		g.counts(`postvern_lookups_waiting 0`)
		if servers.times() != 0 || g.log.has("waiting") {
			t.Errorf("%s: somebody was asked", name)
		}
	}
}

func TestAMailThatWaitsForAKeyIsTakenOverFromTheNodeThatDied(t *testing.T) {
	mette := pgpKey(t, "mette@post.example", 0)
	servers := newKeyServers(t)
	a, b := twoNodes(t)
	for _, g := range []*installation{a, b} {
		g.kill()
		servers.mayBeAskedBy(g)
		waitsLong(g) // until the one that takes the mail is killed
	}
	servers.does(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	a.start()
	a.forMette()
	waitFor(t, "the question", func() bool { return servers.times() > 0 })
	a.kill()
	servers.does(wkd(binaryKey(t, mette)))
	b.start()
	b.saysCount("looked up", 1) // once the lease of the other has run out
	var all []sink.Message
	waitFor(t, "the mail and its notice", func() bool { all = a.upstream.Messages(); return len(all) >= 2 })
	if m := mails(all); len(m) != 1 || !sealedTo(t, m[0], mette) || len(notices(all)) != 1 {
		t.Errorf("%d mails and %d notices came", len(m), len(notices(all)))
	}
	b.counts(`postvern_lookups_waiting 0`)
}

func TestAMailIsHeldInTimeWhileNoNameCanBeResolved(t *testing.T) {
	for name, hangs := range map[string]bool{"the resolver is away": false, "it does not answer": true} {
		t.Run(name, func(t *testing.T) {
			if os.Getuid() != 0 {
				t.Skip("only root can give a process a resolver of its own")
			}
			need(t, "unshare")
			if hangs { // it takes questions and says nothing
				silent, err := net.ListenPacket("udp", "127.9.9.9:53")
				if err != nil {
					t.Skip(err)
				}
				defer silent.Close() //nolint:errcheck // it only reads
			}
			g := install(t, nil, sinkConfig())
			newKeyServers(t).mayBeAskedBy(g)
			g.write("postvern.yaml", regexp.MustCompile(`connect: "[^"]*", `).ReplaceAllString(g.read("postvern.yaml"), ""))
			g.write("resolv.conf", "nameserver 127.9.9.9\n")
			bind := "mount --bind " + g.path("resolv.conf") + " /etc/resolv.conf"
			if out, err := exec.Command("unshare", "-m", "sh", "-c", bind).CombinedOutput(); err != nil {
				t.Skipf("no mount of its own: %v %s", err, out)
			}
			g.launch(exec.Command("unshare", "-m", "sh", "-c", bind+" && exec "+binary+" serve --config "+g.path("postvern.yaml")))
			g.forMette()
			all := g.arrived(2)
			if len(mails(all)) != 0 || len(notices(all)) != 1 || len(g.heldTo()) != 1 {
				t.Errorf("%d mails left", len(mails(all)))
			}
			if len(g.register()) == 0 {
				t.Error("the register has nothing of it")
			}
			g.counts(`postvern_lookups_total{result="failed"} 1`)
		})
	}
}
