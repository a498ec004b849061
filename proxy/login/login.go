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
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"time"

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
	key   [32]byte
	slots chan struct{}

	mu    sync.Mutex
	known map[[32]byte]time.Time // until when
}

// maxKnown bounds the passwords that are known again.
const maxKnown = 4096

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
	p := &Passwords{cfg: cfg, slots: make(chan struct{}, cfg.Connections), known: map[[32]byte]time.Time{}}
	if _, err := rand.Read(p.key[:]); err != nil {
		return nil, fmt.Errorf("prepare logins: %w", err)
	}
	return p, nil
}

// Login implements submission.Authenticator. The other server is asked about
// strangers as well: a stranger's try takes as long as a representative's.
func (p *Passwords) Login(ctx context.Context, user, password string, _ netip.Addr) error {
	if user == "" || password == "" { // for a directory, no password is no login at all (RFC 4513 §5.1.2)
		return submission.ErrDenied
	}
	id := p.identity(user, password)
	representative := p.cfg.Representative(user)
	if representative && p.knows(id) {
		return nil
	}
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
	case <-ctx.Done():
		return fmt.Errorf("wait for other logins: %w", ctx.Err())
	}
	if representative && p.knows(id) { // by now
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, p.cfg.Timeout)
	defer cancel()
	if err := p.cfg.Method.Try(ctx, user, password); err != nil {
		if errors.Is(err, submission.ErrDenied) {
			p.forget(id)
		}
		return err
	}
	if !representative {
		return submission.ErrDenied
	}
	p.remember(id)
	return nil
}

func (p *Passwords) identity(user, password string) (id [32]byte) {
	user = strings.ToLower(strings.TrimSpace(user))
	h := hmac.New(sha256.New, p.key[:])
	_, _ = h.Write(binary.BigEndian.AppendUint32(nil, uint32(len(user)))) // a hash never fails
	_, _ = h.Write([]byte(user + password))
	h.Sum(id[:0])
	return id
}

func (p *Passwords) knows(id [32]byte) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	until, ok := p.known[id]
	return ok && p.cfg.Now().Before(until)
}

func (p *Passwords) forget(id [32]byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.known, id)
}

func (p *Passwords) remember(id [32]byte) {
	if p.cfg.Remember <= 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.known) >= maxKnown {
		clear(p.known)
	}
	p.known[id] = p.cfg.Now().Add(p.cfg.Remember)
}
