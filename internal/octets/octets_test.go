package octets_test

import (
	"strings"
	"testing"

	"postvern.example/internal/octets"
)

func TestTextIsASCIIWhereverItsOnlyOtherOctetStands(t *testing.T) {
	for n := range 40 {
		plain := strings.Repeat("x", n)
		if !octets.ASCII(plain) || !octets.ASCII([]byte(plain)) {
			t.Errorf("%d letters are not ASCII", n)
		}
		for at := range n {
			odd := plain[:at] + "\x80" + plain[at+1:]
			if octets.ASCII(odd) || octets.ASCII([]byte(odd)) {
				t.Errorf("%q is ASCII", odd)
			}
		}
	}
}

func TestAWordHasItsFirstOctetLowest(t *testing.T) {
	if got := octets.Word("x\x01\x02\x03\x04\x05\x06\x07\x88", 1); got != 0x8807060504030201 {
		t.Errorf("%#x", got)
	}
}

// slowLines is Lines, one octet after the other.
func slowLines(b string, dots bool) (n int, clean bool) {
	for i := range len(b) {
		switch {
		case b[i] == 0, b[i] == '\n' && (i == 0 || b[i-1] != '\r'), b[i] == '\r' && (i+1 == len(b) || b[i+1] != '\n'):
			return n, false
		case b[i] == '\n':
			if n = i + 1; dots && n < len(b) && b[n] == '.' {
				return n, false
			}
		}
	}
	return n, true
}

func checkLines(t *testing.T, text string) {
	t.Helper()
	for _, dots := range []bool{false, true} {
		n, clean := octets.Lines([]byte(text), dots)
		if want, whether := slowLines(text, dots); n != want || clean != whether {
			t.Errorf("%q, dots %t: %d octets of lines, clean %t; want %d, %t", text, dots, n, clean, want, whether)
		}
	}
}

func TestALineEndsInCRAndLFTogether(t *testing.T) {
	for _, text := range []string{
		"", "a", "\r\n", "a\r\nb", "a\r\n\r\nb\r\n", "\n", "\r", "a\n", "a\r", "\r\r\n", "\r\n\n", "a\rb\n", "\n\r", "a\r\nb\rc\r\n", "\r\n\r",
		"a\r\n.\r\n", "..\r\n.", "\x00", "\r\n\x00", "a\tb\vc\r\n", "\xff\x8d\x0d\x0a\x80\x0e",
	} {
		for n := range 18 {
			checkLines(t, strings.Repeat("x", n)+text)
			checkLines(t, strings.Repeat("x", n)+text+strings.Repeat("y", n))
			checkLines(t, strings.Repeat("x", n)+"\r\n"+text+"\r\n"+strings.Repeat("\x0e", n))
		}
	}
}

func FuzzLines(f *testing.F) {
	f.Add("Hej\r\n.\r\n\x00\r\n\r")
	f.Fuzz(checkLines)
}
