package main

import (
	"container/heap"
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// figures are what make figures measured on one machine: processor time, in
// milliseconds, that a mail of each size costs a node and its database.
var figures = []struct {
	share          float64 // of all mails
	size           int     // octets
	node, database float64 // PostgreSQL
	alone          float64 // the node's with SQLite
}{
	{0.80, 5_000, 0.76, 0.43, 0.60},
	{0.17, 50_000, 1.50, 0.67, 1.56},
	{0.03, 1_000_000, 15.9, 5.4, 14.4},
}

const (
	flush     = 2 * time.Millisecond         // of a disk with a battery, or an SSD for servers
	lease     = 15 * time.Second             // until a dead node's copies are taken over
	restart   = 20 * time.Second             // until a dead node serves again
	firstWait = 2 * time.Second              // before the second attempt
	mostWait  = 5 * time.Minute              // while an upstream is away
	answer    = 60 * time.Millisecond        // median of an upstream's whole transaction
	patience  = 30 * time.Second             // of a mail program, before it tries again
	begin     = 8*time.Hour + 45*time.Minute // what is looked at: the hour of the peak
	end       = 10 * time.Hour
)

// trouble is what goes wrong in a scenario. A zero time is never.
type trouble struct {
	dying      int           // nodes that die, one each ten seconds from 9:05
	slow       float64       // so many times slower answers the upstream from 9:00 to 9:30
	away       time.Duration // so long the database is away from 9:10
	upstreamed time.Duration // so long the upstream is away from 9:00
}

// scenario is an organisation on a Monday.
type scenario struct {
	name        string
	mails       int // a day
	nodes       int
	cores       int // of a node
	database    int // cores of PostgreSQL; 0: SQLite
	connections int // of each node to the upstream
	trouble     trouble
}

// result is what came of it.
type result struct {
	mails                int
	peak                 int           // mails in the busiest minute
	ack50, ack99         time.Duration // from the last octet to the 250, tries again included
	through50, through99 time.Duration // from there to the upstream's 250
	waiting              int           // copies at most in the spool
	node, database       float64       // busiest minute's share of processor time
	retried              int           // submissions that a mail program made again
	twice, lost          int
}

// kind is what happens to a mail.
type kind int

const (
	arrives  kind = iota
	worked        // the node has decided
	written       // the database has flushed
	answered      // the upstream has said 250
	finished      // the outcome is flushed
	again         // the mail program tries again
	due           // a copy of a dead node, or one put off, is taken up
	dies
	lives
)

// event is something at a moment; life is the node's, which a death ends.
type event struct {
	at   time.Duration
	kind kind
	mail int
	node int
	life int
}

type events []event

func (e events) Len() int           { return len(e) }
func (e events) Less(i, j int) bool { return e[i].at < e[j].at }
func (e events) Swap(i, j int)      { e[i], e[j] = e[j], e[i] }
func (e *events) Push(x any)        { *e = append(*e, x.(event)) }
func (e *events) Pop() any {
	old := *e
	last := old[len(old)-1]
	*e = old[:len(old)-1]
	return last
}

// mail is one on its way.
type mail struct {
	born, acked, through time.Duration

	size, delivered, attempts uint8

	stored bool
}

// station is a number of equal servers with one line.
type station struct {
	free []time.Duration // when each is free
	busy map[int]float64 // seconds of work in each minute
}

func newStation(n int) *station {
	return &station{free: make([]time.Duration, max(n, 1)), busy: map[int]float64{}}
}

// take has work done from now on by the first server that is free, and returns when it ends.
func (s *station) take(now, work time.Duration) time.Duration {
	first := 0
	for i, f := range s.free {
		if f < s.free[first] {
			first = i
		}
	}
	start := max(now, s.free[first])
	s.free[first] = start + work
	s.busy[int(start/time.Minute)] += work.Seconds()
	return start + work
}

func (s *station) clear(now time.Duration) {
	for i := range s.free {
		s.free[i] = now
	}
}

// load returns the share of the busiest minute in which there was work.
func (s *station) load() (most float64) {
	for _, b := range s.busy {
		most = max(most, b/60/float64(len(s.free)))
	}
	return most
}

// node is one gateway.
type node struct {
	alive    bool
	life     int
	cpu      *station
	upstream *station
	writer   time.Duration // when its next transaction may begin: one at a time
	queued   map[int]bool  // copies that it has claimed
}

// world is a scenario as it runs.
type world struct {
	scenario
	random   *rand.Rand
	now      time.Duration
	events   events
	mails    []mail
	nodes    []*node
	database *station
	waiting  int
	out      result
}

// rate is how many mails a second come at a time of day: a working day with
// its peaks, of which Monday 9 o'clock is the highest.
func (s scenario) rate(at time.Duration) float64 {
	hours := at.Hours()
	peak := func(middle, width, height float64) float64 {
		x := (hours - middle) / width
		return height * math.Exp(-x*x)
	}
	shape := 0.05 + peak(9.05, 0.12, 5) + peak(9.5, 1, 2.2) + peak(13.5, 2, 1.6)
	const area = 0.05*24 + 1.7725*(0.12*5+1*2.2+2*1.6) // the integral over a day
	return float64(s.mails) / 3600 * shape / area
}

func simulate(s scenario, seed uint64) result {
	w := &world{scenario: s, random: rand.New(rand.NewPCG(seed, uint64(s.mails))), database: newStation(max(s.database, 1))}
	for range s.nodes {
		w.nodes = append(w.nodes, &node{alive: true, cpu: newStation(s.cores), upstream: newStation(s.connections), queued: map[int]bool{}})
	}
	for i := range s.trouble.dying {
		w.at(9*time.Hour+5*time.Minute+time.Duration(10*i)*time.Second, event{kind: dies, node: i * s.nodes / max(s.trouble.dying, 1)})
	}
	w.at(begin, event{kind: arrives, mail: -1})
	heap.Init(&w.events)
	for len(w.events) > 0 {
		e, _ := heap.Pop(&w.events).(event)
		w.now = e.at
		w.happen(e)
	}
	return w.count()
}

func (w *world) at(when time.Duration, e event) {
	e.at = when
	heap.Push(&w.events, e)
}

func (w *world) exponential(mean time.Duration) time.Duration {
	return time.Duration(w.random.ExpFloat64() * float64(mean))
}

func (w *world) happen(e event) {
	switch e.kind {
	case arrives:
		w.arrive()
		return
	case again:
		w.submit(e.mail)
		return
	case due:
		w.takeUp(e.mail)
		return
	case lives:
		w.nodes[e.node].alive = true
		return
	case dies:
		w.die(e.node)
		return
	case worked, written, answered, finished:
	}
	n := w.nodes[e.node]
	if n.life != e.life { // it died meanwhile
		return
	}
	switch e.kind {
	case worked:
		w.write(e, written)
	case written:
		w.stored(e)
	case answered:
		m := &w.mails[e.mail]
		if m.delivered++; m.delivered == 1 {
			m.through = w.now - m.acked
		}
		w.write(e, finished)
	case finished:
		delete(n.queued, e.mail)
		w.waiting--
	case arrives, again, due, dies, lives:
	}
}

// arrive lets a mail come and the next one follow.
func (w *world) arrive() {
	m := mail{born: w.now}
	for x := w.random.Float64(); m.size < 2; m.size++ {
		if x -= figures[m.size].share; x < 0 {
			break
		}
	}
	w.mails = append(w.mails, m)
	w.submit(len(w.mails) - 1)
	if next := w.now + w.exponential(time.Duration(float64(time.Second)/w.rate(w.now))); next < end {
		w.at(next, event{kind: arrives})
	}
}

// submit hands a mail to a node that the balancer knows to be alive.
func (w *world) submit(id int) {
	i := w.random.IntN(len(w.nodes))
	for range w.nodes {
		if w.nodes[i].alive {
			break
		}
		i = (i + 1) % len(w.nodes)
	}
	n := w.nodes[i]
	if !n.alive {
		w.at(w.now+patience, event{kind: again, mail: id})
		w.out.retried++
		return
	}
	f := figures[w.mails[id].size]
	cost := f.node
	if w.scenario.database == 0 {
		cost = f.alone
	}
	// Half of what a mail costs is spent before it is acknowledged.
	n.cpu.take(w.now, milliseconds(cost/2))
	w.at(n.cpu.take(w.now, milliseconds(cost/2)), event{kind: worked, mail: id, node: i, life: n.life})
}

func milliseconds(x float64) time.Duration { return time.Duration(x * float64(time.Millisecond)) }

// write has the database store something of a mail. A node has one writer:
// what comes while it flushes shares the next flush.
func (w *world) write(e event, then kind) {
	n := w.nodes[e.node]
	if from, to := 9*time.Hour+10*time.Minute, 9*time.Hour+10*time.Minute+w.trouble.away; w.now >= from && w.now < to {
		if then == written { // 451: the mail program tries again
			w.out.retried++
			w.at(w.now+patience, event{kind: again, mail: e.mail})
			return
		}
		w.at(to+flush, event{kind: then, mail: e.mail, node: e.node, life: e.life}) // outcomes are kept
		return
	}
	done := w.now
	if w.scenario.database > 0 {
		done = w.database.take(w.now, milliseconds(figures[w.mails[e.mail].size].database/2))
	}
	if done > n.writer {
		n.writer = max(done, n.writer) + flush
	}
	w.at(n.writer+flush/2, event{kind: then, mail: e.mail, node: e.node, life: e.life})
}

// stored acknowledges a mail and claims its copy.
func (w *world) stored(e event) {
	m := &w.mails[e.mail]
	if !m.stored {
		m.stored, m.acked = true, w.now
		w.waiting++
		w.out.waiting = max(w.out.waiting, w.waiting)
	}
	w.deliver(e.mail, e.node)
}

// deliver sends a copy by one of a node's connections.
func (w *world) deliver(id, i int) {
	n := w.nodes[i]
	n.queued[id] = true
	m := &w.mails[id]
	since := w.now - 9*time.Hour
	if since >= 0 && since < w.trouble.upstreamed { // unreachable: put off
		delete(n.queued, id)
		wait := min(firstWait<<min(m.attempts, 16), mostWait)
		m.attempts++
		w.at(w.now+time.Duration(float64(wait)*(0.75+w.random.Float64()/2)), event{kind: due, mail: id})
		return
	}
	took := time.Duration(float64(answer) * math.Exp(0.6*w.random.NormFloat64()))
	if since >= 0 && since < 30*time.Minute && w.trouble.slow > 0 {
		took = time.Duration(float64(took) * w.trouble.slow)
	}
	w.at(n.upstream.take(w.now, took), event{kind: answered, mail: id, node: i, life: n.life})
}

// takeUp has a node that lives claim a copy.
func (w *world) takeUp(id int) {
	for range w.nodes {
		if i := w.random.IntN(len(w.nodes)); w.nodes[i].alive {
			w.deliver(id, i)
			return
		}
	}
	w.at(w.now+time.Second, event{kind: due, mail: id})
}

// die ends a node: what it had not acknowledged is tried again by the mail
// programs, what it had claimed is taken over when its lease has run out.
func (w *world) die(i int) {
	n := w.nodes[i]
	n.alive, n.life = false, n.life+1
	claimed := []int{}
	for id := range n.queued {
		claimed = append(claimed, id)
	}
	slices.Sort(claimed) // a map has no order, a simulation has
	for _, id := range claimed {
		w.at(w.now+lease, event{kind: due, mail: id})
	}
	for _, e := range w.events {
		if e.node == i && e.life == n.life-1 && (e.kind == worked || e.kind == written) && !w.mails[e.mail].stored {
			w.out.retried++
			w.events = append(w.events, event{at: w.now + time.Second, kind: again, mail: e.mail})
		}
	}
	heap.Init(&w.events)
	n.queued = map[int]bool{}
	n.cpu.clear(w.now)
	n.upstream.clear(w.now)
	w.at(w.now+restart, event{kind: lives, node: i})
}

// count says what came of it all.
func (w *world) count() result {
	out := w.out
	out.mails = len(w.mails)
	minutes := map[int]int{}
	var acks, through []time.Duration
	for _, m := range w.mails {
		minutes[int(m.born/time.Minute)]++
		if !m.stored {
			continue
		}
		acks, through = append(acks, m.acked-m.born), append(through, m.through)
		if m.delivered == 0 {
			out.lost++
		}
		if m.delivered > 1 {
			out.twice++
		}
	}
	for _, n := range minutes {
		out.peak = max(out.peak, n)
	}
	out.ack50, out.ack99 = percentiles(acks)
	out.through50, out.through99 = percentiles(through)
	for _, n := range w.nodes {
		out.node = max(out.node, n.cpu.load())
	}
	if w.scenario.database > 0 {
		out.database = w.database.load()
	}
	return out
}

func percentiles(d []time.Duration) (half, most time.Duration) {
	if len(d) == 0 {
		return 0, 0
	}
	slices.Sort(d)
	return d[len(d)/2], d[len(d)*99/100]
}
