package app

import (
	"errors"
	"slices"
	"time"

	"postvern.example/policy/strict"
	"postvern.example/proxy/lookup"
	"postvern.example/proxy/seal"
)

// KeyLookupConfig says how servers outside are asked for readers' keys, where
// key-sources names some.
type KeyLookupConfig struct {
	Timeout   strict.Duration `yaml:"timeout"`
	CA        string          `yaml:"ca"`        // PEM file of the authorities that servers' certificates may come from; empty: the system's
	Connect   string          `yaml:"connect"`   // host:port that look-ups are sent to in the place of the servers; empty: the servers
	Keyserver string          `yaml:"keyserver"` // for vks
}

func (k KeyLookupConfig) check(fault func(string, string, ...any)) {
	if k.Timeout <= 0 || time.Duration(k.Timeout) > time.Minute {
		fault("key-lookup.timeout", "must be longer than nothing and no longer than a minute, such as 10s")
	}
	checkAddress("key-lookup.connect", k.Connect, fault)
	if _, err := lookup.New(lookup.Config{Keyserver: k.Keyserver}); err != nil {
		fault("key-lookup.keyserver", "%v", err)
	}
}

// errNoLookup says that nobody outside may be asked.
var errNoLookup = errors.New("key-sources names neither wkd nor vks: whom you look up is told to a server, so nobody is asked unasked")

// NewLookup returns what asks the servers that the configuration allows.
func NewLookup(c Config) (*lookup.Client, error) {
	sources := c.sources()
	if !slices.Contains(sources, seal.SourceWKD) && !slices.Contains(sources, seal.SourceVKS) {
		return nil, errNoLookup
	}
	roots, err := readCA(c.KeyLookup.CA)
	if err != nil {
		return nil, err
	}
	return lookup.New(lookup.Config{
		Sources: sources, Timeout: time.Duration(c.KeyLookup.Timeout), Roots: roots, Connect: c.KeyLookup.Connect, Keyserver: c.KeyLookup.Keyserver,
	})
}
