package seal

import (
	"crypto"
	"fmt"
	"strings"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/packet"

	"postvern.example/policy"
	"postvern.example/policy/detect"
)

// minRSA is the smallest RSA modulus in bits (NIST SP 800-131A).
const minRSA = 2048

// verdict is what judging a key came to.
type verdict struct {
	state     policy.KeyState
	reason    string
	subkey    *openpgp.Subkey // the encryption key; nil with KeyUsable: the primary key itself
	expires   time.Time
	algorithm string
}

// judge decides whether the key may be used for a canonical address at that
// time. With an empty address user ids are not asked.
func (k *key) judge(address string, now time.Time) verdict {
	if k.entity == nil {
		return verdict{state: k.broken, reason: k.reason}
	}
	if v := judgePrimary(k.entity, now); v.state != policy.KeyUsable {
		return v
	}
	if address != "" {
		if v := judgeUserIDs(k.entity, address, now); v.state != policy.KeyUsable {
			return v
		}
	}
	return judgeEncryption(k.entity, now)
}

func judgePrimary(e *openpgp.Entity, now time.Time) verdict {
	self, _ := e.PrimarySelfSignature()
	switch {
	case len(e.Revocations) > 0: // also one dated later: its owner does not trust the key
		return verdict{state: policy.KeyRevoked, reason: "the key is revoked"}
	case self == nil:
		return verdict{state: policy.KeyWeak, reason: "the key has no valid self-signature"}
	case e.PrimaryKey.KeyExpired(self, now), e.SelfSignature != nil && e.PrimaryKey.KeyExpired(e.SelfSignature, now):
		return verdict{state: policy.KeyExpired, reason: "the key has expired or is not valid yet", expires: primaryExpiry(e)}
	case self.SigExpired(now):
		return verdict{state: policy.KeyExpired, reason: "the self-signature has expired or is not valid yet"}
	case weakHash(self):
		return verdict{state: policy.KeyWeak, reason: "the self-signature uses an outdated hash"}
	}
	if why := weakKey(e.PrimaryKey); why != "" {
		return verdict{state: policy.KeyWeak, reason: "the primary key is " + why}
	}
	return verdict{state: policy.KeyUsable}
}

func noUserID() verdict {
	return verdict{state: policy.KeyNone, reason: "no user id has this address"}
}

// judgeUserIDs asks for one valid user id with that address.
func judgeUserIDs(e *openpgp.Entity, address string, now time.Time) verdict {
	best := noUserID()
	for _, id := range e.Identities {
		if addressOf(id.Name) == address {
			best = better(best, judgeUserID(id, now))
		}
	}
	return best
}

// judgeNames does what judgeUserIDs does, for every address that a key names.
func judgeNames(e *openpgp.Entity, now time.Time) map[string]verdict {
	named := make(map[string]verdict, len(e.Identities))
	for _, id := range e.Identities {
		a := addressOf(id.Name)
		if have, ok := named[a]; ok {
			named[a] = better(have, judgeUserID(id, now))
		} else {
			named[a] = judgeUserID(id, now)
		}
	}
	return named
}

// better returns the verdict that counts of two user ids with one address: the
// usable one, else that it was revoked.
func better(a, b verdict) verdict {
	if b.state == policy.KeyUsable || a.state == policy.KeyNone || b.state == policy.KeyRevoked && a.state != policy.KeyUsable {
		return b
	}
	return a
}

func judgeUserID(id *openpgp.Identity, now time.Time) verdict {
	switch {
	case len(id.Revocations) > 0:
		return verdict{state: policy.KeyRevoked, reason: "the user id is revoked"}
	case id.SelfSignature == nil || weakHash(id.SelfSignature):
		return verdict{state: policy.KeyWeak, reason: "the user id's signature uses an outdated hash"}
	case id.SelfSignature.SigExpired(now):
		return verdict{state: policy.KeyExpired, reason: "the user id's signature has expired or is not valid yet"}
	}
	return verdict{state: policy.KeyUsable}
}

// judgeEncryption picks the newest usable encryption subkey; else the primary
// key where it may encrypt (RFC 9580 §5.2.3.29).
func judgeEncryption(e *openpgp.Entity, now time.Time) verdict {
	self, _ := e.PrimarySelfSignature()
	var best verdict
	var newest time.Time
	var failed [3]*verdict // weak, expired, revoked: the first is the most telling
	for i := range e.Subkeys {
		sub := &e.Subkeys[i]
		if !forEncryption(sub.PublicKey, sub.Sig) {
			continue
		}
		v := judgeSubkey(sub, now)
		switch v.state {
		case policy.KeyUsable:
			if made := sub.Sig.CreationTime; best.state == "" || made.After(newest) {
				best, newest = v, made
			}
		case policy.KeyWeak:
			failed[0] = &v
		case policy.KeyExpired:
			failed[1] = &v
		default:
			failed[2] = &v
		}
	}
	primaryExpires := primaryExpiry(e)
	if best.state == "" && forEncryption(e.PrimaryKey, self) {
		best = verdict{state: policy.KeyUsable, algorithm: algorithm(e.PrimaryKey)}
	}
	if best.state == policy.KeyUsable {
		best.expires = earlier(best.expires, primaryExpires)
		return best
	}
	for _, v := range failed {
		if v != nil {
			return *v
		}
	}
	return verdict{state: policy.KeyNoEncryption, reason: "the key has no encryption subkey", expires: primaryExpires}
}

func judgeSubkey(sub *openpgp.Subkey, now time.Time) verdict {
	v := verdict{subkey: sub, expires: expiry(sub.PublicKey, sub.Sig), algorithm: algorithm(sub.PublicKey)}
	why := weakKey(sub.PublicKey)
	switch {
	case len(sub.Revocations) > 0:
		v.state, v.reason = policy.KeyRevoked, "the encryption subkey is revoked"
	case sub.PublicKey.KeyExpired(sub.Sig, now) || sub.Sig.SigExpired(now):
		v.state, v.reason = policy.KeyExpired, "the encryption subkey has expired or is not valid yet"
	case why != "":
		v.state, v.reason = policy.KeyWeak, "the encryption subkey is "+why
	case weakHash(sub.Sig):
		v.state, v.reason = policy.KeyWeak, "the encryption subkey is bound with an outdated hash"
	default:
		v.state = policy.KeyUsable
	}
	return v
}

func forEncryption(pub *packet.PublicKey, sig *packet.Signature) bool {
	return sig != nil && sig.FlagsValid && sig.FlagEncryptCommunications && pub.PubKeyAlgo.CanEncrypt()
}

// weakKey says why a key is too weak, or nothing. What is not known to be
// strong is weak.
func weakKey(pub *packet.PublicKey) string {
	switch pub.PubKeyAlgo {
	case packet.PubKeyAlgoRSA, packet.PubKeyAlgoRSAEncryptOnly, packet.PubKeyAlgoRSASignOnly:
		bits, err := pub.BitLength()
		if err != nil || bits < minRSA {
			return fmt.Sprintf("RSA with less than %d bits", minRSA)
		}
		return ""
	case packet.PubKeyAlgoECDH, packet.PubKeyAlgoECDSA, packet.PubKeyAlgoEdDSA,
		packet.PubKeyAlgoX25519, packet.PubKeyAlgoX448, packet.PubKeyAlgoEd25519, packet.PubKeyAlgoEd448:
		return ""
	case packet.PubKeyAlgoDSA:
		return "DSA"
	case packet.PubKeyAlgoElGamal:
		return "ElGamal"
	}
	return "of a kind that is not supported"
}

func weakHash(sig *packet.Signature) bool {
	switch sig.Hash {
	case crypto.SHA224, crypto.SHA256, crypto.SHA384, crypto.SHA512, crypto.SHA3_256, crypto.SHA3_512:
		return false
	default:
		return true // MD5, SHA-1, RIPEMD-160 and what else may come
	}
}

func expiry(pub *packet.PublicKey, sig *packet.Signature) time.Time {
	if sig == nil || sig.KeyLifetimeSecs == nil || *sig.KeyLifetimeSecs == 0 {
		return time.Time{}
	}
	return pub.CreationTime.Add(time.Duration(*sig.KeyLifetimeSecs) * time.Second).UTC()
}

// primaryExpiry returns when the key itself expires: at the earliest time that the
// signature of its main user id and the one on the key alone say.
func primaryExpiry(e *openpgp.Entity) time.Time {
	self, _ := e.PrimarySelfSignature()
	return earlier(expiry(e.PrimaryKey, self), expiry(e.PrimaryKey, e.SelfSignature))
}

// earlier returns the earlier of two times, where zero is never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}

func algorithm(pub *packet.PublicKey) string {
	name := map[packet.PublicKeyAlgorithm]string{
		packet.PubKeyAlgoRSA: "RSA", packet.PubKeyAlgoRSAEncryptOnly: "RSA", packet.PubKeyAlgoElGamal: "ElGamal",
		packet.PubKeyAlgoECDH: "ECDH", packet.PubKeyAlgoX25519: "X25519", packet.PubKeyAlgoX448: "X448",
	}[pub.PubKeyAlgo]
	if name == "" {
		return fmt.Sprintf("algorithm %d", pub.PubKeyAlgo)
	}
	if bits, err := pub.BitLength(); err == nil && (name == "RSA" || name == "ElGamal") {
		return fmt.Sprintf("%s %d", name, bits)
	}
	return name
}

// addressOf returns the canonical address in a user id ("Name <address>" or a
// bare address), or nothing.
func addressOf(userID string) string {
	address := userID
	if open := strings.LastIndexByte(userID, '<'); open >= 0 {
		end := strings.LastIndexByte(userID, '>')
		if end < open {
			return ""
		}
		address = userID[open+1 : end]
	}
	canonical, ok := detect.CanonicalAddress(address)
	if !ok {
		return ""
	}
	return canonical
}
