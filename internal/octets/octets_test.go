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

func TestALineEndsInCRAndLFTogether(t *testing.T) {
	for text, want := range map[string]int{
		"": 0, "a": 0, "\r\n": 1, "a\r\nb": 1, "a\r\n\r\nb\r\n": 3,
		"\n": -1, "\r": -1, "a\n": -1, "a\r": -1, "\r\r\n": -1, "\r\n\n": -1, "a\rb\n": -1, "\n\r": -1, "a\r\nb\rc\r\n": -1, "\r\n\r": -1,
	} {
		n, clean := octets.LineEnds([]byte(text))
		if clean != (want >= 0) || clean && n != want {
			t.Errorf("%q: %d line ends, clean: %v; want %d", text, n, clean, want)
		}
	}
}
