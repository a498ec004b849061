package extract

import (
	"strconv"
	"strings"

	"postvern.example/policy/detect"
)

// sheet reads the cells of a worksheet as a table, and beside it formulas,
// headers and footers, and the texts of input rules.
func (b *workbook) sheet(r *reading, data []byte, place detect.Place) {
	w := sheetWalk{b: b, s: scanXML(data), seen: map[string]bool{}}
	for n := 0; w.s.next(); n++ {
		if n%4096 == 0 && r.over(place) || w.t.b.Len() > r.texts {
			break // what is too long is said where it is taken
		}
		w.token()
	}
	if w.s.broken {
		r.unscannable(place, whyMalformed)
	}
	r.text(place, detect.Table, w.t.String())
	r.prose(place, w.aside.String())
}

// sheetWalk goes once through a worksheet.
type sheetWalk struct {
	b     *workbook
	s     *xmlScanner
	t     sheetTable
	aside strings.Builder
	seen  map[string]bool

	ref, kind, style string          // of the open cell
	value            strings.Builder // its value
	text             strings.Builder // its own text (inline string)
	in               string          // the element whose text is being read
}

func (w *sheetWalk) token() {
	switch w.s.kind {
	case xmlOpen:
		w.open()
	case xmlClose:
		w.close()
	case xmlText:
		switch w.in {
		case "v":
			w.value.WriteString(w.s.content)
		case "t":
			w.text.WriteString(w.s.content)
		case "f", "note":
			w.note(w.s.content)
		}
	case xmlEnd, xmlAside:
	}
}

func (w *sheetWalk) note(text string) {
	if len(text) > 3 && !w.seen[text] {
		w.seen[text] = true
		w.aside.WriteString(text + "\n")
	}
}

func (w *sheetWalk) open() {
	s := w.s
	switch s.name {
	case "c":
		w.ref, w.kind, w.style = s.attr("r"), s.attr("t"), s.attr("s")
		w.value.Reset()
		w.text.Reset()
		if s.empty {
			w.t.at(w.ref, "")
		}
	case "v", "t", "f":
		if !s.empty {
			w.in = s.name
		}
	case "row":
		if n, err := strconv.Atoi(s.attr("r")); err == nil {
			w.t.toRow(n)
		}
	case "oddHeader", "oddFooter", "evenHeader", "evenFooter", "firstHeader", "firstFooter", "formula1", "formula2", "formula":
		if !s.empty {
			w.in = "note"
		}
	case "dataValidation", "hyperlink", "protectedRange", "inputCells", "scenario", "customPr", "control", "webPublishItem":
		s.eachAttr(func(key, value string) bool {
			switch key {
			case "prompt", "promptTitle", "error", "errorTitle", "tooltip", "display", "location", "name", "comment", "val", "user":
				w.note(value)
			}
			return true
		})
	}
}

func (w *sheetWalk) close() {
	switch w.s.name {
	case "c":
		w.t.at(w.ref, w.shown())
	default:
		w.in = ""
	}
}

// shown returns the text of the open cell as Excel shows it, or as near as
// keeps every digit.
func (w *sheetWalk) shown() string {
	value := w.value.String()
	switch w.kind {
	case "s":
		i, err := strconv.Atoi(strings.TrimSpace(value))
		if err != nil || i < 0 || i >= len(w.b.shared) {
			return value
		}
		return w.b.shared[i]
	case "inlineStr":
		return w.text.String() + value
	case "str", "e", "d":
		return value
	case "b":
		if strings.TrimSpace(value) == "1" {
			return "TRUE"
		}
		return "FALSE"
	}
	number, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	if err != nil {
		return value + w.text.String()
	}
	style, _ := strconv.Atoi(w.style)
	if style < 0 || style >= len(w.b.formats) {
		return formatNumber(number, "", w.b.date04)
	}
	return formatNumber(number, w.b.formats[style], w.b.date04)
}

// sheetTable puts cells where they stand in their sheet, so that the first
// row and the columns are the sheet's own. Wide gaps are closed.
type sheetTable struct {
	b        strings.Builder
	row, col int // of the next cell, from 0
}

const maxGap = 64

func (t *sheetTable) String() string {
	if t.b.Len() == 0 {
		return ""
	}
	return t.b.String() + "\n"
}

// toRow begins the row with this number, from 1.
func (t *sheetTable) toRow(number int) {
	gap := number - 1 - t.row
	if gap <= 0 {
		if gap < 0 && t.col > 0 { // a row that is written out of order
			t.b.WriteByte('\n')
			t.col = 0
		}
		return
	}
	t.b.WriteString(strings.Repeat("\n", min(gap, maxGap)))
	t.row, t.col = number-1, 0
}

// at writes a cell; ref is its name ("C14") or "" for the next one.
func (t *sheetTable) at(ref, text string) {
	col, row := cellPosition(ref)
	if row > 0 {
		t.toRow(row)
	}
	if col == 0 {
		col = t.col + 1
	}
	if text == "" {
		return
	}
	t.put(col, text)
}

// put writes a cell of the current row; col is its number, from 1.
func (t *sheetTable) put(col int, text string) {
	gap := col - 1 - t.col
	if gap < 0 {
		gap = 1
	}
	t.b.WriteString(strings.Repeat("\t", min(gap, maxGap)))
	t.col = max(col-1, t.col)
	t.b.WriteString(oneLine(text))
}

// cellPosition returns the column and row of a cell's name, from 1, or 0.
func cellPosition(ref string) (col, row int) {
	i := 0
	for ; i < len(ref) && ref[i] >= 'A' && ref[i] <= 'Z' && i < 4; i++ {
		col = col*26 + int(ref[i]-'A') + 1
	}
	row, err := strconv.Atoi(ref[i:])
	if err != nil {
		return col, 0
	}
	return col, row
}
