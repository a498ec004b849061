package roster

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
)

// A roster file is: the magic line, salt, time, number of members, of
// addresses, of names and of likenesses, the hashes in order, and a keyed hash
// of all that.
const (
	magic      = "postvern roster 2\n"
	magicFirst = "postvern roster 1\n" // without likenesses
	magicStart = "postvern roster "
	headSize   = len(magic) + saltSize + 8 + 4*4
	maxEntries = 100_000_000
)

// The errors of Decode.
var (
	ErrVersion = errors.New("the roster was written by a newer version")
	ErrKey     = errors.New("the roster was made with another installation's key, or was changed")
	ErrDamaged = errors.New("the roster is damaged")
)

// IsRoster reports whether a file is a roster of keyed hashes.
func IsRoster(src []byte) bool { return bytes.HasPrefix(src, []byte(magicStart)) }

// Encode returns the roster as a file. It holds no address and no name.
func (m *Members) Encode() []byte {
	b := make([]byte, 0, headSize+8*(len(m.addresses.sorted)+len(m.names.sorted)+len(m.near.sorted))+sha256.Size)
	b = append(append(b, magic...), m.salt[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(m.made.Unix()))
	for _, n := range []int{m.count, len(m.addresses.sorted), len(m.names.sorted), len(m.near.sorted)} {
		b = binary.BigEndian.AppendUint32(b, uint32(n))
	}
	for _, hashes := range [][]uint64{m.addresses.sorted, m.names.sorted, m.near.sorted} {
		for _, h := range hashes {
			b = binary.BigEndian.AppendUint64(b, h)
		}
	}
	return append(b, m.seal(b)...)
}

// seal is the keyed hash at the end of a file.
func (m *Members) seal(b []byte) []byte {
	h := hmac.New(sha256.New, m.key)
	_, _ = h.Write([]byte("file")) // a hash never fails
	_, _ = h.Write(b)
	return h.Sum(nil)
}

// Decode reads a roster file; file names it in errors. It returns ErrVersion,
// ErrKey or ErrDamaged, wrapped.
func Decode(file string, src, key []byte) (*Members, error) {
	m, err := decode(src, key)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return m, nil
}

func decode(src, key []byte) (*Members, error) {
	sets, size := 3, headSize
	switch {
	case bytes.HasPrefix(src, []byte(magic)):
	case bytes.HasPrefix(src, []byte(magicFirst)): // it knows nobody who resembles a member
		sets, size = 2, headSize-4
	case IsRoster(src):
		return nil, ErrVersion
	default:
		return nil, ErrDamaged
	}
	if len(src) < size+sha256.Size {
		return nil, ErrDamaged
	}
	head := src[len(magic):size]
	made := binary.BigEndian.Uint64(head[saltSize:])
	count := binary.BigEndian.Uint32(head[saltSize+8:])
	body := src[size : len(src)-sha256.Size]
	m, err := newMembers(key, [saltSize]byte(head[:saltSize]), time.Unix(int64(min(made, math.MaxInt64/2)), 0).UTC())
	if err != nil {
		return nil, err
	}
	var hashes [3][]uint64
	for i := range sets {
		n := uint64(binary.BigEndian.Uint32(head[saltSize+12+4*i:]))
		if n > maxEntries || 8*n > uint64(len(body)) {
			return nil, ErrDamaged
		}
		hashes[i], body = hashesIn(body[:8*n]), body[8*n:]
	}
	if len(body) > 0 || made > math.MaxInt64/2 {
		return nil, ErrDamaged
	}
	if !hmac.Equal(m.seal(src[:len(src)-sha256.Size]), src[len(src)-sha256.Size:]) {
		return nil, ErrKey
	}
	for _, h := range hashes {
		if !slices.IsSorted(h) || count == 0 {
			return nil, ErrDamaged
		}
	}
	m.count, m.addresses, m.names, m.near = int(count), indexed(hashes[0]), indexed(hashes[1]), indexed(hashes[2])
	return m, nil
}

func hashesIn(b []byte) []uint64 {
	out := make([]uint64, len(b)/8)
	for i := range out {
		out[i] = binary.BigEndian.Uint64(b[8*i:])
	}
	return out
}
