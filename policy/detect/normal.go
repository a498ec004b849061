package detect

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// normalise returns the text as the detectors read it: digits of every script
// as ASCII, what has no width taken out, odd spaces and dashes made plain,
// letters composed. Line ends and tabs stay. Most text comes back as it was,
// without a copy.
func normalise(s string) string {
	at := nextOdd(s, 0)
	if at < 0 {
		return s
	}
	if hasCombining(s) {
		s = norm.NFC.String(s)
		if at = nextOdd(s, 0); at < 0 {
			return s
		}
	}
	var b strings.Builder
	b.Grow(len(s))
	done := 0
	for at >= 0 {
		b.WriteString(s[done:at])
		r, n := utf8.DecodeRuneInString(s[at:])
		switch to := plain(r, s, at, n); {
		case to == drop, unicode.Is(unicode.M, r) && endsInDigit(&b):
		case to == keep:
			b.WriteString(s[at : at+n])
		default:
			b.WriteRune(to)
		}
		done = at + n
		at = nextOdd(s, done)
	}
	b.WriteString(s[done:])
	return b.String()
}

// endsInDigit reports whether a digit or a hyphen was written last: a mark over
// one is no letter.
func endsInDigit(b *strings.Builder) bool {
	n := b.Len()
	return n > 0 && (isDigit(b.String()[n-1]) || b.String()[n-1] == '-')
}

const (
	drop rune = -1
	keep rune = -2
)

// oddLead marks the first bytes of the runes that plain may change. The
// letters of Latin-1 (0xC3) and Latin Extended (0xC4 to 0xC8) are not odd.
var oddLead = func() (t [256]bool) {
	t[0xC2], t[0xCC], t[0xCD] = true, true, true
	for b := 0xD8; b <= 0xF4; b++ {
		t[b] = true
	}
	return t
}()

func nextOdd(s string, from int) int {
	for i := nextBeyond(s, from); i < len(s); i = nextBeyond(s, i+1) {
		if oddLead[s[i]] {
			return i
		}
	}
	return -1
}

func hasCombining(s string) bool {
	for i := 0; i+1 < len(s); i++ {
		if c := s[i]; c == 0xCC || c == 0xCD {
			return true
		}
	}
	return false
}

// plain says what becomes of a rune at s[at:at+n].
func plain(r rune, s string, at, n int) rune {
	switch {
	case r == 0xA0, r == 0x202F, r == 0x205F, r == 0x3000, r >= 0x2000 && r <= 0x200A:
		return ' '
	case r == 0x2028, r == 0x2029:
		return '\n'
	case r >= 0x2010 && r <= 0x2015, r == 0x2212, r == 0x2043, r == 0xFE58, r == 0xFE63, r == 0xFF0D, r == 0x2E3A:
		return '-'
	case r == 0xAD, r == 0x34F, r == 0x115F, r == 0x1160, r == 0x17B4, r == 0x17B5, r == 0x3164, r == 0xFFA0, r == 0x20E3,
		unicode.Is(unicode.Cf, r), unicode.Is(unicode.Variation_Selector, r), r >= 0xE0000 && r <= 0xE01EF:
		return drop
	case r == 0xB7, r == 0x2024, r == 0x2027, r == 0x22C5:
		return '.'
	case r == 0x2044, r == 0x2215:
		return '/'
	case r >= 0xFF01 && r <= 0xFF5E:
		return r - 0xFEE0
	case r == 0x24EA:
		return '0'
	case r >= 0x2460 && r <= 0x2468:
		return '1' + r - 0x2460
	case isRaised(r):
		return raised(r, s, at, n)
	case unicode.IsLetter(r), unicode.Is(unicode.Mn, r):
		return keep
	case !unicode.Is(unicode.Nd, r):
		return sign(r)
	}
	for _, t := range unicode.Nd.R16 {
		if r <= rune(t.Hi) && r >= rune(t.Lo) {
			return '0' + (r-rune(t.Lo))%10
		}
	}
	for _, t := range unicode.Nd.R32 {
		if r <= rune(t.Hi) && r >= rune(t.Lo) {
			return '0' + (r-rune(t.Lo))%10
		}
	}
	return keep
}

// paragraphSign stands for § in normalised text.
const paragraphSign = '\x01'

// sign makes a sign beyond ASCII plain, so that after normalise every byte
// beyond ASCII is part of a letter.
func sign(r rune) rune {
	switch r {
	case 0xA7:
		return paragraphSign
	case 0x20AC, 0xA3:
		return '$'
	case 0x2018, 0x2019, 0x201A, 0xB4:
		return '\''
	case 0x201C, 0x201D, 0x201E, 0xAB, 0xBB:
		return '"'
	case 0x2022, 0x25CF, 0x25E6, 0x2023:
		return '*'
	}
	return ' '
}

func isRaised(r rune) bool {
	return r == 0xB9 || r == 0xB2 || r == 0xB3 || r >= 0x2070 && r <= 0x2079 || r >= 0x2080 && r <= 0x2089
}

// raised maps a superscript or subscript digit where it stands in a run of
// them: a lone one is the mark of a footnote and would spoil the number that
// it follows.
func raised(r rune, s string, at, n int) rune {
	next, _ := utf8.DecodeRuneInString(s[at+n:])
	before, _ := utf8.DecodeLastRuneInString(s[:at])
	if !isRaised(next) && !isRaised(before) {
		return ' '
	}
	switch r {
	case 0xB9:
		return '1'
	case 0xB2, 0xB3:
		return '2' + r - 0xB2
	}
	return '0' + r&0xF
}

// fold writes the word in lower case over dst: ASCII and Latin-1, which all
// our languages are written in; other letters stay. The length is the same.
func fold(dst []byte, word string) []byte {
	dst = dst[:0]
	for i := 0; i < len(word); i++ {
		c := word[i]
		if c >= 'A' && c <= 'Z' || i > 0 && word[i-1] == 0xC3 && c >= 0x80 && c <= 0x9E && c != 0x97 {
			c |= 0x20
		}
		dst = append(dst, c)
	}
	return dst
}

// The classes of a byte.
const (
	classOther byte = iota
	classDigit
	classLetter // ASCII letters and every byte of a rune beyond ASCII
)

var class = func() (t [256]byte) {
	for c := range t {
		switch {
		case c >= '0' && c <= '9':
			t[c] = classDigit
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= 0x80:
			t[c] = classLetter
		}
	}
	return t
}()

func isDigit(c byte) bool  { return c >= '0' && c <= '9' }
func isLetter(c byte) bool { return class[c] == classLetter }
