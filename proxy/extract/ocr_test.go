package extract

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/image/draw"
	"golang.org/x/image/math/f64"
	"golang.org/x/image/tiff"

	"postvern.example/policy/detect"
)

// reader returns an extractor that recognises text in pictures.
func reader(t testing.TB, change func(*OCR)) *Extractor {
	t.Helper()
	found, _, err := FindOCR(context.Background())
	if err != nil {
		t.Skip("make deps installs tesseract: ", err)
	}
	found.Time = time.Minute // other tests run beside this one
	if change != nil {
		change(&found)
	}
	cfg := Config{OCR: found, Time: 30 * time.Second}
	if !underRace {
		return withWorkers(t, cfg)
	}
	cfg.Worker = []string{program(t), WorkerArgument} // the race detector makes pictures slow
	x := New(cfg)
	t.Cleanup(x.Close)
	return x
}

// payslip is a page that a program has set with real fonts, as a PDF.
func payslip(t testing.TB) []byte {
	t.Helper()
	return document(t, "loenseddel.pdf")
}

// pageOf returns the payslip's page as a picture at so many dots an inch.
func pageOf(t testing.TB, pdf []byte, dpi string) image.Image {
	t.Helper()
	cmd := exec.Command("pdftoppm", "-png", "-r", dpi, "-f", "1", "-l", "1", "-")
	cmd.Stdin = bytes.NewReader(pdf)
	out, err := cmd.Output()
	if err != nil {
		t.Skip("make deps installs pdftoppm: ", err)
	}
	picture, err := png.Decode(bytes.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	return picture
}

// photographed turns a page a little, on a grey table, with uneven light.
func photographed(page image.Image, angle float64) *image.Gray {
	b := page.Bounds()
	out := image.NewGray(image.Rect(0, 0, b.Dx()+80, b.Dy()+80))
	for i := range out.Pix {
		out.Pix[i] = 150
	}
	draw.BiLinear.Transform(out, f64.Aff3{1, -angle, 40 + angle*float64(b.Dy())/2, angle, 1, 40 - angle*float64(b.Dx())/2}, page, b, draw.Src, nil)
	for y := range out.Bounds().Dy() {
		for x := range out.Bounds().Dx() {
			out.Pix[out.PixOffset(x, y)] = uint8(int(out.Pix[out.PixOffset(x, y)]) * (800 + 200*x/out.Bounds().Dx()) / 1000)
		}
	}
	return out
}

func turned(page image.Image) *image.Gray {
	b := page.Bounds()
	out := image.NewGray(image.Rect(0, 0, b.Dy(), b.Dx()))
	for y := range b.Dy() {
		for x := range b.Dx() {
			out.Set(b.Dy()-1-y, x, page.At(x, y))
		}
	}
	return out
}

func encoded(t testing.TB, encode func(*bytes.Buffer) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := encode(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestTextInPicturesIsRecognised(t *testing.T) {
	x := reader(t, nil)
	page := pageOf(t, payslip(t), "150")
	photo := photographed(page, 0.03)
	asPNG := encoded(t, func(b *bytes.Buffer) error { return png.Encode(b, photo) })
	asJPEG := encoded(t, func(b *bytes.Buffer) error { return jpeg.Encode(b, photo, &jpeg.Options{Quality: 70}) })
	for name, data := range map[string][]byte{
		"a PNG":          asPNG,
		"a JPEG":         asJPEG,
		"a GIF":          encoded(t, func(b *bytes.Buffer) error { return gif.Encode(b, photo, nil) }),
		"a TIFF":         encoded(t, func(b *bytes.Buffer) error { return tiff.Encode(b, photo, nil) }),
		"a screenshot":   encoded(t, func(b *bytes.Buffer) error { return png.Encode(b, pageOf(t, payslip(t), "90")) }),
		"on its side":    encoded(t, func(b *bytes.Buffer) error { return png.Encode(b, turned(page)) }),
		"in a Word file": []byte(docx(t, "", "word/media/image1.jpeg", string(asJPEG))),
		"in a zip":       zipOf(t, "foto.png", string(asPNG)),
		"a scan":         document(t, "scannet.pdf"),
	} {
		if underRace && name != "a JPEG" && name != "a scan" {
			continue // one picture and one page show a race as well as ten
		}
		res := x.Text(context.Background(), read(t, attached("application/octet-stream", "x", data)))
		s, ok := res.segment("070761-4285")
		if !ok || !s.Recognised {
			t.Errorf("%s: the number was not recognised\n%s", name, res.dump())
		}
		if f, found := res.finding(detect.Unscannable); found {
			t.Errorf("%s: %v\n%s", name, f, res.dump())
		}
	}
}

func TestWithoutRecognitionAPictureIsUnscannable(t *testing.T) {
	for name, data := range map[string][]byte{"a scan": document(t, "scannet.pdf"), "a picture": pngOf(800, 600)} {
		res := extracted(t, attached("application/octet-stream", "x", data))
		if f, ok := res.finding(detect.Unscannable); !ok || f.Evidence[0] != whyImage {
			t.Errorf("%s\n%s", name, res.dump())
		}
	}
}

func TestAPictureWithoutTextIsReadAndAnIllegibleOneIsNot(t *testing.T) {
	x := reader(t, nil)
	sky := image.NewGray(image.Rect(0, 0, 900, 700))
	for i := range sky.Pix {
		sky.Pix[i] = uint8(120 + i/9000)
	}
	empty := encoded(t, func(b *bytes.Buffer) error { return png.Encode(b, sky) })
	res := x.Text(context.Background(), read(t, attached("image/png", "himmel.png", empty)))
	if f, ok := res.finding(detect.Unscannable); ok {
		t.Errorf("a picture without text: %v", f)
	}
	frames := &gif.GIF{Delay: []int{1, 1}}
	for range 2 {
		f := image.NewPaletted(image.Rect(0, 0, 500, 500), color.Palette{color.White, color.Black})
		frames.Image = append(frames.Image, f)
	}
	for name, data := range map[string][]byte{
		"more frames than one": encoded(t, func(b *bytes.Buffer) error { return gif.EncodeAll(b, frames) }),
		"a damaged picture":    pngOf(800, 600),
		"too many pixels":      pngOf(60000, 60000),
	} {
		res := x.Text(context.Background(), read(t, attached("application/octet-stream", "x", data)))
		if _, ok := res.finding(detect.Unscannable); !ok {
			t.Errorf("%s is no finding\n%s", name, res.dump())
		}
	}
}

func TestDoubtfulWordsAreCounted(t *testing.T) {
	row := func(line, confidence, word string) string {
		return strings.Join([]string{"5", "1", "1", "1", line, "1", "0", "0", "9", "9", confidence, word}, "\t") + "\n"
	}
	head := "level\tpage_num\n4\t1\t1\t1\t1\t0\t0\t0\t9\t9\t-1\t\n"
	text, legible := readTSV(head + row("1", "96.5", "CPR:") + row("1", "91", "070761-4285") + row("2", "90", "Slut"))
	if text != "CPR: 070761-4285\nSlut" || !legible {
		t.Errorf("%q %v", text, legible)
	}
	if _, legible := readTSV(head + strings.Repeat(row("1", "31", "krims"), 9) + strings.Repeat(row("1", "95", "krams"), 8)); legible {
		t.Error("mostly doubtful words were taken for read")
	}
	if _, legible := readTSV(head + strings.Repeat(row("1", "31", "xx"), 5)); !legible {
		t.Error("the grain of a photograph was taken for text")
	}
}

func TestPicturesAndTheirTimeAreLimited(t *testing.T) {
	photo := encoded(t, func(b *bytes.Buffer) error { return png.Encode(b, photographed(pageOf(t, payslip(t), "100"), 0)) })
	pack := zipOf(t, "a.png", string(photo), "b.png", string(photo))
	for name, change := range map[string]func(*OCR){
		"one picture":             func(o *OCR) { o.Pictures = 1 },
		"no time":                 func(o *OCR) { o.Time = time.Millisecond },
		"a program that hangs":    func(o *OCR) { o.Tesseract, o.Time = hanging(t), 300*time.Millisecond },
		"a program that is lost":  func(o *OCR) { o.Tesseract = "/nonexistent/tesseract" },
		"a language that is lost": func(o *OCR) { o.Languages = "xxx" },
	} {
		res := reader(t, change).Text(context.Background(), read(t, attached("application/zip", "a.zip", pack)))
		f, ok := res.finding(detect.Unscannable)
		if !ok || f.Evidence[0] != whyImage {
			t.Errorf("%s\n%s", name, res.dump())
		}
	}
}

func hanging(t testing.TB) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "tesseract")
	if err := os.WriteFile(file, []byte("#!/bin/sh\nexec sleep 60\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return file
}
