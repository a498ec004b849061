package extract

import (
	"bytes"
	"encoding/binary"

	"postvern.example/policy/detect"
)

// blips reads the pictures of a stream of Office's drawings (MS-ODRAW
// §2.2.23): each has a record of its type, one or two checksums, and the file.
func (r *reading) blips(p piece, data []byte) {
	for i := 2; i+8 < len(data); i++ {
		if data[i+1] != 0xF0 || data[i] < 0x1A || data[i] > 0x2A {
			continue
		}
		n := int(binary.LittleEndian.Uint32(data[i+2:]))
		if n < 24 || n > len(data)-i-6 {
			continue
		}
		if r.over(p.place) {
			return
		}
		if r.blip(p, data[i], data[i+6:i+6+n]) {
			i += 5 + n
		}
	}
}

// blip reads one picture and reports whether it was one.
func (r *reading) blip(p piece, kind byte, data []byte) bool {
	for _, skip := range [...]int{17, 33, 16, 32} {
		file := data[min(skip, len(data)):]
		switch sniff(file) {
		case isPNG, isJPEG, isTIFF, isGIF:
			r.drawn(p, bytes.TrimRight(file, "\x00"))
			return true
		default:
		}
		if kind <= 0x1C && len(file) > 36 && file[32] == 0 && file[34] == 0x78 { // a metafile, compressed
			plain, why := r.inflate(file[34:])
			if why == whyMalformed {
				continue
			}
			if kind == 0x1C { // a picture of a Macintosh, which is not opened
				r.left.Attachments++
				r.unscannable(p.place.In(detect.Step{Kind: detect.InEntry, Number: r.left.Attachments, Label: "image"}), whyImage)
				return true
			}
			r.drawn(p, plain)
			return true
		}
	}
	return false
}

func (r *reading) drawn(p piece, file []byte) {
	r.left.Attachments++
	place := p.place.In(detect.Step{Kind: detect.InEntry, Number: r.left.Attachments, Label: "image"})
	r.piece(piece{data: file, place: place, depth: p.depth + 1, inline: true})
}
