package extract

import (
	"archive/zip"
	"path"
	"sort"
	"strconv"
	"strings"

	"postvern.example/policy/detect"
)

// ooxml reads an Office Open XML document (ECMA-376) of any kind, with or
// without macros. Every part is read: text may hide in each.
func (r *reading) ooxml(z *zipPack) {
	label := "document"
	switch {
	case z.hasUnder("word/"):
		label = "Word"
	case z.hasUnder("xl/"):
		label = "Excel"
	case z.hasUnder("ppt/"):
		label = "PowerPoint"
	case z.hasUnder("visio/"):
		label = "Visio"
	}
	z.p.place = labelled(z.p.place, label)
	if label == "document" || label == "Visio" {
		r.otherPackage(z)
		return
	}
	if z.has("EncryptedPackage") {
		r.protected(z.p.place, strengthStrong)
	}
	var book *workbook
	var lists *numbering
	switch label {
	case "Excel":
		book = r.openWorkbook(z)
	case "Word":
		lists = r.openNumbering(z)
	}
	files := append([]*zip.File(nil), z.files...)
	sort.SliceStable(files, func(i, j int) bool { return partOrder(files[i].Name) < partOrder(files[j].Name) })
	for _, f := range files {
		if r.late || r.left.Entries < 0 {
			return
		}
		if !strings.HasSuffix(f.Name, "/") || f.UncompressedSize64 > 0 {
			r.ooxmlPart(z, f, book, lists)
		}
	}
}

func (z *zipPack) hasUnder(folder string) bool {
	for _, f := range z.files {
		if strings.HasPrefix(f.Name, folder) {
			return true
		}
	}
	return false
}

// partOrder puts slides and sheets in the order of their numbers.
func partOrder(name string) string {
	dir, base := path.Split(name)
	return dir + strings.TrimRight(strings.TrimSuffix(base, path.Ext(base)), "0123456789") + leftPad(partNumber(name))
}

func leftPad(n int) string {
	s := strconv.Itoa(n)
	return strings.Repeat("0", max(0, 8-len(s))) + s
}

// partNumber returns the number at the end of a part's name: 12 of
// "ppt/slides/slide12.xml".
func partNumber(name string) int {
	base := path.Base(name)
	base = strings.TrimSuffix(base, path.Ext(base))
	n, _ := strconv.Atoi(base[len(strings.TrimRight(base, "0123456789")):])
	return n
}

// ooxmlPart reads one part by its place in the package.
func (r *reading) ooxmlPart(z *zipPack, f *zip.File, book *workbook, lists *numbering) {
	place := z.p.place
	dir, base := path.Split(strings.ToLower(f.Name))
	comment := place.In(detect.Step{Kind: detect.InComment})
	properties := place.In(detect.Step{Kind: detect.InProperties})
	switch {
	case strings.HasPrefix(dir, "docprops/"):
		r.documentProperties(z, f, properties)
	case isLayoutPart(dir, base):
		r.looseText(z.read(f, place), place)
	case strings.HasSuffix(base, ".rels"):
		r.relations(z.read(f, place), place)
	case book != nil && strings.HasPrefix(dir, "xl/") && book.part(r, z, f, dir, base):
	case dir == "ppt/slides/":
		r.officeText(z.read(f, place), place.In(detect.Step{Kind: detect.InSlide, Number: partNumber(f.Name)}), lists)
	case dir == "ppt/notesslides/":
		r.officeText(z.read(f, place), place.In(detect.Step{Kind: detect.InSlide, Number: partNumber(f.Name)}).In(detect.Step{Kind: detect.InComment}), lists)
	case strings.Contains(base, "comments") || strings.Contains(dir, "comments/") || base == "footnotes.xml" || base == "endnotes.xml" || base == "people.xml" || strings.Contains(base, "commentauthors"):
		r.officeText(z.read(f, place), comment, lists)
	case strings.HasPrefix(dir, "customxml/"):
		r.ownXML(z.read(f, properties), properties)
	case strings.HasSuffix(base, ".xml"):
		r.officeText(z.read(f, place), place, lists)
	case strings.HasSuffix(base, ".vml"):
		r.officeText(z.read(f, place), place, lists)
	default:
		r.embedded(z, f, dir, base)
	}
}

// embedded reads what is no XML: pictures, documents in the document, macros.
func (r *reading) embedded(z *zipPack, f *zip.File, dir, base string) {
	place := z.p.place
	switch {
	case strings.HasPrefix(dir, "docprops/"), strings.HasPrefix(base, "thumbnail."):
		return // a small picture of what is read itself
	case strings.Contains(dir, "/fonts/") && (strings.HasSuffix(base, ".odttf") || strings.HasSuffix(base, ".fntdata")):
		return // a font, made unreadable on purpose (ECMA-376 part 4 §17.8.1)
	case strings.Contains(dir, "printersettings"), strings.Contains(dir, "activex"), strings.HasPrefix(dir, "[trash]"),
		strings.HasPrefix(base, "customproperty"), strings.HasPrefix(base, "legacydiagramtext"), strings.HasPrefix(base, "legacydoctextinfo"):
		data := z.read(f, place)
		r.prose(place.In(detect.Step{Kind: detect.InProperties}), printable(data)+wideText(data))
		return
	}
	data := z.read(f, place)
	if strings.Contains(dir, "/fonts/") && sniff(data) == isFont {
		return // as other programs than Office embed them
	}
	entry := detect.Step{Kind: detect.InEntry, Number: z.number(f), Name: mixed([]byte(f.Name))}
	r.piece(piece{data: data, place: place.In(entry), name: f.Name, depth: z.p.depth + 1, inline: true})
}

func (z *zipPack) number(f *zip.File) int {
	for i, g := range z.files {
		if f == g {
			return i + 1
		}
	}
	return 0
}

// isLayoutPart reports whether a part says how the document looks: of these
// only text and what people name is read, not every attribute.
func isLayoutPart(dir, base string) bool {
	switch base {
	case "styles.xml", "fonttable.xml", "websettings.xml", "numbering.xml", "tablestyles.xml", "presprops.xml",
		"viewprops.xml", "calcchain.xml", "[content_types].xml", "styleswitheffects.xml", "settings.xml":
		return true
	}
	return strings.Contains(dir, "/theme/") || strings.Contains(dir, "xl/metadata")
}

// documentProperties reads title, author, keywords and what else a document
// says about itself.
func (r *reading) documentProperties(z *zipPack, f *zip.File, place detect.Place) {
	if !strings.HasSuffix(strings.ToLower(f.Name), ".xml") {
		if strings.Contains(strings.ToLower(f.Name), "thumbnail") {
			return
		}
		r.piece(piece{data: z.read(f, place), place: place, depth: z.p.depth + 1, inline: true})
		return
	}
	data := z.read(f, place)
	r.stamps(place, data)
	s := scanXML(data)
	var b strings.Builder
	for s.next() {
		switch s.kind {
		case xmlOpen:
			if name := s.attr("name"); name != "" {
				b.WriteString(name + ": ")
			}
		case xmlText:
			b.WriteString(s.content)
		case xmlClose:
			b.WriteByte('\n')
		case xmlEnd, xmlAside:
		}
	}
	r.prose(place, b.String())
}

// relations reads what a part points to outside the document: mail addresses,
// names of files.
func (r *reading) relations(data []byte, place detect.Place) {
	s := scanXML(data)
	var targets []string
	for s.next() {
		if s.kind == xmlOpen && strings.EqualFold(s.attr("TargetMode"), "External") {
			targets = append(targets, unpercent(s.attr("Target")))
		}
	}
	r.prose(place, strings.Join(targets, "\n"))
}

// looseText reads XML whose attributes are not text: character data, and the
// values of variables and data bindings.
func (r *reading) looseText(data []byte, place detect.Place) {
	s := scanXML(data)
	var b strings.Builder
	for n := 0; s.next(); n++ {
		if n%4096 == 0 && r.over(place) {
			return
		}
		switch s.kind {
		case xmlText:
			b.WriteString(s.content)
		case xmlClose:
			b.WriteByte('\n')
		case xmlOpen:
			switch s.name {
			case "docVar", "query", "connectString", "mailSubject", "addressFieldName", "table", "udl", "destination":
				b.WriteString(s.attr("name") + " " + s.attr("val") + "\n")
			case "aliases", "lvlText": // what people call a style, and write around a number
				if val := s.attr("val"); len(val) > 3*strings.Count(val, "%")+1 { // more than %1.%2
					b.WriteString(val + "\n")
				}
			}
		case xmlAside:
			if strings.HasPrefix(s.content, "xml ") {
				continue
			}
			b.WriteString(s.content + "\n")
		case xmlEnd:
		}
	}
	r.prose(place, squeezeLines(b.String()))
}

// squeezeLines drops empty lines.
func squeezeLines(text string) string {
	var b strings.Builder
	for line := range strings.SplitSeq(text, "\n") {
		if !blank(line) {
			b.WriteString(line + "\n")
		}
	}
	return b.String()
}
