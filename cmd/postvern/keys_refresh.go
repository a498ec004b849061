package main

import (
	"context"
	"fmt"
	"log/slog"
	"slices"

	"postvern.example/internal/app"
	"postvern.example/policy/detect"
	"postvern.example/proxy"
	"postvern.example/proxy/spool"
)

type keysRefreshCommand struct {
	installation `embed:""`
	Reader       string `arg:"" optional:"" name:"address" help:"Only the keys of this reader; otherwise all that servers gave."`
}

// refreshWords say what came of it.
var refreshWords = map[proxy.RefreshResult]string{
	proxy.RefreshSame:    "nothing has changed",
	proxy.RefreshChanged: "there is another key, or more about the same one: postvern keys show says what",
	proxy.RefreshRevoked: "it is revoked, and not used any more",
	proxy.RefreshNone:    "there is none any more; the one that was given before is kept",
	proxy.RefreshFailed:  "no answer, or one that is none",
}

// Run asks the servers that gave keys about them again, and says what came of it.
func (c keysRefreshCommand) Run(ctx context.Context, s streams) error {
	config, _, err := mayLookUp(c.Config)
	if err != nil {
		return usageError{err}
	}
	return c.withKeys(ctx, s, func(store *spool.Store, _ app.Keys) error {
		custody, err := app.NewCustody(ctx, config, store, slog.New(slog.DiscardHandler), nil)
		if err != nil {
			return err
		}
		refresher, err := app.NewRefresher(config, custody)
		if err != nil {
			return usageError{err}
		}
		readers := refresher.Readers()
		if c.Reader != "" {
			reader, _ := detect.CanonicalAddress(c.Reader)
			if !slices.Contains(readers, reader) {
				return fmt.Errorf("no server that key-sources names gave a key of %q: postvern keys fetch asks for one", c.Reader)
			}
			readers = []string{reader}
		}
		return refreshAll(ctx, s, refresher, readers)
	})
}

func refreshAll(ctx context.Context, s streams, refresher *proxy.Refresher, readers []string) error {
	if len(readers) == 0 {
		_, err := fmt.Fprintln(s.out, "No server gave a key.")
		return err
	}
	failed := 0
	for _, reader := range readers {
		results, err := refresher.Refresh(ctx, reader)
		if err != nil {
			return err
		}
		for _, r := range results {
			why := ""
			if r.Result == proxy.RefreshFailed {
				failed++
				why = fmt.Sprintf(" (%v)", r.Cause)
			}
			if _, err := fmt.Fprintf(s.out, "%s, %s: %s%s.\n", r.Reader, r.Source, refreshWords[r.Result], why); err != nil {
				return err
			}
		}
	}
	if failed > 0 {
		return fmt.Errorf("servers that gave no answer: %d", failed)
	}
	return nil
}
