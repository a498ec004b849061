package proxy

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"postvern.example/internal/deviation"
	"postvern.example/internal/octets"
	"postvern.example/policy"
	"postvern.example/proxy/seal"
	"postvern.example/proxy/spool"
)

// copies makes a copy for every recipient as its verdict says. Where the
// message cannot be edited with certainty, every copy is held as it came and
// can only be dropped.
func (p *preparation) copies() error {
	for i, v := range p.decision.Verdicts {
		f, err := p.form(p.env.To[i].Address)
		if err == nil {
			err = p.detach(f)
		}
		if err != nil {
			p.holdAll(err)
			return nil
		}
		err = p.copy(i, v, f)
		if err == nil && f.papers != nil {
			err = p.copy(i, v, f.papers)
		}
		if errors.Is(err, seal.ErrMalformed) { // the same at every try: a 451 would never end
			p.holdAll(err)
			return nil
		}
		if err != nil {
			return err
		}
		switch v.Action {
		case policy.Seal:
			p.parcel.sealed++
			p.parcel.steps[v.Step]++
		case policy.Hold:
			p.parcel.held++
			if fell(v) {
				p.parcel.steps[policy.StepHold]++
			}
			if p.onlyAsksSender(v) {
				p.parcel.asked++
			}
		case policy.Pass, policy.Reject:
		}
	}
	return nil
}

// copy adds one reader's copy of a form, as their verdict says.
func (p *preparation) copy(i int, v policy.Verdict, f *form) error {
	switch v.Action {
	case policy.Pass:
		p.addCopy(i, p.body(f), nil)
	case policy.Hold:
		p.addCopy(i, p.body(f), p.hold(v, true))
	case policy.Seal:
		out, err := p.protect(i, v, f)
		if err != nil {
			return fmt.Errorf("protect copy: %w", err)
		}
		var body int
		if out.made == nil {
			body = p.body(f)
		} else {
			content, err := p.enclosed(out.made, f)
			if err != nil {
				return fmt.Errorf("protect copy: %w", err)
			}
			body = p.addBody(content)
		}
		p.addCopy(i, body, nil)
		p.parcel.Copies[len(p.parcel.Copies)-1].RequireTLS = out.tls
	case policy.Reject:
		return fmt.Errorf("a recipient was rejected and the message was not")
	default:
		return fmt.Errorf("unknown verdict %q", v.Action)
	}
	return nil
}

// holdAll holds every copy as the message came.
func (p *preparation) holdAll(cause error) {
	p.cfg.Logger.Warn("held", "reference", p.parcel.Reference, "reason", "cannot be edited with certainty", "cause", cause)
	p.parcel.Copies, p.parcel.Bodies, p.parcel.Pins, p.parcel.Protections, p.eightBit, p.codes = nil, nil, nil, nil, nil, nil
	clear(p.parcel.steps)
	p.parcel.sealed, p.parcel.hidden, p.parcel.held, p.parcel.asked = 0, 0, 0, 0
	p.question, p.keyless = "", "" // it can only be dropped
	body := p.addForm(nil, p.msg.Octets())
	for i, v := range p.decision.Verdicts {
		h := p.hold(v, false)
		h.Rules = appendNew(h.Rules, policy.RuleHeader)
		p.addCopy(i, body, h)
		p.parcel.held++
	}
}

// fell reports whether a copy is held because its reader can open no step of
// a ladder.
func fell(v policy.Verdict) bool {
	return slices.ContainsFunc(v.Reasons, func(r policy.Reason) bool { return len(r.Ladder) > 0 && r.Action == policy.Hold })
}

// body returns the index of the body that everybody with the same form
// shares.
func (p *preparation) body(f *form) int {
	if f.body < 0 {
		f.body = p.addForm(f.head, f.rest)
	}
	return f.body
}

// addForm adds a body of what was edited, and no more.
func (p *preparation) addForm(head []byte, rest octets.Rope) int {
	return p.add(bodyOf(head, rest), !octets.ASCII(head) || !rest.ASCII())
}

func (p *preparation) addBody(b spool.Body) int {
	return p.add(b, !octets.ASCII(b.Head) || !octets.ASCII(b.Content))
}

func (p *preparation) add(b spool.Body, eightBit bool) int {
	p.parcel.Bodies = append(p.parcel.Bodies, b)
	p.eightBit = append(p.eightBit, eightBit)
	return len(p.parcel.Bodies) - 1
}

func (p *preparation) addCopy(i, body int, hold *spool.Hold) {
	rcpt, content := p.env.To[i], p.parcel.Bodies[body]
	c := spool.Copy{
		ID:       deviation.NewID(p.now),
		Body:     body,
		Class:    spool.Mail,
		State:    spool.Queued,
		From:     p.env.From,
		To:       rcpt.Address,
		UTF8:     !octets.ASCII(p.env.From) || !octets.ASCII(rcpt.Address) || p.env.UTF8 && !octets.ASCII(header(content)),
		EightBit: p.eightBit[body],
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
	}
	p.parcel.Copies = append(p.parcel.Copies, c)
}

func (p *preparation) hold(v policy.Verdict, releasable bool) *spool.Hold {
	h := &spool.Hold{Expires: p.now.Add(time.Duration(p.rules.Policy.Held.Keep)), Releasable: releasable}
	switch {
	case releasable && p.asksSender(v):
		h.Question = questionID(&p.question)
	case releasable && p.offers(v):
		h.Question = questionID(&p.keyless)
	}
	h.Subject, _ = policy.WithoutNumbers(p.facts.Subject)
	for _, r := range v.Reasons {
		h.Rules = appendNew(h.Rules, r.Rule)
		for _, f := range r.Findings {
			h.Kinds = appendNew(h.Kinds, string(f.Kind))
			h.Places = appendNew(h.Places, f.Place.String())
		}
	}
	return h
}
