package seal

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/packet"

	"postvern.example/policy"
)

// edit passes the packets of a key through a function, which returns what
// stands in the place of each.
func edit(t *testing.T, key []byte, change func(*packet.OpaquePacket) []*packet.OpaquePacket) []byte {
	t.Helper()
	var out bytes.Buffer
	for r := packet.NewOpaqueReader(bytes.NewReader(key)); ; {
		p, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out.Bytes()
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range change(p) {
			if err := one.Serialize(&out); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// unreadable gives every signature of a type a critical subpacket that nobody
// knows (RFC 9580 §5.2.3.7), as its first.
func unreadable(of packet.SignatureType) func(*packet.OpaquePacket) []*packet.OpaquePacket {
	return func(p *packet.OpaquePacket) []*packet.OpaquePacket {
		if p.Tag == tagSignature && signatureType(p) == of {
			size := int(p.Contents[4])<<8 | int(p.Contents[5]) + 3
			head := append(bytes.Clone(p.Contents[:4]), byte(size>>8), byte(size), 2, 0x80|123, 0)
			p.Contents = append(head, p.Contents[6:]...)
		}
		return []*packet.OpaquePacket{p}
	}
}

func TestARevocationThatCannotBeReadCounts(t *testing.T) {
	then := time.Now().Add(-time.Hour)
	config := &packet.Config{Time: func() time.Time { return then }}
	for _, c := range []struct {
		name   string
		revoke func(*openpgp.Entity) error
		kind   packet.SignatureType
		reason string
	}{
		{"of the key", func(e *openpgp.Entity) error { return e.RevokeKey(packet.KeyRetired, "", config) }, packet.SigTypeKeyRevocation, revokedUnchecked},
		{"of the subkey", func(e *openpgp.Entity) error { return e.RevokeSubkey(&e.Subkeys[0], packet.KeyRetired, "", config) }, packet.SigTypeSubkeyRevocation, "the encryption subkey is revoked"},
		{"of the user id", func(e *openpgp.Entity) error { return revokeUserID(e, e, config) }, packet.SigTypeCertificationRevocation, "the user id is revoked"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := generateAt(t, then)
			good := public(t, e)
			if err := c.revoke(e); err != nil {
				t.Fatal(err)
			}
			readable := public(t, e)
			revoked := edit(t, readable, unreadable(c.kind))
			twice := append(bytes.Clone(readable), plainPart(t, good, c.kind)...)
			for name, files := range map[string]map[string][]byte{
				"readable":                 {"a.gpg": readable},
				"alone":                    {"a.gpg": revoked},
				"after the key in its day": {"a.gpg": good, "b.gpg": revoked},
				"before":                   {"a.gpg": revoked, "b.gpg": good},
				"in one of two packets":    {"a.gpg": twice},
			} {
				k, err := load(t, files)
				if err != nil {
					t.Fatal(err)
				}
				if got := k.State("anna@member.example", time.Now()); got != policy.KeyRevoked {
					t.Errorf("%s: %s", name, got)
				}
			}
			k, err := load(t, map[string][]byte{"a.gpg": revoked})
			if err != nil {
				t.Fatal(err)
			}
			if list := k.List(time.Now()); len(list) != 1 || list[0].Reason != c.reason {
				t.Errorf("%+v", list)
			}
		})
	}
}

// plainPart returns the packet of a key that a type of revocation is about, with the
// signatures after it.
func plainPart(t *testing.T, key []byte, kind packet.SignatureType) []byte {
	of := map[packet.SignatureType]uint8{packet.SigTypeSubkeyRevocation: tagPublicSubkey, packet.SigTypeCertificationRevocation: tagUserID}[kind]
	within := false
	return edit(t, key, func(p *packet.OpaquePacket) []*packet.OpaquePacket {
		if p.Tag != tagSignature {
			within = p.Tag == of
		}
		if !within {
			return nil
		}
		return []*packet.OpaquePacket{p}
	})
}

// revokeUserID lets somebody revoke what they or its owner said of a user id.
func revokeUserID(e, by *openpgp.Entity, config *packet.Config) error {
	id := e.PrimaryIdentity()
	sig := &packet.Signature{
		Version: 4, SigType: packet.SigTypeCertificationRevocation, PubKeyAlgo: by.PrimaryKey.PubKeyAlgo,
		Hash: config.Hash(), CreationTime: config.Now(), IssuerKeyId: &by.PrimaryKey.KeyId,
	}
	if err := sig.SignUserId(id.Name, e.PrimaryKey, by.PrivateKey, config); err != nil {
		return err
	}
	id.Signatures = append(id.Signatures, sig)
	return nil
}

func TestWhatAnotherTakesBackOfAUserIDRevokesNothing(t *testing.T) {
	then := time.Now().Add(-time.Hour)
	e := generateAt(t, then)
	if err := revokeUserID(e, generateAt(t, then), &packet.Config{Time: func() time.Time { return then }}); err != nil {
		t.Fatal(err)
	}
	k, err := load(t, map[string][]byte{"a.gpg": edit(t, public(t, e), unreadable(packet.SigTypeCertificationRevocation))})
	if err != nil {
		t.Fatal(err)
	}
	if got := k.State("anna@member.example", time.Now()); got != policy.KeyUsable {
		t.Error(got)
	}
}

func TestAKeyExpiresWhenTheSignatureOnItAloneSays(t *testing.T) {
	then := time.Now().Add(-2 * time.Hour)
	e := generateAt(t, then)
	lifetime := uint32(3600)
	sig := &packet.Signature{
		Version: 4, SigType: packet.SigTypeDirectSignature, PubKeyAlgo: e.PrimaryKey.PubKeyAlgo, Hash: (*packet.Config)(nil).Hash(),
		CreationTime: then, IssuerKeyId: &e.PrimaryKey.KeyId, KeyLifetimeSecs: &lifetime,
	}
	if err := sig.SignDirectKeyBinding(e.PrimaryKey, e.PrivateKey, nil); err != nil {
		t.Fatal(err)
	}
	var direct bytes.Buffer
	if err := sig.Serialize(&direct); err != nil {
		t.Fatal(err)
	}
	signature, err := packet.NewOpaqueReader(&direct).Next()
	if err != nil {
		t.Fatal(err)
	}
	k, err := load(t, map[string][]byte{"a.gpg": edit(t, public(t, e), func(p *packet.OpaquePacket) []*packet.OpaquePacket {
		if p.Tag == tagPublicKey {
			return []*packet.OpaquePacket{p, signature}
		}
		return []*packet.OpaquePacket{p}
	})})
	if err != nil {
		t.Fatal(err)
	}
	for at, want := range map[time.Duration]policy.KeyState{30 * time.Minute: policy.KeyUsable, 90 * time.Minute: policy.KeyExpired} {
		if got := k.State("anna@member.example", then.Add(at)); got != want {
			t.Errorf("after %s: %s", at, got)
		}
	}
	if got := k.List(then.Add(time.Minute))[0].Expires; !got.Equal(then.Add(time.Hour).Truncate(time.Second)) {
		t.Errorf("expires %s", got)
	}
}

func TestMarkersAndPaddingStandAnywhereInAKeyFile(t *testing.T) {
	key := public(t, generateAt(t, time.Now().Add(-time.Hour)))
	filler := []*packet.OpaquePacket{{Tag: tagMarker, Contents: []byte("PGP")}, {Tag: tagPadding, Contents: make([]byte, 9)}}
	k, err := load(t, map[string][]byte{"a.gpg": edit(t, key, func(p *packet.OpaquePacket) []*packet.OpaquePacket {
		return append(filler[:2:2], p)
	})})
	if err != nil {
		t.Fatal(err)
	}
	if got := k.State("anna@member.example", time.Now()); got != policy.KeyUsable {
		t.Error(got)
	}
}

func TestARevocationWithoutItsKeySaysWhatToDo(t *testing.T) {
	e := generateAt(t, time.Now().Add(-time.Hour))
	if err := e.RevokeKey(packet.KeyRetired, "", nil); err != nil {
		t.Fatal(err)
	}
	var bare bytes.Buffer
	if err := e.Revocations[0].Serialize(&bare); err != nil {
		t.Fatal(err)
	}
	_, err := load(t, map[string][]byte{"a.gpg": bare.Bytes()})
	if !errors.Is(err, ErrNoKey) || !strings.Contains(err.Error(), "a revocation without its key") {
		t.Error(err)
	}
}
