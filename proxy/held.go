package proxy

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"postvern.example/internal/deviation"
	"postvern.example/internal/notice"
	"postvern.example/internal/octets"
	"postvern.example/policy"
	"postvern.example/proxy/message"
	"postvern.example/proxy/spool"
)

// Custody is what the release and drop of held mail work with. The command
// line and the gateway's own clock both use it.
type Custody struct {
	*Gateway
	Store *spool.Store
}

// ErrRefused says that the policy in force rejects a held message.
var ErrRefused = errors.New("the policy now rejects this message: it can only be dropped")

// ErrNoReason says that a release or drop came without a reason.
var ErrNoReason = errors.New("give a reason: the register records it")

// Release lets a held copy go. The rules are run again on its bytes: where
// they now pass or seal it, they are followed; where they still hold it, the
// release is an override of theirs, and recorded as one. It returns what
// became of the copy: pass or seal.
func (c Custody) Release(ctx context.Context, id, by, reason string) (policy.Action, error) {
	if reason == "" {
		return "", ErrNoReason
	}
	rules := c.Rules()
	held, content, err := c.open(ctx, id)
	if err != nil {
		return "", err
	}
	p, err := c.decideAgain(ctx, rules, held, content)
	if err != nil {
		return "", err
	}
	release, err := c.letOne(ctx, p, held, content)
	if err != nil {
		return "", err
	}
	decision, action := p.decision, p.decision.Strictest()
	entry := policy.Entry{Type: policy.EntryOverride, Severity: severity(decision), Action: policy.Pass, Count: 1}
	switch action {
	case policy.Seal:
		entry.Action, entry.NearMiss, entry.Steps = policy.Seal, true, []policy.Step{decision.Verdicts[0].Step}
	case policy.Hold:
		action = policy.Pass
	case policy.Pass:
		entry.NearMiss = true
	case policy.Reject:
	}
	for _, r := range decision.Verdicts[0].Reasons {
		entry.Rule = r.Rule
		entry.Findings = append(entry.Findings, r.Findings...)
	}
	release.Records = c.records(rules, held, entry, by, reason)
	told, err := c.outcome(rules, held, notice.EndReleased, 1)
	if err != nil {
		return "", err
	}
	release.Then = append(release.Then, told...)
	return action, c.Store.Release(ctx, held.ID, release)
}

// let makes what goes out of a held copy under the decision that was made again:
// without those whom the rules hide by now, and sealed where they ask for it. It
// returns ErrRefused where they reject it.
func (c Custody) let(ctx context.Context, p *preparation, held spool.HeldCopy, content []byte) (spool.Released, error) {
	out := spool.Released{Seen: sha256.Sum256(content)}
	f, err := p.edited(held.To)
	if err != nil {
		return out, err
	}
	if f != nil {
		if out.Content, err = f.raw().Octets(); err != nil {
			return out, err
		}
		content, out.EightBit = out.Content, !octets.ASCII(out.Content)
	}
	switch p.decision.Strictest() {
	case policy.Reject:
		return out, ErrRefused
	case policy.Seal:
		if f == nil {
			f = &form{rest: octets.Hold(content)}
		}
		made, err := p.protect(0, p.decision.Verdicts[0], f)
		if err != nil {
			return out, fmt.Errorf("protect copy: %w", err)
		}
		out.Pins, out.Protections, out.RequireTLS = p.parcel.Pins, p.parcel.Protections, made.tls
		out.Content = content
		if made.made != nil {
			body, err := p.enclosed(made.made, f)
			if err == nil {
				out.Content, err = body.Octets()
			}
			if err != nil {
				return out, fmt.Errorf("protect copy: %w", err)
			}
		}
		out.EightBit = !octets.ASCII(out.Content)
		out.Handings = p.locked()
	case policy.Hold, policy.Pass:
		if file, password := hands(p.facts); file || password {
			out.Handings = []spool.Handing{{Handover: spool.Handover{
				Sender: p.rules.sender(p.env), Reader: canonical(held.To), File: at(file, p.now), Password: at(password, p.now),
			}}}
		}
	}
	if f != nil && f.papers != nil {
		papers, err := p.papersOf(f)
		if err != nil {
			return out, err
		}
		out.Then = append(out.Then, papers)
	}
	out.Correspondents, err = c.released(ctx, p.rules, held, p.facts)
	return out, err
}

// letOne is let for a copy that goes alone: its codes go along.
func (c Custody) letOne(ctx context.Context, p *preparation, held spool.HeldCopy, content []byte) (spool.Released, error) {
	out, err := c.let(ctx, p, held, content)
	if err != nil {
		return out, err
	}
	codes, err := codeParcels([]*preparation{p}, held.Sender)
	out.Then = append(codes, out.Then...)
	return out, err
}

// papersOf returns the mail of the papers that were detached from a held
// invitation, protected as the invitation is.
func (p *preparation) papersOf(f *form) (spool.Parcel, error) {
	v := p.decision.Verdicts[0]
	if v.Action == policy.Hold { // a person has let it go
		v.Action = policy.Pass
	}
	p.parcel.Bodies, p.parcel.Copies, p.eightBit = nil, nil, nil
	if err := p.copy(0, v, f.papers); err != nil {
		return spool.Parcel{}, fmt.Errorf("copy papers: %w", err)
	}
	return spool.Parcel{
		ID: deviation.NewID(p.now), Reference: p.parcel.Reference, Login: p.env.Login, Received: p.env.Received,
		Bodies: p.parcel.Bodies, Copies: p.parcel.Copies,
	}, nil
}

// Drop forgets a held copy and tells its sender.
func (c Custody) Drop(ctx context.Context, id, by, reason string) error {
	if reason == "" {
		return ErrNoReason
	}
	held, err := c.Store.HeldCopy(ctx, id)
	if err != nil {
		return err
	}
	return c.drop(ctx, held, by, reason, notice.EndDropped)
}

// Expire drops every held copy whose time is up and returns how many.
func (c Custody) Expire(ctx context.Context) (int, error) {
	held, err := c.Store.ExpiredHolds(ctx, c.cfg.Now())
	if err != nil {
		return 0, fmt.Errorf("list expired holds: %w", err)
	}
	unanswered := map[string]bool{}
	dropped, faults := 0, []error(nil) // one that cannot be dropped keeps no other
	for _, h := range held {
		q := h.Hold.Question
		if q != "" && !unanswered[q] {
			unanswered[q] = c.unanswered(ctx, q) == nil
		}
		if unanswered[q] {
			dropped++
			continue
		}
		switch err := c.drop(ctx, h, "Postvern", "held.keep", notice.EndExpired); {
		case errors.Is(err, spool.ErrNotFound): // somebody else was faster
		case err != nil:
			faults = append(faults, fmt.Errorf("drop expired hold: %w", err))
		default:
			dropped++
		}
	}
	return dropped, errors.Join(faults...)
}

// unanswered drops the copies whose sender did not answer in time, and tells
// them once.
func (c Custody) unanswered(ctx context.Context, id string) error {
	a, row, err := c.question(ctx, id)
	if err != nil {
		return err
	}
	waiting, err := c.waiting(ctx, a)
	if err != nil || row.Answer != "" || len(waiting) == 0 || a.Kind != notice.AboutRecipient { // the others waited for the DPO as well
		return errors.Join(ErrDecided, err)
	}
	rules := c.Rules()
	s := settling{Custody: c, rules: rules, asking: a, with: spool.Settlement{Question: id, Answer: "unanswered"}}
	if err := s.withdraw(waiting, notice.EndUnanswered); err != nil {
		return err
	}
	entry := policy.Entry{Type: policy.EntryDropped, Severity: policy.Low, NearMiss: true, Rule: policy.RuleUnusual, Action: policy.Hold, Count: len(waiting)}
	s.with.Records = c.records(rules, waiting[0].HeldCopy, entry, "Postvern", "held.keep")
	if err := c.Store.Settle(ctx, s.with); err != nil {
		return err
	}
	c.cfg.Metrics.Questions.WithLabelValues("unanswered").Inc()
	return nil
}

func (c Custody) drop(ctx context.Context, held spool.HeldCopy, by, reason string, end notice.End) error {
	rules := c.Rules()
	entry := policy.Entry{Type: policy.EntryDropped, Severity: policy.Low, NearMiss: true, Action: policy.Hold, Count: 1}
	if len(held.Hold.Rules) > 0 {
		entry.Rule = held.Hold.Rules[0]
	}
	then, err := c.outcome(rules, held, end, 1)
	if err != nil {
		return err
	}
	return c.Store.Drop(ctx, held.ID, c.records(rules, held, entry, by, reason), then...)
}

func (c Custody) open(ctx context.Context, id string) (spool.HeldCopy, []byte, error) {
	held, err := c.Store.HeldCopy(ctx, id)
	if err != nil {
		return held, nil, err
	}
	content, err := c.Store.HeldContent(ctx, held.ID)
	if err != nil {
		return held, nil, fmt.Errorf("open held copy: %w", err)
	}
	return held, content, nil
}

// decideAgain runs the rules in force on a held copy for its one reader.
func (c Custody) decideAgain(ctx context.Context, rules *Rules, held spool.HeldCopy, content []byte) (*preparation, error) {
	msg, err := message.Parse(content, c.cfg.Limits)
	if err != nil {
		return nil, fmt.Errorf("read held copy: %w", err)
	}
	env := message.Envelope{
		From: held.From, To: []message.Recipient{{Address: held.To}}, Login: held.Login, Received: held.Received, Reference: held.Reference,
	}
	text := c.cfg.Extract.Text(ctx, msg)
	facts := rules.facts(env, msg, text, c.cfg.Now())
	facts.Held = true
	if _, err := rules.recall(ctx, c.Store, env, &facts); err != nil {
		return nil, err
	}
	ways, err := c.ways(ctx, rules, env, &facts, msg)
	if err != nil {
		return nil, err
	}
	files := c.clearing(ctx, rules, env, msg, text, facts)
	files.try(&facts)
	p := newPreparation(c.Gateway, rules, env, msg, facts, rules.Policy.Decide(facts))
	p.ways, p.files, p.language = ways, files, held.Language
	return p, nil
}

// edited returns a held copy for its reader as the rules in force edit it: they
// may have changed since, and somebody may have become a member. It returns nil
// where the copy can go as it is, and ErrRefused where it cannot be edited.
func (p *preparation) edited(reader string) (*form, error) {
	if len(p.decision.Edits) == 0 || p.decision.Mode == policy.Observe {
		return nil, nil
	}
	f, err := p.form(reader)
	if err == nil {
		err = p.detach(f)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	return f, nil
}

func (c Custody) records(rules *Rules, held spool.HeldCopy, e policy.Entry, by, reason string) []deviation.Record {
	return []deviation.Record{c.entry(rules, e, held.Reference, by, reason, false)}
}

// outcome is the mail that tells the sender how it ended.
func (c Custody) outcome(rules *Rules, held spool.HeldCopy, end notice.End, copies int) ([]spool.Parcel, error) {
	return c.outcomeAt("", rules, held, end, copies, nil)
}

// outcomeAt is outcome where the sender can still choose something: the question's
// address is the one that the mail is answered to.
func (c Custody) outcomeAt(question string, rules *Rules, held spool.HeldCopy, end notice.End, copies int, offers []notice.Choice) ([]spool.Parcel, error) {
	if held.Sender == "" {
		return nil, nil
	}
	now := c.cfg.Now()
	from, replyTo := "", rules.Policy.Contact
	if question != "" {
		from = c.cfg.Tokens.Address(question)
		replyTo = from
	}
	subject, text := c.cfg.Notices.Outcome(notice.Outcome{
		Letter: notice.Letter{
			Language: held.Language, Organisation: rules.Policy.Organisation, Contact: rules.Policy.Contact,
			Reference: held.Reference, Sent: held.Received.Local(),
		},
		End: end, Copies: copies, Offers: offers,
	})
	mail, body, err := ownMail(own{
		hostname: c.cfg.Hostname, from: from, replyTo: replyTo, to: held.Sender, language: held.Language, subject: subject, text: text, now: now,
	})
	if err != nil {
		return nil, fmt.Errorf("write notice: %w", err)
	}
	return []spool.Parcel{{
		ID: deviation.NewID(now), Reference: held.Reference, Received: now,
		Bodies: []spool.Body{body}, Copies: []spool.Copy{mail},
	}}, nil
}

// severity is the gravest of a decision's entries.
func severity(d policy.Decision) policy.Severity {
	order := map[policy.Severity]int{policy.Low: 1, policy.Medium: 2, policy.High: 3}
	s := policy.Low
	for _, e := range d.Entries {
		if order[e.Severity] > order[s] {
			s = e.Severity
		}
	}
	return s
}
