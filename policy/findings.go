package policy

import (
	"slices"
	"time"

	"postvern.example/policy/detect"
)

// Soon is how long a file under a password and its password must be apart
// where both go to the same reader.
const Soon = time.Hour

// reading is a finding and what of it the readers of a message can make.
type reading struct {
	detect.Finding
	concerns func(m mailbox) bool // nil: every reader
}

// Counted returns the findings that count for a reader at least: of passwords,
// those whose file goes to the same reader now or went to them within the hour;
// and one more for each file whose password did.
func (f Facts) Counted() []detect.Finding {
	var out []detect.Finding
	for _, r := range readings(f, f.Findings) {
		any := slices.ContainsFunc(f.Recipients, func(one Recipient) bool {
			return r.concerns != nil && r.concerns(mailbox{fileAt: one.FileAt, passwordAt: one.PasswordAt})
		})
		if r.concerns == nil || any {
			out = append(out, r.Finding)
		}
	}
	return out
}

// readings returns the findings with the readers whom they concern.
func readings(f Facts, findings []detect.Finding) []reading {
	protected := slices.ContainsFunc(findings, func(one detect.Finding) bool { return one.Kind == detect.Protected })
	out := make([]reading, 0, len(findings))
	for _, one := range findings {
		switch {
		case one.Kind == detect.FilePassword && protected:
			one.Evidence = append(slices.Clone(one.Evidence), detect.EvidenceWithFile)
			out = append(out, reading{Finding: one})
		case one.Kind == detect.FilePassword:
			one.Evidence = append(slices.Clone(one.Evidence), detect.EvidenceWithinHour)
			out = append(out, reading{one, func(m mailbox) bool { return soon(m.fileAt, f.At) }})
		default:
			out = append(out, reading{Finding: one})
		}
		if one.Kind == detect.Protected {
			why := []detect.Evidence{detect.EvidenceWithinHour}
			late := detect.Finding{Kind: detect.FilePassword, Place: one.Place, Confidence: detect.Likely, Evidence: why, Count: 1}
			out = append(out, reading{late, func(m mailbox) bool { return soon(m.passwordAt, f.At) }})
		}
	}
	return out
}

// soon reports whether something that was sent before now is less than an hour
// away. Clocks of several nodes differ: what seems to come counts too.
func soon(sent, now time.Time) bool {
	return !sent.IsZero() && now.Sub(sent).Abs() <= Soon
}

// strengthFits reports whether a rule is for a file that is so well protected.
// One that nothing is known of is weak.
func (r Rule) strengthFits(f detect.Finding) bool {
	strong := slices.Contains(f.Evidence, detect.EvidenceStrong) && !slices.Contains(f.Evidence, detect.EvidenceWeak)
	switch r.Strength {
	case StrengthWeak:
		return !strong
	case StrengthStrong:
		return strong
	case "":
	}
	return true
}

// asker says which rules a finding meets for each reader.
type asker struct {
	p       *Policy
	readers []mailbox
	alone   string
	alike   bool // no rule tells readers apart
}

func (p *Policy) asker(c cast) asker {
	a := asker{p: p, readers: c.readers, alone: c.alone()}
	a.alike = !slices.ContainsFunc(p.Rules, func(r Rule) bool { return len(r.To)+len(r.Except) > 0 })
	return a
}

// applies reports whether a rule is for a reader and a finding of one of its
// kinds.
func (a asker) applies(r Rule, f reading, m mailbox) bool {
	return (f.concerns == nil || f.concerns(m)) && r.isFor(m, isOwn(f.Finding, a.alone, m))
}

// meets reports whether a finding meets a rule for a reader. What could not be
// read is certain; a finding without a level counts as possible.
func (a asker) meets(r Rule, f reading, m mailbox) bool {
	switch {
	case !a.applies(r, f, m):
		return false
	case f.Kind == detect.Protected && r.names(detect.Protected) && r.strengthFits(f.Finding):
		return true
	case a.unread(f, m):
		return r.names(detect.Unscannable)
	case f.Kind == detect.Protected:
		return false
	}
	return r.names(f.Kind) && max(f.Confidence, detect.Possible) >= r.Confidence
}

// unread reports whether a finding says to a reader that something could not
// be read. A file that only a password opens is such, unless a rule names it
// for that reader.
func (a asker) unread(f reading, m mailbox) bool {
	if f.Kind != detect.Protected {
		return f.Kind == detect.Unscannable
	}
	return !slices.ContainsFunc(a.p.Rules, func(r Rule) bool {
		return r.names(detect.Protected) && r.strengthFits(f.Finding) && a.applies(r, f, m)
	})
}

// held reports whether nothing but the gateway itself holds a finding for a
// reader: it could not be read, and no rule for that reader names such.
func (a asker) held(f reading, m mailbox) bool {
	return a.unread(f, m) && !slices.ContainsFunc(a.p.Rules, func(r Rule) bool {
		return r.names(detect.Unscannable) && a.applies(r, f, m)
	})
}

// gather returns the findings for which ask says yes to some reader, and to
// which readers each: nil where to all of them.
func (a asker) gather(all []reading, ask func(f reading, m mailbox) bool) (met []detect.Finding, whom [][]bool) {
	for _, f := range all {
		if a.alike && f.concerns == nil || len(a.readers) == 0 {
			m := mailbox{}
			if len(a.readers) > 0 {
				m = a.readers[0]
			}
			if ask(f, m) {
				met, whom = append(met, f.Finding), append(whom, nil)
			}
			continue
		}
		to := make([]bool, len(a.readers))
		for i, m := range a.readers {
			to[i] = ask(f, m)
		}
		if slices.Contains(to, true) {
			met, whom = append(met, f.Finding), append(whom, to)
		}
	}
	return met, whom
}
