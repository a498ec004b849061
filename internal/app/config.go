package app

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"postvern.example/policy/strict"
	"postvern.example/proxy/seal/cms"
)

// Config is the administrator's file, postvern.yaml. LoadConfig fills in the
// defaults and makes relative paths absolute.
type Config struct {
	Hostname        string           `yaml:"hostname"`
	Data            string           `yaml:"data"`
	Store           string           `yaml:"store"`
	Listen          []ListenConfig   `yaml:"listen"`
	TLS             TLSConfig        `yaml:"tls"`
	Login           LoginConfig      `yaml:"login"`
	Upstream        UpstreamConfig   `yaml:"upstream"`
	Upstreams       []UpstreamConfig `yaml:"upstreams"`
	Routes          []RouteConfig    `yaml:"routes"`
	Deliveries      DeliveriesConfig `yaml:"deliveries"`
	Limits          LimitsConfig     `yaml:"limits"`
	Timeouts        TimeoutsConfig   `yaml:"timeouts"`
	Extract         ExtractConfig    `yaml:"extract"`
	Policy          string           `yaml:"policy"`
	Representatives string           `yaml:"representatives"`
	Members         strict.Words     `yaml:"members"` // files and folders
	Roster          RosterConfig     `yaml:"roster"`
	Keys            string           `yaml:"keys"`
	KeySources      strict.Words     `yaml:"key-sources"` // stands in the policy
	KeyLookup       KeyLookupConfig  `yaml:"key-lookup"`
	SMIME           SMIMEConfig      `yaml:"smime"`
	Console         AddressConfig    `yaml:"console"`
	Questions       QuestionsConfig  `yaml:"questions"`
	Metrics         AddressConfig    `yaml:"metrics"`
	SMS             SMSConfig        `yaml:"sms"`
	Log             LogConfig        `yaml:"log"`
}

// ListenConfig is one SMTP listener.
type ListenConfig struct {
	Address string   `yaml:"address"`
	TLS     string   `yaml:"tls"`     // starttls, implicit or none
	Trust   []string `yaml:"trust"`   // networks that need no login
	Senders []string `yaml:"senders"` // further senders that a trust listener takes: "*@forening.example"

	ClientCA    string   `yaml:"client-ca"`    // PEM file of the authorities that clients of a trust listener need a certificate of
	ClientNames []string `yaml:"client-names"` // which that certificate has to bear one of

	ClientRevocations string `yaml:"client-revocations"` // file or folder of lists of revoked ones, by which it is judged

	ProxyProtocol []string `yaml:"proxy-protocol"` // networks of the load balancers that name the client in a PROXY header
}

// UpstreamConfig is a mail server that copies go to.
type UpstreamConfig struct {
	Name         string `yaml:"name"` // what routes, metrics and the log call it
	Address      string `yaml:"address"`
	TLS          string `yaml:"tls"` // starttls, implicit or none
	Username     string `yaml:"username"`
	PasswordFile string `yaml:"password-file"`
	CA           string `yaml:"ca"` // PEM file of the authorities that the upstream's certificate may come from; empty: the system's
	Connections  int    `yaml:"connections"`
}

// RouteConfig says which upstreams some copies go to.
type RouteConfig struct {
	Recipients []string `yaml:"recipients"` // addresses, *@domain or *@*.domain; empty: all
	Classes    []string `yaml:"classes"`    // mail, notice, report; empty: all
	Upstreams  []string `yaml:"upstreams"`  // names, in the order in which they are asked; empty: all
	TLS        string   `yaml:"tls"`        // verified: mail goes on over verified TLS only from there; empty: not known
}

// RosterConfig says what is expected of the members' files.
type RosterConfig struct {
	StaleAfter strict.Duration `yaml:"stale-after"`
}

// DeliveriesConfig bounds the attempts at delivery.
type DeliveriesConfig struct {
	GiveUp strict.Duration `yaml:"give-up"`
}

// LimitsConfig bounds what one client can ask for.
type LimitsConfig struct {
	MessageSize strict.Size `yaml:"message-size"`
	Recipients  int         `yaml:"recipients"`
	Connections int         `yaml:"connections"`
	PerAddress  int         `yaml:"connections-per-address"` // 0: a quarter of connections
	Memory      strict.Size `yaml:"memory"`                  // of all messages that are being taken
	SpoolSize   strict.Size `yaml:"spool-size"`              // octets of mail in the store
}

// ExtractConfig says how attachments are read.
type ExtractConfig struct {
	OCR bool `yaml:"ocr"` // text in pictures and scanned pages is recognised by Tesseract
}

// QuestionsConfig is where senders answer questions about held mail with a link;
// both empty: they answer by mail alone.
type QuestionsConfig struct {
	Address string `yaml:"address"`
	URL     string `yaml:"url"` // how people reach the address
	TLS     string `yaml:"tls"` // implicit, or none behind a proxy that has it
}

func (q QuestionsConfig) check(fault func(string, string, ...any)) {
	if (q.Address == "") != (q.URL == "") {
		fault("questions", "address and url belong together: where the page is served, and how people reach it")
	}
	checkAddress("questions.address", q.Address, fault)
	choice("questions.tls", q.TLS, fault, "none", "implicit")
	if q.URL == "" {
		return
	}
	u, err := url.Parse(q.URL)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.RawQuery != "" || u.Fragment != "":
		fault("questions.url", "%q is no address of a web page, such as \"https://svar.forening.example\"", q.URL)
	case u.Scheme == "http" && !loopback(net.JoinHostPort(u.Hostname(), "0")):
		fault("questions.url", "a link that lets mail go never crosses a network in clear: use https")
	}
}

// AddressConfig is a listener for HTTP; an empty address means none.
type AddressConfig struct {
	Address string `yaml:"address"`
}

// SMSConfig describes the provider that sends codes as text messages; an empty
// URL means none.
type SMSConfig struct {
	URL       string            `yaml:"url"`
	Method    string            `yaml:"method"` // POST, PUT or GET
	Headers   map[string]string `yaml:"headers"`
	Body      string            `yaml:"body"`
	TokenFile string            `yaml:"token-file"`
	Sender    string            `yaml:"sender"`
	OK        SMSOKConfig       `yaml:"ok"`
	Timeout   strict.Duration   `yaml:"timeout"`
	GiveUp    strict.Duration   `yaml:"give-up"`
}

// SMSOKConfig says how the provider's answer shows that it took a message.
type SMSOKConfig struct {
	Status []int  `yaml:"status"` // none: 200 to 299
	Field  string `yaml:"field"`  // of a JSON answer
	Value  string `yaml:"value"`
}

// SMIMEConfig says where readers' certificates are and which are accepted.
type SMIMEConfig struct {
	Certificates string `yaml:"certificates"` // a folder, or one file
	Authorities  string `yaml:"authorities"`  // PEM file of those that certificates have to come from; empty: any that stands in the folder
	Revocations  string `yaml:"revocations"`  // a folder of lists of revoked certificates; empty: none is asked for
	Cipher       string `yaml:"cipher"`       // aes-256-cbc or aes-256-gcm
}

// LogConfig says how log lines are written to standard error.
type LogConfig struct {
	Format string `yaml:"format"` // text or json
	Level  string `yaml:"level"`  // debug, info, warn or error
}

// LoadConfig reads and checks postvern.yaml. Paths in it are relative to the
// folder of the file. An error lists every fault, each with line and column.
func LoadConfig(file string) (Config, error) {
	src, err := os.ReadFile(file)
	if err != nil {
		return Config{}, fmt.Errorf("read configuration: %w", err)
	}
	c := defaults()
	doc, err := strict.Parse(file, src)
	if err != nil {
		return Config{}, err
	}
	if err := doc.Decode(&c); err != nil {
		return Config{}, err
	}
	for i := range c.Upstreams {
		c.Upstreams[i].complete()
	}
	if err := c.check(doc); err != nil {
		return Config{}, err
	}
	dir, err := filepath.Abs(filepath.Dir(file))
	if err != nil {
		return Config{}, fmt.Errorf("read configuration: %w", err)
	}
	for _, p := range c.paths() {
		if *p != "" && !filepath.IsAbs(*p) {
			*p = filepath.Join(dir, *p)
		}
	}
	if at, err := os.Stat(c.Data); err == nil && !at.IsDir() {
		return Config{}, doc.Errorf("data", "", "%s is a file: name a folder", c.Data)
	}
	return c, nil
}

// paths returns all that the configuration names on the disk, the data folder
// first.
func (c *Config) paths() []*string {
	paths := []*string{
		&c.Data, &c.TLS.Certificate, &c.TLS.Key, &c.TLS.ACME.CA, &c.TLS.ACME.KeyFile, &c.Upstream.PasswordFile, &c.Upstream.CA,
		&c.Policy, &c.Representatives, &c.Keys, &c.KeyLookup.CA, &c.SMIME.Certificates, &c.SMIME.Authorities, &c.SMIME.Revocations, &c.SMS.TokenFile,
		&c.Login.Upstream.CA, &c.Login.LDAP.CA, &c.Login.LDAP.PasswordFile, &c.Login.OIDC.Keys, &c.Login.OIDC.CA,
	}
	for i := range c.Upstreams {
		paths = append(paths, &c.Upstreams[i].PasswordFile, &c.Upstreams[i].CA)
	}
	for i := range c.Listen {
		paths = append(paths, &c.Listen[i].ClientCA, &c.Listen[i].ClientRevocations)
	}
	for i := range c.Members {
		paths = append(paths, &c.Members[i])
	}
	return paths
}

func defaults() Config {
	host, err := os.Hostname()
	if err != nil || host == "" {
		host = "localhost"
	}
	return Config{
		Hostname:   host,
		Data:       "/var/lib/postvern",
		Login:      defaultLogin(),
		Upstream:   UpstreamConfig{Name: "upstream", TLS: "starttls", Connections: 8},
		Deliveries: DeliveriesConfig{GiveUp: strict.Duration(48 * time.Hour)},
		Limits:     LimitsConfig{MessageSize: 50 << 20, Recipients: 1000, Connections: 1000, Memory: 512 << 20, SpoolSize: 20 << 30},
		Timeouts: TimeoutsConfig{
			Handshake: strict.Duration(30 * time.Second), Login: strict.Duration(2 * time.Minute), Command: strict.Duration(5 * time.Minute),
			Read: strict.Duration(3 * time.Minute), Write: strict.Duration(time.Minute), Message: strict.Duration(30 * time.Minute),
		},
		Policy: "policy.yaml", Representatives: "representatives.yaml", Members: strict.Words{"members.csv"}, Keys: "keys/",
		KeyLookup: KeyLookupConfig{Timeout: strict.Duration(10 * time.Second), Wait: strict.Duration(30 * time.Second), Remember: strict.Duration(24 * time.Hour), Refresh: strict.Duration(7 * 24 * time.Hour), Keyserver: "https://keys.openpgp.org"},
		Roster:    RosterConfig{StaleAfter: strict.Duration(45 * 24 * time.Hour)},
		Questions: QuestionsConfig{TLS: "none"},
		SMS:       SMSConfig{Method: "POST", Timeout: strict.Duration(15 * time.Second), GiveUp: strict.Duration(30 * time.Minute)},
		Log:       LogConfig{Format: "text", Level: "info"},
		SMIME:     SMIMEConfig{Certificates: "certificates/", Cipher: string(cms.CBC)},
	}
}

func (c *Config) check(doc *strict.Document) error {
	var faults strict.Errors
	fault := func(key, format string, args ...any) {
		faults = append(faults, doc.Errorf(key, "", format, args...))
	}
	if len(c.Listen) == 0 {
		fault("listen", "no listener: add at least {address: \":587\", tls: starttls}")
	}
	for i, l := range c.Listen {
		l.check(fmt.Sprintf("listen[%d]", i), fault)
	}
	checkListeners(c.Listen, fault)
	checkHostname(c.Hostname, fault)
	c.checkTLS(fault)
	c.checkLogin(fault)
	if c.Store != "" && !strings.HasPrefix(c.Store, "postgres://") && !strings.HasPrefix(c.Store, "postgresql://") {
		fault("store", "is neither empty, for SQLite under data, nor a postgres:// address")
	}
	if authority, _, _ := strings.Cut(c.Store, "?"); strings.Count(authority, "@") > 1 {
		fault("store", "has more than one @: write one that belongs to the password as %%40")
	}
	c.checkUpstreams(fault)
	if c.Deliveries.GiveUp <= 0 {
		fault("deliveries.give-up", "must be longer than nothing, such as 2d")
	}
	if c.Limits.MessageSize <= 0 {
		fault("limits.message-size", "must be more than nothing, such as 50MiB")
	}
	if c.Limits.SpoolSize < c.Limits.MessageSize {
		fault("limits.spool-size", "must be at least limits.message-size")
	}
	if c.Limits.Recipients < 1 {
		fault("limits.recipients", "must be at least 1")
	}
	if c.Limits.Connections < 1 {
		fault("limits.connections", "must be at least 1")
	}
	if c.Limits.PerAddress < 0 || c.Limits.PerAddress > c.Limits.Connections {
		fault("limits.connections-per-address", "must be between 1 and limits.connections, or 0 for a quarter of it")
	}
	c.Timeouts.check(fault)
	if c.Limits.Memory <= 0 {
		fault("limits.memory", "must be more than nothing, such as 512MiB")
	}
	for _, f := range []struct{ key, file, why string }{
		{"data", c.Data, "without a folder nothing can be kept"},
		{"policy", c.Policy, "without a policy nothing can be decided"},
		{"representatives", c.Representatives, "without representatives nobody can send"},
		{"members", strings.Join(c.Members, ""), "without a roster no member is known, and none can be hidden"},
	} {
		if f.file == "" {
			fault(f.key, "names nothing: %s", f.why)
		}
	}
	if slices.Contains(c.Members, "") && len(c.Members) > 1 {
		fault("members", "an entry of the list names no file or folder")
	}
	if c.Roster.StaleAfter <= 0 {
		fault("roster.stale-after", "must be longer than nothing, such as 45d")
	}
	if len(c.KeySources) > 0 {
		fault("key-sources", "write it in %s instead: who may be told whom mail is written to is the data protection officer's to say", c.Policy)
	}
	c.KeyLookup.check(fault)
	if c.SMIME.Revocations != "" && c.SMIME.Authorities == "" {
		fault("smime.revocations", "needs smime.authorities: a list counts only where it comes from the issuer of a certificate")
	}
	if !slices.Contains(cms.Ciphers(), cms.Cipher(c.SMIME.Cipher)) {
		fault("smime.cipher", "%q is neither aes-256-cbc nor aes-256-gcm", c.SMIME.Cipher)
	}
	c.SMS.check(fault)
	checkAddress("metrics.address", c.Metrics.Address, fault)
	checkAddress("console.address", c.Console.Address, fault)
	c.Questions.check(fault)
	choice("log.format", c.Log.Format, fault, "text", "json")
	choice("log.level", c.Log.Level, fault, "debug", "info", "warn", "error")
	return faults.Sorted()
}

func (l ListenConfig) check(key string, fault func(string, string, ...any)) {
	if l.Address == "" {
		fault(key+".address", "is missing: give an address such as \":587\"")
	}
	checkAddress(key+".address", l.Address, fault)
	if l.Address == socketPrefix {
		fault(key+".address", "names no socket: write systemd: and what FileDescriptorName= in the socket unit says")
	}
	choice(key+".tls", l.TLS, fault, "starttls", "implicit", "none")
	if l.TLS == "none" && len(l.Trust) == 0 {
		fault(key+".tls", "a listener without TLS needs trust networks: passwords never cross a network in clear")
	}
	if len(l.Senders) > 0 && len(l.Trust) == 0 {
		fault(key+".senders", "only a trust listener has senders")
	}
	l.checkClients(key, fault)
	checkNetworks(key+".trust", l.Trust, fault)
	checkNetworks(key+".proxy-protocol", l.ProxyProtocol, fault)
}
