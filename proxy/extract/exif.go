package extract

import (
	"bytes"
	"encoding/binary"
	"strings"

	"golang.org/x/text/encoding/unicode"
)

// tiff reads a TIFF picture.
func (r *reading) tiff(p piece) {
	t := r.exif(p, p.data)
	r.picture(p, t.width, t.height)
}

// exif reads the texts of a TIFF structure, which is also what EXIF is
// (JEITA CP-3451 §4.6).
func (r *reading) exif(p piece, data []byte) tiffTexts {
	t := tiffTexts{data: data, seen: map[int]bool{}}
	t.read()
	r.imageText(p, t.text.String())
	return t
}

type tiffTexts struct {
	data          []byte
	order         binary.ByteOrder
	seen          map[int]bool // directories that were read
	text          strings.Builder
	width, height int
}

func (t *tiffTexts) read() {
	switch {
	case len(t.data) < 8:
		return
	case t.data[0] == 'I':
		t.order = binary.LittleEndian
	default:
		t.order = binary.BigEndian
	}
	t.directory(int(t.order.Uint32(t.data[4:])))
}

func (t *tiffTexts) directory(at int) {
	for at >= 8 && at+2 <= len(t.data) && !t.seen[at] && len(t.seen) < 64 {
		t.seen[at] = true
		n := int(t.order.Uint16(t.data[at:]))
		at += 2
		for ; n > 0 && at+12 <= len(t.data); n-- {
			t.entry(t.data[at : at+12])
			at += 12
		}
		if at+4 > len(t.data) {
			return
		}
		at = int(t.order.Uint32(t.data[at:]))
	}
}

func (t *tiffTexts) entry(e []byte) {
	tag, kind, count := t.order.Uint16(e), t.order.Uint16(e[2:]), int(t.order.Uint32(e[4:]))
	value := e[8:12]
	size := map[uint16]int{1: 1, 2: 1, 3: 2, 4: 4, 7: 1}[kind]
	if n := size * count; n > 4 && count > 0 {
		at := int(t.order.Uint32(e[8:]))
		if at < 0 || at > len(t.data) || n > len(t.data)-at {
			return
		}
		value = t.data[at : at+n]
	}
	number := int(t.order.Uint32(e[8:]))
	if kind == 3 {
		number = int(t.order.Uint16(e[8:]))
	}
	switch {
	case tag == 0x8769 || tag == 0x8825 || tag == 0xA005: // EXIF, GPS, interoperability
		t.directory(number)
	case tag == 256:
		t.width = number
	case tag == 257:
		t.height = number
	case tag >= 0x9C9B && tag <= 0x9C9F: // Windows' title, comment, author, keywords, subject
		t.add(convert(unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), value))
	case tag == 0x9286 && len(value) > 8: // UserComment: eight bytes name the charset
		if bytes.HasPrefix(value, []byte("UNICODE")) {
			t.add(convert(unicode.UTF16(endian(t.order), unicode.UseBOM), value[8:]))
			return
		}
		t.add(mixed(value[8:]))
	case kind == 2:
		t.add(mixed(value))
	case tag == 0x02BC || tag == 0x83BB || tag == 0x8649: // XMP, IPTC, Photoshop
		t.add(printable(value))
	}
}

func endian(order binary.ByteOrder) unicode.Endianness {
	if order == binary.LittleEndian {
		return unicode.LittleEndian
	}
	return unicode.BigEndian
}

func (t *tiffTexts) add(text string) { t.text.WriteString(strings.Trim(text, "\x00 ") + "\n") }

// webp reads the chunks of a WebP.
func (r *reading) webp(p piece) {
	var width, height int
	d := p.data
	at := 12
	for at+8 <= len(d) {
		name, n := string(d[at:at+4]), int(binary.LittleEndian.Uint32(d[at+4:]))
		if n < 0 || n > len(d)-at-8 {
			r.unscannable(p.place, whyMalformed)
			return
		}
		data := d[at+8 : at+8+n]
		at += 8 + n + n&1
		switch {
		case name == "VP8X" && n >= 10:
			width, height = 1+little24(data[4:]), 1+little24(data[7:])
		case name == "VP8 " && n >= 10:
			width, height = int(binary.LittleEndian.Uint16(data[6:]))&0x3FFF, int(binary.LittleEndian.Uint16(data[8:]))&0x3FFF
		case name == "VP8L" && n >= 5:
			bits := binary.LittleEndian.Uint32(data[1:])
			width, height = int(bits&0x3FFF)+1, int(bits>>14&0x3FFF)+1
		case name == "EXIF":
			r.exif(p, bytes.TrimPrefix(data, []byte("Exif\x00\x00")))
		case name == "XMP ":
			r.imageText(p, mixed(data))
		}
	}
	r.picture(p, width, height)
}

func little24(d []byte) int { return int(d[0]) | int(d[1])<<8 | int(d[2])<<16 }

// bitmap reads the size of a BMP, which has no texts.
func (r *reading) bitmap(p piece) {
	height := int(int32(binary.LittleEndian.Uint32(p.data[22:])))
	r.picture(p, int(binary.LittleEndian.Uint32(p.data[18:])), max(height, -height))
}

func isBitmap(data []byte) bool {
	return len(data) > 26 && int(binary.LittleEndian.Uint32(data[10:])) < len(data) && data[6] == 0 && data[7] == 0 &&
		binary.LittleEndian.Uint32(data[14:]) <= 124
}
