package extract

import (
	"bytes"
	"strconv"
)

// The values of PDF (ISO 32000-1 §7.3). Numbers are float64, booleans and
// null are nil.
type (
	pdfName   string
	pdfString string // its bytes
	pdfRef    struct{ num, gen int }
	pdfDict   map[pdfName]any
	pdfArray  []any
	pdfWord   string // anything else: an operator, "obj", "R"
)

// pdfStream is a dictionary with data, still under its filters.
type pdfStream struct {
	dict  pdfDict
	data  []byte
	owner pdfRef // the object that it is, for decryption; zero inside object streams
	at    int    // where in the file it stands
}

// pdfLexer reads values from the bytes of a file or content stream. It never
// fails: what is no value is skipped.
type pdfLexer struct {
	d     []byte
	pos   int
	depth int
	cost  int // about as many octets of memory as the values read so far take
	limit int // of the cost: past it nothing more is read; 0: none
}

const pdfDepth = 64

// What values cost in memory, about: a dictionary of eight keys at most, each
// key beyond them, a place in an array with what stands in it.
const (
	dictCost = 350
	keyCost  = 64
	itemCost = 48
)

// pay counts what a value costs, and goes to the end of the data where that is
// too much.
func (l *pdfLexer) pay(cost int) {
	if l.cost += cost; l.full() {
		l.pos = len(l.d)
	}
}

// full reports whether there was more to read than the limit allows.
func (l *pdfLexer) full() bool { return l.limit > 0 && l.cost > l.limit }

func isPDFSpace(c byte) bool {
	return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\f' || c == 0
}

func isPDFDelimiter(c byte) bool { return bytes.IndexByte([]byte("()<>[]{}/%"), c) >= 0 }

func (l *pdfLexer) space() {
	for l.pos < len(l.d) {
		switch c := l.d[l.pos]; {
		case isPDFSpace(c):
			l.pos++
		case c == '%':
			for l.pos < len(l.d) && l.d[l.pos] != '\n' && l.d[l.pos] != '\r' {
				l.pos++
			}
		default:
			return
		}
	}
}

// value reads the next value; ok is false at the end.
func (l *pdfLexer) value() (v any, ok bool) {
	l.space()
	if l.pos >= len(l.d) {
		return nil, false
	}
	switch c := l.d[l.pos]; {
	case c == '/':
		return l.name(), true
	case c == '(':
		return l.literal(), true
	case c == '<' && l.pos+1 < len(l.d) && l.d[l.pos+1] == '<':
		l.pos += 2
		return l.dict(), true
	case c == '<':
		return l.hex(), true
	case c == '[':
		l.pos++
		return l.array(), true
	case c == ']' || c == '}' || c == '{' || c == ')':
		l.pos++
		return pdfWord(c), true
	case c == '>':
		l.pos++
		if l.pos < len(l.d) && l.d[l.pos] == '>' {
			l.pos++
			return pdfWord(">>"), true
		}
		return pdfWord(">"), true
	}
	return l.word(), true
}

func (l *pdfLexer) word() any {
	start := l.pos
	for l.pos < len(l.d) && !isPDFSpace(l.d[l.pos]) && !isPDFDelimiter(l.d[l.pos]) {
		l.pos++
	}
	word := l.d[start:l.pos]
	if c := word[0]; c >= '0' && c <= '9' || c == '-' || c == '+' || c == '.' {
		if n, err := strconv.ParseFloat(string(word), 64); err == nil {
			return n
		}
	}
	switch string(word) {
	case "true", "false", "null":
		return nil
	}
	return pdfWord(word)
}

func (l *pdfLexer) name() pdfName {
	l.pos++
	var out []byte
	for l.pos < len(l.d) && !isPDFSpace(l.d[l.pos]) && !isPDFDelimiter(l.d[l.pos]) {
		c := l.d[l.pos]
		l.pos++
		if c == '#' && l.pos+1 < len(l.d) {
			if v, err := strconv.ParseUint(string(l.d[l.pos:l.pos+2]), 16, 8); err == nil {
				c = byte(v)
				l.pos += 2
			}
		}
		out = append(out, c)
	}
	l.pay(len(out))
	return pdfName(out)
}

func (l *pdfLexer) literal() pdfString {
	l.pos++
	var out []byte
	for depth := 1; l.pos < len(l.d); {
		c := l.d[l.pos]
		l.pos++
		switch c {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				l.pay(len(out))
				return pdfString(out)
			}
		case '\\':
			var keep bool
			if c, keep = l.escape(); !keep {
				continue
			}
		}
		out = append(out, c)
	}
	return pdfString(out)
}

// escape reads what follows a backslash in a string.
func (l *pdfLexer) escape() (c byte, keep bool) {
	if l.pos >= len(l.d) {
		return 0, false
	}
	c = l.d[l.pos]
	l.pos++
	switch c {
	case 'n':
		return '\n', true
	case 'r':
		return '\r', true
	case 't':
		return '\t', true
	case 'b':
		return '\b', true
	case 'f':
		return '\f', true
	case '\n':
		return 0, false
	case '\r':
		if l.pos < len(l.d) && l.d[l.pos] == '\n' {
			l.pos++
		}
		return 0, false
	}
	if c < '0' || c > '7' {
		return c, true
	}
	v := int(c - '0')
	for i := 0; i < 2 && l.pos < len(l.d) && l.d[l.pos] >= '0' && l.d[l.pos] <= '7'; i++ {
		v = v*8 + int(l.d[l.pos]-'0')
		l.pos++
	}
	return byte(v), true
}

func (l *pdfLexer) hex() pdfString {
	l.pos++
	var out []byte
	half, have := byte(0), false
	for l.pos < len(l.d) {
		c := l.d[l.pos]
		l.pos++
		if c == '>' {
			break
		}
		v := hexValue(c)
		if v < 0 {
			continue
		}
		if have {
			out = append(out, half<<4|byte(v))
		}
		half, have = byte(v), !have
	}
	if have {
		out = append(out, half<<4)
	}
	l.pay(len(out))
	return pdfString(out)
}

func hexValue(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

func (l *pdfLexer) array() pdfArray {
	var out pdfArray
	if l.depth++; l.depth > pdfDepth {
		l.pos = len(l.d)
	}
	defer func() { l.depth-- }()
	for {
		v, ok := l.value()
		if !ok || v == pdfWord("]") {
			return out
		}
		if v == pdfWord("endobj") || v == pdfWord("stream") {
			l.pos -= len("endobj")
			return out
		}
		if v == pdfWord("R") && len(out) >= 2 {
			if ref, ok := reference(out[len(out)-2], out[len(out)-1]); ok {
				out = append(out[:len(out)-2], ref)
				continue
			}
		}
		out = append(out, v)
		l.pay(itemCost)
	}
}

func reference(num, gen any) (pdfRef, bool) {
	n, ok1 := num.(float64)
	g, ok2 := gen.(float64)
	return pdfRef{int(n), int(g)}, ok1 && ok2
}

func (l *pdfLexer) dict() pdfDict {
	out := pdfDict{}
	l.pay(dictCost)
	if l.depth++; l.depth > pdfDepth {
		l.pos = len(l.d)
	}
	defer func() { l.depth-- }()
	var pending []any // the values since the last key
	var key pdfName
	has := false
	put := func() {
		if has && len(pending) > 0 {
			out[key] = pending[len(pending)-1]
			if len(pending) >= 3 && pending[2] == pdfWord("R") {
				if ref, ok := reference(pending[0], pending[1]); ok {
					out[key] = ref
				}
			}
		}
		pending = pending[:0]
	}
	for {
		before := l.pos
		v, ok := l.value()
		if !ok || v == pdfWord(">>") {
			put()
			return out
		}
		if v == pdfWord("endobj") || v == pdfWord("stream") {
			l.pos = before
			put()
			return out
		}
		name, isName := v.(pdfName)
		if isName && (!has || len(pending) > 0) {
			put()
			if key, has = name, true; len(out) >= 8 {
				l.pay(keyCost)
			}
			continue
		}
		if len(pending) < 4 {
			pending = append(pending, v)
		}
	}
}
