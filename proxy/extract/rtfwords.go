package extract

import (
	"strconv"
	"strings"
	"unicode/utf16"

	"golang.org/x/text/encoding/charmap"
)

// word follows a control word. A word that is not known changes how text
// looks, not what it says.
func (w *rtfWalk) word(word string, n int, has bool) {
	w.flush()
	starred := w.starred
	w.starred = false
	if w.destination(word, starred) {
		return
	}
	switch word {
	case "u":
		w.unicode(n)
	case "uc":
		w.state.skip = max(n, 0)
	case "bin":
		w.binary(n)
	case "f":
		w.state.font = n
	case "fcharset":
		if enc := charsetOf(n); enc != nil {
			w.fonts[w.state.font] = enc
		}
	case "ansicpg", "pc", "pca", "mac":
		w.setCodepage(word, n)
	case "par", "line", "sect", "page", "column", "softline":
		w.write("\n")
	case "tab":
		w.write("\t")
	case "emdash":
		w.write("—")
	case "endash":
		w.write("–")
	case "lquote", "rquote":
		w.write("'")
	case "ldblquote", "rdblquote":
		w.write(`"`)
	case "bullet":
		w.write("•")
	case "emspace", "enspace", "qmspace":
		w.write(" ")
	case "deleted":
		if !has || n != 0 {
			w.state.dest = "deleted"
		} else if w.state.dest == "deleted" {
			w.state.dest = ""
		}
	case "plain":
		if w.state.dest == "deleted" {
			w.state.dest = ""
		}
	case "fromhtml":
		w.wrapped = true
	case "htmlrtf":
		w.htmlrtf(!has || n != 0)
	default:
		w.tableWord(word)
	}
}

// htmlrtf marks text that is there for readers of RTF alone.
func (w *rtfWalk) htmlrtf(on bool) {
	switch {
	case on && w.state.dest == "":
		w.state.dest = "htmlrtf"
	case !on && w.state.dest == "htmlrtf":
		w.state.dest = ""
	}
}

func (w *rtfWalk) tableWord(word string) {
	switch word {
	case "intbl":
		w.inTable = true
	case "pard":
		if w.inTable && len(w.table) == 0 && w.cell.Len() > 0 {
			w.body.WriteString(w.cell.String()) // it was no table
			w.cell.Reset()
		}
		w.inTable = false
	case "cell", "nestcell":
		w.table = append(w.table, oneLine(w.cell.String()))
		w.cell.Reset()
	case "row", "nestrow":
		w.rows.WriteString(strings.Join(w.table, "\t") + "\n")
		w.table = w.table[:0]
		w.inTable = false
	}
}

// destination handles the words that begin one, and reports whether it did.
func (w *rtfWalk) destination(word string, starred bool) bool {
	switch word {
	case "fonttbl", "colortbl", "stylesheet", "listtable", "listoverridetable", "rsidtbl", "generator", "xmlnstbl",
		"themedata", "colorschememapping", "latentstyles", "datastore", "filetbl", "revtbl", "pgdsctbl", "objclass", "template",
		"panose", "falt", "fname", "pntext", "nonshppict", "mmathPr", "wgrffmtfilter", "blipuid", "ud", "mhtmltag", "revtim", "creatim", "printim":
		if word == "ud" || word == "nonshppict" && !starred {
			return true // "ud" holds the same text in Unicode; old pictures are read like new ones
		}
		w.state.dest = "skip"
		if word == "revtbl" {
			w.state.dest, w.state.who = "info", true
		}
	case "header", "headerl", "headerr", "headerf":
		w.state.dest = "header"
	case "footer", "footerl", "footerr", "footerf":
		w.state.dest = "footer"
	case "footnote":
		w.state.dest = "footnote"
		w.body.WriteByte('\n')
	case "shptxt", "result", "fldrslt", "shprslt", "upr":
		if word == "shprslt" {
			w.state.dest = "skip" // the shape once more, for old programs
		} else if word == "shptxt" {
			w.state.dest = "shptxt"
		} else if w.state.dest != "deleted" {
			w.state.dest = ""
		}
	case "annotation", "atnauthor", "atnid", "info", "userprops", "docvar", "objdata", "pict", "htmltag":
		w.state.dest = word
		w.state.who = w.state.who || word == "atnauthor"
	case "bkmkstart":
		w.state.dest = "bookmark"
	case "bkmkend", "atndate", "atnref", "atrfstart", "atrfend", "atntime", "atnparent", "listname", "sn":
		w.state.dest = "skip"
	case "sv", "fldinst", "title", "subject", "author", "manager", "company", "operator", "category", "keywords", "comment", "doccomm", "hlinkbase", "propname", "staticval":
		if word == "fldinst" || word == "sv" {
			w.state.dest = "field"
		} else {
			w.state.dest = "info"
			w.state.who = w.state.who || word == "author" || word == "operator" || word == "manager"
			w.info.WriteByte('\n')
		}
	default:
		if starred {
			switch word {
			case "shpinst", "shppict", "fldtype", "ffname", "ffdeftext", "ffhelptext", "ffstattext", "ffl":
				if strings.HasPrefix(word, "ff") {
					w.state.dest = "info"
				}
				return true
			}
			w.state.dest = "field" // unknown, and so text that may be one
			return true
		}
		return false
	}
	return true
}

func (w *rtfWalk) unicode(n int) {
	if n < 0 {
		n += 65536
	}
	w.drop = w.state.skip
	r := rune(n)
	switch {
	case utf16.IsSurrogate(r) && w.high == 0:
		w.high = r
		return
	case w.high != 0:
		r = utf16.DecodeRune(w.high, r)
		w.high = 0
	case r >= 0xF020 && r <= 0xF0FF: // a symbol font
		r -= 0xF000
	}
	w.write(string(r))
}

func (w *rtfWalk) binary(n int) {
	n = min(max(n, 0), len(w.data)-w.pos)
	data := w.data[w.pos : w.pos+n]
	w.pos += n
	if n > 0 {
		w.hexText = append(w.hexText, []byte(strings.ToLower(hexOf(data)))...)
	}
}

func hexOf(data []byte) string {
	var b strings.Builder
	for _, c := range data {
		if c < 16 {
			b.WriteByte('0')
		}
		b.WriteString(strconv.FormatUint(uint64(c), 16))
	}
	return b.String()
}

func (w *rtfWalk) setCodepage(word string, n int) {
	switch word {
	case "pc":
		w.codepage = charmap.CodePage437
	case "pca":
		w.codepage = charmap.CodePage850
	case "mac":
		w.codepage = charmap.Macintosh
	default:
		if enc := codepage(n); enc != nil {
			w.codepage = enc
		}
	}
}
