package message

import (
	"errors"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
)

var errCharset = errors.New("the charset is not known")

// lookCharset returns the encoding that a MIME name means; nil means UTF-8 or
// ASCII. Latin-1 is read as windows-1252, as every mail program does.
func lookCharset(name string) (encoding.Encoding, error) {
	name = strings.ToLower(strings.TrimSpace(name))
	switch name {
	case "utf-8", "utf8", "us-ascii", "ascii", "ansi_x3.4-1968", "unicode-1-1-utf-8":
		return nil, nil
	case "iso-8859-1", "iso8859-1", "latin1", "windows-1252", "cp1252", "cp-1252":
		return charmap.Windows1252, nil
	}
	if e, err := ianaindex.MIME.Encoding(name); err == nil && e != nil {
		return e, nil
	}
	if e, err := htmlindex.Get(name); err == nil && e != encoding.Replacement {
		return e, nil
	}
	return nil, errCharset
}

// isCharset reports whether a name is that of a charset, be it one that cannot
// be decoded here.
func isCharset(name string) bool {
	if _, err := lookCharset(name); err == nil {
		return true
	}
	_, err := ianaindex.IANA.Encoding(name)
	return err == nil
}

// fromCharset returns b as valid UTF-8. Where the charset is not known it
// guesses and says so.
func fromCharset(name string, b []byte) (text string, known bool) {
	e, err := lookCharset(name)
	if err != nil || e == nil {
		return guess(b), err == nil
	}
	out, err := e.NewDecoder().Bytes(b)
	if err != nil {
		return guess(b), false
	}
	return strings.ToValidUTF8(string(out), "\uFFFD"), true
}

// guess reads octets of no declared charset: UTF-8 where they are valid,
// windows-1252 where not.
func guess(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	out, err := charmap.Windows1252.NewDecoder().Bytes(b)
	if err != nil {
		return strings.ToValidUTF8(string(b), "\uFFFD")
	}
	return string(out)
}
