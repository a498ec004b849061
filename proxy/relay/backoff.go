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

// tried returns for how long so many attempts have tried at most, the last of
// them now: the waits between them, as long as they can be.
func tried(attempts int) (sum time.Duration) {
	for n := range attempts - 1 {
		d := min(max(firstWait<<min(n, 16), outageWait), longestWait)
		sum += d + d/4
	}
	return sum
}

// spent returns how much of its time a copy has used up. Time in which nobody
// could try it, since the gateway was off or its clock leapt, does not count:
// no more does than its attempts account for. Where the clock was set back, they
// alone count.
func spent(age time.Duration, attempts int) time.Duration {
	if most := tried(attempts); age < 0 || age > most {
		return most
	}
	return age
}
