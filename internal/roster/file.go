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

// A roster file is: the magic line, the salt, the key of its hashes, wrapped by
// the installation's (so that the one can change without the others), the number
// of groups; of each group its name, time, number of members and of hashes of
// each kind, and these; and a keyed hash of all that but the wrapped key.
//
// In the third format the key of the hashes was derived from the installation's.
// Formats before that had one group without a name: salt, time, the number of
// members, of addresses and of names, in the second of likenesses too, and the
// hashes.
const (
	magic       = "postvern roster 4\n"
	magicThird  = "postvern roster 3\n"
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
	head := append([]byte(magic), r.salt[:]...)
	box, err := wrapKey(r.owner, rosterPlace, r.salt, r.key)
	if err == nil {
		_, err = w.Write(append(head, box...))
	}
	if err != nil {
		return fmt.Errorf("write roster: %w", err)
	}
	sum := r.sealer()
	_, _ = sum.Write(head)                                     // a hash never fails
	out := bufio.NewWriterSize(io.MultiWriter(w, sum), 64<<10) // which keeps its first error
	put := func(b []byte) { _, _ = out.Write(b) }
	b := make([]byte, 0, 64)
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
	err = out.Flush()
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

// Decode reads a roster file of that many octets; file names it in errors. One
// of the keys has to be that of the installation that wrote it. It returns
// ErrVersion, ErrKey or ErrDamaged, wrapped, or what reading returns.
func Decode(file string, src io.ReadSeeker, size int64, keys ...[]byte) (*Roster, error) {
	r, err := decode(src, size, keys)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return r, nil
}

// decode reads the file twice: a large one is not in memory beside what comes
// of it, and nothing of it is used that is not sealed.
func decode(src io.ReadSeeker, size int64, keys [][]byte) (*Roster, error) {
	head := make([]byte, len(magic)+saltSize)
	n, err := io.ReadFull(src, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return nil, err
	}
	head = head[:n]
	begins := func(magic string) bool { return bytes.HasPrefix(head, []byte(magic)) }
	first, second, wrapped := begins(magicFirst), begins(magicSecond), begins(magic)
	if !first && !second && !wrapped && !begins(magicThird) {
		if IsRoster(head) && bytes.IndexByte(head, '\n') > 0 {
			return nil, ErrVersion
		}
		return nil, ErrDamaged
	}
	begin := int64(len(head))
	if wrapped {
		begin += wrappedSize
	}
	rest := size - begin - sha256.Size
	if n < len(magic)+saltSize || rest < 4 {
		return nil, ErrDamaged
	}
	h, err := opened(src, head, begin, rest, keys)
	if err != nil {
		return nil, err
	}
	if _, err := src.Seek(begin, io.SeekStart); err != nil {
		return nil, err
	}
	r := &Roster{hasher: h}
	in := &reader{b: bufio.NewReaderSize(src, 64<<10), left: rest}
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
	if in.failed || in.left > 0 || len(r.groups) > MaxGroups || !slices.IsSortedFunc(r.groups, func(a, b entries) int { return strings.Compare(a.name, b.name) }) {
		return nil, errors.Join(ErrDamaged, in.err)
	}
	return r, nil
}

// opened returns what makes the hashes of a file, with the key that fits.
func opened(src io.ReadSeeker, head []byte, begin, rest int64, keys [][]byte) (*hasher, error) {
	salt := [saltSize]byte(head[len(magic):])
	box := make([]byte, begin-int64(len(head)))
	if _, err := io.ReadFull(src, box); err != nil {
		return nil, err
	}
	for _, key := range keys {
		h, err := newHasher(key, salt)
		if err == nil && len(box) > 0 {
			var own []byte
			if own, err = unwrapKey(key, rosterPlace, salt, box); errors.Is(err, ErrKey) {
				continue
			}
			h = hasherOf(key, own, salt)
		}
		if err == nil {
			_, err = src.Seek(begin, io.SeekStart)
		}
		if err == nil {
			err = h.check(src, head, rest)
		}
		if !errors.Is(err, ErrKey) {
			return h, err
		}
	}
	return nil, ErrKey
}

// check reads the rest of a file and compares the keyed hash at its end.
func (r *hasher) check(src io.Reader, head []byte, rest int64) error {
	sum := r.sealer()
	_, _ = sum.Write(head) // a hash never fails
	if _, err := io.CopyN(sum, src, rest); err != nil {
		return err
	}
	said := make([]byte, sha256.Size)
	if _, err := io.ReadFull(src, said); err != nil {
		return err
	}
	if !hmac.Equal(sum.Sum(nil), said) {
		return ErrKey
	}
	return nil
}

// reader takes a file apart. After a failure it returns nothing.
type reader struct {
	b      *bufio.Reader
	left   int64 // octets
	failed bool
	err    error // of reading
	buf    [8]byte
}

// take returns the next octets, until the next call.
func (r *reader) take(n int) []byte {
	out := r.buf[:min(n, len(r.buf))]
	if n > len(r.buf) {
		out = make([]byte, n) // a name, of 64 KiB at most
	}
	if int64(n) > r.left || r.failed {
		r.failed = true
		clear(out)
		return out
	}
	r.left -= int64(n)
	if _, err := io.ReadFull(r.b, out); err != nil {
		r.failed, r.err = true, err
	}
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
	if r.failed = r.failed || 8*int64(n) > r.left; r.failed || n == 0 {
		return nil
	}
	out := make([]uint64, n)
	for i := range out {
		out[i] = binary.BigEndian.Uint64(r.take(8))
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
