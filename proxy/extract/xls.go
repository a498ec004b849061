package extract

import (
	"encoding/binary"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"

	"postvern.example/policy/detect"
)

// The records of BIFF that hold text or say how to read it (MS-XLS §2.3).
const (
	biffFormula    = 0x0006
	biffEOF        = 0x000A
	biffHeader     = 0x0014
	biffFooter     = 0x0015
	biffName       = 0x0018
	biffNote       = 0x001C
	biffDate1904   = 0x0022
	biffFilePass   = 0x002F
	biffContinue   = 0x003C
	biffCodepage   = 0x0042
	biffUser       = 0x005C
	biffBoundSheet = 0x0085
	biffMulRK      = 0x00BD
	biffRString    = 0x00D6
	biffXF         = 0x00E0
	biffCacheOf    = 0x0059 // XCT: cells of a sheet of another workbook follow
	biffCached     = 0x005A // CRN
	biffPivotInt   = 0x00CC
	biffPivotNum   = 0x00C9
	biffShared     = 0x04BC
	biffArray      = 0x0221
	biffCondition  = 0x01B1
	biffCondition2 = 0x087A
	biffDrawGroup  = 0x00EB
	biffSST        = 0x00FC
	biffLabelSST   = 0x00FD
	biffTextObject = 0x01B6
	biffHyperlink  = 0x01B8
	biffValidation = 0x01BE
	biffNumber     = 0x0203
	biffLabel      = 0x0204
	biffBoolErr    = 0x0205
	biffString     = 0x0207
	biffRK         = 0x027E
	biffFormat     = 0x041E
	biffBOF        = 0x0809
	biffSeriesText = 0x100D
	biffPivotText  = 0x00CD
	biffExtName    = 0x0023
	biffTable      = 0x0872

	// The sheet behind a chart of Microsoft Graph (MS-OGRAPH §2.3).
	graphNumber = 0x0003
	graphLabel  = 0x0004
)

// xls reads an Excel workbook of versions 5 to 2003 (MS-XLS).
func (r *reading) xls(p piece, c *compound, under string) {
	stream := c.streams[under+"workbook"]
	if stream == nil {
		stream = c.streams[under+"book"]
	}
	w := xlsWalk{r: r, p: p, enc: charmap.Windows1252, formats: map[int]string{}}
	w.run(stream)
	// What a pivot table was made from is kept beside the book.
	for _, name := range c.names {
		if rest, ok := strings.CutPrefix(name, under+"_sx_db_cur/"); ok && rest != "" {
			w.run(c.streams[name])
		}
	}
	w.finish()
}

// biff reads a sheet of Excel 3 or 4, which is nothing but records.
func (r *reading) biff(p piece) {
	w := xlsWalk{r: r, p: p, enc: charmap.Windows1252, formats: map[int]string{}}
	w.run(p.data)
	w.finish()
}

// xlsWalk goes once through the records of a workbook.
type xlsWalk struct {
	r       *reading
	p       piece
	enc     encoding.Encoding
	old     bool // BIFF5: strings are bytes
	strings []string
	formats map[int]string
	styles  []int // the format of each XF
	date04  bool
	names   []string // of the sheets
	starts  []int    // where their substreams begin
	sheet   int      // number of the open sheet, 0 in the globals
	tables  map[int]*xlsTable
	open    *xlsTable
	around  []*xlsTable // what was open before the substreams inside it
	charts  []*xlsChart
	cached  *xlsChart // of another workbook, what was seen of it last
	wait    [2]int    // row and column of a formula whose text follows
	waiting bool
	aside   strings.Builder
	notes   strings.Builder
	drawing []byte
	locked  bool
}

// xlsTable holds the cells of a sheet; they come in rows, but not always.
type xlsTable struct {
	rows  map[int]map[int]string
	last  int
	cells int
}

func (t *xlsTable) set(row, col int, text string) {
	if t == nil || text == "" {
		return
	}
	if t.rows == nil {
		t.rows = map[int]map[int]string{}
	}
	if t.rows[row] == nil {
		t.rows[row] = map[int]string{}
	}
	// The values, categories and sizes of a chart all begin in the first column.
	for old := t.rows[row][col]; old != "" && old != text; old = t.rows[row][col] {
		col++
	}
	t.rows[row][col] = text
	t.last = max(t.last, row)
	t.cells++
}

// text returns the rows; once it is longer than most the rest is left out.
func (t *xlsTable) text(most int) string {
	var s sheetTable
	for row := 0; row <= t.last && s.b.Len() <= most; row++ {
		cols := t.rows[row]
		last := -1
		for col := range cols {
			last = max(last, col)
		}
		for col := 0; col <= last && s.b.Len() <= most; col++ {
			if text, ok := cols[col]; ok {
				s.toRow(row + 1)
				s.put(col+1, text)
			}
		}
	}
	return s.String()
}

func (w *xlsWalk) run(stream []byte) {
	w.tables = ensure(w.tables)
	for at := 0; at+4 <= len(stream); {
		if w.r.over(w.p.place) || w.locked {
			return
		}
		kind, n := int(binary.LittleEndian.Uint16(stream[at:])), int(binary.LittleEndian.Uint16(stream[at+2:]))
		start := at
		at += 4
		if n > len(stream)-at {
			w.r.unscannable(w.p.place, whyMalformed)
			return
		}
		data := stream[at : at+n]
		at += n
		var more [][]byte // CONTINUE records
		for at+4 <= len(stream) && int(binary.LittleEndian.Uint16(stream[at:])) == biffContinue {
			n := int(binary.LittleEndian.Uint16(stream[at+2:]))
			if n > len(stream)-at-4 {
				break
			}
			more = append(more, stream[at+4:at+4+n])
			at += 4 + n
		}
		if kind == biffFilePass {
			plain, open := w.unlock(stream, data)
			if !open {
				w.locked = true
				return
			}
			stream = plain
			continue
		}
		w.record(kind, data, more, start)
	}
}

// unlock decrypts a workbook's stream under Excel's own password or one of the
// message's; pass is the content of its FILEPASS record.
func (w *xlsWalk) unlock(stream, pass []byte) (plain []byte, ok bool) {
	opens := func(password string) bool {
		plain, ok = openBIFF(stream, pass, password)
		return ok
	}
	if opens(defaultPassword) {
		return plain, true
	}
	w.r.protected(w.p.place, strengthWeak) // XOR or RC4
	return plain, w.r.tryPasswords(w.p.place, opens)
}

func ensure(m map[int]*xlsTable) map[int]*xlsTable {
	if m == nil {
		return map[int]*xlsTable{}
	}
	return m
}

// record takes one record with those that continue it.
func (w *xlsWalk) record(kind int, d []byte, more [][]byte, start int) {
	switch kind {
	case biffBOF, 0x0009, 0x0209, 0x0409:
		w.begin(d, start)
	case biffEOF:
		if n := len(w.around); n > 0 {
			w.open = w.around[n-1]
			w.around = w.around[:n-1]
		}
	case biffCodepage:
		if len(d) >= 2 {
			if enc := codepage(int(binary.LittleEndian.Uint16(d))); enc != nil && binary.LittleEndian.Uint16(d) != 1200 {
				w.enc = enc
			}
		}
	case biffDate1904:
		w.date04 = len(d) > 0 && d[0] == 1
	case biffBoundSheet:
		w.boundSheet(d)
	case biffFormat:
		if len(d) > 4 {
			text, _ := w.str(d[2:], 2)
			w.formats[int(binary.LittleEndian.Uint16(d))] = text
		}
	case biffXF:
		if len(d) >= 4 {
			w.styles = append(w.styles, int(binary.LittleEndian.Uint16(d[2:])))
		}
	case biffSST:
		w.sharedStrings(d, more)
	case biffCacheOf:
		w.cached = &xlsChart{}
		w.charts = append(w.charts, w.cached)
	case biffCached:
		w.cachedCells(joined(d, more))
	case biffHeader, biffFooter, biffUser, biffSeriesText, biffPivotText, biffName, biffNote, biffTextObject, biffHyperlink, biffValidation, biffExtName, biffTable:
		w.texts(kind, d, more)
	case biffDrawGroup:
		w.drawing = append(w.drawing, d...)
		for _, m := range more {
			w.drawing = append(w.drawing, m...)
		}
	default:
		if !w.cellRecord(kind, d, more) {
			w.otherRecord(kind, joined(d, more))
		}
	}
}

// begin opens the substream of a sheet, or of the book itself.
func (w *xlsWalk) begin(d []byte, start int) {
	if len(d) < 4 {
		return
	}
	if version := binary.LittleEndian.Uint16(d); version < 0x0600 {
		w.old = true
	}
	for i, at := range w.starts {
		if at == start {
			w.sheet, w.around = i+1, nil
			if w.tables[w.sheet] == nil {
				w.tables[w.sheet] = &xlsTable{}
			}
			w.open = w.tables[w.sheet]
			return
		}
	}
	if start == 0 && len(w.starts) == 0 && binary.LittleEndian.Uint16(d[2:]) != 0x10 {
		return // the book itself
	}
	// A chart inside a sheet has the numbers that it shows as cells of its own,
	// in the same rows and columns; a sheet of old files stands alone.
	chart := &xlsChart{sheet: w.sheet}
	w.charts = append(w.charts, chart)
	w.around = append(w.around, w.open)
	w.open = &chart.xlsTable
}

// xlsChart is a table inside a sheet.
type xlsChart struct {
	xlsTable
	sheet int
}

func (w *xlsWalk) boundSheet(d []byte) {
	if len(d) < 8 {
		return
	}
	name, _ := w.str(d[6:], 1)
	w.starts = append(w.starts, int(binary.LittleEndian.Uint32(d)))
	w.names = append(w.names, name)
}

func joined(d []byte, more [][]byte) []byte {
	if len(more) == 0 {
		return d
	}
	all := append([]byte(nil), d...)
	for _, m := range more {
		all = append(all, m...)
	}
	return all
}

// finish gives the sheets and what stands beside them.
func (w *xlsWalk) finish() {
	for number := 0; number <= len(w.names); number++ {
		place := w.p.place
		if number > 0 {
			place = place.In(detect.Step{Kind: detect.InSheet, Number: number, Name: w.names[number-1]})
			w.r.label(place.In(detect.Step{Kind: detect.InName}), w.names[number-1])
		}
		if t := w.tables[number]; t != nil {
			w.r.text(place, detect.Table, t.text(w.r.texts))
		}
		for _, c := range w.charts {
			if c.sheet == number {
				w.r.text(place, detect.Table, c.text(w.r.texts))
			}
		}
	}
	w.r.prose(w.p.place, w.aside.String())
	w.r.prose(w.p.place.In(detect.Step{Kind: detect.InComment}), w.notes.String())
	w.r.blips(w.p, w.drawing)
}
