package extract

import (
	"archive/zip"
	"path"
	"strconv"
	"strings"

	"postvern.example/policy/detect"
)

// workbook is what the sheets of an Excel file have in common.
type workbook struct {
	shared  []string       // the shared strings
	formats []string       // the number format of each cell style
	sheets  map[string]int // part name, in lower case -> number
	names   []string       // of the sheets, by number
	date04  bool           // days are counted from 1904
	binary  bool           // its parts are records, not XML
}

// openWorkbook reads what the sheets refer to.
func (r *reading) openWorkbook(z *zipPack) *workbook {
	b := &workbook{sheets: map[string]int{}}
	ids := b.readBook(r, z)
	rels := z.find("xl/_rels/workbook.xml.rels")
	if z.has("xl/workbook.bin") {
		b.binary = true
		ids, rels = b.openBinary(r, z), z.find("xl/_rels/workbook.bin.rels")
	}
	if f := rels; f != nil {
		s := scanXML(z.read(f, z.p.place))
		for s.next() {
			if s.kind == xmlOpen && s.name == "Relationship" {
				if n, ok := ids[s.attr("Id")]; ok {
					target := strings.ToLower(strings.TrimPrefix(s.attr("Target"), "/"))
					if !strings.HasPrefix(target, "xl/") {
						target = path.Join("xl", target)
					}
					b.sheets[target] = n
				}
			}
		}
	}
	if f := z.find("xl/sharedStrings.xml"); f != nil {
		b.readStrings(r, z.p.place, z.read(f, z.p.place))
	}
	if f := z.find("xl/styles.xml"); f != nil {
		b.readStyles(z.read(f, z.p.place))
	}
	return b
}

// readBook reads the list of sheets, defined names and links.
func (b *workbook) readBook(r *reading, z *zipPack) map[string]int {
	ids := map[string]int{}
	f := z.find("xl/workbook.xml")
	if f == nil {
		return ids
	}
	data := z.read(f, z.p.place)
	r.stamps(z.p.place, data)
	s := scanXML(data)
	var text strings.Builder
	for s.next() {
		switch {
		case s.kind == xmlOpen && s.name == "sheet":
			b.names = append(b.names, s.attr("name"))
			ids[s.attr("id")] = len(b.names)
			r.label(b.place(z.p.place, len(b.names)).In(detect.Step{Kind: detect.InName}), s.attr("name"))
		case s.kind == xmlOpen && s.name == "definedName":
			text.WriteString(s.attr("name") + " " + s.attr("comment") + " ")
		case s.kind == xmlOpen && s.name == "absPath": // the folder that it was saved in
			text.WriteString(s.attr("url") + "\n")
		case s.kind == xmlOpen && s.name == "workbookPr":
			date := s.attr("date1904")
			b.date04 = date == "1" || date == "true"
		case s.kind == xmlText:
			text.WriteString(s.content + "\n")
		}
	}
	r.prose(z.p.place.In(detect.Step{Kind: detect.InProperties}), squeezeLines(text.String()))
	return ids
}

func (b *workbook) place(document detect.Place, number int) detect.Place {
	name := ""
	if number > 0 && number <= len(b.names) {
		name = b.names[number-1]
	}
	return document.In(detect.Step{Kind: detect.InSheet, Number: number, Name: name})
}

// readStrings reads the table of shared strings; what is written above a word
// to say how it sounds is no part of it.
func (b *workbook) readStrings(r *reading, place detect.Place, data []byte) {
	s := scanXML(data)
	var text strings.Builder
	inText, phonetic := false, 0
	for n := 0; s.next(); n++ {
		if n%4096 == 0 && r.over(place) {
			return
		}
		switch s.kind {
		case xmlOpen:
			switch s.name {
			case "si":
				text.Reset()
				if s.empty {
					b.shared = append(b.shared, "")
				}
			case "t":
				inText = !s.empty
			case "rPh":
				phonetic++
			}
		case xmlClose:
			switch s.name {
			case "si":
				b.shared = append(b.shared, text.String())
			case "t":
				inText = false
			case "rPh":
				phonetic--
			}
		case xmlText:
			if inText && phonetic == 0 {
				text.WriteString(s.content)
			} else if inText {
				r.label(place, s.content)
			}
		case xmlEnd, xmlAside:
		}
	}
}

// readStyles reads which number format each cell style has.
func (b *workbook) readStyles(data []byte) {
	s := scanXML(data)
	codes := map[int]string{}
	inCells := false
	for s.next() {
		switch {
		case s.kind == xmlOpen && s.name == "numFmt":
			id, _ := strconv.Atoi(s.attr("numFmtId"))
			codes[id] = s.attr("formatCode")
		case s.name == "cellXfs":
			inCells = s.kind == xmlOpen && !s.empty
		case s.kind == xmlOpen && s.name == "xf" && inCells:
			id, _ := strconv.Atoi(s.attr("numFmtId"))
			code, ok := codes[id]
			if !ok {
				code = builtInFormat(id)
			}
			b.formats = append(b.formats, code)
		}
	}
}

// part reads a part of an Excel file and reports whether it knew it.
func (b *workbook) part(r *reading, z *zipPack, f *zip.File, dir, base string) bool {
	place := z.p.place
	switch {
	case b.binary && b.binaryPart(r, z, f, dir, base):
	case base == "workbook.xml", base == "sharedstrings.xml":
		return true
	case dir == "xl/worksheets/" || dir == "xl/macrosheets/" || dir == "xl/dialogsheets/" || dir == "xl/chartsheets/":
		if !strings.HasSuffix(base, ".xml") {
			return false
		}
		number, known := b.sheets[strings.ToLower(f.Name)]
		if !known {
			number = len(b.names) + partNumber(f.Name) // one that the book does not list
		}
		b.sheet(r, z.read(f, place), b.place(place, number))
	case strings.HasPrefix(dir, "xl/pivotcache/") && strings.HasSuffix(base, ".xml"),
		strings.HasPrefix(dir, "xl/tables/"), strings.HasPrefix(dir, "xl/querytables/"), base == "connections.xml",
		strings.HasPrefix(dir, "xl/externallinks/") && strings.HasSuffix(base, ".xml"), strings.HasPrefix(dir, "xl/persons/"),
		strings.HasPrefix(dir, "xl/slicer"), strings.HasPrefix(dir, "xl/revisions/"):
		r.everything(z.read(f, place), place.In(detect.Step{Kind: detect.InProperties}))
	default:
		return false
	}
	return true
}

// everything reads text and all attributes of XML: a pivot table's memory
// holds the rows that it was made from as attributes.
func (r *reading) everything(data []byte, place detect.Place) {
	r.stamps(place, data)
	s := scanXML(data)
	seen := map[string]bool{}
	var b strings.Builder
	take := func(_, value string) bool {
		if len(value) > 2 && !seen[value] {
			seen[value] = true
			b.WriteString(value + "\n")
		}
		return true
	}
	for n := 0; s.next(); n++ {
		if n%4096 == 0 && r.over(place) {
			break
		}
		switch s.kind {
		case xmlOpen:
			s.eachAttr(take)
		case xmlText:
			take("", strings.TrimSpace(s.content))
		case xmlClose, xmlEnd, xmlAside:
		}
	}
	r.prose(place, b.String())
}
