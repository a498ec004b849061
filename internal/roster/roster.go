// Package roster knows who is a member and who is a representative.
//
// Members are kept as keyed hashes of their canonical addresses and names,
// never as a list: what was loaded can only be asked. A file with a fault is
// refused as a whole, with line and column of each fault, and the values of
// cells are not repeated in errors. Who cannot be told to be a representative
// is none: a login that could not be checked is not a login.
package roster

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"os"
	"sync"
	"time"

	"postvern.example/internal/likeness"
	"postvern.example/policy/detect"
)

// Members answers who is a member. It is not changed once made, and may be
// used by several goroutines.
type Members struct {
	salt      [saltSize]byte
	key       []byte
	hashes    *sync.Pool // of hash.Hash, keyed
	addresses set
	names     set
	near      set // keys of package likeness, under which the addresses are filed
	count     int
	made      time.Time
}

var _ detect.Roster = (*Members)(nil)

const saltSize = 16

func newMembers(key []byte, salt [saltSize]byte, made time.Time) (*Members, error) {
	if len(key) < 16 {
		return nil, errors.New("roster: the key is too short")
	}
	derived, err := hkdf.Key(sha256.New, key, salt[:], "postvern roster 1", sha256.Size)
	if err != nil {
		return nil, fmt.Errorf("derive roster key: %w", err)
	}
	return &Members{
		salt: salt, key: derived, made: made,
		hashes: &sync.Pool{New: func() any { return hmac.New(sha256.New, derived) }},
	}, nil
}

// Load reads the members' file: a roster that Encode wrote, or a membership
// system's export, which is hashed as it is read. key is the installation's;
// now is when an export counts as made. An empty roster is an error.
func Load(file string, key []byte, now time.Time) (*Members, error) {
	src, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read members: %w", err)
	}
	if IsRoster(src) {
		return Decode(file, src, key)
	}
	return Import(key, now, Export{Name: file, Content: src})
}

// HasAddress reports whether the address, in any form that
// detect.CanonicalAddress accepts, is a member's.
func (m *Members) HasAddress(address string) bool {
	c, ok := detect.CanonicalAddress(address)
	return ok && m.addresses.has(m.hash(addressKind, c))
}

// HasName reports whether a full name is a member's, whatever the case, the
// order of its words, and the way its letters are written.
func (m *Members) HasName(name string) bool {
	for _, n := range canonicalNames(name) {
		if m.names.has(m.hash(nameKind, n)) {
			return true
		}
	}
	return false
}

// Resembles returns how an address that is no member's resembles a member's:
// it is the closest of the likenesses, and None where there is none. It is a
// guess, and never to be counted as a match.
func (m *Members) Resembles(address string) likeness.Kind {
	a, ok := detect.CanonicalAddress(address)
	if !ok || m.addresses.has(m.hash(addressKind, a)) {
		return likeness.None
	}
	filed := func(k likeness.Key) bool { return m.near.has(m.hash(nearKind, k.Text)) }
	return likeness.Closest(a, filed)
}

// LooksLike reports whether the address is no member's, but a slip away from
// one, or written with letters that look the same.
func (m *Members) LooksLike(address string) bool {
	return m.Resembles(address) >= likeness.Domain
}

// Len returns the number of members.
func (m *Members) Len() int { return m.count }

// Made returns when the roster was made from the membership system's export.
func (m *Members) Made() time.Time { return m.made }

// Age returns how long ago that was.
func (m *Members) Age(now time.Time) time.Duration { return now.Sub(m.made) }

// ErrShrunk is returned by Compare.
var ErrShrunk = errors.New("the new roster is more than a fifth smaller than the one in force")

// Compare returns an error that wraps ErrShrunk where the new roster has lost
// more than a fifth of the old one's members or addresses: then an export was
// cut off more likely than so many left, and a person must confirm it. A nil
// old roster compares with anything.
func Compare(old, new *Members) error {
	if old == nil || new == nil {
		return nil
	}
	if new.count*5 < old.count*4 || len(new.addresses.sorted)*5 < len(old.addresses.sorted)*4 {
		return fmt.Errorf("%w: %d members instead of %d, %d addresses instead of %d", ErrShrunk,
			new.count, old.count, len(new.addresses.sorted), len(old.addresses.sorted))
	}
	return nil
}

type kind byte

const (
	addressKind kind = 'a'
	nameKind    kind = 'n'
	nearKind    kind = 'l'
)

// hash is HMAC-SHA-256 cut to 64 bits: among a million entries a stranger is
// taken for a member once in 10^13 look-ups.
func (m *Members) hash(k kind, text string) uint64 {
	h := m.hashes.Get().(hash.Hash)
	defer m.hashes.Put(h)
	h.Reset()
	var buf [96]byte
	b := append(append(buf[:0], byte(k)), text...)
	_, _ = h.Write(b) // a hash never fails
	var sum [sha256.Size]byte
	return binary.BigEndian.Uint64(h.Sum(sum[:0]))
}
