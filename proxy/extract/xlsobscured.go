package extract

import (
	"encoding/binary"
	"math/bits"
)

// The numbers of XOR obfuscation (MS-OFFCRYPTO §2.3.7.2).
var (
	obscureFirst = [15]uint16{0xE1F0, 0x1D0F, 0xCC9C, 0x84C0, 0x110C, 0x0E10, 0xF1CE, 0x313E, 0x1872, 0xE139, 0xD40F, 0x84F9, 0x280C, 0xA96A, 0x4EC3}
	obscurePad   = [15]byte{0xBB, 0xFF, 0xFF, 0xBA, 0xFF, 0xFF, 0xB9, 0x80, 0x00, 0xBE, 0x0F, 0x00, 0xBF, 0x0F, 0x00}
	obscureBits  = [15][7]uint16{
		{0xAEFC, 0x4DD9, 0x9BB2, 0x2745, 0x4E8A, 0x9D14, 0x2A09},
		{0x7B61, 0xF6C2, 0xFDA5, 0xEB6B, 0xC6F7, 0x9DCF, 0x2BBF},
		{0x4563, 0x8AC6, 0x05AD, 0x0B5A, 0x16B4, 0x2D68, 0x5AD0},
		{0x0375, 0x06EA, 0x0DD4, 0x1BA8, 0x3750, 0x6EA0, 0xDD40},
		{0xD849, 0xA0B3, 0x5147, 0xA28E, 0x553D, 0xAA7A, 0x44D5},
		{0x6F45, 0xDE8A, 0xAD35, 0x4A4B, 0x9496, 0x390D, 0x721A},
		{0xEB23, 0xC667, 0x9CEF, 0x29FF, 0x53FE, 0xA7FC, 0x5FD9},
		{0x47D3, 0x8FA6, 0x0F6D, 0x1EDA, 0x3DB4, 0x7B68, 0xF6D0},
		{0xB861, 0x60E3, 0xC1C6, 0x93AD, 0x377B, 0x6EF6, 0xDDEC},
		{0x45A0, 0x8B40, 0x06A1, 0x0D42, 0x1A84, 0x3508, 0x6A10},
		{0xAA51, 0x4483, 0x8906, 0x022D, 0x045A, 0x08B4, 0x1168},
		{0x76B4, 0xED68, 0xCAF1, 0x85C3, 0x1BA7, 0x374E, 0x6E9C},
		{0x3730, 0x6E60, 0xDCC0, 0xA9A1, 0x4363, 0x86C6, 0x1DAD},
		{0x3331, 0x6662, 0xCCC4, 0x89A9, 0x0373, 0x06E6, 0x0DCC},
		{0x1021, 0x2042, 0x4084, 0x8108, 0x1231, 0x2462, 0x48C4},
	}
)

// obscured returns the key of a password and the word that verifies it; a
// password has 15 characters at most, of which the low bytes count.
func obscured(password []byte) (key, verifier uint16) {
	n := len(password)
	key = obscureFirst[n-1]
	for i, c := range password {
		for bit, mask := range obscureBits[15-n+i] {
			if c>>bit&1 != 0 {
				key ^= mask
			}
		}
	}
	for i := n - 1; i >= 0; i-- {
		verifier = (verifier>>14&1 | verifier<<1&0x7FFF) ^ uint16(password[i])
	}
	verifier = (verifier>>14&1 | verifier<<1&0x7FFF) ^ uint16(n) ^ 0xCE4B
	return key, verifier
}

// obscureArray returns the sixteen bytes that those of a file are changed with.
func obscureArray(password []byte, key uint16) (a [16]byte) {
	copy(a[:], password)
	copy(a[len(password):], obscurePad[:])
	for i := range a {
		a[i] = bits.RotateLeft8(a[i]^byte(key>>(8*(i&1))), 2)
	}
	return a
}

// openObscured undoes XOR obfuscation (§2.3.7.3). pass is the key and the
// verifier of the FILEPASS record.
func openObscured(stream, pass []byte, password string) (plain []byte, ok bool) {
	short := make([]byte, 0, 15)
	for _, c := range password {
		if len(short) < 15 {
			short = append(short, byte(c))
		}
	}
	if len(short) == 0 || len(pass) < 4 {
		return nil, false
	}
	key, verifier := obscured(short)
	if key != binary.LittleEndian.Uint16(pass) || verifier != binary.LittleEndian.Uint16(pass[2:]) {
		return nil, false
	}
	a := obscureArray(short, key)
	plain = make([]byte, len(stream))
	for at := 0; at < len(stream); {
		end := len(stream)
		if at+4 <= end {
			end = min(at+4+int(binary.LittleEndian.Uint16(stream[at+2:])), end)
		}
		size := end - at - 4
		for i := at + 4; i < end; i++ { // from the data of each record on, by where it ends
			plain[i] = bits.RotateLeft8(stream[i], 3) ^ a[(i+size)%16]
		}
		at = end
	}
	restorePlain(plain, stream)
	return plain, true
}
