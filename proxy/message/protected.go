package message

import (
	"strings"
)

// Intent is what a sender's program meant with protected header fields.
type Intent string

// The intents (RFC 9788 §2.1.1).
const (
	IntentClear  Intent = "clear"  // signed, and not meant to be hidden
	IntentCipher Intent = "cipher" // encrypted, and some of them hidden
	IntentDraft  Intent = "v1"     // as programs before the RFC wrote them (draft-autocrypt-lamps-protected-headers)
	IntentWhole  Intent = "whole"  // the mail stands as a message/rfc822 under its signature (RFC 8551 §3.1; RFC 9788 §4.10)
)

// Protected is the header that stands under a signature or inside an encryption
// together with the content (RFC 9788): programs show it in the place of the
// message's own.
type Protected struct {
	Intent  Intent
	Payload *Part        // the Cryptographic Payload: the part that has these fields
	Fields  []Field      // without those that belong to the MIME entity
	Outer   []OuterField // what stood outside when it was written (HP-Outer)
}

// OuterField is a field as HP-Outer repeats it.
type OuterField struct{ Name, Value string }

// Protected returns the protected header of a message, or of what was decrypted
// of one, where it has any. It looks behind signatures, which are not verified
// here. What is encrypted cannot be looked into.
func (m *Message) Protected() (Protected, bool) {
	p := m.Root
	for p.MediaType == "multipart/signed" && len(p.Children) > 0 {
		p = p.Children[0]
	}
	if p != m.Root && isMessage(p.MediaType) && len(p.Children) == 1 {
		return Protected{Intent: IntentWhole, Payload: p.Children[0], Fields: protectable(p.Children[0])}, true
	}
	out := Protected{Payload: p, Fields: protectable(p)}
	switch intent := Intent(strings.ToLower(p.Params["hp"])); {
	case intent == IntentClear, intent == IntentCipher:
		out.Intent = intent
	case p.Params["protected-headers"] == string(IntentDraft):
		out.Intent = IntentDraft
	default:
		return Protected{}, false
	}
	for _, f := range p.Get("HP-Outer") {
		if outside, value, ok := strings.Cut(m.Text(f), ":"); ok && out.Intent == IntentCipher { // §2.2: it means nothing elsewhere
			out.Outer = append(out.Outer, OuterField{strings.TrimSpace(outside), strings.TrimSpace(value)})
		}
	}
	return out, true
}

// protectable are a part's fields without those that belong to the MIME entity.
func protectable(p *Part) (fields []Field) {
	for _, f := range p.Fields {
		name := strings.ToLower(f.Name)
		if name != "mime-version" && name != "hp-outer" && !strings.HasPrefix(name, "content-") {
			fields = append(fields, f)
		}
	}
	return fields
}

// Hidden reports whether a field was kept from whoever saw the message pass:
// nothing of its name and value stood outside (RFC 9788 §4.2).
func (p Protected) Hidden(m *Message, f Field) bool {
	if p.Intent != IntentCipher {
		return false
	}
	value := strings.TrimSpace(m.Text(f))
	for _, o := range p.Outer {
		if strings.EqualFold(o.Name, f.Name) && o.Value == value {
			return false
		}
	}
	return true
}

// LegacyDisplay reports whether the text of a part begins with a copy of hidden
// fields, for programs that know nothing of protected ones (RFC 9788 §2.1.2).
func (p Protected) LegacyDisplay(part *Part) bool {
	return p.Intent == IntentCipher && part.Params["hp-legacy-display"] == "1" &&
		(part.MediaType == "text/plain" || part.MediaType == "text/html")
}

// LegacyDisplayClass is the class of the element that such a copy is in HTML
// (RFC 9788 §5.2.2).
const LegacyDisplayClass = "header-protection-legacy-display"

// CutLegacyDisplay returns a plain text without the copy at its beginning: the
// lines up to the first empty one (RFC 9788 §4.5.3.2).
func CutLegacyDisplay(text string) string {
	for rest := text; rest != ""; {
		line, after, _ := strings.Cut(rest, "\n")
		if strings.TrimRight(line, "\r") == "" {
			return after
		}
		rest = after
	}
	return text // not one: nothing is lost
}
