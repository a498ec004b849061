package proxy

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"postvern.example/internal/deviation"
	"postvern.example/internal/notice"
	"postvern.example/policy"
	"postvern.example/proxy/sms"
	"postvern.example/proxy/spool"
)

// Courier sends codes as text messages. A code that cannot be sent in time
// comes to the sender in a notice instead, in the same transaction; where the
// policy does not show codes, the sender is told that it did not arrive.
type Courier struct {
	*Gateway
	SMS    *sms.Sender   // nil: no text message can be sent
	GiveUp time.Duration // from when a code was drawn until it is given up
}

// The waits between attempts.
const (
	firstCodeWait   = 5 * time.Second
	longestCodeWait = 5 * time.Minute
)

// Carry tries to send the codes of a delivery.
func (c Courier) Carry(ctx context.Context, d spool.Delivery) ([]spool.Outcome, []spool.Parcel) {
	var outcomes []spool.Outcome
	var then []spool.Parcel
	for _, one := range d.Copies {
		o, follows := c.carry(ctx, d, one)
		outcomes = append(outcomes, o)
		then = append(then, follows...)
	}
	return outcomes, then
}

func (c Courier) carry(ctx context.Context, d spool.Delivery, one spool.Copy) (spool.Outcome, []spool.Parcel) {
	var l letterOfCode
	err := json.Unmarshal(d.Content, &l)
	if err != nil {
		err = &sms.Error{Permanent: true, Reason: "the code cannot be read"}
	} else {
		err = c.send(ctx, one.To, l)
	}
	o := spool.Outcome{Copy: one.ID, Result: spool.Delivered}
	log := c.cfg.Logger.With("reference", d.Reference, "attempt", d.Attempt)
	if err == nil {
		c.cfg.Metrics.Codes.WithLabelValues("sent").Inc()
		log.Info("sent code")
		return o, nil
	}
	now := c.cfg.Now()
	o.Reply = err.Error()
	if !c.over(err, d, now) {
		o.Result, o.Retry = spool.Deferred, now.Add(min(firstCodeWait<<min(d.Attempt-1, 10), longestCodeWait))
		c.cfg.Metrics.Codes.WithLabelValues("deferred").Inc()
		log.Warn("deferred code", "reply", o.Reply, "retry", o.Retry.UTC().Format(time.RFC3339))
		return o, nil
	}
	parcel, err := c.giveUp(d, one, l, now)
	if err != nil { // without its notice a code must not end: try again
		o.Result, o.Retry = spool.Deferred, now.Add(longestCodeWait)
		log.Error("put off code", "cause", err)
		return o, nil
	}
	o.Result = spool.Failed
	c.cfg.Metrics.Codes.WithLabelValues("failed").Inc()
	log.Warn("failed code", "reply", o.Reply)
	return o, []spool.Parcel{parcel}
}

func (c Courier) send(ctx context.Context, number string, l letterOfCode) error {
	if c.SMS == nil {
		return &sms.Error{Permanent: true, Reason: "no provider is configured"}
	}
	return c.SMS.Send(ctx, number, c.cfg.Notices.TextMessage(l.Language, l.Code))
}

// over reports whether there is no point in another attempt.
func (c Courier) over(err error, d spool.Delivery, now time.Time) bool {
	var why *sms.Error
	return errors.As(err, &why) && why.Permanent || now.Sub(d.Received) >= c.GiveUp
}

// giveUp makes the notice to the sender and the entry of the register.
func (c Courier) giveUp(d spool.Delivery, one spool.Copy, l letterOfCode, now time.Time) (spool.Parcel, error) {
	rules := c.Rules()
	parcel := spool.Parcel{ID: deviation.NewID(now), Reference: d.Reference, Received: now}
	parcel.Deviations = []deviation.Record{c.entry(rules, policy.Entry{
		Type: policy.EntryFailed, Severity: policy.Low, NearMiss: true, Action: policy.Seal, Count: 1,
	}, d.Reference, "Postvern", "", false)}
	if one.Sender == "" {
		return parcel, nil
	}
	var shown notice.Code
	if slices.Contains(rules.Policy.Codes, policy.CodeNotice) {
		shown = notice.Code{Number: l.Number, Code: l.Code}
	}
	mail, body, err := c.codeFailed(rules, d, one, shown)
	if err != nil {
		return spool.Parcel{}, err
	}
	parcel.Copies, parcel.Bodies = []spool.Copy{mail}, []spool.Body{body}
	return parcel, nil
}

// codeFailed is the mail that says to a sender that a code did not arrive.
func (g *Gateway) codeFailed(rules *Rules, d spool.Delivery, one spool.Copy, shown notice.Code) (spool.Copy, spool.Body, error) {
	subject, text := g.cfg.Notices.CodeFailed(notice.CodeFailed{Letter: rules.letterTo(d, one), Code: shown})
	return g.letter(rules, one, subject, text)
}
