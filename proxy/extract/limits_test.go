package extract

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"postvern.example/policy/detect"
)

func zipOf(t testing.TB, files ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i+1 < len(files); i += 2 {
		w, err := z.Create(files[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(files[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gzipOf(t testing.TB, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write(data)
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestWhatIsOverALimitIsAFindingWithItsReason(t *testing.T) {
	deep := []byte("cpr 010203-1234")
	for range 12 {
		deep = zipOf(t, "a.zip", string(deep))
	}
	var many []string
	for i := range 300 {
		many = append(many, fmt.Sprintf("%d.txt", i), "x")
	}
	zeros := strings.Repeat("a", 20<<20)
	for _, c := range []struct {
		name string
		cfg  Config
		data []byte
		why  detect.Evidence
	}{
		{"depth", Config{}, deep, whyDepth},
		{"entries", Config{Entries: 100}, zipOf(t, many...), whyEntries},
		{"ratio in a zip", Config{}, zipOf(t, "a.txt", zeros), whyRatio},
		{"ratio in a gzip", Config{}, gzipOf(t, []byte(zeros)), whyRatio},
		{"size of an entry", Config{EntrySize: 1000}, zipOf(t, "a.txt", strings.Repeat("tekst ", 1000)), whySize},
		{"size of all", Config{Unpacked: 1000}, zipOf(t, "a.txt", strings.Repeat("tekst ", 100), "b.txt", strings.Repeat("tekst ", 100)), whySize},
		{"text", Config{TextBytes: 3000}, zipOf(t, "a.txt", strings.Repeat("tekst ", 1000)), whyText},
	} {
		start := time.Now()
		res := New(c.cfg).Text(context.Background(), read(t, attached("application/zip", "a.zip", c.data)))
		found := false
		for _, f := range res.Findings {
			found = found || f.Evidence[0] == c.why
		}
		if !found {
			t.Errorf("%s: want %s\n%.2000s", c.name, c.why, res.dump())
		}
		if d := time.Since(start); d > hangs {
			t.Errorf("%s: took %v", c.name, d)
		}
	}
}

func TestWhatIsWithinTheLimitIsReadBesideWhatIsNot(t *testing.T) {
	res := extracted(t, attached("application/zip", "a.zip", zipOf(t, "bombe.txt", strings.Repeat("a", 20<<20), "liste.txt", "cpr 010203-1234")))
	if !res.holds("010203-1234") {
		t.Error(res.dump()[:1000])
	}
}

// A zip whose entries share their bytes unpacks to far more than the ratio of
// each entry lets one think.
func TestEntriesThatOverlapAreNotUnpacked(t *testing.T) {
	data := zipOf(t, "a.txt", strings.Repeat("tekst ", 2000), "b.txt", "x")
	central := bytes.LastIndex(data, []byte("PK\x01\x02"))
	copy(data[central+42:central+46], []byte{0, 0, 0, 0}) // b.txt begins where a.txt does
	res := extracted(t, attached("application/zip", "a.zip", data))
	if _, ok := res.finding(detect.Unscannable); !ok {
		t.Error(res.dump())
	}
}

func TestAMessageWithManyFilesIsReadInTime(t *testing.T) {
	var b strings.Builder
	b.WriteString("From: a@union.example\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n")
	for i := range 900 {
		fmt.Fprintf(&b, "--b\nContent-Type: text/plain; name=\"%d.txt\"\n\ncpr\n", i)
	}
	b.WriteString("--b--\n")
	start := time.Now()
	extracted(t, b.String())
	if d := time.Since(start); d > hangs {
		t.Errorf("took %v", d)
	}
}

func TestTheSameMessageGivesTheSameResult(t *testing.T) {
	for _, name := range []string{"brev.docx", "brev.doc", "liste.xls", "oplaeg.pptx", "brev.pdf", "brev.rtf"} {
		mail := attached("application/octet-stream", name, document(t, name))
		want := extracted(t, mail).dump()
		for range 5 {
			if got := extracted(t, mail).dump(); got != want {
				t.Errorf("%s: read in two ways\n%s\n%s", name, want, got)
				break
			}
		}
	}
}
