package seal

import (
	"encoding/base64"
	"fmt"
	"io"
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
	return whole(c.Prepare(m, now))
}

// Prepare does what Seal does, but for the encryption itself, which Copy.Write
// does. AES-256-GCM needs the content in memory, AES-256-CBC does not.
func (c *Certificates) Prepare(m Sealing, now time.Time) (Copy, error) {
	v, to := c.pick(m.Reader, now)
	if v.state != policy.KeyUsable {
		return Copy{}, &KeyError{State: v.state, Reason: v.reason}
	}
	m.Sign = nil // by an OpenPGP key
	p, outside, err := m.divide(now)
	if err != nil {
		return Copy{}, fmt.Errorf("seal message: %w", err)
	}
	head := append(joined(outside), "MIME-Version: 1.0\r\n"+
		"Content-Type: application/pkcs7-mime; smime-type="+smimeTypes[c.cfg.Cipher]+";\r\n name=\"smime.p7m\"\r\n"+
		"Content-Transfer-Encoding: base64\r\n"+
		"Content-Disposition: attachment; filename=\"smime.p7m\"\r\n\r\n"...)
	return Copy{Head: head, Size: sealedSize(p.size()), Write: func(w io.Writer) error {
		encoder := base64.NewEncoder(base64.StdEncoding, &lineWriter{w: w})
		err := cms.Encrypt(encoder, to.x, c.cfg.Cipher, p.size(), p.write)
		if err == nil {
			err = encoder.Close()
		}
		if err == nil {
			_, err = io.WriteString(w, "\r\n")
		}
		if err != nil {
			return fmt.Errorf("seal message: %w", err)
		}
		return nil
	}}, nil
}
