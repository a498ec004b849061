package extract

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"sort"
	"strings"

	"github.com/richardlehane/mscfb"

	"postvern.example/policy/detect"
)

// compound is a compound file (MS-CFB) with the streams of all its storages.
type compound struct {
	streams map[string][]byte // by path, "/" between storages
	names   []string          // of the streams, in the order of the file
}

// ole reads a compound file: Word, Excel and PowerPoint before 2007, Outlook
// messages, encrypted OOXML, macros.
func (r *reading) ole(p piece) {
	c, why := r.openCompound(p)
	if why != "" {
		r.unscannable(p.place, why)
	}
	if c == nil {
		return
	}
	r.storage(p, c, "")
}

func (r *reading) openCompound(p piece) (*compound, detect.Evidence) {
	doc, err := mscfb.New(bytes.NewReader(p.data))
	if err != nil {
		return nil, whyMalformed
	}
	c := &compound{streams: map[string][]byte{}}
	total := int64(len(p.data)) * 2 // streams that share sectors end here
	var broken detect.Evidence
	for {
		entry, err := doc.Next()
		if errors.Is(err, io.EOF) {
			return c, broken
		}
		if err != nil {
			return c, whyMalformed
		}
		if r.left.Entries--; r.left.Entries < 0 {
			return c, whyEntries
		}
		if r.ended() {
			return c, whyTime
		}
		if entry.Size == 0 {
			continue
		}
		data, err := io.ReadAll(io.LimitReader(entry, min(total, entry.Size)))
		total -= int64(len(data))
		if total < 0 {
			return c, whyMalformed
		}
		if err != nil && !errors.Is(err, io.EOF) {
			broken = whyMalformed // the others may be whole
		}
		path := strings.Join(append(append([]string(nil), entry.Path...), entry.Name), "/")
		path = strings.ToLower(rawName(path, entry.Initial)) // names differ in case only by mistake
		if _, twice := c.streams[path]; !twice {
			c.names = append(c.names, path)
		}
		c.streams[path] = data
	}
}

// rawName puts back the control character that begins a stream's name.
func rawName(path string, initial uint16) string {
	if initial > 0 && initial < 32 {
		i := strings.LastIndexByte(path, '/') + 1
		return path[:i] + string(rune(initial)) + path[i:]
	}
	return path
}

// storage reads the document that stands in a storage: the file itself, or
// something embedded in it.
func (r *reading) storage(p piece, c *compound, under string) {
	if p.depth > r.x.cfg.Depth {
		r.unscannable(p.place, whyDepth)
		return
	}
	has := func(name string) bool { _, ok := c.streams[under+name]; return ok }
	switch {
	case has("encryptedpackage"):
		r.encryptedPackage(p, c.streams[under+"encryptioninfo"], c.streams[under+"encryptedpackage"])
		return
	case has("\tdrmcontent"):
		r.protected(p.place, strengthStrong)
		return
	case !c.holds(under):
		return // nothing is left of what was embedded
	case has("__properties_version1.0"):
		r.outlook(p, c, under)
		return
	case has("worddocument"):
		p.place = labelled(p.place, "Word")
		r.doc(p, c, under)
	case has("workbook"), has("book"):
		p.place = labelled(p.place, "Excel")
		r.xls(p, c, under)
	case has("powerpoint document"):
		p.place = labelled(p.place, "PowerPoint")
		r.ppt(p, c, under)
	case c.drawn(under) != "":
		p.place = labelled(p.place, c.drawn(under))
		r.allStreams(p, c, under)
	case c.hasMacros(under):
		p.place = labelled(p.place, "macros")
	case has("\x01ole10native"), has("package"), has("contents"):
	default:
		p.place = labelled(p.place, "OLE")
		r.allStreams(p, c, under)
	}
	r.otherStreams(p, c, under)
}

// drawn names the program, of those without a reader here, that has written a
// storage; "" where it is none of them.
func (c *compound) drawn(under string) string {
	has := func(name string) bool { _, ok := c.streams[under+name]; return ok }
	switch {
	case has("visiodocument"):
		return "Visio"
	case has("quill/quillsub/contents"):
		return "Publisher"
	case bytes.Contains(c.streams[under+"\x01compobj"], []byte("MSProject")), bytes.Contains(c.streams[under+"\x01compobj"], []byte("Microsoft Project")):
		return "Project"
	}
	return ""
}

// allStreams reads what stands unpacked in the streams of a storage that there
// is no reader for. It is not all of its text.
func (r *reading) allStreams(p piece, c *compound, under string) {
	r.unscannable(p.place, whyUnread)
	for _, name := range c.names {
		if strings.HasPrefix(name, under) && !r.over(p.place) {
			r.prose(p.place, printable(c.streams[name])+wideText(c.streams[name]))
		}
	}
}

// holds reports whether there is any stream in a storage.
func (c *compound) holds(under string) bool {
	for _, name := range c.names {
		if strings.HasPrefix(name, under) {
			return true
		}
	}
	return false
}

func (c *compound) hasMacros(under string) bool {
	for _, name := range c.names {
		if rest, ok := strings.CutPrefix(name, under); ok && (rest == "vba/dir" || rest == "dir" || strings.HasSuffix(rest, "/vba/dir")) {
			return true
		}
	}
	return false
}

// otherStreams reads what every kind of document may have beside its text:
// properties, macros, embedded objects.
func (r *reading) otherStreams(p piece, c *compound, under string) {
	objects := map[string]bool{}
	for i, name := range c.names {
		rest, ok := strings.CutPrefix(name, under)
		if !ok || r.over(p.place) {
			continue
		}
		data := c.streams[name]
		dir, base := "", rest
		if slash := strings.LastIndexByte(rest, '/'); slash >= 0 {
			dir, base = rest[:slash+1], rest[slash+1:]
		}
		entry := p.place.In(detect.Step{Kind: detect.InEntry, Number: i + 1})
		switch {
		case base == "\x05summaryinformation" || base == "\x05documentsummaryinformation":
			r.propertySet(p, data)
		case base == "\x01ole10native":
			r.packaged(piece{data: data, place: entry, depth: p.depth + 1, inline: true})
		case base == "package" || base == "contents":
			r.piece(piece{data: data, place: entry, depth: p.depth + 1, inline: true})
		case strings.HasSuffix(dir, "vba/"):
			r.macro(p, data)
		case strings.HasPrefix(dir, "msodatastore/"):
			r.ownXML(data, p.place.In(detect.Step{Kind: detect.InProperties}))
		case dir != "" && isDocumentStream(base):
			objects[dir] = true
		default:
			if isAppearance(base) {
				if !c.holdsReadable(under + dir) {
					r.appearance(p, data, entry)
				}
				continue
			}
			r.looseStream(p, base, data, entry)
		}
	}
	for _, dir := range sortedKeys(objects) {
		r.left.Attachments++
		place := p.place.In(detect.Step{Kind: detect.InEntry, Number: r.left.Attachments})
		r.storage(piece{place: place, depth: p.depth + 1, inline: true, data: p.data}, c, under+dir)
	}
}

func isDocumentStream(base string) bool {
	switch base {
	case "worddocument", "workbook", "book", "powerpoint document", "encryptedpackage", "visiodocument":
		return true
	}
	return false
}

func sortedKeys(m map[string]bool) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

// packaged reads a file that was dragged into a document (\1Ole10Native): a
// size, two bytes, three names, and the file.
func (r *reading) packaged(p piece) {
	d := p.data
	if len(d) < 6 {
		r.unscannable(p.place, whyMalformed)
		return
	}
	d = d[4:]
	if binary.LittleEndian.Uint16(d) != 2 {
		if binary.LittleEndian.Uint16(d) == 8 && len(d) > 6 && sniff(d[6:]) == isWMF {
			d = d[6:] // a metafile behind its unit and size (MS-OLEDS §2.2.2.1)
		}
		r.piece(piece{data: d, place: p.place, depth: p.depth, inline: true}) // the bytes of a program without names
		return
	}
	d = d[2:]
	var name []byte
	for range 2 {
		var one []byte
		one, d, _ = bytes.Cut(d, []byte{0})
		r.label(p.place.In(detect.Step{Kind: detect.InName}), mixed(one))
		if name == nil {
			name = one
		}
	}
	if len(d) < 8 {
		r.unscannable(p.place, whyMalformed)
		return
	}
	n := int(binary.LittleEndian.Uint32(d[4:]))
	d = d[8:]
	if n < 0 || n+4 > len(d) {
		r.unscannable(p.place, whyMalformed)
		return
	}
	r.label(p.place.In(detect.Step{Kind: detect.InName}), mixed(d[:n])) // where it lay when it was packed
	d = d[n:]
	size := int(binary.LittleEndian.Uint32(d))
	d = d[4:]
	if size < 0 || size > len(d) {
		size = len(d)
	}
	for wide := (ole1{d[size:]}); len(wide.d) > 4; { // the names once more, in Unicode
		n := int(min(wide.u32(0), uint32(len(wide.d)/2)))
		r.label(p.place.In(detect.Step{Kind: detect.InName}), utf16Text(wide.d[:2*n]))
		wide.d = wide.d[2*n:]
	}
	r.piece(piece{data: d[:size], place: p.place, name: string(name), depth: p.depth})
}

// macro reads the source text of a module of VBA, which stands compressed at
// the end of its stream, after the compiled form.
func (r *reading) macro(p piece, data []byte) {
	place := p.place.In(detect.Step{Kind: detect.InProperties})
	read := false
	for i := 0; i+3 < len(data); i++ {
		if data[i] != 1 || data[i+2]&0x70 != 0x30 {
			continue
		}
		text := decompressVBA(data[i:])
		if bytes.Contains(text, []byte("Attribute VB_")) || bytes.Contains(text, []byte("Attribut")) {
			r.prose(place, mixed(text))
			read = true
			break
		}
	}
	if !read {
		r.prose(place, printable(data)+wideText(data))
	}
}

// decompressVBA undoes the compression of MS-OVBA §2.4.1.
func decompressVBA(data []byte) []byte {
	var out []byte
	data = data[1:]
	for len(data) >= 2 {
		head := binary.LittleEndian.Uint16(data)
		size := int(head&0x0FFF) + 1
		if head>>12&7 != 3 {
			break
		}
		data = data[2:]
		chunk := data[:min(size, len(data))]
		data = data[len(chunk):]
		if head&0x8000 == 0 {
			out = append(out, chunk...)
			continue
		}
		out = expandChunk(out, chunk)
	}
	return out
}

func expandChunk(out, chunk []byte) []byte {
	start := len(out)
	for i := 0; i < len(chunk); {
		flags := chunk[i]
		i++
		for bit := 0; bit < 8 && i < len(chunk); bit++ {
			if flags>>bit&1 == 0 {
				out = append(out, chunk[i])
				i++
				continue
			}
			if i+1 >= len(chunk) {
				return out
			}
			token := int(binary.LittleEndian.Uint16(chunk[i:]))
			i += 2
			bits := 4
			for 1<<bits < len(out)-start {
				bits++
			}
			bits = min(bits, 12)
			length := token&(0xFFFF>>bits) + 3
			from := len(out) - (token >> (16 - bits)) - 1
			if from < start {
				return out
			}
			for range length {
				out = append(out, out[from])
				from++
			}
		}
	}
	return out
}
