package cms

import (
	"crypto"
	"crypto/aes"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha256" // the hashes of agreements
	_ "crypto/sha512"
	"crypto/subtle"
	"crypto/x509"
	"encoding/asn1"
	"encoding/binary"
	"errors"
	"fmt"
)

var (
	oidRSA         = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}
	oidECPublicKey = asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1}
	oidAES256Wrap  = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 45}
)

// agreement is how a curve's keys agree (RFC 5753 §7.1.4: ephemeral-static
// ECDH, with the hash that fits the curve).
type agreement struct {
	id   asn1.ObjectIdentifier
	hash crypto.Hash
}

func agreementOf(curve ecdh.Curve) (agreement, error) {
	switch curve {
	case ecdh.P256():
		return agreement{asn1.ObjectIdentifier{1, 3, 132, 1, 11, 1}, crypto.SHA256}, nil
	case ecdh.P384():
		return agreement{asn1.ObjectIdentifier{1, 3, 132, 1, 11, 2}, crypto.SHA384}, nil
	case ecdh.P521():
		return agreement{asn1.ObjectIdentifier{1, 3, 132, 1, 11, 3}, crypto.SHA512}, nil
	default:
		return agreement{}, fmt.Errorf("the curve %s is not supported", curve)
	}
}

// recipient returns the RecipientInfo that brings the content's key to a
// certificate, and the version of EnvelopedData that it asks for (RFC 5652
// §6.1).
func recipient(to *x509.Certificate, key []byte) (info []byte, version int, err error) {
	serial, err := asn1.Marshal(to.SerialNumber)
	if err != nil {
		return nil, 0, fmt.Errorf("write serial number: %w", err)
	}
	id := tlv(tagSequence, to.RawIssuer, serial)
	switch public := to.PublicKey.(type) {
	case *rsa.PublicKey:
		// PKCS #1 v1.5 is what every program with S/MIME opens (RFC 8551 §2.3);
		// its weakness is in programs that tell whether opening failed, and a
		// reader of mail tells nobody.
		sealed, err := rsa.EncryptPKCS1v15(rand.Reader, public, key) //nolint:staticcheck // see above
		if err != nil {
			return nil, 0, err
		}
		return tlv(tagSequence, tlv(tagInteger, []byte{0}), id, algorithm(oidRSA, tlv(tagNull)), tlv(tagOctetString, sealed)), 0, nil
	case *ecdsa.PublicKey:
		info, err := agree(public, id, key)
		return info, 2, err
	default:
		return nil, 0, errors.New("the certificate's key is of a kind that is not supported")
	}
}

// agree writes a KeyAgreeRecipientInfo (RFC 5753 §3.1.1).
func agree(public *ecdsa.PublicKey, id, key []byte) ([]byte, error) {
	theirs, err := public.ECDH()
	if err != nil {
		return nil, err
	}
	how, err := agreementOf(theirs.Curve())
	if err != nil {
		return nil, err
	}
	ours, err := theirs.Curve().GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	shared, err := ours.ECDH(theirs)
	if err != nil {
		return nil, err
	}
	wrapping := algorithm(oidAES256Wrap)
	// ECC-CMS-SharedInfo (RFC 5753 §7.2): what the key is for, and its bits.
	about := tlv(tagSequence, wrapping, tlv(constructed2, tlv(tagOctetString, binary.BigEndian.AppendUint32(nil, keySize*8))))
	h := how.hash.New()
	for _, part := range [][]byte{shared, {0, 0, 0, 1}, about} { // one round of the KDF of SEC 1 §3.6.1 is enough
		h.Write(part)
	}
	wrapped, err := wrap(h.Sum(nil)[:keySize], key)
	if err != nil {
		return nil, err
	}
	point := tlv(tagBitString, []byte{0}, ours.PublicKey().Bytes())
	return tlv(constructed1,
		tlv(tagInteger, []byte{3}),
		tlv(constructed0, tlv(constructed1, algorithm(oidECPublicKey), point)),
		algorithm(how.id, wrapping),
		tlv(tagSequence, tlv(tagSequence, id, tlv(tagOctetString, wrapped))),
	), nil
}

// wrap is the AES key wrap (RFC 3394 §2.2.1).
func wrap(wrapping, key []byte) ([]byte, error) {
	block, err := aes.NewCipher(wrapping)
	if err != nil {
		return nil, err
	}
	const half = aes.BlockSize / 2
	out := append([]byte{0xA6, 0xA6, 0xA6, 0xA6, 0xA6, 0xA6, 0xA6, 0xA6}, key...)
	n := len(key) / half
	var b [aes.BlockSize]byte
	copy(b[:half], out[:half])
	for j := range 6 {
		for i := 1; i <= n; i++ {
			copy(b[half:], out[i*half:])
			block.Encrypt(b[:], b[:])
			copy(out[i*half:], b[half:])
			subtle.XORBytes(b[:half], b[:half], binary.BigEndian.AppendUint64(nil, uint64(n*j+i)))
		}
	}
	copy(out, b[:half])
	return out, nil
}
