package extract

import (
	"strings"

	"postvern.example/policy/detect"
)

// rtfStory collects the paragraphs and the tables of a text: of the body, a
// header, a note, a box or a comment. RTF tells at the end of each piece of
// text whether it was a paragraph or a cell.
type rtfStory struct {
	r       *reading
	place   detect.Place
	comment bool
	prose   strings.Builder
	line    strings.Builder // what the next end ends
	tables  []*rtfTable     // the open ones, each in a cell of the one before
	inRow   bool            // \trowd came, and no \row: programs forget \intbl
}

type rtfTable struct {
	rows  strings.Builder
	cells []string // of the open row
	cell  strings.Builder
}

// mostNested is how deep tables are told apart.
const mostNested = 16

// table returns the open table of a level, and ends those that stood in it.
func (s *rtfStory) table(level int) *rtfTable {
	level = min(level, mostNested)
	for len(s.tables) > level {
		s.endTable()
	}
	for len(s.tables) < level {
		s.tables = append(s.tables, &rtfTable{})
	}
	return s.tables[level-1]
}

// endParagraph takes the open line as a paragraph; level 0 is outside tables.
func (s *rtfStory) endParagraph(level int) {
	if level == 0 && s.inRow {
		level = 1
	}
	if level > 0 {
		t := s.table(level)
		t.cell.WriteString(s.line.String() + "\n")
		s.line.Reset()
		return
	}
	for len(s.tables) > 0 {
		s.endTable()
	}
	s.prose.WriteString(s.line.String() + "\n")
	s.line.Reset()
}

// endCell takes the open line as the end of a cell, wherever it stands: a cell
// that no row ends is one all the same.
func (s *rtfStory) endCell(level int) {
	t := s.table(level)
	t.cell.WriteString(s.line.String())
	s.line.Reset()
	t.cells = append(t.cells, oneLine(t.cell.String()))
	t.cell.Reset()
}

func (s *rtfStory) endRow(level int) {
	s.table(level).endRow(&s.line)
	if level == 1 {
		s.inRow = false
	}
}

func (t *rtfTable) endRow(line *strings.Builder) {
	if rest := oneLine(t.cell.String() + line.String()); rest != "" {
		t.cells = append(t.cells, rest)
	}
	t.cell.Reset()
	line.Reset()
	if len(t.cells) > 0 {
		t.rows.WriteString(strings.Join(t.cells, "\t") + "\n")
	}
	t.cells = t.cells[:0]
}

// endTable ends the innermost table. The open line belongs behind it.
func (s *rtfStory) endTable() {
	n := len(s.tables) - 1
	t := s.tables[n]
	s.tables = s.tables[:n]
	t.endRow(&strings.Builder{})
	s.r.text(s.place, detect.Table, t.rows.String())
}

func (s *rtfStory) end() {
	for len(s.tables) > 0 {
		s.endTable()
	}
	if s.line.Len() > 0 {
		s.endParagraph(0)
	}
	for len(s.tables) > 0 { // a line in a row that was cut off
		s.endTable()
	}
}
