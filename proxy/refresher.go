package proxy

import (
	"context"
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"postvern.example/internal/deviation"
	"postvern.example/policy"
	"postvern.example/proxy/lookup"
	"postvern.example/proxy/seal"
	"postvern.example/proxy/spool"
)

// Refresher asks servers again about the keys that they gave: a key may be
// revoked by now, or made valid for longer. Only the server that gave a key is
// asked, and only while the policy names it. A revocation counts at once; another
// key waits for an approval, as always; one that is not there any more stays.
// It holds up no mail.
type Refresher struct {
	*Gateway
	Store   *spool.Store
	Servers *lookup.Client
	Every   time.Duration // how long an answer is good for, give or take a tenth
}

// RefreshResult is what came of asking a server again.
type RefreshResult string

// The results of refreshes.
const (
	RefreshSame    RefreshResult = "same"
	RefreshChanged RefreshResult = "changed" // another key, or more about the same one
	RefreshRevoked RefreshResult = "revoked"
	RefreshNone    RefreshResult = "none"   // the server has none any more: nothing changes
	RefreshFailed  RefreshResult = "failed" // no answer, or one that is none: asked again before long
)

// Refreshed is what came of asking one server about one reader.
type Refreshed struct {
	Reader string
	Source policy.KeySource
	Result RefreshResult
	Cause  error // of a failure; it names neither reader nor server
}

const (
	// refreshUnanswered is when a server that gave no answer is asked again.
	refreshUnanswered = 6 * time.Hour
	// refreshClaim is when another node asks, where this one died over it.
	refreshClaim = time.Hour
	// mostRefreshes is how many readers are asked about in one round: after a
	// long stop many are late.
	mostRefreshes = 20
)

// Round asks about the keys that are due, one reader after another.
func (r *Refresher) Round(ctx context.Context) error {
	given := r.given()
	readers := slices.Sorted(maps.Keys(given))
	if len(readers) == 0 {
		return nil
	}
	planned, err := r.Store.Refreshes(ctx, readers)
	if err != nil {
		return err
	}
	asked := 0
	rand.Shuffle(len(readers), func(i, j int) { readers[i], readers[j] = readers[j], readers[i] })
	for _, reader := range readers {
		now, due := r.cfg.Now(), planned[reader]
		if due.IsZero() {
			due = r.first(given[reader])
		}
		if due.After(now) || asked == mostRefreshes {
			continue
		}
		mine, err := r.Store.ClaimRefresh(ctx, reader, planned[reader], now.Add(refreshClaim))
		if err == nil && mine {
			asked++
			_, err = r.Refresh(ctx, reader)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// given returns the keys that servers gave which may be asked, by reader.
func (r *Refresher) given() map[string][]spool.ReaderKey {
	rules := r.Rules()
	if rules.book == nil || rules.Policy.Mode == policy.Observe {
		return nil
	}
	given := map[string][]spool.ReaderKey{}
	for _, k := range rules.book.Added {
		source := policy.KeySource(k.Source)
		if source.Outside() && slices.Contains(rules.Policy.KeySources, source) && lookup.Askable(k.Reader) {
			given[k.Reader] = append(given[k.Reader], k)
		}
	}
	return given
}

// Readers returns whose keys servers gave which may be asked, by canonical
// address.
func (r *Refresher) Readers() []string { return slices.Sorted(maps.Keys(r.given())) }

// first is when a key is refreshed that never was: on every node and at every
// start the same, and not for all at once that were found together.
func (r *Refresher) first(keys []spool.ReaderKey) time.Time {
	oldest := slices.MinFunc(keys, func(a, b spool.ReaderKey) int { return a.Since.Compare(b.Since) })
	share := 0
	for _, b := range []byte(oldest.Fingerprint) {
		share = (share*31 + int(b)) % 100
	}
	return oldest.Since.Add(r.Every - r.Every/10 + r.Every/500*time.Duration(share))
}

// Refresh asks about the keys of a reader now, and stores what came of it and
// when the next time is.
func (r *Refresher) Refresh(ctx context.Context, reader string) (results []Refreshed, err error) {
	bySource := map[policy.KeySource][]spool.ReaderKey{}
	for _, k := range r.given()[reader] {
		bySource[policy.KeySource(k.Source)] = append(bySource[policy.KeySource(k.Source)], k)
	}
	every := r.Every
	var keys []spool.ReaderKey
	var records []deviation.Record
	for _, source := range policy.KeySources() {
		have := bySource[source]
		if len(have) == 0 {
			continue
		}
		began := time.Now()
		result, found := r.again(ctx, reader, source, have)
		if ctx.Err() != nil { // the process ends: the next one asks
			return nil, ctx.Err()
		}
		rules := r.Rules()
		news := r.news(rules, found, have)
		if result.Result == RefreshSame && len(news) > 0 {
			result.Result = RefreshChanged
		}
		said, revoked := r.say(rules, reader, news, have)
		if revoked {
			result.Result = RefreshRevoked
		}
		if result.Result == RefreshFailed {
			every = min(every, refreshUnanswered)
		}
		r.log(result, time.Since(began))
		keys, records, results = append(keys, news...), append(records, said...), append(results, result)
	}
	next := r.cfg.Now().Add(every - every/10 + rand.N(every/5+1)) //nolint:gosec // it hides nothing
	return results, r.Store.Refreshed(ctx, reader, next, keys, records...)
}

// again asks the server that gave some keys of a reader.
func (r *Refresher) again(ctx context.Context, reader string, source policy.KeySource, have []spool.ReaderKey) (Refreshed, []seal.Known) {
	out := Refreshed{Reader: reader, Source: source, Result: RefreshSame}
	var fingerprints []string
	for _, k := range have {
		fingerprints = append(fingerprints, k.Fingerprint)
	}
	found, err := r.Servers.Again(ctx, source, reader, fingerprints, r.cfg.Now())
	switch {
	case errors.Is(err, lookup.ErrNone):
		out.Result = RefreshNone
	case err != nil:
		out.Result, out.Cause = RefreshFailed, err
	}
	return out, found.Keys
}

// news returns of what a server gave what the store does not know, ready to be
// stored.
func (r *Refresher) news(rules *Rules, found []seal.Known, have []spool.ReaderKey) []spool.ReaderKey {
	var rows []spool.ReaderKey
	for _, k := range found {
		rows = append(rows, spool.ReaderKey{
			Reader: k.Reader, Fingerprint: k.Fingerprint, Key: k.Key, Source: string(k.Source), Since: r.cfg.Now(), By: "Postvern",
		})
	}
	rows = WithForms(rules.book, rows)
	return slices.DeleteFunc(rows, func(k spool.ReaderKey) bool {
		return slices.ContainsFunc(have, func(h spool.ReaderKey) bool {
			return h.Fingerprint == k.Fingerprint && slices.Equal(h.Key, k.Key)
		})
	})
}

// say returns the entries for keys that are revoked by now, and for others than
// their reader is bound to.
func (r *Refresher) say(rules *Rules, reader string, news, have []spool.ReaderKey) (entries []deviation.Record, revoked bool) {
	before, after := keyStates(rules, r.cfg.Now()), keyStates(rules.with(news), r.cfg.Now())
	for _, k := range news {
		known := slices.ContainsFunc(have, func(h spool.ReaderKey) bool { return h.Fingerprint == k.Fingerprint })
		e := policy.Entry{Severity: policy.Medium, NearMiss: true, Action: policy.Hold, Count: 1}
		switch {
		case after[k.Fingerprint].State == policy.KeyRevoked && before[k.Fingerprint].State != policy.KeyRevoked && known:
			e.Type, revoked = policy.EntryReaderRevoked, true
		case slices.Contains(after[k.Fingerprint].Waits, reader) && !known:
			e.Type = policy.EntryKeyChanged
		default:
			continue
		}
		entries = append(entries, r.entry(rules, e, deviation.NewReference(), "Postvern", k.Fingerprint, false))
	}
	return entries, revoked
}

func keyStates(rules *Rules, now time.Time) map[string]seal.KeyInfo {
	all := map[string]seal.KeyInfo{}
	for _, k := range rules.Keys.List(now) {
		all[k.Fingerprint] = k
	}
	return all
}

func (r *Refresher) log(result Refreshed, took time.Duration) {
	r.cfg.Metrics.Refreshes.WithLabelValues(string(result.Result)).Inc()
	attrs := []any{"source", string(result.Source), "result", string(result.Result), "took", took.Round(time.Millisecond).String()}
	if result.Cause != nil {
		attrs = append(attrs, "cause", result.Cause)
	}
	r.cfg.Logger.Info("refreshed key", attrs...)
}
