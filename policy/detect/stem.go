package detect

// stem is an entry of an index of words: a whole word, or the beginning of
// words.
type stem[V any] struct {
	text   string // folded
	prefix bool
	value  V
}

// stemIndex finds words by their first four bytes: a bit set answers most
// look-ups, and a table of slots the rest.
type stemIndex[V any] struct {
	filter stemFilter
	slots  [1 << 11][]stemBucket[V]
}

// stemBucket holds the entries that begin with the same four bytes.
type stemBucket[V any] struct {
	key   uint32
	stems []stem[V]
}

func newStemIndex[V any]() *stemIndex[V] { return &stemIndex[V]{} }

// add enters a folded word. Where prefix is set it needs four bytes at least,
// and the words that begin with it are meant too.
func (x *stemIndex[V]) add(text string, prefix bool, value V) {
	b := x.enter(stemKey(text))
	b.stems = append(b.stems, stem[V]{text, prefix, value})
}

// at returns the value of a folded word, as add takes it: a new one where it has
// none. It is good until the next word is entered.
func (x *stemIndex[V]) at(text string, prefix bool) *V {
	return x.enter(stemKey(text)).at(text, prefix)
}

// atEnding returns the value of what words end in, of four bytes at least, which is
// entered under its last four.
func (x *stemIndex[V]) atEnding(text string) *V {
	return x.enter(stemKey(text[len(text)-4:])).at(text, false)
}

func (b *stemBucket[V]) at(text string, prefix bool) *V {
	for i := range b.stems {
		if s := &b.stems[i]; s.prefix == prefix && s.text == text {
			return &s.value
		}
	}
	b.stems = append(b.stems, stem[V]{text: text, prefix: prefix})
	return &b.stems[len(b.stems)-1].value
}

// enter returns the bucket of a key.
func (x *stemIndex[V]) enter(k uint32) *stemBucket[V] {
	h := stemHash(k)
	x.filter[h>>6] |= 1 << (h & 63)
	slot := &x.slots[h>>5]
	for i := range *slot {
		if b := &(*slot)[i]; b.key == k {
			return b
		}
	}
	*slot = append(*slot, stemBucket[V]{key: k})
	return &(*slot)[len(*slot)-1]
}

// bucket returns the entries that a word in any case may match.
func (x *stemIndex[V]) bucket(word string) []stem[V] {
	k := stemKey(word)
	if !x.filter.holds(k) {
		return nil
	}
	h := stemHash(k)
	for i := range x.slots[h>>5] {
		if b := &x.slots[h>>5][i]; b.key == k {
			return b.stems
		}
	}
	return nil
}

// stemKey packs the first four bytes, folded: setting bit 5 makes ASCII and
// Latin-1 letters lower case, and what else it changes it changes in both the
// word and the entry.
func stemKey(word string) uint32 {
	if len(word) >= 4 {
		return uint32(word[0]) | uint32(word[1])<<8 | uint32(word[2])<<16 | uint32(word[3])<<24 | 0x20202020
	}
	k := uint32(0x20202020)
	for i := 0; i < len(word); i++ {
		k |= uint32(word[i]) << (8 * i)
	}
	return k
}

// stemFilter has a bit for each hash of the first four bytes of an entry.
type stemFilter [1 << 10]uint64

// holds reports whether an entry may have the key.
func (f *stemFilter) holds(k uint32) bool {
	h := stemHash(k)
	return f[h>>6&(1<<10-1)]&(1<<(h&63)) != 0
}

// stemKeyAt is stemKey of the word at text[i], of which run has a bit for each of
// the first four bytes that belong to it; so many follow at least.
func stemKeyAt(text string, i int, run uint64) uint32 {
	w := text[i : i+4]
	k := uint32(w[0]) | uint32(w[1])<<8 | uint32(w[2])<<16 | uint32(w[3])<<24
	return k&stemMasks[run&15] | 0x20202020
}

// stemMasks keep the first bytes of a word, by the bits of its first four.
var stemMasks = func() (t [16]uint32) {
	for run := range t {
		for k := 0; k < 4 && run>>k&1 != 0; k++ {
			t[run] |= 0xFF << (8 * k)
		}
	}
	return t
}()

func stemHash(k uint32) uint32 { return k * 0x9E3779B1 >> 16 }

// matches reports whether the word, in any case, is the entry's.
func (s *stem[V]) matches(word string) bool {
	if len(word) < len(s.text) || !s.prefix && len(word) != len(s.text) {
		return false
	}
	for i := 0; i < len(s.text); i++ {
		c := word[i]
		if c >= 'A' && c <= 'Z' || i > 0 && word[i-1] == 0xC3 && c >= 0x80 && c <= 0x9E && c != 0x97 {
			c |= 0x20
		}
		if c != s.text[i] {
			return false
		}
	}
	return true
}
