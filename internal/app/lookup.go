package app

import (
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
	keys := &proxy.Seeker{
		Gateway: a.gateway, Store: a.store, Servers: servers, Wait: time.Duration(c.Wait), Remember: time.Duration(c.Remember), Began: a.opt.Now(),
		Reserve: a.budget.Reserve,
	}
	return map[spool.Class]relay.Round{spool.Code: {Courier: codes, Workers: 4}, spool.Wait: {Courier: keys, Workers: seekers}}, nil
}
