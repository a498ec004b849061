package app

import (
	"os"
	"runtime"
)

// RunBesideFlushes lets Go run on one thread more than there are processors:
// the store's writer spends most of its time in a flush, and there keeps
// another's place until Go notices. Whoever sets GOMAXPROCS has decided
// otherwise.
func RunBesideFlushes() {
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + 1)
	}
}
