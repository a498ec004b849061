// Package login checks logins elsewhere: passwords with a directory or with the
// upstream mail server, tokens with the keys of an OpenID Connect issuer.
//
// Who is no representative is never let in, whatever the other side says of the
// password. The other side's silence, a fault of its configuration or an answer
// that is not a clear no is an error that means "could not tell", so that an
// outage turns nobody away for good and counts as nobody's failure.
package login

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"postvern.example/internal/remembered"
	"postvern.example/proxy/submission"
)

// Method asks another server about a password. It returns nil,
// submission.ErrDenied, or an error that means that it could not tell; that
// one's text holds nothing of what was typed.
type Method interface {
	Try(ctx context.Context, user, password string) error
}

// Config is what a Passwords is made from.
type Config struct {
	Method         Method
	Representative func(login string) bool // of those in force
	Connections    int                     // to the other server at a time; 0: 8
	Timeout        time.Duration           // for one try; 0: 10 s
	Remember       time.Duration           // for how long a password that was right is not asked about again; 0: not at all
	Now            func() time.Time        // nil: time.Now
}

// Passwords is a submission.Authenticator that asks a Method. How many tries
// run at a time is bounded, and a password that was right is known again by a
// keyed hash for a while, so that a morning's rush asks about each once. It may
// be used by several goroutines.
type Passwords struct {
	cfg   Config
	known *remembered.Passwords
	slots chan struct{}
}

// NewPasswords returns a Passwords. The error is that of the random source.
func NewPasswords(cfg Config) (*Passwords, error) {
	if cfg.Connections <= 0 {
		cfg.Connections = 8
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = 10 * time.Second
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	known, err := remembered.New()
	if err != nil {
		return nil, fmt.Errorf("prepare logins: %w", err)
	}
	return &Passwords{cfg: cfg, slots: make(chan struct{}, cfg.Connections), known: known}, nil
}

// Login implements submission.Authenticator. The other server is asked about
// strangers as well: a stranger's try takes as long as a representative's.
func (p *Passwords) Login(ctx context.Context, user, password string, _ netip.Addr) error {
	if user == "" || password == "" { // for a directory, no password is no login at all (RFC 4513 §5.1.2)
		return submission.ErrDenied
	}
	id := p.known.ID(strings.ToLower(strings.TrimSpace(user)), password)
	representative := p.cfg.Representative(user)
	if representative && p.known.Knows(id, p.cfg.Now()) {
		return nil
	}
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
	case <-ctx.Done():
		return fmt.Errorf("wait for other logins: %w", ctx.Err())
	}
	if representative && p.known.Knows(id, p.cfg.Now()) { // by now
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, p.cfg.Timeout)
	defer cancel()
	if err := p.cfg.Method.Try(ctx, user, password); err != nil {
		if errors.Is(err, submission.ErrDenied) {
			p.known.Forget(id)
		}
		return err
	}
	if !representative {
		return submission.ErrDenied
	}
	if p.cfg.Remember > 0 {
		p.known.Remember(id, p.cfg.Now().Add(p.cfg.Remember))
	}
	return nil
}
