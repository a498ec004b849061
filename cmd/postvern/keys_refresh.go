package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"postvern.example/internal/app"
	"postvern.example/policy/detect"
	"postvern.example/proxy"
	"postvern.example/proxy/spool"
)

type keysRefreshCommand struct {
	office `embed:""`
	Reader string `arg:"" optional:"" name:"address" help:"Only the keys of this reader; otherwise all that servers gave."`
}

// refreshTexts say what came of it.
var refreshTexts = map[proxy.RefreshResult]string{
	proxy.RefreshSame:    "refresh-same",
	proxy.RefreshChanged: "refresh-changed",
	proxy.RefreshRevoked: "refresh-revoked",
	proxy.RefreshNone:    "refresh-gone",
	proxy.RefreshFailed:  "refresh-failed",
}

// Run asks the servers that gave keys about them again, and says what came of it.
func (c keysRefreshCommand) Run(ctx context.Context, s streams) error {
	say, err := c.words()
	if err != nil {
		return err
	}
	config, _, err := mayLookUp(say, c.Config)
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
				return say.fault("refresh-unknown", "name", c.Reader)
			}
			readers = []string{reader}
		}
		return refreshAll(ctx, s, say, refresher, readers)
	})
}

func refreshAll(ctx context.Context, s streams, say speaker, refresher *proxy.Refresher, readers []string) error {
	if len(readers) == 0 {
		_, err := fmt.Fprintln(s.out, say.say("refresh-none"))
		return err
	}
	failed := 0
	for _, reader := range readers {
		results, err := refresher.Refresh(ctx, reader)
		if err != nil {
			return err
		}
		for _, r := range results {
			cause := ""
			if r.Result == proxy.RefreshFailed {
				failed++
				cause = fmt.Sprint(r.Cause)
			}
			if _, err := fmt.Fprintln(s.out, say.say(refreshTexts[r.Result], "reader", r.Reader, "source", string(r.Source), "cause", cause)); err != nil {
				return err
			}
		}
	}
	if failed > 0 {
		return errors.New(say.count("refresh-silent", failed))
	}
	return nil
}
