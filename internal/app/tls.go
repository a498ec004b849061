package app

import (
	"net"
	"slices"
	"strings"

	"postvern.example/policy/strict"
)

// TLSConfig says which certificate the gateway has; all empty: a self-signed
// one.
type TLSConfig struct {
	Certificate string     `yaml:"certificate"`
	Key         string     `yaml:"key"`
	ACME        ACMEConfig `yaml:"acme"`
}

// ACMEConfig names an authority that issues the certificate; without a
// directory there is none.
type ACMEConfig struct {
	Directory string       `yaml:"directory"` // URL
	Terms     string       `yaml:"terms"`     // agreed
	Contact   string       `yaml:"contact"`   // a mail address
	Names     strict.Words `yaml:"names"`     // empty: hostname
	HTTP      string       `yaml:"http"`      // address where http-01 is answered
	TLS       string       `yaml:"tls"`       // address where tls-alpn-01 is answered, beside the implicit listeners
	CA        string       `yaml:"ca"`
	KeyID     string       `yaml:"key-id"`   // of an account that was opened elsewhere
	KeyFile   string       `yaml:"key-file"` // its key, base64url
}

// implicitTLS says whether a listener of ours begins with TLS, for anybody.
func (c *Config) implicitTLS() bool {
	return c.Questions.TLS == "implicit" && c.Questions.Address != "" ||
		slices.ContainsFunc(c.Listen, func(l ListenConfig) bool { return l.TLS == "implicit" && len(l.Trust) == 0 })
}

func (c *Config) checkTLS(fault func(string, string, ...any)) {
	if (c.TLS.Certificate == "") != (c.TLS.Key == "") {
		fault("tls", "certificate and key belong together: give both, or neither for a self-signed certificate")
	}
	a := &c.TLS.ACME
	if a.Directory == "" {
		if a.Terms+a.Contact+strings.Join(a.Names, "")+a.HTTP+a.TLS+a.CA+a.KeyID+a.KeyFile != "" {
			fault("tls.acme.directory", "is missing: name the authority's directory, such as \"https://acme-v02.api.letsencrypt.org/directory\"")
		}
		return
	}
	if c.TLS.Certificate != "" {
		fault("tls.acme", "the certificate comes from files or from an authority: leave out tls.certificate and tls.key, or tls.acme")
	}
	if !strings.HasPrefix(a.Directory, "https://") {
		fault("tls.acme.directory", "%q is no https:// address of an ACME directory", a.Directory)
	}
	if a.Terms != "agreed" {
		fault("tls.acme.terms", "read the authority's terms of service and write terms: agreed")
	}
	if a.Contact != "" && !strings.Contains(a.Contact, "@") {
		fault("tls.acme.contact", "%q is no mail address", a.Contact)
	}
	if (a.KeyID == "") != (a.KeyFile == "") {
		fault("tls.acme", "key-id and key-file belong together: both come from the authority")
	}
	if len(a.Names) == 0 {
		a.Names = strict.Words{c.Hostname}
	}
	for i, name := range a.Names {
		a.Names[i] = strings.ToLower(name)
		if net.ParseIP(name) != nil || !strings.Contains(name, ".") || strings.ContainsAny(name, "*/:@ ") {
			fault("tls.acme.names", "%q is no name of a machine that an authority can ask for: the gateway's public host name belongs here, or in hostname", name)
		}
	}
	checkAddress("tls.acme.http", a.HTTP, fault)
	checkAddress("tls.acme.tls", a.TLS, fault)
	if a.HTTP == "" && a.TLS == "" && !c.implicitTLS() {
		fault("tls.acme", "no way for the authority to see whose name it is: give http: \":80\", or tls: \":443\"")
	}
}

// checkClients checks what a listener says of its clients' certificates.
func (l ListenConfig) checkClients(key string, fault func(string, string, ...any)) {
	switch {
	case l.ClientCA == "" && len(l.ClientNames) > 0:
		fault(key+".client-ca", "is missing: it names the authorities whose certificates bear client-names")
	case l.ClientCA == "" && l.ClientRevocations != "":
		fault(key+".client-ca", "is missing: it names the authorities whose certificates client-revocations may revoke")
	case l.ClientCA == "":
	case len(l.Trust) == 0:
		fault(key+".client-ca", "is for trust listeners: people log in")
	case l.TLS == "none":
		fault(key+".client-ca", "a certificate is shown in TLS only: use tls: starttls or implicit")
	}
	for _, name := range l.ClientNames {
		plain := strings.TrimPrefix(name, "*.")
		if plain == "" || strings.ContainsAny(plain, "*/:@ ") {
			fault(key+".client-names", "%q is no name such as mail.forening.example or *.forening.example", name)
		}
	}
}
