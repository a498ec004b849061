package app

import (
	"math"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"postvern.example/proxy/submission"
)

// clients returns what a listener asks of its clients' certificates; nil where
// it asks for none. Its error begins with the key of the configuration.
func (a *App) clients(l ListenConfig) (*submission.Clients, error) {
	if l.ClientCA == "" {
		return nil, nil
	}
	clients, err := submission.LoadClients(submission.ClientsConfig{
		Authorities: l.ClientCA, Names: l.ClientNames, Revocations: l.ClientRevocations,
		Failed: a.keeps("what clients' certificates are judged by"),
	})
	if err != nil {
		return nil, err
	}
	a.guards = append(a.guards, clients)
	return clients, nil
}

// revocationsUntil returns until when all listeners' lists of revoked
// certificates are up to date; false where none asks for lists.
func (a *App) revocationsUntil() (first time.Time, asked bool) {
	for _, g := range a.guards {
		if until, ok := g.RevocationsUntil(); ok && (!asked || until.Before(first)) {
			first, asked = until, true
		}
	}
	return first, asked
}

// warnRevocations says that trust listeners are about to turn everybody away,
// or do so, because lists of revoked certificates are not renewed.
func (a *App) warnRevocations() {
	until, asked := a.revocationsUntil()
	if !asked || until.Sub(a.opt.Now()) > 6*time.Hour {
		return
	}
	what := "a list in client-revocations"
	if until.IsZero() {
		what, until = "client-revocations has no list of one of the authorities", a.opt.Now()
	}
	a.opt.Logger.Warn("expiring", "what", what, "until", until, "days", int(until.Sub(a.opt.Now()).Hours()/24))
}

// revocationsCollector reads the time of the lists at each scrape.
type revocationsCollector struct{ app *App }

var revocationsEnd = prometheus.NewDesc("postvern_client_revocations_until_timestamp_seconds",
	"When the first of the lists in client-revocations is out of date; 0 where an authority of client-ca has none, infinite where no listener asks for any.", nil, nil)

// Describe implements prometheus.Collector.
func (c revocationsCollector) Describe(ch chan<- *prometheus.Desc) { ch <- revocationsEnd }

// Collect implements prometheus.Collector.
func (c revocationsCollector) Collect(ch chan<- prometheus.Metric) {
	var seconds float64
	if until, asked := c.app.revocationsUntil(); !asked {
		seconds = math.Inf(1)
	} else if !until.IsZero() {
		seconds = float64(until.Unix())
	}
	ch <- prometheus.MustNewConstMetric(revocationsEnd, prometheus.GaugeValue, seconds)
}
