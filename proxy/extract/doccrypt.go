package extract

import (
	"crypto/rc4" //nolint:gosec // the format's own
	"encoding/binary"
	"slices"
)

// wordPlain is what of a document's main stream is never encrypted (MS-DOC
// §2.2.6.2).
const wordPlain = 68

// wordStreams are the streams of a Word document that one key encrypts.
type wordStreams struct{ main, table, data []byte }

// openWord decrypts a document's streams (MS-DOC §2.2.6.2, §2.2.6.3). ok is
// false when the password is another one.
func openWord(s wordStreams, password string) (plain wordStreams, ok bool) {
	key, ok := legacyKey(s.table, password)
	if !ok {
		return s, false
	}
	plain = wordStreams{rc4Blocks(s.main, key, 512), rc4Blocks(s.table, key, 512), rc4Blocks(s.data, key, 512)}
	copy(plain.main, s.main[:min(len(s.main), wordPlain)])
	return plain, true
}

// legacyKey makes the keys of what RC4 encrypts: in 40 bits, or as the system's
// own library does (MS-OFFCRYPTO §2.3.6.1, §2.3.5.1).
func legacyKey(header []byte, password string) (key func(block int) []byte, ok bool) {
	if len(header) < 4 {
		return nil, false
	}
	if binary.LittleEndian.Uint16(header) == 1 {
		return keyRC4(header[4:], password)
	}
	return keyCryptoAPI(header[4:], password)
}

// rc4Blocks decrypts a stream, each block of so many bytes with a key of its
// own.
func rc4Blocks(stream []byte, key func(block int) []byte, size int) []byte {
	plain := slices.Clone(stream)
	for block := 0; block*size < len(plain); block++ {
		c, err := rc4.NewCipher(key(block)) //nolint:gosec // see the import
		if err != nil {
			return nil
		}
		part := plain[block*size : min(len(plain), (block+1)*size)]
		c.XORKeyStream(part, part)
	}
	return plain
}
