package extract

import (
	"bytes"
	"encoding/base64"
	"strings"

	"postvern.example/policy/detect"
	"postvern.example/proxy/message"
)

// message takes the text of a message: of the one that is sent, or of one
// that stands in an attachment. depth counts the files around it.
func (r *reading) message(m *message.Message, depth int) {
	for _, d := range m.Defects {
		r.unscannable(d.Place, whyStructure, detect.Evidence(d.Reason))
	}
	if m.Root != nil {
		r.part(m, m.Root, depth, true)
	}
}

// part takes the text of a part and its parts; top tells that its header is
// that of a message.
func (r *reading) part(m *message.Message, p *message.Part, depth int, top bool) {
	if r.over(p.Place) {
		return
	}
	place := p.Place
	if n := len(place); top && n > 0 && (place[n-1].Kind == detect.InBody || place[n-1].Kind == detect.InAttachment || isMessage(p.MediaType)) {
		place = place[:n-1]
	}
	r.fields(m, p, place)
	structure := p.Place.In(detect.Step{Kind: detect.InStructure})
	r.prose(structure, mixed(m.Bytes(p.Preamble)))
	r.prose(structure, mixed(m.Bytes(p.Epilogue)))
	if isMessage(p.MediaType) && (p.Encoding == "base64" || p.Encoding == "quoted-printable") {
		r.encodedMessage(m, p, depth)
		return
	}
	for _, child := range p.Children {
		r.part(m, child, depth, isMessage(p.MediaType))
	}
	if len(p.Children) == 0 {
		r.leaf(m, p, depth)
	}
}

func isMessage(mediaType string) bool {
	return mediaType == "message/rfc822" || mediaType == "message/global" || mediaType == "message/news"
}

// encodedMessage reads a message under a transfer encoding. That is forbidden
// and so a defect already, but mail programs show it.
func (r *reading) encodedMessage(m *message.Message, p *message.Part, depth int) {
	data, err := m.Content(p)
	if err != nil || depth >= r.x.cfg.Depth {
		r.unscannable(p.Place, whyStructure)
		return
	}
	r.nested(piece{depth: depth}, data, p.Place)
}

// leaf takes the text of a part that has no parts.
func (r *reading) leaf(m *message.Message, p *message.Part, depth int) {
	switch p.MediaType {
	case "message/partial", "message/external-body":
		r.unscannable(p.Place, whyElsewhere)
	}
	if r.large(m, p, depth) {
		return
	}
	data, err := m.Content(p)
	if err != nil {
		r.unscannable(p.Place, whyStructure)
		data = damaged(m.Bytes(p.Body), p.Encoding) // what can be read of it is read all the same
	}
	if len(data) == 0 {
		return
	}
	one := pieceOf(p, depth)
	one.data = data
	if isBody(p) {
		r.body(one)
		return
	}
	one.place = r.attachmentPlace(p)
	r.piece(one)
}

// pieceOf returns what is known of a part, but for its content.
func pieceOf(p *message.Part, depth int) piece {
	return piece{
		place: p.Place, name: p.FileName, declared: p.MediaType, params: p.Params, depth: depth, inline: isInline(p), sender: true,
	}
}

// isBody reports whether mail programs show the part as the message's text.
func isBody(p *message.Part) bool {
	if p.Disposition != "" && p.Disposition != "inline" || p.FileName != "" {
		return false
	}
	switch p.MediaType {
	case "text/plain", "text/html", "text/enriched", "text/richtext", "text/x-amp-html":
		return true
	}
	return false
}

// isInline reports whether a mail program shows the part inside the body.
func isInline(p *message.Part) bool {
	if p.Disposition == "attachment" {
		return hasField(p, "Content-ID")
	}
	return p.Disposition == "inline" || hasField(p, "Content-ID")
}

func hasField(p *message.Part, name string) bool {
	for _, f := range p.Fields {
		if strings.EqualFold(f.Name, name) {
			return true
		}
	}
	return false
}

// attachmentPlace returns the place of an attachment with its name. Where
// package message has given it no number it is counted here.
func (r *reading) attachmentPlace(p *message.Part) detect.Place {
	n := len(p.Place)
	if n > 0 && p.Place[n-1].Kind == detect.InAttachment {
		last := p.Place[n-1]
		if last.Name == "" {
			last.Name = p.FileName
		}
		return p.Place[:n-1].In(last)
	}
	r.left.Attachments++
	return p.Place.In(detect.Step{Kind: detect.InAttachment, Number: r.left.Attachments, Name: p.FileName})
}

// body takes the text of a body: it is text unless its first bytes say
// otherwise.
func (r *reading) body(p piece) {
	if sniffMagic(p.data) != isUnknown {
		r.piece(p)
		return
	}
	if p.declared != "text/plain" {
		p.place = bodyPlace(p.place, "HTML")
		r.html(p)
		return
	}
	p.place = bodyPlace(p.place, "text")
	r.plain(p)
}

func bodyPlace(place detect.Place, label string) detect.Place {
	n := len(place)
	if n > 0 && place[n-1].Kind == detect.InBody {
		last := place[n-1]
		last.Label = label
		return place[:n-1].In(last)
	}
	return place.In(detect.Step{Kind: detect.InBody, Label: label})
}

// damaged undoes a broken transfer encoding as far as it goes, as most mail
// programs do.
func damaged(body []byte, encoding string) []byte {
	switch encoding {
	case "base64":
		text := padded(strings.Map(func(c rune) rune {
			if c < 0x80 && (c == '+' || c == '/' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z') {
				return c
			}
			return -1
		}, string(body)))
		if len(text)%4 == 1 {
			text = text[:len(text)-1]
		}
		data, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return body
		}
		return data
	case "quoted-printable":
		body = bytes.ReplaceAll(body, []byte("=\r\n"), nil)
		return []byte(unpercentBytes(strings.ReplaceAll(string(body), "=", "%")))
	}
	return body
}
