package relay

import (
	"math/rand/v2"
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
	if age < 0 { // the clock was set back: its attempts alone count
		age = most
	}
	byAttempt := firstWait << min(max(attempt, 1)-1, 16)
	d := min(max(age, firstWait), byAttempt, most)
	return time.Duration(float64(d) * (0.75 + rand.Float64()/2))
}
