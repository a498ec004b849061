package extract

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha1" //nolint:gosec // the format's own
	"crypto/subtle"
	"encoding/binary"
	"hash/crc32"
	"io"
)

// unlock returns an encrypted entry's bytes where one of the message's
// passwords opens it, and reports whether one does.
func (z *zipPack) unlock(f *zip.File) ([]byte, bool) {
	if len(z.r.passwords) == 0 || f.CompressedSize64 > uint64(len(z.p.data)) || f.Flags&0x40 != 0 || isLockedIWork(f) {
		return nil, false
	}
	in, err := f.OpenRaw()
	if err != nil {
		return nil, false
	}
	raw, err := io.ReadAll(in)
	if err != nil {
		return nil, false
	}
	var out []byte
	ok := z.r.tryPasswords(z.p.place, func(password string) bool {
		plain, method, right := decryptEntry(f, raw, password)
		if !right {
			return false
		}
		out, right = z.inflate(f, plain, method)
		return right
	})
	return out, ok
}

// decryptEntry undoes AES (WinZip's AE-1 and AE-2) or ZipCrypto (APPNOTE 6.3.10
// §6.1). It returns how the entry is packed inside.
func decryptEntry(f *zip.File, raw []byte, password string) (plain []byte, method uint16, ok bool) {
	if f.Method == 99 {
		strength, method, found := aesField(f.Extra)
		if !found {
			return nil, 0, false
		}
		plain, ok = decryptAES(raw, password, 8+8*int(strength))
		return plain, method, ok
	}
	plain = zipCrypto(raw, password)
	if len(plain) < 12 {
		return nil, 0, false
	}
	check := byte(f.CRC32 >> 24)
	if f.Flags&8 != 0 {
		check = byte(f.ModifiedTime >> 8) //nolint:staticcheck // the field itself is what the check is made of
	}
	return plain[12:], f.Method, plain[11] == check
}

// aesField reads the extra field 0x9901: the strength, 1 to 3, and how the
// entry is packed.
func aesField(extra []byte) (strength byte, method uint16, ok bool) {
	for len(extra) >= 4 {
		id, n := binary.LittleEndian.Uint16(extra), int(binary.LittleEndian.Uint16(extra[2:]))
		if extra = extra[4:]; n > len(extra) {
			return 0, 0, false
		}
		if id == 0x9901 && n >= 7 && extra[4] >= 1 && extra[4] <= 3 {
			return extra[4], binary.LittleEndian.Uint16(extra[5:]), true
		}
		extra = extra[n:]
	}
	return 0, 0, false
}

// decryptAES opens what WinZip's AES has sealed: salt, two octets that tell a
// wrong password, the data, ten octets of a MAC.
func decryptAES(raw []byte, password string, size int) ([]byte, bool) {
	saltSize := size / 2
	if len(raw) < saltSize+12 {
		return nil, false
	}
	keys, err := pbkdf2.Key(sha1.New, password, raw[:saltSize], 1000, 2*size+2)
	if err != nil || subtle.ConstantTimeCompare(keys[2*size:], raw[saltSize:saltSize+2]) == 0 {
		return nil, false
	}
	data, mac := raw[saltSize+2:len(raw)-10], raw[len(raw)-10:]
	h := hmac.New(sha1.New, keys[size:2*size])
	h.Write(data)
	block, err := aes.NewCipher(keys[:size])
	if err != nil || !hmac.Equal(h.Sum(nil)[:10], mac) {
		return nil, false
	}
	return littleCTR(block, data), true
}

// littleCTR is counter mode with a little-endian counter that begins at 1.
func littleCTR(block cipher.Block, data []byte) []byte {
	out := make([]byte, len(data))
	var counter, stream [aes.BlockSize]byte
	for i := 0; i < len(data); i += aes.BlockSize {
		binary.LittleEndian.PutUint64(counter[:], uint64(i/aes.BlockSize+1))
		block.Encrypt(stream[:], counter[:])
		subtle.XORBytes(out[i:], data[i:], stream[:])
	}
	return out
}

// zipCrypto undoes PKWARE's first encryption.
func zipCrypto(raw []byte, password string) []byte {
	k := [3]uint32{0x12345678, 0x23456789, 0x34567890}
	update := func(c byte) {
		k[0] = crc32.IEEETable[byte(k[0])^c] ^ k[0]>>8
		k[1] = (k[1]+k[0]&0xFF)*134775813 + 1
		k[2] = crc32.IEEETable[byte(k[2])^byte(k[1]>>24)] ^ k[2]>>8
	}
	for i := range len(password) {
		update(password[i])
	}
	out := make([]byte, len(raw))
	for i, c := range raw {
		t := k[2] | 2
		out[i] = c ^ byte(t*(t^1)>>8)
		update(out[i])
	}
	return out
}

// inflate unpacks a decrypted entry within the limits. A checksum tells a
// password that is right from one that a single octet was right for.
func (z *zipPack) inflate(f *zip.File, plain []byte, method uint16) ([]byte, bool) {
	var in io.Reader
	switch method {
	case zip.Store:
		in = bytes.NewReader(plain)
	case zip.Deflate:
		in = flate.NewReader(bytes.NewReader(plain))
	default:
		return nil, false
	}
	data, why := z.r.unpackSized(in, int64(f.CompressedSize64), int64(min(f.UncompressedSize64, 1<<40)))
	return data, why == "" && (f.Method == 99 || crc32.ChecksumIEEE(data) == f.CRC32)
}
