// Package octets has the searches that go over every octet of a message, eight
// at a time or with the machine's own instructions: a message of a megabyte is
// gone over by each of them. They are pure and have no errors.
package octets

import "bytes"

const highs = 0x8080808080808080

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

// LineEnds returns how many lines of b end in CRLF, and whether no CR and no LF
// stands alone (RFC 5321 §2.3.8).
func LineEnds(b []byte) (n int, clean bool) {
	for rest := b; ; n++ {
		lf := bytes.IndexByte(rest, '\n')
		if lf < 0 {
			// Every LF follows a CR: as many of both leave no CR alone.
			return n, bytes.Count(b, []byte{'\r'}) == n
		}
		if lf == 0 || rest[lf-1] != '\r' {
			return n, false
		}
		rest = rest[lf+1:]
	}
}
