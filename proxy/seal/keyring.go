// Package seal makes copies that only their reader opens: PGP/MIME (RFC 3156)
// with header protection (RFC 9788), one reader and one key a copy, so that no
// copy names another's key.
//
// It fails closed. A key that is expired, revoked, weak, damaged or without an
// encryption subkey is no key, and is kept only to say why. Seal returns an
// error and no bytes when anything is in doubt: an unclear header, a field that
// cannot be read, a key that was usable a moment ago. Nothing here ever
// returns clear text. The clock comes from the caller; none is read here.
package seal

import (
	"cmp"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"

	"postvern.example/policy"
	"postvern.example/policy/detect"
)

// Keyring holds readers' public keys. It is not changed after LoadKeys and is
// safe for use by several goroutines.
type Keyring struct {
	keys      []*key
	byAddress map[string][]*key // canonical address
}

// key is one public key as loaded. entity is nil where it could not be read.
type key struct {
	entity      *openpgp.Entity
	file        string
	fingerprint string
	addresses   []string        // canonical, of all user ids, in order
	broken      policy.KeyState // why entity is nil
	reason      string
}

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
	best, from := verdict{state: policy.KeyNone, reason: "there is no key for this address"}, (*key)(nil)
	if k == nil {
		return best, nil
	}
	canonical, ok := detect.CanonicalAddress(address)
	if !ok {
		return best, nil
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
		infos = append(infos, one.info(now))
	}
	slices.SortFunc(infos, func(a, b KeyInfo) int {
		return cmp.Or(
			cmp.Compare(strings.Join(a.Addresses, " "), strings.Join(b.Addresses, " ")),
			b.Created.Compare(a.Created), cmp.Compare(a.Fingerprint, b.Fingerprint),
		)
	})
	return infos
}

func (k *key) info(now time.Time) KeyInfo {
	v := k.judgeAny(now)
	info := KeyInfo{Fingerprint: k.fingerprint, Addresses: slices.Clone(k.addresses), State: v.state, Reason: v.reason, File: k.file}
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
	var best verdict
	for i, a := range k.addresses {
		if v := k.judge(a, now); i == 0 || v.state == policy.KeyUsable {
			best = v
		}
	}
	return best
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
