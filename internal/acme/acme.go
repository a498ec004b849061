// Package acme obtains the gateway's certificate from an authority that speaks
// ACME (RFC 8555), and renews it in good time. Account, certificate and the
// answers to the authority's challenges stand in the store, encrypted, so that
// all nodes have them and one of them orders for all.
//
// Nothing is ordered while a client waits for a handshake. An order that fails
// leaves the certificate in use where it is, is told in one log line, and is
// tried again after a pause that grows; before the first one has come, another
// certificate stands in.
package acme

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/acme"
)

// Config is what a Certificate is made from. HTTP and TLS say how the authority
// can be answered: at least one of them.
type Config struct {
	Directory string   // URL of the authority's directory
	Contact   string   // a mail address; may be empty
	Names     []string // of the certificate, in lower case
	HTTP      bool     // ServeHTTP can be reached on port 80 of the names (RFC 8555 §8.3)
	TLS       bool     // Challenged can be reached on port 443 of the names (RFC 8737)
	Binding   *acme.ExternalAccountBinding
	Client    *http.Client
	Store     Store
	Node      string // which no other node has that shares the store
	// Until serves until the first certificate has come.
	Until  func(*tls.ClientHelloInfo) (*tls.Certificate, error)
	Logger *slog.Logger
	Now    func() time.Time
}

// Store is what nodes share.
type Store interface {
	Shared(ctx context.Context, kind string) (map[string][]byte, error)
	Share(ctx context.Context, kind, name string, content []byte, ends time.Time) error
	TakeTurn(ctx context.Context, name, owner string, ends time.Time) (bool, error)
}

// The kinds of what stands in the store.
const (
	accounts     = "acme-account"
	certificates = "acme-certificate"
	proofs       = "acme-proof"
)

const (
	turn       = 3 * time.Minute // that an order may take, and a node has for it
	firstRetry = 2 * time.Minute // five in the first hour, as public authorities allow
	lastRetry  = 6 * time.Hour
	look       = time.Hour       // how often the store is asked for another node's renewal
	lookSoon   = 3 * time.Second // the same, while there is none
)

// Certificate is one that an authority has issued, or will. It may be used by
// several goroutines.
type Certificate struct {
	cfg     Config
	id      string // of what is ordered
	answers answers
	again   chan struct{}

	mu      sync.Mutex
	current *tls.Certificate // nil: none yet

	// Of Run alone.
	failures int
	retry    time.Time // not before
}

// New returns a Certificate, which Run obtains.
func New(cfg Config) *Certificate {
	sum := sha256.Sum256([]byte(cfg.Directory + "\n" + strings.Join(cfg.Names, "\n")))
	return &Certificate{
		cfg: cfg, id: hex.EncodeToString(sum[:16]), again: make(chan struct{}, 1),
		answers: answers{store: cfg.Store, now: cfg.Now, known: map[string][]byte{}},
	}
}

// Get returns the certificate in force, or what stands in for it. It has the
// signature that tls.Config.GetCertificate wants.
func (c *Certificate) Get(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	if current := c.inForce(); current != nil {
		return current, nil
	}
	return c.cfg.Until(hello)
}

// Leaf returns the certificate in force, parsed; nil where none has come yet.
func (c *Certificate) Leaf() *x509.Certificate {
	if current := c.inForce(); current != nil {
		return current.Leaf
	}
	return nil
}

func (c *Certificate) inForce() *tls.Certificate {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.current
}

// Again ends a pause after an order that failed.
func (c *Certificate) Again() {
	select {
	case c.again <- struct{}{}:
	default: // somebody has said so already
	}
}

// Load takes the certificate that stands in the store, if one does.
func (c *Certificate) Load(ctx context.Context) error {
	all, err := c.cfg.Store.Shared(ctx, certificates)
	if err != nil || all[c.id] == nil {
		return err
	}
	pair, err := tls.X509KeyPair(all[c.id], all[c.id])
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.current == nil || !c.current.Leaf.Equal(pair.Leaf) {
		c.current = &pair
		c.cfg.Logger.Info("certificate", "names", strings.Join(pair.Leaf.DNSNames, " "), "authority", pair.Leaf.Issuer.String(), "until", pair.Leaf.NotAfter)
	}
	return nil
}

// Run obtains and renews the certificate until ctx ends, and then returns nil.
func (c *Certificate) Run(ctx context.Context) error {
	for {
		pause := time.NewTimer(c.step(ctx))
		select {
		case <-ctx.Done():
			pause.Stop()
			return nil
		case <-c.again:
			c.retry = time.Time{}
		case <-pause.C:
		}
		pause.Stop()
	}
}

// step does what is due and returns how long to wait.
func (c *Certificate) step(ctx context.Context) time.Duration {
	if err := c.Load(ctx); err != nil {
		return c.failed(ctx, err)
	}
	now := c.cfg.Now()
	if at := c.due(); now.Before(at) {
		return max(min(at.Sub(now), look), time.Second)
	}
	if now.Before(c.retry) {
		return min(c.retry.Sub(now), look)
	}
	mine, err := c.cfg.Store.TakeTurn(ctx, c.id, c.cfg.Node, now.Add(turn))
	switch {
	case err != nil:
		return c.failed(ctx, err)
	case !mine:
		return lookSoon
	}
	limited, cancel := context.WithTimeout(ctx, turn)
	defer cancel()
	if err := c.order(limited); err != nil {
		return c.failed(ctx, err)
	}
	c.failures = 0
	return 0
}

// due returns when the next certificate is to be ordered: in the last third of
// the time of this one.
func (c *Certificate) due() time.Time {
	leaf := c.Leaf()
	if leaf == nil {
		return time.Time{}
	}
	return renewal(leaf)
}

func renewal(leaf *x509.Certificate) time.Time {
	return leaf.NotAfter.Add(-leaf.NotAfter.Sub(leaf.NotBefore) / 3)
}

// failed says what went wrong, and returns the pause. The turn is kept as long,
// so that several nodes do not ask more often than one.
func (c *Certificate) failed(ctx context.Context, err error) time.Duration {
	if ctx.Err() != nil { // it ends: another node, or the next start, may go on at once
		_, _ = c.cfg.Store.TakeTurn(context.WithoutCancel(ctx), c.id, c.cfg.Node, c.cfg.Now())
		return 0
	}
	pause := min(firstRetry<<min(c.failures, 10), lastRetry)
	if said := (*acme.Error)(nil); errors.As(err, &said) {
		if wanted, limited := acme.RateLimit(said); limited {
			pause = max(pause, min(wanted, 24*time.Hour))
		}
	}
	c.failures++
	c.retry = c.cfg.Now().Add(pause)
	_, _ = c.cfg.Store.TakeTurn(ctx, c.id, c.cfg.Node, c.retry) // the store may be what is away
	until := "there is none yet: a self-signed one stands in"
	if leaf := c.Leaf(); leaf != nil {
		until = leaf.NotAfter.UTC().Format(time.RFC3339)
	}
	c.cfg.Logger.Error("no certificate", "names", strings.Join(c.cfg.Names, " "), "until", until, "retry", c.retry, "cause", err)
	return min(pause, look)
}
