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
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"slices"
	"strings"
	"sync"
	"time"
)

// Roster is what stands in a roster file: keyed hashes of members, by group.
// It is made and changed by one goroutine; Members are what the gateway asks.
type Roster struct {
	*hasher
	groups []entries // in the order of their names
}

// DefaultGroup is the group of entries that nobody has named.
const DefaultGroup = "members"

// MaxGroups is how many groups a roster may have.
const MaxGroups = 10_000

// Group says what is known of one group of a roster.
type Group struct {
	Name     string    `json:"name"`
	Members  int       `json:"members"` // each once, however many rows the exports had of them
	Imported time.Time `json:"imported"`
}

// The kinds of hashes that a group has.
const (
	addresses = iota // canonical addresses
	names            // the forms of full names
	dotless          // addresses without the full stops before the at sign, where that is another text
	near             // keys of package likeness, under which the addresses are filed
	pairs            // an address and a form of its owner's name together
	kinds
)

// entries are the hashes of one group.
type entries struct {
	name     string
	imported time.Time
	count    int
	hashes   [kinds][]uint64 // in order, each once
}

// New returns an empty roster with a salt of its own. key is the
// installation's.
func New(key []byte) (*Roster, error) {
	var salt [saltSize]byte
	if _, err := rand.Read(salt[:]); err != nil {
		return nil, fmt.Errorf("make roster: %w", err)
	}
	h, err := newHasher(key, salt)
	return &Roster{hasher: h}, err
}

// Groups lists the groups in the order of their names.
func (r *Roster) Groups() []Group {
	out := []Group{}
	for _, g := range r.groups {
		out = append(out, Group{Name: g.name, Members: g.count, Imported: g.imported})
	}
	return out
}

// Len returns the number of entries.
func (r *Roster) Len() int {
	n := 0
	for _, g := range r.groups {
		n += g.count
	}
	return n
}

// Size returns how large the roster is, as that of its Members.
func (r *Roster) Size() Size {
	size := Size{Members: r.Len()}
	for _, g := range r.groups {
		size.Addresses += len(g.hashes[addresses])
	}
	return size
}

// Remove takes a group out and reports whether it was there.
func (r *Roster) Remove(group string) bool {
	before := len(r.groups)
	r.groups = slices.DeleteFunc(r.groups, func(g entries) bool { return sameGroup(g.name, group) })
	return len(r.groups) < before
}

// put adds a group, in the place of one with the same name.
func (r *Roster) put(e entries) error {
	r.Remove(e.name)
	if len(r.groups) == MaxGroups {
		return fmt.Errorf("roster: more than %d groups", MaxGroups)
	}
	r.groups = append(r.groups, e)
	slices.SortFunc(r.groups, func(a, b entries) int { return strings.Compare(a.name, b.name) })
	return nil
}

func sameGroup(a, b string) bool { return strings.EqualFold(a, b) }

// GroupName returns the name of a group as the roster keeps it, and whether it
// is one: some letters on one line.
func GroupName(text string) (string, bool) {
	name := strings.Join(strings.Fields(text), " ")
	return name, name != "" && len(name) <= 100 && !strings.ContainsAny(name, "@,;\x00") && strings.ToValidUTF8(name, "") == name
}

const saltSize = 16

// hasher makes the hashes of one roster.
type hasher struct {
	owner []byte // the installation's key
	salt  [saltSize]byte
	key   []byte
	pool  *sync.Pool // of hash.Hash, keyed
}

func newHasher(key []byte, salt [saltSize]byte) (*hasher, error) {
	if len(key) < 16 {
		return nil, errors.New("roster: the key is too short")
	}
	derived, err := hkdf.Key(sha256.New, key, salt[:], "postvern roster 1", sha256.Size)
	if err != nil {
		return nil, fmt.Errorf("derive roster key: %w", err)
	}
	return hasherOf(key, derived, salt), nil
}

// hasherOf returns what makes hashes with a key of their own.
func hasherOf(owner, key []byte, salt [saltSize]byte) *hasher {
	return &hasher{owner: owner, salt: salt, key: key, pool: &sync.Pool{New: func() any { return hmac.New(sha256.New, key) }}}
}

// kind keeps hashes of different things apart.
type kind byte

const (
	addressKind kind = 'a'
	nameKind    kind = 'n'
	nearKind    kind = 'l'
	pairKind    kind = 'p'
)

// hash is HMAC-SHA-256 cut to 64 bits: among a million entries a stranger is
// taken for a member once in 10^13 look-ups.
func (r *hasher) hash(k kind, text string) uint64 {
	h := r.pool.Get().(hash.Hash)
	defer r.pool.Put(h)
	h.Reset()
	var buf [160]byte
	b := append(append(buf[:0], byte(k)), text...)
	_, _ = h.Write(b) // a hash never fails
	var sum [sha256.Size]byte
	return binary.BigEndian.Uint64(h.Sum(sum[:0]))
}

// pairText is what an address and a name together are hashed as.
func pairText(address, name string) string { return address + "\x00" + name }
