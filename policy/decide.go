package policy

import (
	"slices"
	"strings"

	"postvern.example/policy/detect"
)

// Decide returns what becomes of a message. It asks nothing but the facts, and
// changes nothing: the same policy and facts give the same decision.
//
// Each reader gets the strictest of what the rules ask for; a rejected reader
// rejects the message for all. Mail that is not representative mail passes as
// it came, unless the policy's scope is all. In observe mode the decision is
// the same, but nothing of it was carried out, so what it records are
// deviations, not near misses.
func (p *Policy) Decide(f Facts) Decision {
	c := p.cast(f)
	d := Decision{Mode: p.Mode, Representative: p.representative(f, c)}
	if !d.Representative && p.Scope != ScopeAll {
		for _, r := range f.Recipients {
			d.Verdicts = append(d.Verdicts, Verdict{Recipient: r.Address, Action: Pass})
		}
		d.Edits = p.subject(f, d, false)
		return d
	}
	s := p.see(c, p.Agree(f.Consents, f.At))
	held, meeting := p.meeting(f)
	matches := slices.Concat(p.structural(f, c, s), held, p.unusual(f, c), p.named(f, c), p.personal(f, c))
	d.Verdicts = p.verdicts(f, c.readers, matches)
	if d.Strictest() == Reject {
		rejectAll(&d)
		d.Entries = p.entries(matches, d.Verdicts)
		return d
	}
	d.Edits = slices.Concat(hide(f, c, s), p.inside(f, s), meeting)
	d.Edits = append(d.Edits, p.subject(f, d, personalData(matches))...)
	d.Individual = s.hides() && p.Recipients.As == AsIndividual
	d.Consents = relied(s, f)
	d.Entries = slices.Concat(p.sightEntries(s, d), p.entries(matches, d.Verdicts), consentEntries(s, d))
	return d
}

// representative reports whether a message is union work: its From is a role
// address, a recipient is a member or the union's office, its subject carries
// the tag, or a member list stands in it, be it the recipients of a mail that it
// quotes. A recipient who is a slip away from a member counts as one. What was held
// stays what it was, though its other readers are no longer looked at. A header that cannot be read cannot show that it is other mail.
func (p *Policy) representative(f Facts, c cast) bool {
	if f.Sender.Role || f.Held || f.HeaderFault || Tagged(f.Subject, p.Subject.Tag) || f.Inside > 0 && f.Inside >= p.Recipients.From || p.Recipients.Unusual != UnusualLeave && mistyped(f) {
		return true
	}
	for _, all := range [][]mailbox{c.readers, c.visible} {
		for _, m := range all {
			if !m.sender && (m.listed || m.union) {
				return true
			}
		}
	}
	for _, found := range f.Findings {
		if found.Kind == detect.MemberList {
			return true
		}
	}
	return false
}

// Concerns reports whether the policy is for a message: it is representative
// mail, or the policy is for all.
func (p *Policy) Concerns(f Facts) bool {
	return p.Scope == ScopeAll || p.representative(f, p.cast(f))
}

// match is one rule that is met, with what met it. Do says what it asks for
// each reader.
type match struct {
	rule     string
	do       Do
	ladder   Rule // where do is encrypt: whose steps count
	severity Severity
	typ      EntryType
	findings []detect.Finding
	readers  []bool   // it concerns only these; nil: all
	whom     [][]bool // for each finding the readers whom it concerns, nil where all; nil: of them all
	outside  bool     // it concerns only readers who may not see everybody
	data     bool     // personal data met it
}

// personal returns the rules of personal-data that the findings meet.
func (p *Policy) personal(f Facts, c cast) []match {
	var out []match
	a, all := p.asker(c), readings(f, slices.DeleteFunc(slices.Clone(inClear(f)), agreed))
	for _, r := range p.Rules {
		met, whom := a.gather(all, func(f reading, m mailbox) bool { return a.meets(r, f, m) })
		if len(met) > 0 {
			out = append(out, match{rule: r.Name, do: r.Do, ladder: r, severity: r.Severity, typ: EntryPersonal, findings: met, whom: whom, data: true})
		}
	}
	if unread, whom := a.gather(all, a.held); len(unread) > 0 {
		out = append(out, match{rule: RuleUnscannable, do: DoHold, severity: Medium, typ: EntryPersonal, findings: unread, whom: whom, data: true})
	}
	return out
}

// of returns the findings of a match that concern reader i.
func (m match) of(i int) []detect.Finding {
	if m.whom == nil {
		return m.findings
	}
	var out []detect.Finding
	for j, f := range m.findings {
		if m.whom[j] == nil || m.whom[j][i] {
			out = append(out, f)
		}
	}
	return out
}

// agreed reports whether everybody whom a finding is about agreed to be visible
// to all readers.
func agreed(f detect.Finding) bool { return slices.Contains(f.Evidence, detect.EvidenceConsent) }

// inClear returns the findings that a reader without the key could make: of a
// message that its writer encrypted, those in the header. What cannot be read
// there is not what the writer encrypted.
func inClear(f Facts) []detect.Finding {
	if !f.Sealed {
		return f.Findings
	}
	var out []detect.Finding
	for _, found := range f.Findings {
		header := len(found.Place) > 0 && found.Place[0].Kind == detect.InHeader
		if header && found.Kind != detect.Protected {
			out = append(out, found)
		}
	}
	return out
}

func personalData(matches []match) bool {
	for _, m := range matches {
		if m.data {
			return true
		}
	}
	return false
}

// asked is what a match asks for one reader.
type asked struct {
	action Action
	step   Step
	key    KeyState // why a seal became something else
	ladder []Rung
}

// asks returns what a match asks for one reader.
func (p *Policy) asks(m match, f Facts, r Recipient, box mailbox) asked {
	switch m.do {
	case DoNote:
		return asked{action: Pass}
	case DoEncrypt:
		walked := p.walk(m.ladder.steps(box), f, r)
		a := asked{action: Seal, step: walked[len(walked)-1].Step, ladder: walked}
		if !a.step.ends() {
			return a
		}
		a.action = Hold
		if a.step == StepReject {
			a.action = Reject
		}
		if r.Key != KeyUsable {
			a.key = KeyState(keyObstacle(r.Key))
		}
		return a
	case DoReject:
		return asked{action: Reject}
	case DoHold, DoPassword, DoAsk:
	}
	return asked{action: Hold}
}

func (p *Policy) verdicts(f Facts, readers []mailbox, matches []match) []Verdict {
	out := make([]Verdict, 0, len(f.Recipients))
	for i, r := range f.Recipients {
		v := Verdict{Recipient: r.Address, Action: Pass}
		for _, m := range matches {
			findings := m.of(i)
			if m.outside && readers[i].inside || m.readers != nil && !m.readers[i] || m.data && len(findings) == 0 {
				continue
			}
			a := p.asks(m, f, r, readers[i])
			if a.action == Seal && (v.Step == "" || a.step.strength() > v.Step.strength()) {
				v.Step = a.step
			}
			v.Action = stricter(v.Action, a.action)
			v.Reasons = append(v.Reasons, Reason{Rule: m.rule, Do: string(m.do), Action: a.action, Key: a.key, Ladder: a.ladder, Findings: findings})
		}
		switch {
		case v.Action != Seal:
			v.Step = ""
		case v.Step.NeedsCode():
			v.Code = p.codeWay(f, r)
		}
		v.Choices = p.choices(f, r, v)
		out = append(out, v)
	}
	return out
}

// rejectAll turns one rejected reader into a rejected message: who was not
// rejected gets the reasons of the first who was.
func rejectAll(d *Decision) {
	var why []Reason
	for _, v := range d.Verdicts {
		if v.Action == Reject {
			why = v.Reasons
			break
		}
	}
	for i, v := range d.Verdicts {
		if v.Action != Reject {
			d.Verdicts[i] = Verdict{Recipient: v.Recipient, Action: Reject, Reasons: why}
		}
	}
}

// subject returns the edits of the subject. A number for a code never leaves.
func (p *Policy) subject(f Facts, d Decision, data bool) []Edit {
	var edits []Edit
	rest, marked := WithoutNumbers(f.Subject)
	if marked {
		edits = append(edits, Edit{Kind: EditNumber, Subject: rest, Reason: RuleNumber})
	}
	return append(edits, p.tag(rest, d, data)...)
}

// tag returns the edit that tags a subject, if there is one.
func (p *Policy) tag(came string, d Decision, data bool) []Edit {
	on := p.Subject.On == OnAlways ||
		p.Subject.On == OnRepresentative && d.Representative ||
		p.Subject.On == OnPersonalData && data
	if !on {
		return nil
	}
	subject, changed := TagSubject(came, p.Subject.Tag)
	if !changed {
		return nil
	}
	return []Edit{{Kind: EditTag, Subject: subject, Reason: RuleTag}}
}

func isField(field string, names ...string) bool {
	for _, n := range names {
		if strings.EqualFold(field, n) {
			return true
		}
	}
	return false
}
