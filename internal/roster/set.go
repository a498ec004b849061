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

// newSet sorts the hashes and drops repetitions. It keeps the slice.
func newSet(hashes []uint64) set {
	slices.Sort(hashes)
	return indexed(slices.Clip(slices.Compact(hashes)))
}

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
