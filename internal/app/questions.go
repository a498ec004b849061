package app

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"postvern.example/internal/question"
	"postvern.example/proxy"
	"postvern.example/proxy/spool"
)

// listenQuestions serves the pages on which senders answer questions; a nil
// server serves nothing.
func (a *App) listenQuestions(ctx context.Context) (*httpServer, error) {
	c := a.opt.Config.Questions
	if c.Address == "" {
		return nil, nil
	}
	pages, err := question.NewPages(question.PagesConfig{
		Tokens: a.tokens, Desk: proxy.Custody{Gateway: a.gateway, Store: a.store}, Texts: a.texts,
		Language: func() string { return a.gateway.Rules().Policy.Language }, Logger: a.opt.Logger, Now: a.opt.Now,
	})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle(question.Path+"{code}", pages)
	mux.HandleFunc("GET "+question.Path+"style.css", question.Style)
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", c.Address)
	if err != nil {
		return nil, fmt.Errorf("questions.address: %w", err)
	}
	address := l.Addr().String()
	if c.TLS == "implicit" {
		l = tls.NewListener(l, a.tlsConfig())
	}
	a.opt.Logger.Info("listening", "address", address, "serves", "questions")
	return &httpServer{what: "questions", listener: l, server: &http.Server{
		Handler: mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second, MaxHeaderBytes: 16 << 10, ErrorLog: log.New(io.Discard, "", 0), // handshakes of strangers
	}}, nil
}

// questionCollector reads from the store how many questions are open.
type questionCollector struct {
	store *spool.Store
}

var openQuestions = prometheus.NewDesc("postvern_questions_open", "Questions about held mail that wait for their sender's answer.", nil, nil)

// Describe implements prometheus.Collector.
func (c questionCollector) Describe(ch chan<- *prometheus.Desc) { ch <- openQuestions }

// Collect implements prometheus.Collector.
func (c questionCollector) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	n, err := c.store.OpenQuestions(ctx)
	if err != nil {
		ch <- prometheus.NewInvalidMetric(openQuestions, err)
		return
	}
	ch <- prometheus.MustNewConstMetric(openQuestions, prometheus.GaugeValue, float64(n))
}
