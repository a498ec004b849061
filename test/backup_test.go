package test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
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
			if err != nil || !strings.Contains(out, "1 copies were on their way") {
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
		for _, word := range []string{"mette", "Mette", "070761", "Klokken", "forening.example", "anna", "PRIVATE KEY"} {
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

func TestAnInstallationMovesToPostgreSQL(t *testing.T) {
	url := postgres(t)
	g := busy(t)
	if _, err := g.run("store", "migrate", "--to", url); err == nil || !strings.Contains(err.Error(), "stop the gateway") {
		t.Errorf("the store of a running gateway was moved: %v", err)
	}
	var before, after []map[string]any
	g.json(&before, "deviations", "list")
	if err := g.stop(); err != nil {
		t.Fatal(err)
	}
	if out, err := g.run("store", "migrate", "--to", url); err != nil || !strings.Contains(out, "Moved and verified") {
		t.Fatalf("%s%v", out, err)
	}
	if _, err := g.run("held", "list"); err == nil || !strings.Contains(err.Error(), "moved to PostgreSQL") {
		t.Errorf("the old store still opens: %v", err)
	}
	g.write("postvern.yaml", strings.Replace(g.read("postvern.yaml"), "data: data\n", fmt.Sprintf("data: data\nstore: %q\n", url), 1))
	if _, err := g.run("store", "migrate", "--to", url); err == nil || !strings.Contains(err.Error(), "already") {
		t.Errorf("moved twice: %v", err)
	}
	g.upstream.Script()
	g.start()
	var held []heldRow
	g.json(&held, "held", "list")
	g.json(&after, "deviations", "list")
	if len(held) != 1 || len(before) == 0 || len(after) != len(before) {
		t.Errorf("%d held, %d of %d entries", len(held), len(after), len(before))
	}
	waitFor(t, "the mail that was on its way", func() bool {
		time.Sleep(10 * time.Millisecond)
		for _, m := range g.upstream.Messages() {
			if strings.Join(m.Recipients(), "") == "ole.lund@region.example" {
				return true
			}
		}
		return false
	})
}
