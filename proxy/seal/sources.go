package seal

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"postvern.example/internal/folder"
	"postvern.example/policy"
	"postvern.example/policy/detect"
)

// Known is a key that is kept for one reader.
type Known struct {
	Reader      string // canonical address
	Fingerprint string
	Key         []byte // in binary form
	Source      policy.KeySource
}

// With returns a ring that also knows the keys that were added for single
// readers, and uses for each of the bound ones no other key than theirs. The
// ring itself is not changed. What is kept of a key that a reader is bound to
// counts only beside another key of theirs: one that nobody has any more is not
// used. What cannot be read is left out; its reader stays bound.
func (k *Keyring) With(added, bound []Known) *Keyring {
	all := &assembly{byFingerprint: map[string]*key{}}
	if k != nil {
		for _, one := range k.keys {
			all.take(*one)
		}
	}
	for _, one := range added {
		for _, parsed := range one.parse() {
			all.take(*parsed)
		}
	}
	pins := map[string]pin{}
	for _, one := range bound {
		p := pin{fingerprint: one.Fingerprint}
		for _, parsed := range one.parse() {
			if have := all.byFingerprint[parsed.fingerprint]; have != nil && slices.Contains(have.addresses, one.Reader) {
				all.take(*parsed) // an older form may hold a revocation
				continue
			} else if have != nil {
				parsed.take(have.forms)
			}
			if p.kept != nil {
				parsed.take(p.kept.forms)
			}
			p.kept = parsed
		}
		pins[one.Reader] = p
	}
	ring := newKeyring(all.keys)
	ring.pins = pins
	return ring
}

// pin is what a reader is bound to.
type pin struct {
	fingerprint string
	kept        *key // where no source has it any more; nil otherwise
}

// parse reads a kept key, which counts for its reader alone: one whose user ids
// do not name them is left out.
func (n Known) parse() []*key {
	keys, err := parseKeys(n.Key, "")
	if err != nil {
		return nil
	}
	var out []*key
	for _, one := range merge(keys) {
		if one.fingerprint != n.Fingerprint || !slices.Contains(one.addresses, n.Reader) {
			continue
		}
		one.addresses, one.source = []string{n.Reader}, n.Source
		out = append(out, one)
	}
	return out
}

// assembly puts keys of several sources together.
type assembly struct {
	keys          []*key
	byFingerprint map[string]*key
}

// take adds a key, or what it says that the same one from elsewhere does not.
// The keys that it is given are not changed.
func (a *assembly) take(one key) {
	one.addresses = slices.Clone(one.addresses)
	have := a.byFingerprint[one.fingerprint]
	if have == nil || one.fingerprint == "" {
		a.keys = append(a.keys, &one)
		a.byFingerprint[one.fingerprint] = &one
		return
	}
	for _, address := range one.addresses {
		if !slices.Contains(have.addresses, address) {
			have.addresses = append(have.addresses, address)
		}
	}
	have.take(one.forms)
}

// take adds what other forms of the key say: a later expiry, a revocation. To
// merge changes entities, which other rings share: they are read anew.
func (k *key) take(forms [][]byte) {
	all := together(k.forms, forms)
	if len(all) == len(k.forms) {
		return
	}
	addresses, source, file := k.addresses, k.source, k.file
	if merged := merge(readForms(all)); len(merged) == 1 {
		*k = *merged[0]
	}
	k.addresses, k.source, k.file = addresses, source, file
}

// readForms reads the forms of a key again, which were all read before.
func readForms(forms [][]byte) []*key {
	var all []*key
	for _, form := range forms {
		keys, _ := parsePackets(form, "")
		all = append(all, keys...)
	}
	return all
}

// pickBound judges what a bound reader's mail is sealed to: the key that they
// are bound to, while any source has a key for them.
func (k *Keyring) pickBound(p pin, canonical string, now time.Time) (verdict, *key) {
	bound, usable := p.kept, false
	others := 0
	for _, candidate := range k.byAddress[canonical] {
		if candidate.fingerprint == p.fingerprint {
			bound = candidate
			continue
		}
		others++
		usable = usable || candidate.judge(canonical, now).state == policy.KeyUsable
	}
	if bound == p.kept && others == 0 {
		return noKey(), nil
	}
	v := unapproved()
	if bound != nil {
		if v = bound.judge(canonical, now); v.state == policy.KeyUsable {
			return v, bound
		}
	}
	if usable {
		return unapproved(), nil
	}
	return v, bound
}

func noKey() verdict {
	return verdict{state: policy.KeyNone, reason: "there is no key for this address"}
}

func unapproved() verdict {
	return verdict{state: policy.KeyUnapproved, reason: "it is another key than the one that was used before, and nobody has approved it"}
}

// Use returns the key that a copy for an address is sealed to, as Seal picks it.
// It reports false where none is usable.
func (k *Keyring) Use(address string, now time.Time) (Known, bool) {
	v, from := k.pick(address, now)
	canonical, ok := detect.CanonicalAddress(address)
	if v.state != policy.KeyUsable || !ok {
		return Known{}, false
	}
	return Known{Reader: canonical, Fingerprint: from.fingerprint, Key: from.raw(), Source: from.source}, true
}

// Names reports whether a text, perhaps with spaces, is a fingerprint or at
// least its last 16 digits.
func Names(text, fingerprint string) bool {
	text = strings.TrimPrefix(strings.ToUpper(strings.Join(strings.Fields(text), "")), "0X")
	return len(text) >= 16 && strings.HasSuffix(fingerprint, text)
}

// Of returns the keys with a fingerprint, or its last 16 digits, for each of
// their addresses, ready to be kept.
func (k *Keyring) Of(fingerprint string) []Known {
	if k == nil {
		return nil
	}
	var out []Known
	for _, one := range k.keys {
		if one.entity == nil || !Names(fingerprint, one.fingerprint) {
			continue
		}
		raw := one.raw()
		for _, a := range one.addresses {
			out = append(out, Known{Reader: a, Fingerprint: one.fingerprint, Key: raw, Source: one.source})
		}
	}
	return out
}

// ReadKeys reads a file of public keys that a person adds: one entry for each
// address in the user ids of each key. Its errors are ErrNoKey and ErrSecretKey.
func ReadKeys(file string, now time.Time) ([]Known, []KeyInfo, error) {
	data, err := folder.Read(file, maxKeyFile)
	if err != nil {
		return nil, nil, fmt.Errorf("read keys: %w", err)
	}
	known, infos, err := readKnown(data, policy.SourceAdded, now)
	if err != nil {
		return nil, nil, fmt.Errorf("read keys from %s: %w", file, err)
	}
	return known, infos, nil
}

// ErrForeign says that a key does not name whom it was asked for.
var ErrForeign = errors.New("no key in it names the address")

// ReadFetched reads what a server gave for a canonical address. Of its keys only
// those that name the address are returned. Its errors are ErrNoKey, ErrSecretKey and
// ErrForeign.
func ReadFetched(data []byte, address string, source policy.KeySource, now time.Time) ([]Known, []KeyInfo, error) {
	known, infos, err := readKnown(data, source, now)
	if err != nil {
		return nil, nil, err
	}
	known = slices.DeleteFunc(known, func(k Known) bool { return k.Reader != address })
	infos = slices.DeleteFunc(infos, func(i KeyInfo) bool { return !slices.Contains(i.Addresses, address) })
	if len(known) == 0 {
		return nil, nil, ErrForeign
	}
	return known, infos, nil
}

func readKnown(data []byte, source policy.KeySource, now time.Time) ([]Known, []KeyInfo, error) {
	keys, err := parseKeys(data, "")
	if err != nil {
		return nil, nil, err
	}
	var known []Known
	var infos []KeyInfo
	for _, one := range merge(keys) {
		one.source = source
		infos = append(infos, one.info(now))
		raw := one.raw()
		for _, a := range one.addresses {
			known = append(known, Known{Reader: a, Fingerprint: one.fingerprint, Key: raw, Source: source})
		}
	}
	return known, infos, nil
}

// maxCarried is the largest key that is taken from a mail.
const maxCarried = 64 << 10

// ReadCarried reads the one key that a mail carries for an address, in binary
// form. It reports false where it is not one key that can be used for it.
func ReadCarried(data []byte, address string, now time.Time) (Known, bool) {
	if len(data) > maxCarried {
		return Known{}, false
	}
	return readOne(data, address, policy.SourceAutocrypt, now)
}

func readOne(data []byte, address string, source policy.KeySource, now time.Time) (Known, bool) {
	keys, err := parsePackets(data, "")
	if err != nil || len(keys) != 1 || !slices.Contains(keys[0].addresses, address) || keys[0].judge(address, now).state != policy.KeyUsable {
		return Known{}, false
	}
	return Known{Reader: address, Fingerprint: keys[0].fingerprint, Key: keys[0].raw(), Source: source}, true
}
