package extract

import (
	"bytes"
	"io"
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
		"deflate64.zip": {"cpr 010203-1234"},
		"lzma.zip":      {"cpr 010203-1234"},
		"lagret.cab":    {"cpr 010203-1234", "a.txt"},
		"mszip.cab":     {"cpr 010203-1234", "a.txt"},
		"a.txt.lz4":     {"cpr 010203-1234"},
		"a.txt.lzma":    {"cpr 010203-1234"},
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
	unpackable := zipOf(t, "a.txt", "cpr 010203-1234")
	central := bytes.LastIndex(unpackable, []byte("PK\x01\x02"))
	unpackable[central+10] = 98 // PPMd
	lzx := document(t, "lagret.cab")
	lzx[36+6] = 3
	for name, data := range map[string][]byte{
		"a zip": unpackable, "a cabinet": lzx, "compress": []byte("\x1f\x9d\x90cpr\x00\x01"), "LHA": []byte("\x20\x00-lh5-\x00\x01\x02\x03\x04\x05"),
	} {
		res := extracted(t, attached("application/octet-stream", "a", data))
		if f, ok := res.finding(detect.Unscannable); !ok || f.Evidence[0] != whyPacking {
			t.Errorf("%s\n%s", name, res.dump())
		}
	}
}

func TestAZipWhoseDirectoryIsEncryptedIsProtected(t *testing.T) {
	end := strings.Repeat("\x01", 40) + "\x90\x91PK\x05\x06\x01"
	for name, data := range map[string]string{
		"by a record in front":    "PK\x03\x04\x33\x00\x01\x00\x08\x00" + strings.Repeat("\x00", 60) + "PK\x06\x08" + end,
		"by masked entry headers": "PK\x03\x04\x33\x00\x41\x20\x00\x00" + strings.Repeat("\x00", 60) + end,
	} {
		res := extracted(t, attached("application/zip", "a.zip", []byte(data)))
		if f, ok := res.finding(detect.Protected); !ok || f.Evidence[0] != strengthStrong {
			t.Errorf("%s\n%s", name, res.dump())
		}
	}
}

// Two stored blocks, one of fixed and one of dynamic codes would be a matter of
// the peers; here a distance that goes back farther than Deflate's window.
func TestDeflate64ReachesBackSixtyFourKilobytes(t *testing.T) {
	var b bitWriter
	random := make([]byte, 60_000)
	state := uint32(1)
	for i := range random {
		state = state*1664525 + 1013904223
		random[i] = byte(state >> 24)
	}
	b.bits(0, 3) // a stored block
	b.align()
	b.out = append(b.out, byte(len(random)&0xFF), byte(len(random)>>8), byte(^len(random)&0xFF), byte(^len(random)>>8&0xFF))
	b.out = append(b.out, random...)
	b.bits(1|1<<1, 3)       // the last block, fixed codes
	b.code(0xC0+285-280, 8) // a length of 3 and sixteen bits
	b.bits(57_000, 16)
	b.code(31, 5) // 49,153 and fourteen bits
	b.bits(60_000-49_153, 14)
	b.code(0, 7) // the end
	b.align()
	got, err := io.ReadAll(newInflate64(bytes.NewReader(b.out)))
	if want := append(random, random[:57_003]...); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes, want %d: %v", len(got), len(want), err)
	}
}

type bitWriter struct {
	out []byte
	n   uint // bits in the last byte
}

func (b *bitWriter) bits(v, n uint) {
	for i := range n {
		if b.n%8 == 0 {
			b.out = append(b.out, 0)
		}
		b.out[len(b.out)-1] |= byte(v>>i&1) << (b.n % 8)
		b.n++
	}
}

func (b *bitWriter) code(v, n uint) {
	for i := n; i > 0; i-- {
		b.bits(v>>(i-1)&1, 1)
	}
}

func (b *bitWriter) align() { b.n = 0 }

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
