package test

import (
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"postvern.example/internal/dialogue"
	"postvern.example/internal/sink"
)

// errScripted means that a dialogue needs answers that no gateway gives.
var errScripted = errors.New("for the server alone")

// TestDialoguesGoAsWrittenAtTheDoor plays test/smtp/*.txt, which the tests of
// proxy/submission play as well, against the whole program.
func TestDialoguesGoAsWrittenAtTheDoor(t *testing.T) {
	files, err := filepath.Glob("smtp/*.txt")
	if err != nil || len(files) < 57 {
		t.Fatalf("no dialogues: %v", err)
	}
	played := 0
	for _, f := range files {
		t.Run(strings.TrimSuffix(filepath.Base(f), ".txt"), func(t *testing.T) {
			src := readText(t, f)
			err := dialogue.Play(src, func(words []string) (dialogue.Server, error) { return stage(t, words) })
			switch {
			case errors.Is(err, errScripted):
			case err != nil:
				t.Errorf("%s: %v", f, err)
			default:
				played++
			}
		})
	}
	if played < 48 {
		t.Errorf("only %d dialogues were played", played)
	}
}

// stage starts the gateway that the dialogues' readme describes.
func stage(t *testing.T, words []string) (dialogue.Server, error) {
	for _, w := range []string{"scripted", "quick", "patient", "refuses"} {
		if slices.Contains(words, w) {
			return dialogue.Server{}, errScripted
		}
	}
	senders := `"*@forening.example"`
	if slices.Contains(words, "trust-null") {
		senders += `, "<>"`
	}
	i := install(t, nil, sink.Config{})
	i.write("representatives.yaml", fmt.Sprintf(`- name: Anna Holm
  login: anna
  password: %q
  addresses: [anna.holm@region.example, "åse@region.example"]
  language: da
`, hashed(t, "s3cret")))
	i.write("postvern.yaml", fmt.Sprintf(`hostname: mail.forening.example
data: data
listen:
  - {address: "127.0.0.1:0", tls: starttls}
  - {address: "127.0.0.1:0", tls: implicit}
  - {address: "127.0.0.1:0", tls: none, trust: ["127.0.0.0/8"], senders: [%s]}
upstream: {address: %q, tls: none}
limits: {message-size: 2000B, recipients: 3}
metrics: {address: "127.0.0.1:0"}
log: {format: json, level: debug}
`, senders, i.upstream.Addr()))
	i.start()
	s := dialogue.Server{
		Address: i.submit, TLS: &tls.Config{RootCAs: i.roots, ServerName: "mail.forening.example", MinVersion: tls.VersionTLS12},
		Mails:    func() int { return strings.Count(i.log.String(), `"msg":"accepted message"`) },
		Log:      i.log.String,
		Property: func(string) (string, error) { return "", dialogue.ErrHidden },
	}
	switch {
	case slices.Contains(words, "implicit"):
		s.Address, s.Implicit = i.implicit, true
	case slices.Contains(words, "trust"):
		s.Address = i.trust
	}
	return s, nil
}

// hashed returns a password's hash, as representatives.yaml holds it.
func hashed(t *testing.T, password string) string {
	t.Helper()
	c := exec.Command(binary, "representatives", "password")
	c.Stdin, c.Stderr = strings.NewReader(password+"\n"), os.Stderr
	out, err := c.Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}
