package extract

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"postvern.example/policy/detect"
)

// readers runs a test with poppler, where it is installed, and without.
func readers(t *testing.T, test func(t *testing.T, x *Extractor)) {
	t.Helper()
	t.Run("built in", func(t *testing.T) { test(t, New(Config{PDFToText: "none"})) })
	t.Run("poppler", func(t *testing.T) {
		if _, err := exec.LookPath("pdftotext"); err != nil {
			t.Skip("pdftotext is not installed")
		}
		test(t, New(Config{}))
	})
}

// pdfWith is a PDF of these objects, numbered from 1; the first is its root.
func pdfWith(objects ...string) string {
	var b strings.Builder
	b.WriteString("%PDF-1.7\n")
	for i, o := range objects {
		fmt.Fprintf(&b, "%d 0 obj %s endobj\n", i+1, o)
	}
	return b.String() + "trailer <</Root 1 0 R>>\n%%EOF"
}

func pdfResult(t *testing.T, x *Extractor, data []byte) Result {
	t.Helper()
	return x.Text(context.Background(), read(t, attached("application/pdf", "a.pdf", data)))
}

func TestPagesOfAPDFAreRead(t *testing.T) {
	readers(t, func(t *testing.T, x *Extractor) {
		for _, name := range []string{"brev.pdf", "objektstroemme.pdf", "kun-ejer-aes.pdf", "kun-ejer-aes-runder.pdf", "kun-ejer-aes128.pdf", "kun-ejer-rc4.pdf", "uden-ejer.pdf"} {
			res := pdfResult(t, x, document(t, name))
			for _, want := range []string{"Kære Søren, blåbærgrød på Ærø. Nummer 010203-1234 her.", "ord-hvid", "Fodnote ord-fodnote", "ord-boks", "020304-1234", "Titel ord-titel", "mailto:ord-link@member.example"} {
				if !res.holds(want) {
					t.Errorf("%s: %q was not read", name, want)
				}
			}
			s, _ := res.segment("010203-1234")
			if got := s.Place.String(); got != "attachment 1 (PDF), page 1" {
				t.Errorf("%s: place %q", name, got)
			}
			if len(res.Findings) > 0 || t.Failed() {
				t.Fatalf("%s\n%s", name, res.dump())
			}
		}
	})
}

func TestAPDFThatOnlyAPasswordOpensIsProtected(t *testing.T) {
	readers(t, func(t *testing.T, x *Extractor) {
		for name, strength := range map[string]detect.Evidence{"laast-aes.pdf": strengthStrong, "laast-rc4.pdf": strengthWeak} {
			res := pdfResult(t, x, document(t, name))
			f, ok := res.finding(detect.Protected)
			if !ok || f.Evidence[0] != strength || len(res.Findings) != 1 {
				t.Errorf("%s: want %s\n%s", name, strength, res.dump())
			}
		}
	})
}

// formsInStages is a PDF of forms in stages, each of which draws both of the next: ways
// through it double from stage to stage.
func formsInStages(stages int) string {
	objects := []string{"<</Type/Catalog /Pages 2 0 R>>", "<</Type/Pages /Kids [3 0 R] /Count 1>>", "<</Type/Page /Parent 2 0 R /MediaBox [0 0 300 300] /Resources <</XObject <</A 4 0 R /B 5 0 R>> >> >>"}
	for i := range 2 * stages {
		next := 4 + i/2*2 + 2
		objects = append(objects, fmt.Sprintf("<</Type/XObject /Subtype/Form /Resources <</XObject <</A %d 0 R /B %d 0 R>> >> /Length 0>> stream\n\nendstream", next, next+1))
	}
	picture := "<</Type/XObject /Subtype/Image /Width 2000 /Height 2000 /Length 0>> stream\n\nendstream"
	return pdfWith(append(objects, picture, picture)...)
}

func TestAPictureIsFoundBehindManyForms(t *testing.T) {
	x := New(Config{PDFToText: "none"})
	for _, stages := range []int{1, 5, 60} {
		res := pdfResult(t, x, []byte(formsInStages(stages)))
		if f, ok := res.finding(detect.Unscannable); !ok || f.Evidence[0] != whyImage {
			t.Errorf("%d stages\n%s", stages, res.dump())
		}
	}
}

func TestManyObjectsBehindTheTrailerAreRead(t *testing.T) {
	var b strings.Builder
	b.WriteString("%PDF-1.7\ntrailer <</Root 1 0 R>>\n1 0 obj <</Type/Catalog /Pages 2 0 R>> endobj\n2 0 obj <</Type/Pages /Kids []>> endobj\n")
	for i := range 60_000 {
		fmt.Fprintf(&b, "%d 0 obj %s endobj\n", i+3, strings.Repeat("1 ", 30))
	}
	b.WriteString("99999 0 obj (CPR 070761-4285) endobj\n%%EOF")
	res := pdfResult(t, New(Config{PDFToText: "none"}), []byte(b.String()))
	if f, ok := res.finding(detect.Unscannable); !res.holds("070761-4285") || ok && f.Evidence[0] == whyTime {
		t.Errorf("%d segments, %v", len(res.Segments), res.Findings)
	}
}

const pdfForm = `%PDF-1.4
1 0 obj <</Type/Catalog /Pages 2 0 R /AcroForm <</Fields [5 0 R]>> >> endobj
2 0 obj <</Type/Pages /Kids [3 0 R] /Count 1>> endobj
3 0 obj <</Type/Page /Parent 2 0 R /MediaBox [0 0 300 300] /Annots [5 0 R 6 0 R] /Contents 4 0 R /Resources <</Font <</F1 7 0 R>> >> >> endobj
4 0 obj <</Length 57>> stream
BT /F1 12 Tf 20 200 Td (cpr 0102) Tj (03-1234) Tj ET      
endstream endobj
5 0 obj <</Type/Annot /Subtype/Widget /FT/Tx /T (felt) /V (felt 020304-1234) /Rect [0 0 0 0]>> endobj
6 0 obj <</Type/Annot /Subtype/Text /Contents <FEFF006E006F0074006500200030003300300034> /Rect [0 0 9 9]>> endobj
7 0 obj <</Type/Font /Subtype/Type1 /BaseFont/Helvetica>> endobj
trailer <</Root 1 0 R /Info <</Author (forfatter \350\370\345)>> >>
%%EOF
`

func TestWhatStandsBesideThePagesOfAPDFIsRead(t *testing.T) {
	readers(t, func(t *testing.T, x *Extractor) {
		res := pdfResult(t, x, []byte(pdfForm))
		for _, want := range []string{"cpr 010203-1234", "felt 020304-1234", "note 0304"} {
			if !res.holds(want) {
				t.Errorf("%q was not read\n%s", want, res.dump())
			}
		}
	})
}

func TestAPageThatIsAPictureIsAFinding(t *testing.T) {
	scan := strings.Replace(pdfForm, "/Resources <<", "/Resources << /XObject <</I 8 0 R>> ", 1)
	scan = strings.Replace(scan, "(cpr 0102) Tj (03-1234) Tj", "() Tj", 1)
	scan = strings.Replace(scan, "trailer", "8 0 obj <</Type/XObject /Subtype/Image /Width 1700 /Height 2200 /Length 3>> stream\nabc\nendstream endobj\ntrailer", 1)
	readers(t, func(t *testing.T, x *Extractor) {
		res := pdfResult(t, x, []byte(scan))
		f, ok := res.finding(detect.Unscannable)
		if !ok || f.Evidence[0] != whyImage || f.Place.String() != "attachment 1 (PDF), page 1" {
			t.Error(res.dump())
		}
	})
}

func TestAPageThatIsDrawnIsAFinding(t *testing.T) {
	drawn := strings.Replace(pdfForm, "BT /F1 12 Tf 20 200 Td (cpr 0102) Tj (03-1234) Tj ET      ", strings.Repeat("10 20 m 30 40 l S\n", 600), 1)
	drawn = strings.Replace(drawn, "/Length 57", "/Length 10800", 1)
	readers(t, func(t *testing.T, x *Extractor) {
		res := pdfResult(t, x, []byte(drawn))
		if f, ok := res.finding(detect.Unscannable); !ok || f.Evidence[0] != whyImage {
			t.Error(res.dump())
		}
	})
}

func TestBrokenPDFsAreFindings(t *testing.T) {
	readers(t, func(t *testing.T, x *Extractor) {
		for _, data := range []string{"%PDF-1.7\n", "%PDF-1.7\n1 0 obj <</Type/Catalog>> endobj\n", pdfForm[:60]} {
			if res := pdfResult(t, x, []byte(data)); len(res.Findings) == 0 {
				t.Errorf("%q: no finding\n%s", data, res.dump())
			}
		}
	})
}

func TestAPDFOfWhichSomethingIsLostIsAFinding(t *testing.T) {
	whole := string(document(t, "brev.pdf"))
	packed := strings.Index(whole, "stream") + 40
	for name, data := range map[string]string{
		"a stream that is wrong in its midst":    whole[:packed] + strings.Repeat("\xff", 60) + whole[packed+60:],
		"cut in a stream":                        whole[:packed],
		"no content where a page says it has it": strings.Replace(pdfForm, "4 0 obj", "9 0 obj", 1),
		"one of its contents is not there":       strings.Replace(pdfForm, "/Contents 4 0 R", "/Contents [4 0 R 8 0 R]", 1),
		"a page that is not there":               strings.Replace(pdfForm, "/Kids [3 0 R]", "/Kids [3 0 R 8 0 R]", 1),
		"no tree of pages":                       strings.Replace(pdfForm, "/Pages 2 0 R", "/Pages 8 0 R", 1),
		"metadata that are no text":              strings.Replace(pdfForm, "trailer", "8 0 obj <</Type/Metadata /Length 9>> stream\n\x00\x01\x02\x03\x04\x05\x06\x07\x08\nendstream endobj\ntrailer", 1),
	} {
		readers(t, func(t *testing.T, x *Extractor) {
			if f, ok := pdfResult(t, x, []byte(data)).finding(detect.Unscannable); !ok || f.Evidence[0] != whyPartly && f.Evidence[0] != whyMalformed {
				t.Errorf("%s: %v", name, f)
			}
		})
	}
	readers(t, func(t *testing.T, x *Extractor) {
		for _, data := range []string{whole, pdfForm} {
			if res := pdfResult(t, x, []byte(data)); len(res.Findings) > 0 {
				t.Errorf("whole: %v", res.Findings)
			}
		}
	})
}

func TestAPDFThatTheEmptyPasswordOpensIsReadWhereverItsHashEnds(t *testing.T) {
	data, err := os.ReadFile("testdata/r6.pdf")
	if err != nil {
		t.Fatal(err)
	}
	res := withWorkers(t, Config{}).Text(context.Background(), read(t, attached("application/pdf", "bilag.pdf", data)))
	if _, ok := res.finding(detect.Protected); ok || !res.holds("070761-4285") && !res.holds("010203-1234") && !res.holds("0102031234") {
		t.Errorf("it is not read\n%s", res.dump())
	}
}

func TestAPageThatAnotherProgramFindsNothingOnIsRead(t *testing.T) {
	objects := []string{"<</Type/Catalog /Pages 2 0 R>>"}
	for i := range 2000 { // deeper than programs go
		objects = append(objects, fmt.Sprintf("<</Type/Pages /Count 1 /Kids [%d 0 R]>>", i+3))
	}
	objects = append(objects, "<</Type/Page /Contents 2003 0 R /Resources <</Font <</F <</Type/Font /Subtype/Type1 /BaseFont/Helvetica>>>>>>>>",
		"<</Length 42>> stream\nBT /F 9 Tf [(0102) 9 (03-) 9 (1234)] TJ ET   \nendstream")
	readers(t, func(t *testing.T, x *Extractor) {
		res := pdfResult(t, x, []byte(pdfWith(objects...)))
		s, ok := res.segment("010203-1234")
		if !ok || s.Place.String() != "attachment 1 (PDF), page 1" {
			t.Error(res.dump())
		}
	})
}

func TestAPageWhoseFontsDoNotSayTheirLettersIsAFinding(t *testing.T) {
	page := func(text, map0 string) []byte {
		contents := "BT /F1 8 Tf 20 200 Td (" + text + ") Tj ET"
		cmap := "/CIDInit /ProcSet findresource begin begincmap 1 begincodespacerange <00> <FF> endcodespacerange 1 beginbfrange <21> <7E> <" + map0 + "> endbfrange endcmap end"
		pdf := strings.Replace(pdfForm, "<</Length 57>> stream\nBT /F1 12 Tf 20 200 Td (cpr 0102) Tj (03-1234) Tj ET      ", fmt.Sprintf("<</Length %d>> stream\n%s", len(contents), contents), 1)
		pdf = strings.Replace(pdf, "/BaseFont/Helvetica", "/BaseFont/Helvetica /ToUnicode 8 0 R", 1)
		return []byte(strings.Replace(pdf, "trailer", fmt.Sprintf("8 0 obj <</Length %d>> stream\n%s\nendstream endobj\ntrailer", len(cmap), cmap), 1))
	}
	text := strings.Repeat("navn og cpr 010203-1234 ", 4)
	readers(t, func(t *testing.T, x *Extractor) {
		for name, c := range map[string]struct {
			text, map0 string
			told       bool
		}{
			"letters":               {text, "0021", false},
			"private letters":       {text, "E021", true},
			"control characters":    {strings.Repeat("!#%&+*", 12), "0081", true},
			"a few private letters": {"navn og cpr", "E021", false},
		} {
			res := pdfResult(t, x, page(c.text, c.map0))
			f, ok := res.finding(detect.Unscannable)
			if ok != c.told || ok && (f.Evidence[0] != whyPartly || f.Place.String() != "attachment 1 (PDF), page 1") {
				t.Errorf("%s: %s", name, res.dump())
			}
		}
	})
}
