package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"postvern.example/internal/app"
	"postvern.example/internal/roster"
)

type serveCommand struct {
	Config string `required:"" type:"path" placeholder:"FILE" help:"The administrator's file, postvern.yaml."`
}

// Run serves until SIGTERM or SIGINT. SIGHUP reloads policy, representatives,
// members and keys, as a change of one of the files does.
func (c serveCommand) Run(ctx context.Context, s streams) error {
	app.CollectSeldom()
	app.KeepOffDisk()
	config, err := app.LoadConfig(c.Config)
	if err != nil {
		return usageError{err}
	}
	logger := newLogger(s.err, config.Log)
	if config.Console.Address != "" {
		logger.Warn("ignored", "key", "console.address", "reason", "this release has no console: work with the commands held and deviations")
	}
	var sockets app.Sockets
	defer sockets.Close()
	opt := app.Options{Config: config, File: c.Config, Logger: logger, Worker: workerCommand(), Version: version(), Sockets: &sockets}
	for {
		err := serve(ctx, opt)
		if !errors.Is(err, app.ErrMoving) {
			return err
		}
	}
}

// serve runs one gateway.
func serve(ctx context.Context, opt app.Options) error {
	running, err := app.Start(ctx, opt)
	if errors.Is(err, roster.ErrShrunk) || errors.Is(err, app.ErrFile) {
		return usageError{err} // nothing but a person makes it right
	}
	if err != nil {
		return err
	}
	defer app.RunBesideFlushes()()
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	reloads, stop := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-reloads.Done():
				return
			case <-hangup:
				_ = running.Reload() // it says in the log what is wrong, and the old rules stay
			}
		}
	}()
	err = running.Run(ctx)
	stop()
	<-done
	return err
}

func newLogger(w io.Writer, c app.LogConfig) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(c.Level)) // LoadConfig has checked it
	options := &slog.HandlerOptions{Level: level}
	if c.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}
