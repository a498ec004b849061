package login

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"postvern.example/proxy/submission"
)

// IssuerConfig is what an Issuer is made from.
type IssuerConfig struct {
	URL            string                  // the issuer, as its tokens name it
	Audience       string                  // that a token has to be for
	Claim          string                  // that holds the login; "": preferred_username
	KeyFile        string                  // its keys, a JWKS; "": they are fetched from the issuer
	Client         *http.Client            // that fetches them
	Representative func(login string) bool // of those in force
	Now            func() time.Time        // nil: time.Now
}

// Issuer is a submission.TokenChecker: it takes signed JSON web tokens (RFC
// 7519) of one OpenID Connect issuer. It may be used by several goroutines.
type Issuer struct {
	cfg      IssuerConfig
	keys     *keys
	verifier *oidc.IDTokenVerifier
}

// NewIssuer returns an Issuer. Keys are fetched at the first login, so that an
// issuer that is away stops no start; those in a file are read at once.
func NewIssuer(cfg IssuerConfig) (*Issuer, error) {
	if cfg.Claim == "" {
		cfg.Claim = "preferred_username"
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	k := &keys{issuer: cfg.URL, file: cfg.KeyFile, client: cfg.Client, now: cfg.Now, turn: make(chan struct{}, 1)}
	if cfg.KeyFile != "" {
		if err := k.load(context.Background()); err != nil {
			return nil, err
		}
	}
	return &Issuer{cfg: cfg, keys: k, verifier: oidc.NewVerifier(cfg.URL, k, &oidc.Config{
		ClientID: cfg.Audience, SupportedSigningAlgs: algorithmNames(), Now: cfg.Now,
	})}, nil
}

// maxToken bounds what is parsed; a line of an AUTH exchange bounds it as well.
const maxToken = 12 << 10

// Token implements submission.TokenChecker. A token is denied that is not
// signed by a key of the issuer, is another issuer's or for somebody else, is
// not yet or no longer good, or whose claim names no representative.
func (i *Issuer) Token(ctx context.Context, token string) (string, error) {
	if len(token) > maxToken {
		return "", submission.ErrDenied
	}
	if err := i.keys.prepare(ctx, token); err != nil {
		return "", err
	}
	verified, err := i.verifier.Verify(ctx, token)
	var expired *oidc.TokenExpiredError
	switch {
	case errors.As(err, &expired):
		return "", submission.ErrExpired
	case err != nil:
		return "", submission.ErrDenied
	}
	var claims map[string]any
	if err := verified.Claims(&claims); err != nil {
		return "", submission.ErrDenied
	}
	login, _ := claims[i.cfg.Claim].(string)
	if verified, said := claims["email_verified"].(bool); i.cfg.Claim == "email" && said && !verified {
		return "", submission.ErrDenied // anybody can claim an address that nobody has checked
	}
	if login == "" || strings.ContainsAny(login, "\x00\r\n") || !i.cfg.Representative(login) {
		return "", submission.ErrDenied
	}
	return login, nil
}
