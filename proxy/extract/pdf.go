package extract

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"postvern.example/policy/detect"
)

// pdf reads a PDF: the text of its pages, and what stands in none - form
// fields, comments, bookmarks, properties, scripts, files inside it.
func (r *reading) pdf(p piece) {
	byPoppler, read := r.poppler(p) // while nothing of the file is held here but itself
	f, ok := loadPDF(r, p)
	if !ok {
		r.unscannable(p.place, whyMalformed)
		return
	}
	given := false // a password of the message opens it
	if enc := f.dict(f.trailer["Encrypt"]); enc != nil {
		if f.crypt, ok = f.openCrypt(enc, ""); !ok {
			r.protected(p.place, f.strength(enc))
			given = r.tryPasswords(p.place, func(password string) (opens bool) {
				f.crypt, opens = f.openCrypt(enc, password)
				return opens
			})
			if !given {
				return
			}
		}
	}
	f.unpackObjects()
	var pages []pdfPageText
	if given || !read { // poppler would be told a password where others can read it
		pages = f.pageTexts()
	} else {
		pages = f.complete(byPoppler)
	}
	f.givePages(pages)
	f.beside(pages)
	if f.partly {
		r.unscannable(p.place, whyPartly)
	}
}

// givePages gives the text of each page. A page that shows a picture instead
// of text could not be read.
func (f *pdfFile) givePages(pages []pdfPageText) {
	scanned := f.picturePages(len(pages))
	var beside []int // pages with text and a picture
	for i, page := range pages {
		place, text := f.page(i), page.text
		f.r.prose(place, text)
		f.r.prose(place, page.more)
		for _, rows := range page.tables {
			f.r.prose(place, rows) // at the same place: what stands in the text too counts once
		}
		switch shows := scanned(i); {
		case (page.lost || garbled(text)) && !f.r.recognisePage(place, f.p.data, i+1):
			f.r.unscannable(place, whyPartly)
		case shows && letters(text) < 20 && !f.r.recognisePage(place, f.p.data, i+1):
			f.r.unscannable(place, whyImage)
		case shows && letters(text) >= 20:
			beside = append(beside, i)
		}
	}
	for _, i := range beside {
		f.r.recognisePage(f.page(i), f.p.data, i+1)
	}
	if len(pages) == 0 {
		f.r.unscannable(f.p.place, whyMalformed)
	}
}

// page returns the place of a page, counted from 0.
func (f *pdfFile) page(i int) detect.Place {
	return f.p.place.In(detect.Step{Kind: detect.InPage, Number: i + 1})
}

func letters(text string) int {
	n := 0
	for _, c := range text {
		if c > ' ' {
			n++
		}
	}
	return n
}

// garbled reports whether so much of a page is no text that words may be lost:
// its fonts do not say, or say wrongly, which letters their shapes are.
func garbled(text string) bool {
	const (
		fewest = 40 // some marks of a list stand for nothing on many a page
		share  = 10 // one in
	)
	all, odd := meaning(text)
	return odd >= fewest && odd*share >= all
}

// meaning counts the characters of a text that are no blanks, and those of
// them that stand for nothing.
func meaning(text string) (all, odd int) {
	for _, c := range text {
		switch {
		case c <= ' ' && strings.ContainsRune(" \t\n\r\f", c):
			continue
		case c < ' ', c >= 0x7F && c < 0xA0, c == utf8.RuneError, unicode.Is(unicode.Co, c):
			odd++
		}
		all++
	}
	return all, odd
}

// picturePages tells which pages show a large picture. Where the pages cannot
// be told apart, all do if any picture is large.
func (f *pdfFile) picturePages(count int) func(int) bool {
	pages := f.pages()
	if len(pages) != count {
		large := f.anyLargePicture()
		return func(int) bool { return large }
	}
	known := map[pdfRef]bool{} // pages share resources
	return func(i int) bool {
		resources := f.inherited(pages[i], "Resources")
		ref, shared := resources.(pdfRef)
		shows, told := known[ref]
		if !shared || !told {
			shows = f.showsPicture(resources)
			known[ref] = shows
		}
		return shows || f.isDrawn(pages[i])
	}
}

// isDrawn reports whether a page draws much: letters may be drawn as lines.
func (f *pdfFile) isDrawn(page pdfDict) bool { return len(f.contents(page["Contents"])) > 8<<10 }

func (f *pdfFile) anyLargePicture() bool {
	for _, ref := range f.order {
		if s, ok := f.objects[ref].(*pdfStream); ok && f.isLargePicture(s) {
			return true
		}
	}
	return false
}

func (f *pdfFile) isLargePicture(s *pdfStream) bool {
	return s.dict["Subtype"] == pdfName("Image") && f.pictureArea(s) > maxLogoPixels
}

func (f *pdfFile) pictureArea(s *pdfStream) float64 {
	w, _ := f.number(s.dict["Width"])
	h, _ := f.number(s.dict["Height"])
	return w * h
}

// showsPicture reports whether resources name a large picture, themselves or
// through a form. Forms may name each other, and many the same resources: each
// is looked into once.
func (f *pdfFile) showsPicture(resources any) bool {
	seen := map[any]bool{}
	for todo := []any{resources}; len(todo) > 0; {
		next := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if ref, ok := next.(pdfRef); ok {
			if seen[ref] {
				continue
			}
			seen[ref] = true
		}
		if f.r.ended() {
			return true
		}
		area := 0.0 // of a page that is put together of strips
		for _, v := range f.dict(f.dict(next)["XObject"]) {
			s, ok := f.get(v).(*pdfStream)
			switch {
			case !ok:
			case s.dict["Subtype"] == pdfName("Image"):
				area += f.pictureArea(s)
			case s.dict["Subtype"] == pdfName("Form") && !seen[s]:
				seen[s] = true
				todo = append(todo, s.dict["Resources"])
			}
		}
		if area > maxLogoPixels {
			return true
		}
	}
	return false
}
