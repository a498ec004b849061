package extract

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"io"
	"strings"
	"testing"

	"github.com/ulikunitz/xz"

	"postvern.example/policy/detect"
)

// xzAsking is an xz of a text whose only block asks for a dictionary, as the
// header writes its size: 28 is 64 MB, 40 is 4 GB.
func xzAsking(t testing.TB, text string, dictionary byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := xz.NewWriter(&b)
	if err == nil {
		_, err = io.WriteString(w, text)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	file := b.Bytes()
	header := file[12 : 12+4*(int(file[12])+1)]
	at := bytes.Index(header, []byte{0x21, 1})
	if at < 0 {
		t.Fatal("the block has no filter of LZMA2")
	}
	header[at+2] = dictionary
	binary.LittleEndian.PutUint32(header[len(header)-4:], crc32.ChecksumIEEE(header[:len(header)-4]))
	return file
}

func TestAnXZIsReadWhateverDictionaryItAsksFor(t *testing.T) {
	long := strings.Repeat("Dagsordenen til mødet på torsdag er vedlagt.\n", 50_000)
	text := long + "cpr 010203-1234\n" + long
	for _, dictionary := range []byte{0, 28, 40} {
		res := extracted(t, attached("application/x-xz", "a.txt.xz", xzAsking(t, "cpr 010203-1234", dictionary)))
		if !res.holds("cpr 010203-1234") || len(res.Findings) > 0 {
			t.Errorf("%d: %s", dictionary, res.dump())
		}
	}
	x := New(Config{Ratio: 10_000})
	res := x.File(t.Context(), "a.txt.xz", xzAsking(t, text, 28))
	if !res.holds("cpr 010203-1234") || len(res.Findings) > 0 {
		t.Error("a long text behind a great dictionary was not read whole")
	}
}

func TestADictionaryIsNoLargerThanWhatIsRead(t *testing.T) {
	for dictionary, want := range map[byte]byte{0: 0, 12: 12, 28: 16, 40: 16} { // 16 is 1 MB
		file := xzAsking(t, "cpr 010203-1234", dictionary)
		header := file[12 : 12+4*(int(file[12])+1)]
		lessenDictionary(header, 1)
		if got := header[bytes.Index(header, []byte{0x21, 1})+2]; got != want {
			t.Errorf("%d became %d, want %d", dictionary, got, want)
		}
	}
	broken := xzAsking(t, "cpr 010203-1234", 40)
	broken[20] ^= 0xFF
	res := extracted(t, attached("application/x-xz", "a.txt.xz", broken))
	if f, ok := res.finding(detect.Unscannable); !ok || f.Evidence[0] != whyMalformed {
		t.Error(res.dump())
	}
}
