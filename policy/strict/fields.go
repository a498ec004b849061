package strict

import (
	"reflect"
	"strings"
)

type field struct {
	name     string
	index    int
	required bool
	words    []string
}

type fields []field

// fieldsOf reads the tags of a struct type, in the order of its fields.
func fieldsOf(t reflect.Type) fields {
	var out fields
	for i := range t.NumField() {
		f := t.Field(i)
		tag, ok := f.Tag.Lookup("yaml")
		name, option, _ := strings.Cut(tag, ",")
		if !ok || name == "-" || name == "" || !f.IsExported() {
			continue
		}
		var words []string
		if w := f.Tag.Get("oneof"); w != "" {
			words = strings.Split(w, ",")
		}
		out = append(out, field{name, i, option == "required", words})
	}
	return out
}

func (f fields) named(name string) (field, bool) {
	for _, one := range f {
		if one.name == name {
			return one, true
		}
	}
	return field{}, false
}

func names(f fields) []string {
	out := make([]string, len(f))
	for i, one := range f {
		out[i] = one.name
	}
	return out
}

// homes returns the paths below t under which the key is known.
func homes(t reflect.Type, path, key string, depth int) []string {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || depth > maxDepth/10 || reflect.PointerTo(t).Implements(unmarshaler) {
		return nil
	}
	var out []string
	for _, f := range fieldsOf(t) {
		if f.name == key && path != "" {
			out = append(out, path)
		}
		out = append(out, homes(t.Field(f.index).Type, join(path, f.name), key, depth+1)...)
	}
	return out
}
