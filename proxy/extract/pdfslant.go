package extract

import (
	"bytes"
	"math"
	"strconv"
)

// Pdftotext puts text in order by lines that are level or upright. What stands
// at a slant - a stamp, a watermark, a page that was scanned askew - comes out
// of it as single letters in no order, and nothing tells. So that text is read
// here too, in the order in which the page writes it.

// leastSlant is the sine of the angle, about 0.7 degrees, from which lines are
// torn; below it pdftotext reads them.
const leastSlant = 0.012

// isSlanted reports whether text that runs along (x, y) is neither level nor
// upright.
func isSlanted(x, y float64) bool {
	return min(math.Abs(x), math.Abs(y)) > leastSlant*math.Hypot(x, y)
}

// giveSlanted gives the text of each page that stands at a slant.
func (f *pdfFile) giveSlanted() {
	fonts, known := map[any]*pdfFont{}, map[*pdfStream]bool{}
	partly := f.partly
	defer func() { f.partly = partly }() // pdftotext may know what a form holds that is not decoded here
	for i, page := range f.pages() {
		if f.r.over(f.p.place) {
			return
		}
		if f.hasSlant(page, known) {
			f.r.prose(f.page(i), f.walkPage(i, page, fonts, true))
		}
	}
}

// hasSlant reports whether a page may have text at a slant: it, a form or an
// annotation on it turns what it shows. known are the forms that were looked
// into before.
func (f *pdfFile) hasSlant(page pdfDict, known map[*pdfStream]bool) bool {
	resources := f.inherited(page, "Resources")
	if turns(f.contents(page["Contents"])) || f.formsTurn(resources, known, 0) {
		return true
	}
	list, _ := f.get(page["Annots"]).(pdfArray)
	for _, v := range list {
		look := f.get(f.dict(f.dict(v)["AP"])["N"])
		if s, ok := look.(*pdfStream); ok && f.formTurns(s, known, 0) {
			return true
		}
	}
	return false
}

func (f *pdfFile) formsTurn(resources any, known map[*pdfStream]bool, depth int) bool {
	turned := false
	for _, v := range f.dict(f.dict(resources)["XObject"]) {
		if s, ok := f.get(v).(*pdfStream); ok && s.dict["Subtype"] == pdfName("Form") {
			turned = f.formTurns(s, known, depth) || turned
		}
	}
	return turned
}

func (f *pdfFile) formTurns(s *pdfStream, known map[*pdfStream]bool, depth int) bool {
	turned, told := known[s]
	if told || depth > 12 || f.r.ended() {
		return turned
	}
	known[s] = false // forms may name each other
	m, _ := f.matrix(s.dict["Matrix"])
	turned = isSlanted(m[0], m[1]) || turns(f.contents(s)) || f.formsTurn(s.dict["Resources"], known, depth+1)
	known[s] = turned
	return turned
}

// turns reports whether a content stream sets a matrix that turns what it shows.
func turns(content []byte) bool {
	for at := 0; ; at++ {
		i := bytes.IndexByte(content[at:], 'm')
		if i < 0 {
			return false
		}
		at += i
		if at == 0 || content[at-1] != 'T' && content[at-1] != 'c' {
			continue
		}
		if x, y := firstTwoOfSix(content[:at-1]); isSlanted(x, y) {
			return true
		}
	}
}

// firstTwoOfSix returns the first two of the six numbers at the end of a
// content stream; 0 and 0 where they are none.
func firstTwoOfSix(content []byte) (x, y float64) {
	var first, second []byte
	for range 6 {
		content = bytes.TrimRight(content, " \t\r\n\f\x00[]")
		start := len(content)
		for start > 0 && (content[start-1] >= '0' && content[start-1] <= '9' || bytes.IndexByte([]byte("+-."), content[start-1]) >= 0) {
			start--
		}
		first, second = content[start:], first
		if len(first) == 0 || len(first) > 40 {
			return 0, 0
		}
		content = content[:start]
	}
	x, _ = strconv.ParseFloat(string(first), 64)
	y, _ = strconv.ParseFloat(string(second), 64)
	return x, y
}
