package app

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"postvern.example/internal/roster"
	"postvern.example/proxy/submission"
)

// submission returns what one listener is made of.
func (a *App) submission(l ListenConfig, certs *submission.Certificate, throttle *submission.Throttle) submission.Config {
	c := a.opt.Config
	s := submission.Config{
		Hostname: c.Hostname,
		Listener: submission.Listener{Address: l.Address, TLS: submission.Mode(l.TLS), Senders: l.Senders},
		Login:    logins{a},
		Sender: func(login, address string, at time.Time) error {
			return a.gateway.CheckSender(login, address, at)
		},
		Throttle: throttle,
		Budget:   a.budget,
		Limits: submission.Limits{
			MessageSize: int64(c.Limits.MessageSize), Recipients: c.Limits.Recipients, Connections: c.Limits.Connections,
		},
		Submit:   a.gateway,
		Answered: a.gateway.Answered,
		Metrics:  a.metrics,
		Logger:   a.opt.Logger,
		Now:      a.opt.Now,
	}
	if certs != nil {
		s.TLS = submission.TLSConfig(certs.Get)
	}
	for _, t := range l.Trust {
		s.Listener.Trust = append(s.Listener.Trust, netip.MustParsePrefix(t)) // LoadConfig has checked it
	}
	return s
}

// logins checks passwords against the representatives in force.
type logins struct{ app *App }

// Login implements submission.Authenticator.
func (l logins) Login(ctx context.Context, user, password string, client netip.Addr) error {
	err := l.app.gateway.Rules().Representatives.Login(ctx, user, password, client)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, roster.ErrDenied):
		return submission.ErrDenied
	}
	return errors.Join(submission.ErrUnavailable, err)
}
