package proxy

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"postvern.example/internal/deviation"
	"postvern.example/internal/notice"
	"postvern.example/policy"
	"postvern.example/proxy/spool"
)

// settling is an answer on its way into the store.
type settling struct {
	Custody
	rules  *Rules
	asking asking
	with   spool.Settlement
	told   notice.Told
}

// confirm releases what the rules in force let go; a document, where the sender
// chose that of what no step protects.
func (s *settling) confirm(ctx context.Context, waiting []waitingCopy) error {
	s.with.Release, s.with.Keep = map[string]spool.Released{}, map[string]spool.Hold{}
	released, kept := map[string]bool{}, map[string]bool{}
	var gone []*preparation
	for _, w := range waiting {
		content, err := s.Store.HeldContent(ctx, w.ID)
		if err != nil {
			return fmt.Errorf("open held copy: %w", err)
		}
		p, err := s.decideAgain(ctx, s.rules, w.HeldCopy, content)
		if err != nil {
			return err
		}
		p.counted = w.number
		if s.asking.Kind == notice.AboutKey {
			p.encode()
		}
		out, err := s.let(ctx, p, w.HeldCopy, content)
		if err != nil && !errors.Is(err, ErrRefused) {
			return err
		}
		action := p.decision.Strictest()
		if err == nil && (action == policy.Pass || action == policy.Seal) {
			out.Seen = w.seen
			s.with.Then, out.Then = append(s.with.Then, out.Then...), nil
			s.with.Release[w.ID] = out
			released[w.To] = true
			gone = append(gone, p)
			continue
		}
		h := *w.Hold
		h.Question = ""
		if again := p.hold(p.decision.Verdicts[0], true); len(again.Rules) > 0 {
			h.Rules, h.Kinds, h.Places = again.Rules, again.Kinds, again.Places
		}
		s.with.Keep[w.ID] = h
		kept[w.To] = true
	}
	if len(released) > 0 {
		if err := s.confirmed(waiting[0], gone, len(released)); err != nil {
			return err
		}
	}
	if len(kept) > 0 {
		s.told = notice.ToldKept
		return s.tell(waiting[0].HeldCopy, notice.EndKept, len(kept))
	}
	return nil
}

// confirmed records what was released, and tells its sender: in the notice with
// its codes where there are any.
func (s *settling) confirmed(first waitingCopy, gone []*preparation, readers int) error {
	codes, err := codeParcels(gone, first.Sender)
	if err != nil {
		return err
	}
	s.with.Then = append(s.with.Then, codes...)
	entry := policy.Entry{NearMiss: true, Rule: policy.RuleUnusual, Action: policy.Pass, Count: readers}
	end := notice.EndConfirmed
	s.told = notice.ToldConfirmed
	if s.asking.Kind == notice.AboutKey {
		s.told, end = notice.ToldCoded, notice.EndUnlocked
		entry.Rule, entry.Action = rule(first), policy.Seal
		for _, p := range gone {
			if step := p.decision.Verdicts[0].Step; step != "" && !slices.Contains(entry.Steps, step) {
				entry.Steps = append(entry.Steps, step)
			}
		}
	}
	s.record(entry)
	if s.asking.Kind == notice.AboutKey && len(codes) > 0 {
		return nil
	}
	return s.tell(first.HeldCopy, end, readers)
}

// withdraw drops all that waits.
func (s *settling) withdraw(waiting []waitingCopy, end notice.End) error {
	to := map[string]bool{}
	for _, w := range waiting {
		s.with.Drop = append(s.with.Drop, w.ID)
		to[w.To] = true
	}
	s.told = notice.ToldWithdrawn
	entry := policy.Entry{NearMiss: true, Rule: policy.RuleUnusual, Action: policy.Hold, Count: len(to)}
	if s.asking.Kind == notice.AboutKey {
		entry.Rule = rule(waiting[0])
	}
	s.record(entry)
	return s.tell(waiting[0].HeldCopy, end, len(to))
}

func (s *settling) record(entry policy.Entry) {
	entry.Type, entry.Severity = policy.EntryAnswer, policy.Low
	s.with.Records = []deviation.Record{s.entry(s.rules, entry, s.asking.Reference, s.asking.by(), "", false)}
}

// by is who the register says answered.
func (a asking) by() string {
	if a.Login != "" {
		return a.Login
	}
	return a.Sender
}

func (s *settling) tell(held spool.HeldCopy, end notice.End, copies int) error {
	return s.tellAt("", held, end, copies, nil)
}

func (s *settling) tellAt(question string, held spool.HeldCopy, end notice.End, copies int, offers []notice.Choice) error {
	then, err := s.outcomeAt(question, s.rules, held, end, copies, offers)
	s.with.Then = append(s.with.Then, then...)
	return err
}
