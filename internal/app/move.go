package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"postvern.example/proxy/spool"
)

// ErrMoving is returned by Run when the store is being moved and was let go of.
// A new App, which Start makes once that is over, goes on where the store is
// then.
var ErrMoving = errors.New("the store is being moved")

// How often the store is asked whether it is being moved, and, while it is,
// whether to let go of it.
const (
	moveLook  = time.Second
	movePause = 100 * time.Millisecond
)

// followMove ends the App when somebody who moves the store asks for it.
func (a *App) followMove(ctx context.Context) error {
	pause := moveLook
	for n := 0; a.opt.Config.Store == ""; n++ {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
		moving, now, err := a.store.Moving(ctx)
		if pause = moveLook; moving {
			pause = movePause
		}
		switch {
		case err != nil: // the store says so elsewhere
		case now && spool.Moves(a.opt.Config.Data):
			a.opt.Logger.Info("moving", "reason", "the store is let go of; connections wait until it is moved")
			return ErrMoving
		case moving && n%50 == 0: // whoever moved it may be gone
			if err := a.store.ForgetMove(ctx); err != nil && ctx.Err() == nil {
				a.opt.Logger.Error("kept", "what", "the notes of a move that was broken off", "cause", err)
			}
		}
	}
	<-ctx.Done()
	return nil
}

// wherever opens the store where it is: in the data folder, or where it was moved
// to. While a move comes to its end it waits.
func (a *App) wherever(ctx context.Context, c spool.Config) (*spool.Store, error) {
	const again = 3 // whoever else has it has it for longer than a move
	configured := c.URL
	for n := 0; ; n++ {
		store, err := spool.Open(ctx, c)
		if err == nil && toLetGo(ctx, store, c) {
			if err := store.Close(); err != nil {
				return nil, err
			}
			select {
			case <-ctx.Done():
				return nil, ctx.Err()
			case <-time.After(movePause):
			}
			n--
			continue
		}
		var to *spool.MovedError
		moves := errors.As(err, &to) || errors.Is(err, spool.ErrInUse) && spool.Moves(c.Dir)
		if configured != "" || !moves || n == again {
			if err == nil && c.URL != configured {
				a.opt.Logger.Warn("moved", "what", "the store", "reason", "store: in postvern.yaml is empty, and the store was moved to PostgreSQL: set it to that address")
			}
			return store, err
		}
		url, err := spool.Whereabouts(ctx, c.Dir, a.keys)
		if err != nil {
			return nil, err
		}
		c.URL, a.opt.Config.Store = url, url
	}
}

// toLetGo reports whether somebody who moves the store waits for it: they may
// have been slower to take it than the gateway to start anew.
func toLetGo(ctx context.Context, store *spool.Store, c spool.Config) bool {
	_, now, err := store.Moving(ctx)
	return err == nil && now && spool.Moves(c.Dir)
}

// openForCommand opens the store where it is, for a command.
func openForCommand(ctx context.Context, c Config, keys [][]byte) (*spool.Store, error) {
	cfg := spool.Config{Dir: c.Data, URL: c.Store, Key: keys[0], Others: keys[1:]}
	store, err := spool.Open(ctx, cfg)
	var to *spool.MovedError
	if !errors.As(err, &to) {
		return store, err
	}
	switch arrived, aerr := spool.Arrived(ctx, to); {
	case aerr != nil:
		return nil, fmt.Errorf("%w: %w", err, aerr)
	case !arrived:
		return nil, errors.New("a move of the store to PostgreSQL was broken off: start the gateway, or run postvern store migrate again")
	}
	cfg.URL = to.URL
	return spool.Open(ctx, cfg)
}

// Sockets keeps the sockets of SMTP listeners open from one App to the next:
// who connects in between waits. The nil Sockets keeps none.
type Sockets struct {
	files map[int][]*os.File // by the listener's place in the configuration
}

// open opens a listener's sockets, or takes those that were kept.
func (k *Sockets) open(ctx context.Context, place int, l ListenConfig, passed sockets) ([]net.Listener, error) {
	if k == nil {
		return l.open(ctx, passed)
	}
	if files, ok := k.files[place]; ok {
		var all []net.Listener
		for _, f := range files {
			ln, err := net.FileListener(f)
			if err != nil {
				return nil, errors.Join(err, closeAll(all))
			}
			all = append(all, ln)
		}
		return all, nil
	}
	all, err := l.open(ctx, passed)
	if err != nil {
		return nil, err
	}
	if k.files == nil {
		k.files = map[int][]*os.File{}
	}
	for _, ln := range all {
		if tcp, ok := ln.(*net.TCPListener); ok {
			f, err := tcp.File()
			if err != nil {
				return nil, errors.Join(err, closeAll(all))
			}
			k.files[place] = append(k.files[place], f)
		}
	}
	return all, nil
}

// passed takes what systemd has passed on, once.
func (k *Sockets) passed(listen []ListenConfig) (sockets, error) {
	if k != nil && k.files != nil {
		return nil, nil
	}
	return passedSockets(listen)
}

// Close closes what was kept.
func (k *Sockets) Close() {
	for _, files := range k.files {
		for _, f := range files {
			_ = f.Close()
		}
	}
}
