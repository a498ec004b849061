package extract

import (
	"encoding/binary"
	"strings"

	"postvern.example/policy/detect"
)

// piece is some bytes to read and what is known about them.
type piece struct {
	data     []byte
	large    *decoded // in the place of data; nil: it stands in data
	place    detect.Place
	name     string            // the file name; content
	declared string            // the media type that the mail gives it
	params   map[string]string // of that media type
	depth    int               // how many files it lies in
	inline   bool              // shown inside a body or a document
	sender   bool              // a part of a mail, not of a file
}

// isHostile reports whether files of a format are read apart from this process.
func (e *Extractor) isHostile(f format) bool {
	return f.hostile || f.label == "image" && e.cfg.OCR.Tesseract != ""
}

// strings reads a file of a type that there is no reader for: the texts that
// stand in it unpacked, which are not all.
func (r *reading) strings(p piece) {
	r.prose(p.place, printable(p.data))
	r.prose(p.place, wideText(p.data))
	r.unscannable(p.place, whyUnread)
}

// access tells a database that only a password opens: behind the fields of its
// first page stands how it is encrypted (MS-OFFCRYPTO §2.3.4). Of any other what
// looks like text is read.
func (r *reading) access(p piece) {
	const at = 0x299
	if len(p.data) > at+6 {
		size, major, minor := binary.LittleEndian.Uint16(p.data[at:]), binary.LittleEndian.Uint16(p.data[at+2:]), binary.LittleEndian.Uint16(p.data[at+4:])
		if size > 0 && major >= 2 && major <= 4 && minor >= 2 && minor <= 4 {
			r.protected(p.place, strengthStrong)
			return
		}
	}
	r.strings(p)
}

func unread(why detect.Evidence) func(*reading, piece) {
	return func(r *reading, p piece) { r.unscannable(p.place, why) }
}

// piece reads bytes of whatever type they are.
func (r *reading) piece(p piece) {
	if r.over(p.place) {
		return
	}
	if p.depth > r.x.cfg.Depth {
		r.unscannable(p.place, whyDepth)
		return
	}
	r.held += int64(len(p.data))
	defer func() { r.held -= int64(len(p.data)) }()
	k := sniff(p.data)
	switch {
	case k == isEmpty:
		return
	case k == isUnknown && isCharsetText(p):
		k = isText
	case k == isText:
		k = refineText(p)
	}
	f, known := r.x.formats[k]
	if !known {
		r.unscannable(labelled(p.place, "other"), whyFormat)
		return
	}
	p.place = labelled(p.place, f.label)
	if r.x.isHostile(f) {
		r.hostile(f, p)
		return
	}
	r.safely(f, p)
}

// isCharsetText reports whether the mail calls the bytes text in a charset
// whose bytes look like those of a program: Shift-JIS, EBCDIC.
func isCharsetText(p piece) bool {
	charset := strings.ToLower(p.params["charset"])
	if charset == "" || !strings.HasPrefix(p.declared, "text/") || extendsASCII(charset) {
		return false
	}
	enc, _ := lookUp(charset)
	return enc != nil
}

// refineText tells tables and marked-up text, which have no first bytes of
// their own, from other text.
func refineText(p piece) kind {
	switch p.declared {
	case "text/html", "text/enriched", "text/richtext":
		return isHTML
	case "message/rfc822", "message/global", "text/rfc822-headers":
		return isMail
	}
	if text, ok := first(p.data, p.params["charset"]); ok && delimiter(text) != 0 {
		return isTable
	}
	return isText
}
