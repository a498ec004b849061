package extract

import (
	"bytes"
	"path"
	"strings"

	"postvern.example/policy/detect"
)

// openDocument reads a document of OpenDocument (ISO/IEC 26300): text, sheets,
// slides, and the objects inside it.
func (r *reading) openDocument(z *zipPack) {
	z.p.place = labelled(z.p.place, "OpenDocument")
	place := z.p.place
	if f := z.find("META-INF/manifest.xml"); f != nil {
		manifest := z.read(f, place)
		if bytes.Contains(manifest, []byte("encryption-data")) || bytes.Contains(manifest, []byte("encrypted-key")) {
			r.protected(place, strengthStrong)
			inside, ok := z.unseal(manifest)
			if inside != nil {
				r.piece(piece{data: inside, place: place, name: z.p.name, depth: z.p.depth + 1})
			}
			if inside != nil || !ok {
				return
			}
		}
	}
	for i, f := range z.files {
		if r.late || r.left.Entries < 0 {
			return
		}
		dir, base := path.Split(strings.ToLower(f.Name))
		switch {
		case strings.HasSuffix(f.Name, "/") && f.UncompressedSize64 == 0, base == "mimetype", base == "layout-cache", base == "manifest.rdf":
		case dir == "thumbnails/", strings.HasPrefix(dir, "objectreplacements/"):
			// pictures of what is read itself
		case base == "meta.xml":
			r.looseOpenDocument(z.read(f, place), place.In(detect.Step{Kind: detect.InProperties}))
		case base == "content.xml" || base == "styles.xml":
			r.odfText(z.read(f, place), place, z.p.depth)
		case strings.HasPrefix(dir, "meta-inf/"), strings.HasPrefix(dir, "configurations2/"), base == "settings.xml":
			r.looseText(z.read(f, place), place.In(detect.Step{Kind: detect.InProperties}))
		default:
			entry := detect.Step{Kind: detect.InEntry, Number: i + 1, Name: mixed([]byte(f.Name))}
			r.piece(piece{data: z.read(f, place), place: place.In(entry), name: f.Name, depth: z.p.depth + 1, inline: true})
		}
	}
}

// looseOpenDocument reads a document's properties.
func (r *reading) looseOpenDocument(data []byte, place detect.Place) {
	r.stamps(place, data)
	s := scanXML(data)
	var b strings.Builder
	for s.next() {
		switch s.kind {
		case xmlOpen:
			if s.name == "user-defined" {
				b.WriteString(s.attr("name") + ": ")
			}
			if s.name == "template" {
				b.WriteString(s.attr("title") + " " + unpercent(s.attr("href")) + "\n")
			}
		case xmlText:
			b.WriteString(s.content)
		case xmlClose:
			b.WriteByte('\n')
		case xmlEnd, xmlAside:
		}
	}
	r.prose(place, squeezeLines(b.String()))
}

// odfText reads content.xml or styles.xml, where headers and footers stand.
func (r *reading) odfText(data []byte, place detect.Place, depth int) {
	r.stamps(place, data)
	w := odfWalk{r: r, place: place, depth: depth, s: scanXML(data), seen: map[string]bool{}}
	w.into = []*strings.Builder{{}}
	for n := 0; w.s.next(); n++ {
		if n%4096 == 0 && r.over(place) {
			break
		}
		switch w.s.kind {
		case xmlOpen:
			w.part()
			w.open()
		case xmlClose:
			w.part()
			w.close(w.s.name)
		case xmlText:
			if w.text > 0 {
				w.write(w.s.content)
			} else if !blank(w.s.content) {
				w.loose.WriteString(w.s.content)
			}
		case xmlEnd, xmlAside:
		}
	}
	if w.s.broken {
		r.unscannable(place, whyMalformed)
	}
	for len(w.tables) > 0 {
		w.closeTable()
	}
	w.flush()
	r.prose(place, w.aside.String())
	r.prose(place.In(detect.Step{Kind: detect.InComment}), w.comments.String())
}

// odfWalk goes once through a part.
type odfWalk struct {
	r        *reading
	place    detect.Place
	depth    int
	s        *xmlScanner
	into     []*strings.Builder // where text goes: the body, then open notes and comments
	aside    strings.Builder
	loose    strings.Builder // text outside paragraphs: formulas, headers and footers of slides, pictures in base64
	comments strings.Builder
	tables   []*odfTable
	text     int // depth of open elements that hold text
	sheets   int
	spread   bool // this is a spreadsheet
	slides   int
	slide    detect.Place // of the open slide, nil outside
	seen     map[string]bool
}

func (w *odfWalk) at() detect.Place {
	if w.slide != nil {
		return w.slide
	}
	return w.place
}

func (w *odfWalk) write(text string) {
	if len(w.into) == 1 && len(w.tables) > 0 && w.tables[len(w.tables)-1].open {
		w.tables[len(w.tables)-1].cell.WriteString(text)
		return
	}
	w.into[len(w.into)-1].WriteString(text)
}

func (w *odfWalk) note(text string) {
	if len(text) > 2 && !w.seen[text] {
		w.seen[text] = true
		w.aside.WriteString(text + "\n")
	}
}

// part takes in the text that stood outside paragraphs until this tag, and the
// files in it. The signs of a formula, whose tags have no prefix, are one text.
func (w *odfWalk) part() {
	if w.loose.Len() == 0 || (w.s.prefix == "" || w.s.prefix == "math") && w.s.name != "math" && w.s.name != "annotation" {
		return
	}
	text := w.loose.String()
	w.loose.Reset()
	w.note(strings.TrimSpace(text))
	w.r.coded(piece{place: w.place, depth: w.depth}, text)
}

// flush gives the text of the body, or of a slide, as a segment.
func (w *odfWalk) flush() {
	w.r.prose(w.at(), w.into[0].String())
	w.into[0].Reset()
}

func (w *odfWalk) open() {
	s := w.s
	switch s.name {
	case "p", "h", "title", "desc", "creator", "formula", "annotation-text":
		if !s.empty {
			w.text++
		} else {
			w.write("\n")
		}
	case "s":
		w.write(strings.Repeat(" ", min(max(atoi(s.attr("c")), 1), 100)))
	case "tab":
		w.write("\t")
	case "line-break":
		w.write("\n")
	case "ruby-base", "ruby-text": // a word, and how it is read
		w.write(" ")
	case "annotation", "note", "deletion", "notes":
		if !s.empty {
			w.into = append(w.into, &strings.Builder{})
		}
	case "page":
		if s.prefix == "draw" {
			w.flush()
			w.slides++
			w.slide = w.place.In(detect.Step{Kind: detect.InSlide, Number: w.slides})
			w.note(s.attr("name"))
		}
	case "spreadsheet":
		w.spread = true
	case "table":
		if s.prefix == "table" && !s.empty {
			w.openTable()
		}
	case "table-row", "table-cell", "covered-table-cell":
		w.openCell()
	default:
		w.attributes()
	}
}

// attributes takes the attributes that hold what people write.
func (w *odfWalk) attributes() {
	w.s.eachAttr(func(key, value string) bool {
		switch key {
		case "string-value", "value", "label", "help-message-title", "current-value", "description", "title", "author", "initials",
			"string-value-if-true", "string-value-if-false", "condition", "expression", "comment", "command", "alias", "tag", "display-text", "key1", "key2", "main-entry":
			w.note(value)
		case "href":
			w.note(unpercent(value))
		case "name", "formula":
			if w.s.prefix != "style" && w.s.prefix != "number" {
				w.note(value)
			}
		default:
			if w.s.name == "bibliography-mark" {
				w.note(value)
			}
		}
		return true
	})
}

func atoi(text string) int {
	n := 0
	for i := 0; i < len(text) && i < 7; i++ {
		if text[i] < '0' || text[i] > '9' {
			return 0
		}
		n = n*10 + int(text[i]-'0')
	}
	return n
}

func (w *odfWalk) close(name string) {
	switch name {
	case "p", "h", "title", "desc", "creator", "formula", "annotation-text":
		if w.text > 0 {
			w.text--
		}
		w.write("\n")
	case "annotation", "note", "deletion", "notes":
		if n := len(w.into); n > 1 {
			w.comments.WriteString(w.into[n-1].String() + "\n")
			w.into = w.into[:n-1]
		}
	case "date":
		if len(w.into) > 1 { // of a comment, in front of its text
			w.write("\n")
		}
	case "page":
		w.flush()
		w.slide = nil
	case "table":
		if len(w.tables) > 0 {
			w.closeTable()
		}
	case "table-cell", "covered-table-cell":
		w.closeCell()
	}
}
