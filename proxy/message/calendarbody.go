package message

import (
	"fmt"
	"slices"
	"strings"
)

// mask stands where somebody stood in a sentence.
const mask = "[...]"

// peopleCut is what is taken out of a text. Whoever stood in a sentence leaves
// a mask, whoever stood in a list nothing.
type peopleCut struct {
	Range
	list bool
}

// cuts returns where a text names them, or an address that is hidden, in order
// and without overlap; lists are cuts to make besides.
func (p *people) cuts(text string, hide func(address string) bool, lists []Range) []peopleCut {
	var all []peopleCut
	for _, r := range lists {
		all = append(all, peopleCut{r, true})
	}
	for _, r := range findAddresses(text, hide) {
		if strings.HasSuffix(strings.ToLower(text[:r.Start]), "mailto:") {
			r.Start -= len("mailto:")
		}
		if r.Start > 0 && r.End < len(text) && text[r.Start-1] == '<' && text[r.End] == '>' {
			r = Range{r.Start - 1, r.End + 1}
		}
		all = append(all, peopleCut{r, false})
	}
	for _, r := range p.findNames(text) {
		all = append(all, peopleCut{r, false})
	}
	slices.SortFunc(all, func(a, b peopleCut) int { return a.Start - b.Start })
	var merged []peopleCut
	for _, c := range all {
		if n := len(merged); n > 0 && (c.Start <= merged[n-1].End || strings.Trim(text[merged[n-1].End:c.Start], " ") == "") {
			merged[n-1].End = max(merged[n-1].End, c.End)
			merged[n-1].list = merged[n-1].list || c.list
			continue
		}
		merged = append(merged, c)
	}
	return merged
}

func masked(text string, cuts []peopleCut) string {
	var b strings.Builder
	last := 0
	for _, c := range cuts {
		b.WriteString(text[last:c.Start])
		if !c.list {
			b.WriteString(mask)
		}
		last = c.End
	}
	b.WriteString(text[last:])
	return b.String()
}

// without returns an HTML source without the cuts.
func (b *textBody) without(cuts []peopleCut, hide func(name, address string) bool) (string, bool) {
	ranges := make([]Range, 0, len(cuts))
	for _, c := range cuts {
		ranges = append(ranges, c.Range)
	}
	return b.visible.without(ranges, hide)
}

// hideInBodies takes those who went out of the bodies: Google, Exchange and
// others list the guests there once more.
func (m *Message) hideInBodies(gone *people, read map[*Part]bool) ([]Edit, error) {
	if gone.empty() {
		return nil, nil
	}
	var edits []Edit
	err := m.bodies(m.Root, false, func(p *Part, signed bool) error {
		if read[p] {
			return nil
		}
		b, err := m.body(p)
		if err != nil {
			return err
		}
		if !gone.stand(b.text, gone.has) {
			return nil
		}
		if signed || strings.Contains(b.text, "-----BEGIN PGP SIGNED MESSAGE-----") {
			return fmt.Errorf("hide attendees in %s: %w", p.Place, ErrSigned)
		}
		with, err := b.withoutPeople(gone)
		if err != nil {
			return fmt.Errorf("hide attendees in %s: %w", p.Place, err)
		}
		edits = append(edits, Edit{Range: p.Body, With: with})
		return nil
	})
	return edits, err
}

func (b *textBody) withoutPeople(gone *people) ([]byte, error) {
	if !b.exact {
		return nil, fmt.Errorf("%w: its charset", ErrRewrite)
	}
	cuts := gone.cuts(b.visible.text, gone.has, nil)
	text, ok := masked(b.visible.text, cuts), true
	if b.visible.runs != nil {
		text, ok = b.without(cuts, func(_, address string) bool { return gone.has(address) })
	}
	if !ok {
		return nil, fmt.Errorf("%w: its markup", ErrRewrite)
	}
	if gone.stand(text, gone.has) {
		return nil, fmt.Errorf("%w: somebody is still named", ErrRewrite)
	}
	return b.encode(text)
}
