package detect

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// lexiconReader reads one file: its classes, or its phrases.
type lexiconReader struct {
	*lexicon
	file    string
	classes bool // this time the classes are read
	line    int
	class   string // of the section
	kind    Kind
	mute    bool
}

// unknownWord is a name that the file uses and nothing defines.
type unknownWord struct {
	word, what string
	known      []string
}

func (u unknownWord) Error() string { return fmt.Sprintf("`%s` is no %s", u.word, u.what) }

func (r *lexiconReader) read(text string) error {
	for line := range strings.Lines(text) {
		r.line++
		line = strings.TrimRight(line, " \t\r\n")
		body := strings.TrimLeft(strings.TrimPrefix(line, "\uFEFF"), " \t")
		var err error
		switch {
		case body == "" || body[0] == '#':
		case body[0] == '[':
			err = r.section(line, body)
		default:
			err = r.entries(line)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// fault returns the error of what stands at line[at:].
func (r *lexiconReader) fault(line string, at int, err error) error {
	e := &LexiconError{File: r.file, Line: r.line, Column: utf8.RuneCountInString(line[:at]) + 1, Reason: err.Error()}
	var u unknownWord
	if errors.As(err, &u) {
		e.Word, e.Known = u.word, u.known
	}
	return e
}

// section reads "[health]", "[class ILL]", "[mute]" or "[mute health]".
func (r *lexiconReader) section(line, body string) error {
	at := len(line) - len(body)
	name, closed := strings.CutSuffix(body[1:], "]")
	if !closed {
		return r.fault(line, at, errors.New("the section has no ] at its end"))
	}
	r.class, r.kind, r.mute = "", "", false
	words := strings.Fields(name)
	if len(words) > 0 && words[0] == "class" {
		if len(words) != 2 || words[1] != strings.ToUpper(words[1]) {
			return r.fault(line, at, errors.New("a class has one name in capitals: write [class NAME]"))
		}
		r.class = words[1]
		return nil
	}
	if len(words) > 0 && words[0] == "mute" {
		r.mute, words = true, words[1:]
	}
	if len(words) > 0 {
		r.kind = Kind(words[0])
	}
	if len(words) > 1 || len(words) == 0 && !r.mute {
		return r.fault(line, at, errors.New("a section is [class NAME], [mute], or one kind, such as [health]"))
	}
	if len(words) > 0 && !slices.Contains(WordKinds(), r.kind) {
		known := make([]string, 0, len(WordKinds()))
		for _, k := range WordKinds() {
			known = append(known, string(k))
		}
		return r.fault(line, at+strings.Index(body, words[0]), unknownWord{words[0], "kind that words are a sign of", known})
	}
	return nil
}

// entries reads a line of words or phrases.
func (r *lexiconReader) entries(line string) error {
	start := strings.IndexByte(line, ':') + 1
	if start == 0 {
		return r.fault(line, 0, errors.New("no languages and colon stand before the words: write `da nb: ...`"))
	}
	if r.class == "" && r.kind == "" && !r.mute {
		return r.fault(line, 0, errors.New("no section stands above it: write [health], say, on a line of its own"))
	}
	if (r.class != "") != r.classes {
		return nil
	}
	in, err := r.languages(line, start-1)
	switch {
	case err != nil:
		return err
	case r.classes:
		return r.words(line, start, in)
	}
	return r.phrasesOf(line, start, in)
}

// languages reads those that stand before the colon at line[end].
func (r *lexiconReader) languages(line string, end int) (language, error) {
	var all language
	for name := range strings.FieldsSeq(line[:end]) {
		in := termLanguages[name]
		if in == 0 {
			return 0, r.fault(line, strings.Index(line, name), unknownWord{name, "language", slices.Sorted(maps.Keys(termLanguages))})
		}
		all |= in
	}
	if all == 0 {
		return 0, r.fault(line, 0, errors.New("no languages stand before the colon: write `da nb: ...`"))
	}
	return all, nil
}

// classLines is how many lines of about the same length a class has, for most.
const classLines = 4

func (r *lexiconReader) words(line string, start int, in language) error {
	s := r.lexicon.classes[r.class]
	if s == nil {
		s = &wordSet{}
		r.lexicon.classes[r.class] = s
	}
	fields := strings.Fields(line[start:])
	if s.whole == nil && len(s.few) == 0 && len(fields) > fewWords {
		s.whole = make(map[string]language, classLines*len(fields))
	}
	for _, w := range fields {
		if err := s.add(w, in); err != nil {
			return r.fault(line, start+strings.Index(line[start:], w), err)
		}
	}
	return nil
}

func (r *lexiconReader) phrasesOf(line string, start int, in language) error {
	for text := range strings.SplitSeq(line[start:], ";") {
		at := start + len(text) - len(strings.TrimLeft(text, " \t"))
		start += len(text) + 1
		fields := strings.Fields(text)
		if len(fields) == 0 {
			return r.fault(line, min(at, len(line)), errors.New("nothing stands before or after a ;"))
		}
		p, err := r.parse(fields)
		if err != nil {
			return r.fault(line, at, err)
		}
		p.kind, p.language, p.mute = r.kind, in, r.mute
		r.phrases = append(r.phrases, p)
	}
	return nil
}
