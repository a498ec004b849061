package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path"
	"strings"
	"unicode/utf8"

	"postvern.example/policy/detect"
	"postvern.example/policy/strict"
)

// LexiconFolder is the folder beside the policy file whose files hold more
// terms: *.yaml and *.yml what could stand under `terms`, *.txt phrases in the
// format of the built-in lexicons.
const LexiconFolder = "lexicon"

// File is a file of the lexicon folder.
type File struct {
	Name    string // for errors
	Content []byte
}

// IsLexicon reports whether a file of the lexicon folder is read, by its name.
func IsLexicon(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".yaml", ".yml", ".txt":
		return !strings.HasPrefix(path.Base(name), ".") // an editor's copy
	}
	return false
}

// termFile is one entry of `terms`.
type termFile struct {
	Kind       string   `yaml:"kind" jsonschema_description:"The kind of personal data that the words are a sign of; of muted words, left out means every kind."`
	Language   string   `yaml:"language" oneof:"da,nb,nn,sv,fi,is,en" jsonschema_description:"The language of the words: they do not count where those around are clearly of another. Left out: any."`
	Add        []string `yaml:"add" jsonschema_description:"Words and phrases to look for; a * at a word's end stands for any ending."`
	Mute       []string `yaml:"mute" jsonschema_description:"Words and phrases that are no sign of anything: what overlaps them is no finding."`
	Confidence string   `yaml:"confidence" oneof:"possible,likely,certain" jsonschema_description:"How sure a finding of the added words is."`
}

// termsFile is a file of the folder that repeats the key.
type termsFile struct {
	Terms []termFile `yaml:"terms,required"`
}

// termKey tells terms apart that say the same.
type termKey struct {
	text string
	kind detect.Kind
}

// termReader turns written terms into those of package detect.
type termReader struct {
	out  []detect.Term
	seen map[termKey]termPlace
}

type termPlace struct {
	mute  bool
	where string
}

// terms reads the entries at a path of the checker's document.
func (r *termReader) terms(c *checker, at string, written []termFile) {
	for i, w := range written {
		entry := fmt.Sprintf("%s[%d]", at, i)
		known := c.wordKind(entry, w)
		if len(w.Add)+len(w.Mute) == 0 {
			at := entry
			for _, key := range []string{entry + ".add", entry + ".mute"} {
				if c.doc.Has(key) {
					at = key
				}
			}
			c.fault(at, "write `add: [...]` or `mute: [...]`", "no word is added or muted")
		}
		for _, list := range []struct {
			key   string
			texts []string
			mute  bool
		}{{"add", w.Add, false}, {"mute", w.Mute, true}} {
			for j, text := range list.texts {
				t := detect.Term{Kind: detect.Kind(w.Kind), Text: text, Language: w.Language, Mute: list.mute}
				if !t.Mute {
					t.Confidence = confidence(w.Confidence)
				}
				if r.take(c, fmt.Sprintf("%s.%s[%d]", entry, list.key, j), t) && known {
					r.out = append(r.out, t)
				}
			}
		}
	}
}

// wordKind checks the kind of an entry.
func (c *checker) wordKind(entry string, w termFile) bool {
	words := make([]string, 0, len(detect.WordKinds()))
	for _, k := range detect.WordKinds() {
		if words = append(words, string(k)); string(k) == w.Kind {
			return true
		}
	}
	all := "kinds of words: " + strings.Join(words, ", ")
	switch {
	case w.Kind == "" && len(w.Add) > 0:
		c.fault(entry, all, "the key `kind` is missing: of what are the added words a sign?")
	case w.Kind == "":
		return !c.doc.Has(entry + ".kind")
	case isKind(w.Kind):
		c.fault(entry+".kind", all, "`%s` is told by its form: no word adds to it or mutes it", w.Kind)
	default:
		hint := all
		if k, ok := strict.Nearest(w.Kind, words); ok {
			hint = "did you mean `" + k + "`?"
		}
		c.fault(entry+".kind", hint, "`%s` is no kind of personal data", w.Kind)
	}
	return false
}

func isKind(word string) bool {
	for _, k := range detect.Kinds() {
		if string(k) == word {
			return true
		}
	}
	return false
}

// take checks one term and notes it; one that was written before is a fault,
// as is one that is both added and muted.
func (r *termReader) take(c *checker, at string, t detect.Term) bool {
	if err := detect.CheckTerm(t.Text); err != nil {
		c.fault(at, "", "%s", err)
		return false
	}
	key := termKey{strings.ToLower(strings.Join(strings.Fields(t.Text), " ")) + "\x00" + t.Language, t.Kind}
	first, again := r.seen[key]
	switch {
	case again && first.mute != t.Mute:
		c.fault(at, "keep one of them", "`%s` is both added and muted, %s", shorten(t.Text), first.where)
	case again:
		c.fault(at, "keep one of them", "`%s` stands here a second time, %s", shorten(t.Text), first.where)
	default:
		r.seen[key] = termPlace{t.Mute, c.where(at)}
	}
	return !again
}

// where says where the value at a path stands.
func (c *checker) where(at string) string {
	e := c.doc.Errorf(at, "", "")
	return fmt.Sprintf("first in %s on line %d", path.Base(e.File), e.Line)
}

func shorten(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}

// lexicons reads the files of the folder beside the policy.
func (r *termReader) lexicons(files []File) (out []detect.Lexicon, faults strict.Errors) {
	for _, f := range files {
		if strings.ToLower(path.Ext(f.Name)) == ".txt" {
			if !utf8.Valid(f.Content) {
				faults = append(faults, &strict.Error{File: f.Name, Reason: "the file is not UTF-8", Hint: "save it as UTF-8"})
			}
			out = append(out, detect.Lexicon{Name: f.Name, Text: string(f.Content)})
			continue
		}
		faults = append(faults, r.file(f)...)
	}
	return out, faults
}

// file reads one file of terms: a list, or a list under the key `terms`.
func (r *termReader) file(f File) strict.Errors {
	doc, err := strict.Parse(f.Name, f.Content)
	var written termsFile
	at := ""
	if err == nil && doc.Has("[0]") {
		err = doc.Decode(&written.Terms)
	} else if err == nil {
		at, err = "terms", doc.Decode(&written)
	}
	c := &checker{doc: doc}
	var faults strict.Errors
	if errors.As(err, &faults) {
		return faults
	}
	r.terms(c, at, written.Terms)
	return c.faults
}

// lexiconFault turns an error of a lexicon into one of this package's.
func lexiconFault(err error) *strict.Error {
	var e *detect.LexiconError
	if !errors.As(err, &e) {
		return &strict.Error{Reason: err.Error()}
	}
	out := &strict.Error{File: e.File, Line: e.Line, Column: e.Column, Reason: e.Reason}
	if near, ok := strict.Nearest(e.Word, e.Known); ok {
		out.Hint = "did you mean `" + near + "`?"
	} else if len(e.Known) > 0 && len(e.Known) <= 12 {
		out.Hint = "known: " + strings.Join(e.Known, ", ")
	}
	return out
}

// digest is the hash of the policy file, and of the lexicon folder where it
// holds anything.
func digest(src []byte, files []File) string {
	h := sha256.New()
	h.Write(src)
	for _, f := range files {
		fmt.Fprintf(h, "\x00%s\x00%d\x00", path.Base(f.Name), len(f.Content))
		h.Write(f.Content)
	}
	return hex.EncodeToString(h.Sum(nil))
}
