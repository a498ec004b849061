package extract

import (
	"bytes"
	"crypto/aes"
	"crypto/md5"
	"crypto/sha1"
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"postvern.example/policy/detect"
)

// lockedPackage encrypts an office document as Office 2007 does.
func lockedPackage(t *testing.T, document []byte, password string) []byte {
	t.Helper()
	salt := []byte("0123456789abcdef")
	h := spin(sha1.New, salt, password, 50_000)
	sum := sha1.Sum(append(h, 0, 0, 0, 0))
	pad := bytes.Repeat([]byte{0x36}, 64)
	for i, c := range sum {
		pad[i] ^= c
	}
	key := sha1.Sum(pad)
	block, err := aes.NewCipher(key[:16])
	if err != nil {
		t.Fatal(err)
	}
	seal := func(data []byte) string {
		data = append(slices.Clone(data), make([]byte, -len(data)&15)...)
		for i := 0; i < len(data); i += 16 {
			block.Encrypt(data[i:], data[i:])
		}
		return string(data)
	}
	verifier := []byte("fedcba9876543210")
	check := sha1.Sum(verifier)
	header := make([]byte, 32)
	binary.LittleEndian.PutUint32(header[16:], 128)
	info := "\x03\x00\x02\x00\x24\x00\x00\x00\x20\x00\x00\x00" + string(header) + "\x10\x00\x00\x00" + string(salt) + seal(verifier) + "\x14\x00\x00\x00" + seal(check[:])
	return compoundOf(map[string]string{
		"EncryptionInfo": info, "EncryptedPackage": string(binary.LittleEndian.AppendUint64(nil, uint64(len(document)))) + seal(document),
	})
}

// lockedBook encrypts the workbook of an xls file with RC4.
func lockedBook(t *testing.T, file []byte, password string) []byte {
	t.Helper()
	c, why := newReading(t.Context(), New(Config{})).openCompound(piece{data: file})
	if why != "" {
		t.Fatal(why)
	}
	salt := []byte("0123456789abcdef")
	first := md5.Sum(passwordBytes(password))
	base := md5.Sum(bytes.Repeat(append(slices.Clone(first[:5]), salt...), 16))
	key := md5.Sum(append(slices.Clone(base[:5]), 0, 0, 0, 0))
	verifier := []byte("fedcba9876543210")
	check := md5.Sum(verifier)
	pass := "\x01\x00\x01\x00\x01\x00" + string(salt) + string(rc4Of(key[:], append(verifier, check[:]...)))
	record := binary.LittleEndian.AppendUint16([]byte{biffFilePass, 0}, uint16(len(pass)))
	book := c.streams["workbook"]
	plain := slices.Concat(book[:20], record, []byte(pass), book[20:])
	for at := 20 + 4 + len(pass); at+8 <= len(plain); { // the sheets have moved
		kind, n := binary.LittleEndian.Uint16(plain[at:]), int(binary.LittleEndian.Uint16(plain[at+2:]))
		if kind == biffBoundSheet {
			binary.LittleEndian.PutUint32(plain[at+4:], binary.LittleEndian.Uint32(plain[at+4:])+uint32(4+len(pass)))
		}
		at += 4 + n
	}
	locked, ok := openBIFF(plain, []byte(pass), password) // RC4 is its own inverse
	if !ok {
		t.Fatal("the key does not fit")
	}
	return compoundOf(map[string]string{"Workbook": string(locked)})
}

func TestExcelsOwnPasswordProtectsNothing(t *testing.T) {
	for name, data := range map[string][]byte{
		"xlsx": lockedPackage(t, document(t, "liste.xlsx"), defaultPassword),
		"xls":  lockedBook(t, document(t, "liste.xls"), defaultPassword),
	} {
		res := extracted(t, attached("application/octet-stream", name, data))
		if !res.holds("Søren Ærø\t0102031234") {
			t.Errorf("%s\n%s", name, res.dump())
		}
		if _, ok := res.finding(detect.Protected); ok {
			t.Errorf("%s is taken for protected", name)
		}
	}
}

func TestAnEncryptedDocumentThatIsBrokenIsProtectedToo(t *testing.T) {
	data := compoundOf(map[string]string{"EncryptedPackage": strings.Repeat("\x01", 4096), "EncryptionInfo": "\x04\x00\x04\x00"})
	chain := []byte{1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0}
	at := bytes.LastIndex(data, chain)
	if at < 0 {
		t.Fatal("the file has no table of sectors")
	}
	copy(data[at:], []byte{0xF0, 0xFF, 0xFF, 0})
	res := extracted(t, attached("application/octet-stream", "a.docx", data))
	if _, ok := res.finding(detect.Protected); !ok {
		t.Errorf("it is not told to be protected\n%s", res.dump())
	}
	if f, ok := res.finding(detect.Unscannable); !ok || f.Evidence[0] != whyMalformed {
		t.Errorf("it is not told to be broken\n%s", res.dump())
	}
}

func TestEveryWayToEncryptOpenDocumentIsTold(t *testing.T) {
	const kind = "application/vnd.oasis.opendocument.text"
	manifest := func(entry, algorithm string) string {
		return `<manifest:manifest xmlns:manifest="m"><manifest:file-entry manifest:full-path="` + entry + `"><manifest:encryption-data><manifest:algorithm manifest:algorithm-name="` +
			algorithm + `"/></manifest:encryption-data></manifest:file-entry></manifest:manifest>`
	}
	for name, file := range map[string][]byte{
		"Blowfish":     zipOf(t, "mimetype", kind, "content.xml", "\x01\x02", "META-INF/manifest.xml", manifest("content.xml", "Blowfish CFB")),
		"AES":          zipOf(t, "mimetype", kind, "content.xml", "\x01\x02", "META-INF/manifest.xml", manifest("content.xml", "http://www.w3.org/2001/04/xmlenc#aes256-cbc")),
		"whole":        zipOf(t, "mimetype", kind, "encrypted-package", "\x01\x02", "META-INF/manifest.xml", manifest("encrypted-package", "http://www.w3.org/2009/xmlenc11#aes256-gcm")),
		"OpenPGP keys": zipOf(t, "mimetype", kind, "encrypted-package", "\x01\x02", "META-INF/manifest.xml", `<manifest><loext:keyinfo><loext:encrypted-key/></loext:keyinfo></manifest>`),
	} {
		res := extracted(t, attached("application/octet-stream", "a.odt", file))
		f, ok := res.finding(detect.Protected)
		if !ok || f.Evidence[0] != strengthStrong || len(res.Findings) != 1 || f.Place.String() != "attachment 1 (OpenDocument)" {
			t.Errorf("%s\n%s", name, res.dump())
		}
	}
}

func TestAnotherPasswordProtects(t *testing.T) {
	for name, c := range map[string]struct {
		data     []byte
		strength detect.Evidence
	}{
		"xlsx": {lockedPackage(t, document(t, "liste.xlsx"), "kode"), strengthStrong},
		"xls":  {lockedBook(t, document(t, "liste.xls"), "kode"), strengthWeak},
	} {
		res := extracted(t, attached("application/octet-stream", name, c.data))
		f, ok := res.finding(detect.Protected)
		if !ok || f.Evidence[0] != c.strength || strings.Contains(res.dump(), "Søren") {
			t.Errorf("%s\n%s", name, res.dump())
		}
	}
}
