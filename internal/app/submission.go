package app

import (
	"net/netip"
	"strconv"
	"time"

	"postvern.example/internal/notice"
	"postvern.example/proxy/submission"
)

// submission returns what every listener has in common.
func (a *App) submission() (submission.Config, error) {
	c := a.opt.Config
	s := submission.Config{
		Hostname: c.Hostname,
		Sender: func(login, address string, at time.Time) error {
			return a.gateway.CheckSender(login, address, at)
		},
		Words: func(cause notice.Cause, login, sender string) string {
			limit := ""
			switch cause {
			case notice.CauseSize:
				limit = c.Limits.MessageSize.String()
			case notice.CauseRecipients:
				limit = strconv.Itoa(c.Limits.Recipients)
			default: // nothing else has a limit to name
			}
			return a.gateway.Words(cause, limit, login, sender)
		},
		Throttle: submission.NewThrottle(a.opt.Now),
		Budget:   a.budget,
		Limits: submission.Limits{
			MessageSize: int64(c.Limits.MessageSize), Recipients: c.Limits.Recipients, Connections: c.Limits.Connections, PerAddress: c.Limits.PerAddress,
			Handshake: time.Duration(c.Timeouts.Handshake), Login: time.Duration(c.Timeouts.Login), Command: time.Duration(c.Timeouts.Command),
			Read: time.Duration(c.Timeouts.Read), Write: time.Duration(c.Timeouts.Write), Transaction: time.Duration(c.Timeouts.Message),
		},
		Submit:   a.gateway,
		Answered: a.gateway.Answered,
		Metrics:  a.metrics,
		Logger:   a.opt.Logger,
		Now:      a.opt.Now,
	}
	s.TLS = a.tlsConfig()
	var err error
	s.Login, s.Tokens, err = a.authenticators()
	return s, err
}

// listener returns what sets one listener apart. LoadConfig has checked it.
func (a *App) listener(l ListenConfig) (submission.Listener, error) {
	clients, err := a.clients(l)
	return submission.Listener{
		Address: l.Address, TLS: submission.Mode(l.TLS), Senders: l.Senders, Clients: clients,
		Trust: networks(l.Trust), ProxyProtocol: networks(l.ProxyProtocol),
	}, err
}

func networks(texts []string) []netip.Prefix {
	var all []netip.Prefix
	for _, t := range texts {
		all = append(all, netip.MustParsePrefix(t))
	}
	return all
}
