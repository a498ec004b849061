package extract

import (
	"encoding/binary"
	"math"
	"strings"
)

// The kinds of a cell's value in a cache (MS-XLS §2.5.223, SerAr).
const (
	cachedNumber = 1
	cachedString = 2
	cachedBool   = 4
)

// cachedCells takes the cells of a row of another workbook, as they were when
// this one was last calculated (§2.4.63, CRN).
func (w *xlsWalk) cachedCells(d []byte) {
	if len(d) < 4 {
		return
	}
	if w.cached == nil {
		w.cached = &xlsChart{}
		w.charts = append(w.charts, w.cached)
	}
	row := int(binary.LittleEndian.Uint16(d[2:]))
	col, last := int(d[1]), int(d[0])
	for d = d[4:]; len(d) > 8 || len(d) > 0 && d[0] == cachedString; col++ {
		if col > last {
			break
		}
		used := 9
		switch d[0] {
		case cachedNumber:
			w.cached.set(row, col, unformatted(d[1:]))
		case cachedString:
			size := 2
			if w.old {
				size = 1
			}
			text, n := w.str(d[1:], size)
			w.cached.set(row, col, text)
			used = 1 + n
		}
		d = d[min(used, len(d)):]
	}
}

// unformatted writes a number whose format is not known. No number of a person
// has decimals; and those of any other look like one.
func unformatted(d []byte) string {
	v := math.Float64frombits(binary.LittleEndian.Uint64(d))
	if v != math.Trunc(v) {
		return formatNumber(v, "0.00", false)
	}
	return formatNumber(v, "", false)
}

// dumbRecords hold no text: there are so many of some that a search would cost
// more than all else.
var dumbRecords = map[int]bool{
	0x0001: true, 0x0201: true, 0x00BE: true, // blank cells
	0x0208: true, 0x00D7: true, 0x020B: true, 0x00FF: true, // where rows and strings begin
	0x0031: true, 0x00E0: true, 0x087D: true, 0x0092: true, 0x007D: true, 0x00E5: true, // fonts, looks, colours, widths, merged cells
	0x0896: true, 0x00E9: true, 0x007F: true, // pictures and packed themes
}

// otherRecord takes a record that has no reader of its own. New ones are made
// with every Excel, and some hold what people wrote: shapes and their
// alternative texts, names of linked files, views, scenarios, queries, routing
// slips. So all that looks like text is taken from them.
func (w *xlsWalk) otherRecord(kind int, d []byte) {
	switch {
	case dumbRecords[kind]:
		return
	case kind == biffPivotNum && len(d) >= 8:
		w.aside.WriteString(unformatted(d) + "\n")
		return
	case kind == biffPivotInt && len(d) >= 2:
		return // fewer digits than a number of somebody has
	case kind == biffShared && len(d) > 10:
		w.formulaTexts(d[10:])
	case kind == biffArray && len(d) > 14:
		w.formulaTexts(d[14:])
	case kind == biffCondition || kind == biffCondition2:
		w.formulaTexts(d)
	}
	if w.aside.Len() <= w.r.texts {
		w.aside.WriteString(runsOf(d))
	}
}

// runsOf returns the runs of text in binary data, one a line, without those
// that are no more than chance.
func runsOf(d []byte) string {
	var b strings.Builder
	for line := range strings.SplitSeq(printable(d)+wideText(d), "\n") {
		if wordy(line) {
			b.WriteString(line + "\n")
		}
	}
	return b.String()
}

// wordy reports whether a run is mostly letters, digits and blanks, and most of
// these are of no accent.
func wordy(run string) bool {
	plain, words, all := 0, 0, 0
	for _, c := range run {
		all++
		switch {
		case c >= '0' && c <= '9', c|0x20 >= 'a' && c|0x20 <= 'z':
			plain++
			words++
		case c == ' ', c >= 0xC0 && c < 0x250 && c != 0xD7 && c != 0xF7:
			words++
		}
	}
	return plain >= 3 && plain*2 >= all && words*4 >= all*3
}
