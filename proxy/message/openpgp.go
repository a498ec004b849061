package message

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"math"
	"strings"
)

const (
	armorBegin = "-----BEGIN PGP MESSAGE-----"
	armorEnd   = "-----END PGP MESSAGE-----"
)

// isPGPMessage reports whether content is one encrypted OpenPGP message,
// armored or binary, and nothing else.
func isPGPMessage(content []byte) bool {
	trimmed := bytes.TrimSpace(content)
	if bytes.HasPrefix(trimmed, []byte(armorBegin)) {
		packets, ok := dearmor(trimmed)
		return ok && encryptedPackets(packets)
	}
	return encryptedPackets(content)
}

// dearmor undoes ASCII armor (RFC 9580 §6) that is the whole of text.
func dearmor(text []byte) ([]byte, bool) {
	lines := strings.Split(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n")
	if len(lines) < 3 || strings.TrimRight(lines[0], " \t") != armorBegin || lines[len(lines)-1] != armorEnd {
		return nil, false
	}
	lines = lines[1 : len(lines)-1]
	for len(lines) > 0 && strings.TrimSpace(lines[0]) != "" {
		if !isArmorHeader(lines[0]) {
			return nil, false
		}
		lines = lines[1:]
	}
	if len(lines) == 0 {
		return nil, false
	}
	var data strings.Builder
	sum := ""
	for _, line := range lines[1:] {
		line = strings.TrimRight(line, " \t")
		if sum != "" && line != "" {
			return nil, false
		}
		if rest, ok := strings.CutPrefix(line, "="); ok && len(rest) == 4 {
			sum = rest
			continue
		}
		data.WriteString(line)
	}
	packets, err := base64.StdEncoding.DecodeString(data.String())
	if err != nil {
		return nil, false
	}
	return packets, sum == "" || sum == checksum(packets)
}

// isArmorHeader accepts the known keys with a value too short of digits to
// carry a number that matters: these lines are in clear.
func isArmorHeader(line string) bool {
	key, value, ok := strings.Cut(line, ":")
	if !ok || len(line) > lineLength {
		return false
	}
	switch key {
	case "Version", "Comment", "Charset", "Hash", "MessageID":
	default:
		return false
	}
	digits := 0
	for i := range len(value) {
		if value[i] >= '0' && value[i] <= '9' {
			digits++
		}
	}
	return digits < 9 && !strings.Contains(value, "@")
}

// checksum returns the CRC-24 of RFC 9580 §6.1.1 in base64.
func checksum(b []byte) string {
	crc := uint32(0xB704CE)
	for _, c := range b {
		crc ^= uint32(c) << 16
		for range 8 {
			if crc <<= 1; crc&0x1000000 != 0 {
				crc ^= 0x864CFB
			}
		}
	}
	return base64.StdEncoding.EncodeToString([]byte{byte(crc >> 16), byte(crc >> 8), byte(crc)})
}

// The packet tags of an encrypted message (RFC 9580 §5).
const (
	tagPKESK   = 1
	tagSKESK   = 3
	tagMarker  = 10
	tagSEIPD   = 18
	tagOCB     = 20 // GnuPG's AEAD packet
	tagPadding = 21
)

// encryptedPackets reports whether b is session keys and then one encrypted,
// integrity-protected packet that ends where b does (RFC 9580 §10.3).
func encryptedPackets(b []byte) bool {
	keys := 0
	for len(b) > 0 {
		tag, body, rest, ok := nextPacket(b)
		if !ok {
			return false
		}
		switch tag {
		case tagPKESK:
			if len(body) < 10 || body[0] != 2 && body[0] != 3 && body[0] != 6 {
				return false
			}
			keys++
		case tagSKESK:
			if len(body) < 4 || body[0] < 4 || body[0] > 6 {
				return false
			}
			keys++
		case tagMarker:
			if string(body) != "PGP" {
				return false
			}
		case tagSEIPD:
			return keys > 0 && len(rest) == 0 && len(body) > 20 && (body[0] == 1 || body[0] == 2) && looksRandom(body[1:])
		case tagOCB:
			return keys > 0 && len(rest) == 0 && len(body) > 20 && body[0] == 1 && looksRandom(body[4:])
		default:
			return false
		}
		b = rest
	}
	return false
}

// nextPacket takes the first packet off b (RFC 9580 §4.2).
func nextPacket(b []byte) (tag byte, body, rest []byte, ok bool) {
	if b[0]&0x80 == 0 {
		return 0, nil, nil, false
	}
	if b[0]&0x40 == 0 {
		return oldPacket(b)
	}
	tag, b = b[0]&0x3f, b[1:]
	var parts []byte
	for {
		size, header, partial, ok := packetLength(b)
		if !ok || size > len(b)-header {
			return 0, nil, nil, false
		}
		chunk := b[header : header+size]
		b = b[header+size:]
		if parts == nil && !partial {
			return tag, chunk, b, true
		}
		parts = append(parts, chunk...)
		if !partial {
			return tag, parts, b, true
		}
		// Only data packets may come in pieces (§4.2.1.4).
		if tag != tagSEIPD && tag != tagOCB {
			return 0, nil, nil, false
		}
	}
}

func packetLength(b []byte) (size, header int, partial, ok bool) {
	if len(b) == 0 {
		return 0, 0, false, false
	}
	switch c := int(b[0]); {
	case c < 192:
		return c, 1, false, true
	case c < 224:
		if len(b) < 2 {
			return 0, 0, false, false
		}
		return (c-192)<<8 + int(b[1]) + 192, 2, false, true
	case c < 255:
		return 1 << (c & 0x1f), 1, true, true
	}
	if len(b) < 5 || binary.BigEndian.Uint32(b[1:5]) > math.MaxInt32 {
		return 0, 0, false, false
	}
	return int(binary.BigEndian.Uint32(b[1:5])), 5, false, true
}

// oldPacket reads the legacy format (§4.2.2), without indeterminate lengths:
// no packet of an encrypted message with integrity protection has one.
func oldPacket(b []byte) (tag byte, body, rest []byte, ok bool) {
	tag = b[0] >> 2 & 0x0f
	n := 1 << (b[0] & 3)
	if n == 8 || len(b) < 1+n {
		return 0, nil, nil, false
	}
	size := 0
	for _, c := range b[1 : 1+n] {
		size = size<<8 | int(c)
	}
	b = b[1+n:]
	if size > len(b) {
		return 0, nil, nil, false
	}
	return tag, b[:size], b[size:], true
}

// looksRandom tells ciphertext from clear text behind the right packet header:
// in ciphertext half of all octets have the highest bit, in text hardly any.
func looksRandom(b []byte) bool {
	if len(b) < 64 {
		return true
	}
	high := 0
	for _, c := range b {
		high += int(c >> 7)
	}
	return high > len(b)/4 && high < len(b)*3/4
}
