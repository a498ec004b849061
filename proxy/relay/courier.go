package relay

import (
	"context"
	"sync/atomic"
	"time"

	"postvern.example/proxy/spool"
)

// Courier takes copies that do not go by mail: a row in the spool as any other,
// with a transport of its own.
type Courier interface {
	// Carry tries to hand over the copies of a delivery, and returns what became
	// of each and what follows from that. It ends when ctx does.
	Carry(ctx context.Context, d spool.Delivery) ([]spool.Outcome, []spool.Parcel)
}

// Round is a courier and how much it has on its hands at a time.
type Round struct {
	Courier Courier
	Workers int
}

// The bounds of what waits for a courier: one that hangs holds up neither mail
// nor another courier.
const (
	roundLength = 64
	roundOctets = 8 << 20
	roundBusy   = 10 * time.Second // until a copy for which there was no room is tried again
)

// round is the way of one class of copies.
type round struct {
	Round
	work   chan spool.Delivery
	octets atomic.Int64 // of content that waits in work
}

func newRounds(rounds map[spool.Class]Round) map[spool.Class]*round {
	out := make(map[spool.Class]*round)
	for class, one := range rounds {
		out[class] = &round{Round: one, work: make(chan spool.Delivery, roundLength)}
	}
	return out
}

// couriered reports whether a class of copies does not go by mail.
func couriered(c spool.Class) bool { return c == spool.Code || c == spool.Wait }

// hand gives a delivery to its courier, or puts it off.
func (r *Relay) hand(d spool.Delivery, results chan<- []result) {
	one, ok := r.rounds[d.Copies[0].Class]
	if !ok {
		results <- r.postponed(d, r.cfg.Now().Add(outageWait))
		return
	}
	size := int64(d.Size())
	if waiting := one.octets.Add(size); waiting <= roundOctets || waiting == size {
		select {
		case one.work <- d:
			return
		default:
		}
	}
	one.octets.Add(-size)
	results <- r.postponed(d, r.cfg.Now().Add(roundBusy))
}

func (r *Relay) postponed(d spool.Delivery, retry time.Time) []result {
	var out []result
	for _, c := range d.Copies {
		out = append(out, result{outcome: spool.Outcome{Copy: c.ID, Result: spool.Deferred, Retry: retry}})
	}
	return out
}

// carry serves what hand has given until there is no more.
func (r *Relay) carry(soft, hard context.Context, one *round, results chan<- []result) {
	for d := range one.work {
		one.octets.Add(-int64(d.Size()))
		if soft.Err() != nil {
			results <- r.postponed(d, r.cfg.Now())
			continue
		}
		outcomes, then := one.Courier.Carry(hard, d)
		all := make([]result, len(outcomes))
		for i, o := range outcomes {
			all[i].outcome, all[i].bound = o, len(then) > 0
		}
		if len(all) > 0 {
			all[0].reports = then
		}
		results <- all
	}
}
