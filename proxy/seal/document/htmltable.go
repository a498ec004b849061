package document

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// table reads a table. One that only lays a page out is read cell by cell.
func (r *reader) table(n *html.Node) {
	r.end(0)
	rows := tableRows(n)
	if !isData(rows) {
		r.children(n)
		r.end(4)
		return
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.DataAtom == atom.Caption {
			r.node(c)
		}
	}
	b := block{quote: r.quote, indent: r.indent, after: 8}
	for _, row := range rows {
		var cells []cell
		for _, c := range row {
			inner := reader{shown: r.shown, depth: r.depth}
			inner.style.bold = c.DataAtom == atom.Th
			inner.children(c)
			inner.end(0)
			one := cell{header: c.DataAtom == atom.Th}
			for i, para := range inner.blocks {
				if i > 0 {
					one.runs = append(one.runs, run{text: "\n"})
				}
				if para.bullet != "" {
					one.runs = append(one.runs, run{text: para.bullet + " "})
				}
				one.runs = append(one.runs, para.runs...)
			}
			cells = append(cells, one)
			for span, _ := strconv.Atoi(attribute(c, "colspan")); span > 1 && len(cells) < mostColumns; span-- {
				cells = append(cells, cell{})
			}
		}
		b.table = append(b.table, cells)
	}
	r.blocks = append(r.blocks, b)
}

// tableRows returns the cells of a table's own rows.
func tableRows(n *html.Node) (rows [][]*html.Node) {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		switch c.DataAtom {
		case atom.Tr:
			var row []*html.Node
			for d := c.FirstChild; d != nil; d = d.NextSibling {
				if (d.DataAtom == atom.Td || d.DataAtom == atom.Th) && !hidden(d) {
					row = append(row, d)
				}
			}
			if len(row) > 0 && !hidden(c) {
				rows = append(rows, row)
			}
		case atom.Tbody, atom.Thead, atom.Tfoot:
			rows = append(rows, tableRows(c)...)
		default:
		}
	}
	return rows
}

// isData tells a table of data from one that lays a page out: several rows and
// columns, short cells, and neither a table nor a picture in them.
func isData(rows [][]*html.Node) bool {
	if len(rows) < 2 || len(rows) > mostRows {
		return false
	}
	columns, filled := 0, 0
	for _, row := range rows {
		columns = max(columns, len(row))
		for _, c := range row {
			if !simple(c, 0) {
				return false
			}
			n := utf8.RuneCountInString(strings.TrimSpace(flat(c, 0)))
			if n > 600 {
				return false
			}
			if n > 0 {
				filled++
			}
		}
	}
	return columns >= 2 && columns <= mostColumns && filled > 2
}

// simple reports whether a cell holds text alone.
func simple(n *html.Node, depth int) bool {
	if n.DataAtom == atom.Table || n.DataAtom == atom.Img || n.DataAtom == atom.Blockquote || depth > 50 {
		return false
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if !simple(c, depth+1) {
			return false
		}
	}
	return true
}

func itoa(n int) string { return strconv.Itoa(n) }
