package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"postvern.example/internal/app"
	"postvern.example/proxy/spool"
)

type keysRotateCommand struct {
	installation `embed:""`
	Keep         string        `type:"path" placeholder:"FILE" help:"Write the old key to this new file before it is forgotten: backups from before need it."`
	Wait         time.Duration `default:"30s" help:"How long gateways may take to read the new key from their file, or to be taken over where one has died (${default})."`
}

// Run changes the installation's key while the gateways run: it makes a new one,
// waits until all have it, seals the store anew, and forgets the old one. Each
// step is done once; another run goes on where this one ended.
func (c keysRotateCommand) Run(ctx context.Context, s streams) error {
	config, err := app.LoadConfig(c.Config)
	if err != nil {
		return usageError{err}
	}
	if app.Fresh(config) {
		return fmt.Errorf("no gateway has run with the data folder %s yet: there is no key to change", config.Data)
	}
	if err := asOwner(config.Data); err != nil {
		return err
	}
	keys, err := spool.LoadKeys(ctx, config.Data, config.Store)
	if err != nil {
		return err
	}
	store, err := app.OpenStore(ctx, config)
	if err != nil {
		return err
	}
	now, err := store.Rotation(ctx)
	if err == nil && now.From == "" && len(keys) == 1 {
		keys = append(keys, spool.NewKey())
		if err = spool.ReplaceKeys(config.Data, keys); err == nil {
			fmt.Fprintf(s.out, "A new key, %s, stands in %s behind the one in use, %s.\n", spool.KeyID(keys[1]), keyFile(config), now.Key)
			err = store.Close()
			if err == nil {
				store, err = app.OpenStore(ctx, config)
			}
		}
	}
	if err != nil {
		return errors.Join(err, store.Close())
	}
	defer func() { _ = store.Close() }()
	return c.rotate(ctx, s, config, store, keys)
}

func keyFile(c app.Config) string { return filepath.Join(c.Data, spool.KeyFile) }

// rotate goes on from wherever the store is.
func (c keysRotateCommand) rotate(ctx context.Context, s streams, config app.Config, store *spool.Store, keys [][]byte) error {
	now, err := store.Rotation(ctx)
	if err != nil {
		return err
	}
	next := spool.KeyID(keys[len(keys)-1])
	if now.From == "" && now.Key != next {
		if err := c.begin(ctx, store, config, next); err != nil {
			return err
		}
		fmt.Fprintf(s.out, "The store is sealed with %s from now on.\n", next)
		if now, err = store.Rotation(ctx); err != nil {
			return err
		}
	}
	if now.From != "" {
		if err := caughtUp(ctx, s, store); err != nil {
			return err
		}
		if err := store.Rotate(ctx, func(p spool.Progress) { progress(s, p) }); err != nil {
			return err
		}
		fmt.Fprintf(s.out, "Nothing in the store is sealed with another key any more.\n")
	}
	return c.forget(ctx, s, config, store, keys, now.Key)
}

// begin starts the change once all gateways have the key.
func (c keysRotateCommand) begin(ctx context.Context, store *spool.Store, config app.Config, next string) error {
	for end := time.Now().Add(c.Wait); ; {
		err := store.BeginRotation(ctx, next)
		var lacks *spool.LacksKeyError
		if !errors.As(err, &lacks) {
			return err
		}
		if time.Now().After(end) {
			return fmt.Errorf("%w.\nNothing has been changed yet. Copy %s to the data folder of each of them, wait a few seconds, and run this command again", lacks, keyFile(config))
		}
		if err := pause(ctx); err != nil {
			return err
		}
	}
}

// caughtUp waits until all gateways seal with the store's key.
func caughtUp(ctx context.Context, s streams, store *spool.Store) error {
	for said := false; ; {
		behind, err := store.Behind(ctx)
		if err != nil || len(behind) == 0 {
			return err
		}
		if !said {
			said = true
			fmt.Fprintf(s.out, "Waiting for %d gateways to seal with it: %s.\n", len(behind), machines(behind))
		}
		if err := pause(ctx); err != nil {
			return err
		}
	}
}

func machines(nodes []spool.NodeKeys) string {
	var names []string
	for _, n := range nodes {
		names = append(names, n.String())
	}
	return strings.Join(names, ", ")
}

func pause(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(200 * time.Millisecond):
		return nil
	}
}

func progress(s streams, p spool.Progress) {
	if p.Resealed > 0 {
		fmt.Fprintf(s.out, "%s: %d rows, %d fields sealed anew\n", p.Table, p.Rows, p.Resealed)
	}
	if p.Damaged > 0 {
		fmt.Fprintf(s.err, "postvern: %s: %d fields open with none of the keys: they were damaged before, and stay as they are\n", p.Table, p.Damaged)
	}
}

// forget brings this machine's rosters under the key in use, and forgets the
// others.
func (c keysRotateCommand) forget(ctx context.Context, s streams, config app.Config, store *spool.Store, keys [][]byte, inUse string) error {
	var use []byte
	var old [][]byte
	for _, k := range keys {
		if spool.KeyID(k) == inUse {
			use = k
		} else {
			old = append(old, k)
		}
	}
	files, err := app.RewrapMembers(config, use, keys)
	if err != nil {
		return fmt.Errorf("%w; the old key stays until this is mended and the command has run again", err)
	}
	for _, f := range files {
		fmt.Fprintf(s.out, "%s: under the new key.\n", f)
	}
	if len(old) == 0 {
		return nil
	}
	if c.Keep != "" {
		if err := spool.SaveKeys(c.Keep, old); err != nil {
			return err
		}
		fmt.Fprintf(s.out, "The old key stands in %s: keep it apart from the backups that need it, and no longer than them.\n", c.Keep)
	}
	if err := spool.ReplaceKeys(config.Data, [][]byte{use}); err != nil {
		return err
	}
	fmt.Fprintf(s.out, "The key is %s now; %s has forgotten the old one. Copy that file to the safe place where you keep the key. Backups from before need the old one.\n", inUse, keyFile(config))
	nodes, err := store.Nodes(ctx)
	if err == nil && len(nodes) > 1 {
		_, err = fmt.Fprintf(s.out, "Run this command on each of these machines where it has not run yet, for the old key is in its files until then: %s.\n", machines(nodes))
	}
	return err
}
