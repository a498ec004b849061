package message

import (
	"bytes"
	"encoding/base64"
	"unicode/utf8"
)

// encodeText returns text in the transfer encoding that is shorter,
// quoted-printable or base64. Lines must end in CRLF.
func encodeText(text []byte) (encoding string, body []byte) {
	qp := encodeQP(text)
	if len(qp) > base64.StdEncoding.EncodedLen(len(text))*78/76+2 {
		return "base64", encodeBase64(text)
	}
	return "quoted-printable", qp
}

// encodeBase64 writes lines of 76 characters (RFC 2045 §6.8).
func encodeBase64(b []byte) []byte {
	packed := make([]byte, base64.StdEncoding.EncodedLen(len(b)))
	base64.StdEncoding.Encode(packed, b)
	out := make([]byte, 0, len(packed)+len(packed)/lineLength*2+2)
	for len(packed) > 0 {
		n := min(lineLength, len(packed))
		out = append(append(out, packed[:n]...), '\r', '\n')
		packed = packed[n:]
	}
	return out
}

// encodeQP writes quoted-printable with lines of at most 76 characters (RFC
// 2045 §6.7). It also encodes what transports have been known to hurt: "From "
// and a lone dot at the start of a line.
func encodeQP(text []byte) []byte {
	const hex = "0123456789ABCDEF"
	out := make([]byte, 0, len(text)+len(text)/10)
	column := 0
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c == '\r' && i+1 < len(text) && text[i+1] == '\n' {
			out = append(out, '\r', '\n')
			column = 0
			i++
			continue
		}
		lineEnds := i+1 == len(text) || text[i+1] == '\r' || text[i+1] == '\n'
		coded := c == '=' || c < ' ' && c != '\t' || c >= 0x7f || (c == ' ' || c == '\t') && lineEnds ||
			column == 0 && (c == '.' || c == 'F' && bytes.HasPrefix(text[i:], []byte("From ")))
		size := 1
		if coded {
			size = 3
		}
		if column+size > lineLength-1 && (!lineEnds || column+size > lineLength) {
			out = append(out, "=\r\n"...)
			column = 0
			coded = coded || c == '.'
			if coded {
				size = 3
			}
		}
		if coded {
			out = append(out, '=', hex[c>>4], hex[c&15])
		} else {
			out = append(out, c)
		}
		column += size
	}
	return out
}

// canonicalLines returns text with CRLF at the end of every line.
func canonicalLines(text []byte) []byte {
	text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
	text = bytes.ReplaceAll(text, []byte("\r"), []byte("\n"))
	text = bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n"))
	if len(text) > 0 && text[len(text)-1] != '\n' {
		text = append(text, '\r', '\n')
	}
	return text
}

func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
