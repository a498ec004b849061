// Package seal makes copies that only their reader opens: PGP/MIME (RFC 3156)
// and S/MIME (RFC 8551) with header protection (RFC 9788), one reader and one
// key a copy, so that no copy names another's key.
//
// It fails closed. A key that is expired, revoked, weak, damaged or without an
// encryption subkey is no key, and is kept only to say why. Seal returns an
// error and no bytes when anything is in doubt: an unclear header, a field that
// cannot be read, a key that was usable a moment ago. Nothing here ever
// returns clear text. The clock comes from the caller; none is read here.
package seal

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"

	"postvern.example/policy"
	"postvern.example/policy/detect"
)

// Keyring holds readers' public keys. It is not changed once made and is
// safe for use by several goroutines.
type Keyring struct {
	keys      []*key
	byAddress map[string][]*key // canonical address
	pins      map[string]pin    // of readers who are bound to a key, by canonical address
}

// key is one public key as loaded. entity is nil where it could not be read.
type key struct {
	entity      *openpgp.Entity
	file        string
	fingerprint string
	addresses   []string        // canonical, of all user ids, in order
	broken      policy.KeyState // why entity is nil
	reason      string
	forms       [][]byte // as read: the same key from several places may differ in what is signed
	source      policy.KeySource
}

// raw returns all forms of the key in binary form.
func (k *key) raw() []byte { return bytes.Join(k.forms, nil) }

// KeyInfo describes a key for a list.
type KeyInfo struct {
	Fingerprint string // upper-case hex; may be empty for a key that cannot be read
	Addresses   []string
	Created     time.Time
	Expires     time.Time // zero: never
	Algorithm   string    // of the encryption key: "RSA 3072", "ECDH 256"; empty where there is none
	State       policy.KeyState
	Reason      string // English; empty for a usable key
	File        string // its name, without the folder
	Source      policy.KeySource
	Bound       []string // of its addresses, the ones whose readers are bound to it
	Waits       []string // and those whose readers are bound to another key, until it is approved
}

// ExpiresBy reports whether a key that can be used now cannot at that time.
func (i KeyInfo) ExpiresBy(at time.Time) bool {
	return i.State == policy.KeyUsable && !i.Expires.IsZero() && !i.Expires.After(at)
}

// KeyProblem is a key that could not be used even on the day it was made, or
// is revoked.
type KeyProblem struct {
	File        string
	Fingerprint string
	Addresses   []string
	State       policy.KeyState
	Reason      string // English, no text of the key
}

// State says whether mail to the address can be sealed at that time, and if
// not, why. The address may be written in any form that
// detect.CanonicalAddress accepts; for several keys it is the best one's state.
func (k *Keyring) State(address string, now time.Time) policy.KeyState {
	best, _ := k.pick(address, now)
	return best.state
}

// pick returns the newest usable key for an address, or the verdict on the
// newest one that is not usable.
func (k *Keyring) pick(address string, now time.Time) (verdict, *key) {
	best, from := noKey(), (*key)(nil)
	if k == nil {
		return best, nil
	}
	canonical, ok := detect.CanonicalAddress(address)
	if !ok {
		return best, nil
	}
	if p, bound := k.pins[canonical]; bound {
		return k.pickBound(p, canonical, now)
	}
	for _, candidate := range k.byAddress[canonical] { // newest first
		v := candidate.judge(canonical, now)
		if v.state == policy.KeyUsable {
			return v, candidate
		}
		if from == nil {
			best, from = v, candidate
		}
	}
	return best, from
}

// List returns every key with its state at that time, by address.
func (k *Keyring) List(now time.Time) []KeyInfo {
	if k == nil {
		return nil
	}
	infos := make([]KeyInfo, 0, len(k.keys))
	for _, one := range k.keys {
		infos = append(infos, k.info(one, now))
	}
	for address, p := range k.pins {
		if p.kept != nil && len(k.byAddress[address]) > 0 { // it is used until the other one is approved
			info := p.kept.info(now)
			info.Bound = []string{address}
			infos = append(infos, info)
		}
	}
	slices.SortFunc(infos, func(a, b KeyInfo) int {
		return cmp.Or(
			cmp.Compare(strings.Join(a.Addresses, " "), strings.Join(b.Addresses, " ")),
			b.Created.Compare(a.Created), cmp.Compare(a.Fingerprint, b.Fingerprint),
		)
	})
	return infos
}

// info describes a key as the ring uses it.
func (k *Keyring) info(one *key, now time.Time) KeyInfo {
	info := one.info(now)
	for _, a := range one.addresses {
		switch p, bound := k.pins[a]; {
		case !bound:
		case p.fingerprint == one.fingerprint:
			info.Bound = append(info.Bound, a)
		default:
			info.Waits = append(info.Waits, a)
		}
	}
	if len(info.Waits) == len(info.Addresses) && len(info.Waits) > 0 && info.State == policy.KeyUsable {
		info.State, info.Reason = policy.KeyUnapproved, unapproved().reason
	}
	return info
}

func (k *key) info(now time.Time) KeyInfo {
	v := k.judgeAny(now)
	info := KeyInfo{Fingerprint: k.fingerprint, Addresses: slices.Clone(k.addresses), State: v.state, Reason: v.reason, File: k.file, Source: k.source}
	if k.entity != nil {
		info.Created = k.entity.PrimaryKey.CreationTime.UTC()
		info.Expires = v.expires
		info.Algorithm = v.algorithm
	}
	return info
}

// judgeAny is the best verdict over the key's addresses: a user id that was
// revoked does not make the others worse.
func (k *key) judgeAny(now time.Time) verdict {
	if len(k.addresses) == 0 {
		v := k.judge("", now)
		if v.state == policy.KeyUsable {
			v.state, v.reason = policy.KeyNone, "no user id has a mail address"
		}
		return v
	}
	if k.entity == nil {
		return verdict{state: k.broken, reason: k.reason}
	}
	if v := judgePrimary(k.entity, now); v.state != policy.KeyUsable {
		return v
	}
	named := judgeNames(k.entity, now) // once: a key may have ten thousand of them
	for _, a := range k.addresses {
		if named[a].state == policy.KeyUsable {
			return judgeEncryption(k.entity, now)
		}
	}
	if v, ok := named[k.addresses[0]]; ok {
		return v
	}
	return noUserID()
}

func newKeyring(keys []*key) *Keyring {
	k := &Keyring{keys: keys, byAddress: map[string][]*key{}}
	for _, one := range keys {
		for _, a := range one.addresses {
			k.byAddress[a] = append(k.byAddress[a], one)
		}
	}
	for _, list := range k.byAddress {
		slices.SortStableFunc(list, func(a, b *key) int { return b.created().Compare(a.created()) })
	}
	return k
}

// created is zero for a key that cannot be read: it never hides one that can.
func (k *key) created() time.Time {
	if k.entity == nil {
		return time.Time{}
	}
	return k.entity.PrimaryKey.CreationTime
}

func fingerprintOf(raw []byte) string { return strings.ToUpper(hex.EncodeToString(raw)) }
