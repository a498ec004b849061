package seal

import (
	"bytes"
	"crypto"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/packet"

	"postvern.example/policy"
	"postvern.example/policy/detect"
)

// OrganisationKey is a key of the organisation's own. It signs and does nothing
// else: nobody can encrypt to it, since nobody reads what would come back.
type OrganisationKey struct {
	entity  *openpgp.Entity
	address string // of its user id, canonical
}

// Organisation are the organisation's keys, the newest first. The nil
// Organisation has none. It is not changed and is safe for use by several
// goroutines.
type Organisation struct{ keys []*OrganisationKey }

// Why a key of the organisation's is revoked (RFC 9580 §5.2.3.31).
const (
	Superseded  = "superseded"
	Compromised = "compromised"
	Retired     = "retired"
)

var revocationReasons = map[string]packet.ReasonForRevocation{
	Superseded: packet.KeySuperseded, Compromised: packet.KeyCompromised, Retired: packet.KeyRetired,
}

// slow is how far the clocks of other nodes and of readers may be behind: a key
// is that old when it is made, so that none of them takes it for one to come.
const slow = 10 * time.Minute

// NewOrganisationKey makes a key (Ed25519, version 4: every program in use
// verifies by it) for an organisation and its address. before, the key that it
// takes the place of, signs it, so that who trusts that one can trust it; nil
// where there is none.
func NewOrganisationKey(name, address string, now time.Time, valid time.Duration, before *OrganisationKey) (*OrganisationKey, error) {
	canonical, ok := detect.CanonicalAddress(address)
	if !ok {
		return nil, fmt.Errorf("make the organisation's key: %q is no mail address", address)
	}
	made := organisationConfig(now.Add(-slow))
	made.KeyLifetimeSecs = uint32((valid + slow) / time.Second)
	e, err := openpgp.NewEntity(userIDName(name), "", canonical, made)
	if err != nil {
		return nil, fmt.Errorf("make the organisation's key: %w", err)
	}
	e.Subkeys = nil // that one would be for encryption
	if before != nil && before.Usable(now) {
		for id := range e.Identities {
			if err := e.SignIdentity(id, before.entity, organisationConfig(now)); err != nil {
				return nil, fmt.Errorf("sign the organisation's key by the one before: %w", err)
			}
		}
	}
	return &OrganisationKey{entity: e, address: canonical}, nil
}

func organisationConfig(now time.Time) *packet.Config {
	return &packet.Config{
		Algorithm: packet.PubKeyAlgoEdDSA, DefaultHash: crypto.SHA256, DefaultCipher: packet.CipherAES256,
		Time: func() time.Time { return now },
	}
}

// userIDName leaves out what ends the name in a user id.
func userIDName(name string) string {
	return strings.Join(strings.FieldsFunc(name, func(r rune) bool { return r < ' ' || r == ' ' || strings.ContainsRune("()<>\x7f", r) }), " ")
}

// ReadOrganisationKey reads what Secret returned.
func ReadOrganisationKey(secret []byte) (*OrganisationKey, error) {
	e, err := openpgp.ReadEntity(packet.NewReader(bytes.NewReader(secret)))
	if err != nil {
		return nil, fmt.Errorf("read the organisation's key: %w", err)
	}
	if e.PrivateKey == nil || e.PrivateKey.Encrypted {
		return nil, errors.New("read the organisation's key: the secret part is missing")
	}
	k := &OrganisationKey{entity: e}
	for id := range e.Identities {
		k.address = addressOf(id)
	}
	return k, nil
}

// Secret returns the key with its secret part: only the store may hold it.
func (k *OrganisationKey) Secret() ([]byte, error) {
	var out bytes.Buffer
	if err := k.entity.SerializePrivateWithoutSigning(&out, nil); err != nil {
		return nil, fmt.Errorf("write the organisation's key: %w", err)
	}
	return out.Bytes(), nil
}

// Public returns the public key in binary form.
func (k *OrganisationKey) Public() ([]byte, error) {
	var out bytes.Buffer
	if err := k.entity.Serialize(&out); err != nil {
		return nil, fmt.Errorf("write the organisation's public key: %w", err)
	}
	return out.Bytes(), nil
}

// Fingerprint returns it in upper-case hexadecimal.
func (k *OrganisationKey) Fingerprint() string { return fingerprintOf(k.entity.PrimaryKey.Fingerprint) }

// Address returns the address that the key is for.
func (k *OrganisationKey) Address() string { return k.address }

// UserID returns whose key it says it is.
func (k *OrganisationKey) UserID() string {
	for id := range k.entity.Identities {
		return id
	}
	return ""
}

// Created returns when it was made.
func (k *OrganisationKey) Created() time.Time { return k.entity.PrimaryKey.CreationTime.UTC() }

// Expires returns when it ends to be valid.
func (k *OrganisationKey) Expires() time.Time {
	self, _ := k.entity.PrimarySelfSignature()
	return expiry(k.entity.PrimaryKey, self)
}

// Revoked reports whether it is.
func (k *OrganisationKey) Revoked() bool { return len(k.entity.Revocations) > 0 }

// Usable reports whether it can sign at that time.
func (k *OrganisationKey) Usable(now time.Time) bool {
	return judgePrimary(k.entity, now).state == policy.KeyUsable
}

// Revocation returns a certificate that revokes the key wherever it is
// imported, armored. Whoever has it can make the key useless, and nothing more.
func (k *OrganisationKey) Revocation(reason string, now time.Time) ([]byte, error) {
	revoked, err := k.revoked(reason, now)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := revoked.Revocations[len(revoked.Revocations)-1].Serialize(&out); err != nil {
		return nil, fmt.Errorf("write a revocation: %w", err)
	}
	return Armored(out.Bytes()), nil
}

// Revoke returns the key, revoked.
func (k *OrganisationKey) Revoke(reason string, now time.Time) (*OrganisationKey, error) {
	e, err := k.revoked(reason, now)
	return &OrganisationKey{entity: e, address: k.address}, err
}

func (k *OrganisationKey) revoked(reason string, now time.Time) (*openpgp.Entity, error) {
	why, ok := revocationReasons[reason]
	if !ok {
		return nil, fmt.Errorf("revoke the organisation's key: %q is no reason: write %s, %s or %s", reason, Superseded, Compromised, Retired)
	}
	one := *k.entity
	one.Revocations = slices.Clone(one.Revocations)
	if err := one.RevokeKey(why, "", organisationConfig(now)); err != nil {
		return nil, fmt.Errorf("revoke the organisation's key: %w", err)
	}
	return &one, nil
}

// NewOrganisation puts keys together, that come in the order in which they were
// made.
func NewOrganisation(keys ...*OrganisationKey) *Organisation {
	keys = slices.Clone(keys)
	slices.Reverse(keys)
	return &Organisation{keys: keys}
}

// Signer returns the newest key that can sign at that time; nil where there is
// none.
func (o *Organisation) Signer(now time.Time) *OrganisationKey {
	if o == nil {
		return nil
	}
	for _, k := range o.keys {
		if k.Usable(now) {
			return k
		}
	}
	return nil
}

// Keys returns all of them, the newest first.
func (o *Organisation) Keys() []*OrganisationKey {
	if o == nil {
		return nil
	}
	return slices.Clone(o.keys)
}

// enclosed is a public key as it goes along in a mail.
type enclosed struct{ field, part string }

// along returns the public key as an Autocrypt field (Autocrypt level 1, §2.1)
// and as a part of a mail (RFC 3156 §7); nothing for no key.
func (k *OrganisationKey) along() (enclosed, error) {
	if k == nil {
		return enclosed{}, nil
	}
	public, err := k.Public()
	name := "OpenPGP_0x" + k.Fingerprint() + ".asc"
	return enclosed{
		field: "Autocrypt: addr=" + k.address + "; keydata=" + folded(public, "\r\n ") + "\r\n",
		part: "Content-Type: application/pgp-keys; name=\"" + name + "\"\r\n" +
			"Content-Disposition: attachment; filename=\"" + name + "\"\r\n\r\n" + string(Armored(public)),
	}, err
}

// Armored returns public packets in ASCII armor with CRLF line ends.
func Armored(packets []byte) []byte {
	out := bytes.NewBufferString("-----BEGIN PGP PUBLIC KEY BLOCK-----\r\n")
	out.WriteString(folded(packets, "\r\n"))
	sum := crc24(crc24Init, packets)
	out.WriteString("\r\n=" + base64.StdEncoding.EncodeToString([]byte{byte(sum >> 16), byte(sum >> 8), byte(sum)}) + "\r\n-----END PGP PUBLIC KEY BLOCK-----\r\n")
	return out.Bytes()
}

// folded returns base64 in lines that each begin so.
func folded(b []byte, start string) string {
	var out strings.Builder
	for line := range slices.Chunk([]byte(base64.StdEncoding.EncodeToString(b)), armorLine) {
		out.WriteString(start)
		out.Write(line)
	}
	return out.String()
}
