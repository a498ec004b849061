package seal

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"encoding/base32"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/packet"

	"postvern.example/policy"
)

// Sealing is one message to be sealed to one reader.
type Sealing struct {
	Reader       string // the reader's address
	Raw          []byte // the message as edited, CRLF line ends; it is not changed
	OuterSubject string // the subject that everybody sees, decoded; empty: "[...]" (RFC 9788 §3.2)
	// MessageID of the copy, with angle brackets: not that of another copy and
	// not derived from it. Empty: a random one. The message's own stands inside.
	MessageID string
	// Thread leaves In-Reply-To and References outside too, for programs that
	// do not look inside. They may hold what a rule protects: set it only where
	// nothing was found in the header.
	Thread bool
	// Sign is the organisation's key that signs the copy inside its encryption;
	// nil: none does. S/MIME copies are not signed.
	Sign *OrganisationKey
	// SendKey sends its public key along, inside.
	SendKey bool
}

// KeyError says that a reader has no usable key.
type KeyError struct {
	State  policy.KeyState
	Reason string // English, no address
}

// Error names the state and the reason.
func (e *KeyError) Error() string {
	return fmt.Sprintf("no usable key (%s): %s", e.State, e.Reason)
}

// Seal returns the message as PGP/MIME (RFC 3156 §4) that the reader's key
// alone opens: one encrypted session key, AES, integrity protected, no file
// name, no compression, and a signature where m names a key for it. Inside stand the message's own
// fields and its MIME entity byte for byte, with header protection (RFC 9788)
// and filled up so that the size tells little;
// outside only From, Reply-To, To, Cc, Date, the outer subject and a new
// Message-ID. The error is a *KeyError where the reader has no usable key and
// ErrMalformed where the header is not clear; there are no bytes then.
func (k *Keyring) Seal(m Sealing, now time.Time) ([]byte, error) {
	v, from := k.pick(m.Reader, now)
	if v.state != policy.KeyUsable {
		return nil, &KeyError{State: v.state, Reason: v.reason}
	}
	outside, content, err := m.divide(now)
	if err != nil {
		return nil, fmt.Errorf("seal message: %w", err)
	}

	var out bytes.Buffer
	out.Grow(sealedSize(content.size()))
	boundary := random()
	writeOuter(&out, outside, boundary)
	armored := newArmorWriter(&out)
	if err := encrypt(armored, from.entity, v, m.Sign, now, content.write); err != nil {
		return nil, fmt.Errorf("seal message: %w", err)
	}
	if err := armored.Close(); err != nil {
		return nil, fmt.Errorf("seal message: %w", err)
	}
	out.WriteString("\r\n--" + boundary + "--\r\n")
	return out.Bytes(), nil
}

// divide cuts the message into the fields that stand outside its copy, and
// what is encrypted.
func (m Sealing) divide(now time.Time) (outside []field, content payload, err error) {
	fields, outside, body, err := m.outline(now)
	if err != nil {
		return nil, payload{}, err
	}
	content, err = newPayload(fields, outside, body, m.key())
	return outside, content, err
}

// key returns the key that goes along.
func (m Sealing) key() *OrganisationKey {
	if !m.SendKey {
		return nil
	}
	return m.Sign
}

// outline cuts the message into its own fields, those that stand outside its
// copy, and its body.
func (m Sealing) outline(now time.Time) (fields, outside []field, body []byte, err error) {
	if fields, body, err = splitMessage(m.Raw); err != nil {
		return nil, nil, nil, err
	}
	if strings.TrimSpace(m.OuterSubject) == "" {
		m.OuterSubject = "[...]"
	}
	if m.MessageID == "" {
		m.MessageID = newMessageID(fields)
	}
	if !validMessageID(m.MessageID) {
		return nil, nil, nil, fmt.Errorf("the copy's Message-ID: %w", ErrMalformed)
	}
	outside, err = outer(fields, m, now)
	return fields, outside, body, err
}

// sealedSize is an estimate from above, so that the result is allocated once:
// the packets' partial lengths, base64, its line ends, and the header twice.
func sealedSize(n int) int {
	return (n+n/100+8192)/3*4/armorLine*(armorLine+2) + 16384
}

// writeOuter writes the outer header and all that stands before the armor.
func writeOuter(out *bytes.Buffer, outside []field, boundary string) {
	for _, f := range outside {
		out.WriteString(f.raw)
	}
	out.WriteString("MIME-Version: 1.0\r\n" +
		"Content-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\";\r\n boundary=\"" + boundary + "\"\r\n\r\n" +
		"--" + boundary + "\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n\r\n" +
		"--" + boundary + "\r\nContent-Type: application/octet-stream; name=\"encrypted.asc\"\r\n" +
		"Content-Disposition: inline; filename=\"encrypted.asc\"\r\n\r\n")
}

// encrypt writes an OpenPGP message (SEIPD version 1, which every program in
// use reads) to the one key that was judged usable, and to no other of the
// same entity, with a signature where there is a key for it. The library is told
// the time: its own clock is the process's.
func encrypt(w io.Writer, e *openpgp.Entity, v verdict, sign *OrganisationKey, now time.Time, write func(io.Writer) error) error {
	one := *e
	one.Subkeys = nil
	if v.subkey != nil {
		one.Subkeys = []openpgp.Subkey{*v.subkey}
	}
	config := &packet.Config{
		DefaultCipher:          packet.CipherAES256,
		DefaultHash:            crypto.SHA256,
		DefaultCompressionAlgo: packet.CompressionNone,
		Time:                   func() time.Time { return now },
	}
	var signer *openpgp.Entity
	if sign != nil {
		signer = sign.entity
	}
	plain, err := openpgp.Encrypt(w, []*openpgp.Entity{&one}, signer, &openpgp.FileHints{IsBinary: true}, config)
	if err != nil {
		return fmt.Errorf("encrypt: %w", err)
	}
	if err := write(plain); err != nil {
		return err
	}
	if err := plain.Close(); err != nil {
		return fmt.Errorf("encrypt: %w", err)
	}
	return nil
}

// newMessageID makes a message id in the domain of the sender, which stands
// outside anyway.
func newMessageID(fields []field) string {
	domain := "localhost"
	if from, err := bareAddresses(fields, "from"); err == nil {
		first, _, _ := strings.Cut(from, ",")
		if at := strings.LastIndexByte(first, '@'); at >= 0 && validMessageID("<x"+first[at:]+">") {
			domain = first[at+1:]
		}
	}
	return "<" + random() + "@" + domain + ">"
}

// random returns 128 random bits as text that fits an id and a boundary.
func random() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b))
}
