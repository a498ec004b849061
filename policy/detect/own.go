package detect

import (
	"slices"
	"strings"
)

// Reader is the only reader of a text, by whose name their own data are told
// from other people's.
type Reader struct{ Names []string } // full names, as written

// owner recognises the data of one reader. In all doubt they are somebody
// else's.
type owner struct {
	names [][]string // folded words of each name, two at least
	first map[string]bool
}

// newOwner returns nil where no name is known well enough.
func newOwner(r Reader) *owner {
	o := owner{first: map[string]bool{}}
	for _, name := range r.Names {
		var words []string
		for i := 0; ; {
			w, ok := nextWord(name, i)
			if !ok {
				break
			}
			i = w.end
			words = append(words, string(fold(nil, name[w.start:w.end])))
		}
		if len(words) >= 2 && len(words) <= 6 {
			o.names = append(o.names, words)
			o.first[words[0]] = true
		}
	}
	if len(o.names) == 0 {
		return nil
	}
	return &o
}

// whose says whose name stands in a piece of text.
type whose int

const (
	nobodys whose = iota
	owners
	others
)

// relations are words for people about whom the reader may hear.
var relations = wordTable(`
	ægtefælle ægtefælles mand mands mands kone kones hustru hustrus søn søns datter datters barn barns børn børns mor mors far fars samlever kæreste partner pårørende værge kollega kollegas chef chefs nabo
	mandens konens sønnens datterens barnets børnenes børnene sønnen datteren barnet manden konen ægtefællen samleveren kollegaen
	ektefelle ektemann ektemake ektefellen mann mannen kona sønn sønnen dotter dottera datteren barna barnet mora faren samboer samboeren kollegaen sjef sjefen verge pårørande born borna
	make maka makes makas man mannen fru hustrun son sonens sonen dotterns dottern barnets barn barnen mamma pappa sambo sambon kollegan kollegas chefen anhörig anhöriga
	puoliso puolison puolisosi vaimo vaimosi mies miehesi poika poikasi tytär tyttäresi lapsi lapsesi lapsen äiti isä kollega
	husband wife son daughter child children mother father partner spouse colleague boss manager relative
	medlem medlemmet medlemmer medlemmerne klient klienten borger borgeren patient patienten member members`)

// in says whose name stands in a line. A name that is not the reader's, and a
// word for somebody else, outweigh it.
func (o *owner) in(line string) whose {
	found := nobodys
	var buf [6]word
	for i := 0; ; {
		w, ok := nextWord(line, i)
		if !ok {
			return found
		}
		i = w.end
		f := string(fold(nil, line[w.start:w.end]))
		if relations[f] || pronouns[f] {
			return others
		}
		if !isUpper(line[w.start:]) {
			if len(f) >= 4 && isGivenName(f) && !o.first[f] {
				return others
			}
			continue
		}
		run := nameRun(line, w, buf[:0])
		for len(run) > 0 && o.isLabel(line[run[0].start:run[0].end]) {
			run = run[1:] // "Kære Mette Sørensen", "CPR Mette Sørensen"
		}
		for len(run) > 0 && o.isLabel(line[run[len(run)-1].start:run[len(run)-1].end]) {
			run = run[:len(run)-1]
		}
		if len(run) == 0 {
			continue
		}
		i = run[len(run)-1].end
		switch o.reads(line, run) {
		case owners:
			found = owners
		case others:
			return others
		case nobodys:
		}
	}
}

// isLabel reports whether a capitalised word beside a name is no part of it.
func (o *owner) isLabel(w string) bool {
	f := fold(nil, w)
	head, _, _ := strings.Cut(w, "-") // CPR-nummer
	return greetings[string(f)] || addressing[string(f)] || keywords.find(head) != 0 && !isGivenName(w)
}

// reads says whose name a run of capitalised words is.
func (o *owner) reads(line string, run []word) whose {
	words := make([]string, len(run))
	given := false
	for i, w := range run {
		words[i] = string(fold(nil, line[w.start:w.end]))
		given = given || isGivenName(line[w.start:w.end]) || isGenitive(line[w.start:w.end])
	}
	for _, name := range o.names {
		mine := 0
		for _, w := range words {
			if slices.Contains(name, w) {
				mine++
			}
		}
		last := name[len(name)-1]
		switch {
		case mine < len(words):
		case mine >= 2 && slices.Contains(words, last) && slices.Contains(words, name[0]):
			return owners
		default:
			return nobodys // the first name alone says too little
		}
	}
	if given || len(run) >= 2 && isNameLike(line, run) {
		return others
	}
	return nobodys
}

// isGenitive reports whether a capitalised word may be a name in the genitive.
func isGenitive(w string) bool {
	return len(w) > 3 && w[len(w)-1] == 's' && !isCapital(w[1]) && keywords.find(w) == 0
}

// ownReach is how many lines above a number the name may stand.
const ownReach = 3

// owns reports whether the number text[start:end] is the reader's own: their
// name, and no other, stands on its line, or on the nearest line above that has
// one; or the text greets the reader and says "your" of the number.
func (o *owner) owns(text string, start, end int) bool {
	lo := strings.LastIndexByte(text[:start], '\n') + 1
	hi := len(text)
	if i := strings.IndexByte(text[end:], '\n'); i >= 0 {
		hi = end + i
	}
	if hi-lo > 2000 {
		return false
	}
	w := o.in(text[lo:hi])
	if w == nobodys && o.greeted(text) && saysYour(text[lo:start]) {
		return true
	}
	for lines := 0; w == nobodys && lo > 0 && lines < ownReach; lines++ {
		above := strings.LastIndexByte(text[:lo-1], '\n') + 1
		if lo-above > 2000 {
			return false
		}
		w, lo = o.in(text[above:lo-1]), above
	}
	return w == owners
}

// has reports whether a folded word is one of the reader's names.
func (o *owner) has(w []byte) bool {
	return slices.ContainsFunc(o.names, func(name []string) bool { return slices.Contains(name, string(w)) })
}

// greeted reports whether the text begins with a greeting to the reader, and to
// nobody else.
func (o *owner) greeted(text string) bool {
	w, ok := nextWord(text, 0)
	if !ok || !greetings[string(fold(nil, text[w.start:w.end]))] {
		return false
	}
	name, ok := nextWord(text, w.end)
	if !ok || name.start-w.end > 2 || !o.first[string(fold(nil, text[name.start:name.end]))] {
		return false
	}
	line := text[name.end:]
	if i := strings.IndexByte(line, '\n'); i >= 0 {
		line = line[:i]
	}
	if next, ok := nextWord(line, 0); ok && next.start <= 1 && len(line[next.start:next.end]) <= 3 && !strings.Contains(line[:next.start], ",") {
		return false // "Kære Mette og Peter"
	}
	return o.in(text[w.start:len(text)-len(text[name.end:])+len(line)]) != others
}

// saysYour reports whether "your" stands before the words that introduce a
// number, with nobody else between: "dit CPR-nummer er".
func saysYour(before string) bool {
	if i := strings.LastIndexAny(before, ".!?;"); i >= 0 {
		before = before[i+1:]
	}
	words := strings.FieldsFunc(before, func(r rune) bool { return r < 0x80 && !isAlnum(byte(r)) })
	for i := len(words) - 1; i >= 0 && len(words)-i <= 5; i-- {
		w := string(fold(nil, words[i]))
		switch {
		case w == "dit", w == "din", w == "ditt", w == "dine", w == "your", w == "sinun":
			return true
		case relations[w], isUpper(words[i]) && isGivenName(words[i]):
			return false
		}
	}
	return false
}

// ownSentence reports whether what the sentence says is said of the reader: by
// full name, or as "you" after a greeting, and of nobody else.
func (s *phraseScan) ownSentence(o *owner) bool {
	line := s.text[s.start:s.end]
	w := o.in(line)
	if w == nobodys && s.told && s.head != "" {
		w = o.in(s.head)
	}
	if w == others {
		return false
	}
	you := false
	for i, t := range s.tokens {
		f := s.folded(i)
		you = you || addressing[string(f)]
		if word := s.text[t.start:t.end]; t.capital && i > 0 && !o.has(f) && len(word) > 1 && !isCapital(word[1]) {
			return false // it may be somebody's name
		}
	}
	return w == owners || you && o.greeted(s.text)
}
