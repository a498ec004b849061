package extract

import (
	"encoding/base64"
	"strconv"
	"strings"
	"unicode/utf8"
	"unsafe"
)

// xmlScanner reads the tokens of XML without ever failing: office programs
// open what is broken, so it has to be read as far as it goes. Names lose
// their prefix. Entities of a DTD are replaced once, never inside each other.
type xmlScanner struct {
	text     string
	pos      int
	kind     xmlKind
	name     string // of a tag, without prefix
	prefix   string
	attrs    string // of a start tag, still in XML
	content  string // of text, a comment or an instruction
	empty    bool   // the start tag ends itself
	entities map[string]string
	replaced int  // bytes that took the place of a DTD's entities
	broken   bool // the text ends inside a tag
}

// maxReplaced is what the entities of a DTD may add to a text. Past it they
// are left out, and the text is broken.
const maxReplaced = 1 << 20

type xmlKind int

const (
	xmlEnd xmlKind = iota // of the text
	xmlOpen
	xmlClose
	xmlText
	xmlAside // a comment, an instruction, a DTD
)

func scanXML(data []byte) *xmlScanner {
	if utf8.Valid(data) && byBOM(data) == nil && len(data) > 0 && data[0] != 0xEF {
		// The largest parts of documents are read without a copy; nobody changes
		// the bytes of a part.
		return &xmlScanner{text: unsafe.String(&data[0], len(data))}
	}
	text, _ := first(data, xmlCharset(data))
	return &xmlScanner{text: text}
}

// xmlCharset returns the encoding that the XML declaration names.
func xmlCharset(data []byte) string {
	head := string(data[:min(len(data), 256)])
	if !strings.HasPrefix(head, "<?xml") {
		return ""
	}
	_, after, found := strings.Cut(head, "encoding=")
	if !found || len(after) < 2 {
		return ""
	}
	name, _, _ := strings.Cut(after[1:], after[:1])
	return name
}

func (s *xmlScanner) next() bool {
	s.empty = false
	if s.pos >= len(s.text) {
		s.kind = xmlEnd
		return false
	}
	rest := s.text[s.pos:]
	if rest[0] != '<' {
		end := strings.IndexByte(rest, '<')
		if end < 0 {
			end = len(rest)
		}
		s.kind, s.content = xmlText, s.unescape(rest[:end])
		s.pos += end
		return true
	}
	switch {
	case strings.HasPrefix(rest, "<![CDATA["):
		s.take(xmlText, rest[len("<![CDATA["):], "]]>", len("<![CDATA["))
	case strings.HasPrefix(rest, "<!--"):
		s.take(xmlAside, rest[len("<!--"):], "-->", len("<!--"))
	case strings.HasPrefix(rest, "<?"):
		s.take(xmlAside, rest[2:], "?>", 2)
	case strings.HasPrefix(rest, "<!"):
		s.dtd(rest)
	default:
		s.tag(rest)
	}
	return true
}

// take reads to the mark that ends a comment or the like.
func (s *xmlScanner) take(kind xmlKind, rest, mark string, before int) {
	s.kind = kind
	end := strings.Index(rest, mark)
	if end < 0 {
		s.content, s.broken = rest, true
		s.pos = len(s.text)
		return
	}
	s.content = rest[:end]
	s.pos += before + end + len(mark)
}

func (s *xmlScanner) dtd(rest string) {
	s.kind = xmlAside
	end := strings.IndexByte(rest, '>')
	if open := strings.IndexByte(rest, '['); open >= 0 && open < end {
		end = strings.Index(rest, "]>")
		if end >= 0 {
			end++
			s.declare(rest[open:end])
		}
	}
	if end < 0 {
		end, s.broken = len(rest)-1, true
	}
	s.content = rest[:end]
	s.pos += end + 1
}

func (s *xmlScanner) declare(subset string) {
	for {
		_, after, found := strings.Cut(subset, "<!ENTITY ")
		if !found || len(s.entities) > 100 {
			return
		}
		subset = after
		name, value, found := strings.Cut(strings.TrimSpace(after), " ")
		value = strings.TrimSpace(value)
		if !found || value == "" || value[0] != '"' && value[0] != '\'' {
			continue
		}
		if value, _, found = strings.Cut(value[1:], value[:1]); found && len(value) < 4096 {
			if s.entities == nil {
				s.entities = map[string]string{}
			}
			s.entities[name] = value
		}
	}
}

func (s *xmlScanner) tag(rest string) {
	end := tagEnd(rest)
	if end < 0 {
		s.kind, s.content, s.broken = xmlAside, rest, true
		s.pos = len(s.text)
		return
	}
	body := rest[1:end]
	s.pos += end + 1
	s.kind = xmlOpen
	if strings.HasPrefix(body, "/") {
		s.kind, body = xmlClose, body[1:]
	} else if strings.HasSuffix(body, "/") {
		s.empty, body = true, body[:len(body)-1]
	}
	i := strings.IndexAny(body, " \t\r\n")
	if i < 0 {
		i = len(body)
	}
	s.attrs = body[i:]
	s.prefix, s.name = "", body[:i]
	if colon := strings.IndexByte(s.name, ':'); colon >= 0 {
		s.prefix, s.name = s.name[:colon], s.name[colon+1:]
	}
}

// tagEnd returns the offset of the ">" that ends a tag: not one in quotes.
func tagEnd(rest string) int {
	quote := byte(0)
	for i := 1; i < len(rest); i++ {
		switch c := rest[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '>':
			return i
		}
	}
	return -1
}

// attr returns the value of an attribute by its name without prefix, or "".
func (s *xmlScanner) attr(name string) string {
	value := ""
	s.eachAttr(func(key, v string) bool {
		if key == name {
			value = v
			return false
		}
		return true
	})
	return value
}

// octets decodes an attribute in base64 (XML Schema, base64Binary); nil is one
// that is missing or broken.
func (s *xmlScanner) octets(name string) []byte {
	value, err := base64.StdEncoding.DecodeString(s.attr(name))
	if err != nil {
		return nil
	}
	return value
}

// eachAttr calls f with the name, without prefix, and value of each attribute
// until it returns false.
func (s *xmlScanner) eachAttr(f func(name, value string) bool) {
	s.eachRaw(func(key, raw string, _ int) bool { return f(key, s.unescape(raw)) })
}

// eachRaw does what eachAttr does with values that are still in XML, and says
// where in the text each begins.
func (s *xmlScanner) eachRaw(f func(name, raw string, at int) bool) {
	end := s.pos - len(">")
	if s.empty {
		end -= len("/")
	}
	rest := s.attrs
	for {
		eq := strings.IndexByte(rest, '=')
		if eq < 0 {
			return
		}
		key := strings.TrimSpace(rest[:eq])
		key = key[strings.LastIndexByte(key, ':')+1:]
		rest = strings.TrimLeft(rest[eq+1:], " \t\r\n")
		if rest == "" || rest[0] != '"' && rest[0] != '\'' {
			return
		}
		n := strings.IndexByte(rest[1:], rest[0])
		if n < 0 {
			return
		}
		if !f(key, rest[1:n+1], end-len(rest)+1) {
			return
		}
		rest = rest[n+2:]
	}
}

func (s *xmlScanner) unescape(text string) string {
	amp := strings.IndexByte(text, '&')
	if amp < 0 {
		return text
	}
	var b strings.Builder
	b.Grow(len(text))
	for amp >= 0 {
		b.WriteString(text[:amp])
		text = text[amp:]
		end := strings.IndexByte(text[:min(len(text), 40)], ';')
		value, ok := "", false
		if end > 1 {
			value, ok = s.entity(text[1:end])
		}
		if ok {
			b.WriteString(value)
			text = text[end+1:]
		} else {
			b.WriteByte('&')
			text = text[1:]
		}
		amp = strings.IndexByte(text, '&')
	}
	b.WriteString(text)
	return b.String()
}

func (s *xmlScanner) entity(name string) (string, bool) {
	switch name {
	case "amp":
		return "&", true
	case "lt":
		return "<", true
	case "gt":
		return ">", true
	case "quot":
		return `"`, true
	case "apos":
		return "'", true
	case "nbsp":
		return " ", true
	}
	if name[0] != '#' {
		value, ok := s.entities[name]
		if s.replaced += len(value); s.replaced > maxReplaced {
			s.broken = true
			return "", true
		}
		return value, ok
	}
	base, digits := 10, name[1:]
	if strings.HasPrefix(digits, "x") || strings.HasPrefix(digits, "X") {
		base, digits = 16, digits[1:]
	}
	n, err := strconv.ParseInt(digits, base, 32)
	if err != nil || !utf8.ValidRune(rune(n)) {
		return "", false
	}
	return string(rune(n)), true
}
