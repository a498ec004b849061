package extract

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"strings"

	"postvern.example/internal/ber"
	"postvern.example/policy/detect"
)

// The content types of CMS (RFC 5652, RFC 3274, RFC 5083).
var (
	oidSigned       = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidEnveloped    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 3}
	oidEncrypted    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 6}
	oidAuthEnvelope = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 23}
	oidCompressed   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 9}
	oidPrefix       = []byte{0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01}
)

// isContentInfo reports whether data is a SEQUENCE that begins with an object
// identifier of PKCS #7 or #9.
func isContentInfo(data []byte) bool {
	if len(data) < 16 || data[0] != 0x30 {
		return false
	}
	content, _, ok := ber.Enter(data)
	return ok && len(content) > 2+len(oidPrefix) && content[0] == 0x06 && bytes.HasPrefix(content[2:], oidPrefix)
}

func isCertificate(data []byte) bool {
	if len(data) < 64 || data[0] != 0x30 {
		return false
	}
	_, err := x509.ParseCertificate(data)
	return err == nil
}

// certificate reads whom a certificate names (RFC 5280).
func (r *reading) certificate(p piece) {
	c, err := x509.ParseCertificate(p.data)
	if err != nil {
		r.unscannable(p.place, whyMalformed)
		return
	}
	names := append([]string{c.Subject.String(), c.Issuer.String()}, c.EmailAddresses...)
	r.prose(p.place, strings.Join(append(names, c.DNSNames...), "\n"))
}

// cms reads S/MIME (RFC 8551): a detached signature is no finding, what a
// signed message holds is read, an encrypted one is protected.
func (r *reading) cms(p piece) {
	info, rest, ok := ber.Enter(p.data)
	if !ok {
		r.unscannable(p.place, whyMalformed)
		return
	}
	r.trailing(p, rest)
	oid, content, ok := contentType(info)
	switch {
	case !ok:
		r.unscannable(p.place, whyMalformed)
	case oid.Equal(oidSigned):
		r.signed(p, content)
	case oid.Equal(oidCompressed):
		r.unzipped(p, content)
	case oid.Equal(oidEnveloped), oid.Equal(oidEncrypted), oid.Equal(oidAuthEnvelope):
		r.protected(p.place, strengthStrong, sealedSMIME)
	default:
		r.unscannable(p.place, whyFormat)
	}
}

// contentType reads the OBJECT IDENTIFIER and the [0] after it.
func contentType(data []byte) (oid asn1.ObjectIdentifier, content []byte, ok bool) {
	rest, err := asn1.Unmarshal(data, &oid)
	if err != nil {
		return nil, nil, false
	}
	if len(rest) == 0 || rest[0] != 0xA0 {
		return oid, nil, true
	}
	content, _, ok = ber.Enter(rest)
	return oid, content, ok
}

// unzipped reads CompressedData (RFC 3274), which zlib has packed.
func (r *reading) unzipped(p piece, data []byte) {
	octets, ok := encapsulated(data)
	if !ok || !r.counted(p) {
		r.unscannable(p.place, whyMalformed)
		return
	}
	plain, why := r.inflate(octets)
	if why != "" {
		r.unscannable(p.place, why)
	}
	r.carried(p, plain)
}

// signed reads SignedData (RFC 5652 §5.1).
func (r *reading) signed(p piece, data []byte) {
	octets, ok := encapsulated(data)
	if !ok {
		r.unscannable(p.place, whyMalformed)
		return
	}
	if len(octets) > 0 {
		r.carried(p, octets)
	}
}

// encapsulated returns the content of SignedData or CompressedData: after a
// version and algorithms.
func encapsulated(data []byte) (octets []byte, ok bool) {
	body, _, ok := ber.Enter(data)
	for range 2 {
		if ok {
			_, body, ok = ber.Enter(body)
		}
	}
	var encapsulated []byte
	if ok {
		encapsulated, _, ok = ber.Enter(body)
	}
	var content []byte
	if ok {
		_, content, ok = contentType(encapsulated)
	}
	if !ok || len(content) == 0 {
		return nil, ok
	}
	return ber.OctetString(content)
}

// carried reads what a signature or compression holds: a part of a mail with
// its header, or any file.
func (r *reading) carried(p piece, octets []byte) {
	inner := piece{data: octets, place: p.place, depth: p.depth + 1}
	if bytes.HasPrefix(bytes.ToLower(octets[:min(len(octets), 8)]), []byte("content-")) || sniff(octets) == isMail {
		if inner.depth > r.x.cfg.Depth {
			r.unscannable(p.place, whyDepth)
			return
		}
		r.nested(inner, octets, p.place.In(detect.Step{Kind: detect.InMessage}))
		return
	}
	r.piece(inner)
}

// pem reads text with PEM blocks (RFC 7468): certificates and CMS.
func (r *reading) pem(p piece) {
	rest := p.data
	for {
		before, _, _ := bytes.Cut(rest, []byte("-----BEGIN "))
		r.prose(p.place, mixed(before))
		block, after := pem.Decode(rest)
		if block == nil {
			r.prose(p.place, mixed(rest))
			return
		}
		for _, value := range block.Headers {
			r.label(p.place, value)
		}
		switch {
		case isContentInfo(block.Bytes):
			r.cms(piece{data: block.Bytes, place: p.place, depth: p.depth})
		case looksLikeText(block.Bytes):
			r.prose(p.place, mixed(block.Bytes))
		case len(block.Bytes) > 0 && block.Bytes[0] != 0x30:
			r.unscannable(p.place, whyFormat)
		}
		rest = after
	}
}

// trailing reads what stands after the end of a file. Padding is nothing.
func (r *reading) trailing(p piece, rest []byte) {
	rest = bytes.TrimLeft(rest, "\x00 \r\n\t")
	if len(rest) == 0 {
		return
	}
	if sniff(rest) == isUnknown {
		r.unscannable(p.place, whyTrailing)
		return
	}
	r.piece(piece{data: rest, place: p.place, depth: p.depth + 1})
}
