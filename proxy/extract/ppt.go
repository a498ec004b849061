package extract

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"

	"golang.org/x/text/encoding/charmap"

	"postvern.example/policy/detect"
)

// The records of a PowerPoint stream (MS-PPT §2.13.24).
const (
	pptDocument   = 0x03E8
	pptSlide      = 0x03EE
	pptNotes      = 0x03F0
	pptSlideMark  = 0x03F3
	pptSlideList  = 0x0FF0
	pptTextChars  = 0x0FA0
	pptTextBytes  = 0x0FA8
	pptCString    = 0x0FBA
	pptHyperlink  = 0x0FD7
	pptOLEStorage = 0x1011
	pptTagData    = 0x138B
	pptComment    = 0x2EE0
)

// ppt reads a PowerPoint presentation of versions 97 to 2003 (MS-PPT).
func (r *reading) ppt(p piece, c *compound, under string) {
	user, stream := c.streams[under+"current user"], c.streams[under+"powerpoint document"]
	if c.streams[under+"text_content"] != nil && c.streams[under+"header"] != nil {
		if kind, _, ok := pptRecord(stream, 0); !ok || kind != pptDocument {
			r.allStreams(p, c, under) // PowerPoint 95
			return
		}
	}
	edits := pptEditsOf(user, stream)
	if len(user) >= 16 && binary.LittleEndian.Uint32(user[12:]) == 0xF3D1C4DF || c.streams[under+"encryptedsummary"] != nil || edits.locked {
		r.protected(p.place, strengthWeak) // RC4
		return
	}
	r.currentUser(p, user)
	w := pptWalk{r: r, p: p, looks: newLaterLooks()}
	w.stream(stream, edits)
	w.flush()
	r.blips(p, c.streams[under+"pictures"])
}

// currentUser reads who saved the presentation last (MS-PPT §2.3.2): the
// length of the name stands behind the offset of the save, the name behind the
// versions, and once more in Unicode at the end.
func (r *reading) currentUser(p piece, d []byte) {
	const head, rest = 28, 4
	if len(d) < head {
		return
	}
	n := min(int(binary.LittleEndian.Uint16(d[20:])), len(d)-head)
	name := convert(charmap.Windows1252, d[head:head+n])
	if wide := d[head+n:]; n > 0 && len(wide) >= rest+2*n && wide[rest] != 0 {
		name = utf16Text(wide[rest : rest+2*n])
	}
	r.stamp(p.place, name)
	r.prose(p.place.In(detect.Step{Kind: detect.InProperties}), name)
}

// pptWalk goes once through the records of a presentation.
type pptWalk struct {
	r      *reading
	p      piece
	slides int // seen in the list of slides' texts
	bodies int // seen as slides of their own
	notes  int
	place  detect.Place // of the text that is being collected
	text   strings.Builder

	looks *laterLooks
}

func (w *pptWalk) flush() {
	w.r.prose(w.place, w.text.String())
	w.text.Reset()
}

func (w *pptWalk) write(place detect.Place, text string) {
	if !slices.Equal(place, w.place) {
		w.flush()
		w.place = place
	}
	w.text.WriteString(strings.NewReplacer("\r", "\n", "\v", "\n").Replace(text) + "\n")
}

func (w *pptWalk) records(d []byte, place detect.Place, depth int) {
	inList := false
	for len(d) >= 8 {
		if w.r.over(w.p.place) || depth > 32 {
			return
		}
		version, instance := d[0]&0x0F, binary.LittleEndian.Uint16(d)>>4
		kind, n := int(binary.LittleEndian.Uint16(d[2:])), int(binary.LittleEndian.Uint32(d[4:]))
		d = d[8:]
		if n < 0 || n > len(d) {
			w.r.unscannable(w.p.place, whyMalformed)
			n = len(d)
		}
		data := d[:n]
		d = d[n:]
		switch {
		case kind == pptSlideMark:
			inList = true
			w.slides++
			place = w.p.place.In(detect.Step{Kind: detect.InSlide, Number: w.slides})
		case bytes.HasPrefix(data, []byte("PK\x03\x04")): // the looks of later versions' tables, in what its header calls a container
			w.package2007(data, place)
		case version == 0x0F:
			w.container(kind, int(instance), data, place, depth)
		default:
			w.atom(kind, int(instance), data, place, depth)
		}
	}
	if inList {
		w.flush()
	}
}

func (w *pptWalk) container(kind, instance int, data []byte, place detect.Place, depth int) {
	switch kind {
	case pptSlide:
		w.bodies++
		place = w.p.place.In(detect.Step{Kind: detect.InSlide, Number: w.bodies})
	case pptNotes:
		w.notes++
		place = w.p.place.In(detect.Step{Kind: detect.InSlide, Number: w.notes}).In(detect.Step{Kind: detect.InComment})
	case pptSlideList:
		if instance == 0 {
			w.slides = 0
		}
		place = w.p.place
	case pptComment:
		place = w.p.place.In(detect.Step{Kind: detect.InComment})
	}
	w.records(data, place, depth+1)
}

func (w *pptWalk) atom(kind, instance int, data []byte, place detect.Place, depth int) {
	switch kind {
	case pptTextChars, pptCString:
		w.write(place, utf16Text(data[:len(data)&^1]))
	case pptTextBytes:
		w.write(place, convert(charmap.ISO8859_1, data))
	case pptHyperlink:
		w.write(place, wideText(data))
	case pptOLEStorage:
		w.object(instance, data)
	case 0xF00B, 0xF121, 0xF122: // properties of a shape: its name, its description, and how later versions draw it
		w.write(place, wideText(data))
		w.package2007(data, place)
	case pptTagData: // records of later versions
		w.records(data, place, depth+1)
	}
}

// package2007 reads the packages in a record.
func (w *pptWalk) package2007(data []byte, place detect.Place) {
	if bytes.Contains(data, []byte("PK\x03\x04")) {
		w.looks.in(w.r, piece{place: place, depth: w.p.depth}, data)
	}
}

// object reads an embedded document, which stands compressed.
func (w *pptWalk) object(instance int, data []byte) {
	w.r.left.Attachments++
	place := w.p.place.In(detect.Step{Kind: detect.InEntry, Number: w.r.left.Attachments})
	if instance == 1 && len(data) > 4 {
		plain, why := w.r.inflate(data[4:])
		if why != "" {
			w.r.unscannable(place, why)
		}
		data = plain
	}
	w.r.piece(piece{data: data, place: place, depth: w.p.depth + 1, inline: true})
}
