package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"postvern.example/internal/app"
	"postvern.example/proxy/spool"
)

type storeCommand struct {
	Migrate migrateCommand `cmd:"" help:"Move the store from SQLite to PostgreSQL, while the gateway runs or while it does not."`
}

type migrateCommand struct {
	installation `embed:""`
	To           string        `required:"" placeholder:"URL" help:"An empty database: postgres://user@host/database. Leave the password to ?passfile= or PGPASSFILE: a command line can be seen by others."`
	Freeze       time.Duration `default:"60s" help:"How long the gateway may take to finish what is in progress and let go of the store at the end (${default})."`
}

// Run moves the store while mail flows. At the end the gateway lets go of it for
// a moment, and goes on with the new one.
func (c migrateCommand) Run(ctx context.Context, s streams) error {
	config, err := app.LoadConfig(c.Config)
	if err != nil {
		return usageError{err}
	}
	if config.Store != "" {
		return usageError{errors.New("the store is in PostgreSQL already: store: in the configuration names it")}
	}
	if !strings.HasPrefix(c.To, "postgres://") && !strings.HasPrefix(c.To, "postgresql://") {
		return usageError{errors.New("--to is no postgres:// address")}
	}
	if app.Fresh(config) {
		return fmt.Errorf("no gateway has run with the data folder %s yet: there is nothing to move", config.Data)
	}
	if err := asOwner(config.Data); err != nil {
		return err
	}
	keys, err := spool.LoadKeys(ctx, config.Data, config.Store)
	if err != nil {
		return err
	}
	m, err := spool.Migrate(ctx, spool.MoveConfig{
		Dir: config.Data, URL: c.To, Keys: keys, Freeze: c.Freeze,
		Say: func(text string) { fmt.Fprintln(s.out, text) },
	})
	unreadable := errors.Is(err, spool.ErrUnreadable)
	if err != nil && !unreadable {
		return err
	}
	then := "then remove postvern.db and bodies/ from " + config.Data
	if unreadable {
		then = "keep postvern.db and bodies/ in " + config.Data + " until nobody needs what could not be read"
	}
	fmt.Fprintf(s.out, `Moved and verified: %s.
A gateway that was running goes on with the new store. Now set store: in %s to the same address; %s.
%s is needed as before, on every node.
`, counts(m), c.Config, then, spool.KeyFile)
	for _, name := range m.Lacking {
		fmt.Fprintf(s.err, "postvern: moved as it is, since it cannot be read: %s\n", name)
	}
	return err
}
