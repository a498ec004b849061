package extract

import (
	"strings"

	"postvern.example/policy/detect"
)

// table reads CSV and TSV, however separated.
func (r *reading) table(p piece) {
	texts, ok := decode(p.data, p.params["charset"])
	if !ok {
		r.unscannable(p.place, whyCharset)
	}
	for _, text := range texts {
		r.coded(p, text)
		if sep := delimiter(text); sep != 0 {
			r.text(p.place, detect.Table, rows(text, sep))
		} else {
			r.prose(p.place, text)
		}
	}
}

// delimiter returns what separates the cells of a text: the character that
// stands equally often in almost all of its first lines. It is 0 where the
// text is no table.
func delimiter(text string) byte {
	if rest, found := strings.CutPrefix(text, "sep="); found && len(rest) > 1 {
		return rest[0] // Excel's own first line
	}
	lines := make([]string, 0, 64)
	for record := range records(text) {
		if !blank(record) {
			lines = append(lines, record)
		}
		if len(lines) == cap(lines) {
			break
		}
	}
	if len(lines) < 2 {
		return 0
	}
	for _, sep := range [...]byte{'\t', ';', '|', ','} {
		want := countCells(lines[0], sep)
		same := 0
		for _, line := range lines {
			if countCells(line, sep) == want {
				same++
			}
		}
		// Prose has commas too, but not the same number in each line.
		if want > 1 && same*10 >= len(lines)*8 && (want > 2 || sep != ',' || len(lines) > 2) {
			return sep
		}
	}
	return 0
}

// records yields the lines of a text; a line end inside quotes does not count.
func records(text string) func(func(string) bool) {
	return func(yield func(string) bool) {
		start, quoted := 0, false
		for i := 0; i < len(text); i++ {
			switch {
			case text[i] == '"' && (quoted || startsCell(text, i)):
				quoted = !quoted
			case text[i] == '\n' && !quoted, text[i] == '\r' && !quoted && (i+1 == len(text) || text[i+1] != '\n'):
				if !yield(strings.TrimSuffix(text[start:i], "\r")) {
					return
				}
				start = i + 1
			}
		}
		if start < len(text) {
			yield(text[start:])
		}
	}
}

// startsCell reports whether the quote at i opens a cell. Elsewhere it is a
// character like any other.
func startsCell(text string, i int) bool {
	return i == 0 || strings.IndexByte("\n\r\t;,|\"\ufeff", text[i-1]) >= 0
}

func countCells(record string, sep byte) int {
	n, quoted := 1, false
	for i := 0; i < len(record); i++ {
		switch {
		case record[i] == '"' && (quoted || startsCell(record, i)):
			quoted = !quoted
		case record[i] == sep && !quoted:
			n++
		}
	}
	return n
}

// rows returns a Table segment's text.
func rows(text string, sep byte) string {
	var b strings.Builder
	b.Grow(len(text))
	balanced := strings.Count(text, `"`)%2 == 0
	if !balanced { // a lone quote would swallow the rest
		text = strings.ReplaceAll(text, `"`, " ")
	}
	for record := range records(text) {
		start, quoted := 0, false
		for i := 0; i <= len(record); i++ {
			switch {
			case i == len(record) || record[i] == sep && !quoted:
				if start > 0 {
					b.WriteByte('\t')
				}
				b.WriteString(oneLine(uncell(record[start:i])))
				start = i + 1
			case record[i] == '"' && (quoted || startsCell(record, i)):
				quoted = !quoted
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func uncell(cell string) string {
	trimmed := strings.TrimSpace(cell)
	if len(trimmed) >= 2 && trimmed[0] == '"' && trimmed[len(trimmed)-1] == '"' {
		return strings.ReplaceAll(trimmed[1:len(trimmed)-1], `""`, `"`)
	}
	return cell
}
