package policy

import (
	"fmt"
	"strings"
	"time"

	"postvern.example/policy/detect"
)

// Warnings returns what is allowed but was probably not meant, in English: a
// rule that changes nothing, a choice that has no effect, a hole.
func (p *Policy) Warnings() []string {
	var out []string
	warn := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	if len(p.People.Union) == 0 {
		warn("people.union is empty: the union's own office counts as anybody else")
	}
	if p.Recipients.From == 1 && p.Recipients.Beside == BesideHide {
		warn("recipients.beside changes nothing: from: 1 hides the first member already")
	}
	if p.Recipients.From > 10 {
		warn("recipients.from is %d: up to %d members see each other's addresses", p.Recipients.From, p.Recipients.From-1)
	}
	for _, u := range p.People.Union {
		for _, e := range p.People.Employer {
			if u.overlaps(e) {
				warn("people: %s is the union's and %s the employer's: who fits both counts as the union", u, e)
			}
		}
	}
	for i, r := range p.Rules {
		if s, ok := p.shadow(i); ok {
			warn("personal-data: the rule %q never changes a verdict: %q asks for as much of everything that it detects", r.Name, s)
		}
		if r.Do != DoEncrypt && r.WithoutKey != DoHold {
			warn("personal-data: without-key of the rule %q has no effect: it does not encrypt", r.Name)
		}
		if r.names(detect.Unscannable) && r.Do == DoNote {
			warn("personal-data: the rule %q delivers what cannot be read", r.Name)
		}
	}
	if len(p.Rules) == 0 {
		warn("personal-data is empty: nothing is searched for, and only what cannot be read is held")
	}
	if p.Deviations.FollowUp.Std() > 72*time.Hour {
		warn("deviations.follow-up is %s: the authority has to hear of a breach within 72 hours (GDPR art. 33)", p.Deviations.FollowUp)
	}
	if p.Mode == Observe {
		warn("mode is observe: nothing is mended, held or refused")
	}
	return out
}

// shadow returns the name of a rule that asks for as much as rule i wherever
// rule i matches.
func (p *Policy) shadow(i int) (string, bool) {
	r := p.Rules[i]
	for j, s := range p.Rules {
		if i == j || s.Confidence > r.Confidence && !onlyUnread(r) {
			continue
		}
		covers := true
		for _, k := range r.Detect {
			covers = covers && s.names(k)
		}
		same := r.asks(s) && s.Confidence == r.Confidence && len(s.Detect) == len(r.Detect)
		if covers && s.asks(r) && (!same || j < i) {
			return s.Name, true
		}
	}
	return "", false
}

// asks reports whether r asks for as much as s for every reader, with a key
// and without.
func (r Rule) asks(s Rule) bool {
	for _, key := range []KeyState{KeyUsable, KeyNone} {
		a, _ := match{do: r.Do, withoutKey: r.WithoutKey}.action(Recipient{Key: key})
		b, _ := match{do: s.Do, withoutKey: s.WithoutKey}.action(Recipient{Key: key})
		if a.strength() < b.strength() {
			return false
		}
	}
	return true
}

// overlaps reports whether some address may fit both patterns.
func (p Pattern) overlaps(q Pattern) bool {
	switch {
	case p.exact != "":
		return q.matches(p.exact)
	case q.exact != "":
		return p.matches(q.exact)
	case p.below && q.below:
		return p.domain == q.domain || strings.HasSuffix(p.domain, "."+q.domain) || strings.HasSuffix(q.domain, "."+p.domain)
	case p.below:
		return p.matches("x@" + q.domain)
	}
	return q.matches("x@" + p.domain)
}
