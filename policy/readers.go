package policy

import (
	"fmt"
	"slices"
	"strings"

	"postvern.example/policy/detect"
	"postvern.example/policy/strict"
)

// Readers names readers: a class of them, or a pattern of addresses.
type Readers struct {
	class   string
	pattern Pattern
}

// The classes of readers, as the policy file names them. Self is for `to` and
// `except` alone: it depends on what was found as well.
var readerClasses = []string{"members", "representatives", "union", "employer", "others"}

const self = "self"

// String returns the readers as written.
func (r Readers) String() string {
	if r.class != "" {
		return r.class
	}
	return r.pattern.String()
}

// fits reports whether a mailbox is one of these readers.
func (r Readers) fits(m mailbox) bool {
	switch r.class {
	case "":
		return m.key != "" && r.pattern.matches(m.key)
	case self:
		return false
	case "members":
		return m.member
	case "representatives":
		return m.representative && !m.union
	case "union":
		return m.union
	case "employer":
		return m.employer && !m.union
	}
	return !m.member && !m.inside && !m.employer
}

// readers checks one word for readers: a class, one of more, or a pattern.
func (c *checker) readers(path, text string, more ...string) Readers {
	known := append(more, readerClasses...)
	if slices.Contains(known, text) {
		return Readers{class: text}
	}
	p, ok := ParsePattern(text)
	if !ok {
		hint := "write " + strings.Join(known, ", ") + ", an address or \"*@region.example\""
		if k, near := strict.Nearest(text, known); near {
			hint = "did you mean `" + k + "`?"
		}
		c.fault(path, hint, "`%s` is neither a class of readers nor a pattern of addresses", text)
	}
	return Readers{pattern: p}
}

// audience checks `to` or `except` of a rule.
func (c *checker) audience(path string, written strict.Words) []Readers {
	out := make([]Readers, 0, len(written))
	for i, w := range written {
		at := fmt.Sprintf("%s[%d]", path, i)
		r := c.readers(at, w, self)
		if slices.ContainsFunc(out, func(o Readers) bool { return o.String() == r.String() }) {
			c.fault(at, "keep one of them", "`%s` stands here a second time", w)
		}
		out = append(out, r)
	}
	if len(written) == 0 && c.doc.Has(path) {
		c.fault(path, "name readers, or leave the key out: then the rule is for all", "the list is empty")
	}
	return out[:len(out):len(out)]
}

// isFor reports whether a rule is for a reader, as far as it concerns one
// finding: without `to` for everybody, and never for those in `except`.
func (r Rule) isFor(m mailbox, own bool) bool {
	among := func(list []Readers) bool {
		return slices.ContainsFunc(list, func(s Readers) bool { return s.class == self && own || s.fits(m) })
	}
	return (len(r.To) == 0 || among(r.To)) && !among(r.Except)
}

// isOwn reports whether a finding is the data of nobody but the reader with
// the given key: the only one, beside whom nobody stands in To and Cc, and with
// whose name it stands wherever it stands.
func isOwn(f detect.Finding, alone string, m mailbox) bool {
	return alone != "" && m.key == alone && slices.Contains(f.Evidence, detect.EvidenceOwnData)
}
