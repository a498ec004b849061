package proxy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"postvern.example/internal/notice"
	"postvern.example/internal/question"
	"postvern.example/proxy/message"
	"postvern.example/proxy/spool"
)

// Errors of an answer. None of them has changed anything.
var (
	ErrNoQuestion = errors.New("no such question, or it was put to somebody else")
	ErrDecided    = errors.New("the question is decided")
)

// isAnswer reports whether a message goes to the address of a question.
func (g *Gateway) isAnswer(env message.Envelope) bool {
	return g.cfg.Tokens != nil && slices.ContainsFunc(env.To, func(r message.Recipient) bool { return g.cfg.Tokens.Takes(r.Address) })
}

// answer takes the answer to a question. It never goes upstream. nil means that
// it was taken, or that it was not clear and its writer is told how to answer; a
// *submission.Reply that it was refused. Any other error is a 451: the mail
// program keeps the answer.
func (g *Gateway) answer(ctx context.Context, rules *Rules, env message.Envelope, msg *message.Message) error {
	own := rules.ownAddresses(env)
	address := ""
	for _, r := range env.To {
		switch {
		case g.cfg.Tokens.Takes(r.Address) && (address == "" || strings.EqualFold(address, r.Address)):
			address = r.Address
		case !own.has(r.Address): // who answers to all answers themselves too
			return g.refuseAnswer(rules, env, notice.CauseAnswerAlone)
		}
	}
	if env.From == "" || question.Automatic(msg) {
		g.cfg.Logger.Info("ignored answer", "id", env.Transaction, "reason", "a program wrote it")
		return nil
	}
	id, err := g.cfg.Tokens.ID(address)
	if err != nil {
		return g.refuseAnswer(rules, env, notice.CauseAnswerUnknown)
	}
	c := Custody{Gateway: g, Store: g.cfg.Held}
	a, row, err := c.question(ctx, id)
	switch {
	case errors.Is(err, spool.ErrNotFound): // it was ours once
		return g.refuseAnswer(rules, env, notice.CauseAnswerOver)
	case err != nil:
		return err
	case !rules.askedOf(a, env):
		return g.refuseAnswer(rules, env, notice.CauseAnswerUnknown)
	}
	choice, clear := g.words[a.Kind]().Read(msg)
	if !clear || !slices.Contains(a.letter(rules).Choices(), choice) {
		return c.unclear(ctx, rules, env, a, id)
	}
	if row.Answer == string(choice) { // the same again, since its 250 was lost
		return nil
	}
	if _, err = c.Answer(ctx, id, choice); errors.Is(err, ErrDecided) {
		return g.refuseAnswer(rules, env, notice.CauseAnswerOver)
	}
	return err
}

// askedOf reports whether a message is from the one whom a question was put to:
// the same login or, where there was none, the same sender by a listener that
// trusts its server. The sender's own login does in any case.
func (r *Rules) askedOf(a asking, env message.Envelope) bool {
	if env.Login != "" {
		asked, ok := r.representative(a.Login, a.Sender)
		return ok && strings.EqualFold(asked.Login, env.Login)
	}
	if !env.Trusted {
		return false
	}
	if a.Login != "" {
		asked, ok := r.Representatives.ByLogin(a.Login)
		writes, is := r.Representatives.ByAddress(env.From)
		return ok && is && asked.Login == writes.Login
	}
	return canonical(env.From) != "" && canonical(env.From) == canonical(a.Sender)
}

func (g *Gateway) refuseAnswer(rules *Rules, env message.Envelope, cause notice.Cause) error {
	g.cfg.Metrics.Questions.WithLabelValues("refused").Inc()
	g.cfg.Logger.Info("refused answer", "id", env.Transaction, "reason", string(cause))
	return refuse(550, [3]int{5, 7, 1}, g.cfg.Notices.Refusal(notice.Refusal{
		Language: rules.language(env.Login, env.From), Cause: cause, Contact: rules.Policy.Contact,
	}))
}

// unclear tells somebody how to answer.
func (c Custody) unclear(ctx context.Context, rules *Rules, env message.Envelope, a asking, id string) error {
	now := c.cfg.Now()
	subject, text := c.cfg.Notices.Unclear(a.letter(rules))
	mail, body, err := ownMail(own{
		hostname: c.cfg.Hostname, from: c.cfg.Tokens.Address(id), replyTo: c.cfg.Tokens.Address(id),
		to: env.From, language: a.Language, subject: subject, text: text, now: now,
	})
	if err != nil {
		return fmt.Errorf("write notice: %w", err)
	}
	c.cfg.Metrics.Questions.WithLabelValues("unclear").Inc()
	return c.cfg.Spool.Accept(ctx, spool.Parcel{
		ID: env.Transaction, Reference: a.Reference, Login: env.Login, Received: env.Received,
		Bodies: []spool.Body{body}, Copies: []spool.Copy{mail},
	})
}

// question reads a question.
func (c Custody) question(ctx context.Context, id string) (asking, spool.Question, error) {
	var a asking
	row, err := c.Store.Question(ctx, id)
	if err == nil {
		err = json.Unmarshal(row.Content, &a)
	}
	if err != nil {
		return a, row, fmt.Errorf("read question: %w", err)
	}
	return a, row, nil
}

// Answer carries out what the sender chose, in one transaction: on yes the
// copies that waited for nothing else are released under the rules in force, and
// the others stay held; on no all are dropped. It returns what became of it, or
// ErrDecided where nothing waits for the answer any more.
func (c Custody) Answer(ctx context.Context, id string, choice notice.Choice) (notice.Told, error) {
	rules := c.Rules()
	a, row, err := c.question(ctx, id)
	if err != nil {
		if errors.Is(err, spool.ErrNotFound) {
			err = ErrNoQuestion
		}
		return "", err
	}
	waiting, err := c.waiting(ctx, a)
	if err != nil {
		return "", err
	}
	if row.Answer != "" || len(waiting) == 0 || !c.cfg.Now().Before(row.Expires) {
		return "", ErrDecided
	}
	s := settling{Custody: c, rules: rules, asking: a, with: spool.Settlement{Question: id, Answer: string(choice)}}
	switch choice {
	case notice.Yes, notice.SendCode:
		err = s.confirm(ctx, waiting)
	case notice.AskKey:
		err = s.askForKeys(waiting)
	case notice.No:
		err = s.withdraw(waiting, notice.EndWithdrawn)
	case notice.Withdraw:
		err = s.withdraw(waiting, notice.EndRetracted)
	default:
		err = fmt.Errorf("unknown choice %q", choice)
	}
	if err != nil {
		return "", err
	}
	switch err := c.Store.Settle(ctx, s.with); {
	case errors.Is(err, spool.ErrAnswered), errors.Is(err, spool.ErrNotFound): // somebody else was faster
		return "", ErrDecided
	case err != nil:
		return "", err
	}
	c.cfg.Metrics.Questions.WithLabelValues(string(choice)).Inc()
	c.cfg.Logger.Info("answered", "reference", a.Reference, "answer", string(choice), "released", len(s.with.Release), "kept", len(s.with.Keep), "dropped", len(s.with.Drop))
	return s.told, nil
}

// waiting returns the copies that still wait for the answer, as the question
// was about them.
func (c Custody) waiting(ctx context.Context, a asking) ([]waitingCopy, error) {
	var out []waitingCopy
	for _, one := range a.Copies {
		held, err := c.Store.HeldCopy(ctx, one.ID)
		if errors.Is(err, spool.ErrNotFound) {
			continue // the DPO has decided about it
		}
		if err != nil {
			return nil, err
		}
		out = append(out, waitingCopy{held, one.Seen, one.Number})
	}
	return out, nil
}

type waitingCopy struct {
	spool.HeldCopy
	seen   [32]byte
	number int
}

// View returns how a question is put on a page, or what there is to say instead
// where it is decided. It changes nothing.
func (c Custody) View(ctx context.Context, id string) (notice.Question, notice.Told, error) {
	a, row, err := c.question(ctx, id)
	if err != nil {
		if errors.Is(err, spool.ErrNotFound) {
			return notice.Question{}, notice.ToldDecided, nil
		}
		return notice.Question{}, "", err
	}
	q := a.letter(c.Rules())
	waiting, err := c.waiting(ctx, a)
	if err != nil {
		return q, "", err
	}
	switch {
	case row.Answer == string(notice.Yes) && len(waiting) > 0:
		return q, notice.ToldKept, nil
	case row.Answer == string(notice.Yes):
		return q, notice.ToldConfirmed, nil
	case row.Answer == string(notice.SendCode) && len(waiting) > 0:
		return q, notice.ToldKept, nil
	case row.Answer == string(notice.SendCode):
		return q, notice.ToldCoded, nil
	case row.Answer == string(notice.AskKey):
		return q, notice.ToldAsked, nil
	case row.Answer == string(notice.No), row.Answer == string(notice.Withdraw):
		return q, notice.ToldWithdrawn, nil
	}
	if row.Answer != "" || len(waiting) == 0 || !c.cfg.Now().Before(row.Expires) {
		return q, notice.ToldDecided, nil
	}
	return q, "", nil
}
