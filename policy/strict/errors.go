package strict

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Error is one fault of a file, at the place where it stands.
type Error struct {
	File   string
	Line   int    // 1-based; 0 where the fault has no place
	Column int    // 1-based, in characters
	Path   string // the way to the value: "personal-data[0].detect[1]"; empty for the file itself
	Reason string // what is wrong, in words
	Hint   string // what to do about it; may be empty
}

// Error returns "file:line:column: path: reason; hint", without the parts
// that are empty.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", e.Line, e.Column)
	}
	if b.Len() > 0 { // the value of a flag stands in no file
		b.WriteString(": ")
	}
	if e.Path != "" {
		b.WriteString(e.Path + ": ")
	}
	b.WriteString(e.Reason)
	if e.Hint != "" {
		b.WriteString("; " + e.Hint)
	}
	return b.String()
}

// Errors is every fault that was found, in the order of the file. It is never
// empty where it is returned as an error.
type Errors []*Error

// Error returns one line for each fault.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, one := range e {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns the faults one by one, for errors.As.
func (e Errors) Unwrap() []error {
	all := make([]error, len(e))
	for i, one := range e {
		all[i] = one
	}
	return all
}

// Sorted returns the faults in the order of the file as an error, or nil where
// there is none; those of several files stay in the order of the files. Of
// several faults of one value only the first that was found is kept: it says
// more.
func (e Errors) Sorted() error {
	if len(e) == 0 {
		return nil
	}
	type place struct {
		file         string
		line, column int
		path         string
	}
	seen, files := map[place]bool{}, map[string]int{}
	var out Errors
	for _, one := range e {
		if _, ok := files[one.File]; !ok {
			files[one.File] = len(files)
		}
		at := place{one.File, one.Line, one.Column, one.Path}
		if one.Line > 0 && seen[at] {
			continue
		}
		seen[at] = true
		out = append(out, one)
	}
	slices.SortStableFunc(out, func(a, b *Error) int {
		return cmp.Or(cmp.Compare(files[a.File], files[b.File]), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return out
}
