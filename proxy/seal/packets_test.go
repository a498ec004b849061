package seal

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp/packet"

	"postvern.example/internal/octets"
)

// TestContentOfEverySizeOpens goes around the sizes at which packets are cut.
func TestContentOfEverySizeOpens(t *testing.T) {
	secret, k := reader(t, "x25519", 0)
	m := sealing()
	const head = "From: anna@union.example\r\nTo: anna@member.example\r\nSubject: Hej\r\n\r\n"
	base := 1<<partial - 700 // before the header, which stands inside too
	sizes := []int{0, 1, 15, 16, 17, 200, 512, 1000, 2 << partial, 3<<partial + 5, 1 << 20}
	for n := range 60 {
		sizes = append(sizes, base+n*17)
	}
	for _, size := range slices.Compact(sizes) {
		body := strings.Repeat("x", size)
		m.Raw = octets.Hold([]byte(head + body))
		if inner := open(t, secret, sealed(t, k, m)); !strings.Contains(inner, "\r\n\r\n"+body) {
			t.Errorf("%d octets: not all came out", size)
		}
	}
}

// TestAStreamIsCutAnywhereAlike writes the same in pieces of many sizes.
func TestAStreamIsCutAnywhereAlike(t *testing.T) {
	key := make([]byte, 32)
	data := bytes.Repeat([]byte("0123456789abcdef!"), 5000)
	for _, piece := range []int{1, 2, 15, 16, 17, 1000, 1 << partial, len(data)} {
		var out bytes.Buffer
		w, err := newProtectedWriter(&out, key)
		if err != nil {
			t.Fatal(err)
		}
		for p := range slices.Chunk(data, piece) {
			if _, err := w.Write(p); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if got := unprotect(t, out.Bytes(), key); !bytes.Equal(got, data) {
			t.Errorf("in pieces of %d octets others came out", piece)
		}
	}
}

// unprotect opens a packet with the library's reader.
func unprotect(t *testing.T, box, key []byte) []byte {
	t.Helper()
	p, err := packet.Read(bytes.NewReader(box))
	if err != nil {
		t.Fatal(err)
	}
	from, err := p.(*packet.SymmetricallyEncrypted).Decrypt(packet.CipherAES256, key)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(from)
	if err := errors.Join(err, from.Close()); err != nil {
		t.Fatal(err)
	}
	return plain
}
