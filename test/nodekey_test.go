package test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// installedKeys returns the lines of an installation's key file.
func (i *installation) installedKeys() []string {
	i.t.Helper()
	return strings.Fields(i.read("data/installation.key"))
}

// TestTheInstallationsKeyIsChangedWhileMailFlows changes the key of a gateway
// with a roster of hashes and held mail, and reads all of it with the new key
// alone.
func TestTheInstallationsKeyIsChangedWhileMailFlows(t *testing.T) {
	g := busy(t)
	if err := g.stop(); err != nil {
		t.Fatal(err)
	}
	g.mustRun("members", "import", g.path("members.csv"), "--out", g.path("members.roster"))
	g.write("postvern.yaml", strings.Replace(g.read("postvern.yaml"), "members: members.csv", "members: members.roster", 1))
	if err := os.Remove(g.path("members.csv")); err != nil {
		t.Fatal(err)
	}
	g.upstream.Script()
	g.start()
	g.consent("eva@post.example", "udvalget")
	before := g.installedKeys()
	backup := filepath.Join(t.TempDir(), "before.tar")
	g.mustRun("backup", "--to", backup)
	stop, done := make(chan struct{}), make(chan int, 1)
	go func() {
		n := 0
		for ; ; n++ {
			select {
			case <-stop:
				done <- n
				return
			default:
			}
			if err := submit(g.trust, fmt.Sprintf("key-%04d", n)); err != nil {
				t.Errorf("mail %d: %v", n, err)
				done <- n
				return
			}
		}
	}()
	kept := filepath.Join(t.TempDir(), "old.key")
	out := g.mustRun("keys", "rotate-node", "--keep", kept)
	close(stop)
	sent := <-done
	after := g.installedKeys()
	if len(after) != 1 || after[0] == before[0] || !strings.Contains(out, "has forgotten the old one") || !strings.Contains(out, "members.roster") {
		t.Fatalf("%d keys\n%s", len(after), out)
	}
	if old, err := os.ReadFile(kept); err != nil || strings.TrimSpace(string(old)) != before[0] {
		t.Errorf("the old key is not kept: %v", err)
	}
	waitFor(t, "the mail that was taken meanwhile", func() bool { return arrivedNumbers(g, "key-") == sent })
	// All is there with the new key alone, also after a restart.
	for range 2 {
		var held []heldRow
		g.json(&held, "held", "list")
		if len(held) != 1 || held[0].To != "peter@post.example" {
			t.Errorf("held are %v", held)
		}
		if to := field(g.sendTo("medlemmer", "mette@post.example", "mette@post.example", "peter@post.example"), "To"); !isHidden(to) {
			t.Errorf("members are not known any more: To: %s", to)
		}
		var consents []map[string]any
		g.json(&consents, "consents", "list")
		if len(consents) != 1 {
			t.Errorf("%d consents", len(consents))
		}
		if err := g.stop(); err != nil {
			t.Fatal(err)
		}
		g.start()
	}
	// A backup from before says which key it needs.
	if err := g.stop(); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(g.path("data")); err != nil {
		t.Fatal(err)
	}
	elsewhere := filepath.Join(t.TempDir(), "new.key")
	if err := os.WriteFile(elsewhere, []byte(after[0]+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := g.run("restore", "--from", backup, "--key", elsewhere); err == nil || !strings.Contains(err.Error(), "it needs the key") {
		t.Errorf("restored with the new key: %v", err)
	}
	if err := os.RemoveAll(g.path("data")); err != nil {
		t.Fatal(err)
	}
	g.mustRun("restore", "--from", backup, "--key", kept)
}

// arrivedNumbers counts the different mails with numbers of a kind upstream.
func arrivedNumbers(g *installation, kind string) int {
	seen := map[string]bool{}
	for _, m := range g.upstream.Messages() {
		_, rest, _ := strings.Cut(string(m.Content), "X-Number: "+kind)
		if id, _, ok := strings.Cut(rest, "\r\n"); ok {
			seen[id] = true
		}
	}
	return len(seen)
}

func TestNodesChangeTheirKeyTogetherOrNotAtAll(t *testing.T) {
	a, b := twoNodes(t)
	before := a.installedKeys()
	if _, err := a.run("keys", "rotate-node", "--wait", "3s"); err == nil ||
		!strings.Contains(err.Error(), "1 of 2 gateways") || !strings.Contains(err.Error(), "Nothing has been changed yet") {
		t.Fatalf("the key is changed although a node lacks it: %v", err)
	}
	if got := a.installedKeys(); len(got) != 2 || got[0] != before[0] {
		t.Fatalf("the file holds %d keys", len(got))
	}
	b.write("data/installation.key", a.read("data/installation.key"))
	out := a.mustRun("keys", "rotate-node")
	if !strings.Contains(out, "where it has not run yet") {
		t.Error(out)
	}
	for i, g := range []*installation{a, b} {
		if err := submit(g.trust, fmt.Sprintf("after-%d", i)); err != nil {
			t.Errorf("node %d: %v", i, err)
		}
	}
	b.mustRun("keys", "rotate-node")
	if x, y := a.installedKeys(), b.installedKeys(); len(x) != 1 || len(y) != 1 || x[0] != y[0] || x[0] == before[0] {
		t.Errorf("the files hold %d and %d keys", len(x), len(y))
	}
	a.kill()
	waitFor(t, "mail of both nodes", func() bool { return arrivedNumbers(a, "after-") == 2 })
	b.kill()
	b.write("data/installation.key", before[0]+"\n")
	out2, err := exec.Command(binary, "serve", "--config", b.path("postvern.yaml")).CombinedOutput()
	if err == nil || !strings.Contains(string(out2), "it needs the key") {
		t.Errorf("a node starts with the old key: %v\n%s", err, out2)
	}
}

// TestAKeyChangeSurvivesKillsAtAnyMoment kills the command again and again, and
// the gateway now and then.
func TestAKeyChangeSurvivesKillsAtAnyMoment(t *testing.T) {
	g := busy(t)
	before := g.installedKeys()
	for i := range 40 {
		if err := submit(g.trust, fmt.Sprintf("kill-%d", i)); err != nil {
			t.Fatal(err)
		}
	}
	finished := false
	for round := 0; !finished; round++ {
		c := exec.Command(binary, "keys", "rotate-node", "--config", g.path("postvern.yaml"))
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- c.Wait() }()
		if round%3 == 2 {
			g.kill()
			g.start()
		}
		select {
		case err := <-ended:
			if err != nil {
				t.Fatalf("round %d: %v", round, err)
			}
			finished = true
		case <-time.After(time.Duration(40+60*round) * time.Millisecond):
			_ = c.Process.Kill()
			<-ended //nolint:errcheck // it was killed
		}
		if keys := g.installedKeys(); len(keys) > 2 {
			t.Fatalf("round %d: %d keys", round, len(keys))
		}
	}
	if keys := g.installedKeys(); len(keys) != 1 || keys[0] == before[0] {
		t.Fatalf("%d keys", len(keys))
	}
	g.kill()
	g.upstream.Script()
	g.start()
	waitFor(t, "the mail from before", func() bool { return arrivedNumbers(g, "kill-") == 40 })
	var held []heldRow
	g.json(&held, "held", "list")
	if len(held) != 1 {
		t.Errorf("held are %v", held)
	}
}
