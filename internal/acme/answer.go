package acme

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/acme"
)

// The challenges that can be answered.
const (
	http01    = "http-01"
	tlsALPN01 = "tls-alpn-01"
)

// Path is where ServeHTTP is asked (RFC 8555 §8.3).
const Path = "/.well-known/acme-challenge/"

// settle is how long other nodes have to learn of an answer, before the
// authority asks; it is longer than they go on without asking the store.
const settle = 1500 * time.Millisecond

// answers are what the authority wants to see. It may ask any node.
type answers struct {
	store Store
	now   func() time.Time

	mu    sync.Mutex
	asked time.Time // the store
	known map[string][]byte
}

// give stores the answer to a challenge and waits until every node has it.
func (a *answers) give(ctx context.Context, client *acme.Client, challenge *acme.Challenge, domain string) error {
	var name string
	var content []byte
	switch challenge.Type {
	case http01:
		text, err := client.HTTP01ChallengeResponse(challenge.Token)
		if err != nil {
			return err
		}
		name, content = http01+"/"+challenge.Token, []byte(text)
	case tlsALPN01:
		pair, err := client.TLSALPN01ChallengeCert(challenge.Token, domain)
		if err == nil {
			content, err = encode(pair.PrivateKey, pair.Certificate)
		}
		if err != nil {
			return err
		}
		name = tlsALPN01 + "/" + domain
	}
	if err := a.store.Share(ctx, proofs, name, content, a.now().Add(time.Hour)); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(settle):
		return nil
	}
}

// find returns an answer. Whoever asks for others does not keep the store busy:
// it is asked once a second at most.
func (a *answers) find(ctx context.Context, name string) []byte {
	a.mu.Lock()
	defer a.mu.Unlock()
	if since := a.now().Sub(a.asked); since >= time.Second || since < 0 {
		a.asked = a.now()
		ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		if known, err := a.store.Shared(ctx, proofs); err == nil {
			a.known = known
		}
	}
	return a.known[name]
}

// ServeHTTP answers http-01.
func (c *Certificate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answer := c.answers.find(r.Context(), http01+"/"+strings.TrimPrefix(r.URL.Path, Path))
	if answer == nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	_, _ = w.Write(answer) // whether it is read is the authority's affair
}

// Challenged returns a configuration that answers tls-alpn-01 and else is base,
// whose GetConfigForClient must not be set.
func (c *Certificate) Challenged(base *tls.Config) *tls.Config {
	base = base.Clone()
	challenge := base.Clone()
	challenge.NextProtos = []string{acme.ALPNProto}
	challenge.GetCertificate = c.proof
	base.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		if len(hello.SupportedProtos) == 1 && hello.SupportedProtos[0] == acme.ALPNProto {
			return challenge, nil
		}
		return nil, nil
	}
	return base
}

// proof returns the certificate that answers tls-alpn-01 (RFC 8737 §3).
func (c *Certificate) proof(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	text := c.answers.find(hello.Context(), tlsALPN01+"/"+strings.ToLower(hello.ServerName))
	if text == nil {
		return nil, errors.New("acme: no challenge for this name")
	}
	pair, err := tls.X509KeyPair(text, text)
	return &pair, err
}
