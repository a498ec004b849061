package app

import (
	"context"
	"time"
)

// ledgerPause is how often the ledger of consents is looked at: what was
// withdrawn, on whichever node, is not relied on a second later.
const ledgerPause = 250 * time.Millisecond

// ledgerPatience is how long a look may take.
const ledgerPatience = 500 * time.Millisecond

// followConsents keeps the gateway's copy of the ledger of consents as the
// store has it. While it cannot be read, nobody has consented.
func (a *App) followConsents(ctx context.Context) error {
	tick := time.NewTicker(ledgerPause)
	defer tick.Stop()
	readable := true
	for {
		err := a.readConsents(ctx)
		if ctx.Err() != nil {
			return nil
		}
		switch {
		case err != nil && readable:
			a.opt.Logger.Error("no consents", "reason", "the ledger cannot be read: nobody counts as having consented", "cause", err)
		case err == nil && !readable:
			a.opt.Logger.Info("consents", "reason", "the ledger can be read again")
		}
		readable = err == nil
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// readConsents reads the ledger where it has changed.
func (a *App) readConsents(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, ledgerPatience)
	defer cancel()
	l, err := a.store.Ledger(ctx, a.ledger)
	if err != nil {
		l = nil
	}
	a.ledger = l
	a.gateway.FollowConsents(l)
	return err
}
