package message

import (
	"bytes"
	"fmt"
)

// Refill returns the edit that gives a part under base64 another content. The
// error is ErrRewrite.
func (m *Message) Refill(p *Part, content []byte) (Edit, error) {
	if p.Encoding != "base64" {
		return Edit{}, fmt.Errorf("%w: it is not under base64", ErrRewrite)
	}
	with := encodeBase64(content)
	if !bytes.HasSuffix(m.text.Held[p.Body.Start:p.Body.End], []byte("\r\n")) { // the last line is never aside
		with = bytes.TrimSuffix(with, []byte("\r\n"))
	}
	return Edit{Range: p.Body, With: with}, nil
}
