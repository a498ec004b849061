package app

import (
	"context"
	"crypto/tls"
	"errors"
	"net/netip"
	"slices"
	"time"

	"postvern.example/internal/roster"
	"postvern.example/policy/strict"
	"postvern.example/proxy/login"
	"postvern.example/proxy/relay"
	"postvern.example/proxy/submission"
)

// LoginConfig says how logins are checked.
type LoginConfig struct {
	Method      strict.Words    `yaml:"method"`      // file, upstream or ldap; and oidc beside it or alone
	Remember    strict.Duration `yaml:"remember"`    // upstream, ldap: for how long a right password is not asked about again
	Timeout     strict.Duration `yaml:"timeout"`     // upstream, ldap, oidc: for an answer
	Connections int             `yaml:"connections"` // upstream, ldap: tries at a time
	Upstream    LoginUpstream   `yaml:"upstream"`
	LDAP        LoginLDAP       `yaml:"ldap"`
	OIDC        LoginOIDC       `yaml:"oidc"`
}

// LoginUpstream is the mail server that logins are tried at; without an
// address it is the first of the upstreams.
type LoginUpstream struct {
	Address string `yaml:"address"`
	TLS     string `yaml:"tls"` // starttls or implicit; none on this machine
	CA      string `yaml:"ca"`
}

// LoginLDAP is the directory that logins are tried at.
type LoginLDAP struct {
	URL          string `yaml:"url"`
	StartTLS     bool   `yaml:"start-tls"`
	CA           string `yaml:"ca"`
	Base         string `yaml:"base"`
	Filter       string `yaml:"filter"`
	DN           string `yaml:"dn"`
	BindDN       string `yaml:"bind-dn"`
	PasswordFile string `yaml:"password-file"`
}

// LoginOIDC is the issuer of tokens.
type LoginOIDC struct {
	Issuer   string `yaml:"issuer"`
	Audience string `yaml:"audience"`
	Claim    string `yaml:"claim"`
	Keys     string `yaml:"keys"` // a file; empty: fetched from the issuer
	CA       string `yaml:"ca"`
}

func defaultLogin() LoginConfig {
	return LoginConfig{
		Method: strict.Words{"file"}, Remember: strict.Duration(5 * time.Minute), Timeout: strict.Duration(10 * time.Second), Connections: 8,
		Upstream: LoginUpstream{TLS: "starttls"}, OIDC: LoginOIDC{Claim: "preferred_username"},
	}
}

func (l LoginConfig) uses(method string) bool { return slices.Contains(l.Method, method) }

func (c *Config) checkLogin(fault func(string, string, ...any)) {
	l := c.Login
	passwords := 0
	for _, m := range l.Method {
		choice("login.method", m, fault, "file", "upstream", "ldap", "oidc")
		if m != "oidc" {
			passwords++
		}
	}
	if passwords > 1 || len(l.Method) == 0 || passwords == 0 && len(l.Method) > 1 {
		fault("login.method", "give one of file, upstream and ldap for passwords, oidc for tokens, or one and oidc: [ldap, oidc]")
	}
	if l.Remember < 0 || time.Duration(l.Remember) > time.Hour {
		fault("login.remember", "must be between 0s and 1h: so long a password that was changed elsewhere still works here")
	}
	if l.Timeout <= 0 || time.Duration(l.Timeout) > 30*time.Second {
		fault("login.timeout", "must be more than nothing and at most 30s, such as 10s")
	}
	if l.Connections < 1 {
		fault("login.connections", "must be at least 1")
	}
	l.Upstream.check(l.uses("upstream"), c, fault)
	l.LDAP.check(l.uses("ldap"), fault)
	l.OIDC.check(l.uses("oidc"), fault)
}

func (u LoginUpstream) check(used bool, c *Config, fault func(string, string, ...any)) {
	if !used {
		if u.Address != "" || u.CA != "" {
			fault("login.upstream", "is used with login.method: upstream only")
		}
		return
	}
	key := "login.upstream"
	if u.Address == "" && len(c.ways()) > 0 {
		first := c.ways()[0]
		u, key = LoginUpstream{Address: first.Address, TLS: first.TLS, CA: first.CA}, "login.upstream (empty, so that it is "+first.Name+")"
	}
	checkAddress(key+".address", u.Address, fault)
	choice(key+".tls", u.TLS, fault, "starttls", "implicit", "none")
	if u.TLS == "none" && !loopback(u.Address) {
		fault(key+".tls", "a password never crosses a network in clear: use starttls or implicit")
	}
}

// directory returns what the configuration says, without what stands in files.
func (d LoginLDAP) directory() login.Directory {
	return login.Directory{URL: d.URL, StartTLS: d.StartTLS, Base: d.Base, Filter: d.Filter, DN: d.DN, BindDN: d.BindDN}
}

func (d LoginLDAP) check(used bool, fault func(string, string, ...any)) {
	if !used {
		if d != (LoginLDAP{}) {
			fault("login.ldap", "is used with login.method: ldap only")
		}
		return
	}
	dir := d.directory()
	if d.PasswordFile != "" {
		dir.Password = "x"
	}
	if err := dir.Check(); err != nil {
		fault("login.ldap", "%v", err)
	}
}

func (o LoginOIDC) check(used bool, fault func(string, string, ...any)) {
	switch {
	case !used && o != defaultLogin().OIDC:
		fault("login.oidc", "is used with login.method: oidc only")
	case !used:
	case !login.SafeURL(o.Issuer):
		fault("login.oidc.issuer", "%q is no https:// address of an issuer", o.Issuer)
	case o.Audience == "":
		fault("login.oidc.audience", "is missing: without it every token of the issuer would open this server, whomever it was made for")
	case o.Claim == "":
		fault("login.oidc.claim", "is missing: it names the claim that is the login, such as preferred_username or email")
	}
}

// authenticators returns what checks passwords and tokens; one of them may be
// nil.
func (a *App) authenticators() (submission.Authenticator, submission.TokenChecker, error) {
	l := a.opt.Config.Login
	tokens, err := a.tokenChecker()
	if err != nil {
		return nil, nil, err
	}
	var method login.Method
	switch {
	case l.uses("file"):
		return logins{a}, tokens, nil
	case l.uses("upstream"):
		method, err = a.loginUpstream()
	case l.uses("ldap"):
		method, err = a.loginDirectory()
	default:
		return nil, tokens, nil
	}
	if err != nil {
		return nil, nil, err
	}
	passwords, err := login.NewPasswords(login.Config{
		Method: method, Representative: a.isRepresentative, Connections: l.Connections,
		Timeout: time.Duration(l.Timeout), Remember: time.Duration(l.Remember), Now: a.opt.Now,
	})
	return passwords, tokens, err
}

func (a *App) isRepresentative(login string) bool {
	_, ok := a.gateway.Rules().Representatives.ByLogin(login)
	return ok
}

func (a *App) loginUpstream() (login.Method, error) {
	c := a.opt.Config
	u := c.Login.Upstream
	if u.Address == "" {
		first := c.ways()[0]
		u = LoginUpstream{Address: first.Address, TLS: first.TLS, CA: first.CA}
	}
	roots, err := readCA(u.CA)
	if err != nil {
		return nil, err
	}
	return login.Upstream{
		Server: relay.Upstream{Address: u.Address, TLS: u.TLS, RootCAs: roots}, Hostname: c.Hostname, Timeout: time.Duration(c.Login.Timeout),
	}, nil
}

func (a *App) loginDirectory() (login.Method, error) {
	c := a.opt.Config.Login
	roots, err := readCA(c.LDAP.CA)
	if err != nil {
		return nil, err
	}
	d := c.LDAP.directory()
	if d.Password, err = readSecret(c.LDAP.PasswordFile); err != nil {
		return nil, err
	}
	d.TLS, d.Timeout = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, time.Duration(c.Timeout)
	return d, nil
}

func (a *App) tokenChecker() (submission.TokenChecker, error) {
	c := a.opt.Config.Login
	if !c.uses("oidc") {
		return nil, nil
	}
	roots, err := readCA(c.OIDC.CA)
	if err != nil {
		return nil, err
	}
	return login.NewIssuer(login.IssuerConfig{
		URL: c.OIDC.Issuer, Audience: c.OIDC.Audience, Claim: c.OIDC.Claim, KeyFile: c.OIDC.Keys,
		Client: login.Client(roots, time.Duration(c.Timeout)), Representative: a.isRepresentative, Now: a.opt.Now,
	})
}

// logins checks passwords against the representatives in force.
type logins struct{ app *App }

// Login implements submission.Authenticator.
func (l logins) Login(ctx context.Context, user, password string, client netip.Addr) error {
	err := l.app.gateway.Rules().Representatives.Login(ctx, user, password, client)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, roster.ErrDenied):
		return submission.ErrDenied
	}
	return errors.Join(submission.ErrUnavailable, err)
}
