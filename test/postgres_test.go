package test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"postvern.example/internal/postgres"
)

// TestTwoNodesShareAPostgreSQLAndOneTakesOverFromTheOther starts two gateways
// on one database, kills one while both are sent to, and compares what was
// acknowledged with what arrived.
func TestTwoNodesShareAPostgreSQLAndOneTakesOverFromTheOther(t *testing.T) {
	a, b := twoNodes(t)
	acknowledged := 0
	for i := range 60 {
		if i == 30 {
			a.kill()
		}
		g := a
		if i%2 == 1 || i >= 30 {
			g = b
		}
		if err := submit(g.trust, fmt.Sprintf("node-%03d", i)); err != nil {
			t.Fatalf("message %d: %v\n%s", i, err, g.log)
		}
		acknowledged++
	}
	waitFor(t, "the copies of the node that died", func() bool {
		seen := map[string]bool{}
		for _, m := range a.upstream.Messages() {
			_, rest, _ := strings.Cut(string(m.Content), "X-Number: ")
			id, _, _ := strings.Cut(rest, "\r\n")
			seen[id] = true
		}
		return len(seen) == acknowledged
	})
}

// twoNodes starts two gateways with one key on one PostgreSQL.
func twoNodes(t *testing.T) (a, b *installation) {
	t.Helper()
	url := postgresURL(t)
	a = install(t, nil, sinkConfig())
	b = &installation{t: t, dir: t.TempDir(), upstream: a.upstream}
	b.configure(nil, a.upstream.Addr())
	for _, g := range []*installation{a, b} {
		g.write("postvern.yaml", strings.Replace(g.read("postvern.yaml"), "data: data\n", "data: data\nstore: "+url+"\n", 1))
	}
	a.start()
	if err := os.MkdirAll(b.path("data"), 0o700); err != nil {
		t.Fatal(err)
	}
	b.write("data/installation.key", a.read("data/installation.key"))
	b.start()
	return a, b
}

func TestAConsentThatIsWithdrawnOnOneNodeIsNotReliedOnByTheOther(t *testing.T) {
	a, b := twoNodes(t)
	both := []string{"mette@post.example", "peter@post.example"}
	entered := a.consent("mette@post.example,peter@post.example", "udvalget")
	b.sentTo("aftalt", visible, both...)
	a.mustRun("consents", "withdraw", entered[0].ID, "--reason", "trådt ud", "--by", "dpo")
	time.Sleep(time.Second) // what is promised
	for name, g := range map[string]*installation{"here": a, "there": b} {
		if to := field(g.sendTo("trukket tilbage "+name, both[0], both...), "To"); !isHidden(to) {
			t.Errorf("%s a withdrawn consent is relied on: To: %s", name, to)
		}
	}
}

// postgresURL starts a PostgreSQL of the test's own and returns its address.
func postgresURL(t *testing.T) string {
	t.Helper()
	s, err := postgres.Make()
	if errors.Is(err, postgres.ErrMissing) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Remove() })
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	return s.URL("postgres")
}

// TestANodeWithoutTheKeyOfAStoreMakesNone covers a node that is started, or a
// command that is run on it, before the key was copied: a key that it made by
// itself would later be taken for the store's.
func TestANodeWithoutTheKeyOfAStoreMakesNone(t *testing.T) {
	url := postgresURL(t)
	a := install(t, nil, sinkConfig())
	b := &installation{t: t, dir: t.TempDir(), upstream: a.upstream}
	b.configure(nil, a.upstream.Addr())
	for _, g := range []*installation{a, b} {
		g.write("postvern.yaml", strings.Replace(g.read("postvern.yaml"), "data: data\n", "data: data\nstore: "+url+"\n", 1))
	}
	a.start()
	for _, args := range [][]string{{"serve"}, {"held", "list"}, {"members", "import", b.path("members.csv"), "--out", b.path("members.roster")}} {
		out, err := b.run(args...)
		if err == nil || !strings.Contains(err.Error(), "copy it from another node") || !strings.Contains(err.Error(), "needs the key") {
			t.Errorf("postvern %v: %s %v", args, out, err)
		}
		if _, err := os.Stat(b.path("data/installation.key")); !errors.Is(err, os.ErrNotExist) {
			t.Fatalf("postvern %v made a key", args)
		}
	}
	b.write("data/installation.key", a.read("data/installation.key"))
	b.start()
}

func TestNoKeyIsMadeWhileTheStoreCannotBeAsked(t *testing.T) {
	g := install(t, nil, sinkConfig())
	g.write("postvern.yaml", strings.Replace(g.read("postvern.yaml"), "data: data\n", "data: data\nstore: postgres://nobody@127.0.0.1:1/none\n", 1))
	out, err := g.run("serve")
	if err == nil || !strings.Contains(err.Error(), "ask the store whether it has a key") {
		t.Errorf("%s %v", out, err)
	}
	if _, err := os.Stat(g.path("data/installation.key")); !errors.Is(err, os.ErrNotExist) {
		t.Error("a key was made")
	}
}
