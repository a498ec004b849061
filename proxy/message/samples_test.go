package message

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the expected files anew")

func samples(t testing.TB) map[string]*Message {
	t.Helper()
	files, err := filepath.Glob("testdata/samples/*.eml")
	if err != nil || len(files) < 9 {
		t.Fatalf("%d samples, %v", len(files), err)
	}
	found := map[string]*Message{}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		found[file] = read(t, crlf(string(raw)))
	}
	return found
}

func TestSamplesOfMailProgramsAreReadWithoutADefect(t *testing.T) {
	for file, m := range samples(t) {
		if len(m.Defects) > 0 {
			t.Errorf("%s: %s", file, reasons(m))
		}
		if m.Sealed() != NotSealed {
			t.Errorf("%s: sealed", file)
		}
		var walk func(p *Part)
		walk = func(p *Part) {
			if content, err := m.Content(p); err != nil || len(p.Children) == 0 && len(content) == 0 {
				t.Errorf("%s: %s: %d octets, %v", file, p.Place, len(content), err)
			}
			for _, child := range p.Children {
				walk(child)
			}
		}
		walk(m.Root)
		for _, name := range []string{"From", "To", "Cc"} {
			for _, f := range m.Root.Get(name) {
				if boxes, err := m.Mailboxes(f); err != nil || len(boxes) == 0 {
					t.Errorf("%s: %s: %v, %v", file, name, boxes, err)
				}
			}
		}
	}
}

func TestSamplesAreEditedAsTheGoldenFilesShow(t *testing.T) {
	for file, m := range samples(t) {
		edits, _, err := m.Hide(isMember)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		subject, err := m.SetSubject("TR – fortroligt: " + m.Text(m.Root.Get("Subject")[0]))
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		out := read(t, apply(t, m, append(edits, subject...)))
		if !bytes.Equal(out.Bytes(out.Root.Body), m.Bytes(m.Root.Body)) || len(out.Defects) > 0 {
			t.Errorf("%s: the body changed, or there are defects: %s", file, reasons(out))
		}
		golden := strings.TrimSuffix(file, ".eml") + ".hidden"
		got := strings.ReplaceAll(string(out.Bytes(out.Root.Head)), "\r\n", "\n")
		if *update {
			if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil || got != string(want) {
			t.Errorf("%s: got\n%s\nwant\n%s%v", file, got, want, err)
		}
	}
}
