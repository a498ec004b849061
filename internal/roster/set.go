package roster

import (
	"math/bits"
	"slices"
)

// set holds hashes in order, with an index by their first bits: eight octets
// an entry and a look-up that does not grow with the set.
type set struct {
	sorted []uint64
	index  []uint32 // index[p] is where the hashes that begin with p begin
	shift  int
}

// indexed returns a set of hashes that are in order, each once. It keeps the slice.
func indexed(sorted []uint64) set {
	width := max(bits.Len(uint(len(sorted)))-2, 1) // about four to a place
	s := set{sorted: sorted, index: make([]uint32, 1<<width+1), shift: 64 - width}
	at := 0
	for p := range s.index {
		for at < len(sorted) && sorted[at]>>s.shift < uint64(p) {
			at++
		}
		s.index[p] = uint32(at)
	}
	s.index[len(s.index)-1] = uint32(len(sorted))
	return s
}

func (s set) has(h uint64) bool {
	first, last := s.span(h)
	return slices.Contains(s.sorted[first:last], h)
}

// span returns where hashes that begin as h does stand.
func (s set) span(h uint64) (first, last int) {
	if len(s.sorted) == 0 {
		return 0, 0
	}
	p := h >> s.shift
	return int(s.index[p]), int(s.index[p+1])
}

// thinSet holds the keys of likenesses, of which an address has a hundred: four
// octets a key and a quarter of one for the index, which says by the first bits
// where a hash stands. Of the rest 32 bits are kept. A key that is not there is
// found once in 10^8 look-ups, however large the set is: the answer is a guess anyway.
type thinSet struct {
	tails []uint32
	index []uint32 // index[p] is where the hashes that begin with p begin
	width int
}

// thinned returns a set of hashes that are in order. It keeps nothing of the
// slice.
func thinned(sorted []uint64) thinSet {
	width := max(bits.Len(uint(len(sorted)))-4, 1) // about sixteen to a place
	s := thinSet{tails: make([]uint32, len(sorted)), index: make([]uint32, 1<<width+1), width: width}
	for i, h := range sorted {
		s.tails[i] = s.tail(h)
		s.index[h>>(64-width)+1] = uint32(i + 1)
	}
	for p := 1; p < len(s.index); p++ { // where none begins with p
		s.index[p] = max(s.index[p], s.index[p-1])
	}
	return s
}

func (s thinSet) tail(h uint64) uint32 { return uint32(h << s.width >> 32) }

func (s thinSet) has(h uint64) bool {
	if len(s.tails) == 0 {
		return false
	}
	p := h >> (64 - s.width)
	return slices.Contains(s.tails[s.index[p]:s.index[p+1]], s.tail(h))
}
