package spool

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"sync/atomic"

	"golang.org/x/crypto/chacha20poly1305"

	"postvern.example/internal/octets"
)

// ErrDamaged says that something in the store does not decrypt: it was changed,
// or another key or place belongs to it. It is never delivered.
var ErrDamaged = errors.New("damaged: it does not decrypt")

// vault encrypts what the store writes. Fields and the keys of bodies are
// sealed with XChaCha20-Poly1305, whose nonces may be drawn at random for as
// many rows as an installation will ever write; a body is sealed with
// AES-256-GCM under a key that is used once. While the installation's key is
// changed for another both open, and one of them seals.
type vault struct {
	ring    atomic.Pointer[ring]
	secrets *secrets // set when the store is opened
}

// ring are the keys of the installation as they are used now. It is not
// changed.
type ring struct {
	seals *sealer
	all   []*sealer
}

// sealer is one key of the installation.
type sealer struct {
	id     string
	key    []byte
	fields cipher.AEAD
	keys   cipher.AEAD
}

// KeyID names a key of the installation without telling it.
func KeyID(key []byte) string {
	m := hmac.New(sha256.New, key)
	m.Write([]byte("postvern key id"))
	return hex.EncodeToString(m.Sum(nil)[:4])
}

func newSealer(key []byte) (*sealer, error) {
	if len(key) != keySize {
		return nil, fmt.Errorf("the installation key has %d octets instead of %d", len(key), keySize)
	}
	s := &sealer{id: KeyID(key), key: key}
	for use, to := range map[string]*cipher.AEAD{"fields": &s.fields, "body keys": &s.keys} {
		k, err := derived(key, "postvern spool "+use)
		if err != nil {
			return nil, err
		}
		if *to, err = chacha20poly1305.NewX(k); err != nil {
			return nil, fmt.Errorf("use the key of %s: %w", use, err)
		}
	}
	return s, nil
}

func derived(key []byte, use string) ([]byte, error) {
	k, err := hkdf.Key(sha256.New, key, nil, use, keySize)
	if err != nil {
		return nil, fmt.Errorf("derive a key (%s): %w", use, err)
	}
	return k, nil
}

// newVault returns a vault that seals with the first of the installation's
// keys.
func newVault(keys ...[]byte) (*vault, error) {
	if len(keys) == 0 {
		return nil, errors.New("there is no installation key")
	}
	v := &vault{}
	if err := v.hold(keys); err != nil {
		return nil, err
	}
	return v, nil
}

// hold changes the keys that the vault knows of. What seals stays as long as it
// is among them.
func (v *vault) hold(keys [][]byte) error {
	next := &ring{}
	before := v.ring.Load()
	for _, key := range keys {
		s, err := newSealer(key)
		if err != nil {
			return err
		}
		next.all = append(next.all, s)
		if next.seals == nil || before != nil && s.id == before.seals.id {
			next.seals = s
		}
	}
	v.ring.Store(next)
	return nil
}

// sealWith makes the key that opens a box the one that seals, and reports
// whether there is one.
func (v *vault) sealWith(place string, box []byte) bool {
	now := v.ring.Load()
	for _, s := range now.all {
		if _, err := opened(s.fields, place, box); err == nil {
			v.ring.Store(&ring{seals: s, all: now.all})
			return true
		}
	}
	return false
}

// sealing returns the id of the key that seals.
func (v *vault) sealing() string { return v.ring.Load().seals.id }

// ids returns the ids of all keys that open.
func (v *vault) ids() []string {
	var ids []string
	for _, s := range v.ring.Load().all {
		ids = append(ids, s.id)
	}
	return ids
}

// seal encrypts a field. The place, "table/column/id", is bound to it, so that
// it opens nowhere else.
func (v *vault) seal(place string, plain []byte) []byte {
	return sealed(v.ring.Load().seals.fields, place, plain)
}

// open undoes seal.
func (v *vault) open(place string, box []byte) ([]byte, error) {
	return v.try(place, box, func(s *sealer) cipher.AEAD { return s.fields })
}

// try opens a box with the key that seals, else with another.
func (v *vault) try(place string, box []byte, use func(*sealer) cipher.AEAD) ([]byte, error) {
	keys := v.ring.Load()
	plain, err := opened(use(keys.seals), place, box)
	for i := 0; err != nil && i < len(keys.all); i++ {
		if keys.all[i] != keys.seals {
			plain, err = opened(use(keys.all[i]), place, box)
		}
	}
	return plain, err
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
// result is never seen outside the HMAC. What is large goes through it in blocks,
// wherever it stands.
func (v *vault) repeat(digest []byte, original octets.Rope) ([]byte, error) {
	m := hmac.New(sha256.New, v.secrets.Digests)
	m.Write(digest)
	gmac := func(block []byte) { m.Write(v.secrets.octets.Seal(nil, once, nil, block)) }
	const size = 1 << 20
	switch {
	case original.Size() <= size:
		whole, err := original.Octets()
		if err != nil {
			return nil, err
		}
		gmac(whole)
	case original.Whole():
		for block := range slices.Chunk(original.Held, size) {
			gmac(block)
		}
	default:
		from, block := original.Reader(), make([]byte, size)
		for left := original.Size(); left > 0; left -= len(block) {
			block = block[:min(left, size)]
			if _, err := io.ReadFull(from, block); err != nil {
				return nil, fmt.Errorf("read message: %w", err)
			}
			gmac(block)
		}
	}
	return m.Sum(nil)[:20], nil
}

// reader is the keyed form of a reader's address.
func (v *vault) reader(address string) []byte {
	m := hmac.New(sha256.New, v.secrets.Digests)
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
	return key, sealed(v.ring.Load().seals.keys, bodyPlace(id), key)
}

// bodyKey opens the stored key of a body.
func (v *vault) bodyKey(id int64, box []byte) ([]byte, error) {
	return v.try(bodyPlace(id), box, func(s *sealer) cipher.AEAD { return s.keys })
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
