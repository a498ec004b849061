package submission

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strings"
)

// Clients says which certificate the clients of a trust listener have to show.
// The authorities are read again when their file changes. It may be used by
// several goroutines.
type Clients struct {
	authorities *fresh[*x509.CertPool]
	names       []string
}

// LoadClients reads the authorities, PEM. Names are those that a certificate
// has to bear one of, in full or as "*.domain"; none: whoever the authorities
// have certified. Later changes that cannot be read leave the old authorities
// in force; failed, if not nil, is told why.
func LoadClients(file string, names []string, failed func(error)) (*Clients, error) {
	pool, err := newFresh(func() (*x509.CertPool, error) {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("%s: holds no certificate in PEM form", file)
		}
		return pool, nil
	}, failed, file)
	if err != nil {
		return nil, fmt.Errorf("load client authorities: %w", err)
	}
	return &Clients{pool, names}, nil
}

// demand returns base, which also asks for a certificate. Sessions are not
// resumed, so that every one is checked against the authorities in force.
func (c *Clients) demand(base *tls.Config) *tls.Config {
	base = base.Clone()
	base.SessionTicketsDisabled = true
	base.ClientAuth = tls.RequireAnyClientCert
	base.VerifyConnection = c.verify
	base.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
		hinting := base.Clone() // clients choose by the authorities that are named
		hinting.ClientCAs = c.authorities.get()
		return hinting, nil
	}
	return base
}

// clientFault is why a client's certificate does not do.
type clientFault struct {
	reason string
	cause  error
}

// Error returns the reason and its cause.
func (f *clientFault) Error() string {
	return fmt.Sprintf("client certificate: %s: %v", f.reason, f.cause)
}

// Unwrap returns the cause.
func (f *clientFault) Unwrap() error { return f.cause }

// clientFaultOf returns what is wrong with a client's certificate, where that
// ended a handshake. The library has no value for one that is missing.
func clientFaultOf(err error) *clientFault {
	var unfit *clientFault
	if !errors.As(err, &unfit) && strings.Contains(err.Error(), "client didn't provide a certificate") {
		unfit = &clientFault{"no certificate", err}
	}
	return unfit
}

// verify checks a client's certificate. Mail servers show the one that they
// serve with, so that a server's key usage is as good as a client's.
func (c *Clients) verify(state tls.ConnectionState) error {
	leaf, between := state.PeerCertificates[0], x509.NewCertPool()
	for _, further := range state.PeerCertificates[1:] {
		between.AddCert(further)
	}
	_, err := leaf.Verify(x509.VerifyOptions{
		Roots: c.authorities.get(), Intermediates: between,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
	})
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return &clientFault{"a certificate that is not valid now", err}
	case err != nil:
		return &clientFault{"a certificate that client-ca does not vouch for", err}
	case len(c.names) > 0 && !bears(leaf, c.names):
		return &clientFault{"a certificate with none of client-names", errors.New("another name")}
	}
	return nil
}

// bears says whether a certificate has one of the names: among its alternative
// names or, where it has none of any kind, as its common name.
func bears(leaf *x509.Certificate, names []string) bool {
	own := leaf.DNSNames
	if len(own)+len(leaf.EmailAddresses)+len(leaf.IPAddresses)+len(leaf.URIs) == 0 {
		own = []string{leaf.Subject.CommonName}
	}
	for _, want := range names {
		for _, have := range own {
			if covers(want, have) || covers(have, want) {
				return true
			}
		}
	}
	return false
}

// covers says whether a name is the pattern, or stands one label below its
// "*." (RFC 6125 §6.4.3).
func covers(pattern, name string) bool {
	if pattern == "" || name == "" {
		return false
	}
	if domain, any := strings.CutPrefix(pattern, "*."); any {
		label, rest, _ := strings.Cut(name, ".")
		return label != "" && strings.EqualFold(rest, domain)
	}
	return strings.EqualFold(pattern, name)
}
