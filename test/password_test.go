package test

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// protectedPolicy lets strongly protected files pass as the example does.
var protectedPolicy = strings.Replace(defaultPolicy, "  - name: what cannot be read", `  - name: files with a password
    detect: [protected]
    strength: strong
    do: note
    severity: low
  - name: a password beside its file
    detect: [file-password]
    do: hold
  - name: what cannot be read`, 1)

// sevenZip makes a file that only a password opens, AES in a 7z.
func sevenZip(t *testing.T) []byte {
	t.Helper()
	need(t, "7z")
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "løn.txt"), []byte("Lønseddel\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := exec.Command("7z", "a", "-pFjord2025", "-mhe=on", "løn.7z", "løn.txt")
	c.Dir = dir
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	b, err := os.ReadFile(filepath.Join(dir, "løn.7z"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// zipCrypto makes a file that says that it is weakly protected.
func zipCrypto(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	f, err := w.CreateRaw(&zip.FileHeader{Name: "lon.txt", Method: zip.Store, Flags: 1, CRC32: 7, CompressedSize64: 22, UncompressedSize64: 10})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write([]byte("0123456789012345678901")); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

var mailNumber int

// letter is a mail from Anna with a text and perhaps a file.
func letter(to, text string, file []byte) string {
	mailNumber++
	head := fmt.Sprintf("From: Anna Holm <anna.holm@region.example>\nTo: %s\nSubject: Papirer\nMessage-ID: <%d@region.example>\nMIME-Version: 1.0\n", to, mailNumber)
	if file == nil {
		return head + "Content-Type: text/plain; charset=utf-8\n\n" + text + "\n"
	}
	return head + "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain; charset=utf-8\n\n" + text +
		"\n\n--b\nContent-Type: application/octet-stream; name=papirer.bin\nContent-Disposition: attachment; filename=papirer.bin\nContent-Transfer-Encoding: base64\n\n" +
		base64.StdEncoding.EncodeToString(file) + "\n--b--\n"
}

// heldRules returns the rules that hold copies, oldest first.
func (i *installation) heldRules() []string {
	i.t.Helper()
	var held []struct {
		To    string   `json:"to"`
		Rules []string `json:"rules"`
	}
	i.json(&held, "held", "list")
	var out []string
	for _, h := range held {
		out = append(out, h.To+": "+strings.Join(h.Rules, ", "))
	}
	return out
}

func TestAFileUnderAPasswordPassesUnlessThePasswordGoesTheSameWay(t *testing.T) {
	strong, weak := sevenZip(t), zipCrypto(t)
	i := gateway(t, files{"policy.yaml": protectedPolicy})
	passed := 0
	step := func(what, to, text string, file []byte, holds string) {
		t.Helper()
		before := i.heldRules()
		if err := i.send("anna", "anna.holm@region.example", []string{to}, letter(to, text, file)); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		after := i.heldRules()
		switch {
		case holds == "" && len(after) != len(before):
			t.Errorf("%s: held: %v", what, after[len(before):])
		case holds != "" && (len(after) != len(before)+1 || !strings.Contains(after[len(after)-1], holds)):
			t.Errorf("%s: held: %v, want %s", what, after[len(before):], holds)
		}
		if holds == "" {
			passed++
		}
	}
	step("a weak file", "karin.oberg@brev.example", "Se filen.", weak, "what cannot be read")
	step("a password that belongs to nothing", "karin.oberg@brev.example", "Koden er Fjord2025.", nil, "")
	step("a strong file after its password", "karin.oberg@brev.example", "Se filen.", strong, "a password beside its file")
	step("the password in the same mail", "mette@post.example", "Koden er Fjord2025.", strong, "a password beside its file")
	step("a password that no word names, but the file knows", "mette@post.example", "Hej Mette\n\nFjord2025\n\nHilsen Anna", strong, "a password beside its file")
	step("what looks like one and opens nothing", "mette@post.example", "Hej Mette\n\nFjord2024\n\nHilsen Anna", strong, "")
	step("a strong file alone", "mette@post.example", "Koden får du på sms.", strong, "")
	step("its password to somebody else", "peter@post.example", "Koden er Fjord2025.", nil, "")
	i.kill()
	i.start() // a restart forgets nothing
	step("its password to the same reader, written otherwise", "Mette+x@POST.example", "Adgangskode: Fjord2025", nil, "a password beside its file")
	step("an ordinary mail", "mette@post.example", "Vi ses i morgen.", nil, "")
	if got := mails(i.arrived(passed)); len(got) < passed {
		t.Errorf("%d of %d mails arrived", len(got), passed)
	}
	var entries []struct {
		Rule string `json:"rule"`
		Type string `json:"type"`
	}
	i.json(&entries, "deviations", "list")
	if len(entries) < 4 {
		t.Errorf("the register: %+v", entries)
	}
}

func TestAFileAndItsPasswordSentAtOnceNeverBothPass(t *testing.T) {
	strong := sevenZip(t)
	i := gateway(t, files{"policy.yaml": protectedPolicy})
	const readers = 12
	var done [2 * readers]chan error
	for n := range done {
		to := fmt.Sprintf("laeser%d@post.example", n/2)
		mail := letter(to, "Adgangskode: Fjord2025", nil)
		if n%2 == 0 {
			mail = letter(to, "Se filen.", strong)
		}
		mail = strings.Replace(mail, "Subject: ", "Subject: TR - fortroligt ", 1)
		done[n] = make(chan error, 1)
		c := i.client("anna")
		go func() { done[n] <- c.SendMail("anna.holm@region.example", []string{to}, strings.NewReader(crlf(mail))) }()
	}
	for n := range done {
		select {
		case err := <-done[n]:
			if err != nil {
				t.Errorf("mail %d: %v", n, err)
			}
		case <-time.After(60 * time.Second):
			t.Fatal("a mail was not answered")
		}
	}
	if held := i.heldRules(); len(held) != readers {
		t.Errorf("%d of %d held: %v", len(held), readers, held)
	}
}
