package app

import (
	"runtime"
	"testing"
)

func TestOneThreadMoreRunsThanThereAreProcessorsUnlessSomebodySaysOtherwise(t *testing.T) {
	before := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(before)
	t.Setenv("GOMAXPROCS", "7") // as the program would have been started
	RunBesideFlushes()
	if got := runtime.GOMAXPROCS(0); got != before {
		t.Errorf("with GOMAXPROCS set it went from %d to %d", before, got)
	}
	t.Setenv("GOMAXPROCS", "")
	RunBesideFlushes()
	if got := runtime.GOMAXPROCS(0); got != before+1 {
		t.Errorf("from %d it went to %d", before, got)
	}
}
