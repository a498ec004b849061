package roster

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"golang.org/x/text/encoding/charmap"
)

var (
	testKey = bytes.Repeat([]byte{7}, 32)
	made    = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
)

func load(t testing.TB, content string) *Members {
	t.Helper()
	return written(t, content).Members()
}

// written returns a roster of one export.
func written(t testing.TB, content string) *Roster {
	t.Helper()
	r, err := New(testKey)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Import(DefaultGroup, made, TextExport("members.csv", []byte(content))); err != nil {
		t.Fatal(err)
	}
	return r
}

// imported returns the error of an import.
func imported(content string) error {
	r, err := New(testKey)
	if err != nil {
		return err
	}
	return r.Import(DefaultGroup, made, TextExport("m.csv", []byte(content)))
}

func cp1252(s string) string {
	out, err := charmap.Windows1252.NewEncoder().String(s)
	if err != nil {
		panic(err)
	}
	return out
}

func utf16le(s string) string {
	b := []byte{0xFF, 0xFE}
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return string(b)
}

func TestExportsAreReadAsMembershipSystemsWriteThem(t *testing.T) {
	const want = "søren.ågård@mail.example"
	for name, content := range map[string]string{
		"danish, semicolon":             "Medlemsnr;Navn;E-mail\r\n1;Søren Ågård;" + want + "\r\n2;Bo Ny;bo@mail.example\r\n",
		"danish, Windows-1252":          cp1252("Navn;E-mail\r\nSøren Ågård;" + want + "\r\nBo Ny;bo@mail.example\r\n"),
		"norwegian, comma, BOM":         "\ufeffFornavn,Etternavn,E-post\nSøren,Ågård," + want + "\nBo,Ny,bo@mail.example\n",
		"swedish, tab":                  "Förnamn\tEfternamn\tE-postadress\nSøren\tÅgård\t" + want + "\nBo\tNy\tbo@mail.example\n",
		"finnish":                       "Sukunimi;Etunimi;Sähköposti\nÅgård;Søren;" + want + "\nNy;Bo;bo@mail.example\n",
		"finnish, decomposed heading":   "Nimi;Sa\u0308hko\u0308posti\nSøren Ågård;" + want + "\nBo Ny;bo@mail.example",
		"icelandic":                     "Nafn;Netfang\nSøren Ågård;" + want + "\nBo Ny;bo@mail.example",
		"english, quotes":               "\"Name\",\"Email Address\"\n\"Ågård, Søren\",\"" + want + "\"\n\"Ny, Bo\",bo@mail.example\n",
		"upper case":                    "NAVN;E-MAIL\nSØREN ÅGÅRD;SØREN.ÅGÅRD@MAIL.EXAMPLE\nBO NY;BO@MAIL.EXAMPLE\n",
		"Excel's sep line":              "sep=;\r\nNavn;E-mail\r\nSøren Ågård;" + want + "\r\nBo Ny;bo@mail.example\r\n",
		"Excel's Unicode text":          utf16le("Navn\tE-mail\r\nSøren Ågård\t" + want + "\r\nBo Ny\tbo@mail.example\r\n"),
		"old Mac line ends":             "Navn;Mail\rSøren Ågård;" + want + "\rBo Ny;bo@mail.example\r",
		"a comma in a semicolon's cell": "Navn;E-mail\n\"Ågård, Søren\";" + want + "\nNy, Bo;bo@mail.example\n",
		"two addresses in a cell":       "Navn;E-mail\nSøren Ågård;" + want + "; s@arbejde.example\nBo Ny;bo@mail.example\n",
		"two columns of addresses":      "Navn;E-mail (privat);Arbejdsmail\nSøren Ågård;-;" + want + "\nBo Ny;bo@mail.example;\n",
		"one column":                    "E-mail\n" + want + "\nbo@mail.example\n",
		"empty lines and rows":          "\n\nNavn;E-mail\n\nSøren Ågård;" + want + "\n;;;\nBo Ny;bo@mail.example\n\n",
		"a display name in the cell":    "Navn;Mail\nSøren Ågård;Søren <" + want + ">\nBo Ny;bo@mail.example\n",
		"other columns about mail":      "Navn;E-mail;Mailing list;Brugernavn\nSøren Ågård;" + want + ";ja;soag\nBo Ny;bo@mail.example;nej;bony\n",
	} {
		t.Run(name, func(t *testing.T) {
			m := load(t, content)
			if m.Len() != 2 {
				t.Errorf("members: %d", m.Len())
			}
			for _, a := range []string{want, "SØREN.ÅGÅRD@mail.example", "Søren Ågård <søren.ågård+tr@mail.example>", "bo@mail.example", "Bo@MAIL.example"} {
				if !m.HasAddress(a) {
					t.Errorf("%s is not known", a)
				}
			}
			for _, a := range []string{"", "@", "bo", "bo@mail.example.evil.example", "x" + want} {
				if m.HasAddress(a) {
					t.Errorf("%s is known", a)
				}
			}
			if name == "one column" {
				return
			}
			for _, n := range []string{"Søren Ågård", "Ågård, Søren", "SØREN  ÅGÅRD", "Soeren Aagaard", "bo ny"} {
				if !m.HasName(n) {
					t.Errorf("%s is not known", n)
				}
			}
			for _, n := range []string{"Søren", "", "Bo Ågård", "Søren Ågårdsen"} {
				if m.HasName(n) {
					t.Errorf("%s is known", n)
				}
			}
		})
	}
}

func TestMiddleNamesAndInitialsDoNotHideAMember(t *testing.T) {
	m := load(t, "Navn;E-mail\nAnna Maria K. Holm-Nielsen;a@mail.example\nPer Ek;p@mail.example\n")
	for _, n := range []string{"Anna Maria Holm-Nielsen", "Anna Maria K Holm Nielsen", "Anna Nielsen", "Per O. Ek", "Ek, Per", "Per Olov Ek"} {
		if !m.HasName(n) {
			t.Errorf("%s is not known", n)
		}
	}
	for _, n := range []string{"Anna Maria", "Anna Ek", "Maria Nielsen"} {
		if m.HasName(n) {
			t.Errorf("%s is known", n)
		}
	}
}

func TestFaultsNameTheirPlaceAndNeverTheValue(t *testing.T) {
	for content, want := range map[string]string{
		"Navn;E-mail\nA B;a@x.example\nHemmelig Person;hemmelig(at)x.example\n": "m.csv:3:17: this is no mail address",
		"sep=;\nNavn;E-mail\nA B;hemmelig\n":                                    "m.csv:3:5: this is no mail address",
		"Navn;Alder\nHemmelig Person;42\n":                                      "m.csv:1:1: the first row must be headings",
		"hemmelig@x.example;Hemmelig Person\n":                                  "m.csv:1:1: the first row must be headings",
		"":                                                                      "m.csv:1:1: the file is empty",
		"Navn;E-mail\n":                                                         "m.csv:1:1: there are headings, but no members",
		"Navn;E-mail\nA \"hemmelig\" B;a@x.example\n":                           "m.csv:2:",
		"PK\x03\x04\x00hemmelig":                                                "m.csv:1:1: this is a spreadsheet or an archive",
		"Mail\x00hemmelig":                                                      "m.csv:1:1: this is not a text file",
	} {
		err := imported(content)
		if err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(strings.ToLower(err.Error()), "hemmelig") {
			t.Errorf("%q:\ngot  %v\nwant %s", content, err, want)
		}
		var f *Fault
		if !errors.As(err, &f) {
			t.Errorf("%q: no Fault in %v", content, err)
		}
	}
}

func TestSeveralExportsMakeOneRoster(t *testing.T) {
	r, err := New(testKey)
	if err != nil {
		t.Fatal(err)
	}
	err = r.Import("alle", made, TextExport("a", []byte("Mail\na@x.example\n")), TextExport("b", []byte("E-post,Namn\nb@x.example,Bo Ek\n")))
	m := r.Members()
	if err != nil || m.Len() != 2 || !m.HasAddress("a@x.example") || !m.HasAddress("b@x.example") || !m.HasName("Bo Ek") {
		t.Errorf("%v, %d", err, m.Len())
	}
}

func TestARosterFileAnswersLikeTheExportAndHoldsNothingReadable(t *testing.T) {
	r := written(t, "Navn;E-mail\nAnna Holm;anna.h@mail.example\nBo Ny;bo@mail.example\n")
	file := filepath.Join(t.TempDir(), "members.roster")
	if err := os.WriteFile(file, encoded(r), 0o600); err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(encoded(r), []byte("anna")) || bytes.Contains(encoded(r), []byte("example")) {
		t.Error("the file can be read")
	}
	back, err := Load([]string{file}, [][]byte{testKey}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if back.Len() != 2 || !back.HasAddress("Anna.H@mail.example") || !back.HasName("Holm, Anna") || back.HasAddress("c@mail.example") {
		t.Error("it answers otherwise")
	}
	if !back.LooksLike("ana.h@mail.example") || !back.IsNamed("anna.h@mail.example", "Holm, Anna") || back.IsNamed("bo@mail.example", "Anna Holm") {
		t.Error("it answers otherwise about likenesses and names")
	}
	if !back.Made().Equal(made) || back.Age(made.Add(time.Hour)) != time.Hour {
		t.Errorf("made %v", back.Made())
	}
	other := written(t, "Navn;E-mail\nAnna Holm;anna.h@mail.example\n")
	if h := binary.BigEndian.AppendUint64(nil, other.groups[0].hashes[addresses][0]); bytes.Contains(encoded(r), h) || !bytes.Contains(encoded(other), h) {
		t.Error("two rosters have the same hashes: their salts do not work")
	}
}

func TestAChangedRosterFileIsRefused(t *testing.T) {
	src := encoded(written(t, "Navn;E-mail\nAnna Holm;anna@mail.example\n"))
	if _, err := decoded("m", src, bytes.Repeat([]byte{8}, 32)); !errors.Is(err, ErrKey) {
		t.Errorf("another key: %v", err)
	}
	newer := append([]byte("postvern roster 5\n"), src[len(magic):]...)
	if _, err := decoded("m", newer, testKey); !errors.Is(err, ErrVersion) {
		t.Errorf("newer: %v", err)
	}
	for i := range src {
		if _, err := decoded("m", src[:i], testKey); err == nil {
			t.Errorf("cut at %d: taken", i)
		}
		changed := bytes.Clone(src)
		changed[i] ^= 1
		if _, err := decoded("m", changed, testKey); err == nil {
			t.Errorf("changed at %d: taken", i)
		}
	}
}

func TestARosterThatShrinksByMoreThanAFifthNeedsConfirmation(t *testing.T) {
	of := func(n int) *Members {
		var b strings.Builder
		b.WriteString("Mail\n")
		for i := range n {
			fmt.Fprintf(&b, "m%d@x.example\n", i)
		}
		return load(t, b.String())
	}
	ten := of(10).Size()
	for n, shrunk := range map[int]bool{7: true, 8: false, 9: false, 10: false, 20: false} {
		if err := Compare(ten, of(n).Size()); errors.Is(err, ErrShrunk) != shrunk {
			t.Errorf("10 to %d: %v", n, err)
		}
	}
	if err := Compare(Size{}, ten); err != nil {
		t.Error(err)
	}
	names := load(t, "Navn;Mail\n"+strings.Repeat("Bo Ny;\n", 10))
	if err := Compare(ten, names.Size()); !errors.Is(err, ErrShrunk) {
		t.Errorf("addresses gone, names there: %v", err)
	}
}

func TestLookAlikesAreFoundAndNeverCountAsMembers(t *testing.T) {
	m := load(t, "Mail\nanna.holm@brev.example\n")
	for _, a := range []string{"ana.holm@brev.example", "annaa.holm@brev.example", "anna.holn@brev.example", "anan.holm@brev.example", "Anna.Holm@berv.example", "anna.holm@brev.exampl"} {
		if !m.LooksLike(a) || m.HasAddress(a) {
			t.Errorf("%s: looks like %v, has %v", a, m.LooksLike(a), m.HasAddress(a))
		}
	}
	for _, a := range []string{"anna.holm@brev.example", "a.holm@brev.example", "bo@brev.example", ""} {
		if m.LooksLike(a) {
			t.Errorf("%s looks like one", a)
		}
	}
}

func TestTheSetHoldsWhatWasPutInAndNothingElse(t *testing.T) {
	for _, n := range []int{0, 1, 2, 3, 7, 100, 5000} {
		var in []uint64
		x := uint64(n) + 1
		for range n {
			x = x*6364136223846793005 + 1442695040888963407
			in = append(in, x)
		}
		in = append(in, in...)
		if n > 1 {
			in = append(in, 0, ^uint64(0))
		}
		slices.Sort(in)
		thin := thinned(in) // which may have a hash twice
		s := indexed(slices.Compact(in))
		const other, top = 1 << 40, 1 << 63
		for _, h := range s.sorted {
			if !s.has(h) || !thin.has(h) {
				t.Fatalf("%d: %x is missing", n, h)
			}
			if s.has(h^2) || s.has(h^other) || thin.has(h^other) || thin.has(h^top) {
				t.Fatalf("%d: one that is not there is found beside %x", n, h)
			}
		}
	}
}

func FuzzImport(f *testing.F) {
	f.Add([]byte("Navn;E-mail\nA B;a@x.example\n"))
	f.Add([]byte("sep=,\nFörnamn,Efternamn,E-post\n\"A\",B,\"a@x.example; b@x.example\"\n"))
	f.Add([]byte("\xff\xfeE\x00m\x00a\x00i\x00l\x00\n\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := New(testKey)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Import("f", made, TextExport("f", b)); (r.Len() == 0) == (err == nil) {
			t.Fatalf("%d members, and %v", r.Len(), err)
		}
	})
}

func FuzzDecode(f *testing.F) {
	f.Add(encoded(written(f, "Mail\na@x.example\n")))
	f.Add([]byte(magic))
	f.Fuzz(func(t *testing.T, b []byte) {
		if r, err := decoded("f", b, testKey); err == nil && bytes.HasPrefix(b, []byte(magic)) && !bytes.Equal(bare(encoded(r)), bare(b)) {
			t.Fatal("it does not encode to what was decoded")
		}
	})
}

// bare returns a file without its wrapped key, which is another each time.
func bare(file []byte) []byte {
	head := len(magic) + saltSize
	return append(bytes.Clone(file[:head]), file[head+wrappedSize:]...)
}

// encoded returns a roster as its file.
func encoded(r *Roster) []byte {
	var b bytes.Buffer
	if err := r.Encode(&b); err != nil {
		panic(err) // memory takes all
	}
	return b.Bytes()
}

// decoded reads a roster as from a file.
func decoded(file string, src, key []byte) (*Roster, error) {
	return Decode(file, bytes.NewReader(src), int64(len(src)), key)
}
