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
	brtSheet         = 156
	brtCommentText   = 637
)

// eachBrt calls f with every record of a binary part: type and size are
// written in groups of seven bits.
func eachBrt(d []byte, f func(kind int, data []byte) bool) {
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
			return
		}
		if !f(kind, d[:size]) {
			return
		}
		d = d[size:]
	}
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
		eachBrt(z.read(f, z.p.place), func(kind int, d []byte) bool {
			if kind == brtSheet && len(d) > 8 {
				id, rest := wideString(d[8:])
				name, _ := wideString(rest)
				b.names = append(b.names, name)
				ids[id] = len(b.names)
				r.label(b.place(z.p.place, len(b.names)).In(detect.Step{Kind: detect.InName}), name)
			}
			return true
		})
	}
	if f := z.find("xl/sharedStrings.bin"); f != nil {
		eachBrt(z.read(f, z.p.place), func(kind int, d []byte) bool {
			if kind == brtSharedItem && len(d) > 1 {
				text, _ := wideString(d[1:])
				b.shared = append(b.shared, text)
			}
			return !r.over(z.p.place)
		})
	}
	return ids
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
		r.prose(place.In(detect.Step{Kind: detect.InProperties}), wideText(data))
	}
	return true
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
	eachBrt(data, func(kind int, d []byte) bool {
		if n++; n%4096 == 0 && r.over(place) || t.b.Len() > r.texts {
			return false
		}
		switch {
		case kind == brtRow && len(d) >= 4:
			t.toRow(int(binary.LittleEndian.Uint32(d)) + 1)
		case kind >= brtCellRK && kind <= brtFormulaNumber && len(d) > 8:
			if text := b.binaryCell(kind, d[8:]); text != "" {
				t.put(int(binary.LittleEndian.Uint32(d))+1, text)
			}
		}
		return true
	})
	r.text(place, detect.Table, t.String())
	r.prose(place, wideText(data)) // formulas, headers and footers, input rules
}

func (b *workbook) binaryCell(kind int, d []byte) string {
	switch {
	case kind == brtCellRK && len(d) >= 4:
		return formatNumber(rkNumber(binary.LittleEndian.Uint32(d)), "", b.date04)
	case (kind == brtCellReal || kind == brtFormulaNumber) && len(d) >= 8:
		return formatNumber(math.Float64frombits(binary.LittleEndian.Uint64(d)), "", b.date04)
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
