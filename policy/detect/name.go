package detect

import (
	"slices"
	"strings"
)

// word is a run of letters in a line.
type word struct{ start, end int }

// nextWord returns the word at or after i.
func nextWord(s string, i int) (word, bool) {
	for i < len(s) && !isLetter(s[i]) {
		i++
	}
	b := i
	for i < len(s) && (isLetter(s[i]) || i > b && i+1 < len(s) && (s[i] == '-' || s[i] == '\'') && isLetter(s[i+1])) {
		i++
	}
	return word{b, i}, i > b
}

// inWord reports whether the letter s[i] goes on a word that began before it.
func inWord(s string, i int) bool {
	return i > 0 && (isLetter(s[i-1]) || i > 1 && (s[i-1] == '-' || s[i-1] == '\'') && isLetter(s[i-2]))
}

// wordStart returns where the word begins whose last letter is s[end-1],
// looking back no further than reach.
func wordStart(s string, end, reach int) int {
	b := end - 1
	for b > 0 && end-b < reach && inWord(s, b) {
		if b--; !isLetter(s[b]) {
			b--
		}
	}
	return b
}

// nextName returns the next word from s[i] on that begins with a capital and
// may go on: what can stand between the words of a name follows.
func nextName(s string, i int) (word, bool) {
	for i = nextUpper(s, i); i < len(s); i = nextUpper(s, i) {
		if inWord(s, i) || !isUpper(s[i:]) {
			i++
			continue
		}
		w, _ := nextWord(s, i)
		i = w.end
		if i+1 < len(s) && traits[s[i]]&hasGap != 0 && (s[i] != ' ' || traits[s[i+1]]&(hasCapital|hasGap) != 0) {
			return w, true
		}
	}
	return word{}, false
}

// nameRun collects the capitalised words from w on that only a blank,
// an initial's full stop or a tab parts.
func nameRun(s string, w word, out []word) []word {
	out = append(out[:0], w)
	for len(out) < 6 {
		end := out[len(out)-1].end
		gap := end
		for gap < len(s) && gap-end < 2 && (s[gap] == ' ' || s[gap] == '.' || s[gap] == '\t') {
			gap++
		}
		if gap == end || gap >= len(s) || !isLetter(s[gap]) {
			break
		}
		next, ok := nextWord(s, gap)
		if !ok || next.start != gap || !isUpper(s[gap:]) {
			break
		}
		out = append(out, next)
	}
	return out
}

// leadingName returns the first full name in the text: a common given name and
// a further capitalised word, or two or three capitalised words that no sign of
// an organisation follows. It returns "" where there is none.
func leadingName(s string) string {
	var buf [6]word
	for i := nextUpper(s, 0); i < len(s); i = nextUpper(s, i) {
		if inWord(s, i) || !isUpper(s[i:]) {
			i++
			continue
		}
		w, _ := nextWord(s, i)
		run := nameRun(s, w, buf[:0])
		last := run[len(run)-1]
		if len(run) >= 2 && isNameLike(s, run) {
			return s[run[0].start:last.end]
		}
		if len(run) == 1 && isGivenName(s[w.start:w.end]) {
			return s[w.start:w.end]
		}
		i = last.end
	}
	return ""
}

// isNameLike reports whether capitalised words read as a person's name.
func isNameLike(s string, run []word) bool {
	given := false
	for _, w := range run {
		t := s[w.start:w.end]
		given = given || isGivenName(t)
		if k := keywords.find(t); k&^(keyPerson|keyName|keyWork) != 0 && !given {
			return false
		}
	}
	return given || len(run) <= 3 && run[0].end-run[0].start > 1 && run[len(run)-1].end-run[len(run)-1].start > 2
}

// isNameAlone reports whether the line is a full name and nothing else, but a
// bullet or a number before it.
func isNameAlone(line string) bool {
	if len(line) > 60 {
		return false
	}
	w, ok := nextWord(line, 0)
	if !ok || w.start > 5 || !isUpper(line[w.start:]) {
		return false
	}
	var buf [6]word
	run := nameRun(line, w, buf[:0])
	if given, ok := nextWord(line, w.end); ok && len(run) == 1 && line[w.end:given.start] == ", " && isGivenName(line[given.start:given.end]) {
		run = nameRun(line, given, run) // "Holm, Anna"
	} else if len(run) < 2 || len(run) > 5 {
		return false
	}
	if i := strings.LastIndex(line, " ("); i >= run[len(run)-1].end && line[len(line)-1] == ')' {
		line = line[:i] // what the person does
	}
	for _, c := range []byte(line[run[len(run)-1].end:]) {
		if isAlnum(c) || c == ':' {
			return false
		}
	}
	given := false
	for _, w := range run {
		given = given || isGivenName(line[w.start:w.end])
	}
	return given
}

// isListed reports whether the line of a list begins with somebody: a given name
// alone, or a full name in any case that no more of a sentence follows.
func isListed(line string) bool {
	w, ok := nextWord(line, 0)
	if !ok || w.start > 5 || w.end-w.start < 2 || !isGivenName(line[w.start:w.end]) || len(line) > 80 {
		return false
	}
	end := w.end
	for range 3 {
		next, ok := nextWord(line, end)
		if !ok || next.start-end > 1 || next.start == end || line[end] != ' ' {
			break
		}
		end = next.end
	}
	rest := line[end:]
	if end == w.end && !isUpper(line[w.start:]) || isUpper(line[w.start:]) && end > w.end && !isUpper(line[wordStart(line, end, maxName):]) {
		return false
	}
	return rest == "" || strings.IndexByte(",;:(-/\t", rest[0]) >= 0 || len(rest) > 1 && rest[0] == ' ' && strings.IndexByte("-(/:", rest[1]) >= 0
}

// rowOfNames counts the people in the longest row of names, full ones with a common
// given name or, behind a word for members, given names alone: between two of them
// is no more than signs and a few words.
func rowOfNames(line string) int {
	var buf [6]word
	n, most, last, members, greeted := 0, 0, 0, false, false
	for i := 0; ; {
		w, ok := nextWord(line, i)
		if !ok {
			return most
		}
		i = w.end
		word := line[w.start:w.end]
		members = members || keywords.find(word[strings.LastIndexByte(word, '-')+1:])&keyMember != 0 // "3F-medlemmer"
		if !isUpper(word) || !isGivenName(word) {
			greeted = greetings[string(fold(nil, word))]
			continue
		}
		run := nameRun(line, w, buf[:0])
		i = run[len(run)-1].end
		if len(run) < 2 && (!members || greeted) {
			continue
		}
		if between := line[last:w.start]; strings.ContainsAny(between, ".!?") || len(strings.Fields(between)) > 4 {
			n = 0
		}
		n, last = n+1, i
		most = max(most, n)
	}
}

// askNames asks the roster for every run of two to four capitalised words in
// the line, and for "Holm, Anna" turned round.
func (l *listReader) askNames(line string, b *body) {
	var buf [6]word
	for i := 0; ; {
		w, ok := nextName(line, i)
		if !ok {
			return
		}
		i = w.end
		run := nameRun(line, w, buf[:0])
		last := run[len(run)-1]
		if len(run) == 1 {
			if last.end+1 < len(line) && (line[last.end] == ',' || line[last.end] == '\t') {
				l.askTurned(line, w, b)
			}
			continue
		}
		for from := 0; from+1 < len(run); from++ {
			for to := from + 1; to < len(run) && to-from < 4; to++ {
				l.ask(plainName(line[run[from].start:run[to].end]), b)
				if to-from == 1 {
					l.ask(line[run[to].start:run[to].end]+" "+line[run[from].start:run[from].end], b)
				}
			}
		}
		i = last.end
	}
}

// askTurned asks for "Holm, Anna Marie" as "Anna Marie Holm".
func (l *listReader) askTurned(line string, surname word, b *body) {
	w, ok := nextWord(line, surname.end)
	if !ok || w.start-surname.end > 2 || !isUpper(line[w.start:]) {
		return
	}
	var buf [6]word
	run := nameRun(line, w, buf[:0])
	for to := 0; to < len(run) && to < 3; to++ {
		l.ask(plainName(line[w.start:run[to].end])+" "+line[surname.start:surname.end], b)
	}
}

func (l *listReader) ask(name string, b *body) {
	if l.member(name, false) {
		note(&b.names, inOneOrder(name))
		if l.weigh("", name, b) {
			l.willing++
		}
	}
}

// inOneOrder returns the words of a name, folded, in an order that does not
// depend on how it is written: a roster knows "Holm Anna" too.
func inOneOrder(name string) string {
	words := strings.Fields(string(fold(nil, name)))
	slices.Sort(words)
	return strings.Join(words, " ")
}

// plainName puts a blank where a tab parts the cells of a name.
func plainName(s string) string {
	out := []byte(s)
	for i, c := range out {
		if c == '\t' {
			out[i] = ' '
		}
	}
	return string(out)
}
