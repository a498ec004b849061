package test

import (
	"bytes"
	"fmt"
	"io/fs"
	"net/textproto"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"postvern.example/internal/sink"
)

// entityOf returns the MIME parts of a mail of pictureMail as they stand in it.
func entityOf(mail string) string { return mail[strings.Index(mail, "--b\r\n"):] }

// TestLargeAttachmentsComeOutAsTheyWere sends a mail of six megabytes to two
// readers with keys, once with personal data in it and once without.
func TestLargeAttachmentsComeOutAsTheyWere(t *testing.T) {
	reader, public := newGnuPG(t, "mette@post.example")
	other, otherPublic := newGnuPG(t, "peter@post.example")
	g := install(t, nil, sink.Config{})
	g.write("keys/mette.asc", public)
	g.write("keys/peter.asc", otherPublic)
	g.write("policy.yaml", largePolicy)
	g.start()
	to := []string{"mette@post.example", "peter@post.example"}
	sealed := pictureMail("Mette Sørensen, cpr 010203-1234, er medlem.", 6<<20)
	if err := g.send("anna", "tr.anna@forening.example", to, sealed); err != nil {
		t.Fatal(err)
	}
	for _, m := range mails(g.arrived(3)) { // and a notice
		who := reader
		if m.Recipients()[0] == to[1] {
			who = other
		}
		file := filepath.Join(t.TempDir(), "copy.asc")
		if err := os.WriteFile(file, m.Content[bytes.Index(m.Content, []byte("-----BEGIN PGP")):], 0o600); err != nil {
			t.Fatal(err)
		}
		if clear := who.run(nil, "--decrypt", file); !strings.Contains(clear, entityOf(sealed)) {
			t.Errorf("the %d octets inside are not those that were sent", len(clear))
		}
		if bytes.Contains(m.Content, []byte("010203")) || bytes.Contains(m.Content, []byte(sealed[4<<20:4<<20+76])) {
			t.Error("it stands outside")
		}
	}
	passed := pictureMail("Her er billedet fra mødet.", 6<<20)
	if err := g.send("anna", "tr.anna@forening.example", to, passed); err != nil {
		t.Fatal(err)
	}
	arrived := func() bool {
		return slices.ContainsFunc(mails(g.arrived(4)), func(m sink.Message) bool {
			return strings.HasSuffix(string(m.Content), entityOf(passed)) && len(m.Recipients()) == 2
		})
	}
	waitFor(t, "the octets that were sent to both readers", arrived)
}

// half begins a mail on a trust listener and sends the first octets of it.
func (i *installation) half(mail string, octets int) *textproto.Conn {
	i.t.Helper()
	c, err := textproto.Dial("tcp", i.trust)
	if err != nil {
		i.t.Fatal(err)
	}
	i.t.Cleanup(func() { _ = c.Close() })
	if _, _, err := c.ReadResponse(220); err != nil {
		i.t.Fatal(err)
	}
	for _, step := range []struct {
		line string
		code int
	}{
		{"EHLO mail.example", 250}, {"MAIL FROM:<tr.anna@forening.example>", 250}, {"RCPT TO:<mette@post.example>", 250}, {"DATA", 354},
	} {
		if err := c.PrintfLine("%s", step.line); err != nil {
			i.t.Fatal(err)
		}
		if _, _, err := c.ReadResponse(step.code); err != nil {
			i.t.Fatal(err)
		}
	}
	if _, err := c.W.WriteString(mail[:octets]); err != nil {
		i.t.Fatal(err)
	}
	if err := c.W.Flush(); err != nil {
		i.t.Fatal(err)
	}
	return c
}

// unnamed returns the contents of the files without a name in the data folder
// that the gateway has open.
func (i *installation) unnamed() (contents []string) {
	i.t.Helper()
	dir := fmt.Sprintf("/proc/%d/fd", i.command.Process.Pid)
	open, err := os.ReadDir(dir)
	if err != nil {
		i.t.Skip("the files of a process cannot be seen here:", err)
	}
	for _, f := range open {
		file := filepath.Join(dir, f.Name())
		if target, err := os.Readlink(file); err != nil || !strings.HasPrefix(target, i.path("data")+"/aside-") {
			continue
		}
		if b, err := os.ReadFile(file); err == nil {
			contents = append(contents, string(b))
		}
	}
	return contents
}

// TestAKillWhileALargeMailArrivesLeavesNothingOfIt kills the gateway in the
// middle of DATA.
func TestAKillWhileALargeMailArrivesLeavesNothingOfIt(t *testing.T) {
	g := install(t, nil, sink.Config{})
	g.write("policy.yaml", largePolicy)
	g.start()
	mail := pictureMail("Mette Sørensen, cpr 010203-1234, er medlem.", 16<<20)
	secrets := []string{"010203-1234", mail[1<<20 : 1<<20+60], mail[8<<20 : 8<<20+60]}
	g.half(mail, 12<<20)
	var aside []string
	waitFor(t, "octets to be put aside", func() bool {
		aside = g.unnamed()
		return len(aside) == 1 && len(aside[0]) > 8<<20
	})
	none := func(when, where, text string) {
		t.Helper()
		for _, s := range secrets {
			if strings.Contains(text, s) {
				t.Errorf("%s: %q stands in %s", when, s, where)
			}
		}
	}
	none("while it arrives", "a file without a name", aside[0])
	look := func(when string) {
		t.Helper()
		err := filepath.WalkDir(g.path("data"), func(path string, d fs.DirEntry, err error) error {
			if strings.Contains(path, "aside-") {
				t.Errorf("%s: there is %s", when, path)
			}
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			b, err := os.ReadFile(path)
			none(when, path, string(b))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	look("while it arrives")
	g.kill()
	look("after the kill")
	g.start()
	look("after the next start")
	if err := submitPatiently(g.trust, pictureMail("Her er billedet fra mødet.", 6<<20)); err != nil {
		t.Fatal(err)
	}
	g.arrived(1)
	waitFor(t, "the file to be closed", func() bool { return len(g.unnamed()) == 0 })
}

// TestAFullDiskPutsALargeMailOffAndLosesNothing sends mails that do not fit on a
// small disk between others that do.
func TestAFullDiskPutsALargeMailOffAndLosesNothing(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root may mount a small disk")
	}
	g := install(t, nil, sink.Config{})
	g.write("policy.yaml", largePolicy)
	if err := os.MkdirAll(g.path("data"), 0o700); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "mount", "-t", "tmpfs", "-o", "size=24m", "postvern-test", g.path("data")).CombinedOutput(); err != nil {
		t.Skipf("a small disk cannot be mounted here: %s", out)
	}
	t.Cleanup(func() {
		g.kill()
		if out, err := exec.Command("umount", g.path("data")).CombinedOutput(); err != nil {
			t.Errorf("unmount: %s", out)
		}
	})
	g.start()
	for round := range 3 {
		if err := submitPatiently(g.trust, largeMail(round, 100<<10)); err != nil {
			t.Fatal(err)
		}
		err := submitPatiently(g.trust, pictureMail("Her er billedet fra mødet.", 40<<20))
		if err == nil || !strings.Contains(err.Error(), "452") {
			t.Errorf("a mail that does not fit is answered %v", err)
		}
		waitFor(t, "the room to be given back", func() bool { return len(g.unnamed()) == 0 })
	}
	if err := submitPatiently(g.trust, pictureMail("Her er billedet fra mødet.", 6<<20)); err != nil {
		t.Errorf("a mail that fits: %v", err)
	}
	g.arrived(4)
}

// TestMemoryIsSetAsideForWhatIsHeld looks at how much memory counts as taken by
// a mail that is under way.
func TestMemoryIsSetAsideForWhatIsHeld(t *testing.T) {
	for _, c := range []struct {
		name, mail   string
		least, bound float64 // of its octets
	}{
		{"a picture", pictureMail("Her er billedet fra mødet.", 24<<20), 0.9, 1.6},
		{"text", crlf(largeMail(1, 24<<20)), 3.5, 6},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := gateway(t, nil)
			const sent = 20 << 20
			conn := g.half(c.mail, sent)
			waitFor(t, "memory to be set aside", func() bool { return g.gauge("postvern_messages_memory_bytes") >= c.least*sent })
			if got := g.gauge("postvern_messages_memory_bytes") / sent; got > c.bound {
				t.Errorf("for %d MiB %.1f times as much is set aside", sent>>20, got)
			}
			_ = conn.Close()
			waitFor(t, "it to be given back", func() bool { return g.gauge("postvern_messages_memory_bytes") == 0 })
		})
	}
}
