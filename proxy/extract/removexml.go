package extract

import (
	"bytes"
	"html"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// removal takes names out of the parts of a document.
type removal struct {
	words map[string]string // by name: what stands for it where somebody has to be named
	gone  map[string]bool   // what was taken out and put in, as the readers see it
}

// newRemoval gives each name a word: who says what in a row of comments can be
// told, and not who they are. Office and LibreOffice write such words where
// their own inspectors take the names out.
func newRemoval(names []string) *removal {
	d := &removal{words: map[string]string{}, gone: map[string]bool{}}
	for i, name := range names {
		d.words[name] = "Author" + strconv.Itoa(i+1)
	}
	return d
}

// initials are what stands for those of somebody who is a word now.
func initials(word string) string { return "A" + strings.TrimPrefix(word, "Author") }

// partKind says which stamps a part of a document may have.
type partKind int

const (
	noStamps     partKind = iota // none that are taken out
	inProperties                 // elements, which may be empty
	inOffice                     // attributes
	inNotes                      // attributes, elements, and the texts of notes, which Excel begins with a name
	inODF                        // elements of notes and changes, and the texts of notes
)

// cut replaces a run of a part.
type cut struct {
	start, end int
	with       string
}

// partRemoval is the way through one part.
type partRemoval struct {
	*removal
	kind   partKind
	s      *xmlScanner
	found  []cut
	in     string // the open element that holds names
	notes  int    // depth of open notes and changes (ODF)
	word   string // what stands for whom the last element named
	person string // and for the person whose element is open
}

// part returns a part without the names, and all its other octets as they are.
// It returns nil where there is nothing to take out, or it cannot be done.
func (d *removal) part(r *reading, data []byte, kind partKind) []byte {
	mark := len(data)
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	mark -= len(data)
	cuts := d.cuts(r, data, kind)
	if len(cuts) == 0 {
		return nil
	}
	var out bytes.Buffer
	out.Grow(mark + len(data))
	out.WriteString("\ufeff"[:mark])
	last := 0
	for _, c := range cuts {
		out.Write(data[last:c.start])
		out.WriteString(c.with)
		last = c.end
	}
	out.Write(data[last:])
	return out.Bytes()
}

// cuts returns what takes the names out of XML.
func (d *removal) cuts(r *reading, data []byte, kind partKind) []cut {
	if len(data) == 0 || data[0] >= utf8.RuneSelf || !utf8.Valid(data) || byBOM(data) != nil {
		return nil // it is read in a copy, whose places are others
	}
	p := partRemoval{removal: d, kind: kind, s: scanXML(data)}
	for n, start := 0, 0; p.s.next(); n++ {
		if n%4096 == 0 && r.ended() {
			return nil
		}
		p.token(start)
		start = p.s.pos
	}
	if p.s.broken {
		return nil
	}
	return p.found
}

// token looks at the token that the scanner has read, which begins at start.
func (p *partRemoval) token(start int) {
	switch p.s.kind {
	case xmlOpen:
		p.open()
	case xmlText:
		p.text(start)
	case xmlClose:
		switch p.s.name {
		case p.in:
			p.in = ""
		case "person":
			p.person = ""
		case "annotation", "change-info":
			p.notes = max(0, p.notes-1)
		}
	case xmlEnd, xmlAside:
	}
}

func (p *partRemoval) open() {
	switch name := p.s.name; {
	case p.s.empty:
	case name == "annotation", name == "change-info":
		p.notes++
		p.word = ""
	case p.holds(name):
		p.in = name
	}
	if p.s.attrs != "" {
		p.attributes()
	}
}

// holds reports whether an element holds somebody's name, or their initials, or
// a text that may begin with a name. What a document shows is none of these: a
// field of OpenDocument has the name of what it shows.
func (p *partRemoval) holds(name string) bool {
	switch p.kind {
	case inProperties:
		return stampElements[name] && p.s.prefix != "text"
	case inNotes:
		return name == "author" || isNote(name)
	case inODF:
		return p.notes > 0 && (name == "creator" && p.s.prefix == "dc" || name == "creator-initials" || name == "sender-initials" || isNote(name))
	case noStamps, inOffice:
	}
	return false
}

// isNote reports whether an element holds the text of a note, where it is asked
// for.
func isNote(name string) bool { return name == "t" || name == "p" || name == "span" }

// text takes names out of text that stands at start.
func (p *partRemoval) text(start int) {
	raw := p.s.text[start:p.s.pos]
	switch {
	case p.in == "":
	case isNote(p.in):
		name, _, ok := strings.Cut(raw, ":")
		if word := p.words[name]; ok && word != "" {
			p.cut(start, start+len(name), name, word)
		}
	case strings.HasSuffix(p.in, "-initials"):
		if p.word != "" {
			p.cut(start, p.s.pos, raw, initials(p.word))
			p.word = ""
		}
	default:
		rest, word, hit := p.without(p.s.content)
		switch {
		case !hit:
			p.word = ""
			return
		case rest == "" && p.kind != inProperties:
			rest = word
		}
		p.word = word
		p.cut(start, p.s.pos, "", html.EscapeString(rest))
	}
}

// attributes takes names out of those of the element that begins.
func (p *partRemoval) attributes() {
	s, word := p.s, ""
	s.eachRaw(func(key, raw string, _ int) bool {
		if s.stampsBy(key) {
			if rest, w, _ := p.without(s.unescape(raw)); rest == "" && word == "" {
				word = w
			}
		}
		return true
	})
	switch {
	case s.name == "person":
		p.person = ""
		if !s.empty {
			p.person = word
		}
	case s.name == "presenceInfo" && word == "":
		word = p.person
	}
	s.eachRaw(func(key, raw string, at int) bool {
		switch {
		case key == "initials" && word != "":
			p.cut(at, at+len(raw), raw, initials(word))
		case key == "userId" && word != "": // whatever form it has, it is theirs
			p.cut(at, at+len(raw), raw, word)
		case s.stampsBy(key):
			rest, w, hit := p.without(s.unescape(raw))
			if rest == "" {
				rest = w
			}
			if hit {
				p.cut(at, at+len(raw), "", html.EscapeString(rest))
			}
		}
		return true
	})
}

// cut notes a cut, and besides the names what it takes out.
func (p *partRemoval) cut(start, end int, out, in string) {
	p.found = append(p.found, cut{start, end, in})
	for _, text := range [...]string{out, in} {
		if text = strings.TrimSpace(clean(html.UnescapeString(text))); text != "" {
			p.gone[text] = true
		}
	}
}

// without returns those of the names in a field that stay, and the word for the
// first that does not.
func (d *removal) without(text string) (rest, word string, hit bool) {
	var stay []string
	for name := range stampNames(text) {
		w, goes := d.words[name]
		switch {
		case !goes:
			stay = append(stay, name)
			continue
		case word == "":
			word = w
		}
		d.gone[name], hit = true, true
	}
	return strings.Join(stay, "; "), word, hit
}

// blinded returns text without anything that was taken out or put in: of what
// the readers see of a document before and after, that has to be the same.
func blinded(text string, gone []string) string {
	var b strings.Builder
	for line := range strings.FieldsFuncSeq(text, func(c rune) bool { return c == '\n' || c == ';' }) { // as names are parted
		for _, word := range gone {
			line = strings.ReplaceAll(line, word, "")
		}
		if line = strings.TrimSpace(line); line != "" {
			b.WriteString(line)
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// longestFirst returns what was taken out and put in so that nothing is taken
// for a part of it.
func (d *removal) longestFirst() []string {
	all := make([]string, 0, len(d.gone))
	for text := range d.gone {
		all = append(all, text)
	}
	slices.SortFunc(all, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	return all
}
