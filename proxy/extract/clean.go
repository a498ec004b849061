package extract

import (
	"encoding/binary"
	"math/bits"
	"unicode"
	"unicode/utf8"
	"unsafe"

	"golang.org/x/text/unicode/norm"

	"postvern.example/internal/octets"
)

// clean returns text as a reader sees it: valid UTF-8 in NFC with "\n" line
// ends, without characters that show nothing, and with the digits, hyphens,
// spaces, full-width letters and ligatures that look like ASCII made so. A
// number that is split by a soft hyphen or a zero-width space is whole again.
func clean(text string) string {
	i := nextUnclean(text, 0)
	if i == len(text) {
		return text
	}
	return cleanFrom(text, i)
}

// cleanBytes is clean for octets of valid UTF-8. It saves a copy of them: the
// line ends of a mail are never clean.
func cleanBytes(text []byte) string { return cleanFrom(text, nextUnclean(text, 0)) }

// cleanFrom does what clean does; i is the first octet that may change.
func cleanFrom[T octets.Text](text T, i int) string {
	out := make([]byte, 0, len(text)+8)
	out = append(out, text[:i]...)
	compose := false
	for i < len(text) {
		out, i = copyClean(out, text, i)
		if i == len(text) {
			break
		}
		c := text[i]
		if c < utf8.RuneSelf {
			i++
			out = cleanASCII(out, c, i < len(text) && text[i] == '\n')
			continue
		}
		r, n := utf8.DecodeRuneInString(string(text[i:min(i+utf8.UTFMax, len(text))]))
		i += n
		compose = compose || r >= 0x300 && r <= 0x36F
		out = cleanRune(out, r)
	}
	if len(out) == 0 {
		return ""
	}
	whole := unsafe.String(&out[0], len(out)) // nobody has the octets but this
	if compose {
		return norm.NFC.String(whole)
	}
	return whole
}

// copyClean copies text from i on to out, without the CR of line ends, up to
// the next octet that clean may change, and returns where that stands. Eight
// octets are copied before it is known whether they are good, and taken back.
func copyClean[T octets.Text](out []byte, text T, i int) ([]byte, int) {
	for i < len(text) {
		for i+8 <= len(text) && cap(out)-len(out) >= 8 {
			x, n := octets.Word(text, i), len(out)
			binary.LittleEndian.PutUint64(out[n:n+8], x)
			odd := unclean8(x)
			k := bits.TrailingZeros64(odd) / 8
			out, i = out[:n+k], i+k
			if odd != 0 {
				break
			}
		}
		if i == len(text) {
			break
		}
		switch c := text[i]; {
		case c >= 0x20 && c < 0x7F || c == '\n' || c == '\t':
			out, i = append(out, c), i+1
		case c == '\r' && i+1 < len(text) && text[i+1] == '\n':
			out, i = append(out, '\n'), i+2
		case isLatin(text, i):
			out, i = append(out, c, text[i+1]), i+2
		default:
			return out, i
		}
	}
	return out, i
}

// unclean8 marks the octets of x that are not from 0x20 to 0x7E, in their high
// bits.
func unclean8(x uint64) uint64 {
	const each, highs = 0x0101010101010101, 0x8080808080808080
	return (x | ^(x&^highs + 0x60*each) | (x&^highs + each)) & highs
}

// isLatin reports whether a letter from U+00C0 to U+02FF stands at text[i].
func isLatin[T octets.Text](text T, i int) bool {
	return text[i] >= 0xC3 && text[i] <= 0xCB && i+1 < len(text) && text[i+1] >= 0x80 && text[i+1] < 0xC0
}

// nextUnclean returns where the next octet from i on stands that clean may
// change, or len(text). In Latin text with æøå alone that is there.
func nextUnclean[T octets.Text](text T, i int) int {
	for i < len(text) {
		if i+8 <= len(text) {
			odd := unclean8(octets.Word(text, i))
			if odd == 0 {
				i += 8
				continue
			}
			i += bits.TrailingZeros64(odd) / 8
		}
		switch c := text[i]; {
		case c >= 0x20 && c < 0x7F || c == '\n' || c == '\t':
			i++
		case isLatin(text, i):
			i += 2
		default:
			return i
		}
	}
	return i
}

func cleanASCII(out []byte, c byte, beforeLF bool) []byte {
	switch {
	case c >= 0x20 && c < 0x7F, c == '\n', c == '\t':
		return append(out, c)
	case c == '\r':
		if !beforeLF {
			return append(out, '\n')
		}
	case c == '\v', c == '\f':
		return append(out, '\n')
	}
	return out
}

func cleanRune(out []byte, r rune) []byte {
	switch {
	case unicode.Is(invisible, r):
	case r >= 0xE0020 && r <= 0xE007E: // tag characters: ASCII that shows nothing
		return append(out, byte(r-0xE0000))
	case r == 0x85, r == 0x2028, r == 0x2029:
		return append(out, '\n')
	case r >= 0x80 && r < 0xA0:
	case r == 0xA0, r == 0x1680, r >= 0x2000 && r <= 0x200A, r == 0x202F, r == 0x205F, r == 0x3000:
		return append(out, ' ')
	case r >= 0x2010 && r <= 0x2013, r == 0x2212, r == 0xFE63:
		return append(out, '-')
	case r >= 0xFF01 && r <= 0xFF5E: // full width
		return append(out, byte(r-0xFF01+'!'))
	case r >= 0xFB00 && r <= 0xFB06:
		return append(out, [...]string{"ff", "fi", "fl", "ffi", "ffl", "st", "st"}[r-0xFB00]...)
	case unicode.Is(unicode.Nd, r):
		return append(out, '0'+digit(r))
	default:
		return utf8.AppendRune(out, r)
	}
	return out
}

// digit returns the value of a decimal digit of any script: each range of the
// table begins with a zero.
func digit(r rune) byte {
	for _, t := range unicode.Nd.R16 {
		if r >= rune(t.Lo) && r <= rune(t.Hi) {
			return byte((r - rune(t.Lo)) % 10)
		}
	}
	for _, t := range unicode.Nd.R32 {
		if r >= rune(t.Lo) && r <= rune(t.Hi) {
			return byte((r - rune(t.Lo)) % 10)
		}
	}
	return 0
}

// invisible holds what takes no room on a screen: joiners, direction marks,
// variation selectors, the soft hyphen.
var invisible = &unicode.RangeTable{
	R16: []unicode.Range16{
		{Lo: 0x00AD, Hi: 0x00AD, Stride: 1},
		{Lo: 0x034F, Hi: 0x034F, Stride: 1},
		{Lo: 0x061C, Hi: 0x061C, Stride: 1},
		{Lo: 0x115F, Hi: 0x1160, Stride: 1},
		{Lo: 0x17B4, Hi: 0x17B5, Stride: 1},
		{Lo: 0x180B, Hi: 0x180F, Stride: 1},
		{Lo: 0x200B, Hi: 0x200F, Stride: 1},
		{Lo: 0x202A, Hi: 0x202E, Stride: 1},
		{Lo: 0x2060, Hi: 0x206F, Stride: 1},
		{Lo: 0x3164, Hi: 0x3164, Stride: 1},
		{Lo: 0xFE00, Hi: 0xFE0F, Stride: 1},
		{Lo: 0xFEFF, Hi: 0xFEFF, Stride: 1},
		{Lo: 0xFFA0, Hi: 0xFFA0, Stride: 1},
		{Lo: 0xFFF9, Hi: 0xFFFB, Stride: 1},
	},
	R32: []unicode.Range32{
		{Lo: 0xE0001, Hi: 0xE0001, Stride: 1},
		{Lo: 0xE007F, Hi: 0xE007F, Stride: 1},
		{Lo: 0xE0100, Hi: 0xE01EF, Stride: 1},
	},
	LatinOffset: 1,
}

func blank(text string) bool {
	for i := 0; i < len(text); i++ {
		if text[i] > ' ' {
			return false
		}
	}
	return true
}
