package pdf

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	_ "image/gif" // decoders of the formats that mail shows
	"image/jpeg"
	_ "image/png"
	"io"
)

// ErrImage says that a picture cannot be drawn.
var ErrImage = errors.New("the picture cannot be drawn")

// mostPixels bounds what a picture may unpack to.
const mostPixels = 12 << 20

// Image writes a picture (JPEG, PNG, GIF) as object r and returns its size in
// pixels. A JPEG keeps its octets. ErrImage says that nothing was written.
func (f *File) Image(r Ref, data []byte) (width, height int, err error) {
	c, format, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil || c.Width < 1 || c.Height < 1 || c.Width > mostPixels/c.Height {
		return 0, 0, ErrImage
	}
	dict := fmt.Sprintf("/Type /XObject /Subtype /Image /Width %d /Height %d /BitsPerComponent 8 /ColorSpace /", c.Width, c.Height)
	if format == "jpeg" {
		if _, err := jpeg.Decode(bytes.NewReader(data)); err != nil { // a reader must not be shown what breaks off
			return 0, 0, ErrImage
		}
		space := "DeviceRGB"
		switch fmt.Sprintf("%T", c.ColorModel.Convert(image.Black)) {
		case "color.Gray":
			space = "DeviceGray"
		case "color.CMYK":
			return 0, 0, ErrImage // whether its values are inverted cannot be said
		}
		err := f.Stream(r, dict+space+" ", JPEG, func(w io.Writer) error {
			_, err := w.Write(data)
			return err
		})
		return c.Width, c.Height, err
	}
	picture, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return 0, 0, ErrImage
	}
	b := picture.Bounds()
	err = f.Stream(r, dict+"DeviceRGB ", Deflated, func(w io.Writer) error {
		line := make([]byte, 0, 3*b.Dx())
		for y := b.Min.Y; y < b.Max.Y; y++ {
			line = line[:0]
			for x := b.Min.X; x < b.Max.X; x++ {
				cr, cg, cb, ca := picture.At(x, y).RGBA()
				white := 0xffff - ca // what shows through is paper
				line = append(line, byte((cr+white)>>8), byte((cg+white)>>8), byte((cb+white)>>8))
			}
			if _, err := w.Write(line); err != nil {
				return err
			}
		}
		return nil
	})
	return b.Dx(), b.Dy(), err
}
