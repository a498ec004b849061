package policy

import (
	"time"

	"postvern.example/policy/detect"
)

// mailbox is a recipient or a visible mailbox, with all that the decision has
// to know about it looked up once.
type mailbox struct {
	address  string // as the facts name it
	key      string // its canonical form; what is no address stands for itself
	field    fieldKind
	union    bool
	sender   bool
	inside   bool // may see everybody: the sender, the union's office, a representative
	member   bool // and not inside
	employer bool
	listed   bool // the roster has it, inside or not

	representative     bool
	fileAt, passwordAt time.Time // of readers: when a protected file, or a password, went to them
	group              bool      // an address that means our members
	groups             []string
}

// fieldKind says what kind of field a visible mailbox stands in.
type fieldKind int

const (
	inOther  fieldKind = iota // Reply-To and the like
	inTo                      // To, Cc and their Resent forms
	inBcc                     // never leaves
	inAuthor                  // From, Sender: who wrote it
)

// The names of the fields, in any case.
func kindOf(field string) fieldKind {
	switch {
	case isField(field, "To", "Cc", "Resent-To", "Resent-Cc", "Apparently-To"):
		return inTo
	case isField(field, "Bcc", "Resent-Bcc"):
		return inBcc
	case isField(field, "From", "Sender"):
		return inAuthor
	}
	return inOther
}

// cast is everybody who has to do with a message.
type cast struct {
	readers []mailbox // in the order of Facts.Recipients
	visible []mailbox // in the order of Facts.Visible
}

func (p *Policy) cast(f Facts) cast {
	c := cast{readers: make([]mailbox, 0, len(f.Recipients)), visible: make([]mailbox, 0, len(f.Visible))}
	seen := make(map[string]mailbox, len(f.Recipients))
	for _, r := range f.Recipients {
		m := p.mailbox(seen, r.Address, r.Member, r.Representative, r.Sender)
		m.fileAt, m.passwordAt = r.FileAt, r.PasswordAt
		m.groups = r.Groups
		c.readers = append(c.readers, m)
	}
	for _, v := range f.Visible {
		m := p.mailbox(seen, v.Address, v.Member, v.Representative, v.Sender)
		m.field, m.groups = kindOf(v.Field), v.Groups
		c.visible = append(c.visible, m)
	}
	return c
}

// alone returns the key of the only reader where nobody else stands in To and
// Cc: to hide them would be to hide them from themselves. Else it is empty.
func (c cast) alone() string {
	key := ""
	same := func(m mailbox) bool {
		if key == "" {
			key = m.key
		}
		return m.key == key
	}
	for _, m := range c.readers {
		if !same(m) {
			return ""
		}
	}
	for _, m := range c.visible {
		if m.field == inTo && (len(c.readers) == 0 || !same(m)) {
			return ""
		}
	}
	return key
}

// mailbox looks an address up; seen keeps what is known of addresses looked up
// before.
func (p *Policy) mailbox(seen map[string]mailbox, address string, member, representative, sender bool) mailbox {
	m, ok := seen[address]
	if !ok {
		m = mailbox{address: address, key: address}
		if a, ok := detect.CanonicalAddress(address); ok {
			m.key, m.employer = p.Mailbox(a), anyMatches(p.People.Employer, a)
			m.group = anyMatches(p.People.Groups, a) // though it may be at the union's domain
			m.union = anyMatches(p.People.Union, a) && !m.group
		}
		seen[address] = m
	}
	m.representative = representative
	m.sender, m.inside, m.listed = sender, !m.group && (m.union || representative || sender), member || m.group
	m.member = m.listed && !m.inside
	return m
}

// key returns what tells mailboxes apart: the canonical form of an address, in
// the one spelling of its provider. What is no address stands for itself.
func (p *Policy) key(address string) string {
	if a, ok := detect.CanonicalAddress(address); ok {
		return p.Mailbox(a)
	}
	return address
}

func anyMatches(patterns []Pattern, address string) bool {
	for _, p := range patterns {
		if p.matches(address) {
			return true
		}
	}
	return false
}
