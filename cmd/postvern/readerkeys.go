package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"postvern.example/internal/app"
	"postvern.example/policy"
	"postvern.example/policy/detect"
	"postvern.example/proxy"
	"postvern.example/proxy/seal"
	"postvern.example/proxy/spool"
)

// readerKeys is what differs between OpenPGP keys and certificates for the
// commands that change those of the store.
type readerKeys struct {
	noun  string // key or certificate
	say   speaker
	state func(k seal.Known) (state policy.KeyState, why string)
	row   func(k seal.Known) spool.ReaderKey
}

func (r readerKeys) rows(all []seal.Known) (out []spool.ReaderKey) {
	for _, k := range all {
		out = append(out, r.row(k))
	}
	return out
}

// mostNamed is how many addresses one key may name that is added for all whom it
// names: the whole of it is kept for each.
const mostNamed = 100

// meantFor returns those of a file that are for a reader; where none is named,
// all.
func (r readerKeys) meantFor(reader, file string, found []seal.Known) ([]seal.Known, error) {
	if reader == "" {
		named := map[string]int{}
		for _, k := range found {
			if named[k.Fingerprint]++; named[k.Fingerprint] > mostNamed {
				return nil, r.say.fault("key-names-many", "file", file, "fingerprint", k.Fingerprint, "most", strconv.Itoa(mostNamed))
			}
		}
		return found, nil
	}
	canonical, ok := detect.CanonicalAddress(reader)
	if !ok {
		return nil, r.say.fault("key-for", "text", reader)
	}
	found = slices.DeleteFunc(found, func(k seal.Known) bool { return k.Reader != canonical })
	if len(found) == 0 {
		return nil, r.say.fault("key-names-other", "file", file, "reader", canonical)
	}
	return found, nil
}

// add stores what was found, and says of each whether it is used now. anew is
// the same by what the store knows then.
func (r readerKeys) add(ctx context.Context, s streams, store *spool.Store, keys app.Keys, found []seal.Known, by string, now time.Time, anew func(*spool.KeyBook) readerKeys) error {
	records, err := keys.Records(policy.EntryKeyAdded, found, by, now)
	if err != nil {
		return err
	}
	if err := store.AddKeys(ctx, proxy.WithForms(keys.Book, r.rows(found)), records...); err != nil {
		return err
	}
	book, err := store.KeyBook(ctx, nil)
	if err != nil {
		return err
	}
	after := anew(book)
	for _, k := range found {
		line := r.say.say("key-usable", "fingerprint", k.Fingerprint, "reader", k.Reader)
		switch state, _ := after.state(k); {
		case state == policy.KeyUnapproved:
			approve := fmt.Sprintf("postvern %ss approve %s", r.noun, k.Fingerprint)
			line = r.say.say("key-unapproved", "fingerprint", k.Fingerprint, "reader", k.Reader, "command", approve)
		case state != policy.KeyUsable:
			line = r.say.say("key-unused", "fingerprint", k.Fingerprint, "reader", k.Reader, "why", r.say.word("key-state", string(state)))
		}
		if _, err := fmt.Fprintln(s.out, line); err != nil {
			return err
		}
	}
	return nil
}

// approve binds readers to those of found that are meant for one of them, or,
// where none is named, for all.
func (r readerKeys) approve(ctx context.Context, s streams, store *spool.Store, keys app.Keys, found []seal.Known, fingerprint, reader, by string, now time.Time) error {
	found = slices.DeleteFunc(found, func(k seal.Known) bool { return reader != "" && !meant(reader, "", k.Reader) })
	if len(found) == 0 {
		return r.say.fault("approve-none", "fingerprint", strings.TrimSpace(fingerprint+" "+reader))
	}
	for _, k := range found {
		if k.Fingerprint != found[0].Fingerprint {
			return usageError{r.say.fault("approve-several")}
		}
		if state, why := r.state(k); state != policy.KeyUsable && state != policy.KeyUnapproved {
			return r.say.fault("approve-useless", "reader", k.Reader, "state", r.say.word("key-mark", string(state)), "why", why)
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
		if _, err := fmt.Fprintln(s.out, r.say.say("key-approved", "reader", k.Reader, "fingerprint", k.Fingerprint)); err != nil {
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
		if _, err := fmt.Fprintln(s.out, r.say.say("key-removed", "fingerprint", k.Fingerprint, "reader", k.Reader)); err != nil {
			return 0, err
		}
	}
	return len(removed), nil
}
