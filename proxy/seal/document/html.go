package document

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"postvern.example/proxy/message"
)

// The bounds of what is read of HTML; past them it becomes plainer.
const (
	deepest     = 200
	mostColumns = 12
	mostRows    = 5000
)

// reader turns HTML into blocks. It knows elements, not style sheets.
type reader struct {
	blocks []block
	runs   []run
	style  run // of the text to come
	quote  int
	indent float64
	bullet string
	lists  []int           // of each list around: the next number; 0 in those without
	size   float64         // of headings
	pre    bool            // line ends and spaces count
	shown  map[string]bool // Content-IDs
	legacy bool            // a copy of protected header fields is left out
	depth  int
}

// readHTML returns what a reader sees of a text, as blocks. It notes the
// Content-IDs of pictures that stand in it. legacy says that a copy of protected
// header fields stands in it, which the heading shows.
func readHTML(text string, shown map[string]bool, legacy bool) []block {
	root, err := html.Parse(strings.NewReader(text))
	if err != nil { // the parser takes any text; its limits are ours
		return readPlain(text, nil)
	}
	r := reader{shown: shown, legacy: legacy}
	r.node(root)
	r.end(0)
	return r.blocks
}

// end ends the paragraph.
func (r *reader) end(after float64) {
	b := block{runs: trim(r.runs, r.pre), quote: r.quote, indent: r.indent, bullet: r.bullet, size: r.size, after: after}
	r.runs = nil
	if b.empty() && b.bullet == "" {
		if n := len(r.blocks); n > 0 && after > r.blocks[n-1].after {
			r.blocks[n-1].after = after
		}
		return
	}
	r.bullet = ""
	r.blocks = append(r.blocks, b)
}

func (r *reader) text(s string) {
	if s == "" {
		return
	}
	one := r.style
	one.text = s
	r.runs = append(r.runs, one)
}

func (r *reader) children(n *html.Node) {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		r.node(c)
	}
}

func (r *reader) node(n *html.Node) {
	if r.depth++; r.depth > deepest {
		r.text(flat(n, 0))
		r.depth--
		return
	}
	defer func() { r.depth-- }()
	switch n.Type {
	case html.TextNode:
		if r.pre {
			r.text(untab(n.Data))
		} else {
			r.text(collapse(n.Data))
		}
	case html.ElementNode:
		r.element(n)
	case html.DocumentNode:
		r.children(n)
	case html.CommentNode, html.DoctypeNode, html.ErrorNode, html.RawNode:
	}
}

func (r *reader) element(n *html.Node) {
	if hidden(n) || r.legacy && attribute(n, "class") == message.LegacyDisplayClass {
		return
	}
	before := *r
	switch n.DataAtom {
	case atom.Script, atom.Style, atom.Head, atom.Title, atom.Template, atom.Iframe, atom.Object, atom.Embed, atom.Svg,
		atom.Noscript, atom.Audio, atom.Video, atom.Canvas, atom.Link, atom.Meta, atom.Select, atom.Datalist:
		return
	case atom.Br:
		r.text("\n")
	case atom.Hr:
		r.end(0)
		r.blocks = append(r.blocks, block{rule: true})
	case atom.Img:
		r.picture(n)
	case atom.Input, atom.Textarea:
		r.field(n)
	case atom.A:
		r.link(n)
	case atom.B, atom.Strong, atom.Th:
		r.style.bold = true
		r.children(n)
	case atom.I, atom.Em, atom.Cite:
		r.style.italic = true
		r.children(n)
	case atom.Code, atom.Tt, atom.Kbd, atom.Samp:
		r.style.mono = true
		r.children(n)
	case atom.Table:
		r.table(n)
	default:
		r.blockElement(n)
	}
	r.style = before.style
}

// blockElement reads elements that begin a paragraph, and those that are
// nothing special.
func (r *reader) blockElement(n *html.Node) {
	after := 0.0
	before := *r
	switch n.DataAtom {
	case atom.P:
		after = 6
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		after = 4
	case atom.Blockquote:
		after = 4
	case atom.Ul, atom.Ol, atom.Dl, atom.Pre:
		after = 4
	case atom.Li, atom.Div, atom.Tr, atom.Td, atom.Center, atom.Section, atom.Article, atom.Header, atom.Footer, atom.Main, atom.Nav,
		atom.Aside, atom.Fieldset, atom.Form, atom.Address, atom.Dt, atom.Dd, atom.Figure, atom.Figcaption, atom.Details, atom.Summary,
		atom.Legend, atom.Caption, atom.Body, atom.Tbody, atom.Thead, atom.Tfoot:
	default:
		r.children(n)
		return
	}
	r.end(0)
	switch n.DataAtom {
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		r.style.bold = true
		r.size = map[atom.Atom]float64{atom.H1: 15, atom.H2: 13, atom.H3: 12}[n.DataAtom]
	case atom.Blockquote:
		r.quote = min(r.quote+1, 20)
	case atom.Dd:
		r.indent += 16
	case atom.Pre:
		r.pre, r.style.mono = true, true
	case atom.Ul, atom.Menu:
		r.lists = append(r.lists, 0)
		r.indent += 16
	case atom.Ol:
		r.lists = append(r.lists, 1)
		r.indent += 18
	case atom.Li:
		r.bullet = r.mark()
	default:
	}
	r.children(n)
	r.end(after)
	if n.DataAtom == atom.Ul || n.DataAtom == atom.Ol || n.DataAtom == atom.Menu {
		r.lists = r.lists[:len(r.lists)-1]
	}
	r.size, r.quote, r.indent, r.pre, r.bullet = before.size, before.quote, before.indent, before.pre, ""
}

// mark returns what stands before an item of the list around.
func (r *reader) mark() string {
	n := len(r.lists)
	if n == 0 || r.lists[n-1] == 0 {
		return "•"
	}
	r.lists[n-1]++
	return itoa(r.lists[n-1]-1) + "."
}

// link shows where a link leads, where its text does not say so: in a
// document nobody can point at it to see.
func (r *reader) link(n *html.Node) {
	start := len(r.runs)
	r.children(n)
	target := strings.TrimSpace(attribute(n, "href"))
	lower := strings.ToLower(target)
	if !strings.HasPrefix(lower, "http://") && !strings.HasPrefix(lower, "https://") && !strings.HasPrefix(lower, "mailto:") && !strings.HasPrefix(lower, "tel:") {
		return
	}
	for _, scheme := range []string{"mailto:", "tel:"} {
		if strings.HasPrefix(lower, scheme) {
			target, _, _ = strings.Cut(target[len(scheme):], "?")
		}
	}
	said := strings.TrimSpace(plain(r.runs[min(start, len(r.runs)):]))
	bare := func(s string) string {
		s = strings.TrimPrefix(strings.TrimPrefix(strings.ToLower(s), "https://"), "http://")
		return strings.TrimSuffix(s, "/")
	}
	if bare(said) != bare(target) {
		r.text(" <" + target + ">")
	}
}

// picture shows one of the mail's own; others are named by their text alone.
func (r *reader) picture(n *html.Node) {
	source := attribute(n, "src")
	if id, ok := strings.CutPrefix(source, "cid:"); ok && id != "" {
		r.shown[id] = true
		r.end(0)
		r.blocks = append(r.blocks, block{picture: id, quote: r.quote, indent: r.indent, after: 4})
		return
	}
	if alt := collapse(attribute(n, "alt")); strings.TrimSpace(alt) != "" {
		r.text("[" + strings.TrimSpace(alt) + "]")
	}
}

// field shows what a form was filled in with.
func (r *reader) field(n *html.Node) {
	if n.DataAtom == atom.Textarea {
		r.children(n)
		return
	}
	switch strings.ToLower(attribute(n, "type")) {
	case "", "text", "email", "tel", "number", "date", "submit", "button":
		r.text(collapse(attribute(n, "value")))
	}
}

// hidden reports whether an element is not shown, by its own attributes.
func hidden(n *html.Node) bool {
	style := strings.ToLower(strings.Join(strings.Fields(attribute(n, "style")), ""))
	for _, a := range n.Attr {
		if a.Key == "hidden" {
			return true
		}
	}
	return strings.Contains(style, "display:none") || strings.Contains(style, "mso-hide:all")
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// flat returns all text below a node.
func flat(n *html.Node, depth int) string {
	if n.Type == html.TextNode {
		return collapse(n.Data)
	}
	if depth > 2*deepest {
		return ""
	}
	var b strings.Builder
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		b.WriteString(flat(c, depth+1))
	}
	return b.String()
}

// collapse makes runs of white space one space. Spaces that do not break stay.
func collapse(s string) string {
	var b strings.Builder
	white := false
	for _, c := range s {
		if c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' {
			white = true
			continue
		}
		if white {
			b.WriteByte(' ')
			white = false
		}
		b.WriteRune(c)
	}
	if white {
		b.WriteByte(' ')
	}
	return b.String()
}

// trim takes needless spaces out of a paragraph: at its ends, at line ends and
// between runs.
func trim(runs []run, pre bool) []run {
	out := make([]run, 0, len(runs))
	start := true // of a line, or behind a space
	for _, r := range runs {
		if !pre && r.text != "\n" && start {
			r.text = strings.TrimLeft(r.text, " ")
		}
		if r.text == "" {
			continue
		}
		start = strings.HasSuffix(r.text, " ") || r.text == "\n"
		out = append(out, r)
	}
	for len(out) > 0 {
		last := &out[len(out)-1]
		if last.text = strings.TrimRight(last.text, " \n"); last.text != "" {
			break
		}
		out = out[:len(out)-1]
	}
	return out
}
