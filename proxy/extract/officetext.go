package extract

import (
	"strings"

	"postvern.example/policy/detect"
)

// officeText reads the running text of WordprocessingML, DrawingML and
// ChartML: they call paragraphs, runs and tables alike but for the prefix.
func (r *reading) officeText(data []byte, place detect.Place, lists *numbering) {
	r.stamps(place, data)
	w := officeWalk{r: r, place: place, s: scanXML(data), lists: lists, seen: map[string]bool{}}
	w.main = &w.body
	for n := 0; w.s.next(); n++ {
		if n%4096 == 0 && r.over(place) {
			break
		}
		w.token()
	}
	if w.s.broken {
		r.unscannable(place, whyMalformed)
	}
	for len(w.tables) > 0 {
		w.closeTable()
	}
	r.prose(place, w.body.String())
	r.prose(place, w.boxes.String())
	r.prose(place, w.aside.String())
	r.prose(place.In(detect.Step{Kind: detect.InComment}), w.deleted.String())
}

// officeWalk goes once through a part.
type officeWalk struct {
	r     *reading
	place detect.Place
	s     *xmlScanner

	main     *strings.Builder // where text goes now: the body, or a box
	body     strings.Builder
	boxes    strings.Builder // text boxes, which stand inside a paragraph of the body
	aside    strings.Builder // alternative texts, field codes, names
	deleted  strings.Builder // tracked deletions
	tables   []*officeTable
	inText   bool   // inside an element that holds text
	last     string // the element that began last, if none has ended since
	inDel    bool   // inside a tracked deletion
	box      int    // depth of open text boxes
	choice   int    // depth of open alternatives for new programs
	fallback int    // depth of open alternatives for old programs, which mostly say the same
	hold     []*strings.Builder
	seen     map[string]bool

	lists   *numbering // nil outside Word
	style   string     // of the open paragraph
	list    string     // it is numbered in
	level   int
	changed int // depth of what a tracked change replaced
}

type officeTable struct {
	rows strings.Builder
	cell strings.Builder
	n    int  // cells of the open row
	open bool // a cell is open
}

func (w *officeWalk) token() {
	switch w.s.kind {
	case xmlOpen:
		w.last = w.s.name
		w.open()
	case xmlClose:
		w.last = ""
		w.close()
	case xmlText:
		switch {
		case w.inText:
			w.write(w.s.content)
		case !officeMeasures[w.last]:
			w.note(strings.TrimSpace(w.s.content))
		}
	case xmlEnd, xmlAside:
	}
}

func (w *officeWalk) write(text string) {
	if w.choice > 0 {
		w.seen[text] = true
	}
	switch {
	case w.fallback > 0:
		w.note(text)
	case w.inDel:
		w.deleted.WriteString(text)
	case w.box == 0 && len(w.tables) > 0 && w.tables[len(w.tables)-1].open:
		w.tables[len(w.tables)-1].cell.WriteString(text)
	default:
		w.main.WriteString(text)
	}
}

// note takes text that stands beside the running text, once.
func (w *officeWalk) note(text string) {
	if len(text) > 1 && !w.seen[text] {
		w.seen[text] = true
		w.aside.WriteString(text + "\n")
	}
}

func (w *officeWalk) open() {
	name := w.s.name
	switch name {
	case "t", "v", "text", "Author", "author", "oddHeader", "oddFooter":
		w.inText = !w.s.empty
	case "delText", "delInstrText":
		w.inText, w.inDel = !w.s.empty, !w.s.empty
	case "instrText", "f", "formula":
		w.inText = !w.s.empty
		w.holdOff()
	case "tab", "ptab":
		if w.s.prefix != "a" && w.s.attr("pos") == "" { // not the definition of a tab stop
			w.write("\t")
		}
	case "br", "cr":
		w.write("\n")
	case "noBreakHyphen":
		w.write("-")
	case "rt", "rubyBase": // how a word is read, and the word
		w.write(" ")
	case "sym":
		w.write(symbol(w.s.attr("char")))
	case "tbl":
		w.tables = append(w.tables, &officeTable{})
	case "tc":
		if n := len(w.tables); n > 0 && !w.s.empty {
			w.tables[n-1].open = true
		}
	case "p":
		w.style, w.list, w.level = "", "", -1
	case "pStyle", "numId", "ilvl", "pPrChange":
		w.paragraph(name)
	case "txbxContent":
		w.box++
		w.main = &w.boxes
	case "Choice":
		w.choice++
	case "Fallback":
		w.fallback++
	default:
		w.attributes(name)
	}
}

// paragraph takes the properties that tell a paragraph's number.
func (w *officeWalk) paragraph(name string) {
	switch {
	case name == "pPrChange":
		if !w.s.empty {
			w.changed++
		}
	case w.changed > 0:
	case name == "pStyle":
		w.style = w.s.attr("val")
	case name == "numId":
		w.list = w.s.attr("val")
	case name == "ilvl":
		w.level = atoi(w.s.attr("val"))
	}
}

// holdOff sends the text of a field code or formula aside until it closes.
func (w *officeWalk) holdOff() {
	if w.s.empty {
		return
	}
	w.hold = append(w.hold, w.main)
	w.main = &strings.Builder{}
	w.box++
}

// attributes takes the attributes that hold text.
func (w *officeWalk) attributes(name string) {
	switch name {
	case "docPr", "cNvPr", "textpath", "imagedata", "shape", "hyperlink", "hlinkClick", "listItem", "fldSimple", "comment",
		"cmAuthor", "author", "person", "ins", "del", "sdtContent", "alias", "tag", "placeholder", "tooltip", "group", "rect",
		"threadedComment", "presence", "presenceInfo", "chgData", "dataField", "default", "statusText", "helpText", "checkBox", "control", "custShow", "section",
		"bookmarkStart", "permStart", "attr", "property", "smartTag", "customXml", "cSld", "snd", "wavAudioFile", "oleObj", "OLEObject", "tblCaption", "tblDescription":
		w.s.eachAttr(func(key, value string) bool {
			switch key {
			case "descr", "title", "string", "alt", "href", "tooltip", "displayText", "value", "instr", "author", "initials", "name",
				"displayName", "userId", "email", "val", "providerId", "ed", "anchor", "tgtFrame", "docLocation":
				if !strings.HasPrefix(value, "_") { // marks that Word makes: _Toc416783452
					w.note(value)
				}
			}
			return true
		})
	}
}

func (w *officeWalk) close() {
	switch w.s.name {
	case "t", "text", "Author", "author", "oddHeader", "oddFooter":
		w.inText = false
		if w.s.name != "t" {
			w.write("\n")
		}
	case "v", "pt":
		w.inText = false
		w.write("\n")
	case "delText", "delInstrText":
		w.inText, w.inDel = false, false
	case "instrText", "f", "formula":
		w.inText = false
		if n := len(w.hold); n > 0 {
			w.note(w.main.String())
			w.main = w.hold[n-1]
			w.hold = w.hold[:n-1]
			w.box--
		}
	case "p":
		w.write("\n")
		if w.deleted.Len() > 0 && !strings.HasSuffix(w.deleted.String(), "\n") {
			w.deleted.WriteByte('\n')
		}
	case "tr":
		if n := len(w.tables); n > 0 {
			t := w.tables[n-1]
			t.rows.WriteByte('\n')
			t.n = 0
		}
	case "tc":
		w.closeCell()
	case "tbl":
		if len(w.tables) > 0 {
			w.closeTable()
		}
	case "pPrChange":
		w.changed = max(0, w.changed-1)
	case "pPr":
		if w.lists != nil && w.changed == 0 && w.fallback == 0 {
			if label := w.lists.label(w.list, w.level, w.style); label != "" {
				w.write(label + " ")
			}
		}
	case "txbxContent":
		if w.box > 0 {
			w.box--
		}
		if w.box == 0 {
			w.main = &w.body
		}
	case "Choice":
		w.choice = max(0, w.choice-1)
	case "Fallback":
		w.fallback = max(0, w.fallback-1)
	}
}

func (w *officeWalk) closeCell() {
	n := len(w.tables)
	if n == 0 {
		return
	}
	t := w.tables[n-1]
	if t.n > 0 {
		t.rows.WriteByte('\t')
	}
	t.rows.WriteString(oneLine(t.cell.String()))
	t.cell.Reset()
	t.n++
	t.open = false
}

func (w *officeWalk) closeTable() {
	n := len(w.tables) - 1
	t := w.tables[n]
	w.tables = w.tables[:n]
	rest := t.rows.String() + t.cell.String()
	if strings.Contains(strings.Trim(rest, "\t\n"), "\t") {
		w.r.text(w.place, detect.Table, rest)
		return
	}
	w.write(rest) // one column: text in a frame
}

// officeMeasures are the elements whose character data is no text: places,
// sizes, formats of numbers, strokes of a pen. What stands in any other that is
// not known to hold text is read as a note.
var officeMeasures = map[string]bool{
	"posOffset": true, "align": true, "pctPosHOffset": true, "pctPosVOffset": true, "pctWidth": true, "pctHeight": true,
	"attrName": true, "tableStyleId": true, "formatCode": true, "trace": true, "x": true, "y": true,
	"Anchor": true, "Row": true, "Column": true, "AutoFill": true, "TextHAlign": true, "TextVAlign": true, "CF": true,
	"DigestValue": true, "SignatureValue": true, "X509Certificate": true, "EncapsulatedCRLValue": true, "EncapsulatedOCSPValue": true,
	"EncapsulatedTimeStamp": true, "EncapsulatedX509Certificate": true, "X509SerialNumber": true, "Modulus": true, "Exponent": true,
}

// symbol returns the character of a symbol font: 0xF000 and its code.
func symbol(code string) string {
	n := 0
	for _, c := range strings.ToUpper(code) {
		switch {
		case c >= '0' && c <= '9':
			n = n<<4 | int(c-'0')
		case c >= 'A' && c <= 'F':
			n = n<<4 | int(c-'A'+10)
		}
	}
	if n >= 0xF000 && n <= 0xF0FF {
		n -= 0xF000
	}
	if n < ' ' || n > 0xFFFF {
		return ""
	}
	return string(rune(n))
}
