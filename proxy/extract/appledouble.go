package extract

import (
	"encoding/binary"

	"golang.org/x/text/encoding/unicode"

	"postvern.example/policy/detect"
)

// appleDouble reads the file that a Macintosh puts beside another one, or
// wraps it in (RFC 1740): its name, comment, and the marks of its programs.
func (r *reading) appleDouble(p piece) {
	place := p.place.In(detect.Step{Kind: detect.InProperties})
	d := p.data
	if len(d) < 26 {
		r.unscannable(p.place, whyMalformed)
		return
	}
	for i := range int(binary.BigEndian.Uint16(d[24:])) {
		at := 26 + 12*i
		if at+12 > len(d) {
			break
		}
		id, start, n := binary.BigEndian.Uint32(d[at:]), int(binary.BigEndian.Uint32(d[at+4:])), int(binary.BigEndian.Uint32(d[at+8:]))
		if start > len(d) || n > len(d)-start {
			r.unscannable(p.place, whyMalformed)
			continue
		}
		entry := d[start : start+n]
		switch {
		case id == 1: // the file itself
			r.piece(piece{data: entry, place: p.place, name: p.name, depth: p.depth + 1, inline: p.inline})
		case n > 64<<10: // a resource fork of this size holds more than marks
			r.unscannable(p.place, whyFormat)
		default:
			r.prose(place, printable(entry))
			r.prose(place, convert(unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), entry[:n&^1]))
		}
	}
}
