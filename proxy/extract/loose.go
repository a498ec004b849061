package extract

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"

	"postvern.example/policy/detect"
)

// looseStream reads a stream of a compound file that no reader knows: as the
// file that it is, or for the runs of text in it. Nothing is told of what else
// it may hold: nearly every document has streams that hold no text at all.
func (r *reading) looseStream(p piece, base string, data []byte, entry detect.Place) {
	properties := p.place.In(detect.Step{Kind: detect.InProperties})
	switch base {
	case "worddocument", "workbook", "book", "powerpoint document", "pictures", "current user", "data", "0table", "1table",
		"visiodocument", "encryptedsummary", "\x01compobj", "_signatures", "ctls", "user names", "revision log":
		return // read where they belong
	case "\x03pict", "\x03pic", "\x03print", "projectwm":
		return // what a Macintosh draws, its size, and the names of modules once more
	case "project":
		r.prose(properties, macroNames(data))
		return
	}
	switch sniffMagic(data) {
	case isZip, isPDF, isRTF, isOLE, isPNG, isJPEG, isTIFF, isGIF, isHTML:
		r.piece(piece{data: data, place: entry, depth: p.depth + 1, inline: true})
	default:
		r.prose(properties, readableLines(printable(data))+readableLines(wideText(data)))
	}
}

// isAppearance reports whether a stream shows how an embedded object looks
// (MS-OLEDS §2.3.4 and what Word writes).
func isAppearance(base string) bool {
	return base == "\x03meta" || base == "\x03eprint" || strings.HasPrefix(base, "\x02olepres")
}

// holdsReadable reports whether an object itself can be read.
func (c *compound) holdsReadable(dir string) bool {
	for _, base := range [...]string{"\x01ole10native", "package", "contents", "worddocument", "workbook", "book", "powerpoint document", "encryptedpackage"} {
		if _, ok := c.streams[dir+base]; ok {
			return true
		}
	}
	return false
}

// appearance reads the drawing of an object that cannot be read itself.
func (r *reading) appearance(p piece, data []byte, entry detect.Place) {
	const longestHead = 256
	for at := range min(len(data), longestHead) {
		switch sniffMagic(data[at:]) {
		case isEMF, isWMF:
			r.piece(piece{data: data[at:], place: entry, depth: p.depth + 1, inline: true})
			return
		default:
		}
	}
}

// macroNames returns what a project of VBA says of itself (MS-OVBA §2.3.1),
// without the keys of its parts and without where their windows stand.
func macroNames(data []byte) string {
	var b strings.Builder
	for line := range strings.SplitSeq(mixed(data), "\n") {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "[") {
			break
		}
		key, value, ok := strings.Cut(line, "=")
		switch key {
		case "ID", "CMG", "DPB", "GC", "HelpContextID", "VersionCompatible32", "Package":
		default:
			if ok {
				name, _, _ := strings.Cut(strings.Trim(value, `"`), "/&H")
				b.WriteString(name + "\n")
			}
		}
	}
	return b.String()
}

// readableLines returns the lines that look as if somebody could read them, of
// all runs of characters that stand in octets by chance.
func readableLines(text string) string {
	var b strings.Builder
	for line := range strings.SplitSeq(text, "\n") {
		if isReadable(line) {
			b.WriteString(line + "\n")
		}
	}
	return b.String()
}

// longLines returns the lines that are no word alone.
func longLines(text string) string {
	var b strings.Builder
	for line := range strings.SplitSeq(text, "\n") {
		if len(line) >= 8 {
			b.WriteString(line + "\n")
		}
	}
	return b.String()
}

// isReadable reports whether a line has a word or a number in it, and little
// else than letters, digits and blanks.
func isReadable(line string) bool {
	all, plain, foreign, run, digits := 0, 0, 0, 0, 0
	found, number := false, false
	var letters [26]bool
	for _, c := range line {
		all++
		isLetter := c|0x20 >= 'a' && c|0x20 <= 'z'
		isForeign := c >= 0xC0 && c < 0x180 && c != 0xD7 && c != 0xF7
		isDigit := c >= '0' && c <= '9'
		if isLetter {
			letters[c|0x20-'a'] = true
		}
		if isForeign {
			foreign++
		}
		if isLetter || isForeign {
			run++
		} else {
			run = 0
		}
		if isDigit {
			digits++
		} else if c != '-' && c != ' ' {
			digits = 0
		}
		if isLetter || isForeign || isDigit || c == ' ' || c == '-' || c == '.' || c == '@' {
			plain++
		}
		number = number || digits >= 6
		found = found || run >= 4 || number
	}
	return found && 10*plain >= 8*all && 3*foreign <= all && (number || different(letters) >= 3)
}

func different(letters [26]bool) int {
	n := 0
	for _, is := range letters {
		if is {
			n++
		}
	}
	return n
}

// linkedPictures returns the names of the files that pictures of a document are
// linked to (MS-DOC §2.9.192: a header of 68 octets, and the name behind its
// length where the picture's kind is 0x66).
func linkedPictures(data []byte) string {
	var b strings.Builder
	for head := []byte{0x44, 0, 0x66, 0}; ; {
		at := bytes.Index(data, head)
		if at < 0 || at+0x41 > len(data) {
			return b.String()
		}
		name := data[at+0x40:]
		b.WriteString(mixed(name[1:1+min(int(name[0]), len(name)-1)]) + "\n")
		data = data[at+4:]
	}
}

// unreferenced returns the octets of a stream that none of the pieces of its
// text takes: what was deleted may still stand there.
func unreferenced(main []byte, pieces []wordPiece) []byte {
	type span struct{ from, to int }
	var taken []span
	for _, p := range pieces {
		from, width := int(p.at&0x3FFFFFFF), 2
		if p.at&0x40000000 != 0 {
			from, width = from/2, 1
		}
		if from <= len(main) && p.chars <= (len(main)-from)/width {
			taken = append(taken, span{from, from + p.chars*width})
		}
	}
	slices.SortFunc(taken, func(a, b span) int { return a.from - b.from })
	var rest []byte
	at := min(0x200, len(main)) // behind the header
	for _, s := range append(taken, span{len(main), len(main)}) {
		if s.from > at {
			rest = append(rest, main[at:s.from]...)
			rest = binary.LittleEndian.AppendUint16(rest, 0)
		}
		at = max(at, s.to)
	}
	return rest
}
