// Package remembered knows passwords again that were right, so that a login is
// not counted or asked about each time. It keeps keyed hashes, in memory alone,
// under a key that is drawn at start: nothing of a password outlives the process.
package remembered

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"sync"
	"time"
)

// Most is how many passwords are known again at a time.
const Most = 4096

// ID is the keyed form of a login and a password.
type ID [sha256.Size]byte

// Passwords are those that were right. It may be used by several goroutines.
type Passwords struct {
	key [32]byte

	mu    sync.Mutex
	known map[ID]time.Time // until when; zero: for good
}

// New returns Passwords that knows none. The error is that of the random source.
func New() (*Passwords, error) {
	p := &Passwords{known: map[ID]time.Time{}}
	if _, err := rand.Read(p.key[:]); err != nil {
		return nil, fmt.Errorf("draw a key for remembered passwords: %w", err)
	}
	return p, nil
}

// ID returns the keyed form of a login, folded as its caller compares logins, and
// a password.
func (p *Passwords) ID(login, password string) (id ID) {
	h := hmac.New(sha256.New, p.key[:])
	_, _ = h.Write(binary.BigEndian.AppendUint32(nil, uint32(len(login)))) // a hash never fails
	_, _ = h.Write([]byte(login + password))
	h.Sum(id[:0])
	return id
}

// Knows reports whether a password is remembered at that time.
func (p *Passwords) Knows(id ID, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	until, ok := p.known[id]
	return ok && (until.IsZero() || now.Before(until))
}

// Remember notes a password that was right, until a time; zero is for good. Where
// too many are known, all others are forgotten.
func (p *Passwords) Remember(id ID, until time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.known) >= Most {
		clear(p.known)
	}
	p.known[id] = until
}

// Len returns how many passwords are remembered.
func (p *Passwords) Len() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.known)
}

// Forget forgets a password.
func (p *Passwords) Forget(id ID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.known, id)
}
