package extract

import (
	"encoding/hex"
	"unicode/utf16"

	"golang.org/x/text/encoding/charmap"

	"postvern.example/policy/detect"
)

// rtfMarks are the words that stand for characters.
var rtfMarks = map[string]string{
	"line": "\n", "softline": "\n", "lbr": "\n", "page": "\n", "column": "\n", "tab": "\t",
	"emdash": "—", "endash": "–", "lquote": "‘", "rquote": "’", "ldblquote": "“", "rdblquote": "”", "bullet": "•",
	"emspace": " ", "enspace": " ", "qmspace": " ",
}

// word follows a control word. A word that is not known changes how text
// looks, not what it says.
func (w *rtfWalk) word(word string, n int, has bool) {
	w.flush()
	w.drop = 0 // a word is one character to programs that skip some; none is lost
	starred := w.starred
	w.starred = false
	if mark, ok := rtfMarks[word]; ok {
		w.write(mark)
		return
	}
	if w.destination(word, starred) || w.tableWord(word, n) || w.letters(word, n) {
		return
	}
	on := !has || n != 0
	switch word {
	case "u":
		w.unicode(n)
	case "uc":
		w.state.skip = max(n, 0)
	case "bin":
		w.binary(n)
	case "deleted":
		w.state.deleted = on
	case "fromhtml":
		w.wrapped = true
	case "htmlrtf":
		w.state.unread = on
	}
}

// letters follows the words that tell which letters octets stand for.
func (w *rtfWalk) letters(word string, n int) bool {
	switch word {
	case "f":
		w.state.font = n
	case "deff":
		w.font, w.state.font = n, n
	case "plain":
		w.state.font, w.state.deleted = w.font, false
	case "fcharset":
		if enc := charsetOf(n); enc != nil {
			w.fonts[w.state.font] = enc
		}
	case "cpg":
		if enc := codepage(n); enc != nil {
			w.fonts[w.state.font] = enc
		}
	case "pc":
		w.codepage = charmap.CodePage437
	case "pca":
		w.codepage = charmap.CodePage850
	case "mac":
		w.codepage = charmap.Macintosh
	case "ansicpg":
		if enc := codepage(n); enc != nil {
			w.codepage = enc
		}
	default:
		return false
	}
	return true
}

// paragraph ends a line of what is written to.
func (w *rtfWalk) paragraph() {
	if w.state.dest != rtfShown || w.state.deleted || w.isPage() {
		w.write("\n")
		return
	}
	w.state.story.endParagraph(w.state.level)
}

func (w *rtfWalk) tableWord(word string, n int) bool {
	switch word {
	case "par", "sect":
		w.paragraph()
	case "pard":
		w.state.level = 0
	case "intbl":
		w.state.level = max(w.state.level, 1)
	case "itap":
		w.state.level = max(n, 0)
	case "trowd", "cell", "nestcell", "row", "nestrow":
		if w.state.dest != rtfShown || w.isPage() {
			w.write("\n")
			return true
		}
		w.cells(word)
	default:
		return false
	}
	return true
}

func (w *rtfWalk) cells(word string) {
	story, inner := w.state.story, max(w.state.level, 2)
	switch word {
	case "trowd":
		story.inRow = story.inRow || w.state.level < 2
	case "cell":
		story.endCell(1)
	case "nestcell":
		story.endCell(inner)
	case "row":
		story.endRow(1)
	case "nestrow":
		story.endRow(inner)
	}
}

func (w *rtfWalk) unicode(n int) {
	if n < 0 {
		n += 65536
	}
	w.drop = w.state.skip
	r, high := rune(n), w.high
	switch {
	case high != 0 && utf16.DecodeRune(high, r) != '\uFFFD':
		w.high = 0
		r = utf16.DecodeRune(high, r)
	case r >= 0xD800 && r < 0xDC00:
		if high != 0 {
			w.write("")
		}
		w.high = r
		return
	case utf16.IsSurrogate(r):
		r = '\uFFFD'
	case r >= 0xF020 && r <= 0xF0FF: // a symbol font
		r -= 0xF000
	}
	w.write(string(r))
}

// binary takes the octets behind \bin. Where no object or picture stands no
// program shows them.
func (w *rtfWalk) binary(n int) {
	n = min(max(n, 0), len(w.data)-w.pos)
	data := w.data[w.pos : w.pos+n]
	w.pos += n
	switch {
	case w.state.dest != rtfHex:
		w.info.WriteString("\n" + printable(data) + wideText(data))
	case len(w.hexText) < 64<<20:
		w.hexText = hex.AppendEncode(w.hexText, data)
	}
}

// object reads what stands in hexadecimal digits.
func (w *rtfWalk) object(word string) {
	digits := w.hexText[:0]
	for _, c := range w.hexText {
		if c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f' {
			digits = append(digits, c)
		}
	}
	data := make([]byte, hex.DecodedLen(len(digits)))
	n, _ := hex.Decode(data, digits)
	w.hexText = nil
	if data = data[:n]; n == 0 {
		return
	}
	switch word {
	case "datafield":
		w.info.WriteString("\n" + printable(data) + wideText(data))
		return
	case "datastore":
		w.r.dataStore(piece{data: data, place: w.p.place, depth: w.p.depth + 1, inline: true})
		return
	}
	w.r.left.Attachments++
	place := w.p.place.In(detect.Step{Kind: detect.InEntry, Number: w.r.left.Attachments})
	p := piece{data: data, place: place, depth: w.p.depth + 1, inline: true}
	if word == "objdata" {
		w.r.oleObject(p)
		return
	}
	w.r.piece(p)
}
