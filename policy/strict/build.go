package strict

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// builder turns the library's tree into ours and notes repeated keys.
type builder struct{ faults []*Error }

func (b *builder) fault(n *node, path, reason, hint string) {
	if len(b.faults) < maxFaults {
		b.faults = append(b.faults, &Error{Line: n.line, Column: n.column, Path: path, Reason: reason, Hint: hint})
	}
}

func (b *builder) build(a ast.Node, path string) *node {
	n := &node{}
	place(n, a.GetToken())
	switch v := a.(type) {
	case *ast.MappingNode:
		n.kind = mapping
		b.fill(n, v.Values, path)
	case *ast.MappingValueNode:
		n.kind = mapping
		b.fill(n, []*ast.MappingValueNode{v}, path)
	case *ast.SequenceNode:
		n.kind = list
		for i, item := range v.Values {
			n.items = append(n.items, b.build(item, element(path, i)))
		}
	case *ast.NullNode:
		n.kind, n.text = null, v.Token.Value
	case *ast.StringNode:
		n.text = v.Value
		n.quoted = v.Token.Type == token.SingleQuoteType || v.Token.Type == token.DoubleQuoteType
		if !n.quoted && typographic(n.text) {
			b.fault(n, path, "these are a word processor's quotation marks, which would be part of the text", "write \" at both ends; to keep them, write \" around them")
		}
	case *ast.LiteralNode:
		n.text, n.quoted = v.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		n.text = a.GetToken().Value
	default:
		b.fault(n, path, "this kind of value is not used in these files", "")
	}
	return n
}

// typographic reports whether text begins and ends with quotation marks that
// are none in YAML.
func typographic(text string) bool {
	first, n := utf8.DecodeRuneInString(text)
	last, _ := utf8.DecodeLastRuneInString(text[n:])
	return strings.ContainsRune("“”„‟«»‘’‚‛", first) && strings.ContainsRune("“”‟«»‘’‛", last)
}

// fill adds the members of a mapping. A block mapping stands where its first
// key stands: the library points at the colon.
func (b *builder) fill(n *node, values []*ast.MappingValueNode, path string) {
	for i, v := range values {
		key := &node{}
		place(key, v.Key.GetToken())
		switch k := v.Key.(type) {
		case *ast.StringNode:
			key.text = k.Value
		case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.NullNode, *ast.InfinityNode, *ast.NanNode:
			key.text = v.Key.GetToken().Value
		default:
			b.fault(key, path, "a key has to be a word", "")
			continue
		}
		if i == 0 && n.kind == mapping && !flow(n, key) {
			n.line, n.column = key.line, key.column
		}
		b.add(n, key, b.build(v.Value, join(path, key.text)), path)
	}
}

// flow reports whether the mapping opens before its first key, as one in
// braces does.
func flow(n, key *node) bool {
	return n.line < key.line || n.line == key.line && n.column < key.column
}

func (b *builder) add(n, key, value *node, path string) {
	if first, ok := n.keys[key.text]; ok {
		b.fault(key, join(path, key.text), fmt.Sprintf("the key stands here a second time, first on line %d", first.line), "keep one of them")
		return
	}
	if n.keys == nil {
		n.keys = map[string]*node{}
	}
	n.keys[key.text] = key
	n.members = append(n.members, member{key, value})
}

func place(n *node, t *token.Token) {
	n.line, n.column = 1, 1
	if t != nil && t.Position != nil {
		n.line, n.column = max(1, t.Position.Line), max(1, t.Position.Column)
	}
}

// jsonReader builds the tree of a document that json.Valid accepts.
type jsonReader struct {
	builder
	src          []byte
	dec          *json.Decoder
	seen         int
	line, column int
	depth        int
	stopped      bool // nested too deep: nothing more is read
}

func parseJSON(src []byte) (*node, []*Error) {
	r := &jsonReader{src: src, dec: json.NewDecoder(bytes.NewReader(src)), line: 1, column: 1}
	r.dec.UseNumber()
	root := r.value("")
	return root, r.faults
}

// token returns the next token and its place.
func (r *jsonReader) token() (json.Token, *node) {
	start := int(r.dec.InputOffset())
	for start < len(r.src) && bytes.IndexByte([]byte(" \t\n,:"), r.src[start]) >= 0 {
		start++
	}
	for r.seen < start {
		c, n := utf8.DecodeRune(r.src[r.seen:])
		r.seen += n
		r.column++
		if c == '\n' {
			r.line, r.column = r.line+1, 1
		}
	}
	t, err := r.dec.Token()
	n := &node{line: r.line, column: r.column}
	if err != nil {
		r.fault(n, "", "this is not JSON", "")
		return nil, n
	}
	return t, n
}

func (r *jsonReader) value(path string) *node {
	t, n := r.token()
	switch v := t.(type) {
	case json.Delim:
		if r.depth++; r.depth > maxDepth {
			r.fault(n, "", fmt.Sprintf("values are nested more than %d deep", maxDepth), "")
			r.stopped = true
			return n
		}
		if v == '[' {
			n.kind = list
			for i := 0; !r.stopped && r.dec.More(); i++ {
				n.items = append(n.items, r.value(element(path, i)))
			}
		} else {
			n.kind = mapping
			for !r.stopped && r.dec.More() {
				r.member(n, path)
			}
		}
		if r.depth--; !r.stopped {
			r.token()
		}
	case string:
		n.text, n.quoted = v, true
	case json.Number:
		n.text = v.String()
	case bool:
		n.text = fmt.Sprint(v)
	default:
		n.kind, n.text = null, "null"
	}
	return n
}

func (r *jsonReader) member(n *node, path string) {
	k, key := r.token()
	key.text, _ = k.(string)
	value := r.value(join(path, key.text))
	if !r.stopped {
		r.add(n, key, value, path)
	}
}
