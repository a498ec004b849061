package policy

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"postvern.example/policy/detect"
	"postvern.example/policy/strict"
)

// Load reads a policy file; file names it in errors, and lexicons are the files
// of the folder beside it, in the order of their names. Keys that are left out
// have the values of the design's example. An error is of type strict.Errors
// and holds every fault with file, line and column.
func Load(file string, src []byte, lexicons ...File) (*Policy, error) {
	doc, err := strict.Parse(file, src)
	if err != nil {
		return nil, err
	}
	written := defaults()
	c := &checker{doc: doc}
	if err := doc.Decode(&written); err != nil {
		var faults strict.Errors
		if !errors.As(err, &faults) {
			return nil, err
		}
		c.faults = append(c.faults, faults...)
	}
	p := c.policy(written)
	words := termReader{seen: map[termKey]termPlace{}}
	words.terms(c, "terms", written.Terms)
	own, faults := words.lexicons(lexicons)
	if err := append(c.faults, faults...).Sorted(); err != nil {
		return nil, err
	}
	p.Terms, p.Lexicons = words.out, own
	if len(own) > 0 {
		if _, err := detect.NewScanner(p.Detection()); err != nil {
			return nil, strict.Errors{lexiconFault(err)}
		}
	}
	p.Hash = digest(src, lexicons)
	return p, nil
}

// checker makes the checks that types cannot make and notes every fault.
type checker struct {
	doc    *strict.Document
	faults strict.Errors
}

func (c *checker) fault(path, hint, format string, args ...any) {
	c.faults = append(c.faults, c.doc.Errorf(path, hint, format, args...))
}

func (c *checker) policy(f policyFile) *Policy {
	if f.Version != 1 && c.doc.Has("version") {
		c.fault("version", "write `version: 1`", "version %d is not known", f.Version)
	}
	c.text("organisation", f.Organisation)
	c.contact(f.Contact)
	if f.Recipients.From < 1 {
		c.fault("recipients.from", "", "%d members are too few: 1 is the least", f.Recipients.From)
	}
	c.tag(f.Subject)
	c.signature(f)
	c.positive("deviations.follow-up", f.Deviations.FollowUp)
	c.positive("deviations.keep", f.Deviations.Keep)
	c.positive("held.keep", f.Held.Keep)
	return &Policy{
		Organisation: strings.TrimSpace(f.Organisation),
		Language:     f.Language,
		Mode:         f.Mode,
		Contact:      f.Contact,
		Scope:        f.Scope,
		People: People{
			Union:    c.patterns("people.union", f.People.Union),
			Employer: c.patterns("people.employer", f.People.Employer),

			Groups:      c.patterns("people.groups", f.People.Groups),
			SameMailbox: c.sameMailbox(f.People.SameMailbox),
		},
		Recipients: Recipients(f.Recipients),
		Rules:      c.rules(f),
		Codes:      c.codes(f.Codes),
		Signature:  f.Signature, SignatureKey: f.SignatureKey,
		KeySources: c.keySources(f.KeySources),
		Subject:    Subject{Tag: strings.Join(strings.Fields(f.Subject.Tag), " "), On: f.Subject.On, Names: f.Subject.Names},
		Deviations: Deviations(f.Deviations),
		Held:       Held{Keep: f.Held.Keep, Ask: c.ask(f.Held.Ask)},
	}
}

func (c *checker) text(path, s string) {
	if !c.doc.Has(path) {
		return
	}
	switch {
	case strings.TrimSpace(s) == "":
		c.fault(path, "", "nothing is written here")
	case strings.ContainsFunc(s, unicode.IsControl):
		c.fault(path, "write it on one line", "control characters or line ends stand in it")
	case utf8.RuneCountInString(s) > 100:
		c.fault(path, "", "it is longer than 100 characters")
	}
}

func (c *checker) contact(s string) {
	if _, ok := bare(s); !ok && c.doc.Has("contact") {
		c.fault("contact", "write it like dpo@forening.example", "`%s` is no mail address", s)
	}
}

func (c *checker) tag(s subjectFile) {
	switch {
	case s.On != OnNever && strings.TrimSpace(s.Tag) == "":
		c.fault("subject.tag", "write a tag, or `on: never`", "the tag is empty")
	case s.On != OnNever && len(tagWords(s.Tag)) == 0:
		c.fault("subject.tag", "put a word in it", "the tag has no letter or digit: it could not be found again in an answer")
	case strings.ContainsFunc(s.Tag, unicode.IsControl):
		c.fault("subject.tag", "write it on one line", "control characters or line ends stand in it")
	case utf8.RuneCountInString(s.Tag) > 60:
		c.fault("subject.tag", "", "it is longer than 60 characters")
	}
}

func (c *checker) positive(path string, d strict.Duration) {
	if d <= 0 {
		c.fault(path, "", "the span of time has to be longer than nothing")
	}
}

func (c *checker) patterns(path string, written []string) []Pattern {
	var out []Pattern
	for i, w := range written {
		p, ok := ParsePattern(w)
		if !ok {
			c.fault(fmt.Sprintf("%s[%d]", path, i), "write an address, \"*@forening.example\", or \"*@*.forening.example\"", "`%s` is no pattern of addresses", w)
		}
		out = append(out, p)
	}
	return out
}

func (c *checker) rules(f policyFile) []Rule {
	out := make([]Rule, 0, len(f.PersonalData))
	seen := map[string]bool{}
	common, commonFor := c.protection("protection", f.Protection), c.ladders("protection-for", f.For)
	for i, w := range f.PersonalData {
		path := fmt.Sprintf("personal-data[%d]", i)
		r := Rule{Name: strings.TrimSpace(w.Name), Do: w.Do, WithoutKey: w.WithoutKey, Severity: w.Severity}
		if c.text(path+".name", w.Name); seen[strings.ToLower(r.Name)] && r.Name != "" {
			c.fault(path+".name", "give each rule a name of its own", "another rule is named `%s`", r.Name)
		}
		seen[strings.ToLower(r.Name)] = true
		if slices.Contains(BuiltinRules(), r.Name) {
			c.fault(path+".name", "choose another", "the name `%s` is used by the gateway itself", r.Name)
		}
		r.Detect = c.kinds(path, w.Detect)
		r.To, r.Except = c.audience(path+".to", w.To), c.audience(path+".except", w.Except)
		if r.Strength = w.Strength; r.Strength != "" && !r.names(detect.Protected) {
			c.fault(path+".strength", "leave it out, or add protected to detect", "strength is of protected files, and the rule does not detect them")
		}
		r.Confidence = confidence(w.Confidence)
		r.Protection, r.For = c.protection(path+".protection", w.Protection), c.ladders(path+".protection-for", w.For)
		r.own = w.WithoutKey != "" && w.WithoutKey != DoHold || len(w.Protection)+len(w.For) > 0
		switch {
		case r.WithoutKey != "" && len(w.Protection) > 0:
			c.fault(path+".without-key", "it is short for protection: keep one of them", "protection says already what becomes of a reader without a key")
		case r.WithoutKey == "" && len(w.Protection) == 0:
			r.Protection, r.For = common, append(r.For, commonFor...)
		}
		if r.WithoutKey == "" {
			r.WithoutKey = DoHold
		}
		if r.Severity == "" {
			r.Severity = Medium
		}
		out = append(out, r)
	}
	return out
}

func (c *checker) kinds(path string, written []string) []detect.Kind {
	all := make([]string, 0, len(detect.Kinds()))
	for _, k := range detect.Kinds() {
		all = append(all, string(k))
	}
	var out []detect.Kind
	for i, w := range written {
		at := fmt.Sprintf("%s.detect[%d]", path, i)
		if !slices.Contains(all, w) {
			hint := "known kinds: " + strings.Join(all, ", ")
			if k, ok := strict.Nearest(w, all); ok {
				hint = "did you mean `" + k + "`?"
			}
			c.fault(at, hint, "`%s` is no kind of personal data", w)
		}
		if slices.Contains(out, detect.Kind(w)) {
			c.fault(at, "keep one of them", "`%s` stands here a second time", w)
		}
		out = append(out, detect.Kind(w))
	}
	if len(written) == 0 && c.doc.Has(path+".detect") {
		c.fault(path+".detect", "name one kind at least", "the rule detects nothing")
	}
	return out
}

// confidence returns the level of a word; none means likely.
func confidence(word string) detect.Confidence {
	for _, l := range []detect.Confidence{detect.Possible, detect.Certain} {
		if l.String() == word {
			return l
		}
	}
	return detect.Likely
}
