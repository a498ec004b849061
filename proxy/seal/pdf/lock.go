package pdf

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"

	"postvern.example/internal/pdfhash"
)

// lock is how a file is encrypted (ISO 32000-2 §7.6.4.4): the file's key,
// wrapped for each of two passwords.
type lock struct {
	block       cipher.Block
	u, ue       []byte
	o, oe       []byte
	permissions []byte
}

const mostPassword = 127 // octets (§7.6.4.3.3)

// ErrPassword says that a password cannot be used.
var ErrPassword = errors.New("a password has to have 1 to 127 octets")

func newLock(password, other string) (l lock, err error) {
	if password == "" || other == "" || len(password) > mostPassword || len(other) > mostPassword {
		return l, ErrPassword
	}
	key := random(32)
	if l.block, err = aes.NewCipher(key); err != nil {
		return l, fmt.Errorf("make the file's key: %w", err)
	}
	if l.u, l.ue, err = wrap(key, []byte(password), nil); err != nil {
		return l, err
	}
	if l.o, l.oe, err = wrap(key, []byte(other), l.u); err != nil {
		return l, err
	}
	l.permissions = make([]byte, 16)
	clear := append([]byte{0xfc, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 'T', 'a', 'd', 'b'}, random(4)...)
	l.block.Encrypt(l.permissions, clear)
	return l, nil
}

// wrap returns what a password is checked with and the key wrapped by it
// (algorithms 8 and 9).
func wrap(key, password, user []byte) (check, wrapped []byte, err error) {
	validation, salt := random(8), random(8)
	check = slices.Concat(pdfhash.Of(password, validation, user), validation, salt)
	block, err := aes.NewCipher(pdfhash.Of(password, salt, user))
	if err != nil {
		return nil, nil, fmt.Errorf("wrap the file's key: %w", err)
	}
	wrapped = make([]byte, len(key))
	cipher.NewCBCEncrypter(block, make([]byte, aes.BlockSize)).CryptBlocks(wrapped, key)
	return check, wrapped, nil
}

// dictionary is the file's encryption dictionary.
func (l lock) dictionary() string {
	h := hex.EncodeToString
	p := int32(binary.LittleEndian.Uint32([]byte{0xfc, 0xff, 0xff, 0xff}))
	return fmt.Sprintf("<</Filter /Standard /V 5 /R 6 /Length 256 /P %d /EncryptMetadata true"+
		" /CF <</StdCF <</CFM /AESV3 /AuthEvent /DocOpen /Length 32>>>> /StmF /StdCF /StrF /StdCF"+
		" /U <%s> /UE <%s> /O <%s> /OE <%s> /Perms <%s>>>", p, h(l.u), h(l.ue), h(l.o), h(l.oe), h(l.permissions))
}

// stream returns a writer that encrypts what goes on to w; Close pads.
func (l lock) stream(w io.Writer) *sealer {
	return &sealer{w: w, block: l.block}
}

type sealer struct {
	w     io.Writer
	block cipher.Block
	mode  cipher.BlockMode
	rest  []byte // fewer octets than a block
	buf   []byte
}

func (s *sealer) begin() error {
	if s.mode != nil {
		return nil
	}
	iv := random(aes.BlockSize)
	s.mode = cipher.NewCBCEncrypter(s.block, iv)
	s.buf = make([]byte, 32<<10)
	_, err := s.w.Write(iv)
	return err
}

// Write encrypts whole blocks and keeps the rest.
func (s *sealer) Write(p []byte) (int, error) {
	if err := s.begin(); err != nil {
		return 0, err
	}
	n := len(p)
	for len(s.rest)+len(p) >= aes.BlockSize {
		size := min((len(s.rest)+len(p))/aes.BlockSize*aes.BlockSize, len(s.buf))
		take := size - len(s.rest)
		copy(s.buf, s.rest)
		copy(s.buf[len(s.rest):], p[:take])
		p, s.rest = p[take:], s.rest[:0]
		s.mode.CryptBlocks(s.buf[:size], s.buf[:size])
		if _, err := s.w.Write(s.buf[:size]); err != nil {
			return 0, err
		}
	}
	s.rest = append(s.rest, p...)
	return n, nil
}

// Close writes the last block, padded.
func (s *sealer) Close() error {
	pad := aes.BlockSize - len(s.rest)
	_, err := s.Write(slices.Repeat([]byte{byte(pad)}, pad))
	return err
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	return b
}
