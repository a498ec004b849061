package app

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"postvern.example/proxy/spool"
)

// registerCollector reads from the store what of the register waits for
// somebody to look at it.
type registerCollector struct {
	store *spool.Store
}

var (
	openDeviations = prometheus.NewDesc("postvern_deviations_open", "Entries of the register that are open; 10000 are counted at most.", []string{"near_miss"}, nil)
	dueDeviations  = prometheus.NewDesc("postvern_deviations_due", "Of those open, the ones that somebody should have looked at by now; 10000 are counted at most.", []string{"near_miss"}, nil)
)

// Describe implements prometheus.Collector.
func (c registerCollector) Describe(ch chan<- *prometheus.Desc) {
	ch <- openDeviations
	ch <- dueDeviations
}

// Collect implements prometheus.Collector.
func (c registerCollector) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	f, err := c.store.FollowUps(ctx, time.Now())
	if err != nil {
		ch <- prometheus.NewInvalidMetric(openDeviations, err)
		return
	}
	for _, g := range []struct {
		desc *prometheus.Desc
		near string
		n    int64
	}{{openDeviations, "no", f.Open}, {dueDeviations, "no", f.Due}, {openDeviations, "yes", f.NearOpen}, {dueDeviations, "yes", f.NearDue}} {
		ch <- prometheus.MustNewConstMetric(g.desc, prometheus.GaugeValue, float64(g.n), g.near)
	}
}
