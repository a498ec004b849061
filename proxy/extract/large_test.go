package extract

import (
	"archive/zip"
	"bytes"
	"context"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"postvern.example/policy/detect"
)

// grain is octets that no reader makes anything of.
func grain(size int) string {
	b := make([]byte, size)
	_, _ = rand.NewChaCha8([32]byte{4}).Read(b)
	for i := range b {
		b[i] &= 0x7F // no marker of a JPEG
	}
	return string(b)
}

// TestALargePartIsReadAsAnyOther compares what is read as it is decoded with
// what is read from memory.
func TestALargePartIsReadAsAnyOther(t *testing.T) {
	noise := grain(largePart)
	png := pngOf(900, 900, "tEXta\x00cpr 010203-1234", "IDAT"+noise, "tEXtb\x00020304-1234")
	jpeg := "\xff\xd8\xff\xfe\x00\x0d010203-1234\xff\xc0\x00\x0b\x08\x03\x84\x03\x84\x01\x01\x11\x00\xff\xda\x00\x08\x01\x01\x00\x00?\x00" + noise + "\xff\x00y\xff\xd9"
	var packed bytes.Buffer
	z := zip.NewWriter(&packed)
	for name, content := range map[string][]byte{"a.txt": []byte("cpr 010203-1234"), "b.png": png} {
		w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		if err == nil {
			_, err = w.Write(content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	workers := withWorkers(t, Config{})
	for name, data := range map[string][]byte{
		"a.png": png, "cut.png": png[:len(png)-20], "behind.png": append(slices.Clone(png), packed.Bytes()...),
		"a.jpg": []byte(jpeg), "cut.jpg": []byte(jpeg[:len(jpeg)-1]), "behind.jpg": []byte(jpeg + "cpr 020304-1234"),
		"a.zip": packed.Bytes(), "cut.zip": packed.Bytes()[:packed.Len()-30],
		"words.arj": []byte("\x60\xea" + noise), "a.txt": []byte(strings.Repeat("Kære alle, cpr 010203-1234\r\n", largePart/20)),
	} {
		for _, x := range []*Extractor{New(Config{}), workers} {
			want := x.File(context.Background(), name, data)
			got := x.Text(context.Background(), read(t, attached("application/octet-stream", name, data)))
			got.Segments = slices.DeleteFunc(got.Segments, func(s detect.Segment) bool { // what the mail itself says
				return s.Place[0].Kind != detect.InAttachment || len(s.Place) == 2 && (s.Place[1].Kind == detect.InName || s.Place[1].Kind == detect.InHeader)
			})
			if g, w := got.dump(), want.dump(); g != w {
				t.Errorf("%s with workers %t:\n%.2000s\nwant\n%.2000s", name, x == workers, g, w)
			}
		}
	}
}

// TestALargePictureTakesLittleMemory looks at what is taken from the system.
func TestALargePictureTakesLittleMemory(t *testing.T) {
	const size = 24 << 20
	m := read(t, attached("image/png", "a.png", pngOf(4000, 4000, "IDAT"+strings.Repeat(grain(1<<20), size>>20))))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	New(Config{}).Text(context.Background(), m)
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; took > size/8 {
		t.Errorf("%d octets were taken to read a picture of %d", took, size)
	}
}
