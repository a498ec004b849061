package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"postvern.example/internal/app"
	"postvern.example/policy"
	"postvern.example/policy/detect"
	"postvern.example/proxy/seal"
	"postvern.example/proxy/spool"
)

type keysShowCommand struct {
	keySource `embed:""`
	JSON      bool   `name:"json" help:"Print a JSON array."`
	Which     string `arg:"" name:"address|fingerprint" help:"A reader's mail address, or a fingerprint (its last 16 digits are enough)."`
}

// Run prints each of the keys at length.
func (c keysShowCommand) Run(ctx context.Context, s streams) error {
	ring, _, err := c.keyring(ctx, s)
	if err != nil {
		return err
	}
	say, err := c.words()
	if err != nil {
		return err
	}
	infos := slices.DeleteFunc(ring.List(time.Now()), func(k seal.KeyInfo) bool { return !meant(c.Which, k.Fingerprint, k.Addresses...) })
	if c.JSON {
		return printKeys(s.out, say, infos, true, "")
	}
	known, err := c.history(ctx, s, say)
	if err != nil {
		return err
	}
	if len(infos) == 0 {
		fmt.Fprint(s.out, known)
		return say.fault("key-unknown", "name", c.Which)
	}
	for i, info := range infos {
		if i > 0 {
			fmt.Fprintln(s.out)
		}
		printKey(s.out, say, newKeyItem(info))
	}
	if state := ring.State(c.Which, time.Now()); strings.Contains(c.Which, "@") {
		line := say.say("sealable", "address", c.Which)
		if state != policy.KeyUsable {
			line = say.say("unsealable", "address", c.Which, "why", say.word("key-state", string(state)))
		}
		fmt.Fprintf(s.out, "\n%s\n", line)
	}
	_, err = fmt.Fprint(s.out, known)
	return err
}

// history says how copies to a reader were protected before, and what servers
// outside last said of them. Without an installation, or for a fingerprint,
// there is nothing to say.
func (c keysShowCommand) history(ctx context.Context, s streams, say speaker) (string, error) {
	reader, ok := detect.CanonicalAddress(c.Which)
	if !ok || !strings.Contains(c.Which, "@") || c.Config == "" || c.Dir != "" {
		return "", nil
	}
	if config, err := app.LoadConfig(c.Config); err != nil || app.Fresh(config) {
		return "", err
	}
	var out strings.Builder
	err := installation{Config: c.Config}.withStore(ctx, s, func(store *spool.Store) error {
		before, err := store.Protections(ctx, reader)
		if err != nil {
			return err
		}
		for _, p := range before {
			fmt.Fprintln(&out, say.count("went-as", int(p.Copies), "step", say.word("step", p.Step), "day", p.Last.Format(time.DateOnly)))
		}
		asked, err := store.LookedUp(ctx, reader)
		if err == nil && asked.Result != "" {
			fmt.Fprintln(&out, say.say("looked-up", "result", string(asked.Result), "time", when(asked.Again)))
		}
		return err
	})
	return out.String(), err
}

func printKey(out io.Writer, say speaker, k keyItem) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	row := func(name, value string) {
		if value != "" {
			fmt.Fprintf(w, "%s\t%s\n", say.head(name), value)
		}
	}
	row("fingerprint", k.Fingerprint)
	row("addresses", strings.Join(k.Addresses, ", "))
	state := say.word("key-state", string(k.State))
	if k.Reason != "" {
		state += ": " + k.Reason
	}
	row("state", state)
	row("source", strings.TrimSpace(string(k.Source)+" "+k.File))
	row("encrypts-by", k.Algorithm)
	row("created", k.Created.Format(time.DateOnly))
	row("expires", k.expires(say))
	row("bound", strings.Join(k.Bound, ", "))
	if len(k.Waits) > 0 {
		row("waits", say.say("key-waits", "addresses", strings.Join(k.Waits, ", ")))
	}
	_ = w.Flush()
}

// meant reports whether what a person wrote is one of the addresses or the
// fingerprint.
func meant(which, fingerprint string, addresses ...string) bool {
	if canonical, ok := detect.CanonicalAddress(which); ok && strings.Contains(which, "@") {
		return slices.Contains(addresses, canonical)
	}
	return seal.Names(which, fingerprint)
}
