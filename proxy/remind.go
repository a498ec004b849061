package proxy

import (
	"context"
	"errors"
	"fmt"
	"time"

	"postvern.example/internal/deviation"
	"postvern.example/proxy/spool"
)

// remindBefore is how long before a question ends its sender is reminded.
const remindBefore = 24 * time.Hour

// Remind reminds the senders of questions that end within a day, each once.
// Where mail is held for less than two days the question is reminder enough.
func (c Custody) Remind(ctx context.Context) error {
	now := c.cfg.Now()
	ids, err := c.Store.QuestionsToRemindOf(ctx, now, now.Add(remindBefore))
	if err != nil {
		return err
	}
	var faults []error // one question that cannot be read keeps back no other
	for _, id := range ids {
		if err := c.remind(ctx, id, now); err != nil && !errors.Is(err, ErrDecided) {
			faults = append(faults, fmt.Errorf("remind a sender: %w", err))
		}
	}
	return errors.Join(faults...)
}

// remind puts one question once more. It returns ErrDecided where nothing is
// left to remind of.
func (c Custody) remind(ctx context.Context, id string, now time.Time) error {
	a, row, err := c.question(ctx, id)
	if err != nil {
		return err
	}
	waiting, err := c.waiting(ctx, a)
	if err != nil {
		return err
	}
	var then []spool.Parcel
	if len(waiting) > 0 && a.Keep.Sub(a.Received) >= 2*remindBefore {
		reminder, err := c.reminder(a, row, now)
		if err != nil {
			return err
		}
		then = append(then, reminder)
	}
	switch err := c.Store.Remind(ctx, id, now, then...); {
	case errors.Is(err, spool.ErrAnswered): // on another node, or answered meanwhile
		return ErrDecided
	case err != nil:
		return err
	}
	if len(then) > 0 {
		c.cfg.Metrics.Questions.WithLabelValues("reminded").Inc()
		c.cfg.Logger.Info("reminded", "reference", a.Reference)
	}
	return nil
}

// reminder is the mail that puts a question once more.
func (c Custody) reminder(a asking, row spool.Question, now time.Time) (spool.Parcel, error) {
	q := a.letter(c.Rules())
	q.Keep = row.Expires.Local()
	q.Link, q.Until = c.cfg.Tokens.Link(row.ID, now, row.Expires)
	q.Until = q.Until.Local()
	subject, text := c.cfg.Notices.Reminder(q)
	address := c.cfg.Tokens.Address(row.ID)
	mail, body, err := ownMail(own{
		hostname: c.cfg.Hostname, from: address, replyTo: address, to: a.Sender, language: a.Language, subject: subject, text: text, now: now,
	})
	if err != nil {
		return spool.Parcel{}, fmt.Errorf("write notice: %w", err)
	}
	return spool.Parcel{
		ID: deviation.NewID(now), Reference: a.Reference, Login: a.Login, Received: now,
		Bodies: []spool.Body{body}, Copies: []spool.Copy{mail},
	}, nil
}
