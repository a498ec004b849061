package roster

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// spelling writes Nordic letters as a keyboard without them does.
var spelling = strings.NewReplacer("å", "aa", "æ", "ae", "ä", "ae", "ø", "oe", "ö", "oe", "ü", "u", "ß", "ss", "ð", "d", "þ", "th", "ł", "l", "đ", "d")

// maxName bounds what is taken for a name.
const maxName = 200

// canonicalNames returns the forms in which a name is compared: its words in
// one order, case and spelling; and first and last word alone where it has
// more than two. A single word is no full name, and has no form.
func canonicalNames(name string) []string {
	if len(name) > maxName {
		return nil
	}
	text := name
	if before, after, ok := strings.Cut(name, ","); ok { // Holm, Anna Maria
		text = after + " " + before
	}
	words := nameWords(text)
	if len(words) < 2 {
		return nil
	}
	out := []string{inOrder(words)}
	if len(words) > 2 {
		out = append(out, inOrder([]string{words[0], words[len(words)-1]}))
	}
	return out
}

func inOrder(words []string) string {
	w := slices.Clone(words)
	slices.Sort(w)
	return strings.Join(w, " ")
}

// nameWords takes a name apart: words of letters, initials left out.
func nameWords(name string) []string {
	s := spelling.Replace(strings.ToLower(norm.NFKC.String(name)))
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Mn, r), r == '\'', r == '’':
			return -1
		case unicode.IsLetter(r):
			return r
		}
		return ' '
	}, norm.NFD.String(s))
	words := strings.Fields(s)
	return slices.DeleteFunc(words, func(w string) bool { return utf8.RuneCountInString(w) < 2 })
}
