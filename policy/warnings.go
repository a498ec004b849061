package policy

import (
	"fmt"
	"slices"
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
		if r.Do != DoEncrypt && r.own {
			warn("personal-data: %s of the rule %q has no effect: it does not encrypt", r.written(), r.Name)
		}
		if r.names(detect.Unscannable) && r.Do == DoNote {
			warn("personal-data: the rule %q delivers what cannot be read", r.Name)
		}
	}
	if p.Asks(StepDocument, StepArchive) && slices.Contains(p.Codes, CodeSMS) && !slices.Contains(p.Codes, CodeNotice) {
		warn("codes has no notice: where a text message cannot be sent, the document is with its reader, nobody can open it, and its sender has to send the mail again")
	}
	out = append(out, p.gaps()...)
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
func (p *Policy) Codeless(texting Texting) []string {
	sms, standing := slices.Contains(p.Codes, CodeSMS), slices.Contains(p.Codes, CodeStanding)
	if slices.Contains(p.Codes, CodeNotice) || sms && texting == TextingOn {
		return nil
	}
	way := "no way to any reader"
	if standing {
		way = "no way but to a reader with whom one was agreed (postvern codes set)"
	}
	why := "codes has neither notice nor sms"
	switch {
	case sms && texting == TextingOff:
		why = "codes has sms and no notice, and postvern.yaml has no sms"
	case sms:
		why = "codes has sms and no notice: that is so unless postvern.yaml has sms, which --config postvern.yaml tells"
	}
	var out []string
	for _, r := range p.Rules {
		steps := r.allSteps()
		for _, s := range Steps() {
			if r.Do == DoEncrypt && s.NeedsCode() && slices.Contains(steps, s) {
				out = append(out, fmt.Sprintf("personal-data: the rule %q has the step %s, whose code has %s: %s", r.Name, s, way, why))
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
func (p *Policy) gaps() []string {
	classes := []struct {
		name string
		box  mailbox
		own  bool
	}{
		{"the person whose data it is", mailbox{}, true},
		{"members", mailbox{member: true}, false},
		{"representatives", mailbox{representative: true, inside: true}, false},
		{"the union's office", mailbox{union: true, inside: true}, false},
		{"the employer", mailbox{employer: true}, false},
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
				free = append(free, c.name)
			}
		}
		if named && len(free) > 0 {
			out = append(out, fmt.Sprintf("personal-data: %s goes to %s without any rule, and is not recorded", k, list(free, "and")))
		}
	}
	return append(out, p.careless()...)
}

// careless warns of rules for readers that they can never be for, and of
// protected files that pass whatever becomes of their password.
func (p *Policy) careless() []string {
	var out []string
	passes := false
	for _, r := range p.Rules {
		if len(r.To) == 1 && r.To[0].class == self && !slices.ContainsFunc(r.Detect, ownable) {
			out = append(out, fmt.Sprintf("personal-data: the rule %q is for nobody: none of what it detects is known to be one person's", r.Name))
		}
		passes = passes || r.names(detect.Protected) && (r.Do == DoNote || r.Do == DoEncrypt)
	}
	if p.Asks(StepDocument, StepArchive) && !p.Names(detect.FilePassword) {
		out = append(out, "personal-data: a code opens some copies, and no rule names file-password: a sender can mail the code after them")
	}
	if passes && !p.Names(detect.FilePassword) {
		out = append(out, "personal-data: files that only a password opens are delivered, and no rule names file-password: the password may go along")
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
