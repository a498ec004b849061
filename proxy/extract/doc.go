package extract

import (
	"encoding/binary"
	"slices"
	"strings"

	"golang.org/x/text/encoding/charmap"

	"postvern.example/policy/detect"
)

// doc reads a Word document of versions 6 to 2003 (MS-DOC): the text by its
// piece table, and which part of it is body, notes, headers and comments.
func (r *reading) doc(p piece, c *compound, under string) {
	main := c.streams[under+"worddocument"]
	if len(main) < 0x60 {
		r.unscannable(p.place, whyMalformed)
		return
	}
	flags := binary.LittleEndian.Uint16(main[0x0A:])
	table, data := c.streams[under+"0table"], c.streams[under+"data"]
	if flags&0x0200 != 0 {
		table = c.streams[under+"1table"]
	}
	version := binary.LittleEndian.Uint16(main[2:])
	if flags&0x0100 != 0 {
		r.protected(p.place, strengthWeak) // XOR or RC4
		locked := wordStreams{main, table, data}
		if flags&0x8000 != 0 || version < 0xC1 || !r.tryPasswords(p.place, func(password string) bool {
			plain, ok := openWord(locked, password)
			main, table, data = plain.main, plain.table, plain.data
			return ok
		}) {
			return
		}
	}
	if version < 0xC1 || len(main) < 0x1AA {
		r.oldDoc(p, main)
		return
	}
	text, ok := wordPieces(main, table)
	if !ok {
		r.unscannable(p.place, whyMalformed)
		r.prose(p.place, printable(main)+wideText(main))
		return
	}
	r.wordStories(p, main, text, openDocLists(main, table))
	r.blips(p, data)
	// Names of authors, bookmarks and fonts stand in the table stream, in the
	// other what pictures and form fields are called, and where they lead to.
	names := wideText(table)
	r.stamp(p.place, names)
	properties := p.place.In(detect.Step{Kind: detect.InProperties})
	r.prose(properties, names)
	r.prose(properties, readableLines(wideText(data))+linkedPictures(data))
	newLaterLooks().in(r, p, table)
	pieces, _ := pieceTable(table, main[0x1A2:])
	rest := unreferenced(main, pieces)
	r.prose(properties, readableLines(longLines(printable(rest)))+readableLines(wideText(rest)))
}

// wordPieces returns the document's characters in their order (MS-DOC §2.4.1).
func wordPieces(main, table []byte) ([]rune, bool) {
	var text []rune
	pieces, ok := pieceTable(table, main[0x1A2:])
	for _, p := range pieces {
		start := int(p.at & 0x3FFFFFFF)
		compressed := p.at&0x40000000 != 0
		width := 2
		if compressed {
			start, width = start/2, 1
		}
		if start > len(main) || p.chars > (len(main)-start)/width || len(text)+p.chars > 2*len(main) {
			return nil, false
		}
		run := main[start : start+p.chars*width]
		if compressed {
			for _, c := range run {
				text = append(text, charmap.Windows1252.DecodeByte(c))
			}
			continue
		}
		for j := 0; j < len(run); j += 2 {
			text = append(text, rune(binary.LittleEndian.Uint16(run[j:])))
		}
	}
	return joinSurrogates(text), ok
}

// wordPiece is a run of characters of a document.
type wordPiece struct {
	at    uint32 // where it stands, as the piece table says it
	chars int
}

// pieceTable reads the table of pieces (MS-DOC §2.9.38) whose offset and
// length these octets say.
func pieceTable(table, where []byte) ([]wordPiece, bool) {
	at, n := int(binary.LittleEndian.Uint32(where)), int(binary.LittleEndian.Uint32(where[4:]))
	if at < 0 || n <= 0 || at > len(table) || n > len(table)-at {
		return nil, false
	}
	clx := table[at : at+n]
	for len(clx) > 3 && clx[0] == 1 { // formatting of changed pieces
		size := 3 + int(binary.LittleEndian.Uint16(clx[1:]))
		if size > len(clx) {
			return nil, false
		}
		clx = clx[size:]
	}
	if len(clx) < 5 || clx[0] != 2 {
		return nil, false
	}
	size := int(binary.LittleEndian.Uint32(clx[1:]))
	if clx = clx[5:]; size < 4 || size > len(clx) {
		return nil, false
	}
	count := (size - 4) / 12
	pieces := make([]wordPiece, count)
	for i := range pieces {
		chars := int(binary.LittleEndian.Uint32(clx[4*i+4:])) - int(binary.LittleEndian.Uint32(clx[4*i:]))
		if chars < 0 {
			return nil, false
		}
		pieces[i] = wordPiece{binary.LittleEndian.Uint32(clx[4*(count+1)+8*i+2:]), chars}
	}
	return pieces, true
}

// joinSurrogates makes characters of pairs. A pair counts two characters in a
// document; the second is kept as a character that shows nothing.
func joinSurrogates(text []rune) []rune {
	for i := 0; i+1 < len(text); i++ {
		if text[i] >= 0xD800 && text[i] < 0xDC00 && text[i+1] >= 0xDC00 && text[i+1] < 0xE000 {
			text[i] = (text[i]-0xD800)<<10 + text[i+1] - 0xDC00 + 0x10000
			text[i+1] = 0x200B
		}
	}
	return text
}

// wordStories reads the parts of the text: their lengths stand in the header
// in this order.
func (r *reading) wordStories(p piece, main []byte, text []rune, lists *docLists) {
	at := 0
	comment := p.place.In(detect.Step{Kind: detect.InComment})
	for _, story := range []struct {
		at    int
		place detect.Place
	}{
		{0x4C, p.place}, {0x50, comment}, {0x54, p.place}, {0x58, p.place}, {0x5C, comment}, {0x60, comment}, {0x64, p.place}, {0x68, p.place},
	} {
		n := min(max(int(int32(binary.LittleEndian.Uint32(main[story.at:]))), 0), len(text))
		r.wordStory(story.place, text[:n], at, lists)
		text, at = text[n:], at+n
	}
	r.wordStory(p.place, text, at, lists)
}

// wordText reads a story of a document without lists.
func (r *reading) wordText(place detect.Place, text []rune) { r.wordStory(place, text, 0, nil) }

// wordStory reads a story: paragraphs, table cells and rows, fields. It begins
// with the character at of the document.
func (r *reading) wordStory(place detect.Place, text []rune, at int, lists *docLists) {
	w := wordStory{r: r, place: place}
	for i, c := range text {
		afterCell := i > 0 && text[i-1] == 0x07
		if lists != nil && (c == 0x0D || c == 0x0C || c == 0x07 && !afterCell) {
			w.number(lists.number(at + i))
		}
		w.char(c, afterCell)
	}
	w.endRow()
	w.endTable()
	w.body.WriteString(string(w.line))
	r.prose(place, w.body.String())
	r.prose(place, w.aside.String())
}

// wordStory collects the text of one story.
type wordStory struct {
	r                  *reading
	place              detect.Place
	body, aside, table strings.Builder
	line               []rune   // the open paragraph, in a cell all of it
	begin              int      // where in it the open paragraph begins
	cells              []string // of the open row
	fields             []bool   // open fields; true while in the instructions
	codes              int      // how many of them are in the instructions
}

// number writes what numbers the open paragraph before it. Paragraphs are told
// by their ends.
func (w *wordStory) number(label string) {
	if label != "" {
		w.line = slices.Insert(w.line, min(w.begin, len(w.line)), []rune(label+" ")...)
	}
}

// char takes one character; afterCell tells that the one before ended a cell.
func (w *wordStory) char(c rune, afterCell bool) {
	switch {
	case c == 0x13 || c == 0x14 || c == 0x15:
		w.field(c)
	case w.codes > 0:
		w.aside.WriteRune(c)
	case c == 0x07 && len(w.line) == 0 && afterCell && len(w.cells) > 0:
		w.endRow()
	case c == 0x07:
		w.cells = append(w.cells, oneLine(string(w.line)))
		w.line, w.begin = w.line[:0], 0
	case c == 0x0D || c == 0x0C || c == 0x0E:
		if len(w.cells) > 0 { // a paragraph inside a cell
			w.line = append(w.line, ' ')
			w.begin = len(w.line)
			return
		}
		w.endTable()
		w.body.WriteString(string(w.line) + "\n")
		w.line, w.begin = w.line[:0], 0
	case c == 0x1E:
		w.line = append(w.line, '-')
	case c == 0x0B:
		w.line = append(w.line, '\n')
	case c == 0x1F, c < 0x09, c >= 0xD800 && c < 0xE000:
	default:
		w.line = append(w.line, c)
	}
}

// field follows where a field begins, where its result does, and its end.
func (w *wordStory) field(c rune) {
	n := len(w.fields)
	switch {
	case c == 0x13:
		w.fields = append(w.fields, true)
		w.codes++
		w.aside.WriteByte('\n')
		return
	case n == 0:
		return
	case w.fields[n-1]:
		w.codes--
		w.fields[n-1] = false
	}
	if c == 0x15 {
		w.fields = w.fields[:n-1]
	}
}

func (w *wordStory) endRow() {
	if len(w.cells) > 0 {
		w.table.WriteString(strings.Join(w.cells, "\t") + "\n")
		w.cells = w.cells[:0]
	}
}

func (w *wordStory) endTable() {
	w.r.text(w.place, detect.Table, w.table.String())
	w.table.Reset()
}
