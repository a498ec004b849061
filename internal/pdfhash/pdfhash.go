// Package pdfhash has the hash of passwords that PDF's AES-256 encryption
// uses, for those who read such files and those who write them. It cannot
// fail.
package pdfhash

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"crypto/sha512"
	"slices"
)

// Of returns the 32 octets that a password makes with a salt, by algorithm 2.B
// of ISO 32000-2 §7.6.4.3.4. For an owner's password, user is the 48 octets
// of the file's U string; else it is nil.
func Of(password, salt, user []byte) []byte {
	first := sha256.Sum256(slices.Concat(password, salt, user))
	k := first[:]
	for round := 1; ; round++ {
		e := make([]byte, 0, 64*(len(password)+len(k)+len(user)))
		for range 64 {
			e = append(append(append(e, password...), k...), user...)
		}
		block, err := aes.NewCipher(k[:16])
		if err != nil {
			panic(err) // sixteen octets are a key
		}
		cipher.NewCBCEncrypter(block, k[16:32]).CryptBlocks(e, e)
		sum := 0
		for _, b := range e[:16] {
			sum += int(b) // the remainder by 3 of a number to base 256
		}
		switch sum % 3 {
		case 0:
			h := sha256.Sum256(e)
			k = h[:]
		case 1:
			h := sha512.Sum384(e)
			k = h[:]
		default:
			h := sha512.Sum512(e)
			k = h[:]
		}
		if round >= 64 && int(e[len(e)-1]) <= round-32 {
			return k[:32]
		}
	}
}
