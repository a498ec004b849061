package extract

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha1" //nolint:gosec // the format's own
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/argon2"

	"postvern.example/policy/detect"
)

// cbc encrypts, and adds zeros up to a whole block.
func cbc(t testing.TB, key, iv []byte, plain string) []byte {
	t.Helper()
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	out := append([]byte(plain), make([]byte, -len(plain)&15)...)
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(out, out)
	return out
}

// rar5Locked is a RAR 5 archive with one stored file under a password, put
// together from the published description.
func rar5Locked(t testing.TB, text, password string, turns byte) []byte {
	t.Helper()
	varint := binary.AppendUvarint
	salt, iv := []byte("salt of sixteen."), []byte("vector of 16 oct")
	sums := make([][]byte, 3) // of so many rounds, and sixteen and 32 more
	for i := range sums {
		key, err := pbkdf2.Key(sha256.New, password, salt, 1<<turns+16*i, 32)
		if err != nil {
			t.Fatal(err)
		}
		sums[i] = key
	}
	check := make([]byte, 8)
	for i, c := range sums[2] {
		check[i%8] ^= c
	}
	checksum := sha256.Sum256(check)
	lock := append([]byte{1, 0, 3, turns}, salt...) // encryption, AES-256, with a check and tweaked sums
	lock = append(append(append(lock, iv...), check...), checksum[:4]...)
	extra := append(varint(nil, uint64(len(lock))), lock...)
	crc := hmac.New(sha256.New, sums[1])
	crc.Write(binary.LittleEndian.AppendUint32(nil, crc32.ChecksumIEEE([]byte(text))))
	var tweaked uint32
	for i, c := range crc.Sum(nil) {
		tweaked ^= uint32(c) << (i & 3 * 8)
	}
	data := cbc(t, sums[0], iv, text)
	head := varint(nil, 2)                  // a file
	head = varint(head, 3)                  // with extra data and data
	head = varint(head, uint64(len(extra))) //
	head = varint(head, uint64(len(data)))  //
	head = varint(head, 4)                  // with a checksum
	head = varint(head, uint64(len(text)))  //
	head = varint(head, 0)                  // attributes
	head = binary.LittleEndian.AppendUint32(head, tweaked)
	head = varint(varint(head, 0), 1) // stored, on Unix
	head = append(varint(head, 5), "a.txt"...)
	head = append(head, extra...)
	out := []byte("Rar!\x1a\x07\x01\x00")
	for _, h := range [][]byte{{1, 0, 0}, head} {
		body := append(varint(nil, uint64(len(h))), h...)
		out = append(binary.LittleEndian.AppendUint32(out, crc32.ChecksumIEEE(body)), body...)
	}
	out = append(out, data...)
	end := []byte{3, 5, 0, 0}
	return append(binary.LittleEndian.AppendUint32(out, crc32.ChecksumIEEE(end)), end...)
}

// rar4Locked is the same of RAR 3 and 4.
func rar4Locked(t testing.TB, text, password string) []byte {
	t.Helper()
	salt := []byte("8 octets")
	h, iv := sha1.New(), make([]byte, 16) //nolint:gosec // see the import
	seed := append(passwordBytes(password), salt...)
	for i := range 0x40000 {
		h.Write(seed)
		h.Write([]byte{byte(i), byte(i >> 8), byte(i >> 16)})
		if i%0x4000 == 0 {
			iv[i/0x4000] = h.Sum(nil)[19]
		}
	}
	key := h.Sum(nil)[:16]
	for i := 0; i < 16; i += 4 {
		key[i], key[i+1], key[i+2], key[i+3] = key[i+3], key[i+2], key[i+1], key[i]
	}
	data := cbc(t, key, iv, text)
	le := binary.LittleEndian
	file := le.AppendUint32(nil, uint32(len(data)))
	file = le.AppendUint32(file, uint32(len(text)))
	file = append(file, 3) // Unix
	file = le.AppendUint32(file, crc32.ChecksumIEEE([]byte(text)))
	file = le.AppendUint32(file, 0x5A6B0000)
	file = append(file, 29, 0x30) // for version 2.9, stored
	file = le.AppendUint16(file, 5)
	file = le.AppendUint32(file, 0o100644)
	file = append(append(file, "a.txt"...), salt...)
	out := []byte("Rar!\x1a\x07\x00")
	for _, b := range []struct {
		kind  byte
		flags uint16
		rest  []byte
	}{{0x73, 0, make([]byte, 6)}, {0x74, 0x8404, file}} {
		head := le.AppendUint16(le.AppendUint16([]byte{b.kind}, b.flags), uint16(7+len(b.rest)))
		head = append(head, b.rest...)
		out = append(le.AppendUint16(out, uint16(crc32.ChecksumIEEE(head))), head...)
	}
	return append(append(out, data...), 0xC4, 0x3D, 0x7B, 0x00, 0x40, 0x07, 0x00)
}

const odfManifest = `<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" xmlns:loext="urn:org:documentfoundation:names:experimental:office:xmlns:loext:1.0">
<manifest:file-entry manifest:full-path="%s" manifest:size="9"><manifest:encryption-data>
<manifest:algorithm manifest:algorithm-name="http://www.w3.org/2009/xmlenc11#aes256-gcm" manifest:initialisation-vector="%s"/>
<manifest:start-key-generation manifest:start-key-generation-name="http://www.w3.org/2001/04/xmlenc#sha256" manifest:key-size="32"/>
<manifest:key-derivation manifest:key-derivation-name="%s" manifest:key-size="%d" manifest:iteration-count="%d" loext:argon2-iterations="%d" loext:argon2-memory="%d" loext:argon2-lanes="%d" manifest:salt="%s"/>
</manifest:encryption-data></manifest:file-entry></manifest:manifest>`

// odfLocked is a document encrypted as one package, as LibreOffice 24.8 has it
// (ODF 1.4 part 2 §3.17): with Argon2id and AES-GCM.
func odfLocked(t testing.TB, inside []byte, password string, before bool) []byte {
	t.Helper()
	salt, iv := []byte("salt of sixteen."), []byte("twelve bytes")
	start := sha256.Sum256([]byte(password))
	block, err := aes.NewCipher(argon2.IDKey(start[:], salt, 3, 64<<10, 4, 32))
	if err != nil {
		t.Fatal(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	data := gcm.Seal(nil, iv, inside, nil)
	if before {
		data = append(bytes.Clone(iv), data...)
	}
	encode := base64.StdEncoding.EncodeToString
	manifest := fmt.Sprintf(odfManifest, "encrypted-package", encode(iv), "urn:org:documentfoundation:names:experimental:office:manifest:argon2id", 32, 0, 3, 64<<10, 4, encode(salt))
	return zipOf(t, "mimetype", "application/vnd.oasis.opendocument.text", "META-INF/manifest.xml", manifest, "encrypted-package", string(data))
}

func TestAPasswordOfTheMessageOpensWhatOtherProgramsMade(t *testing.T) {
	const line = "CPR-nummer 070761-4285, Anna"
	letter := document(t, "brev.odt")
	for name, data := range map[string][]byte{
		"RAR 5": rar5Locked(t, line, "kode", 15), "RAR 4": rar4Locked(t, line, "kode"),
		"ODF 1.4": odfLocked(t, letter, "kode", false), "ODF 1.4, vector before the data": odfLocked(t, letter, "kode", true),
		"ODF 1.2": document(t, "laast.odt"), "ODF 1.1": document(t, "laast-1.1.odt"), "Word 97": document(t, "laast.doc"), "Excel 97": document(t, "laast.xls"),
	} {
		for password, opens := range map[string]bool{"kode": true, "Sommer2026": false} {
			mail := strings.Replace(attached("application/octet-stream", "bilag", data), "Se bilag", "Se bilag. Adgangskode: "+password, 1)
			res := New(Config{}).Text(context.Background(), read(t, mail))
			f, told := res.finding(detect.FilePassword)
			if told != opens || told && f.Evidence[0] != detect.EvidenceOpens {
				t.Errorf("%s with %s: told %v\n%s", name, password, f, res.dump())
			}
			if held := res.holds("070761-4285") || res.holds("010203-1234") || res.holds("0102031234"); held != opens {
				t.Errorf("%s with %s: read is %v\n%s", name, password, held, res.dump())
			}
			if _, ok := res.finding(detect.Protected); !ok {
				t.Errorf("%s with %s: is not told to be protected", name, password)
			}
		}
	}
}

// FuzzPassword gives files and passwords to what tries them.
func FuzzPassword(f *testing.F) {
	seeds := documentsOf(f, "laast.odt", "laast-1.1.odt", "laast.doc", "laast.xls", "laast-aes.zip", "laast-svag.zip", "laast-aes.pdf", "laast-rc4.pdf")
	for _, s := range append(seeds, string(rar5Locked(f, "a", "kode", 4)), string(rar4Locked(f, "a", "kode"))) {
		f.Add([]byte(s), "kode")
	}
	x := small()
	f.Fuzz(func(t *testing.T, data []byte, password string) {
		start := time.Now()
		r := newReading(context.Background(), x)
		r.passwords = []string{password, "kode"}
		r.piece(piece{data: data, place: detect.Place{{Kind: detect.InAttachment, Number: 1}}})
		noCrash(t, r.out)
		if d := time.Since(start); d > hangs {
			t.Fatalf("took %v", d)
		}
	})
}

// FuzzKeys gives what files say of how keys are made to what makes them: no
// file may ask for much time or memory.
func FuzzKeys(f *testing.F) {
	f.Add("argon2id", "AES256-gcm", 32, 10, 1, 64, 4, "c2FsdA==", []byte("data"))
	f.Add("PBKDF2", "Blowfish CFB", 16, 64, 0, 0, 0, "c2FsdA==", []byte("data"))
	f.Add("PBKDF2", "xmlenc#aes256-cbc", 32, 1<<30, 1<<30, 1<<30, 1<<30, "", []byte("data"))
	x := small()
	f.Fuzz(func(t *testing.T, derivation, algorithm string, size, spins, turns, kib, lanes int, salt string, data []byte) {
		start := time.Now()
		manifest := strings.Replace(fmt.Sprintf(odfManifest, "content.xml", "AAAAAAAAAAAAAAAA", derivation, size, spins, turns, kib, lanes, salt), "xmlenc11#aes256-gcm", algorithm, 1)
		agileInfo := fmt.Sprintf(`<encryption><keyData saltValue="AAAAAAAAAAAAAAAAAAAAAA==" hashAlgorithm="SHA512" keyBits="%d"/><p:encryptedKey spinCount="%d" saltValue="%s" hashAlgorithm="SHA512" keyBits="%d" encryptedVerifierHashInput="AAAA"/></encryption>`, size, spins, salt, size)
		r := newReading(context.Background(), x)
		r.passwords = []string{"kode", "hemmelig"}
		place := detect.Place{{Kind: detect.InAttachment, Number: 1}}
		r.piece(piece{data: zipOf(t, "mimetype", "x", "content.xml", string(data), "META-INF/manifest.xml", manifest), place: place})
		r.trying = time.Time{}
		r.encryptedPackage(piece{place: place}, append([]byte{4, 0, 4, 0, 0, 0, 0, 0}, agileInfo...), append(make([]byte, 8), data...))
		for _, l := range readODFLocks([]byte(manifest)) {
			if key := l.key("kode"); key != nil && (len(key) > 32 || l.spins > maxSpins || l.kib > maxArgonKiB) {
				t.Fatalf("a key of %d bytes by %+v", len(key), l)
			}
		}
		noCrash(t, r.out)
		if d := time.Since(start); d > hangs {
			t.Fatalf("took %v", d)
		}
	})
}
