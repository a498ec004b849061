package login_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"postvern.example/internal/slapd"
	"postvern.example/proxy/login"
	"postvern.example/proxy/submission"
)

const people = `dn: uid=anna,ou=people,dc=forening,dc=example
objectClass: inetOrgPerson
cn: Anna Holm
sn: Holm
uid: anna
mail: anna@forening.example
userPassword: rød grød

dn: uid=a*(b)\,c,ou=people,dc=forening,dc=example
objectClass: inetOrgPerson
cn: Odd
sn: Odd
uid: a*(b),c
userPassword: odd

dn: cn=twin,ou=people,dc=forening,dc=example
objectClass: inetOrgPerson
cn: twin
sn: Twin
mail: both@forening.example
userPassword: twin

dn: cn=twin2,ou=people,dc=forening,dc=example
objectClass: inetOrgPerson
cn: twin2
sn: Twin
mail: both@forening.example
userPassword: twin
`

// startSlapd starts OpenLDAP's server with the people above.
func startSlapd(t *testing.T) *slapd.Server {
	t.Helper()
	s, err := slapd.Start(t.TempDir(), people)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

func TestADirectoryTellsWhoKnowsTheirPassword(t *testing.T) {
	s := startSlapd(t)
	const base = "ou=people,dc=forening,dc=example"
	secured := &tls.Config{RootCAs: s.Pool(), MinVersion: tls.VersionTLS12}
	template := login.Directory{URL: s.Secured, TLS: secured, DN: "uid={login}," + base, Timeout: 5 * time.Second}
	search := login.Directory{
		URL: s.Clear, StartTLS: true, TLS: secured, Base: base, Filter: "(|(uid={login})(mail={login}))",
		BindDN: slapd.Searcher, Password: slapd.SearchPassword, Timeout: 5 * time.Second,
	}
	with := func(d login.Directory, change func(*login.Directory)) login.Directory {
		change(&d)
		return d
	}
	denied, unclear := submission.ErrDenied, errors.New("could not tell")
	for name, c := range map[string]struct {
		dir            login.Directory
		user, password string
		want           error
	}{
		"by template":                   {template, "anna", "rød grød", nil},
		"by template, escaped":          {template, "a*(b),c", "odd", nil},
		"by search":                     {search, "anna", "rød grød", nil},
		"by search, by mail":            {search, "anna@forening.example", "rød grød", nil},
		"by search, escaped":            {search, "a*(b),c", "odd", nil},
		"wrong password":                {template, "anna", "wrong", denied},
		"wrong password, search":        {search, "anna", "wrong", denied},
		"no password is no bind":        {template, "anna", "", denied},
		"stranger":                      {template, "bo", "rød grød", denied},
		"stranger, search":              {search, "bo", "rød grød", denied},
		"star":                          {search, "*", "rød grød", denied},
		"star behind":                   {search, "ann*", "rød grød", denied},
		"filter injection":              {search, "anna)(cn=*", "rød grød", denied},
		"another place by injection":    {template, "x,ou=people,dc=forening,dc=example+uid=anna", "rød grød", denied},
		"two of the same":               {search, "both@forening.example", "twin", denied},
		"wrong searcher":                {with(search, func(d *login.Directory) { d.Password = "wrong" }), "anna", "rød grød", unclear},
		"wrong base":                    {with(search, func(d *login.Directory) { d.Base = "ou=gone," + base }), "anna", "rød grød", unclear},
		"nobody vouches, ldaps":         {with(template, func(d *login.Directory) { d.TLS = nil }), "anna", "rød grød", unclear},
		"nobody vouches, start-tls":     {with(search, func(d *login.Directory) { d.TLS = nil }), "anna", "rød grød", unclear},
		"nobody listens":                {with(template, func(d *login.Directory) { d.URL = "ldaps://127.0.0.1:1" }), "anna", "rød grød", unclear},
		"in clear on this machine":      {with(template, func(d *login.Directory) { d.URL = s.Clear }), "anna", "rød grød", nil},
		"who searches anonymously sees": {with(search, func(d *login.Directory) { d.BindDN, d.Password = "", "" }), "anna", "rød grød", unclear},
	} {
		err := c.dir.Check()
		if err == nil {
			err = c.dir.Try(t.Context(), c.user, c.password)
		}
		switch {
		case errors.Is(c.want, unclear):
			if err == nil || errors.Is(err, denied) || strings.Contains(err.Error(), "anna") {
				t.Errorf("%s: %v", name, err)
			}
		case !errors.Is(err, c.want):
			t.Errorf("%s: %v", name, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := search.Try(ctx, "anna", "rød grød"); err == nil || errors.Is(err, denied) {
		t.Errorf("nobody waits any more: %v", err)
	}
}

func TestADirectoryThatIsSilentIsGivenUpOn(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	for _, url := range []string{"ldap", "ldaps"} {
		d := login.Directory{URL: fmt.Sprintf("%s://%s", url, l.Addr()), DN: "uid={login},dc=forening,dc=example", Timeout: 50 * time.Millisecond}
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		if err := d.Try(ctx, "anna", "x"); err == nil || errors.Is(err, submission.ErrDenied) {
			t.Errorf("%s: %v", url, err)
		}
		cancel()
	}
}

func TestADirectoryIsCheckedBeforeItIsUsed(t *testing.T) {
	for want, d := range map[string]login.Directory{
		"url: ":                       {URL: "http://x", DN: "uid={login}"},
		"start-tls: is for":           {URL: "ldaps://x", StartTLS: true, DN: "uid={login}"},
		"start-tls: a password":       {URL: "ldap://ldap.example", DN: "uid={login}"},
		"dn: give either":             {URL: "ldaps://x"},
		"dn: does not say":            {URL: "ldaps://x", DN: "uid=login"},
		"dn: is no":                   {URL: "ldaps://x", DN: "{login}"},
		"filter: does not say":        {URL: "ldaps://x", Base: "dc=x", Filter: "(uid=x)"},
		"filter: is no":               {URL: "ldaps://x", Base: "dc=x", Filter: "(uid={login}"},
		"base: is missing":            {URL: "ldaps://x", Filter: "(uid={login})"},
		"base: is no":                 {URL: "ldaps://x", Base: "x", Filter: "(uid={login})"},
		"bind-dn: bind-dn and":        {URL: "ldaps://x", Base: "dc=x", Filter: "(uid={login})", BindDN: "cn=x"},
		"bind-dn: is for a search by": {URL: "ldaps://x", DN: "uid={login}", BindDN: "cn=x", Password: "x"},
	} {
		if err := d.Check(); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}
