package roster

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// third returns a roster as the format before wrote it: with hashes under a key
// that is derived from the installation's.
func third(r *Roster) []byte {
	text := append([]byte(magicThird), bare(encoded(r))[len(magicThird):]...)
	body := text[:len(text)-32]
	h := r.sealer()
	_, _ = h.Write(body)
	return append(body, h.Sum(nil)...)
}

func TestARosterAndItsNumbersComeUnderAnotherKey(t *testing.T) {
	before, after := testKey, bytes.Repeat([]byte{9}, 32)
	export := TextExport("m.csv", []byte("Navn;E-mail;Mobil\nMette Sørensen;mette@post.example;20000001\n"))
	r, err := New(before)
	if err == nil {
		err = r.Import("alle", time.Unix(0, 0), export)
	}
	if err != nil {
		t.Fatal(err)
	}
	book, err := NewPhoneBook(before)
	if err == nil {
		err = book.Import("alle", "da", export)
	}
	if err != nil {
		t.Fatal(err)
	}
	derived := append(append([]byte(phonesFirst), book.salt[:]...), numbers(t, book)[len(phonesMagic)+saltSize+wrappedSize+32:]...)
	for name, c := range map[string]struct{ roster, numbers []byte }{
		"wrapped keys": {encoded(r), numbers(t, book)}, "derived keys": {third(r), derived},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "members.roster")
			for path, text := range map[string][]byte{file: c.roster, PhonesFile(file): c.numbers} {
				if err := os.WriteFile(path, text, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			known := func(when string, keys ...[]byte) {
				t.Helper()
				m, err := Load([]string{file}, keys, nil)
				if err != nil {
					t.Fatalf("%s: %v", when, err)
				}
				p, err := LoadPhones([]string{file}, keys, "da", nil)
				if err != nil {
					t.Fatalf("%s: %v", when, err)
				}
				number, _ := p.Phone("mette@post.example")
				if !m.HasAddress("mette@post.example") || m.HasAddress("peter@post.example") || number != "+4520000001" {
					t.Errorf("%s: the member is %v, and has the number %q", when, m.HasAddress("mette@post.example"), number)
				}
			}
			known("with the key alone", before)
			known("with both keys", before, after)
			for _, path := range []string{file, PhonesFile(file)} {
				if _, err := Rewrap(path, after, bytes.Repeat([]byte{1}, 32)); name == "wrapped keys" && !errors.Is(err, ErrKey) {
					t.Errorf("without the key it is rewrapped: %v", err)
				}
				write, err := Rewrap(path, after, before, after)
				if err != nil || write == nil {
					t.Fatal(err)
				}
				var out bytes.Buffer
				if err := write(&out); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
					t.Fatal(err)
				}
				if write, err := Rewrap(path, after, before, after); err != nil || write != nil {
					t.Errorf("it is rewrapped once more: %v", err)
				}
				known("amid it", before, after)
			}
			known("with the new key alone", after)
			if _, err := Load([]string{file}, [][]byte{before}, nil); !errors.Is(err, ErrKey) {
				t.Errorf("the old key still opens it: %v", err)
			}
		})
	}
	other := filepath.Join(t.TempDir(), "members.csv")
	if err := os.WriteFile(other, []byte("E-mail\na@x.example\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if write, err := Rewrap(other, after, before); err != nil || write != nil {
		t.Errorf("an export is rewrapped: %v", err)
	}
}
