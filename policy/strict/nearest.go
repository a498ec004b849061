package strict

import (
	"strings"
	"unicode/utf8"
)

// Nearest returns the known word that was most likely meant, and false where
// none is near: within a third of its letters by optimal string alignment
// (insertion, deletion, substitution, swap of neighbours), or begun with the
// same three letters or more. Case and the difference of "_", " " and "-" do
// not count. A Nordic word that means a known one goes before all that.
func Nearest(word string, known []string) (string, bool) {
	w := plain(word)
	if n := utf8.RuneCountInString(w); n == 0 || n > 64 {
		return "", false
	}
	if k, ok := translated(w, known); ok {
		return k, true
	}
	best, found, least := "", false, 0
	for _, k := range known {
		c := plain(k)
		d := distance(w, c)
		longest := max(utf8.RuneCountInString(w), utf8.RuneCountInString(c))
		if d > max(1, longest/3) || d >= longest {
			continue
		}
		if !found || d < least {
			best, found, least = k, true, d
		}
	}
	if found {
		return best, true
	}
	for _, k := range known {
		if len(w) >= 3 && strings.HasPrefix(plain(k), w) {
			return k, true
		}
	}
	return "", false
}

// suggest returns the hint for a word that is none of known.
func suggest(word string, known []string) string {
	if k, ok := Nearest(word, known); ok {
		return "did you mean `" + k + "`?"
	}
	return ""
}

func plain(s string) string {
	return strings.NewReplacer("_", "-", " ", "-").Replace(strings.ToLower(strings.TrimSpace(s)))
}

func distance(a, b string) int {
	s, t := []rune(a), []rune(b)
	before, last, now := make([]int, len(t)+1), make([]int, len(t)+1), make([]int, len(t)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(s); i++ {
		now[0] = i
		for j := 1; j <= len(t); j++ {
			cost := 1
			if s[i-1] == t[j-1] {
				cost = 0
			}
			now[j] = min(last[j]+1, now[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && s[i-1] == t[j-2] && s[i-2] == t[j-1] {
				now[j] = min(now[j], before[j-2]+1)
			}
		}
		before, last, now = last, now, before
	}
	return last[len(t)]
}
