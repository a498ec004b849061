package app

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"postvern.example/internal/deviation"
	"postvern.example/internal/notice"
	"postvern.example/policy"
	"postvern.example/proxy"
	"postvern.example/proxy/seal"
	"postvern.example/proxy/spool"
)

// followKeys keeps the gateway's copy of the keys as the store has them: what
// was added, approved or removed, on whichever node, counts within a second.
func (a *App) followKeys(ctx context.Context) error {
	tick := time.NewTicker(ledgerPause)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		before := a.book
		if a.readKeys(ctx); a.book != before {
			a.unlock(ctx)
		}
	}
}

// unlock lets held mail go whose recipients were asked for keys that are there
// by now.
func (a *App) unlock(ctx context.Context) {
	n, err := proxy.Custody{Gateway: a.gateway, Store: a.store}.Unlock(ctx)
	if err != nil && ctx.Err() == nil {
		a.opt.Logger.Error("kept", "what", "held mail whose recipients were asked for keys", "cause", err)
	}
	if n > 0 {
		a.opt.Logger.Info("let go", "what", "held mail whose recipients' keys have come", "copies", n)
	}
}

// readKeys reads the store's keys where they have changed. While they cannot be
// read, those that were read last are used; where none were, nobody has a key.
func (a *App) readKeys(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, ledgerPatience)
	defer cancel()
	book, err := a.store.KeyBook(ctx, a.book)
	switch {
	case err != nil && ctx.Err() == context.Canceled:
	case err != nil:
		if !a.keysUnread {
			a.opt.Logger.Error("no keys", "reason", "the store's keys cannot be read: those that were read last are used, or none", "cause", err)
		}
		a.keysUnread = true
		if a.book == nil {
			a.gateway.WithoutKeys()
		}
	default:
		if a.keysUnread {
			a.opt.Logger.Info("keys", "reason", "the store's keys can be read again")
		}
		a.keysUnread = false
		if book != a.book {
			a.book = book
			a.gateway.FollowKeys(book)
		}
	}
}

// Keys is what an installation knows of readers' keys, for a command.
type Keys struct {
	Folder  *seal.Keyring
	Book    *spool.KeyBook
	Sources []policy.KeySource // that the policy names

	policy *policy.Policy
}

// NewKeys reads the keys of an installation.
func NewKeys(ctx context.Context, c Config, store *spool.Store) (Keys, error) {
	p, err := LoadPolicy(c.Policy)
	if err != nil {
		return Keys{}, err
	}
	folder := &seal.Keyring{}
	if usesFolder(p) {
		if folder, err = loadKeys(c.Keys); err != nil {
			return Keys{}, err
		}
	}
	book, err := store.KeyBook(ctx, nil)
	return Keys{Folder: folder, Book: book, Sources: p.KeySources, policy: p}, err
}

// Ring returns the keys as the gateway uses them.
func (k Keys) Ring() *seal.Keyring { return proxy.KeysOf(k.Folder, k.Book, k.Sources) }

// Records returns what the register says of what a person did with keys: an
// entry for each key, closed at once, with the key's number and no name.
func (k Keys) Records(what policy.EntryType, keys []seal.Known, by string, now time.Time) ([]deviation.Record, error) {
	texts, err := notice.Load()
	if err != nil {
		return nil, err
	}
	readers := map[string]int{}
	for _, one := range keys {
		readers[one.Fingerprint]++
	}
	var out []deviation.Record
	for _, fingerprint := range slices.Sorted(maps.Keys(readers)) {
		r := deviation.FromEntry(policy.Entry{Type: what, Severity: policy.Low, NearMiss: true, Action: policy.Pass, Count: readers[fingerprint]}, deviation.Meta{
			Texts: texts, Now: now, Reference: deviation.NewReference(), Reporter: by, Language: k.policy.Language, Comment: fingerprint,
		})
		r.Status = deviation.Closed // nobody has to look at it
		out = append(out, r)
	}
	return out, nil
}

// keysCollector reads the gauges of keys at each scrape.
type keysCollector struct{ app *App }

// expiresSoon is how long before its end a key counts as expiring.
const expiresSoon = 30 * 24 * time.Hour

var (
	keysNow      = prometheus.NewDesc("postvern_keys", "Readers' keys by source and state.", []string{"source", "state"}, nil)
	certsNow     = prometheus.NewDesc("postvern_reader_certificates", "Readers' certificates by state.", []string{"state"}, nil)
	certsEnding  = prometheus.NewDesc("postvern_reader_certificates_expiring", "Usable certificates of readers that expire within 30 days.", nil, nil)
	keysExpiring = prometheus.NewDesc("postvern_keys_expiring", "Usable keys of readers that expire within 30 days, by source.", []string{"source"}, nil)
)

// Describe implements prometheus.Collector.
func (c keysCollector) Describe(ch chan<- *prometheus.Desc) {
	ch <- keysNow
	ch <- keysExpiring
	ch <- certsNow
	ch <- certsEnding
	ch <- organisationExpires
}

// Collect implements prometheus.Collector.
func (c keysCollector) Collect(ch chan<- prometheus.Metric) {
	type kind struct {
		source policy.KeySource
		state  policy.KeyState
	}
	now := c.app.opt.Now()
	count, soon := map[kind]float64{}, map[policy.KeySource]float64{}
	rules := c.app.gateway.Rules()
	collectOrganisation(ch, rules, now)
	collectCertificates(ch, rules.Certificates, now)
	for _, k := range rules.Keys.List(now) {
		count[kind{k.Source, k.State}]++
		if k.ExpiresBy(now.Add(expiresSoon)) {
			soon[k.Source]++
		}
	}
	for _, source := range policy.KeySources() {
		ch <- prometheus.MustNewConstMetric(keysExpiring, prometheus.GaugeValue, soon[source], string(source))
		for _, state := range policy.KeyStates() {
			ch <- prometheus.MustNewConstMetric(keysNow, prometheus.GaugeValue, count[kind{source, state}], string(source), string(state))
		}
	}
}

func collectCertificates(ch chan<- prometheus.Metric, all *seal.Certificates, now time.Time) {
	count, soon := map[policy.KeyState]float64{}, 0.0
	for _, c := range all.List(now) {
		count[c.State]++
		if c.ExpiresBy(now.Add(expiresSoon)) {
			soon++
		}
	}
	ch <- prometheus.MustNewConstMetric(certsEnding, prometheus.GaugeValue, soon)
	for _, state := range policy.KeyStates() {
		ch <- prometheus.MustNewConstMetric(certsNow, prometheus.GaugeValue, count[state], string(state))
	}
}
