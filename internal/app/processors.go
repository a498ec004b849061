package app

import (
	"os"
	"runtime"
)

// RunBesideFlushes lets Go run on one thread more than there are processors,
// until end: the store's writer spends most of its time in a flush, and there
// keeps another's place until Go notices. It comes after Start, which counts the
// processors to know how much heavy work they bear. Whoever sets GOMAXPROCS has
// decided otherwise.
func RunBesideFlushes() (end func()) {
	if os.Getenv("GOMAXPROCS") != "" {
		return func() {}
	}
	before := runtime.GOMAXPROCS(0)
	runtime.GOMAXPROCS(before + 1)
	return func() { runtime.GOMAXPROCS(before) }
}
