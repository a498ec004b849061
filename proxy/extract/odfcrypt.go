package extract

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"crypto/aes"
	"crypto/cipher"
	"crypto/pbkdf2"
	"crypto/sha1" //nolint:gosec // the format's own
	"crypto/sha256"
	"hash"
	"io"
	"runtime/debug"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/blowfish" //nolint:staticcheck // the format's own

	"postvern.example/policy/detect"
)

// What a file may ask for to make a key of a password: ten times what LibreOffice
// does, and the memory that it takes. A file that asks for more is not tried.
const (
	maxSpins      = 1_000_000
	maxArgonKiB   = 64 << 10
	maxArgonTurns = 8
	maxArgonLanes = 16
)

// odfLock is what a manifest says of the encryption of one entry (ODF 1.3 part
// 2 §3.4, ODF 1.4 part 2 §3.4).
type odfLock struct {
	cipher, derivation string // the end of their names, in lower case
	start              func() hash.Hash
	iv, salt, check    []byte
	checked            func() hash.Hash // of the first 1,024 bytes; nil: of none that is known
	keySize, spins     int
	turns, kib, lanes  int // of Argon2id
}

// readODFLocks reads a manifest: the encryption of each entry.
func readODFLocks(manifest []byte) map[string]*odfLock {
	locks := map[string]*odfLock{}
	var name string
	var l *odfLock
	for s := scanXML(manifest); s.next(); {
		if s.kind != xmlOpen {
			continue
		}
		if s.name == "file-entry" {
			name, l = s.attr("full-path"), nil
			continue
		}
		if s.name == "encryption-data" {
			l = &odfLock{start: sha1.New, check: s.octets("checksum"), checked: odfHash(s.attr("checksum-type"))}
			locks[name] = l
		}
		if l == nil {
			continue
		}
		switch s.name {
		case "algorithm":
			l.cipher, l.iv = strings.ToLower(s.attr("algorithm-name")), s.octets("initialisation-vector")
		case "start-key-generation":
			l.start = odfHash(s.attr("start-key-generation-name"))
		case "key-derivation":
			l.derivation, l.salt = strings.ToLower(s.attr("key-derivation-name")), s.octets("salt")
			l.keySize, l.spins = atoi(s.attr("key-size")), atoi(s.attr("iteration-count"))
			l.turns, l.kib, l.lanes = atoi(s.attr("argon2-iterations")), atoi(s.attr("argon2-memory")), atoi(s.attr("argon2-lanes"))
		}
	}
	return locks
}

// odfHash returns the hash that a name ends in: "SHA1/1K", "…#sha256-1k".
func odfHash(name string) func() hash.Hash {
	switch name = strings.ToLower(name); {
	case strings.Contains(name, "sha256"):
		return sha256.New
	case strings.Contains(name, "sha1"):
		return sha1.New
	}
	return nil
}

// key makes the key of a password, or nil where that would take too long, too
// much memory, or is not known.
func (l *odfLock) key(password string) []byte {
	if l.start == nil || len(l.salt) == 0 || len(l.salt) > 1024 {
		return nil
	}
	size := l.keySize
	if size == 0 {
		size = 16 // ODF 1.1
	}
	if size < 5 || size > 32 {
		return nil
	}
	first := l.start()
	_, _ = io.WriteString(first, password) // a hash takes all
	switch {
	case strings.HasSuffix(l.derivation, "pbkdf2"):
		if l.spins < 1 || l.spins > maxSpins {
			return nil
		}
		key, err := pbkdf2.Key(sha1.New, string(first.Sum(nil)), l.salt, l.spins, size)
		if err != nil {
			return nil
		}
		return key
	case strings.HasSuffix(l.derivation, "argon2id"):
		if l.turns < 1 || l.turns > maxArgonTurns || l.kib < 1 || l.kib > maxArgonKiB || l.lanes < 1 || l.lanes > maxArgonLanes {
			return nil
		}
		key := argon2.IDKey(first.Sum(nil), l.salt, uint32(l.turns), uint32(l.kib), uint8(l.lanes), uint32(size))
		debug.FreeOSMemory() // the next key takes as much, and the process may not
		return key
	}
	return nil
}

// open decrypts an entry. ok is false when the password is another one.
func (l *odfLock) open(data []byte, password string) (plain []byte, ok bool) {
	key := l.key(password)
	if key == nil {
		return nil, false
	}
	switch {
	case strings.HasSuffix(l.cipher, "gcm"):
		return openGCM(key, l.iv, data)
	case strings.HasSuffix(l.cipher, "cbc"):
		plain, ok = openCBC(key, l.iv, data)
	case strings.Contains(l.cipher, "blowfish"):
		plain, ok = openBlowfish(key, l.iv, data)
	}
	if !ok || l.checked == nil {
		return nil, false
	}
	sum := l.checked()
	sum.Write(plain[:min(len(plain), 1024)])
	return plain, bytes.Equal(sum.Sum(nil), l.check)
}

// openGCM opens AES-GCM: the vector may stand before the data, as XML encryption
// has it (XML Encryption 1.1 §5.2.4).
func openGCM(key, iv, data []byte) ([]byte, bool) {
	block, err := aes.NewCipher(key)
	if err != nil || len(iv) != 12 {
		return nil, false
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, false
	}
	if after, found := bytes.CutPrefix(data, iv); found {
		if plain, err := gcm.Open(nil, iv, after, nil); err == nil {
			return plain, true
		}
	}
	plain, err := gcm.Open(nil, iv, data, nil)
	return plain, err == nil
}

// openCBC undoes AES-CBC, whose last byte says how many were added.
func openCBC(key, iv, data []byte) ([]byte, bool) {
	block, err := aes.NewCipher(key)
	if err != nil || len(iv) != aes.BlockSize || len(data) == 0 || len(data)%aes.BlockSize != 0 {
		return nil, false
	}
	plain := make([]byte, len(data))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(plain, data)
	added := int(plain[len(plain)-1])
	if added < 1 || added > aes.BlockSize {
		return nil, false
	}
	return plain[:len(plain)-added], true
}

// openBlowfish undoes Blowfish with cipher feedback of whole blocks.
func openBlowfish(key, iv, data []byte) ([]byte, bool) {
	block, err := blowfish.NewCipher(key)
	if err != nil || len(iv) != blowfish.BlockSize {
		return nil, false
	}
	plain, pad := make([]byte, len(data)), make([]byte, blowfish.BlockSize)
	for i, last := 0, iv; i < len(data); i += len(last) {
		block.Encrypt(pad, last)
		last = data[i:min(i+len(pad), len(data))]
		for k, c := range last {
			plain[i+k] = c ^ pad[k]
		}
	}
	return plain, true
}

// unseal tries the message's passwords on an encrypted document. It returns the
// package inside where the whole is encrypted as one; else its entries are read
// with the password from then on.
func (z *zipPack) unseal(manifest []byte) (inside []byte, ok bool) {
	if len(z.r.passwords) == 0 {
		return nil, false
	}
	locks := readODFLocks(manifest)
	for _, name := range []string{"encrypted-package", "content.xml"} {
		f, l := z.find(name), locks[name]
		if f == nil || l == nil {
			continue
		}
		data := z.read(f, z.p.place)
		ok = z.r.tryPasswords(z.p.place, func(password string) (right bool) {
			inside, right = l.open(data, password)
			return right
		})
		if name == "content.xml" {
			inside, z.locks = nil, locks
		} else {
			inside = unpackedODF(inside, z.r.x.cfg.EntrySize)
		}
		return inside, ok
	}
	return nil, false
}

// unpackedODF inflates a package that is no archive as it stands.
func unpackedODF(data []byte, most int64) []byte {
	if bytes.HasPrefix(data, []byte("PK")) {
		return data
	}
	plain, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(data)), most))
	if err != nil {
		return data
	}
	return plain
}

// unlocked decrypts and inflates an entry with the password that opened the
// document.
func (z *zipPack) unlocked(f *zip.File, l *odfLock, data []byte, place detect.Place) []byte {
	plain, ok := l.open(data, z.r.passwords[0])
	if !ok {
		z.r.unscannable(place, whyMalformed)
		return nil
	}
	out, why := z.r.unpackSized(flate.NewReader(bytes.NewReader(plain)), int64(len(plain)), int64(min(f.UncompressedSize64, 1<<40)))
	if why != "" {
		z.r.unscannable(place, why)
	}
	return out
}
