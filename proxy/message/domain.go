package message

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// addrSpec puts an address together.
func addrSpec(words, domain []word, literal string) (string, error) {
	local, err := join(words)
	if err != nil {
		return "", err
	}
	host, err := domainOf(domain, literal)
	if err != nil {
		return "", err
	}
	if !isDotted(local) {
		local = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(local) + `"`
	}
	return local + "@" + host, nil
}

// domainWords reads a domain, or a literal, with the blanks and comments of
// old.
func (p *addressParser) domainWords() (words []word, literal string, err error) {
	if err := p.cfws(); err != nil {
		return nil, "", err
	}
	if p.peek() == '[' {
		literal, err = p.literal()
		return nil, literal, err
	}
	words, err = p.words()
	return words, "", err
}

func domainOf(words []word, literal string) (string, error) {
	if literal != "" {
		return literal, nil
	}
	for _, w := range words {
		if w.quoted {
			return "", addressError("a domain has quotes")
		}
	}
	name, err := join(words)
	if err != nil {
		return "", err
	}
	name = strings.TrimSuffix(name, ".")
	if name == "" || name[0] == '.' || strings.Contains(name, "..") {
		return "", addressError("a domain has an empty label")
	}
	for _, r := range name {
		if r < utf8.RuneSelf && !isAlnum(byte(r)) && r != '-' && r != '.' && r != '_' {
			return "", addressError("a domain has a character that none has")
		}
	}
	return name, nil
}

func (p *addressParser) literal() (string, error) {
	end := bytes.IndexByte(p.raw[p.i:p.end], ']')
	if end < 0 {
		return "", addressError("a domain literal is not closed")
	}
	text := p.raw[p.i : p.i+end+1]
	p.stop = p.i + end + 1
	p.i = p.stop
	var b []byte
	for i, c := range text {
		switch {
		case isBlank(c):
		case c == '\\' || c < ' ' || c >= 0x7f || c == '[' && i > 0:
			return "", addressError("a domain literal has a character that none has")
		default:
			b = append(b, c)
		}
	}
	return string(b), p.cfws()
}

func isAlnum(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// isDotted reports whether a local part needs no quotes. Dots may stand where
// RFC 5322 has none: some providers gave such addresses out.
func isDotted(s string) bool {
	for i := range len(s) {
		if !isAtext(s[i]) && s[i] != '.' {
			return false
		}
	}
	return s != ""
}

// isAtext reports whether c is atext (RFC 5322 §3.2.3, RFC 6532 §3.2).
func isAtext(c byte) bool {
	return isAlnum(c) || c >= utf8.RuneSelf || c != 0 && strings.IndexByte("!#$%&'*+-/=?^_`{|}~", c) >= 0
}
