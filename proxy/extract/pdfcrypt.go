package extract

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/md5" //nolint:gosec // PDF's own key derivation
	"crypto/rc4" //nolint:gosec // PDF's own cipher
	"crypto/sha256"
	"slices"

	"postvern.example/internal/pdfhash"
	"postvern.example/policy/detect"
)

// pdfCrypt opens a file (ISO 32000-2 §7.6). One that an empty password opens, be
// it the readers' or the owner's, every program shows.
type pdfCrypt struct {
	key  []byte
	mode pdfName // of streams: V2 (RC4), AESV2, AESV3, Identity
	text pdfName // of strings
}

// pdfPadding fills short passwords (§7.6.4.3).
const pdfPadding = "\x28\xBF\x4E\x5E\x4E\x75\x8A\x41\x64\x00\x4E\x56\xFF\xFA\x01\x08\x2E\x2E\x00\xB6\xD0\x68\x3E\x80\x2F\x0C\xA9\xFE\x64\x53\x69\x7A"

// openCrypt returns the key of an encrypted file with a password, its readers' or
// its owner's. Where another is asked for, ok is false.
func (f *pdfFile) openCrypt(enc pdfDict, password string) (c *pdfCrypt, ok bool) {
	v, _ := f.number(enc["V"])
	rev, _ := f.number(enc["R"])
	c = &pdfCrypt{mode: "V2", text: "V2"}
	if v >= 4 {
		c.mode, c.text = f.cryptFilter(enc, "StmF"), f.cryptFilter(enc, "StrF")
	}
	if name, _ := f.get(enc["Filter"]).(pdfName); name != "Standard" {
		return nil, false
	}
	user, _ := f.get(enc["U"]).(pdfString)
	owner, _ := f.get(enc["O"]).(pdfString)
	if rev >= 5 {
		wrapped, _ := f.get(enc["UE"]).(pdfString)
		if c.key, ok = keyOfAES256([]byte(password), []byte(user), []byte(wrapped), nil, int(rev)); ok || len(user) < 48 {
			return c, ok
		}
		wrapped, _ = f.get(enc["OE"]).(pdfString)
		c.key, ok = keyOfAES256([]byte(password), []byte(owner), []byte(wrapped), []byte(user)[:48], int(rev))
		return c, ok
	}
	first := (latin(password) + pdfPadding)[:32]
	if c.key, ok = f.keyOfRC4(enc, first); ok {
		return c, true
	}
	c.key, ok = f.keyOfRC4(enc, userOfOwner(first, []byte(owner), keySize(f, enc), int(rev)))
	return c, ok
}

// keySize returns the octets of a file's key, before AES-256.
func keySize(f *pdfFile, enc pdfDict) int {
	v, _ := f.number(enc["V"])
	rev, _ := f.number(enc["R"])
	bits, told := f.number(enc["Length"])
	switch {
	case rev < 3:
		return 5
	case v >= 4:
		return 16
	case !told || bits < 5:
		return 5
	case bits < 40: // octets, as some programs write it
		bits *= 8
	}
	return int(min(bits, 128)) / 8
}

// keyOfRC4 makes the file's key of a reader's password that is filled up to 32
// octets (§7.6.4.3.2), and tells whether it is the right one.
func (f *pdfFile) keyOfRC4(enc pdfDict, password string) ([]byte, bool) {
	rev, _ := f.number(enc["R"])
	p, _ := f.number(enc["P"])
	user, _ := f.get(enc["U"]).(pdfString)
	owner, _ := f.get(enc["O"]).(pdfString)
	var id pdfString
	if ids, _ := f.get(f.trailer["ID"]).(pdfArray); len(ids) > 0 {
		id, _ = f.get(ids[0]).(pdfString)
	}
	n := keySize(f, enc)
	h := md5.New() //nolint:gosec // see the import
	h.Write([]byte(password))
	h.Write([]byte(owner)[:min(len(owner), 32)])
	bitsOfP := uint32(int64(p))
	h.Write([]byte{byte(bitsOfP), byte(bitsOfP >> 8), byte(bitsOfP >> 16), byte(bitsOfP >> 24)})
	h.Write([]byte(id))
	if f.keepsMetadata(enc) && rev >= 4 {
		h.Write([]byte{0xFF, 0xFF, 0xFF, 0xFF})
	}
	key := h.Sum(nil)
	if rev >= 3 {
		for range 50 {
			sum := md5.Sum(key[:n]) //nolint:gosec // see the import
			key = sum[:]
		}
	}
	return key[:n], checkRC4(key[:n], []byte(user), []byte(id), int(rev))
}

// userOfOwner returns the reader's password, filled up, that the entry O holds
// under the owner's (§7.6.4.4.4).
func userOfOwner(password string, owner []byte, size, rev int) string {
	sum := md5.Sum([]byte(password)) //nolint:gosec // see the import
	if rev < 3 {
		return string(rc4Of(sum[:size], owner[:min(len(owner), 32)]))
	}
	for range 50 {
		sum = md5.Sum(sum[:]) //nolint:gosec // see the import
	}
	user := owner[:min(len(owner), 32)]
	for i := 19; i >= 0; i-- {
		user = rc4Of(mixedKey(sum[:size], i), user)
	}
	return string(user)
}

// mixedKey is a key with each octet combined with a number.
func mixedKey(key []byte, n int) []byte {
	out := make([]byte, len(key))
	for i := range key {
		out[i] = key[i] ^ byte(n)
	}
	return out
}

// keepsMetadata is reversed on purpose: four bytes are added only where the
// metadata is left in clear, and "false" is read as nil.
func (f *pdfFile) keepsMetadata(enc pdfDict) bool {
	v, named := enc["EncryptMetadata"]
	return named && v == nil && bytes.Contains(f.p.data, []byte("/EncryptMetadata false"))
}

func (f *pdfFile) cryptFilter(enc pdfDict, which pdfName) pdfName {
	name, _ := f.get(enc[which]).(pdfName)
	if name == "" || name == "Identity" {
		return "Identity"
	}
	method, _ := f.get(f.dict(f.dict(enc["CF"])[name])["CFM"]).(pdfName)
	return method
}

// checkRC4 tells whether the key is right: it makes the entry U.
func checkRC4(key, user, id []byte, rev int) bool {
	if rev < 3 {
		return bytes.Equal(rc4Of(key, []byte(pdfPadding)), user[:min(len(user), 32)])
	}
	h := md5.New() //nolint:gosec // see the import
	h.Write([]byte(pdfPadding))
	h.Write(id)
	sum := rc4Of(key, h.Sum(nil))
	for i := 1; i <= 19; i++ {
		sum = rc4Of(mixedKey(key, i), sum)
	}
	return len(user) >= 16 && bytes.Equal(sum, user[:16])
}

func rc4Of(key, data []byte) []byte {
	c, err := rc4.NewCipher(key) //nolint:gosec // see the import
	if err != nil {
		return nil
	}
	out := make([]byte, len(data))
	c.XORKeyStream(out, data)
	return out
}

// keyOfAES256 unwraps the file's key with a password. check is the entry U for a
// reader's password, or O for the owner's, which is mixed with U.
func keyOfAES256(password, check, wrapped, user []byte, rev int) ([]byte, bool) {
	if len(check) < 48 || len(wrapped) < 32 {
		return nil, false
	}
	password = password[:min(len(password), 127)]
	hash := func(salt []byte) []byte { return pdfhash.Of(password, salt, user) }
	if rev == 5 {
		hash = func(salt []byte) []byte { sum := sha256.Sum256(slices.Concat(password, salt, user)); return sum[:] }
	}
	if !bytes.Equal(hash(check[32:40]), check[:32]) {
		return nil, false
	}
	block, err := aes.NewCipher(hash(check[40:48]))
	if err != nil {
		return nil, false
	}
	key := make([]byte, 32)
	cipher.NewCBCDecrypter(block, make([]byte, 16)).CryptBlocks(key, wrapped[:32])
	return key, true
}

// decrypt returns the data of a stream or string of an object.
func (c *pdfCrypt) decrypt(owner pdfRef, data []byte, stream bool) []byte {
	mode := c.text
	if stream {
		mode = c.mode
	}
	if mode == "Identity" {
		return data
	}
	key := c.key
	if mode != "AESV3" {
		h := md5.New() //nolint:gosec // see the import
		h.Write(key)
		h.Write([]byte{byte(owner.num), byte(owner.num >> 8), byte(owner.num >> 16), byte(owner.gen), byte(owner.gen >> 8)})
		if mode == "AESV2" {
			h.Write([]byte("sAlT"))
		}
		key = h.Sum(nil)[:min(len(key)+5, 16)]
	}
	if mode == "V2" {
		return rc4Of(key, data)
	}
	if len(data) < 32 || len(data)%16 != 0 {
		return nil
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil
	}
	out := make([]byte, len(data)-16)
	cipher.NewCBCDecrypter(block, data[:16]).CryptBlocks(out, data[16:])
	if pad := int(out[len(out)-1]); pad >= 1 && pad <= 16 {
		out = out[:len(out)-pad]
	}
	return out
}

// strength tells how hard a file without the password is to open.
func (f *pdfFile) strength(enc pdfDict) detect.Evidence {
	if v, _ := f.number(enc["V"]); v < 4 {
		return strengthWeak
	}
	switch f.cryptFilter(enc, "StmF") {
	case "AESV2", "AESV3":
		return strengthStrong
	}
	return strengthWeak
}

// latin returns a password in the octets of Latin-1, as older files have it.
func latin(password string) string {
	out := make([]byte, 0, len(password))
	for _, c := range password {
		out = append(out, byte(c))
	}
	return string(out)
}
