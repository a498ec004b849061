package extract

import (
	"context"
	"fmt"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"

	"postvern.example/policy/detect"
)

// OCR says how text in pictures is recognised. The zero value means that none
// is: a picture that may show text is then unscannable.
type OCR struct {
	Tesseract string        // the program; empty: no recognition
	PDFToPPM  string        // poppler's pdftoppm, which makes pictures of pages; empty: pages of PDF files are not recognised
	Languages string        // "dan+nor+swe+fin+eng"
	Time      time.Duration // for all pictures of a message, beside its own time; 30 s
	Pictures  int           // pictures and pages of one message; 20
}

// ocrLanguages are Tesseract's names of the languages that people here write.
var ocrLanguages = []string{"dan", "nor", "swe", "fin", "eng"}

// FindOCR looks for tesseract and its languages, and for pdftoppm. It is an
// error where no recognition is possible; lacking tells what is missing beside
// that, and with which Debian package it comes.
func FindOCR(ctx context.Context) (found OCR, lacking []string, err error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	found.Tesseract, err = exec.LookPath("tesseract")
	if err != nil {
		return OCR{}, nil, fmt.Errorf("look for tesseract (Debian: tesseract-ocr): %w", err)
	}
	list, err := exec.CommandContext(ctx, found.Tesseract, "--list-langs").Output()
	if err != nil {
		return OCR{}, nil, fmt.Errorf("ask tesseract for its languages: %w", err)
	}
	installed := strings.Fields(string(list))
	var have []string
	for _, l := range ocrLanguages {
		if slices.Contains(installed, l) {
			have = append(have, l)
			continue
		}
		lacking = append(lacking, "tesseract-ocr-"+l)
	}
	if len(have) == 0 {
		return OCR{}, nil, fmt.Errorf("tesseract has none of the languages %s (Debian: tesseract-ocr-dan and so on)", strings.Join(ocrLanguages, ", "))
	}
	found.Languages = strings.Join(have, "+")
	if found.PDFToPPM, err = exec.LookPath("pdftoppm"); err != nil {
		lacking = append(lacking, "poppler-utils")
	}
	return found, lacking, nil
}

func (o OCR) withDefaults() OCR {
	if o.Tesseract == "" {
		return OCR{}
	}
	setDefault(&o.Time, 30*time.Second)
	setDefault(&o.Pictures, 20)
	return o
}

// The memory that a program may use that recognises or draws one picture.
const (
	ocrMemory  = 1 << 30
	pageMemory = 512 << 20
)

// pageSide is how many dots the longer side of a page is drawn with: an A4
// page at 240 dots an inch, whatever size the page claims.
const pageSide = 2800

// recognise reads the text of a picture in PGM or PBM. It reports false where
// that could not be done, or where there is much that could not be made out.
func (r *reading) recognise(place detect.Place, picture []byte) bool {
	o := r.x.cfg.OCR
	if r.left.Pictures--; r.left.Pictures < 0 {
		return false
	}
	// With the orientation found first: photographs lie on their side.
	out, ok := r.ocrStep(picture, ocrMemory, o.Tesseract, "stdin", "stdout", "-l", o.Languages, "--psm", "1", "-c", "tessedit_create_tsv=1")
	if !ok {
		return false
	}
	lines, legible := readTSV(string(out))
	text := clean(lines)
	n := len(r.out.Segments)
	r.prose(place, text)
	for i := range r.out.Segments[n:] {
		r.out.Segments[n+i].Recognised = true
	}
	return legible
}

// recognisePage draws a page of a PDF and reads its text.
func (r *reading) recognisePage(place detect.Place, pdf []byte, page int) bool {
	o := r.x.cfg.OCR
	if o.Tesseract == "" || o.PDFToPPM == "" || r.left.Pictures <= 0 {
		return false
	}
	number := strconv.Itoa(page)
	picture, ok := r.ocrStep(pdf, pageMemory, o.PDFToPPM, "-q", "-gray", "-f", number, "-l", number, "-scale-to", strconv.Itoa(pageSide), "-")
	return ok && len(picture) > 0 && r.recognise(place, picture)
}

// ocrStep runs a program that gets a file through a pipe and can write nothing
// but its answer. What it takes of the time for pictures is not the message's.
func (r *reading) ocrStep(data []byte, memory uint64, program string, args ...string) ([]byte, bool) {
	if r.left.OCR < 100*time.Millisecond {
		return nil, false
	}
	start := time.Now()
	defer func() {
		took := time.Since(start)
		r.left.OCR -= took
		r.until = r.until.Add(took)
	}()
	ctx, cancel := context.WithTimeout(r.ctx, r.left.OCR)
	defer cancel()
	out, err := filter(ctx, data, limitsOf{memory: memory, seconds: uint64(r.left.OCR/time.Second) + 1, answer: 32 << 20}, program, args...)
	return out, err == nil
}

// readTSV joins the words of Tesseract's table to lines. legible tells whether
// most of what looks like words could be made out.
func readTSV(table string) (text string, legible bool) {
	var b strings.Builder
	line := ""
	sure, unsure := 0, 0
	for row := range strings.SplitSeq(table, "\n") {
		cells := strings.SplitN(row, "\t", 12)
		if len(cells) < 12 || cells[0] != "5" || blank(cells[11]) {
			continue
		}
		switch at := strings.Join(cells[1:5], "."); {
		case line == "":
			line = at
		case at != line:
			line = at
			b.WriteByte('\n')
		default:
			b.WriteByte(' ')
		}
		b.WriteString(cells[11])
		if letters(cells[11]) < 2 {
			continue
		}
		if confidence, err := strconv.ParseFloat(cells[10], 64); err == nil && confidence >= legibleFrom {
			sure++
		} else {
			unsure++
		}
	}
	return b.String(), unsure < illegibleWords || unsure <= sure
}

// A picture whose words are mostly doubtful is not read: handwriting, a
// photograph out of focus. A few such words are the grain of a photograph.
const (
	legibleFrom    = 60 // of 100
	illegibleWords = 8
)
