package document

// table draws a table. Its columns share the page by how much they hold.
func (p *paper) table(b block, left float64) {
	const size = 9.5
	height := size * leading
	widths := p.columns(b.table, size, pageWidth-margin-left)
	top := true
	for _, row := range b.table {
		cells := make([][]textLine, len(widths))
		most := 1
		for i := range widths {
			if i < len(row) {
				cells[i] = p.wrap(row[i].runs, size, widths[i]-2*cellPad, 0)
				most = max(most, len(cells[i]))
			}
		}
		total := float64(most)*height + 2*cellPad
		if total <= pageHeight-2*margin {
			if p.y-total < margin {
				p.page()
				top = true
			}
		}
		if top {
			p.line(left, p.y, left+sum(widths), p.y, 0.5, 0.6)
			top = false
		}
		p.row(cells, widths, left, size, most)
		p.line(left, p.y, left+sum(widths), p.y, 0.5, 0.6)
	}
}

// row draws the lines of a row. One that is longer than a page goes on on the
// next.
func (p *paper) row(cells [][]textLine, widths []float64, left, size float64, most int) {
	const end = 1e-9
	height := size * leading
	edges := func(h float64) {
		x := left
		for i := 0; i <= len(widths); i++ {
			p.line(x, p.y, x, p.y-h, 0.5, 0.6)
			if i < len(widths) {
				x += widths[i]
			}
		}
	}
	edges(cellPad)
	p.y -= cellPad
	for n := range most {
		if p.y-height < margin-end {
			p.page()
		}
		edges(height)
		x := left
		for i, lines := range cells {
			if n < len(lines) {
				at := x + cellPad
				for _, piece := range lines[n].pieces {
					p.put(piece.font, size, at, p.y-size*1.05, 0, piece.text)
					at += piece.width
				}
			}
			x += widths[i]
		}
		p.y -= height
	}
	edges(cellPad)
	p.y -= cellPad
}

// columns returns how wide each column is: what it needs where there is room,
// else its longest word and a share of the rest.
func (p *paper) columns(table [][]cell, size, width float64) []float64 {
	n := 0
	for _, row := range table {
		n = max(n, len(row))
	}
	least, want := make([]float64, n), make([]float64, n)
	for _, row := range table {
		for i, c := range row {
			for _, l := range p.wrap(c.runs, size, 1e9, 0) {
				want[i] = max(want[i], l.width+2*cellPad+0.5)
				for _, piece := range l.pieces {
					for _, w := range words(piece.text) {
						least[i] = max(least[i], min(p.fonts[piece.font].Width(w, size)+2*cellPad+0.5, width/3))
					}
				}
			}
			least[i], want[i] = max(least[i], 16), max(want[i], 16)
		}
	}
	if sum(want) <= width {
		return want
	}
	return share(least, want, width)
}

// share gives columns that want little what they want, and the others equal
// parts of the rest, but no less than they need.
func share(least, want []float64, width float64) []float64 {
	out := make([]float64, len(want))
	open, rest := len(want), width
	for changed := true; changed && open > 0; {
		changed = false
		part := rest / float64(open)
		for i := range want {
			if out[i] == 0 && (want[i] <= part || least[i] > part) {
				out[i] = max(least[i], min(want[i], part))
				open, rest, changed = open-1, rest-out[i], true
			}
		}
	}
	for i := range out {
		if out[i] == 0 {
			out[i] = rest / float64(open)
		}
	}
	if all := sum(out); all > width || rest < 0 {
		for i := range out {
			out[i] = width / float64(len(out))
		}
	}
	return out
}

func sum(all []float64) (s float64) {
	for _, v := range all {
		s += v
	}
	return s
}
