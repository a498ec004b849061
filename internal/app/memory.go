package app

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"

	"postvern.example/internal/roster"
)

// headroom is how much the heap grows between two collections, at least. A
// gateway holds little and makes much garbage: Go's own measure, as much again
// as it holds, makes it collect every few mails.
const headroom = 24 << 20

// startRoom is the same for a start, which makes what it gives back at its end:
// a collection before that only keeps the first client waiting.
const startRoom = 64 << 20

// collector sets after each collection how far the heap may grow: by the
// headroom, or by as much as it holds where that is more. So the headroom is
// paid once, and large mails do not multiply it.
type collector struct{ live []metrics.Sample }

// CollectSeldom begins to set the pace of collections, until the program ends:
// none for a while, so that a start is quick, and then seldom.
// Whoever starts it with GOGC or GOMEMLIMIT has decided otherwise.
func CollectSeldom() {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	c := &collector{live: []metrics.Sample{{Name: "/gc/heap/live:bytes"}}}
	debug.SetGCPercent(100 * startRoom / smallest)
	c.next()
}

// set sets the pace, and again after the next collection.
func (c *collector) set() {
	metrics.Read(c.live)
	if live := c.live[0].Value; live.Kind() == metrics.KindUint64 {
		debug.SetGCPercent(percent(live.Uint64()))
	}
	c.next()
}

// next has set called after the next collection.
func (c *collector) next() {
	mark := new([16]byte) // the next collection finds that nobody needs it
	runtime.AddCleanup(mark, (*collector).set, c)
}

// giveBack returns to the system what loading a large roster leaves behind: more
// than it keeps, and it would wait for a collection that is far off.
func giveBack(m *roster.Members) {
	const large = 50_000 // members
	if m.Len() >= large {
		debug.FreeOSMemory()
	}
}

// smallest is what Go takes a heap for that holds less.
const smallest = 4 << 20

// percent returns the growth, in per cent of what is live, that comes to the
// headroom at least.
func percent(live uint64) int {
	const least, most = 100, 100 * headroom / smallest
	return int(min(max(headroom*100/max(live, 1), least), most))
}
