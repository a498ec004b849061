package roster

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"postvern.example/internal/likeness"
	"postvern.example/policy"
	"postvern.example/policy/detect"
)

// Members answers who is a member. It is not changed once made, and may be
// used by several goroutines. The zero Members knows nobody.
type Members struct {
	shelves []shelf
	groups  []Group
	same    []policy.SameMailbox
	source  [32]byte
}

var _ detect.Roster = (*Members)(nil)

// shelf is one roster made ready for look-ups, whatever its number of groups.
type shelf struct {
	*hasher
	sets   [kinds]set // near is apart
	near   thinSet
	of     []uint16 // for each address, its group; empty: there is but one
	groups []string
}

// Members returns the roster made ready to be asked.
func (r *Roster) Members() *Members { return gather(r) }

// gather makes several rosters ready to be asked as one.
func gather(rosters ...*Roster) *Members {
	m := &Members{}
	for _, r := range rosters {
		if len(r.groups) == 0 {
			continue
		}
		m.shelves = append(m.shelves, r.shelf())
		m.groups = append(m.groups, r.Groups()...)
	}
	return m
}

func (r *Roster) shelf() shelf {
	s := shelf{hasher: r.hasher}
	for _, g := range r.groups {
		s.groups = append(s.groups, g.name)
	}
	if len(r.groups) == 1 {
		for k, hashes := range r.groups[0].hashes {
			if k == near {
				s.near = thinned(hashes)
			} else {
				s.sets[k] = indexed(hashes)
			}
		}
		return s
	}
	for k := names; k < kinds; k++ {
		var lists [][]uint64
		for _, g := range r.groups {
			lists = append(lists, g.hashes[k])
		}
		all := slices.Concat(lists...)
		slices.Sort(all)
		if k == near {
			s.near = thinned(all)
		} else {
			s.sets[k] = indexed(slices.Clone(slices.Compact(all)))
		}
	}
	s.sets[addresses], s.of = r.merged()
	return s
}

// merged returns the addresses of all groups in order, and the group of each:
// an address of two groups stands there twice.
func (r *Roster) merged() (set, []uint16) {
	n := 0
	for _, g := range r.groups {
		n += len(g.hashes[addresses])
	}
	all, of := make([]uint64, 0, n), make([]uint16, 0, n)
	at := make([]int, len(r.groups))
	for len(all) < n {
		best := -1
		for i, g := range r.groups {
			if list := g.hashes[addresses]; at[i] < len(list) && (best < 0 || list[at[i]] < r.groups[best].hashes[addresses][at[best]]) {
				best = i
			}
		}
		all, of = append(all, r.groups[best].hashes[addresses][at[best]]), append(of, uint16(best))
		at[best]++
	}
	return indexed(all), of
}

// Following returns the same members, found in every spelling that a provider
// delivers to one mailbox.
func (m *Members) Following(same []policy.SameMailbox) *Members {
	with := *m
	with.same = same
	return &with
}

// HasAddress reports whether the address, in any form that
// detect.CanonicalAddress accepts, is a member's: as it is, on its way through
// a relay or a list (detect.Behind), or in a provider's other spelling.
func (m *Members) HasAddress(address string) bool {
	for i := range m.shelves {
		if _, ok := m.find(&m.shelves[i], address); ok {
			return true
		}
	}
	return false
}

// GroupsOf returns the names of the groups that an address belongs to, in
// their order; none for somebody who is no member.
func (m *Members) GroupsOf(address string) []string {
	var out []string
	for i := range m.shelves {
		s := &m.shelves[i]
		if h, ok := m.find(s, address); ok {
			out = append(out, s.groupsOf(h)...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (s *shelf) groupsOf(h uint64) []string {
	if len(s.of) == 0 {
		return s.groups
	}
	var out []string
	first, last := s.sets[addresses].span(h)
	for i := first; i < last; i++ {
		if s.sets[addresses].sorted[i] == h {
			out = append(out, s.groups[s.of[i]])
		}
	}
	return out
}

// find returns the hash under which an address stands among the addresses of
// a shelf; of a provider's spelling that was imported with full stops, it is
// only known that it stands there.
func (m *Members) find(s *shelf, address string) (uint64, bool) {
	if h, ok := m.findPlain(s, address); ok {
		return h, true
	}
	for _, through := range detect.Behind(address) {
		if h, ok := m.findPlain(s, through); ok {
			return h, true
		}
	}
	return 0, false
}

// findPlain is find for an address that stands for nothing but itself.
func (m *Members) findPlain(s *shelf, address string) (uint64, bool) {
	c, ok := detect.CanonicalAddress(address)
	if !ok {
		return 0, false
	}
	if h := s.hash(addressKind, c); s.sets[addresses].has(h) {
		return h, true
	}
	return m.respelt(s, c)
}

// respelt looks for the other spellings of a mailbox.
func (m *Members) respelt(s *shelf, canonical string) (uint64, bool) {
	for _, rule := range m.same {
		local, domains := rule.Spellings(canonical)
		for _, d := range domains {
			if h := s.hash(addressKind, local+"@"+d); s.sets[addresses].has(h) {
				return h, true
			}
			if !rule.IgnoreDots {
				continue
			}
			h := s.hash(addressKind, policy.WithoutDots(local)+"@"+d)
			if s.sets[addresses].has(h) || s.sets[dotless].has(h) {
				return h, true
			}
		}
	}
	return 0, false
}

// HasName reports whether a full name is a member's, whatever the case, the
// order of its words, and the way its letters are written.
func (m *Members) HasName(name string) bool {
	forms := canonicalNames(name)
	for i := range m.shelves {
		s := &m.shelves[i]
		for _, n := range forms {
			if s.sets[names].has(s.hash(nameKind, n)) {
				return true
			}
		}
	}
	return false
}

// IsNamed reports whether a full name is that of the member with the address.
func (m *Members) IsNamed(address, name string) bool {
	c, ok := detect.CanonicalAddress(address)
	if !ok {
		return false
	}
	forms := canonicalNames(name)
	for i := range m.shelves {
		s := &m.shelves[i]
		for _, n := range forms {
			if s.sets[pairs].has(s.hash(pairKind, pairText(c, n))) {
				return true
			}
		}
	}
	return false
}

// Resembles returns how an address that is no member's resembles a member's:
// it is the closest of the likenesses, and None where there is none. It is a
// guess, and never to be counted as a match.
func (m *Members) Resembles(address string) likeness.Kind {
	a, ok := detect.CanonicalAddress(address)
	if !ok || m.HasAddress(address) {
		return likeness.None
	}
	return likeness.Closest(a, func(k likeness.Key) bool {
		return slices.ContainsFunc(m.shelves, func(s shelf) bool { return s.near.has(s.hash(nearKind, k.Text)) })
	})
}

// LooksLike reports whether the address is no member's, but a slip away from
// one, or written with letters that look the same.
func (m *Members) LooksLike(address string) bool {
	return m.Resembles(address) >= likeness.Domain
}

// SameName reports whether two texts are the same full name, as HasName
// compares them.
func SameName(a, b string) bool {
	forms := canonicalNames(a)
	return slices.ContainsFunc(canonicalNames(b), func(n string) bool { return slices.Contains(forms, n) })
}

// NameForms returns the forms in which a full name is compared.
func NameForms(name string) []string { return canonicalNames(name) }

// Len returns the number of entries.
func (m *Members) Len() int {
	n := 0
	for _, g := range m.groups {
		n += g.Members
	}
	return n
}

// Groups lists the groups.
func (m *Members) Groups() []Group { return append([]Group{}, m.groups...) }

// Made returns when the oldest of the groups was imported; the zero time where
// there is none.
func (m *Members) Made() time.Time {
	var oldest time.Time
	for _, g := range m.groups {
		if oldest.IsZero() || g.Imported.Before(oldest) {
			oldest = g.Imported
		}
	}
	return oldest
}

// Age returns how long ago that was; 0 where there is no group.
func (m *Members) Age(now time.Time) time.Duration {
	if len(m.groups) == 0 {
		return 0
	}
	return max(0, now.Sub(m.Made()))
}

// Source recognises the files that the members were loaded from, by a keyed
// hash of their content.
func (m *Members) Source() [32]byte { return m.source }

// Size says how large a roster is.
type Size struct {
	Members   int `json:"people"` // "members" counted rows, of which one member may have had several
	Addresses int `json:"addresses"`
}

// Size returns how large the roster is.
func (m *Members) Size() Size {
	size := Size{Members: m.Len()}
	for i := range m.shelves {
		size.Addresses += len(m.shelves[i].sets[addresses].sorted)
	}
	return size
}

// ErrShrunk is returned by Compare.
var ErrShrunk = errors.New("the new roster is more than a fifth smaller than the last one in force")

// Compare returns an error that wraps ErrShrunk where the new roster has lost
// more than a fifth of the old one's members or addresses: then an export was
// cut off more likely than so many left, and a person must confirm it. The zero
// Size compares with anything.
func Compare(old, new Size) error {
	if new.Members*5 < old.Members*4 || new.Addresses*5 < old.Addresses*4 {
		return fmt.Errorf("%w: %d members instead of %d, %d addresses instead of %d", ErrShrunk,
			new.Members, old.Members, new.Addresses, old.Addresses)
	}
	return nil
}

// CompareGroups returns an error that wraps ErrShrunk where a group has lost
// more than a fifth of its members.
func CompareGroups(old, new []Group) error {
	for _, o := range old {
		for _, n := range new {
			if sameGroup(o.Name, n.Name) && n.Members*5 < o.Members*4 {
				return fmt.Errorf("%w: %d members of %q instead of %d", ErrShrunk, n.Members, n.Name, o.Members)
			}
		}
	}
	return nil
}
