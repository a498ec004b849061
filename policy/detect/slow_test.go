package detect

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

// The slow ways to do what the scans do eight or 64 bytes at a time: FuzzFast
// holds the two against each other.

func slowPhrases(l *lexicon, text string, out *collector) []notice {
	p := phraseScan{lexicon: l, sentence: sentence{text: text, end: -1, greets: greets(text)}}
	for i := 0; i < len(text); i++ {
		b := i
		for i < len(text) && class[text[i]] != classOther {
			i++
		}
		if i > b {
			p.word(b, i)
		}
	}
	report(p.hits, p.mutes, out)
	return p.notices
}

// slowSentence is what around and tokenise make of a place.
func slowSentence(text string, at int, shape Shape) (start, end int, tokens []token) {
	stops := func(c byte) bool { return strings.IndexByte(".!?\n", c) >= 0 }
	lo, hi := at, at
	for lo > 0 && at-lo < sentenceReach && (!stops(text[lo-1]) || !endsSentence(text, lo-1, shape)) {
		lo--
	}
	for hi < len(text) && hi-at < sentenceReach && (!stops(text[hi]) || !endsSentence(text, hi, shape)) {
		hi++
	}
	for lo > 0 && lo < at && isAlnum(text[lo-1]) && isAlnum(text[lo]) {
		lo++
	}
	for hi < len(text) && isAlnum(text[hi]) && isAlnum(text[hi-1]) {
		hi++
	}
	var mark byte
	for i := lo; i < hi; {
		c := text[i]
		if class[c] == classOther {
			if c == ';' || c == '\t' {
				mark = ';'
			} else if c == ',' && mark == 0 {
				mark = ','
			}
			i++
			continue
		}
		t := token{start: i, after: mark}
		mark = 0
		for i < hi && class[text[i]] != classOther {
			t.digits += int(class[text[i]] & classDigit)
			i++
		}
		t.end, t.number, t.capital = i, t.digits > 0, isUpper(text[t.start:i])
		if n := len(tokens); t.number && n > 0 && tokens[n-1].number && t.start-tokens[n-1].end == 1 {
			tokens[n-1].end, tokens[n-1].digits = t.end, tokens[n-1].digits+t.digits
			continue
		}
		tokens = append(tokens, t)
	}
	return lo, hi, tokens
}

// slowContents is the way of listReader.one to a line's longest number and at sign.
func slowContents(line string) (digits int, at bool) {
	n := 0
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case isDigit(c):
			n++
			digits = max(digits, n)
		case n > 0 && (c == ' ' || c == '-') && i+1 < len(line) && isDigit(line[i+1]):
		case c == '@':
			at, n = i > 0, 0
		default:
			n = 0
		}
	}
	return digits, at
}

func slowStreet(line string) bool {
	for i := 0; ; {
		w, ok := nextWord(line, i)
		if !ok {
			return false
		}
		i = w.end
		if i+1 >= len(line) || line[i] != ' ' || !isDigit(line[i+1]) || w.end-w.start < 4 || w.end-w.start > 40 {
			continue
		}
		word := string(fold(nil, line[w.start:w.end]))
		if slices.ContainsFunc(streetEndings, func(e string) bool { return strings.HasSuffix(word, e) }) {
			return true
		}
	}
}

// slowNames are the words at which askNames looks for a name.
func slowNames(line string) (starts []int) {
	var buf [6]word
	for i := 0; ; {
		w, ok := nextWord(line, i)
		if !ok {
			return starts
		}
		i = w.end
		if !isUpper(line[w.start:]) {
			continue
		}
		run := nameRun(line, w, buf[:0])
		if last := run[len(run)-1].end; len(run) > 1 || last+1 < len(line) && (line[last] == ',' || line[last] == '\t') {
			starts, i = append(starts, w.start), last
		}
	}
}

func fastNames(line string) (starts []int) {
	var buf [6]word
	if !gapped(line) {
		return nil
	}
	for i := 0; ; {
		w, ok := nextName(line, i)
		if !ok {
			return starts
		}
		i = w.end
		run := nameRun(line, w, buf[:0])
		if last := run[len(run)-1].end; len(run) > 1 || last+1 < len(line) && (line[last] == ',' || line[last] == '\t') {
			starts, i = append(starts, w.start), last
		}
	}
}

// passedOver fails where nextNumber passes over digits that are more.
func passedOver(t *testing.T, text string) {
	t.Helper()
	for i := 0; i < len(text); {
		next := nextNumber(text, i)
		for i < next {
			first := i + strings.IndexFunc(text[i:next]+"0", func(r rune) bool { return r >= '0' && r <= '9' })
			if first >= next {
				break
			}
			i = first + digitsAt(text, first)
			if i-first >= 6 || !isShort(text, first, i) {
				t.Fatalf("%q: %d is passed over", text, first)
			}
			if _, ok := findIBAN(text, first); ok && first >= 2 {
				t.Fatalf("%q: an IBAN at %d is passed over", text, first)
			}
		}
		i = next + digitsAt(text, next)
		if i == next {
			return
		}
	}
}

func FuzzFast(f *testing.F) {
	s, err := NewScanner(Config{Terms: []Term{{Kind: Health, Text: "x y"}, {Kind: Salary, Text: "é"}}})
	if err != nil {
		f.Fatal(err)
	}
	long := strings.Repeat("Anna-Marie O'Neill er sygemeldt, Holm, Bo 1 2l 070761-4285 Nygade 4 a@b.cc\t", 3)
	for _, seed := range []string{long, long[1:], long[5:], strings.Repeat("x", 63) + " y", strings.Repeat("é", 40), "D K5 0 DK50 0040 0440 1162 43", "Ærø Ørsted, Åse 1-1 1 1", "1", "12 3", "A\x00B", "-A 'B A-'B", "Mød. Hej; 12 34,x\n\nNr. 5! (Ja?) " + strings.Repeat("blåbærgrød og 1 kop. ", 40)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		sameWays(t, s, normalise(strings.ToValidUTF8(text, "\uFFFD")))
	})
}

// sameWays fails where the fast ways do not find what the slow ways do.
func sameWays(t *testing.T, s *Scanner, text string) {
	t.Helper()
	for range 9 { // at every place in a group of eight
		var fast, slow collector
		if a, b := s.lexicon.scanPhrases(text, Prose, nil, &fast), slowPhrases(s.lexicon, text, &slow); !slices.Equal(a, b) || !reflect.DeepEqual(fast, slow) {
			t.Fatalf("%q: phrases differ: %v, %v", text, a, b)
		}
		for at := 0; at < len(text); at += 1 + len(text)/7 {
			for _, shape := range []Shape{Prose, Table} {
				one := sentence{text: text, end: -1}
				one.around(at, shape)
				if lo, hi, tokens := slowSentence(text, at, shape); one.start != lo || one.end != hi || !slices.Equal(one.tokens, tokens) {
					t.Fatalf("%q: the sentence at %d is %q with %v, want %q with %v", text, at, text[one.start:one.end], one.tokens, text[lo:hi], tokens)
				}
			}
		}
		passedOver(t, text)
		digits, at := slowContents(text)
		if hasNumber(text, 4) != (digits >= 4) || hasNumber(text, 7) != (digits >= 7) || at != (strings.LastIndexByte(text, '@') > 0) {
			t.Fatalf("%q: contents differ: %d, %v", text, digits, at)
		}
		if gapped(text) != strings.ContainsAny(text, " \t.,") {
			t.Fatalf("%q: a gap: %v", text, gapped(text))
		}
		m, from := marksOf(text), 0
		for line := range strings.Lines(text) {
			end := from + len(line)
			if at, digit := m.in(from, end); at != strings.Contains(line, "@") || digit != strings.ContainsAny(line, "0123456789") {
				t.Fatalf("%q: the line %q holds an at sign: %v, a digit: %v", text, line, at, digit)
			}
			from = end
		}
		if hasStreet(text) != slowStreet(text) {
			t.Fatalf("%q: a street: %v", text, hasStreet(text))
		}
		if a, b := fastNames(text), slowNames(text); !slices.Equal(a, b) {
			t.Fatalf("%q: names at %v, want %v", text, a, b)
		}
		odd := slices.IndexFunc([]byte(text), func(c byte) bool { return oddLead[c] })
		if got := nextOdd(text, 0); got != odd {
			t.Fatalf("%q: odd at %d, want %d", text, got, odd)
		}
		text = "." + text
	}
}
