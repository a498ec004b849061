package spool

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"postvern.example/internal/likeness"
)

// Correspondent is somebody who was written to.
type Correspondent struct {
	Owner   string // who writes: a representative's login, or empty for senders who are none
	Address string // canonical
	Beside  bool   // as the only outsider among many members
	New     bool   // nobody here has written to them before
}

// established is on how many days somebody has to have been written to before
// others count as resembling them: an address that was mistyped once is not
// what the right one is measured by, and a young memory knows nobody.
const established = 3

// rememberPeople is for how many days somebody is remembered who is not
// written to any more: two years.
const rememberPeople = 2 * 365

// kinds of what is hashed, so that none is taken for another.
const (
	hashOwner   = "owner"
	hashAddress = "address"
	hashBeside  = "beside"
	hashDomain  = "domain"
	hashKey     = "likeness"
)

// hashed is the keyed hash of a text as it stands in a row.
func (v *vault) hashed(kind, text string) int64 { return v.hashAll(kind, text)[0] }

// hashAll hashes several texts.
func (v *vault) hashAll(kind string, texts ...string) []int64 {
	m := hmac.New(sha256.New, v.secrets.People)
	hashes := make([]int64, len(texts))
	var sum [sha256.Size]byte
	var line []byte
	for i, text := range texts {
		m.Reset()
		line = append(append(append(line[:0], kind...), 0), text...)
		m.Write(line)
		hashes[i] = int64(binary.BigEndian.Uint64(m.Sum(sum[:0])))
	}
	return hashes
}

func textsOf(keys []likeness.Key) []string {
	texts := make([]string, len(keys))
	for i, k := range keys {
		texts[i] = k.Text
	}
	return texts
}

func domainOf(address string) string { return address[strings.LastIndexByte(address, '@')+1:] }

// Known returns which of some canonical addresses were written to before, by
// anybody here; beside asks whether as the only outsider among many members.
func (s *Store) Known(ctx context.Context, beside bool, addresses ...string) (map[string]bool, error) {
	kind := hashAddress
	if beside {
		kind = hashBeside
	}
	hashes := s.vault.hashAll(kind, addresses...)
	whose := make(map[int64]string, len(addresses))
	for i, h := range hashes {
		whose[h] = addresses[i]
	}
	known := make(map[string]bool, len(addresses))
	err := s.queryHashes(ctx, "known correspondents", hashes, nil, func(r scanner) error {
		var h int64
		err := r.Scan(&h)
		known[whose[h]] = true
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("look correspondents up: %w", err)
	}
	return known, nil
}

// Resembles returns how a canonical address that was never written to resembles
// one that was, on at least three days.
func (s *Store) Resembles(ctx context.Context, canonical string) (likeness.Kind, error) {
	own, near := likeness.Host(canonical)
	common, local := likeness.Common(canonical), likeness.Local(canonical)
	keys := append(append(likeness.Probes(canonical), near...), own)
	hashes := s.vault.hashAll(hashKey, textsOf(keys)...)
	filed := make(map[int64]int)
	err := s.queryHashes(ctx, "likenesses", hashes, []any{established}, func(r scanner) error {
		var h int64
		var n int
		err := r.Scan(&h, &n)
		filed[h] = n
		return err
	})
	if err != nil {
		return likeness.None, fmt.Errorf("look likenesses up: %w", err)
	}
	if len(filed) == 0 {
		return likeness.None, nil
	}
	counts := make(map[likeness.Key]int, len(filed))
	for i, k := range keys {
		if n := filed[hashes[i]]; n > 0 {
			counts[k] = n
		}
	}
	if len(near) > 0 { // the domain counts as had from the first mail on
		had, err := s.domainHad(ctx, canonical)
		if err != nil {
			return likeness.None, err
		}
		if had {
			counts[own] = 1
		}
	}
	return likeness.Closest(canonical, func(k likeness.Key) bool {
		if k == common {
			return counts[local] > likeness.MostSame
		}
		return counts[k] > 0
	}), nil
}

func (s *Store) domainHad(ctx context.Context, canonical string) (bool, error) {
	had := false
	err := s.queryHashes(ctx, "known correspondents", []int64{s.vault.hashed(hashDomain, domainOf(canonical))}, nil, func(r scanner) error {
		had = true
		return r.Scan(new(int64))
	})
	if err != nil {
		return false, fmt.Errorf("look a domain up: %w", err)
	}
	return had, nil
}

// queryHashes asks with a list of hashes, which stands in the statement as one
// JSON array.
func (s *Store) queryHashes(ctx context.Context, q query, hashes []int64, more []any, each func(scanner) error) error {
	if len(hashes) == 0 {
		return nil
	}
	list, err := json.Marshal(hashes)
	if err != nil {
		return err
	}
	return s.query(ctx, q, append([]any{string(list)}, more...), each)
}

// remembered is one row that a transaction writes or refreshes.
type remembered struct {
	owner, recipient int64
	likenesses       []int64 // nil: they are there
}

// remember notes correspondents for the end of the transaction.
func (t *tx) remember(all []Correspondent) {
	for _, c := range all {
		owner := t.s.vault.hashed(hashOwner, c.Owner)
		if c.Beside {
			t.people = append(t.people, remembered{owner: owner, recipient: t.s.vault.hashed(hashBeside, c.Address)})
		}
		one := remembered{owner: owner, recipient: t.s.vault.hashed(hashAddress, c.Address)}
		host := remembered{owner: owner, recipient: t.s.vault.hashed(hashDomain, domainOf(c.Address))}
		if c.New {
			one.likenesses = t.s.keyHashes(likeness.Few(c.Address))
			host.likenesses = t.s.keyHashes(likeness.HostKeys(c.Address))
		}
		t.people = append(t.people, one, host)
	}
}

func (s *Store) keyHashes(keys []likeness.Key) []int64 {
	out := s.vault.hashAll(hashKey, textsOf(keys)...)
	slices.Sort(out)
	return slices.Compact(out)
}

// writePeople writes what the transaction remembers. The rows come in one order
// in every transaction, so that two nodes never wait for each other's.
func (t *tx) writePeople() error {
	if len(t.people) == 0 {
		return nil
	}
	slices.SortFunc(t.people, func(a, b remembered) int {
		return cmp.Or(cmp.Compare(a.owner, b.owner), cmp.Compare(a.recipient, b.recipient))
	})
	today := dayOf(t.s.clock())
	for _, p := range t.people {
		if _, err := t.exec("remember correspondent", p.owner, p.recipient, today); err != nil {
			return err
		}
	}
	slices.SortStableFunc(t.people, func(a, b remembered) int { return cmp.Compare(a.recipient, b.recipient) })
	for _, p := range t.people {
		if len(p.likenesses) == 0 {
			continue
		}
		list, err := json.Marshal(p.likenesses)
		if err != nil {
			return err
		}
		if _, err := t.exec("remember likenesses", string(list), p.recipient); err != nil {
			return err
		}
	}
	return nil
}

// dayOf returns the number of a day, in UTC.
func dayOf(t time.Time) int64 { return t.Unix() / (24 * 60 * 60) }

// ForgetCorrespondents forgets whom nobody has written to for two years, and
// those of owners who are no more; how copies were protected as well. It returns how many owners it forgot.
func (s *Store) ForgetCorrespondents(ctx context.Context, owners []string) (int, error) {
	keep := map[int64]bool{s.vault.hashed(hashOwner, ""): true}
	for _, o := range owners {
		keep[s.vault.hashed(hashOwner, o)] = true
	}
	var gone []int64
	err := s.query(ctx, "correspondents' owners", nil, func(r scanner) error {
		var owner int64
		err := r.Scan(&owner)
		if !keep[owner] {
			gone = append(gone, owner)
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("list the owners of correspondents: %w", err)
	}
	oldest := dayOf(s.clock()) - rememberPeople
	err = s.run(ctx, &job{urgent: true, do: func(t *tx) error {
		for _, owner := range gone {
			for _, q := range []query{"forget likenesses of owner", "forget owner"} {
				if _, err := t.exec(q, owner); err != nil {
					return err
				}
			}
		}
		for _, q := range []query{"forget old likenesses", "forget old correspondents", "forget old protections"} {
			if _, err := t.exec(q, oldest); err != nil {
				return err
			}
		}
		return nil
	}})
	if err != nil {
		return 0, fmt.Errorf("forget correspondents: %w", err)
	}
	return len(gone), nil
}
