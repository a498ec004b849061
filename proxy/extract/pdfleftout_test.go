package extract

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"postvern.example/policy/detect"
)

// turnedBy is a matrix that turns by so many degrees and moves into the page.
func turnedBy(degrees float64) string {
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	return fmt.Sprintf("%.5f %.5f %.5f %.5f 200 400", cos, sin, -sin, cos)
}

// Text at a slant reaches a page by the text's own matrix, by the page's, in a
// form, in a form that is turned, and as a stamp.
func TestTextAtASlantIsRead(t *testing.T) {
	const line = "(The member Jens Hansen with number 010185-0016 has been ill since) Tj"
	readers(t, func(t *testing.T, x *Extractor) {
		for _, degrees := range []float64{0, 0.5, 1, 2, 3, 10, 45, 88, 90, 135, 190, 315} {
			m := turnedBy(degrees)
			plain := "BT /F1 9 Tf " + line + " ET"
			for name, c := range map[string][3]string{
				"text":        {"BT /F1 9 Tf 0 0 Td " + m + " Tm " + line + " ET", "", ""},
				"page":        {"q " + m + " cm " + plain + " Q", "", ""},
				"form":        {"/X Do", "", "q " + m + " cm\n" + plain + " Q"},
				"turned form": {"/X Do", "/Matrix [" + m + "]", plain},
			} {
				data := pdfWith("<</Type/Catalog /Pages 2 0 R>>", "<</Type/Pages /Kids [3 0 R] /Count 1>>",
					"<</Type/Page /Parent 2 0 R /MediaBox [-400 -400 900 1200] /Contents 4 0 R /Resources <</Font <</F1 5 0 R>> /XObject <</X 6 0 R>> >> >>",
					pdfStreamOf("", "BT /F1 12 Tf 50 20 Td (Level) Tj ET "+c[0]), "<</Type/Font /Subtype/Type1 /BaseFont/Helvetica>>",
					pdfStreamOf("/Type/XObject /Subtype/Form /BBox [-900 -900 900 900] /Resources <</Font <</F1 5 0 R>> >> "+c[1], c[2]))
				res := pdfResult(t, x, []byte(data))
				if !res.holds("Jens Hansen with number 010185-0016 has been ill") || !res.holds("Level") || len(res.Findings) > 0 {
					t.Errorf("%s at %v degrees\n%s", name, degrees, res.dump())
				}
			}
		}
	})
}

func TestLevelTextIsReadOnce(t *testing.T) {
	readers(t, func(t *testing.T, x *Extractor) {
		content := "BT /F1 12 Tf 50 20 Td (Level) Tj ET BT /F1 12 Tf " + turnedBy(30) + " Tm (Slanted) Tj ET BT /F1 9 Tf 1 0 0.3 1 9 9 Tm (Italic) Tj ET"
		data := pdfWith("<</Type/Catalog /Pages 2 0 R>>", "<</Type/Pages /Kids [3 0 R] /Count 1>>",
			"<</Type/Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R /Resources <</Font <</F1 5 0 R>> >> >>",
			fmt.Sprintf("<</Length %d>> stream\n%s\nendstream", len(content), content), "<</Type/Font /Subtype/Type1 /BaseFont/Helvetica>>")
		res := pdfResult(t, x, []byte(data))
		all := ""
		for _, s := range res.Segments {
			all += s.Text + "\n"
		}
		for _, word := range []string{"Level", "Italic"} {
			if n := strings.Count(all, word); n != 1 {
				t.Errorf("%q stands there %d times\n%s", word, n, res.dump())
			}
		}
	})
}

// pdfStreamOf is a stream object with these entries in its dictionary.
func pdfStreamOf(entries, data string) string {
	return fmt.Sprintf("<<%s /Length %d>> stream\n%s\nendstream", entries, len(data), data)
}

func TestWhatAPageDoesNotShowIsRead(t *testing.T) {
	const (
		number = "010185-0016"
		member = "Member Jens Hansen " + number
		level  = "BT /F1 12 Tf 50 700 Td (Level) Tj ET "
		shows  = "BT /F1 9 Tf 50 300 Td (" + member + ") Tj ET"
		fonts  = "/Font <</F1 5 0 R>>"
		form   = "/Type/XObject /Subtype/Form /BBox [0 0 600 800] /Resources <<" + fonts + ">>"
		tile   = "/Type/Pattern /PatternType 1 /PaintType 1 /TilingType 1 /BBox [0 0 600 800] /XStep 600 /YStep 800 /Resources <<" + fonts + ">>"
	)
	for name, c := range map[string]struct{ root, page, resources, content, object string }{
		"outside the page":         {content: "BT /F1 9 Tf 50 3000 Td (" + member + ") Tj ET"},
		"left of the crop box":     {page: "/CropBox [300 0 600 800]", content: shows},
		"on a layer that is off":   {root: "/OCProperties <</OCGs [6 0 R] /D <</OFF [6 0 R]>> >>", resources: "/Properties <</MC0 6 0 R>>", content: "/OC /MC0 BDC " + shows + " EMC", object: "<</Type/OCG /Name (Layer)>>"},
		"in a hidden comment":      {page: "/Annots [<</Type/Annot /Subtype/Stamp /F 2 /Rect [0 0 600 800] /AP <</N 6 0 R>> >>]", object: pdfStreamOf(form, shows)},
		"in a comment while held":  {page: "/Annots [<</Type/Annot /Subtype/Stamp /Rect [0 0 600 800] /AP <</D 6 0 R>> >>]", object: pdfStreamOf(form, shows)},
		"in another state":         {page: "/Annots [<</Type/Annot /Subtype/Widget /AS /Off /Rect [0 0 600 800] /AP <</N <</Yes 6 0 R>> >> >>]", object: pdfStreamOf(form, shows)},
		"in a tile":                {resources: "/Pattern <</P1 6 0 R>>", content: "/Pattern cs /P1 scn 0 0 600 800 re f", object: pdfStreamOf(tile, shows)},
		"under other words":        {content: "/Span <</ActualText (The meeting is on Monday)>> BDC " + shows + " EMC"},
		"in words that stand by":   {content: "/Span <</ActualText (" + member + ")>> BDC BT /F1 9 Tf 50 300 Td (See below) Tj ET EMC"},
		"in an abbreviation":       {content: "/Span <</E (" + member + ")>> BDC BT /F1 9 Tf 50 300 Td (See below) Tj ET EMC"},
		"in a form not drawn":      {resources: "/XObject <</X 6 0 R>>", object: pdfStreamOf(form, shows)},
		"on a page taken out":      {object: "<</Type/Page /Contents 7 0 R /Resources <<" + fonts + ">> >> endobj 7 0 obj " + pdfStreamOf("", shows)},
		"in content replaced":      {content: "", object: "null endobj 4 0 obj " + pdfStreamOf("", level+shows) + " endobj 4 0 obj " + pdfStreamOf("", level)},
		"in a page replaced":       {object: pdfStreamOf("", shows) + " endobj 3 0 obj <</Type/Page /Parent 2 0 R /Contents 6 0 R /Resources <<" + fonts + ">> >> endobj 3 0 obj <</Type/Page /Parent 2 0 R /Contents 4 0 R /Resources <<" + fonts + ">> >>"},
		"where its parts are seen": {content: "BT /F1 9 Tf 50 600 Td (Hansen, Member 010185, Jens, order 0016) Tj ET BT /F1 9 Tf 50 3000 Td (" + member + ") Tj ET"},
		"digit by digit outside":   {content: "BT /F1 9 Tf 50 600 Td (Member Jens Hansen 0 1 2 3 4 5 6 7 8 9) Tj ET BT /F1 9 Tf 50 3000 Td (Member Jens Hansen ) Tj 99 0 Td (0)Tj 30 0 Td (1)Tj 30 0 Td (0)Tj 30 0 Td (1)Tj 30 0 Td (8)Tj 30 0 Td (5)Tj 30 0 Td (-)Tj 30 0 Td (0)Tj 30 0 Td (0)Tj 30 0 Td (1)Tj 30 0 Td (6)Tj ET"},
	} {
		readers(t, func(t *testing.T, x *Extractor) {
			data := pdfWith("<</Type/Catalog /Pages 2 0 R "+c.root+">>", "<</Type/Pages /Kids [3 0 R] /Count 1>>",
				"<</Type/Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R "+c.page+" /Resources <<"+fonts+c.resources+">> >>",
				pdfStreamOf("", level+c.content), "<</Type/Font /Subtype/Type1 /BaseFont/Helvetica>>", cmp.Or(c.object, "null"))
			res := pdfResult(t, x, []byte(data))
			want := member
			if strings.Contains(name, "digit") {
				want = "0 1 0 1 8 5 - 0 0 1 6"
			}
			if !res.holds(want) || !res.holds("Level") || len(res.Findings) > 0 {
				t.Errorf("%s\n%s", name, res.dump())
			}
		})
	}
}

func TestLettersDrawnTwiceAreReadOnce(t *testing.T) {
	readers(t, func(t *testing.T, x *Extractor) {
		content := "BT /F1 12 Tf 50 20 Td"
		for _, c := range "010185-0016" {
			content += fmt.Sprintf(" (%c) Tj 0.4 0 Td (%c) Tj 6.8 0 Td", c, c)
		}
		data := pdfWith("<</Type/Catalog /Pages 2 0 R>>", "<</Type/Pages /Kids [3 0 R] /Count 1>>",
			"<</Type/Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R /Resources <</Font <</F1 5 0 R>> >> >>",
			pdfStreamOf("", content+" ET"), "<</Type/Font /Subtype/Type1 /BaseFont/Courier /FirstChar 45 /Widths [600 600 600 600 600 600 600 600 600 600 600 600 600]>>")
		if res := pdfResult(t, x, []byte(data)); !res.holds("010185-0016") {
			t.Error(res.dump())
		}
	})
}

// A page that another program reads column by column is read once as text, and its
// table once row by row.
func TestATableIsReadOnceAndInRows(t *testing.T) {
	var content strings.Builder
	for i := range 20 {
		fmt.Fprintf(&content, "BT /F1 9 Tf 50 %d Td (Person %02d) Tj 120 0 Td (7%d.%d) Tj 40 0 Td (%d) Tj 40 0 Td (%d) Tj ET\n", 700-14*i, i, i%10, i%7, 10+i, 900-i)
	}
	readers(t, func(t *testing.T, x *Extractor) {
		data := pdfWith("<</Type/Catalog /Pages 2 0 R>>", "<</Type/Pages /Kids [3 0 R] /Count 1>>",
			"<</Type/Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R /Resources <</Font <</F1 5 0 R>> >> >>",
			pdfStreamOf("", content.String()), "<</Type/Font /Subtype/Type1 /BaseFont/Helvetica>>")
		res, text, rows := pdfResult(t, x, []byte(data)), 0, 0
		for _, s := range res.Segments {
			if row := strings.Count(s.Text, "Person 07\t77.0\t17\t893\n"); row > 0 {
				rows += row
			} else {
				text += strings.Count(s.Text, "Person 07")
			}
		}
		if text != 1 || rows != 1 {
			t.Errorf("a row stands %d times in the text and %d in the table\n%s", text, rows, res.dump())
		}
	})
}

func TestWhatATableOnAPageSaysIsFound(t *testing.T) {
	scanner, err := detect.NewScanner(detect.Config{})
	if err != nil {
		t.Fatal(err)
	}
	var content strings.Builder
	for i, row := range [][3]string{{"Navn", "Stilling", "Grundl\\370n"}, {"Karen Lund", "pedel", "34500"}, {"Ole Vind", "pedel", "30100"}} {
		fmt.Fprintf(&content, "BT /F1 9 Tf 50 %d Td (%s) Tj 120 0 Td (%s) Tj 60 0 Td (%s) Tj ET\n", 700-14*i, row[0], row[1], row[2])
	}
	readers(t, func(t *testing.T, x *Extractor) {
		data := pdfWith("<</Type/Catalog /Pages 2 0 R>>", "<</Type/Pages /Kids [3 0 R] /Count 1>>",
			"<</Type/Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R /Resources <</Font <</F1 5 0 R>> >> >>",
			pdfStreamOf("", content.String()), "<</Type/Font /Subtype/Type1 /BaseFont/Helvetica /Encoding/WinAnsiEncoding>>")
		res := pdfResult(t, x, []byte(data))
		found := scanner.Scan(res.Segments, nil)
		i := slices.IndexFunc(found, func(f detect.Finding) bool { return f.Kind == detect.Salary })
		if i < 0 || found[i].Confidence < detect.Likely || found[i].Count != 2 || !strings.HasSuffix(found[i].Place.String(), "page 1") {
			t.Errorf("%v\n%s", found, res.dump())
		}
	})
}

// An edit that writes an object anew replaces the one that was packed, and the
// other way round.
func TestTheLaterOfTwoObjectsIsOnThePage(t *testing.T) {
	page := func(contents int) string {
		return fmt.Sprintf("<</Type/Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents %d 0 R /Resources <</Font <</F1 5 0 R>> >> >>", contents)
	}
	packed := func(contents int) string {
		return "9 0 obj " + pdfStreamOf("/Type/ObjStm /N 1 /First 4", "3 0 "+page(contents)) + " endobj "
	}
	single := func(contents int) string { return "3 0 obj " + page(contents) + " endobj " }
	for name, order := range map[string]string{"packed first": packed(6) + single(7), "packed last": single(6) + packed(7)} {
		data := pdfWith("<</Type/Catalog /Pages 2 0 R>>", "<</Type/Pages /Kids [3 0 R] /Count 1>>", "null", "null",
			"<</Type/Font /Subtype/Type1 /BaseFont/Helvetica>>", pdfStreamOf("", "BT /F1 9 Tf 50 300 Td (Earlier words) Tj ET"), pdfStreamOf("", "BT /F1 9 Tf 50 300 Td (Later words) Tj ET"),
			"null endobj "+order+" 10 0 obj null")
		res := pdfResult(t, New(Config{PDFToText: "none"}), []byte(data))
		later, ok := res.segment("Later words")
		earlier, kept := res.segment("Earlier words")
		if !ok || !kept || !strings.HasSuffix(later.Place.String(), "page 1") || !strings.HasSuffix(earlier.Place.String(), "hidden") {
			t.Errorf("%s\n%s", name, res.dump())
		}
	}
}
