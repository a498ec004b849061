package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"postvern.example/internal/notice"
	"postvern.example/proxy"
	"postvern.example/proxy/extract"
	"postvern.example/proxy/spool"
)

// housekeep does what falls due with time: held mail expires, old register
// entries go.
func (a *App) housekeep(ctx context.Context) error {
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	custody := proxy.Custody{Gateway: a.gateway, Store: a.store}
	warned := a.opt.Now()
	var forgot time.Time
	for {
		if a.opt.Now().Sub(warned) >= 24*time.Hour {
			warned = a.opt.Now()
			a.warnStale(a.gateway.Rules().Members)
			a.warnExpiring()
			a.warnRevocations()
		}
		n, err := custody.Expire(ctx)
		if err != nil && ctx.Err() == nil {
			a.opt.Logger.Error("kept", "what", "expired held mail", "cause", err)
		}
		if n > 0 {
			a.opt.Logger.Info("dropped", "what", "expired held mail", "copies", n)
		}
		a.unlock(ctx)
		if err := custody.Remind(ctx); err != nil && ctx.Err() == nil {
			a.opt.Logger.Error("kept", "what", "questions to remind of", "cause", err)
		}
		if err := errors.Join(a.store.ExpireQuestions(ctx, a.opt.Now().Add(-24*time.Hour)), a.store.ForgetLookUps(ctx, a.opt.Now()),
			a.store.ForgetRefreshes(ctx, a.opt.Now().Add(-30*24*time.Hour)), a.forget(ctx, &forgot)); err != nil && ctx.Err() == nil {
			a.opt.Logger.Error("kept", "what", "old questions, look-ups and correspondents", "cause", err)
		}
		if err := a.signing(ctx, a.gateway.Rules().Policy); err != nil && ctx.Err() == nil {
			a.opt.Logger.Error("kept", "what", "the organisation's key that signs", "cause", err)
		}
		keep := time.Duration(a.gateway.Rules().Policy.Deviations.Keep)
		if n, err := a.store.Prune(ctx, a.opt.Now().Add(-keep)); err != nil && ctx.Err() == nil {
			a.opt.Logger.Error("kept", "what", "old register entries", "cause", err)
		} else if n > 0 {
			a.opt.Logger.Info("pruned", "what", "old register entries", "entries", n)
		}
		// What other nodes have taken counts towards limits.spool-size too.
		if _, err := a.store.Stats(ctx); err != nil && ctx.Err() == nil {
			a.opt.Logger.Error("kept", "what", "the count of the spool", "cause", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// forget drops what is remembered of people whom nobody writes to any more, and
// for representatives who are none any more, once an hour.
func (a *App) forget(ctx context.Context, last *time.Time) error {
	now := a.opt.Now()
	if now.Sub(*last) < time.Hour {
		return nil
	}
	n, err := a.store.ForgetCorrespondents(ctx, a.gateway.Rules().Representatives.Logins())
	if err != nil {
		return err
	}
	*last = now
	if n > 0 {
		a.opt.Logger.Info("forgot", "what", "correspondents of former representatives", "representatives", n)
	}
	return nil
}

// OpenStore opens an installation's store for a command, beside the gateway
// that may be running on it.
func OpenStore(ctx context.Context, c Config) (*spool.Store, error) {
	keys, err := spool.LoadKeys(ctx, c.Data, c.Store)
	if err != nil {
		return nil, err
	}
	return openForCommand(ctx, c, keys)
}

// Restore fills the installation's empty store from the backup in a folder.
// Mail that was on its way then is held as long as the policy says, unless it
// is to be delivered.
func Restore(ctx context.Context, c Config, from string, deliver bool) (spool.Moved, error) {
	keys, err := spool.LoadKeys(ctx, c.Data, c.Store)
	if err != nil {
		return spool.Moved{}, err
	}
	keep := 14 * 24 * time.Hour
	if p, err := LoadPolicy(c.Policy); err == nil { // else the gateway will not start, and say why
		keep = time.Duration(p.Held.Keep)
	}
	return spool.Restore(ctx, spool.RestoreConfig{
		From: from, Dir: c.Data, URL: c.Store, Keys: keys, Now: time.Now(), Keep: keep, Deliver: deliver,
	})
}

// Fresh reports whether no gateway has run with the data folder yet.
func Fresh(c Config) bool {
	_, err := os.Stat(filepath.Join(c.Data, spool.KeyFile))
	return errors.Is(err, fs.ErrNotExist)
}

// NewCustody makes what a command needs to decide about held mail. Close its
// extractor when it has served.
func NewCustody(ctx context.Context, c Config, store *spool.Store, logger *slog.Logger, reader *extract.Extractor) (proxy.Custody, error) {
	keys, err := spool.LoadKeys(ctx, c.Data, c.Store)
	if err != nil {
		return proxy.Custody{}, fmt.Errorf("load installation key: %w", err)
	}
	g, err := newOffline(c, keys, logger, reader, store)
	if err != nil {
		return proxy.Custody{}, err
	}
	ledger, err := store.Ledger(ctx, nil)
	if err != nil {
		logger.Error("no consents", "reason", "the ledger cannot be read: nobody counts as having consented", "cause", err)
	}
	g.FollowConsents(ledger)
	book, err := store.KeyBook(context.Background(), nil)
	if err != nil {
		return proxy.Custody{}, err
	}
	g.FollowKeys(book)
	return proxy.Custody{Gateway: g, Store: store}, nil
}

// OfflineRules loads the rules as a gateway that starts now would, for a
// command.
func OfflineRules(ctx context.Context, c Config) (*proxy.Rules, error) {
	keys, err := c.keys(ctx)
	if err != nil {
		return nil, err
	}
	return LoadRules(c, keys)
}

// NewExplainer makes a gateway that only explains. Members, representatives
// and keys may be left out of the configuration; a roster of hashes needs the
// installation's key in the data folder. store may be nil.
func NewExplainer(ctx context.Context, c Config, reader *extract.Extractor, store *spool.Store) (*proxy.Gateway, error) {
	keys := [][]byte{make([]byte, 32)}
	if _, err := os.Stat(filepath.Join(c.Data, spool.KeyFile)); c.Data != "" && err == nil {
		if keys, err = spool.LoadKeys(ctx, c.Data, c.Store); err != nil {
			return nil, fmt.Errorf("load installation key: %w", err)
		}
	}
	return newOffline(c, keys, slog.New(slog.DiscardHandler), reader, store)
}

func newOffline(c Config, keys [][]byte, logger *slog.Logger, reader *extract.Extractor, store *spool.Store) (*proxy.Gateway, error) {
	rules, err := LoadRules(c, keys)
	if err != nil {
		return nil, err
	}
	texts, err := notice.Load()
	if err != nil {
		return nil, err
	}
	if c.Hostname == "" {
		c.Hostname = defaults().Hostname
	}
	if c.Limits.MessageSize == 0 {
		c.Limits = defaults().Limits
	}
	offline := proxy.Config{
		Hostname: c.Hostname, Limits: limits(c), Rules: rules, Extract: reader,
		Notices: texts, Logger: logger, Now: time.Now,
		SMS: c.SMS.URL != "", Verified: c.verified(),
	}
	if store != nil {
		offline.Codes, offline.Answers = store, store
	}
	return proxy.New(offline), nil
}
