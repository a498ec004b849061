package notice

import (
	"slices"
	"strconv"
	"strings"

	"postvern.example/policy/detect"
)

// Place returns a place in words: "vedhæftning 2 (PDF), side 2". Like
// detect.Place.String it never shows a name that stands in the message.
func (c *Catalog) Place(lang string, p detect.Place) string {
	return c.in(lang).place(p)
}

// Kind returns the name of a kind, without an article: "CPR-nummer". A kind
// that has no word is returned as it is.
func (c *Catalog) Kind(lang string, k detect.Kind) string {
	return c.in(lang).word("kind", string(k))
}

// Evidence returns one reason for or against a finding in words. One that has
// no words is returned as it is.
func (c *Catalog) Evidence(lang string, e detect.Evidence) string {
	return c.in(lang).word("evidence", string(e))
}

func (s speaker) word(section, name string) string {
	if t, ok := s[section+"."+name]; ok {
		return t.other
	}
	return clean(name, 40)
}

func (s speaker) place(p detect.Place) string {
	steps := make([]string, len(p))
	for i, step := range p {
		steps[i] = s.step(step)
	}
	return strings.Join(steps, ", ")
}

// step has a text of its own for well-known labels ("header.Subject") and
// builds the others from the word, the number and the label.
func (s speaker) step(step detect.Step) string {
	if t, ok := s["place."+string(step.Kind)+"-"+step.Label]; ok && step.Number == 0 {
		return t.other
	}
	w := s.word("place", string(step.Kind))
	if step.Number > 0 {
		w += " " + strconv.Itoa(step.Number)
	}
	if step.Label != "" {
		w += " (" + s.word("label", step.Label) + ")"
	}
	return w
}

// kinds returns what was found as prose, in the manual's order, with number:
// "et CPR-nummer og helbredsoplysninger". Past the limit of words stands "more".
func (s speaker) kinds(findings []detect.Finding, most int) string {
	counts := map[detect.Kind]int{}
	for _, f := range findings {
		counts[f.Kind] += max(f.Count, 1)
	}
	order := detect.Kinds()
	for _, f := range findings {
		if !slices.Contains(order, f.Kind) {
			order = append(order, f.Kind)
		}
	}
	var words []string
	for _, k := range order {
		if n := counts[k]; n > 0 {
			if _, ok := s["found."+string(k)]; ok {
				words = append(words, s.count("found."+string(k), n, nil))
			} else {
				words = append(words, s.word("kind", string(k)))
			}
		}
	}
	if len(words) > most {
		words = append(words[:most-1], s.say("format.more-kinds", nil))
	}
	return list(words, ", ", s.say("format.and", nil))
}

// where returns the distinct places of the findings, in their order.
func (s speaker) where(findings []detect.Finding) []string {
	var places []string
	for _, f := range findings {
		if p := s.place(f.Place); p != "" && !slices.Contains(places, p) {
			places = append(places, p)
		}
	}
	return places
}
