package relay

import (
	"context"
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

// The bounds of what couriers do at a time and of what waits for them: a
// service that hangs holds up no mail.
const (
	carriers    = 4
	carryLength = 64
	carryBusy   = 10 * time.Second // until a copy for which there was no room is tried again
)

// couriered reports whether a delivery is for a courier.
func (r *Relay) couriered(d spool.Delivery) bool {
	return len(d.Copies) > 0 && d.Copies[0].Class == spool.Code
}

// hand gives a delivery to the couriers, or puts it off.
func (r *Relay) hand(d spool.Delivery, results chan<- []result) {
	select {
	case r.parcels <- d:
	default:
		results <- r.postponed(d, r.cfg.Now().Add(carryBusy))
	}
}

func (r *Relay) postponed(d spool.Delivery, retry time.Time) []result {
	var out []result
	for _, c := range d.Copies {
		out = append(out, result{outcome: spool.Outcome{Copy: c.ID, Result: spool.Deferred, Retry: retry}})
	}
	return out
}

// carry serves what hand has given until there is no more.
func (r *Relay) carry(soft, hard context.Context, results chan<- []result) {
	for d := range r.parcels {
		switch {
		case soft.Err() != nil:
			results <- r.postponed(d, r.cfg.Now())
		case r.cfg.Courier == nil:
			results <- r.postponed(d, r.cfg.Now().Add(outageWait))
		default:
			outcomes, then := r.cfg.Courier.Carry(hard, d)
			one := make([]result, len(outcomes))
			for i, o := range outcomes {
				one[i].outcome = o
			}
			if len(one) > 0 {
				one[0].reports = then
			}
			results <- one
		}
	}
}
