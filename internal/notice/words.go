package notice

import (
	"regexp"
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

// FullPlace returns the same with the names that stand in the message. It is
// content: show it only to somebody who holds the message.
func (c *Catalog) FullPlace(lang string, p detect.Place) string {
	s := c.in(lang)
	steps := make([]string, len(p))
	for i, step := range p {
		steps[i] = s.step(step)
		if step.Name != "" {
			steps[i] += " " + strconv.Quote(step.Name)
		}
	}
	return strings.Join(steps, ", ")
}

// placeStep is one step of a place as detect.Place.String writes it.
var placeStep = regexp.MustCompile(`^([a-z]+)(?: ([0-9]{1,9}))?(?: \(([^()]+)\))?$`)

// PlaceText returns a place that stands as detect.Place.String wrote it, as in
// the register, in words. One that is written otherwise is returned as it is.
func (c *Catalog) PlaceText(lang, text string) string {
	var place detect.Place
	for step := range strings.SplitSeq(text, ", ") {
		m := placeStep.FindStringSubmatch(step)
		if m == nil {
			return clean(text, 200)
		}
		number, _ := strconv.Atoi(m[2]) // none is 0
		place = append(place, detect.Step{Kind: detect.StepKind(m[1]), Number: number, Label: m[3]})
	}
	return c.Place(lang, place)
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

// Rule returns what people call a rule: the words for one that stands in no
// policy file ("recipients.from"), and otherwise the name that the policy gives
// it, without control characters and at most 60 runes long.
func (c *Catalog) Rule(lang, name string) string {
	return c.in(lang).rule(name, 60)
}

func (s speaker) rule(name string, limit int) string {
	if t, ok := s["rule."+name]; ok {
		return t.other
	}
	return clean(name, limit)
}

func (s speaker) has(key string) bool {
	_, ok := s[key]
	return ok
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
	var words []string
	for _, g := range group(findings) {
		words = append(words, s.counted(g.kind, g.count))
	}
	if len(words) > most {
		words = append(words[:most-1], s.say("format.more-kinds", nil))
	}
	return list(words, ", ", s.say("format.and", nil))
}

// counted returns a kind with its article or in the plural: "et CPR-nummer".
func (s speaker) counted(k detect.Kind, n int) string {
	if key := "found." + string(k); s.has(key) {
		return s.count(key, n, nil)
	}
	return s.word("kind", string(k))
}

// ofKind is all findings of one kind.
type ofKind struct {
	kind     detect.Kind
	count    int
	body     int // of them, those in the body: text and HTML say the same, and count once
	findings []detect.Finding
}

// group puts findings together by kind, in the manual's order; kinds that the
// manual does not have come last.
func group(findings []detect.Finding) []ofKind {
	byKind := map[detect.Kind]*ofKind{}
	order := detect.Kinds()
	for _, f := range findings {
		g := byKind[f.Kind]
		if g == nil {
			g = &ofKind{kind: f.Kind}
			byKind[f.Kind] = g
			if !slices.Contains(order, f.Kind) {
				order = append(order, f.Kind)
			}
		}
		n := max(f.Count, 1)
		if len(f.Place) > 0 && f.Place[0].Kind == detect.InBody {
			g.count += max(0, n-g.body)
			g.body = max(g.body, n)
		} else {
			g.count += n
		}
		g.findings = append(g.findings, f)
	}
	var groups []ofKind
	for _, k := range order {
		if g := byKind[k]; g != nil {
			groups = append(groups, *g)
		}
	}
	return groups
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
