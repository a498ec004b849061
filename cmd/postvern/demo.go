package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"postvern.example/configs"
	"postvern.example/internal/app"
	"postvern.example/internal/notice"
	"postvern.example/internal/sink"
	"postvern.example/proxy"
	"postvern.example/proxy/message"
)

const demoPassword = "postvern-demo"

type demoCommand struct {
	Once bool   `help:"Stop when the sample mails are through."`
	Dir  string `type:"path" placeholder:"FOLDER" help:"Keep the demo's files in this folder; otherwise in a temporary one that is removed."`
	Port int    `default:"2587" help:"Where the gateway listens on 127.0.0.1; 0 picks a free port."`
}

// demo is a running demonstration: a gateway, its upstream and a reader who
// has a key.
type demo struct {
	out     io.Writer
	dir     string
	sink    *sink.Sink
	gateway *app.App
	reader  *demoReader
	texts   *notice.Catalog
	known   map[string]bool // held mail that was shown
}

// Run starts gateway and upstream, sends the sample mails, shows what came of
// them, and stays up until it is interrupted.
func (c demoCommand) Run(ctx context.Context, s streams) error {
	dir := c.Dir
	if dir == "" {
		var err error
		if dir, err = os.MkdirTemp("", "postvern-demo-"); err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(dir) }()
	}
	upstream, err := sink.Start(sink.Config{})
	if err != nil {
		return fmt.Errorf("start upstream: %w", err)
	}
	defer func() { _ = upstream.Close() }()
	d := &demo{out: s.out, dir: dir, sink: upstream, known: map[string]bool{}}
	if d.texts, err = notice.Load(); err != nil {
		return err
	}
	if d.reader, err = newDemoReader("Mette Sørensen", "mette.soerensen@post.example"); err != nil {
		return err
	}
	if err := d.writeFiles(upstream.Addr(), freePort(ctx, c.Port)); err != nil {
		return err
	}
	file := filepath.Join(dir, "postvern.yaml")
	config, err := app.LoadConfig(file)
	if err != nil {
		return err
	}
	logFile, err := os.Create(filepath.Join(dir, "postvern.log"))
	if err != nil {
		return err
	}
	defer func() { _ = logFile.Close() }()
	running, stop := context.WithCancel(ctx)
	defer stop()
	d.gateway, err = app.Start(running, app.Options{
		Config: config, File: file, Logger: slog.New(slog.NewTextHandler(logFile, nil)), Worker: workerCommand(), Version: version(),
	})
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- d.gateway.Run(running) }()
	if err := d.show(ctx); err != nil {
		return err
	}
	if !c.Once {
		d.stay()
		<-ctx.Done()
	}
	stop()
	return <-ended
}

// freePort returns the port, or 0 for any where another program has it.
func freePort(ctx context.Context, port int) int {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return 0
	}
	_ = l.Close()
	return port
}

// writeFiles lays out the example configuration in the demo's folder, with
// addresses of its own.
func (d *demo) writeFiles(upstream string, port int) error {
	if err := os.MkdirAll(d.dir, 0o700); err != nil {
		return err
	}
	for _, name := range []string{"policy.yaml", "representatives.yaml", "members.csv"} {
		src, err := configs.Files.ReadFile(name)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(d.dir, name), src, 0o600); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(filepath.Join(d.dir, "keys"), 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(d.dir, "keys", "mette.asc"), d.reader.public, 0o600); err != nil {
		return err
	}
	config := fmt.Sprintf(`hostname: localhost
data: data
listen:
  - {address: "127.0.0.1:%d", tls: starttls}
upstream: {address: %q, tls: none}
policy: policy.yaml
representatives: representatives.yaml
members: members.csv
keys: keys/
metrics: {address: "127.0.0.1:0"}
`, port, upstream)
	return os.WriteFile(filepath.Join(d.dir, "postvern.yaml"), []byte(config), 0o600)
}

// demoMail is one sample: who sends it, and in one line what it is.
type demoMail struct{ file, login, title string }

var demoMails = []demoMail{
	{"1-outlook-members-in-to.eml", "anna", "An invitation from Outlook, with five members in To"},
	{"2-thunderbird-cpr-with-key.eml", "anna", "A CPR number to a member who has an OpenPGP key"},
	{"3-thunderbird-cpr-without-key.eml", "anna", "A CPR number to a member who has none"},
	{"4-outlook-member-list.eml", "anna", "A list of members as an attachment, to the employer"},
	{"5-thunderbird-ordinary.eml", "anna", "A private mail to a colleague"},
	{"6-outlook-reply-swedish.eml", "bjorn", "A Swedish reply that is tagged already, to two members"},
}

// show sends every sample and prints what came of it.
func (d *demo) show(ctx context.Context) error {
	d.heading("Postvern shows what it does with six mails")
	for _, m := range demoMails {
		raw, err := fs.ReadFile(configs.Files, "demo/"+m.file)
		if err != nil {
			return err
		}
		env, err := proxy.EnvelopeOf(raw, message.DefaultLimits())
		if err != nil {
			return fmt.Errorf("%s: %w", m.file, err)
		}
		d.heading(m.title)
		fmt.Fprintf(d.out, "  %s wrote:\n", m.login)
		d.printHead(raw, "    ")
		before := len(d.sink.Messages())
		sent := d.send(ctx, m.login, env, raw)
		if err := d.settle(ctx); err != nil {
			return err
		}
		d.printOutcome(ctx, sent, d.sink.Messages()[before:])
	}
	return d.printRegister(ctx)
}

// send hands a mail in as a mail program does: STARTTLS, login, DATA.
func (d *demo) send(ctx context.Context, login string, env message.Envelope, raw []byte) error {
	dialer := net.Dialer{Timeout: 10 * time.Second}
	conn, err := dialer.DialContext(ctx, "tcp", d.gateway.Addresses()[0])
	if err != nil {
		return err
	}
	// The demo's certificate is its own, made a moment ago on this machine.
	client, err := smtp.NewClientStartTLS(conn, &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // loopback demo
	if err != nil {
		return err
	}
	defer func() { _ = client.Close() }()
	if err := client.Auth(sasl.NewPlainClient("", login, demoPassword)); err != nil {
		return err
	}
	var to []string
	for _, r := range env.To {
		to = append(to, r.Address)
	}
	return client.SendMail(env.From, to, bytes.NewReader(raw))
}

// settle waits until the spool has nothing left to deliver.
func (d *demo) settle(ctx context.Context) error {
	for range 500 {
		stats, err := d.gateway.Store().Stats(ctx)
		if err != nil {
			return err
		}
		if stats.Queued == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
	return fmt.Errorf("the spool did not empty: see %s", filepath.Join(d.dir, "postvern.log"))
}

// stay says where to go from here.
func (d *demo) stay() {
	d.heading("The gateway stays up")
	host, port, _ := net.SplitHostPort(d.gateway.Addresses()[0])
	fmt.Fprintf(d.out, `  Mail program   outgoing server %s, port %s, STARTTLS, user anna, password %s
                 (sender tr.anna@forening.example or anna.holm@region.example; the certificate is self-signed)
  Metrics        http://%s/metrics
  Files          %s
  Held mail      %s held list --config %s
  Register       %s deviations list --config %s
  Stop           Ctrl-C
`, host, port, demoPassword, d.gateway.MetricsAddress(), d.dir,
		os.Args[0], filepath.Join(d.dir, "postvern.yaml"), os.Args[0], filepath.Join(d.dir, "postvern.yaml"))
}

func (d *demo) heading(text string) {
	fmt.Fprintf(d.out, "\n%s\n%s\n", text, strings.Repeat("─", len([]rune(text))))
}
