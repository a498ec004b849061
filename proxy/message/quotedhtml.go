package message

import (
	"html"
	"regexp"
	"sort"
	"strings"

	nethtml "golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// visibleText is what a reader sees of an HTML source, with the way back.
type visibleText struct {
	source string
	text   string
	runs   []run
	unseen []unseen
}

// run maps some visible text to its source. Text that stands as it is maps
// octet by octet; an entity, or a line end that a tag makes, only as a whole.
type run struct {
	at    int // in the visible text
	src   Range
	whole bool
}

// breaking are the tags that begin a line; cells are kept in one.
var breaking = map[atom.Atom]bool{
	atom.P: true, atom.Div: true, atom.Br: true, atom.Tr: true, atom.Li: true, atom.Table: true, atom.Blockquote: true, atom.Hr: true,
	atom.H1: true, atom.H2: true, atom.H3: true, atom.H4: true, atom.H5: true, atom.H6: true, atom.Ul: true, atom.Ol: true, atom.Pre: true,
	atom.Dl: true, atom.Dt: true, atom.Dd: true, atom.Section: true, atom.Article: true, atom.Header: true, atom.Footer: true,
	atom.Body: true, atom.Html: true, atom.Head: true, atom.Center: true, atom.Fieldset: true, atom.Form: true,
}

// visibleHTML reads a source as a mail program shows it, as far as lines go.
func visibleHTML(source string) visibleText {
	v := visibleText{source: source}
	var text strings.Builder
	z := nethtml.NewTokenizer(strings.NewReader(source))
	at, hidden := 0, false
	apart := false // in an element that some programs show and others do not
	cell := false  // a cell has begun, and nothing stands in it yet
	pre := 0       // elements in which line ends are such
	for {
		kind := z.Next()
		if kind == nethtml.ErrorToken {
			break
		}
		start := at
		at += len(z.Raw())
		switch kind {
		case nethtml.TextToken:
			if hidden {
				v.noteUnseen(start, at)
				continue
			}
			v.addText(&text, start, at, pre > 0)
			if apart {
				v.noteUnseen(start, at)
			} else {
				v.noteLinks(start, at)
			}
			cell = cell && strings.TrimSpace(source[start:at]) == ""
		case nethtml.CommentToken, nethtml.DoctypeToken:
			v.noteUnseen(start, at)
		case nethtml.StartTagToken, nethtml.EndTagToken, nethtml.SelfClosingTagToken:
			name, _ := z.TagName()
			v.noteTag(start, at)
			tag := atom.Lookup(name)
			if tag == atom.Pre || tag == atom.Textarea {
				pre = max(0, pre+map[nethtml.TokenType]int{nethtml.StartTagToken: 1, nethtml.EndTagToken: -1}[kind])
			}
			switch {
			case tag == atom.Script || tag == atom.Style || tag == atom.Title:
				hidden = kind == nethtml.StartTagToken
			case tag == atom.Noscript || tag == atom.Template || tag == atom.Iframe || tag == atom.Noembed || tag == atom.Noframes:
				apart = kind == nethtml.StartTagToken
			case cell && kind == nethtml.StartTagToken && (tag == atom.P || tag == atom.Div),
				tag == atom.Td || tag == atom.Th, tag == atom.Dd && kind == nethtml.StartTagToken, tag == atom.Dt && kind == nethtml.EndTagToken:
				v.add(&text, " ", Range{start, at}, true)
				cell = kind == nethtml.StartTagToken
			case breaking[tag]:
				v.add(&text, "\n", Range{start, at}, true)
				cell = false
			}
		default:
		}
	}
	v.noteUnseen(at, len(source)) // a tag without an end
	v.text = text.String()
	return v
}

func (v *visibleText) add(text *strings.Builder, s string, src Range, whole bool) {
	v.runs = append(v.runs, run{at: text.Len(), src: src, whole: whole})
	text.WriteString(s)
}

// addText adds a run of source text: entities are undone, line ends are
// blanks unless they stay.
func (v *visibleText) addText(text *strings.Builder, start, end int, lines bool) {
	for start < end {
		raw := v.source[start:end]
		amp := strings.IndexByte(raw, '&')
		if amp != 0 {
			if amp < 0 {
				amp = len(raw)
			}
			plain := raw[:amp]
			if !lines {
				plain = blankLines.Replace(plain)
			}
			v.add(text, plain, Range{start, start + amp}, false)
			start += amp
			continue
		}
		n := 1
		for n < len(raw) && n < 40 && (isAlnum(raw[n]) || raw[n] == '#') {
			n++
		}
		if n < len(raw) && raw[n] == ';' {
			n++
		}
		v.add(text, html.UnescapeString(raw[:n]), Range{start, start + n}, true)
		start += n
	}
}

var blankLines = strings.NewReplacer("\r", " ", "\n", " ")

// sourceOf returns the source of a range of the visible text, with the tags
// next to it on both sides.
func (v *visibleText) sourceOf(r Range) Range {
	first := sort.Search(len(v.runs), func(i int) bool { return v.runs[i].at > r.Start }) - 1
	last := sort.Search(len(v.runs), func(i int) bool { return v.runs[i].at > r.End-1 }) - 1
	src := Range{v.runs[first].src.Start, v.runs[last].src.End}
	switch a := v.runs[first]; {
	case !a.whole && r.Start > a.at:
		src.Start = a.src.Start + r.Start - a.at
	case first > 0:
		src.Start = v.runs[first-1].src.End
	default:
		src.Start = 0
	}
	switch b := v.runs[last]; {
	case !b.whole && b.src.Start+r.End-b.at < b.src.End:
		src.End = b.src.Start + r.End - b.at
	case last+1 < len(v.runs):
		src.End = v.runs[last+1].src.Start
	}
	return src
}

// without returns the source with ranges of the visible text taken out, tags
// that stand in pairs among them too. What is left of the tags there keeps the
// structure; ok is false where such a tag itself names somebody who is hidden.
func (v *visibleText) without(cuts []Range, hide func(name, address string) bool) (out string, ok bool) {
	var b strings.Builder
	last := 0
	for _, cut := range cuts {
		src := v.sourceOf(cut)
		if src.Start < last {
			return "", false
		}
		if at := portrait.FindStringIndex(v.source[last:src.Start]); at != nil {
			src.Start = last + at[0]
		}
		kept := unpaired(v.source[src.Start:src.End])
		if tagNames(kept, hide) {
			return "", false
		}
		b.WriteString(v.source[last:src.Start])
		b.WriteString(kept)
		last = src.End
	}
	b.WriteString(v.source[last:])
	return b.String(), true
}

// portrait is a picture right before somebody's name.
var portrait = regexp.MustCompile(`(?i)<img\b[^<>]*>(?:\s|&nbsp;)*$`)

// unpaired returns the tags of a fragment whose other half stands outside it.
func unpaired(fragment string) string {
	type tag struct {
		raw, name string
		drop      bool
	}
	var tags []tag
	var open []int
	z := nethtml.NewTokenizer(strings.NewReader(fragment))
	for kind := z.Next(); kind != nethtml.ErrorToken; kind = z.Next() {
		raw := string(z.Raw())
		switch kind {
		case nethtml.StartTagToken:
			name, _ := z.TagName()
			if isVoid(atom.Lookup(name)) {
				continue
			}
			open = append(open, len(tags))
			tags = append(tags, tag{raw: raw, name: string(name)})
		case nethtml.EndTagToken:
			name, _ := z.TagName()
			t := tag{raw: raw, name: string(name)}
			if n := len(open); n > 0 && tags[open[n-1]].name == t.name {
				tags[open[n-1]].drop, t.drop = true, true
				open = open[:n-1]
			}
			tags = append(tags, t)
		default:
		}
	}
	var b strings.Builder
	for _, t := range tags {
		if !t.drop {
			b.WriteString(t.raw)
		}
	}
	return b.String()
}

func isVoid(tag atom.Atom) bool {
	switch tag {
	case atom.Br, atom.Img, atom.Wbr, atom.Hr, atom.Input:
		return true
	default:
		return false
	}
}

// linked returns the addresses in the tags of a range of the visible text.
func (v *visibleText) linked(r Range) []string {
	src := v.sourceOf(r)
	var addresses []string
	z := nethtml.NewTokenizer(strings.NewReader(v.source[src.Start:src.End]))
	for kind := z.Next(); kind != nethtml.ErrorToken; kind = z.Next() {
		if kind == nethtml.StartTagToken || kind == nethtml.SelfClosingTagToken {
			addresses = append(addresses, tagAddresses(string(z.Raw()))...)
		}
	}
	return addresses
}

// tagNames reports whether the attributes of tags name somebody who is hidden.
func tagNames(tags string, hide func(name, address string) bool) bool {
	for _, a := range tagAddresses(tags) {
		if hide("", a) {
			return true
		}
	}
	return false
}

// tagAddresses finds addresses as written, in entities and in URL escapes.
func tagAddresses(tags string) []string {
	text := strings.Join(unescapings(html.UnescapeString(tags)), " ")
	var addresses []string
	for token := range addressTokens(text) {
		address, _, _ := strings.Cut(token, "?")
		addresses = append(addresses, address)
	}
	return addresses
}
