package seal

import (
	"bytes"
	"encoding/binary"
	"slices"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

// Subpackets that say who made a signature (RFC 9580 §5.2.3.12, §5.2.3.35).
const (
	subpacketIssuer            = 16
	subpacketIssuerFingerprint = 33
)

// revokeUnread gives a key the revocations of its user ids and subkeys that the
// library passes over: one that it can't read, such as one with a critical
// subpacket that it doesn't know, and one of two packets for the same part. It
// reports true where the key itself is revoked by such a signature. None of them
// can be checked: a key that may be revoked is not used.
func revokeUnread(e *openpgp.Entity, block []*packet.OpaquePacket) bool {
	var name string
	var subkey []byte
	for _, p := range block[1:] {
		switch p.Tag {
		case tagUserID:
			name, subkey = string(p.Contents), nil
		case tagPublicSubkey:
			name, subkey = "", nil
			if pub, ok := readPublicKey(p); ok {
				subkey = pub.Fingerprint
			}
		case tagSignature:
			switch signatureType(p) {
			case packet.SigTypeKeyRevocation:
				if len(e.Revocations) == 0 {
					return true
				}
			case packet.SigTypeCertificationRevocation:
				if id := e.Identities[name]; id != nil && len(id.Revocations) == 0 && madeBy(p, e.PrimaryKey) {
					id.Revocations = append(id.Revocations, &packet.Signature{})
				}
			case packet.SigTypeSubkeyRevocation:
				revokeSubkey(e, subkey)
			default:
			}
		}
	}
	return false
}

func revokeSubkey(e *openpgp.Entity, fingerprint []byte) {
	for i := range e.Subkeys {
		sub := &e.Subkeys[i]
		if bytes.Equal(sub.PublicKey.Fingerprint, fingerprint) && len(sub.Revocations) == 0 {
			sub.Revocations = append(sub.Revocations, &packet.Signature{})
		}
	}
}

// unreadRevocation reports whether one of a key's packets revokes it by a signature
// that can't be read.
func unreadRevocation(block []*packet.OpaquePacket) bool {
	return slices.ContainsFunc(block, func(p *packet.OpaquePacket) bool {
		if p.Tag != tagSignature || signatureType(p) != packet.SigTypeKeyRevocation {
			return false
		}
		_, err := p.Parse()
		return err != nil
	})
}

// signatureType returns the type of a signature of any version, read or not
// (RFC 9580 §5.2.2, §5.2.3), and 0xFF where there is none.
func signatureType(p *packet.OpaquePacket) packet.SignatureType {
	switch c := p.Contents; {
	case len(c) > 2 && c[0] == 3:
		return packet.SignatureType(c[2])
	case len(c) > 1 && c[0] > 3:
		return packet.SignatureType(c[1])
	}
	return 0xFF
}

// madeBy reports whether a signature, read or not, says that a key made it, or
// says of nobody that they did.
func madeBy(p *packet.OpaquePacket, pub *packet.PublicKey) bool {
	c := p.Contents
	id := binary.BigEndian.AppendUint64(nil, pub.KeyId)
	if c[0] == 3 {
		return len(c) < 15 || bytes.Equal(c[7:15], id)
	}
	rest, width := c[min(4, len(c)):], 2
	if c[0] == 6 {
		width = 4
	}
	named := false
	for range 2 { // the hashed subpackets, and those that are not
		if len(rest) < width {
			break
		}
		size := 0
		for _, b := range rest[:width] {
			size = size<<8 | int(b)
		}
		rest = rest[width:]
		area := rest[:min(size, len(rest))]
		rest = rest[len(area):]
		for len(area) > 0 {
			var kind byte
			var value []byte
			kind, value, area = subpacket(area)
			switch {
			case kind == subpacketIssuer:
				named = true
				if bytes.Equal(value, id) {
					return true
				}
			case kind == subpacketIssuerFingerprint && len(value) > 0:
				named = true
				if bytes.Equal(value[1:], pub.Fingerprint) {
					return true
				}
			}
		}
	}
	return !named
}

// subpacket cuts the first subpacket off (RFC 9580 §5.2.3.7). What is damaged
// has no kind.
func subpacket(area []byte) (kind byte, value, rest []byte) {
	var size int
	switch first := int(area[0]); {
	case first < 192:
		size, area = first, area[1:]
	case first < 255 && len(area) > 1:
		size, area = (first-192)<<8+int(area[1])+192, area[2:]
	case first == 255 && len(area) > 4:
		size, area = int(binary.BigEndian.Uint32(area[1:])), area[5:]
	default:
		return 0, nil, nil
	}
	if size == 0 || size > len(area) {
		return 0, nil, nil
	}
	return area[0] & 0x7F, area[1:size], area[size:]
}
