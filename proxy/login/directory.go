package login

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"

	"postvern.example/proxy/submission"
)

// Directory is a Method: a bind at an LDAP server (RFC 4511, RFC 4513), as the
// entry that DN names, or that Filter finds below Base.
type Directory struct {
	URL      string // ldap://, ldaps:// or ldapi://
	StartTLS bool
	TLS      *tls.Config // for ldaps and StartTLS; its server name is set here
	Base     string
	Filter   string        // "(uid={login})"
	DN       string        // "uid={login},ou=people,dc=forening,dc=example"
	BindDN   string        // who searches; empty: anonymous
	Password string        // of BindDN
	Timeout  time.Duration // for connecting and for each answer
}

// placeholder stands for the login in a filter or DN, escaped as each wants it.
const placeholder = "{login}"

// Check returns an error that says what about the directory is wrong. Its
// format begins with the key of the configuration.
func (d Directory) Check() error {
	u, err := url.Parse(d.URL)
	switch {
	case err != nil || u.Scheme != "ldap" && u.Scheme != "ldaps" && u.Scheme != "ldapi" || u.Host == "" && u.Scheme != "ldapi":
		return fmt.Errorf("url: %q is none of ldaps://host, ldap://host, ldapi://path", d.URL)
	case d.StartTLS && u.Scheme != "ldap":
		return errors.New("start-tls: is for ldap:// only")
	case u.Scheme == "ldap" && !d.StartTLS && !isLoopback(u.Hostname()):
		return errors.New("start-tls: a password never crosses a network in clear: use start-tls: true, or ldaps://")
	case (d.DN == "") == (d.Filter == ""):
		return errors.New("dn: give either dn, where every login stands at the same place, or base and filter, to search for it")
	case d.DN != "" && !strings.Contains(d.DN, placeholder):
		return errors.New("dn: does not say where the login goes: write {login} there, as in uid={login},ou=people,dc=forening,dc=example")
	case d.DN != "" && d.BindDN != "":
		return errors.New("bind-dn: is for a search by filter only")
	case d.Filter != "" && !strings.Contains(d.Filter, placeholder):
		return errors.New("filter: does not say where the login goes: write {login} there, as in (uid={login})")
	case d.Filter != "" && d.Base == "":
		return errors.New("base: is missing: where does the search begin?")
	case (d.BindDN == "") != (d.Password == ""):
		return errors.New("bind-dn: bind-dn and password-file belong together")
	}
	for key, dn := range map[string]string{"dn": strings.ReplaceAll(d.DN, placeholder, "x"), "base": d.Base, "bind-dn": d.BindDN} {
		if _, err := ldap.ParseDN(dn); err != nil {
			return fmt.Errorf("%s: is no distinguished name: %w", key, err)
		}
	}
	if d.Filter != "" {
		if _, err := ldap.CompileFilter(strings.ReplaceAll(d.Filter, placeholder, "x")); err != nil {
			return fmt.Errorf("filter: is no LDAP filter: %w", err)
		}
	}
	return nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Try implements Method.
func (d Directory) Try(ctx context.Context, user, password string) error {
	if password == "" { // would be an anonymous bind, which succeeds
		return submission.ErrDenied
	}
	conn, err := d.connect(ctx)
	if err != nil {
		return plain("connect to the directory", err)
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer func() {
		stop()
		_ = conn.Close()
	}()
	dn, found, err := d.entry(conn, user)
	if err != nil {
		return err
	}
	if err := conn.Bind(dn, password); err != nil {
		if ldap.IsErrorAnyOf(err, ldap.LDAPResultInvalidCredentials, ldap.LDAPResultInappropriateAuthentication,
			ldap.LDAPResultUnwillingToPerform, ldap.LDAPResultConstraintViolation, ldap.LDAPResultInvalidDNSyntax, ldap.LDAPResultNoSuchObject) {
			return submission.ErrDenied
		}
		return plain("bind at the directory", err)
	}
	if !found {
		return submission.ErrDenied
	}
	return nil
}

func (d Directory) connect(ctx context.Context) (*ldap.Conn, error) {
	dialer := &net.Dialer{Timeout: d.Timeout}
	if deadline, ok := ctx.Deadline(); ok {
		dialer.Deadline = deadline
	}
	secured := &tls.Config{MinVersion: tls.VersionTLS12}
	if d.TLS != nil {
		secured = d.TLS.Clone()
	}
	if u, err := url.Parse(d.URL); err == nil && secured.ServerName == "" {
		secured.ServerName = u.Hostname()
	}
	conn, err := ldap.DialURL(d.URL, ldap.DialWithDialer(dialer), ldap.DialWithTLSConfig(secured))
	if err != nil {
		return nil, err
	}
	conn.SetTimeout(d.Timeout)
	if d.StartTLS {
		if err := conn.StartTLS(secured); err != nil {
			_ = conn.Close()
			return nil, err
		}
	}
	return conn, nil
}

// entry returns whom to bind as. Where the search finds nobody, or several, it
// is an entry that does not exist: the bind that follows takes a stranger's try
// as far as another's.
func (d Directory) entry(conn *ldap.Conn, user string) (dn string, found bool, err error) {
	if d.DN != "" {
		return strings.ReplaceAll(d.DN, placeholder, ldap.EscapeDN(user)), true, nil
	}
	if d.BindDN != "" {
		if err := conn.Bind(d.BindDN, d.Password); err != nil {
			return "", false, plain("bind as login.ldap.bind-dn", err)
		}
	}
	filter := strings.ReplaceAll(d.Filter, placeholder, ldap.EscapeFilter(user))
	result, err := conn.Search(ldap.NewSearchRequest(d.Base, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases,
		2, max(int(d.Timeout/time.Second), 1), false, filter, []string{"1.1"}, nil))
	several := ldap.IsErrorWithCode(err, ldap.LDAPResultSizeLimitExceeded)
	switch {
	case err != nil && !several:
		return "", false, plain("search login.ldap.base", err)
	case !several && len(result.Entries) == 1:
		return result.Entries[0].DN, true, nil
	}
	return "cn=no such login," + d.Base, false, nil
}

// plain returns an error without the server's own text, which may repeat a name.
func plain(doing string, err error) error {
	var said *ldap.Error
	if errors.As(err, &said) && said.ResultCode != ldap.ErrorNetwork {
		return fmt.Errorf("%s: result %d, %s", doing, said.ResultCode, ldap.LDAPResultCodeMap[said.ResultCode])
	}
	return fmt.Errorf("%s: %w", doing, err)
}
