package extract

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
)

// pdf takes names out of a PDF in place: every octet of it stays where it is,
// as its table of objects says where each begins. So only names are reached that
// are neither packed nor encrypted. It returns nil where there are none, and
// where the file is signed.
func (d *removal) pdf(r *reading, data []byte) []byte {
	if bytes.Contains(data, []byte("/Encrypt")) || bytes.Contains(data, []byte("/ByteRange")) {
		return nil
	}
	p := pdfRemoval{removal: d, data: data}
	for _, key := range [...]string{"/Author", "/T"} {
		for at := 0; ; {
			i := bytes.Index(data[at:], []byte(key))
			if i < 0 {
				break
			}
			at += i + len(key)
			if r.ended() {
				return nil
			}
			p.value(at, key == "/T")
		}
	}
	for at := 0; ; {
		start := bytes.Index(data[at:], []byte("<rdf:RDF"))
		if start < 0 {
			break
		}
		start += at
		end := bytes.Index(data[start:], []byte("</rdf:RDF>"))
		if end < 0 {
			break
		}
		at = start + end
		p.metadata(r, start, at)
	}
	return p.out
}

// pdfRemoval is a PDF out of which names are taken.
type pdfRemoval struct {
	*removal
	data []byte
	out  []byte // nil: it is data yet
}

// longestPDF is how long a name is at most as a file has it: in UTF-16, each
// octet as an escape.
const longestPDF = 8 * longestStamp

// pdfReference is a value that stands in an object of its own.
var pdfReference = regexp.MustCompile(`^\s*(\d{1,10})\s+(\d{1,5})\s+R`)

// value takes names out of the string that stands at a place as the value of a
// key, or in the object that does.
func (p *pdfRemoval) value(at int, comment bool) {
	near := p.data[at:min(len(p.data), at+longestPDF)]
	ref := pdfReference.FindSubmatch(near)
	if ref == nil {
		p.string(at, comment)
		return
	}
	object := regexp.MustCompile(fmt.Sprintf(`(?:^|[\r\n\t\f\x00 ])%s\s+%s\s+obj`, ref[1], ref[2]))
	for _, m := range object.FindAllIndex(p.data, 10) { // later ones replace earlier ones
		p.string(m[1], comment)
	}
}

// string takes names out of the string at a place, where there is one: in the
// writer of a comment a word takes their place if it has room.
func (p *pdfRemoval) string(at int, comment bool) {
	l := pdfLexer{d: p.data[at:min(len(p.data), at+longestPDF)]}
	l.space()
	start := l.pos
	v, _ := l.value()
	s, ok := v.(pdfString)
	if !ok || l.pos-start < 2 {
		return
	}
	end := p.data[at+l.pos-1]
	rest, word, hit := p.without(pdfText([]byte(s)))
	if !hit || rest != "" || end != ')' && end != '>' {
		return
	}
	blank := " "
	if end == '>' {
		blank, word = "20", ""
	}
	if !comment {
		word = ""
	}
	p.fill(at+start+1, at+l.pos-1, word, blank)
}

// metadata takes names out of XMP.
func (p *pdfRemoval) metadata(r *reading, start, end int) {
	for _, c := range p.cuts(r, p.data[start:end], inProperties) {
		p.fill(start+c.start, start+c.end, c.with, " ")
	}
}

// fill puts a word in the place of a run, if it has room, and blanks behind it.
func (p *pdfRemoval) fill(start, end int, word, blank string) {
	if p.out == nil {
		p.out = bytes.Clone(p.data)
	}
	run := p.out[start:end]
	if len(word) > len(run) {
		word = ""
	}
	if word != "" {
		p.gone[word] = true
	}
	n := copy(run, word)
	copy(run[n:], strings.Repeat(blank, len(run)))
}
