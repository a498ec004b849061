package relay

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"postvern.example/proxy/spool"
)

// maxRecipients is how many recipients a transaction has at most; every server
// takes so many (RFC 5321 §4.5.3.1.8).
const maxRecipients = 100

// recipientLimit is how many recipients the upstream was seen to take at once.
type recipientLimit struct{ n atomic.Int64 }

func (l *recipientLimit) get() int { return int(l.n.Load()) }

func (l *recipientLimit) set(n int) { l.n.Store(int64(max(n, 1))) }

// verdict is what became of one copy in an attempt.
type verdict struct {
	result spool.Result
	reply  reply         // the upstream's, or one of our own
	why    error         // what kept us from a reply; nil where the upstream gave one
	least  time.Time     // Deferred: not before
	most   time.Duration // Deferred: the longest wait; 0 is longestWait
	dsn    bool          // Delivered: the upstream reports on by itself
}

// delivery is one attempt in progress.
type delivery struct {
	relay    *Relay
	spool    spool.Delivery
	verdicts map[string]verdict // by copy
	started  time.Time
}

// deliver attempts one delivery and returns what came of each of its copies.
// When soft has ended it begins nothing any more; when hard ends, the
// transaction in progress is cut.
func (r *Relay) deliver(soft, hard context.Context, d spool.Delivery) []result {
	a := &delivery{relay: r, spool: d, verdicts: make(map[string]verdict, len(d.Copies)), started: r.cfg.Now()}
	switch {
	case soft.Err() != nil:
		a.all(verdict{result: spool.Deferred, why: errStopped})
	case !clean(d.Content):
		a.all(verdict{result: spool.Failed, reply: reply{554, "5.6.0", "The message has line ends that mail cannot carry"}})
	default:
		a.attempt(soft, hard)
	}
	return a.results()
}

func (a *delivery) all(v verdict) {
	for _, c := range a.spool.Copies {
		if _, ok := a.verdicts[c.ID]; !ok {
			a.verdicts[c.ID] = v
		}
	}
}

// attempt sends the copies in as many transactions as they need.
func (a *delivery) attempt(soft, hard context.Context) {
	pending := a.spool.Copies
	for len(pending) > 0 {
		s, err := a.relay.pool.get(soft, false)
		if err == nil {
			pending, err = a.round(soft, hard, s, pending)
		}
		if err != nil {
			a.unreachable(soft, err)
			return
		}
	}
}

// unreachable gives every copy that has no verdict one: there is no session.
func (a *delivery) unreachable(soft context.Context, err error) {
	v := verdict{result: spool.Deferred, why: err, most: outageWait}
	if soft.Err() != nil {
		v.why = errStopped
	}
	if at := a.relay.pool.retryAt(); at.After(a.started) {
		v.least = at
	}
	a.all(v)
}

// round sends the copies that fit into one transaction and returns those that
// are left. A session that turns out to be dead before any content was sent is
// replaced once: servers close idle connections as they like.
func (a *delivery) round(soft, hard context.Context, s *session, pending []spool.Copy) ([]spool.Copy, error) {
	t, copies, rest := a.compose(s, pending)
	if len(copies) == 0 {
		a.relay.pool.put(s)
		return rest, nil
	}
	stale := s.used > 0
	answers, err := exchange(hard, s, t)
	stale = stale && s.broken && !answers.sent && undecided(answers)
	a.relay.pool.put(s) // from here on s may be somebody else's
	if stale && soft.Err() == nil {
		if s, err = a.relay.pool.get(soft, true); err != nil {
			return nil, err
		}
		// What the new session offers may differ: compose again.
		t, copies, rest = a.compose(s, pending)
		if len(copies) == 0 {
			a.relay.pool.put(s)
			return rest, nil
		}
		answers, err = exchange(hard, s, t)
		a.relay.pool.put(s)
	}
	return append(a.note(s, copies, answers, err), rest...), nil
}

// exchange runs a transaction that ends when ctx does.
func exchange(ctx context.Context, s *session, t transaction) (answers, error) {
	stop := context.AfterFunc(ctx, func() { _ = s.conn.Close() })
	a, err := s.send(t)
	if !stop() {
		s.broken = true
	}
	return a, err
}

// undecided reports whether the upstream has said nothing about any recipient
// but that it is closing.
func undecided(a answers) bool {
	return !slices.ContainsFunc(a.rcpts, func(r reply) bool { return r.code != 0 && r.code != 421 })
}

// note turns answers into verdicts, and returns the copies that the upstream
// found too many for one transaction while it took others.
func (a *delivery) note(s *session, copies []spool.Copy, answers answers, err error) (again []spool.Copy) {
	took := 0
	for _, r := range answers.rcpts {
		if r.code/100 == 2 {
			took++
		}
	}
	for i, c := range copies {
		r := answers.rcpts[i]
		switch {
		case r.code == 0:
			a.verdicts[c.ID] = verdict{result: spool.Deferred, why: fmt.Errorf("lose upstream: %w", err)}
		case r.code/100 == 2:
			a.verdicts[c.ID] = verdict{result: spool.Delivered, reply: r, dsn: s.dsn}
		case tooMany(r) && took > 0 && len(copies) > 1:
			again = append(again, c)
		case temporary(r):
			a.verdicts[c.ID] = verdict{result: spool.Deferred, reply: r}
		default:
			a.verdicts[c.ID] = verdict{result: spool.Failed, reply: r}
		}
	}
	if len(again) > 0 {
		a.relay.limit.set(took)
	}
	return again
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

// clean reports whether content is made of lines that end in CRLF and has no
// NUL: what a server may take for the end of data must not be in it.
func clean(content []byte) bool {
	if bytes.IndexByte(content, 0) >= 0 {
		return false
	}
	crlf := bytes.Count(content, []byte("\r\n"))
	return bytes.Count(content, []byte("\r")) == crlf && bytes.Count(content, []byte("\n")) == crlf
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
