package relay

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"postvern.example/proxy/spool"
)

// results turns the verdicts into outcomes and the reports that go with them.
func (a *delivery) results() []result {
	var out []result
	now := a.relay.cfg.Now()
	for _, c := range a.spool.Copies {
		v := a.verdict(c.ID)
		o, about := a.outcome(c, v, now)
		one := result{outcome: o}
		if about != "" {
			parcel, err := a.relay.report(a.spool, c, about, v, o, now)
			switch {
			case err == nil && about == aboutDelayed:
				one.outcome.Warning = &parcel
			case err == nil:
				one.reports = []spool.Parcel{parcel}
			case o.Result == spool.Failed:
				// Without its report a copy must not end: try all of it again.
				one.outcome = spool.Outcome{Copy: c.ID, Result: spool.Deferred, Retry: now.Add(outageWait), Reply: o.Reply}
				fallthrough
			default:
				a.relay.cfg.Logger.Error("write report", "reference", a.spool.Reference, "error", err)
			}
		}
		out = append(out, one)
		a.log(c, v, one.outcome, now)
	}
	return out
}

// outcome says what becomes of a copy, and what its sender is told about it:
// "" is nothing.
func (a *delivery) outcome(c spool.Copy, v verdict, now time.Time) (spool.Outcome, subject) {
	o := spool.Outcome{Copy: c.ID, Result: v.result, Reply: v.masked(c.To)}
	switch v.result {
	case spool.Delivered:
		if !v.dsn && wants(c, "SUCCESS") {
			return o, aboutRelayed
		}
		return o, ""
	case spool.Failed:
		return o, failure(c, aboutFailed)
	case spool.Deferred:
	}
	o.Result = spool.Deferred // whatever has no verdict was not delivered
	if v.givenBack() {
		o.Retry, o.Reply = now, ""
		return o, ""
	}
	age := now.Sub(queuedAt(a.spool, c))
	if spent(age, a.spool.Attempt) >= a.relay.cfg.GiveUp && !errors.Is(v.why, errBusy) { // what nobody has tried has not failed
		o.Result = spool.Failed
		return o, failure(c, aboutExpired)
	}
	most := v.most
	if most == 0 {
		most = longestWait
	}
	o.Retry = later(v.least, now.Add(wait(age, a.spool.Attempt, most)))
	if a.warns(c, age) {
		return o, aboutDelayed
	}
	return o, ""
}

// warns reports whether a delay of this age is to be told, whoever was off for
// it. The spool sees to it that it is told once for a message.
func (a *delivery) warns(c spool.Copy, age time.Duration) bool {
	at := a.relay.cfg.DelayWarning
	return at > 0 && age >= at && !a.spool.Warned && wants(c, "DELAY")
}

func failure(c spool.Copy, about subject) subject {
	if wants(c, "FAILURE") {
		return about
	}
	return ""
}

// wants reports whether the sender of a copy is to be told of an event. By
// default that is failure and delay (RFC 3461 §4.1). What has a null
// reverse-path is never answered (RFC 5321 §6.1).
func wants(c spool.Copy, event string) bool {
	if c.Sender == "" || c.From == "" || c.Class == spool.Notice || c.Class == spool.Report {
		return false
	}
	if len(c.Notify) == 0 {
		return event != "SUCCESS"
	}
	return slices.Contains(c.Notify, event)
}

// givenBack reports whether the copy was not tried: it counts as if nothing had
// been done.
func (v verdict) givenBack() bool { return errors.Is(v.why, errStopped) || errors.Is(v.why, errTaken) }

// masked returns the upstream's words, or ours, as they may be written down.
func (v verdict) masked(recipient string) string {
	switch {
	case v.why != nil:
		return mask(v.why.Error(), recipient)
	case v.reply.code != 0:
		r := v.reply
		r.text = mask(r.text, recipient)
		return r.Error()
	}
	return ""
}

// status returns the enhanced status code of a verdict.
func (v verdict) status() string {
	switch {
	case v.reply.status != "":
		return v.reply.status
	case v.reply.code != 0:
		return fmt.Sprintf("%d.0.0", v.reply.code/100)
	}
	return "4.4.1" // no answer from host (RFC 3463 §3.5)
}

// log writes the one line about an attempt.
func (a *delivery) log(c spool.Copy, v verdict, o spool.Outcome, now time.Time) {
	if v.givenBack() {
		return
	}
	a.relay.cfg.Metrics.Attempts.WithLabelValues(string(o.Result)).Inc()
	if v.via != "" {
		a.relay.cfg.Metrics.Deliveries.WithLabelValues(v.via, string(o.Result)).Inc()
	}
	ctx, log := context.Background(), a.relay.cfg.Logger
	if o.Result == spool.Delivered && !log.Enabled(ctx, slog.LevelInfo) {
		return // nearly all lines are of this kind
	}
	line := []slog.Attr{
		slog.String("reference", a.spool.Reference), slog.String("class", string(c.Class)),
		slog.String("recipient_domain", domain(c.To)), slog.String("upstream", v.via), slog.Int("attempt", a.spool.Attempt),
		slog.Duration("took", now.Sub(a.started)), slog.String("reply", o.Reply),
	}
	switch o.Result {
	case spool.Delivered:
		log.LogAttrs(ctx, slog.LevelInfo, "delivered copy", line...)
	case spool.Failed:
		log.LogAttrs(ctx, slog.LevelWarn, "failed copy", line...)
	default:
		log.LogAttrs(ctx, slog.LevelWarn, "deferred copy", append(line, slog.String("retry", o.Retry.UTC().Format(time.RFC3339)))...)
	}
}
