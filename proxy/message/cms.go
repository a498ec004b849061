package message

import "bytes"

// The content types that are encrypted: enveloped-data (RFC 5652 §6) and
// authEnveloped-data (RFC 5083 §2), as contents of an OBJECT IDENTIFIER.
var (
	oidEnveloped     = []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x03}
	oidAuthEnveloped = []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01, 0x17}
)

// Identifier octets of the BER elements that stand in the way to the content.
const (
	berInteger  = 0x02
	berOctets   = 0x04
	berOID      = 0x06
	berSequence = 0x30
	berSet      = 0x31
	berZero     = 0x80 // [0] IMPLICIT, primitive
	berZeroCons = 0xa0 // [0], constructed
)

// maxNesting bounds BER inside BER.
const maxNesting = 16

// isEnveloped reports whether b is a CMS ContentInfo whose content is
// encrypted to at least one recipient, and nothing else. Signed or compressed
// data are readable by everybody and so are not.
func isEnveloped(b []byte) bool {
	info, rest, ok := berNext(b, berSequence)
	if !ok || len(rest) > 0 {
		return false
	}
	oid, info, ok := berNext(info, berOID)
	if !ok || !bytes.Equal(oid, oidEnveloped) && !bytes.Equal(oid, oidAuthEnveloped) {
		return false
	}
	content, rest, ok := berNext(info, berZeroCons)
	if !ok || len(rest) > 0 {
		return false
	}
	data, rest, ok := berNext(content, berSequence)
	if !ok || len(rest) > 0 {
		return false
	}
	return isEnvelopedData(data)
}

// isEnvelopedData reads version, originatorInfo, recipientInfos and
// encryptedContentInfo (RFC 5652 §6.1).
func isEnvelopedData(data []byte) bool {
	_, data, ok := berNext(data, berInteger)
	if !ok {
		return false
	}
	if _, after, found := berNext(data, berZeroCons); found {
		data = after
	}
	recipients, data, ok := berNext(data, berSet)
	if !ok || len(recipients) == 0 {
		return false
	}
	encrypted, _, ok := berNext(data, berSequence)
	if !ok {
		return false
	}
	if _, encrypted, ok = berNext(encrypted, berOID); !ok {
		return false
	}
	algorithm, encrypted, ok := berNext(encrypted, berSequence)
	if !ok {
		return false
	}
	if _, _, ok = berNext(algorithm, berOID); !ok {
		return false
	}
	ciphertext, ok := berContent(encrypted)
	return ok && len(ciphertext) > 0 && looksRandom(ciphertext)
}

// berContent returns the encrypted content, which streaming programs cut into
// octet strings.
func berContent(b []byte) ([]byte, bool) {
	if whole, rest, ok := berNext(b, berZero); ok {
		return whole, len(rest) == 0
	}
	pieces, rest, ok := berNext(b, berZeroCons)
	if !ok || len(rest) > 0 {
		return nil, false
	}
	var content []byte
	for len(pieces) > 0 {
		var piece []byte
		if piece, pieces, ok = berNext(pieces, berOctets); !ok {
			return nil, false
		}
		content = append(content, piece...)
	}
	return content, true
}

// berNext takes the first element off b and returns its contents, where it has
// the identifier that is asked for.
func berNext(b []byte, identifier byte) (content, rest []byte, ok bool) {
	if len(b) == 0 || b[0] != identifier {
		return nil, nil, false
	}
	header, size, total, ok := berElement(b, 0)
	if !ok {
		return nil, nil, false
	}
	return b[header : header+size], b[total:], true
}

// berElement measures the first element of b: its header, its contents, and
// all of it (X.690 §8.1). Only low tag numbers occur in CMS.
func berElement(b []byte, depth int) (header, size, total int, ok bool) {
	if len(b) < 2 || depth > maxNesting || b[0]&0x1f == 0x1f {
		return 0, 0, 0, false
	}
	if b[1] == 0x80 {
		return berIndefinite(b, depth)
	}
	header, size = 2, int(b[1])
	if b[1] > 0x80 {
		n := int(b[1] & 0x7f)
		if n > 4 || len(b) < 2+n {
			return 0, 0, 0, false
		}
		size = 0
		for _, c := range b[2 : 2+n] {
			size = size<<8 | int(c)
		}
		header = 2 + n
	}
	if size > len(b)-header {
		return 0, 0, 0, false
	}
	return header, size, header + size, true
}

// berIndefinite measures an element that two zero octets end.
func berIndefinite(b []byte, depth int) (header, size, total int, ok bool) {
	if b[0]&0x20 == 0 {
		return 0, 0, 0, false
	}
	at := 2
	for {
		if bytes.HasPrefix(b[at:], []byte{0, 0}) {
			return 2, at - 2, at + 2, true
		}
		_, _, inner, ok := berElement(b[at:], depth+1)
		if !ok {
			return 0, 0, 0, false
		}
		at += inner
	}
}
