package relay

import (
	"math/rand/v2"
	"sync"
	"time"
)

// The waits between attempts.
const (
	firstWait   = 2 * time.Second  // before the second attempt
	longestWait = 30 * time.Minute // after a 4xx
	outageWait  = 5 * time.Minute  // while the upstream is unreachable
)

// wait returns how long a copy waits after a deferral: as long again as it has
// waited so far, but never longer than its attempts account for, so that an
// outage or a hold does not count against it. Jitter of a quarter spreads
// copies that failed together.
func wait(age time.Duration, attempt int, most time.Duration) time.Duration {
	byAttempt := firstWait << min(max(attempt, 1)-1, 16)
	d := min(max(age, firstWait), byAttempt, most)
	return time.Duration(float64(d) * (0.75 + rand.Float64()/2))
}

// warnings remembers whose delay was told, so that each is told once. It is in
// memory: after a restart a delay may be told once more, but only until twice
// the time of a warning has passed.
type warnings struct {
	mu   sync.Mutex
	told map[string]struct{} // by copy; as many as are delayed so long
}

// first reports whether the delay of a copy was not yet told, and notes it.
func (w *warnings) first(id string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, ok := w.told[id]; ok {
		return false
	}
	if w.told == nil {
		w.told = make(map[string]struct{})
	}
	w.told[id] = struct{}{}
	return true
}

// forget is called when a copy is delivered or has failed.
func (w *warnings) forget(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.told, id)
}
