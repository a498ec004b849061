package extract

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"postvern.example/policy/detect"
)

// document returns a file under testdata/documents; its README says how they
// were made.
func document(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "documents", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestOfficeDocumentsAreReadWithAllTheirCorners(t *testing.T) {
	letter := []string{
		"Kære Søren, blåbærgrød på Ærø. Nummer 010203-1234 her.", "ord-titel", "ord-emne", "ord-nogle", "ord-egenskab", "ord-hoved", "ord-fod",
		"ord-skjult", "ord-hvid", "ord-slettet", "ord-kommentar", "ord-fodnote", "ord-slutnote", "ord-link@member.example", "ord-boks",
		"Anna Holm\t020304-1234", "ord-punkt", "ord-slut",
	}
	sheet := []string{"ord-titel", "Navn\tCPR\tLøn", "Søren Ærø\t0102031234\t31250.75", "Anna Holm\t020304-1234\t62501.5", "\t13000000001\t-42", "ord-kommentar", "ord-skjultark", "Skjult ark", "0304051234"}
	slides := []string{"ord-titel", "Overskrift på Ærø 010203-1234", "ord-note", "ord-to"}
	for name, want := range map[string][]string{
		"brev.docx": letter, "brev.odt": append([]string{"ord-alt", "ord-alttitel"}, letter...),
		"brev.doc": letter, "brev.rtf": letter, "liste.xls": append([]string{"\n0304051234\n"}, sheet...), "oplaeg.ppt": slides,
		"liste.xlsx": sheet, "liste.ods": sheet, "oplaeg.pptx": slides, "oplaeg.odp": slides,
	} {
		res := extracted(t, attached("application/octet-stream", name, document(t, name)))
		for _, text := range want {
			if !res.holds(text) {
				t.Errorf("%s: %q was not read", name, text)
			}
		}
		if len(res.Findings) > 0 {
			t.Errorf("%s: findings", name)
		}
		if t.Failed() {
			t.Fatal(res.dump())
		}
	}
}

func TestPlacesInOfficeDocumentsNameSheetsAndSlides(t *testing.T) {
	for _, c := range []struct{ file, text, want string }{
		{"liste.xlsx", "Søren Ærø\t", `attachment 1 (Excel) "liste.xlsx", sheet 1 "Medlemmer"`},
		{"liste.ods", "ord-skjultark", `attachment 1 (OpenDocument) "liste.ods", sheet 2 "Skjult ark"`},
		{"oplaeg.pptx", "ord-to", `attachment 1 (PowerPoint) "oplaeg.pptx", slide 2`},
		{"oplaeg.pptx", "ord-note", `attachment 1 (PowerPoint) "oplaeg.pptx", slide 1, comment`},
		{"brev.docx", "ord-kommentar", `attachment 1 (Word) "brev.docx", comment`},
		{"brev.docx", "ord-titel", `attachment 1 (Word) "brev.docx", properties`},
	} {
		res := extracted(t, attached("application/octet-stream", c.file, document(t, c.file)))
		s, _ := res.segment(c.text)
		if s.Place.Full() != c.want {
			t.Errorf("%s: %q stands in %s, want %s", c.file, c.text, s.Place.Full(), c.want)
		}
	}
}

func TestSheetsAreTablesWithTheSheetsOwnRows(t *testing.T) {
	for _, name := range []string{"liste.xlsx", "liste.ods"} {
		res := extracted(t, attached("application/octet-stream", name, document(t, name)))
		s, _ := res.segment("0102031234")
		rows := strings.Split(s.Text, "\n")
		if s.Shape != detect.Table || len(rows) < 2 || rows[0] != "Navn\tCPR\tLøn" || !strings.HasPrefix(rows[1], "Søren Ærø\t0102031234") {
			t.Errorf("%s: %q", name, s.Text)
		}
	}
}

func TestWhatProgramsKeepInADocumentBesideItsTextIsNoUnknownFile(t *testing.T) {
	for name, part := range map[string][2]string{
		"a font of Google Docs":          {"word/fonts/Roboto-regular.ttf", "\x00\x01\x00\x00\x00\x11\x01\x00" + string(noise(400))},
		"a property of a sheet":          {"xl/customProperty1.bin", utf16le("ord-egen")},
		"a digit of a sheet":             {"xl/customProperty2.bin", "1\x00"},
		"the text of an old diagram":     {"ppt/drawings/legacyDiagramText1.bin", "\x0f\x00\x22\x10\x10\x00\x00\x00" + utf16le("ord-egen")},
		"the text of an old file format": {"ppt/legacyDocTextInfo.bin", "\x0f\x00\x23\x10\x10\x00\x00\x00" + utf16le("ord-egen")},
	} {
		res := extracted(t, attached("application/octet-stream", "fil", []byte(docx(t, `<w:p/>`, part[0], part[1]))))
		if len(res.Findings) > 0 || strings.Contains(part[1], utf16le("ord-egen")) && !strings.Contains(res.dump(), "ord-egen") {
			t.Errorf("%s: %s", name, res.dump())
		}
	}
	res := extracted(t, attached("application/octet-stream", "fil", []byte(docx(t, `<w:p/>`, "word/fonts/a.ttf", string(noise(400))))))
	if _, ok := res.finding(detect.Unscannable); !ok {
		t.Error("what is no font passes as one")
	}
}
