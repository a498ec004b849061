package extract

import (
	"encoding/binary"
	"sort"
	"strconv"
	"strings"
	"unicode/utf16"
)

// docLists tells how the paragraphs of a Word document of 1997 to 2003 are
// numbered (MS-DOC §2.4.6.3). What is wrong in it numbers nothing: the text of
// the paragraphs is read without it.
type docLists struct {
	*numbering
	main   []byte
	pages  []byte // the table of pages with paragraphs' properties (§2.8.6)
	pieces []wordPiece
	starts []int // the first character of each piece, and the end of the last
}

const (
	mostLists  = 4094 // and styles, as the format has it
	levelsEach = 9
)

// openDocLists reads the definitions; nil where the document has no lists.
func openDocLists(main, table []byte) *docLists {
	if len(main) < 0x2F2 {
		return nil
	}
	l := &docLists{numbering: &numbering{lists: map[string]*numberedList{}, styles: map[string]listStyle{}}, main: main, pages: tablePart(table, main[0x102:])}
	l.readLists(l.readAbstract(table, main[0x2E2:]), tablePart(table, main[0x2EA:]))
	if len(l.lists) == 0 {
		return nil
	}
	l.readStyles(tablePart(table, main[0xA2:]))
	l.pieces, _ = pieceTable(table, main[0x1A2:])
	at := 0
	for _, p := range l.pieces {
		l.starts = append(l.starts, at)
		at += p.chars
	}
	l.starts = append(l.starts, at)
	return l
}

// tablePart returns the part of the table stream whose offset and length these
// octets say.
func tablePart(table, where []byte) []byte {
	at, n := int(binary.LittleEndian.Uint32(where)), int(binary.LittleEndian.Uint32(where[4:]))
	if at > len(table) || n > len(table)-at {
		return nil
	}
	return table[at : at+n]
}

// docReader takes fields off octets; behind the end they are zero.
type docReader struct {
	d    []byte
	over bool
}

func (o *docReader) take(n int) []byte {
	if n > len(o.d) {
		o.over, o.d = true, nil
		return make([]byte, n)
	}
	field := o.d[:n]
	o.d = o.d[n:]
	return field
}

func (o *docReader) byte() int { return int(o.take(1)[0]) }
func (o *docReader) u16() int  { return int(binary.LittleEndian.Uint16(o.take(2))) }
func (o *docReader) u32() int  { return int(binary.LittleEndian.Uint32(o.take(4))) }

// readAbstract returns the lists by their identifiers (§2.9.147). Their levels
// stand behind the table of them.
func (l *docLists) readAbstract(table, where []byte) map[int]*numberedList {
	heads := docReader{d: tablePart(table, where)}
	if len(heads.d) == 0 {
		return nil
	}
	levels := docReader{d: table[int(binary.LittleEndian.Uint32(where))+len(heads.d):]}
	lists := map[int]*numberedList{}
	for range min(heads.u16(), mostLists) {
		id := heads.u32()
		heads.take(4 + 2*levelsEach)
		count := levelsEach
		if heads.byte()&1 != 0 {
			count = 1
		}
		heads.take(1)
		list := &numberedList{counts: new([levelsEach]int)}
		for i := range count {
			list.levels[i] = levels.listLevel()
		}
		if heads.over || levels.over {
			break
		}
		lists[id] = list
	}
	return lists
}

// docFormats are the names that newer documents have for ways of counting.
var docFormats = map[int]string{
	1: "upperRoman", 2: "lowerRoman", 3: "upperLetter", 4: "lowerLetter", 5: "ordinal", 22: "decimalZero", 23: "bullet", 255: "none",
}

// listLevel reads a level (§2.9.150): its text holds the number of a level
// where the count of that level is shown.
func (o *docReader) listLevel() listLevel {
	level := listLevel{start: o.u32(), format: docFormats[o.byte()]}
	flags := o.byte()
	level.legal = flags&4 != 0
	o.take(levelsEach + 1 + 8)
	formatting := o.byte()
	formatting += o.byte()
	if limit := o.byte(); flags&8 != 0 {
		level.restarts = limit + 1
	}
	o.take(1 + formatting)
	units := make([]uint16, min(o.u16(), len(o.d)/2))
	for i := range units {
		units[i] = uint16(o.u16())
	}
	var text strings.Builder
	for _, c := range utf16.Decode(units) {
		if c < levelsEach {
			text.WriteString("%" + strconv.Itoa(int(c)+1))
		} else {
			text.WriteRune(c)
		}
	}
	level.text = text.String()
	return level
}

// readLists reads what paragraphs name: a list, and what is different in it
// (§2.9.134).
func (l *docLists) readLists(abstract map[int]*numberedList, table []byte) {
	o := docReader{d: table}
	count := min(o.u32(), mostLists)
	heads := docReader{d: o.take(min(16*count, len(o.d)))}
	for n := 1; n <= count && !heads.over && !o.over; n++ {
		from := abstract[heads.u32()]
		heads.take(8)
		changes := heads.byte()
		heads.take(3)
		o.take(4)
		list := &numberedList{counts: new([levelsEach]int), starts: map[int]int{}}
		if from != nil {
			list.levels, list.counts = from.levels, from.counts
			l.lists[strconv.Itoa(n)] = list
		}
		for range changes {
			start, what := o.u32(), o.u32()
			i := min(what&15, levelsEach-1)
			if what&0x20 != 0 {
				list.levels[i] = o.listLevel()
				start = list.levels[i].start
			}
			if what&0x10 != 0 {
				list.starts[i] = start
			}
		}
	}
}

// readStyles reads which styles number paragraphs (§2.9.271).
func (l *docLists) readStyles(sheet []byte) {
	o := docReader{d: sheet}
	head := docReader{d: o.take(min(o.u16(), len(o.d)))}
	count, size := head.u16(), head.u16()
	for i := range min(count, mostLists) {
		n := o.u16()
		style := docReader{d: o.take(min(n+n&1, len(o.d)))}
		if o.over || n == 0 {
			continue
		}
		base := docReader{d: style.take(min(max(size, 10), len(style.d)))}
		base.take(2)
		kind := base.u16()
		if kind&15 != 1 {
			continue
		}
		style.take(min(2*style.u16()+2, len(style.d))) // its name
		properties := docReader{d: style.take(min(style.u16(), len(style.d)))}
		properties.take(2)
		list, level := properties.numbered()
		l.styles[strconv.Itoa(i)] = listStyle{list, level, strconv.Itoa(kind >> 4)}
	}
}

// numbered returns the list and the level that a run of properties names
// (§2.6.2), "" and -1 where it names none.
func (o *docReader) numbered() (list string, level int) {
	level = -1
	for len(o.d) > 2 {
		switch property := o.u16(); property {
		case 0x260A:
			level = o.byte()
		case 0x460B:
			list = strconv.Itoa(o.u16())
		case 0xD608: // a table's columns
			o.take(min(max(o.u16()-1, 0), len(o.d)))
		default:
			n := [...]int{1, 1, 2, 4, 2, 2, 0, 3}[property>>13]
			if n == 0 {
				n = o.byte()
			}
			o.take(min(n, len(o.d)))
		}
	}
	return list, level
}

// number returns what numbers the paragraph that ends with a character of the
// document, or "".
func (l *docLists) number(char int) string {
	i := sort.SearchInts(l.starts, char+1) - 1
	if i < 0 || i >= len(l.pieces) {
		return ""
	}
	piece, behind := l.pieces[i], char-l.starts[i]
	at := int(piece.at&0x3FFFFFFF) + 2*behind
	if piece.at&0x40000000 != 0 {
		at = int(piece.at&0x3FFFFFFF)/2 + behind
	}
	style, properties := l.properties(at)
	list, level := properties.numbered()
	return l.label(list, level, style)
}

// properties returns the style and the properties of the paragraph at an
// offset of the document's stream (§2.9.175).
func (l *docLists) properties(at int) (style string, properties docReader) {
	i, ok := runOf(l.pages, (len(l.pages)-4)/8, at)
	if !ok {
		return "", docReader{}
	}
	number := int(binary.LittleEndian.Uint32(l.pages[4*((len(l.pages)-4)/8+1)+4*i:]) & 0x3FFFFF)
	if 512*number+512 > len(l.main) {
		return "", docReader{}
	}
	page := l.main[512*number : 512*number+512]
	count := int(page[511])
	if i, ok = runOf(page, count, at); !ok || 4*(count+1)+13*i >= 511 {
		return "", docReader{}
	}
	o := docReader{d: page[2*int(page[4*(count+1)+13*i]) : 511]}
	n := 2*o.byte() - 1
	if n < 0 {
		n = 2 * o.byte()
	}
	o = docReader{d: o.take(min(n, len(o.d)))}
	return strconv.Itoa(o.u16()), o
}

// runOf returns which of the runs whose offsets stand at the start of a table
// holds an offset.
func runOf(table []byte, count, at int) (int, bool) {
	if count < 1 || 4*(count+1) > len(table) {
		return 0, false
	}
	offset := func(i int) int { return int(binary.LittleEndian.Uint32(table[4*i:])) }
	i := sort.Search(count, func(i int) bool { return offset(i+1) > at })
	return i, i < count && offset(i) <= at
}
