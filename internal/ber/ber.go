// Package ber reads the encoding under certificates and S/MIME (X.690), as
// loosely as programs write it: both forms of length, strings in pieces. What
// it cannot read with certainty is not ok; nothing is guessed.
package ber

// maxDepth bounds elements of indefinite length within each other.
const maxDepth = 24

// Enter returns the content of the element that data begins with, and what
// follows it. Both forms of length are understood (X.690 §8.1.3).
func Enter(data []byte) (content, rest []byte, ok bool) {
	_, content, rest, ok = element(data, 0)
	return content, rest, ok
}

// Element is Enter with the element's first octet, its class and number.
func Element(data []byte) (tag byte, content, rest []byte, ok bool) { return element(data, 0) }

func element(data []byte, depth int) (tag byte, content, rest []byte, ok bool) {
	if len(data) < 2 || data[0]&0x1F == 0x1F || depth > maxDepth {
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

// OctetString returns the octets of a string, in one piece or in several
// (X.690 §8.7).
func OctetString(data []byte) ([]byte, bool) { return octetString(data, 0) }

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
		_, content, _ = Enter(content)
	}
	return all, true
}
