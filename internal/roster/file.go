package roster

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
	"math"
	"slices"
	"strings"
	"time"
)

// A roster file is: the magic line, the salt, the number of groups; of each
// group its name, time, number of members and of hashes of each kind, and these;
// and a keyed hash of all that.
//
// Formats before had one group without a name: salt, time, the number of
// members, of addresses and of names, in the second of likenesses too, and the
// hashes.
const (
	magic       = "postvern roster 3\n"
	magicSecond = "postvern roster 2\n"
	magicFirst  = "postvern roster 1\n"
	magicStart  = "postvern roster "
	maxHashes   = 1 << 31
)

// The errors of Decode.
var (
	ErrVersion = errors.New("the roster was written by a newer version")
	ErrKey     = errors.New("the roster was made with another installation's key, or was changed")
	ErrDamaged = errors.New("the roster is damaged")
)

// IsRoster reports whether a file that begins so is a roster of keyed hashes.
func IsRoster(src []byte) bool { return bytes.HasPrefix(src, []byte(magicStart)) }

// Encode writes the roster as a file. It holds no address and no name but
// those of groups.
func (r *Roster) Encode(w io.Writer) error {
	sum := r.sealer()
	out := bufio.NewWriterSize(io.MultiWriter(w, sum), 64<<10) // which keeps its first error
	put := func(b []byte) { _, _ = out.Write(b) }
	b := append([]byte(magic), r.salt[:]...)
	put(binary.BigEndian.AppendUint32(b, uint32(len(r.groups))))
	for _, g := range r.groups {
		b = binary.BigEndian.AppendUint16(b[:0], uint16(len(g.name)))
		b = append(b, g.name...)
		b = binary.BigEndian.AppendUint64(b, uint64(g.imported.Unix()))
		b = binary.BigEndian.AppendUint32(b, uint32(g.count))
		for _, hashes := range g.hashes {
			b = binary.BigEndian.AppendUint32(b, uint32(len(hashes)))
		}
		put(b)
		for _, hashes := range g.hashes {
			for _, h := range hashes {
				put(binary.BigEndian.AppendUint64(b[:0], h))
			}
		}
	}
	err := out.Flush()
	if err == nil {
		_, err = w.Write(sum.Sum(nil))
	}
	if err != nil {
		return fmt.Errorf("write roster: %w", err)
	}
	return nil
}

// sealer makes the keyed hash at the end of a file.
func (r *hasher) sealer() hash.Hash {
	h := hmac.New(sha256.New, r.key)
	_, _ = h.Write([]byte("file")) // a hash never fails
	return h
}

// seal is the keyed hash at the end of a file that begins so.
func (r *hasher) seal(b []byte) []byte {
	h := r.sealer()
	_, _ = h.Write(b) // a hash never fails
	return h.Sum(nil)
}

// Decode reads a roster file; file names it in errors. It returns ErrVersion,
// ErrKey or ErrDamaged, wrapped.
func Decode(file string, src, key []byte) (*Roster, error) {
	r, err := decode(src, key)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return r, nil
}

func decode(src, key []byte) (*Roster, error) {
	first, second := bytes.HasPrefix(src, []byte(magicFirst)), bytes.HasPrefix(src, []byte(magicSecond))
	if !first && !second && !bytes.HasPrefix(src, []byte(magic)) {
		if IsRoster(src) && bytes.IndexByte(src, '\n') > 0 {
			return nil, ErrVersion
		}
		return nil, ErrDamaged
	}
	if len(src) < len(magic)+saltSize+4+sha256.Size {
		return nil, ErrDamaged
	}
	h, err := newHasher(key, [saltSize]byte(src[len(magic):]))
	if err != nil {
		return nil, err
	}
	body := src[:len(src)-sha256.Size]
	if !hmac.Equal(h.seal(body), src[len(body):]) {
		return nil, ErrKey
	}
	r := &Roster{hasher: h}
	in := &reader{b: body[len(magic)+saltSize:]}
	switch {
	case first:
		r.groups = []entries{in.nameless(addresses, names)}
	case second:
		r.groups = []entries{in.nameless(addresses, names, near)}
	default:
		n := in.number()
		for i := uint32(0); i < n && !in.failed; i++ {
			r.groups = append(r.groups, in.group())
		}
	}
	if in.failed || len(in.b) > 0 || len(r.groups) > MaxGroups || !slices.IsSortedFunc(r.groups, func(a, b entries) int { return strings.Compare(a.name, b.name) }) {
		return nil, ErrDamaged
	}
	return r, nil
}

// reader takes a file apart. After a failure it returns nothing.
type reader struct {
	b      []byte
	failed bool
}

func (r *reader) take(n int) []byte {
	if n < 0 || n > len(r.b) || r.failed {
		r.failed = true
		return make([]byte, min(max(n, 0), 8))
	}
	out := r.b[:n]
	r.b = r.b[n:]
	return out
}

func (r *reader) number() uint32 { return binary.BigEndian.Uint32(r.take(4)) }

func (r *reader) time() time.Time {
	t := binary.BigEndian.Uint64(r.take(8))
	r.failed = r.failed || t > math.MaxInt64/2
	return time.Unix(int64(t&math.MaxInt64), 0).UTC()
}

// words reads hashes. None is nil.
func (r *reader) words(n uint32) []uint64 {
	if n > maxHashes {
		r.failed = true
	}
	b := r.take(8 * int(n))
	if r.failed || n == 0 {
		return nil
	}
	out := make([]uint64, n)
	for i := range out {
		out[i] = binary.BigEndian.Uint64(b[8*i:])
	}
	return out
}

func (r *reader) group() entries {
	var e entries
	e.name = string(r.take(int(binary.BigEndian.Uint16(r.take(2)))))
	e.imported, e.count = r.time(), int(r.number())
	var n [kinds]uint32
	for k := range n {
		n[k] = r.number()
	}
	for k := range e.hashes {
		e.hashes[k] = r.words(n[k])
		r.failed = r.failed || !slices.IsSorted(e.hashes[k])
	}
	r.failed = r.failed || e.count == 0
	return e
}

// nameless reads the only group of a format before groups.
func (r *reader) nameless(sets ...int) entries {
	e := entries{name: DefaultGroup}
	e.imported, e.count = r.time(), int(r.number())
	var n [kinds]uint32
	for _, k := range sets {
		n[k] = r.number()
	}
	for _, k := range sets {
		e.hashes[k] = r.words(n[k])
		r.failed = r.failed || !slices.IsSorted(e.hashes[k])
	}
	r.failed = r.failed || e.count == 0
	return e
}
