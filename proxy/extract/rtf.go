package extract

import (
	"encoding/hex"
	"strconv"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"

	"postvern.example/policy/detect"
)

// rtf reads Rich Text Format 1.9, and HTML that Outlook has wrapped in it
// (MS-OXRTFEX).
func (r *reading) rtf(p piece) {
	w := rtfWalk{r: r, p: p, data: p.data, fonts: map[int]encoding.Encoding{}, codepage: charmap.Windows1252}
	w.state.skip = 1
	w.run()
	if w.html.Len() > 0 {
		r.markup(p, w.html.String(), 0)
	}
	r.prose(p.place, w.body.String())
	r.prose(p.place.In(detect.Step{Kind: detect.InComment}), w.comments.String())
	r.prose(p.place.In(detect.Step{Kind: detect.InProperties}), w.info.String())
	if len(w.table) > 0 {
		w.rows.WriteString(strings.Join(w.table, "\t") + "\n")
	}
	r.text(p.place, detect.Table, w.rows.String())
	r.prose(p.place, w.cell.String())
}

// rtfState is what a group inherits and gives back.
type rtfState struct {
	skip int    // bytes that stand for one \u character in old programs (\ucN)
	dest string // the destination: "" is the body
	font int
	who  bool // it names somebody who worked on the file
}

// rtfWalk goes once through a file.
type rtfWalk struct {
	r        *reading
	p        piece
	data     []byte
	pos      int
	state    rtfState
	stack    []rtfState
	fonts    map[int]encoding.Encoding
	codepage encoding.Encoding
	bytes    []byte // a run of \'xx, to be decoded together
	drop     int    // characters still to skip after \u
	starred  bool   // \* came: an unknown destination is to be skipped
	hexText  []byte // of an embedded object or picture

	body, comments, info, html, rows strings.Builder

	table   []string // cells of the open row
	cell    strings.Builder
	inTable bool
	wrapped bool // this is HTML inside RTF
	high    rune // the first half of a surrogate pair
	who     strings.Builder
}

func (w *rtfWalk) run() {
	for n := 0; w.pos < len(w.data); n++ {
		if n%65536 == 0 && w.r.over(w.p.place) {
			return
		}
		c := w.data[w.pos]
		w.pos++
		switch c {
		case '{':
			w.flush()
			w.drop = 0
			if len(w.stack) > 10_000 {
				w.r.unscannable(w.p.place, whyDepth)
				return
			}
			w.stack = append(w.stack, w.state)
		case '}':
			w.flush()
			w.drop = 0
			w.endGroup()
			// After a brace too many the text goes on, as it does in Word.
			if rest := w.data[w.pos:]; len(w.stack) == 0 && (blank(string(rest)) || !looksLikeText(rest)) {
				w.r.trailing(w.p, rest)
				return
			}
		case '\\':
			w.control()
		case '\r', '\n', 0:
		default:
			w.char(c)
		}
	}
	w.flush()
	if len(w.stack) > 0 { // it was cut off
		w.r.unscannable(w.p.place, whyMalformed)
	}
}

func (w *rtfWalk) endGroup() {
	if len(w.stack) == 0 {
		return
	}
	dest := w.state.dest
	w.state = w.stack[len(w.stack)-1]
	w.stack = w.stack[:len(w.stack)-1]
	w.starred = false
	if w.who.Len() > 0 {
		w.r.stamp(w.p.place, w.who.String())
		w.who.Reset()
	}
	if dest != w.state.dest {
		w.endDestination(dest)
	}
}

func (w *rtfWalk) endDestination(dest string) {
	switch dest {
	case "objdata", "pict":
		w.object(dest)
	case "annotation", "atnauthor", "deleted":
		w.comments.WriteByte('\n')
	case "info", "userprops":
		w.info.WriteByte('\n')
	case "header", "footer", "footnote", "shptxt":
		w.body.WriteByte('\n')
	}
}

// char takes a character of text.
func (w *rtfWalk) char(c byte) {
	if w.drop > 0 {
		w.drop--
		return
	}
	switch w.state.dest {
	case "objdata", "pict":
		if len(w.hexText) < 64<<20 {
			w.hexText = append(w.hexText, c)
		}
		return
	}
	w.bytes = append(w.bytes, c)
}

// flush decodes the bytes of the run that ends here.
func (w *rtfWalk) flush() {
	if len(w.bytes) == 0 {
		return
	}
	enc := w.fonts[w.state.font]
	if enc == nil {
		enc = w.codepage
	}
	text := convert(enc, w.bytes)
	w.bytes = w.bytes[:0]
	w.write(text)
}

func (w *rtfWalk) write(text string) {
	if w.state.who {
		w.who.WriteString(text)
	}
	switch w.state.dest {
	case "htmlrtf":
		w.body.WriteString(text)
	case "", "header", "footer", "footnote", "shptxt", "fldrslt":
		w.visible(text)
	case "annotation", "atnauthor", "atnid", "deleted":
		w.comments.WriteString(text)
	case "info", "userprops", "docvar", "bookmark":
		w.info.WriteString(text)
	case "field": // instructions: HYPERLINK "mailto:..."
		w.info.WriteString(text + "\n")
	case "htmltag":
		w.html.WriteString(text)
	}
}

func (w *rtfWalk) visible(text string) {
	switch {
	case w.wrapped:
		w.html.WriteString(htmlEscaper.Replace(text))
	case w.inTable && w.state.dest == "":
		w.cell.WriteString(text)
	default:
		w.body.WriteString(text)
	}
}

var htmlEscaper = strings.NewReplacer("&", "&amp;", "<", "&lt;")

// control reads a control word or symbol; w.pos stands behind the backslash.
func (w *rtfWalk) control() {
	if w.pos >= len(w.data) {
		return
	}
	c := w.data[w.pos]
	if c|0x20 < 'a' || c|0x20 > 'z' {
		w.pos++
		w.symbol(c)
		return
	}
	start := w.pos
	for w.pos < len(w.data) && w.data[w.pos]|0x20 >= 'a' && w.data[w.pos]|0x20 <= 'z' {
		w.pos++
	}
	word := string(w.data[start:w.pos])
	start = w.pos
	for w.pos < len(w.data) && (w.data[w.pos] >= '0' && w.data[w.pos] <= '9' || w.data[w.pos] == '-' && w.pos == start) {
		w.pos++
	}
	n, err := strconv.Atoi(string(w.data[start:w.pos]))
	has := err == nil
	if w.pos < len(w.data) && w.data[w.pos] == ' ' {
		w.pos++
	}
	w.word(word, n, has)
}

func (w *rtfWalk) symbol(c byte) {
	switch c {
	case '\'':
		if w.pos+2 <= len(w.data) {
			v, err := strconv.ParseUint(string(w.data[w.pos:w.pos+2]), 16, 8)
			if err == nil {
				w.pos += 2
				w.char(byte(v))
			}
		}
	case '\\', '{', '}':
		w.char(c)
	case '~':
		w.char(' ')
	case '_':
		w.char('-')
	case '*':
		w.starred = true
	case '\r', '\n':
		w.flush()
		w.write("\n")
	}
}

func (w *rtfWalk) object(dest string) {
	data := make([]byte, hex.DecodedLen(len(w.hexText)))
	n, _ := hex.Decode(data, []byte(strings.Map(func(c rune) rune {
		if c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f' {
			return c
		}
		return -1
	}, string(w.hexText))))
	w.hexText = nil
	data = data[:n]
	if n == 0 {
		return
	}
	w.r.left.Attachments++
	place := w.p.place.In(detect.Step{Kind: detect.InEntry, Number: w.r.left.Attachments})
	if dest == "objdata" {
		w.r.oleObject(piece{data: data, place: place, depth: w.p.depth + 1, inline: true})
		return
	}
	w.r.piece(piece{data: data, place: place, depth: w.p.depth + 1, inline: true})
}

// charsetOf returns the encoding of a font's \fcharset.
func charsetOf(n int) encoding.Encoding {
	switch n {
	case 0, 1:
		return charmap.Windows1252
	case 77:
		return charmap.Macintosh
	case 128:
		return japanese.ShiftJIS
	case 129:
		return korean.EUCKR
	case 134:
		return simplifiedchinese.GBK
	case 136:
		return traditionalchinese.Big5
	case 161:
		return charmap.Windows1253
	case 162:
		return charmap.Windows1254
	case 163:
		return charmap.Windows1258
	case 177:
		return charmap.Windows1255
	case 178:
		return charmap.Windows1256
	case 186:
		return charmap.Windows1257
	case 204:
		return charmap.Windows1251
	case 222:
		return charmap.Windows874
	case 238:
		return charmap.Windows1250
	}
	return nil
}
