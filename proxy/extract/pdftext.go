package extract

import (
	"bytes"
	"math"
	"strings"
)

// matrix is [a b c d e f] of ISO 32000-1 §8.3.3.
type matrix [6]float64

var identity = matrix{1, 0, 0, 1, 0, 0}

// times returns m followed by n.
func (m matrix) times(n matrix) matrix {
	return matrix{
		m[0]*n[0] + m[1]*n[2], m[0]*n[1] + m[1]*n[3],
		m[2]*n[0] + m[3]*n[2], m[2]*n[1] + m[3]*n[3],
		m[4]*n[0] + m[5]*n[2] + n[4], m[4]*n[1] + m[5]*n[3] + n[5],
	}
}

// wideGap parts what stands beside each other at a distance, as columns do.
const wideGap = '\t'

// pdfPage follows the operators of a page that move and show text (§9.4).
type pdfPage struct {
	f    *pdfFile
	text strings.Builder // rows, in the order in which the page writes them
	said strings.Builder // what the page says of what it shows, a row each

	ctm, tm, line       matrix
	font                *pdfFont
	size, leading, rise float64
	char, word, scale   float64 // spacing, and horizontal scaling
	stack               []pdfState
	x, y                float64 // where the last glyph ended
	last                glyph
	lastAt              matrix // where it began
	began               bool
	shown, blank        int // glyphs, and those of them that are blank
	unknown             int // and that have no meaning
	inARow, meaningless int // of the latter that follow each other; and in all where four or more do
	steps               int
	patterns            map[*pdfStream]bool // that were read
	inline              map[any]*pdfFont    // fonts that stand in the resources themselves
}

func (f *pdfFile) newPage() *pdfPage {
	return &pdfPage{f: f, ctm: identity, tm: identity, line: identity, scale: 1, patterns: map[*pdfStream]bool{}}
}

// plain returns the text without marks of its own.
func (w *pdfPage) plain() string { return strings.ReplaceAll(w.text.String(), string(wideGap), " ") }

type pdfState struct {
	ctm                 matrix
	font                *pdfFont
	size, leading, rise float64
	char, word, scale   float64
}

func (w *pdfPage) state() pdfState {
	return pdfState{w.ctm, w.font, w.size, w.leading, w.rise, w.char, w.word, w.scale}
}

func (w *pdfPage) restore(s pdfState) {
	w.ctm, w.font, w.size, w.leading, w.rise, w.char, w.word, w.scale = s.ctm, s.font, s.size, s.leading, s.rise, s.char, s.word, s.scale
}

func (w *pdfPage) run(data []byte, resources pdfDict, depth int) {
	outer := w.inline
	w.inline = map[any]*pdfFont{} // names mean other fonts elsewhere
	defer func() { w.inline = outer }()
	l := pdfLexer{d: data}
	var args []any
	for {
		if w.steps++; w.steps%4096 == 0 && w.f.r.over(w.f.p.place) {
			return
		}
		v, ok := l.value()
		if !ok {
			return
		}
		op, isOp := v.(pdfWord)
		if !isOp {
			if len(args) < 64 {
				args = append(args, v)
			}
			continue
		}
		switch op {
		case "BI":
			skipInlineImage(&l)
		case "Do":
			w.form(args, resources, depth)
		case "Tf":
			w.setFont(args, resources)
		case "scn", "SCN":
			w.pattern(args, resources, depth)
		case "BDC", "DP":
			w.say(args)
		default:
			w.operator(op, args)
		}
		args = args[:0]
	}
}

func skipInlineImage(l *pdfLexer) {
	i := bytes.Index(l.d[l.pos:], []byte("ID"))
	if i < 0 {
		return
	}
	l.pos += i
	for _, mark := range [...]string{"\nEI", " EI", "\rEI", "EI"} {
		if i := bytes.Index(l.d[l.pos:], []byte(mark)); i >= 0 {
			l.pos += i + len(mark)
			return
		}
	}
}

// form follows a form XObject, which is a page in the page.
func (w *pdfPage) form(args []any, resources pdfDict, depth int) {
	if len(args) == 0 || depth > 12 {
		return
	}
	name, _ := args[0].(pdfName)
	s, ok := w.f.get(w.f.dict(resources["XObject"])[name]).(*pdfStream)
	if ok && s.dict["Subtype"] == pdfName("Form") {
		w.formStream(s, resources, depth)
	}
}

func (w *pdfPage) formStream(s *pdfStream, resources pdfDict, depth int) {
	own := w.f.dict(s.dict["Resources"])
	if own == nil {
		own = resources
	}
	state, stack, tm, line := w.state(), w.stack, w.tm, w.line
	w.stack = nil // of its own
	if m, ok := w.f.matrix(s.dict["Matrix"]); ok {
		w.ctm = m.times(w.ctm)
	}
	w.run(w.f.contents(s), own, depth+1)
	w.restore(state)
	w.stack, w.tm, w.line = stack, tm, line
}

// pattern follows a tiling pattern (§8.7.3.2), which is a page in the page too.
func (w *pdfPage) pattern(args []any, resources pdfDict, depth int) {
	if len(args) == 0 || depth > 12 {
		return
	}
	name, _ := args[len(args)-1].(pdfName)
	s, ok := w.f.get(w.f.dict(resources["Pattern"])[name]).(*pdfStream)
	if !ok || w.patterns[s] {
		return
	}
	w.patterns[s] = true
	state := w.state()
	w.ctm = identity
	w.text.WriteByte('\n')
	w.formStream(s, resources, depth)
	w.text.WriteByte('\n')
	w.restore(state)
}

// say takes the words that stand for what is shown (§14.9): a reader's program
// copies or speaks them.
func (w *pdfPage) say(args []any) {
	if len(args) == 0 {
		return
	}
	properties, _ := args[len(args)-1].(pdfDict)
	for _, key := range [...]pdfName{"ActualText", "Alt", "E"} {
		if s, ok := properties[key].(pdfString); ok {
			w.said.WriteString(pdfText([]byte(s)) + "\n")
		}
	}
}

// annotations follows how form fields and comments look on the page.
func (w *pdfPage) annotations(page, resources pdfDict) {
	list, _ := w.f.get(page["Annots"]).(pdfArray)
	for _, v := range list {
		annotation := w.f.dict(v)
		look := w.f.get(w.f.dict(annotation["AP"])["N"])
		if states, ok := look.(pdfDict); ok {
			state, _ := w.f.get(annotation["AS"]).(pdfName)
			look = w.f.get(states[state])
		}
		if s, ok := look.(*pdfStream); ok {
			w.ctm = identity
			w.text.WriteByte('\n')
			w.formStream(s, resources, 0)
		}
	}
}

func (f *pdfFile) matrix(v any) (m matrix, ok bool) {
	list, _ := f.get(v).(pdfArray)
	if len(list) < 6 {
		return identity, false
	}
	for i := range m {
		if m[i], ok = f.number(list[i]); !ok {
			return identity, false
		}
	}
	return m, true
}

func (w *pdfPage) setFont(args []any, resources pdfDict) {
	if len(args) < 2 {
		return
	}
	name, _ := args[len(args)-2].(pdfName)
	w.size, _ = args[len(args)-1].(float64)
	entry := w.f.dict(resources["Font"])[name]
	key := entry
	known := w.f.fonts
	if _, ok := entry.(pdfRef); !ok {
		key, known = name, w.inline
	}
	if known[key] == nil {
		known[key] = w.f.font(w.f.dict(entry))
	}
	w.font = known[key]
}

// numbers returns the last n arguments.
func numbers(args []any, n int) []float64 {
	out := make([]float64, n)
	if len(args) < n {
		return out
	}
	for i, v := range args[len(args)-n:] {
		out[i], _ = v.(float64)
	}
	return out
}

func (w *pdfPage) operator(op pdfWord, args []any) {
	switch op {
	case "q":
		if len(w.stack) < 512 {
			w.stack = append(w.stack, w.state())
		}
	case "Q":
		if n := len(w.stack); n > 0 {
			w.restore(w.stack[n-1])
			w.stack = w.stack[:n-1]
		}
	case "cm":
		w.ctm = matrix(numbers(args, 6)).times(w.ctm)
	case "BT":
		w.tm, w.line = identity, identity
	case "Td", "TD":
		n := numbers(args, 2)
		if op == "TD" {
			w.leading = -n[1]
		}
		w.move(n[0], n[1])
	case "Tm":
		w.line = matrix(numbers(args, 6))
		w.tm = w.line
	case "T*":
		w.move(0, -w.leading)
	case "Tc":
		w.char = numbers(args, 1)[0]
	case "Tw":
		w.word = numbers(args, 1)[0]
	case "Tz":
		w.scale = numbers(args, 1)[0] / 100
	case "TL":
		w.leading = numbers(args, 1)[0]
	case "Ts":
		w.rise = numbers(args, 1)[0]
	case "Tj", "'", `"`:
		if op != "Tj" {
			w.move(0, -w.leading)
		}
		if len(args) > 0 {
			s, _ := args[len(args)-1].(pdfString)
			w.show(s)
		}
	case "TJ":
		w.showArray(args)
	}
}

func (w *pdfPage) move(x, y float64) {
	w.line = matrix{1, 0, 0, 1, x, y}.times(w.line)
	w.tm = w.line
}

func (w *pdfPage) showArray(args []any) {
	if len(args) == 0 {
		return
	}
	list, _ := args[len(args)-1].(pdfArray)
	for _, item := range list {
		switch item := item.(type) {
		case float64:
			w.tm = matrix{1, 0, 0, 1, -item / 1000 * w.size * w.scale, 0}.times(w.tm)
		case pdfString:
			w.show(item)
		}
	}
}

// show writes a string, after a blank or a line end where it does not begin
// where the last one ended.
func (w *pdfPage) show(s pdfString) {
	if w.font == nil {
		w.font = &pdfFont{bytes: 1, simple: w.f.encoding(nil), usual: 500}
	}
	for _, g := range w.font.glyphs(s) {
		w.write(g, w.tm.times(w.ctm))
		step := g.width*w.size + w.char
		if g.code == ' ' && w.font.bytes == 1 {
			step += w.word
		}
		w.tm = matrix{1, 0, 0, 1, step * w.scale, 0}.times(w.tm)
		end := w.tm.times(w.ctm)
		w.x, w.y, w.began = end[4], end[5], true
	}
}

func (w *pdfPage) write(g glyph, at matrix) {
	if w.isShadow(g, at) {
		return
	}
	w.last, w.lastAt = g, at
	w.gap(at)
	w.shown++
	switch {
	case !g.known:
		w.unknown++
		w.text.WriteByte('?')
		switch w.inARow++; {
		case w.inARow == 4:
			w.meaningless += 4
		case w.inARow > 4:
			w.meaningless++
		}
	case g.text == "" || g.text == " ":
		w.blank++
	default:
		w.inARow = 0
	}
	w.text.WriteString(g.text)
}

// isShadow reports whether a glyph stands over the one before it, as programs
// make letters bold for which they have no font.
func (w *pdfPage) isShadow(g glyph, at matrix) bool {
	near := math.Abs(w.size) * math.Hypot(at[2], at[3]) * 0.12
	back := math.Hypot(at[4]-w.x, at[5]-w.y) > near // not where it would stand by itself
	return w.began && back && g.code == w.last.code && g.text == w.last.text && math.Hypot(at[4]-w.lastAt[4], at[5]-w.lastAt[5]) < near
}

func (w *pdfPage) gap(at matrix) {
	if !w.began {
		return
	}
	length := math.Hypot(at[0], at[1])
	size := math.Abs(w.size) * math.Hypot(at[2], at[3])
	if length == 0 || size == 0 {
		return
	}
	dx, dy := at[4]-w.x, at[5]-w.y
	along, across := (dx*at[0]+dy*at[1])/length, (dy*at[0]-dx*at[1])/length
	switch {
	case math.Abs(across) > size*0.6:
		w.text.WriteByte('\n')
	case along > size*0.7 || along < -size:
		w.text.WriteByte(wideGap)
	case along > size*0.18:
		w.text.WriteByte(' ')
	}
}
