package login

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

	"postvern.example/proxy/submission"
)

// algorithms lists the signatures that are taken: those with a public key.
// "none" and those with a shared secret are not among them.
func algorithms() []jose.SignatureAlgorithm {
	return []jose.SignatureAlgorithm{
		jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512, jose.ES256, jose.ES384, jose.ES512, jose.EdDSA,
	}
}

func algorithmNames() []string {
	var names []string
	for _, a := range algorithms() {
		names = append(names, string(a))
	}
	return names
}

// keys are an issuer's (RFC 7517), kept until a token names one that is not
// among them, or for a day.
type keys struct {
	issuer string
	file   string
	client *http.Client
	now    func() time.Time
	turn   chan struct{} // one fetch at a time

	mu     sync.Mutex
	set    *jose.JSONWebKeySet
	loaded time.Time
	tried  time.Time
	failed error // of the last try
}

// The times of keys: an issuer withdraws a key by no longer showing it, and
// tokens with invented key names must not make us ask all the time.
const (
	keysGoodFor   = 24 * time.Hour
	keysAskedOnce = time.Minute
	keysSize      = 1 << 20
)

var errNoKeys = errors.New("the issuer's keys are not to be had")

// prepare sees to it that the key of a token is there, if the issuer has it. It
// returns submission.ErrDenied for what is no signed token, and another error
// where the keys could not be fetched and those that there are do not do.
func (k *keys) prepare(ctx context.Context, token string) error {
	signed, err := jose.ParseSigned(token, algorithms())
	if err != nil || len(signed.Signatures) != 1 {
		return submission.ErrDenied
	}
	id := signed.Signatures[0].Header.KeyID
	if k.good(id) {
		return nil
	}
	select {
	case k.turn <- struct{}{}:
		defer func() { <-k.turn }()
	case <-ctx.Done():
		return errors.Join(errNoKeys, ctx.Err())
	}
	if k.good(id) {
		return nil
	}
	if k.mayAsk() {
		k.note(k.load(ctx))
	}
	return k.standing(id)
}

// good says whether a key is known and fresh.
func (k *keys) good(id string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.has(id) && k.now().Sub(k.loaded) < keysGoodFor
}

// has says whether a key with this name is there; a token without one may be
// signed by any.
func (k *keys) has(id string) bool {
	return k.set != nil && (id == "" && len(k.set.Keys) > 0 || len(k.set.Key(id)) > 0)
}

// mayAsk says whether the keys may be fetched again. The first failure is tried
// anew at once, for it may be a start before the network's.
func (k *keys) mayAsk() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	wait := keysAskedOnce
	if k.failed != nil {
		wait = 5 * time.Second
	}
	if now := k.now(); now.Sub(k.tried) >= wait || now.Before(k.tried) {
		k.tried = now
		return true
	}
	return false
}

func (k *keys) note(err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.failed = err
}

// standing returns why a token cannot be checked, or nil where it can: also
// with keys that are older than a day, while the issuer does not answer.
func (k *keys) standing(id string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case k.has(id):
		return nil
	case k.failed != nil:
		return errors.Join(errNoKeys, k.failed)
	}
	return submission.ErrDenied
}

// VerifySignature implements oidc.KeySet.
func (k *keys) VerifySignature(_ context.Context, token string) ([]byte, error) {
	signed, err := jose.ParseSigned(token, algorithms())
	if err != nil {
		return nil, err
	}
	k.mu.Lock()
	var candidates []jose.JSONWebKey
	if k.set != nil {
		candidates = k.set.Keys
		if id := signed.Signatures[0].Header.KeyID; id != "" {
			candidates = k.set.Key(id)
		}
	}
	k.mu.Unlock()
	for _, key := range candidates {
		if !key.IsPublic() || key.Use == "enc" || key.Algorithm != "" && key.Algorithm != signed.Signatures[0].Header.Algorithm {
			continue
		}
		if payload, err := signed.Verify(key.Key); err == nil {
			return payload, nil
		}
	}
	return nil, errors.New("no key of the issuer's has signed this")
}

// load reads the keys from the file, or fetches them: discovery names their
// place (OpenID Connect Discovery 1.0 §4).
func (k *keys) load(ctx context.Context) error {
	var text []byte
	var err error
	if k.file != "" {
		text, err = os.ReadFile(k.file)
	} else {
		text, err = k.fetch(ctx)
	}
	if err != nil {
		return fmt.Errorf("read keys of the issuer: %w", err)
	}
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(text, &set); err != nil || len(set.Keys) == 0 {
		return errors.New("read keys of the issuer: this is no JSON web key set, or it holds no key")
	}
	for _, key := range set.Keys {
		if !key.IsPublic() && k.file != "" {
			return fmt.Errorf("%s: holds a private or shared key: keep the public ones only", k.file)
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.set, k.loaded = &set, k.now()
	return nil
}

func (k *keys) fetch(ctx context.Context) ([]byte, error) {
	text, err := k.get(ctx, strings.TrimSuffix(k.issuer, "/")+"/.well-known/openid-configuration")
	if err != nil {
		return nil, err
	}
	var about struct {
		Issuer string `json:"issuer"`
		Keys   string `json:"jwks_uri"`
	}
	if err := json.Unmarshal(text, &about); err != nil {
		return nil, errors.New("its openid-configuration is no JSON object")
	}
	if about.Issuer != k.issuer {
		return nil, fmt.Errorf("its openid-configuration is of another issuer, %q", about.Issuer)
	}
	if !SafeURL(about.Keys) {
		return nil, fmt.Errorf("its keys stand at %q, which is not https", about.Keys)
	}
	return k.get(ctx, about.Keys)
}

func (k *keys) get(ctx context.Context, address string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	resp, err := k.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", address, resp.Status)
	}
	text, err := io.ReadAll(io.LimitReader(resp.Body, keysSize+1))
	if err == nil && len(text) > keysSize {
		err = fmt.Errorf("%s: the answer is too long", address)
	}
	return text, err
}
