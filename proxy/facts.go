package proxy

import (
	"slices"
	"time"

	"postvern.example/policy"
	"postvern.example/policy/detect"
	"postvern.example/proxy/extract"
	"postvern.example/proxy/message"
)

// facts gathers all that a decision rests on: what the message says, what was
// found in it, and what roster and keyring know of the people in it.
func (r *Rules) facts(env message.Envelope, msg *message.Message, text extract.Result, now time.Time) policy.Facts {
	agreed := r.agreement(env, msg, now)
	f := policy.Facts{
		At:       now,
		Sender:   policy.Sender{Login: env.Login, Language: r.language(env.Login, env.From)},
		Sealed:   msg.Sealed() != "",
		Bcc:      len(msg.Root.Get("Bcc"))+len(msg.Root.Get("Resent-Bcc")) > 0,
		Findings: append(r.scan(msg, text.Segments, r.reader(env, msg), agreed.roster()), text.Findings...),
	}
	f.Consents = agreed.known
	agreed.forget(f.Findings)
	own := r.ownAddresses(env)
	for _, field := range msg.Root.Get("From") {
		boxes, err := msg.Mailboxes(field)
		// Whose mail it is cannot be said, nor is authorise sure of it.
		f.HeaderFault = f.HeaderFault || err != nil || len(boxes) == 0
		for _, b := range boxes {
			f.From = append(f.From, b.Address)
			f.Sender.Role = f.Sender.Role || r.Representatives.IsRole(b.Address)
		}
	}
	for _, field := range msg.Root.Get("Subject") {
		f.Subject = msg.Text(field)
	}
	for _, rcpt := range env.To {
		who := policy.Recipient{
			Address:        rcpt.Address,
			Member:         r.member(rcpt.Address),
			Representative: r.Representatives.IsRepresentative(rcpt.Address),
			Sender:         own.has(rcpt.Address),
			Key:            r.Keys.State(rcpt.Address, now),
			Certificate:    r.Certificates.State(rcpt.Address, now),
			Groups:         agreed.groups(rcpt.Address),
		}
		f.Recipients = append(f.Recipients, who)
	}
	r.nameReaders(&f, msg)
	see := func(field, address string) {
		f.Visible = append(f.Visible, policy.Visible{
			Address:        address,
			Field:          field,
			Member:         r.member(address),
			Representative: r.Representatives.IsRepresentative(address),
			Sender:         own.has(address),
			Groups:         agreed.groups(address),
		})
	}
	for _, name := range visibleFields {
		for _, field := range msg.Root.Get(name) {
			boxes, err := msg.Mailboxes(field)
			if err != nil {
				f.HeaderFault = true
			}
			for _, b := range boxes {
				see(name, b.Address)
				for _, address := range detect.Addresses(b.Name) {
					if r.member(address) {
						see(name, address) // as old address books and mailing lists write it
					}
				}
			}
		}
	}
	for _, address := range machinery(msg) {
		if r.member(address) {
			see("Apparently-To", r.behind(address)) // a reader sees it as well as if it stood in To
		}
	}
	for _, address := range idsAndForm(msg) {
		isReader := slices.ContainsFunc(f.Recipients, func(to policy.Recipient) bool { return canonical(to.Address) == canonical(address) })
		if isReader && (r.member(address) || r.Policy.Recipients.Hide == policy.HideEveryone) {
			see("Apparently-To", address)
		}
	}
	// Blind fields leave whole, so they need not be read with certainty.
	for _, name := range blindFields {
		for _, field := range msg.Root.Get(name) {
			for _, address := range detect.Addresses(msg.Text(field)) {
				see(name, address)
			}
		}
	}
	for _, field := range msg.Root.Get("Sender") {
		if _, err := msg.Mailboxes(field); err != nil {
			f.HeaderFault = true
		}
	}
	for _, d := range msg.Defects {
		f.HeaderFault = f.HeaderFault || d.Header
	}
	f.Keyholders = r.keyholders(env, msg)
	in := r.inside(env, msg, agreed)
	quotation, _ := msg.Quoted() // what cannot be decoded is unscannable, and a finding already
	f.Quoted = in.listing(in.quoted(quotation))
	f.Nested = in.listing(nested(msg, msg.Root, slices.Concat(visibleFields, blindFields, gossip)))
	f.Inside = in.listed(msg, quotation)
	fixed := slices.Concat(buried(text), attached(msg, text), in.authored(msg, text), in.reported(msg, msg.Root), nested(msg, msg.Root, authorFields))
	f.Buried = max(in.members(fixed), in.shownAgain(fixed))
	f.Authors = in.worked(in.stamped(msg, text.Authors))
	f.Invitation, f.InvitationFault = in.invitations(msg, text)
	f.Relied = agreed.used()
	meeting := msg.Meeting()
	f.Papers, f.Meeting, f.MeetingFault = meeting.Papers, meeting.Open > 0, meeting.Fixed || meeting.Damaged
	return f
}

// ownAddresses are the addresses of the one who sends.
type ownAddresses []string

func (r *Rules) ownAddresses(env message.Envelope) ownAddresses {
	own := ownAddresses{canonical(env.From)}
	if rep, ok := r.representative(env.Login, env.From); ok {
		for _, addresses := range [...][]string{rep.Addresses, rep.RoleAddresses} {
			for _, a := range addresses {
				own = append(own, canonical(a))
			}
		}
	}
	return own
}

// has reports whether an address is one of them.
func (o ownAddresses) has(address string) bool {
	c := canonical(address)
	return c != "" && slices.Contains(o, c)
}

// unit reports whether an address belongs to the union's office or to a
// representative, who are not hidden from each other or from members.
func (r *Rules) unit(address string) bool {
	return (r.Representatives.IsRepresentative(address) || r.Policy.IsUnion(address)) && !r.Policy.IsGroup(address)
}

// matches reports whether one of the patterns stands for an address.
func matches(patterns []policy.Pattern, address string) bool {
	return slices.ContainsFunc(patterns, func(p policy.Pattern) bool { return p.Matches(address) })
}

func canonical(address string) string {
	c, _ := detect.CanonicalAddress(address)
	return c
}
