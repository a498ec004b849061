package app

import (
	"fmt"
	"regexp"
	"slices"

	"postvern.example/policy"
	"postvern.example/proxy/relay"
	"postvern.example/proxy/spool"
)

// complete fills in what an element of upstreams leaves out.
func (u *UpstreamConfig) complete() {
	if u.TLS == "" {
		u.TLS = "starttls"
	}
	if u.Connections == 0 {
		u.Connections = 8
	}
}

// ways returns all upstreams, in the order in which they are asked.
func (c *Config) ways() []UpstreamConfig {
	var all []UpstreamConfig
	if c.Upstream.Address != "" {
		all = append(all, c.Upstream)
	}
	return append(all, c.Upstreams...)
}

// upstreamName is what a name may look like: it is a label of metrics.
var upstreamName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,31}$`)

func (c *Config) checkUpstreams(fault func(string, string, ...any)) {
	used := c.Upstream.Username != "" || c.Upstream.PasswordFile != "" || c.Upstream.CA != ""
	if c.Upstream.Address != "" || len(c.Upstreams) == 0 || used {
		c.Upstream.check("upstream", fault)
	}
	seen := map[string]bool{}
	if c.Upstream.Address != "" {
		seen[c.Upstream.Name] = true
	}
	for i, u := range c.Upstreams {
		key := fmt.Sprintf("upstreams[%d]", i)
		u.check(key, fault)
		if seen[u.Name] {
			fault(key+".name", "%q is the name of another upstream", u.Name)
		}
		seen[u.Name] = true
	}
	for i, r := range c.Routes {
		r.check(fmt.Sprintf("routes[%d]", i), c.ways(), fault)
	}
}

func (u UpstreamConfig) check(key string, fault func(string, string, ...any)) {
	if !upstreamName.MatchString(u.Name) {
		fault(key+".name", "%q is no name: give it one of small letters, digits and hyphens", u.Name)
	}
	if u.Address == "" {
		fault(key+".address", "is missing: name the mail server that copies go to, such as \"smtp.forening.example:587\"")
	}
	checkAddress(key+".address", u.Address, fault)
	choice(key+".tls", u.TLS, fault, "starttls", "implicit", "none")
	if u.TLS == "none" && u.Username != "" && !loopback(u.Address) {
		fault(key+".tls", "a password never crosses a network in clear: use starttls or implicit")
	}
	if (u.Username == "") != (u.PasswordFile == "") {
		fault(key, "username and password-file belong together")
	}
	if u.Connections < 1 {
		fault(key+".connections", "must be at least 1")
	}
}

func (r RouteConfig) check(key string, ways []UpstreamConfig, fault func(string, string, ...any)) {
	for _, text := range r.Recipients {
		if _, ok := policy.ParsePattern(text); !ok {
			fault(key+".recipients", "%q is neither an address nor *@domain or *@*.domain", text)
		}
	}
	for _, class := range r.Classes {
		choice(key+".classes", class, fault, string(spool.Mail), string(spool.Notice), string(spool.Report))
	}
	if r.TLS != "" && r.TLS != "verified" {
		fault(key+".tls", "%q is not verified: leave it out where that is not known", r.TLS)
	}
	for _, name := range r.Upstreams {
		if !slices.ContainsFunc(ways, func(u UpstreamConfig) bool { return u.Name == name }) {
			fault(key+".upstreams", "no upstream has the name %q", name)
		}
	}
	for _, u := range ways {
		if r.TLS == "verified" && (len(r.Upstreams) == 0 || slices.Contains(r.Upstreams, u.Name)) && u.TLS == "none" && !loopback(u.Address) {
			fault(key+".tls", "the upstream %q is sent to in clear: nothing is verified on the way there", u.Name)
		}
	}
}

// verified says to whom mail goes over verified TLS only, all the way.
func (c *Config) verified() func(address string) bool {
	routes := c.routes()
	return func(address string) bool { return routes.For(spool.Mail, address).Verified }
}

// routes returns the configured routes. The configuration was checked.
func (c *Config) routes() relay.Routes {
	var routes relay.Routes
	for _, r := range c.Routes {
		route := relay.Route{Upstreams: r.Upstreams, Verified: r.TLS == "verified"}
		for _, text := range r.Recipients {
			p, _ := policy.ParsePattern(text)
			route.Recipients = append(route.Recipients, p)
		}
		for _, class := range r.Classes {
			route.Classes = append(route.Classes, spool.Class(class))
		}
		routes = append(routes, route)
	}
	return routes
}

// upstreams returns the configured upstreams with their secrets.
func (c *Config) upstreams() ([]relay.Upstream, error) {
	var all []relay.Upstream
	for _, u := range c.ways() {
		password, err := readSecret(u.PasswordFile)
		if err != nil {
			return nil, err
		}
		roots, err := readCA(u.CA)
		if err != nil {
			return nil, err
		}
		all = append(all, relay.Upstream{
			ID: u.Name, Address: u.Address, TLS: u.TLS, Connections: u.Connections,
			Username: u.Username, Password: password, RootCAs: roots,
		})
	}
	return all, nil
}
