package strict

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// maxFaults bounds the report on a file that is wrong throughout.
const maxFaults = 100

var (
	unmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
	// integer is what counts as a whole number: no leading zero (010 is eight
	// to some readers and ten to others), no hexadecimal, no underscores.
	integer = regexp.MustCompile(`^[-+]?(0|[1-9][0-9]*)$`)
	float   = regexp.MustCompile(`^[-+]?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?$`)
)

type decoder struct {
	file   string
	root   reflect.Type
	faults Errors
}

func (d *decoder) fault(n *node, path, hint, format string, args ...any) {
	if len(d.faults) < maxFaults {
		d.faults = append(d.faults, &Error{File: d.file, Line: n.line, Column: n.column, Path: path, Reason: fmt.Sprintf(format, args...), Hint: hint})
	}
}

// value decodes n into v. Words is the choice that a oneof tag allows; for a
// list it holds for each element.
func (d *decoder) value(n *node, path string, v reflect.Value, words []string) {
	if v.Kind() == reflect.Pointer {
		fresh := reflect.New(v.Type().Elem())
		d.value(n, path, fresh.Elem(), words)
		v.Set(fresh)
		return
	}
	if reflect.PointerTo(v.Type()).Implements(unmarshaler) {
		d.custom(n, path, v)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		d.structure(n, path, v)
	case reflect.Slice:
		d.slice(n, path, v, words)
	case reflect.Map:
		d.mapping(n, path, v)
	default:
		d.scalar(n, path, v, words)
	}
}

func (d *decoder) custom(n *node, path string, v reflect.Value) {
	if !d.isScalar(n, path, "a word") {
		return
	}
	err := v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(n.text))
	var e *Error
	switch {
	case errors.As(err, &e):
		d.fault(n, path, e.Hint, "%s", e.Reason)
	case err != nil:
		d.fault(n, path, "", "%s", err)
	}
}

func (d *decoder) structure(n *node, path string, v reflect.Value) {
	fields := fieldsOf(v.Type())
	if n.kind != null && n.kind != mapping {
		d.fault(n, path, "known keys here: "+strings.Join(names(fields), ", "), "keys and values are expected, %s is given", n.describe())
		return
	}
	for _, m := range n.members {
		at := join(path, m.key.text)
		f, ok := fields.named(m.key.text)
		if !ok {
			d.fault(m.key, at, d.hint(m.key.text, names(fields)), "unknown key")
			continue
		}
		d.value(m.value, at, v.Field(f.index), f.words)
	}
	d.missing(n, path, fields)
}

func (d *decoder) missing(n *node, path string, known fields) {
	var absent []string
	for _, f := range known {
		if f.required && !slices.ContainsFunc(n.members, func(m member) bool { return m.key.text == f.name }) {
			absent = append(absent, f.name)
		}
	}
	switch len(absent) {
	case 0:
	case 1:
		d.fault(n, join(path, absent[0]), "", "the key `%s` is missing", absent[0])
	default:
		d.fault(n, path, "", "the keys `%s` are missing", strings.Join(absent, "`, `"))
	}
}

// hint says what to do about an unknown key: the nearest of those that may
// stand here, or the place where it belongs.
func (d *decoder) hint(key string, known []string) string {
	if h := suggest(key, known); h != "" {
		return h
	}
	if home := homes(d.root, "", key, 0); len(home) > 0 {
		return "it belongs under `" + strings.Join(home, "` or `") + "`"
	}
	return "known keys here: " + strings.Join(known, ", ")
}

func (d *decoder) slice(n *node, path string, v reflect.Value, words []string) {
	switch n.kind {
	case null:
		d.fault(n, path, "write [] for none", "no value is given")
		return
	case list:
	case scalar:
		if v.Type() == reflect.TypeFor[Words]() {
			v.Set(reflect.ValueOf(Words{n.text}))
			return
		}
		fallthrough
	default:
		d.fault(n, path, "write [a, b], or one `- ` line for each", "a list is expected, %s is given", n.describe())
		return
	}
	out := reflect.MakeSlice(v.Type(), len(n.items), len(n.items))
	for i, item := range n.items {
		d.value(item, element(path, i), out.Index(i), words)
	}
	v.Set(out)
}

func (d *decoder) mapping(n *node, path string, v reflect.Value) {
	if n.kind != mapping {
		d.fault(n, path, "", "keys and values are expected, %s is given", n.describe())
		return
	}
	out := reflect.MakeMap(v.Type())
	for _, m := range n.members {
		item := reflect.New(v.Type().Elem()).Elem()
		d.value(m.value, join(path, m.key.text), item, nil)
		out.SetMapIndex(reflect.ValueOf(m.key.text).Convert(v.Type().Key()), item)
	}
	v.Set(out)
}

func (d *decoder) isScalar(n *node, path, want string) bool {
	switch n.kind {
	case scalar:
		return true
	case null:
		d.fault(n, path, "write \"\" for nothing, or leave the key out", "no value is given")
	default:
		d.fault(n, path, "", "%s is expected, %s is given", want, n.describe())
	}
	return false
}

func (d *decoder) scalar(n *node, path string, v reflect.Value, words []string) {
	want := map[reflect.Kind]string{reflect.String: "text", reflect.Bool: "true or false", reflect.Float64: "a number"}[v.Kind()]
	if want == "" {
		want = "a whole number"
	}
	if !d.isScalar(n, path, want) {
		return
	}
	switch v.Kind() {
	case reflect.String:
		if words != nil && !slices.Contains(words, n.text) {
			d.fault(n, path, suggest(n.text, words), "`%s` is none of %s", shorten(n.text), strings.Join(words, ", "))
			return
		}
		v.SetString(n.text)
	case reflect.Bool:
		if n.quoted || n.text != "true" && n.text != "false" {
			d.fault(n, path, "", "true or false is expected, %s is given", n.describe())
			return
		}
		v.SetBool(n.text == "true")
	default:
		if !number(n, v) {
			d.fault(n, path, "", "%s is expected, %s is given", want, n.describe())
		}
	}
}

func number(n *node, v reflect.Value) bool {
	if n.quoted {
		return false
	}
	switch {
	case v.CanInt() && integer.MatchString(n.text):
		i, err := strconv.ParseInt(n.text, 10, v.Type().Bits())
		v.SetInt(i)
		return err == nil
	case v.CanUint() && integer.MatchString(n.text):
		u, err := strconv.ParseUint(strings.TrimPrefix(n.text, "+"), 10, v.Type().Bits())
		v.SetUint(u)
		return err == nil
	case v.CanFloat() && float.MatchString(n.text):
		f, err := strconv.ParseFloat(n.text, v.Type().Bits())
		v.SetFloat(f)
		return err == nil
	}
	return false
}

func (n *node) describe() string {
	switch {
	case n.kind == null:
		return "nothing"
	case n.kind == list:
		return "a list"
	case n.kind == mapping:
		return "a set of keys"
	case n.quoted:
		return "the text \"" + shorten(n.text) + "\""
	}
	return "`" + shorten(n.text) + "`"
}

func shorten(s string) string {
	r := []rune(strings.Join(strings.Fields(s), " "))
	if len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return string(r)
}
