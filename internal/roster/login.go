package roster

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"runtime"
	"slices"
	"sync"
)

// The errors of Login.
var (
	ErrDenied      = errors.New("wrong login or password")
	ErrUnavailable = errors.New("the login could not be checked")
)

// door checks passwords. How many hashes are counted at a time is bounded, for
// each takes memory; a password that was right is known again by a keyed hash
// for as long as these representatives are in force.
type door struct {
	secrets map[string]secret // by folded login
	decoys  []secret          // what a stranger's password is tried against
	key     [32]byte
	slots   chan struct{}

	mu    sync.Mutex
	known map[[32]byte]struct{}
}

// maxKnown bounds the passwords that are known again.
const maxKnown = 4096

func newDoor(secrets map[string]secret) (*door, error) {
	d := &door{secrets: secrets, slots: make(chan struct{}, min(max(runtime.GOMAXPROCS(0), 1), 4)), known: map[[32]byte]struct{}{}}
	if _, err := rand.Read(d.key[:]); err != nil {
		return nil, fmt.Errorf("prepare logins: %w", err)
	}
	costs := []cost{}
	for _, s := range secrets {
		costs = append(costs, s.cost)
	}
	if len(costs) == 0 {
		costs = append(costs, usualCost)
	}
	// One for each secret, not for each cost: a stranger's try then takes what a
	// user's does as often as users have that cost.
	slices.SortFunc(costs, func(a, b cost) int {
		return int(int64(a.memory)*int64(a.time) - int64(b.memory)*int64(b.time))
	})
	for _, c := range costs {
		d.decoys = append(d.decoys, secret{cost: c, salt: d.key[:16], hash: d.key[16:32]})
	}
	return d, nil
}

// Login checks a password. It returns nil, ErrDenied, or ErrUnavailable where
// ctx ended before it could be told. A login that does not exist takes as long
// as a wrong password. A mandate is not looked at: MaySend does, and says why.
func (r *Representatives) Login(ctx context.Context, user, password string, _ netip.Addr) error {
	if r.door == nil { // the zero Representatives has nobody
		return ErrDenied
	}
	return r.door.try(ctx, foldLogin(user), password)
}

func (d *door) try(ctx context.Context, login, password string) error {
	if len(login) > maxLogin || len(password) > maxPassword {
		return ErrDenied
	}
	s, exists := d.secrets[login]
	if !exists {
		s = d.decoys[d.pick(login)]
	}
	id := d.identity(login, password)
	if exists && d.knows(id) {
		return nil
	}
	select {
	case d.slots <- struct{}{}:
		defer func() { <-d.slots }()
	case <-ctx.Done():
		return errors.Join(ErrUnavailable, ctx.Err())
	}
	if !s.matches(password) || !exists {
		return ErrDenied
	}
	d.remember(id)
	return nil
}

// pick chooses a decoy: always the same one for a login.
func (d *door) pick(login string) int {
	id := d.identity(login, "")
	return int(binary.BigEndian.Uint32(id[:4]) % uint32(len(d.decoys)))
}

func (d *door) identity(login, password string) (id [32]byte) {
	h := hmac.New(sha256.New, d.key[:])
	_, _ = h.Write(binary.BigEndian.AppendUint32(nil, uint32(len(login)))) // a hash never fails
	_, _ = h.Write([]byte(login + password))
	h.Sum(id[:0])
	return id
}

func (d *door) knows(id [32]byte) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, ok := d.known[id]
	return ok
}

func (d *door) remember(id [32]byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.known) >= maxKnown {
		clear(d.known)
	}
	d.known[id] = struct{}{}
}
