package message

import (
	"cmp"
	"slices"
)

// hideQuoted says who leaves the recipient lines, who leaves the lines that
// name a writer, and who what is not shown; nil is nobody.
type hideQuoted struct {
	recipient, writer, unseen func(name, address string) bool
}

func (h hideQuoted) of(l quotedList) func(name, address string) bool {
	if l.writer {
		return h.writer
	}
	return h.recipient
}

// either reports whether somebody leaves one of these places at least.
func (h hideQuoted) either(name, address string) bool {
	for _, hide := range [...]func(name, address string) bool{h.recipient, h.writer, h.unseen} {
		if hide != nil && hide(name, address) {
			return true
		}
	}
	return false
}

// cutQuoted returns what is to be taken out of a text: the elements that hide
// names, with their separators, and how many they are. Of a name that a comma
// may have cut in two ("Friis, Bo <bo@x>") both halves go.
func cutQuoted(lists []quotedList, who hideQuoted) (cuts []Range, hidden int) {
	for _, l := range lists {
		hide := who.of(l)
		if hide == nil {
			continue
		}
		gone := make([]bool, len(l.elements))
		for i, e := range l.elements {
			if gone[i] = e.hidden(hide); !gone[i] {
				continue
			}
			hidden++
			if i > 0 && len(l.elements[i-1].addresses) == 0 && len(e.addresses) > 0 {
				gone[i-1] = true
			}
		}
		cuts = append(cuts, l.cut(gone)...)
	}
	slices.SortFunc(cuts, func(a, b Range) int { return cmp.Compare(a.Start, b.Start) })
	apart := cuts[:0]
	for _, c := range cuts { // a line may be of two kinds
		if n := len(apart); n > 0 && c.Start < apart[n-1].End {
			apart[n-1].End = max(apart[n-1].End, c.End)
			continue
		}
		apart = append(apart, c)
	}
	return apart, hidden
}

func (e quotedElement) hidden(hide func(name, address string) bool) bool {
	if len(e.addresses) == 0 {
		return hide(e.name, "")
	}
	for _, a := range e.addresses {
		if hide(e.name, a) {
			return true
		}
	}
	return false
}

func (l quotedList) cut(gone []bool) (cuts []Range) {
	for i := 0; i < len(gone); i++ {
		if !gone[i] {
			continue
		}
		last := i
		for last+1 < len(gone) && gone[last+1] {
			last++
		}
		r := Range{l.elements[i].span.Start, l.elements[last].span.End}
		switch {
		case last+1 < len(gone):
			r.End = l.elements[last+1].span.Start
		case i > 0:
			r.Start = l.elements[i-1].span.End
		}
		cuts = append(cuts, r)
		i = last
	}
	return cuts
}
