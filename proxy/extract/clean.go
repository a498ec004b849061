package extract

import (
	"math/bits"
	"strings"
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
func cleanBytes(text []byte) string {
	view := unsafe.String(unsafe.SliceData(text), len(text)) // nobody keeps it
	return cleanFrom(view, nextUnclean(view, 0))
}

// cleanFrom does what clean does; i is the first octet that may change. The
// result shares no memory with text.
func cleanFrom(text string, i int) string {
	var out strings.Builder
	out.Grow(len(text)) // unlike make, it does not zero what is written at once
	out.WriteString(text[:i])
	compose := false
	for i < len(text) {
		switch c := text[i]; {
		case c == '\r' && i+1 < len(text) && text[i+1] == '\n':
			end := nextUnclean(text, i+2) // behind the line end, as nearly always
			out.WriteString(text[i+1 : end])
			i = end
			continue
		case c < utf8.RuneSelf:
			i++
			cleanASCII(&out, c)
		default:
			r, n := utf8.DecodeRuneInString(text[i:])
			i += n
			compose = compose || r >= 0x300 && r <= 0x36F
			cleanRune(&out, r)
		}
		end := nextUnclean(text, i)
		out.WriteString(text[i:end])
		i = end
	}
	if compose {
		return norm.NFC.String(out.String())
	}
	return out.String()
}

// unclean8 marks octets of x in their high bits: the lowest that is marked is
// the first that is not from 0x20 to 0x7E, those behind it may be any.
func unclean8(x uint64) uint64 {
	const each, highs = 0x0101010101010101, 0x8080808080808080
	return (x | (x - 0x20*each) | (x + each)) & highs
}

// isLatin reports whether a letter from U+00C0 to U+02FF stands at text[i].
func isLatin(text string, i int) bool {
	return text[i] >= 0xC3 && text[i] <= 0xCB && i+1 < len(text) && text[i+1] >= 0x80 && text[i+1] < 0xC0
}

// nextUnclean returns where the next octet from i on stands that clean may
// change, or len(text). In Latin text with æøå alone that is there.
func nextUnclean(text string, i int) int {
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

// cleanASCII writes what becomes of an octet that is not clean and no CR before
// LF.
func cleanASCII(out *strings.Builder, c byte) {
	switch c {
	case '\r', '\v', '\f':
		out.WriteByte('\n')
	}
}

func cleanRune(out *strings.Builder, r rune) {
	switch {
	case unicode.Is(invisible, r):
	case r >= 0xE0020 && r <= 0xE007E: // tag characters: ASCII that shows nothing
		out.WriteByte(byte(r - 0xE0000))
	case r == 0x85, r == 0x2028, r == 0x2029:
		out.WriteByte('\n')
	case r >= 0x80 && r < 0xA0:
	case r == 0xA0, r == 0x1680, r >= 0x2000 && r <= 0x200A, r == 0x202F, r == 0x205F, r == 0x3000:
		out.WriteByte(' ')
	case r >= 0x2010 && r <= 0x2013, r == 0x2212, r == 0xFE63:
		out.WriteByte('-')
	case r >= 0xFF01 && r <= 0xFF5E: // full width
		out.WriteByte(byte(r - 0xFF01 + '!'))
	case r >= 0xFB00 && r <= 0xFB06:
		out.WriteString([...]string{"ff", "fi", "fl", "ffi", "ffl", "st", "st"}[r-0xFB00])
	case unicode.Is(unicode.Nd, r):
		out.WriteByte('0' + digit(r))
	default:
		out.WriteRune(r)
	}
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
