package proxy

import (
	"slices"
	"strings"
	"time"

	"postvern.example/internal/roster"
	"postvern.example/policy"
	"postvern.example/policy/detect"
	"postvern.example/proxy/message"
	"postvern.example/proxy/spool"
)

// FollowConsents makes l the ledger for every message from now on; nil where
// it cannot be read: then nobody has consented.
func (g *Gateway) FollowConsents(l *spool.Ledger) { g.ledger.Store(l) }

// agreement knows who agreed to be visible to everybody who reads one message,
// the union's unit aside. It notes which consents it answered by.
type agreement struct {
	rules   *Rules
	at      time.Time
	agree   policy.Agreement
	known   []policy.Consent // of readers and visible mailboxes
	readers []policy.Reader
	relied  map[string]bool
}

// agreement gathers the consents of everybody whom a message names as readers.
func (r *Rules) agreement(env message.Envelope, msg *message.Message, at time.Time) *agreement {
	a := &agreement{rules: r, at: at, relied: map[string]bool{}}
	if r.ledger.Empty() {
		return a
	}
	seen := map[string]bool{}
	read := func(address string) {
		c, ok := detect.CanonicalAddress(address)
		if !ok || seen[c] {
			return
		}
		seen[c] = true
		a.known = append(a.known, r.ledger.Of(c)...)
		if !r.unit(address) {
			a.readers = append(a.readers, policy.Reader{Address: c, Groups: r.Members.GroupsOf(c)})
		}
	}
	for _, rcpt := range env.To {
		read(rcpt.Address)
	}
	for _, name := range []string{"To", "Cc", "Resent-To", "Resent-Cc"} {
		for _, f := range msg.Root.Get(name) {
			boxes, _ := msg.Mailboxes(f) // what cannot be read is a fault of the header
			for _, b := range boxes {
				read(b.Address)
			}
		}
	}
	for _, address := range machinery(msg) { // they are seen, and read nothing
		if c := canonical(r.behind(address)); c != "" && !seen[c] && r.member(c) {
			seen[c] = true
			a.known = append(a.known, r.ledger.Of(c)...)
		}
	}
	a.agree = r.Policy.Agree(a.known, at)
	return a
}

// agreement is what the edits go by: the same as the facts did.
func (p *preparation) agreement() *agreement {
	if p.agreed == nil {
		p.agreed = p.rules.agreement(p.env, p.msg, p.facts.At)
	}
	return p.agreed
}

// relied returns the entries with the consents because of which somebody stayed
// where only the edits looked.
func (p *preparation) relied(entries []policy.Entry) []policy.Entry {
	if p.agreed == nil {
		return entries
	}
	more := slices.DeleteFunc(p.agreed.used(), func(id string) bool { return slices.Contains(p.decision.Consents, id) })
	if len(more) == 0 {
		return entries
	}
	entries = slices.Clone(entries)
	i := slices.IndexFunc(entries, func(e policy.Entry) bool { return e.Type == policy.EntryConsent })
	if i < 0 {
		return append(entries, policy.Entry{
			Type: policy.EntryConsent, Severity: policy.Low, NearMiss: true, Rule: policy.RuleConsents, Action: p.decision.Strictest(),
			Count: 1, Consents: more,
		})
	}
	entries[i].Consents = append(slices.Clone(entries[i].Consents), more...)
	slices.Sort(entries[i].Consents)
	return entries
}

// groups returns the groups of the roster that somebody belongs to, where a
// consent may be to one of them.
func (a *agreement) groups(address string) []string {
	if a.rules.ledger.Empty() {
		return nil
	}
	return a.rules.Members.GroupsOf(address)
}

// address reports whether the person with an address agreed.
func (a *agreement) address(address string) bool {
	c, ok := detect.CanonicalAddress(address)
	if !ok || a.rules.ledger.Empty() {
		return false
	}
	others := slices.DeleteFunc(slices.Clone(a.readers), func(r policy.Reader) bool { return r.Address == c })
	return a.covered(a.rules.ledger.Of(c), others)
}

// name reports whether the person with a full name agreed.
func (a *agreement) name(name string) bool {
	return !a.rules.ledger.Empty() && a.covered(a.rules.ledger.OfName(roster.NameForms(name)), a.readers)
}

// covered reports whether the consents of one person cover the readers.
func (a *agreement) covered(consents []policy.Consent, readers []policy.Reader) bool {
	consents = slices.DeleteFunc(slices.Clone(consents), func(c policy.Consent) bool { return !c.InForce(a.at) })
	ids, ok := a.agree.Cover(consents, readers)
	for _, id := range ids {
		a.relied[id] = true
	}
	return ok
}

// who reports whether somebody agreed of whom an address or a full name is known.
func (a *agreement) who(who string) bool {
	if strings.Contains(who, "@") {
		return a.address(who)
	}
	return a.name(who)
}

// person reports whether somebody who is named inside a message agreed.
func (a *agreement) person(p person) bool {
	if p.address != "" {
		return a.address(p.address)
	}
	return a.name(p.name)
}

// forget takes back what was answered to a search that found no list of
// people who all agreed.
func (a *agreement) forget(found []detect.Finding) {
	agreed := func(f detect.Finding) bool { return slices.Contains(f.Evidence, detect.EvidenceConsent) }
	if !slices.ContainsFunc(found, agreed) {
		clear(a.relied)
	}
}

// used returns the ids of the consents that were answered by.
func (a *agreement) used() []string {
	var ids []string
	for id := range a.relied {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// listed is the roster as the search for lists of members asks it. The union's
// own people need not agree to stand in one.
type listed struct {
	*roster.Members
	*agreement
}

// AgreedAddress implements detect.Consents.
func (l listed) AgreedAddress(address string) bool {
	return l.rules.unit(address) || l.address(address)
}

// AgreedName implements detect.Consents.
func (l listed) AgreedName(name string) bool {
	return l.rules.Representatives.HasName(name) || l.name(name)
}

// roster returns what the search for lists of members asks.
func (a *agreement) roster() detect.Roster {
	if a.rules.ledger.Empty() {
		return a.rules.Members
	}
	return listed{a.rules.Members, a}
}
