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
// addresses and of names, the hashes in order, and a keyed hash of all that.
const (
	magic      = "postvern roster 1\n"
	magicStart = "postvern roster "
	headSize   = len(magic) + saltSize + 8 + 3*4
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
	b := make([]byte, 0, headSize+8*(len(m.addresses.sorted)+len(m.names.sorted))+sha256.Size)
	b = append(append(b, magic...), m.salt[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(m.made.Unix()))
	for _, n := range []int{m.count, len(m.addresses.sorted), len(m.names.sorted)} {
		b = binary.BigEndian.AppendUint32(b, uint32(n))
	}
	for _, h := range m.addresses.sorted {
		b = binary.BigEndian.AppendUint64(b, h)
	}
	for _, h := range m.names.sorted {
		b = binary.BigEndian.AppendUint64(b, h)
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
	if !bytes.HasPrefix(src, []byte(magic)) {
		if IsRoster(src) {
			return nil, ErrVersion
		}
		return nil, ErrDamaged
	}
	if len(src) < headSize+sha256.Size {
		return nil, ErrDamaged
	}
	head := src[len(magic):headSize]
	made := binary.BigEndian.Uint64(head[saltSize:])
	count := binary.BigEndian.Uint32(head[saltSize+8:])
	addresses := binary.BigEndian.Uint32(head[saltSize+12:])
	names := binary.BigEndian.Uint32(head[saltSize+16:])
	body := src[headSize : len(src)-sha256.Size]
	if addresses > maxEntries || names > maxEntries || uint64(len(body)) != 8*(uint64(addresses)+uint64(names)) || made > math.MaxInt64/2 {
		return nil, ErrDamaged
	}
	m, err := newMembers(key, [saltSize]byte(head[:saltSize]), time.Unix(int64(made), 0).UTC())
	if err != nil {
		return nil, err
	}
	if !hmac.Equal(m.seal(src[:len(src)-sha256.Size]), src[len(src)-sha256.Size:]) {
		return nil, ErrKey
	}
	a, n := hashesIn(body[:8*addresses]), hashesIn(body[8*addresses:])
	if !slices.IsSorted(a) || !slices.IsSorted(n) || count == 0 {
		return nil, ErrDamaged
	}
	m.count, m.addresses, m.names = int(count), indexed(a), indexed(n)
	return m, nil
}

func hashesIn(b []byte) []uint64 {
	out := make([]uint64, len(b)/8)
	for i := range out {
		out[i] = binary.BigEndian.Uint64(b[8*i:])
	}
	return out
}
