package extract

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"

	"postvern.example/policy/detect"
)

// fileWord reads a document of Word 1 or 2 for Windows, which is a file by
// itself, with the same header as the stream of later ones.
func (r *reading) fileWord(p piece) {
	switch {
	case len(p.data) < 0x60:
		r.unscannable(p.place, whyMalformed)
	case binary.LittleEndian.Uint16(p.data[0x0A:])&0x0100 != 0:
		r.protected(p.place, strengthWeak) // XOR
	default:
		r.oldDoc(p, p.data)
	}
}

// oldDoc reads the documents of Word 1 to 95. Their text is one run in the code
// page of their fonts, unless they were saved fast: then it stands in pieces.
// Where fonts are made for different letters, the lines that another code page
// would read otherwise are read in that as well.
func (r *reading) oldDoc(p piece, main []byte) {
	encodings := oldCharsets(main)
	text, why := oldText(main, encodings[0])
	if why != "" {
		r.unscannable(p.place, why)
		r.prose(p.place, printable(main))
		return
	}
	r.wordText(p.place, []rune(text))
	for _, enc := range encodings[1:] {
		again, _ := oldText(main, enc)
		r.wordText(p.place, []rune(otherLines(again, text)))
	}
	// Names of authors, bookmarks and files stand behind the text.
	end := min(max(int(binary.LittleEndian.Uint32(main[0x1C:])), 0), len(main))
	r.prose(p.place.In(detect.Step{Kind: detect.InProperties}), readableLines(printable(main[end:])))
}

// oldText returns the text of such a document in an encoding.
func oldText(main []byte, enc encoding.Encoding) (string, detect.Evidence) {
	flags := binary.LittleEndian.Uint16(main[0x0A:])
	if flags&0x0004 != 0 {
		text, ok := oldPieces(main, flags&0x1000 != 0, enc)
		if !ok {
			return "", whyPartly
		}
		return text, ""
	}
	start, end := int(binary.LittleEndian.Uint32(main[0x18:])), int(binary.LittleEndian.Uint32(main[0x1C:]))
	if start < 0 || start > end || end > len(main) {
		return "", whyMalformed
	}
	run := main[start:end]
	if flags&0x1000 != 0 || bytes.Count(run, []byte{0}) > len(run)/4 {
		return utf16Text(run), ""
	}
	return convert(enc, run), ""
}

// otherLines returns the paragraphs of a text that stand otherwise in another.
func otherLines(text, other string) string {
	lines, others := strings.SplitAfter(text, "\r"), strings.SplitAfter(other, "\r")
	if len(lines) != len(others) {
		return text
	}
	var differ strings.Builder
	for i, line := range lines {
		if line != others[i] {
			differ.WriteString(line)
		}
	}
	return differ.String()
}

// oldPieces returns the text of a document of Word 6 or 95 that was saved fast.
func oldPieces(main []byte, wide bool, fonts encoding.Encoding) (string, bool) {
	if binary.LittleEndian.Uint16(main[2:]) < 100 || len(main) < 0x168 { // Word 1 and 2
		return "", false
	}
	var text strings.Builder
	pieces, ok := pieceTable(main, main[0x160:])
	for _, p := range pieces {
		size := p.chars
		if wide {
			size *= 2
		}
		at := int(p.at)
		if at < 0 || at > len(main) || size > len(main)-at || text.Len()+size > 4*len(main) {
			return "", false
		}
		if wide {
			text.WriteString(utf16Text(main[at : at+size]))
		} else {
			text.WriteString(convert(fonts, main[at:at+size]))
		}
	}
	return text.String(), ok
}

// oldCharsets returns the encodings of a document's letters, first that of most
// of them: that of the Macintosh where it was written there, else that of most
// of its fonts where they are made for other letters than those of Western
// Europe, else that of its language. Those of the other fonts follow.
func oldCharsets(main []byte) []encoding.Encoding {
	if binary.LittleEndian.Uint16(main[0x14:]) == 256 {
		return []encoding.Encoding{charmap.Macintosh}
	}
	var most encoding.Encoding = charmap.Windows1252
	count := map[encoding.Encoding]int{}
	var fonts []encoding.Encoding
	for _, n := range oldFonts(main) {
		if enc := charsetOf(n); enc != nil {
			if count[enc]++; count[enc] > count[most] {
				most = enc
			}
			fonts = append(fonts, enc)
		}
	}
	if most == charmap.Windows1252 {
		most = languageCharset(binary.LittleEndian.Uint16(main[6:]))
	}
	all := []encoding.Encoding{most}
	for _, enc := range fonts {
		if !slices.Contains(all, enc) {
			all = append(all, enc)
		}
	}
	return all
}

// languageCharset returns the encoding that Windows uses for a language.
func languageCharset(language uint16) encoding.Encoding {
	switch language & 0x03FF {
	case 0x05, 0x0E, 0x15, 0x18, 0x1A, 0x1B, 0x1C, 0x24:
		if language != 0x0C1A { // Serbian in Cyrillic letters
			return charmap.Windows1250
		}
		return charmap.Windows1251
	case 0x02, 0x19, 0x22, 0x23, 0x2F:
		return charmap.Windows1251
	case 0x08:
		return charmap.Windows1253
	case 0x1F:
		return charmap.Windows1254
	case 0x0D:
		return charmap.Windows1255
	case 0x01:
		return charmap.Windows1256
	case 0x25, 0x26, 0x27:
		return charmap.Windows1257
	}
	return charmap.Windows1252
}

// oldFonts returns the character sets of the fonts in a document of Word 6 or
// 95: a length of the table, and for each a length, a family, a weight, the
// character set and names.
func oldFonts(main []byte) []int {
	if binary.LittleEndian.Uint16(main[2:]) < 100 || len(main) < 0xD8 {
		return nil
	}
	at, n := int(binary.LittleEndian.Uint32(main[0xD0:])), int(binary.LittleEndian.Uint32(main[0xD4:]))
	if at < 0 || at > len(main) || n < 2 || n > len(main)-at {
		return nil
	}
	var sets []int
	for d := main[at+2 : at+n]; len(d) > 4; d = d[min(int(d[0])+1, len(d)):] {
		sets = append(sets, int(d[4]))
	}
	return sets
}
