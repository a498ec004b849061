package app

import "testing"

func TestTheHeapGrowsByTheHeadroomOrByWhatItHolds(t *testing.T) {
	for live, want := range map[uint64]int{
		0: 600, 1 << 20: 600, headroom / 4: 400, headroom / 2: 200, headroom: 100, 40 * headroom: 100,
	} {
		if got := percent(live); got != want {
			t.Errorf("with %d octets live the heap may grow by %d %%, want %d", live, got, want)
		}
	}
}
