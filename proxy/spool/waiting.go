package spool

import (
	"math"
	"slices"
	"sync"
	"time"
)

// waiting is what the relay may have: copies that were just accepted and are
// handed over in memory, those that were claimed ahead, and when the next one
// of the table is due.
type waiting struct {
	mu      sync.Mutex
	line    []*entry
	ahead   int   // entries of line that came from the table
	weight  int64 // of line and of what is reserved
	budget  int64
	due     int64 // when a row of the table may be due, in milliseconds; 0: now
	looked  time.Time
	claims  map[string]claim
	strays  []row // that may be claimed, and are not in line
	lent    int64 // octets of the contents that were taken and have no outcome yet
	changed chan struct{}
}

// lendable is how much content may be taken and without an outcome at a time:
// a single delivery may be more.
const lendable = 64 << 20

// loan is the content of a delivery that was taken.
type loan struct {
	size   int64
	copies int // of it, that have no outcome yet
}

// claim is a copy that this process has claimed.
type claim struct {
	body     int64
	file     string
	size     int64
	attempts int
	parcel   string
	loan     *loan // nil: it is in line
	lost     bool  // another node may have it: its outcome is all that counts
}

// entry is a delivery in line. Its content is read when it is taken, where it
// was not handed over.
type entry struct {
	Delivery
	body    int64
	file    string
	size    int64
	loaded  bool
	ahead   bool   // it came from the table
	damaged []byte // the copy's row as it stands, where it does not decrypt
	failed  int    // how often its content could not be read
}

// weight is the memory that an entry holds on to, about.
func (e *entry) weight() int64 {
	n := int64(len(e.Copies)) * 512
	if e.loaded {
		n += e.size
	}
	return n
}

// held is how much of an entry's content is in memory once it has been taken.
func (e *entry) held() int64 {
	if !e.loaded && e.size > streamed {
		return mostHead // its header, and what is on its way
	}
	return e.size
}

func (w *waiting) init(budget int64) {
	w.budget = budget
	w.claims = make(map[string]claim)
	w.changed = make(chan struct{}, 1)
}

// reserve takes room for n octets; a parcel larger than all of the room gets
// it when nothing else is in line.
func (w *waiting) reserve(n int64) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.weight > 0 && w.weight+n > w.budget {
		return false
	}
	w.weight += n
	return true
}

func (w *waiting) unreserve(n int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.weight -= n
}

// add puts entries in line whose room is reserved.
func (w *waiting) add(entries []*entry) {
	w.mu.Lock()
	for _, e := range entries {
		for _, c := range e.Copies {
			w.claims[c.ID] = claim{body: e.body, file: e.file, size: e.size, attempts: e.Attempt - 1, parcel: e.Parcel}
		}
	}
	w.line = append(w.line, entries...)
	w.mu.Unlock()
	w.signal()
}

// claimAhead puts entries in line that were claimed from the table.
func (w *waiting) claimAhead(entries []*entry) {
	var n int64
	for _, e := range entries {
		n += e.weight()
	}
	w.mu.Lock()
	w.weight += n
	w.ahead += len(entries)
	w.mu.Unlock()
	for _, e := range entries {
		e.ahead = true
	}
	w.add(entries)
}

// take returns up to n entries, oldest first, and no more than may be in memory
// together when their contents have been read: with each other, and with those
// that were taken before.
func (w *waiting) take(n int) []*entry {
	w.mu.Lock()
	defer w.mu.Unlock()
	var octets int64
	for i, e := range w.line[:min(n, len(w.line))] {
		octets += e.held()
		if octets > w.budget && i > 0 || w.lent > 0 && w.lent+octets > lendable {
			n = i
			break
		}
	}
	n = min(n, len(w.line))
	if n <= 0 {
		return nil
	}
	taken := append([]*entry(nil), w.line[:n]...)
	clear(w.line[:n]) // what was taken is not kept alive
	w.line = w.line[n:]
	if len(w.line) == 0 {
		w.line = nil
	} else {
		w.signal() // for another who waits
	}
	for _, e := range taken {
		w.weight -= e.weight()
		if e.ahead {
			w.ahead--
		}
		w.lend(e)
	}
	return taken
}

// lend notes that the content of an entry is in use until each of its copies
// has an outcome.
func (w *waiting) lend(e *entry) {
	l := &loan{size: e.held(), copies: len(e.Copies)}
	for _, copied := range e.Copies {
		if c, ok := w.claims[copied.ID]; ok {
			c.loan = l
			w.claims[copied.ID] = c
		}
	}
	w.lent += l.size
}

// repay notes that a copy needs its content no more.
func (w *waiting) repay(id string) {
	c := w.claims[id]
	if c.loan == nil {
		return
	}
	if c.loan.copies--; c.loan.copies == 0 {
		w.lent -= c.loan.size
		w.signal()
	}
	c.loan = nil
	w.claims[id] = c
}

// dueAt notes that a row of the table is due at ms.
func (w *waiting) dueAt(ms int64) {
	w.mu.Lock()
	earlier := ms < w.due
	w.due = min(w.due, ms)
	w.mu.Unlock()
	if earlier {
		w.signal()
	}
}

// never is the time of a table in which nothing waits.
const never = math.MaxInt64

// glance is how long the table has to wait while fresh copies are in line.
const glance = 50 * time.Millisecond

// lookNow reports whether it is time to claim from the table. Whoever gets
// true has to do it, and to note with dueAt what comes next.
func (w *waiting) lookNow(now int64, clock time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.due > now || w.ahead > 0 || len(w.line) > 0 && clock.Sub(w.looked) < glance {
		return false
	}
	w.looked, w.due = clock, never
	return true
}

// claimed returns the claims of copies; ok is false when one of them is not
// claimed by this process.
func (w *waiting) claimed(ids []string) (claims []claim, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, id := range ids {
		c, found := w.claims[id]
		if !found {
			return nil, false
		}
		claims = append(claims, c)
	}
	return claims, true
}

func (w *waiting) forget(ids []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, id := range ids {
		w.repay(id)
		delete(w.claims, id)
	}
}

// regain reports whether a copy that was claimed is on its way here already:
// another node took this one over, and did not get to it. It is not handed out a
// second time; what was begun may be ended.
func (w *waiting) regain(f row) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	c, ok := w.claims[f.id]
	if ok {
		c.lost, c.attempts = false, f.attempts
		w.claims[f.id] = c
	}
	return ok
}

// astray notes rows of which nobody knows whether they were claimed.
func (w *waiting) astray(found []row) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.strays = append(w.strays, found...)
}

// settle gives back the rows that may be claimed, and are not in line: whoever
// claims gets them anew.
func (w *waiting) settle(t *tx) error {
	w.mu.Lock()
	strays := w.strays
	w.mu.Unlock()
	for _, f := range strays {
		if _, err := t.exec("give back copy", f.body, f.id, t.s.ids.epoch.Load()); err != nil {
			return err
		}
	}
	if len(strays) > 0 {
		t.after(func() {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.strays = w.strays[len(strays):]
		})
	}
	return nil
}

// owned reports whether this process has claimed copies and nobody else may
// have them.
func (w *waiting) owned(ids []string) bool {
	claims, ok := w.claimed(ids)
	return ok && !slices.ContainsFunc(claims, func(c claim) bool { return c.lost })
}

// giveUp forgets all claims: other nodes may have them. Those that were taken
// stay until their outcome is known.
func (w *waiting) giveUp() {
	w.mu.Lock()
	for _, e := range w.line {
		w.weight -= e.weight()
	}
	w.line, w.ahead = nil, 0
	for id, c := range w.claims {
		if c.loan == nil {
			delete(w.claims, id)
			continue
		}
		c.lost = true
		w.claims[id] = c
	}
	w.due = 0
	w.mu.Unlock()
	w.signal()
}

func (w *waiting) signal() {
	select {
	case w.changed <- struct{}{}:
	default:
	}
}
