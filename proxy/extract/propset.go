package extract

import (
	"encoding/binary"
	"math"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"postvern.example/policy/detect"
)

// propertySet reads the texts of a property set stream (MS-OLEPS): title,
// author, keywords, and what the user added.
func (r *reading) propertySet(p piece, data []byte) {
	place := p.place.In(detect.Step{Kind: detect.InProperties})
	if len(data) < 28 {
		return
	}
	var b strings.Builder
	sets := min(int(binary.LittleEndian.Uint32(data[24:])), 4)
	for i := range sets {
		at := 28 + i*20 + 16
		if at+4 > len(data) {
			break
		}
		start := int(binary.LittleEndian.Uint32(data[at:]))
		if start < 0 || start >= len(data) {
			break
		}
		for _, name := range propertySection(data[start:], &b) {
			if i == 0 { // the user's own have numbers of their own
				r.stamp(place, name)
			}
		}
	}
	r.prose(place, squeezeLines(b.String()))
}

// propertySection writes the texts of a section, and returns those that name
// people: author and last author of a document's summary, and its manager
// (MS-OSHARED §2.3.3.2.1, §2.3.3.2.2).
func propertySection(d []byte, b *strings.Builder) (people []string) {
	if len(d) < 8 {
		return nil
	}
	count := min(int(binary.LittleEndian.Uint32(d[4:])), 4096)
	enc := encoding.Encoding(charmap.Windows1252)
	for pass := range 2 { // the code page first
		for i := range count {
			at := 8 + i*8
			if at+8 > len(d) {
				return people
			}
			id, offset := binary.LittleEndian.Uint32(d[at:]), int(binary.LittleEndian.Uint32(d[at+4:]))
			if offset < 0 || offset+6 > len(d) {
				continue
			}
			if pass == 0 {
				if id == 1 {
					if known := codepage(int(binary.LittleEndian.Uint16(d[offset+4:]))); known != nil {
						enc = known
					}
				}
				continue
			}
			if id == 0 {
				b.WriteString(printable(d[offset:])) // names of the user's own properties
				b.WriteString(wideText(d[offset:min(len(d), offset+4096)]))
				continue
			}
			before := b.Len()
			propertyValue(d[offset:], enc, b, 0)
			if id == 4 || id == 8 || id == 14 {
				people = append(people, b.String()[before:])
			}
		}
	}
	return people
}

// propertyValue writes the text of a value and returns how many bytes it took.
func propertyValue(d []byte, enc encoding.Encoding, b *strings.Builder, depth int) int {
	if len(d) < 8 || depth > 3 {
		return len(d)
	}
	kind := binary.LittleEndian.Uint32(d)
	n := int(binary.LittleEndian.Uint32(d[4:]))
	switch {
	case kind&0x1000 != 0: // a vector
		at := 8
		for i := 0; i < n && i < 4096 && at+4 <= len(d); i++ {
			item := d[at:]
			if kind != 0x100C { // of one type, which is written once
				item = append(binary.LittleEndian.AppendUint32(nil, kind&0xFFF), item...)
				at += (propertyValue(item, enc, b, depth+1) - 4 + 3) &^ 3
				continue
			}
			at += (propertyValue(item, enc, b, depth+1) + 3) &^ 3
		}
		return at
	case kind == 0x1E || kind == 0x08: // VT_LPSTR, VT_BSTR
		if n < 0 || n > len(d)-8 {
			return len(d)
		}
		b.WriteString(strings.TrimRight(convert(enc, d[8:8+n]), "\x00") + "\n")
		return 8 + n
	case kind == 0x1F: // VT_LPWSTR
		if n < 0 || n > (len(d)-8)/2 {
			return len(d)
		}
		b.WriteString(strings.TrimRight(utf16Text(d[8:8+2*n]), "\x00") + "\n")
		return 8 + 2*n
	case kind == 0x41: // VT_BLOB: the document's links are one
		n = min(max(n, 0), len(d)-8)
		b.WriteString(wideText(d[8 : 8+n]))
		return 8 + n
	case kind == 0x03 || kind == 0x13: // VT_I4, VT_UI4
		writeLong(b, float64(uint32(n)))
	case kind == 0x05 && len(d) >= 12: // VT_R8
		writeLong(b, math.Float64frombits(binary.LittleEndian.Uint64(d[4:])))
		return 12
	case kind == 0x14 && len(d) >= 12: // VT_I8
		writeLong(b, float64(int64(binary.LittleEndian.Uint64(d[4:]))))
		return 12
	}
	return 8
}

// writeLong writes a number that may be somebody's: not how many pages there
// are.
func writeLong(b *strings.Builder, v float64) {
	if v >= 1e6 && v < 1e18 {
		b.WriteString(formatNumber(v, "", false) + "\n")
	}
}

// utf16Text decodes UTF-16 with the low byte first.
func utf16Text(data []byte) string {
	return convert(unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), data)
}
