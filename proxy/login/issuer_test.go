package login_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"postvern.example/proxy/login"
	"postvern.example/proxy/submission"
)

// idp is an OpenID Connect issuer.
type idp struct {
	*httptest.Server
	mu      sync.Mutex
	keys    map[string]crypto.Signer
	fetched int
	away    bool
}

func newIDP(t *testing.T) *idp {
	t.Helper()
	i := &idp{keys: map[string]crypto.Signer{"one": rsaKey(t)}}
	i.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		i.mu.Lock()
		defer i.mu.Unlock()
		switch {
		case i.away:
			http.Error(w, "away", http.StatusBadGateway)
		case r.URL.Path == "/.well-known/openid-configuration":
			answer(w, map[string]string{"issuer": i.URL, "jwks_uri": i.URL + "/keys"})
		case r.URL.Path == "/keys":
			i.fetched++
			answer(w, i.set())
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(i.Close)
	return i
}

func answer(w http.ResponseWriter, v any) { _ = json.NewEncoder(w).Encode(v) }

func (i *idp) set() jose.JSONWebKeySet {
	var set jose.JSONWebKeySet
	for id, k := range i.keys {
		set.Keys = append(set.Keys, jose.JSONWebKey{Key: k.Public(), KeyID: id, Use: "sig"})
	}
	return set
}

func (i *idp) change(f func()) {
	i.mu.Lock()
	defer i.mu.Unlock()
	f()
}

func rsaKey(t *testing.T) *rsa.PrivateKey {
	t.Helper()
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func sign(t *testing.T, alg jose.SignatureAlgorithm, key any, id string, claims map[string]any) string {
	t.Helper()
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: jose.JSONWebKey{Key: key, KeyID: id}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := s.Sign(text)
	if err != nil {
		t.Fatal(err)
	}
	token, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func (i *idp) claims(with map[string]any) map[string]any {
	c := map[string]any{
		"iss": i.URL, "aud": []string{"other", "postvern"}, "sub": "1", "preferred_username": "anna", "email": "anna@forening.example",
		"iat": start.Unix(), "exp": start.Add(time.Hour).Unix(),
	}
	maps.Copy(c, with)
	return c
}

var start = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func (i *idp) issuer(t *testing.T, c *clock, change func(*login.IssuerConfig)) *login.Issuer {
	t.Helper()
	cfg := login.IssuerConfig{
		URL: i.URL, Audience: "postvern", Client: login.Client(nil, 5*time.Second), Now: c.now,
		Representative: func(login string) bool { return login == "anna" || login == "anna@forening.example" },
	}
	if change != nil {
		change(&cfg)
	}
	issuer, err := login.NewIssuer(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return issuer
}

func unsigned(t *testing.T, header string, claims map[string]any) string {
	t.Helper()
	text, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	b := base64.RawURLEncoding
	return b.EncodeToString([]byte(header)) + "." + b.EncodeToString(text) + "."
}

func TestOnlyTokensOfTheIssuerForThisServerOpenIt(t *testing.T) {
	i := newIDP(t)
	key := i.keys["one"]
	elliptical, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	i.keys["two"] = elliptical
	modulus := key.(*rsa.PrivateKey).N.Bytes()
	checker := i.issuer(t, &clock{start}, nil)
	for name, c := range map[string]struct {
		token string
		want  error
	}{
		"good":                     {sign(t, jose.RS256, key, "one", i.claims(nil)), nil},
		"good, PS256":              {sign(t, jose.PS256, key, "one", i.claims(nil)), nil},
		"good, ES256":              {sign(t, jose.ES256, elliptical, "two", i.claims(nil)), nil},
		"good, key not named":      {sign(t, jose.RS256, key, "", i.claims(nil)), nil},
		"good, one audience":       {sign(t, jose.RS256, key, "one", i.claims(map[string]any{"aud": "postvern"})), nil},
		"expired":                  {sign(t, jose.RS256, key, "one", i.claims(map[string]any{"exp": start.Add(-time.Second).Unix()})), submission.ErrExpired},
		"expired and forged":       {sign(t, jose.RS256, rsaKey(t), "one", i.claims(map[string]any{"exp": 1})), submission.ErrDenied},
		"without an end":           {sign(t, jose.RS256, key, "one", i.claims(map[string]any{"exp": 0})), submission.ErrExpired},
		"not yet":                  {sign(t, jose.RS256, key, "one", i.claims(map[string]any{"nbf": start.Add(time.Hour).Unix()})), submission.ErrDenied},
		"for another server":       {sign(t, jose.RS256, key, "one", i.claims(map[string]any{"aud": "other"})), submission.ErrDenied},
		"for nobody":               {sign(t, jose.RS256, key, "one", i.claims(map[string]any{"aud": []string{}})), submission.ErrDenied},
		"of another issuer":        {sign(t, jose.RS256, key, "one", i.claims(map[string]any{"iss": "https://login.example"})), submission.ErrDenied},
		"another's key":            {sign(t, jose.RS256, rsaKey(t), "one", i.claims(nil)), submission.ErrDenied},
		"a key that it never had":  {sign(t, jose.RS256, key, "three", i.claims(nil)), submission.ErrDenied},
		"no representative":        {sign(t, jose.RS256, key, "one", i.claims(map[string]any{"preferred_username": "bo"})), submission.ErrDenied},
		"without the claim":        {sign(t, jose.RS256, key, "one", i.claims(map[string]any{"preferred_username": nil})), submission.ErrDenied},
		"a claim of another kind":  {sign(t, jose.RS256, key, "one", i.claims(map[string]any{"preferred_username": []string{"anna"}})), submission.ErrDenied},
		"alg none":                 {unsigned(t, `{"alg":"none"}`, i.claims(nil)), submission.ErrDenied},
		"alg None, with its key":   {unsigned(t, `{"alg":"None","kid":"one"}`, i.claims(nil)), submission.ErrDenied},
		"the public key as secret": {sign(t, jose.HS256, modulus, "one", i.claims(nil)), submission.ErrDenied},
		"empty":                    {"", submission.ErrDenied},
		"not a token":              {"eyJhbGciOiJSUzI1NiJ9", submission.ErrDenied},
		"JSON serialization":       {`{"payload":"e30","signatures":[]}`, submission.ErrDenied},
		"huge":                     {string(make([]byte, 1<<20)), submission.ErrDenied},
	} {
		user, err := checker.Token(t.Context(), c.token)
		if !errors.Is(err, c.want) || (err == nil) != (user == "anna") {
			t.Errorf("%s: %q, %v", name, user, err)
		}
	}
	if i.fetched > 2 {
		t.Errorf("the keys were fetched %d times", i.fetched)
	}
}

func TestAnAddressThatTheIssuerHasNotCheckedIsNobodys(t *testing.T) {
	i := newIDP(t)
	checker := i.issuer(t, &clock{start}, func(c *login.IssuerConfig) { c.Claim = "email" })
	for _, c := range []struct {
		verified any
		want     error
	}{{true, nil}, {nil, nil}, {false, submission.ErrDenied}} {
		if _, err := checker.Token(t.Context(), sign(t, jose.RS256, i.keys["one"], "one", i.claims(map[string]any{"email_verified": c.verified}))); !errors.Is(err, c.want) {
			t.Errorf("%v: %v", c.verified, err)
		}
	}
}

func TestRotatedKeysAreFetchedAndInventedOnesAreNotAskedFor(t *testing.T) {
	i := newIDP(t)
	c := &clock{start}
	checker := i.issuer(t, c, nil)
	old := i.keys["one"]
	token := func(key any, id string) error {
		_, err := checker.Token(t.Context(), sign(t, jose.RS256, key, id, i.claims(map[string]any{"exp": start.Add(100 * time.Hour).Unix()})))
		return err
	}
	if err := token(old, "one"); err != nil {
		t.Fatal(err)
	}
	next := rsaKey(t)
	i.change(func() { i.keys = map[string]crypto.Signer{"next": next} })
	for range 30 {
		if err := token(old, "invented"); !errors.Is(err, submission.ErrDenied) {
			t.Fatalf("an invented key: %v", err)
		}
	}
	if i.fetched != 1 {
		t.Errorf("the keys were fetched %d times within a minute", i.fetched)
	}
	c.at = c.at.Add(2 * time.Minute)
	if err := token(next, "next"); err != nil {
		t.Errorf("the new key: %v", err)
	}
	if err := token(old, "one"); !errors.Is(err, submission.ErrDenied) {
		t.Errorf("the key that was withdrawn: %v", err)
	}
	i.change(func() { i.away = true })
	c.at = c.at.Add(48 * time.Hour)
	if err := token(next, "next"); err != nil {
		t.Errorf("the issuer is away, its key is known: %v", err)
	}
	if err := token(old, "later"); err == nil || errors.Is(err, submission.ErrDenied) {
		t.Errorf("the issuer is away, the key may be new: %v", err)
	}
}

func TestAnIssuerThatIsAwayAtTheStartDeniesNobody(t *testing.T) {
	i := newIDP(t)
	i.away = true
	c := &clock{start}
	checker := i.issuer(t, c, nil)
	good := sign(t, jose.RS256, i.keys["one"], "one", i.claims(nil))
	if _, err := checker.Token(t.Context(), good); err == nil || errors.Is(err, submission.ErrDenied) {
		t.Fatalf("away: %v", err)
	}
	if _, err := checker.Token(t.Context(), unsigned(t, `{"alg":"none"}`, i.claims(nil))); !errors.Is(err, submission.ErrDenied) {
		t.Errorf("what is no token needs no issuer to be refused: %v", err)
	}
	i.change(func() { i.away = false })
	c.at = c.at.Add(10 * time.Second)
	if _, err := checker.Token(t.Context(), good); err != nil {
		t.Errorf("back: %v", err)
	}
}

func TestAnIssuerThatSpeaksForAnotherIsNotBelieved(t *testing.T) {
	i := newIDP(t)
	front := httptest.NewServer(http.RedirectHandler(i.URL+"/.well-known/openid-configuration", http.StatusFound))
	t.Cleanup(front.Close)
	checker := i.issuer(t, &clock{start}, func(c *login.IssuerConfig) { c.URL = front.URL })
	if _, err := checker.Token(t.Context(), sign(t, jose.RS256, i.keys["one"], "one", i.claims(map[string]any{"iss": front.URL}))); err == nil {
		t.Error("it was")
	}
}

func TestKeysMayStandInAFile(t *testing.T) {
	i := newIDP(t)
	write := func(v any) string {
		file := filepath.Join(t.TempDir(), "keys.json")
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	file := write(i.set())
	i.away = true
	checker := i.issuer(t, &clock{start}, func(c *login.IssuerConfig) { c.KeyFile = file })
	if _, err := checker.Token(t.Context(), sign(t, jose.RS256, i.keys["one"], "one", i.claims(nil))); err != nil {
		t.Error(err)
	}
	private := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: i.keys["one"], KeyID: "one"}}}
	for name, v := range map[string]any{"private": private, "empty": jose.JSONWebKeySet{}, "something else": []string{"x"}} {
		if _, err := login.NewIssuer(login.IssuerConfig{URL: i.URL, Audience: "postvern", KeyFile: write(v)}); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}
