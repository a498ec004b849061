package ranks

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestRanksAreComparedAsTheTextbooksDo(t *testing.T) {
	for name, c := range map[string]struct {
		a, b      []float64
		larger, p float64
	}{
		"nothing":               {nil, []float64{1}, 0.5, 1},
		"the same":              {[]float64{1, 1, 1}, []float64{1, 1}, 0.5, 1},
		"apart":                 {[]float64{1, 2, 3}, []float64{4, 5, 6}, 0, 0.049535}, // U = 0, z = -4.5/sqrt(5.25)
		"apart, the other way":  {[]float64{4, 5, 6}, []float64{1, 2, 3}, 1, 0.049535},
		"interleaved with ties": {[]float64{1, 2, 2, 3}, []float64{2, 2, 3, 4}, 0.28125, 0.278446}, // U = 4.5, z = -3.5/sqrt(10.4286)
	} {
		larger, p := Compare(c.a, c.b)
		if math.Abs(larger-c.larger) > 1e-9 || math.Abs(p-c.p) > 1e-4 {
			t.Errorf("%s: %v, %v; want %v, %v", name, larger, p, c.larger, c.p)
		}
	}
}

func TestOfOneKindOneInAHundredIsBelowOneInAHundred(t *testing.T) {
	dice := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same each time
	draw := func(shift float64) []float64 {
		var all []float64
		for range 40 {
			all = append(all, shift+dice.ExpFloat64())
		}
		return all
	}
	same, apart := 0, 0
	for range 2000 {
		if _, p := Compare(draw(0), draw(0)); p < 0.01 {
			same++
		}
		if _, p := Compare(draw(0), draw(1)); p < 0.01 {
			apart++
		}
	}
	if same < 5 || same > 40 || apart < 1900 {
		t.Errorf("of 2000 pairs of one kind %d were told apart, of two kinds %d", same, apart)
	}
}
