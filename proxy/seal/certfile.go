package seal

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"

	"postvern.example/internal/ber"
)

// ErrNoCertificate says that a file holds no certificate, or a damaged one.
var ErrNoCertificate = errors.New("it is no certificate file")

var oidSignedData = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}

// Tags of DER (X.690 §8).
const (
	tagDERInteger     = 0x02
	tagDERObject      = 0x06
	tagDERSequence    = 0x30
	tagDERContext0    = 0xA0
	pkcs12Version     = 3
	fieldsBeforeCerts = 3 // of SignedData: version, digestAlgorithms, encapContentInfo
)

// parseCertificates returns the certificates of one file, each in DER.
func parseCertificates(data []byte) ([][]byte, error) {
	data = fromUTF16(data)
	if bytes.Contains(data, []byte("-----BEGIN ")) {
		return parsePEM(data)
	}
	return parseDER(data)
}

func parsePEM(data []byte) ([][]byte, error) {
	var found [][]byte
	begun, read := bytes.Count(data, []byte("-----BEGIN ")), 0
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		read++
		switch {
		case strings.HasSuffix(block.Type, "PRIVATE KEY"):
			return nil, ErrSecretKey
		case block.Type == "CERTIFICATE", block.Type == "X509 CERTIFICATE":
			found = append(found, block.Bytes)
		case block.Type == "TRUSTED CERTIFICATE": // OpenSSL's, with its own words behind it
			_, rest, ok := ber.Enter(block.Bytes)
			if !ok {
				return nil, fmt.Errorf("%w: it is damaged", ErrNoCertificate)
			}
			found = append(found, block.Bytes[:len(block.Bytes)-len(rest)])
		case block.Type == "PKCS7", block.Type == "CMS":
			more, err := parseSigned(block.Bytes)
			if err != nil {
				return nil, err
			}
			found = append(found, more...)
		default:
			return nil, fmt.Errorf("%w: it holds something else", ErrNoCertificate)
		}
	}
	if read != begun {
		return nil, fmt.Errorf("%w: it is damaged", ErrNoCertificate)
	}
	if len(found) == 0 {
		return nil, ErrNoCertificate
	}
	return found, nil
}

// parseDER reads CMS or one certificate after the other.
func parseDER(data []byte) ([][]byte, error) {
	content, _, ok := ber.Enter(data)
	if !ok || len(data) == 0 || data[0] != tagDERSequence {
		return nil, ErrNoCertificate
	}
	if len(content) > 0 && content[0] == tagDERObject { // ContentInfo begins with its type
		return parseSigned(data)
	}
	if holdsSecret(content) {
		return nil, ErrSecretKey
	}
	var found [][]byte
	for rest := data; len(bytes.Trim(rest, "\r\n\x00")) > 0; { // a line's end that some program put behind it says nothing
		_, after, ok := ber.Enter(rest)
		if !ok {
			return nil, fmt.Errorf("%w: it is damaged", ErrNoCertificate)
		}
		one := rest[:len(rest)-len(after)]
		if _, err := x509.ParseCertificate(one); err != nil {
			return nil, fmt.Errorf("%w: it is damaged or of a kind that is not supported", ErrNoCertificate)
		}
		found, rest = append(found, one), after
	}
	return found, nil
}

// holdsSecret knows private keys and PKCS #12 files (RFC 7292 §4) by the number
// that they begin with.
func holdsSecret(content []byte) bool {
	tag, version, rest, ok := ber.Element(content)
	if !ok || tag != tagDERInteger {
		return false
	}
	if len(version) == 1 && version[0] == pkcs12Version {
		inner, _, ok := ber.Enter(rest)
		return ok && len(inner) > 0 && inner[0] == tagDERObject
	}
	return true
}

// parseSigned returns the certificates of SignedData (RFC 5652 §5.1).
func parseSigned(data []byte) ([][]byte, error) {
	damaged := fmt.Errorf("%w: it is CMS without certificates, or damaged", ErrNoCertificate)
	info, _, ok := ber.Enter(data)
	if !ok {
		return nil, damaged
	}
	var kind asn1.ObjectIdentifier
	rest, err := asn1.Unmarshal(info, &kind)
	if err != nil || !kind.Equal(oidSignedData) {
		return nil, damaged
	}
	explicit, _, ok := ber.Enter(rest)
	if !ok {
		return nil, damaged
	}
	signed, _, ok := ber.Enter(explicit)
	for range fieldsBeforeCerts {
		if ok {
			_, signed, ok = ber.Enter(signed)
		}
	}
	if !ok {
		return nil, damaged
	}
	tag, list, _, ok := ber.Element(signed)
	if !ok || tag != tagDERContext0 {
		return nil, damaged
	}
	var found [][]byte
	for len(list) > 0 {
		tag, _, after, ok := ber.Element(list)
		if !ok {
			return nil, damaged
		}
		if tag == tagDERSequence { // others are attributes and forms of old
			found = append(found, list[:len(list)-len(after)])
		}
		list = after
	}
	if len(found) == 0 {
		return nil, damaged
	}
	return found, nil
}
