package submission

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"postvern.example/internal/revocation"
)

// ClientsConfig is what a Clients is made from.
type ClientsConfig struct {
	// Authorities is a PEM file of those that certificates have to come from.
	Authorities string
	// Names are those that a certificate has to bear one of, in full or as
	// "*.domain"; none: whoever the authorities have certified.
	Names []string
	// Revocations is a file or folder of lists of revoked certificates; empty:
	// none is asked for.
	Revocations string
	// Failed, if not nil, is told why a later change was not taken.
	Failed func(error)
}

// Clients says which certificate the clients of a trust listener have to show.
// Authorities and lists of revoked certificates are read again when their files
// change; a change that cannot be read leaves the old ones in force. It may be
// used by several goroutines.
type Clients struct {
	vouching *fresh[vouching]
	names    []string
}

// vouching is what certificates are judged by.
type vouching struct {
	pool        *x509.CertPool
	authorities []*x509.Certificate
	revocations *revocation.Lists // nil: none are asked for
}

// LoadClients reads the authorities and the lists. Its error begins with the
// key of the configuration.
func LoadClients(cfg ClientsConfig) (*Clients, error) {
	files := []string{cfg.Authorities}
	if cfg.Revocations != "" {
		files = append(files, cfg.Revocations)
	}
	v, err := newFresh(func() (v vouching, err error) {
		if v.authorities, err = readAuthorities(cfg.Authorities); err != nil {
			return v, fmt.Errorf("client-ca: load client authorities: %w", err)
		}
		v.pool = x509.NewCertPool()
		for _, a := range v.authorities {
			v.pool.AddCert(a)
		}
		if cfg.Revocations != "" {
			if v.revocations, err = revocation.Load(cfg.Revocations); err != nil {
				return v, fmt.Errorf("client-revocations: %w", err)
			}
		}
		return v, nil
	}, cfg.Failed, files...)
	if err != nil {
		return nil, err
	}
	return &Clients{v, cfg.Names}, nil
}

func readAuthorities(file string) (all []*x509.Certificate, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		if x, err := x509.ParseCertificate(block.Bytes); err == nil {
			all = append(all, x)
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s: holds no certificate in PEM form", file)
	}
	return all, nil
}

// RevocationsUntil returns until when the lists of revoked certificates are all
// up to date; zero where an authority has none. It returns false where none are
// asked for.
func (c *Clients) RevocationsUntil() (time.Time, bool) {
	v := c.vouching.get()
	if v.revocations == nil {
		return time.Time{}, false
	}
	return v.revocations.Until(v.authorities), true
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
		hinting.ClientCAs = c.vouching.get().pool
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
	v := c.vouching.get()
	chains, err := leaf.Verify(x509.VerifyOptions{
		Roots: v.pool, Intermediates: between,
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
	return v.revoked(chains, time.Now())
}

// revoked returns nil where one of the chains is good.
func (v vouching) revoked(chains [][]*x509.Certificate, now time.Time) error {
	if v.revocations == nil {
		return nil
	}
	revoked := false
	for _, chain := range chains {
		switch v.revocations.Judge(chain, now) {
		case revocation.Good:
			return nil
		case revocation.Revoked:
			revoked = true
		case revocation.Unknown:
		}
	}
	if revoked {
		return &clientFault{"a certificate that is on a list of revoked ones", errors.New("it, or its issuer's, stands in client-revocations")}
	}
	return &clientFault{"a certificate of whose issuer client-revocations has no list that is up to date", errors.New("whether it is revoked is not known")}
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
