package message

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	"postvern.example/internal/octets"
)

// plainly decodes base64 in one go.
func plainly(body []byte) ([]byte, error) {
	return base64.StdEncoding.DecodeString(strings.NewReplacer(" ", "", "\t", "").Replace(string(body)))
}

func checkDecoding(t *testing.T, body []byte) {
	t.Helper()
	want, err := plainly(body)
	m := &Message{text: octets.Hold(body)}
	p := &Part{Encoding: "base64", Body: Range{0, len(body)}}
	got, wrong := m.Content(p)
	if (err != nil) != (wrong != nil) || err == nil && !bytes.Equal(got, want) || wrong != nil && !errors.Is(wrong, ErrDamaged) {
		t.Fatalf("%d octets are decoded to %d, %v; want %d, %v", len(body), len(got), wrong, len(want), err)
	}
	d, _ := m.Decode(p)
	if n, wrong := d.Size(); (err != nil) != (wrong != nil) || err == nil && n != len(want) {
		t.Fatalf("%d octets would be decoded to %d, %v", len(body), n, wrong)
	}
	got, wrong = io.ReadAll(iotest.OneByteReader(d.Open()))
	if (err != nil) != (wrong != nil) || err == nil && !bytes.Equal(got, want) {
		t.Fatalf("%d octets were read, %v", len(got), wrong)
	}
}

func TestBase64IsTheSameInOneGoAndInBlocks(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for _, size := range []int{0, 1, 2, 3, 57, 58, base64Block / 4 * 3, base64Block/4*3 + 1, 100_000, 300_001} {
		data := make([]byte, size)
		for i := range data {
			data[i] = byte(random.Uint32())
		}
		text := base64.StdEncoding.EncodeToString(data)
		for _, width := range []int{1, 3, 4, 5, 64, 76, 77, 998, 1 << 20} {
			if width < 4 && size > 1000 {
				continue
			}
			var b bytes.Buffer
			for rest := text; rest != ""; rest = rest[min(width, len(rest)):] {
				b.WriteString(rest[:min(width, len(rest))] + "\r\n")
			}
			body := b.Bytes()
			checkDecoding(t, body)
			checkDecoding(t, bytes.TrimSuffix(body, []byte("\r\n")))
			checkDecoding(t, append(body, "  \t\r\n\r\n"...))
			checkDecoding(t, append(body, "A"...))
			checkDecoding(t, append(body, "="...))
			checkDecoding(t, append(body, "QQ=="...))
			if size > 1000 {
				for _, odd := range []string{" ", "\t", "\r", "\n", "=", "-", "\x80"} {
					at := random.IntN(len(body))
					checkDecoding(t, append(append(bytes.Clone(body[:at]), odd...), body[at:]...))
				}
			}
		}
	}
}

func FuzzBase64(f *testing.F) {
	f.Add([]byte("SGVq\r\nZGln"), 1)
	f.Add([]byte("SGVq ZGk=\r\n\r\n"), 10000)
	f.Add([]byte("QQ==QQ=="), 3)
	f.Fuzz(func(t *testing.T, body []byte, times int) {
		checkDecoding(t, body)
		if times > 0 && times*len(body) < 1<<18 {
			checkDecoding(t, bytes.Repeat(body, times))
		}
	})
}

func BenchmarkBase64(b *testing.B) {
	line := strings.Repeat("QUJD", 19) + "\r\n"
	body := []byte(strings.Repeat(line, 1<<20/len(line)))
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := undo("base64", body); err != nil {
			b.Fatal(err)
		}
	}
}
