package detect

import (
	"math/bits"
	"strings"
)

// The scans that go over every byte of a text look at eight bytes at a time
// here, and say where the few bytes stand that are worth a closer look.

const (
	each  = 0x0101010101010101
	highs = 0x80 * each
	lows  = 0x7F * each
)

// load8 returns the eight bytes from s[i] on, the first lowest.
func load8(s string, i int) uint64 {
	b := s[i : i+8]
	return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
		uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
}

// within marks, in the high bit of each byte, the bytes of x from lo to hi.
// The bytes of x are below 0x80.
func within(x uint64, lo, hi byte) uint64 {
	return (x + uint64(0x80-lo)*each) &^ (x + uint64(0x7F-hi)*each) & highs
}

// alnum8 marks the bytes of x that are letters or digits, as class has them.
func alnum8(x uint64) uint64 {
	low := x & lows
	return within(low|0x20*each, 'a', 'z') | within(low, '0', '9') | x&highs
}

// nextDigit returns where the next digit from s[i] on stands, or len(s).
func nextDigit(s string, i int) int {
	for ; i+8 <= len(s); i += 8 {
		x := load8(s, i)
		if m := within(x&lows, '0', '9') &^ x; m != 0 {
			return i + bits.TrailingZeros64(m)/8
		}
	}
	for i < len(s) && !isDigit(s[i]) {
		i++
	}
	return i
}

// equal marks the bytes of x that are c.
func equal(x uint64, c byte) uint64 {
	y := x ^ uint64(c)*each
	return ^(y&lows + lows | y | lows)
}

// nextNumber returns where the next digit from s[i] on stands that can begin
// more than a digit by itself, or len(s): a digit, a separator or a letter that
// looks like a digit stands after it, or such a letter before it. It may
// return others, but passes over none of these.
func nextNumber(s string, i int) int {
	if i == 0 && len(s) > 0 {
		if isDigit(s[0]) {
			return 0
		}
		i = 1
	}
	for ; i+9 <= len(s); i += 8 {
		x := load8(s, i)
		if within(x&lows, '0', '9')&^x == 0 {
			continue
		}
		p := s[i-1 : i+9]
		before, here := joins[p[0]], joins[p[1]]
		for k := 2; k < 10; k++ {
			after := joins[p[k]]
			if here&(after>>1|before>>2)&1 != 0 {
				return i + k - 2
			}
			before, here = here, after
		}
	}
	return nextDigit(s, i)
}

// joins has bit 0 for a digit, bit 1 for what may go on a number after a
// digit, bit 2 for a letter that looks like a digit.
var joins = func() (t [256]byte) {
	for c := byte('0'); c <= '9'; c++ {
		t[c] = 1 | 2
	}
	for _, c := range []byte("OolI") {
		t[c] = 2 | 4
	}
	for _, c := range []byte(" -./+") {
		t[c] = 2
	}
	return t
}()

// nextUpper returns where the next byte from s[i] on stands that can begin a
// capital letter, or len(s).
func nextUpper(s string, i int) int {
	for ; i+9 <= len(s); i += 8 {
		x := load8(s, i)
		// In Latin-1, bit 5 of the second byte makes a letter small; it is moved to the high bit.
		if m := within(x&lows, 'A', 'Z')&^x | equal(x, 0xC3)&^(load8(s, i+1)<<2); m != 0 {
			return i + bits.TrailingZeros64(m)/8
		}
	}
	for i < len(s) && traits[s[i]]&hasCapital == 0 {
		i++
	}
	return i
}

// nextBeyond returns where the next byte beyond ASCII from s[i] on stands, or
// len(s).
func nextBeyond(s string, i int) int {
	for ; i+8 <= len(s); i += 8 {
		if m := load8(s, i) & highs; m != 0 {
			return i + bits.TrailingZeros64(m)/8
		}
	}
	for i < len(s) && s[i] < 0x80 {
		i++
	}
	return i
}

// wordMask has a bit for each of the 64 bytes from s[at] on that is a letter
// or a digit.
func wordMask(s string, at int) uint64 {
	var m uint64
	if at+64 <= len(s) {
		for k := 0; k < 64; k += 8 {
			// The product gathers the eight high bits in the highest byte.
			m |= alnum8(load8(s, at+k)) >> 7 * 0x0102040810204080 >> 56 << k
		}
		return m
	}
	for k := 0; at+k < len(s); k++ {
		if class[s[at+k]] != classOther {
			m |= 1 << k
		}
	}
	return m
}

// stops8 marks the bytes of x that can end a sentence.
func stops8(x uint64) uint64 { return equal(x, '.') | equal(x, '!') | equal(x, '?') | equal(x, '\n') }

// nextStop returns where the next byte from s[i] on stands that can end a
// sentence, or limit.
func nextStop(s string, i, limit int) int {
	for ; i+8 <= limit; i += 8 {
		if m := stops8(load8(s, i)); m != 0 {
			return i + bits.TrailingZeros64(m)/8
		}
	}
	for i < limit && stops8(uint64(s[i]))&0x80 == 0 {
		i++
	}
	return i
}

// stopBefore returns where the text after the last byte before s[i] begins that
// can end a sentence, or floor.
func stopBefore(s string, i, floor int) int {
	for ; i-8 >= floor; i -= 8 {
		if m := stops8(load8(s, i-8)); m != 0 {
			return i - bits.LeadingZeros64(m)/8
		}
	}
	for i > floor && stops8(uint64(s[i-1]))&0x80 == 0 {
		i--
	}
	return i
}

// The traits of the bytes of a line.
const (
	hasCapital byte = 1 << iota // or the first byte of a letter of Latin-1, which may be one
	hasGap                      // what may follow the word of a name: a blank, a tab, a full stop, a comma
)

var traits = func() (t [256]byte) {
	for c := byte('A'); c <= 'Z'; c++ {
		t[c] = hasCapital
	}
	t[0xC3] = hasCapital
	t[' '], t['\t'], t['.'], t[','] = hasGap, hasGap, hasGap, hasGap
	return t
}()

// gapped reports whether the line has a gap. Gaps are below all letters and
// digits, so that most bytes are passed over eight at a time.
func gapped(line string) bool {
	i := 0
	for ; i+8 <= len(line); i += 8 {
		x := load8(line, i)
		if (x-'0'*each)&^x&highs == 0 {
			continue
		}
		for k := i; k < i+8; k++ {
			if traits[line[k]]&hasGap != 0 {
				return true
			}
		}
	}
	for ; i < len(line); i++ {
		if traits[line[i]]&hasGap != 0 {
			return true
		}
	}
	return false
}

// marks says which lines of a text hold an at sign or a digit. It goes over the
// text once, as it is asked for one line after the other.
type marks struct {
	text      string
	at, digit int // the next of them
}

func marksOf(text string) marks { return marks{text: text, at: -1, digit: -1} }

// in reports what text[from:end] holds; nothing before from is asked for again.
func (m *marks) in(from, end int) (at, digit bool) {
	if m.at < from {
		if m.at = strings.IndexByte(m.text[from:], '@') + from; m.at < from {
			m.at = len(m.text)
		}
	}
	if m.digit < from {
		m.digit = nextDigit(m.text, from)
	}
	return m.at < end, m.digit < end
}
