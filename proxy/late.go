package proxy

import (
	"context"
	"fmt"

	"postvern.example/internal/deviation"
	"postvern.example/internal/notice"
	"postvern.example/policy"
	"postvern.example/proxy/message"
	"postvern.example/proxy/spool"
)

// late decides about a message whose sender heard 250 before, and makes what
// follows from it. Nothing is stored. Where it is refused, a mail says what the
// reply would have said.
func (s *Seeker) late(ctx context.Context, rules *Rules, env message.Envelope, msg *message.Message, doubtful bool) (spool.Parcel, error) {
	env.Transaction = deviation.NewID(s.cfg.Now())
	text := s.cfg.Extract.Text(ctx, msg)
	facts := rules.facts(env, msg, text, s.cfg.Now())
	if err := s.unusual(ctx, rules, msg, &facts); err != nil {
		return spool.Parcel{}, err
	}
	ways, err := s.ways(ctx, rules, env, &facts, msg)
	if err != nil {
		return spool.Parcel{}, err
	}
	known, err := rules.recall(ctx, s.cfg.Spool, env, &facts)
	if err != nil {
		return spool.Parcel{}, err
	}
	files := s.clearing(ctx, rules, env, msg, text, facts)
	files.try(&facts)
	decision := rules.Policy.Decide(facts)
	if doubtful {
		holdDoubtful(&decision)
	}
	p, err := s.prepare(rules, env, msg, facts, ways, files, decision, known)
	if err != nil && s.cfg.Now().Sub(env.Received) > seekerPatience {
		p, err = s.prepareHeld(rules, env, msg, facts, decision, err)
	}
	if err != nil {
		return spool.Parcel{}, fmt.Errorf("prepare copies: %w", err)
	}
	if p.Refusal() != nil {
		if err := s.tellRefused(&p, rules, env); err != nil {
			return spool.Parcel{}, fmt.Errorf("write notice: %w", err)
		}
	}
	s.record(p, facts, decision)
	return p.Parcel, nil
}

// tellRefused adds the mail that says to a sender that nobody got theirs.
func (g *Gateway) tellRefused(p *parcel, rules *Rules, env message.Envelope) error {
	p.why.Reference = "" // it stands below
	subject, text := g.cfg.Notices.Refused(notice.Letter{
		Language: p.why.Language, Organisation: rules.Policy.Organisation, Contact: rules.Policy.Contact,
		Reference: p.Reference, Sent: env.Received.Local(),
	}, p.why)
	mail, body, err := ownMail(own{
		hostname: g.cfg.Hostname, replyTo: rules.Policy.Contact, to: env.From, language: p.why.Language, subject: subject, text: text, now: g.cfg.Now(),
	})
	if err != nil {
		return err
	}
	p.Bodies, p.Copies = []spool.Body{body}, []spool.Copy{mail}
	return nil
}

// holdDoubtful holds what a backup found waiting: it may have gone out since.
func holdDoubtful(d *policy.Decision) {
	for i := range d.Verdicts {
		v := &d.Verdicts[i]
		if v.Action == policy.Pass || v.Action == policy.Seal {
			v.Action, v.Step, v.Code = policy.Hold, "", ""
			v.Reasons = append(v.Reasons, policy.Reason{Rule: spool.Restored, Do: string(policy.DoHold), Action: policy.Hold})
		}
	}
}

// prepareHeld holds a message as it came, which can only be dropped.
func (g *Gateway) prepareHeld(rules *Rules, env message.Envelope, msg *message.Message, f policy.Facts, d policy.Decision, cause error) (parcel, error) {
	p := newPreparation(g, rules, env, msg, f, d)
	p.holdAll(cause)
	p.register()
	return p.parcel, p.notices()
}
