package message

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"regexp"
	"slices"
	"strings"
)

// keySearch bounds how much of a part is looked at: the keys of all readers
// stand before what they open.
const keySearch = 1 << 20

// KeyIDs returns the keys that open the encrypted content of a message, each
// once and sorted, as everybody can read them without a key of their own:
// OpenPGP key ids in 16 upper-case hexadecimal digits (RFC 9580 §5.1), and the
// recipient identifiers of CMS (RFC 5652 §6.2) in lower case with "cms:" before
// them. It looks into every part, attachments and texts as well, whatever their
// Content-Type says. Passwords and hidden recipients, whose key id is zero, name
// nobody and are left out.
func (m *Message) KeyIDs() []string {
	var ids []string
	var walk func(p *Part)
	walk = func(p *Part) {
		if len(p.Children) == 0 {
			ids = append(ids, m.partKeys(p)...)
		}
		for _, child := range p.Children {
			walk(child)
		}
	}
	walk(m.Root)
	slices.Sort(ids)
	return slices.Compact(ids)
}

// partKeys looks at the beginning of a part, or, in text, at all armored
// blocks.
func (m *Message) partKeys(p *Part) []string {
	raw := m.front(p.Body, keySearch)
	if m.Size(p.Body) > keySearch {
		if i := bytes.LastIndexByte(raw, '\n'); i >= 0 {
			raw = raw[:i+1]
		}
	}
	if !mayBeSealed(raw, p) {
		return nil
	}
	content, err := undo(p.Encoding, raw)
	if err != nil {
		if p.Encoding != "base64" {
			return nil // damaged, which is a finding
		}
		content = lenientBase64(raw)
	}
	if ids := packetKeys(content); len(ids) > 0 {
		return ids
	}
	if ids := cmsKeys(content); len(ids) > 0 {
		return ids
	}
	return armoredKeys(content, p)
}

// mayBeSealed is a quick look that spares most parts the decoding.
func mayBeSealed(raw []byte, p *Part) bool {
	if p.Encoding != "base64" {
		return bytes.Contains(raw, []byte("BEGIN")) || len(raw) > 0 && (raw[0]&0x80 != 0 || raw[0] == berSequence)
	}
	if strings.HasPrefix(p.MediaType, "text/") {
		return true
	}
	head := lenientBase64(raw[:min(len(raw), 200)])
	return len(head) > 0 && (head[0]&0x80 != 0 || head[0] == berSequence) || bytes.Contains(head, []byte("BEGIN"))
}

// lenientBase64 decodes as far as it goes.
func lenientBase64(raw []byte) []byte {
	packed := make([]byte, 0, len(raw))
	for _, c := range raw {
		if isAlnum(c) || c == '+' || c == '/' {
			packed = append(packed, c)
		}
	}
	packed = packed[:len(packed)/4*4]
	n, _ := base64.StdEncoding.Decode(packed, packed)
	return packed[:n]
}

// packetKeys returns the key ids of the session key packets that b begins with.
func packetKeys(b []byte) []string {
	var ids []string
	for len(b) > 0 {
		tag, body, rest, ok := nextPacket(b)
		if !ok || tag != tagPKESK && tag != tagSKESK && tag != tagMarker {
			break
		}
		if id, ok := sessionKeyID(body); ok && tag == tagPKESK {
			ids = append(ids, id)
		}
		b = rest
	}
	return ids
}

// sessionKeyID returns the key id of a public-key encrypted session key packet
// (RFC 9580 §5.1). ok is false where it names no key.
func sessionKeyID(body []byte) (id string, ok bool) {
	const size = 8
	switch {
	case len(body) < 10:
		return "", false
	case body[0] == 2 || body[0] == 3:
		body = body[1 : 1+size]
	case body[0] == 6: // length, version of the key, fingerprint
		n := int(body[1])
		if n < 1+size || len(body) < 2+n {
			return "", false
		}
		finger := body[3 : 2+n]
		if body[2] == 4 {
			finger = finger[len(finger)-size:]
		}
		body = finger[:size]
	default:
		return "", false
	}
	if bytes.Equal(body, make([]byte, size)) {
		return "", false
	}
	return strings.ToUpper(hex.EncodeToString(body)), true
}

// armored finds the first lines of an encrypted block, with the marks of
// quotation before them, as far as the session keys can reach.
var armored = regexp.MustCompile(`-----BEGIN (PGP MESSAGE|CMS|PKCS7|PKCS #7)[A-Z0-9, /]*-----`)

func armoredKeys(content []byte, p *Part) []string {
	if !bytes.Contains(content, []byte("-----BEGIN ")) {
		return nil
	}
	text := string(content)
	if p.MediaType == "text/html" {
		text = visibleHTML(text).text
	}
	var ids []string
	for _, at := range armored.FindAllStringIndex(text, -1) {
		block := text[at[1]:]
		if end := strings.Index(block, "-----END"); end >= 0 {
			block = block[:end]
		}
		data := lenientBase64(armorBody(block))
		ids = append(append(ids, packetKeys(data)...), cmsKeys(data)...)
	}
	return ids
}

// armorBody returns the lines of a block without its headers, checksum and
// marks of quotation.
func armorBody(block string) []byte {
	var data []byte
	for line := range strings.Lines(block) {
		line = strings.Trim(line, "> \t\r\n\u00a0|")
		if strings.Contains(line, ":") || strings.HasPrefix(line, "=") {
			continue
		}
		data = append(data, strings.TrimRight(line, "=")...)
	}
	return data
}

// cmsKeys returns the recipient identifiers of CMS enveloped data.
func cmsKeys(b []byte) []string {
	infos, ok := recipientInfos(b)
	if !ok {
		return nil
	}
	var ids []string
	name := func(rid []byte) { ids = append(ids, "cms:"+hex.EncodeToString(rid)) }
	for len(infos) > 0 {
		kind := infos[0]
		info, rest, ok := berNext(infos, kind)
		if !ok {
			break
		}
		infos = rest
		switch kind {
		case berSequence: // KeyTransRecipientInfo: version, rid
			if _, info, ok = berNext(info, berInteger); ok && len(info) > 0 {
				if rid, _, ok := berNext(info, info[0]); ok {
					name(rid)
				}
			}
		case berZeroCons | 1: // KeyAgreeRecipientInfo
			for _, rid := range agreedKeys(info) {
				name(rid)
			}
		case berZeroCons | 2: // KEKRecipientInfo: version, kekid
			if _, info, ok = berNext(info, berInteger); ok {
				if rid, _, ok := berNext(info, berSequence); ok {
					name(rid)
				}
			}
		case berZeroCons | 3: // a password names nobody
		default:
			name(info)
		}
	}
	return ids
}

// recipientInfos returns the contents of the set of RecipientInfo.
func recipientInfos(b []byte) ([]byte, bool) {
	info, _, ok := berNext(b, berSequence)
	if !ok {
		info, ok = truncated(b)
	}
	if !ok {
		return nil, false
	}
	oid, info, ok := berNext(info, berOID)
	if !ok || !bytes.Equal(oid, oidEnveloped) && !bytes.Equal(oid, oidAuthEnveloped) {
		return nil, false
	}
	for _, step := range []byte{berZeroCons, berSequence} {
		inner, _, ok := berNext(info, step)
		if !ok {
			if inner, ok = truncated(info); !ok || info[0] != step {
				return nil, false
			}
		}
		info = inner
	}
	_, info, ok = berNext(info, berInteger)
	if !ok {
		return nil, false
	}
	if _, after, found := berNext(info, berZeroCons); found { // originatorInfo
		info = after
	}
	infos, _, ok := berNext(info, berSet)
	return infos, ok
}

// truncated takes the header off an element whose contents go on beyond b.
func truncated(b []byte) ([]byte, bool) {
	if len(b) < 2 {
		return nil, false
	}
	n := 2
	if b[1] > 0x80 {
		n += int(b[1] & 0x7f)
	}
	return b[min(n, len(b)):], n < len(b)
}

// agreedKeys returns the identifiers in a KeyAgreeRecipientInfo (RFC 5652
// §6.2.2): version, originator, ukm, algorithm, and for each reader a rid and a
// key.
func agreedKeys(info []byte) [][]byte {
	_, info, ok := berNext(info, berInteger)
	if !ok {
		return nil
	}
	for _, tag := range []byte{berZeroCons, berZeroCons | 1, berSequence} {
		if _, after, found := berNext(info, tag); found {
			info = after
		}
	}
	keys, _, ok := berNext(info, berSequence)
	if !ok {
		return nil
	}
	var found [][]byte
	for len(keys) > 0 {
		one, rest, ok := berNext(keys, berSequence)
		if !ok || len(one) == 0 {
			break
		}
		keys = rest
		if rid, _, ok := berNext(one, one[0]); ok {
			found = append(found, rid)
		}
	}
	return found
}
