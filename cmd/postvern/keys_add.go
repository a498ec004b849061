package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"postvern.example/internal/app"
	"postvern.example/policy"
	"postvern.example/proxy/lookup"
	"postvern.example/proxy/seal"
	"postvern.example/proxy/spool"
)

type keysAddCommand struct {
	office `embed:""`
	For    string `placeholder:"ADDRESS" help:"Only for this reader, whom the key has to name; otherwise for all whom it names."`
	By     string `placeholder:"NAME" help:"Who adds it; otherwise your login at this machine."`
	File   string `arg:"" type:"path" help:"A file of public keys, armored or binary."`
}

// Run stores the keys and says which of them wait for an approval.
func (c keysAddCommand) Run(ctx context.Context, s streams) error {
	by, err := whoami(c.By)
	if err != nil {
		return err
	}
	now := time.Now()
	found, infos, err := seal.ReadKeys(c.File, now)
	if err != nil {
		return usageError{err}
	}
	say, err := c.words()
	if err != nil {
		return err
	}
	if err := checkUsable(say, infos); err != nil {
		return usageError{fmt.Errorf("%s: %w", c.File, err)}
	}
	keys, err := asOpenPGP(say, nil, by, now).meantFor(c.For, c.File, found)
	if err != nil {
		return usageError{err}
	}
	return c.store(ctx, s, say, keys, now, by)
}

// store stores keys, and says of each whether it is used now.
func (o office) store(ctx context.Context, s streams, say speaker, keys []seal.Known, now time.Time, by string) error {
	return o.withKeys(ctx, s, func(store *spool.Store, all app.Keys) error {
		return asOpenPGP(say, all.Ring(), by, now).add(ctx, s, store, all, keys, by, now, func(book *spool.KeyBook) readerKeys {
			all.Book = book
			return asOpenPGP(say, all.Ring(), by, now)
		})
	})
}

type keysFetchCommand struct {
	office `embed:""`
	By     string `placeholder:"NAME" help:"Who fetches it; otherwise your login at this machine."`
	Reader string `arg:"" name:"address" help:"The reader's mail address."`
}

// Run asks the servers and stores what they gave.
func (c keysFetchCommand) Run(ctx context.Context, s streams) error {
	by, err := whoami(c.By)
	if err != nil {
		return err
	}
	say, err := c.words()
	if err != nil {
		return err
	}
	config, rules, err := mayLookUp(say, c.Config)
	if err != nil {
		return usageError{err}
	}
	client, err := app.NewLookup(config)
	if err != nil {
		return usageError{err}
	}
	now := time.Now()
	found, err := client.Fetch(ctx, rules.KeySources, c.Reader, now)
	if errors.Is(err, lookup.ErrNone) {
		return say.fault("fetch-none", "reader", c.Reader)
	}
	if err == nil {
		err = checkUsable(say, found.Infos)
	}
	if err != nil {
		return say.fault("fetch-failed", "reader", c.Reader, "why", err.Error())
	}
	fmt.Fprintln(s.out, say.say("from-source", "source", string(found.Source)))
	return c.store(ctx, s, say, found.Keys, now, by)
}

// mayLookUp returns an installation's configuration and policy, where that names servers
// to be asked for keys.
func mayLookUp(say speaker, file string) (app.Config, *policy.Policy, error) {
	config, err := app.LoadConfig(file)
	if err != nil {
		return config, nil, err
	}
	rules, err := app.LoadPolicy(config.Policy)
	if err == nil && !rules.LooksUp() {
		err = say.fault("fetch-nobody", "file", config.Policy)
	}
	return config, rules, err
}

// checkUsable refuses keys that are never used. One that is revoked is taken:
// nobody is to use it from elsewhere.
func checkUsable(say speaker, infos []seal.KeyInfo) error {
	for _, k := range infos {
		if k.State != policy.KeyUsable && k.State != policy.KeyRevoked {
			name := k.Fingerprint
			if name == "" { // of a kind that is not supported
				name = strings.Join(k.Addresses, ", ")
			}
			return say.fault("key-useless", "fingerprint", name, "state", say.word("key-mark", string(k.State)), "why", k.Reason)
		}
	}
	return nil
}

func asOpenPGP(say speaker, ring *seal.Keyring, by string, now time.Time) readerKeys {
	return readerKeys{
		noun: "key", say: say,
		state: func(k seal.Known) (policy.KeyState, string) {
			return stateOf(ring, k, now), "postvern keys show " + k.Fingerprint
		},
		row: func(k seal.Known) spool.ReaderKey {
			return spool.ReaderKey{
				Reader: k.Reader, Fingerprint: k.Fingerprint, Key: k.Key, Source: string(k.Source), Since: now, By: by,
			}
		},
	}
}

// stateOf returns how a key of a reader stands.
func stateOf(ring *seal.Keyring, k seal.Known, now time.Time) policy.KeyState {
	if use, ok := ring.Use(k.Reader, now); ok && use.Fingerprint == k.Fingerprint {
		return policy.KeyUsable
	}
	for _, info := range ring.List(now) {
		switch {
		case info.Fingerprint != k.Fingerprint:
		case slices.Contains(info.Waits, k.Reader):
			return policy.KeyUnapproved
		default:
			return info.State
		}
	}
	return policy.KeyNone
}
