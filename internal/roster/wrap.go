package roster

import (
	"bytes"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"io"
	"os"

	"golang.org/x/crypto/chacha20poly1305"
)

// What a wrapped key belongs to.
const (
	rosterPlace = "roster"
	phonesPlace = "phones"
)

// wrappedSize is how long a key of 32 octets is when it is wrapped.
const wrappedSize = chacha20poly1305.NonceSizeX + sha256.Size + chacha20poly1305.Overhead

// wrapKey encrypts a file's own key under the installation's.
func wrapKey(owner []byte, place string, salt [saltSize]byte, own []byte) ([]byte, error) {
	k, err := hkdf.Key(sha256.New, owner, salt[:], "postvern wrap "+place, chacha20poly1305.KeySize)
	if err != nil {
		return nil, fmt.Errorf("derive the wrapping key: %w", err)
	}
	a, err := chacha20poly1305.NewX(k)
	if err != nil {
		return nil, fmt.Errorf("use the wrapping key: %w", err)
	}
	nonce := make([]byte, chacha20poly1305.NonceSizeX, chacha20poly1305.NonceSizeX+len(own)+chacha20poly1305.Overhead)
	_, _ = rand.Read(nonce) // never fails (crypto/rand)
	return a.Seal(nonce, nonce, own, []byte(place)), nil
}

// unwrapKey undoes wrapKey. It returns ErrKey where another key wrapped it.
func unwrapKey(owner []byte, place string, salt [saltSize]byte, box []byte) ([]byte, error) {
	k, err := hkdf.Key(sha256.New, owner, salt[:], "postvern wrap "+place, chacha20poly1305.KeySize)
	if err != nil {
		return nil, fmt.Errorf("derive the wrapping key: %w", err)
	}
	a, err := chacha20poly1305.NewX(k)
	if err != nil {
		return nil, fmt.Errorf("use the wrapping key: %w", err)
	}
	own, err := a.Open(nil, box[:chacha20poly1305.NonceSizeX], box[chacha20poly1305.NonceSizeX:], []byte(place))
	if err != nil {
		return nil, ErrKey
	}
	return own, nil
}

// Rewrap returns what writes a file of hashes, or of numbers beside them, with
// its own key wrapped by another key of the installation than now; nil where
// that is so already, or the file is neither. keys are those that may be the one
// now.
func Rewrap(file string, to []byte, keys ...[]byte) (write func(io.Writer) error, err error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("rewrap: %w", err)
	}
	head := make([]byte, len(magic))
	n, _ := io.ReadFull(f, head) // a short file is neither
	_ = f.Close()
	switch head = head[:n]; {
	case IsRoster(head):
		r, err := ReadRoster(file, append([][]byte{to}, keys...)...)
		if err != nil || bytes.Equal(r.owner, to) && bytes.Equal(head, []byte(magic)) {
			return nil, err
		}
		r.owner = to
		return r.Encode, nil
	case bytes.HasPrefix(head, []byte("postvern phones ")):
		b, err := ReadPhoneBook(file, keys...)
		if err != nil || bytes.Equal(b.owner, to) {
			return nil, err
		}
		b.owner = to
		return func(w io.Writer) error {
			text, err := b.Encode()
			if err == nil {
				_, err = w.Write(text)
			}
			return err
		}, nil
	}
	return nil, nil
}
