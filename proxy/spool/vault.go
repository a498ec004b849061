package spool

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"golang.org/x/crypto/chacha20poly1305"
)

// ErrDamaged says that something in the store does not decrypt: it was changed,
// or another key or place belongs to it. It is never delivered.
var ErrDamaged = errors.New("damaged: it does not decrypt")

// vault encrypts what the store writes. Fields and the keys of bodies are
// sealed with XChaCha20-Poly1305, whose nonces may be drawn at random for as
// many rows as an installation will ever write; a body is sealed with
// AES-256-GCM under a key that is used once.
type vault struct {
	fields cipher.AEAD
	keys   cipher.AEAD
	octets cipher.AEAD // of messages as received: it only authenticates
	digest []byte
	people []byte
}

func newVault(key []byte) (*vault, error) {
	if len(key) != keySize {
		return nil, fmt.Errorf("the installation key has %d octets instead of %d", len(key), keySize)
	}
	var v vault
	for use, to := range map[string]*cipher.AEAD{"fields": &v.fields, "body keys": &v.keys} {
		k, err := hkdf.Key(sha256.New, key, nil, "postvern spool "+use, keySize)
		if err != nil {
			return nil, fmt.Errorf("derive the key of %s: %w", use, err)
		}
		if *to, err = chacha20poly1305.NewX(k); err != nil {
			return nil, fmt.Errorf("use the key of %s: %w", use, err)
		}
	}
	o, err := hkdf.Key(sha256.New, key, nil, "postvern spool octets", keySize)
	if err != nil {
		return nil, fmt.Errorf("derive the key of octets: %w", err)
	}
	if v.octets, err = bodyCipher(o); err != nil {
		return nil, err
	}
	d, err := hkdf.Key(sha256.New, key, nil, "postvern spool digests", keySize)
	if err != nil {
		return nil, fmt.Errorf("derive the key of digests: %w", err)
	}
	v.digest = d
	if v.people, err = hkdf.Key(sha256.New, key, nil, "postvern spool correspondents", keySize); err != nil {
		return nil, fmt.Errorf("derive the key of correspondents: %w", err)
	}
	return &v, nil
}

// seal encrypts a field. The place, "table/column/id", is bound to it, so that
// it opens nowhere else.
func (v *vault) seal(place string, plain []byte) []byte { return sealed(v.fields, place, plain) }

// open undoes seal.
func (v *vault) open(place string, box []byte) ([]byte, error) {
	return opened(v.fields, place, box)
}

// sealJSON encrypts a value as JSON.
func (v *vault) sealJSON(place string, value any) ([]byte, error) {
	plain, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", place, err)
	}
	return v.seal(place, plain), nil
}

// openJSON undoes sealJSON.
func (v *vault) openJSON(place string, box []byte, value any) error {
	plain, err := v.open(place, box)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(plain, value); err != nil {
		return ErrDamaged
	}
	return nil
}

// repeat is the keyed form of what recognises a parcel: without the key, nobody
// can try whether a known message went through. The octets go through GMAC,
// which takes a fifth of the time of SHA-256. Under a fixed nonce it is no more
// than a universal hash, which is enough: its key serves nothing else, and its
// result is never seen outside the HMAC.
func (v *vault) repeat(digest, original []byte) []byte {
	m := hmac.New(sha256.New, v.digest)
	m.Write(digest)
	m.Write(v.octets.Seal(nil, once, nil, original))
	return m.Sum(nil)[:20]
}

// reader is the keyed form of a reader's address.
func (v *vault) reader(address string) []byte {
	m := hmac.New(sha256.New, v.digest)
	m.Write([]byte("reader\x00" + address))
	return m.Sum(nil)[:20]
}

func sealed(a cipher.AEAD, place string, plain []byte) []byte {
	n := a.NonceSize()
	box := make([]byte, n, n+len(plain)+a.Overhead())
	rand.Read(box)
	return a.Seal(box, box, plain, []byte(place))
}

func opened(a cipher.AEAD, place string, box []byte) ([]byte, error) {
	n := a.NonceSize()
	if len(box) < n+a.Overhead() {
		return nil, ErrDamaged
	}
	plain, err := a.Open(nil, box[:n], box[n:], []byte(place))
	if err != nil {
		return nil, ErrDamaged
	}
	return plain, nil
}

// bodyPlace is what the key and content of a body are bound to.
func bodyPlace(id int64) string { return "bodies/content/" + strconv.FormatInt(id, 10) }

// newBodyKey draws a key for a body; box is the key as it is stored.
func (v *vault) newBodyKey(id int64) (key, box []byte) {
	key = make([]byte, keySize)
	rand.Read(key)
	return key, sealed(v.keys, bodyPlace(id), key)
}

// bodyKey opens the stored key of a body.
func (v *vault) bodyKey(id int64, box []byte) ([]byte, error) {
	return opened(v.keys, bodyPlace(id), box)
}

// once is the nonce of a body: its key encrypts nothing else.
var once = make([]byte, 12)

func bodyCipher(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("use the key of a body: %w", err)
	}
	return cipher.NewGCM(block)
}

// sealBody encrypts a body that stands in a row. It writes to box, where that
// is large enough.
func sealBody(key []byte, id int64, box []byte, body Body) ([]byte, error) {
	a, err := bodyCipher(key)
	if err != nil {
		return nil, err
	}
	plain := body.Content
	if len(body.Head) > 0 { // what stands in two places is put together where it is encrypted
		plain = append(append(box[:0], body.Head...), body.Content...)
	}
	return a.Seal(box[:0], once, plain, []byte(bodyPlace(id))), nil
}

// openBody undoes sealBody.
func openBody(key []byte, id int64, box []byte) ([]byte, error) {
	a, err := bodyCipher(key)
	if err != nil {
		return nil, err
	}
	plain, err := a.Open(box[:0], once, box, []byte(bodyPlace(id)))
	if err != nil {
		return nil, ErrDamaged
	}
	return plain, nil
}
