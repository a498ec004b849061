package message

import (
	"bytes"
	"strings"

	"postvern.example/internal/octets"
)

// undisclosed is what a To field says when nobody is left in it (RFC 5322
// §3.4: an empty group).
const undisclosed = " undisclosed-recipients:;"

// Hide returns the edits that take mailboxes out of the named fields of the
// message's own header (To and Cc where none are named), and how many
// mailboxes they take out. A mailbox goes when hide says so of its address, or
// of an address in its display name or comments. Every other mailbox keeps its
// place and bytes. A group left empty goes; a field left empty goes too, but
// where no To is left, one says undisclosed-recipients. hide must accept any
// string. ErrAddress says that a field cannot be read with certainty: then
// nothing was hidden and the message must not be sent as it is.
func (m *Message) Hide(hide func(address string) bool, fields ...string) ([]Edit, int, error) {
	return m.hidePart(m.Root, func(_, address string) bool { return address != "" && hide(address) }, fields)
}

func (m *Message) hidePart(p *Part, hide func(name, address string) bool, fields []string) ([]Edit, int, error) {
	if len(fields) == 0 {
		fields = []string{"To", "Cc"}
	}
	var edits []Edit
	total := 0
	done := map[string]bool{}
	for _, name := range fields {
		key := strings.ToLower(name)
		if done[key] {
			continue
		}
		done[key] = true
		more, n, err := m.hideIn(p, name, hide)
		if err != nil {
			return nil, 0, err
		}
		edits, total = append(edits, more...), total+n
	}
	return edits, total, nil
}

// hideIn edits every field of one name, which are one list.
func (m *Message) hideIn(p *Part, name string, hide func(name, address string) bool) (edits []Edit, hidden int, err error) {
	fields := p.Get(name)
	var emptied []Field
	left := false
	for _, f := range fields {
		list, err := parseAddresses(m.text.Held, f.Value)
		if err != nil {
			return nil, 0, err
		}
		h := hider{raw: m.text.Held, hide: hide}
		if err := h.list(list, f.Value); err != nil {
			return nil, 0, err
		}
		hidden += h.count
		if h.emptied {
			emptied = append(emptied, f)
			continue
		}
		left = left || len(list) > 0
		if len(h.edits) > 0 {
			folded, err := m.refold(f, h.edits)
			if err != nil {
				return nil, 0, err
			}
			edits = append(edits, folded...)
		}
	}
	for i, f := range emptied {
		if i == 0 && !left && strings.EqualFold(name, "To") {
			edits = append(edits, Edit{Range: f.Value, With: []byte(undisclosed)})
			continue
		}
		edits = append(edits, Edit{Range: f.Range})
	}
	return edits, hidden, nil
}

// hider goes through one list.
type hider struct {
	raw     []byte
	hide    func(name, address string) bool
	edits   []Edit
	count   int
	emptied bool // something went and nothing is left
}

// list finds what goes of a list that stands in the given range.
func (h *hider) list(list []element, within Range) error {
	gone := make([]bool, len(list))
	kept := 0
	for i, e := range list {
		var err error
		if gone[i], err = h.element(e); err != nil {
			return err
		}
		if !gone[i] && e.kind != elementComment {
			kept++
		}
	}
	h.emptied = kept == 0 && anyOf(gone)
	if !h.emptied {
		h.cut(list, gone, within)
	}
	return nil
}

// element reports whether one element goes. What goes of a group in part is
// noted as edits at once.
func (h *hider) element(e element) (bool, error) {
	switch e.kind {
	case elementGroup:
		return h.group(e)
	case elementMailbox:
		if h.hide(e.box.Name, e.box.Address) || h.names(e) {
			h.count++
			return true, nil
		}
	case elementComment:
		return h.names(e), nil
	}
	return false, nil
}

func (h *hider) group(e element) (bool, error) {
	inner := hider{raw: h.raw, hide: h.hide}
	if err := inner.list(e.members, e.inner); err != nil {
		return false, err
	}
	h.count += inner.count
	if inner.emptied {
		return true, nil
	}
	head, tail := Range{e.trimmed.Start, e.inner.Start}, Range{e.inner.End, e.trimmed.End}
	if h.mentions(string(h.raw[head.Start:head.End])) || h.mentions(string(h.raw[tail.Start:tail.End])) {
		return false, addressError("the name of a group is a hidden address")
	}
	h.edits = append(h.edits, inner.edits...)
	return false, nil
}

// cut notes the edits for a list of which something stays. The separators go
// with what they separated, and the first that stays moves to the front.
func (h *hider) cut(list []element, gone []bool, within Range) {
	for i := 0; i < len(list); i++ {
		if !gone[i] {
			continue
		}
		last := i
		for last+1 < len(list) && gone[last+1] {
			last++
		}
		r := Range{list[i].segment.Start, list[last].segment.End}
		switch {
		case i == 0 && last+1 < len(list):
			r = Range{list[0].trimmed.Start, list[last+1].trimmed.Start}
		case last+1 == len(list):
			r = Range{list[i-1].trimmed.End, within.End}
			r.End = r.Start + len(bytes.TrimRight(h.raw[r.Start:r.End], " \t\r\n"))
		}
		h.edits = append(h.edits, Edit{Range: r})
		i = last
	}
}

// names reports whether the text of an element holds an address to hide: a
// display name, a comment, a quoted local part, decoded or as written.
func (h *hider) names(e element) bool {
	raw := h.raw[e.trimmed.Start:e.trimmed.End]
	if e.kind == elementMailbox && isASCII(raw) && bytes.Count(raw, []byte("@")) == 1 && !bytes.Contains(raw, []byte("=?")) {
		return false // the only one is its own
	}
	return h.mentions(e.box.Name) || h.mentions(string(raw))
}

// mentions looks for addresses in text as written, decoded, and with its
// escapes undone.
func (h *hider) mentions(text string) bool {
	if !strings.ContainsAny(text, "@=＠﹫") {
		return false
	}
	flat := unfold([]byte(text))
	decoded := decodeText(flat)
	for _, form := range []string{string(flat), decoded, string(unescape([]byte(decoded)))} {
		for token := range addressTokens(form) {
			if h.hide("", token) {
				return true
			}
		}
	}
	return false
}

// ats are the signs that compatibility normalisation makes an "@".
var ats = strings.NewReplacer("＠", "@", "﹫", "@")

// addressTokens yields what may be an address in running text, in the lengths
// that punctuation around it leaves open.
func addressTokens(text string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		text = ats.Replace(text)
		for token := range strings.FieldsFuncSeq(text, func(r rune) bool {
			return r <= ' ' || r == 0xa0 || strings.ContainsRune("<>()[],;:\"\\|", r)
		}) {
			if !strings.Contains(token, "@") {
				continue
			}
			trimmed := strings.Trim(token, ".'`*=?!{}/")
			if !yield(token) || trimmed != token && !yield(trimmed) {
				return
			}
		}
	}
}

func anyOf(list []bool) bool {
	for _, b := range list {
		if b {
			return true
		}
	}
	return false
}

// refold returns the edits as they are, or, where the field would still have a
// line too long for SMTP, one edit that breaks it between its mailboxes.
func (m *Message) refold(f Field, edits []Edit) ([]Edit, error) {
	part := Message{text: octets.Hold(m.text.Held[:f.Range.End])}
	edited, err := part.Apply(edits...)
	if err != nil {
		return nil, err
	}
	field := edited[f.Range.Start:]
	if longestLine(field) <= mostLength {
		return edits, nil
	}
	colon := f.Value.Start - f.Range.Start
	list, err := parseAddresses(field, Range{colon, len(field)})
	if err != nil {
		return nil, err
	}
	out := []byte{}
	last := colon
	for _, e := range breakable(list) {
		if e.Start > colon && !isBlank(field[e.Start-1]) {
			out = append(append(out, field[last:e.Start]...), "\r\n "...)
		} else {
			out = append(append(out, bytes.TrimRight(field[last:e.Start], " \t\r\n")...), "\r\n "...)
		}
		last = e.Start
	}
	out = append(out, bytes.TrimRight(field[last:], "\r\n")...)
	if longestLine(out) > mostLength {
		return nil, addressError("a mailbox is longer than a line")
	}
	return []Edit{{Range: f.Value, With: out}}, nil
}

// breakable returns where a line may begin: at every element but the first.
func breakable(list []element) []Range {
	var at []Range
	for i, e := range list {
		if i > 0 {
			at = append(at, e.trimmed)
		}
		for j, member := range e.members {
			if j > 0 {
				at = append(at, member.trimmed)
			}
		}
	}
	return at
}

func longestLine(b []byte) int {
	longest := 0
	for line := range bytes.SplitSeq(b, []byte("\r\n")) {
		longest = max(longest, len(line))
	}
	return longest
}
