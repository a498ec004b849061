package proxy

import (
	"fmt"

	"postvern.example/internal/deviation"
	"postvern.example/internal/notice"
	"postvern.example/policy"
	"postvern.example/proxy/spool"
)

// Damaged is what follows from copies that nobody can read any more: an entry of
// the register, and mails to the senders of what does not go by mail and is
// reported on by nobody else: a code, and a message that waited for keys.
func (g *Gateway) Damaged(d spool.Delivery) (spool.Parcel, error) {
	now, rules := g.cfg.Now(), g.Rules()
	e := policy.Entry{Type: policy.EntryFailed, Severity: policy.Medium, Rule: spool.Damaged, Action: policy.Hold, Count: len(d.Copies), NearMiss: true}
	parcel := spool.Parcel{
		ID: deviation.NewID(now), Reference: d.Reference, Received: now,
		Deviations: []deviation.Record{g.entry(rules, e, d.Reference, "Postvern", "", false)},
	}
	for _, one := range d.Copies {
		var tell func(*Rules, spool.Delivery, spool.Copy) (spool.Copy, spool.Body, error)
		switch one.Class {
		case spool.Code:
			tell = g.codeDamaged
		case spool.Wait:
			tell = g.waitDamaged
		case spool.Mail, spool.Notice, spool.Report: // the relay reports on them
		}
		if tell == nil || one.Sender == "" {
			continue
		}
		mail, body, err := tell(rules, d, one)
		if err != nil {
			return spool.Parcel{}, err
		}
		mail.Body = len(parcel.Bodies)
		parcel.Copies, parcel.Bodies = append(parcel.Copies, mail), append(parcel.Bodies, body)
	}
	return parcel, nil
}

func (g *Gateway) codeDamaged(rules *Rules, d spool.Delivery, one spool.Copy) (spool.Copy, spool.Body, error) {
	return g.codeFailed(rules, d, one, notice.Code{})
}

func (g *Gateway) waitDamaged(rules *Rules, d spool.Delivery, one spool.Copy) (spool.Copy, spool.Body, error) {
	subject, text := g.cfg.Notices.Outcome(notice.Outcome{Letter: rules.letterTo(d, one), End: notice.EndDamaged})
	return g.letter(rules, one, subject, text)
}

// letterTo is what every letter to the sender of a copy says.
func (r *Rules) letterTo(d spool.Delivery, one spool.Copy) notice.Letter {
	return notice.Letter{
		Language: one.Language, Organisation: r.Policy.Organisation, Contact: r.Policy.Contact,
		Reference: d.Reference, Sent: d.Received.Local(),
	}
}

// letter is a mail to the sender of a copy.
func (g *Gateway) letter(rules *Rules, one spool.Copy, subject, text string) (spool.Copy, spool.Body, error) {
	mail, body, err := ownMail(own{
		hostname: g.cfg.Hostname, replyTo: rules.Policy.Contact, to: one.Sender, language: one.Language, subject: subject, text: text, now: g.cfg.Now(),
	})
	if err != nil {
		return mail, body, fmt.Errorf("write notice: %w", err)
	}
	return mail, body, nil
}
