package document

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheArchiveOpensWithItsCodeAndShowsNoNameWithout(t *testing.T) {
	need(t, "7z")
	m := read(t, sample(t, "plain.eml"))
	var b bytes.Buffer
	if err := writing(Document{Mail: m, Words: danish, Code: code}.ZIP())(&b); err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"løn", "tekst", "Mette"} {
		if bytes.Contains(b.Bytes(), []byte(secret)) {
			t.Errorf("%q stands in clear", secret)
		}
	}
	dir := t.TempDir()
	outer := filepath.Join(dir, "outer.zip")
	if err := os.WriteFile(outer, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("7z", "x", "-y", "-p4821", "-o"+filepath.Join(dir, "wrong"), outer).CombinedOutput(); err == nil {
		t.Errorf("a wrong code opens it:\n%s", out)
	}
	program(t, "7z", "x", "-p"+code, "-o"+dir, outer)
	if list := program(t, "7z", "l", "-slt", "-p"+code, outer); !strings.Contains(list, "AES-256") {
		t.Errorf("7z says:\n%s", list)
	}
	program(t, "7z", "x", "-o"+dir, filepath.Join(dir, "mail.zip"))
	text, err := os.ReadFile(filepath.Join(dir, "tekst.txt"))
	if err != nil || !strings.Contains(string(text), "Din sag om overtid – æøå") || !strings.Contains(string(text), "> Hvad blev der besluttet?") {
		t.Errorf("%v\n%s", err, text)
	}
	want, err := m.Content(m.Root.Children[1])
	if err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(filepath.Join(dir, "løn.xlsx")); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%v: %d octets instead of %d", err, len(got), len(want))
	}
}

func TestMemoryDoesNotGrowWithTheFiles(t *testing.T) {
	allocated := func(size int, write func(Document) error) int64 {
		mail := "From: a@b.example\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nHej\n--b\nContent-Type: application/octet-stream; name=a.bin\nContent-Disposition: attachment\nContent-Transfer-Encoding: base64\n\n" +
			strings.Repeat(strings.Repeat("QUJD", 19)+"\n", size/77) + "--b--\n"
		d := Document{Mail: read(t, mail), Words: danish, Code: code}
		return testing.Benchmark(func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := write(d); err != nil {
					b.Fatal(err)
				}
			}
		}).AllocedBytesPerOp()
	}
	for name, write := range map[string]func(Document) error{
		"PDF": func(d Document) error { return writing(d.PDF())(discard{}) },
		"ZIP": func(d Document) error { return writing(d.ZIP())(discard{}) },
	} {
		small, large := allocated(1<<20, write), allocated(9<<20, write)
		if large-small > 4<<20 {
			t.Errorf("%s: %d octets allocated for a mail of 1 MiB, %d for one of 9", name, small, large)
		}
	}
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }
