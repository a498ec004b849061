package message

import (
	"html"
	"slices"
	"strings"
)

// unseen is a piece of a body that no program shows, or that nobody reads: a
// comment, a style sheet, a script, an attribute of a tag, and what stands in the
// address of a web page. What a person wrote stands in none of them, a link to a
// mailbox apart.
type unseen struct {
	src       Range // without the piece the source is still HTML
	addresses []string
}

// noteUnseen keeps a piece when an address may stand in it.
func (v *visibleText) noteUnseen(start, end int) {
	if addresses := unseenAddresses(v.source[start:end]); len(addresses) > 0 {
		v.unseen = append(v.unseen, unseen{Range{start, end}, addresses})
	}
}

// noteTag keeps the attributes of a tag in which an address may stand, but for
// what a link to that mailbox says of it.
func (v *visibleText) noteTag(start, end int) {
	if !mayHoldAddress(v.source[start:end]) {
		return
	}
	pieces := attributes(v.source[start:end])
	var shown []string
	for _, p := range pieces {
		if strings.HasPrefix(strings.ToLower(p.value), "mailto:") {
			shown = append(shown, unseenAddresses(p.value)...)
		}
	}
	for _, p := range pieces {
		addresses := slices.DeleteFunc(unseenAddresses(p.value), func(a string) bool { return slices.Contains(shown, a) })
		if len(addresses) > 0 {
			v.unseen = append(v.unseen, unseen{Range{start + p.src.Start, start + p.src.End}, addresses})
		}
	}
}

// mayHoldAddress reports whether an at sign stands in text, in a form that HTML or
// a URL has for it.
func mayHoldAddress(text string) bool {
	return strings.IndexByte(text, '@') >= 0 ||
		strings.IndexByte(text, '%') >= 0 && (strings.Contains(text, "%40") || strings.Contains(text, "%2540") || strings.Contains(text, "%252540")) ||
		strings.IndexByte(text, '&') >= 0 && (strings.Contains(text, "&#") || strings.Contains(text, "&commat"))
}

// unseenAddresses finds addresses as written, in entities and in URL escapes,
// each in the lengths that the signs of URLs and programs before it leave open.
func unseenAddresses(text string) (found []string) {
	if !mayHoldAddress(text) {
		return nil
	}
	for _, text := range unescapings(html.UnescapeString(text)) {
		for token := range addressTokens(text) {
			found = append(found, token)
			for piece := range strings.FieldsFuncSeq(token, func(r rune) bool { return strings.ContainsRune("/?&=#'`+*!${}^~%", r) }) {
				if piece != token && strings.Contains(piece, "@") {
					found = append(found, piece)
				}
			}
		}
	}
	return found
}

// attribute is one of a tag: its range with the blanks before it, and its value
// as written, without quotes.
type attribute struct {
	src   Range
	value string
}

// attributes takes a tag apart as WHATWG HTML §13.2.5.32 to 38 do.
func attributes(tag string) (all []attribute) {
	at := strings.IndexAny(tag, " \t\r\n\f/")
	for at >= 0 && at < len(tag) {
		a := attribute{src: Range{Start: at}}
		at += span(tag[at:], " \t\r\n\f/")
		name := at
		if at < len(tag) && tag[at] == '=' {
			at++ // a name may begin with it
		}
		at += cspan(tag[at:], " \t\r\n\f/>=")
		if at == name {
			break
		}
		a.src.End = at
		if after := at + span(tag[at:], " \t\r\n\f"); after < len(tag) && tag[after] == '=' {
			at = after + 1 + span(tag[after+1:], " \t\r\n\f")
			a.value, at = attributeValue(tag, at)
			a.src.End = at
		}
		all = append(all, a)
	}
	return all
}

func attributeValue(tag string, at int) (value string, end int) {
	if at < len(tag) && (tag[at] == '"' || tag[at] == '\'') {
		n := strings.IndexByte(tag[at+1:], tag[at])
		if n < 0 {
			return tag[at+1:], len(tag)
		}
		return tag[at+1 : at+1+n], at + n + 2
	}
	end = at + cspan(tag[at:], " \t\r\n\f>")
	return tag[at:end], end
}

// span counts the octets at the beginning of s that are in set, cspan those
// that are not.
func span(s, set string) int { return len(s) - len(strings.TrimLeft(s, set)) }

func cspan(s, set string) int {
	if i := strings.IndexAny(s, set); i >= 0 {
		return i
	}
	return len(s)
}

// unseenOf returns the pieces that name somebody whom hide says so of.
func (v *visibleText) unseenOf(hide func(name, address string) bool) (cuts []Range) {
	if hide == nil {
		return nil
	}
	for _, u := range v.unseen {
		if slices.ContainsFunc(u.addresses, func(a string) bool { return hide("", a) }) {
			cuts = append(cuts, u.src)
		}
	}
	return cuts
}
