package proxy

import (
	"fmt"

	"postvern.example/internal/octets"
	"postvern.example/policy"
	"postvern.example/proxy/message"
)

// private returns an edited message whose invitation is marked private.
func (p *preparation) private(raw octets.Rope) (octets.Rope, error) {
	msg, err := message.ParseRope(raw, p.cfg.Limits)
	if err != nil {
		return raw, fmt.Errorf("read edited message: %w", err)
	}
	edits, err := msg.MarkPrivate()
	if err != nil {
		return raw, err
	}
	return msg.ApplyRope(edits...)
}

// detach parts the papers of an invitation from a form, once, where the
// decision asks for it. It works on what the readers get, so what is blind in
// the invitation is blind in the mail of its papers.
func (p *preparation) detach(f *form) error {
	if f.papers != nil || !p.asks(policy.EditPapers) {
		return nil
	}
	msg, err := message.ParseRope(f.raw(), p.cfg.Limits)
	if err != nil {
		return fmt.Errorf("read edited message: %w", err)
	}
	detached, err := msg.DetachPapers()
	if err != nil {
		return err
	}
	id := message.NewMessageID(p.cfg.Hostname)
	papers, err := msg.Papers(detached, id, p.cfg.Notices.Papers(p.language))
	if err != nil {
		return err
	}
	raw, err := msg.ApplyRope(detached.Edits...)
	if err != nil {
		return err
	}
	if !p.untraced {
		traced := octets.Hold(p.trace(p.parcel.Reference))
		traced.Append(papers)
		papers = traced
	}
	f.head, f.rest, f.papers = nil, raw, &form{rest: papers, body: -1}
	return nil
}
