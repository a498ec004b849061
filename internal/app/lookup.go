package app

import (
	"context"
	"fmt"
	"time"

	"postvern.example/policy/strict"
	"postvern.example/proxy"
	"postvern.example/proxy/lookup"
	"postvern.example/proxy/relay"
	"postvern.example/proxy/spool"
)

// KeyLookupConfig says how servers outside are asked for readers' keys, where
// key-sources names some.
type KeyLookupConfig struct {
	Timeout   strict.Duration `yaml:"timeout"`
	Wait      strict.Duration `yaml:"wait"`      // how long a mail waits for keys at most
	Remember  strict.Duration `yaml:"remember"`  // for how long an answer is good
	Refresh   strict.Duration `yaml:"refresh"`   // how often the servers are asked again about keys that they gave; 0: never
	CA        string          `yaml:"ca"`        // PEM file of the authorities that servers' certificates may come from; empty: the system's
	Connect   string          `yaml:"connect"`   // host:port that look-ups are sent to in the place of the servers; empty: the servers
	Keyserver string          `yaml:"keyserver"` // for vks
}

func (k KeyLookupConfig) check(fault func(string, string, ...any)) {
	if k.Timeout <= 0 || time.Duration(k.Timeout) > time.Minute {
		fault("key-lookup.timeout", "must be longer than nothing and no longer than a minute, such as 10s")
	}
	if k.Wait <= 0 || time.Duration(k.Wait) > 10*time.Minute {
		fault("key-lookup.wait", "must be longer than nothing and no longer than 10 minutes, such as 30s")
	}
	if k.Remember < strict.Duration(time.Minute) {
		fault("key-lookup.remember", "must be at least a minute, such as 1d: servers outside learn of every question")
	}
	if k.Refresh != 0 && k.Refresh < strict.Duration(time.Hour) {
		fault("key-lookup.refresh", "must be at least an hour, such as 7d, or 0s for never: servers outside learn of every question")
	}
	checkAddress("key-lookup.connect", k.Connect, fault)
	if _, err := lookup.New(lookup.Config{Keyserver: k.Keyserver}); err != nil {
		fault("key-lookup.keyserver", "%v", err)
	}
}

// NewLookup returns what asks servers for keys. Which of them are asked is the
// policy's to say.
func NewLookup(c Config) (*lookup.Client, error) {
	roots, err := readCA(c.KeyLookup.CA)
	if err != nil {
		return nil, err
	}
	return lookup.New(lookup.Config{
		Timeout: time.Duration(c.KeyLookup.Timeout), Roots: roots, Connect: c.KeyLookup.Connect, Keyserver: c.KeyLookup.Keyserver,
	})
}

// seekers is how many messages are on their way through look-ups at a time.
const seekers = 16

// couriers are those that take what does not go by mail.
func (a *App) couriers() (map[spool.Class]relay.Round, error) {
	codes, err := a.courier()
	if err != nil {
		return nil, err
	}
	servers, err := NewLookup(a.opt.Config)
	if err != nil {
		return nil, fmt.Errorf("key-lookup: %w", err)
	}
	c := a.opt.Config.KeyLookup
	a.refresher = &proxy.Refresher{Gateway: a.gateway, Store: a.store, Servers: servers, Every: time.Duration(c.Refresh)}
	keys := &proxy.Seeker{
		Gateway: a.gateway, Store: a.store, Servers: servers, Wait: time.Duration(c.Wait), Remember: time.Duration(c.Remember), Began: a.opt.Now(),
		Reserve: a.budget.Reserve,
	}
	return map[spool.Class]relay.Round{spool.Code: {Courier: codes, Workers: 4}, spool.Wait: {Courier: keys, Workers: seekers}}, nil
}

// refreshKeys asks servers again, in their time, about the keys that they gave.
func (a *App) refreshKeys(ctx context.Context) error {
	if a.refresher.Every <= 0 {
		return nil
	}
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	for {
		if err := a.refresher.Round(ctx); err != nil && ctx.Err() == nil {
			a.opt.Logger.Error("kept", "what", "keys that are to be refreshed", "cause", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// NewRefresher returns what asks servers again about readers' keys, for a command.
func NewRefresher(c Config, custody proxy.Custody) (*proxy.Refresher, error) {
	servers, err := NewLookup(c)
	if err != nil {
		return nil, err
	}
	return &proxy.Refresher{Gateway: custody.Gateway, Store: custody.Store, Servers: servers, Every: time.Duration(c.KeyLookup.Refresh)}, nil
}
