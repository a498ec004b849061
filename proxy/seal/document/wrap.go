package document

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// piece is text in one font on one line.
type piece struct {
	text  string
	font  int
	width float64
}

type textLine struct {
	pieces []piece
	width  float64
}

// wrap breaks runs into lines of a width. A word that is longer than a line is
// broken where it has to be.
func (p *paper) wrap(runs []run, size, width, hanging float64) []textLine {
	var lines []textLine
	var l textLine
	limit := width
	flush := func() {
		lines = append(lines, l)
		l, limit = textLine{}, width-hanging
	}
	add := func(text string, font int) {
		w := p.fonts[font].Width(text, size)
		if n := len(l.pieces); n > 0 && l.pieces[n-1].font == font {
			l.pieces[n-1].text += text
			l.pieces[n-1].width += w
		} else {
			l.pieces = append(l.pieces, piece{text, font, w})
		}
		l.width += w
	}
	ended := false
	for _, r := range runs {
		font := p.font(r)
		for i, part := range strings.Split(r.text, "\n") {
			if i > 0 {
				flush()
				ended = true
			}
			text, lost := p.fit(part, font)
			p.lost = p.lost || lost
			for _, word := range words(text) {
				ended = false
				solid := strings.TrimRight(word, " ")
				if l.width > 0 && l.width+p.fonts[font].Width(solid, size) > limit {
					flush()
				}
				for p.fonts[font].Width(solid, size) > limit && len([]rune(solid)) > 1 {
					head, rest := p.cut(word, font, size, limit)
					add(head, font)
					flush()
					word, solid = rest, strings.TrimRight(rest, " ")
				}
				add(word, font)
			}
		}
	}
	if len(l.pieces) > 0 || ended {
		lines = append(lines, l)
	}
	return lines
}

// cut takes as much of a word as fits.
func (p *paper) cut(word string, font int, size, limit float64) (head, rest string) {
	runes := []rune(word)
	low, high := 1, len(runes)
	for low < high {
		mid := (low + high + 1) / 2
		if p.fonts[font].Width(string(runes[:mid]), size) <= limit {
			low = mid
		} else {
			high = mid - 1
		}
	}
	return string(runes[:low]), string(runes[low:])
}

// words cuts text behind its spaces. Those at its beginning stand alone.
func words(text string) (out []string) {
	for text != "" {
		end := strings.IndexByte(text, ' ')
		if end < 0 {
			return append(out, text)
		}
		for end < len(text) && text[end] == ' ' {
			end++
		}
		out, text = append(out, text[:end]), text[end:]
	}
	return out
}

// instead are characters that the fonts lack and what means the same. Never
// changed.
var instead = map[rune]string{
	'\u00a0': " ", '\u2007': " ", '\u2009': " ", '\u202f': " ", '\u2002': " ", '\u2003': " ", '\u2011': "-", '\u2010': "-", '\u2212': "-",
	'🙂': ":-)", '😀': ":-D", '😃': ":-D", '😄': ":-D", '😁': ":-D", '😊': ":-)", '☺': ":-)", '😉': ";-)", '🙁': ":-(", '☹': ":-(", '😞': ":-(", '😢': ":'-(",
	'😂': ":'-D", '❤': "♥", '💙': "♥", '💚': "♥", '✓': "√", '✔': "√", '✅': "[√]", '☑': "[√]", '☐': "[ ]", '✗': "x", '✘': "x", '❌': "[x]", '→': "->", '⇒': "=>",
	'●': "•", '▪': "•", '◦': "o", '‣': "•", '\uf0b7': "•", '\uf04a': ":-)",
}

// fit returns the text in characters that a font can draw, and whether some
// could not be kept.
func (p *paper) fit(text string, font int) (string, bool) {
	f := p.fonts[font]
	simple := true
	for _, r := range text {
		simple = simple && f.Has(r)
	}
	if simple {
		return text, false
	}
	var b strings.Builder
	lost := false
	for _, r := range norm.NFC.String(strings.ToValidUTF8(text, "\ufffd")) {
		other, known := instead[r]
		switch {
		case f.Has(r):
			b.WriteRune(r)
		case known && p.has(font, other):
			b.WriteString(other)
		case r == '\r' || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Variation_Selector, r) || r >= 0x1f3fb && r <= 0x1f3ff:
			// Joiners, soft hyphens and the colour of hands.
		case unicode.IsControl(r):
			b.WriteByte(' ')
		default:
			if plain := norm.NFKD.String(string(r)); p.has(font, plain) {
				b.WriteString(plain)
				continue
			}
			lost = true
			if unicode.Is(unicode.Mn, r) {
				continue
			}
			b.WriteString("□")
		}
	}
	return b.String(), lost
}

func (p *paper) has(font int, text string) bool {
	for _, r := range text {
		if !p.fonts[font].Has(r) {
			return false
		}
	}
	return text != ""
}
