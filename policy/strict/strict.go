// Package strict reads the YAML and JSON files that people write for
// Postvern, and takes nothing for granted in them.
//
// Every fault is reported, each with file, line, column, the way to the value
// and, for a word that is not known, the one that was probably meant. Unknown
// and repeated keys, values of another type, a second document, tabs, anchors,
// aliases, tags and empty files are refused. A value that is to be text keeps
// the text that was written: 010, yes and 1.50 stay as they are. Nothing is
// decoded from a file that has a fault as far as the caller is concerned: on
// an error the target holds an undefined part of it.
//
// The package is pure: bytes in, values out.
package strict

import (
	"fmt"
	"reflect"
	"strings"
)

// Decode reads src, a YAML or JSON document, into the struct, or the slice of
// structs, that into points to. Keys are named by `yaml:"name"` tags; `yaml:"name,required"` must be
// there, and a field tagged `oneof:"a,b"` takes no other word. Fields whose
// keys are left out keep what they held. File names the source in errors. The
// error is of type Errors.
func Decode(file string, src []byte, into any) error {
	doc, err := Parse(file, src)
	if err != nil {
		return err
	}
	return doc.Decode(into)
}

// Document is a file whose syntax is right. It is not changed after Parse.
type Document struct {
	file  string
	root  *node
	index map[string]*node
}

// Parse reads the syntax of a YAML or JSON document; file names it in errors.
// The error is of type Errors.
func Parse(file string, src []byte) (*Document, error) {
	root, faults := parse(src)
	if len(faults) > 0 {
		for _, f := range faults {
			f.File = file
		}
		return nil, Errors(faults).Sorted()
	}
	d := &Document{file: file, root: root, index: map[string]*node{}}
	d.enter("", root)
	return d, nil
}

// Decode fills the value that into points to, as the function Decode does.
func (d *Document) Decode(into any) error {
	v := reflect.ValueOf(into)
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct && v.Elem().Kind() != reflect.Slice {
		return fmt.Errorf("decode %s: want a pointer to a struct or a slice, have %T", d.file, into)
	}
	dec := decoder{file: d.file, root: v.Elem().Type()}
	dec.value(d.root, "", v.Elem(), nil)
	return dec.faults.Sorted()
}

// Has reports whether a value stands at path ("recipients.from",
// "personal-data[0].detect"). An empty value counts.
func (d *Document) Has(path string) bool {
	_, ok := d.index[path]
	return ok
}

// Errorf returns a fault of the value at path, for checks that types cannot
// make; the hint may be empty. Where path is left out of the file, the fault
// stands at what would hold it.
func (d *Document) Errorf(path, hint, format string, args ...any) *Error {
	e := &Error{File: d.file, Path: path, Reason: fmt.Sprintf(format, args...), Hint: hint}
	for p := path; ; p = parent(p) {
		if n, ok := d.index[p]; ok {
			e.Line, e.Column = n.line, n.column
			return e
		}
		if p == "" {
			return e
		}
	}
}

func parent(path string) string {
	return path[:max(0, strings.LastIndexAny(path, ".["))]
}

func (d *Document) enter(path string, n *node) {
	d.index[path] = n
	for i, item := range n.items {
		d.enter(element(path, i), item)
	}
	for _, m := range n.members {
		d.enter(join(path, m.key.text), m.value)
	}
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func element(path string, i int) string {
	return fmt.Sprintf("%s[%d]", path, i)
}
