// Package octets has the searches that go over every octet of a message, eight
// at a time or with the machine's own instructions: a message of a megabyte is
// gone over by each of them. They are pure and have no errors.
package octets

import "math/bits"

const (
	each  = 0x0101010101010101
	highs = 0x80 * each
)

// Text is octets in either form.
type Text interface{ string | []byte }

// Word returns the eight octets of s from i on, the first lowest; there have
// to be so many.
func Word[T Text](s T, i int) uint64 {
	b := s[i : i+8]
	return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
		uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
}

// ASCII reports whether every octet of s is below 0x80.
func ASCII[T Text](s T) bool {
	i := 0
	for ; i+8 <= len(s); i += 8 {
		if Word(s, i)&highs != 0 {
			return false
		}
	}
	for ; i < len(s); i++ {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// Lines returns how long the lines at the beginning of b are: those that end in
// CRLF before the first CR or LF that stands alone (RFC 5321 §2.3.8), the first
// NUL and, with dots, the first line behind another that begins with a dot. clean
// says that there is none of these in all of b, whose last line may have no end.
func Lines(b []byte, dots bool) (n int, clean bool) {
	i := 0
	for i+8 <= len(b) {
		x := Word(b, i)
		m := (x - 0x0E*each) &^ x & highs // the lowest that is marked is below 0x0E, others may be more
		for ; m != 0; m &= m - 1 {
			at := i + bits.TrailingZeros64(m)/8
			switch b[at] {
			case '\r':
				if at+1 == len(b) || b[at+1] != '\n' {
					return n, false
				}
				n = at + 2
				if dots && n < len(b) && b[n] == '.' {
					return n, false
				}
			case '\n':
				if at != n-1 { // of a line end that was seen
					return n, false
				}
			case 0:
				return n, false
			}
		}
		i += 8
	}
	for ; i < len(b); i++ {
		switch b[i] {
		case '\r':
			if i+1 == len(b) || b[i+1] != '\n' {
				return n, false
			}
			n = i + 2
			if dots && n < len(b) && b[n] == '.' {
				return n, false
			}
		case '\n':
			if i != n-1 {
				return n, false
			}
		case 0:
			return n, false
		}
	}
	return n, true
}
