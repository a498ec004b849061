package submission

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// The errors of CheckAddress.
var (
	ErrAddress = errors.New("submission: not a plain mail address")
	ErrUTF8    = errors.New("submission: an address outside ASCII needs SMTPUTF8")
)

// CheckAddress returns nil for an address that every mail server reads alike:
// a dot-atom local part and a domain name (RFC 5321 §4.1.2, without quoted
// strings, source routes and address literals), with letters outside ASCII
// only where utf8 is set (RFC 6531 §3.3). The percent hack and bang paths are
// refused. It returns ErrAddress or ErrUTF8.
func CheckAddress(address string, utf8 bool) error {
	if !utf8 && !isASCII(address) {
		return ErrUTF8
	}
	at := strings.IndexByte(address, '@')
	// RFC 5321 §4.5.3.1: 64 octets, 255 octets, 254 for a path without brackets.
	if at < 1 || at > 64 || len(address) > 254 {
		return ErrAddress
	}
	if !isDotAtom(address[:at]) || !isDomain(address[at+1:]) {
		return ErrAddress
	}
	return nil
}

func isDotAtom(s string) bool {
	for atom := range strings.SplitSeq(s, ".") {
		if atom == "" {
			return false
		}
		for _, r := range atom {
			if r < utf8.RuneSelf {
				// Without % and !, which other servers take for routes.
				if !isAlnum(r) && !strings.ContainsRune("#$&'*+-/=?^_`{|}~", r) {
					return false
				}
			} else if !isPlainRune(r) {
				return false
			}
		}
	}
	return true
}

func isDomain(s string) bool {
	if len(s) > 253 {
		return false
	}
	last := ""
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for _, r := range label {
			if r < utf8.RuneSelf {
				if !isAlnum(r) && r != '-' {
					return false
				}
			} else if !isPlainRune(r) || !unicode.In(r, unicode.L, unicode.M, unicode.N) {
				return false
			}
		}
		last = label
	}
	// A last label of digits is an IP address without its brackets.
	return strings.Trim(last, "0123456789") != ""
}

// isPlainRune refuses what cannot be seen, and what a server that normalises
// would turn into ASCII: a full-width "@" or dot makes another address of it.
func isPlainRune(r rune) bool {
	if r == utf8.RuneError || !unicode.IsGraphic(r) || unicode.IsSpace(r) {
		return false
	}
	s := string(r)
	plain := norm.NFKC.String(s)
	if plain == s {
		return true
	}
	for i := range len(plain) {
		if plain[i] < utf8.RuneSelf {
			return false
		}
	}
	return !strings.ContainsAny(plain, "\u3002")
}

func isAlnum(r rune) bool {
	return '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// isPrintable reports whether s is printable ASCII.
func isPrintable(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// Redact returns what of an address may stand in a log: its domain, or "*"
// where there is none to be had.
func Redact(address string) string {
	at := strings.LastIndexByte(address, '@')
	if at < 0 || !isDomain(address[at+1:]) {
		return "*"
	}
	return "*@" + strings.ToLower(address[at+1:])
}
