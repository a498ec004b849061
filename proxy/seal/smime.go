package seal

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"time"

	"postvern.example/policy"
	"postvern.example/proxy/seal/cms"
)

// smimeTypes are the names of what the ciphers make (RFC 8551 §3.2.2).
var smimeTypes = map[cms.Cipher]string{cms.CBC: "enveloped-data", cms.GCM: "authEnveloped-data"}

// Seal returns the message as S/MIME (RFC 8551 §3.3) that the key of the
// reader's certificate alone opens: AES-256, one RecipientInfo, no signature, no
// compression. What stands inside and outside, and the errors, are those of
// Keyring.Seal.
func (c *Certificates) Seal(m Sealing, now time.Time) ([]byte, error) {
	v, to := c.pick(m.Reader, now)
	if v.state != policy.KeyUsable {
		return nil, &KeyError{State: v.state, Reason: v.reason}
	}
	m.Sign = nil // by an OpenPGP key
	outside, content, err := m.divide(now)
	if err != nil {
		return nil, fmt.Errorf("seal message: %w", err)
	}
	var out bytes.Buffer
	out.Grow(sealedSize(content.size()))
	for _, f := range outside {
		out.WriteString(f.raw)
	}
	out.WriteString("MIME-Version: 1.0\r\n" +
		"Content-Type: application/pkcs7-mime; smime-type=" + smimeTypes[c.cfg.Cipher] + ";\r\n name=\"smime.p7m\"\r\n" +
		"Content-Transfer-Encoding: base64\r\n" +
		"Content-Disposition: attachment; filename=\"smime.p7m\"\r\n\r\n")
	encoder := base64.NewEncoder(base64.StdEncoding, &lineWriter{w: &out})
	if err := cms.Encrypt(encoder, to.x, c.cfg.Cipher, content.size(), content.write); err != nil {
		return nil, fmt.Errorf("seal message: %w", err)
	}
	if err := encoder.Close(); err != nil {
		return nil, fmt.Errorf("seal message: %w", err)
	}
	out.WriteString("\r\n")
	return out.Bytes(), nil
}
