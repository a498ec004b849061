package extract

import (
	"strings"
	"testing"

	"postvern.example/policy/detect"
)

func TestArchivesAreReadToTheirDepth(t *testing.T) {
	for name, want := range map[string][]string{
		"pakke.zip":     {"cpr 010203-1234", "Søren Ærø\t0102031234", "ord-fil", "mappe/søren.txt", "ord-zip"},
		"pakke.7z":      {"cpr 010203-1234", "Søren Ærø\t0102031234"},
		"pakke.tar.gz":  {"cpr 010203-1234", "Søren Ærø\t0102031234", "liste.xlsx"},
		"pakke.tar.xz":  {"cpr 010203-1234"},
		"pakke.tar.bz2": {"cpr 010203-1234"},
		"bzip2.zip":     {"cpr 010203-1234"},
		"pakke.rar":     {"cpr 010203-1234", "a.txt"},
	} {
		res := extracted(t, attached("application/octet-stream", name, document(t, name)))
		for _, text := range want {
			if !res.holds(text) {
				t.Errorf("%s: %q was not read", name, text)
			}
		}
		if len(res.Findings) > 0 || t.Failed() {
			t.Errorf("%s\n%s", name, res.dump())
		}
	}
}

func TestPlacesInArchivesNameEveryStep(t *testing.T) {
	res := extracted(t, attached("application/zip", "pakke.zip", document(t, "pakke.zip")))
	s, _ := res.segment("Søren Ærø\t")
	const want = `attachment 1 (archive) "pakke.zip", entry 1 (archive) "indre.zip", entry 2 (Excel) "liste.xlsx", sheet 1 "Medlemmer"`
	if s.Place.Full() != want {
		t.Errorf("%s, want %s", s.Place.Full(), want)
	}
}

func TestWhatOnlyAPasswordOpensIsProtected(t *testing.T) {
	for name, strength := range map[string]detect.Evidence{
		"laast-aes.zip": strengthStrong, "laast-svag.zip": strengthWeak, "laast.7z": strengthStrong, "laast-navne.7z": strengthStrong,
	} {
		res := extracted(t, attached("application/octet-stream", name, document(t, name)))
		f, ok := res.finding(detect.Protected)
		if !ok || f.Evidence[0] != strength || len(res.Findings) != 1 {
			t.Errorf("%s: want %s\n%s", name, strength, res.dump())
		}
	}
}

func TestPackingThatNobodyUnpacksIsAFinding(t *testing.T) {
	for _, name := range []string{"deflate64.zip"} {
		res := extracted(t, attached("application/zip", name, document(t, name)))
		if _, ok := res.finding(detect.Unscannable); !ok {
			t.Errorf("%s: no finding\n%s", name, res.dump())
		}
	}
}

func TestBrokenArchivesAreFindings(t *testing.T) {
	zip := document(t, "pakke.zip")
	for name, data := range map[string][]byte{
		"a zip cut short":             zip[:len(zip)-100],
		"a 7z cut short":              document(t, "pakke.7z")[:200],
		"a gzip cut short":            document(t, "pakke.tar.gz")[:100],
		"a zip with a file before it": append([]byte("\x00\x01\x02hidden"), zip...),
	} {
		res := extracted(t, attached("application/octet-stream", "a", data))
		if len(res.Findings) == 0 {
			t.Errorf("%s: no finding\n%s", name, strings.TrimSpace(res.dump()))
		}
	}
}
