package extract

import (
	"strings"

	"postvern.example/policy/detect"
)

// odfTable is a table of a document, or a sheet, that is being read.
type odfTable struct {
	place   detect.Place
	t       sheetTable
	row     int // number of the open row, from 1
	col     int // number of the next column, from 0
	cell    strings.Builder
	open    bool
	value   string // the number that the cell holds
	hidden  string // the text that it holds; another may be shown
	repeatC int
	repeatR int
}

func (w *odfWalk) openTable() {
	place := w.at()
	name := w.s.attr("name")
	if len(w.tables) == 0 && w.spread {
		w.sheets++
		place = w.place.In(detect.Step{Kind: detect.InSheet, Number: w.sheets, Name: name})
		w.r.label(place.In(detect.Step{Kind: detect.InName}), name)
	} else {
		w.note(name)
	}
	w.tables = append(w.tables, &odfTable{place: place, repeatR: 1})
}

func (w *odfWalk) openCell() {
	if len(w.tables) == 0 {
		return
	}
	t := w.tables[len(w.tables)-1]
	s := w.s
	if s.name == "table-row" {
		t.row += t.repeatR
		t.repeatR = max(1, atoi(s.attr("number-rows-repeated")))
		t.col = 0
		return
	}
	t.repeatC = max(1, atoi(s.attr("number-columns-repeated")))
	t.value, t.hidden = cellValue(s), s.attr("string-value")
	w.note(s.attr("formula"))
	t.open = true
	t.cell.Reset()
	if s.empty {
		w.closeCell()
	}
}

// cellValue returns what a cell holds beside the text that it shows, which
// programs may leave out.
func cellValue(s *xmlScanner) string {
	for _, key := range [...]string{"value", "string-value", "date-value", "time-value"} {
		if value := s.attr(key); value != "" {
			return value
		}
	}
	return ""
}

// isShortened reports whether a cell shows its number without all its digits:
// with an exponent, or as a row of crosses.
func isShortened(text string) bool {
	return strings.Trim(text, "#") == "" || strings.Contains(text, "E+") && strings.Trim(text, "0123456789.,+-E ") == ""
}

// closeCell writes a cell as it is shown, or its number where that is shown
// without all its digits.
func (w *odfWalk) closeCell() {
	if len(w.tables) == 0 {
		return
	}
	t := w.tables[len(w.tables)-1]
	text := strings.TrimSpace(t.cell.String())
	if t.value != "" && isShortened(text) {
		text = t.value
	}
	if t.hidden != text {
		w.note(t.hidden)
	}
	if text != "" {
		t.t.toRow(max(t.row, 1))
		for i := range min(t.repeatC, 3) {
			t.t.put(t.col+1+i, text)
		}
	}
	t.col += t.repeatC
	t.open = false
	t.cell.Reset()
}

func (w *odfWalk) closeTable() {
	n := len(w.tables) - 1
	t := w.tables[n]
	w.tables = w.tables[:n]
	if !strings.Contains(t.t.String(), "\t") && !w.spread {
		w.write(t.t.String())
		return
	}
	w.r.text(t.place, detect.Table, t.t.String())
}
