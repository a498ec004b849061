package policy

// Unusual says what to do about a recipient who is probably not the one that
// was meant.
type Unusual string

// The choices of recipients.unusual.
const (
	UnusualLeave Unusual = "leave"
	UnusualNote  Unusual = "note"
	UnusualAsk   Unusual = "ask"
)

// Likeness says why an address that was never written to is probably not the
// one that was meant.
type Likeness string

// The likenesses. An address can have several.
const (
	LikeLetters   Likeness = "letters"   // letters that look the same as those of a known address
	LikeTypo      Likeness = "typo"      // a slip or two away from a known address
	LikeDomain    Likeness = "domain"    // a domain that is a slip away from a known one
	LikeElsewhere Likeness = "elsewhere" // the name of a known address, at another domain
	LikeName      Likeness = "name"      // the name of somebody whose known address is another one
	LikeOutsider  Likeness = "outsider"  // the only one among many members who is none
)

// Likenesses lists them.
func Likenesses() []Likeness {
	return []Likeness{LikeLetters, LikeTypo, LikeDomain, LikeElsewhere, LikeName, LikeOutsider}
}

// manyMembers is from how many members on one outsider among them is unusual.
// Where recipients.from is more, it counts.
const manyMembers = 3

// OneOutsider returns the index of the only recipient of a message who is
// neither member nor of the union's unit, where at least three members (and
// recipients.from) are recipients too. It returns false where there is none.
func (p *Policy) OneOutsider(f Facts) (int, bool) { return p.oneOutsider(p.cast(f)) }

func (p *Policy) oneOutsider(c cast) (int, bool) {
	members, outsiders := set{}, set{}
	at := 0
	for i, m := range c.readers {
		switch {
		case m.inside:
		case m.member:
			members.add(m.key)
		case outsiders.add(m.key):
			at = i
		}
	}
	return at, len(outsiders) == 1 && len(members) >= max(manyMembers, p.Recipients.From)
}

// unusual returns the matches for recipients who are probably not meant. A copy
// for one who resembles somebody waits alone; one outsider among many members
// makes all copies wait, since members who answer to all would write to them.
func (p *Policy) unusual(f Facts, c cast) []match {
	if p.Recipients.Unusual == UnusualLeave {
		return nil
	}
	m := match{rule: RuleUnusual, do: DoNote, severity: Medium, typ: EntryUnusual, readers: make([]bool, len(f.Recipients))}
	if p.Recipients.Unusual == UnusualAsk {
		m.do = DoAsk
	}
	met := false
	for i, r := range f.Recipients {
		if c.readers[i].inside || c.readers[i].member {
			continue
		}
		m.readers[i] = len(r.Unusual) > 0
		met = met || m.readers[i]
	}
	if at, one := p.oneOutsider(c); one && hasLikeness(f.Recipients[at], LikeOutsider) && m.do == DoAsk {
		for i := range m.readers {
			m.readers[i] = true
		}
	}
	if !met {
		return nil
	}
	return []match{m}
}

// mistyped reports whether a recipient's address is a member's but for a slip:
// then the mail is for the member.
func mistyped(f Facts) bool {
	for _, r := range f.Recipients {
		if r.LikeMember {
			return true
		}
	}
	return false
}

func hasLikeness(r Recipient, want Likeness) bool {
	for _, l := range r.Unusual {
		if l == want {
			return true
		}
	}
	return false
}
