package proxy

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"strings"

	"golang.org/x/net/idna"
)

// sums are the sums of addresses by which avatars, address books, newsletters
// and key directories name people: in lower case, with the canonical address.
type sums map[string]string

func sumsOf(addresses map[string]bool) sums {
	all := sums{}
	for address := range addresses {
		local, domain, _ := strings.Cut(address, "@")
		shown, _ := idna.ToUnicode(domain)
		for _, form := range []string{address, local + "@" + shown} {
			octets := []byte(form)
			a, b, c, d, e, f := md5.Sum(octets), sha1.Sum(octets), sha256.Sum224(octets), sha256.Sum256(octets), sha512.Sum384(octets), sha512.Sum512(octets)
			for _, sum := range [][]byte{a[:], b[:], c[:], d[:], e[:], f[:]} {
				for _, written := range []string{hex.EncodeToString(sum), base64.RawStdEncoding.EncodeToString(sum), base64.RawURLEncoding.EncodeToString(sum)} {
					all[strings.ToLower(written)] = address
				}
			}
		}
	}
	return all
}

// sumLengths are those of the sums, as hexadecimal and as base64.
var sumLengths = []int{22, 27, 32, 38, 40, 43, 56, 64, 86, 96, 128}

// in returns the sums of hidden addresses that stand in a text in lower case.
func (s sums) in(lower string, hidden map[string]bool) []string {
	var found []string
	for _, token := range codes.FindAllString(lower, -1) {
		for _, n := range sumLengths {
			for i := 0; i+n <= len(token); i++ {
				if address, ok := s[token[i:i+n]]; ok && hidden[address] {
					found = append(found, token[i:i+n])
				}
			}
		}
	}
	return found
}

// decoded returns what a run of letters and digits may be the code of, as a
// whole or between its slashes. What is no text in it is a blank.
func decoded(run string) []string {
	pieces := strings.Split(run, "/")
	if len(pieces) > 1 {
		pieces = append(pieces, run)
	}
	var all []string
	for _, piece := range pieces {
		for _, decode := range []func(string) ([]byte, error){
			hex.DecodeString, unpaddedBase32.DecodeString, base64.RawStdEncoding.DecodeString, base64.RawURLEncoding.DecodeString,
		} {
			if plain, err := decode(piece); err == nil {
				all = append(all, strings.ToValidUTF8(string(plain), " "))
			}
		}
	}
	return all
}

var unpaddedBase32 = base32.StdEncoding.WithPadding(base32.NoPadding)
