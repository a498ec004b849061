package detect

import "strings"

// sheet is a table that is written as text: lines whose cells a mark parts, under
// a line of headings.
type sheet struct {
	head string // the line of headings; "" where none was found
	mark byte
	line string // the last line of it that was asked for
	end  int    // and where that ends
}

// What a sheet reads at most.
const (
	sheetLine = 400 // of a line
	sheetRows = 20  // upwards, for its headings
	sheetCell = 32  // a longer heading is rather a sentence
)

// over returns what the heading means that stands over the number at text[at],
// which ends before end; 0 where it is no cell of a sheet.
func (s *sheet) over(text string, at, end int) keyword {
	mark := cellMark(text, at, end)
	if mark == 0 {
		return 0
	}
	floor := max(0, at-sheetLine)
	lo := floor + strings.LastIndexByte(text[floor:at], '\n') + 1
	if lo <= floor && floor > 0 || lo == 0 {
		return 0
	}
	if s.line == "" || s.mark != mark || lo >= s.end {
		s.find(text, lo, mark)
	}
	if s.head == "" {
		return 0
	}
	cells := strings.Split(s.head, string(rune(mark)))
	if i := strings.Count(text[lo:at], string(rune(mark))); i < len(cells) && len(cells[i]) <= sheetCell {
		return headingOf(cells[i])
	}
	return 0
}

// cellMark returns the mark that parts the number text[at:end] from the cell
// beside it, 0 where none does.
func cellMark(text string, at, end int) byte {
	for n := 0; n < 3 && at > 0 && isCapital(text[at-1]); n++ {
		at-- // the letters of a passport
	}
	for at > 0 && isIn(` "'`, text[at-1]) {
		at--
	}
	if at > 0 && text[at-1] != '\n' {
		return markAt(text[at-1])
	}
	if exponent := end + 1; exponent+1 < len(text) && text[end] == 'E' && (text[exponent] == '+' || isDigit(text[exponent])) {
		for end = exponent + 1; end < len(text) && isDigit(text[end]); {
			end++
		}
	}
	for end < len(text) && isIn(` "'`, text[end]) {
		end++
	}
	if end < len(text) {
		return markAt(text[end])
	}
	return 0
}

func markAt(c byte) byte {
	if isIn(";,|\t", c) {
		return c
	}
	return 0
}

// find looks for the headings over the line that begins at lo: the first line
// above without numbers, where all between have as many cells.
func (s *sheet) find(text string, lo int, mark byte) {
	line := lineFrom(text, lo)
	cells := strings.Count(line, string(rune(mark)))
	again := s.line != "" && s.mark == mark && s.end == lo && cells == strings.Count(s.line, string(rune(mark)))
	s.line, s.end, s.mark = line, lo+len(line)+1, mark
	if again {
		return // the next row, with the same headings or none
	}
	s.head = ""
	for range sheetRows {
		if lo == 0 {
			return
		}
		floor := max(0, lo-1-sheetLine)
		up := floor + strings.LastIndexByte(text[floor:lo-1], '\n') + 1
		above := strings.TrimSuffix(text[up:lo-1], "\r")
		if up <= floor && floor > 0 || strings.Count(above, string(rune(mark))) != cells {
			return
		}
		if isHeading(strings.ReplaceAll(above, string(rune(mark)), "\t")) {
			s.head = above
			return
		}
		lo = up
	}
}

// lineFrom returns the line that begins at lo, or its beginning.
func lineFrom(text string, lo int) string {
	line := text[lo:min(len(text), lo+sheetLine)]
	if i := strings.IndexByte(line, '\n'); i >= 0 {
		return line[:i]
	}
	return line
}
