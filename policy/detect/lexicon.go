package detect

import (
	"embed"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"
)

//go:embed lexicon/*.txt
var lexiconFiles embed.FS

// wordSet is a class of words: whole ones, beginnings and endings, each with its
// languages.
type wordSet struct {
	few     []affix // the whole ones, as long as there are few
	whole   map[string]language
	stems   []affix
	endings []affix

	// What answers for most words that none of them is meant: a bit for the first
	// and the last byte of each whole word, for the first two bytes of each
	// beginning, and for the last two of each ending.
	wholeBits, stemBits, endingBits pairSet
}

// affix is what words begin or end with in some languages.
type affix struct {
	text      string
	languages language
}

// pairSet has a bit for each of the pairs of bytes in it, and for some others.
type pairSet [4]uint64

func (s *pairSet) add(a, b byte) {
	h := a*31 + b
	s[h>>6] |= 1 << (h & 63)
}

func (s *pairSet) may(a, b byte) bool {
	h := a*31 + b
	return s[h>>6]&(1<<(h&63)) != 0
}

func (s *wordSet) addWhole(word string, in language) {
	s.wholeBits.add(word[0], word[len(word)-1])
	at := slices.IndexFunc(s.few, func(w affix) bool { return w.text == word })
	switch {
	case s.whole != nil:
		s.whole[word] |= in
	case at >= 0:
		s.few[at].languages |= in
	case len(s.few) < fewWords:
		s.few = append(s.few, affix{word, in})
	default:
		s.whole = make(map[string]language, 2*fewWords)
		for _, w := range append(s.few, affix{word, in}) {
			s.whole[w.text] |= w.languages
		}
		s.few = nil
	}
}

// fewWords is how many words are sooner compared than looked up.
const fewWords = 8

// wholes yields the whole words, each with its languages.
func (s *wordSet) wholes(yield func(string, language) bool) {
	for _, w := range s.few {
		if !yield(w.text, w.languages) {
			return
		}
	}
	for w, in := range s.whole {
		if !yield(w, in) {
			return
		}
	}
}

func (s *wordSet) addStem(stem affix) {
	s.stems = append(s.stems, stem)
	s.stemBits.add(stem.text[0], stem.text[1])
}

func (s *wordSet) addEnding(ending affix) {
	s.endings = append(s.endings, ending)
	s.endingBits.add(ending.text[len(ending.text)-2], ending.text[len(ending.text)-1])
}

// add adds a word of some languages.
func (s *wordSet) add(word string, in language) error {
	text, prefix := strings.CutSuffix(word, "*")
	text, ending := strings.CutPrefix(text, "*")
	for i := 0; i < len(text); i++ {
		if !isAlnum(text[i]) {
			return fmt.Errorf("`%s` is no word", word)
		}
	}
	text = folded(text)
	switch {
	case prefix && ending:
		return fmt.Errorf("`%s` has a * at both ends", word)
	case prefix && len(text) < 4:
		return fmt.Errorf("`%s` has fewer than four letters before the *", word)
	case ending && len(text) < 4:
		return fmt.Errorf("`%s` has fewer than four letters after the *", word)
	case ending:
		s.addEnding(affix{text, in})
	case prefix:
		s.addStem(affix{text, in})
	case text != "":
		s.addWhole(text, in)
	}
	return nil
}

// folded returns the word in lower case: itself, as nearly all are written so.
func folded(word string) string {
	for i := 0; i < len(word); i++ {
		if c := word[i]; c >= 'A' && c <= 'Z' || i > 0 && word[i-1] == 0xC3 && c <= 0x9E {
			return string(fold(nil, word))
		}
	}
	return word
}

// hasIn reports whether the folded word belongs to the class in one of the languages.
func (s *wordSet) hasIn(word []byte, in language) bool {
	n := len(word)
	if n == 0 {
		return false
	}
	if s.wholeBits.may(word[0], word[n-1]) {
		for _, w := range s.few {
			if w.languages&in != 0 && w.text == string(word) {
				return true
			}
		}
		if s.whole[string(word)]&in != 0 {
			return true
		}
	}
	if n < 4 {
		return false
	}
	if s.stemBits.may(word[0], word[1]) {
		for _, p := range s.stems {
			if n >= len(p.text) && p.languages&in != 0 && string(word[:len(p.text)]) == p.text {
				return true
			}
		}
	}
	if s.endingBits.may(word[n-2], word[n-1]) {
		for _, p := range s.endings {
			if k := n - len(p.text); k >= 0 && p.languages&in != 0 && string(word[k:]) == p.text {
				return true
			}
		}
	}
	return false
}

// element is one place of a phrase.
type element struct {
	words  *wordSet
	digits int  // a number of so many digits or more stands here
	owner  bool // a name in the genitive stands here as well as a word
	gap    int  // words that may stand between this and the element before it
}

// bearing says what a phrase needs to count.
type bearing byte

const (
	needsPerson bearing = iota
	byItself
	besideName
	asHeading // it heads a column or a field, in which something stands of somebody whom the row or the form names
	asHeads   // it heads people: their names stand behind or below it
	closeBy   // a person stands within a few words, and no word for a topic in the sentence
)

// phrase is a sequence of words that says something of a person.
type phrase struct {
	kind     Kind
	elements []element
	anchor   int // the element by which it is found
	bearing  bearing
	level    Confidence // of a term of the DPO's; 0 for the lexicons' own
	language language   // of a term, 0 for any; of a phrase, those of its line
	mute     bool
	counts   bool    // a number belongs to it
	notice   keyword // it is no phrase but a word that the readers of lists and passwords ask for
}

// languages returns those that the words of the phrase's classes have to belong to.
func (p *phrase) languages() language {
	if p.language == 0 || p.level > 0 {
		return anyLanguage
	}
	return p.language
}

// lexicon is all phrases and classes, compiled.
type lexicon struct {
	classes map[string]*wordSet
	alike   map[string]element // what phrases say the same of, while they are read
	phrases []*phrase
	index   *stemIndex[[]*phrase]
	endings *stemIndex[[]*phrase] // of words of compoundLength and more

	speech, speechEndings *stemIndex[speech] // of the classes by which phrases are judged
}

// compoundLength is how many bytes a word has at least that is found by its
// ending: it tells compounds, and short words stand in full.
const compoundLength = 8

// Lexicon is a file of phrases of the DPO's own, in the format that
// lexicon/README.md describes.
type Lexicon struct {
	Name string // for errors
	Text string
}

// LexiconError is a fault of a lexicon, at the place where it stands.
type LexiconError struct {
	File   string
	Line   int
	Column int // in characters
	Reason string
	Word   string   // the word that is not known, where that is the fault
	Known  []string // and those that are
}

// Error returns "file:line:column: reason".
func (e *LexiconError) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Reason)
}

// readAll reads the classes of the files, or the phrases.
func (l *lexicon) readAll(files []Lexicon, classes bool) error {
	for _, f := range files {
		r := lexiconReader{lexicon: l, file: f.Name, classes: classes}
		if err := r.read(f.Text); err != nil {
			return err
		}
	}
	return nil
}

// newLexicon reads the embedded files, then the DPO's, and adds their terms.
func newLexicon(cfg Config) (*lexicon, error) {
	l := &lexicon{classes: map[string]*wordSet{}, alike: map[string]element{}, index: newStemIndex[[]*phrase](), endings: newStemIndex[[]*phrase]()}
	entries, err := lexiconFiles.ReadDir("lexicon")
	if err != nil {
		return nil, fmt.Errorf("read the lexicons: %w", err)
	}
	var files []Lexicon
	for _, e := range entries {
		if e.Name() == "given-names.txt" {
			continue
		}
		b, err := lexiconFiles.ReadFile("lexicon/" + e.Name())
		if err != nil {
			return nil, fmt.Errorf("read the lexicons: %w", err)
		}
		files = append(files, Lexicon{Name: e.Name(), Text: string(b)})
	}
	files = append(files, cfg.Lexicons...)
	// Classes first: a phrase may name one that another file defines.
	if err := l.readAll(files, true); err != nil {
		return nil, err
	}
	var speech sync.WaitGroup
	speech.Go(l.compileSpeech)
	defer speech.Wait()
	if err := l.readAll(files, false); err != nil {
		return nil, err
	}
	for i := range cfg.Terms {
		if err := l.term(&cfg.Terms[i]); err != nil {
			return nil, fmt.Errorf("term %d: %w", i+1, err)
		}
	}
	l.alike = nil
	l.compile()
	return l, nil
}

// parse reads one phrase.
func (l *lexicon) parse(fields []string) (*phrase, error) {
	p := &phrase{anchor: -1}
	gap := 0
	for i, f := range fields {
		switch {
		case i == 0 && f == "!":
			p.bearing = byItself
			continue
		case i == 0 && f == "=":
			p.bearing = besideName
			continue
		case i == 0 && f == "^":
			p.bearing = asHeading
			continue
		case i == 0 && f == "^^":
			p.bearing = asHeads
			continue
		case i == 0 && f == "~":
			p.bearing = closeBy
			continue
		case strings.HasPrefix(f, ".."):
			n, err := strconv.Atoi(f[2:])
			if err != nil {
				return nil, fmt.Errorf("`%s` is no gap: write ..3", f)
			}
			gap = n
			continue
		}
		f, anchor := strings.CutPrefix(f, "@")
		if anchor {
			p.anchor = len(p.elements)
		}
		e, err := l.element(f)
		if err != nil {
			return nil, err
		}
		e.gap, gap = gap, 0
		p.elements = append(p.elements, e)
		p.counts = p.counts || e.digits > 0
	}
	if p.anchor < 0 || p.elements[p.anchor].digits > 0 {
		return nil, errors.New("no word is marked with @")
	}
	return p, nil
}

// isClassName reports whether the word of a phrase is written as the names of
// classes are: nothing in it is lower case.
func isClassName(w string) bool {
	for i := 0; i < len(w); i++ {
		if w[i] >= 'a' && w[i] <= 'z' || w[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func (l *lexicon) element(f string) (element, error) {
	if count, ok := strings.CutPrefix(f, "#"); ok {
		if count == "" {
			return element{digits: 3}, nil
		}
		n, err := strconv.Atoi(count)
		if err != nil || n < 1 || n > maxAmount {
			return element{}, fmt.Errorf("`%s` is no number: write #, or #5 for one of five digits or more", f)
		}
		return element{digits: n}, nil
	}
	if c := l.classes[f]; c != nil { // nearly all: the words are shared with the class
		return element{words: c, owner: f == "MY"}, nil
	}
	if e, ok := l.alike[f]; ok {
		return e, nil
	}
	e := element{words: &wordSet{}}
	if n := strings.Count(f, "|") + 1; n > fewWords {
		e.words.whole = make(map[string]language, n)
	} else {
		e.words.few = make([]affix, 0, n)
	}
	for w := range strings.SplitSeq(f, "|") {
		if !isClassName(w) {
			if err := e.words.add(w, anyLanguage); err != nil {
				return e, err
			}
			continue
		}
		c := l.classes[w]
		if c == nil {
			return e, unknownWord{w, "class", slices.Sorted(maps.Keys(l.classes))}
		}
		e.owner = e.owner || w == "MY"
		for t, in := range c.wholes {
			e.words.addWhole(t, in)
		}
		for _, t := range c.stems {
			e.words.addStem(t)
		}
		for _, t := range c.endings {
			e.words.addEnding(t)
		}
	}
	l.alike[f] = e
	return e, nil
}

// term adds a term of the DPO's: its words in order, nothing between them.
func (l *lexicon) term(t *Term) error {
	p := &phrase{kind: t.Kind, bearing: byItself, level: t.Confidence, language: termLanguages[t.Language], mute: t.Mute}
	if p.level == 0 {
		p.level = Likely
	}
	longest := 0
	text := normalise(strings.ToLower(t.Text)) // fold knows the letters of Latin-1 only
	for i := 0; i < len(text); {
		b := i
		for i < len(text) && isAlnum(text[i]) {
			i++
		}
		if i == b {
			i++
			continue
		}
		e := element{words: &wordSet{}}
		w := text[b:i]
		if i < len(text) && text[i] == '*' {
			i++
			if len(w) >= 4 {
				w += "*"
			}
		}
		if err := e.words.addTerm(w); err != nil {
			return err
		}
		if len(w) > longest {
			longest, p.anchor = len(w), len(p.elements)
		}
		p.elements = append(p.elements, e)
	}
	if len(p.elements) == 0 {
		return fmt.Errorf("%q holds no word", t.Text)
	}
	l.phrases = append(l.phrases, p)
	return nil
}

// addTerm adds a word that may hold digits.
func (s *wordSet) addTerm(word string) error {
	text, prefix := strings.CutSuffix(word, "*")
	text = string(fold(nil, text))
	if prefix {
		s.addStem(affix{text, anyLanguage})
	} else {
		s.addWhole(text, anyLanguage)
	}
	return nil
}

// both returns all of them; more is shared where there is nothing else.
func both(some, more []*phrase) []*phrase {
	if some == nil {
		return more
	}
	return append(some, more...)
}

// distinct returns each of the texts once that belong to one of the languages.
func distinct(affixes []affix, in language) []string {
	texts := make([]string, 0, len(affixes))
	for _, a := range affixes {
		if a.languages&in != 0 {
			texts = append(texts, a.text)
		}
	}
	slices.Sort(texts)
	return slices.Compact(texts)
}

// compile enters every phrase under the words of its anchor.
func (l *lexicon) compile() {
	// Phrases that are found by the same words are entered together.
	type anchor struct {
		words *wordSet
		in    language
	}
	var anchors []anchor
	by := map[anchor][]*phrase{}
	for _, p := range l.phrases {
		a := anchor{p.elements[p.anchor].words, p.languages()}
		if by[a] == nil {
			anchors = append(anchors, a)
		}
		by[a] = append(by[a], p)
	}
	enter := func(at *[]*phrase, phrases []*phrase) { *at = both(*at, phrases) }
	for _, a := range anchors {
		phrases := slices.Clip(by[a])
		for w, in := range a.words.wholes {
			if in&a.in != 0 {
				enter(l.index.at(w, false), phrases)
			}
		}
		for _, w := range distinct(a.words.stems, a.in) {
			enter(l.index.at(w, true), phrases)
		}
		for _, w := range distinct(a.words.endings, a.in) {
			enter(l.endings.atEnding(w), phrases)
		}
	}
	for _, row := range keywordTable {
		if row.key&(keyMember|keyStaff|keyPassword|keyClosing) == 0 {
			continue
		}
		p := []*phrase{{notice: row.key}}
		for _, w := range strings.Fields(row.words) {
			enter(l.index.at(strings.CutSuffix(w, "*")), p)
		}
	}
}
