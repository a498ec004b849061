package extract

import "strings"

// flow collects running text: blanks are one blank, block breaks are one line
// end, and inline elements leave no trace.
type flow struct {
	b     strings.Builder
	last  byte // the last byte written; 0 at the start
	space bool // a blank waits for what follows
}

func (f *flow) write(text string) {
	start := 0
	for i := 0; i < len(text); i++ {
		if text[i] > ' ' {
			continue
		}
		f.word(text[start:i])
		start = i + 1
		f.space = true
	}
	f.word(text[start:])
}

func (f *flow) word(word string) {
	if word == "" {
		return
	}
	if f.space && f.last != '\n' && f.last != 0 {
		f.b.WriteByte(' ')
	}
	f.space = false
	f.b.WriteString(word)
	f.last = word[len(word)-1]
}

// lines writes text whose line ends are meant.
func (f *flow) lines(text string) {
	for line := range strings.SplitSeq(text, "\n") {
		f.breakLine()
		f.write(line)
	}
	f.breakLine()
}

func (f *flow) breakLine() {
	if f.last != '\n' && f.last != 0 {
		f.b.WriteByte('\n')
		f.last = '\n'
	}
	f.space = false
}

func (f *flow) String() string { return f.b.String() }

// views is a run of text as it is seen, and with what is hidden in its place.
// As long as nothing was hidden they are the same and held once.
type views struct {
	whole flow
	shown *flow // nil: the same
}

func (v *views) write(text string, hidden bool) {
	if hidden && v.shown == nil && !blank(text) {
		v.shown = &flow{last: v.whole.last, space: v.whole.space}
		v.shown.b.WriteString(v.whole.String())
	}
	v.whole.write(text)
	if v.shown != nil && !hidden {
		v.shown.write(text)
	}
}

func (v *views) breakLine() {
	v.whole.breakLine()
	if v.shown != nil {
		v.shown.breakLine()
	}
}

// seen returns the text that a reader sees.
func (v *views) seen() string {
	if v.shown == nil {
		return v.whole.String()
	}
	return v.shown.String()
}

// pour adds lines that may differ in what is seen of them.
func (v *views) pour(whole, seen string) {
	if whole != seen && v.shown == nil {
		v.shown = &flow{last: v.whole.last, space: v.whole.space}
		v.shown.b.WriteString(v.whole.String())
	}
	v.whole.lines(whole)
	if v.shown != nil {
		v.shown.lines(seen)
	}
}

// htmlTable is one open table.
type htmlTable struct {
	cells  [][]*views
	before views // text outside any cell
}

func (t *htmlTable) openRow() { t.cells = append(t.cells, nil) }

func (t *htmlTable) openCell() {
	if len(t.cells) == 0 {
		t.openRow()
	}
	n := len(t.cells) - 1
	t.cells[n] = append(t.cells[n], &views{})
}

// cell returns the open cell, nil where there is none.
func (t *htmlTable) cell() *views {
	if len(t.cells) == 0 {
		return nil
	}
	row := t.cells[len(t.cells)-1]
	if len(row) == 0 {
		return nil
	}
	return row[len(row)-1]
}

// at returns where text goes now.
func (t *htmlTable) at() *views {
	if c := t.cell(); c != nil {
		return c
	}
	return &t.before
}

// differs reports whether something in the table is hidden.
func (t *htmlTable) differs() bool {
	if t.before.shown != nil {
		return true
	}
	for _, row := range t.cells {
		for _, c := range row {
			if c.shown != nil {
				return true
			}
		}
	}
	return false
}

// isData reports whether the table has rows and columns of short texts.
func (t *htmlTable) isData() bool {
	wide := 0
	for _, row := range t.cells {
		filled := 0
		for i := range row {
			text := strings.TrimSpace(row[i].whole.String())
			if text != "" {
				filled++
			}
			if len(text) > 400 {
				return false
			}
		}
		if filled >= 2 {
			wide++
		}
	}
	return wide >= 2
}

// rows returns the table as rows of cells; whole tells whether with what is
// hidden.
func (t *htmlTable) rows(whole bool) string {
	var b strings.Builder
	text := (*views).seen
	if whole {
		text = func(v *views) string { return v.whole.String() }
	}
	if before := text(&t.before); !blank(before) {
		b.WriteString(oneLine(before) + "\n")
	}
	for _, row := range t.cells {
		for i := range row {
			if i > 0 {
				b.WriteByte('\t')
			}
			b.WriteString(cellText(text(row[i]), t.isLayout(row)))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// isLayout reports whether a row is one cell that holds lines.
func (t *htmlTable) isLayout(row []*views) bool { return len(row) == 1 }

func cellText(text string, lines bool) string {
	if lines {
		return strings.TrimRight(text, "\n")
	}
	return oneLine(text)
}

// oneLine makes text fit one cell of a Table segment.
func oneLine(text string) string {
	text = strings.TrimSpace(text)
	if !strings.ContainsAny(text, "\r\n\t\v\f") {
		return text
	}
	return strings.Join(strings.Fields(text), " ")
}
