package seal

import (
	"bytes"
	"slices"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/packet"

	"postvern.example/policy"
)

// mostForms is how much is kept of one key that goes on changing.
const mostForms = 1 << 20

// Together returns one key, in binary form, with all that two forms of it say: what was
// revoked once stays revoked. Of a key that has grown too large what
// revokes it is kept, and its newest form. What cannot be read adds nothing.
func Together(have, more []byte) []byte {
	var forms [][]byte
	for _, data := range [][]byte{have, more} {
		keys, err := parsePackets(data, "")
		if err != nil {
			return have
		}
		for _, k := range keys {
			forms = together(forms, k.forms)
		}
	}
	whole := bytes.Join(forms, nil)
	if len(whole) <= mostForms {
		return whole
	}
	newest := forms[len(forms)-1]
	forms = slices.DeleteFunc(forms[:len(forms)-1], func(form []byte) bool { return !revokes(form) })
	return bytes.Join(append(forms, newest), nil)
}

// revokes reports whether a form of a key revokes the key or a part of it.
func revokes(form []byte) bool {
	keys, err := parsePackets(form, "")
	if err != nil || len(keys) != 1 {
		return false
	}
	e := keys[0].entity
	if e == nil {
		return keys[0].broken == policy.KeyRevoked
	}
	for _, id := range e.Identities {
		if len(id.Revocations) > 0 {
			return true
		}
	}
	for _, sub := range e.Subkeys {
		if len(sub.Revocations) > 0 {
			return true
		}
	}
	return len(e.Revocations) > 0
}

// ReadRevoked reads what a server gave for a fingerprint: where it says that this key is
// revoked, it returns that form, which need not name anybody. For everything else
// it reports false.
func ReadRevoked(data []byte, reader, fingerprint string, source policy.KeySource, now time.Time) (Known, bool) {
	keys, err := parseKeys(data, "")
	if err != nil {
		return Known{}, false
	}
	for _, k := range merge(keys) {
		if k.fingerprint == fingerprint && k.judge("", now).state == policy.KeyRevoked {
			return Known{Reader: reader, Fingerprint: fingerprint, Key: k.raw(), Source: source}, true
		}
	}
	return Known{}, false
}

// revokedBare reports whether a key that names nobody is revoked by itself, as servers
// give it out whose owner has taken its addresses back.
func revokedBare(block []*packet.OpaquePacket) bool {
	pub, ok := readPublicKey(block[0])
	if !ok || slices.ContainsFunc(block, func(p *packet.OpaquePacket) bool { return p.Tag == tagUserID }) {
		return false
	}
	return slices.ContainsFunc(block[1:], func(p *packet.OpaquePacket) bool {
		parsed, err := p.Parse()
		sig, is := parsed.(*packet.Signature)
		return err == nil && is && sig.SigType == packet.SigTypeKeyRevocation && pub.VerifyRevocationSignature(sig) == nil
	})
}

// merge makes copies of one key from several files one: the newest, with the
// revocations of all.
func merge(keys []*key) []*key {
	byFingerprint := map[string]*key{}
	var merged []*key
	for _, k := range keys {
		old := byFingerprint[k.fingerprint]
		if old != nil && k.fingerprint != "" {
			forms := together(old.forms, k.forms)
			old.forms, k.forms = forms, forms
			if len(k.addresses) == 0 { // a form that names nobody takes nobody away
				k.addresses = old.addresses
			}
			if len(old.addresses) == 0 {
				old.addresses = k.addresses
			}
		}
		switch {
		case k.fingerprint == "" || old == nil:
			byFingerprint[k.fingerprint] = k
			merged = append(merged, k)
		case k.entity == nil && k.broken == policy.KeyRevoked, k.entity != nil && old.entity == nil && old.broken != policy.KeyRevoked:
			*old = *k
		case k.entity != nil && old.entity != nil:
			older, newer := old.entity, k.entity
			if signed(older).After(signed(newer)) {
				older, newer = newer, older
			} else {
				old.addresses, old.file = k.addresses, k.file
			}
			revokeAlike(newer, older)
			old.entity = newer
		}
	}
	return merged
}

// together returns the forms of both, each once.
func together(a, b [][]byte) [][]byte {
	all := slices.Clone(a)
	for _, form := range b {
		if !slices.ContainsFunc(all, func(have []byte) bool { return bytes.Equal(have, form) }) {
			all = append(all, form)
		}
	}
	return all
}

func signed(e *openpgp.Entity) time.Time {
	if self, _ := e.PrimarySelfSignature(); self != nil {
		return self.CreationTime
	}
	return time.Time{}
}

// revokeAlike gives a key the revocations of an older copy of it.
func revokeAlike(to, from *openpgp.Entity) {
	to.Revocations = append(to.Revocations, from.Revocations...)
	for name, id := range from.Identities {
		if same := to.Identities[name]; same != nil {
			same.Revocations = append(same.Revocations, id.Revocations...)
		}
	}
	for _, sub := range from.Subkeys {
		for i := range to.Subkeys {
			if bytes.Equal(to.Subkeys[i].PublicKey.Fingerprint, sub.PublicKey.Fingerprint) {
				to.Subkeys[i].Revocations = append(to.Subkeys[i].Revocations, sub.Revocations...)
			}
		}
	}
}
