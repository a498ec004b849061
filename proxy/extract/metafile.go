package extract

import (
	"bytes"
	"encoding/binary"
	"strings"

	"golang.org/x/text/encoding/charmap"
)

// emf reads the texts of an enhanced metafile (MS-EMF). It is a drawing: only
// the pictures in it can hide text.
func (r *reading) emf(p piece) {
	w := metafile{r: r, p: p}
	d := p.data
	for len(d) >= 8 {
		kind, n := binary.LittleEndian.Uint32(d), int(binary.LittleEndian.Uint32(d[4:]))
		if n < 8 || n > len(d) {
			break
		}
		w.emfRecord(kind, d[:n])
		d = d[n:]
		if kind == 14 { // EMR_EOF
			break
		}
	}
	w.finish()
}

// metafile collects what the records of a drawing hold.
type metafile struct {
	r     *reading
	p     piece
	text  strings.Builder
	area  int // of the pictures in it
	lastY int32
	lastX int32
}

func (w *metafile) finish() {
	w.r.prose(w.p.place, w.text.String())
	// Letters can be drawn as lines: a drawing without text that somebody has
	// attached is a picture; inside a document it is one among its text.
	if w.area > maxLogoPixels || !w.p.inline && blank(w.text.String()) {
		w.r.unscannable(w.p.place, whyImage)
	}
}

// write adds a text that is drawn at a point. Texts on one line are joined:
// many programs draw each letter by itself.
func (w *metafile) write(text string, x, y int32) {
	if w.text.Len() > 0 && (y != w.lastY || x <= w.lastX) {
		w.text.WriteByte('\n')
	}
	w.lastX, w.lastY = x, y
	w.text.WriteString(text)
}

func (w *metafile) emfRecord(kind uint32, d []byte) {
	switch kind {
	case 83, 84: // EMR_EXTTEXTOUTA, EMR_EXTTEXTOUTW
		if len(d) < 52 {
			return
		}
		x, y := int32(binary.LittleEndian.Uint32(d[36:])), int32(binary.LittleEndian.Uint32(d[40:]))
		n, at := int(binary.LittleEndian.Uint32(d[44:])), int(binary.LittleEndian.Uint32(d[48:]))
		width := int(kind) - 82
		if n < 0 || at < 0 || at > len(d) || n > (len(d)-at)/width {
			return
		}
		if width == 2 {
			w.write(utf16Text(d[at:at+2*n]), x, y)
		} else {
			w.write(convert(charmap.Windows1252, d[at:at+n]), x, y)
		}
	case 108: // EMR_SMALLTEXTOUT
		if len(d) > 36 {
			w.write(printable(d[36:])+wideText(d[36:]), 0, 0)
		}
	case 70: // EMR_COMMENT: EMF+ and others
		if len(d) > 16 && bytes.HasPrefix(d[12:], []byte("EMF+")) {
			w.plus(d[16:])
			return
		}
		w.write(longRuns(d), 0, 0)
	case 76, 77, 78, 79, 80, 81, 114, 115, 116: // pictures
		w.bitmap(d)
	}
}

// plus reads the records of EMF+, which repeat or replace the others.
func (w *metafile) plus(d []byte) {
	for len(d) >= 12 {
		kind, n := binary.LittleEndian.Uint16(d), int(binary.LittleEndian.Uint32(d[4:]))
		if n < 12 || n > len(d) {
			return
		}
		switch {
		case kind == 0x401C || kind == 0x4036: // DrawString, DrawDriverString
			w.write(wideText(d[12:n]), 0, 0)
		case kind == 0x4008 && n > 100: // Object: perhaps a picture
			for _, magic := range [...]string{"\x89PNG\r\n\x1a\n", "\xff\xd8\xff"} {
				if i := bytes.Index(d[:n], []byte(magic)); i >= 0 {
					w.r.piece(piece{data: d[i:n], place: w.p.place, depth: w.p.depth + 1, inline: true})
				}
			}
		}
		d = d[n:]
	}
}

// bitmap counts the area of the picture of a record: its header begins with
// its own size.
func (w *metafile) bitmap(d []byte) {
	for i := 8; i+40 <= len(d); i += 2 {
		if binary.LittleEndian.Uint32(d[i:]) == 40 && binary.LittleEndian.Uint16(d[i+12:]) == 1 {
			width, height := int(int32(binary.LittleEndian.Uint32(d[i+4:]))), int(int32(binary.LittleEndian.Uint32(d[i+8:])))
			if width > 0 && width < 1<<15 && height > -1<<15 && height < 1<<15 {
				w.area += width * max(height, -height)
				return
			}
		}
	}
}

// wmf reads the texts of a metafile of 16-bit Windows (MS-WMF).
func (r *reading) wmf(p piece) {
	w := metafile{r: r, p: p}
	d := p.data
	if binary.LittleEndian.Uint32(d) == 0x9AC6CDD7 {
		d = d[min(22, len(d)):]
	}
	d = d[min(18, len(d)):]
	for len(d) >= 6 {
		n, kind := int(binary.LittleEndian.Uint32(d))*2, binary.LittleEndian.Uint16(d[4:])
		if n < 6 || n > len(d) {
			break
		}
		w.wmfRecord(kind, d[6:n])
		d = d[n:]
	}
	w.finish()
}

func (w *metafile) wmfRecord(kind uint16, d []byte) {
	switch kind {
	case 0x0521: // TEXTOUT: length, text, y, x
		if len(d) >= 2 {
			if n := int(binary.LittleEndian.Uint16(d)); n <= len(d)-2 {
				text := convert(charmap.Windows1252, d[2:2+n])
				at := 2 + (n+1)&^1
				if at+4 <= len(d) {
					w.write(text, int32(int16(binary.LittleEndian.Uint16(d[at+2:]))), int32(int16(binary.LittleEndian.Uint16(d[at:]))))
				} else {
					w.write(text, 0, 0)
				}
			}
		}
	case 0x0A32: // EXTTEXTOUT: y, x, length, options, perhaps a rectangle, text
		if len(d) < 8 {
			return
		}
		n, at := int(binary.LittleEndian.Uint16(d[4:])), 8
		if binary.LittleEndian.Uint16(d[6:])&6 != 0 {
			at += 8
		}
		if at+n <= len(d) {
			w.write(convert(charmap.Windows1252, d[at:at+n]), int32(int16(binary.LittleEndian.Uint16(d[2:]))), int32(int16(binary.LittleEndian.Uint16(d))))
		}
	case 0x0626: // ESCAPE: comments
		w.write(longRuns(d), 0, 0)
	case 0x0940, 0x0B41, 0x0F43, 0x0D33: // pictures
		w.bitmap(append(make([]byte, 8), d...))
	}
}
