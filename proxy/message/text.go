package message

import (
	"bytes"
	"encoding/base64"
	"strings"
)

// Text returns the value of a field unfolded, with encoded words (RFC 2047)
// undone in every charset and place, as lenient mail programs do. Octets
// outside ASCII are read as UTF-8 or, where they are not, as windows-1252.
// What cannot be decoded is U+FFFD, or stays as it is written.
func (m *Message) Text(f Field) string {
	return decodeText(unfold(m.Bytes(f.Value)))
}

// decodeText undoes encoded words in an unfolded value and trims it.
func decodeText(value []byte) string {
	text, _ := decodeWords(value)
	return text
}

// decodeWords does what decodeText does, and reports whether a word could not
// be read that another program might read.
func decodeWords(value []byte) (text string, unread bool) {
	if !bytes.Contains(value, []byte("=?")) {
		return oneLine(guess(value)), false
	}
	var out strings.Builder
	d := wordDecoder{out: &out}
	for len(value) > 0 {
		i := bytes.Index(value, []byte("=?"))
		if i < 0 || d.unclosed {
			d.plain(value)
			break
		}
		w, ok := d.word(value[i:])
		if !ok {
			d.plain(value[:i+2])
			value = value[i+2:]
			continue
		}
		d.plain(value[:i])
		d.add(w)
		value = value[i+w.size:]
	}
	d.flush()
	return oneLine(out.String()), d.unread
}

// oneLine keeps decoded text on one line.
func oneLine(text string) string {
	if strings.ContainsAny(text, "\r\n\t\x00") {
		text = cleaner.Replace(text)
	}
	return strings.TrimSpace(text)
}

var cleaner = strings.NewReplacer("\r\n", " ", "\r", " ", "\n", " ", "\t", " ", "\x00", "\uFFFD")

// encodedWord is one =?charset?encoding?text?= with its text decoded to octets.
type encodedWord struct {
	charset string
	content []byte
	size    int
}

// wordDecoder collects neighbours: a character may be cut between two words,
// and blanks between words are not text (RFC 2047 §6.2).
type wordDecoder struct {
	out      *strings.Builder
	pending  bool
	charset  string
	content  []byte
	blanks   []byte
	unread   bool // a word is in a charset that is not known, or its encoding is damaged
	unclosed bool // no "?=" is to come: looking again for each "=?" would be quadratic
}

func (d *wordDecoder) plain(b []byte) {
	if d.pending && len(bytes.Trim(b, " \t")) == 0 {
		d.blanks = append(d.blanks, b...)
		return
	}
	d.flush()
	d.out.WriteString(guess(b))
}

func (d *wordDecoder) add(w encodedWord) {
	d.blanks = nil
	if d.pending && !strings.EqualFold(d.charset, w.charset) {
		d.flush()
	}
	d.pending, d.charset = true, w.charset
	d.content = append(d.content, w.content...)
}

func (d *wordDecoder) flush() {
	if d.pending {
		text, known := fromCharset(d.charset, d.content)
		d.unread = d.unread || !known
		d.out.WriteString(text)
	}
	d.out.Write(d.blanks)
	d.pending, d.content, d.blanks = false, nil, nil
}

// word reads an encoded word at the start of b. It takes more than RFC 2047 §2
// grants: longer ones, and blanks in the text.
func (d *wordDecoder) word(b []byte) (encodedWord, bool) {
	rest := b[2:]
	q := bytes.IndexByte(rest, '?')
	if q <= 0 || q > 60 || len(rest) < q+3 || rest[q+2] != '?' || !isToken(string(bytes.TrimRight(rest[:q], "*"))) {
		return encodedWord{}, false
	}
	text := rest[q+3:]
	end := bytes.Index(text, []byte("?="))
	if end < 0 {
		d.unclosed = true
		return encodedWord{}, false
	}
	charset, _, _ := strings.Cut(string(rest[:q]), "*") // RFC 2231 §5: a language
	if bytes.ContainsAny(text[:end], " \t") && !isCharset(charset) {
		charset = "us-ascii" // question marks in a sentence
	}
	w := encodedWord{charset: charset, size: 2 + q + 3 + end + 2}
	switch rest[q+1] {
	case 'q', 'Q':
		w.content = wordQ(text[:end])
	case 'b', 'B':
		content, err := wordB(text[:end])
		if err != nil {
			d.unread = true
			return encodedWord{}, false
		}
		w.content = content
	default:
		return encodedWord{}, false
	}
	return w, true
}

// wordQ undoes the Q encoding (RFC 2047 §4.2); what is no code stays.
func wordQ(text []byte) []byte {
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '_':
			out = append(out, ' ')
		case c == '=' && i+2 < len(text) && unhex(text[i+1]) >= 0 && unhex(text[i+2]) >= 0:
			out = append(out, byte(unhex(text[i+1])<<4|unhex(text[i+2])))
			i += 2
		default:
			out = append(out, c)
		}
	}
	return out
}

// wordB undoes the B encoding; padding may lack.
func wordB(text []byte) ([]byte, error) {
	text = bytes.TrimRight(bytes.ReplaceAll(text, []byte(" "), nil), "=")
	out := make([]byte, base64.RawStdEncoding.DecodedLen(len(text)))
	n, err := base64.RawStdEncoding.Decode(out, text)
	return out[:n], err
}
