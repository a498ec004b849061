package extract

import (
	"strconv"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"

	"postvern.example/policy/detect"
)

// rtf reads Rich Text Format 1.9, and HTML that Outlook has wrapped in it
// (MS-OXRTFEX).
func (r *reading) rtf(p piece) {
	w := rtfWalk{r: r, p: p, data: p.data, fonts: map[int]encoding.Encoding{}, codepage: charmap.Windows1252}
	w.main = &rtfStory{r: r, place: p.place}
	w.state.skip, w.state.story = 1, w.main
	w.run()
	for n := len(w.stack); n > 0; n-- {
		w.endGroup() // those that were cut off
	}
	if w.state.tells {
		w.endStory(w.state.story)
	}
	w.main.end()
	if w.html.Len() > 0 {
		r.markup(p, w.html.String(), 0)
	}
	properties := p.place.In(detect.Step{Kind: detect.InProperties})
	r.prose(p.place, w.main.prose.String())
	r.prose(p.place, w.beside.String())
	r.prose(p.place.In(detect.Step{Kind: detect.InComment}), w.comments.String())
	r.prose(properties, squeezeLines(w.info.String()))
	r.prose(properties, w.onlyThere()+tellingLines(w.looks.String()))
}

// rtfState is what a group inherits and gives back.
type rtfState struct {
	skip    int // bytes that stand for one \u character in old programs (\ucN)
	dest    rtfDestination
	word    string         // that began the destination
	instead rtfDestination // what \ud goes back to
	story   *rtfStory      // where text that is shown goes
	font    int
	level   int  // of the table that the paragraph stands in; 0: in none
	begins  bool // a destination begins in this very group
	tells   bool // that destination is a story
	who     bool // it names somebody who worked on the file
	deleted bool
	unread  bool // \htmlrtf: for readers of RTF alone
}

// rtfWalk goes once through a file.
type rtfWalk struct {
	r        *reading
	p        piece
	data     []byte
	pos      int
	state    rtfState
	stack    []rtfState
	fonts    map[int]encoding.Encoding
	font     int // \deff, what \plain goes back to
	codepage encoding.Encoding
	bytes    []byte // a run of \'xx, to be decoded together
	drop     int    // characters still to skip after \u
	starred  bool   // \* came: an unknown destination is to be skipped
	hexText  []byte // of an embedded object or picture

	main                                       *rtfStory
	beside, comments, info, looks, again, html strings.Builder
	deleting                                   bool // what was written last was deleted text
	wrapped                                    bool // this is HTML inside RTF
	high                                       rune // the first half of a surrogate pair
	who                                        strings.Builder
}

func (w *rtfWalk) run() {
	for n := 0; w.pos < len(w.data); n++ {
		if n%65536 == 0 && w.r.over(w.p.place) {
			return
		}
		c := w.data[w.pos]
		w.pos++
		switch c {
		case '{':
			w.flush()
			w.drop = 0
			if len(w.stack) > 10_000 {
				w.r.unscannable(w.p.place, whyDepth)
				return
			}
			w.stack = append(w.stack, w.state)
			w.state.begins, w.state.tells = false, false
		case '}':
			w.flush()
			w.drop = 0
			w.endGroup()
			// After a brace too many the text goes on, as it does in Word.
			if rest := w.data[w.pos:]; len(w.stack) == 0 && (blank(string(rest)) || !looksLikeText(rest)) {
				w.r.trailing(w.p, rest)
				return
			}
		case '\\':
			w.control()
		case '\r', '\n', 0:
		default:
			w.char(c)
		}
	}
	w.flush()
	if len(w.stack) > 0 { // it was cut off
		w.r.unscannable(w.p.place, whyMalformed)
	}
}

func (w *rtfWalk) endGroup() {
	if len(w.stack) == 0 {
		return
	}
	ended := w.state
	w.state = w.stack[len(w.stack)-1]
	w.stack = w.stack[:len(w.stack)-1]
	w.starred = false
	if w.who.Len() > 0 {
		w.r.stamp(w.p.place, w.who.String())
		w.who.Reset()
	}
	if ended.tells {
		w.endStory(ended.story)
	}
	if ended.begins || ended.word == "docvar" { // whose name and value are groups
		w.endDestination(ended)
	}
}

// endStory takes what a header, a note, a box or a comment says, which may stand
// in the middle of a sentence.
func (w *rtfWalk) endStory(s *rtfStory) {
	s.end()
	to := &w.beside
	if s.comment {
		to = &w.comments
	}
	to.WriteString(s.prose.String())
}

func (w *rtfWalk) endDestination(ended rtfState) {
	switch ended.dest {
	case rtfHex:
		w.object(ended.word)
	case rtfComment:
		w.comments.WriteByte('\n')
	case rtfInfo:
		w.info.WriteByte('\n')
	case rtfLooks:
		w.looks.WriteByte('\n')
	case rtfAgain:
		w.again.WriteByte('\n')
	case rtfShown, rtfHTML, rtfSkip:
	}
}

// char takes a character of text.
func (w *rtfWalk) char(c byte) {
	switch {
	case w.drop > 0:
		w.drop--
	case w.state.dest != rtfHex:
		w.bytes = append(w.bytes, c)
	case len(w.hexText) < 64<<20:
		w.hexText = append(w.hexText, c)
	}
}

// flush decodes the bytes of the run that ends here.
func (w *rtfWalk) flush() {
	if len(w.bytes) == 0 {
		return
	}
	enc := w.fonts[w.state.font]
	if enc == nil {
		enc = w.codepage
	}
	text := convert(enc, w.bytes)
	w.bytes = w.bytes[:0]
	w.write(text)
}

func (w *rtfWalk) write(text string) {
	if w.high != 0 {
		w.high = 0
		text = "\uFFFD" + text
	}
	if w.state.who {
		w.who.WriteString(text)
	}
	switch w.state.dest {
	case rtfShown:
		w.show(text)
	case rtfComment:
		w.comments.WriteString(text)
	case rtfInfo:
		w.info.WriteString(text)
	case rtfLooks:
		w.looks.WriteString(strings.ReplaceAll(text, ";", "\n"))
	case rtfAgain:
		w.again.WriteString(text)
	case rtfHTML:
		w.html.WriteString(text)
	case rtfHex, rtfSkip:
	}
}

// show takes text that a reader sees, or saw before it was deleted.
func (w *rtfWalk) show(text string) {
	if w.deleting && !w.state.deleted {
		w.comments.WriteByte('\n')
	}
	w.deleting = w.state.deleted
	switch {
	case w.state.deleted:
		w.comments.WriteString(text)
	case w.isPage():
		w.html.WriteString(htmlEscaper.Replace(text))
	default:
		w.state.story.line.WriteString(text)
	}
}

// isPage reports whether text is that of the page that is wrapped in the file.
func (w *rtfWalk) isPage() bool {
	return w.wrapped && !w.state.unread && w.state.dest == rtfShown && w.state.story == w.main
}

var htmlEscaper = strings.NewReplacer("&", "&amp;", "<", "&lt;")

// control reads a control word or symbol; w.pos stands behind the backslash.
func (w *rtfWalk) control() {
	if w.pos >= len(w.data) {
		return
	}
	c := w.data[w.pos]
	if c|0x20 < 'a' || c|0x20 > 'z' {
		w.pos++
		w.symbol(c)
		return
	}
	start := w.pos
	for w.pos < len(w.data) && w.data[w.pos]|0x20 >= 'a' && w.data[w.pos]|0x20 <= 'z' {
		w.pos++
	}
	word := string(w.data[start:w.pos])
	start = w.pos
	for w.pos < len(w.data) && (w.data[w.pos] >= '0' && w.data[w.pos] <= '9' || w.data[w.pos] == '-' && w.pos == start) {
		w.pos++
	}
	n, err := strconv.Atoi(string(w.data[start:w.pos]))
	has := err == nil
	if w.pos < len(w.data) && w.data[w.pos] == ' ' {
		w.pos++
	}
	w.word(word, n, has)
}

func (w *rtfWalk) symbol(c byte) {
	switch c {
	case '\'':
		if w.pos+2 <= len(w.data) {
			v, err := strconv.ParseUint(string(w.data[w.pos:w.pos+2]), 16, 8)
			if err == nil {
				w.pos += 2
				w.char(byte(v))
			}
		}
	case '\\', '{', '}':
		w.char(c)
	case '~':
		w.char(' ')
	case '_':
		w.char('-')
	case '*':
		w.starred = true
	case '\r', '\n':
		w.flush()
		w.paragraph()
	}
}

// onlyThere returns the lines for old programs that do not stand in the text
// for new ones.
func (w *rtfWalk) onlyThere() string {
	if w.again.Len() == 0 {
		return ""
	}
	read := map[string]bool{}
	for _, text := range [...]string{w.main.prose.String(), w.beside.String(), w.info.String()} {
		for line := range strings.SplitSeq(text, "\n") {
			read[oneLine(line)] = true
		}
	}
	var b strings.Builder
	for line := range strings.SplitSeq(w.again.String(), "\n") {
		if !read[oneLine(line)] {
			b.WriteString(line + "\n")
		}
	}
	return b.String()
}

// tellingLines returns the lines that hold what may be of a person, a number or
// an address: names of fonts and styles are mostly those of programs.
func tellingLines(text string) string {
	var b strings.Builder
	for line := range strings.SplitSeq(text, "\n") {
		digits, most := 0, 0
		for _, c := range line {
			switch {
			case c >= '0' && c <= '9':
				digits++
				most = max(most, digits)
			case c != ' ' && c != '-':
				digits = 0 // as in 10.0.19041
			}
		}
		if most >= 6 || strings.LastIndexByte(line, '@') > 0 { // a font that is turned on its side begins with one
			b.WriteString(line + "\n")
		}
	}
	return b.String()
}
