package policy

import "slices"

// sightEntries returns what the register gets about people in sight of each
// other. What was mended before it left is a near miss; what went out, because
// the policy only notes it or only observes, is a deviation.
func (p *Policy) sightEntries(s sight, d Decision) []Entry {
	var out []Entry
	action := d.Strictest()
	if s.hides() && s.reason == RuleFrom {
		out = append(out, Entry{Type: EntryVisible, Severity: High, NearMiss: p.mended(), Rule: RuleFrom, Action: action, Count: s.count})
	}
	beside := s.beside && s.reason != RuleFrom && p.Recipients.Beside != BesideLeave
	if beside {
		severity := Medium
		if s.employer {
			severity = High
		}
		mended := s.reason == RuleBeside || !leaves(d.Verdicts)
		out = append(out, Entry{Type: EntryBeside, Severity: severity, NearMiss: mended && p.mended(), Rule: RuleBeside, Action: action, Count: s.members})
	}
	if s.bcc > 0 {
		out = append(out, Entry{Type: EntryVisible, Severity: High, NearMiss: p.mended(), Rule: RuleAs, Action: action, Count: s.bcc})
	}
	for _, e := range d.Edits {
		if e.Kind == EditQuoted || e.Kind == EditNested || e.Kind == EditAuthors || e.Kind == EditInvitation {
			out = append(out, Entry{Type: EntryVisible, Severity: Medium, NearMiss: p.mended(), Rule: e.Reason, Action: action, Count: len(d.Verdicts)})
		}
	}
	return out
}

// entries returns one entry for each rule that was met: with the strictest
// action among the readers whom it concerns, and a near miss where none of
// them gets the message in clear.
func (p *Policy) entries(matches []match, verdicts []Verdict) []Entry {
	var out []Entry
	for _, m := range matches {
		e := Entry{Type: m.typ, Severity: m.severity, NearMiss: p.mended(), Rule: m.rule, Action: Pass, Findings: m.findings}
		for _, v := range verdicts {
			if !v.names(m.rule) {
				continue
			}
			e.Count++
			e.Action = stricter(e.Action, v.Action)
			e.NearMiss = e.NearMiss && (v.Action != Pass || m.typ == EntryUnusual) // nobody knows yet that it was wrong
			if v.Step != "" && !slices.Contains(e.Steps, v.Step) {
				e.Steps = append(e.Steps, v.Step)
			}
		}
		slices.SortFunc(e.Steps, func(a, b Step) int { return b.strength() - a.strength() })
		if e.Count > 0 {
			out = append(out, e)
		}
	}
	return out
}

func (v Verdict) names(rule string) bool {
	for _, r := range v.Reasons {
		if r.Rule == rule {
			return true
		}
	}
	return false
}

// mended reports whether decisions are carried out.
func (p *Policy) mended() bool { return p.Mode != Observe }

// leaves reports whether any copy goes out now.
func leaves(verdicts []Verdict) bool {
	for _, v := range verdicts {
		if v.Action.strength() < Hold.strength() {
			return true
		}
	}
	return false
}

// relied returns the ids of the consents that a decision rests on.
func relied(s sight, f Facts) []string {
	ids := slices.Concat(s.consents, f.Relied)
	slices.Sort(ids)
	return slices.Compact(ids)
}

// consentEntries returns the entry that says which consents were relied on.
// Nothing went out that should not have.
func consentEntries(s sight, d Decision) []Entry {
	if len(d.Consents) == 0 {
		return nil
	}
	return []Entry{{
		Type: EntryConsent, Severity: Low, NearMiss: true, Rule: RuleConsents, Action: d.Strictest(),
		Count: max(s.agreed, 1), Consents: d.Consents,
	}}
}
