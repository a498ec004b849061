// Package app wires the gateway: options in, a running gateway out. It owns
// every goroutine that it starts and waits for all of them.
//
// A fault in a file at start is an error of Start, with file, line and column
// where it has them. A fault at a reload leaves the rules in force, and says
// so in the log and in postvern_reloads_total. A listener or the relay that
// fails ends the program: half a gateway is worse than a restart.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"postvern.example/internal/acme"
	"postvern.example/internal/metrics"
	"postvern.example/internal/notice"
	"postvern.example/internal/question"
	"postvern.example/proxy"
	"postvern.example/proxy/extract"
	"postvern.example/proxy/message"
	"postvern.example/proxy/relay"
	"postvern.example/proxy/spool"
	"postvern.example/proxy/submission"
)

// Options is what a gateway is started with.
type Options struct {
	Config  Config
	File    string // where Config stands, for commands that notices name; empty: not said
	Logger  *slog.Logger
	Now     func() time.Time // nil: the clock
	Version string           // for the log
	Worker  []string         // the command line of a child that reads hostile formats; empty: they are read in this process
	Sockets *Sockets         // outlive this App, for one that follows it; nil: they end with it
	Drain   time.Duration    // how long transactions in progress may take when it stops; 0: 20 s
}

// App is a running gateway.
type App struct {
	opt        Options
	texts      *notice.Catalog
	keys       [][]byte // the installation's, as they were at the start
	store      *spool.Store
	extract    *extract.Extractor
	gateway    *proxy.Gateway
	relay      *relay.Relay
	refresher  *proxy.Refresher
	metrics    *metrics.Metrics
	registry   *prometheus.Registry
	servers    []*submission.Server
	budget     *submission.Budget
	listeners  []net.Listener
	http       *httpServer
	questions  *httpServer
	tokens     *question.Tokens
	certs      certificate           // nil: nothing of ours speaks TLS
	guards     []*submission.Clients // of the listeners that ask clients for certificates
	acme       *acme.Certificate     // nil: none is ordered
	challenges []*httpServer
	reloading  sync.Mutex
	watched    map[string]fingerprint
	ledger     *spool.Ledger  // of consents; nil: not read
	book       *spool.KeyBook // of keys; nil: not read
	keysUnread bool
}

// Start opens the store, loads the rules and binds every listener. What it
// returns serves once Run is called. An error leaves nothing open.
func Start(ctx context.Context, opt Options) (_ *App, err error) {
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.Drain == 0 {
		opt.Drain = 20 * time.Second
	}
	a := &App{opt: opt, registry: prometheus.NewRegistry()}
	defer func() {
		if err != nil {
			a.close()
		}
	}()
	a.metrics = metrics.New(a.registry)
	if a.texts, err = notice.Load(); err != nil {
		return nil, fmt.Errorf("load texts: %w", err)
	}
	a.watched = a.fingerprints()
	loading := beginRules(opt.Config) // beside the store, which waits for the disk
	defer loading.beside.Wait()
	if err := a.openStore(ctx); err != nil {
		return nil, err
	}
	rules, err := loading.with(a.keys)
	if err != nil {
		return nil, wrongFile{err}
	}
	last, err := a.lastSize()
	if err != nil {
		return nil, err
	}
	if err := a.compare(last, rules.Members); err != nil {
		return nil, err
	}
	if a.tokens, err = question.NewTokens(a.store.QuestionKey(), opt.Config.Hostname, opt.Config.Questions.URL); err != nil {
		return nil, err
	}
	a.extract = NewReader(ctx, opt.Config, opt.Worker, opt.Logger)
	a.gateway = proxy.New(proxy.Config{
		Hostname: opt.Config.Hostname,
		File:     opt.File,
		Limits:   limits(opt.Config),
		Rules:    rules,
		Extract:  a.extract,
		Notices:  a.texts,
		Spool:    a.store,
		Memory:   a.store,
		Held:     a.store,
		Tokens:   a.tokens,
		Metrics:  a.metrics,
		Logger:   opt.Logger,
		Now:      opt.Now,
		Answers:  a.store,
		Codes:    a.store,
		SMS:      opt.Config.SMS.URL != "",
		Verified: opt.Config.verified(),
		Aside:    func() (message.Aside, error) { return a.store.PutAside() },
	})
	a.announce(rules)
	a.remember(rules.Members)
	if err := a.readConsents(ctx); err != nil {
		opt.Logger.Error("no consents", "reason", "the ledger cannot be read: nobody counts as having consented", "cause", err)
	}
	a.readKeys(ctx)
	if err := a.signing(ctx, rules.Policy); err != nil {
		return nil, err
	}
	a.budget = submission.NewBudget(int64(opt.Config.Limits.Memory), patience)
	if err := a.openRelay(); err != nil {
		return nil, err
	}
	if err := a.listen(ctx); err != nil {
		return nil, err
	}
	if a.http, err = a.listenHTTP(ctx); err != nil {
		return nil, err
	}
	if a.questions, err = a.listenQuestions(ctx); err != nil {
		return nil, err
	}
	return a, nil
}

// Run serves until ctx ends, then drains: no new connections, transactions in
// progress finish, copies in transit are finished or left in the spool.
func (a *App) Run(ctx context.Context) error {
	defer a.close()
	group, running := errgroup.WithContext(ctx)
	for i, s := range a.servers {
		group.Go(func() error { return a.serve(running, s, a.listeners[i]) })
	}
	group.Go(func() error { return a.relay.Run(running) })
	group.Go(func() error { return a.http.run(running) })
	group.Go(func() error { return a.questions.run(running) })
	for _, h := range a.challenges {
		group.Go(func() error { return h.run(running) })
	}
	if a.acme != nil {
		group.Go(func() error { return a.acme.Run(running) })
	}
	group.Go(func() error {
		debug.FreeOSMemory() // what the start leaves behind: several times what it keeps
		return nil
	})
	group.Go(func() error { return a.watch(running) })
	group.Go(func() error { return a.housekeep(running) })
	group.Go(func() error { return a.followConsents(running) })
	group.Go(func() error { return a.followKeys(running) })
	group.Go(func() error { return a.refreshKeys(running) })
	group.Go(func() error { return a.followMove(running) })
	a.opt.Logger.Info("started", "hostname", a.opt.Config.Hostname, "version", a.opt.Version)
	notifySystemd(daemon.SdNotifyReady)
	group.Go(func() error { return watchdog(running) })
	group.Go(func() error {
		<-running.Done()
		if ctx.Err() != nil {
			notifySystemd(daemon.SdNotifyStopping)
		}
		return nil
	})
	err := group.Wait()
	if ctx.Err() != nil && (err == nil || errors.Is(err, context.Canceled)) {
		a.opt.Logger.Info("stopped")
		return nil
	}
	return err
}

// Addresses returns where the SMTP listeners are bound, in the order of the
// configuration.
func (a *App) Addresses() []string {
	var out []string
	for _, l := range a.listeners {
		out = append(out, l.Addr().String())
	}
	return out
}

// MetricsAddress returns where the metrics are served; "" where they are not.
func (a *App) MetricsAddress() string { return a.http.address() }

// Store returns the store of the running gateway.
func (a *App) Store() *spool.Store { return a.store }

func (a *App) openStore(ctx context.Context) error {
	dir := a.opt.Config.Data
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make data folder: %w", err)
	}
	var err error
	if a.keys, err = spool.LoadKeys(ctx, dir, a.opt.Config.Store); err != nil {
		return fmt.Errorf("load installation key: %w", err)
	}
	a.store, err = a.wherever(ctx, spool.Config{
		Dir: dir, URL: a.opt.Config.Store, Key: a.keys[0], Others: a.keys[1:], Reread: rereadKeys(dir, a.keys),
		Now: a.opt.Now, TakeBack: true, Logger: a.opt.Logger, MaxBytes: int64(a.opt.Config.Limits.SpoolSize),
		Unreadable: a.unreadable,
	})
	if err != nil {
		return fmt.Errorf("open store: %w", err)
	}
	return nil
}

// unreadable tells of copies that the store cannot read: their senders and the
// register. The relay, which alone claims copies, runs by then.
func (a *App) unreadable(d spool.Delivery) ([]spool.Parcel, error) {
	reports, err := a.relay.Damaged(d)
	if err != nil {
		return nil, fmt.Errorf("report damaged copies: %w", err)
	}
	parcel, err := a.gateway.Damaged(d)
	if err != nil {
		return nil, fmt.Errorf("tell of damaged copies: %w", err)
	}
	return append(reports, parcel), nil
}

func (a *App) openRelay() error {
	c := a.opt.Config
	upstreams, err := c.upstreams()
	if err != nil {
		return err
	}
	couriers, err := a.couriers()
	if err != nil {
		return err
	}
	a.relay, err = relay.New(relay.Config{
		Couriers:  couriers,
		Upstreams: upstreams,
		Routes:    c.routes(),
		Hostname:  c.Hostname,
		GiveUp:    time.Duration(c.Deliveries.GiveUp),
		Queue:     a.store,
		Reporter: relay.Reporter{
			Contact: a.gateway.Rules().Policy.Contact, Organisation: a.gateway.Rules().Policy.Organisation,
			Language: a.gateway.Rules().Policy.Language,
		},
		Metrics: a.metrics,
		Logger:  a.opt.Logger,
		Now:     a.opt.Now,
	})
	if err != nil {
		return fmt.Errorf("prepare upstream: %w", err)
	}
	return nil
}

// patience is how long a message waits for its share of limits.memory: less than
// a mail program waits for the reply.
const patience = 20 * time.Second

func (a *App) listen(ctx context.Context) error {
	c := a.opt.Config
	if err := a.openCertificate(ctx); err != nil {
		return err
	}
	shared, err := a.submission()
	if err != nil {
		return fmt.Errorf("prepare logins: %w", err)
	}
	passed, err := a.opt.Sockets.passed(c.Listen)
	if err != nil {
		return err
	}
	defer passed.close()
	for i, l := range c.Listen {
		if shared.Listener, err = a.listener(l); err != nil {
			return fmt.Errorf("listen[%d].%w", i, err)
		}
		sockets, err := a.opt.Sockets.open(ctx, i, l, passed)
		if err != nil {
			return fmt.Errorf("listen[%d]: %w", i, err)
		}
		for n, ln := range sockets {
			a.listeners = append(a.listeners, ln)
			s, err := submission.New(shared)
			if err != nil {
				return errors.Join(fmt.Errorf("listen[%d]: %w", i, err), closeAll(sockets[n:]))
			}
			a.servers = append(a.servers, s)
			a.opt.Logger.Info("listening", "address", ln.Addr().String(), "tls", l.TLS, "trust", strings.Join(l.Trust, " "))
		}
	}
	a.warnRevocations()
	return nil
}

// serve runs one server until ctx ends, then drains it.
func (a *App) serve(ctx context.Context, s *submission.Server, l net.Listener) error {
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	select {
	case err := <-done:
		return fmt.Errorf("serve %s: %w", l.Addr(), err)
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), a.opt.Drain)
	defer cancel()
	if err := s.Shutdown(drain); err != nil {
		a.opt.Logger.Warn("closed", "address", l.Addr().String(), "cause", err)
	}
	if err := <-done; err != nil {
		a.opt.Logger.Debug("closed", "address", l.Addr().String(), "cause", err)
	}
	return nil
}

func (a *App) close() {
	for _, l := range a.listeners {
		_ = l.Close()
	}
	for _, h := range append(a.challenges, a.http, a.questions) {
		h.close()
	}
	if a.extract != nil {
		a.extract.Close()
	}
	if a.store != nil {
		if err := a.store.Close(); err != nil {
			a.opt.Logger.Error("closed", "cause", err)
		}
	}
}

func limits(c Config) message.Limits {
	l := message.DefaultLimits()
	l.Size = int64(c.Limits.MessageSize)
	return l
}
