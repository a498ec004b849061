package seal

import (
	"crypto"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/packet"

	"postvern.example/internal/octets"
	"postvern.example/policy"
)

// Sealing is one message to be sealed to one reader.
type Sealing struct {
	Reader       string      // the reader's address
	Head         []byte      // the header with its empty line, where it stands apart; nil: it stands in Raw
	Raw          octets.Rope // the message as edited, CRLF line ends; it is not changed
	OuterSubject string      // the subject that everybody sees, decoded; empty: "[...]" (RFC 9788 §3.2)
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
// name, no compression, and a signature where m names a key for it. Inside
// stand the message's own fields and its MIME entity byte for byte, with header
// protection (RFC 9788), filled up so that the size tells little; outside only
// From, Reply-To, To, Cc, Date, the outer subject and a new Message-ID. The
// error is a *KeyError where the reader has no usable key and ErrMalformed where
// the header is not clear; there are no bytes then.
func (k *Keyring) Seal(m Sealing, now time.Time) ([]byte, error) {
	return whole(k.Prepare(m, now))
}

// Prepare does what Seal does, but for the encryption itself, which Copy.Write
// does. The errors are those of Seal.
func (k *Keyring) Prepare(m Sealing, now time.Time) (Copy, error) {
	v, from := k.pick(m.Reader, now)
	if v.state != policy.KeyUsable {
		return Copy{}, &KeyError{State: v.state, Reason: v.reason}
	}
	p, outside, err := m.divide(now)
	if err != nil {
		return Copy{}, fmt.Errorf("seal message: %w", err)
	}
	boundary := random()
	return Copy{Head: outerHead(outside, boundary), Size: sealedSize(p.size()), Write: func(w io.Writer) error {
		armored := newArmorWriter(w)
		err := encrypt(armored, from.entity, v, m.Sign, now, p)
		if err == nil {
			err = armored.Close()
		}
		if err == nil {
			_, err = io.WriteString(w, "\r\n--"+boundary+"--\r\n")
		}
		if err != nil {
			return fmt.Errorf("seal message: %w", err)
		}
		return nil
	}}, nil
}

// divide cuts the message into what its reader finds inside its copy, and the
// fields that stand outside.
func (m Sealing) divide(now time.Time) (p payload, outside []field, err error) {
	head, body := m.Head, m.Raw
	if head == nil {
		head, body = cutHead(m.Raw)
	}
	fields, err := readFields(head)
	if err != nil {
		return p, nil, err
	}
	if outside, err = m.outside(fields, now); err != nil {
		return p, nil, err
	}
	p, err = newPayload(fields, outside, body, m.key())
	return p, outside, err
}

// key returns the key that goes along.
func (m Sealing) key() *OrganisationKey {
	if !m.SendKey {
		return nil
	}
	return m.Sign
}

// outside returns the fields that stand outside the copy of a message that has
// these.
func (m Sealing) outside(fields []field, now time.Time) ([]field, error) {
	if strings.TrimSpace(m.OuterSubject) == "" {
		m.OuterSubject = "[...]"
	}
	if m.MessageID == "" {
		m.MessageID = newMessageID(fields)
	}
	if !validMessageID(m.MessageID) {
		return nil, fmt.Errorf("the copy's Message-ID: %w", ErrMalformed)
	}
	return outer(fields, m, now)
}

// sealedSize is an estimate from above of what so many octets become: the
// packets' partial lengths, base64, its line ends, and the header twice.
func sealedSize(octets int) int {
	return (octets+octets/100+8192)/3*4/armorLine*(armorLine+2) + 16384
}

// outerHead returns the outer header and all that stands before the armor.
func outerHead(outside []field, boundary string) []byte {
	out := joined(outside)
	return append(out, "MIME-Version: 1.0\r\n"+
		"Content-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\";\r\n boundary=\""+boundary+"\"\r\n\r\n"+
		"--"+boundary+"\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n\r\n"+
		"--"+boundary+"\r\nContent-Type: application/octet-stream; name=\"encrypted.asc\"\r\n"+
		"Content-Disposition: inline; filename=\"encrypted.asc\"\r\n\r\n"...)
}

// encrypt writes an OpenPGP message (SEIPD version 1, which every program in
// use reads) to the one key that was judged usable, and to no other of the
// same entity, with a signature where there is a key for it. The library is told
// the time: its own clock is the process's.
func encrypt(w io.Writer, e *openpgp.Entity, v verdict, sign *OrganisationKey, now time.Time, p payload) error {
	one := *e
	one.Subkeys = nil
	if v.subkey != nil {
		one.Subkeys = []openpgp.Subkey{*v.subkey}
	}
	config := &packet.Config{DefaultHash: crypto.SHA256, Time: func() time.Time { return now }}
	to, ok := one.EncryptionKey(now)
	if !ok {
		return errors.New("encrypt: the key has no part that mail can be encrypted to")
	}
	with := sessionCipher(&one)
	key := make([]byte, with.KeySize())
	_, _ = rand.Read(key) // never fails (crypto/rand)
	if err := packet.SerializeEncryptedKeyAEAD(w, to.PublicKey, with, false, key, config); err != nil {
		return fmt.Errorf("encrypt session key: %w", err)
	}
	plain, err := newProtectedWriter(w, key)
	if err != nil {
		return fmt.Errorf("encrypt: %w", err)
	}
	if err := writeLiteral(plain, sign, config, p); err != nil {
		return err
	}
	if err := plain.Close(); err != nil {
		return fmt.Errorf("encrypt: %w", err)
	}
	return nil
}

// sessionCipher returns AES-256, or AES-128 where the reader's key does not say
// that its programs know it (RFC 9580 §5.2.3.14).
func sessionCipher(e *openpgp.Entity) packet.CipherFunction {
	if own, err := e.PrimarySelfSignature(); err == nil && slices.Contains(own.PreferredSymmetric, uint8(packet.CipherAES256)) {
		return packet.CipherAES256
	}
	return packet.CipherAES128
}

// writeLiteral writes the payload as literal data, signed where there is a key
// for it.
func writeLiteral(w io.Writer, sign *OrganisationKey, config *packet.Config, p payload) error {
	if sign == nil {
		if _, err := w.Write(literalHead(p.size())); err != nil {
			return fmt.Errorf("encrypt: %w", err)
		}
		return p.write(w)
	}
	signed, err := openpgp.Sign(w, sign.entity, &openpgp.FileHints{IsBinary: true}, config)
	if err != nil {
		return fmt.Errorf("sign: %w", err)
	}
	if err := p.write(signed); err != nil {
		return err
	}
	if err := signed.Close(); err != nil {
		return fmt.Errorf("sign: %w", err)
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
