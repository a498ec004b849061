package strict

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Limits on what is read. A file that people write is far below them.
const (
	maxBytes = 16 << 20
	maxDepth = 50
	maxKeys  = 10_000 // of one mapping: the library's time grows with their square
)

type kind int

const (
	scalar kind = iota
	null
	list
	mapping
)

// node is one value of a document, with the place where it stands.
type node struct {
	kind         kind
	line, column int
	text         string // of a scalar, as written, quotes and escapes undone
	quoted       bool   // a scalar that can only be text
	items        []*node
	members      []member
	keys         map[string]*node // of the members
}

type member struct{ key, value *node }

func parse(src []byte) (*node, []*Error) {
	src, fault := clean(src)
	if fault != nil {
		return nil, []*Error{fault}
	}
	if t := bytes.TrimSpace(src); len(t) > 0 && (t[0] == '{' || t[0] == '[') && json.Valid(src) {
		return parseJSON(src)
	}
	tokens, fault := tokenize(string(src))
	if fault != nil {
		return nil, []*Error{fault}
	}
	if faults := refuse(src, tokens); len(faults) > 0 {
		return nil, faults
	}
	body, fault := tree(tokens)
	if fault != nil {
		return nil, []*Error{fault}
	}
	if body == nil {
		return nil, []*Error{{Reason: "the file is empty"}}
	}
	b := &builder{}
	root := b.build(body, "")
	return root, b.faults
}

// clean takes a byte order mark away, turns every line end into LF, and
// refuses what is no text.
func clean(src []byte) ([]byte, *Error) {
	if len(src) > maxBytes {
		return nil, &Error{Reason: fmt.Sprintf("the file is larger than %d MiB", maxBytes>>20)}
	}
	if bytes.HasPrefix(src, []byte("\xff\xfe")) || bytes.HasPrefix(src, []byte("\xfe\xff")) {
		return nil, &Error{Reason: "the file is UTF-16", Hint: "save it as UTF-8"}
	}
	if format := officeFormat(src); format != "" {
		return nil, &Error{Reason: "this is " + format + " and no text", Hint: "write it in a text editor, or save it as plain text in UTF-8"}
	}
	src = bytes.TrimPrefix(src, []byte("\xef\xbb\xbf"))
	src = bytes.ReplaceAll(src, []byte("\r\n"), []byte("\n"))
	src = bytes.ReplaceAll(src, []byte("\r"), []byte("\n"))
	if len(bytes.TrimSpace(src)) == 0 {
		return nil, &Error{Reason: "the file is empty"}
	}
	line, column, indent := 1, 1, true
	for i := 0; i < len(src); {
		r, n := utf8.DecodeRune(src[i:])
		reason, hint := "", ""
		switch {
		case r == utf8.RuneError && n <= 1:
			reason, hint = "the file is not UTF-8", "save it as UTF-8"
		case r < ' ' && r != '\n' && r != '\t' || r == 0x7f || r == 0xfeff || r == 0x85 || r == 0x2028 || r == 0x2029:
			reason, hint = fmt.Sprintf("the character U+%04X cannot stand here", r), "delete it"
		case indent && (r == 0xa0 || r == 0x2007 || r == 0x202f):
			reason, hint = "a no-break space stands where a space should", "write plain spaces"
		}
		if reason != "" {
			return nil, &Error{Line: line, Column: column, Reason: reason, Hint: hint}
		}
		i, column = i+n, column+1
		switch {
		case r == '\n':
			line, column, indent = line+1, 1, true
		case r != ' ' && r != '-':
			indent = false
		}
	}
	return src, nil
}

// officeFormat names what word processors save where nobody asked them for
// plain text; it is empty for everything else.
func officeFormat(src []byte) string {
	for _, f := range []struct{ start, name string }{
		{"PK\x03\x04", "a document of a word processor or a ZIP file"},
		{"\xd0\xcf\x11\xe0", "a document of a word processor"},
		{"{\\rtf", "a document of a word processor (RTF)"},
		{"%PDF-", "a PDF file"},
	} {
		if bytes.HasPrefix(src, []byte(f.start)) {
			return f.name
		}
	}
	return ""
}

// tokenize and tree guard against a panic of the YAML library: these files
// are also sent in by people who mean harm, and a fault of theirs is an error.
func tokenize(src string) (tokens token.Tokens, fault *Error) {
	defer func() {
		if recover() != nil {
			fault = &Error{Reason: "this is not YAML"}
		}
	}()
	return lexer.Tokenize(src), nil
}

func tree(tokens token.Tokens) (body ast.Node, fault *Error) {
	defer func() {
		if recover() != nil {
			body, fault = nil, &Error{Reason: "this is not YAML"}
		}
	}()
	f, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return nil, syntax(err)
	}
	for _, d := range f.Docs {
		if d.Body != nil {
			return d.Body, nil
		}
	}
	return nil, nil
}

func syntax(err error) *Error {
	var e yaml.Error
	if !errors.As(err, &e) || e.GetToken() == nil {
		return &Error{Reason: "this is not YAML"}
	}
	out := &Error{Reason: e.GetMessage()}
	at(e.GetToken(), out)
	switch {
	case strings.Contains(out.Reason, "mapping value is not allowed"):
		out.Reason = "a second `:` stands in this value, or the line is indented too far"
		out.Hint = "put text that holds `: ` in quotes"
	case strings.Contains(out.Reason, "value is not allowed in this context"), strings.Contains(out.Reason, "non-map value"):
		out.Reason = "this line does not fit with the lines above"
		out.Hint = "keys that belong together start in the same column, with `: ` behind each"
	case strings.Contains(out.Reason, "reserved character"):
		out.Hint = "put the value in quotes"
	case strings.Contains(out.Reason, "could not find end character"):
		out.Reason, out.Hint = "the quotes that open here are not closed", "write the same kind of quotation mark at the end of the text"
	case strings.Contains(out.Reason, "end token ']'"), strings.Contains(out.Reason, "end token '}'"):
		out.Reason, out.Hint = "the bracket that opens here is not closed", "write ] behind the last of [ and } behind the last of {"
	}
	return out
}

func at(t *token.Token, e *Error) {
	if t != nil && t.Position != nil {
		e.Line, e.Column = max(1, t.Position.Line), max(1, t.Position.Column)
	}
}

// refused names what YAML allows and our files do not. It is never changed.
var refused = map[token.Type]struct{ reason, hint string }{
	token.AnchorType:     {"anchors and aliases (`&`, `*`) are not used in these files", "write the value out, or put text that begins so in quotes"},
	token.AliasType:      {"anchors and aliases (`&`, `*`) are not used in these files", "write the value out, or put text that begins so in quotes"},
	token.TagType:        {"tags (`!`) are not used in these files", "put text that begins with `!` in quotes"},
	token.MergeKeyType:   {"merge keys (`<<`) are not used in these files", "write the keys out"},
	token.DirectiveType:  {"directives (`%`) are not used in these files", "put text that begins with `%` in quotes"},
	token.MappingKeyType: {"complex keys (`?`) are not used in these files", "write `key: value`"},
}

// refuse finds the first thing that our files do not use: tabs (the library
// drops some), what refused names, a second document, and nesting that no
// person writes.
func refuse(src []byte, tokens token.Tokens) []*Error {
	faults := tabs(src, tokens)
	keys := keyCount{}
	depth, dashes, content, ended := 0, 0, false, false
	for i, t := range tokens {
		r := refused[t.Type]
		if t.Type == token.AliasType && strings.ContainsAny(next(tokens, i), "@.") {
			r.reason, r.hint = "a value that begins with `*` stands without quotes", "write it like \"*@forening.example\""
		}
		dashes++
		switch t.Type {
		case token.CommentType:
			continue
		case token.DocumentHeaderType:
			ended = content
			continue
		case token.DocumentEndType:
			ended = true
			continue
		case token.SequenceStartType, token.MappingStartType:
			depth++
		case token.SequenceEndType, token.MappingEndType:
			depth--
		default:
		}
		if t.Type != token.SequenceEntryType {
			dashes = 0
		}
		if ended && r.reason == "" {
			r.reason, r.hint = "a second document begins here", "one file holds one document"
		}
		content = true
		if max(depth, dashes) > maxDepth || deepLine(tokens, i, depth) {
			r.reason, r.hint = fmt.Sprintf("values are nested more than %d deep", maxDepth), ""
		}
		if keys.add(tokens, i, depth) > maxKeys {
			r.reason, r.hint = fmt.Sprintf("more than %d keys stand together", maxKeys), ""
		}
		if r.reason != "" {
			e := &Error{Reason: r.reason, Hint: r.hint}
			at(t, e)
			return append(faults, e)
		}
	}
	return faults
}

// keyCount counts the keys of open mappings by the column in which they
// stand; those within one pair of outermost brackets are counted together,
// as column 0.
type keyCount map[int]int

// add counts token i and returns how many keys stand in its mapping so far.
func (k keyCount) add(tokens token.Tokens, i, depth int) int {
	t := tokens[i]
	if t.Position == nil {
		return 0
	}
	isKey := i+1 < len(tokens) && tokens[i+1].Type == token.MappingValueType
	switch {
	case depth > 0 && isKey:
		k[0]++
		return k[0]
	case depth > 0:
		return 0
	case isKey || t.Type == token.SequenceEntryType:
		for column := range k {
			if column > t.Position.Column || column == 0 {
				delete(k, column)
			}
		}
	}
	if isKey {
		k[t.Position.Column]++
		return k[t.Position.Column]
	}
	return 0
}

// deepLine reports whether a line outside brackets is indented further than
// any nesting within the limit needs.
func deepLine(tokens token.Tokens, i, depth int) bool {
	t := tokens[i]
	if depth > 0 || t.Position == nil || t.Position.Column <= 8*maxDepth || i+1 >= len(tokens) {
		return false
	}
	first := i == 0 || tokens[i-1].Position != nil && tokens[i-1].Position.Line < t.Position.Line
	return first && (t.Type == token.SequenceEntryType || tokens[i+1].Type == token.MappingValueType)
}

func next(tokens token.Tokens, i int) string {
	if i+1 < len(tokens) {
		return tokens[i+1].Value
	}
	return ""
}

// tabs refuses every tab outside a comment: in indentation YAML forbids them,
// and within plain text the library loses them.
func tabs(src []byte, tokens token.Tokens) []*Error {
	if bytes.IndexByte(src, '\t') < 0 {
		return nil
	}
	comments := map[int]int{}
	for _, t := range tokens {
		if t.Type == token.CommentType && t.Position != nil {
			comments[t.Position.Line] = t.Position.Column
		}
	}
	var faults []*Error
	for i, line := range strings.Split(string(src), "\n") {
		before, _, ok := strings.Cut(line, "\t")
		column := utf8.RuneCountInString(before) + 1
		if c, comment := comments[i+1]; !ok || comment && column > c || strings.HasPrefix(strings.TrimSpace(before), "#") {
			continue
		}
		faults = append(faults, &Error{Line: i + 1, Column: column, Reason: "a tab stands here", Hint: "write spaces (in quotes: \\t)"})
		if len(faults) == maxFaults {
			break
		}
	}
	return faults
}
