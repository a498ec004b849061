package submission

import (
	"container/list"
	"crypto/sha256"
	"net/netip"
	"strings"
	"sync"
	"time"
)

// The lock-out: so many failed logins of a user or an address within the time,
// and both are answered 454 until as long after the last of them.
const (
	throttleFailures = 10
	throttleTime     = 15 * time.Minute
	throttleEntries  = 50_000 // users and addresses that are remembered, about 10 MB
)

// Throttle counts failed logins by user and by address (IPv6: by /64). Its
// memory is bounded: the entry that was quiet for longest goes first. It may
// be used by several goroutines and listeners.
type Throttle struct {
	now func() time.Time

	mu      sync.Mutex
	entries map[[16]byte]*list.Element
	order   *list.List // of *failures, the latest in front
}

type failures struct {
	key   [16]byte
	count int
	last  time.Time
}

// NewThrottle returns an empty Throttle; now is the clock.
func NewThrottle(now func() time.Time) *Throttle {
	return &Throttle{now: now, entries: map[[16]byte]*list.Element{}, order: list.New()}
}

// Limited reports whether a login of this user, or from this address, is to be
// put off without being checked.
func (t *Throttle) Limited(user string, client netip.Addr) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return user != "" && t.limited(userKey(user)) || t.limited(addressKey(client))
}

func (t *Throttle) limited(key [16]byte) bool {
	e, ok := t.entries[key]
	if !ok {
		return false
	}
	f := e.Value.(*failures)
	if t.now().Sub(f.last) >= throttleTime {
		t.order.Remove(e)
		delete(t.entries, key)
		return false
	}
	return f.count >= throttleFailures
}

// Failed notes a failed login. The user is empty where the client named none:
// then the address alone counts.
func (t *Throttle) Failed(user string, client netip.Addr) {
	t.mu.Lock()
	defer t.mu.Unlock()
	keys := [][16]byte{addressKey(client)}
	if user != "" {
		keys = append(keys, userKey(user))
	}
	for _, key := range keys {
		t.limited(key) // forgets what is over
		e, ok := t.entries[key]
		if !ok {
			e = t.order.PushFront(&failures{key: key})
			t.entries[key] = e
		}
		f := e.Value.(*failures)
		f.count++
		f.last = t.now()
		t.order.MoveToFront(e)
	}
	for t.order.Len() > throttleEntries {
		e := t.order.Back()
		delete(t.entries, e.Value.(*failures).key)
		t.order.Remove(e)
	}
}

// Succeeded forgets the failed logins of the user, but not of the address,
// which others may be using.
func (t *Throttle) Succeeded(user string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if e, ok := t.entries[userKey(user)]; ok {
		t.order.Remove(e)
		delete(t.entries, userKey(user))
	}
}

func userKey(user string) [16]byte {
	sum := sha256.Sum256([]byte("user\x00" + strings.ToLower(strings.TrimSpace(user))))
	return [16]byte(sum[:16])
}

func addressKey(a netip.Addr) [16]byte {
	sum := sha256.Sum256([]byte("address\x00" + networkOf(a).String()))
	return [16]byte(sum[:16])
}
