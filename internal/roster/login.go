package roster

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"runtime"
	"slices"
	"time"

	"postvern.example/internal/remembered"
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
	known   *remembered.Passwords
	slots   chan struct{}
}

func newDoor(secrets map[string]secret) (*door, error) {
	known, err := remembered.New()
	if err != nil {
		return nil, fmt.Errorf("prepare logins: %w", err)
	}
	d := &door{secrets: secrets, slots: make(chan struct{}, min(max(runtime.GOMAXPROCS(0), 1), 4)), known: known}
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
	drawn := known.ID("", "") // nobody's
	for _, c := range costs {
		d.decoys = append(d.decoys, secret{cost: c, salt: drawn[:16], hash: drawn[16:]})
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
	id := d.known.ID(login, password)
	if exists && d.known.Knows(id, time.Time{}) {
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
	d.known.Remember(id, time.Time{})
	return nil
}

// pick chooses a decoy: always the same one for a login.
func (d *door) pick(login string) int {
	id := d.known.ID(login, "")
	return int(binary.BigEndian.Uint32(id[:4]) % uint32(len(d.decoys)))
}
