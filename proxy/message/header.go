package message

import (
	"bytes"
	"strings"

	"postvern.example/policy/detect"
)

// The reasons of defects in a header.
const (
	reasonNoHeader       = "there is no header"
	reasonHeaderSize     = "the header is larger than the limit"
	reasonNoColon        = "a header line has no field name"
	reasonFoldFirst      = "the header begins with a folded line"
	reasonBlankFold      = "a header line is white space only"
	reasonSpaceColon     = "a MIME field has a space before its colon"
	reasonHeaderNoEnd    = "the header of a part has no end"
	reasonNoFrom         = "there is no From field"
	reasonTwoFrom        = "there are two From fields"
	reasonTwoSubjects    = "there are two Subject fields"
	reasonTwoTypes       = "there are two Content-Type fields"
	reasonTwoEncodings   = "there are two Content-Transfer-Encoding fields"
	reasonTwoDispos      = "there are two Content-Disposition fields"
	reasonTwoVersions    = "there are two MIME-Version fields that differ"
	reasonVersion        = "the MIME version is not 1.0"
	reasonWords          = "a header field in a charset that cannot be read"
	reasonBadType        = "the Content-Type field cannot be read"
	reasonBadDisposition = "the Content-Disposition field cannot be read"
)

// Get returns all fields of that name in the order of the header. The case of
// letters does not matter.
func (p *Part) Get(name string) []Field {
	var found []Field
	for _, f := range p.Fields {
		if strings.EqualFold(f.Name, name) {
			found = append(found, f)
		}
	}
	return found
}

// line returns the end of the line at pos without and with its CRLF.
func (p *parser) line(pos int) (end, next int) {
	i := bytes.IndexByte(p.raw[pos:], '\n')
	if i < 0 {
		return len(p.raw), len(p.raw)
	}
	return pos + i - 1, pos + i + 1
}

// header reads the fields from pos on. It ends after the empty line, at a
// delimiter of an open multipart, or where the message does.
func (p *parser) header(pos int, at location) (fields []Field, end int) {
	h := headerReader{p: p, at: at, start: pos}
	for pos < len(p.raw) {
		stop, next := p.line(pos)
		if stop == pos {
			return h.fields, next
		}
		if p.raw[pos] == '-' && len(p.stack) > 0 {
			if _, ok := p.delimiter(pos); ok {
				h.defect(reasonHeaderNoEnd)
				return h.fields, pos
			}
		}
		h.take(pos, stop, next)
		pos = next
	}
	return h.fields, pos
}

type headerReader struct {
	p      *parser
	at     location
	start  int
	fields []Field
	broken bool // the line before was no field: what is folded onto it is lost with it
	blank  bool // a line of white space only came by, which some programs take for the end
}

func (h *headerReader) defect(reason string) {
	h.p.defect(h.at.place.In(detect.Step{Kind: detect.InHeader}), reason, h.at.top)
}

func (h *headerReader) take(pos, stop, next int) {
	if next-h.start > h.p.limits.HeaderBytes {
		h.defect(reasonHeaderSize)
		return
	}
	line := h.p.raw[pos:stop]
	if line[0] == ' ' || line[0] == '\t' {
		h.fold(line, stop, next)
		return
	}
	colon := bytes.IndexByte(line, ':')
	if colon < 0 {
		h.broken = true
		h.defect(reasonNoColon)
		return
	}
	name := bytes.TrimRight(line[:colon], " \t")
	if !isFieldName(name) {
		h.broken = true
		h.defect(reasonNoColon)
		return
	}
	h.broken = false
	if h.lastIsBlank() {
		h.defect(reasonBlankFold)
	}
	field := Field{Name: string(name), Range: Range{pos, next}, Value: Range{pos + colon + 1, stop}}
	if isMIMEField(field.Name) {
		// Obsolete syntax (RFC 5322 §4.5) is read as what it says, but here
		// two readers could see two structures.
		if len(name) < colon {
			h.defect(reasonSpaceColon)
		}
		if h.blank {
			h.defect(reasonBlankFold)
		}
	}
	h.fields = append(h.fields, field)
}

// fold adds a continuation line to the field before it (RFC 5322 §2.2.3).
func (h *headerReader) fold(line []byte, stop, next int) {
	if len(bytes.TrimLeft(line, " \t")) == 0 {
		h.blank = true
	}
	if len(h.fields) == 0 && !h.broken {
		h.defect(reasonFoldFirst)
		h.broken = true
	}
	if h.broken {
		return
	}
	last := &h.fields[len(h.fields)-1]
	last.Range.End, last.Value.End = next, stop
	if h.blank && isMIMEField(last.Name) {
		h.defect(reasonBlankFold)
	}
}

// lastIsBlank reports whether the last line of the last field is white space
// only though the field is not.
func (h *headerReader) lastIsBlank() bool {
	if !h.blank || len(h.fields) == 0 {
		return false
	}
	v := h.fields[len(h.fields)-1].Value
	value := h.p.raw[v.Start:v.End]
	i := bytes.LastIndexByte(value, '\n')
	return i >= 0 && len(bytes.TrimSpace(value[i:])) == 0
}

// isFieldName reports whether name is printable ASCII without space and colon
// (RFC 5322 §3.6.8).
func isFieldName(name []byte) bool {
	for _, c := range name {
		if c <= ' ' || c >= 0x7f || c == ':' {
			return false
		}
	}
	return len(name) > 0
}

func isMIMEField(name string) bool {
	const prefix = "Content-"
	return len(name) > len(prefix) && strings.EqualFold(name[:len(prefix)], prefix) ||
		strings.EqualFold(name, "MIME-Version")
}

// checkMessage notes what a message's own header lacks or has twice. Nested
// messages are shown, not sent: only what hides content counts there.
func (p *parser) checkMessage(part *Part, at location) {
	place := func(label string) detect.Place {
		return at.place.In(detect.Step{Kind: detect.InHeader, Label: label})
	}
	if !at.top {
		return
	}
	if len(part.Fields) == 0 {
		p.defect(place(""), reasonNoHeader, true)
		return
	}
	switch len(part.Get("From")) {
	case 0:
		p.defect(place("From"), reasonNoFrom, true)
	case 1:
	default:
		p.defect(place("From"), reasonTwoFrom, true)
	}
	if len(part.Get("Subject")) > 1 {
		p.defect(place("Subject"), reasonTwoSubjects, true)
	}
}

// checkWords notes the fields whose encoded words (RFC 2047) another program
// may show, and nobody here can read.
func (p *parser) checkWords(part *Part, at location) {
	for _, f := range part.Fields {
		value := p.raw[f.Value.Start:f.Value.End]
		if !bytes.Contains(value, []byte("=?")) {
			continue
		}
		if _, unread := decodeWords(unfold(value)); unread {
			p.defect(at.place.In(detect.Step{Kind: detect.InHeader}), reasonWords, false)
			return
		}
	}
}
