package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"postvern.example/internal/app"
	"postvern.example/proxy"
	"postvern.example/proxy/seal"
	"postvern.example/proxy/spool"
)

type keysApproveCommand struct {
	office      `embed:""`
	For         string `placeholder:"ADDRESS" help:"Only for this reader; otherwise for all whom the key names."`
	By          string `placeholder:"NAME" help:"Who approves it; otherwise your login at this machine."`
	Fingerprint string `arg:"" help:"The key's fingerprint, or its last 16 digits."`
}

// Run binds the key's readers to it.
func (c keysApproveCommand) Run(ctx context.Context, s streams) error {
	by, err := whoami(c.By)
	if err != nil {
		return err
	}
	say, err := c.words()
	if err != nil {
		return err
	}
	return c.withKeys(ctx, s, func(store *spool.Store, all app.Keys) error {
		now := time.Now()
		ring := all.Ring()
		return asOpenPGP(say, ring, by, now).approve(ctx, s, store, all, ring.Of(c.Fingerprint), c.Fingerprint, c.For, by, now)
	})
}

type keysRemoveCommand struct {
	office `embed:""`
	By     string `placeholder:"NAME" help:"Who removes it; otherwise your login at this machine."`
	Which  string `arg:"" name:"address|fingerprint" help:"A reader's mail address, or a fingerprint (its last 16 digits are enough)."`
}

// Run removes keys from the store. A file in the folder of keys is not touched.
func (c keysRemoveCommand) Run(ctx context.Context, s streams) error {
	by, err := whoami(c.By)
	if err != nil {
		return err
	}
	say, err := c.words()
	if err != nil {
		return err
	}
	return c.withKeys(ctx, s, func(store *spool.Store, all app.Keys) error {
		now := time.Now()
		var have []seal.Known
		for _, k := range proxy.StoredOpenPGP(all.Book) {
			have = append(have, seal.Known{Reader: k.Reader, Fingerprint: k.Fingerprint})
		}
		removed, err := asOpenPGP(say, all.Ring(), by, now).remove(ctx, s, store, all, have, c.Which, by, now)
		if err != nil {
			return err
		}
		left := slices.DeleteFunc(all.Folder.List(now), func(k seal.KeyInfo) bool { return !meant(c.Which, k.Fingerprint, k.Addresses...) })
		for _, k := range left {
			if _, err := fmt.Fprintln(s.out, say.say("key-in-folder", "fingerprint", k.Fingerprint, "file", k.File)); err != nil {
				return err
			}
		}
		if removed+len(left) == 0 {
			return say.fault("key-unknown", "name", c.Which)
		}
		return nil
	})
}
