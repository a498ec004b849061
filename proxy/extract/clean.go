package extract

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// clean returns text as a reader sees it: valid UTF-8 in NFC with "\n" line
// ends, without characters that show nothing, and with the digits, hyphens,
// spaces, full-width letters and ligatures that look like ASCII made so. A
// number that is split by a soft hyphen or a zero-width space is whole again.
func clean(text string) string {
	i := firstUnclean(text)
	if i < 0 {
		return text
	}
	var b strings.Builder
	b.Grow(len(text))
	b.WriteString(text[:i])
	compose := false
	for i < len(text) {
		if run := firstUnclean(text[i:]); run != 0 {
			if run < 0 {
				run = len(text) - i
			}
			b.WriteString(text[i : i+run])
			i += run
			continue
		}
		c := text[i]
		if c < utf8.RuneSelf {
			i++
			cleanASCII(&b, c, i < len(text) && text[i] == '\n')
			continue
		}
		r, n := utf8.DecodeRuneInString(text[i:])
		i += n
		if r >= 0x300 && r <= 0x36F {
			compose = true
		}
		cleanRune(&b, r)
	}
	if compose {
		return norm.NFC.String(b.String())
	}
	return b.String()
}

// firstUnclean returns the offset of the first byte that clean may change. In
// Latin text with æøå alone that is none.
func firstUnclean(text string) int {
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c >= 0x20 && c < 0x7F || c == '\n' || c == '\t' {
			continue
		}
		// U+00C0 to U+02FF are letters.
		if c >= 0xC3 && c <= 0xCB && i+1 < len(text) && text[i+1] >= 0x80 && text[i+1] < 0xC0 {
			i++
			continue
		}
		return i
	}
	return -1
}

func cleanASCII(b *strings.Builder, c byte, beforeLF bool) {
	switch {
	case c >= 0x20 && c < 0x7F, c == '\n', c == '\t':
		b.WriteByte(c)
	case c == '\r':
		if !beforeLF {
			b.WriteByte('\n')
		}
	case c == '\v', c == '\f':
		b.WriteByte('\n')
	}
}

func cleanRune(b *strings.Builder, r rune) {
	switch {
	case unicode.Is(invisible, r):
	case r >= 0xE0020 && r <= 0xE007E: // tag characters: ASCII that shows nothing
		b.WriteByte(byte(r - 0xE0000))
	case r == 0x85, r == 0x2028, r == 0x2029:
		b.WriteByte('\n')
	case r >= 0x80 && r < 0xA0:
	case r == 0xA0, r == 0x1680, r >= 0x2000 && r <= 0x200A, r == 0x202F, r == 0x205F, r == 0x3000:
		b.WriteByte(' ')
	case r >= 0x2010 && r <= 0x2013, r == 0x2212, r == 0xFE63:
		b.WriteByte('-')
	case r >= 0xFF01 && r <= 0xFF5E: // full width
		b.WriteByte(byte(r - 0xFF01 + '!'))
	case r >= 0xFB00 && r <= 0xFB06:
		b.WriteString([...]string{"ff", "fi", "fl", "ffi", "ffl", "st", "st"}[r-0xFB00])
	case unicode.Is(unicode.Nd, r):
		b.WriteByte('0' + digit(r))
	default:
		b.WriteRune(r)
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
