package proxy

import (
	"fmt"

	"postvern.example/policy"
	"postvern.example/proxy/message"
)

// private returns an edited message whose invitation is marked private.
func (p *preparation) private(raw []byte) ([]byte, error) {
	msg, err := message.Parse(raw, p.cfg.Limits)
	if err != nil {
		return nil, fmt.Errorf("read edited message: %w", err)
	}
	edits, err := msg.MarkPrivate()
	if err != nil {
		return nil, err
	}
	return msg.Apply(edits...)
}

// detach parts the papers of an invitation from a form, once, where the
// decision asks for it. It works on what the readers get, so what is blind in
// the invitation is blind in the mail of its papers.
func (p *preparation) detach(f *form) error {
	if f.papers != nil || !p.asks(policy.EditPapers) {
		return nil
	}
	msg, err := message.Parse(f.raw(), p.cfg.Limits)
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
	raw, err := msg.Apply(detached.Edits...)
	if err != nil {
		return err
	}
	if !p.untraced {
		papers = append(p.trace(p.parcel.Reference), papers...)
	}
	f.head, f.rest, f.papers = nil, raw, &form{rest: papers, body: -1}
	return nil
}
