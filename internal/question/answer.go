package question

import (
	"slices"
	"strings"
	"unicode"

	"postvern.example/internal/notice"
	"postvern.example/proxy/message"
)

// Words are the words that answers begin with, in every language.
type Words map[string]notice.Choice

// LoadWords returns the words for all choices of a kind of question.
func LoadWords(texts *notice.Catalog, kind notice.QuestionKind) Words {
	w := Words{}
	for _, lang := range texts.Languages() {
		for _, choice := range kind.Choices() {
			if word, ok := texts.Word(lang, "question.choice-"+string(choice)); ok {
				w[strings.ToLower(word)] = choice
			}
			if number := kind.Number(choice); number != "" {
				w[number] = choice
			}
		}
	}
	return w
}

// Read returns the choice that a mail makes: its writer's own first line begins
// with the word for it, and says nothing against it. It returns false where
// that is not clear.
func (w Words) Read(m *message.Message) (notice.Choice, bool) { return w.choose(m.Own()) }

// A line with more words, or with one of these, says more than the choice.
const mostWords = 8

var (
	against = []string{
		"ikke", "ikkje", "inte", "ej", "icke", "not", "dont", "don", "never", "aldrig", "aldri", "men", "but", "however", "dog", "vent", "vänta", "wait", "stop", "stopp", "hold",
		"eller", "or", "måske", "maaske", "kanske", "kanskje", "maybe", "perhaps", "hvis", "om", "if", "unless", "medmindre", "problem", "problemer", "worries", "tvivl", "tvil", "doubt", "hvorfor", "kvifor", "varför", "why", "hvad", "hva", "kva", "vad", "what",
	}
	// Words that belong to a clear no, and would be against a yes.
	withNo = []string{"ikke", "ikkje", "inte", "not", "dont", "don", "stop", "stopp", "vent", "vänta", "wait", "hold", "aldrig", "aldri", "never"}
	hello  = []string{
		"hej", "hei", "heisann", "hejsa", "hallo", "halla", "hi", "hello", "dear", "kære", "kjære", "bästa", "goddag", "god", "dag", "morgen", "morgon", "moin", "there", "postvern", "du", "alle", "good", "morning",
	}
)

// choose reads the choice off the lines that somebody wrote.
func (w Words) choose(lines []string) (notice.Choice, bool) {
	for len(lines) > 0 && greets(lines[0]) {
		lines = lines[1:]
	}
	if len(lines) == 0 || strings.ContainsRune(lines[0], '?') {
		return "", false
	}
	words := wordsOf(lines[0])
	if len(words) == 0 || len(words) > mostWords {
		return "", false
	}
	choice, ok := w[words[0]]
	if !ok {
		return "", false
	}
	for _, word := range words[1:] {
		if other, is := w[word]; is && other != choice {
			return "", false
		}
		if slices.Contains(against, word) && (choice != notice.No || !slices.Contains(withNo, word)) {
			return "", false
		}
	}
	for _, line := range lines[1:min(len(lines), 4)] { // who thinks again says so soon
		if more := wordsOf(line); len(more) > 0 {
			if other, is := w[more[0]]; is && other != choice {
				return "", false
			}
		}
	}
	return choice, true
}

// greets reports whether a line is a greeting and nothing else.
func greets(line string) bool {
	words := wordsOf(line)
	return len(words) > 0 && len(words) <= 4 && slices.Contains(hello, words[0])
}

// wordsOf returns the words of a line in lower case, of letters alone.
func wordsOf(line string) []string {
	return strings.FieldsFunc(strings.ToLower(line), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// Automatic reports whether a mail was sent by a program and not a person: out
// of office replies and receipts are no answers (RFC 3834 §5).
func Automatic(m *message.Message) bool {
	for _, f := range m.Root.Get("Auto-Submitted") {
		if !strings.EqualFold(strings.TrimSpace(m.Text(f)), "no") {
			return true
		}
	}
	for _, f := range m.Root.Get("Precedence") {
		if v := strings.ToLower(m.Text(f)); slices.Contains([]string{"bulk", "junk", "list", "auto_reply"}, v) {
			return true
		}
	}
	for _, name := range []string{"X-Autoreply", "X-Autorespond", "X-Auto-Response"} {
		if len(m.Root.Get(name)) > 0 {
			return true
		}
	}
	return m.Root.MediaType == "multipart/report"
}
