package document

import (
	"bytes"
	"fmt"
	"image"
	"io"
	"strings"

	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goitalic"
	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/goregular"

	"postvern.example/proxy/seal/pdf"
)

// The page is A4, in points.
const (
	pageWidth  = 595.0
	pageHeight = 842.0
	margin     = 56.0
	textSize   = 10.5
	leading    = 1.38
	quoteStep  = 11.0
	cellPad    = 4.0
)

// paper draws blocks on pages, each of which is written when it is full.
type paper struct {
	f        *pdf.File
	fonts    [4]*pdf.Font // regular, bold, italic, mono
	refs     [4]pdf.Ref
	pages    []pdf.Ref
	parent   pdf.Ref
	canvas   bytes.Buffer // of the page
	drawn    map[string]pdf.Ref
	here     map[string]pdf.Ref // pictures on this page
	y        float64            // the top of what comes next
	pictures map[string][]byte
	lost     bool // some character could not be drawn
	err      error
}

func newPaper(f *pdf.File) (*paper, error) {
	p := &paper{f: f, parent: f.NewRef(), y: pageHeight - margin, drawn: map[string]pdf.Ref{}, here: map[string]pdf.Ref{}}
	for i, one := range []struct {
		name string
		data []byte
	}{{"GoRegular", goregular.TTF}, {"GoBold", gobold.TTF}, {"GoItalic", goitalic.TTF}, {"GoMono", gomono.TTF}} {
		font, err := pdf.NewFont(one.name, one.data)
		if err != nil {
			return nil, err
		}
		p.fonts[i], p.refs[i] = font, f.NewRef()
	}
	return p, nil
}

func (p *paper) font(r run) int {
	switch {
	case r.mono:
		return 3
	case r.bold:
		return 1
	case r.italic:
		return 2
	}
	return 0
}

// page writes the page and begins another.
func (p *paper) page() {
	content, page := p.f.NewRef(), p.f.NewRef()
	p.pages = append(p.pages, page)
	number := itoa(len(p.pages))
	p.put(0, 8, pageWidth-margin-p.fonts[0].Width(number, 8), margin/2, 0.45, number)
	p.note(p.f.Stream(content, "", pdf.Deflated, func(w io.Writer) error {
		_, err := w.Write(p.canvas.Bytes())
		return err
	}))
	var pictures strings.Builder
	for _, ref := range p.here {
		fmt.Fprintf(&pictures, "/I%d %s ", ref, ref)
	}
	p.f.Object(page, fmt.Sprintf("<</Type /Page /Parent %s /MediaBox [0 0 %g %g] /Contents %s /Resources <</Font <</F0 %s /F1 %s /F2 %s /F3 %s>> /XObject <<%s>>>>>>",
		p.parent, pageWidth, pageHeight, content, p.refs[0], p.refs[1], p.refs[2], p.refs[3], pictures.String()))
	p.canvas.Reset()
	clear(p.here)
	p.y = pageHeight - margin
}

func (p *paper) note(err error) {
	if p.err == nil {
		p.err = err
	}
}

// room begins a new page where less than h is left on this one.
func (p *paper) room(h float64) {
	if p.y-h < margin && p.y < pageHeight-margin {
		p.page()
	}
}

// put writes text with its base line at a point.
func (p *paper) put(font int, size, x, y, gray float64, text string) {
	if text == "" {
		return
	}
	fmt.Fprintf(&p.canvas, "BT /F%d %.4g Tf %.3g g %.2f %.2f Td %s Tj ET\n", font, size, gray, x, y, p.fonts[font].Show(text))
}

func (p *paper) line(x1, y1, x2, y2, width, gray float64) {
	fmt.Fprintf(&p.canvas, "%.3g w %.3g G %.2f %.2f m %.2f %.2f l S\n", width, gray, x1, y1, x2, y2)
}

// draw draws blocks below what is there.
func (p *paper) draw(blocks []block) {
	for _, b := range blocks {
		left := margin + b.indent + quoteStep*float64(b.quote)
		left = min(left, pageWidth-margin-150)
		switch {
		case b.rule:
			p.room(14)
			p.y -= 7
			p.line(margin, p.y, pageWidth-margin, p.y, 0.6, 0.6)
			p.y -= 7
		case b.picture != "":
			p.picture(b, left)
		case b.table != nil:
			p.table(b, left)
		default:
			p.paragraph(b, left)
		}
		p.y -= b.after
	}
}

func (p *paper) paragraph(b block, left float64) {
	size, gray := b.size, 0.0
	if size == 0 {
		size = textSize
	}
	if b.quote > 0 {
		gray = 0.3
	}
	height := size * leading
	lines := p.wrap(b.runs, size, pageWidth-margin-left, b.hanging)
	if len(lines) == 0 {
		lines = []textLine{{}}
	}
	for i, l := range lines {
		p.room(height)
		base := p.y - size*1.05
		p.bars(b.quote, height)
		x := left
		if i == 0 && b.bullet != "" {
			mark, _ := p.fit(b.bullet, 0)
			p.put(0, size, left-6-p.fonts[0].Width(mark, size), base, gray, mark)
		}
		if i > 0 {
			x += b.hanging
		}
		for _, piece := range l.pieces {
			p.put(piece.font, size, x, base, gray, piece.text)
			x += piece.width
		}
		p.y -= height
	}
}

// bars draws the lines that mark a quotation beside one line of text.
func (p *paper) bars(levels int, height float64) {
	for i := range min(levels, 12) {
		x := margin + quoteStep*float64(i) + 3
		p.line(x, p.y+0.2, x, p.y-height-0.2, 1.2, 0.65)
	}
}

// picture draws one of the mail's pictures, no larger than the page.
func (p *paper) picture(b block, left float64) {
	data, ok := p.pictures[b.picture]
	if !ok {
		return
	}
	c, _, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return
	}
	ref, done := p.drawn[b.picture]
	if !done {
		ref = p.f.NewRef()
		if _, _, err := p.f.Image(ref, data); err != nil {
			p.note(err)
			return
		}
		p.drawn[b.picture] = ref
	}
	w, h := float64(c.Width)*0.75, float64(c.Height)*0.75
	scale := min(1, (pageWidth-margin-left)/w, (pageHeight-2*margin)*0.8/h)
	w, h = w*scale, h*scale
	p.room(h)
	p.here[b.picture] = ref
	fmt.Fprintf(&p.canvas, "q %.2f 0 0 %.2f %.2f %.2f cm /I%d Do Q\n", w, h, left, p.y-h, ref)
	p.y -= h
}

// drawable reports whether a picture can be drawn.
func drawable(data []byte) bool {
	f, err := pdf.NewFile(io.Discard, "x", "x")
	if err != nil {
		return false
	}
	_, _, err = f.Image(f.NewRef(), data)
	return err == nil
}

// close writes the last page, the fonts and the catalog.
func (p *paper) close(names string) error {
	p.page()
	for i, font := range p.fonts {
		p.note(p.f.Embed(p.refs[i], font))
	}
	kids := make([]string, len(p.pages))
	for i, ref := range p.pages {
		kids[i] = ref.String()
	}
	p.f.Object(p.parent, fmt.Sprintf("<</Type /Pages /Count %d /Kids [%s]>>", len(kids), strings.Join(kids, " ")))
	if err := p.f.Close(p.parent, names); err != nil {
		return err
	}
	return p.err
}
