package message

import (
	"bytes"
	"strings"
)

// Sealing says how the writer of a message already encrypted it.
type Sealing string

// The ways of sealing. NotSealed is all that is not one of the others through
// and through.
const (
	NotSealed Sealing = ""
	PGPMIME   Sealing = "pgp-mime"   // RFC 3156 §4
	SMIME     Sealing = "smime"      // RFC 8551 §3.3: enveloped-data or authEnveloped-data
	PGPInline Sealing = "pgp-inline" // armored text in place of the body
)

// Sealed returns how the message is encrypted. It believes no Content-Type: the
// packets of OpenPGP and the OID of CMS are read, and nothing may stand in
// clear beside them but the header. A message with a Defect is not sealed.
func (m *Message) Sealed() Sealing {
	if len(m.Defects) > 0 {
		return NotSealed
	}
	switch m.Root.MediaType {
	case "multipart/encrypted":
		if m.isPGPMIME(m.Root) {
			return PGPMIME
		}
	case "application/pkcs7-mime", "application/x-pkcs7-mime":
		if content, err := m.Content(m.Root); err == nil && isEnveloped(content) {
			return SMIME
		}
	case "text/plain", "multipart/mixed":
		if m.isPGPInline(m.Root) {
			return PGPInline
		}
	}
	return NotSealed
}

func (m *Message) isPGPMIME(p *Part) bool {
	if !strings.EqualFold(p.Params["protocol"], "application/pgp-encrypted") || len(p.Children) != 2 || !m.quiet(p) {
		return false
	}
	version, sealed := p.Children[0], p.Children[1]
	if version.MediaType != "application/pgp-encrypted" || sealed.MediaType != "application/octet-stream" {
		return false
	}
	text, err := m.Content(version)
	if err != nil || !strings.EqualFold(strings.Join(strings.Fields(string(text)), " "), "Version: 1") {
		return false
	}
	content, err := m.Content(sealed)
	return err == nil && isPGPMessage(content)
}

// isPGPInline wants an armored message as the whole of the body, and nothing
// but encrypted files beside it.
func (m *Message) isPGPInline(p *Part) bool {
	if p.MediaType == "multipart/mixed" {
		if len(p.Children) == 0 || !m.quiet(p) {
			return false
		}
		for i, child := range p.Children {
			if i == 0 && child.MediaType != "text/plain" || strings.HasPrefix(child.MediaType, "multipart/") ||
				isMessage(child.MediaType) || !m.isPGPLeaf(child) {
				return false
			}
		}
		return true
	}
	return m.isPGPLeaf(p)
}

func (m *Message) isPGPLeaf(p *Part) bool {
	content, err := m.Content(p)
	return err == nil && isPGPMessage(content)
}

// quiet reports whether a multipart says nothing outside its parts but what
// mail programs say there.
func (m *Message) quiet(p *Part) bool {
	if len(bytes.TrimSpace(m.Bytes(p.Epilogue))) > 0 {
		return false
	}
	preamble := strings.Join(strings.Fields(string(m.Bytes(p.Preamble))), " ")
	return preamble == "" || preambles[strings.TrimSuffix(preamble, ".")]
}

// preambles are what known programs write for readers without MIME.
var preambles = map[string]bool{
	"This is an OpenPGP/MIME encrypted message (RFC 4880 and 3156)":                                    true,
	"This is an OpenPGP/MIME encrypted message (RFC 2440 and 3156)":                                    true,
	"This is an OpenPGP/MIME encrypted message (RFC 9580 and 3156)":                                    true,
	"This is an OpenPGP/MIME encrypted message":                                                        true,
	"This is an encrypted message":                                                                     true,
	"This is a multi-part message in MIME format":                                                      true,
	"This is a multipart message in MIME format":                                                       true,
	"This is a message in Mime Format. If you see this, your mail reader does not support this format": true,
	"This is a MIME-encapsulated message":                                                              true,
}
