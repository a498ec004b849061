package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"postvern.example/internal/notice"
)

// asked finds the texts that the source of the commands asks for.
var asked = regexp.MustCompile(`"([a-z]+(?:-[a-z]+)*)"`)

// TestEveryTextThatACommandSaysIsThereInEveryLanguage compares the source with
// the catalogue: what is asked for is there, and what is there is asked for.
func TestEveryTextThatACommandSaysIsThereInEveryLanguage(t *testing.T) {
	texts, err := notice.Load()
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	literals := map[string]bool{}
	said := regexp.MustCompile(`(?:say|s)\.(?:say|count|fault)\("([a-z-]+)"`)
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range asked.FindAllStringSubmatch(string(source), -1) {
			literals[m[1]] = true
		}
		for _, m := range said.FindAllStringSubmatch(string(source), -1) {
			for _, lang := range texts.Languages() {
				if _, ok := texts.Word(lang, "command."+m[1]); !ok {
					t.Errorf("%s says %s, which %s lacks", file, m[1], lang)
				}
			}
		}
	}
	for _, key := range texts.Keys("command") {
		if !literals[strings.TrimPrefix(key, "head-")] {
			t.Errorf("nobody says %s", key)
		}
	}
}

// TestHeadingsAreWordsInEveryLanguage covers headings, whose words stand in two
// sections of the catalogue.
func TestHeadingsAreWordsInEveryLanguage(t *testing.T) {
	texts, err := notice.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range texts.Languages() {
		say := speaker{texts: texts, language: lang}
		for _, key := range texts.Keys("command") {
			if name, ok := strings.CutPrefix(key, "head-"); ok && say.head(name) != texts.Say(lang, "command."+key, nil) {
				t.Errorf("%s: %s is called %q", lang, name, say.head(name))
			}
		}
		for _, name := range []string{"reference", "date", "found", "where", "rule"} {
			if _, ok := texts.Word(lang, "word."+name); !ok || say.head(name) != say.word("word", name) {
				t.Errorf("%s: %s is called %q", lang, name, say.head(name))
			}
		}
	}
}
