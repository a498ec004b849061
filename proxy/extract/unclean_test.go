package extract

import (
	"strings"
	"testing"
)

func TestWhatIsNotCleanIsFoundWhereverItStands(t *testing.T) {
	slow := func(s string) int {
		for i := 0; i < len(s); i++ {
			c := s[i]
			switch {
			case c >= 0x20 && c < 0x7F || c == '\n' || c == '\t':
			case c >= 0xC3 && c <= 0xCB && i+1 < len(s) && s[i+1] >= 0x80 && s[i+1] < 0xC0:
				i++
			default:
				return i
			}
		}
		return len(s)
	}
	for c := range 256 {
		for at := range 20 {
			for _, after := range []string{"", "x", "\x80", "\xC3\xA6", "\r\n", strings.Repeat("y", 9)} {
				text := strings.Repeat("æ\n", at/3) + strings.Repeat("x", at%3) + string([]byte{byte(c)}) + after
				want := slow(text)
				if got := nextUnclean(text, 0); got != want {
					t.Fatalf("%q: %d, want %d", text, got, want)
				}
				if got := nextUnclean([]byte(text), 0); got != want {
					t.Fatalf("%q as octets: %d, want %d", text, got, want)
				}
			}
		}
	}
}

func TestOctetsAreCleanedAsTextIs(t *testing.T) {
	for _, text := range []string{"", "a", "a\r\nb\r\n", "a\rb", "12\u00AD34", "\u200B", "e\u0301t\r\n", "æøå\r\n", "\v\f\x01x", "１２３ \u2013"} {
		if got, want := cleanBytes([]byte(text)), clean(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
