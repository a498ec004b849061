package message

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// cfws skips blanks and comments and notes the comments (RFC 5322 §3.2.2).
func (p *addressParser) cfws() error {
	for p.i < p.end {
		switch c := p.raw[p.i]; {
		case isBlank(c):
			p.i++
		case c == '(':
			if err := p.comment(); err != nil {
				return err
			}
		default:
			return nil
		}
	}
	return nil
}

func (p *addressParser) comment() error {
	start, depth := p.i, 0
	for p.i < p.end {
		c := p.raw[p.i]
		if c == '\\' && p.i+1 < p.end {
			p.mark()
		}
		p.mark()
		switch c {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				p.comments = append(p.comments, commentText(p.raw[start+1:p.i-1]))
				return nil
			}
		}
	}
	return addressError("a comment is not closed")
}

func commentText(raw []byte) string {
	return decodeText(unescape(unfold(raw)))
}

// unescape undoes quoted pairs (RFC 5322 §3.2.1).
func unescape(b []byte) []byte {
	if bytes.IndexByte(b, '\\') < 0 {
		return b
	}
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		if b[i] == '\\' && i+1 < len(b) {
			i++
		}
		out = append(out, b[i])
	}
	return out
}

// words reads atoms, quoted strings and encoded words, with the blanks and
// comments around them.
func (p *addressParser) words() ([]word, error) {
	var words []word
	for {
		before := p.i
		if err := p.cfws(); err != nil {
			return nil, err
		}
		w := word{joined: p.i == before && len(words) > 0}
		c := p.peek()
		switch {
		case c == '"':
			text, err := p.quotedString()
			if err != nil {
				return nil, err
			}
			w.text, w.quoted = text, true
		case isAtext(c) || c == '.':
			w.text, w.encoded = p.atom()
			if w.encoded && !isTame(w.text) {
				return nil, addressError("an encoded word holds what address lists are made of")
			}
		default:
			return words, nil
		}
		words = append(words, w)
	}
}

func (p *addressParser) quotedString() ([]byte, error) {
	p.mark()
	start := p.i
	for p.i < p.end {
		c := p.raw[p.i]
		if c == '\\' && p.i+1 < p.end {
			p.mark()
		}
		p.mark()
		if c == '"' {
			return unescape(unfold(p.raw[start : p.i-1])), nil
		}
	}
	return nil, addressError("a quoted string is not closed")
}

// atom reads atext and dots, or an encoded word: what stands between its marks
// is one word even where a careless program left a comma or bracket in it.
func (p *addressParser) atom() (text []byte, encoded bool) {
	start := p.i
	if n := encodedWordSize(p.raw[p.i:p.end]); n > 0 {
		for range n {
			p.mark()
		}
		return p.raw[start:p.i], true
	}
	for p.i < p.end && (isAtext(p.raw[p.i]) || p.raw[p.i] == '.') {
		if p.i > start && p.raw[p.i] == '=' && encodedWordSize(p.raw[p.i:p.end]) > 0 {
			break
		}
		p.mark()
	}
	return p.raw[start:p.i], false
}

// isTame reports whether a reader that does not know encoded words goes on
// behind one as we do. A comma only cuts the name in two for it.
func isTame(encoded []byte) bool {
	open := 0
	for _, c := range encoded {
		switch c {
		case '(':
			open++
		case ')':
			open--
		case '"', '<', '>', '@', ':', ';', '[', ']', '\\':
			return false
		}
		if open < 0 {
			return false
		}
	}
	return open == 0
}

// encodedWordSize returns the length of the encoded word at the start of b, or
// 0. It looks no further than a word can reach, which keeps parsing linear.
func encodedWordSize(b []byte) int {
	const longest = 1000
	if !bytes.HasPrefix(b, []byte("=?")) {
		return 0
	}
	b = b[:min(len(b), longest)]
	if i := bytes.IndexAny(b, " \t\r\n"); i >= 0 {
		b = b[:i]
	}
	marks := 0
	for i := 2; i < len(b); i++ {
		if b[i] != '?' {
			continue
		}
		switch marks++; {
		case marks == 2 && (i < 5 || b[i-2] != '?' || strings.IndexByte("bBqQ", b[i-1]) < 0):
			return 0
		case marks >= 3 && i+1 < len(b) && b[i+1] == '=':
			return i + 2
		}
	}
	return 0
}

// phrase returns a display name as a reader sees it.
func phrase(words []word) string {
	var b []byte
	for _, w := range words {
		if len(b) > 0 && !w.joined {
			b = append(b, ' ')
		}
		b = append(b, w.text...)
	}
	return decodeText(b)
}

// join puts a local part or domain together. Two words need a dot between
// them, and an encoded word is none here (RFC 2047 §5): programs that decode
// it anyway would see another address.
func join(words []word) (string, error) {
	var b strings.Builder
	for i, w := range words {
		if w.encoded || !w.quoted && bytes.Contains(w.text, []byte("=?")) {
			return "", addressError("an encoded word stands in an address")
		}
		if i > 0 && !dotBetween(words[i-1], w) {
			return "", addressError("an address has two words without a dot between them")
		}
		b.Write(w.text)
	}
	text := b.String()
	if text == "" && len(words) == 0 {
		return "", addressError("an address lacks a part")
	}
	if !utf8.ValidString(text) {
		return "", addressError("an address is not in UTF-8")
	}
	for i := range len(text) {
		if text[i] < ' ' || text[i] == 0x7f {
			return "", addressError("an address has a control character")
		}
	}
	return text, nil
}

func dotBetween(a, b word) bool {
	return !a.quoted && bytes.HasSuffix(a.text, []byte(".")) || !b.quoted && bytes.HasPrefix(b.text, []byte("."))
}
