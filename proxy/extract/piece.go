package extract

import (
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

// format says how one kind of file is called and read.
type format struct {
	label   string
	read    func(*reading, piece)
	hostile bool // read in a worker process where there is one
	streams bool // read takes a large piece as well
}

// isHostile reports whether files of a format are read apart from this process.
func (e *Extractor) isHostile(f format) bool {
	return f.hostile || f.label == "image" && e.cfg.OCR.Tesseract != ""
}

// formatTable maps what sniff tells to readers. A kind that is not in it is
// unscannable.
func formatTable() map[kind]format {
	return map[kind]format{
		isText:       {label: "text", read: (*reading).plain},
		isHTML:       {label: "HTML", read: (*reading).html},
		isXML:        {label: "XML", read: (*reading).xml},
		isJSON:       {label: "JSON", read: (*reading).json},
		isTable:      {label: "table", read: (*reading).table},
		isICS:        {label: "calendar", read: (*reading).directory},
		isVCard:      {label: "contact", read: (*reading).directory},
		isMail:       {label: "mail", read: (*reading).mail},
		isPGP:        {label: "key", read: (*reading).openPGP},
		isPGPData:    {label: "encrypted", read: (*reading).openPGPData},
		isPEM:        {label: "key", read: (*reading).pem},
		isCMS:        {label: "signature", read: (*reading).cms},
		isX509:       {label: "key", read: (*reading).certificate},
		isPNG:        {label: "image", read: (*reading).png, streams: true},
		isJPEG:       {label: "image", read: (*reading).jpeg, streams: true},
		isGIF:        {label: "image", read: (*reading).gif},
		isWebP:       {label: "image", read: (*reading).webp},
		isTIFF:       {label: "image", read: (*reading).tiff},
		isBMP:        {label: "image", read: (*reading).bitmap},
		isPicture:    {label: "image", read: unread(whyImage)},
		isEMF:        {label: "image", read: (*reading).emf},
		isWMF:        {label: "image", read: (*reading).wmf},
		isMedia:      {label: "media", read: unread(whyMedia)},
		isProgram:    {label: "program", read: unread(whyProgram)},
		isZip:        {label: "archive", read: (*reading).zip, hostile: true},
		isGzip:       {label: "archive", read: (*reading).gzip, hostile: true},
		isBzip2:      {label: "archive", read: (*reading).bzip2, hostile: true},
		isXZ:         {label: "archive", read: (*reading).xz, hostile: true},
		isZstd:       {label: "archive", read: (*reading).zstd, hostile: true},
		isTar:        {label: "archive", read: (*reading).tar, hostile: true},
		is7z:         {label: "archive", read: (*reading).sevenZip, hostile: true},
		isRAR:        {label: "archive", read: (*reading).rar, hostile: true},
		isCabinet:    {label: "archive", read: (*reading).cabinet, hostile: true},
		isLZ4:        {label: "archive", read: (*reading).lz4, hostile: true},
		isLZMA:       {label: "archive", read: (*reading).lzma, hostile: true},
		isPacked:     {label: "archive", read: unread(whyPacking)},
		isOneNote:    {label: "OneNote", read: (*reading).strings, hostile: true},
		isAccess:     {label: "Access", read: (*reading).strings, hostile: true},
		isOffice:     {label: "document", read: (*reading).strings, hostile: true},
		isPostScript: {label: "document", read: (*reading).strings, hostile: true},
		isOLE:        {label: "OLE", read: (*reading).ole, hostile: true},
		isWord:       {label: "Word", read: (*reading).fileWord, hostile: true},
		isBIFF:       {label: "Excel", read: (*reading).biff, hostile: true},
		isTNEF:       {label: "TNEF", read: (*reading).tnef, hostile: true},
		isPDF:        {label: "PDF", read: (*reading).pdf, hostile: true},
		isRTF:        {label: "RTF", read: (*reading).rtf, hostile: true},
		isDouble:     {label: "AppleDouble", read: (*reading).appleDouble},
	}
}

// strings reads a file of a type that there is no reader for: the texts that
// stand in it unpacked, which are not all.
func (r *reading) strings(p piece) {
	r.prose(p.place, printable(p.data))
	r.prose(p.place, wideText(p.data))
	r.unscannable(p.place, whyUnread)
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
