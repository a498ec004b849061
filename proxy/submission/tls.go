package submission

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
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

// secured returns the configuration of one listener. A client that offers a
// protocol of the web speaks to the wrong server, or a page has led a browser
// here to have a reply of ours read as a page's (ALPACA): it gets the alert of
// RFC 7301 §3.2.
func secured(base *tls.Config, clients *Clients) *tls.Config {
	if base == nil {
		return nil
	}
	base = base.Clone()
	if clients != nil {
		base = clients.demand(base)
	}
	mail := base.Clone()
	mail.NextProtos = []string{"smtp"}
	choose := base.GetConfigForClient
	base.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		switch {
		case slices.ContainsFunc(hello.SupportedProtos, webProtocol):
			return mail, nil
		case choose != nil:
			return choose(hello)
		}
		return nil, nil
	}
	return base
}

func webProtocol(name string) bool {
	return name == "h2" || name == "h3" || strings.HasPrefix(name, "http/") || strings.HasPrefix(name, "spdy/")
}

// handshakeFault says in a few words why a handshake failed. What the library
// says repeats nothing that the client has chosen freely.
func handshakeFault(err error) string {
	var clear tls.RecordHeaderError
	if errors.As(err, &clear) {
		return "no TLS is spoken"
	}
	if unfit := clientFaultOf(err); unfit != nil {
		return unfit.reason
	}
	return cut(oneLine(strings.TrimPrefix(err.Error(), "tls: ")), 120)
}

// Certificate is a certificate in files, which is read again when they change.
// It may be used by several goroutines.
type Certificate struct{ pair *fresh[*tls.Certificate] }

// LoadCertificate reads a certificate chain and its key, both PEM. Later
// changes that cannot be read leave the old pair in use; failed, if not nil,
// is told why.
func LoadCertificate(certFile, keyFile string, failed func(error)) (*Certificate, error) {
	pair, err := newFresh(func() (*tls.Certificate, error) {
		pair, err := tls.LoadX509KeyPair(certFile, keyFile)
		if err == nil && pair.Leaf == nil {
			err = errors.New("no leaf")
		}
		return &pair, err
	}, failed, certFile, keyFile)
	if err != nil {
		return nil, fmt.Errorf("load certificate %s with key %s: %w", certFile, keyFile, err)
	}
	return &Certificate{pair}, nil
}

// Get returns the certificate in force. It has the signature that
// tls.Config.GetCertificate wants, and never returns an error.
func (c *Certificate) Get(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.pair.get(), nil }

// Leaf returns the certificate in force, parsed.
func (c *Certificate) Leaf() *x509.Certificate { return c.pair.get().Leaf }
