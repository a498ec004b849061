package message

import (
	"bytes"
	"strings"

	"postvern.example/policy/detect"
)

// The reasons of defects in the structure.
const (
	reasonDepth        = "parts are nested more deeply than the limit"
	reasonParts        = "there are more parts than the limit"
	reasonNoBoundary   = "a multipart has no boundary"
	reasonBadBoundary  = "a boundary is not a legal one"
	reasonSameBoundary = "a boundary is used by two multiparts"
	reasonPrefix       = "a line begins with a boundary but is not one"
	reasonUnused       = "a multipart has no parts"
	reasonNoClosing    = "a multipart has no closing boundary"
	reasonAfterClosing = "a boundary stands after the closing one"
	reasonEncoding     = "the transfer encoding is not known"
	reasonEncoded      = "a multipart or nested message is itself encoded"
	reasonPartial      = "a message/partial is a piece of something"
	reasonExternal     = "a message/external-body is not the content itself"
)

// maxDefects bounds the list: a message is not understood less for the
// thousandth reason.
const maxDefects = 64

// parser walks a message once, front to back, whatever the nesting.
type parser struct {
	raw     []byte
	limits  Limits
	parts   int
	full    bool     // the limit of parts was met: the rest is not looked at
	prefix  bool     // reasonPrefix is noted
	stack   [][]byte // "--" and the boundary of each open multipart, outermost first
	defects []Defect
}

// location is where in the tree an entity stands.
type location struct {
	place  detect.Place
	depth  int
	top    bool   // the message itself
	number *int   // attachments counted so far in this message
	media  string // the default type (RFC 2046 §5.1.5)
}

// delimiter is a boundary line, or the end of the message (level -1).
type delimiter struct {
	level       int
	closing     bool
	start, next int
}

func (p *parser) defect(place detect.Place, reason string, header bool) {
	for i, d := range p.defects {
		if d.Reason == reason && d.Header == header && d.Place.String() == place.String() {
			return
		}
		if i >= maxDefects {
			return
		}
	}
	p.defects = append(p.defects, Defect{Place: place, Reason: reason, Header: header})
}

func (p *parser) structure(at location, reason string) {
	p.defect(at.place.In(detect.Step{Kind: detect.InStructure}), reason, false)
}

func (p *parser) message() *Part {
	root, _ := p.entity(0, location{top: true, number: new(int), media: "text/plain"})
	if root == nil {
		root = &Part{MediaType: "text/plain", Encoding: "7bit", Body: Range{0, len(p.raw)}}
	}
	return root
}

// entity reads the header and body at pos, and returns the delimiter that ends
// it. The part is nil where the limit of parts was met.
func (p *parser) entity(pos int, at location) (*Part, delimiter) {
	p.parts++
	if p.parts > p.limits.Parts {
		p.full = true
		p.structure(at, reasonParts)
		return nil, p.end()
	}
	part := &Part{}
	fields, body := p.header(pos, at)
	part.Fields = fields
	part.Head = Range{pos, body}
	p.mimeFields(part, at)
	p.checkMessage(part, at)
	p.checkWords(part, at)

	var d delimiter
	switch {
	case strings.HasPrefix(part.MediaType, "multipart/"):
		part.Place = at.place
		d = p.multipart(part, body, at)
	case isMessage(part.MediaType):
		part.Place = at.place.In(detect.Step{Kind: detect.InMessage})
		d = p.nested(part, body, at)
	default:
		p.placeLeaf(part, at)
		p.checkLeaf(part, at)
		d = p.seek(body)
	}
	part.Body = Range{body, d.before(body)}
	return part, d
}

// isMessage reports whether a part of this type holds a message that mail
// programs open as one.
func isMessage(media string) bool {
	return media == "message/rfc822" || media == "message/global" || media == "message/news"
}

func (p *parser) end() delimiter {
	return delimiter{level: -1, start: len(p.raw), next: len(p.raw)}
}

// before returns where the content before a delimiter ends: the CRLF in front
// of a boundary belongs to the boundary (RFC 2046 §5.1.1).
func (d delimiter) before(start int) int {
	if d.level < 0 {
		return max(start, d.start)
	}
	return max(start, d.start-2)
}

// seek returns the next delimiter of any open multipart; pos begins a line.
func (p *parser) seek(pos int) delimiter {
	if len(p.stack) == 0 || p.full {
		return p.end()
	}
	for pos < len(p.raw) {
		if d, ok := p.delimiter(pos); ok {
			return d
		}
		i := bytes.Index(p.raw[pos:], []byte("\n--"))
		if i < 0 {
			break
		}
		pos += i + 1
	}
	return p.end()
}

// delimiter reports whether the line at pos is one. A line that only begins
// like one is where readers disagree (RFC 2046 §5.1.1 has them compare the
// beginning, most compare the whole), and so a defect.
func (p *parser) delimiter(pos int) (delimiter, bool) {
	if !bytes.HasPrefix(p.raw[pos:], []byte("--")) {
		return delimiter{}, false
	}
	stop, next := p.line(pos)
	line := p.raw[pos:stop]
	found := delimiter{level: -1}
	for level := len(p.stack) - 1; level >= 0; level-- {
		rest, ok := bytes.CutPrefix(line, p.stack[level])
		if !ok {
			continue
		}
		rest = bytes.TrimRight(rest, " \t")
		closing := string(rest) == "--"
		if len(rest) > 0 && !closing {
			if !p.prefix {
				p.defect(detect.Place{{Kind: detect.InStructure}}, reasonPrefix, false)
			}
			p.prefix = true
			continue
		}
		if found.level < 0 {
			found = delimiter{level: level, closing: closing, start: pos, next: next}
		}
	}
	return found, found.level >= 0
}

func (p *parser) multipart(part *Part, body int, at location) delimiter {
	boundary := part.Params["boundary"]
	switch {
	case at.depth >= p.limits.Depth:
		p.structure(at, reasonDepth)
		return p.seek(body)
	case boundary == "":
		p.structure(at, reasonNoBoundary)
		return p.seek(body)
	case !isBoundary(boundary):
		p.structure(at, reasonBadBoundary)
	}
	p.checkContainer(part, at)
	dashed := []byte("--" + boundary)
	for _, open := range p.stack {
		if bytes.Equal(open, dashed) {
			p.structure(at, reasonSameBoundary)
		}
	}
	p.stack = append(p.stack, dashed)
	defer func() { p.stack = p.stack[:len(p.stack)-1] }()
	return p.children(part, body, at)
}

func (p *parser) children(part *Part, body int, at location) delimiter {
	level := len(p.stack) - 1
	inner := location{place: at.place, depth: at.depth + 1, number: at.number, media: "text/plain"}
	if part.MediaType == "multipart/digest" {
		inner.media = "message/rfc822"
	}
	d := p.seek(body)
	part.Preamble = Range{body, d.before(body)}
	if d.level != level || d.closing {
		p.structure(at, reasonUnused)
	}
	for d.level == level && !d.closing {
		var child *Part
		if child, d = p.entity(d.next, inner); child != nil {
			part.Children = append(part.Children, child)
		}
	}
	part.Epilogue = Range{d.start, d.start}
	if d.level != level {
		if !p.full {
			p.structure(at, reasonNoClosing)
		}
		return d
	}
	after := d.next
	for d = p.seek(after); d.level == level; d = p.seek(d.next) {
		p.structure(at, reasonAfterClosing)
	}
	part.Epilogue = Range{after, d.before(after)}
	return d
}

// nested reads the message inside a message part.
func (p *parser) nested(part *Part, body int, at location) delimiter {
	if at.depth >= p.limits.Depth {
		p.structure(at, reasonDepth)
		return p.seek(body)
	}
	p.checkContainer(part, at)
	inner := location{place: part.Place, depth: at.depth + 1, number: new(int), media: "text/plain"}
	child, d := p.entity(body, inner)
	if child != nil {
		part.Children = []*Part{child}
	}
	return d
}

// checkContainer notes an encoding that RFC 2045 §6.4 forbids: whoever undoes
// it sees other parts than whoever does not.
func (p *parser) checkContainer(part *Part, at location) {
	switch part.Encoding {
	case "7bit", "8bit", "binary":
	case "quoted-printable", "base64":
		p.structure(at, reasonEncoded)
	default:
		p.structure(at, reasonEncoding)
	}
}

func (p *parser) checkLeaf(part *Part, at location) {
	switch part.Encoding {
	case "7bit", "8bit", "binary", "quoted-printable", "base64":
	default:
		p.structure(at, reasonEncoding)
	}
	switch part.MediaType {
	case "message/partial":
		p.structure(at, reasonPartial)
	case "message/external-body":
		p.structure(at, reasonExternal)
	}
}

// isBoundary reports whether s is 1 to 70 characters of RFC 2046 §5.1.1 and
// ends in no space.
func isBoundary(s string) bool {
	if len(s) > 70 || strings.HasSuffix(s, " ") {
		return false
	}
	for i := range len(s) {
		c := s[i]
		alnum := c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		// Outlook's and others' boundaries use more of ASCII than the RFC
		// grants, without harm; line ends and blanks at the end do harm.
		if !alnum && (c < ' ' || c >= 0x7f || c == '"' || c == '\\') {
			return false
		}
	}
	return s != ""
}
