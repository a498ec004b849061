package extract

import (
	"bytes"
	"slices"
	"strings"

	"golang.org/x/text/encoding/unicode"

	"postvern.example/policy/detect"
)

// beside reads the strings of all objects, and the streams that are files,
// metadata, and content that no page shows. It also reads what later edits have
// replaced.
func (f *pdfFile) beside(pages []pdfPageText) {
	g := pdfStrings{f: f, pages: pages, seen: map[string]bool{}, files: map[int]bool{}}
	var strays []any // pages that are in no tree, and what others replaced
	for i, ref := range f.order {
		if i%1024 == 0 && f.r.over(f.p.place) {
			break
		}
		g.owner = ref
		v := f.at(ref)
		g.take(v, "", 0)
		if page, ok := v.(pdfDict); ok && page["Type"] == pdfName("Page") && !f.inTree[ref] {
			strays = append(strays, ref)
		}
	}
	g.owner = pdfRef{}
	g.take(f.dict(f.trailer["Info"]), "", 0)
	for _, old := range f.older {
		v, _ := f.value(old)
		g.take(v, "", 0)
		if page, ok := v.(pdfDict); ok && page["Type"] == pdfName("Page") {
			strays = append(strays, old)
		}
	}
	for _, page := range strays {
		g.strayPage(page)
	}
	for _, s := range g.streams {
		g.stream(s)
	}
	f.r.prose(f.p.place.In(detect.Step{Kind: detect.InProperties}), g.text.String())
}

// pdfStrings collects the strings that people have written.
type pdfStrings struct {
	f     *pdfFile
	pages []pdfPageText
	shown *shownText // what the pages say, once it was asked for
	owner pdfRef
	seen  map[string]bool
	text  strings.Builder

	streams []*pdfStream // to read once all objects have said which of them are files
	files   map[int]bool // the numbers of those that a file specification names
}

// technicalKeys name strings that are not text.
var technicalKeys = map[pdfName]bool{
	"ID": true, "O": true, "U": true, "OE": true, "UE": true, "Perms": true, "CharSet": true, "Registry": true, "Ordering": true,
	"Panose": true, "ColorSpace": true, "CS": true, "W": true, "Differences": true, "DA": true, "Lang": true, "CreationDate": true,
	"ModDate": true, "M": true, "Indexed": true, "ByteRange": true, "Cert": true, "Checksum": true, "CheckSum": true, "Dests": true, "D": true, "Dest": true,
}

func (g *pdfStrings) take(v any, key pdfName, depth int) {
	if depth > pdfDepth || technicalKeys[key] {
		return
	}
	switch v := v.(type) {
	case pdfString:
		g.string(v)
	case pdfArray:
		if len(v) > 0 && v[0] == pdfName("Indexed") {
			return
		}
		for _, item := range v {
			g.take(item, key, depth+1)
		}
	case pdfDict:
		g.noteFiles(v)
		signature := v["Type"] == pdfName("Sig") || v["ByteRange"] != nil
		for _, k := range sortedNames(v) {
			if !signature || k != "Contents" {
				g.take(v[k], k, depth+1)
			}
			if k == "Author" || k == "T" && isMarkup(v) {
				g.stamp(v[k])
			}
		}
	case *pdfStream:
		g.take(v.dict, "", depth+1)
		g.streams = append(g.streams, v)
	}
}

// isMarkup reports whether a dictionary is that of a comment (§12.5.6.2), whose
// T is the name of its writer; that of a field is its own.
func isMarkup(d pdfDict) bool {
	kind, ok := d["Subtype"].(pdfName)
	return ok && kind != "Widget" && d["FT"] == nil && d["Kids"] == nil
}

// stamp takes the name of somebody who worked on the file.
func (g *pdfStrings) stamp(v any) {
	owner := g.owner
	if ref, ok := v.(pdfRef); ok {
		owner, v = ref, g.f.at(ref)
	}
	if s, ok := v.(pdfString); ok {
		g.f.r.stamp(g.f.p.place, pdfText(g.plain(owner, s)))
	}
}

// plain returns the octets of a string without the file's encryption.
func (g *pdfStrings) plain(owner pdfRef, s pdfString) []byte {
	if c := g.f.crypt; c != nil && owner != (pdfRef{}) && !g.f.isPacked(owner) {
		return c.decrypt(owner, []byte(s), false)
	}
	return []byte(s)
}

// noteFiles notes the streams that a dictionary says are files (§7.11.4): what
// they say of their own type is optional.
func (g *pdfStrings) noteFiles(d pdfDict) {
	for _, v := range g.f.dict(d["EF"]) {
		if ref, ok := v.(pdfRef); ok {
			g.files[ref.num] = true
		}
	}
}

// sortedNames returns the keys of a dictionary in an order of their own, so
// that a file is read alike each time.
func sortedNames(d pdfDict) []pdfName {
	names := make([]pdfName, 0, len(d))
	for name := range d {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// maxSeen bounds the strings that are told from others by heart.
const maxSeen = 100_000

func (g *pdfStrings) string(s pdfString) {
	text := pdfText(g.plain(g.owner, s))
	if len(text) < 3 || g.seen[text] || !looksLikeText([]byte(text)) {
		return
	}
	if len(g.seen) < maxSeen {
		g.seen[text] = true
	}
	g.text.WriteString(text + "\n")
}

// pdfText decodes a text string (§7.9.2.2).
func pdfText(data []byte) string {
	switch {
	case bytes.HasPrefix(data, []byte{0xFE, 0xFF}), bytes.HasPrefix(data, []byte{0xFF, 0xFE}):
		return convert(unicode.UTF16(unicode.BigEndian, unicode.UseBOM), data)
	}
	return mixed(data)
}

// stream reads a stream that is text or a file of its own.
func (g *pdfStrings) stream(s *pdfStream) {
	f := g.f
	isFile := s.dict["Type"] == pdfName("EmbeddedFile") || g.files[s.owner.num]
	if !isFile {
		switch s.dict["Subtype"] {
		case pdfName("Image"), pdfName("Type1C"), pdfName("CIDFontType0C"), pdfName("OpenType"):
			return
		}
		if s.dict["Length1"] != nil || s.dict["FunctionType"] != nil || s.dict["ShadingType"] != nil ||
			s.dict["Type"] == pdfName("ObjStm") || s.dict["Type"] == pdfName("XRef") {
			return
		}
	}
	data, why := f.decoded(s)
	if why != "" {
		f.partly = true
	}
	if isFile {
		f.r.left.Attachments++
		place := f.p.place.In(detect.Step{Kind: detect.InEntry, Number: f.r.left.Attachments})
		f.r.piece(piece{data: data, place: place, depth: f.p.depth + 1})
		return
	}
	if f.ran[s] {
		return
	}
	if start := bytes.TrimLeft(data, " \r\n\t\xef\xbb\xbf"); len(start) > 0 && start[0] == '<' && looksLikeText(data) {
		f.r.xml(piece{data: data, place: f.p.place.In(detect.Step{Kind: detect.InProperties}), depth: f.p.depth + 1})
	} else if s.dict["S"] == pdfName("JavaScript") || bytes.Contains(data[:min(len(data), 4096)], []byte("function")) && looksLikeText(data) {
		g.text.WriteString(mixed(data) + "\n")
	} else if s.dict["Type"] == pdfName("Metadata") && len(bytes.TrimSpace(data)) > 0 && !looksLikeText(data) {
		f.partly = true
	} else if drawsText(data) {
		g.strayContent(s)
	}
}
