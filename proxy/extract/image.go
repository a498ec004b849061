package extract

import (
	"bytes"
	"encoding/binary"

	"postvern.example/policy/detect"
)

// A picture may show text, so it is unscannable, unless it is a logo: shown
// inside a body or document, of at most maxLogoPixels and maxLogoBytes, and
// among the first maxLogos of the message. (A page of text needs about
// 400 x 560 pixels to be readable at all.) Its words - comments, EXIF, XMP -
// are read in any case.
const (
	maxLogoPixels = 160_000
	maxLogoBytes  = 100 << 10
	maxLogos      = 32
)

// picture decides about an image of this size.
func (r *reading) picture(p piece, width, height int) {
	if p.inline && width > 0 && height > 0 && width < 1<<15 && height < 1<<15 && width*height <= maxLogoPixels &&
		p.size() <= maxLogoBytes && r.left.Logos > 0 {
		r.left.Logos--
		return
	}
	if r.recognisePicture(p) {
		return
	}
	r.unscannable(p.place, whyImage)
}

// pictureTail reads what stands after a picture. Programs leave scraps there;
// only a file of a known type, or much of something, is more than that.
func (r *reading) pictureTail(p piece, rest []byte) {
	if k := sniff(rest); k == isUnknown || !k.binary() {
		r.imageText(p, printable(rest))
		if len(rest) > maxLogoBytes {
			r.unscannable(p.place, whyTrailing)
		}
		return
	}
	r.trailing(p, rest)
}

func (r *reading) imageText(p piece, text string) {
	r.stamp(p.place, text)
	r.prose(p.place.In(detect.Step{Kind: detect.InProperties}), text)
}

// png reads the chunks of a PNG (ISO/IEC 15948): sizes, texts, EXIF.
func (r *reading) png(p piece) {
	var width, height int
	w := p.walk()
	w.skip(8)
	for w.left >= 12 {
		head := w.peek(8)
		n, name := int(binary.BigEndian.Uint32(head)), string(head[4:])
		if n < 0 || n > w.left-12 {
			break
		}
		w.skip(8)
		switch name {
		case "IHDR", "tEXt", "zTXt", "iTXt", "eXIf":
			data := w.take(n)
			if name == "IHDR" && n >= 8 {
				width, height = int(binary.BigEndian.Uint32(data)), int(binary.BigEndian.Uint32(data[4:]))
			}
			r.pngText(p, name, data)
		default:
			w.skip(n)
		}
		w.skip(4)
		if name == "IEND" {
			r.pictureTail(p, w.rest())
			r.picture(p, width, height)
			return
		}
	}
	r.unscannable(p.place, whyMalformed)
}

// pngText reads a chunk that holds words.
func (r *reading) pngText(p piece, name string, data []byte) {
	switch name {
	case "tEXt":
		r.imageText(p, mixed(bytes.ReplaceAll(data, []byte{0}, []byte(" "))))
	case "zTXt":
		key, packed, _ := bytes.Cut(data, []byte{0})
		r.imageText(p, mixed(key)+" "+r.inflated(p, packed, 1))
	case "iTXt":
		r.pngInternational(p, data)
	case "eXIf":
		r.exif(p, data)
	}
}

// pngInternational reads iTXt: keyword, compression flag and method, language,
// translated keyword, text.
func (r *reading) pngInternational(p piece, data []byte) {
	key, rest, _ := bytes.Cut(data, []byte{0})
	if len(rest) < 2 {
		return
	}
	packed := rest[0] == 1
	language, rest, _ := bytes.Cut(rest[2:], []byte{0})
	translated, text, _ := bytes.Cut(rest, []byte{0})
	value := mixed(text)
	if packed {
		value = r.inflated(p, text, 0)
	}
	r.imageText(p, mixed(key)+" "+mixed(language)+" "+mixed(translated)+" "+value)
}

func (r *reading) inflated(p piece, packed []byte, skip int) string {
	if len(packed) < skip {
		return ""
	}
	data, why := r.inflate(packed[skip:])
	if why != "" {
		r.unscannable(p.place, why)
	}
	return mixed(data)
}

// jpeg reads the segments of a JPEG (ITU T.81 annex B).
func (r *reading) jpeg(p piece) {
	var width, height int
	w := p.walk()
	w.skip(2)
	for w.left >= 4 {
		head := w.peek(4)
		marker, n := head[1], int(binary.BigEndian.Uint16(head[2:]))
		switch {
		case head[0] != 0xFF:
		case marker == 0xFF:
			w.skip(1)
			continue
		case marker == 0xD9:
			w.skip(2)
			r.pictureTail(p, w.rest())
			r.picture(p, width, height)
			return
		case marker == 0x01 || marker >= 0xD0 && marker <= 0xD8:
			w.skip(2)
			continue
		}
		if head[0] != 0xFF || n < 2 || 2+n > w.left {
			break
		}
		w.skip(4)
		data := w.take(n - 2)
		switch {
		case marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC && len(data) >= 5:
			height, width = int(binary.BigEndian.Uint16(data[1:])), int(binary.BigEndian.Uint16(data[3:]))
		case marker == 0xDA:
			w.passScan()
		default:
			r.jpegSegment(p, marker, data)
		}
	}
	// EOI stands in the last two bytes, or is missing.
	w.skip(w.left)
	if w.last == [2]byte{0xFF, 0xD9} {
		r.picture(p, width, height)
		return
	}
	r.unscannable(p.place, whyMalformed)
}

// passScan goes to where the entropy-coded data of a scan of a JPEG ends.
func (w *walk) passScan() {
	for w.left > 1 {
		b := w.peek(min(w.left, w.r.Size()))
		i := bytes.IndexByte(b, 0xFF)
		switch {
		case i < 0:
			w.skip(len(b))
			continue
		case i+1 == len(b) && len(b) < w.left:
			w.skip(i)
			continue
		case i+1 == len(b):
			w.skip(len(b))
			return
		}
		c := b[i+1]
		w.skip(i)
		if c != 0 && c != 0xFF && (c < 0xD0 || c > 0xD7) {
			return
		}
		w.skip(1)
	}
}

func (r *reading) jpegSegment(p piece, marker byte, data []byte) {
	switch {
	case marker == 0xFE:
		r.imageText(p, mixed(data))
	case marker == 0xE1 && bytes.HasPrefix(data, []byte("Exif\x00")) && len(data) > 6:
		r.exif(p, data[6:])
	case marker == 0xE1, marker == 0xED:
		r.imageText(p, printable(data))
	}
}

// gif reads the blocks of a GIF.
func (r *reading) gif(p piece) {
	d := p.data
	if len(d) < 13 {
		r.unscannable(p.place, whyMalformed)
		return
	}
	width, height := int(binary.LittleEndian.Uint16(d[6:])), int(binary.LittleEndian.Uint16(d[8:]))
	at := 13 + colours(d[10])
	for at < len(d) {
		switch d[at] {
		case 0x3B:
			r.pictureTail(p, d[at+1:])
			r.picture(p, width, height)
			return
		case 0x21:
			if at+2 > len(d) {
				at = len(d)
				break
			}
			label := d[at+1]
			var text []byte
			text, at = subBlocks(d, at+2)
			if label == 0xFE || label == 0x01 || label == 0xFF {
				r.imageText(p, printable(text))
			}
		case 0x2C:
			if at+10 > len(d) {
				at = len(d)
				break
			}
			_, at = subBlocks(d, at+11+colours(d[at+9]))
		default:
			at = len(d)
		}
	}
	r.unscannable(p.place, whyMalformed)
}

func colours(flags byte) int {
	if flags&0x80 == 0 {
		return 0
	}
	return 3 << (flags&7 + 1)
}

func subBlocks(d []byte, at int) (data []byte, next int) {
	for at < len(d) {
		n := int(d[at])
		if n == 0 {
			return data, at + 1
		}
		if at+1+n > len(d) {
			break
		}
		data = append(data, d[at+1:at+1+n]...)
		at += 1 + n
	}
	return data, len(d)
}
