package extract

import (
	"fmt"
	"math"
	"strings"
	"testing"
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
	stream := func(entries, data string) string {
		return fmt.Sprintf("<<%s /Length %d>> stream\n%s\nendstream", entries, len(data), data)
	}
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
					stream("", "BT /F1 12 Tf 50 20 Td (Level) Tj ET "+c[0]), "<</Type/Font /Subtype/Type1 /BaseFont/Helvetica>>",
					stream("/Type/XObject /Subtype/Form /BBox [-900 -900 900 900] /Resources <</Font <</F1 5 0 R>> >> "+c[1], c[2]))
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
