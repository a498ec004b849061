package extract

import (
	"archive/zip"
	"encoding/binary"
	"math"
	"strings"

	"postvern.example/policy/detect"
)

// The records of binary workbooks that hold text (MS-XLSB §2.3).
const (
	brtRow           = 0
	brtCellRK        = 2
	brtCellReal      = 5
	brtCellText      = 6
	brtCellShared    = 7
	brtFormulaText   = 8
	brtFormulaNumber = 9
	brtSharedItem    = 19
	brtFormat        = 44
	brtStyle         = 47
	brtBook          = 153
	brtSheet         = 156
	brtStylesBegin   = 617 // of cells; before them stand the styles of styles
	brtStylesEnd     = 618
	brtCommentText   = 637
)

// eachBrt calls f with every record of a binary part: type and size are
// written in groups of seven bits. It reports whether the last one is whole.
func eachBrt(d []byte, f func(kind int, data []byte) bool) bool {
	number := func(most int) int {
		n := 0
		for i := 0; i < most && len(d) > 0; i++ {
			c := d[0]
			d = d[1:]
			n |= int(c&0x7F) << (7 * i)
			if c&0x80 == 0 {
				break
			}
		}
		return n
	}
	for len(d) > 0 {
		kind, size := number(2), number(4)
		if size > len(d) {
			return false
		}
		if !f(kind, d[:size]) {
			return true
		}
		d = d[size:]
	}
	return true
}

// wideString reads a length and as many characters; rest follows them.
func wideString(d []byte) (text string, rest []byte) {
	if len(d) < 4 {
		return "", nil
	}
	n := int(binary.LittleEndian.Uint32(d))
	if n < 0 || n > (len(d)-4)/2 {
		return "", nil
	}
	return utf16Text(d[4 : 4+2*n]), d[4+2*n:]
}

// openBinary reads the list of sheets and the shared strings of a binary
// workbook.
func (b *workbook) openBinary(r *reading, z *zipPack) map[string]int {
	ids := map[string]int{}
	if f := z.find("xl/workbook.bin"); f != nil {
		var beside strings.Builder // names of cells, of users and of files
		eachBrt(z.read(f, z.p.place), func(kind int, d []byte) bool {
			if kind != brtSheet {
				beside.WriteString(wideText(d))
			}
			if kind == brtBook && len(d) > 0 {
				b.date04 = d[0]&1 == 1
			}
			if kind == brtSheet && len(d) > 8 {
				id, rest := wideString(d[8:])
				name, _ := wideString(rest)
				b.names = append(b.names, name)
				ids[id] = len(b.names)
				r.label(b.place(z.p.place, len(b.names)).In(detect.Step{Kind: detect.InName}), name)
			}
			return true
		})
		r.prose(z.p.place.In(detect.Step{Kind: detect.InProperties}), beside.String())
	}
	if f := z.find("xl/styles.bin"); f != nil {
		b.binaryStyles(z.read(f, z.p.place))
	}
	if f := z.find("xl/sharedStrings.bin"); f != nil {
		whole := eachBrt(z.read(f, z.p.place), func(kind int, d []byte) bool {
			if kind == brtSharedItem && len(d) > 1 {
				text, _ := wideString(d[1:])
				b.shared = append(b.shared, text)
			}
			return !r.over(z.p.place)
		})
		if !whole {
			r.unscannable(z.p.place, whyMalformed)
		}
	}
	return ids
}

// binaryStyles reads the number format of each cell style.
func (b *workbook) binaryStyles(data []byte) {
	own := map[int]string{}
	ofCells := false
	eachBrt(data, func(kind int, d []byte) bool {
		switch {
		case kind == brtFormat && len(d) > 2:
			own[int(binary.LittleEndian.Uint16(d))], _ = wideString(d[2:])
		case kind == brtStylesBegin, kind == brtStylesEnd:
			ofCells = kind == brtStylesBegin
		case kind == brtStyle && ofCells && len(d) >= 4:
			id := int(binary.LittleEndian.Uint16(d[2:]))
			code, ok := own[id]
			if !ok {
				code = builtInFormat(id)
			}
			b.formats = append(b.formats, code)
		}
		return true
	})
}

// format returns the number format of a cell of a binary sheet: the style
// stands in three bytes after the column.
func (b *workbook) format(cell []byte) string {
	if style := little24(cell[4:]); style < len(b.formats) {
		return b.formats[style]
	}
	return ""
}

// binaryPart reads a part of a binary workbook and reports whether it knew it.
func (b *workbook) binaryPart(r *reading, z *zipPack, f *zip.File, dir, base string) bool {
	place := z.p.place
	switch {
	case base == "workbook.bin", base == "sharedstrings.bin":
		return true
	case base == "vbaproject.bin", strings.HasPrefix(dir, "xl/embeddings/"), !strings.HasSuffix(base, ".bin"):
		return false
	case dir == "xl/worksheets/" && !strings.HasPrefix(base, "binaryindex"):
		number, known := b.sheets[strings.ToLower(f.Name)]
		if !known {
			number = len(b.names) + partNumber(f.Name)
		}
		b.binarySheet(r, z.read(f, place), b.place(place, number))
	default:
		data := z.read(f, place)
		r.prose(place.In(detect.Step{Kind: detect.InComment}), brtComments(data))
		r.prose(place.In(detect.Step{Kind: detect.InProperties}), wideText(data)+brtNumbers(data))
	}
	return true
}

// brtNumbers returns the whole numbers in the records of a part that is no
// sheet, as long as numbers of people are: the cells of other workbooks and of
// pivot tables are kept in records of many kinds.
func brtNumbers(data []byte) string {
	const least, most = 1e7, 1e12
	var text strings.Builder
	eachBrt(data, func(_ int, d []byte) bool {
		for i := 0; i+8 <= len(d); i++ {
			if v := math.Float64frombits(binary.LittleEndian.Uint64(d[i:])); v >= least && v < most && v == math.Trunc(v) {
				text.WriteString(formatNumber(v, "", false) + "\n")
				i += 7
			}
		}
		return true
	})
	return text.String()
}

func brtComments(data []byte) string {
	var text strings.Builder
	eachBrt(data, func(kind int, d []byte) bool {
		if kind == brtCommentText && len(d) > 1 {
			comment, _ := wideString(d[1:])
			text.WriteString(comment + "\n")
		}
		return true
	})
	return text.String()
}

func (b *workbook) binarySheet(r *reading, data []byte, place detect.Place) {
	var t sheetTable
	n := 0
	whole := eachBrt(data, func(kind int, d []byte) bool {
		if n++; n%4096 == 0 && r.over(place) || t.b.Len() > r.texts {
			return false
		}
		switch {
		case kind == brtRow && len(d) >= 4:
			t.toRow(int(binary.LittleEndian.Uint32(d)) + 1)
		case kind >= brtCellRK && kind <= brtFormulaNumber && len(d) > 8:
			if text := b.binaryCell(kind, d[8:], b.format(d)); text != "" {
				t.put(int(binary.LittleEndian.Uint32(d))+1, text)
			}
		}
		return true
	})
	if !whole {
		r.unscannable(place, whyMalformed)
	}
	r.text(place, detect.Table, t.String())
	r.prose(place, wideText(data)) // formulas, headers and footers, input rules
}

func (b *workbook) binaryCell(kind int, d []byte, format string) string {
	switch {
	case kind == brtCellRK && len(d) >= 4:
		return formatNumber(rkNumber(binary.LittleEndian.Uint32(d)), format, b.date04)
	case (kind == brtCellReal || kind == brtFormulaNumber) && len(d) >= 8:
		return formatNumber(math.Float64frombits(binary.LittleEndian.Uint64(d)), format, b.date04)
	case kind == brtCellText || kind == brtFormulaText:
		text, _ := wideString(d)
		return text
	case kind == brtCellShared && len(d) >= 4:
		if i := int(binary.LittleEndian.Uint32(d)); i >= 0 && i < len(b.shared) {
			return b.shared[i]
		}
	}
	return ""
}
