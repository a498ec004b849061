package proxy

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"postvern.example/internal/deviation"
	"postvern.example/internal/notice"
	"postvern.example/internal/octets"
	"postvern.example/policy"
	"postvern.example/proxy/message"
	"postvern.example/proxy/spool"
)

// parcel is a spool.Parcel and what the gateway answers and counts of it.
type parcel struct {
	spool.Parcel
	refusal error
	why     notice.Refusal // what the refusal says
	hidden  int
	sealed  int
	held    int
	asked   int                 // of those held, the ones that wait for nothing but their sender's answer
	steps   map[policy.Step]int // copies by what protects them; hold: those that no step did
}

// Refusal returns the reply that refuses the message, or nil where it was
// taken.
func (p parcel) Refusal() error { return p.refusal }

// preparation is one message on its way from a decision to the bytes of every
// copy.
type preparation struct {
	*Gateway
	rules    *Rules
	env      message.Envelope
	msg      *message.Message
	facts    policy.Facts
	decision policy.Decision
	language string
	now      time.Time
	hidden   map[string]bool     // canonical addresses that leave the visible fields
	forms    map[string]*form    // by reader; "" is everybody who has no form of their own
	ways     ways                // to the readers, besides mail
	files    *clearing           // of those who worked on them; nil: they are not looked for
	cleared  []cleared           // of them, those that the last form has without somebody
	codes    map[int]drawn       // by the index of the recipient
	sums     sums                // of the hidden addresses; nil: not made yet
	told     map[string][]string // by text: the members that it names; nil: not made yet
	agreed   *agreement          // nil: nobody was asked for yet
	untraced bool                // leave our trace field out, to show only what the decision changes
	question string              // the id of what the sender is asked; empty: nothing yet
	keyless  string              // and of what they are asked about copies that no step protects
	counted  int                 // how the sender's mail counts the recipient of a held copy; 0: it had one
	parcel   parcel
	eightBit []bool // of each of its bodies: a mail to a thousand readers is looked at once
}

// prepare makes the final bytes of every copy, the notices and the register
// entries. Its error means that nothing may be sent and nothing is stored.
func (g *Gateway) prepare(rules *Rules, env message.Envelope, msg *message.Message, f policy.Facts, w ways, files *clearing, d policy.Decision, known handovers) (parcel, error) {
	p := newPreparation(g, rules, env, msg, f, d)
	p.ways, p.files = w, files
	var err error
	switch {
	case d.Mode == policy.Observe:
		err = p.unchanged()
	case d.Strictest() == policy.Reject:
		p.refuse()
	default:
		err = p.copies()
	}
	if err != nil {
		return parcel{}, err
	}
	p.learn()
	p.parcel.Handings = p.handings(known)
	p.register()
	if err := p.sendCodes(); err != nil {
		return parcel{}, fmt.Errorf("send codes: %w", err)
	}
	if err := errors.Join(p.ask(), p.notices()); err != nil {
		return parcel{}, fmt.Errorf("write notice: %w", err)
	}
	p.remember()
	return p.parcel, msg.Err()
}

func newPreparation(g *Gateway, rules *Rules, env message.Envelope, msg *message.Message, f policy.Facts, d policy.Decision) *preparation {
	now := g.cfg.Now()
	p := &preparation{
		Gateway: g, rules: rules, env: env, msg: msg, facts: f, decision: d, now: now,
		language: rules.language(env.Login, env.From),
		hidden:   map[string]bool{},
		forms:    map[string]*form{},
		parcel: parcel{Parcel: spool.Parcel{
			ID: env.Transaction, Reference: env.Reference, Login: env.Login, Received: env.Received,
		}, steps: map[policy.Step]int{}},
	}
	for _, e := range d.Edits {
		for _, a := range e.Addresses {
			p.hidden[canonical(a)] = true
		}
	}
	return p
}

// unchanged passes every copy as it came: in observe mode the register says
// what would have happened, and nothing else does.
func (p *preparation) unchanged() error {
	head, rest, err := p.msg.ApplyApart(message.Edit{With: p.trace(p.parcel.Reference)})
	if err != nil {
		return err
	}
	body := p.addForm(head, rest)
	for i := range p.env.To {
		p.addCopy(i, body, nil)
	}
	return nil
}

// refuse makes the reply for a message that the policy rejects. Nothing of it
// is kept but the register entries.
func (p *preparation) refuse() {
	r := notice.Refusal{
		Language:  p.language,
		Cause:     notice.CausePolicy,
		Reference: p.parcel.Reference,
		Contact:   p.rules.Policy.Contact,
	}
	for _, v := range p.decision.Verdicts {
		rejects := func(why policy.Reason) bool { return why.Action == policy.Reject }
		if i := slices.IndexFunc(v.Reasons, rejects); i >= 0 {
			why := v.Reasons[i]
			r.Rule, r.Key, r.Findings = why.Rule, why.Key, distinct(why.Findings)
			break
		}
	}
	p.parcel.why, p.parcel.refusal = r, refuse(550, [3]int{5, 7, 1}, p.cfg.Notices.Refusal(r))
}

// form returns the message as the reader at an address gets it. Where each
// reader gets a copy of their own, a hidden reader still sees themself.
func (p *preparation) form(address string) (*form, error) {
	reader := ""
	if p.decision.Individual && p.hidden[canonical(address)] {
		reader = canonical(address)
	}
	invitee := p.invitee(address)
	whose := reader
	if whose == "" {
		whose = invitee
	}
	if f, ok := p.forms[whose]; ok {
		return f, nil
	}
	hidden := p.hidden
	if reader != "" {
		hidden = make(map[string]bool, len(p.hidden))
		for a := range p.hidden {
			hidden[a] = a != reader
		}
	}
	edits, n, err := p.edits(hidden)
	if err != nil {
		return nil, err
	}
	if !p.untraced {
		edits = append([]message.Edit{{With: p.trace(p.parcel.Reference)}}, edits...)
	}
	f := &form{body: -1}
	if f.head, f.rest, err = p.msg.ApplyApart(edits...); err != nil {
		return nil, err
	}
	if len(p.hidden) > 0 {
		if err := checkHidden(f.start(), p.cfg.Limits, p.tracer(hidden)); err != nil {
			return nil, err
		}
	}
	if p.splits() {
		if err := f.change(func(raw octets.Rope) (octets.Rope, error) { return p.splitInvitations(raw, invitee) }); err != nil {
			return nil, err
		}
	}
	if p.asks(policy.EditPrivate) {
		if err := f.change(p.private); err != nil {
			return nil, err
		}
	}
	p.parcel.hidden = max(p.parcel.hidden, n)
	p.forms[whose] = f
	return f, nil
}

// edits returns the edits that the decision asks for, and those that every
// submission gets: a missing Date or Message-ID (RFC 6409 §8).
func (p *preparation) edits(hidden map[string]bool) (edits []message.Edit, hides int, err error) {
	if p.facts.HeaderFault {
		return nil, 0, p.fault()
	}
	subject := p.facts.Subject
	for _, e := range p.decision.Edits {
		var more []message.Edit
		switch e.Kind {
		case policy.EditHide:
			more, hides, err = hideEdits(p.tracer(hidden))
		case policy.EditQuoted:
			more, err = p.blindQuoted(hidden)
		case policy.EditNested:
			more, err = p.blindNested(hidden)
		case policy.EditAuthors:
			more, err = p.blindFiles(hidden)
		case policy.EditInvitation, policy.EditPrivate, policy.EditPapers:
			// For each reader, once the rest is done.
		case policy.EditBcc:
			more = p.msg.Drop(blindFields...)
		case policy.EditTag:
			subject = e.Subject
		case policy.EditNumber:
			subject = e.Subject
			more, err = numberEdits(p.msg)
		default:
			err = fmt.Errorf("unknown edit %q", e.Kind)
		}
		if err != nil {
			return nil, 0, err
		}
		edits = append(edits, more...)
	}
	if subject = masked(subject, hidden); subject != p.facts.Subject {
		more, err := p.msg.SetSubject(subject)
		if err != nil {
			return nil, 0, err
		}
		edits = append(edits, more...)
	}
	for _, missing := range [][2]string{
		{"Date", p.now.Format("Mon, 2 Jan 2006 15:04:05 -0700")},
		{"Message-ID", message.NewMessageID(p.cfg.Hostname)},
	} {
		if p.keeps(missing[0], edits) {
			continue
		}
		e, err := p.msg.AddTop(missing[0], missing[1])
		if err != nil {
			return nil, 0, err
		}
		edits = append(edits, e)
	}
	return edits, hides, nil
}

// keeps reports whether the message has a field after the edits.
func (p *preparation) keeps(name string, edits []message.Edit) bool {
	return slices.ContainsFunc(p.msg.Root.Get(name), func(f message.Field) bool {
		return !slices.ContainsFunc(edits, func(e message.Edit) bool { return e.Range == f.Range && len(e.With) == 0 })
	})
}

// fault says what is wrong with the header.
func (p *preparation) fault() error {
	for _, d := range p.msg.Defects {
		if d.Header {
			return fmt.Errorf("header: %s", d.Reason)
		}
	}
	return errors.New("header: a list of addresses that cannot be read with certainty")
}

// trace returns our trace field (RFC 5321 §4.4), which stands above all. It
// names neither the client, whose address is the sender's home, nor any
// recipient. Sealed copies have no id, since the same one in all of them would
// tell whoever sees two that they belong together.
func (p *preparation) trace(id string) []byte {
	with := p.env.Protocol
	if with == "" {
		with = "ESMTP"
	}
	if id != "" {
		with += " id " + id
	}
	return fmt.Appendf(nil, "Received: by %s (Postvern) with %s;\r\n\t%s\r\n",
		p.cfg.Hostname, with, p.env.Received.Format("Mon, 2 Jan 2006 15:04:05 -0700"))
}

// register turns the decision's entries into records.
func (p *preparation) register() {
	for _, e := range p.relied(p.decision.Entries) {
		observed := p.decision.Mode == policy.Observe && e.Type != policy.EntryConsent
		r := p.entry(p.rules, e, p.parcel.Reference, reporter(p.env), strings.Join(e.Consents, ", "), observed)
		if e.Type == policy.EntryConsent { // nobody has to look at it
			r.Status, r.FollowUp = deviation.Closed, time.Time{}
		}
		p.parcel.Deviations = append(p.parcel.Deviations, r)
	}
}

// entry makes the record of one entry, in the organisation's language.
func (g *Gateway) entry(r *Rules, e policy.Entry, reference, by, comment string, observed bool) deviation.Record {
	return deviation.FromEntry(e, deviation.Meta{
		Texts:     g.cfg.Notices,
		Now:       g.cfg.Now(),
		Reference: reference,
		Reporter:  by,
		Language:  r.Policy.Language,
		FollowUp:  time.Duration(r.Policy.Deviations.FollowUp),
		Observe:   observed,
		Comment:   comment,
	})
}

// reporter is who the register says a message is from.
func reporter(env message.Envelope) string {
	if env.Login != "" {
		return env.Login
	}
	return env.From
}

func appendNew(list []string, s string) []string {
	for _, have := range list {
		if have == s {
			return list
		}
	}
	return append(list, s)
}

// header returns the header of a message, without the empty line.
func header(b spool.Body) []byte {
	raw := b.Content
	if b.Head != nil {
		raw = b.Head
	}
	head, _, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
	return head
}
