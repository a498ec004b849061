package policy

import (
	"slices"
	"strings"
	"time"
)

// Consent is one entry of the ledger of consents that concerns somebody of a
// message: they agreed to be visible to a group.
type Consent struct {
	ID        string // as the register names it
	Who       string // an address of the message; empty where the ledger knows a name alone
	To        string // a group's name, an address, or a pattern of addresses
	From      time.Time
	Until     time.Time // the zero time: no end
	Withdrawn time.Time // the zero time: not withdrawn
}

// InForce reports whether the consent counts at a time.
func (c Consent) InForce(at time.Time) bool {
	return !at.Before(c.From) && (c.Until.IsZero() || at.Before(c.Until)) && (c.Withdrawn.IsZero() || at.Before(c.Withdrawn))
}

// Reader is somebody who would see who else stands in a message.
type Reader struct {
	Address string
	Groups  []string // of the roster
}

// Agreement answers who agreed to be visible to whom. A consent to a named
// group covers those who consented to the same group, for they are its people,
// and the entries of the roster's group of that name. The zero Agreement covers
// nobody.
type Agreement struct {
	policy  *Policy
	of      map[string][]Consent       // in force, by mailbox
	circles map[string]map[string]bool // mailboxes, by folded name of the group
}

// Agree returns what the consents come to at a time.
func (p *Policy) Agree(consents []Consent, at time.Time) Agreement {
	a := Agreement{policy: p, of: map[string][]Consent{}, circles: map[string]map[string]bool{}}
	for _, c := range consents {
		if !c.InForce(at) || c.Who == "" {
			continue
		}
		who, group := p.key(c.Who), foldGroup(c.To)
		a.of[who] = append(a.of[who], c)
		if a.circles[group] == nil {
			a.circles[group] = map[string]bool{}
		}
		a.circles[group][who] = true
	}
	return a
}

// Shows reports whether somebody agreed to be visible to every reader, and by
// which consents. Nobody needs to agree to be visible to themself.
func (a Agreement) Shows(who string, readers []Reader) (ids []string, ok bool) {
	if len(a.of) == 0 {
		return nil, false
	}
	key := a.policy.key(who)
	return a.Cover(a.of[key], slices.DeleteFunc(slices.Clone(readers), func(r Reader) bool { return a.policy.key(r.Address) == key }))
}

// Cover reports whether the consents of one person, all in force, cover every
// reader, and which of them do.
func (a Agreement) Cover(consents []Consent, readers []Reader) (ids []string, ok bool) {
	if len(consents) == 0 {
		return nil, false
	}
	for _, r := range readers {
		i := slices.IndexFunc(consents, func(c Consent) bool { return a.covers(c, r) })
		if i < 0 {
			return nil, false
		}
		ids = append(ids, consents[i].ID)
	}
	slices.Sort(ids)
	return slices.Compact(ids), true
}

func (a Agreement) covers(c Consent, r Reader) bool {
	if strings.Contains(c.To, "@") {
		p, ok := ParsePattern(c.To)
		return ok && p.Matches(r.Address)
	}
	group := foldGroup(c.To)
	return a.circles[group][a.policy.key(r.Address)] ||
		slices.ContainsFunc(r.Groups, func(g string) bool { return foldGroup(g) == group })
}

// foldGroup makes names of groups equal that differ in case or blanks.
func foldGroup(name string) string { return strings.ToLower(strings.Join(strings.Fields(name), " ")) }
