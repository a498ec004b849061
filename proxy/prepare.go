package proxy

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"postvern.example/internal/deviation"
	"postvern.example/internal/notice"
	"postvern.example/policy"
	"postvern.example/proxy/message"
	"postvern.example/proxy/seal"
	"postvern.example/proxy/spool"
)

// parcel is a spool.Parcel and what the gateway answers and counts of it.
type parcel struct {
	spool.Parcel
	refusal error
	hidden  int
	sealed  int
	held    int
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
	hidden   map[string]bool  // canonical addresses that leave the visible fields
	forms    map[string]*form // by reader; "" is everybody who has no form of their own
	untraced bool             // leave our trace field out, to show only what the decision changes
	parcel   parcel
}

// form is the edited message as one reader, or everybody, gets it.
type form struct {
	raw  []byte
	body int // index into the parcel's bodies; -1 until a copy needs it
}

// prepare makes the final bytes of every copy, the notices and the register
// entries. Its error means that nothing may be sent and nothing is stored.
func (g *Gateway) prepare(rules *Rules, env message.Envelope, msg *message.Message, f policy.Facts, d policy.Decision) (parcel, error) {
	p := newPreparation(g, rules, env, msg, f, d)
	var err error
	switch {
	case d.Mode == policy.Observe:
		p.unchanged()
	case d.Strictest() == policy.Reject:
		p.refuse()
	default:
		err = p.copies()
	}
	if err != nil {
		return parcel{}, err
	}
	p.register()
	if err := p.notices(); err != nil {
		return parcel{}, fmt.Errorf("write notice: %w", err)
	}
	return p.parcel, nil
}

func newPreparation(g *Gateway, rules *Rules, env message.Envelope, msg *message.Message, f policy.Facts, d policy.Decision) *preparation {
	now := g.cfg.Now()
	p := &preparation{
		Gateway: g, rules: rules, env: env, msg: msg, facts: f, decision: d, now: now,
		language: rules.language(env.Login, env.From),
		hidden:   map[string]bool{},
		forms:    map[string]*form{},
		parcel: parcel{Parcel: spool.Parcel{
			ID: env.Transaction, Reference: deviation.NewReference(), Login: env.Login, Received: env.Received,
		}},
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
func (p *preparation) unchanged() {
	body := p.addBody(append(p.trace(p.parcel.Reference), p.msg.Raw...))
	for i := range p.env.To {
		p.addCopy(i, body, nil)
	}
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
	p.parcel.refusal = refuse(550, [3]int{5, 7, 1}, p.cfg.Notices.Refusal(r))
}

// copies makes a copy for every recipient as its verdict says. Where the
// message cannot be edited with certainty, every copy is held as it came and
// can only be dropped.
func (p *preparation) copies() error {
	for i, v := range p.decision.Verdicts {
		f, err := p.form(p.env.To[i].Address)
		if err != nil {
			p.holdAll(err)
			return nil
		}
		switch v.Action {
		case policy.Pass:
			p.addCopy(i, p.body(f), nil)
		case policy.Hold:
			p.addCopy(i, p.body(f), p.hold(v, true))
		case policy.Seal:
			sealed, err := p.seal(f.raw, p.env.To[i].Address)
			if errors.Is(err, seal.ErrMalformed) { // the same at every try: a 451 would never end
				p.holdAll(err)
				return nil
			}
			if err != nil {
				return fmt.Errorf("seal copy: %w", err)
			}
			p.addCopy(i, p.addBody(append(p.trace(""), sealed...)), nil)
			p.parcel.sealed++
		case policy.Reject:
			return fmt.Errorf("a recipient was rejected and the message was not")
		default:
			return fmt.Errorf("unknown verdict %q", v.Action)
		}
	}
	return nil
}

// holdAll holds every copy as the message came.
func (p *preparation) holdAll(cause error) {
	p.cfg.Logger.Warn("held", "reference", p.parcel.Reference, "reason", "cannot be edited with certainty", "cause", cause)
	p.parcel.Copies, p.parcel.Bodies = nil, nil
	p.parcel.sealed, p.parcel.hidden, p.parcel.held = 0, 0, 0
	body := p.addBody(p.msg.Raw)
	for i, v := range p.decision.Verdicts {
		h := p.hold(v, false)
		h.Rules = appendNew(h.Rules, policy.RuleHeader)
		p.addCopy(i, body, h)
	}
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
	raw, err := p.msg.Apply(edits...)
	if err != nil {
		return nil, err
	}
	if len(p.hidden) > 0 {
		if err := checkHidden(raw, p.cfg.Limits, hidden); err != nil {
			return nil, err
		}
	}
	if p.splits() {
		if raw, err = p.splitInvitations(raw, invitee); err != nil {
			return nil, err
		}
	}
	p.parcel.hidden = max(p.parcel.hidden, n)
	f := &form{raw: raw, body: -1}
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
			more, hides, err = hideEdits(p.msg, hidden, p.rules.namesMember)
		case policy.EditQuoted:
			more, err = p.blindQuoted(hidden)
		case policy.EditNested:
			more, err = p.blindNested(hidden)
		case policy.EditInvitation:
			// For each reader, once the rest is done.
		case policy.EditBcc:
			more = p.msg.Drop(blindFields...)
		case policy.EditTag:
			subject = e.Subject
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
		if len(p.msg.Root.Get(missing[0])) > 0 {
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

func (p *preparation) seal(raw []byte, address string) ([]byte, error) {
	return p.rules.Keys.Seal(seal.Sealing{
		Reader:       address,
		Raw:          raw,
		OuterSubject: p.rules.Policy.Subject.Tag,
		MessageID:    message.NewMessageID(p.cfg.Hostname),
	}, p.now)
}

// body returns the index of the body that everybody with the same form
// shares.
func (p *preparation) body(f *form) int {
	if f.body < 0 {
		f.body = p.addBody(f.raw)
	}
	return f.body
}

func (p *preparation) addBody(content []byte) int {
	p.parcel.Bodies = append(p.parcel.Bodies, spool.Body{Content: content})
	return len(p.parcel.Bodies) - 1
}

func (p *preparation) addCopy(i, body int, hold *spool.Hold) {
	rcpt, content := p.env.To[i], p.parcel.Bodies[body].Content
	c := spool.Copy{
		ID:       deviation.NewID(p.now),
		Body:     body,
		Class:    spool.Mail,
		State:    spool.Queued,
		From:     p.env.From,
		To:       rcpt.Address,
		UTF8:     !ascii(p.env.From) || !ascii(rcpt.Address) || p.env.UTF8 && !ascii(header(content)),
		EightBit: !ascii(content),
		Return:   p.env.Return,
		Notify:   rcpt.Notify,
		Language: p.language,
		Sender:   p.env.From,
		Hold:     hold,
	}
	// The sender's own names for an envelope and its recipients travel with
	// it, and can name anybody: they go along only where nobody is hidden.
	if len(p.hidden) == 0 && !p.splits() || p.decision.Mode == policy.Observe {
		c.EnvelopeID, c.Original = p.env.ID, rcpt.Original
	}
	if hold != nil {
		c.State = spool.Held
		p.parcel.held++
	}
	p.parcel.Copies = append(p.parcel.Copies, c)
}

func (p *preparation) hold(v policy.Verdict, releasable bool) *spool.Hold {
	h := &spool.Hold{Expires: p.now.Add(time.Duration(p.rules.Policy.Held.Keep)), Releasable: releasable}
	for _, f := range p.msg.Root.Get("Subject") {
		h.Subject = p.msg.Text(f)
	}
	for _, r := range v.Reasons {
		h.Rules = appendNew(h.Rules, r.Rule)
		for _, f := range r.Findings {
			h.Kinds = appendNew(h.Kinds, string(f.Kind))
			h.Places = appendNew(h.Places, f.Place.String())
		}
	}
	return h
}

// register turns the decision's entries into records.
func (p *preparation) register() {
	for _, e := range p.decision.Entries {
		p.parcel.Deviations = append(p.parcel.Deviations,
			p.entry(p.rules, e, p.parcel.Reference, reporter(p.env), "", p.decision.Mode == policy.Observe))
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

func ascii[T string | []byte](s T) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// header returns the header of a message, without the empty line.
func header(raw []byte) []byte {
	head, _, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
	return head
}
