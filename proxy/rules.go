package proxy

import (
	"errors"
	"time"

	"postvern.example/internal/notice"
	"postvern.example/internal/roster"
	"postvern.example/policy"
	"postvern.example/policy/detect"
	"postvern.example/proxy/message"
	"postvern.example/proxy/seal"
	"postvern.example/proxy/spool"
	"postvern.example/proxy/submission"
)

// Rules is everything that a decision is made with. It is not changed once
// made: a reload makes a new one, so that a message never sees half of each.
type Rules struct {
	Policy          *policy.Policy
	Scanner         *detect.Scanner
	Members         *roster.Members
	Phones          *roster.Phones // of members; nil: none are known
	Representatives *roster.Representatives
	Keys            *seal.Keyring
	Certificates    *seal.Certificates // for S/MIME
	Senders         []policy.Pattern   // whom trust listeners take besides representatives

	folder *seal.Keyring  // the keys without the store's
	ledger *spool.Ledger  // of consents, as it is when the message came
	book   *spool.KeyBook // of keys; nil where there is no store
	own    *seal.Organisation
}

// CheckSender says whether a sender may use an address as its reverse-path:
// that of the one who logged in, or, without a login, any representative's or
// one that the trust listeners' patterns name. The null sender is only for
// mail servers. The error is a *submission.Reply in the sender's language.
func (g *Gateway) CheckSender(login, address string, at time.Time) error {
	return g.checkSender(g.Rules(), login, address, at)
}

func (g *Gateway) checkSender(r *Rules, login, address string, at time.Time) error {
	if login == "" && matches(r.Senders, address) {
		return nil
	}
	err := r.Representatives.MaySend(login, address, at)
	if err == nil {
		return nil
	}
	cause := notice.CauseSender
	switch {
	case errors.Is(err, roster.ErrMandateOver):
		cause = notice.CauseMandateOver
	case errors.Is(err, roster.ErrMandateNotYet):
		cause = notice.CauseMandateEarly
	case login == "":
		cause = notice.CauseStranger
	}
	return refuse(550, [3]int{5, 7, 1}, g.cfg.Notices.Refusal(notice.Refusal{
		Language: r.language(login, address), Cause: cause, Contact: r.Policy.Contact,
	}))
}

// Words returns the text of a reply that is given before there is a message,
// in the language of the login or the sender.
func (g *Gateway) Words(cause notice.Cause, limit, login, sender string) string {
	r := g.Rules()
	return g.cfg.Notices.Refusal(notice.Refusal{Language: r.language(login, sender), Cause: cause, Contact: r.Policy.Contact, Limit: limit})
}

// authorise checks the addresses that a message says it is from. One that
// cannot be read is a fault of the header, and held as such; what can be read
// of it is checked all the same.
func (g *Gateway) authorise(r *Rules, env message.Envelope, msg *message.Message) error {
	for _, name := range authorFields {
		for _, f := range msg.Root.Get(name) {
			boxes, _ := msg.Mailboxes(f)
			for _, b := range boxes {
				if err := g.checkSender(r, env.Login, b.Address, env.Received); err != nil {
					g.cfg.Metrics.Refused.WithLabelValues("sender").Inc()
					return err
				}
			}
		}
	}
	return nil
}

// language returns the language of whoever sends: their own, or the
// organisation's.
func (r *Rules) language(login, address string) string {
	if rep, ok := r.representative(login, address); ok && rep.Language != "" {
		return rep.Language
	}
	return r.Policy.Language
}

func (r *Rules) representative(login, address string) (roster.Representative, bool) {
	if login != "" {
		return r.Representatives.ByLogin(login)
	}
	return r.Representatives.ByAddress(address)
}

func refuse(code int, enhanced [3]int, text string) error {
	return &submission.Reply{Code: code, Enhanced: enhanced, Text: text}
}
