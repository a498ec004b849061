package detect_test

import (
	"errors"
	"slices"
	"testing"

	"postvern.example/policy/detect"
)

func TestWhatALanguageSaysIsNotFoundInTheWordsOfAnother(t *testing.T) {
	s := scanner(t)
	for _, c := range []struct {
		text string
		kind detect.Kind
		want bool
	}{
		{"China is furious that Japan has outbid it, and Anna has the story.", detect.Ethnicity, false},
		{"Anna has written a book of statements on Iraq and of the war.", detect.Ethnicity, false},
		{"It is the same virtuous circle that Anna has enjoyed.", detect.Ethnicity, false},
		{"Anna is from Iraq.", detect.Ethnicity, true},
		{"Anna on kotoisin Irakista.", detect.Ethnicity, true},
		{"Anna er same.", detect.Ethnicity, true},
		{"Anna har lupus.", detect.Health, true},
		{"Anna has lupus.", detect.Health, true},
	} {
		if got := best(s, prose(c.text), nil)[c.kind]; got >= detect.Likely != c.want {
			t.Errorf("%s is %s with confidence %d", c.text, c.kind, got)
		}
	}
}

func TestALineOfALexiconIsReadInItsLanguages(t *testing.T) {
	own := detect.Lexicon{Name: "own.txt", Text: "[class SEEN]\nda: set\nen: seen\n[health]\nda en: ~ SEEN ..3 @fysioterapeuten\n"}
	s, err := detect.NewScanner(detect.Config{Lexicons: []detect.Lexicon{own}})
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]detect.Confidence{
		"Anna har set fysioterapeuten i dag, og det er godt.":         detect.Likely,
		"Anna was seen with the fysioterapeuten and it is not much.":  detect.Likely,
		"Anna set bei fysioterapeuten":                                detect.Likely,
		"Anna ja Pekka: hän on set fysioterapeuten, ja se oli minun.": 0,
	} {
		if got := best(s, prose(text), nil)[detect.Health]; got != want {
			t.Errorf("%q has confidence %d", text, got)
		}
	}
	own.Text = "[health]\nda dk: ~ @fysioterapeuten\n"
	_, err = detect.NewScanner(detect.Config{Lexicons: []detect.Lexicon{own}})
	var fault *detect.LexiconError
	if !errors.As(err, &fault) || fault.Line != 2 || fault.Column != 4 || fault.Word != "dk" || !slices.Contains(fault.Known, "da") {
		t.Errorf("a language that nobody speaks: %v", err)
	}
}
