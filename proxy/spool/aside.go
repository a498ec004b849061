package spool

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
)

// Aside keeps octets of a message that is being taken, where they would take
// too much memory: in a file without a name, encrypted under a key that is
// nowhere but in memory. A process that ends, however it does, leaves nothing of
// it. Octets are appended by one goroutine; what was appended may be read by
// several.
type Aside struct {
	s    *Store
	file *os.File
	aead cipher.AEAD
	size int64  // octets that were appended
	tail []byte // the last of them, fewer than a block
	box  []byte
	room int64 // octets of the disk that were asked for and not used yet
}

const (
	asideBlock  = 64 << 10
	asideStride = asideBlock + overhead
	asideName   = "aside-" // of its file, for as long as it takes to remove the name
	// asideRoom is for how much at a time the disk is asked.
	asideRoom = 1 << 20
)

// asideBlocks holds buffers of one block, encrypted.
var asideBlocks = sync.Pool{New: func() any { b := make([]byte, asideStride); return &b }}

// PutAside returns a place for octets of one message. The error, here and when
// they are written, is ErrFull where the disk has no room.
func (s *Store) PutAside() (*Aside, error) {
	if s.cfg.Dir == "" {
		return nil, errors.New("put octets aside: the store has no directory")
	}
	key := make([]byte, keySize)
	rand.Read(key)
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("put octets aside: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("put octets aside: %w", err)
	}
	if err := s.room(0); err != nil {
		return nil, fmt.Errorf("put octets aside: %w", err)
	}
	f, err := os.CreateTemp(s.cfg.Dir, asideName)
	if err != nil {
		return nil, fmt.Errorf("put octets aside: %w", s.fault(err))
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, errors.Join(fmt.Errorf("put octets aside: %w", err), f.Close())
	}
	return &Aside{s: s, file: f, aead: aead, tail: make([]byte, 0, asideBlock), box: make([]byte, 0, asideStride)}, nil
}

// sweepAside removes the names, of empty files, that a process left which ended
// before it could.
func (s *Store) sweepAside() error {
	names, err := filepath.Glob(filepath.Join(s.cfg.Dir, asideName+"*"))
	if err != nil {
		return fmt.Errorf("remove what was put aside: %w", err)
	}
	for _, name := range names {
		if err := os.Remove(name); err != nil {
			return fmt.Errorf("remove what was put aside: %w", err)
		}
	}
	return nil
}

// nonce is the number of a block: each key encrypts one file, once.
func (a *Aside) nonce(block int64) []byte {
	nonce := make([]byte, a.aead.NonceSize())
	binary.BigEndian.PutUint64(nonce, uint64(block))
	return nonce
}

// Write appends p.
func (a *Aside) Write(p []byte) (written int, err error) {
	for len(p) > 0 {
		n := min(len(p), asideBlock-len(a.tail))
		a.tail, p = append(a.tail, p[:n]...), p[n:]
		if len(a.tail) == asideBlock {
			if err := a.flush(); err != nil {
				return written, fmt.Errorf("put octets aside: %w", err)
			}
		}
		a.size += int64(n)
		written += n
	}
	return written, nil
}

// flush writes a full block.
func (a *Aside) flush() error {
	if a.room < asideStride {
		if err := a.s.room(asideRoom); err != nil {
			return err
		}
		a.room += asideRoom
	}
	a.room -= asideStride
	a.box = a.aead.Seal(a.box[:0], a.nonce(a.size/asideBlock), a.tail, nil)
	a.tail = a.tail[:0]
	if _, err := a.file.Write(a.box); err != nil {
		return a.s.fault(err)
	}
	return nil
}

// Size returns the octets that were appended.
func (a *Aside) Size() int64 { return a.size }

// Open returns what reads n octets from off on. What is not there as it was
// written is ErrDamaged.
func (a *Aside) Open(off, n int64) io.Reader { return &asideReader{a: a, at: off, left: n} }

// Close gives the disk its room back. What is read afterwards is an error.
func (a *Aside) Close() error { return a.file.Close() }

// asideReader reads a run of octets that were put aside.
type asideReader struct {
	a     *Aside
	at    int64
	left  int64
	block []byte // decrypted
	rest  []byte // of it, not read yet
}

// Read reads on.
func (r *asideReader) Read(p []byte) (int, error) {
	if r.left == 0 {
		return 0, io.EOF
	}
	if len(r.rest) == 0 {
		if err := r.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, r.rest[:min(int64(len(r.rest)), r.left)])
	r.rest = r.rest[n:]
	r.at, r.left = r.at+int64(n), r.left-int64(n)
	return n, nil
}

// next decrypts the block that the next octet is in.
func (r *asideReader) next() error {
	n := r.at / asideBlock
	in := r.at % asideBlock
	if whole := r.a.size / asideBlock; n >= whole {
		if n > whole || in >= int64(len(r.a.tail)) {
			return ErrDamaged
		}
		r.rest = r.a.tail[in:]
		return nil
	}
	box, _ := asideBlocks.Get().(*[]byte)
	defer asideBlocks.Put(box)
	if _, err := r.a.file.ReadAt(*box, n*asideStride); err != nil {
		if errors.Is(err, io.EOF) {
			return ErrDamaged
		}
		return fmt.Errorf("read what was put aside: %w", err)
	}
	plain, err := r.a.aead.Open(r.block[:0], r.a.nonce(n), *box, nil)
	if err != nil {
		return ErrDamaged
	}
	r.block, r.rest = plain, plain[in:]
	return nil
}
