package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // what RFC 9580 §5.13.1 prescribes
	"encoding/binary"
	"fmt"
	"hash"
	"io"
)

// The packets that a copy is made of, as a stream. The library's own writers
// take four times the processor's time and a megabyte of memory for each
// megabyte.

// Packet tags in the new format (RFC 9580 §4.2, §5).
const (
	tagLiteral   = 0xC0 | 11
	tagProtected = 0xC0 | 18
)

// literalHead is what stands before the size octets of a literal data packet in
// binary, with no file name and no date (RFC 9580 §5.9).
func literalHead(size int) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{tagLiteral, 0xFF}, uint32(size+6)), 'b', 0, 0, 0, 0, 0)
}

// partial is the length of the pieces in which a packet of unknown length is
// written (RFC 9580 §4.2.1.4): two to this power.
const partial = 15

// protectedWriter writes a symmetrically encrypted and integrity protected data
// packet, version 1 (RFC 9580 §5.13.1).
type protectedWriter struct {
	w     io.Writer
	block cipher.Block
	sum   hash.Hash
	pad   [aes.BlockSize]byte // the cipher's output, to be added to what comes
	used  int                 // octets of pad
	out   []byte              // ciphertext that is not written yet
}

func newProtectedWriter(w io.Writer, key []byte) (*protectedWriter, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("use session key: %w", err)
	}
	p := &protectedWriter{w: w, block: block, sum: sha1.New()} //nolint:gosec // see above
	if _, err := w.Write([]byte{tagProtected}); err != nil {
		return nil, err
	}
	p.out = append(p.out, 1)
	p.block.Encrypt(p.pad[:], p.pad[:])
	prefix := make([]byte, aes.BlockSize+2)
	_, _ = rand.Read(prefix[:aes.BlockSize]) // never fails (crypto/rand)
	copy(prefix[aes.BlockSize:], prefix[aes.BlockSize-2:])
	_, err = p.Write(prefix)
	return p, err
}

// Write encrypts b.
func (p *protectedWriter) Write(b []byte) (int, error) {
	_, _ = p.sum.Write(b) // a hash never fails
	written := len(b)
	for len(b) > 0 {
		if len(p.out) == 1<<partial { // the last piece is never empty: programs differ about that
			if err := p.flush(0xE0 | partial); err != nil {
				return 0, err
			}
		}
		at := len(p.out)
		n := min(len(b), 1<<partial-at)
		p.out = append(p.out, b[:n]...)
		p.encrypt(p.out[at:])
		b = b[n:]
	}
	return written, nil
}

// encrypt encrypts b in place: CFB, each block's pad being the block before,
// encrypted.
func (p *protectedWriter) encrypt(b []byte) {
	for len(b) > 0 {
		if p.used == 0 && len(b) >= aes.BlockSize {
			block := b[:aes.BlockSize]
			binary.NativeEndian.PutUint64(block, binary.NativeEndian.Uint64(block)^binary.NativeEndian.Uint64(p.pad[:]))
			binary.NativeEndian.PutUint64(block[8:], binary.NativeEndian.Uint64(block[8:])^binary.NativeEndian.Uint64(p.pad[8:]))
			p.block.Encrypt(p.pad[:], block)
			b = b[aes.BlockSize:]
			continue
		}
		b[0] ^= p.pad[p.used]
		p.pad[p.used] = b[0]
		b = b[1:]
		if p.used++; p.used == aes.BlockSize {
			p.block.Encrypt(p.pad[:], p.pad[:])
			p.used = 0
		}
	}
}

func (p *protectedWriter) flush(length ...byte) error {
	if _, err := p.w.Write(length); err != nil {
		return err
	}
	_, err := p.w.Write(p.out)
	p.out = p.out[:0]
	return err
}

// Close writes the digest of all that was written (RFC 9580 §5.13.1), and the
// end of the packet.
func (p *protectedWriter) Close() error {
	if _, err := p.Write([]byte{0xD3, 0x14}); err != nil {
		return err
	}
	if _, err := p.Write(p.sum.Sum(nil)); err != nil {
		return err
	}
	return p.flush(append([]byte{0xFF}, binary.BigEndian.AppendUint32(nil, uint32(len(p.out)))...)...)
}
