package proxy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"postvern.example/internal/deviation"
	"postvern.example/internal/notice"
	"postvern.example/policy"
	"postvern.example/proxy/spool"
)

// offers reports whether the sender is asked what becomes of a copy that their
// reader can open in none of the ways that the rules name.
func (p *preparation) offers(v policy.Verdict) bool {
	return p.cfg.Tokens != nil && p.env.From != "" && len(v.Choices) > 0
}

// askKeyless puts the question about all such copies into the notice that says
// that they are held, and returns the address at which it is answered. They wait for the
// data protection officer too.
func (p *preparation) askKeyless(n *notice.Notice) (from string, err error) {
	a := asking{
		Kind: notice.AboutKey, Reference: p.parcel.Reference, Language: p.language,
		Login: p.env.Login, Sender: p.env.From, Received: p.env.Received, Offers: p.offered(),
	}
	for _, c := range p.parcel.Copies {
		if waitsFor(c, p.keyless) {
			a.Copies = append(a.Copies, askedCopy{ID: c.ID, Seen: seen(p.parcel.Bodies[c.Body]), Number: p.numberOf(c.To)})
			a.Keep = c.Hold.Expires
		}
	}
	content, err := json.Marshal(a)
	if err != nil {
		return "", fmt.Errorf("encode question: %w", err)
	}
	p.parcel.Questions = append(p.parcel.Questions, spool.Question{ID: p.keyless, Expires: a.Keep, Content: content})
	n.Offers = a.Offers
	n.Link, n.Until = p.cfg.Tokens.Link(p.keyless, p.now, a.Keep)
	n.Until = n.Until.Local()
	p.cfg.Metrics.Questions.WithLabelValues("asked").Inc()
	return p.cfg.Tokens.Address(p.keyless), nil
}

// offered are the choices that there are for every copy that is asked about.
func (p *preparation) offered() []notice.Choice {
	out := notice.AboutKey.Choices()
	for _, v := range p.decision.Verdicts {
		if p.offers(v) {
			out = slices.DeleteFunc(out, func(c notice.Choice) bool { return !slices.Contains(v.Choices, policy.Choice(c)) })
		}
	}
	return out
}

// numberOf is how the sender's mail counts a recipient; 0 where there is one.
func (p *preparation) numberOf(address string) int {
	for i, r := range p.env.To {
		if r.Address == address {
			return p.number(i)
		}
	}
	return 0
}

// encode makes a copy that no step protects a document, since its sender chose
// that.
func (p *preparation) encode() {
	if v := &p.decision.Verdicts[0]; slices.Contains(v.Choices, policy.ChoiceCode) {
		*v = p.rules.Policy.Encoded(p.facts, *v)
	}
}

// askForKeys has the recipients asked for keys. Their copies stay held, and the
// sender can still choose something else: by a question that takes the place of
// the first.
func (s *settling) askForKeys(waiting []waitingCopy) error {
	now := s.cfg.Now()
	next := s.asking
	next.Offers = slices.DeleteFunc(slices.Clone(next.Offers), func(c notice.Choice) bool { return c == notice.AskKey })
	id := ""
	s.with.Keep = map[string]spool.Hold{}
	whom := map[string]bool{}
	requests := spool.Parcel{ID: deviation.NewID(now), Reference: s.asking.Reference, Received: now}
	for _, w := range waiting {
		h := *w.Hold
		h.Key, h.Question = true, ""
		if len(next.Offers) > 0 {
			h.Question = questionID(&id)
		}
		s.with.Keep[w.ID] = h
		if whom[w.To] {
			continue // it became several mails
		}
		whom[w.To] = true
		mail, body, err := s.requestKey(w.To, now)
		if err != nil {
			return err
		}
		mail.Body = len(requests.Bodies)
		requests.Copies, requests.Bodies = append(requests.Copies, mail), append(requests.Bodies, body)
	}
	if id != "" {
		content, err := json.Marshal(next)
		if err != nil {
			return fmt.Errorf("encode question: %w", err)
		}
		requests.Questions = []spool.Question{{ID: id, Expires: s.asking.Keep, Content: content}}
	}
	s.told = notice.ToldAsked
	s.with.Then = append(s.with.Then, requests)
	entry := policy.Entry{Type: policy.EntryKeyAsked, Severity: policy.Low, NearMiss: true, Rule: rule(waiting[0]), Action: policy.Hold, Count: len(whom)}
	s.with.Records = []deviation.Record{s.entry(s.rules, entry, s.asking.Reference, s.asking.by(), "", false)}
	return s.tellAt(id, waiting[0].HeldCopy, notice.EndAsked, len(whom), next.Offers)
}

// requestKey is the mail that asks a recipient for a key. It is answered to the
// sender and to the contact, who can enter it.
func (s *settling) requestKey(to string, now time.Time) (spool.Copy, spool.Body, error) {
	language := s.rules.language("", to)
	subject, text := s.cfg.Notices.KeyRequest(notice.KeyRequest{
		Language: language, Organisation: s.rules.Policy.Organisation, From: s.asking.Sender,
	})
	answers := []string{s.asking.Sender}
	if contact := s.rules.Policy.Contact; !strings.EqualFold(contact, s.asking.Sender) {
		answers = append(answers, contact)
	}
	mail, body, err := ownMail(own{
		hostname: s.cfg.Hostname, replyTo: strings.Join(answers, ", "), to: to, language: language, subject: subject, text: text, now: now,
	})
	if err != nil {
		return mail, body, fmt.Errorf("write request: %w", err)
	}
	return mail, body, nil
}

// Unlock lets held copies go whose recipients were asked for a key, once there
// is one, and tells their senders. It returns how many.
func (c Custody) Unlock(ctx context.Context) (n int, err error) {
	held, err := c.Store.Held(ctx)
	if err != nil {
		return 0, err
	}
	rules, now := c.Rules(), c.cfg.Now()
	var faults []error // one that cannot be let go keeps back no other
	for _, h := range held {
		usable := rules.Keys.State(h.To, now) == policy.KeyUsable || rules.Certificates.State(h.To, now) == policy.KeyUsable
		if !h.Hold.Key || !usable {
			continue
		}
		went, err := c.unlock(ctx, rules, h)
		if errors.Is(err, spool.ErrNotFound) { // somebody else was faster
			continue
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("let a copy go to its recipient's key: %w", err))
		}
		if went {
			n++
		}
	}
	return n, errors.Join(faults...)
}

func (c Custody) unlock(ctx context.Context, rules *Rules, held spool.HeldCopy) (bool, error) {
	content, err := c.Store.HeldContent(ctx, held.ID)
	if err != nil {
		return false, err
	}
	p, err := c.decideAgain(ctx, rules, held, content)
	if err != nil || p.decision.Strictest() != policy.Seal {
		return false, err // it is held for something else by now
	}
	out, err := c.letOne(ctx, p, held, content)
	if err != nil {
		return false, err
	}
	told, err := c.outcome(rules, held, notice.EndUnlocked, 1)
	if err != nil {
		return false, err
	}
	out.Then = append(out.Then, told...)
	v := p.decision.Verdicts[0]
	entry := policy.Entry{Type: policy.EntryAnswer, Severity: policy.Low, NearMiss: true, Action: policy.Seal, Count: 1, Steps: []policy.Step{v.Step}}
	if len(v.Reasons) > 0 {
		entry.Rule = v.Reasons[0].Rule
	}
	out.Records = c.records(rules, held, entry, "Postvern", "")
	return true, c.Store.Release(ctx, held.ID, out)
}

// rule is the first rule that holds a copy.
func rule(w waitingCopy) string {
	if len(w.Hold.Rules) == 0 {
		return ""
	}
	return w.Hold.Rules[0]
}
