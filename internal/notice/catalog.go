// Package notice writes what people read: the replies and mails to a sender,
// the mails to the data protection officer, the register's descriptions and
// the words of the console, in Danish, Norwegian (bokmål, nynorsk), Swedish and
// English.
//
// The texts stand in text/*.yaml and are compiled in. Load checks that every
// language has the same keys, plurals and placeholders, so that nothing is
// missing when a mail is on its way; a language that is not there is answered
// in English. No text holds a value that was found, a reader's address, a file
// name or a subject: the types that go in have no field for one (but Question,
// which asks a sender about addresses that they wrote), and what an
// administrator wrote (rule names, contact) loses its control characters.
package notice

import (
	"embed"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/goccy/go-yaml"

	"postvern.example/policy"
)

//go:embed text/*.yaml
var files embed.FS

// fallback is the language for one that the catalog does not have.
const fallback = "en"

// Catalog holds every text in every language. It is not changed after Load and
// safe for use by several goroutines.
type Catalog struct {
	texts map[string]map[string]text // language, key
}

// text is one entry: other alone where no number matters.
type text struct{ one, other string }

var placeholder = regexp.MustCompile(`\{[a-z]+\}`)

// Load reads the embedded texts. It returns an error that names language and
// key where one language lacks a key, a plural or a placeholder of another.
func Load() (*Catalog, error) {
	c := &Catalog{texts: map[string]map[string]text{}}
	for _, lang := range policy.Languages() {
		data, err := files.ReadFile("text/" + lang + ".yaml")
		if err != nil {
			return nil, fmt.Errorf("read texts: %w", err)
		}
		if c.texts[lang], err = parse(data); err != nil {
			return nil, fmt.Errorf("read texts in %s: %w", lang, err)
		}
	}
	if err := c.check(); err != nil {
		return nil, err
	}
	return c, nil
}

func parse(data []byte) (map[string]text, error) {
	var tree map[string]any
	if err := yaml.Unmarshal(data, &tree); err != nil {
		return nil, fmt.Errorf("parse: %w", err)
	}
	texts := map[string]text{}
	if err := flatten("", tree, texts); err != nil {
		return nil, err
	}
	return texts, nil
}

func flatten(prefix string, node map[string]any, into map[string]text) error {
	for name, v := range node {
		key := strings.TrimPrefix(prefix+"."+name, ".")
		switch v := v.(type) {
		case string:
			if v == "" {
				return fmt.Errorf("%s is empty", key)
			}
			into[key] = text{other: v}
		case map[string]any:
			one, other := v["one"], v["other"]
			if one == nil { // a section
				if err := flatten(key, v, into); err != nil {
					return err
				}
				continue
			}
			t := text{}
			var ok1, ok2 bool
			t.one, ok1 = one.(string)
			t.other, ok2 = other.(string)
			if !ok1 || !ok2 || t.one == "" || t.other == "" || len(v) != 2 {
				return fmt.Errorf("%s needs one and other, and nothing else", key)
			}
			into[key] = t
		default:
			return fmt.Errorf("%s is not a text", key)
		}
	}
	return nil
}

// check compares each language with English.
func (c *Catalog) check() error {
	model := c.texts[fallback]
	for _, lang := range c.Languages() {
		if lang == fallback {
			continue
		}
		for _, key := range slices.Sorted(maps.Keys(c.texts[lang])) {
			if _, ok := model[key]; !ok {
				return fmt.Errorf("%s: %s has no counterpart in %s", lang, key, fallback)
			}
		}
		for _, key := range slices.Sorted(maps.Keys(model)) {
			t, ok := c.texts[lang][key]
			switch {
			case !ok:
				return fmt.Errorf("%s: %s is missing", lang, key)
			case (t.one == "") != (model[key].one == ""):
				return fmt.Errorf("%s: %s has a plural in one language only", lang, key)
			case !slices.Equal(holes(t.other), holes(model[key].other)):
				return fmt.Errorf("%s: %s has placeholders %v, not %v", lang, key, holes(t.other), holes(model[key].other))
			}
		}
	}
	return nil
}

func holes(s string) []string {
	return slices.Compact(slices.Sorted(slices.Values(placeholder.FindAllString(s, -1))))
}

// Languages returns the codes of the languages: da, en, nb, nn, sv.
func (c *Catalog) Languages() []string { return slices.Sorted(maps.Keys(c.texts)) }

// Language returns the catalog's code for a language tag as people write it
// ("da-DK", "NO", "nn_NO"); en for an unknown one.
func (c *Catalog) Language(tag string) string {
	base, _, _ := strings.Cut(strings.ReplaceAll(strings.ToLower(strings.TrimSpace(tag)), "_", "-"), "-")
	if base == "no" {
		base = "nb"
	}
	if _, ok := c.texts[base]; ok {
		return base
	}
	return fallback
}

// Word returns the text of a key such as "verdict.hold" or "severity.high", and
// whether there is one. The keys stand in text/en.yaml.
func (c *Catalog) Word(lang, key string) (string, bool) {
	t, ok := c.texts[c.Language(lang)][key]
	return t.other, ok
}

// values fills placeholders.
type values map[string]string

// speaker is the catalog in one language.
type speaker map[string]text

func (c *Catalog) in(lang string) speaker { return c.texts[c.Language(lang)] }

// say returns a text with its placeholders filled. A key that is not there
// comes back itself: a person can still report it.
func (s speaker) say(key string, v values) string {
	t, ok := s[key]
	if !ok {
		return key
	}
	return fill(t.other, v)
}

// count returns the singular or plural text for n.
func (s speaker) count(key string, n int, v values) string {
	t, ok := s[key]
	if !ok {
		return key
	}
	all := values{"count": strconv.Itoa(n)}
	maps.Copy(all, v)
	if n == 1 && t.one != "" {
		return fill(t.one, all)
	}
	return fill(t.other, all)
}

// fill replaces placeholders in one pass: a value that looks like one stays.
func fill(s string, v values) string {
	return placeholder.ReplaceAllStringFunc(s, func(hole string) string {
		if value, ok := v[strings.Trim(hole, "{}")]; ok {
			return value
		}
		return hole
	})
}

// list joins items as prose: "a, b and c". last stands before the last item.
func list(items []string, comma, last string) string {
	if len(items) < 2 {
		return strings.Join(items, "")
	}
	n := len(items) - 1
	return strings.Join(items[:n], comma) + last + items[n]
}

// clean makes an administrator's words fit for one line: no control
// characters or line ends, at most limit runes.
func clean(s string, limit int) string {
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == unicode.ReplacementChar
	}), " ")
	if runes := []rune(s); len(runes) > limit {
		return string(runes[:limit-1]) + "…"
	}
	return s
}

// capital makes the first letter a capital.
func capital(s string) string {
	for i, r := range s {
		return s[:i] + string(unicode.ToUpper(r)) + s[i+len(string(r)):]
	}
	return s
}
