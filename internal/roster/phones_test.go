package roster

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestAMembersNumberIsFoundByAddressAndStandsNowhereInClear(t *testing.T) {
	key := bytes.Repeat([]byte{7}, 32)
	export := TextExport("members.csv", []byte("Navn;E-mail;Mobiltelefon (privat);Telefon\nMette;mette@post.example;20 00 00 01;33110000\nPeter;peter@post.example;;+46 70 123 45 67\nIngen;ingen@post.example;ved ikke;\n"))
	book, err := NewPhoneBook(key)
	if err != nil {
		t.Fatal(err)
	}
	if err := book.Import("alle", "da", export); err != nil {
		t.Fatal(err)
	}
	if err := book.Import("nye", "da", TextExport("x.csv", []byte("E-mail;Mobil\nny@post.example;22334455\n"))); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "members.roster")
	r, err := New(key)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Import("alle", time.Unix(0, 0), export); err != nil {
		t.Fatal(err)
	}
	write := func() {
		t.Helper()
		for name, content := range map[string][]byte{file: encoded(r), PhonesFile(file): numbers(t, book)} {
			if bytes.Contains(content, []byte("20000001")) || bytes.Contains(content, []byte("mette")) {
				t.Error("a number or address stands in clear")
			}
			if err := os.WriteFile(name, content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	phones := func(key []byte) *Phones {
		t.Helper()
		p, err := LoadPhones([]string{file}, [][]byte{key}, "da", nil)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	write()
	q := phones(key)
	for address, want := range map[string]string{
		"METTE@post.example": "+4520000001", "peter@post.example": "+46701234567", "ny@post.example": "+4522334455", "ingen@post.example": "", "fremmed@post.example": "",
	} {
		if got, _ := q.Phone(address); got != want {
			t.Errorf("%s: %q", address, got)
		}
	}
	book.Remove("nye")
	write()
	if got, ok := phones(key).Phone("ny@post.example"); ok || book.Len() != 2 {
		t.Errorf("a removed group leaves %q", got)
	}
	if err := os.WriteFile(PhonesFile(file), numbers(t, book)[:60], 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadPhones([]string{file}, [][]byte{key}, "da", nil); err == nil {
		t.Error("a damaged file is taken")
	}
	if err := os.Remove(PhonesFile(file)); err != nil {
		t.Fatal(err)
	}
	if got, ok := phones(key).Phone("mette@post.example"); ok {
		t.Errorf("without numbers: %q", got)
	}
	var none *Phones
	if _, ok := none.Phone("mette@post.example"); ok {
		t.Error("nobody has a number")
	}
}

func numbers(t *testing.T, b *PhoneBook) []byte {
	t.Helper()
	text, err := b.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestAnExportIsReadForItsRowsOnce(t *testing.T) {
	key := bytes.Repeat([]byte{7}, 32)
	r, err := New(key)
	if err != nil {
		t.Fatal(err)
	}
	book, err := NewPhoneBook(key)
	if err != nil {
		t.Fatal(err)
	}
	for _, group := range []string{"Klub Nord", "klub nord"} {
		opened := 0
		export := TextExport("m.csv", []byte("Navn;E-mail;Mobil\nMette;mette@post.example;20 00 00 01\nMette;mette@post.example;20 00 00 01\nPeter Dam;;\n"))
		open := export.Open
		export.Open = func() (io.ReadCloser, error) { opened++; return open() }
		if _, err := (Intake{Roster: r, Numbers: book, Language: "da"}).Import(group, time.Unix(0, 0), export); err != nil {
			t.Fatal(err)
		}
		if opened > 3 { // for the charset, for the ends of lines, for the rows
			t.Errorf("it was opened %d times", opened)
		}
	}
	if r.Len() != 2 || book.Len() != 1 || len(book.entries) != 1 {
		t.Errorf("%d members, %d numbers in %d entries", r.Len(), book.Len(), len(book.entries))
	}
}
