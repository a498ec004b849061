package proxy

import (
	"errors"

	"postvern.example/internal/notice"
	"postvern.example/policy/strict"
	"postvern.example/proxy/message"
)

// unreadable turns an error of reading the message into a reply. What is not
// the message's own fault stays what it is, and is a 451.
func (g *Gateway) unreadable(rules *Rules, env message.Envelope, err error) error {
	refusal := notice.Refusal{Language: rules.language(env.Login, env.From), Contact: rules.Policy.Contact}
	var code int
	var enhanced [3]int
	switch {
	case errors.Is(err, message.ErrTooLarge):
		g.cfg.Metrics.Refused.WithLabelValues("size").Inc()
		refusal.Cause, code, enhanced = notice.CauseSize, 552, [3]int{5, 3, 4}
		refusal.Limit = strict.Size(g.cfg.Limits.Size).String()
	case errors.Is(err, message.ErrBareLine), errors.Is(err, message.ErrNUL):
		g.cfg.Metrics.Refused.WithLabelValues("smuggling").Inc()
		refusal.Cause, code, enhanced = notice.CauseLineEnds, 550, [3]int{5, 6, 0}
	default:
		return err
	}
	return refuse(code, enhanced, g.cfg.Notices.Refusal(refusal))
}

// maxHops is how many Received fields a message may have before it is taken
// for one that goes in circles (RFC 5321 §6.3 asks for at least 100; no
// submission has made 50 hops).
const maxHops = 50

// loops refuses a message that has come through too many servers.
func (g *Gateway) loops(rules *Rules, env message.Envelope, msg *message.Message) error {
	if len(msg.Root.Get("Received")) <= maxHops {
		return nil
	}
	g.cfg.Metrics.Refused.WithLabelValues("loop").Inc()
	return refuse(554, [3]int{5, 4, 6}, g.cfg.Notices.Refusal(notice.Refusal{
		Language: rules.language(env.Login, env.From), Cause: notice.CauseLoop, Contact: rules.Policy.Contact,
	}))
}

// full puts a message off until there is room in the store again.
func (g *Gateway) full(env message.Envelope) error {
	rules := g.Rules()
	return refuse(452, [3]int{4, 3, 1}, g.cfg.Notices.Refusal(notice.Refusal{
		Language: rules.language(env.Login, env.From), Cause: notice.CauseFull, Contact: rules.Policy.Contact,
	}))
}
