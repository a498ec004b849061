package detect

// numberScan goes over a text for numbers. It keeps its buffers from one text
// to the next.
type numberScan struct {
	run   run
	loose run // a run that careless writing makes of two
	short run // a run without the century of its date
	found []candidate
	mail  *setting
	owner *owner  // the only reader; nil: nobody's data are told from others'
	sheet sheet   // the table that the text holds, if any
	kept  keyword // the words for what was kept of the last run
	row   *whose  // in a table: whose name stands in the row, or above it
}

// scan goes once over the text and hands each group of candidates that share
// digits to weighed, after the words around them were weighed.
func (n *numberScan) scan(text string, heading keyword, weighed func([]candidate)) {
	n.run.text, n.run.groups, n.sheet = text, n.run.groups[:0], sheet{}
	for i := nextNumber(text, 0); i < len(text); i = nextNumber(text, i) {
		if i+5 < len(text) && i >= 2 && isLetter(text[i-1]) || i >= 3 && text[i-1] == ' ' && isCapital(text[i-2]) && isCapital(text[i-3]) {
			if c, ok := findIBAN(text, i); ok {
				n.found = append(n.found[:0], c)
				n.weigh(text, heading, weighed)
				i = c.end
				continue
			}
		}
		first := i
		i += digitsAt(text, i)
		if size := i - first; size == 4 || size == 5 {
			n.tail(text, first, i, weighed)
		}
		if i-first < 6 && isShort(text, first, i) {
			continue
		}
		i = n.run.read(first)
		if first > 0 && likeDigit(text[first-1]) >= '0' || i < len(text) && likeDigit(text[i]) >= '0' {
			if end := n.lookalike(text, first, i); end > 0 && n.weigh(text, heading, weighed) {
				i = end
				continue
			}
		}
		if i-first < 6 {
			continue // no kind is shorter; a plusgiro of that length says nothing about a person
		}
		n.run.heading = heading
		if heading == 0 {
			n.run.heading = n.sheet.over(text, first, i)
		}
		n.gather(first)
		n.kept = 0
		n.weigh(text, n.run.heading, weighed)
		if heading == 0 && n.run.heading&keyAnyPerson != 0 && n.kept&n.run.heading == 0 {
			i = n.mendCell(text, first, weighed)
			continue
		}
		if end := n.stretch(); end > 0 && n.weigh(text, n.run.heading, weighed) {
			i = end
		}
	}
}

// mendCell reads the cell of a table in a text that the number at first is in, as
// one that a spreadsheet has spoilt. It returns where the number ends.
func (n *numberScan) mendCell(text string, first int, weighed func([]candidate)) int {
	end := first
	for end < len(text) && (isAlnum(text[end]) || isIn(".,+-", text[end])) && text[end] != n.sheet.mark {
		end++
	}
	spoilt := numberScan{mail: n.mail, owner: n.owner, row: n.row}
	spoilt.mend(text[first:end], n.run.heading, weighed)
	return end
}

// isShort reports whether the digits text[first:end] are all of a run, and no
// letter stands beside them that looks like one.
func isShort(text string, first, end int) bool {
	if first > 0 && likeDigit(text[first-1]) >= '0' {
		return false
	}
	if end == len(text) {
		return true
	}
	switch c := text[end]; c {
	case ' ', '-', '.', '/', '+':
		return false
	default:
		return likeDigit(c) < '0'
	}
}

// gather offers the run, which begins at first, to every kind.
func (n *numberScan) gather(first int) {
	n.found = n.found[:0]
	for g := range n.run.groups {
		n.found = identities(&n.run, g, n.found)
		if n.run.digits >= 12 {
			n.found = n.fullYear(&n.run, g, n.found)
		}
	}
	if c, ok := findPassport(n.run.text, first, n.run.heading); ok {
		n.found = append(n.found, c)
	}
}

// weigh weighs the candidates of one run; those that share digits compete. It
// reports whether one was kept.
func (n *numberScan) weigh(text string, heading keyword, weighed func([]candidate)) bool {
	any := false
	for found := n.found; len(found) > 0; {
		k, end := 1, found[0].end
		for k < len(found) && found[k].start < end {
			end = max(end, found[k].end)
			k++
		}
		first, last := found[0].start, end
		if g := n.run.groups; len(g) > 0 && g[0].start <= first && g[len(g)-1].end >= last {
			first, last = g[0].start, g[len(g)-1].end
		}
		around := look(text, found[0].start, end, first, last)
		about := heading
		if around.near(keyAnyPerson, reachBefore) > 0 {
			about &^= keyAgainst | keyLoose // the cell itself says what stands in it
		}
		around.note(about, 1)
		if around.label == 0 {
			around.label = about & keyAgainst
		}
		around.mail = n.mail
		for i := range found[:k] {
			around.swedish = around.swedish || found[i].kind == SwedishPersonnummer
		}
		for i := range found[:k] {
			c := &found[i]
			c.weigh(&around)
			if heading&c.key != 0 && c.evidence.has(EvidenceKeyword) {
				c.evidence = c.evidence&^evidence(EvidenceKeyword) | evidence(EvidenceHeading)
			}
		}
		if kept := settle(found[:k], &around); len(kept) > 0 {
			any = true
			for i := range kept {
				n.kept |= kept[i].key
				kept[i].id = identify(text[kept[i].start:kept[i].end])
				if n.owner != nil && n.isOwn(text, kept[i].start, kept[i].end) {
					kept[i].evidence |= evidence(EvidenceOwnData)
				}
			}
			weighed(kept)
		}
		found = found[k:]
	}
	return any
}

// isOwn reports whether the number text[start:end] is the reader's own. What
// stands in a cell goes by its row.
func (n *numberScan) isOwn(text string, start, end int) bool {
	if n.row != nil {
		return *n.row == owners
	}
	return n.owner.owns(text, start, end)
}
