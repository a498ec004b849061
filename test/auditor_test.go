package test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"postvern.example/internal/sink"
)

// audited is a mail of the corpus, as test/auditor/corpus.py writes it.
type audited struct {
	Mail  string `json:"mail"`
	Group string `json:"group"`
	Door  string `json:"door"`
	From  string `json:"from"`
	To    []struct {
		Address string `json:"address"`
		Orcpt   string `json:"orcpt"`
	} `json:"to"`
	EnvID     string   `json:"envid"`
	Visible   []string `json:"visible"`
	Protected []string `json:"protected"`
	raw       []byte
	refused   string
}

// auditPeople is who is who in the corpus.
type auditPeople struct {
	Unit    []string         `json:"unit"`
	Roster  string           `json:"roster"`
	Members []map[string]any `json:"members"`
	dir     string           // of the corpus
}

func python(t *testing.T, args ...string) (string, error) {
	t.Helper()
	program := "/usr/bin/python3" // Debian's, which has its icalendar
	if _, err := os.Stat(program); err != nil {
		program = "python3"
	}
	c := exec.Command(program, args...)
	c.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
	var errs bytes.Buffer
	c.Stderr = &errs
	out, err := c.Output()
	if err != nil && errs.Len() > 0 {
		err = fmt.Errorf("%w: %s", err, errs.String())
	}
	return string(out), err
}

func TestTheAuditorFindsEveryPlantedTrace(t *testing.T) {
	need(t, "python3")
	need(t, "gpg")
	out, err := python(t, "auditor/planted.py")
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Log(strings.TrimSpace(out))
}

// corpus writes the corpus to a folder and reads one group of it back.
func corpus(t *testing.T, group string) (auditPeople, []*audited) {
	t.Helper()
	need(t, "python3")
	dir := t.TempDir()
	out, err := python(t, "auditor/corpus.py", dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Log(strings.TrimSpace(out))
	var people auditPeople
	decode(t, filepath.Join(dir, "people.json"), &people)
	people.dir = dir
	names, err := filepath.Glob(filepath.Join(dir, "*.eml"))
	if err != nil {
		t.Fatal(err)
	}
	var all []*audited
	for _, name := range names {
		m := &audited{}
		decode(t, strings.TrimSuffix(name, ".eml")+".json", m)
		if m.raw, err = os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
		if m.Group == group && strings.Contains(m.Door, os.Getenv("POSTVERN_AUDIT_DOOR")) {
			all = append(all, m)
		}
	}
	return people, all
}

func decode(t *testing.T, name string, into any) {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// submitAll sends mails over one connection of the trust listener. What is
// refused is noted in the mail: a refusal leaks nothing.
func (i *installation) submitAll(all []*audited) {
	i.t.Helper()
	conn, err := net.Dial("tcp", i.trust)
	if err != nil {
		i.t.Fatal(err)
	}
	c := smtp.NewClient(conn)
	defer func() { _ = c.Close() }()
	for _, m := range all {
		if err := submitOne(c, m); err != nil {
			m.refused = err.Error()
			if err := c.Reset(); err != nil {
				i.t.Fatalf("%s: %v after %s", m.Mail, err, m.refused)
			}
		}
	}
}

func submitOne(c *smtp.Client, m *audited) error {
	utf8 := false
	for _, r := range m.To {
		utf8 = utf8 || strings.ContainsFunc(r.Address, func(r rune) bool { return r > 127 })
	}
	if err := c.Mail(m.From, &smtp.MailOptions{UTF8: utf8, EnvelopeID: m.EnvID}); err != nil {
		return err
	}
	for _, r := range m.To {
		o := &smtp.RcptOptions{}
		if r.Orcpt != "" {
			o.OriginalRecipientType, o.OriginalRecipient = smtp.DSNAddressTypeRFC822, r.Orcpt
		}
		if err := c.Rcpt(r.Address, o); err != nil {
			return err
		}
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(m.raw); err != nil {
		return err
	}
	return w.Close()
}

// settle waits until the queue has nothing more to send.
func (i *installation) settle() {
	i.t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		_, metrics := i.get("/metrics")
		if m := queued.FindStringSubmatch(metrics); m != nil && m[1] == "0" {
			return
		}
	}
	_, metrics := i.get("/metrics")
	i.t.Fatalf("the queue does not empty\n%s", metrics)
}

var queued = regexp.MustCompile(`(?m)^postvern_spool_copies\{state="queued"\} (\d+)$`)

// mailOf returns which mail of the corpus a reverse-path belongs to.
func mailOf(from string) string {
	_, tail, _ := strings.Cut(from, "+")
	name, _, _ := strings.Cut(tail, "@")
	return name
}

// writeCopies writes what arrived as the auditor reads it.
func writeCopies(t *testing.T, dir string, people auditPeople, byName map[string]*audited, arrived []sink.Message) {
	t.Helper()
	write := func(name string, v any) {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name+".json"), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("people", people)
	for n, m := range arrived {
		e := map[string]any{"mail": "notice", "from": m.From, "params": m.Params}
		if of := byName[mailOf(m.From)]; of != nil {
			e["mail"], e["visible"], e["protected"] = of.Mail+" ("+of.Door+")", of.Visible, of.Protected
		}
		var to []map[string]any
		for _, r := range m.To {
			to = append(to, map[string]any{"address": r.Address, "params": r.Params})
		}
		e["to"] = to
		name := fmt.Sprintf("%05d", n)
		write(name, e)
		if err := os.WriteFile(filepath.Join(dir, name+".eml"), m.Content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// readerKeys makes keys for the first two members, so that some copies are
// sealed, and returns the folder of their secret halves.
func readerKeys(t *testing.T, i *installation, people auditPeople) string {
	t.Helper()
	secrets := t.TempDir()
	for _, m := range people.Members[:2] {
		address := fmt.Sprint(m["address"])
		g, public := newGnuPG(t, address)
		i.write("keys/"+address+".asc", public)
		if err := os.WriteFile(filepath.Join(secrets, address+".asc"), []byte(g.run(nil, "--armor", "--export-secret-keys", address)), 0o600); err != nil {
			t.Fatal(err)
		}
		var ids []string
		for line := range strings.Lines(g.run(nil, "--with-colons", "--list-keys")) {
			if f := strings.Split(line, ":"); f[0] == "pub" || f[0] == "sub" {
				ids = append(ids, f[4])
			}
		}
		m["keys"] = ids
	}
	return secrets
}

// unchanged returns what is wrong with a copy that should be the mail and our
// Received before it, or nothing.
func unchanged(m *audited, content []byte) string {
	if !bytes.HasPrefix(content, []byte("Received: ")) {
		return "there is no Received"
	}
	at := 0
	for { // the Received field and its folded lines
		end := bytes.Index(content[at:], []byte("\r\n"))
		at += end + 2
		if end < 0 || at >= len(content) || content[at] != ' ' && content[at] != '\t' {
			break
		}
	}
	if rest := content[at:]; !bytes.Equal(rest, m.raw) {
		return fmt.Sprintf("it changed\n--- sent\n%s\n--- arrived\n%s", m.raw, rest)
	}
	return ""
}

// withoutLists is the default policy without the rule that refuses member
// lists, which would keep most of the corpus from being tried.
func withoutLists(t *testing.T, hide, as string) string {
	t.Helper()
	rule := "  - name: member lists\n    detect: [member-list]\n    do: encrypt\n    without-key: reject\n"
	recipients := "hide: members, from: 2, beside: note, as: bcc"
	if !strings.Contains(defaultPolicy, rule) || !strings.Contains(defaultPolicy, recipients) {
		t.Fatal("the default policy is another one")
	}
	return strings.Replace(strings.Replace(defaultPolicy, rule, "", 1), recipients, "hide: "+hide+", from: 2, beside: hide, as: "+as, 1)
}

func TestNoCopyOfTheCorpusTellsAMemberOfAnother(t *testing.T) {
	if testing.Short() {
		t.Skip("it sends a thousand mails")
	}
	people, all := corpus(t, "doors")
	// Python takes minutes for all of it: make audit does.
	whole := os.Getenv("POSTVERN_AUDIT") == "whole" || os.Getenv("POSTVERN_AUDIT_DOOR") != ""
	for _, c := range []struct {
		name, hide, as string
		every          int
	}{
		{"one hidden list", "members", "bcc", 3},
		{"a copy for each", "members", "individual", 5},
		{"everybody on one hidden list", "everyone", "bcc", 7},
		{"a copy for each, of everybody", "everyone", "individual", 9},
	} {
		t.Run(c.name, func(t *testing.T) {
			var some []*audited
			for n, m := range all {
				if whole || n%c.every == 1 || m.Door == "sealed copies" {
					m.refused = ""
					some = append(some, m)
				}
			}
			tally(t, some, audit(t, people, some, withoutLists(t, c.hide, c.as), c.hide+" "+c.as))
		})
	}
}

func TestNoCopyOfTheCorpusListsMembersInClear(t *testing.T) {
	people, all := corpus(t, "lists")
	audit(t, people, all, defaultPolicy, "lists")
}

func TestOrdinaryMailOfTheCorpusKeepsEveryByte(t *testing.T) {
	people, all := corpus(t, "ordinary")
	_, agreed := corpus(t, "agreed")
	g := install(t, files{"members.csv": people.Roster}, sinkConfig())
	g.write("postvern.yaml", strings.Replace(g.read("postvern.yaml"), "level: debug", "level: info", 1))
	g.start()
	g.submitAll(all)
	var everybody []string
	for _, m := range people.Members {
		everybody = append(everybody, fmt.Sprint(m["address"]))
	}
	g.consent(strings.Join(everybody, ","), "Arbejdsgruppen")
	g.awaitConsents()
	g.submitAll(agreed)
	g.settle()
	all = append(all, agreed...)
	got := deliveredTo(g.upstream.Messages())
	over := 0
	for _, m := range all {
		for _, r := range m.To {
			wrong := "it did not arrive (" + m.refused + ")"
			if content, ok := got[m.Mail][r.Address]; ok {
				wrong = unchanged(m, content)
			}
			if wrong != "" {
				over++
				t.Errorf("%s (%s) to %s: %s", m.Mail, m.Door, r.Address, wrong)
				break
			}
		}
	}
	t.Logf("ordinary: %d, of them agreed: %d, changed: %d", len(all), len(agreed), over)
	if len(all) < 1000 || len(agreed) < 100 {
		t.Errorf("there are %d mails only", len(all))
	}
}

// awaitConsents sends mail to two members until they stay in sight.
func (i *installation) awaitConsents() {
	i.t.Helper()
	i.sentTo("aftalt", visible, "mette@post.example", "peter@post.example")
}

// audit sends mails through a gateway, and has everything that arrives searched
// for members and compared with what was sent. It returns what arrived.
func audit(t *testing.T, people auditPeople, all []*audited, policy, name string) map[string]map[string][]byte {
	t.Helper()
	g := install(t, files{"policy.yaml": policy, "members.csv": people.Roster}, sinkConfig())
	g.write("postvern.yaml", strings.Replace(g.read("postvern.yaml"), "level: debug", "level: info", 1))
	secrets := readerKeys(t, g, people)
	g.start()
	g.submitAll(all)
	g.settle()
	arrived := g.upstream.Messages()
	byName := map[string]*audited{}
	for _, m := range all {
		byName[m.Mail] = m
	}
	dir := t.TempDir()
	if keep := os.Getenv("POSTVERN_AUDIT_DIR"); keep != "" {
		dir = filepath.Join(keep, name)
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	writeCopies(t, dir, people, byName, arrived)
	out, err := python(t, "auditor/auditor.py", dir, "--secret-keys", secrets)
	sealed := slices.ContainsFunc(all, func(m *audited) bool { return m.Door == "sealed copies" })
	if err != nil || !strings.Contains(out, "leaks: 0\n") || strings.Contains(out, "opened: 0\n") && sealed {
		t.Errorf("%v\n%s", err, out)
	}
	t.Log(strings.TrimSpace(out[max(0, strings.LastIndex(out, "copies: ")):]))
	out, err = python(t, "auditor/surgery.py", people.dir, dir)
	if err != nil || !strings.Contains(out, "more than cut: 0\n") || strings.Contains(out, "compared: 0\n") && len(arrived) > 0 {
		t.Errorf("%v\n%s", err, out)
	}
	t.Log(strings.TrimSpace(out[max(0, strings.LastIndex(out, "compared: ")):]))
	return deliveredTo(arrived)
}

// deliveredTo returns what arrived by mail and reader.
func deliveredTo(arrived []sink.Message) map[string]map[string][]byte {
	got := map[string]map[string][]byte{}
	for _, m := range arrived {
		name := mailOf(m.From)
		if name == "" {
			continue
		}
		if got[name] == nil {
			got[name] = map[string][]byte{}
		}
		for _, r := range m.Recipients() {
			got[name][r] = m.Content
		}
	}
	return got
}

// tally says what share of the mails went out at all: a gateway that holds
// everything leaks nothing and helps nobody.
func tally(t *testing.T, all []*audited, got map[string]map[string][]byte) {
	t.Helper()
	whole, held := 0, map[string]int{}
	for _, m := range all {
		if len(got[m.Mail]) == len(m.To) {
			whole++
			continue
		}
		held[m.Door+" "+m.refused]++
	}
	var lines []string
	for door, n := range held {
		lines = append(lines, fmt.Sprintf("%d %s", n, door))
	}
	sort.Strings(lines)
	t.Logf("mails: %d, sent whole: %d, held or refused in part: %d\n%s", len(all), whole, len(all)-whole, strings.Join(lines, "\n"))
	if whole*100 < len(all)*80 {
		t.Errorf("only %d of %d mails went out whole: most can be edited", whole, len(all))
	}
}
