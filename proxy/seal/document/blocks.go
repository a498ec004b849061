package document

import (
	"strings"
	"unicode/utf8"
)

// block is a paragraph, a table, a picture or a line across the page.
type block struct {
	runs    []run
	size    float64 // of the letters; 0 is that of the text
	quote   int     // levels of quotation
	indent  float64
	hanging float64 // further indentation of all lines but the first
	bullet  string  // before the first line, left of the indentation
	after   float64 // space below
	rule    bool
	table   [][]cell
	picture string // Content-ID
}

// run is text in one style. A line feed in it ends the line.
type run struct {
	text               string
	bold, italic, mono bool
}

type cell struct {
	runs   []run
	header bool
}

func (b block) empty() bool {
	if b.rule || b.table != nil || b.picture != "" {
		return false
	}
	for _, r := range b.runs {
		if strings.TrimSpace(r.text) != "" {
			return false
		}
	}
	return true
}

// asText writes blocks as plain text.
func asText(blocks []block) string {
	var out strings.Builder
	for _, b := range blocks {
		prefix := strings.Repeat("> ", b.quote) + strings.Repeat(" ", int(b.indent/7))
		if b.bullet != "" {
			prefix += b.bullet + " "
		}
		line := func(s string) { out.WriteString(strings.TrimRight(prefix+s, " ") + "\r\n") }
		switch {
		case b.rule:
			line(strings.Repeat("-", 40))
		case b.table != nil:
			for _, row := range b.table {
				cells := make([]string, len(row))
				for i, c := range row {
					cells[i] = strings.Join(strings.Fields(plain(c.runs)), " ")
				}
				line(strings.Join(cells, "\t"))
			}
		default:
			for s := range strings.SplitSeq(plain(b.runs), "\n") {
				line(s)
			}
		}
		if b.after > 0 {
			out.WriteString("\r\n")
		}
	}
	return out.String()
}

func plain(runs []run) string {
	var b strings.Builder
	for _, r := range runs {
		b.WriteString(r.text)
	}
	return b.String()
}

// readPlain reads a plain text (RFC 3676 where it is flowed): quotations by
// their signs, and lines that are laid out with spaces in letters of one width.
func readPlain(text string, params map[string]string) []block {
	flowed := strings.EqualFold(params["format"], "flowed")
	spaceLost := strings.EqualFold(params["delsp"], "yes")
	var out []block
	open := false // the last line goes on in the next
	for line := range strings.SplitSeq(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
		quote, rest := quoted(strings.TrimRight(line, "\r"))
		if flowed {
			rest = strings.TrimPrefix(rest, " ")
		}
		soft := flowed && strings.HasSuffix(rest, " ") && rest != "-- "
		if soft && spaceLost {
			rest = rest[:len(rest)-1]
		}
		rest = untab(rest)
		if open && out[len(out)-1].quote == quote {
			last := &out[len(out)-1]
			last.runs[0].text += rest
			open = soft
			continue
		}
		open = soft
		out = append(out, block{quote: quote, runs: []run{{text: rest, mono: laidOut(rest)}}})
	}
	for len(out) > 0 && out[len(out)-1].empty() {
		out = out[:len(out)-1]
	}
	return out
}

// quoted returns how deep a line is quoted, and the line without the signs.
func quoted(line string) (depth int, rest string) {
	rest = line
	for {
		next := strings.TrimPrefix(rest, " ")
		if !strings.HasPrefix(next, ">") || depth > 20 || strings.HasPrefix(next, ">From ") && depth == 0 {
			break
		}
		depth, rest = depth+1, next[1:]
	}
	if depth > 0 {
		rest = strings.TrimPrefix(rest, " ")
	}
	return depth, rest
}

func untab(s string) string {
	if !strings.Contains(s, "\t") {
		return s
	}
	var b strings.Builder
	n := 0
	for _, r := range s {
		if r != '\t' {
			b.WriteRune(r)
			n++
			continue
		}
		for ok := true; ok; ok = n%8 != 0 {
			b.WriteByte(' ')
			n++
		}
	}
	return b.String()
}

// laidOut reports whether a line stands in columns.
func laidOut(s string) bool {
	return strings.Contains(strings.TrimSpace(s), "   ") && utf8.RuneCountInString(s) < 200
}
