package test

import (
	"bytes"
	"encoding/base64"
	"image"
	"image/jpeg"
	"image/png"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"postvern.example/internal/sink"
)

// withOCR is an installation whose gateway reads pictures.
func withOCR(t *testing.T) *installation {
	t.Helper()
	if _, err := exec.LookPath("tesseract"); err != nil {
		t.Skip("make deps installs tesseract")
	}
	g := install(t, nil, sink.Config{})
	g.write("postvern.yaml", g.read("postvern.yaml")+"extract: {ocr: true}\n")
	return g
}

// payslip is a page of print with a CPR number: as a scanner's PDF, and as a
// photograph of the page.
func payslip(t *testing.T) (scan []byte, photo image.Image) {
	t.Helper()
	scan, err := os.ReadFile("../proxy/extract/testdata/documents/scannet.pdf")
	if err != nil {
		t.Fatal(err)
	}
	draw := exec.Command("pdftoppm", "-png", "-gray", "-r", "150", "-")
	draw.Stdin = bytes.NewReader(scan)
	out, err := draw.Output()
	if err != nil {
		t.Skip("make deps installs pdftoppm: ", err)
	}
	if photo, err = png.Decode(bytes.NewReader(out)); err != nil {
		t.Fatal(err)
	}
	return scan, photo
}

func withFile(media, name string, content []byte) string {
	return `From: Anna Holm <tr.anna@forening.example>
To: mette@post.example
Subject: Bilag
Date: Fri, 20 Nov 2026 08:12:44 +0100
Message-ID: <ocr@forening.example>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain; charset=utf-8

Se bilaget.
--b
Content-Type: ` + media + "; name=" + name + "\nContent-Disposition: attachment; filename=" + name + "\nContent-Transfer-Encoding: base64\n\n" +
		regexp.MustCompile(`.{76}`).ReplaceAllString(base64.StdEncoding.EncodeToString(content), "$0\n") + "\n--b--\n"
}

func TestAPhotographedPayslipIsReadAndHeld(t *testing.T) {
	g := withOCR(t)
	scan, photo := payslip(t)
	var asPNG, asJPEG bytes.Buffer
	if err := png.Encode(&asPNG, photo); err != nil {
		t.Fatal(err)
	}
	if err := jpeg.Encode(&asJPEG, photo, nil); err != nil {
		t.Fatal(err)
	}
	g.start()
	for name, c := range map[string]struct {
		media string
		data  []byte
	}{
		"a.pdf": {"application/pdf", scan}, "a.png": {"image/png", asPNG.Bytes()}, "a.jpg": {"image/jpeg", asJPEG.Bytes()},
	} {
		mail := withFile(c.media, name, c.data)
		if err := g.send("anna", "tr.anna@forening.example", []string{"mette@post.example"}, mail); err != nil {
			t.Fatal(err)
		}
		g.write("mail.eml", mail)
		out := g.mustRun("explain", g.path("mail.eml"), "--json")
		if !strings.Contains(out, `"dk-cpr"`) || !strings.Contains(out, `"recognised"`) || strings.Contains(out, `"unscannable"`) || strings.Contains(out, `"certain"`) {
			t.Errorf("%s: %s", name, out)
		}
	}
	var held []map[string]any
	g.json(&held, "held", "list")
	if len(held) != 3 || len(mails(g.upstream.Messages())) != 0 {
		t.Fatalf("held: %v; arrived: %d", held, len(mails(g.upstream.Messages())))
	}
	if left, err := exec.Command("pgrep", "-x", "tesseract", "-P", "1").Output(); err == nil {
		t.Errorf("tesseract still runs: %s", left)
	}
}

func TestAPhotographWithoutTextPassesWherePicturesAreRead(t *testing.T) {
	g := withOCR(t)
	sky := image.NewGray(image.Rect(0, 0, 1000, 800))
	for i := range sky.Pix {
		sky.Pix[i] = uint8(120 + i/12000)
	}
	var photo bytes.Buffer
	if err := jpeg.Encode(&photo, sky, nil); err != nil {
		t.Fatal(err)
	}
	g.start()
	if err := g.send("anna", "tr.anna@forening.example", []string{"mette@post.example"}, withFile("image/jpeg", "himmel.jpg", photo.Bytes())); err != nil {
		t.Fatal(err)
	}
	if all := mails(g.arrived(1)); len(all) != 1 {
		t.Errorf("%d mails arrived\n%s", len(all), g.log)
	}
}

func TestRecognitionThatIsNotInstalledIsSaidAndPicturesAreHeld(t *testing.T) {
	g := install(t, nil, sink.Config{})
	g.write("postvern.yaml", g.read("postvern.yaml")+"extract: {ocr: true}\n")
	t.Setenv("PATH", t.TempDir())
	g.start()
	if lines := g.log.lines("missing"); len(lines) == 0 || !strings.Contains(lines[len(lines)-1]["cause"].(string), "tesseract-ocr") {
		t.Errorf("the log does not say what is missing:\n%s", g.log)
	}
	var photo bytes.Buffer
	if err := png.Encode(&photo, image.NewGray(image.Rect(0, 0, 1000, 800))); err != nil {
		t.Fatal(err)
	}
	if err := g.send("anna", "tr.anna@forening.example", []string{"mette@post.example"}, withFile("image/png", "a.png", photo.Bytes())); err != nil {
		t.Fatal(err)
	}
	var held []map[string]any
	g.json(&held, "held", "list")
	if len(held) != 1 {
		t.Errorf("held: %v", held)
	}
}
