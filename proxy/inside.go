package proxy

import (
	"mime"
	"slices"
	"strings"
	"sync"

	"postvern.example/policy"
	"postvern.example/policy/detect"
	"postvern.example/proxy/extract"
	"postvern.example/proxy/message"
)

// person is somebody as a message names them: one of the two may be empty.
type person struct{ name, address string }

// inside knows whom the lists inside a message, beyond its own header, would
// tell its readers of.
type inside struct {
	rules   *Rules
	readers []string // canonical addresses of the readers outside the union's unit
	agreed  *agreement
	own     ownAddresses      // canonical addresses of the one who sends
	shown   map[string]string // canonical addresses in To and Cc, and their names in lower case
	spelled func() []spelled  // those of them with a full name
}

func (r *Rules) inside(env message.Envelope, msg *message.Message, agreed *agreement) inside {
	in := inside{rules: r, agreed: agreed, own: r.ownAddresses(env), shown: map[string]string{}}
	for _, rcpt := range env.To {
		if !r.unit(rcpt.Address) {
			in.readers = append(in.readers, canonical(rcpt.Address))
		}
	}
	for _, name := range []string{"To", "Cc"} {
		for _, f := range msg.Root.Get(name) {
			boxes, _ := msg.Mailboxes(f)
			for _, b := range boxes {
				in.shown[canonical(b.Address)] = strings.ToLower(b.Name)
			}
		}
	}
	delete(in.shown, "")
	in.spelled = sync.OnceValue(in.spell)
	return in
}

// member reports whether it is a member outside the union's unit. A name
// counts where no address stands beside it, as Outlook quotes people.
func (in inside) member(p person) bool {
	if p.address != "" {
		return in.rules.member(p.address) && !in.rules.unit(p.address)
	}
	return in.rules.Members.HasName(p.name) && !in.rules.Representatives.HasName(p.name)
}

// address returns the canonical address of a person; of one who is only named,
// that of the mailbox in To or Cc with the same name.
func (in inside) address(p person) string {
	if p.address != "" {
		return canonical(p.address)
	}
	for address, name := range in.shown {
		if name != "" && name == strings.ToLower(p.name) {
			return address
		}
	}
	return ""
}

// company reports whether it is somebody who is hidden with the members where
// everybody is: not of the union's unit, and not the sender.
func (in inside) company(p person) bool {
	if in.rules.Policy.Recipients.Hide != policy.HideEveryone {
		return false
	}
	if p.address != "" {
		return !in.rules.unit(p.address) && !in.own.has(p.address)
	}
	return strings.Contains(p.name, " ") && !in.rules.Representatives.HasName(p.name)
}

// listing says whether a reader would learn of a member among the people. Who
// is hidden only because everybody is, is so once somebody leaves To and Cc.
func (in inside) listing(people []person) policy.Listing {
	l := policy.NotListed
	for _, p := range people {
		p = in.who(p)
		member := in.member(p)
		if !member && !in.company(p) {
			continue
		}
		address := in.address(p)
		if !slices.ContainsFunc(in.readers, func(reader string) bool { return reader != address }) {
			continue
		}
		_, shown := in.shown[address]
		if member && !shown && !in.agreed.person(p) {
			return policy.Listed
		}
		if shown || !member {
			l = policy.ListedVisible
		}
	}
	return l
}

// members is listing for members alone.
func (in inside) members(people []person) policy.Listing {
	return in.listing(slices.DeleteFunc(slices.Clone(people), func(p person) bool { return !in.member(in.who(p)) }))
}

// shownAgain says whether the people who stand in To or Cc, and are hidden only
// because everybody is, are named once more.
func (in inside) shownAgain(people []person) policy.Listing {
	return in.listing(slices.DeleteFunc(slices.Clone(people), func(p person) bool {
		p = in.who(p)
		_, shown := in.shown[in.address(p)]
		return in.member(p) || !shown
	}))
}

// secret reports whether a person leaves the lists inside the message: a
// member who does not stay in To or Cc; with everybody hidden, everybody who
// does not.
func (in inside) secret(p person, hidden map[string]bool) bool {
	p = in.who(p)
	member := in.member(p)
	if !member && (!in.company(p) || len(hidden) == 0) {
		return false
	}
	address := in.address(p)
	if _, shown := in.shown[address]; shown {
		return hidden[address]
	}
	return !member || !in.agreed.person(p)
}

// told reports whether somebody counts where no program shows them: a member,
// or one who stands in To or Cc. What else is there may only look like an
// address or a name, as the number of a picture and the name of a font do.
func (in inside) told(p person) bool {
	_, shown := in.shown[in.address(p)]
	return shown || in.member(p)
}

// inside is what the edits go by: the same as the facts did.
func (p *preparation) inside() inside {
	return p.rules.inside(p.env, p.msg, p.agreement())
}

// quoted returns everybody who stands in a quotation, and those who are told
// in what no program shows.
func (in inside) quoted(q message.Quotation) []person {
	var people []person
	for _, u := range q.Unseen {
		if p := (person{name: u.Name, address: u.Address}); in.told(p) {
			people = append(people, p)
		}
	}
	for _, q := range slices.Concat(q.Recipients, q.Writers) {
		people = append(people, person{name: q.Name, address: q.Address})
	}
	return people
}

// nested returns the people in some fields of nested messages. The visible ones
// are edited; who wrote one cannot be taken out without making it another's.
func nested(msg *message.Message, part *message.Part, fields []string) []person {
	var people []person
	for _, child := range part.Children {
		if !strings.HasPrefix(part.MediaType, "multipart/") {
			for _, name := range fields {
				for _, f := range child.Get(name) {
					boxes, err := msg.Mailboxes(f)
					for _, b := range boxes {
						people = append(people, person{name: b.Name, address: b.Address})
					}
					if err != nil {
						people = append(people, writtenIn(msg.Text(f))...)
					}
				}
			}
		}
		people = append(people, nested(msg, child, fields)...)
	}
	return people
}

// attached returns the people in the header blocks of mails that stand as text
// where no edit reaches: in attached files, and in bodies of kinds that are not
// written again.
func attached(msg *message.Message, text extract.Result) []person {
	edited := map[string]bool{}
	for _, place := range slices.Concat(msg.Bodies(), msg.Calendars()) {
		edited[placeKey(place)] = true
	}
	var people []person
	seen := map[string]bool{} // what a page shows and a link of it repeats
	for _, s := range text.Segments {
		if n := len(s.Place); n == 0 || s.Place[n-1].Kind == detect.InHeader || edited[placeKey(s.Place)] {
			continue
		}
		if key := isKey(s.Place); key || s.Place[len(s.Place)-1].Label == "HTML" {
			for _, a := range detect.Addresses(s.Text) {
				if at := placeKey(s.Place) + a; key || s.Unseen && !seen[at] {
					people = append(people, person{address: a})
				} else {
					seen[at] = true
				}
			}
		}
		if s.Unseen {
			continue
		}
		quotation := message.QuotedIn(s.Text)
		if s.Place[len(s.Place)-1].Kind == detect.InBody { // of files, authored asks
			quotation.Recipients = append(quotation.Recipients, quotation.Writers...)
		}
		for _, q := range quotation.Recipients {
			people = append(people, person{name: q.Name, address: q.Address})
		}
		people = append(people, invited(s)...)
		if ofPage(s.Place) {
			for _, a := range message.LinkedIn(s.Text) {
				people = append(people, person{address: a})
			}
		}
	}
	return people
}

// isKey reports whether a place is that of an OpenPGP key: its user ids say
// whose it is.
func isKey(place detect.Place) bool {
	return slices.ContainsFunc(place, func(step detect.Step) bool { return step.Kind == detect.InAttachment && step.Label == "key" })
}

// writtenIn returns the addresses in a text that is no list of mailboxes, in
// whatever form, and what may be names between its separators.
func writtenIn(text string) (people []person) {
	for _, form := range forms(text) {
		for _, a := range detect.Addresses(form) {
			people = append(people, person{address: a})
		}
		for name := range strings.FieldsFuncSeq(form, func(r rune) bool { return strings.ContainsRune("<>,;:/=\"", r) }) {
			if name = strings.TrimSpace(name); strings.Contains(name, " ") {
				people = append(people, person{name: name})
			}
		}
	}
	return people
}

// reported returns the people in the parts of reports that programs read (RFC
// 3464, RFC 8098, RFC 5965, RFC 3886).
func (in inside) reported(msg *message.Message, part *message.Part) []person {
	var people []person
	switch part.MediaType {
	case "text/rfc822-headers": // whose addresses are buried's
		text, _ := msg.Content(part)
		people = append(people, in.namedIn(string(text))...)
	case "message/delivery-status", "message/global-delivery-status", "message/disposition-notification", "message/global-disposition-notification", "message/feedback-report", "message/tracking-status":
		text, _ := msg.Content(part) // what is damaged is unscannable, and a finding already
		for line := range strings.Lines(string(text)) {
			for _, form := range forms(line) {
				for _, a := range detect.Addresses(form) {
					people = append(people, person{address: a})
				}
			}
		}
		people = append(people, in.namedIn(string(text))...)
	}
	for _, child := range part.Children {
		people = append(people, in.reported(msg, child)...)
	}
	return people
}

// namedIn returns the members whose full names stand in lines of fields.
func (in inside) namedIn(text string) (people []person) {
	for line := range strings.Lines(text) {
		if decoded, err := new(mime.WordDecoder).DecodeHeader(line); err == nil {
			line = decoded
		}
		for _, name := range in.rules.namesIn(line) {
			people = append(people, person{name: name})
		}
	}
	return people
}

// isFile reports whether a message stands in a file and not as a part.
func isFile(p detect.Place) bool {
	for _, step := range p {
		switch step.Kind {
		case detect.InAttachment, detect.InEntry:
			return true
		case detect.InHeader:
			return false
		default:
		}
	}
	return false
}

// reached reports whether blindNested edits or drops a field.
func reached(field string) bool {
	same := func(name string) bool { return strings.EqualFold(name, field) }
	return slices.ContainsFunc(visibleFields, same) || slices.ContainsFunc(gossip, same) || slices.ContainsFunc(blindFields, same)
}

// blindQuoted returns the edits that take members out of quoted header blocks.
func (p *preparation) blindQuoted(hidden map[string]bool) ([]message.Edit, error) {
	in := p.inside()
	secret := func(name, address string) bool {
		return in.secret(person{name: name, address: address}, hidden)
	}
	unseen := func(name, address string) bool {
		return in.told(person{name: name, address: address}) && secret(name, address)
	}
	edits, _, err := p.msg.HideQuotedPeople(secret, secret, unseen)
	return edits, err
}

// blindNested returns the edits that take members out of the headers of
// nested messages, and the fields that tell of recipients in other forms.
func (p *preparation) blindNested(hidden map[string]bool) ([]message.Edit, error) {
	in := p.inside()
	edits, _, err := p.msg.HideNested(func(name, address string) bool {
		return in.secret(person{name: name, address: address}, hidden)
	}, visibleFields...)
	if err != nil {
		return nil, err
	}
	dropped, err := p.msg.DropNested(append(slices.Clone(blindFields), gossip...)...)
	return append(edits, dropped...), err
}
