package extract

import (
	"archive/zip"
	"bytes"
	"strings"
	"testing"

	"postvern.example/policy/detect"
)

// Pages '09 marks what a password has sealed by methods that nothing else uses.
func TestDocumentsOfIWork09WithAPasswordAreProtected(t *testing.T) {
	var file bytes.Buffer
	z := zip.NewWriter(&file)
	for name, method := range map[string]uint16{"buildVersionHistory.plist": 0x636B, "index.xml": 0x636C} {
		w, err := z.CreateRaw(&zip.FileHeader{Name: name, Method: method, CompressedSize64: 32, UncompressedSize64: 900})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(bytes.Repeat([]byte{0xA7}, 32)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"Se bilag", "Adgangskoden er Sommer2024"} {
		res := extracted(t, strings.Replace(attached("application/zip", "a.pages", file.Bytes()), "Se bilag", text, 1))
		f, told := res.finding(detect.Protected)
		if _, more := res.finding(detect.Unscannable); !told || f.Evidence[0] != strengthStrong || more {
			t.Errorf("%s", res.dump())
		}
	}
}
