package app

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	acmeproto "golang.org/x/crypto/acme"
	"golang.org/x/net/netutil"

	"postvern.example/internal/acme"
	"postvern.example/proxy/login"
	"postvern.example/proxy/submission"
)

// certificate is the gateway's own; it may change while it is used.
type certificate interface {
	Get(*tls.ClientHelloInfo) (*tls.Certificate, error)
	Leaf() *x509.Certificate // nil: none yet
}

// openCertificate loads the certificate that is configured, has one ordered, or
// makes one of our own and says so. A trust listener alone needs none.
func (a *App) openCertificate(ctx context.Context) error {
	c := a.opt.Config
	if c.Questions.TLS != "implicit" && !slices.ContainsFunc(c.Listen, func(l ListenConfig) bool { return l.TLS != "none" }) {
		return nil
	}
	if c.TLS.ACME.Directory != "" {
		return a.openACME(ctx)
	}
	cert, key := c.TLS.Certificate, c.TLS.Key
	if cert == "" {
		own, err := a.selfSigned("tls.certificate is empty: mail programs trust it once its authority is imported from the same folder")
		a.certs = own
		return err
	}
	files, err := a.loadCertificate(cert, key)
	if err != nil {
		return err
	}
	a.certs = files
	a.warnExpiring()
	return nil
}

func (a *App) loadCertificate(cert, key string) (*submission.Certificate, error) {
	files, err := submission.LoadCertificate(cert, key, a.keeps("the certificate in use"))
	if err != nil {
		return nil, wrongFile{err}
	}
	return files, nil
}

// keeps returns what says that a changed file was not taken.
func (a *App) keeps(what string) func(error) {
	return func(err error) { a.opt.Logger.Error("kept", "what", what, "cause", err) }
}

func (a *App) selfSigned(reason string) (*submission.Certificate, error) {
	c := a.opt.Config
	cert, key, err := submission.SelfSigned(filepath.Join(c.Data, "tls"), c.Hostname)
	if err != nil {
		return nil, fmt.Errorf("make certificate: %w", err)
	}
	a.opt.Logger.Warn("self-signed", "certificate", cert, "reason", reason)
	return a.loadCertificate(cert, key)
}

// openACME takes the certificate that stands in the store, and opens the
// addresses where the authority is answered.
func (a *App) openACME(ctx context.Context) error {
	c := a.opt.Config.TLS.ACME
	cfg := acme.Config{
		Directory: c.Directory, Contact: c.Contact, Names: c.Names,
		HTTP: c.HTTP != "", TLS: c.TLS != "" || c.HTTP == "" && a.opt.Config.implicitTLS(),
		Store: a.store, Node: "the only one", Logger: a.opt.Logger, Now: a.opt.Now,
	}
	if a.opt.Config.Store != "" {
		cfg.Node = rand.Text()
	}
	roots, err := readCA(c.CA)
	if err != nil {
		return err
	}
	cfg.Client = login.Client(roots, 30*time.Second)
	if cfg.Binding, err = c.binding(); err != nil {
		return err
	}
	var own *submission.Certificate
	cfg.Until = func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) { return own.Get(hello) }
	a.acme = acme.New(cfg)
	a.certs = a.acme
	if err := a.acme.Load(ctx); err != nil {
		return fmt.Errorf("load certificate: %w", err)
	}
	if a.acme.Leaf() == nil {
		if own, err = a.selfSigned("the authority has issued none yet: this one stands in"); err != nil {
			return err
		}
	}
	if err := a.listenChallenge(ctx, "http-01", c.HTTP, false); err != nil {
		return fmt.Errorf("tls.acme.http: %w", err)
	}
	if err := a.listenChallenge(ctx, "tls-alpn-01", c.TLS, true); err != nil {
		return fmt.Errorf("tls.acme.tls: %w", err)
	}
	return nil
}

// binding returns the account that the authority knows already; nil where none
// is named.
func (c ACMEConfig) binding() (*acmeproto.ExternalAccountBinding, error) {
	if c.KeyID == "" {
		return nil, nil
	}
	text, err := readSecret(c.KeyFile)
	if err != nil {
		return nil, err
	}
	key, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(strings.TrimSpace(text), "="))
	if err != nil || len(key) == 0 {
		return nil, fmt.Errorf("%s: holds no key in base64url, as authorities give it out for external account binding", c.KeyFile)
	}
	return &acmeproto.ExternalAccountBinding{KID: c.KeyID, Key: key}, nil
}

// challengers is how many may ask at a time: the address is open to everybody.
const challengers = 64

func (a *App) listenChallenge(ctx context.Context, what, address string, secured bool) error {
	if address == "" {
		return nil
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", address)
	if err != nil {
		return err
	}
	a.opt.Logger.Info("listening", "address", l.Addr().String(), "serves", what)
	l = netutil.LimitListener(l, challengers)
	mux := http.NewServeMux()
	if secured {
		l = tls.NewListener(l, a.tlsConfig())
	} else {
		mux.Handle("GET "+acme.Path, a.acme)
	}
	a.challenges = append(a.challenges, &httpServer{what: what, listener: l, server: &http.Server{
		Handler: mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 5 * time.Second, WriteTimeout: 5 * time.Second, MaxHeaderBytes: 8 << 10, ErrorLog: log.New(io.Discard, "", 0),
	}})
	return nil
}

// tlsConfig returns the TLS side of all listeners; nil where there is no
// certificate.
func (a *App) tlsConfig() *tls.Config {
	switch {
	case a.acme != nil:
		return a.acme.Challenged(submission.TLSConfig(a.acme.Get))
	case a.certs != nil:
		return submission.TLSConfig(a.certs.Get)
	}
	return nil
}

// warnExpiring says that the certificate is about to end and nothing renews it.
func (a *App) warnExpiring() {
	if a.certs == nil || a.certs.Leaf() == nil {
		return
	}
	leaf := a.certs.Leaf()
	left := leaf.NotAfter.Sub(a.opt.Now())
	if left > min(14*24*time.Hour, leaf.NotAfter.Sub(leaf.NotBefore)/5) {
		return
	}
	a.opt.Logger.Warn("expiring", "what", "the certificate", "until", leaf.NotAfter, "days", int(left.Hours()/24))
}

// certificateCollector reads the time of the certificate at each scrape.
type certificateCollector struct{ app *App }

var (
	certificateIssued = prometheus.NewDesc("postvern_certificate_issued_timestamp_seconds", "When the certificate in use became valid; 0 where none was obtained yet.", nil, nil)
	certificateExpiry = prometheus.NewDesc("postvern_certificate_expiry_timestamp_seconds", "When the certificate in use expires; 0 where none was obtained yet.", nil, nil)
)

// Describe implements prometheus.Collector.
func (c certificateCollector) Describe(ch chan<- *prometheus.Desc) {
	ch <- certificateIssued
	ch <- certificateExpiry
}

// Collect implements prometheus.Collector.
func (c certificateCollector) Collect(ch chan<- prometheus.Metric) {
	if c.app.certs == nil { // nothing speaks TLS
		return
	}
	var issued, expiry float64
	if leaf := c.app.certs.Leaf(); leaf != nil {
		issued, expiry = float64(leaf.NotBefore.Unix()), float64(leaf.NotAfter.Unix())
	}
	ch <- prometheus.MustNewConstMetric(certificateIssued, prometheus.GaugeValue, issued)
	ch <- prometheus.MustNewConstMetric(certificateExpiry, prometheus.GaugeValue, expiry)
}
