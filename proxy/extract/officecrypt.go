package extract

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha1" //nolint:gosec // the format's own
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"hash"
	"slices"
)

// defaultPassword is the one that Excel itself uses when somebody protects a
// book against changes only: every Excel opens such a file without asking.
const defaultPassword = "VelvetSweatshop"

// encryptedPackage reads an Office document under Excel's own password, and
// reports one that another password protects (MS-OFFCRYPTO §2.3.4).
func (r *reading) encryptedPackage(p piece, info, data []byte) {
	p.place = labelled(p.place, "document")
	if len(info) < 8 || len(data) < 8 {
		r.unscannable(p.place, whyMalformed)
		return
	}
	major, minor := binary.LittleEndian.Uint16(info), binary.LittleEndian.Uint16(info[2:])
	size := binary.LittleEndian.Uint64(data)
	var plain []byte
	opens := func(password string) (ok bool) {
		switch {
		case major == 4 && minor == 4:
			plain, ok = openAgile(info[8:], data[8:], password)
		case minor == 2:
			plain, ok = openStandard(info[8:], data[8:], password)
		}
		return ok
	}
	if !opens(defaultPassword) {
		r.protected(p.place, strengthStrong)
		if !r.tryPasswords(p.place, opens) {
			return
		}
	}
	p.data = plain[:min(size, uint64(len(plain)))]
	p.depth++
	r.piece(p)
}

func passwordBytes(password string) []byte {
	var out []byte
	for _, c := range password {
		out = append(out, byte(c), byte(c>>8))
	}
	return out
}

// spin hashes a password many times over.
func spin(newHash func() hash.Hash, salt []byte, password string, count int) []byte {
	h := newHash()
	h.Write(salt)
	h.Write(passwordBytes(password))
	sum := h.Sum(nil)
	var number [4]byte
	for i := range count {
		binary.LittleEndian.PutUint32(number[:], uint32(i))
		h.Reset()
		h.Write(number[:])
		h.Write(sum)
		sum = h.Sum(sum[:0])
	}
	return sum
}

// openStandard opens the encryption of Office 2007: AES without chaining.
func openStandard(info, data []byte, password string) ([]byte, bool) {
	if len(info) < 4 {
		return nil, false
	}
	headerSize := int(binary.LittleEndian.Uint32(info))
	if headerSize < 32 || headerSize > len(info)-4-72 {
		return nil, false
	}
	bits := int(binary.LittleEndian.Uint32(info[4+16:]))
	verifier := info[4+headerSize:]
	salt, input, want := verifier[4:20], verifier[20:36], verifier[40:72]
	h := spin(sha1.New, salt, password, 50_000)
	sum := sha1.Sum(append(slices.Clone(h), 0, 0, 0, 0)) //nolint:gosec // see the import
	pad := bytes.Repeat([]byte{0x36}, 64)
	for i, c := range sum {
		pad[i] ^= c
	}
	key := sha1.Sum(pad) //nolint:gosec // see the import
	if bits != 128 {
		return nil, false
	}
	block, err := aes.NewCipher(key[:16])
	if err != nil {
		return nil, false
	}
	got := sha1.Sum(blocks(block, input)) //nolint:gosec // see the import
	if !bytes.Equal(got[:], blocks(block, want)[:20]) {
		return nil, false
	}
	return blocks(block, data), true
}

// blocks decrypts block by block.
func blocks(c cipher.Block, data []byte) []byte {
	out := make([]byte, len(data)/16*16)
	for i := 0; i < len(out); i += 16 {
		c.Decrypt(out[i:], data[i:])
	}
	return out
}

// agile is what the XML of an agile encryption says of one key.
type agile struct {
	salt, input, want, wrapped []byte
	spins, bits                int
	hash                       func() hash.Hash
}

// openAgile opens the encryption of Office 2010 and later.
func openAgile(info, data []byte, password string) ([]byte, bool) {
	file, user, ok := readAgile(info)
	if !ok {
		return nil, false
	}
	h := spin(user.hash, user.salt, password, user.spins)
	input := user.unwrap(h, "\xfe\xa7\xd2\x76\x3b\x4b\x9e\x79", user.input)
	want := user.unwrap(h, "\xd7\xaa\x0f\x6d\x30\x61\x34\x4e", user.want)
	check := user.hash()
	check.Write(input)
	sum := check.Sum(nil)
	if input == nil || len(want) < len(sum) || !bytes.Equal(sum, want[:len(sum)]) {
		return nil, false
	}
	key := user.unwrap(h, "\x14\x6e\x0b\xe7\xab\xac\xd0\xd6", user.wrapped)
	if len(key) < file.bits/8 {
		return nil, false
	}
	block, err := aes.NewCipher(key[:file.bits/8])
	if err != nil {
		return nil, false
	}
	var out []byte
	for i := 0; len(data) >= 16; i++ {
		segment := data[:min(4096, len(data)/16*16)]
		data = data[len(segment):]
		iv := file.hash()
		iv.Write(file.salt)
		iv.Write(binary.LittleEndian.AppendUint32(nil, uint32(i)))
		plain := make([]byte, len(segment))
		cipher.NewCBCDecrypter(block, iv.Sum(nil)[:16]).CryptBlocks(plain, segment)
		out = append(out, plain...)
	}
	return out, true
}

// unwrap decrypts a value with the key for its purpose.
func (a *agile) unwrap(passwordHash []byte, purpose string, value []byte) []byte {
	h := a.hash()
	h.Write(passwordHash)
	h.Write([]byte(purpose))
	key := h.Sum(nil)
	for len(key) < a.bits/8 {
		key = append(key, 0x36)
	}
	block, err := aes.NewCipher(key[:a.bits/8])
	if err != nil || len(value) == 0 || len(value)%16 != 0 || len(a.salt) < 16 {
		return nil
	}
	out := make([]byte, len(value))
	cipher.NewCBCDecrypter(block, a.salt[:16]).CryptBlocks(out, value)
	return out
}

func readAgile(info []byte) (file, user *agile, ok bool) {
	s := scanXML(info)
	for s.next() {
		if s.kind != xmlOpen {
			continue
		}
		a := &agile{
			salt: s.octets("saltValue"), input: s.octets("encryptedVerifierHashInput"), want: s.octets("encryptedVerifierHashValue"),
			wrapped: s.octets("encryptedKeyValue"), spins: atoi(s.attr("spinCount")), bits: atoi(s.attr("keyBits")), hash: hashNamed(s.attr("hashAlgorithm")),
		}
		switch s.name {
		case "keyData":
			file = a
		case "encryptedKey":
			user = a
		}
	}
	if file == nil || user == nil || file.hash == nil || user.hash == nil || user.spins > 1_000_000 {
		return nil, nil, false
	}
	return file, user, len(file.salt) >= 16 && user.bits%64 == 0 && user.bits <= 256
}

func hashNamed(name string) func() hash.Hash {
	switch name {
	case "SHA1":
		return sha1.New
	case "SHA256":
		return sha256.New
	case "SHA384":
		return sha512.New384
	case "SHA512":
		return sha512.New
	}
	return nil
}
