package extract

import (
	"bytes"
	"slices"
	"strings"
)

func (f *pdfFile) inherited(page pdfDict, key pdfName) any {
	for range 32 {
		if v, ok := page[key]; ok {
			return v
		}
		if page = f.dict(page["Parent"]); page == nil {
			break
		}
	}
	return nil
}

// pages returns the pages in their order.
func (f *pdfFile) pages() []pdfDict {
	if f.leaves == nil {
		f.leaves = f.findPages()
	}
	return f.leaves
}

func (f *pdfFile) findPages() []pdfDict {
	var pages []pdfDict
	seen := map[pdfRef]bool{}
	var walk func(v any, depth int)
	walk = func(v any, depth int) {
		if ref, ok := v.(pdfRef); ok {
			if seen[ref] {
				return
			}
			seen[ref] = true
		}
		node := f.dict(v)
		f.partly = f.partly || node == nil || f.lacks(node["Contents"])
		if node == nil || depth > 64 || len(pages) > 50_000 {
			return
		}
		kids, _ := f.get(node["Kids"]).(pdfArray)
		if node["Type"] == pdfName("Page") || kids == nil {
			pages = append(pages, node)
			return
		}
		for _, kid := range kids {
			walk(kid, depth+1)
		}
	}
	if root := f.dict(f.trailer["Root"]); root["Pages"] != nil {
		walk(root["Pages"], 0)
	}
	f.inTree = seen
	if len(pages) > 0 {
		return pages
	}
	f.partly = f.partly || len(f.order) > 0
	for _, ref := range f.order {
		if d, ok := f.at(ref).(pdfDict); ok && d["Type"] == pdfName("Page") {
			seen[ref] = true
			pages = append(pages, d)
		}
	}
	return pages
}

// lacks reports whether what a page draws is not in the file.
func (f *pdfFile) lacks(contents any) bool {
	if parts, ok := f.get(contents).(pdfArray); ok {
		return slices.ContainsFunc(parts, func(part any) bool { return f.get(part) == nil })
	}
	return contents != nil && f.get(contents) == nil
}

// pdfPageText is what a page says. What pdftotext did not give of it stands
// apart: it belongs to nothing beside it.
type pdfPageText struct {
	text, more string
	tables     []string // rows of what it sets in columns, which text may have torn apart
	lost       bool     // shapes of it that are letters have no meaning that is known
}

// What a table on a page is taken for.
const (
	columnWidth  = 48  // bytes of a cell at most: longer ones are prose set beside prose
	tablesOnPage = 100 // at most
)

// tablesIn returns the tables among the rows of a page: two or more rows in a row
// with short cells.
func tablesIn(rows string) (tables []string) {
	var table []string
	give := func() {
		if len(table) > 1 && len(tables) < tablesOnPage {
			tables = append(tables, strings.Join(table, "\n"))
		}
		table = table[:0]
	}
	for row := range strings.Lines(rows) {
		row = strings.Trim(row, "\r\n ")
		switch {
		case row == "":
		case strings.IndexByte(row, wideGap) > 0 && !slices.ContainsFunc(strings.Split(row, string(wideGap)), func(cell string) bool { return len(cell) > columnWidth }):
			table = append(table, row)
		default:
			give()
		}
	}
	give()
	return tables
}

// pageTexts reads the pages without another program.
func (f *pdfFile) pageTexts() []pdfPageText {
	pages := f.pages()
	texts := make([]pdfPageText, 0, len(pages))
	taken := 0
	for _, page := range pages {
		if taken > f.r.texts { // what is too long is said where it is taken
			break
		}
		w := f.walkPage(page)
		text := w.plain()
		texts = append(texts, pdfPageText{text: text, more: w.saidBeside(text), tables: tablesIn(w.text.String()), lost: w.meaningless >= fewestLost || w.unknown*5 > w.shown})
		taken += len(text)
		if f.r.over(f.p.place) {
			break
		}
	}
	return texts
}

func (f *pdfFile) walkPage(page pdfDict) *pdfPage {
	w := f.newPage()
	resources := f.inherited(page, "Resources")
	f.noteResources(page["Contents"], resources)
	w.run(f.contents(page["Contents"]), f.dict(resources), 0)
	w.annotations(page, f.dict(resources))
	return w
}

// noteResources notes with which resources content streams are read, for those
// that an edit has replaced under the same number.
func (f *pdfFile) noteResources(contents, resources any) {
	switch v := contents.(type) {
	case pdfRef:
		f.readWith[v.num] = resources
		if parts, ok := f.get(v).(pdfArray); ok {
			f.noteResources(parts, resources)
		}
	case pdfArray:
		for _, part := range v {
			if ref, ok := part.(pdfRef); ok {
				f.readWith[ref.num] = resources
			}
		}
	}
}

// maxContents bounds the content of one page: streams may be named often.
const maxContents = 16 << 20

// contents returns the content streams of a page as one.
func (f *pdfFile) contents(v any) []byte {
	switch v := f.get(v).(type) {
	case *pdfStream:
		f.ran[v] = true
		data, why := f.decoded(v)
		if why != "" {
			f.partly = true
		}
		return data
	case pdfArray:
		var all bytes.Buffer
		for _, item := range v {
			if s, ok := f.get(item).(*pdfStream); ok {
				all.Write(f.contents(s))
				all.WriteByte('\n')
			}
			if all.Len() > maxContents {
				f.partly = true
				break
			}
		}
		return all.Bytes()
	}
	return nil
}
