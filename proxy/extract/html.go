package extract

import (
	"bytes"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"postvern.example/policy/detect"
)

// html reads a page: what it shows, what it hides, its tables, comments,
// attributes, scripts and style sheets.
func (r *reading) html(p piece) {
	declared := p.params["charset"]
	if declared == "" {
		declared = metaCharset(p.data)
	}
	texts, ok := decode(p.data, declared)
	if !ok || isUTF7(strings.ToLower(metaCharset(p.data))) {
		r.unscannable(p.place, whyCharset)
	}
	for _, text := range texts {
		switch p.declared {
		case "text/enriched":
			text = enriched.Replace(text)
		case "text/richtext":
			text = richtext.Replace(text)
		}
		r.markup(p, text, 0)
		r.pageStamps(p.place, text)
	}
}

// enriched makes HTML of what text/enriched writes otherwise (RFC 1896): "<<"
// for a bracket, and lines.
var enriched = strings.NewReplacer("<<", "&lt;", "\r\n", "<br>", "\n", "<br>")

// richtext does the same for text/richtext (RFC 1341 §7.1.3), which writes
// brackets and lines as tags.
var richtext = strings.NewReplacer("<lt>", "&lt;", "<LT>", "&lt;", "<nl>", "<br>", "<NL>", "<br>", "<np>", "<br>")

// markup reads HTML that is text already. level counts pages inside pages:
// conditional comments, srcdoc, noscript.
func (r *reading) markup(p piece, text string, level int) {
	if level > 4 {
		r.prose(p.place, text)
		return
	}
	w := htmlWalk{r: r, p: p, level: level, hidden: hiddenClasses(text), seen: map[string]bool{}}
	w.run(text)
}

// metaCharset returns the charset that a page declares about itself.
func metaCharset(data []byte) string {
	head := bytes.ToLower(data[:min(len(data), 2048)])
	_, after, found := bytes.Cut(head, []byte("charset="))
	if !found {
		return ""
	}
	after = bytes.TrimLeft(after, `"' `)
	if end := bytes.IndexAny(after, "\"' />;\r\n"); end >= 0 {
		after = after[:end]
	}
	return string(after)
}

// openBlock is a block element and whether it breaks the line.
type openBlock struct {
	tag    atom.Atom
	inline bool
}

// htmlWalk goes once through the tokens of a page.
type htmlWalk struct {
	r      *reading
	p      piece
	level  int
	hidden map[string]bool // classes and ids that the page's own style sheet hides

	page    views
	aside   []string // comments, scripts, styles, attributes
	seen    map[string]bool
	unseen  []atom.Atom  // open elements from the one that hides on
	inlined []openBlock  // open blocks from the first that a style makes part of its line on
	tables  []*htmlTable // open tables, the innermost last
	raw     atom.Atom    // the open element whose text is not shown: script, style, ...
}

func (w *htmlWalk) run(text string) {
	z := html.NewTokenizer(strings.NewReader(text))
	for n := 0; ; n++ {
		if n%4096 == 0 && w.r.over(w.p.place) {
			break
		}
		tt := z.Next()
		if tt == html.ErrorToken {
			w.aside = append(w.aside, string(z.Raw())) // a tag that the end of the page cut off
			break
		}
		w.token(tt, z)
	}
	for len(w.tables) > 0 {
		w.closeTable()
	}
	whole := w.page.whole.String()
	w.r.prose(w.p.place, whole)
	w.r.coded(w.p, whole)
	if strings.Contains(whole, armorBegin) {
		w.r.armored(piece{data: []byte(whole), place: w.p.place, depth: w.p.depth})
	}
	if w.page.shown != nil {
		w.r.prose(w.p.place, w.page.seen())
	}
	w.r.unseen(w.p.place, strings.Join(w.aside, "\n"))
	for _, text := range w.aside {
		w.r.coded(w.p, text)
	}
}

func (w *htmlWalk) token(tt html.TokenType, z *html.Tokenizer) {
	switch tt {
	case html.TextToken:
		w.text(z)
	case html.CommentToken, html.DoctypeToken:
		w.embedded(string(z.Text()))
	case html.StartTagToken, html.SelfClosingTagToken:
		w.open(z, tt == html.SelfClosingTagToken)
	case html.EndTagToken:
		name, _ := z.TagName()
		w.closeTag(atom.Lookup(name))
	case html.ErrorToken:
	}
}

func (w *htmlWalk) text(z *html.Tokenizer) {
	text := string(z.Text())
	switch w.raw {
	case 0:
		w.write(text)
	case atom.Noscript, atom.Noframes, atom.Noembed, atom.Iframe, atom.Xmp, atom.Template:
		w.embedded(text)
	case atom.Title, atom.Textarea:
		w.write("\n" + text + "\n")
	default:
		w.note(text)
	}
	w.raw = 0
}

// embedded reads text that may be a page itself, as Outlook's conditional
// comments are.
func (w *htmlWalk) embedded(text string) {
	if strings.Contains(text, "<") && strings.Contains(text, ">") {
		if strings.Contains(text, "@") { // an address in angle brackets is no tag, and no comment is a quoted header
			w.note("<!-- " + text)
		}
		w.r.markup(w.p, text, w.level+1)
		return
	}
	w.note(text)
}

func (w *htmlWalk) note(text string) {
	if !blank(text) && !w.seen[text] {
		w.seen[text] = true
		w.aside = append(w.aside, text)
	}
}

// at returns where text goes now: the page, or the open cell.
func (w *htmlWalk) at() *views {
	if n := len(w.tables); n > 0 {
		return w.tables[n-1].at()
	}
	return &w.page
}

func (w *htmlWalk) write(text string) { w.at().write(text, len(w.unseen) > 0) }

func (w *htmlWalk) breakLine() { w.at().breakLine() }

func (w *htmlWalk) open(z *html.Tokenizer, selfClosing bool) {
	name, more := z.TagName()
	tag := atom.Lookup(name)
	style := w.attributes(z, more)
	if style.block || isBlock(tag) && !style.inline {
		w.breakLine()
	}
	switch tag {
	case atom.Table:
		w.tables = append(w.tables, &htmlTable{})
	case atom.Tr:
		w.inTable((*htmlTable).openRow)
	case atom.Td, atom.Th:
		w.inTable((*htmlTable).openCell)
	case atom.Script, atom.Style, atom.Noscript, atom.Noframes, atom.Noembed, atom.Iframe, atom.Xmp, atom.Title, atom.Textarea:
		w.raw = tag
	default:
	}
	if selfClosing || isVoid(tag) {
		return
	}
	if isBlock(tag) && (style.inline || len(w.inlined) > 0) {
		w.inlined = append(w.inlined, openBlock{tag, style.inline})
	}
	if len(w.unseen) > 0 || style.hidden || tag == atom.Template {
		w.unseen = append(w.unseen, tag)
	}
}

func (w *htmlWalk) inTable(f func(*htmlTable)) {
	if n := len(w.tables); n > 0 {
		f(w.tables[n-1])
	}
}

func (w *htmlWalk) closeTag(tag atom.Atom) {
	w.raw = 0
	for i := len(w.unseen) - 1; i >= 0; i-- {
		if w.unseen[i] == tag {
			w.unseen = w.unseen[:i]
			break
		}
	}
	inline := false
	for i := len(w.inlined) - 1; i >= 0; i-- {
		if w.inlined[i].tag == tag {
			inline = w.inlined[i].inline
			w.inlined = w.inlined[:i]
			break
		}
	}
	switch {
	case tag == atom.Table && len(w.tables) > 0:
		w.closeTable()
	case isBlock(tag) && !inline:
		w.breakLine()
	}
}

// closeTable gives a table of data a segment of its own; a table that only
// lays the page out flows into the text around it.
func (w *htmlWalk) closeTable() {
	n := len(w.tables) - 1
	t := w.tables[n]
	w.tables = w.tables[:n]
	if t.isData() {
		rows := t.rows(true)
		w.r.text(w.p.place, detect.Table, rows)
		w.r.coded(w.p, rows)
		if t.differs() {
			w.r.text(w.p.place, detect.Table, t.rows(false))
		}
		w.breakLine()
		return
	}
	w.at().pour(t.rows(true), t.rows(false))
}

func isVoid(tag atom.Atom) bool {
	switch tag {
	case atom.Area, atom.Base, atom.Br, atom.Col, atom.Embed, atom.Hr, atom.Img, atom.Input, atom.Link, atom.Meta,
		atom.Param, atom.Source, atom.Track, atom.Wbr:
	default:
		return false
	}
	return true
}

func isBlock(tag atom.Atom) bool {
	switch tag {
	case atom.Address, atom.Article, atom.Aside, atom.Blockquote, atom.Body, atom.Br, atom.Caption, atom.Center, atom.Dd,
		atom.Details, atom.Dialog, atom.Dir, atom.Div, atom.Dl, atom.Dt, atom.Fieldset, atom.Figcaption, atom.Figure,
		atom.Footer, atom.Form, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Head, atom.Header, atom.Hr,
		atom.Html, atom.Legend, atom.Li, atom.Listing, atom.Main, atom.Menu, atom.Nav, atom.Ol, atom.Option, atom.P,
		atom.Plaintext, atom.Pre, atom.Search, atom.Section, atom.Select, atom.Summary, atom.Table, atom.Tr, atom.Ul,
		atom.Xmp, atom.Button:
	default:
		return false
	}
	return true
}
