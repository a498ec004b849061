package submission

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
)

// TLSConfig returns the TLS side of a listener: TLS 1.2 and 1.3, with forward
// secrecy and authenticated encryption only (RFC 9325 §4.2). The certificate
// comes from get at each handshake: Certificate.Get, for one that can change.
func TLSConfig(get func(*tls.ClientHelloInfo) (*tls.Certificate, error)) *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: get,
		CipherSuites: []uint16{
			tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
			tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
			tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
		},
	}
}

// Certificate is a certificate in files, which is read again when they change.
// It may be used by several goroutines.
type Certificate struct {
	certFile, keyFile string
	failed            func(error)

	mu      sync.Mutex
	looked  time.Time
	stamp   [2]stamp
	current *tls.Certificate
}

type stamp struct {
	time time.Time
	size int64
}

// certificateCheck is how often the files are looked at, at most.
const certificateCheck = time.Second

// LoadCertificate reads a certificate chain and its key, both PEM. Later
// changes that cannot be read leave the old pair in use; failed, if not nil,
// is told why.
func LoadCertificate(certFile, keyFile string, failed func(error)) (*Certificate, error) {
	if failed == nil {
		failed = func(error) {}
	}
	c := &Certificate{certFile: certFile, keyFile: keyFile, failed: failed}
	if err := c.load(); err != nil {
		return nil, err
	}
	return c, nil
}

// Get returns the certificate in force. It has the signature that
// tls.Config.GetCertificate wants, and never returns an error.
func (c *Certificate) Get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := time.Now(); now.Sub(c.looked) >= certificateCheck || now.Before(c.looked) {
		c.looked = now
		if s, err := c.stamps(); err != nil || s != c.stamp {
			if err := c.load(); err != nil {
				c.stamp = s // one report for each change
				c.failed(err)
			}
		}
	}
	return c.current, nil
}

// Leaf returns the certificate in force, parsed.
func (c *Certificate) Leaf() *x509.Certificate {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.current.Leaf
}

func (c *Certificate) load() error {
	s, err := c.stamps()
	if err != nil {
		return fmt.Errorf("load certificate: %w", err)
	}
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return fmt.Errorf("load certificate: %w", err)
	}
	if pair.Leaf == nil {
		return errors.New("load certificate: no leaf")
	}
	c.current, c.stamp, c.looked = &pair, s, time.Now()
	return nil
}

func (c *Certificate) stamps() (s [2]stamp, err error) {
	for i, name := range []string{c.certFile, c.keyFile} {
		info, err := os.Stat(name)
		if err != nil {
			return s, err
		}
		s[i] = stamp{info.ModTime(), info.Size()}
	}
	return s, nil
}
