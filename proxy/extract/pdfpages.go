package extract

import (
	"bytes"
	"slices"
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
	if len(pages) > 0 {
		return pages
	}
	f.partly = f.partly || len(f.order) > 0
	for _, ref := range f.order {
		if d, ok := f.at(ref).(pdfDict); ok && d["Type"] == pdfName("Page") {
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

// pageTexts reads the pages without another program.
func (f *pdfFile) pageTexts() []string {
	fonts := map[any]*pdfFont{}
	pages := f.pages()
	texts := make([]string, 0, len(pages))
	taken := 0
	for i, page := range pages {
		if taken > f.r.texts { // what is too long is said where it is taken
			break
		}
		text := f.pageText(i, page, fonts)
		texts = append(texts, text)
		taken += len(text)
		if f.r.over(f.p.place) {
			break
		}
	}
	return texts
}

// pageText reads the page of an index, with the fonts that were met before.
func (f *pdfFile) pageText(i int, page pdfDict, fonts map[any]*pdfFont) string {
	return f.walkPage(i, page, fonts, false)
}

func (f *pdfFile) walkPage(i int, page pdfDict, fonts map[any]*pdfFont, slantedOnly bool) string {
	w := pdfPage{f: f, fonts: fonts, ctm: identity, tm: identity, line: identity, scale: 1, slantedOnly: slantedOnly}
	resources := f.dict(f.inherited(page, "Resources"))
	w.run(f.contents(page["Contents"]), resources, 0)
	w.annotations(page, resources)
	if w.unknown*5 > w.shown {
		f.r.unscannable(f.page(i), whyPartly)
	}
	return w.text.String()
}

// fillBlank reads the pages that another program found no text on, and those
// that it did not find: programs give up on different things in a file.
func (f *pdfFile) fillBlank(texts []string) []string {
	pages := f.pages()
	short := len(texts) < len(pages)
	fonts := map[any]*pdfFont{}
	for i, page := range pages {
		switch {
		case f.r.over(f.p.place):
			return texts
		case i >= len(texts):
			texts = append(texts, f.pageText(i, page, fonts))
		case short || letters(texts[i]) == 0:
			texts[i] += f.pageText(i, page, fonts)
		}
	}
	return texts
}

// maxContents bounds the content of one page: streams may be named often.
const maxContents = 16 << 20

// contents returns the content streams of a page as one.
func (f *pdfFile) contents(v any) []byte {
	switch v := f.get(v).(type) {
	case *pdfStream:
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
