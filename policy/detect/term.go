package detect

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Term is a word or phrase of the DPO's own. Case, line breaks and blanks do
// not count; a final * on a word stands for any ending.
type Term struct {
	Kind       Kind       // what it is a sign of; where Mute is set, empty means every kind
	Text       string     // "rygskade", "orlov uden løn", "sygemeld*"
	Confidence Confidence // 0 means Likely
	Language   string     // of Languages; it does not count where the words around are clearly another's. Empty: any
	Mute       bool       // findings of words that overlap the phrase are dropped
}

// Bounds of a term: what is longer is a text and no term.
const (
	maxTermWords  = 12
	maxTermLength = 200
)

// termLanguages are the languages that a term can be of. The words around
// seldom tell bokmål from nynorsk.
var termLanguages = map[string]language{
	"da": danish, "nb": norwegian, "nn": norwegian, "sv": swedish, "fi": finnish, "is": icelandic, "en": english,
}

// WordKinds lists the kinds that words are a sign of, in the order of the
// manual. The others are told by their form, and no word adds to them.
func WordKinds() []Kind {
	return []Kind{
		Health, UnionMembership, Sexuality, Ethnicity, Politics, Religion, CriminalOffences, Salary, Dismissal, Negotiation,
	}
}

// CheckTerm returns what is wrong with the text of a term, in words for the
// one who wrote it, or nil.
func CheckTerm(text string) error {
	if strings.TrimSpace(text) == "" {
		return errors.New("nothing is written here")
	}
	if utf8.RuneCountInString(text) > maxTermLength {
		return fmt.Errorf("it is longer than %d characters", maxTermLength)
	}
	if sign := patternSign(text); sign != "" {
		return fmt.Errorf("`%s` belongs to a regular expression, and terms are words: write each word by itself, with * at its end for any ending", sign)
	}
	words, letters := 0, 0
	for _, w := range strings.Fields(normalise(text)) {
		body, star := strings.CutSuffix(w, "*")
		if strings.Contains(body, "*") {
			return fmt.Errorf("the * in `%s` does not stand at the end of a word", w)
		}
		n := 0
		for _, part := range splitWords(body) {
			words++
			n = utf8.RuneCountInString(part)
			letters += n
		}
		if star && n < 4 {
			return fmt.Errorf("`%s` has fewer than four letters before the *", w)
		}
	}
	switch {
	case words == 0:
		return errors.New("no word stands in it")
	case letters < 2:
		return errors.New("a single letter stands in too many mails")
	case words > maxTermWords:
		return fmt.Errorf("it has more than %d words", maxTermWords)
	case words == 1 && functionWords[string(fold(nil, strings.TrimSpace(text)))] != 0:
		return errors.New("such a word stands in nearly every mail")
	}
	return nil
}

// patternSign returns what only regular expressions are written with, and
// nothing for what may stand in a word or a phrase ("cand. mag.", "§ 3 (2)").
func patternSign(text string) string {
	for _, sign := range []string{`\`, ".*", ".+", "|", "[", "]", "(?", ")?", ")*", ")+", "{", "}", "^", "$"} {
		if strings.Contains(text, sign) {
			return sign
		}
	}
	return ""
}

// splitWords returns the runs of letters and digits in a word.
func splitWords(w string) []string {
	return strings.FieldsFunc(w, func(r rune) bool { return r < utf8.RuneSelf && !isAlnum(byte(r)) })
}

func (t *Term) check() error {
	switch {
	case strings.TrimSpace(t.Text) == "":
		return errors.New("the text is empty")
	case t.Language != "" && termLanguages[t.Language] == 0:
		return fmt.Errorf("no language %q", t.Language)
	case t.Kind == "" && t.Mute:
		return nil
	case !slices.Contains(Kinds(), t.Kind), t.Kind == Unscannable, t.Kind == Protected:
		return fmt.Errorf("no kind %q", t.Kind)
	case t.Confidence < 0 || t.Confidence > Certain:
		return fmt.Errorf("no confidence %d", t.Confidence)
	}
	return nil
}

// may reports whether the words around a hit leave it open that they are of the
// phrase's language: nothing in its own sentence speaks for another one more, which
// a signature in the writer's language does not change, or nothing around it does.
// What the lexicons say is told by more than a word, and in no Scandinavian language
// from another: these share most of their words.
func (s *phraseScan) may(p *phrase) bool {
	l, doubt := p.language, 0
	if l == 0 {
		return true
	}
	if p.level == 0 {
		if doubt = phraseDoubt; l&scandinavian != 0 {
			l |= scandinavian
		}
	}
	if s.voiceFrom != s.start || s.voiceTo != s.end {
		s.voice, s.voiceFrom, s.voiceTo = hear(s.text, s.start, s.end), s.start, s.end
	}
	if in, out := s.voice.score(l); in >= out {
		return true
	}
	if s.heardFrom != s.start || s.heardTo != s.end {
		s.heard, s.heardFrom, s.heardTo = hear(s.text, max(0, s.start-sentenceReach), min(len(s.text), s.end+sentenceReach)), s.start, s.end
	}
	in, out := s.heard.score(l)
	return in+doubt >= out
}

// hear counts the signs of each language in text[from:to].
func hear(text string, from, to int) (t tongue) {
	for w, ok := nextWord(text[:to], from); ok; w, ok = nextWord(text[:to], w.end) {
		t.add(text[w.start:w.end])
	}
	return t
}

// phraseDoubt is how much more may speak for another language than for a
// phrase's own: one word.
const phraseDoubt = 2
