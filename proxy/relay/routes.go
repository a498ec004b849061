package relay

import (
	"errors"
	"fmt"
	"slices"

	"postvern.example/policy"
	"postvern.example/proxy/spool"
)

// Route says which upstream servers some copies go to.
type Route struct {
	Recipients []policy.Pattern // of these alone; empty: of all
	Classes    []spool.Class    // of these alone; empty: of all
	Upstreams  []string         // names: the first that is well is used; empty: all, in their order
	Verified   bool             // its servers are known to pass mail on over verified TLS only
}

// Routes is read from the top: the first route that matches is taken. What
// none matches goes to all upstream servers, in their order.
type Routes []Route

// For returns the route of a copy.
func (r Routes) For(class spool.Class, to string) Route {
	if i := r.index(class, to); i < len(r) {
		return r[i]
	}
	return Route{}
}

// index returns the place of the route of a copy, len(r) where none matches.
func (r Routes) index(class spool.Class, to string) int {
	for i, one := range r {
		if one.matches(class, to) {
			return i
		}
	}
	return len(r)
}

func (r Route) matches(class spool.Class, to string) bool {
	if len(r.Classes) > 0 && !slices.Contains(r.Classes, class) {
		return false
	}
	return len(r.Recipients) == 0 ||
		slices.ContainsFunc(r.Recipients, func(p policy.Pattern) bool { return p.Matches(to) })
}

// checkWays completes the configuration's upstream servers and returns what is
// wrong about them or the routes to them.
func (cfg *Config) checkWays() error {
	if len(cfg.Upstreams) == 0 {
		return errors.New("the relay needs an upstream server")
	}
	cfg.Upstreams = slices.Clone(cfg.Upstreams)
	named := make(map[string]Upstream)
	for i := range cfg.Upstreams {
		u := &cfg.Upstreams[i]
		if err := u.check(); err != nil {
			return err
		}
		if _, twice := named[u.ID]; twice {
			return fmt.Errorf("two upstream servers have the name %q", u.ID)
		}
		named[u.ID] = *u
	}
	for _, route := range cfg.Routes {
		ids := route.Upstreams
		if len(ids) == 0 {
			for _, u := range cfg.Upstreams {
				ids = append(ids, u.ID)
			}
		}
		for _, id := range ids {
			u, ok := named[id]
			switch {
			case !ok:
				return fmt.Errorf("no upstream server has the name %q", id)
			case route.Verified && !u.private():
				return fmt.Errorf("a route of verified TLS goes to %q, which is sent to in clear", id)
			}
		}
	}
	return nil
}
