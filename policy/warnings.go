package policy

import (
	"slices"
	"strings"
	"time"

	"postvern.example/policy/detect"
)

// Warnings returns what is allowed but was probably not meant, in a language: a
// rule that changes nothing, a choice that has no effect, a hole.
func (p *Policy) Warnings(lang string) []string {
	var out []string
	warn := func(key string, args ...any) { out = append(out, warning(lang, key, args...)) }
	if len(p.People.Union) == 0 {
		warn("no-union")
	}
	if p.Recipients.From == 1 && p.Recipients.Beside == BesideHide {
		warn("beside")
	}
	if p.Recipients.From > 10 {
		warn("from", p.Recipients.From, p.Recipients.From-1)
	}
	for _, u := range p.People.Union {
		for _, e := range p.People.Employer {
			if u.overlaps(e) {
				warn("overlap", u, e)
			}
		}
	}
	for i, r := range p.Rules {
		if s, ok := p.shadow(i); ok {
			warn("shadow", r.Name, s)
		}
		if r.Do != DoEncrypt && r.own {
			warn("no-effect", r.written(), r.Name)
		}
		if r.names(detect.Unscannable) && r.Do == DoNote {
			warn("delivers-unread", r.Name)
		}
	}
	if p.Asks(StepDocument, StepArchive) && slices.Contains(p.Codes, CodeSMS) && !slices.Contains(p.Codes, CodeNotice) {
		warn("no-notice")
	}
	out = append(out, p.gaps(lang)...)
	if len(p.Rules) == 0 {
		warn("no-rules")
	}
	if p.Deviations.FollowUp.Std() > 72*time.Hour {
		warn("follow-up", p.Deviations.FollowUp)
	}
	if p.Mode == Observe {
		warn("observe")
	}
	return out
}

// Texting is whether an installation can send text messages.
type Texting int

// What is known of it.
const (
	TextingUnknown Texting = iota // nobody has said
	TextingOn
	TextingOff
)

// Codeless names the rules with a step that opens with a code, where no code
// may find a way to its reader. Such a step is passed over without a word.
func (p *Policy) Codeless(lang string, texting Texting) []string {
	sms, standing := slices.Contains(p.Codes, CodeSMS), slices.Contains(p.Codes, CodeStanding)
	if slices.Contains(p.Codes, CodeNotice) || sms && texting == TextingOn {
		return nil
	}
	way := "no-way"
	if standing {
		way = "no-way-but-standing"
	}
	why := "codes-neither"
	switch {
	case sms && texting == TextingOff:
		why = "codes-sms-off"
	case sms:
		why = "codes-sms-unknown"
	}
	var out []string
	for _, r := range p.Rules {
		steps := r.allSteps()
		for _, s := range Steps() {
			if r.Do == DoEncrypt && s.NeedsCode() && slices.Contains(steps, s) {
				out = append(out, warning(lang, "codeless", r.Name, s, warning(lang, way), warning(lang, why)))
			}
		}
	}
	return out
}

// shadow returns the name of a rule that asks for as much as rule i wherever
// rule i matches.
func (p *Policy) shadow(i int) (string, bool) {
	r := p.Rules[i]
	for j, s := range p.Rules {
		if i == j || !s.wider(r) || s.Confidence > r.Confidence && !onlyUnread(r) {
			continue
		}
		covers := true
		for _, k := range r.Detect {
			covers = covers && s.names(k)
		}
		same := r.asks(s) && s.Confidence == r.Confidence && len(s.Detect) == len(r.Detect) && r.wider(s)
		if covers && s.asks(r) && (!same || j < i) {
			return s.Name, true
		}
	}
	return "", false
}

// wider reports whether a rule is for every reader and file that s is for, as
// far as their words tell.
func (r Rule) wider(s Rule) bool {
	within := func(a, b []Readers) bool {
		for _, x := range a {
			if !slices.Contains(b, x) {
				return false
			}
		}
		return true
	}
	return (r.Strength == "" || r.Strength == s.Strength) &&
		(len(r.To) == 0 || len(s.To) > 0 && within(s.To, r.To)) && within(r.Except, s.Except)
}

// gaps names the readers to whom some kind goes without any rule, although a
// rule for other readers names it.
func (p *Policy) gaps(lang string) []string {
	classes := []struct {
		name string
		box  mailbox
		own  bool
	}{
		{self, mailbox{}, true},
		{"members", mailbox{member: true}, false},
		{"representatives", mailbox{representative: true, inside: true}, false},
		{"union", mailbox{union: true, inside: true}, false},
		{"employer", mailbox{employer: true}, false},
		{"others", mailbox{}, false},
	}
	var out []string
	for _, k := range detect.Kinds() {
		if k == detect.Unscannable || k == detect.Protected {
			continue // the gateway holds what no rule names
		}
		var free []string
		named := false
		for _, c := range classes {
			covered := c.own && !ownable(k)
			for _, r := range p.Rules {
				named = named || r.names(k)
				covered = covered || r.names(k) && r.isFor(c.box, c.own)
			}
			if !covered {
				free = append(free, classWords[c.name][column(lang)])
			}
		}
		if named && len(free) > 0 {
			out = append(out, warning(lang, "gap", k, list(free, wordsOf(lang).and)))
		}
	}
	return append(out, p.careless(lang)...)
}

// careless warns of rules for readers that they can never be for, and of
// protected files that pass whatever becomes of their password.
func (p *Policy) careless(lang string) []string {
	var out []string
	passes := false
	for _, r := range p.Rules {
		if len(r.To) == 1 && r.To[0].class == self && !slices.ContainsFunc(r.Detect, ownable) {
			out = append(out, warning(lang, "for-nobody", r.Name))
		}
		passes = passes || r.names(detect.Protected) && (r.Do == DoNote || r.Do == DoEncrypt)
	}
	if p.Asks(StepDocument, StepArchive) && !p.Names(detect.FilePassword) {
		out = append(out, warning(lang, "code-after"))
	}
	if passes && !p.Names(detect.FilePassword) {
		out = append(out, warning(lang, "password-along"))
	}
	return out
}

// ownable reports whether findings of a kind can be told to be one person's
// own.
func ownable(k detect.Kind) bool {
	switch k {
	case detect.MemberList, detect.Unscannable, detect.Protected, detect.FilePassword:
		return false
	default:
		return true
	}
}

// asks reports whether r asks for as much as s for every reader, with a key
// and without.
func (r Rule) asks(s Rule) bool {
	if r.Do != DoEncrypt || s.Do != DoEncrypt {
		return r.least() >= s.most()
	}
	if slices.Equal(r.steps(mailbox{}), s.steps(mailbox{})) && len(r.For)+len(s.For) == 0 {
		return true
	}
	return len(r.For)+len(s.For) == 0 && slices.Equal(short(DoHold), s.steps(mailbox{})) && slices.Equal(short(DoReject), r.steps(mailbox{}))
}

// least and most are what a rule asks of the readers that it is weakest and
// strictest with.
func (r Rule) least() int {
	switch r.Do {
	case DoNote:
		return Pass.strength()
	case DoEncrypt:
		return Seal.strength()
	case DoReject:
		return Reject.strength()
	case DoHold, DoPassword, DoAsk:
	}
	return Hold.strength()
}

func (r Rule) most() int {
	if r.Do != DoEncrypt {
		return r.least()
	}
	if slices.Contains(r.allSteps(), StepReject) {
		return Reject.strength()
	}
	return Hold.strength()
}

// written is the key that gives the rule its ladder.
func (r Rule) written() string {
	switch {
	case len(r.Protection) > 0:
		return "protection"
	case len(r.For) > 0:
		return "protection-for"
	}
	return "without-key"
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
