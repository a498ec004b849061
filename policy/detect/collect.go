package detect

import "slices"

// collector gathers findings, one for each kind and place.
type collector struct {
	place Place
	base  int // where the present place begins in all
	all   []entry
}

type entry struct {
	place      Place
	kind       Kind
	confidence Confidence
	evidence   evidenceSet
	count      int
}

// begin starts a new place.
func (c *collector) begin(p Place) {
	if len(c.all) == 0 || !slices.Equal(c.place, p) {
		c.base = len(c.all)
	}
	c.place = p
}

// addAll takes in candidates at the present place.
func (c *collector) addAll(all []candidate) {
	for i := range all {
		c.add(all[i].kind, all[i].confidence, all[i].evidence)
	}
}

// add takes a value in at the present place.
func (c *collector) add(k Kind, level Confidence, why evidenceSet) {
	if level == 0 {
		return
	}
	for i := c.base; i < len(c.all); i++ {
		if e := &c.all[i]; e.kind == k {
			e.count++
			switch {
			case level > e.confidence:
				e.confidence, e.evidence = level, why
			case level == e.confidence:
				e.evidence |= why
			}
			return
		}
	}
	c.all = append(c.all, entry{c.place, k, level, why, 1})
}

// better raises a value that was counted already.
func (c *collector) better(k Kind, level Confidence, why evidenceSet) {
	for i := c.base; i < len(c.all); i++ {
		if e := &c.all[i]; e.kind == k && level >= e.confidence {
			if level > e.confidence {
				e.evidence = 0
			}
			e.confidence, e.evidence = level, e.evidence|why
		}
	}
}

// findings returns what was gathered, each place's in the order of the kinds.
func (c *collector) findings() []Finding {
	kinds := Kinds()
	out := make([]Finding, 0, len(c.all))
	for i := 0; i < len(c.all); {
		n := i + 1
		for n < len(c.all) && slices.Equal(c.all[n].place, c.all[i].place) {
			n++
		}
		part := c.all[i:n]
		slices.SortStableFunc(part, func(a, b entry) int {
			return slices.Index(kinds, a.kind) - slices.Index(kinds, b.kind)
		})
		for _, e := range part {
			out = append(out, Finding{Kind: e.kind, Place: e.place, Confidence: e.confidence, Evidence: e.evidence.list(), Count: e.count})
		}
		i = n
	}
	return out
}
