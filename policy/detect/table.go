package detect

import "strings"

// cellLimit is the number of findings of one kind in a column up to which
// each cell is a place of its own; from there on the column is the place.
const cellLimit = 10

// maxColumns is how many columns are told apart, as many as a sheet can have;
// what stands further right counts as the last.
const maxColumns = 16384

// table reads a Table segment: rows of cells under headings.
type table struct {
	scan    numberScan
	columns []column
	out     *collector
	named   int   // the last row in which a name stands
	whose   whose // and whose
}

// column is what is known of one column.
type column struct {
	heading keyword
	tail    tailing // whether it holds what ends a number that begins in another column
	filled  int     // cells with digits under the heading
	hits    []hit
}

// hit is a value in a cell.
type hit struct {
	row  int
	cand candidate
}

// scanTable finds numbers in the cells of a table.
func scanTable(text string, mail *setting, o *owner, out *collector) {
	t := table{out: out, scan: numberScan{mail: mail}}
	if o != nil {
		t.scan.owner, t.scan.row = o, &t.whose
	}
	row := 0
	for line := range strings.Lines(text) {
		row++
		t.row(strings.TrimRight(line, "\r\n"), row)
	}
	for i := range t.columns {
		t.columns[i].judge()
		t.emit(i)
	}
}

func (t *table) row(line string, row int) {
	heads, label := isHeading(line), keyword(0)
	if o := t.scan.owner; o != nil {
		if w := o.in(line); w != nobodys || row-t.named > ownReach {
			t.named, t.whose = row, w
		}
	}
	var parts pieces
	var left keyword // the heading of the column before
	for i := 0; ; i++ {
		cell, rest, more := strings.Cut(line, "\t")
		if i == len(t.columns) && i < maxColumns {
			t.columns = append(t.columns, column{})
		}
		c := &t.columns[min(i, maxColumns-1)]
		switch {
		case heads:
			k := headingOf(cell)
			if k != 0 {
				c.heading = k
			}
			if tail := tailOf(cell, left); tail != 0 {
				c.tail = tail
			}
			left = k
		case cell != "":
			t.cell(c, c.heading|label, cell, row)
			parts.take(cell, i, c, label)
		}
		label = labelOf(cell)
		if line = rest; !more {
			if heads && left&keyAnyPerson != 0 && i+1 == len(t.columns) && i+1 < maxColumns {
				t.columns = append(t.columns, column{tail: tailTold}) // one heading over two columns
			}
			t.parted(&parts, row)
			return
		}
	}
}

// isHeading reports whether a row may name its columns: it holds words and,
// but for years, no number.
func isHeading(line string) bool {
	words := 0
	for more := true; more; {
		var cell string
		cell, line, more = strings.Cut(line, "\t")
		letters, digits := 0, 0
		for i := 0; i < len(cell); i++ {
			switch class[cell[i]] {
			case classLetter:
				letters++
			case classDigit:
				digits++
			}
		}
		if digits > 4 || digits > 0 && letters < 2 && (digits != 4 || len(cell) != 4) || strings.IndexByte(cell, '@') >= 0 {
			return false
		}
		words += letters
	}
	return words > 1
}

// longHeading is the length from which on a cell in the first row is rather a
// sentence: many sheets hold text.
const longHeading = 48

// headingOf returns what the words of a heading mean.
func headingOf(cell string) keyword {
	var k keyword
	for i := 0; i < len(cell); {
		b := i
		for i < len(cell) && isLetter(cell[i]) {
			i++
		}
		if i == b {
			i++
			continue
		}
		word := keywords.find(cell[b:i])
		if word == keyLoose && compound(cell[b:i]) != 0 {
			word = keyNumber
		}
		k |= word
		if next, ok := nextWord(cell, i); ok && next.start-i <= 2 {
			k |= keywords.find(cell[b:i] + cell[next.start:next.end]) // "Pers.nr.", "Pers. nr."
		}
	}
	if k&keyAnyPerson != 0 || len(cell) > longHeading {
		k &^= keyAgainst | keyLoose // "CPR nr. (kunde)" is a CPR, and a sentence names no column
	}
	return k
}

// labelOf returns which kind of number of a person a cell promises for the next:
// the left column of a form.
func labelOf(cell string) keyword {
	if len(cell) < 2 || len(cell) > shortLabel || !isHeading(cell) {
		return 0
	}
	return headingOf(cell) & (keyAnyPerson | keyAccount | keyGiro | keyPassport)
}

func (t *table) cell(c *column, heading keyword, cell string, row int) {
	digits := 0
	for i := 0; i < len(cell); i++ {
		digits += int(class[cell[i]] & classDigit)
	}
	if digits < 3 {
		return
	}
	c.filled++
	found := false
	t.scan.scan(cell, heading, func(kept []candidate) {
		for _, k := range kept {
			// By chance a spoilt number can be one of another kind.
			found = found || heading&k.key != 0 || heading&keyAnyPerson == 0
			c.hits = append(c.hits, hit{row, k})
		}
	})
	if !found && heading&keyAnyPerson != 0 {
		t.scan.mend(strings.TrimSpace(cell), heading, func(kept []candidate) {
			for _, k := range kept {
				c.hits = append(c.hits, hit{row, k})
			}
		})
	}
}

// mend reads a cell that a spreadsheet has spoilt: a number without its
// leading zero, with a decimal, or rounded to a power of ten.
func (n *numberScan) mend(cell string, heading keyword, weighed func([]candidate)) {
	if kind, ok := rounded(cell, heading); ok {
		weighed([]candidate{{kind: kind, strength: fair, confidence: Likely, evidence: evidence(EvidenceHeading, EvidenceRounded)}})
		return
	}
	whole := strings.TrimSuffix(strings.TrimSuffix(cell, ".0"), ",0")
	bare := whole
	if i := strings.IndexByte(whole, '-'); i == 5 || i == 4 {
		bare = whole[:i] + whole[i+1:] // "70761-4285"
	}
	size := len(bare)
	if size < 8 || size > 12 || digitsAt(bare, 0) != size {
		return
	}
	if whole != cell && size >= 10 {
		n.scan(whole, heading, weighed)
	}
	if size > 10 {
		return
	}
	for _, zeros := range []string{"0", "00"} {
		n.scan(zeros+whole, heading, func(kept []candidate) {
			for i := range kept {
				kept[i].evidence |= evidence(EvidencePadded)
			}
			weighed(kept)
		})
	}
}

// rounded reports whether the cell is a number of ten or eleven digits in
// scientific notation, "1.3E10" or "1,30185E+09", and of which kind.
func rounded(cell string, heading keyword) (Kind, bool) {
	i := strings.IndexAny(cell, "eE")
	if i < 1 {
		return "", false
	}
	for _, c := range []byte(cell[:i]) {
		if !isDigit(c) && c != '.' && c != ',' {
			return "", false
		}
	}
	exponent := strings.TrimLeft(strings.TrimPrefix(cell[i+1:], "+"), "0")
	switch exponent {
	case "8", "9":
		for _, o := range []struct {
			key  keyword
			kind Kind
		}{{keyCPR, DanishCPR}, {keyPersonnummer, SwedishPersonnummer}, {keyKennitala, IcelandicKennitala}} {
			if heading&o.key != 0 {
				return o.kind, true
			}
		}
		return NorwegianFnr, heading&keyFnr != 0
	case "10":
		if heading&keyFnr != 0 {
			return NorwegianFnr, true
		}
		// A heading for ten digits over eleven: what was rounded up.
		return DanishCPR, heading&keyCPR != 0
	case "11":
		return SwedishPersonnummer, heading&keyPersonnummer != 0
	}
	return "", false
}

// judge lets the column as a whole speak: values that repeat down it confirm
// each other, and a few among many that do not fit are chance.
func (c *column) judge() {
	counts, checked := map[Kind]int{}, map[Kind]int{}
	for _, h := range c.hits {
		counts[h.cand.kind]++
		if h.cand.evidence.has(EvidenceChecksum) {
			checked[h.cand.kind]++
		}
	}
	kept := c.hits[:0]
	for _, h := range c.hits {
		k := &h.cand
		n := counts[k.kind]
		against := k.evidence & evidence(EvidenceOtherNumber, EvidencePhone, EvidenceOrganisation, EvidenceTimeStamp)
		switch {
		case n >= 3 && n*10 >= c.filled*6 && against == 0 && !k.keyed:
			k.evidence |= evidence(EvidenceRepeated)
			k.confidence = max(k.confidence, Likely)
			if checked[k.kind]*10 >= n*7 {
				k.confidence = Certain
			}
		case c.filled >= 10 && n*5 < c.filled && k.bare && c.heading&k.key == 0:
			k.confidence = min(k.confidence, Possible)
		}
		kept = append(kept, h)
	}
	c.hits = kept
}

// emit reports the column's values, a cell at a time or all together.
func (t *table) emit(i int) {
	c := &t.columns[i]
	if len(c.hits) == 0 {
		return
	}
	place := t.out.place
	counts := map[Kind]int{}
	for _, h := range c.hits {
		counts[h.cand.kind]++
	}
	col := place.In(Step{Kind: InColumn, Number: i + 1})
	t.out.begin(col)
	for _, h := range c.hits {
		if counts[h.cand.kind] > cellLimit {
			t.out.add(h.cand.kind, h.cand.confidence, h.cand.evidence, h.cand.id)
		}
	}
	row := 0
	for _, h := range c.hits {
		if counts[h.cand.kind] > cellLimit {
			continue
		}
		if h.row != row {
			row = h.row
			t.out.begin(col.In(Step{Kind: InRow, Number: row}))
		}
		t.out.add(h.cand.kind, h.cand.confidence, h.cand.evidence, h.cand.id)
	}
	t.out.begin(place)
}
