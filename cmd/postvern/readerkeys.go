package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"postvern.example/internal/app"
	"postvern.example/policy"
	"postvern.example/proxy/seal"
	"postvern.example/proxy/spool"
)

// readerKeys is what differs between OpenPGP keys and certificates for the
// commands that change those of the store.
type readerKeys struct {
	noun  string // key or certificate
	state func(k seal.Known) (state policy.KeyState, why string)
	row   func(k seal.Known) spool.ReaderKey
}

func (r readerKeys) rows(all []seal.Known) (out []spool.ReaderKey) {
	for _, k := range all {
		out = append(out, r.row(k))
	}
	return out
}

// approve binds readers to those of found that are meant for one of them, or,
// where none is named, for all.
func (r readerKeys) approve(ctx context.Context, s streams, store *spool.Store, keys app.Keys, found []seal.Known, fingerprint, reader, by string, now time.Time) error {
	found = slices.DeleteFunc(found, func(k seal.Known) bool { return reader != "" && !meant(reader, "", k.Reader) })
	if len(found) == 0 {
		return fmt.Errorf("there is no %s %s%s", r.noun, fingerprint, map[bool]string{true: " for " + reader}[reader != ""])
	}
	for _, k := range found {
		if k.Fingerprint != found[0].Fingerprint {
			return usageError{fmt.Errorf("several %ss end in these digits: give the whole fingerprint", r.noun)}
		}
		if state, why := r.state(k); state != policy.KeyUsable && state != policy.KeyUnapproved {
			return fmt.Errorf("the %s of %s cannot be used (%s): %s", r.noun, k.Reader, state, why)
		}
	}
	records, err := keys.Records(policy.EntryKeyApproved, found, by, now)
	if err != nil {
		return err
	}
	if err := store.ApproveKeys(ctx, r.rows(found), records...); err != nil {
		return err
	}
	for _, k := range found {
		if _, err := fmt.Fprintf(s.out, "Mail to %s is sealed to %s from now on.\n", k.Reader, k.Fingerprint); err != nil {
			return err
		}
	}
	return nil
}

// remove removes those of the store's that are meant, and returns how many.
func (r readerKeys) remove(ctx context.Context, s streams, store *spool.Store, keys app.Keys, stored []seal.Known, which, by string, now time.Time) (int, error) {
	removed := map[string]bool{}
	for _, k := range stored {
		name := k.Fingerprint + " of " + k.Reader
		if !meant(which, k.Fingerprint, k.Reader) || removed[name] {
			continue
		}
		records, err := keys.Records(policy.EntryKeyRemoved, []seal.Known{k}, by, now)
		if err != nil {
			return 0, err
		}
		if err := store.RemoveKey(ctx, r.row(k).Reader, k.Fingerprint, records...); err != nil {
			return 0, err
		}
		removed[name] = true
		if _, err := fmt.Fprintf(s.out, "%s is removed.\n", name); err != nil {
			return 0, err
		}
	}
	return len(removed), nil
}
