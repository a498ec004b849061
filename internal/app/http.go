package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"postvern.example/proxy/relay"
	"postvern.example/proxy/spool"
)

// httpServer serves /metrics, /healthz and /readyz. A nil server serves
// nothing.
type httpServer struct {
	what     string // it serves
	listener net.Listener
	server   *http.Server
}

func (a *App) listenHTTP(ctx context.Context) (*httpServer, error) {
	address := a.opt.Config.Metrics.Address
	if address == "" {
		return nil, nil
	}
	a.registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		spoolCollector{store: a.store},
		questionCollector{store: a.store},
		registerCollector{store: a.store},
		upstreamCollector{relay: a.relay},
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "postvern_messages_memory_bytes", Help: "Memory that is set aside for messages that are being taken; limits.memory is the most.",
		}, func() float64 { return float64(a.budget.Used()) }),
		rosterCollector{app: a},
		keysCollector{app: a},
		certificateCollector{app: a},
		revocationsCollector{app: a},
	)
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(a.registry, promhttp.HandlerOpts{Registry: a.registry}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, nil)
		a.rosterHealth(w)
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) { answer(w, a.ready(r.Context())) })
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("metrics.address: %w", err)
	}
	a.opt.Logger.Info("listening", "address", l.Addr().String(), "serves", "metrics")
	return &httpServer{what: "metrics", listener: l, server: &http.Server{
		Handler: mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second,
	}}, nil
}

// ready reports whether a message would be taken: the store answers. An
// upstream that is away does not make the gateway unready, since the spool
// keeps what it takes.
func (a *App) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	_, err := a.store.Stats(ctx)
	return err
}

func answer(w http.ResponseWriter, err error) {
	if err != nil {
		http.Error(w, "the store does not answer", http.StatusServiceUnavailable)
		return
	}
	_, _ = fmt.Fprintln(w, "ok")
}

func (h *httpServer) address() string {
	if h == nil {
		return ""
	}
	return h.listener.Addr().String()
}

func (h *httpServer) run(ctx context.Context) error {
	if h == nil {
		<-ctx.Done()
		return nil
	}
	done := make(chan error, 1)
	go func() { done <- h.server.Serve(h.listener) }()
	select {
	case err := <-done:
		return fmt.Errorf("serve %s: %w", h.what, err)
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	if err := h.server.Shutdown(drain); err != nil {
		_ = h.server.Close()
	}
	if err := <-done; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func (h *httpServer) close() {
	if h != nil {
		_ = h.listener.Close()
	}
}

// spoolCollector reads the spool's gauges from the store at each scrape, so
// that they are true after a restart and whoever else works on the store.
type spoolCollector struct {
	store *spool.Store
}

var (
	spoolCopies = prometheus.NewDesc("postvern_spool_copies", "Copies in the spool by state: queued (deferred ones included), deferred, held.", []string{"state"}, nil)
	spoolOldest = prometheus.NewDesc("postvern_spool_oldest_age_seconds", "Age of the oldest copy that waits for delivery; 0 where none waits.", nil, nil)
	spoolCodes  = prometheus.NewDesc("postvern_codes_waiting", "Text messages with codes that are not sent yet.", nil, nil)
	spoolWaits  = prometheus.NewDesc("postvern_lookups_waiting", "Messages that wait for readers' keys to be looked up.", nil, nil)
	spoolBytes  = prometheus.NewDesc("postvern_spool_bytes", "Octets that the store keeps of message bodies.", nil, nil)
)

// Describe implements prometheus.Collector.
func (c spoolCollector) Describe(ch chan<- *prometheus.Desc) {
	ch <- spoolCopies
	ch <- spoolOldest
	ch <- spoolBytes
	ch <- spoolCodes
	ch <- spoolWaits
}

// Collect implements prometheus.Collector.
func (c spoolCollector) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	s, err := c.store.Stats(ctx)
	if err != nil {
		ch <- prometheus.NewInvalidMetric(spoolCopies, err)
		return
	}
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	gauge(spoolCopies, float64(s.Queued), "queued")
	gauge(spoolCopies, float64(s.Deferred), "deferred")
	gauge(spoolCopies, float64(s.Held), "held")
	gauge(spoolOldest, s.Oldest.Seconds())
	gauge(spoolBytes, float64(s.Bytes))
	gauge(spoolCodes, float64(s.Codes))
	gauge(spoolWaits, float64(s.LookUps))
}

// upstreamCollector reads how the upstreams stand at each scrape. Their names
// are the configuration's.
type upstreamCollector struct {
	relay *relay.Relay
}

var (
	upstreamUp          = prometheus.NewDesc("postvern_upstream_up", "Whether an upstream could be reached when it was last asked.", []string{"upstream"}, nil)
	upstreamConnections = prometheus.NewDesc("postvern_upstream_connections", "Open connections to an upstream.", []string{"upstream"}, nil)
)

// Describe implements prometheus.Collector.
func (c upstreamCollector) Describe(ch chan<- *prometheus.Desc) {
	ch <- upstreamUp
	ch <- upstreamConnections
}

// Collect implements prometheus.Collector.
func (c upstreamCollector) Collect(ch chan<- prometheus.Metric) {
	for _, h := range c.relay.Health() {
		up := 0.0
		if h.Up {
			up = 1
		}
		ch <- prometheus.MustNewConstMetric(upstreamUp, prometheus.GaugeValue, up, h.Upstream)
		ch <- prometheus.MustNewConstMetric(upstreamConnections, prometheus.GaugeValue, float64(h.Connections), h.Upstream)
	}
}

// rosterCollector reads the roster's gauges from the rules in force.
type rosterCollector struct{ app *App }

var (
	rosterMembers = prometheus.NewDesc("postvern_roster_members", "Entries of the roster in force.", nil, nil)
	rosterGroups  = prometheus.NewDesc("postvern_roster_groups", "Groups of the roster in force.", nil, nil)
	rosterTime    = prometheus.NewDesc("postvern_roster_imported_timestamp_seconds", "When the oldest group of the roster in force was imported.", nil, nil)
	rosterLimit   = prometheus.NewDesc("postvern_roster_stale_after_seconds", "How old a group of the roster may be: roster.stale-after.", nil, nil)
)

// Describe implements prometheus.Collector.
func (c rosterCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{rosterMembers, rosterGroups, rosterTime, rosterLimit} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (c rosterCollector) Collect(ch chan<- prometheus.Metric) {
	m := c.app.gateway.Rules().Members
	for d, v := range map[*prometheus.Desc]float64{
		rosterMembers: float64(m.Len()), rosterGroups: float64(len(m.Groups())), rosterTime: float64(m.Made().Unix()),
		rosterLimit: time.Duration(c.app.opt.Config.Roster.StaleAfter).Seconds(),
	} {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v)
	}
}
