// Package ranks compares two sets of measurements by their ranks, for reports
// on what an attacker could tell from times.
package ranks

import (
	"math"
	"slices"
)

// Compare returns how likely a value of a is larger than one of b (0.5: no
// difference; ties count half), and the chance p that sets of the same kind
// differ so much, by the U test of Mann and Whitney: two-sided, in the normal
// approximation, with ties corrected for. It wants some ten values of each; of
// nothing p is 1.
func Compare(a, b []float64) (larger, p float64) {
	n, m := float64(len(a)), float64(len(b))
	if n == 0 || m == 0 {
		return 0.5, 1
	}
	type value struct {
		of   float64
		isOf bool // a
	}
	var all []value
	for _, v := range a {
		all = append(all, value{v, true})
	}
	for _, v := range b {
		all = append(all, value{v, false})
	}
	slices.SortFunc(all, func(x, y value) int {
		switch {
		case x.of < y.of:
			return -1
		case x.of > y.of:
			return 1
		}
		return 0
	})
	var sum, ties float64
	for i := 0; i < len(all); {
		j, own := i, 0.0
		for ; j < len(all) && all[j].of == all[i].of; j++ {
			if all[j].isOf {
				own++
			}
		}
		t := float64(j - i)
		sum += own * float64(i+j+1) / 2 // the mean of their ranks
		ties += t*t*t - t
		i = j
	}
	u := sum - n*(n+1)/2
	variance := n * m / 12 * (n + m + 1 - ties/((n+m)*(n+m-1)))
	if variance <= 0 {
		return u / (n * m), 1
	}
	z := (u - n*m/2) / math.Sqrt(variance)
	return u / (n * m), math.Erfc(math.Abs(z) / math.Sqrt2)
}
