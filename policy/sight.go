package policy

import "slices"

// sight is who sees whom in a message.
type sight struct {
	members  int      // members in any visible field, each counted once
	leaving  []string // addresses that leave the visible fields, as the facts name them
	count    int      // the same, each mailbox counted once
	reason   string   // RuleFrom, RuleBeside or empty: nobody leaves
	beside   bool     // a member stands in sight of an outsider
	employer bool     // and an outsider is of the employer
	bcc      int      // members in a Bcc field
	agreed   int      // members who stay in sight because they agreed to
	consents []string // ids of their consents
}

func (s sight) hides() bool { return len(s.leaving) > 0 }

// see finds out who sees whom. The union's people, representatives and the
// sender are no members here: they are one unit.
func (p *Policy) see(c cast, agreement Agreement) sight {
	groups, addressed, visible, bcc := set{}, set{}, set{}, set{}
	alone := c.alone()
	leaves := func(m mailbox) bool { return p.leaves(m) && (alone == "" || m.key != alone) }
	for _, m := range c.visible {
		if m.field == inTo && leaves(m) {
			addressed.add(m.key)
			if m.group {
				groups.add(m.key)
			}
		}
		switch {
		case !m.member || m.field == inAuthor:
		case m.field == inBcc:
			bcc.add(m.key)
		default:
			visible.add(m.key)
		}
	}
	s := sight{members: len(visible), bcc: len(bcc)}
	s.beside, s.employer = outsiders(c, visible)
	switch {
	case len(addressed) >= p.Recipients.From || len(groups) > 0: // a group is as many as it takes
		s.reason = RuleFrom
	case s.beside && p.Recipients.Beside == BesideHide:
		s.reason = RuleBeside
	case !s.beside || p.Recipients.Beside == BesideLeave:
		return s
	}
	if agreed, ids := c.agreed(agreement, func(m mailbox) bool { return leaves(m) || m.member && visible.has(m.key) }); agreed > 0 {
		return sight{bcc: s.bcc, agreed: agreed, consents: ids}
	}
	if s.reason == "" {
		return s
	}
	written, hidden := set{}, set{}
	for _, m := range c.visible {
		if leaves(m) && written.add(m.address) {
			s.leaving = append(s.leaving, m.address)
			hidden.add(m.key)
		}
	}
	s.count = len(hidden)
	return s
}

// leaves reports whether a mailbox leaves the visible fields once somebody is
// hidden, and so counts in To and Cc towards that. A whole Bcc field goes by an edit of its own.
func (p *Policy) leaves(m mailbox) bool {
	if m.field == inBcc || m.field == inAuthor {
		return false
	}
	if p.Recipients.Hide == HideEveryone && m.field == inTo {
		return !m.union && !m.sender
	}
	return m.member
}

// agreed returns how many of those in sight, of whom somebody would learn, all
// agreed to be seen by everybody who is not of the union's unit, and by which
// consents; 0 where one of them did not.
func (c cast) agreed(a Agreement, seen func(mailbox) bool) (people int, ids []string) {
	var readers []Reader
	for _, m := range c.readers {
		if !m.inside {
			readers = append(readers, Reader{Address: m.address, Groups: m.groups})
		}
	}
	for _, m := range c.visible {
		if !m.inside && m.field == inTo {
			readers = append(readers, Reader{Address: m.address, Groups: m.groups})
		}
	}
	who := set{}
	for _, m := range c.visible {
		if m.field == inBcc || m.field == inAuthor || !seen(m) || !who.add(m.key) {
			continue
		}
		by, ok := a.Shows(m.address, readers)
		if !ok {
			return 0, nil
		}
		ids = append(ids, by...)
	}
	slices.Sort(ids)
	return len(who), slices.Compact(ids)
}

// outsiders reports whether somebody who is neither union nor representative
// nor the sender reads of a member other than themselves, and whether the
// employer is among them.
func outsiders(c cast, members set) (beside, employer bool) {
	if len(members) == 0 {
		return false, false
	}
	reads := func(m mailbox) {
		if m.inside || len(members) == 1 && members.has(m.key) {
			return
		}
		beside = true
		employer = employer || m.employer
	}
	for _, m := range c.readers {
		reads(m)
	}
	for _, m := range c.visible {
		if m.field == inTo {
			reads(m)
		}
	}
	return beside, employer
}

// hide returns the edits that take people out of sight.
func hide(f Facts, c cast, s sight) []Edit {
	var out []Edit
	if s.hides() {
		out = append(out, Edit{Kind: EditHide, Addresses: s.leaving, Reason: s.reason})
	}
	bcc := f.Bcc
	for _, m := range c.visible {
		bcc = bcc || m.field == inBcc
	}
	if bcc {
		out = append(out, Edit{Kind: EditBcc, Reason: RuleAs})
	}
	return out
}

// structural returns what cannot be mended and so is held: members listed
// inside the message whom its readers are not to see, and a header in which
// nobody can be hidden.
func (p *Policy) structural(f Facts, c cast, s sight) []match {
	var out []match
	hold := func(rule string) {
		out = append(out, match{rule: rule, do: DoHold, severity: High, typ: EntryVisible, outside: true})
	}
	if f.HeaderFault {
		out = append(out, match{rule: RuleHeader, do: DoHold, severity: Medium, typ: EntryVisible})
	}
	held := p.Recipients.Invitations == HoldIt || p.Recipients.Invitations == Split && f.InvitationFault
	if s.tells(f.Invitation) && held {
		hold(RuleInvitations)
	}
	if s.tells(f.Quoted) && p.Recipients.Quoted == HoldIt {
		hold(RuleQuoted)
	}
	if s.tells(f.Buried) {
		hold(RuleNested)
	}
	if s.tells(f.Authors) && p.Recipients.Authors == HoldIt || s.tells(f.AuthorsFixed) && p.Recipients.Authors == Remove {
		hold(RuleAuthors)
	}
	if p.keysTell(f, c, s) {
		do := DoReject
		if p.Recipients.Encrypted == HoldIt {
			do = DoHold
		}
		out = append(out, match{rule: RuleEncrypted, do: do, severity: High, typ: EntryVisible})
	}
	return out
}

// meeting returns what holds an invitation whose papers or mark the policy
// asks something of that cannot be done, and the edits where it can.
func (p *Policy) meeting(f Facts) (held []match, edits []Edit) {
	hold := func(rule string) {
		held = append(held, match{rule: rule, do: DoHold, severity: Low, typ: EntryPersonal})
	}
	switch papers := p.Recipients.Papers; {
	case papers == HoldIt && f.Papers > 0, papers != Leave && papers != "" && f.MeetingFault:
		hold(RulePapers)
	case papers == Detach && f.Papers > 0:
		edits = append(edits, Edit{Kind: EditPapers, Reason: RulePapers})
	}
	switch {
	case p.Recipients.Meetings != Private:
	case f.MeetingFault:
		hold(RuleMeetings)
	case f.Meeting:
		edits = append(edits, Edit{Kind: EditPrivate, Reason: RuleMeetings})
	}
	return held, edits
}

// keysTell reports whether the keys that the writer of a message encrypted it
// to tell a reader of somebody whom the header does not. Whose key it is, is
// often not known: then two keys are those of two readers.
func (p *Policy) keysTell(f Facts, c cast, s sight) bool {
	shown, readers, unseen := set{}, set{}, false
	leaving := set{}
	for _, m := range c.visible {
		if slices.Contains(s.leaving, m.address) {
			leaving.add(m.key)
		}
	}
	for _, m := range c.visible {
		if m.field == inTo && !leaving.has(m.key) {
			shown.add(m.key)
		}
	}
	for _, m := range c.readers {
		if !m.inside {
			readers.add(m.key)
			unseen = unseen || (m.member || p.Recipients.Hide == HideEveryone) && !shown.has(m.key)
		}
	}
	if unseen && len(f.Keyholders) > 1 && len(readers) > 1 {
		return true
	}
	for _, h := range f.Keyholders {
		others := len(readers) > 1 || len(readers) == 1 && !readers.has(h.Address)
		if h.Address != "" && (h.Member || p.Recipients.Hide == HideEveryone) && !shown.has(h.Address) && others {
			return true
		}
	}
	return false
}

// tells reports whether a listing inside the message tells a reader of
// somebody whom the header does not.
func (s sight) tells(l Listing) bool {
	return l == Listed || l == ListedVisible && s.hides()
}

// inside returns the edits that take members out of the lists inside the
// message. Who cannot be taken out there makes the message a hold.
func (p *Policy) inside(f Facts, s sight) []Edit {
	var out []Edit
	if s.tells(f.Quoted) && p.Recipients.Quoted == Remove {
		out = append(out, Edit{Kind: EditQuoted, Reason: RuleQuoted})
	}
	if s.tells(f.Nested) {
		out = append(out, Edit{Kind: EditNested, Reason: RuleNested})
	}
	if s.tells(f.Authors) && !s.tells(f.AuthorsFixed) && p.Recipients.Authors == Remove {
		out = append(out, Edit{Kind: EditAuthors, Reason: RuleAuthors})
	}
	if s.tells(f.Invitation) && p.Recipients.Invitations == Split && !f.InvitationFault {
		out = append(out, Edit{Kind: EditInvitation, Reason: RuleInvitations})
	}
	return out
}

// set holds canonical addresses.
type set map[string]struct{}

func (s set) has(key string) bool { _, ok := s[key]; return ok }

// add reports whether the address is new.
func (s set) add(key string) bool {
	n := len(s)
	s[key] = struct{}{}
	return len(s) > n
}
