package extract

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
)

// decode returns the text of bytes whose charset was declared by a mail or a
// document ("" where it was not). The order is BOM, valid UTF-8, the declared
// charset, Windows-1252: programs declare wrongly more often than bytes are
// UTF-8 by chance. Where readers may disagree about the bytes there are two
// texts. ok is false when the text may be another than what was returned: a
// charset that is unknown and was needed, or UTF-7, which hides ASCII in ASCII.
func decode(data []byte, declared string) (texts []string, ok bool) {
	if enc := byBOM(data); enc != nil {
		return []string{convert(enc, data)}, true
	}
	name := charsetName(declared)
	if isUTF7(name) {
		return []string{mixed(data)}, false
	}
	if wide := wideByZeros(data); wide != nil && !strings.HasPrefix(name, "utf-32") {
		return []string{convert(wide, data), mixed(data)}, true
	}
	valid := utf8.Valid(data)
	if name == "" || name == "utf-8" || name == "us-ascii" || valid && extendsASCII(name) {
		return []string{mixed(data)}, true
	}
	enc, known := lookUp(name)
	if enc == simplifiedchinese.HZGB2312 { // a tilde at the end of a line joins it to the next (RFC 1843)
		data = bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))
	}
	switch {
	case enc == nil:
		// A name that no program knows: bytes that are UTF-8 are read as that.
		return []string{mixed(data)}, known || valid
	case isSingleByte(enc) && convert(enc, []byte(asciiSample)) == asciiSample:
		return []string{convert(enc, data)}, true
	}
	texts = []string{convert(enc, data)}
	if other := mixed(data); other != texts[0] {
		texts = append(texts, other)
	}
	return texts, true
}

// charsetName is the declared name of a charset in one form.
func charsetName(declared string) string {
	return strings.ToLower(strings.TrimSpace(strings.Trim(declared, `"' `)))
}

// isUTF8 reports whether decode reads the bytes as they stand.
func isUTF8(data []byte, name string) bool {
	return (name == "" || extendsASCII(name)) && !bytes.HasPrefix(data, []byte{0xEF, 0xBB, 0xBF}) &&
		byBOM(data) == nil && wideByZeros(data) == nil && utf8.Valid(data)
}

// first is decode for where one text must do.
func first(data []byte, declared string) (text string, ok bool) {
	texts, ok := decode(data, declared)
	return texts[0], ok
}

func isUTF7(name string) bool {
	return strings.HasSuffix(name, "utf-7") || strings.HasSuffix(name, "utf7") || strings.Contains(name, "utf-7-")
}

func byBOM(data []byte) encoding.Encoding {
	switch {
	case bytes.HasPrefix(data, []byte{0xEF, 0xBB, 0xBF}):
		return nil // mixed drops it and reads the rest as UTF-8
	case bytes.HasPrefix(data, []byte{0xFF, 0xFE, 0, 0}):
		return utf32.UTF32(utf32.LittleEndian, utf32.UseBOM)
	case bytes.HasPrefix(data, []byte{0, 0, 0xFE, 0xFF}):
		return utf32.UTF32(utf32.BigEndian, utf32.UseBOM)
	case bytes.HasPrefix(data, []byte{0xFF, 0xFE}):
		return unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	case bytes.HasPrefix(data, []byte{0xFE, 0xFF}):
		return unicode.UTF16(unicode.BigEndian, unicode.UseBOM)
	}
	return nil
}

// wideByZeros recognises UTF-16 without a BOM: Latin text has a zero in every
// other byte.
func wideByZeros(data []byte) encoding.Encoding {
	head := data[:min(len(data), 512)&^1]
	if len(head) < 8 {
		return nil
	}
	var even, odd int
	for i := 0; i < len(head); i += 2 {
		if head[i] == 0 {
			even++
		}
		if head[i+1] == 0 {
			odd++
		}
	}
	pairs := len(head) / 2
	switch {
	case odd*10 > pairs*6 && even*10 < pairs:
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	case even*10 > pairs*6 && odd*10 < pairs:
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
	}
	return nil
}

// extendsASCII reports whether bytes below 0x80 mean ASCII in the charset, so
// that text which is valid UTF-8 needs no look at the declared one.
func extendsASCII(name string) bool {
	for _, prefix := range [...]string{"iso-8859-", "windows-", "utf-8", "utf8", "us-ascii", "ascii", "latin", "koi8-", "cp125", "macintosh"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// lookUp returns the encoding of a charset name. Where it is nil, known tells
// a name that stands for "ASCII or the like, I do not know".
func lookUp(name string) (enc encoding.Encoding, known bool) {
	if enc, err := htmlindex.Get(name); err == nil && enc != encoding.Replacement {
		return enc, true
	}
	if enc, err := ianaindex.MIME.Encoding(name); err == nil && enc != nil {
		return enc, true
	}
	if enc, err := ianaindex.IANA.Encoding(name); err == nil && enc != nil {
		return enc, true
	}
	switch name {
	case "utf-32", "utf-32be":
		return utf32.UTF32(utf32.BigEndian, utf32.IgnoreBOM), true
	case "utf-32le":
		return utf32.UTF32(utf32.LittleEndian, utf32.IgnoreBOM), true
	case "cp-850", "dos-850":
		return charmap.CodePage850, true
	case "unknown", "unknown-8bit", "x-unknown", "8bit", "7bit", "binary", "default", "none", "ansi", "utf", "cp-1252", "win-1252", "windows1252", "iso8859", "iso", "latin":
		return nil, true
	}
	return nil, false
}

const asciiSample = "0123456789 -@AZaz"

func isSingleByte(enc encoding.Encoding) bool {
	_, ok := enc.(*charmap.Charmap)
	return ok
}

func convert(enc encoding.Encoding, data []byte) string {
	out, err := enc.NewDecoder().Bytes(data)
	if err != nil {
		return mixed(data)
	}
	return string(out)
}

// mixed reads UTF-8, and Windows-1252 where it is not: a text with one broken
// character keeps all others.
func mixed(data []byte) string {
	data = bytes.TrimPrefix(data, []byte{0xEF, 0xBB, 0xBF})
	if utf8.Valid(data) {
		return string(data)
	}
	var b strings.Builder
	b.Grow(len(data) + len(data)/8)
	for i := 0; i < len(data); {
		r, n := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && n <= 1 {
			r = charmap.Windows1252.DecodeByte(data[i])
			n = 1
		}
		b.WriteRune(r)
		i += n
	}
	return b.String()
}
