package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"postvern.example/policy"
	"postvern.example/proxy"
)

// explainer prints an explanation in the words of one language.
type explainer struct {
	w   io.Writer
	say speaker
}

func (e explainer) line(indent, key string, fills ...string) {
	fmt.Fprintln(e.w, indent+e.say.say(key, fills...))
}

// under is where what belongs to a recipient stands.
const under = "          "

func (e explainer) print(x proxy.Explanation) {
	if x.Representative {
		e.line("", "explain-representative")
	} else {
		e.line("", "explain-ordinary")
	}
	if x.Sealed {
		e.line("", "explain-sealed")
	}
	if x.Refused != "" {
		e.line("", "explain-refused", "reply", x.Refused)
	}
	if x.Mode == policy.Observe {
		e.line("", "explain-observe")
	}
	e.line("\n", "explain-recipients")
	hidden, width := hiddenBy(x), 0
	for _, r := range x.Recipients {
		width = max(width, utf8.RuneCountInString(e.say.word("verdict", string(r.Verdict))))
	}
	for _, r := range x.Recipients {
		e.recipient(r, hidden[strings.ToLower(r.Address)], width)
	}
	if len(x.Recipients) == 0 {
		e.line("  ", "explain-nobody")
	}
	e.found(x)
	if len(x.Consents) > 0 {
		e.line("\n", "explain-consents")
		fmt.Fprintf(e.w, "  %s\n", strings.Join(x.Consents, ", "))
	}
	e.line("\n", "explain-register")
	for _, r := range x.Entries {
		what := e.say.word("word", "deviation")
		if r.NearMiss {
			what = e.say.word("word", "near-miss")
		}
		e.line("  ", "explain-entry", "what", what, "type", e.say.word("type", string(r.Type)), "severity", e.say.word("severity", string(r.Severity)), "rule", e.say.rule(r.Rule))
	}
	if len(x.Entries) == 0 {
		e.line("  ", "explain-nothing")
	}
	e.edits(x)
}

func (e explainer) recipient(r proxy.ExplainedRecipient, hidden bool, width int) {
	var roles []string
	for _, role := range r.Roles {
		roles = append(roles, e.say.word("role", role))
	}
	if len(roles) == 0 {
		roles = []string{e.say.word("role", "none")}
	}
	if hidden {
		roles = append(roles, e.say.word("role", "hidden"))
	}
	keys := e.say.say("explain-key", "state", e.say.word("key-mark", string(r.Key)))
	if r.Certificate != policy.KeyNone {
		keys += "; " + e.say.say("explain-certificate", "state", e.say.word("key-mark", string(r.Certificate)))
	}
	verdict := e.say.word("verdict", string(r.Verdict))
	pad := strings.Repeat(" ", width-utf8.RuneCountInString(verdict))
	fmt.Fprintf(e.w, "  %s%s  %s (%s; %s)\n", verdict, pad, r.Address, strings.Join(roles, ", "), keys)
	for _, b := range r.Before {
		fmt.Fprintf(e.w, "%s%s\n", under, e.say.count("went-as", int(b.Copies), "step", e.say.word("step", b.Step), "day", b.Last))
	}
	for _, why := range r.Reasons {
		because := e.say.say("explain-because", "rule", e.say.rule(why.Rule), "do", e.say.word("action", why.Do))
		if why.Key != "" {
			because += " (" + e.say.say("explain-key", "state", e.say.word("key-mark", string(why.Key))) + ")"
		}
		fmt.Fprintln(e.w, under+because)
		e.ladder(why.Ladder)
	}
	if len(r.Choices) > 0 {
		var choices []string
		for _, c := range r.Choices {
			choices = append(choices, e.say.word("question", "choice-"+string(c)))
		}
		e.line(under, "explain-asked", "choices", strings.Join(choices, ", "))
	}
	if r.LookUp {
		e.line(under, "explain-look-up")
	}
	if r.Code != "" {
		e.line(under, "explain-code", "way", e.say.word("code-way", string(r.Code)))
	}
}

// ladder prints the steps that were tried for a reader.
func (e explainer) ladder(ladder []proxy.ExplainedRung) {
	var steps []string
	for _, r := range ladder {
		why := e.say.say("explain-taken")
		switch mark, isState := e.say.texts.Word(e.say.language, "key-mark."+string(r.Obstacle)); {
		case r.Obstacle == "":
		case isState && r.Step == policy.StepSMIME:
			why = e.say.say("explain-certificate", "state", mark)
		case isState:
			why = e.say.say("explain-key", "state", mark)
		default:
			why = e.say.word("obstacle", string(r.Obstacle))
		}
		steps = append(steps, e.say.word("step", string(r.Step))+" – "+why)
	}
	if len(steps) > 0 {
		e.line(under, "explain-ladder", "steps", strings.Join(steps, "; "))
	}
}

func (e explainer) found(x proxy.Explanation) {
	e.line("\n", "explain-found")
	for _, f := range x.Findings {
		var evidence []string
		for _, one := range f.Evidence {
			evidence = append(evidence, e.say.texts.Evidence(e.say.language, one))
		}
		fmt.Fprintf(e.w, "  %s – %s: %s, %d× (%s)\n", e.say.texts.Kind(e.say.language, f.Kind), e.say.texts.FullPlace(e.say.language, f.At),
			e.say.word("confidence", f.Confidence), f.Count, strings.Join(evidence, "; "))
	}
	if len(x.Findings) == 0 {
		e.line("  ", "explain-nothing")
	}
	if outOfScope(x) {
		e.line("  ", "explain-scope")
	}
}

func (e explainer) edits(x proxy.Explanation) {
	e.line("\n", "explain-edits")
	for _, one := range x.Edits {
		e.line("  ", "explain-edit", "edit", e.say.word("edit", string(one.Kind)), "rule", e.say.rule(one.Reason))
	}
	switch {
	case x.Uneditable != "":
		e.line("  ", "explain-uneditable", "why", x.Uneditable)
	case x.Diff != "":
		words := strings.NewReplacer("--- as written\n", "--- "+e.say.say("explain-written")+"\n", "+++ as sent\n", "+++ "+e.say.say("explain-sent")+"\n")
		head, rest, _ := strings.Cut(x.Diff, "@@")
		fmt.Fprintf(e.w, "\n%s@@%s", words.Replace(head), rest)
	case refused(x):
		e.line("  ", "explain-reject")
	case len(x.Edits) == 0:
		e.line("  ", "explain-unchanged")
	}
}

// rule returns what people call a rule, and beside it the key of policy.yaml
// where it has no name there.
func (s speaker) rule(name string) string {
	if called := s.texts.Rule(s.language, name); called != name && strings.Contains(name, ".") {
		return s.say("rule-and-key", "rule", called, "key", name)
	}
	return s.say("rule-named", "rule", s.texts.Rule(s.language, name))
}

// outOfScope reports whether there are findings that no rule was asked about.
func outOfScope(x proxy.Explanation) bool {
	return !x.Representative && len(x.Findings) > 0 && len(x.Entries) == 0 &&
		!slices.ContainsFunc(x.Recipients, func(r proxy.ExplainedRecipient) bool { return len(r.Reasons) > 0 })
}

// hiddenBy returns the addresses that the edits take out of visible fields.
func hiddenBy(x proxy.Explanation) map[string]bool {
	hidden := map[string]bool{}
	for _, e := range x.Edits {
		if e.Kind == policy.EditHide {
			for _, a := range e.Addresses {
				hidden[strings.ToLower(a)] = true
			}
		}
	}
	return hidden
}

func refused(x proxy.Explanation) bool {
	return x.Mode != policy.Observe && slices.ContainsFunc(x.Recipients, func(r proxy.ExplainedRecipient) bool { return r.Verdict == policy.Reject })
}
