package extract

import (
	"bytes"
	"crypto/md5"  //nolint:gosec // the format's own
	"crypto/sha1" //nolint:gosec // the format's own
	"encoding/binary"
	"slices"
)

// openBIFF decrypts a workbook's stream (MS-OFFCRYPTO §2.3.6, §2.3.5, MS-XLS
// §2.2.10). pass is the content of its FILEPASS record. ok is false when the
// password is another one.
func openBIFF(stream, pass []byte, password string) (plain []byte, ok bool) {
	switch {
	case len(pass) >= 6 && binary.LittleEndian.Uint16(pass) == 0:
		return openObscured(stream, pass[2:], password)
	case len(pass) == 4: // Excel 95
		return openObscured(stream, pass, password)
	case len(pass) < 6 || binary.LittleEndian.Uint16(pass) != 1:
		return nil, false
	}
	key, ok := legacyKey(pass[2:], password)
	if !ok {
		return nil, false
	}
	plain = rc4Blocks(stream, key, 1024)
	restorePlain(plain, stream)
	return plain, true
}

// restorePlain puts back what is never encrypted: the heads of records, some
// records, and where a sheet begins.
func restorePlain(plain, stream []byte) {
	for at := 0; at+4 <= len(stream); {
		kind, n := binary.LittleEndian.Uint16(stream[at:]), int(binary.LittleEndian.Uint16(stream[at+2:]))
		end := min(at+4+n, len(stream))
		keep := at + 4
		switch kind {
		case biffBOF, biffFilePass, 0x0194, 0x0195, 0x00E1, 0x0196, 0x0138:
			keep = end
		case biffBoundSheet:
			keep = min(at+8, end)
		}
		copy(plain[at:keep], stream[at:keep])
		at = end
	}
}

func keyRC4(d []byte, password string) (func(int) []byte, bool) {
	if len(d) < 48 {
		return nil, false
	}
	first := md5.Sum(passwordBytes(password)) //nolint:gosec // see the import
	salted := bytes.Repeat(append(slices.Clone(first[:5]), d[:16]...), 16)
	base := md5.Sum(salted) //nolint:gosec // see the import
	key := func(block int) []byte {
		sum := md5.Sum(binary.LittleEndian.AppendUint32(slices.Clone(base[:5]), uint32(block))) //nolint:gosec // see the import
		return sum[:]
	}
	check := rc4Of(key(0), d[16:48])
	sum := md5.Sum(check[:16]) //nolint:gosec // see the import
	return key, bytes.Equal(sum[:], check[16:])
}

func keyCryptoAPI(d []byte, password string) (func(int) []byte, bool) {
	if len(d) < 8 {
		return nil, false
	}
	size := int(binary.LittleEndian.Uint32(d[4:]))
	if size < 32 || size > len(d)-8-60 {
		return nil, false
	}
	bits := int(binary.LittleEndian.Uint32(d[8+16:]))
	if bits == 0 {
		bits = 40
	}
	verifier := d[8+size:]
	first := sha1.Sum(append(slices.Clone(verifier[4:20]), passwordBytes(password)...)) //nolint:gosec // see the import
	key := func(block int) []byte {
		sum := sha1.Sum(binary.LittleEndian.AppendUint32(slices.Clone(first[:]), uint32(block))) //nolint:gosec // see the import
		k := slices.Clone(sum[:min(max(bits/8, 5), 16)])
		if bits == 40 {
			k = append(k, make([]byte, 11)...)
		}
		return k
	}
	check := rc4Of(key(0), append(slices.Clone(verifier[20:36]), verifier[40:60]...))
	sum := sha1.Sum(check[:16]) //nolint:gosec // see the import
	return key, bytes.Equal(sum[:], check[16:])
}
