package test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

const ownWord = `From: Anna Holm <anna.holm@region.example>
To: mette@post.example
Subject: Hej
Message-ID: <terms-1@region.example>

Hej Mette

Det drejer sig om løntrin 38 og om Projekt Nordlys.

Anna
`

// reloaded waits until the gateway has taken up, or refused, one more change.
func (i *installation) reloaded(msg string, n int) {
	i.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); len(i.log.lines(msg)) < n; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			i.t.Fatalf("no %q in\n%s", msg, i.log)
		}
	}
}

func TestTheDPOsOwnWordsAreFollowedAfterAReload(t *testing.T) {
	i := gateway(t, files{"policy.yaml": strings.Replace(defaultPolicy, "subject:", `  - name: negotiations
    detect: [negotiation, salary]
    do: hold
subject:`, 1)})
	send := func() {
		t.Helper()
		if err := i.send("anna", "anna.holm@region.example", []string{"mette@post.example"}, ownWord); err != nil {
			t.Fatal(err)
		}
	}
	send()
	if got := mails(i.arrived(1)); len(got) != 1 {
		t.Fatalf("%d mails before the word was added", len(got))
	}

	// A word in a folder beside the policy holds the next one.
	if err := os.Mkdir(i.path("lexicon"), 0o700); err != nil {
		t.Fatal(err)
	}
	i.write("lexicon/egne.yaml", "- kind: negotiation\n  add: [Projekt Nordlys]\n")
	i.reloaded("loaded", 2)
	send()
	var held []map[string]any
	i.json(&held, "held", "list")
	if len(held) != 1 {
		t.Fatalf("held: %v", held)
	}

	// A wrong file leaves the words in force.
	i.write("lexicon/egne.yaml", "- kind: negotiatoin\n  add: [Projekt Nordlys]\n")
	i.reloaded("kept", 1)
	if line := i.log.lines("kept")[0]["cause"]; !strings.Contains(line.(string), "egne.yaml:1:9: [0].kind: `negotiatoin` is no kind of personal data; did you mean `negotiation`?") {
		t.Errorf("the log says %v", line)
	}
	send()
	if i.json(&held, "held", "list"); len(held) != 2 {
		t.Fatalf("after a wrong file: %d held", len(held))
	}
	out, err := exec.Command(binary, "policy", "check", i.path("policy.yaml")).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "egne.yaml:1:9") {
		t.Errorf("policy check: %v\n%s", err, out)
	}

	// Muted and taken away again, it passes.
	if err := os.RemoveAll(i.path("lexicon")); err != nil {
		t.Fatal(err)
	}
	i.write("policy.yaml", i.read("policy.yaml")+"terms:\n  - {kind: salary, add: [løntrin 38], mute: [om løntrin 38]}\n")
	i.reloaded("loaded", 3)
	send()
	if i.json(&held, "held", "list"); len(held) != 2 {
		t.Fatalf("muted: %d held", len(held))
	}
	out, err = exec.Command(binary, "policy", "check", "--language", "en", i.path("policy.yaml")).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "Words of your own are looked for as well: salaries (1).") || !strings.Contains(string(out), "One word or phrase is muted") {
		t.Errorf("policy check: %v\n%s", err, out)
	}
}
