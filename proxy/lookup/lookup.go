// Package lookup fetches readers' public keys from servers outside: from the web
// server of a reader's domain (Web Key Directory, draft-koch-openpgp-webkey-service)
// and from a key server that verifies addresses (the VKS interface of Hagrid).
//
// Whoever is asked learns whom mail is written to, and may answer anything. So
// nothing is asked that the configuration does not name; answers come over
// verified TLS only, are bounded in size and time, and are never redirected; a
// key counts only for the address that it was fetched for, and only where it
// names that itself. What is not such an answer is an error, and no key.
package lookup

import (
	"context"
	"crypto/sha1" //nolint:gosec // the directory's file names are made of it (§3.1)
	"crypto/tls"
	"crypto/x509"
	"encoding/base32"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/net/idna"

	"postvern.example/policy"
	"postvern.example/policy/detect"
	"postvern.example/proxy/seal"
)

// Config says how servers are asked.
type Config struct {
	Timeout   time.Duration  // of each request
	Roots     *x509.CertPool // whose certificates are trusted; nil: the system's
	Connect   string         // host:port that all requests are sent to in the place of the server's own; empty: nowhere else
	Keyserver string         // https://...
}

// Client asks servers for keys. It is safe for use by several goroutines.
type Client struct {
	cfg  Config
	http *http.Client
}

// Errors that callers tell apart.
var (
	ErrNone   = errors.New("no key is known there")
	ErrAnswer = errors.New("the answer is not what was asked for")
)

// MaxKey is the largest answer that is read.
const MaxKey = 256 << 10

// New returns a client. It connects nowhere.
func New(cfg Config) (*Client, error) {
	u, err := url.Parse(cfg.Keyserver)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("the key server %q has no address that begins with https://", cfg.Keyserver)
	}
	dialer := &net.Dialer{Timeout: cfg.Timeout}
	if cfg.Connect == "" {
		dialer.Control = outside
	}
	transport := &http.Transport{
		Proxy:                  nil,
		TLSClientConfig:        &tls.Config{RootCAs: cfg.Roots, MinVersion: tls.VersionTLS12},
		MaxResponseHeaderBytes: 64 << 10,
		DisableKeepAlives:      true,
		DisableCompression:     true, // what unpacks to more than was sent is not wanted
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			if cfg.Connect != "" {
				address = cfg.Connect
			}
			return dialer.DialContext(ctx, network, address)
		},
	}
	return &Client{cfg: cfg, http: &http.Client{
		Transport: transport, Timeout: cfg.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// outside refuses addresses within this machine and network: the domain of a
// recipient is a stranger's word, and nothing in here is asked for its sake.
func outside(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	ip := translated(at.Addr().Unmap())
	if err != nil || !ip.IsGlobalUnicast() || ip.IsPrivate() || slices.ContainsFunc(within, func(n netip.Prefix) bool { return n.Contains(ip) }) {
		return errors.New("the server's address is within this network")
	}
	return nil
}

// within are networks that no public server stands in (RFC 6890), beside those
// that net/netip knows: of carriers and overlays, for protocols and benchmarks,
// of the future, and of NAT64 and Teredo.
var within = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"), netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("240.0.0.0/4"), netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("2001::/32"), netip.MustParsePrefix("fec0::/10"),
}

var (
	nat64  = netip.MustParsePrefix("64:ff9b::/96")
	sixTo4 = netip.MustParsePrefix("2002::/16")
)

// translated returns the IPv4 address that an IPv6 one leads to where a
// network translates between them (RFC 6052 §2.2, RFC 3056 §2).
func translated(ip netip.Addr) netip.Addr {
	b := ip.WithZone("").As16()
	switch {
	case nat64.Contains(ip.WithZone("")):
		return netip.AddrFrom4([4]byte(b[12:16]))
	case sixTo4.Contains(ip.WithZone("")):
		return netip.AddrFrom4([4]byte(b[2:6]))
	}
	return ip
}

// Found is a key that a server gave.
type Found struct {
	Source policy.KeySource
	Keys   []seal.Known
	Infos  []seal.KeyInfo
}

// Fetch asks the sources one after another, until one has a key for an address;
// those that are no servers are left out.
// Where none has, the error is ErrNone, or tells of each source what went wrong;
// it names neither addresses nor servers.
func (c *Client) Fetch(ctx context.Context, sources []policy.KeySource, address string, now time.Time) (Found, error) {
	canonical, local, domain, err := parts(address)
	if err != nil {
		return Found{}, err
	}
	var faults []error
	for _, source := range sources {
		var raw []byte
		switch source {
		case policy.SourceWKD:
			raw, err = c.directory(ctx, local, domain)
		case policy.SourceVKS:
			raw, err = c.get(ctx, strings.TrimSuffix(c.cfg.Keyserver, "/")+"/vks/v1/by-email/"+url.PathEscape(local+"@"+domain))
		default:
			continue
		}
		found := Found{Source: source}
		if err == nil {
			found.Keys, found.Infos, err = seal.ReadFetched(raw, canonical, source, now)
		}
		if err == nil {
			return found, nil
		}
		if !errors.Is(err, ErrNone) {
			faults = append(faults, fmt.Errorf("%s: %w", source, err))
		}
	}
	if len(faults) > 0 {
		return Found{}, errors.Join(faults...)
	}
	return Found{}, ErrNone
}

// Askable reports whether an address is one that servers can be asked about.
func Askable(address string) bool {
	_, _, _, err := parts(address)
	return err == nil
}

// parts divides an address as servers are asked about it.
func parts(address string) (canonical, local, domain string, err error) {
	canonical, ok := detect.CanonicalAddress(address)
	at := strings.LastIndexByte(address, '@')
	if !ok || at < 0 || strings.ContainsAny(address, "\"\\ \t\r\n") {
		return "", "", "", errors.New("it is no mail address")
	}
	domain, err = idna.Lookup.ToASCII(address[at+1:])
	if err != nil || !strings.Contains(domain, ".") || net.ParseIP(domain) != nil {
		return "", "", "", errors.New("its domain is none that has servers")
	}
	return canonical, address[:at], domain, nil
}

// directory asks a domain's Web Key Directory, first by the advanced method,
// then, where that host does not exist or has no such file, by the direct one (§3.1).
func (c *Client) directory(ctx context.Context, local, domain string) ([]byte, error) {
	file := "hu/" + Hash(local) + "?l=" + url.QueryEscape(local)
	raw, err := c.get(ctx, "https://openpgpkey."+domain+"/.well-known/openpgpkey/"+domain+"/"+file)
	if !errors.Is(err, ErrNone) {
		return raw, err
	}
	return c.get(ctx, "https://"+domain+"/.well-known/openpgpkey/"+file)
}

var zBase32 = base32.NewEncoding("ybndrfg8ejkmcpqxot1uwisza345h769").WithPadding(base32.NoPadding) // RFC 6189 §5.1.6

// Hash returns the name of the file that a local part's key stands in.
func Hash(local string) string {
	lower := []byte(local)
	for i, b := range lower {
		if 'A' <= b && b <= 'Z' { // of other letters none is changed
			lower[i] = b + 'a' - 'A'
		}
	}
	sum := sha1.Sum(lower) //nolint:gosec // as above
	return zBase32.EncodeToString(sum[:])
}

// get fetches one file. It returns ErrNone where the host or the file does not
// exist.
func (c *Client) get(ctx context.Context, address string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, errors.New("the request cannot be made")
	}
	answer, err := c.http.Do(request)
	if err != nil {
		return nil, unreached(err)
	}
	defer func() { _ = answer.Body.Close() }()
	switch {
	case answer.StatusCode == http.StatusNotFound || answer.StatusCode == http.StatusGone:
		return nil, ErrNone
	case answer.StatusCode/100 == 3:
		return nil, fmt.Errorf("%w: it leads elsewhere (%d)", ErrAnswer, answer.StatusCode)
	case answer.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("%w: it is %d", ErrAnswer, answer.StatusCode)
	}
	raw, err := io.ReadAll(io.LimitReader(answer.Body, MaxKey+1))
	if err != nil {
		return nil, unreached(err)
	}
	if len(raw) > MaxKey {
		return nil, fmt.Errorf("%w: it is larger than %d octets", ErrAnswer, MaxKey)
	}
	return raw, nil
}

// unreached says why there was no answer. The cause itself names the server and
// the reader.
func unreached(err error) error {
	var unknown *net.DNSError
	var late net.Error
	var untrusted *tls.CertificateVerificationError
	switch {
	case errors.As(err, &unknown) && unknown.IsNotFound:
		return ErrNone
	case errors.As(err, &unknown):
		return errors.New("the name of the server could not be resolved")
	case errors.As(err, &untrusted):
		return errors.New("the certificate of the server is not trusted")
	case errors.As(err, &late) && late.Timeout():
		return errors.New("no answer in time")
	}
	return errors.New("the server was not reached")
}
