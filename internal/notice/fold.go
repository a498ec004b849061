package notice

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Fold returns s in ASCII for SMTP replies to a session without SMTPUTF8
// (RFC 6531 §3.7.4.1): å becomes aa, ø oe, æ ae, ä a, ö o, é e, a dash "-".
// Control characters become spaces and letters of other scripts "?". The
// result is never longer than s in octets.
func Fold(s string) string {
	var b strings.Builder
	for _, r := range norm.NFC.String(s) {
		switch {
		case r < ' ' || r == 0x7f:
			b.WriteByte(' ')
		case r < 0x80:
			b.WriteRune(r)
		default:
			b.WriteString(foldRune(r))
		}
	}
	return b.String()
}

func foldRune(r rune) string {
	if a, ok := folds(r); ok {
		return a
	}
	// A letter with a mark: the letter without it.
	if base, _ := utf8.DecodeRuneInString(norm.NFKD.String(string(r))); base >= ' ' && base < 0x7f {
		return string(base)
	}
	if unicode.IsSpace(r) {
		return " "
	}
	if unicode.In(r, unicode.Mn, unicode.Cf) {
		return ""
	}
	return "?"
}

// folds holds what Unicode's decomposition does not know or does otherwise.
func folds(r rune) (string, bool) {
	switch r {
	case 'å':
		return "aa", true
	case 'Å':
		return "Aa", true
	case 'æ':
		return "ae", true
	case 'Æ':
		return "Ae", true
	case 'ø':
		return "oe", true
	case 'Ø':
		return "Oe", true
	case 'ð', 'đ':
		return "d", true
	case 'Ð', 'Đ':
		return "D", true
	case 'þ':
		return "th", true
	case 'Þ':
		return "Th", true
	case 'œ':
		return "oe", true
	case 'Œ':
		return "Oe", true
	case 'ß':
		return "ss", true
	case 'ł':
		return "l", true
	case 'Ł':
		return "L", true
	case 'ŋ':
		return "n", true
	case 'ŧ':
		return "t", true
	case '–', '—', '‑', '‐', '−':
		return "-", true
	case '…':
		return "...", true
	case '‘', '’', '‚', '′':
		return "'", true
	case '“', '”', '„', '«', '»':
		return `"`, true
	case '•', '·':
		return "*", true
	case '€':
		return "EUR", true
	}
	return "", false
}
