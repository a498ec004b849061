package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"postvern.example/internal/app"
	"postvern.example/policy/detect"
	"postvern.example/policy/strict"
	"postvern.example/proxy"
	"postvern.example/proxy/message"
	"postvern.example/proxy/spool"
)

type explainCommand struct {
	Policy          string   `type:"path" placeholder:"FILE" help:"The policy file; otherwise that of --config."`
	Config          string   `type:"path" placeholder:"FILE" help:"postvern.yaml: where members, representatives and keys come from."`
	Members         string   `type:"path" placeholder:"FILE" help:"The roster of members, as a CSV file or hashes."`
	Representatives string   `type:"path" placeholder:"FILE" help:"The representatives' file."`
	Keys            string   `type:"path" placeholder:"FOLDER" help:"The folder of readers' OpenPGP keys."`
	Certificates    string   `type:"path" placeholder:"FOLDER" help:"The folder of readers' certificates for S/MIME."`
	From            string   `placeholder:"ADDRESS" help:"The envelope's sender; otherwise the address in From."`
	To              []string `placeholder:"ADDRESS,..." help:"The envelope's recipients; otherwise all in To, Cc and Bcc."`
	JSON            bool     `name:"json" help:"Print JSON."`
	readable        `embed:""`
	Mail            string `arg:"" help:"The mail as a file (.eml), or - for standard input."`
}

// Run prints what would become of the mail. Nothing is stored or sent.
func (c explainCommand) Run(ctx context.Context, s streams) error {
	config, err := c.config()
	if err != nil {
		return usageError{err}
	}
	say, err := c.speak(config.Policy)
	if err != nil {
		return err
	}
	reader := app.NewReader(ctx, config, workerCommand(), slog.New(slog.NewTextHandler(s.err, &slog.HandlerOptions{Level: slog.LevelWarn})))
	defer reader.Close()
	store, err := c.store(ctx, config)
	if err != nil {
		fmt.Fprintln(s.err, "postvern:", say.say("explain-store", "why", err.Error()))
	}
	if store != nil {
		defer func() { _ = store.Close() }()
	}
	gateway, err := app.NewExplainer(ctx, config, reader, store)
	if err != nil {
		return usageError{err}
	}
	if store != nil {
		follow(ctx, s, say, store, gateway)
	}
	raw, err := readMail(c.Mail, s.in)
	if err != nil {
		return usageError{err}
	}
	env, err := proxy.EnvelopeOf(raw, message.DefaultLimits())
	if err != nil && len(c.To) == 0 {
		return say.fault("explain-unread", "file", c.Mail, "why", err.Error())
	}
	env.Received = time.Now()
	if c.From != "" {
		env.From = c.From
	}
	if len(c.To) > 0 {
		env.To = nil
		for _, to := range c.To {
			env.To = append(env.To, message.Recipient{Address: to})
		}
	}
	x, err := gateway.Explain(ctx, env, raw)
	if err != nil {
		return say.fault("explain-not-taken", "file", c.Mail, "why", err.Error())
	}
	if store != nil {
		before(ctx, s, say, store, &x)
	}
	if c.JSON {
		return printJSON(s.out, x)
	}
	c.printMissing(s.out, say)
	explainer{w: s.out, say: say}.print(x)
	return nil
}

// store opens the installation's store, where there is one: nil otherwise.
func (c explainCommand) store(ctx context.Context, config app.Config) (*spool.Store, error) {
	if c.Config == "" || app.Fresh(config) {
		return nil, nil
	}
	return app.OpenStore(ctx, config)
}

// follow lets the gateway know the ledger and the keys of the installation.
func follow(ctx context.Context, s streams, say speaker, store *spool.Store, gateway *proxy.Gateway) {
	ledger, err := store.Ledger(ctx, nil)
	gateway.FollowConsents(ledger)
	if err != nil {
		fmt.Fprintln(s.err, "postvern:", say.say("explain-ledger", "why", err.Error()))
	}
	book, err := store.KeyBook(ctx, nil)
	if gateway.FollowKeys(book); err != nil {
		gateway.WithoutKeys()
		fmt.Fprintln(s.err, "postvern:", say.say("explain-keys", "why", err.Error()))
	}
}

// before adds how copies to the recipients were protected before.
func before(ctx context.Context, s streams, say speaker, store *spool.Store, x *proxy.Explanation) {
	for i := range x.Recipients {
		r := &x.Recipients[i]
		reader, ok := detect.CanonicalAddress(r.Address)
		if !ok {
			continue
		}
		all, err := store.Protections(ctx, reader)
		if err != nil {
			fmt.Fprintln(s.err, "postvern:", say.say("explain-history", "why", err.Error()))
			return
		}
		for _, p := range all {
			r.Before = append(r.Before, proxy.ExplainedBefore{Step: p.Step, Last: p.Last.Format(time.DateOnly), Copies: p.Copies})
		}
	}
}

// printMissing says which files were not given: without them the gateway
// itself would decide otherwise.
func (c explainCommand) printMissing(w io.Writer, say speaker) {
	if c.Config != "" {
		return
	}
	if c.Members == "" {
		fmt.Fprintln(w, say.say("explain-no-roster"))
	}
	if c.Representatives == "" {
		fmt.Fprintln(w, say.say("explain-no-representatives"))
	}
}

// config returns the files to go by: those of --config, but for those that
// are named beside it.
func (c explainCommand) config() (app.Config, error) {
	var config app.Config
	if c.Config != "" {
		var err error
		if config, err = app.LoadConfig(c.Config); err != nil {
			return app.Config{}, err
		}
	}
	for _, o := range []struct{ flag, into *string }{
		{&c.Policy, &config.Policy},
		{&c.Representatives, &config.Representatives},
		{&c.Keys, &config.Keys},
		{&c.Certificates, &config.SMIME.Certificates},
	} {
		if *o.flag != "" {
			*o.into = *o.flag
		}
	}
	if c.Members != "" {
		config.Members = strict.Words{c.Members}
	}
	if config.Policy == "" {
		return app.Config{}, fmt.Errorf("give --policy FILE or --config FILE")
	}
	return config, nil
}

// readMail reads a mail from a file or standard input. Files that an editor
// saved have LF line ends; SMTP has CRLF.
func readMail(name string, in io.Reader) ([]byte, error) {
	var raw []byte
	var err error
	if name == "-" {
		raw, err = io.ReadAll(in)
	} else {
		raw, err = os.ReadFile(name)
	}
	if err != nil {
		return nil, fmt.Errorf("read mail: %w", err)
	}
	text := strings.ReplaceAll(string(raw), "\r\n", "\n")
	return []byte(strings.ReplaceAll(text, "\n", "\r\n")), nil
}
