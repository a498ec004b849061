package extract

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"postvern.example/policy/detect"
)

// Pdftotext puts in order what a page shows. It leaves out without a word what
// stands outside the page, on layers that are off, in hidden annotations and in
// patterns, gives an ActualText in the place of the letters that are seen,
// and tears what stands at a slant into single letters. So each page is read
// here too, and what pdftotext did not give is added, in whole rows.

// fewestLost is how many shapes without a meaning, four or more of which follow
// each other, may be a number: fewer are bullets and ligatures.
const fewestLost = 8

// complete adds to the pages that pdftotext gave what it left out, and the
// pages that it did not find: programs give up on different things in a file.
func (f *pdfFile) complete(texts []string) []pdfPageText {
	pages := f.pages()
	out := make([]pdfPageText, max(len(texts), len(pages)))
	for i, text := range texts {
		out[i].text = text
	}
	for i, page := range pages {
		if f.r.over(f.p.place) {
			break
		}
		w, shown := f.walkPage(page), newShown(out[i].text)
		out[i].tables = tablesIn(w.text.String())
		switch {
		case len(texts) < len(pages) || letters(out[i].text) == 0:
			out[i].text += w.plain()
			out[i].lost = w.unknown*5 > w.shown
		default:
			out[i].more = shown.leftOut(w.text.String())
			out[i].lost = w.meaningless >= fewestLost && shown.letters < w.shown-w.blank-w.meaningless/2
		}
		out[i].more += w.saidBeside(out[i].text, out[i].more)
	}
	return out
}

// saidBeside returns what the page says of what it shows, as far as no text
// says it too.
func (w *pdfPage) saidBeside(texts ...string) string {
	if w.said.Len() == 0 {
		return ""
	}
	return newShown(texts...).leftOut(w.said.String())
}

// shownText tells what was given of a text.
type shownText struct {
	closed  string // up: letters and digits alone
	next    int    // where the last row ended: rows mostly follow each other
	budget  int    // octets that may still be searched
	letters int    // that mean something
}

// maxSearch bounds the octets that are searched for the rows of a page.
const maxSearch = 64 << 20

func newShown(texts ...string) *shownText {
	s, b := shownText{budget: maxSearch}, strings.Builder{}
	for _, text := range texts {
		all, odd := meaning(text)
		s.letters += all - odd
		b.WriteString(closeUp(clean(text)))
	}
	s.closed = b.String()
	return &s
}

// closeUp takes out all but letters and digits, and what stands over letters:
// programs differ in the rest.
func closeUp(text string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsLetter(c) || unicode.IsNumber(c) {
			return c
		}
		return -1
	}, norm.NFD.String(text))
}

// leftOut returns the rows of a text that hold something which is not shown.
func (s *shownText) leftOut(text string) string {
	var b strings.Builder
	for row := range strings.Lines(clean(text)) {
		if !s.holdsRow(row) {
			b.WriteString(spelled(row))
		}
	}
	return b.String()
}

// holdsRow reports whether a row was given whole, or column by column. Columns
// of one letter or digit are found anywhere; so those that follow each other
// are looked for as one.
func (s *shownText) holdsRow(row string) bool {
	const fewest = 9 // the shortest number that is looked for digit by digit
	if s.holds(row) {
		return true
	}
	together := ""
	for column := range strings.SplitSeq(strings.ReplaceAll(row, "  ", string(wideGap)), string(wideGap)) {
		if one := closeUp(column); utf8.RuneCountInString(one) < 2 {
			together += one
			continue
		}
		if len(together) >= fewest && !s.holds(together) || !s.holds(column) {
			return false
		}
		together = ""
	}
	return len(together) < fewest || s.holds(together)
}

// spelled returns a row with blanks in the place of the gaps between single
// letters or digits, as in a form that has a box for each.
func spelled(row string) string {
	columns := strings.Split(row, string(wideGap))
	var b strings.Builder
	for i, column := range columns {
		switch one := utf8.RuneCountInString(strings.TrimSpace(column)) == 1; {
		case i == 0:
		case one && utf8.RuneCountInString(strings.TrimSpace(columns[i-1])) == 1:
			b.WriteByte(' ')
		default:
			b.WriteRune(wideGap)
		}
		b.WriteString(column)
	}
	return b.String()
}

// holds reports whether a text was given. A shape whose meaning is not known
// stands for any.
func (s *shownText) holds(text string) bool {
	for part := range strings.SplitSeq(text, "?") {
		if part = closeUp(part); part != "" && !s.find(part) {
			return false
		}
	}
	return true
}

func (s *shownText) find(part string) bool {
	if s.budget <= 0 {
		return false
	}
	if strings.HasPrefix(s.closed[s.next:], part) {
		s.next += len(part)
		return true
	}
	s.budget -= len(s.closed)
	i := strings.Index(s.closed, part)
	if i >= 0 {
		s.next = i + len(part)
	}
	return i >= 0
}

// strayPage reads a page that the file holds and does not show: an edit has
// replaced it, or taken it out.
func (g *pdfStrings) strayPage(page any) {
	if g.f.r.over(g.f.p.place) {
		return
	}
	if ref, ok := page.(pdfRef); ok {
		page = g.f.at(ref)
	}
	v, _ := g.f.value(page)
	if dict, ok := v.(pdfDict); ok {
		g.stray(g.f.walkPage(dict))
	}
}

// strayContent reads a content stream that no page ran.
func (g *pdfStrings) strayContent(s *pdfStream) {
	w := g.f.newPage()
	resources := s.dict["Resources"]
	if resources == nil {
		resources = g.f.readWith[s.owner.num]
	}
	w.formStream(s, g.f.dict(resources), 0)
	g.stray(w)
}

// stray gives what content says that no page shows, where no page says it too.
func (g *pdfStrings) stray(w *pdfPage) {
	if g.shown == nil {
		var all []string
		for _, page := range g.pages {
			all = append(all, page.text, page.more)
		}
		g.shown = newShown(all...)
	}
	place := g.f.p.place.In(detect.Step{Kind: detect.InHidden})
	g.f.r.prose(place, g.shown.leftOut(w.text.String()+"\n"+w.said.String()))
	if w.meaningless >= fewestLost {
		g.f.partly = true
	}
}

// drawsText reports whether a stream may be content that shows text (§9.4.3).
func drawsText(data []byte) bool {
	return bytes.Contains(data, []byte("BT")) && (bytes.Contains(data, []byte("Tj")) || bytes.Contains(data, []byte("TJ")) || bytes.ContainsAny(data, `'"`))
}
