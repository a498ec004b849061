package main

import (
	"errors"
	"strings"

	"postvern.example/internal/app"
	"postvern.example/internal/notice"
)

// readable is the language of what a command prints for people. What the
// register says is written in the organisation's when it is entered.
type readable struct {
	Language string `enum:"policy,da,nb,nn,sv,en" default:"policy" placeholder:"LANGUAGE" help:"The language of headings and names: policy (the policy's own), da, nb, nn, sv, en."`
}

// speaker says the words of one language.
type speaker struct {
	texts    *notice.Catalog
	language string
}

// speaker returns that of the flag, or else of the policy; English where the
// policy cannot be read.
func (r readable) speaker(file string) (speaker, error) {
	config, err := app.LoadConfig(file)
	if err != nil {
		config.Policy = ""
	}
	return r.speak(config.Policy)
}

// speak returns the same by the policy file itself.
func (r readable) speak(file string) (speaker, error) {
	say := speaker{language: r.Language}
	if say.language == "policy" {
		say.language = "en"
		if p, err := app.LoadPolicy(file); err == nil {
			say.language = p.Language
		}
	}
	var err error
	say.texts, err = notice.Load()
	return say, err
}

// office is an installation that a data protection officer works on.
type office struct {
	installation `embed:""`
	readable     `embed:""`
}

// words returns the words that the installation's commands say.
func (o office) words() (speaker, error) { return o.speaker(o.Config) }

// say returns what a command says in one text, its placeholders filled from
// names and values in turn.
func (s speaker) say(key string, fills ...string) string {
	return s.texts.Say(s.language, "command."+key, pairs(fills))
}

// count returns the same for so many of something.
func (s speaker) count(key string, n int, fills ...string) string {
	return s.texts.Count(s.language, "command."+key, n, pairs(fills))
}

// fault is an error that says the same.
func (s speaker) fault(key string, fills ...string) error {
	return errors.New(s.say(key, fills...))
}

func pairs(fills []string) map[string]string {
	named := map[string]string{}
	for i := 0; i+1 < len(fills); i += 2 {
		named[fills[i]] = fills[i+1]
	}
	return named
}

// heads returns the headings of a table, in capitals.
func (s speaker) heads(keys ...string) string {
	words := make([]string, len(keys))
	for i, key := range keys {
		words[i] = strings.ToUpper(s.head(key))
	}
	return strings.Join(words, "\t")
}

// head returns one heading.
func (s speaker) head(key string) string {
	if key == "id" {
		return "ID"
	}
	if w, ok := s.texts.Word(s.language, "command.head-"+key); ok {
		return w
	}
	return s.word("word", key)
}

// capital makes the first letter a capital.
func capital(word string) string {
	r := []rune(word)
	return strings.ToUpper(string(r[:1])) + string(r[1:])
}

// word returns the word for a name, or the name where there is none.
func (s speaker) word(section, name string) string {
	if w, ok := s.texts.Word(s.language, section+"."+name); ok {
		return w
	}
	return name
}
