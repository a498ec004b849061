package proxy

import (
	"slices"
	"strings"
	"time"

	"postvern.example/policy"
	"postvern.example/policy/detect"
	"postvern.example/proxy/extract"
	"postvern.example/proxy/message"
)

// facts gathers all that a decision rests on: what the message says, what was
// found in it, and what roster and keyring know of the people in it.
func (r *Rules) facts(env message.Envelope, msg *message.Message, text extract.Result, now time.Time) policy.Facts {
	f := policy.Facts{
		Sender:   policy.Sender{Login: env.Login, Language: r.language(env.Login, env.From)},
		Sealed:   msg.Sealed() != "",
		Bcc:      len(msg.Root.Get("Bcc"))+len(msg.Root.Get("Resent-Bcc")) > 0,
		Findings: append(r.Scanner.Scan(text.Segments, r.Members), text.Findings...),
	}
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
		f.Recipients = append(f.Recipients, policy.Recipient{
			Address:        rcpt.Address,
			Member:         r.Members.HasAddress(rcpt.Address),
			Representative: r.Representatives.IsRepresentative(rcpt.Address),
			Sender:         own[canonical(rcpt.Address)],
			Key:            r.Keys.State(rcpt.Address, now),
		})
	}
	see := func(field, address string) {
		f.Visible = append(f.Visible, policy.Visible{
			Address:        address,
			Field:          field,
			Member:         r.Members.HasAddress(address),
			Representative: r.Representatives.IsRepresentative(address),
			Sender:         own[canonical(address)],
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
			}
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
	f.Quoted, f.Invitation, f.Nested = r.listed(env, text)
	return f
}

// ownAddresses returns the canonical forms of all addresses of the one who
// sends.
func (r *Rules) ownAddresses(env message.Envelope) map[string]bool {
	own := map[string]bool{canonical(env.From): true}
	if rep, ok := r.representative(env.Login, env.From); ok {
		for _, a := range append(append([]string{}, rep.Addresses...), rep.RoleAddresses...) {
			own[canonical(a)] = true
		}
	}
	delete(own, "")
	return own
}

// listed says whether members are listed where taking them out of the header
// does not reach: in the header block of a quoted message, in an invitation,
// in the header of a nested message. It counts only lists that tell a reader
// of somebody else.
func (r *Rules) listed(env message.Envelope, text extract.Result) (quoted, invitation, nested bool) {
	for _, s := range text.Segments {
		if strings.IndexByte(s.Text, '@') < 0 {
			continue
		}
		calendar := strings.Contains(s.Text, "BEGIN:VCALENDAR")
		inner := within(s.Place, detect.InMessage) && within(s.Place, detect.InHeader)
		if !calendar && !inner && s.Shape != detect.Prose {
			continue
		}
		switch {
		case calendar:
			invitation = invitation || r.tells(env, linesOf(s.Text, attendeeLine))
		case inner:
			nested = nested || r.tells(env, s.Text)
		default:
			quoted = quoted || r.tells(env, linesOf(s.Text, recipientLine))
		}
	}
	return quoted, invitation, nested
}

// tells reports whether an address in the text is a member's and somebody
// else, outside the union's unit, is among the readers.
func (r *Rules) tells(env message.Envelope, text string) bool {
	if text == "" {
		return false
	}
	for _, address := range detect.Addresses(text) {
		if !r.Members.HasAddress(address) || r.unit(address) {
			continue
		}
		for _, rcpt := range env.To {
			if canonical(rcpt.Address) != canonical(address) && !r.unit(rcpt.Address) {
				return true
			}
		}
	}
	return false
}

// unit reports whether an address belongs to the union's office or to a
// representative, who are not hidden from each other or from members.
func (r *Rules) unit(address string) bool {
	return r.Representatives.IsRepresentative(address) || matches(r.Policy.People.Union, address)
}

// matches reports whether one of the patterns stands for an address.
func matches(patterns []policy.Pattern, address string) bool {
	return slices.ContainsFunc(patterns, func(p policy.Pattern) bool { return p.Matches(address) })
}

func within(p detect.Place, kind detect.StepKind) bool {
	for _, s := range p {
		if s.Kind == kind {
			return true
		}
	}
	return false
}

// linesOf returns the lines that keep wants, and those that follow them
// without a field name of their own, as folded recipient lists do.
func linesOf(text string, keep func(line string) (wanted, continues bool)) string {
	var b strings.Builder
	on := false
	for line := range strings.Lines(text) {
		wanted, continues := keep(line)
		on = wanted || on && continues
		if on {
			b.WriteString(line)
		}
	}
	return b.String()
}

// recipientWords begin the recipient lines of quoted header blocks, as
// Outlook, Apple Mail, Thunderbird and Gmail write them in their languages.
var recipientWords = []string{"to", "cc", "bcc", "til", "kopi", "kopi til", "skjult kopi", "till", "kopia", "vastaanottaja", "kopio", "blindkopi", "hemlig kopia"}

// maxWord is how long the name of a field before its colon can be, marks of
// quotation and emphasis included.
const maxWord = 40

func recipientLine(line string) (wanted, continues bool) {
	line = strings.TrimLeft(line, "> \t*")
	word, rest, found := strings.Cut(line[:min(len(line), maxWord)], ":")
	if !found {
		return false, strings.TrimSpace(line) != ""
	}
	word = strings.ToLower(strings.Trim(word, " *\u00a0"))
	if slices.Contains(recipientWords, word) {
		return true, true
	}
	field := !strings.ContainsAny(word, "@<;,") && rest != ""
	return false, !field
}

func attendeeLine(line string) (wanted, continues bool) {
	upper := strings.ToUpper(line)
	wanted = strings.HasPrefix(upper, "ATTENDEE")
	return wanted, strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t")
}

func canonical(address string) string {
	c, _ := detect.CanonicalAddress(address)
	return c
}
