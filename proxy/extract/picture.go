package extract

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	_ "image/gif"  // decoder
	_ "image/jpeg" // decoder
	_ "image/png"  // decoder
	"iter"

	_ "golang.org/x/image/bmp" // decoder
	"golang.org/x/image/draw"
	_ "golang.org/x/image/tiff" // decoder
	_ "golang.org/x/image/webp" // decoder
)

// What a picture may measure that is decoded, and what it is brought to:
// letters are recognised best at twenty dots and more, and time grows with
// the dots.
const (
	maxPixels  = 40_000_000
	fewPixels  = 1_500_000
	manyPixels = 10_000_000
)

// recognisePicture reads the text that a picture shows. The program that does
// so gets no file of the sender's, but a plain one with its dots.
func (r *reading) recognisePicture(p piece) bool {
	if r.x.cfg.OCR.Tesseract == "" || !r.inside || r.left.OCR <= 0 {
		return false
	}
	pages := 0
	for data := range frames(p.data) {
		pages++
		grey, ok := decodeGrey(data)
		if !ok || !r.recognise(p.place, grey) {
			return false
		}
	}
	return pages > 0 && !isAnimated(p.data)
}

// decodeGrey returns a picture as PGM, upright and on white ground.
func decodeGrey(data []byte) ([]byte, bool) {
	head, _, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil || head.Width <= 0 || head.Height <= 0 || head.Width > maxPixels/head.Height {
		return nil, false
	}
	picture, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, false
	}
	from := picture.Bounds()
	width, height := scaled(from.Dx(), from.Dy())
	grey := image.NewGray(image.Rect(0, 0, width, height))
	draw.Draw(grey, grey.Bounds(), image.White, image.Point{}, draw.Src)
	if width == from.Dx() {
		draw.Draw(grey, grey.Bounds(), picture, from.Min, draw.Over)
	} else {
		draw.BiLinear.Scale(grey, grey.Bounds(), picture, from, draw.Over, nil)
	}
	return append(fmt.Appendf(nil, "P5\n%d %d\n255\n", width, height), grey.Pix...), true
}

// scaled returns the size at which a picture is recognised.
func scaled(width, height int) (w, h int) {
	switch n := width * height; {
	case n < fewPixels:
		return 2 * width, 2 * height
	case n > 4*manyPixels:
		return max(1, width/3), max(1, height/3)
	case n > manyPixels:
		return max(1, width/2), max(1, height/2)
	}
	return width, height
}

// frames gives a file for each page of a TIFF, whose header names one page;
// any other picture is its own.
func frames(data []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		if sniff(data) != isTIFF || len(data) < 8 {
			yield(data)
			return
		}
		var order binary.ByteOrder = binary.LittleEndian
		if data[0] == 'M' {
			order = binary.BigEndian
		}
		page := bytes.Clone(data)
		seen := map[int]bool{}
		for at := int(order.Uint32(data[4:])); at >= 8 && at+2 <= len(data) && !seen[at]; {
			seen[at] = true
			order.PutUint32(page[4:], uint32(at))
			next := at + 2 + 12*int(order.Uint16(data[at:]))
			if !yield(page) || next+4 > len(data) {
				return
			}
			at = int(order.Uint32(data[next:]))
		}
	}
}

// isAnimated reports whether a picture has more frames than the first, which
// are not read.
func isAnimated(data []byte) bool {
	switch sniff(data) {
	case isPNG:
		return bytes.Contains(data[:min(len(data), 4096)], []byte("acTL"))
	case isGIF:
		return bytes.Count(data, []byte("\x21\xF9\x04")) > 1
	case isWebP:
		return bytes.Contains(data[:min(len(data), 64)], []byte("ANIM"))
	default:
	}
	return false
}
