package policy

import (
	"fmt"
	"slices"
	"strings"
)

// SameMailbox is a mail provider that delivers several spellings of an address
// to one mailbox. Its domains are canonical.
type SameMailbox struct {
	Domains    []string // all of them the same
	Below      []string // and the domains below these, each for itself
	IgnoreDots bool
	Tag        string // what begins a tag, besides the plus sign; empty: nothing
}

// Spellings returns the local part without its tag, and the domains under which
// the same mailbox is found; none where the canonical address is not of this
// provider.
func (s SameMailbox) Spellings(address string) (local string, domains []string) {
	at := strings.LastIndexByte(address, '@')
	if at <= 0 || strings.HasPrefix(address, `"`) {
		return "", nil
	}
	local, domain := address[:at], address[at+1:]
	switch {
	case slices.Contains(s.Domains, domain):
		domains = s.Domains
	case slices.ContainsFunc(s.Below, func(above string) bool { return strings.HasSuffix(domain, "."+above) }):
		domains = []string{domain}
	default:
		return "", nil
	}
	if i := strings.Index(local, s.Tag); s.Tag != "" && i > 0 {
		local = local[:i]
	}
	return local, domains
}

// Mailbox returns one spelling for all those of a canonical address that its
// provider delivers to the same mailbox.
func (p *Policy) Mailbox(address string) string {
	for _, s := range p.People.SameMailbox {
		if local, domains := s.Spellings(address); len(domains) > 0 {
			if s.IgnoreDots {
				local = WithoutDots(local)
			}
			return local + "@" + domains[0]
		}
	}
	return address
}

// WithoutDots returns a local part as providers read it who ignore full stops.
func WithoutDots(local string) string { return strings.ReplaceAll(local, ".", "") }

func (c *checker) sameMailbox(written []sameMailboxFile) []SameMailbox {
	var out []SameMailbox
	of := map[string]bool{}
	for i, w := range written {
		path := fmt.Sprintf("people.same-mailbox[%d]", i)
		s := SameMailbox{IgnoreDots: w.Dots == "ignore", Tag: w.Tag}
		for j, d := range w.Domains {
			at := fmt.Sprintf("%s.domains[%d]", path, j)
			name, below := strings.CutPrefix(d, "*.")
			address, ok := bare("x@" + name)
			switch {
			case !ok || strings.ContainsAny(name, "*@") || !strings.Contains(name, "."):
				c.fault(at, "write it like gmail.com, or \"*.example.com\"", "`%s` is no domain", d)
				continue
			case of[d]:
				c.fault(at, "keep one of them", "`%s` stands here a second time", d)
				continue
			}
			of[d] = true
			if below {
				s.Below = append(s.Below, domainOf(address))
			} else {
				s.Domains = append(s.Domains, domainOf(address))
			}
		}
		if len(w.Domains) == 0 && c.doc.Has(path+".domains") {
			c.fault(path+".domains", "name one domain at least", "no provider is named")
		}
		if len(w.Tag) > 1 || strings.ContainsAny(w.Tag, "@.\" ") || len(w.Tag) == 1 && (w.Tag[0] >= 0x7f || w.Tag[0] <= ' ' || isWordByte(w.Tag[0])) {
			c.fault(path+".tag", "write one sign, such as \"-\"", "`%s` cannot begin a tag", w.Tag)
		}
		out = append(out, s)
	}
	return out
}

func isWordByte(b byte) bool {
	return 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9'
}
