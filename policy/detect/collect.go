package detect

import (
	"encoding/binary"
	"slices"
)

// collector gathers findings, one for each kind and place.
type collector struct {
	place   Place
	segment int  // the number of the present segment
	base    int  // where the present place begins in all
	blurred bool // the present segment was recognised in a picture
	all     []entry
}

type entry struct {
	place      Place
	segment    int
	kind       Kind
	confidence Confidence
	evidence   evidenceSet
	own        bool              // each of them is the reader's own
	values     map[identity]bool // so that a value that stands twice counts once
	count      int
}

// identity tells values apart without holding them; 0 is like no other.
type identity uint64

// identify returns the identity of a text: its letters and digits, without case.
func identify(text string) identity {
	h := identity(0xcbf29ce484222325) // FNV-1a
	for i := 0; i < len(text); i++ {
		if class[text[i]] != classOther {
			h = h.with(text[i] | 0x20)
		}
	}
	return h
}

func (h identity) with(c byte) identity { return (h ^ identity(c)) * 0x100000001b3 }

// note counts a value unless it was counted before.
func (e *entry) note(id identity) {
	if id == 0 {
		e.count++
		return
	}
	if e.values == nil {
		e.values = map[identity]bool{}
	}
	if !e.values[id] {
		e.values[id] = true
		e.count++
	}
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
		c.add(all[i].kind, all[i].confidence, all[i].evidence, all[i].id)
	}
}

// add takes a value in at the present place.
func (c *collector) add(k Kind, level Confidence, why evidenceSet, id identity) {
	if level == 0 {
		return
	}
	level, why = c.recognised(level, why)
	for i := c.base; i < len(c.all); i++ {
		if e := &c.all[i]; e.kind == k {
			e.note(id)
			e.own = e.own && why.has(EvidenceOwnData)
			switch {
			case level > e.confidence:
				e.confidence, e.evidence = level, why
			case level == e.confidence:
				e.evidence |= why
			}
			return
		}
	}
	e := entry{place: c.place, segment: c.segment, kind: k, confidence: level, evidence: why, own: why.has(EvidenceOwnData) && !c.blurred}
	e.note(id)
	c.all = append(c.all, e)
}

// recognised lowers what was read from a picture: check digits may be right by
// mistake.
func (c *collector) recognised(level Confidence, why evidenceSet) (Confidence, evidenceSet) {
	if !c.blurred {
		return level, why
	}
	return min(level, Likely), why | evidence(EvidenceRecognised)
}

// better raises a value that was counted already.
func (c *collector) better(k Kind, level Confidence, why evidenceSet) {
	level, why = c.recognised(level, why)
	for i := c.base; i < len(c.all); i++ {
		e := &c.all[i]
		if e.kind == k {
			e.own = e.own && why.has(EvidenceOwnData)
		}
		if e.kind == k && level >= e.confidence {
			if level > e.confidence {
				e.evidence = 0
			}
			e.confidence, e.evidence = level, e.evidence|why
		}
	}
}

// findings returns what was gathered: ordered as the segments stand, then by
// the steps below a segment's place, then by kind. What stands at places that
// are the same is counted together.
func (c *collector) findings() []Finding {
	c.merge()
	kinds := Kinds()
	slices.SortStableFunc(c.all, func(a, b entry) int {
		if d := a.segment - b.segment; d != 0 {
			return d
		}
		if d := comparePlaces(a.place, b.place); d != 0 {
			return d
		}
		return slices.Index(kinds, a.kind) - slices.Index(kinds, b.kind)
	})
	out := make([]Finding, 0, len(c.all))
	for _, e := range c.all {
		if e.evidence &^= evidence(EvidenceOwnData); e.own {
			e.evidence |= evidence(EvidenceOwnData)
		}
		out = append(out, Finding{Kind: e.kind, Place: e.place, Confidence: e.confidence, Evidence: e.evidence.list(), Count: e.count})
	}
	return out
}

// merge joins entries of one kind and place that different segments gave.
func (c *collector) merge() {
	if len(c.all) < 2 || c.all[0].segment == c.all[len(c.all)-1].segment {
		return
	}
	at := map[string]int{}
	kept := c.all[:0]
	for _, e := range c.all {
		key := string(e.kind) + "\x00" + e.place.key()
		i, seen := at[key]
		if !seen {
			at[key] = len(kept)
			kept = append(kept, e)
			continue
		}
		k := &kept[i]
		k.own = k.own && e.own
		k.count += e.count - len(e.values)
		for id := range e.values {
			k.note(id)
		}
		if e.confidence > k.confidence {
			k.confidence, k.evidence = e.confidence, 0
		}
		if e.confidence == k.confidence {
			k.evidence |= e.evidence
		}
	}
	c.all = kept
}

// key tells places apart. Lengths keep neighbouring texts apart.
func (p Place) key() string {
	var b []byte
	for _, s := range p {
		b = binary.AppendVarint(b, int64(s.Number))
		for _, text := range [...]string{string(s.Kind), s.Label, s.Name} {
			b = append(binary.AppendUvarint(b, uint64(len(text))), text...)
		}
	}
	return string(b)
}

func comparePlaces(a, b Place) int {
	for i := 0; i < len(a) && i < len(b); i++ {
		if d := a[i].Number - b[i].Number; d != 0 {
			return d
		}
	}
	return len(a) - len(b)
}
