package relay

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"postvern.example/proxy/spool"
)

// maxRecipients is how many recipients a transaction has at most; every server
// takes so many (RFC 5321 §4.5.3.1.8).
const maxRecipients = 100

// recipientLimit is how many recipients the upstream was seen to take at once.
// An upstream may have had little room for a while, so what was seen counts for
// less and less: each limitTime more are tried, twice as many each time.
type recipientLimit struct {
	mu   sync.Mutex
	n    int // 0: none was seen
	seen time.Time
}

const limitTime = 5 * time.Minute

func (l *recipientLimit) get(now time.Time) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.n == 0 {
		return maxRecipients
	}
	for more := now.Sub(l.seen); more >= limitTime && l.n < maxRecipients; more -= limitTime {
		l.n, l.seen = 2*l.n, l.seen.Add(limitTime)
	}
	if now.Before(l.seen) { // the clock was set back
		l.seen = now
	}
	return min(l.n, maxRecipients)
}

func (l *recipientLimit) set(n int, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.n, l.seen = max(n, 1), now
}

// verdict is what became of one copy in an attempt.
type verdict struct {
	result spool.Result
	reply  reply         // the upstream's, or one of our own
	why    error         // what kept us from a reply; nil where the upstream gave one
	least  time.Time     // Deferred: not before
	most   time.Duration // Deferred: the longest wait; 0 is longestWait
	dsn    bool          // Delivered: the upstream reports on by itself
	again  bool          // another upstream may do better
	via    string        // the upstream
}

// delivery is one attempt in progress.
type delivery struct {
	relay    *Relay
	lane     *lane
	spool    spool.Delivery
	content  content
	verdicts map[string]*verdict // by copy
	started  time.Time
}

// deliver attempts one delivery and returns what came of each of its copies.
// When soft has ended it begins nothing any more; when hard ends, the
// transaction in progress is cut.
func (r *Relay) deliver(soft, hard context.Context, l *lane, d spool.Delivery) []result {
	a := &delivery{relay: r, lane: l, spool: d, verdicts: make(map[string]*verdict, len(d.Copies)), started: r.cfg.Now()}
	if soft.Err() != nil {
		a.all(verdict{result: spool.Deferred, why: errStopped})
		return a.results()
	}
	var err error
	switch a.content, err = contentOf(d); {
	case errors.Is(err, errUnclean):
		a.all(verdict{result: spool.Failed, reply: reply{554, "5.6.0", "The message has line ends that mail cannot carry"}})
	case err != nil: // the next claim reads it again, and holds what is damaged
		a.all(verdict{result: spool.Deferred, why: fmt.Errorf("read content: %w", err)})
	default:
		a.attempt(soft, hard)
	}
	return a.results()
}

func (a *delivery) all(v verdict) {
	for _, c := range a.spool.Copies {
		if _, ok := a.verdicts[c.ID]; !ok {
			a.verdicts[c.ID] = &v
		}
	}
}

// attempt offers the copies to the upstreams of their lane, one after the
// other, until each has an answer that another upstream would not change.
func (a *delivery) attempt(soft, hard context.Context) {
	pending := a.spool.Copies
	for i, t := range a.lane.order() {
		if i > 0 {
			a.relay.cfg.Metrics.Failovers.WithLabelValues(t.upstream.ID).Add(float64(len(pending)))
		}
		a.at(soft, hard, t, pending)
		pending = slices.DeleteFunc(slices.Clone(pending), func(c spool.Copy) bool { return !a.verdict(c.ID).again })
		if len(pending) == 0 || soft.Err() != nil {
			return
		}
	}
}

// at sends copies to one upstream in as many transactions as they need.
func (a *delivery) at(soft, hard context.Context, t *target, pending []spool.Copy) {
	for len(pending) > 0 {
		s, err := t.pool.get(soft, false)
		if err == nil {
			pending, err = a.round(soft, hard, t, s, pending)
		}
		if err != nil {
			a.unreachable(soft, t, pending, err)
			return
		}
	}
}

// unreachable gives copies a verdict when there is no session.
func (a *delivery) unreachable(soft context.Context, t *target, copies []spool.Copy, err error) {
	v := verdict{result: spool.Deferred, why: err, most: outageWait, again: true, via: t.upstream.ID}
	if soft.Err() != nil {
		v.why = errStopped
	}
	if at := t.pool.retryAt(); at.After(a.started) {
		v.least = at
	}
	for _, c := range copies {
		a.decide(c, v)
	}
}

// decide notes a verdict. Where an upstream that was asked before may take
// the copy later, one that cannot take it at all does not end it; and the
// copy waits for the one that is back first.
func (a *delivery) decide(c spool.Copy, v verdict) {
	before, ok := a.verdicts[c.ID]
	switch {
	case ok && before.result == spool.Deferred && v.result == spool.Failed && v.again:
		return
	case ok && before.result == spool.Deferred && v.result == spool.Deferred:
		if before.least.Before(v.least) {
			v.least = before.least
		}
		v.most = max(before.most, v.most)
	}
	a.verdicts[c.ID] = &v
}

// verdict returns what was decided about a copy, or nothing.
func (a *delivery) verdict(id string) verdict {
	if v := a.verdicts[id]; v != nil {
		return *v
	}
	return verdict{}
}

// round sends the copies that fit into one transaction and returns those that
// are left. A session that turns out to be dead before any content was sent is
// replaced once: servers close idle connections as they like.
func (a *delivery) round(soft, hard context.Context, to *target, s *session, pending []spool.Copy) ([]spool.Copy, error) {
	t, copies, rest := a.compose(to, s, pending)
	if len(copies) == 0 {
		to.pool.put(s)
		return rest, nil
	}
	if !t.owned() {
		to.pool.put(s)
		a.taken(copies)
		return rest, nil
	}
	stale, begun := s.used > 0, time.Now()
	answers, err := a.exchange(hard, s, t, copies)
	stale = stale && s.broken && !answers.sent && undecided(answers) && !errors.Is(err, errTaken)
	to.pool.put(s) // from here on s may be somebody else's
	if stale && soft.Err() == nil {
		if s, err = to.pool.get(soft, true); err != nil {
			return pending, err
		}
		// What the new session offers may differ: compose again.
		t, copies, rest = a.compose(to, s, pending)
		if len(copies) == 0 {
			to.pool.put(s)
			return rest, nil
		}
		begun = time.Now()
		answers, err = a.exchange(hard, s, t, copies)
		to.pool.put(s)
	}
	to.took.Observe(time.Since(begun).Seconds())
	if errors.Is(err, errTaken) {
		a.taken(copies)
		return rest, nil
	}
	return append(a.note(to, s, copies, answers, err), rest...), nil
}

// owned reports whether all of the copies are still ours.
func (a *delivery) owned(copies []spool.Copy) bool {
	ids := make([]string, len(copies))
	for i, c := range copies {
		ids[i] = c.ID
	}
	return a.relay.cfg.Queue.Owned(ids)
}

// taken leaves copies to the node that has them now. Where there is none, as
// when the store was away for long, they are tried again.
func (a *delivery) taken(copies []spool.Copy) {
	for _, c := range copies {
		a.decide(c, verdict{result: spool.Deferred, why: errTaken})
	}
}

// exchange runs a transaction that ends when ctx does, and notes which copies
// the upstream took before the session can be used for anything else: should
// the process be killed a moment later, they are not sent again.
func (a *delivery) exchange(ctx context.Context, s *session, t transaction, copies []spool.Copy) (answers, error) {
	stop := context.AfterFunc(ctx, func() { _ = s.conn.Close() })
	got, err := s.send(t)
	if !stop() {
		s.broken = true
	}
	var sent []string
	for i, r := range got.rcpts {
		if r.code/100 == 2 {
			sent = append(sent, copies[i].ID)
		}
	}
	a.relay.cfg.Queue.Sent(sent)
	return got, err
}

// undecided reports whether the upstream has said nothing about any recipient
// but that it is closing.
func undecided(a answers) bool {
	return !slices.ContainsFunc(a.rcpts, func(r reply) bool { return r.code != 0 && r.code != 421 })
}

// note turns answers into verdicts, and returns the copies that are to be
// sent again at once: those that the upstream found too many for one
// transaction while it took others, and all when it cannot take chunks.
func (a *delivery) note(t *target, s *session, copies []spool.Copy, answers answers, err error) (again []spool.Copy) {
	if answers.chunk && answers.sent && !a.chunked(t, answers, err) {
		return copies
	}
	took, struck := 0, err != nil
	for _, r := range answers.rcpts {
		if r.code/100 == 2 {
			took++
		}
	}
	for i, c := range copies {
		r := answers.rcpts[i]
		v := verdict{reply: r, via: t.upstream.ID}
		switch {
		case r.code == 0:
			v.result, v.why = spool.Deferred, fmt.Errorf("lose upstream: %w", err)
			v.again = !answers.sent // else it may have the mail already
		case r.code/100 == 2:
			v.result, v.dsn = spool.Delivered, s.dsn
		case tooMany(r) && took > 0 && len(copies) > 1:
			again = append(again, c)
			continue
		case temporary(r):
			v.result, v.again = spool.Deferred, true
			struck = struck || took == 0
		default:
			v.result = spool.Failed
		}
		a.decide(c, v)
	}
	t.strike(!struck)
	if len(again) > 0 {
		t.limit.set(took, t.now())
	}
	return again
}

// chunked reports whether an upstream took BDAT as it should. One that does
// not know it in spite of its offer is sent DATA from now on, and its answer
// is no verdict; so is one that breaks off, but there the answer is unknown.
func (a *delivery) chunked(t *target, answers answers, err error) bool {
	if err != nil {
		t.plain()
		return true
	}
	r := answers.end // not what it said of recipients: those it took have their mail
	if r.code >= 500 && r.code <= 504 && r.status == "" || r.code/100 == 5 && strings.HasPrefix(r.status, "5.5.") && !tooMany(r) {
		t.plain()
		return false
	}
	return true
}

// tooMany reports whether a reply to RCPT says that the transaction has enough
// recipients: 452 by RFC 5321 §4.5.3.1.10, 552 by its forerunners.
func tooMany(r reply) bool {
	switch r.status {
	case "":
		return r.code == 452 || r.code == 552
	case "4.5.3", "5.5.3":
		return true
	}
	return false
}

// temporary reports whether a refusal may pass: every 4xx, too many
// recipients, and 5xx that are about the session and not about the mail.
func temporary(r reply) bool {
	switch r.code {
	case 503, 530, 534, 535, 538: // out of order; login wanted, too weak, refused, needs TLS (RFC 4954 §6)
		return true
	case 552:
		return r.status == "5.5.3"
	}
	return r.code/100 == 4
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
