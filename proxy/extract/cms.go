package extract

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"strings"

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
	content, _, ok := enter(data)
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
	info, rest, ok := enter(p.data)
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
	content, _, ok = enter(rest)
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
	body, _, ok := enter(data)
	for range 2 {
		if ok {
			_, body, ok = enter(body)
		}
	}
	var encapsulated []byte
	if ok {
		encapsulated, _, ok = enter(body)
	}
	var content []byte
	if ok {
		_, content, ok = contentType(encapsulated)
	}
	if !ok || len(content) == 0 {
		return nil, ok
	}
	return octetString(content, 0)
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

// enter returns the content of the element that data begins with, and what
// follows it. Both forms of length are understood (X.690 §8.1.3).
func enter(data []byte) (content, rest []byte, ok bool) {
	_, content, rest, ok = element(data, 0)
	return content, rest, ok
}

func element(data []byte, depth int) (tag byte, content, rest []byte, ok bool) {
	if len(data) < 2 || data[0]&0x1F == 0x1F || depth > 24 {
		return 0, nil, nil, false
	}
	tag = data[0]
	length, at := int(data[1]), 2
	switch {
	case length == 0x80:
		end, ok := endOfContents(data[2:], depth)
		if !ok {
			return 0, nil, nil, false
		}
		return tag, data[2 : 2+end], data[2+end+2:], true
	case length > 0x80:
		n := length & 0x7F
		if n > 4 || len(data) < 2+n {
			return 0, nil, nil, false
		}
		length = 0
		for _, c := range data[2 : 2+n] {
			length = length<<8 | int(c)
		}
		at = 2 + n
	}
	if length > len(data)-at {
		return 0, nil, nil, false
	}
	return tag, data[at : at+length], data[at+length:], true
}

func endOfContents(data []byte, depth int) (int, bool) {
	rest := data
	for len(rest) >= 2 {
		if rest[0] == 0 && rest[1] == 0 {
			return len(data) - len(rest), true
		}
		_, _, after, ok := element(rest, depth+1)
		if !ok {
			return 0, false
		}
		rest = after
	}
	return 0, false
}

// octetString returns the octets of a string, in one piece or in several.
func octetString(data []byte, depth int) ([]byte, bool) {
	tag, content, _, ok := element(data, 0)
	switch {
	case !ok || depth > 4:
		return nil, false
	case tag == 0x04:
		return content, true
	case tag != 0x24:
		return nil, false
	}
	var all []byte
	for len(content) > 0 {
		some, ok := octetString(content, depth+1)
		if !ok {
			return nil, false
		}
		all = append(all, some...)
		_, content, _ = enter(content)
	}
	return all, true
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
