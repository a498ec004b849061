// Package cms writes encrypted CMS content (RFC 5652, RFC 5083) that one
// certificate's key opens. It judges nothing: whether the certificate may be
// used is decided before. An error means that what was written so far is of no
// use to anybody.
package cms

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/x509"
	"encoding/asn1"
	"fmt"
	"io"
)

// Cipher is how content is encrypted.
type Cipher string

// The ciphers. CBC is what every program with S/MIME reads; GCM also shows the
// reader's program that nothing was changed on the way (RFC 5084).
const (
	CBC Cipher = "aes-256-cbc"
	GCM Cipher = "aes-256-gcm"
)

// Ciphers lists them.
func Ciphers() []Cipher { return []Cipher{CBC, GCM} }

var (
	oidData         = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	oidEnveloped    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 3}
	oidAuthEnvelope = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 23}
	oidAES256CBC    = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 42}
	oidAES256GCM    = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 46}
)

// Tags of DER (X.690 §8).
const (
	tagInteger     = 0x02
	tagBitString   = 0x03
	tagOctetString = 0x04
	tagNull        = 0x05
	tagSequence    = 0x30
	tagSet         = 0x31
	context0       = 0x80 // primitive
	constructed0   = 0xA0
	constructed1   = 0xA1
	constructed2   = 0xA2
)

const (
	keySize = 32 // AES-256
	macSize = 16
)

// Encrypt writes size octets, which write gives, as EnvelopedData or, with
// GCM, AuthEnvelopedData in DER, with one RecipientInfo: the certificate's. The
// certificate has an RSA key or one on a curve NIST P-256, P-384 or P-521.
func Encrypt(w io.Writer, to *x509.Certificate, with Cipher, size int, write func(io.Writer) error) error {
	key := make([]byte, keySize)
	_, _ = rand.Read(key) // never fails (crypto/rand)
	reader, version, err := recipient(to, key)
	if err != nil {
		return fmt.Errorf("encrypt to certificate: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return err
	}
	switch with {
	case CBC:
		return enveloped(w, block, reader, version, size, write)
	case GCM:
		return authEnveloped(w, block, reader, size, write)
	default:
		return fmt.Errorf("encrypt to certificate: unknown cipher %q", with)
	}
}

// enveloped streams: no more than a piece of the content is in memory.
func enveloped(w io.Writer, block cipher.Block, reader []byte, version, size int, write func(io.Writer) error) error {
	iv := make([]byte, aes.BlockSize)
	_, _ = rand.Read(iv)
	padded := size + aes.BlockSize - size%aes.BlockSize
	if _, err := w.Write(opening(oidEnveloped, version, reader, algorithm(oidAES256CBC, tlv(tagOctetString, iv)), padded, 0)); err != nil {
		return err
	}
	c := &cbcWriter{w: w, mode: cipher.NewCBCEncrypter(block, iv)}
	if err := write(c); err != nil {
		return err
	}
	if c.written != size {
		return fmt.Errorf("encrypt to certificate: %d octets came where %d were announced", c.written, size)
	}
	return c.close()
}

func authEnveloped(w io.Writer, block cipher.Block, reader []byte, size int, write func(io.Writer) error) error {
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return err
	}
	nonce := make([]byte, aead.NonceSize())
	_, _ = rand.Read(nonce)
	content := &fixed{b: make([]byte, 0, size+macSize)}
	if err := write(content); err != nil {
		return err
	}
	if len(content.b) != size {
		return fmt.Errorf("encrypt to certificate: %d octets came where %d were announced", len(content.b), size)
	}
	// RFC 5084 §3.2: the length of the tag is written, since 12 is the default.
	parameters := tlv(tagSequence, tlv(tagOctetString, nonce), tlv(tagInteger, []byte{macSize}))
	sealed := aead.Seal(content.b[:0], nonce, content.b, nil)
	mac := tlv(tagOctetString, sealed[size:])
	if _, err := w.Write(opening(oidAuthEnvelope, 0, reader, algorithm(oidAES256GCM, parameters), size, len(mac))); err != nil {
		return err
	}
	for _, part := range [][]byte{sealed[:size], mac} {
		if _, err := w.Write(part); err != nil {
			return err
		}
	}
	return nil
}

// opening is all that stands before n octets of ciphertext, which after octets
// follow in the same sequence.
func opening(kind asn1.ObjectIdentifier, version int, reader, cipher []byte, n, after int) []byte {
	content := append(tlv(0, oid(oidData), cipher), head(context0, n)...)
	content = append(head(tagSequence, len(content)+n), content...)
	data := tlv(0, tlv(tagInteger, []byte{byte(version)}), tlv(tagSet, reader), content)
	total := len(data) + n + after
	data = append(head(tagSequence, total), data...)
	total = len(data) + n + after
	info := tlv(0, oid(kind), head(constructed0, total), data)
	return append(head(tagSequence, len(info)+n+after), info...)
}

// cbcWriter encrypts what is written to it, and pads it (RFC 5652 §6.3).
type cbcWriter struct {
	w       io.Writer
	mode    cipher.BlockMode
	rest    []byte // less than a block
	out     []byte
	written int
}

// Write encrypts whole blocks and keeps the rest.
func (c *cbcWriter) Write(p []byte) (int, error) {
	c.written += len(p)
	c.out = append(append(c.out[:0], c.rest...), p...)
	whole := len(c.out) - len(c.out)%aes.BlockSize
	c.rest = append(c.rest[:0], c.out[whole:]...)
	c.mode.CryptBlocks(c.out[:whole], c.out[:whole])
	if _, err := c.w.Write(c.out[:whole]); err != nil {
		return 0, err
	}
	return len(p), nil
}

func (c *cbcWriter) close() error {
	pad := aes.BlockSize - len(c.rest)
	last := c.rest
	for range pad {
		last = append(last, byte(pad))
	}
	c.mode.CryptBlocks(last, last)
	_, err := c.w.Write(last)
	return err
}

// fixed takes no more than it has room for.
type fixed struct{ b []byte }

// Write appends p.
func (f *fixed) Write(p []byte) (int, error) {
	if len(p) > cap(f.b)-len(f.b) {
		return 0, io.ErrShortBuffer
	}
	f.b = append(f.b, p...)
	return len(p), nil
}

// tlv is an element of DER; with tag 0 its content alone.
func tlv(tag byte, parts ...[]byte) []byte {
	n := 0
	for _, p := range parts {
		n += len(p)
	}
	var out []byte
	if tag != 0 {
		out = head(tag, n)
	}
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

// head is the tag and length of an element (X.690 §10.1).
func head(tag byte, n int) []byte {
	if n < 0x80 {
		return []byte{tag, byte(n)}
	}
	var length []byte
	for ; n > 0; n >>= 8 {
		length = append([]byte{byte(n)}, length...)
	}
	return append([]byte{tag, 0x80 | byte(len(length))}, length...)
}

func oid(id asn1.ObjectIdentifier) []byte {
	b, err := asn1.Marshal(id)
	if err != nil {
		panic(err) // the identifiers above are valid
	}
	return b
}

func algorithm(id asn1.ObjectIdentifier, parameters ...[]byte) []byte {
	return tlv(tagSequence, append([][]byte{oid(id)}, parameters...)...)
}
