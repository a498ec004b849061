package submission

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"postvern.example/internal/dialogue"
	"postvern.example/proxy/message"
)

// TestDialoguesGoAsWritten plays test/smtp/*.txt; its readme tells the form.
func TestDialoguesGoAsWritten(t *testing.T) {
	files, err := filepath.Glob("../../test/smtp/*.txt")
	if err != nil || len(files) < 57 {
		t.Fatalf("no dialogues: %v", err)
	}
	for _, f := range files {
		t.Run(strings.TrimSuffix(filepath.Base(f), ".txt"), func(t *testing.T) {
			t.Parallel()
			src, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			if err := dialogue.Play(string(src), func(words []string) (dialogue.Server, error) { return play(t, words) }); err != nil {
				t.Fatalf("%s: %v", f, err)
			}
		})
	}
}

// play opens a server as the words of a listener line say.
func play(t *testing.T, words []string) (dialogue.Server, error) {
	settings := map[string]func(*Config){
		"starttls": func(*Config) {}, "scripted": func(*Config) {}, "implicit": implicit, "trust": trusted,
		"trust-null": func(c *Config) { c.Listener.Senders = append(c.Listener.Senders, "<>") },
		"quick":      func(c *Config) { c.Limits.Command, c.Limits.Read = 150*time.Millisecond, 150*time.Millisecond },
		"patient":    func(c *Config) { c.Limits.Errors = 100 },
		"refuses":    func(c *Config) { c.Submit.(*inbox).answer = answers },
	}
	for _, w := range words {
		if settings[w] == nil {
			return dialogue.Server{}, fmt.Errorf("no such listener: %s", w)
		}
	}
	h := open(t, func(c *Config) {
		for _, w := range words {
			settings[w](c)
		}
	})
	return dialogue.Server{
		Address: h.addr, Implicit: h.srv.cfg.Listener.TLS == Implicit, TLS: h.clientTLS(),
		Mails: func() int { return len(h.inbox.all()) }, Log: h.log.String, Property: h.property,
	}, nil
}

// answers refuses messages by their first line.
func answers(_ message.Envelope, body []byte) error {
	switch line, _, _ := strings.Cut(string(body), "\r\n"); line {
	case "Subject: reject":
		return &Reply{Code: 550, Enhanced: [3]int{5, 7, 1}, Text: "Mailen indeholder et CPR-nummer på side 2.\nDen blev ikke sendt – skriv til øæå@forening.example."}
	case "Subject: wrapped":
		return fmt.Errorf("decide: %w", &Reply{Code: 452, Enhanced: [3]int{4, 3, 1}, Text: "Pladsen er brugt op"})
	case "Subject: broken":
		return errors.New("open /secret/path: permission denied")
	case "Subject: nonsense":
		return &Reply{Code: 250, Enhanced: [3]int{2, 0, 0}, Text: "not a refusal"}
	case "Subject: panic":
		panic("content of the message")
	}
	return nil
}

// property returns something of the last mail.
func (h *house) property(name string) (string, error) {
	if name == "answered" {
		return strconv.Itoa(h.inbox.heard()), nil
	}
	all := h.inbox.all()
	if len(all) == 0 {
		return "", errors.New("no mail")
	}
	m := all[len(all)-1]
	var to, orig, notify []string
	for _, r := range m.env.To {
		to, orig, notify = append(to, r.Address), append(orig, r.Original), append(notify, strings.Join(r.Notify, ","))
	}
	values := map[string]string{
		"from": m.env.From, "to": strings.Join(to, " "), "login": m.env.Login, "protocol": m.env.Protocol,
		"client": m.env.Client, "hello": m.env.Hello, "body": m.env.Body, "return": m.env.Return, "id": m.env.ID,
		"original": strings.Join(orig, " "), "notify": strings.Join(notify, " "),
		"utf8": strconv.FormatBool(m.env.UTF8), "trusted": strconv.FormatBool(m.env.Trusted), "text": strconv.Quote(m.body),
	}
	got, ok := values[name]
	if !ok {
		return "", errors.New("no such property of a mail")
	}
	return got, nil
}
