package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/user"
	"strings"

	"postvern.example/internal/app"
	"postvern.example/internal/deviation"
	"postvern.example/proxy"
	"postvern.example/proxy/spool"
)

// installation names the running installation that a command works on. Its
// gateway may run or not.
type installation struct {
	Config string `required:"" type:"path" placeholder:"FILE" help:"The administrator's file, postvern.yaml."`
}

// withStore runs a function on the installation's store, beside the gateway
// that may be using it.
func (i installation) withStore(ctx context.Context, s streams, do func(*spool.Store) error) error {
	config, err := app.LoadConfig(i.Config)
	if err != nil {
		return usageError{err}
	}
	if app.Fresh(config) {
		say, err := readable{Language: "policy"}.speaker(i.Config)
		if err != nil {
			return err
		}
		fmt.Fprintln(s.err, "postvern:", say.say("fresh", "folder", config.Data))
	}
	store, err := app.OpenStore(ctx, config)
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	return do(store)
}

// withCustody runs a function on held mail, under the rules of the files as
// they are now.
func (i installation) withCustody(ctx context.Context, s streams, do func(proxy.Custody) error) error {
	config, err := app.LoadConfig(i.Config)
	if err != nil {
		return usageError{err}
	}
	if err := asOwner(config.Data); err != nil {
		return err
	}
	store, err := app.OpenStore(ctx, config)
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	logger := slog.New(slog.NewTextHandler(s.err, &slog.HandlerOptions{Level: slog.LevelWarn}))
	reader := app.NewReader(ctx, config, workerCommand(), logger)
	defer reader.Close()
	custody, err := app.NewCustody(ctx, config, store, logger, reader)
	if err != nil {
		return err
	}
	return do(custody)
}

// printJSON prints one value, indented, with a final line feed.
func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// whoami is who the register says ran a command: --by, or the login at this
// machine, which under sudo is the caller's: all run as the gateway's user.
func whoami(by string) (string, error) {
	if by == "" {
		by = os.Getenv("SUDO_USER")
	}
	if by = strings.Join(strings.Fields(deviation.Clean(by)), " "); by != "" {
		return by, nil
	}
	u, err := user.Current()
	if err != nil || u.Username == "" {
		return "", usageError{fmt.Errorf("this machine does not say who you are: give --by YOUR-NAME")}
	}
	return u.Username, nil
}
