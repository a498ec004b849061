package deviation

import (
	"embed"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"postvern.example/policy"
	"postvern.example/policy/detect"
)

//go:embed words/*.json
var wordFiles embed.FS

// words are the texts of one language.
type words struct {
	Kinds        map[detect.Kind]string         `json:"kinds"`
	OtherKind    string                         `json:"other_kind"`
	Steps        map[detect.StepKind]string     `json:"steps"`
	Labels       map[string]string              `json:"labels"` // those that are words; names of formats and fields stand for themselves
	Descriptions map[policy.EntryType]occasions `json:"descriptions"`
	Found        string                         `json:"found"`
	Measures     map[string]string              `json:"measures"`
}

// occasions are the sentences for what was caught and for what went out.
type occasions struct {
	Near numbers `json:"near"`
	Real numbers `json:"real"`
}

// numbers are a sentence for one and for several; {n} is how many.
type numbers struct {
	One  string `json:"one"`
	Many string `json:"many"`
}

// Languages lists the languages that records can be written in.
func Languages() []string { return []string{"da", "nb", "nn", "sv", "en"} }

// dictionary reads the texts once. They are part of the program, and a test
// reads them all: one that is broken cannot leave the house.
var dictionary = sync.OnceValue(func() map[string]words {
	all := make(map[string]words)
	for _, lang := range Languages() {
		text, err := wordFiles.ReadFile("words/" + lang + ".json")
		if err != nil {
			panic(fmt.Sprintf("read the words of %s: %v", lang, err))
		}
		var w words
		if err := json.Unmarshal(text, &w); err != nil {
			panic(fmt.Sprintf("read the words of %s: %v", lang, err))
		}
		all[lang] = w
	}
	return all
})

// wordsOf returns the texts of a language, and English ones where it has none.
func wordsOf(lang string) words {
	all := dictionary()
	if w, ok := all[lang]; ok {
		return w
	}
	return all["en"]
}

// Describe returns what happened and what was done at once, in da, nb, nn, sv
// or en (which also stands in for any other). The texts name kinds, places and
// counts, and nothing of the message.
func Describe(entry policy.Entry, lang string) (description, measures string) {
	w := wordsOf(lang)
	o := w.Descriptions[entry.Type]
	n := o.Real
	if entry.NearMiss {
		n = o.Near
	}
	description = n.One
	if entry.Count > 1 {
		description = strings.ReplaceAll(n.Many, "{n}", strconv.Itoa(entry.Count))
	}
	if what := w.what(entry.Findings); what != "" {
		description = strings.TrimSpace(description + " " + strings.ReplaceAll(w.Found, "{what}", what))
	}
	return description, w.Measures[measure(entry)]
}

// measure names the text for what was done.
func measure(entry policy.Entry) string {
	switch entry.Type {
	case policy.EntryOverride, policy.EntryDropped, policy.EntryFailed:
		return string(entry.Type)
	case policy.EntryVisible, policy.EntryBeside:
		if entry.NearMiss && (entry.Action == policy.Pass || entry.Action == policy.Seal) {
			return "hidden"
		}
	default:
	}
	switch entry.Action {
	case policy.Seal, policy.Hold, policy.Reject:
		return string(entry.Action)
	default:
		return string(policy.Pass)
	}
}

// what lists findings: each kind once, with its places.
func (w words) what(findings []detect.Finding) string {
	var kinds []detect.Kind
	places := make(map[detect.Kind][]string)
	seen := make(map[string]bool)
	for _, f := range findings {
		if _, known := places[f.Kind]; !known {
			kinds = append(kinds, f.Kind)
			places[f.Kind] = nil
		}
		place := w.place(f.Place)
		if key := string(f.Kind) + "\x00" + place; place != "" && !seen[key] {
			seen[key] = true
			places[f.Kind] = append(places[f.Kind], place)
		}
	}
	items := make([]string, 0, len(kinds))
	for _, k := range kinds {
		item, ok := w.Kinds[k]
		if !ok {
			item = w.OtherKind
		}
		if len(places[k]) > 0 {
			item += " [" + strings.Join(places[k], "; ") + "]"
		}
		items = append(items, item)
	}
	return strings.Join(items, ", ")
}

// place is a place in words, without any name that the message gives.
func (w words) place(p detect.Place) string {
	steps := make([]string, 0, len(p))
	for _, s := range p {
		text := w.Steps[s.Kind]
		if s.Number > 0 {
			text += " " + strconv.Itoa(s.Number)
		}
		if s.Label != "" {
			label, ok := w.Labels[s.Label]
			if !ok {
				label = s.Label
			}
			text += " (" + label + ")"
		}
		steps = append(steps, strings.TrimSpace(text))
	}
	return strings.Join(steps, ", ")
}
