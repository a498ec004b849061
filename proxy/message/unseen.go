package message

import (
	"html"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// unseen is a piece of a body that no program shows, or that nobody reads: a
// comment, a style sheet, a script, an attribute of a tag, and what stands in the
// address of a web page. What a person wrote stands in none of them, a link to a
// mailbox apart.
type unseen struct {
	src       Range // without the piece the source is still HTML
	addresses []string
	names     []string // what may be the full name of a person
}

// noteUnseen keeps a piece when an address or a name may stand in it.
func (v *visibleText) noteUnseen(start, end int) {
	v.keepUnseen(unseen{Range{start, end}, unseenAddresses(v.source[start:end]), unseenNames(v.source[start:end])})
}

func (v *visibleText) keepUnseen(u unseen) {
	if len(u.addresses) > 0 || len(u.names) > 0 {
		v.unseen = append(v.unseen, u)
	}
}

// noteTag keeps the attributes of a tag in which an address or a name may stand,
// but for what a link to a mailbox says of it whose words name whose it is.
func (v *visibleText) noteTag(start, end int) {
	tag := v.source[start:end]
	if !mayHoldAddress(tag) && !strings.Contains(tag, "://") && len(unseenNames(tag)) == 0 {
		return
	}
	pieces := attributes(tag)
	var shown []string
	for _, p := range pieces {
		if to, ok := mailboxOf(p.value); ok && v.linkNames(end, to) {
			shown = append(shown, unseenAddresses(to)...)
		}
	}
	for _, p := range pieces {
		found := unseenAddresses(p.value)
		if strings.Contains(p.value, "://") {
			for run := range strings.FieldsFuncSeq(p.value, func(r rune) bool { return !strings.ContainsRune(codeSigns, r) }) {
				found = append(found, inBase64(run)...)
			}
		}
		addresses := slices.DeleteFunc(found, func(a string) bool { return slices.Contains(shown, a) })
		v.keepUnseen(unseen{Range{start + p.src.Start, start + p.src.End}, addresses, unseenNames(p.value)})
	}
}

// mailboxOf returns the mailbox that a link leads to, without what it says of the
// mail that is to be written.
func mailboxOf(link string) (to string, ok bool) {
	const scheme = "mailto:"
	if link = strings.TrimSpace(link); len(link) <= len(scheme) || !strings.EqualFold(link[:len(scheme)], scheme) {
		return "", false
	}
	to, _, _ = strings.Cut(link[len(scheme):], "?")
	return to, true
}

// linkNames reports whether the words of a link, which begin behind its tag, hold
// a word of the mailbox that it leads to: its writer sees whom it names.
func (v *visibleText) linkNames(start int, to string) bool {
	const longest, shortest = 1000, 2 // of the words, and of one of the mailbox
	words := v.source[start:min(len(v.source), start+longest)]
	if end := strings.Index(strings.ToLower(words), "</a"); end >= 0 {
		words = words[:end]
	}
	words = strings.ToLower(html.UnescapeString(tags.ReplaceAllString(words, "")))
	local, _, _ := strings.Cut(strings.ToLower(html.UnescapeString(to)), "@")
	for word := range strings.FieldsFuncSeq(local, func(r rune) bool { return strings.ContainsRune("._-+'", r) }) {
		if len(word) >= shortest && strings.Contains(words, word) {
			return true
		}
	}
	return false
}

var tags = regexp.MustCompile(`<[^<>]*>`)

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

// unseenNames finds what may be the full names of people: two to four words that
// begin with capitals, with one blank between them.
func unseenNames(text string) (found []string) {
	const most = 4
	if !mayHoldName(text) {
		return nil
	}
	var words []string // that stand together
	for piece := range strings.FieldsFuncSeq(html.UnescapeString(text), func(r rune) bool { return r != ' ' && !inName(r) }) {
		words = words[:0]
		for word := range strings.SplitSeq(piece, " ") {
			if strings.HasPrefix(word, "'") {
				words, word = words[:0], word[1:]
			}
			if first, _ := utf8.DecodeRuneInString(word); !unicode.IsUpper(first) {
				words = words[:0]
				continue
			}
			words = append(words, strings.TrimRight(word, ".'’-"))
			for n := 2; n <= min(most, len(words)); n++ {
				found = append(found, strings.Join(words[len(words)-n:], " "))
			}
		}
	}
	return found
}

func inName(r rune) bool {
	return unicode.IsLetter(r) || unicode.Is(unicode.M, r) || strings.ContainsRune("-.'’", r)
}

// mayHoldName reports whether a blank stands in text before what may be a
// capital: it nearly never does in a tag.
func mayHoldName(text string) bool {
	for i := strings.IndexByte(text, ' '); i >= 0 && i+1 < len(text); {
		if c := text[i+1]; c >= 'A' && c <= 'Z' || c >= utf8.RuneSelf || c == '&' {
			return true
		}
		next := strings.IndexByte(text[i+1:], ' ')
		if next < 0 {
			return false
		}
		i += 1 + next
	}
	return false
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
		if slices.ContainsFunc(u.addresses, func(a string) bool { return hide("", a) }) ||
			slices.ContainsFunc(u.names, func(name string) bool { return hide(name, "") }) {
			cuts = append(cuts, u.src)
		}
	}
	return cuts
}
