package detect

import "strings"

// names reports whether a capitalised word is part of a person's name: a
// common given name, or one of two capitalised words in a row that are no
// party, union or faith. "Sør-Rogaland" is one word.
func (s *sentence) names(l *lexicon, i int, w string) bool {
	if isGivenName(w) || s.owns(i) || i > 0 && isSurname(w) {
		return true
	}
	if i == 0 || len(w) < 3 || s.tokens[i].after != 0 || isCapital(w[1]) {
		return false
	}
	b := &s.tokens[i-1]
	before := s.text[b.start:b.end]
	return b.capital && len(before) > 2 && !isCapital(before[1]) && s.tokens[i].start-b.end == 1 && s.text[b.end] != '-' && i > 1 && !b.number &&
		!s.speech(l, i).is(asOrganisation) && !s.speech(l, i-1).is(asOrganisation)
}

// owns reports whether the token is a given name in the genitive: "Mettes",
// or "John" before "'s"; or a surname after a given name.
func (s *sentence) owns(i int) bool {
	w := s.text[s.tokens[i].start:s.tokens[i].end]
	n := len(w)
	if n > 3 && w[n-1]|0x20 == 's' {
		if isGivenName(w[:n-1]) {
			return true
		}
		if i > 0 {
			b := s.text[s.tokens[i-1].start:s.tokens[i-1].end]
			return isGivenName(b) && s.tokens[i-1].capital
		}
		return false
	}
	return isFinnishCase(w) || i+1 < len(s.tokens) && isGivenName(w) && s.tokens[i+1].end-s.tokens[i+1].start == 1 && s.text[s.tokens[i+1].start]|0x20 == 's'
}

// isGivenInAnyCase reports whether the word is a given name, or what says whose
// something is or to whom it is done: "Mettes", "Eijalle".
func isGivenInAnyCase(w string) bool {
	return isGivenName(w) || len(w) > 3 && w[len(w)-1]|0x20 == 's' && isGivenName(w[:len(w)-1]) || isFinnishCase(w) && functionWords[folded(w)] == 0
}

// isFinnishCase reports whether the word is a given name with a Finnish ending: "Eijalle".
func isFinnishCase(w string) bool {
	if len(w) > 1 && isCapital(w[1]) {
		w = strings.ToLower(w)
	}
	for _, ending := range finnishCases {
		if stem, ok := strings.CutSuffix(w, ending); ok && len(stem) > 2 && ((len(stem) > 3 || len(ending) > 2) && isGivenName(stem) || isGivenName(strongGrade(stem))) {
			return true
		}
	}
	return false
}

// finnishCases are the endings by which Finnish says whose something is, and
// to whom it is done: "Marjalla on", "Reijon", "Jarkkoa epäillään".
var finnishCases = []string{"lla", "llä", "lle", "lta", "ltä", "sta", "stä", "ista", "istä", "iin", "ia", "iä", "in", "illa", "illä", "ille", "n", "a", "ä"}

// strongGrade returns a Finnish name as it is without an ending, which halves a
// k, p or t before its last vowel: Riita- is Riitta, Miko- is Mikko.
func strongGrade(stem string) string {
	n := len(stem) - 1
	if n < 2 || strings.IndexByte("aeiou", stem[n]) < 0 || strings.IndexByte("kpt", stem[n-1]) < 0 {
		return ""
	}
	return stem[:n] + stem[n-1:]
}

// isSurname reports whether a capitalised word ends as many surnames do.
func isSurname(w string) bool {
	for _, ending := range []string{"sen", "sson", "nen", "dottir", "dóttir"} {
		if n := len(w) - len(ending); n > 2 && w[n:] == ending {
			return ending != "nen" || w[n-2:n] != "io" // Virtanen, but no Unionen
		}
	}
	return false
}

// christened reports whether token i is a given name that means a faith too:
// "Kristen Berg".
func (s *sentence) christened(i int) bool {
	return i+1 < len(s.tokens) && s.tokens[i].capital && s.tokens[i+1].capital && s.tokens[i+1].start-s.tokens[i].end == 1
}

// surnames are the kinds whose words are surnames as well.
var surnames = map[Kind]bool{Ethnicity: true, Religion: true, Sexuality: true, Politics: true}

// surnamed reports whether token i stands behind a given name as a surname does:
// "Peter Munk", "Pekka Virolainen". In English what somebody is has a capital
// letter, too, and stands there in questions: "Is Anna Polish?".
func (s *sentence) surnamed(i int) bool {
	if i == 0 || s.question || !s.tokens[i].capital || !s.tokens[i-1].capital || s.text[s.tokens[i-1].end:s.tokens[i].start] != " " {
		return false
	}
	w, before := s.text[s.tokens[i].start:s.tokens[i].end], s.text[s.tokens[i-1].start:s.tokens[i-1].end]
	return w != strings.ToUpper(w) && isGivenName(before)
}
