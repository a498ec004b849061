package proxy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"postvern.example/internal/deviation"
	"postvern.example/policy"
	"postvern.example/proxy/lookup"
	"postvern.example/proxy/seal"
	"postvern.example/proxy/spool"
)

// Seeker looks up the keys that messages wait for, and then decides about them
// as Submit does: in one transaction what waited becomes its copies, its notice
// and its entries, and what servers answered is remembered. Whatever they
// answer, and if they do not, a message waits no longer than Wait.
type Seeker struct {
	*Gateway
	Store    *spool.Store // whose keys are read anew: another message may have found some
	Servers  *lookup.Client
	Wait     time.Duration // how long a message waits, from when it came or, after a restart, from Began
	Remember time.Duration // how long an answer is good for
	Began    time.Time
	Reserve  func(ctx context.Context, octets int64) (release func(), err error) // memory for a message; nil: there is enough
}

const (
	// unansweredFor is how long nobody is asked again who gave no answer, or
	// one that is none.
	unansweredFor = 15 * time.Minute
	// seekerPatience is from when a message that cannot be decided is held as
	// it came.
	seekerPatience = 4 * time.Hour
)

// Carry decides about a message that waited. Where that is not possible now, it
// is tried again.
func (s *Seeker) Carry(ctx context.Context, d spool.Delivery) ([]spool.Outcome, []spool.Parcel) {
	one := d.Copies[0] // each has a body of its own
	parcel, err := s.resolve(ctx, d, one.Doubtful)
	if err != nil {
		now := s.cfg.Now()
		s.cfg.Logger.Error("put off waiting mail", "reference", d.Reference, "attempt", d.Attempt, "cause", err)
		return []spool.Outcome{{Copy: one.ID, Result: spool.Deferred, Retry: now.Add(min(firstCodeWait<<min(d.Attempt-1, 10), longestCodeWait))}}, nil
	}
	return []spool.Outcome{{Copy: one.ID, Result: spool.Delivered}}, []spool.Parcel{parcel}
}

func (s *Seeker) resolve(ctx context.Context, d spool.Delivery, doubtful bool) (spool.Parcel, error) {
	if s.Reserve != nil {
		release, err := s.Reserve(ctx, int64(d.Size()))
		if err != nil {
			return spool.Parcel{}, fmt.Errorf("wait for memory: %w", err)
		}
		defer release()
	}
	w, msg, err := s.unpack(d) // what it has put aside ends with the copies that are made of it
	if err != nil {
		return spool.Parcel{}, err
	}
	rules, err := s.fresh(ctx)
	if err != nil {
		return spool.Parcel{}, err
	}
	var answers []answer
	if rules.Policy.LooksUp() { // as it did when the mail came
		answers = s.ask(ctx, rules, d.Received, w.Wanted)
	}
	if ctx.Err() != nil { // the process ends: the next one asks
		return spool.Parcel{}, ctx.Err()
	}
	keys, noted := s.note(d.Reference, answers)
	keys = WithForms(rules.book, keys)
	p, err := s.late(ctx, rules.with(keys), w.Envelope, msg, doubtful)
	if err != nil {
		return spool.Parcel{}, err
	}
	p.LookUps, p.Keys = noted, append(p.Keys, keys...)
	p.Deviations = append(p.Deviations, s.changed(rules.with(keys), d.Reference, keys)...)
	return p, nil
}

// changed are the entries for keys that are others than their readers are bound
// to: somebody has to approve them, or find out who put them there.
func (s *Seeker) changed(rules *Rules, reference string, keys []spool.ReaderKey) (out []deviation.Record) {
	for _, k := range keys {
		if rules.Keys.State(k.Reader, s.cfg.Now()) == policy.KeyUnapproved {
			e := policy.Entry{Type: policy.EntryKeyChanged, Severity: policy.Medium, NearMiss: true, Action: policy.Hold, Count: 1}
			out = append(out, s.entry(rules, e, reference, "Postvern", k.Fingerprint, false))
		}
	}
	return out
}

// answer is what came of one look-up.
type answer struct {
	reader string // canonical
	found  []seal.Known
	result spool.LookUpResult // empty: there was no time to ask, or somebody else has asked
	took   time.Duration
	cause  error
}

// ask looks up keys, all at the same time.
func (s *Seeker) ask(ctx context.Context, rules *Rules, received time.Time, wanted []string) []answer {
	from := received
	if from.Before(s.Began) {
		from = s.Began
	}
	left := s.Wait - s.cfg.Now().Sub(from)
	ctx, cancel := context.WithTimeout(ctx, min(left, s.Wait)) // a clock that was set back makes nothing longer
	defer cancel()
	answers := make([]answer, len(wanted))
	var asking sync.WaitGroup
	bound := make(chan struct{}, 8)
	for i, address := range wanted {
		asking.Go(func() {
			bound <- struct{}{}
			defer func() { <-bound }()
			if rules.Keys.State(address, s.cfg.Now()) != policy.KeyUsable {
				answers[i] = s.askAbout(ctx, rules.Policy.KeySources, address)
			}
		})
	}
	asking.Wait()
	return answers
}

func (s *Seeker) askAbout(ctx context.Context, sources []policy.KeySource, address string) answer {
	a := answer{reader: canonical(address)}
	asked, err := s.askedLately(ctx, address)
	if asked != "" || err != nil || ctx.Err() != nil {
		a.cause = errors.Join(err, ctx.Err())
		return a
	}
	began := time.Now()
	found, err := s.Servers.Fetch(ctx, sources, address, s.cfg.Now())
	a.cause, a.took = err, time.Since(began)
	switch {
	case err == nil:
		a.result, a.found = spool.LookUpFound, found.Keys
	case errors.Is(a.cause, lookup.ErrNone):
		a.result = spool.LookUpNone
	default:
		a.result = spool.LookUpFailed
	}
	return a
}

// note returns the keys that were found and what is remembered of the answers.
func (s *Seeker) note(reference string, answers []answer) (keys []spool.ReaderKey, noted []spool.LookUp) {
	now := s.cfg.Now()
	for _, a := range answers {
		if a.result == "" {
			continue
		}
		good := s.Remember
		if a.result == spool.LookUpFailed {
			good = min(good, unansweredFor)
		}
		noted = append(noted, spool.LookUp{Reader: a.reader, Result: a.result, Again: now.Add(good)})
		for _, k := range a.found {
			keys = append(keys, spool.ReaderKey{
				Reader: k.Reader, Fingerprint: k.Fingerprint, Key: k.Key, Source: string(k.Source), Since: now, By: "Postvern",
			})
		}
		s.cfg.Metrics.LookUps.WithLabelValues(string(a.result)).Inc()
		attrs := []any{"reference", reference, "result", string(a.result), "took", a.took.Round(time.Millisecond).String()}
		if a.result == spool.LookUpFailed {
			attrs = append(attrs, "cause", a.cause)
		}
		s.cfg.Logger.Info("looked up", attrs...)
	}
	return keys, noted
}

// fresh returns the rules in force with the keys as the store has them now.
func (s *Seeker) fresh(ctx context.Context) (*Rules, error) {
	r := s.Rules()
	if r.book == nil {
		return r, nil
	}
	book, err := s.Store.KeyBook(ctx, r.book)
	if err != nil {
		return nil, err
	}
	if book == r.book {
		return r, nil
	}
	return r.knowing(book), nil
}

// with returns the rules with keys that were just found.
func (r *Rules) with(found []spool.ReaderKey) *Rules {
	if len(found) == 0 || r.book == nil {
		return r
	}
	book := *r.book
	book.Added = slices.Concat(book.Added, found)
	return r.knowing(&book)
}

func (r *Rules) knowing(book *spool.KeyBook) *Rules {
	with := *r
	with.book, with.Keys = book, KeysOf(r.folder, book, r.Policy.KeySources)
	return &with
}
