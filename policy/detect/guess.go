package detect

import "strings"

// How many passwords are worth trying, and how much text is looked through for
// them.
const (
	maxGuesses   = 24
	guessSegment = 32 << 10
)

// PasswordCandidates returns what may be the password of a file that goes with
// the text, the likeliest first: what a word for a password introduces, what
// stands alone on a line, what else looks like a password, and numbers such as
// people agree on: a CPR number or part of one. They are for trying at once, and
// nothing of them may be kept.
func PasswordCandidates(segs []Segment) []string {
	var g guesses
	texts := make([]string, 0, len(segs))
	for i := range segs {
		if len(segs[i].Text) > guessSegment || segs[i].Shape == Table || isMachinery(segs[i].Place) {
			continue
		}
		text := normalise(segs[i].Text)
		texts = append(texts, text)
		g.introduced(text, segs[i].Shape)
	}
	for _, rank := range []func(string){g.alone, g.tokens, g.numbers} {
		for _, text := range texts {
			rank(text)
		}
	}
	return g.all
}

// isMachinery reports whether a text stands in a header field that programs
// write.
func isMachinery(p Place) bool {
	return len(p) > 0 && p[len(p)-1].Kind == InHeader && p[len(p)-1].Label != "Subject"
}

// guesses collects passwords, each once.
type guesses struct {
	all  []string
	seen map[string]bool
}

func (g *guesses) add(v string) {
	for _, q := range quotes {
		if rest, ok := strings.CutPrefix(v, q.open); ok {
			v = strings.TrimSuffix(rest, q.close)
			break
		}
	}
	if len(v) < 3 || len(v) > 64 || len(g.all) >= maxGuesses || g.seen[v] {
		return
	}
	if g.seen == nil {
		g.seen = map[string]bool{}
	}
	g.seen[v] = true
	g.all = append(g.all, v)
}

// introduced adds what the words for a password give, and the words on the
// rest of their line.
func (g *guesses) introduced(text string, shape Shape) {
	for i := 0; i < len(text); {
		w, ok := nextWord(text, i)
		if !ok {
			return
		}
		i = w.end
		if keywords.find(text[w.start:w.end])&keyPassword == 0 {
			continue
		}
		if v := passwordNear(text, w.start, shape); v != "" {
			g.add(v)
		}
		for _, v := range strings.Fields(text[w.end:lineEnd(text, w.end, reachBefore)]) {
			if v = trimMarks(v); passwordLike(v) >= mixed {
				g.add(v)
			}
		}
	}
}

// alone adds what stands by itself on a line.
func (g *guesses) alone(text string) {
	for line := range strings.Lines(text) {
		v := strings.TrimSpace(strings.TrimLeft(line, "> \t"))
		if len(v) >= 4 && passwordLike(v) >= plainWord {
			g.add(trimMarks(v))
		}
	}
}

// tokens adds what looks like a password wherever it stands.
func (g *guesses) tokens(text string) {
	for v := range strings.FieldsSeq(text) {
		if v = trimMarks(v); len(v) >= 5 && passwordLike(v) >= mixed && !isPlainNumber(v) {
			g.add(v)
		}
	}
}

// numbers adds numbers of four to eleven digits, without their hyphen, and the
// parts of them.
func (g *guesses) numbers(text string) {
	for i := nextDigit(text, 0); i < len(text); i = nextDigit(text, i) {
		n, end := digitsAlong(text, i, len(text))
		whole := text[i:end]
		if i = end; n < 4 || n > 12 || len(whole) > 16 {
			continue
		}
		g.add(whole)
		parts := strings.FieldsFunc(whole, func(r rune) bool { return r == ' ' || r == '-' })
		if len(parts) > 1 {
			g.add(strings.Join(parts, ""))
			for _, p := range parts {
				if len(p) >= 4 {
					g.add(p)
				}
			}
		}
	}
}

func trimMarks(v string) string { return strings.Trim(v, ".,;:?()*_\"'<>[]") }

func isPlainNumber(v string) bool { return digitsAt(v, 0) == len(v) }
