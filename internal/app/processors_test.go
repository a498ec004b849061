package app

import (
	"runtime"
	"testing"
)

func TestOneThreadMoreRunsThanThereAreProcessorsUnlessSomebodySaysOtherwise(t *testing.T) {
	before := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(before)
	t.Setenv("GOMAXPROCS", "7") // as the program would have been started
	end := RunBesideFlushes()
	if got := runtime.GOMAXPROCS(0); got != before {
		t.Errorf("with GOMAXPROCS set it went from %d to %d", before, got)
	}
	end()
	t.Setenv("GOMAXPROCS", "")
	end = RunBesideFlushes()
	if got := runtime.GOMAXPROCS(0); got != before+1 {
		t.Errorf("from %d it went to %d", before, got)
	}
	end()
	if got := runtime.GOMAXPROCS(0); got != before {
		t.Errorf("at the end it is %d, not %d", got, before)
	}
}
