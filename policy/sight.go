package policy

import "postvern.example/policy/detect"

// sight is who sees whom in a message.
type sight struct {
	addressed int      // members in To and Cc together, each counted once
	visible   []string // addresses of members in any field, as the facts name them
	members   int      // the same, each member counted once
	leaving   []string // addresses that leave the visible fields
	count     int      // the same, each mailbox counted once
	reason    string   // RuleFrom, RuleBeside or empty: nobody leaves
	beside    bool     // a member stands in sight of an outsider
	employer  bool     // and an outsider is of the employer
	bcc       int      // members in a Bcc field
	readers   int      // members among the recipients
}

func (s sight) hides() bool { return len(s.leaving) > 0 }

// see finds out who sees whom. The union's people, representatives and the
// sender are no members here: they are one unit.
func (p *Policy) see(f Facts) sight {
	var s sight
	addressed, visible, hidden, bcc := set{}, set{}, set{}, set{}
	for _, v := range f.Visible {
		member := v.Member && !v.Representative && !v.Sender && !p.IsUnion(v.Address)
		switch {
		case isField(v.Field, "Bcc", "Resent-Bcc"):
			if member {
				bcc.add(v.Address)
			}
		case member && !isField(v.Field, "From", "Sender"):
			s.visible = appendNew(s.visible, v.Address)
			visible.add(v.Address)
			if isField(v.Field, "To", "Cc", "Resent-To", "Resent-Cc", "Apparently-To") {
				addressed.add(v.Address)
			}
		}
	}
	s.addressed, s.members, s.bcc = len(addressed), len(visible), len(bcc)
	readers := set{}
	for _, r := range f.Recipients {
		if r.Member && !p.insider(r) {
			readers.add(r.Address)
		}
	}
	s.readers = len(readers)
	s.beside, s.employer = p.outsiders(f, visible)
	switch {
	case s.addressed >= p.Recipients.From:
		s.reason = RuleFrom
	case s.beside && p.Recipients.Beside == BesideHide:
		s.reason = RuleBeside
	default:
		return s
	}
	for _, v := range f.Visible {
		if p.leaves(v) {
			s.leaving = appendNew(s.leaving, v.Address)
			hidden.add(v.Address)
		}
	}
	s.count = len(hidden)
	return s
}

// insider reports whether a reader may see everybody: the sender, the union's
// office, a representative.
func (p *Policy) insider(r Recipient) bool {
	return r.Sender || r.Representative || p.IsUnion(r.Address)
}

// leaves reports whether a mailbox leaves the visible fields once somebody is
// hidden. A whole Bcc field goes by an edit of its own.
func (p *Policy) leaves(v Visible) bool {
	if v.Sender || p.IsUnion(v.Address) || isField(v.Field, "Bcc", "Resent-Bcc", "From", "Sender") {
		return false
	}
	if p.Recipients.Hide == HideEveryone {
		return isField(v.Field, "To", "Cc", "Resent-To", "Resent-Cc", "Apparently-To") || v.Member && !v.Representative
	}
	return v.Member && !v.Representative
}

// outsiders reports whether somebody who is neither union nor representative
// nor the sender reads of a member other than themselves, and whether the
// employer is among them.
func (p *Policy) outsiders(f Facts, members set) (beside, employer bool) {
	reads := func(address string, inside bool) {
		if inside || len(members) == 0 || len(members) == 1 && members.has(address) {
			return
		}
		beside = true
		employer = employer || p.IsEmployer(address)
	}
	for _, r := range f.Recipients {
		reads(r.Address, p.insider(r))
	}
	for _, v := range f.Visible {
		if isField(v.Field, "To", "Cc", "Resent-To", "Resent-Cc", "Apparently-To") {
			reads(v.Address, v.Sender || v.Representative || p.IsUnion(v.Address))
		}
	}
	return beside, employer
}

// hide returns the edits that take people out of sight.
func (p *Policy) hide(f Facts, s sight) []Edit {
	var out []Edit
	if s.hides() {
		out = append(out, Edit{Kind: EditHide, Addresses: s.leaving, Reason: s.reason})
	}
	bcc := f.Bcc
	for _, v := range f.Visible {
		bcc = bcc || isField(v.Field, "Bcc", "Resent-Bcc")
	}
	if bcc {
		out = append(out, Edit{Kind: EditBcc, Reason: RuleAs})
	}
	return out
}

// structural returns what cannot be mended yet and so is held: members listed
// inside the message whom its readers are not to see, and a header in which
// nobody can be hidden.
func (p *Policy) structural(f Facts, s sight) []match {
	var out []match
	hold := func(met bool, rule string, h Handling) {
		if met && h != Leave {
			out = append(out, match{rule: rule, do: DoHold, severity: High, typ: EntryVisible, spare: p.insider})
		}
	}
	if f.HeaderFault {
		out = append(out, match{rule: RuleHeader, do: DoHold, severity: Medium, typ: EntryVisible})
	}
	if s.hides() || s.readers >= p.Recipients.From {
		hold(f.Invitation, RuleInvitations, p.Recipients.Invitations)
		hold(f.Quoted, RuleQuoted, p.Recipients.Quoted)
		hold(f.Nested, RuleNested, HoldIt)
	}
	return out
}

// set holds canonical addresses; what is no address stands for itself.
type set map[string]struct{}

func (s set) add(address string)      { s[key(address)] = struct{}{} }
func (s set) has(address string) bool { _, ok := s[key(address)]; return ok }

func key(address string) string {
	if a, ok := detect.CanonicalAddress(address); ok {
		return a
	}
	return address
}

func appendNew(list []string, s string) []string {
	for _, have := range list {
		if have == s {
			return list
		}
	}
	return append(list, s)
}
