package relay

import (
	"context"
	"errors"
	"slices"
	"time"

	"postvern.example/proxy/spool"
)

// result is what one copy came to, and the report that goes with it.
type result struct {
	outcome spool.Outcome
	reports []spool.Parcel
	bound   bool // the outcome is stored together with the reports or not at all
}

// finish stores results as they come, as many at once as have gathered while
// the last ones were written.
func (r *Relay) finish(hard context.Context, results <-chan []result) {
	for first := range results {
		gathered, each := gather(first, results), false
		for pause := minPause; len(gathered) > 0; {
			had := len(gathered)
			if gathered = r.store(hard, gathered, each); len(gathered) == 0 {
				break
			}
			if hard.Err() != nil {
				r.cfg.Logger.Error("leave outcomes", "copies", len(gathered))
				break // the spool gives these copies out again
			}
			if len(gathered) < had {
				pause = minPause
			}
			pause = sleep(hard, pause)
			each = each || pause > alone
			gathered = gather(gathered, results) // one that is never stored holds up no other
		}
	}
}

// alone is how long the pauses between attempts grow before results are stored
// one by one, whatever the error: the store may be in order but for one of them.
const alone = time.Second

// maxBatch is how many outcomes are stored at once.
const maxBatch = 128

func gather(out []result, results <-chan []result) []result {
	for len(out) < maxBatch {
		select {
		case more, ok := <-results:
			if !ok {
				return out
			}
			out = append(out, more...)
		default:
			return out
		}
	}
	return out
}

// store writes results and returns those that have to wait. When all of them
// together cannot be stored, each is stored alone: neither a copy that the
// spool has taken away from us nor a report that it has no room for may keep
// the others from leaving it, least of all when it is full. Where nobody knows
// which of them is to blame, that is done with each, up to the first that fails;
// it comes last the next time.
func (r *Relay) store(ctx context.Context, results []result, each bool) (left []result) {
	err := r.finishAll(ctx, results)
	if err == nil {
		return nil
	}
	if len(results) == 1 {
		return r.storeHard(ctx, results[0], err)
	}
	known := errors.Is(err, spool.ErrNotFound) || errors.Is(err, spool.ErrFull) || errors.Is(err, spool.ErrMeanwhile)
	if !known && !each {
		r.cfg.Logger.Error("store outcomes", "copies", len(results), "error", err)
		return results
	}
	for i, one := range results {
		kept := r.store(ctx, []result{one}, each)
		left = append(left, kept...)
		if !known && len(kept) > 0 {
			return append(slices.Clone(results[i+1:]), left...)
		}
	}
	return left
}

// storeHard stores one result that could not be stored as it is, or returns
// it to wait.
func (r *Relay) storeHard(ctx context.Context, one result, err error) (left []result) {
	switch {
	case errors.Is(err, spool.ErrNotFound):
		r.cfg.Logger.Warn("forget outcome of a copy that another took over", "copy", one.outcome.Copy)
		return nil
	case errors.Is(err, spool.ErrMeanwhile): // it is decided again
		return r.storeLater(ctx, one, r.cfg.Now())
	case errors.Is(err, spool.ErrFull) && one.bound:
		r.cfg.Logger.Error("put off what follows", "copy", one.outcome.Copy, "error", err)
		return r.storeLater(ctx, one, r.cfg.Now().Add(outageWait))
	case errors.Is(err, spool.ErrFull) && (len(one.reports) > 0 || one.outcome.Warning != nil):
		// A failed copy never goes without its report: it is tried again. One
		// that was delivered, or is deferred anyway, does without.
		r.cfg.Logger.Error("put off report", "copy", one.outcome.Copy, "error", err)
		one.reports, one.outcome.Warning = nil, nil
		if one.outcome.Result == spool.Failed {
			one.outcome.Result, one.outcome.Retry = spool.Deferred, r.cfg.Now().Add(outageWait)
		}
		if err = r.finishAll(ctx, []result{one}); err == nil || errors.Is(err, spool.ErrNotFound) {
			return nil
		}
	}
	r.cfg.Logger.Error("store outcome", "copy", one.outcome.Copy, "error", err)
	return []result{one}
}

// storeLater puts off a copy whose outcome cannot be stored without what
// follows from it.
func (r *Relay) storeLater(ctx context.Context, one result, retry time.Time) (left []result) {
	one.reports, one.outcome = nil, spool.Outcome{Copy: one.outcome.Copy, Result: spool.Deferred, Retry: retry}
	if err := r.finishAll(ctx, []result{one}); err != nil && !errors.Is(err, spool.ErrNotFound) {
		r.cfg.Logger.Error("store outcome", "copy", one.outcome.Copy, "error", err)
		return []result{one}
	}
	return nil
}

func (r *Relay) finishAll(ctx context.Context, results []result) error {
	outcomes := make([]spool.Outcome, len(results))
	var reports []spool.Parcel
	for i, one := range results {
		outcomes[i] = one.outcome
		reports = append(reports, one.reports...)
	}
	return r.cfg.Queue.Finish(ctx, outcomes, reports...)
}
