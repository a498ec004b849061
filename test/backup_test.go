package test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"postvern.example/internal/sink"
)

// busy returns a gateway with a mail held, a mail on its way to an upstream
// that is away, and a register.
func busy(t *testing.T) *installation {
	t.Helper()
	g := install(t, nil, sink.Config{Faults: []sink.Fault{{At: sink.AtMAIL, Reply: "451 4.3.0 later"}}})
	g.start()
	if err := g.send("anna", "tr.anna@forening.example", []string{"peter@post.example"}, numberMail); err != nil {
		t.Fatal(err)
	}
	if err := g.send("anna", "anna.holm@region.example", []string{"ole.lund@region.example"}, ordinaryMail); err != nil {
		t.Fatal(err)
	}
	return g
}

type heldRow struct {
	ID    string   `json:"id"`
	To    string   `json:"to"`
	Rules []string `json:"rules"`
}

func TestABackupMadeWhileTheGatewayRunsIsRestored(t *testing.T) {
	for _, file := range []string{"backup", "backup.tar", "backup.tar.gz"} {
		t.Run(file, func(t *testing.T) {
			g := busy(t)
			backup := filepath.Join(t.TempDir(), file)
			out, err := g.run("backup", "--to", backup)
			if err != nil || !strings.Contains(out, "read back") || !strings.Contains(out, "installation.key") {
				t.Fatalf("%s%v", out, err)
			}
			if _, err := g.run("backup", "--to", backup); err == nil {
				t.Error("a backup was overwritten")
			}
			if out, err := g.run("restore", "--from", backup); err == nil || !strings.Contains(err.Error(), "another process serves this store") {
				t.Errorf("a store in use was overwritten: %s%v", out, err)
			}
			var register []map[string]any
			g.json(&register, "deviations", "list")
			if err := g.stop(); err != nil {
				t.Fatal(err)
			}
			if out, err := g.run("restore", "--from", backup); err == nil || !strings.Contains(err.Error(), "not empty") {
				t.Errorf("a store was overwritten: %s%v", out, err)
			}
			key := filepath.Join(t.TempDir(), "installation.key")
			if err := os.Rename(g.path("data/installation.key"), key); err != nil {
				t.Fatal(err)
			}
			if err := os.RemoveAll(g.path("data")); err != nil {
				t.Fatal(err)
			}
			if _, err := g.run("restore", "--from", backup); err == nil || !strings.Contains(err.Error(), "--key") {
				t.Errorf("restored without a key: %v", err)
			}
			out, err = g.run("restore", "--from", backup, "--key", key)
			if err != nil || !strings.Contains(out, "1 copy was on the way") {
				t.Fatalf("%s%v", out, err)
			}
			g.upstream.Script()
			g.start()
			var held []heldRow
			g.json(&held, "held", "list")
			waits := map[string]string{}
			for _, h := range held {
				waits[h.To] = strings.Join(h.Rules, " ")
			}
			if len(held) != 2 || waits["ole.lund@region.example"] != "restored" || waits["peter@post.example"] != "national identity numbers" {
				t.Fatalf("held are %v", held)
			}
			for _, h := range held {
				if h.Rules[0] == "restored" {
					if out, err := g.run("held", "release", h.ID, "--reason", "it had not arrived"); err != nil {
						t.Fatalf("%s%v", out, err)
					}
				}
			}
			waitFor(t, "the released mail", func() bool {
				for _, m := range g.upstream.Messages() {
					if strings.Join(m.Recipients(), "") == "ole.lund@region.example" && strings.Contains(string(m.Content), "Klokken 12?") {
						return true
					}
				}
				return false
			})
			var after []map[string]any
			g.json(&after, "deviations", "list")
			if len(after) < len(register) || len(register) == 0 {
				t.Errorf("the register had %d entries and has %d", len(register), len(after))
			}
		})
	}
}

func TestABackupHoldsTheConfigurationAndNothingInClear(t *testing.T) {
	g := busy(t)
	backup := filepath.Join(t.TempDir(), "backup")
	if _, err := g.run("backup", "--to", backup); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(backup, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		for _, word := range []string{"mette@", "Mette ", "070761", "Klokken", "forening.example", "tr.anna", "PRIVATE KEY"} {
			if strings.Contains(string(text), word) {
				t.Errorf("%s has %q in clear", path, word)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(t.TempDir(), "files")
	if out, err := g.run("restore", "--from", backup, "--files", to); err != nil {
		t.Fatalf("%s%v", out, err)
	}
	for _, name := range []string{"postvern.yaml", "policy.yaml", "representatives.yaml", "members.csv", "data/tls/ca.pem"} {
		text, err := os.ReadFile(filepath.Join(to, name))
		if err != nil || string(text) != g.read(name) {
			t.Errorf("%s came back as %d octets: %v", name, len(text), err)
		}
	}
	if _, err := os.Stat(filepath.Join(to, "data/installation.key")); err == nil {
		t.Error("the key is in the backup")
	}
}

// TestAnInstallationMovesToPostgreSQLWhileMailFlows moves the store of a gateway
// that is sent to all the time, and goes on sending.
func TestAnInstallationMovesToPostgreSQLWhileMailFlows(t *testing.T) {
	url := postgresURL(t)
	g := busy(t)
	var before, after []map[string]any
	g.json(&before, "deviations", "list")
	g.upstream.Script()
	stop, done := make(chan struct{}), make(chan int, 1)
	halt := sync.OnceValue(func() int {
		close(stop)
		return <-done
	})
	t.Cleanup(func() { halt() })
	go func() {
		n := 0
		for ; ; n++ {
			select {
			case <-stop:
				done <- n
				return
			default:
			}
			id := fmt.Sprintf("move-%04d", n)
			err := submit(g.trust, id)
			for try := 0; err != nil && try < 100; try++ { // a mail server tries again
				time.Sleep(20 * time.Millisecond)
				err = submit(g.trust, id)
			}
			if err != nil {
				t.Errorf("mail %d: %v", n, err)
				done <- n
				return
			}
		}
	}()
	time.Sleep(200 * time.Millisecond)
	out := g.mustRun("store", "migrate", "--to", url)
	if !strings.Contains(out, "Moved and verified") || !strings.Contains(out, "goes on with the new store") {
		t.Error(out)
	}
	waitFor(t, "the gateway on the new store", func() bool { return len(g.log.lines("started")) == 2 })
	time.Sleep(200 * time.Millisecond)
	sent := halt()
	waitFor(t, "all mail", func() bool { return arrivedNumbers(g, "move-") == sent })
	seen := map[string]int{}
	for _, m := range g.upstream.Messages() {
		_, rest, _ := strings.Cut(string(m.Content), "X-Number: move-")
		if id, _, ok := strings.Cut(rest, "\r\n"); ok {
			seen[id]++
		}
	}
	for id, n := range seen {
		if n > 1 {
			t.Errorf("mail %s arrived %d times", id, n)
		}
	}
	var held []heldRow
	g.json(&held, "held", "list") // the configuration still says SQLite
	g.json(&after, "deviations", "list")
	if len(held) != 1 || len(before) == 0 || len(after) != len(before) {
		t.Errorf("%d held, %d of %d entries", len(held), len(after), len(before))
	}
	if _, err := g.run("store", "migrate", "--to", url); err == nil || !strings.Contains(err.Error(), "was moved to PostgreSQL") {
		t.Errorf("moved twice: %v", err)
	}
	if err := g.stop(); err != nil {
		t.Fatal(err)
	}
	g.start()
	if !g.log.comes(`"msg":"moved"`) {
		t.Error("nothing says that the configuration is to be changed")
	}
	g.kill()
	g.write("postvern.yaml", strings.Replace(g.read("postvern.yaml"), "data: data\n", fmt.Sprintf("data: data\nstore: %q\n", url), 1))
	if _, err := g.run("store", "migrate", "--to", url); err == nil || !strings.Contains(err.Error(), "already") {
		t.Errorf("moved twice: %v", err)
	}
	for _, left := range []string{"data/postvern.db", "data/postvern.db-wal", "data/postvern.db-shm", "data/bodies"} {
		_ = os.RemoveAll(g.path(left))
	}
	g.start()
	g.json(&held, "held", "list")
	if len(held) != 1 {
		t.Errorf("%d held", len(held))
	}
}

func TestAMoveThatTheGatewayDoesNotLetHappenChangesNothing(t *testing.T) {
	url := postgresURL(t)
	g := busy(t)
	for {
		if err := g.command.Process.Signal(syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		_, err := g.run("store", "migrate", "--to", url, "--freeze", "1s")
		if err == nil {
			t.Error("moved")
		}
		if err := g.command.Process.Signal(syscall.SIGCONT); err != nil {
			t.Fatal(err)
		}
		if err == nil || strings.Contains(err.Error(), "has not let go of the store") {
			break
		}
		if !strings.Contains(err.Error(), "locked") { // it was stopped while it wrote
			t.Fatal(err)
		}
	}
	g.upstream.Script()
	if err := submit(g.trust, "still-1"); err != nil {
		t.Error(err)
	}
	waitFor(t, "mail", func() bool { return arrivedNumbers(g, "still-") == 1 })
	g.mustRun("store", "migrate", "--to", url) // which is empty still
}
