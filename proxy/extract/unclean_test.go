package extract

import (
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
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

// slowClean is clean, one character after the other.
func slowClean(text string) string {
	var out strings.Builder
	compose := false
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRuneInString(text[i:])
		switch {
		case r >= 0x20 && r < 0x7F, r == '\n', r == '\t':
			out.WriteRune(r)
		case strings.HasPrefix(text[i:], "\r\n"):
		case r < utf8.RuneSelf:
			cleanASCII(&out, text[i])
		case isLatin(text, i):
			n = 2
			out.WriteString(text[i : i+2])
		default:
			compose = compose || r >= 0x300 && r <= 0x36F
			cleanRune(&out, r)
		}
		i += n
	}
	if compose {
		return norm.NFC.String(out.String())
	}
	return out.String()
}

func FuzzCleanFast(f *testing.F) {
	for _, text := range []string{"Kære Åse\r\n\tMed venlig hilsen\r\n", "12\u00AD34 e\u0301\r", "\xff\xC3\x28ﬃ１２\u200B\u2028", "\v\f\x7f\x00\r\r\n"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for range 9 { // at every place in a group of eight
			want := slowClean(text)
			if got := clean(text); got != want {
				t.Fatalf("%q became %q, want %q", text, got, want)
			}
			if got := cleanBytes([]byte(text)); got != want {
				t.Fatalf("%q as octets became %q, want %q", text, got, want)
			}
			text = "x" + text
		}
	})
}

func BenchmarkClean(b *testing.B) {
	text := []byte(strings.Repeat("Vi mødes på torsdag klokken ti i kantinen, og alle er velkomne.\r\n", 1<<20/66))
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		cleanBytes(text)
	}
}
