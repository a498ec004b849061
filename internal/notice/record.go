package notice

import (
	"slices"
	"strings"

	"postvern.example/policy"
	"postvern.example/policy/detect"
)

// Record returns what an entry of the register says: what happened, and what
// was done at once. observed says that nothing was done, because the policy is
// only being tried out. The texts name kinds, places and counts, and nothing of
// the message.
func (c *Catalog) Record(lang string, e policy.Entry, observed bool) (description, measures string) {
	s := c.in(lang)
	key := "record." + string(e.Type)
	if e.Type == policy.EntryPersonal && unread(e.Findings) {
		key = "record.unread"
	}
	if near := key + "-near"; e.NearMiss && !observed && s.has(near) {
		key = near
	}
	description = s.count(key, max(e.Count, 1), nil)
	var found []string
	for _, g := range group(e.Findings) {
		item := s.counted(g.kind, g.count)
		if places := s.where(g.findings); len(places) > 0 {
			item += " [" + strings.Join(places, "; ") + "]"
		}
		found = append(found, item)
	}
	if len(found) > 0 {
		description += " " + s.say("record.found", values{"kinds": strings.Join(found, ", ")})
	}
	steps := make([]string, len(e.Steps))
	for i, step := range e.Steps {
		steps[i] = s.word("step", string(step))
	}
	return description, s.say("record.done-"+done(e, observed), values{"steps": strings.Join(steps, ", ")})
}

// unread reports whether nothing was found but what could not be read: nobody
// knows whether that is personal data.
func unread(findings []detect.Finding) bool {
	return len(findings) > 0 && !slices.ContainsFunc(findings, func(f detect.Finding) bool {
		return f.Kind != detect.Unscannable && f.Kind != detect.Protected
	})
}

// done names the text for what was done.
func done(e policy.Entry, observed bool) string {
	if observed {
		return string(policy.Observe)
	}
	switch e.Type {
	case policy.EntryOverride, policy.EntryDropped, policy.EntryConsent, policy.EntryConsentGiven, policy.EntryConsentWithdrawn,
		policy.EntryKeyMade, policy.EntryKeyRevoked,
		policy.EntryKeyAdded, policy.EntryKeyApproved, policy.EntryKeyRemoved, policy.EntryKeyChanged, policy.EntryReaderRevoked, policy.EntryKeyAsked:
		return string(e.Type)
	case policy.EntryFailed:
		if e.Action == policy.Hold {
			return "damaged"
		}
		return string(e.Type)
	case policy.EntryVisible, policy.EntryBeside:
		if e.NearMiss && (e.Action == policy.Pass || e.Action == policy.Seal) {
			return "hidden"
		}
	case policy.EntryAnswer:
		if len(e.Steps) > 0 {
			return "protected"
		}
		if e.Action == policy.Hold {
			return "withdrawn"
		}
		return "confirmed"
	case policy.EntryUnusual:
		if e.Action == policy.Hold {
			return "ask"
		}
	case policy.EntryPersonal, policy.EntryNamed:
	}
	switch e.Action {
	case policy.Seal:
		if slices.ContainsFunc(e.Steps, func(s policy.Step) bool { return s != policy.StepOpenPGP && s != policy.StepSMIME }) {
			return "protected"
		}
		return string(policy.Seal)
	case policy.Hold, policy.Reject:
		return string(e.Action)
	case policy.Pass:
	}
	return string(policy.Pass)
}
