// Package document shows a mail as something that a reader without a key can
// open with a code: an encrypted PDF with the attachments in it, or an
// encrypted ZIP file.
//
// Nothing of the mail is executed or loaded: HTML becomes text, tables and the
// pictures that the mail itself carries; links stand as text; scripts, forms and
// what is hidden are left out. What the fonts cannot draw is marked, and the
// text goes along as a file. Every part that is not shown is attached, byte for
// byte. An error means that nothing may be sent.
package document

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"postvern.example/proxy/message"
	"postvern.example/proxy/seal/pdf"
)

// Words are what a document says in its reader's language.
type Words struct {
	From, To, Cc, Date, Attachments string
	File                            string // the name of a file that has none: "file"
	Text                            string // the name of the file that holds the text: "text"
	Time                            string // the layout of a date
}

// Document is a mail to be shown.
type Document struct {
	Mail  *message.Message // as the reader gets it
	Top   *message.Message // its own header, where that was edited apart from the rest; nil: it stands in Mail
	Words Words
	Code  string // opens it
	Plain string // opens it too: the code as people type it; empty: Code
}

// file is one attachment.
type file struct {
	name string
	size int
	open func() (io.Reader, error)
}

// PDF takes the mail apart and returns what writes it as a PDF. Everything that
// can be wrong with the mail is an error before anything is written.
func (d Document) PDF() (func(io.Writer) error, error) {
	content, err := gather(d.Mail, d.Words)
	if err != nil {
		return nil, fmt.Errorf("read mail: %w", err)
	}
	return func(w io.Writer) error { return d.writePDF(w, content) }, nil
}

func (d Document) writePDF(w io.Writer, content *contents) error {
	other := d.Plain
	if other == "" {
		other = d.Code
	}
	f, err := pdf.NewFile(w, d.Code, other)
	if err != nil {
		return fmt.Errorf("begin document: %w", err)
	}
	paper, err := newPaper(f)
	if err != nil {
		return fmt.Errorf("begin document: %w", err)
	}
	paper.pictures = content.pictures
	d.heading(paper)
	for _, body := range content.bodies {
		paper.draw(body)
	}
	files := content.files
	if paper.lost {
		files = append(slices.Clone(files), content.text(d.Words, d.head()))
	}
	d.listFiles(paper, files)
	names, err := attach(f, files)
	if err != nil {
		return fmt.Errorf("attach files: %w", err)
	}
	if err := paper.close(names); err != nil {
		return fmt.Errorf("write document: %w", err)
	}
	return nil
}

// top returns the message that the mail's own header stands in.
func (d Document) top() *message.Message {
	if d.Top != nil {
		return d.Top
	}
	return d.Mail
}

// head returns the lines that head the document.
func (d Document) head() (lines [][2]string) {
	m := d.top()
	for _, field := range [][2]string{{"From", d.Words.From}, {"To", d.Words.To}, {"Cc", d.Words.Cc}, {"Date", d.Words.Date}} {
		for _, f := range m.Root.Get(field[0]) {
			text := m.Text(f)
			if field[0] == "Date" {
				text = d.date(text)
			}
			if text != "" {
				lines = append(lines, [2]string{field[1], text})
			}
		}
	}
	return lines
}

func (d Document) date(text string) string {
	for _, layout := range []string{"Mon, 2 Jan 2006 15:04:05 -0700", "2 Jan 2006 15:04:05 -0700"} {
		stripped, _, _ := strings.Cut(text, " (")
		if t, err := time.Parse(layout, stripped); err == nil {
			return t.Format(d.Words.Time)
		}
	}
	return text
}

func (d Document) subject() string {
	for _, f := range d.top().Root.Get("Subject") {
		return d.top().Text(f)
	}
	return ""
}

// heading draws subject, people and date.
func (d Document) heading(p *paper) {
	if s := d.subject(); s != "" {
		p.draw([]block{{runs: []run{{text: s, bold: true}}, size: 15, after: 8}})
	}
	for _, line := range d.head() {
		p.draw([]block{{runs: []run{{text: line[0] + ": ", bold: true}, {text: line[1]}}, size: 10, hanging: 12}})
	}
	p.draw([]block{{rule: true}})
}

// listFiles says what is attached, at the end.
func (d Document) listFiles(p *paper, files []file) {
	if len(files) == 0 {
		return
	}
	p.draw([]block{{rule: true}, {runs: []run{{text: d.Words.Attachments + ":", bold: true}}, size: 10}})
	for _, f := range files {
		p.draw([]block{{runs: []run{{text: f.name + " (" + size(f.size) + ")"}}, size: 10, bullet: "•", indent: 14}})
	}
}

func size(n int) string {
	switch {
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MB", float64(n)/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%d kB", (n+512)>>10)
	}
	return fmt.Sprintf("%d B", n)
}

// attach embeds files, one in memory at a time, and returns the dictionary that
// names them (ISO 32000-2 §7.11.4). Their streams say in clear neither that they
// are files nor of what type.
func attach(f *pdf.File, files []file) (string, error) {
	if len(files) == 0 {
		return "", nil
	}
	var names strings.Builder
	for i, one := range files {
		content, err := one.open()
		if err != nil {
			return "", err
		}
		stream, spec := f.NewRef(), f.NewRef()
		if err := f.Stream(stream, "", pdf.Stored, func(w io.Writer) error {
			_, err := io.Copy(w, content)
			return err
		}); err != nil {
			return "", err
		}
		name := f.Text(one.name)
		f.Object(spec, fmt.Sprintf("<</Type /Filespec /F %s /UF %s /AFRelationship /Unspecified /EF <</F %s /UF %s>>>>", name, f.Text(one.name), stream, stream))
		fmt.Fprintf(&names, "%s %s ", f.Text(fmt.Sprintf("%05d", i)), spec)
	}
	return fmt.Sprintf("<</EmbeddedFiles <</Names [%s]>>>>", names.String()), nil
}
