// Package notice writes what people read: the replies and mails to a sender,
// the mails to the data protection officer, the register's descriptions and
// the words of the console, in Danish, Norwegian (bokmål, nynorsk), Swedish and
// English.
//
// The texts stand in text/*.yaml and are compiled in. The tests see to it that
// every language has the same keys, plurals and placeholders, so that nothing is
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
	"sync"
	"unicode"

	"github.com/goccy/go-yaml"

	"postvern.example/policy"
)

//go:embed text/*.yaml
var files embed.FS

// fallback is the language for one that the catalog does not have.
const fallback = "en"

// Catalog holds every text in every language. It is safe for use by several
// goroutines.
type Catalog struct {
	texts map[string]func() map[string]text // by language; each is read when it is first spoken
}

// text is one entry: other alone where no number matters.
type text struct{ one, other string }

var placeholder = regexp.MustCompile(`\{[a-z]+\}`)

// Load opens the embedded texts. It returns an error where a language is not
// among them.
func Load() (*Catalog, error) {
	c := &Catalog{texts: map[string]func() map[string]text{}}
	for _, lang := range policy.Languages() {
		data, err := files.ReadFile("text/" + lang + ".yaml")
		if err != nil {
			return nil, fmt.Errorf("read texts: %w", err)
		}
		c.texts[lang] = sync.OnceValue(func() map[string]text {
			texts, err := parse(data)
			if err != nil {
				panic(fmt.Sprintf("the compiled-in texts in %s: %v", lang, err)) // no release is made of such
			}
			return texts
		})
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
	t, ok := c.in(lang)[key]
	return t.other, ok
}

// Say returns the text of a key with its placeholders filled by name.
func (c *Catalog) Say(lang, key string, fills map[string]string) string {
	return c.in(lang).say(key, fills)
}

// Count returns the singular or plural text of a key for n.
func (c *Catalog) Count(lang, key string, n int, fills map[string]string) string {
	return c.in(lang).count(key, n, fills)
}

// Keys returns the names of a section's texts.
func (c *Catalog) Keys(section string) (names []string) {
	for key := range c.in(fallback) {
		if name, ok := strings.CutPrefix(key, section+"."); ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// values fills placeholders.
type values map[string]string

// speaker is the catalog in one language.
type speaker map[string]text

func (c *Catalog) in(lang string) speaker { return c.texts[c.Language(lang)]() }

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
