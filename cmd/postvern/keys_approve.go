package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"postvern.example/internal/app"
	"postvern.example/policy"
	"postvern.example/proxy"
	"postvern.example/proxy/seal"
	"postvern.example/proxy/spool"
)

type keysApproveCommand struct {
	installation `embed:""`
	For          string `placeholder:"ADDRESS" help:"Only for this reader; otherwise for all whom the key names."`
	By           string `placeholder:"NAME" help:"Who approves it; otherwise your login at this machine."`
	Fingerprint  string `arg:"" help:"The key's fingerprint, or its last 16 digits."`
}

// Run binds the key's readers to it.
func (c keysApproveCommand) Run(ctx context.Context, s streams) error {
	by, err := whoami(c.By)
	if err != nil {
		return err
	}
	return c.withKeys(ctx, s, func(store *spool.Store, all app.Keys) error {
		now := time.Now()
		ring := all.Ring()
		keys := slices.DeleteFunc(ring.Of(c.Fingerprint), func(k seal.Known) bool { return c.For != "" && !meant(c.For, "", k.Reader) })
		if len(keys) == 0 {
			return fmt.Errorf("there is no key %s%s", c.Fingerprint, map[bool]string{true: " for " + c.For}[c.For != ""])
		}
		for _, k := range keys {
			if k.Fingerprint != keys[0].Fingerprint {
				return usageError{errors.New("several keys end in these digits: give the whole fingerprint")}
			}
			if state := stateOf(ring, k, now); state != policy.KeyUsable && state != policy.KeyUnapproved {
				return fmt.Errorf("the key of %s cannot be used (%s): postvern keys show says why", k.Reader, state)
			}
		}
		records, err := all.Records(policy.EntryKeyApproved, keys, by, now)
		if err != nil {
			return err
		}
		if err := store.ApproveKeys(ctx, stored(keys, now, by), records...); err != nil {
			return err
		}
		for _, k := range keys {
			if _, err := fmt.Fprintf(s.out, "Mail to %s is sealed to %s from now on.\n", k.Reader, k.Fingerprint); err != nil {
				return err
			}
		}
		return nil
	})
}

type keysRemoveCommand struct {
	installation `embed:""`
	By           string `placeholder:"NAME" help:"Who removes it; otherwise your login at this machine."`
	Which        string `arg:"" name:"address|fingerprint" help:"A reader's mail address, or a fingerprint (its last 16 digits are enough)."`
}

// Run removes keys from the store. A file in the folder of keys is not touched.
func (c keysRemoveCommand) Run(ctx context.Context, s streams) error {
	by, err := whoami(c.By)
	if err != nil {
		return err
	}
	return c.withKeys(ctx, s, func(store *spool.Store, all app.Keys) error {
		removed := map[string]bool{}
		for _, k := range proxy.StoredOpenPGP(all.Book) {
			if name := k.Fingerprint + " of " + k.Reader; meant(c.Which, k.Fingerprint, k.Reader) && !removed[name] {
				records, err := all.Records(policy.EntryKeyRemoved, []seal.Known{{Reader: k.Reader, Fingerprint: k.Fingerprint}}, by, time.Now())
				if err != nil {
					return err
				}
				if err := store.RemoveKey(ctx, k.Reader, k.Fingerprint, records...); err != nil {
					return err
				}
				removed[name] = true
				if _, err := fmt.Fprintf(s.out, "%s is removed.\n", name); err != nil {
					return err
				}
			}
		}
		left := slices.DeleteFunc(all.Folder.List(time.Now()), func(k seal.KeyInfo) bool { return !meant(c.Which, k.Fingerprint, k.Addresses...) })
		for _, k := range left {
			if _, err := fmt.Fprintf(s.out, "%s stands in the folder of keys too: delete the file %s to be rid of it.\n", k.Fingerprint, k.File); err != nil {
				return err
			}
		}
		if len(removed)+len(left) == 0 {
			return fmt.Errorf("there is no key of %q", c.Which)
		}
		return nil
	})
}
