package extract

import (
	"bytes"
	"encoding/base64"
	"strings"

	"postvern.example/policy/detect"
)

// isLDIFText reports whether a text, in small letters, begins with an entry of
// a directory or an address book (RFC 2849), behind comments and a version.
func isLDIFText(low []byte) bool {
	for line := range bytes.SplitSeq(low, []byte("\n")) {
		line = bytes.TrimRight(line, "\r")
		name, _, found := bytes.Cut(line, []byte(":"))
		switch {
		case len(line) == 0, line[0] == '#', line[0] == ' ', found && string(name) == "version":
			continue
		}
		return found && string(name) == "dn"
	}
	return false
}

// ldif reads the entries that directories and address books export: folded
// lines, and values that are not plain ASCII in base64, however short.
func (r *reading) ldif(p piece) {
	texts, ok := decode(p.data, p.params["charset"])
	if !ok {
		r.unscannable(p.place, whyCharset)
	}
	for _, text := range texts {
		var b strings.Builder
		for _, line := range unfold(text) {
			b.WriteString(r.attribute(p, line))
			b.WriteByte('\n')
		}
		r.prose(p.place, b.String())
		r.coded(p, b.String())
	}
}

// attribute returns the text of one line. What it holds in base64 that is no
// plain text is read as a file.
func (r *reading) attribute(p piece, line string) string {
	name, code, found := strings.Cut(line, "::")
	if !found || strings.ContainsAny(name, ": #") {
		return line
	}
	data, err := base64.StdEncoding.DecodeString(padded(strings.TrimSpace(code)))
	if err != nil {
		r.unscannable(p.place, whyMalformed)
		return line
	}
	if k := sniff(data); k == isText || k == isEmpty {
		return name + ": " + mixed(data)
	}
	if !r.counted(p) {
		return name
	}
	r.left.Attachments++
	place := p.place.In(detect.Step{Kind: detect.InAttachment, Number: r.left.Attachments})
	r.piece(piece{data: data, place: place, depth: p.depth + 1, inline: true})
	return name
}
