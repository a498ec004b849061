package octets_test

import (
	"testing"

	"postvern.example/internal/octets"
)

func TestPaddingLeavesFewSizesAndCostsLittle(t *testing.T) {
	sizes := map[int]bool{}
	for n := 1; n < 1<<20; n += 1 + n/997 {
		to := octets.PadTo(n)
		if to < n || float64(to-n) > 0.12*float64(n) || octets.PadTo(to) != to {
			t.Fatalf("%d octets become %d", n, to)
		}
		if n >= 1<<10 {
			sizes[to] = true
		}
	}
	if len(sizes) > 10*24 { // in ten doublings
		t.Errorf("%d sizes", len(sizes))
	}
}
